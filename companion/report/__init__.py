"""The page of one session: a recording told so that a friend or a developer understands it at once.

`page.write_page` is the door. `gather` reads the events into a plain dict, `audio` and `film` make sound and pictures
small enough to carry along, `render` turns it all into one HTML file that needs nothing else.
"""
