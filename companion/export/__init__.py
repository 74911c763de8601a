"""A recording for other programs: a film that any player shows, and a Rerun file for whoever measures."""
