"""Hostile recordings: made from good ones by a seed, and read by everything that reads recordings."""
