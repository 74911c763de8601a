"""The page of a session, or of two runs of it: told so that a friend or a developer understands it at once.

`page.write_page` is the door. `gather` and `teller` read the events into plain rows, `exchanges` what was sent and came
back, `audio` and `film` make sound and pictures small enough to carry along, `beside` adds a second run and what
differs; `render` turns it all into one HTML file that needs nothing else.
"""
