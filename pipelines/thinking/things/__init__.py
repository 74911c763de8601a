"""Questions about a thing that the device answers by measuring it or by reading its code, and what is said to them.

questions.py   what is asked: a colour, the light, movement, lines of text, a unit price, an article, traffic
measured.py    what is said for what was measured
codes.py       what a QR code or bar code holds, told before anything is opened
"""

from __future__ import annotations

from pipelines.thinking.things.codes import Article, all_described, described
from pipelines.thinking.things.measured import MOVES, NO_TRAFFIC, said, said_article, said_lines
from pipelines.thinking.things.questions import TRAFFIC, Asked, Name, thing_asked

__all__ = [
    "MOVES",
    "NO_TRAFFIC",
    "TRAFFIC",
    "Article",
    "Asked",
    "Name",
    "all_described",
    "described",
    "said",
    "said_article",
    "said_lines",
    "thing_asked",
]
