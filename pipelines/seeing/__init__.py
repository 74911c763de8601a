"""Seeing: from encoded camera units to the one frame that matters, and what is written in it.

ring (keeps) -> decode (pictures) -> quality (numbers) -> choice (which frame, and why) -> reading, codes, encode.
`look` strings the first three together. `choice` and `layout` are pure deciders; the others are engines: built once,
called from one lane at a time. Importing the room costs nothing: OpenCV, PyAV and RapidOCR are imported at first use.
"""
