"""When the wearer's turn is over: from what was said, how it was said, and this wearer's own pauses.

`policy.py` is the table; `finished.py` reads the words with the rules of `languages/`; `pauses.py` learns; `audio.py`
is the seat for a model that listens to the sound itself.
"""
