"""How text that was read is said: which line belongs to which, what kind of text it is, and the sentences made of it.

page.py      where lines stand to each other: beside, below, apart
figures.py   prices, times, dates, telephone numbers as they are printed
flow.py      whether a line goes on in the next one, and where a sentence ends
kind.py      sign, menu, receipt, label, letter, list or text
builder.py   the words that are said, with what could not be read in its place
"""

from __future__ import annotations

from pipelines.thinking.sheet import figures
from pipelines.thinking.sheet.builder import ONLY_UNREAD, Sheet, SheetBuilder, aloud, counted, edge_hint, sheet
from pipelines.thinking.sheet.kind import KINDS, kind_of
from pipelines.thinking.sheet.page import rows_of

__all__ = [
    "KINDS",
    "ONLY_UNREAD",
    "Sheet",
    "SheetBuilder",
    "aloud",
    "counted",
    "edge_hint",
    "figures",
    "kind_of",
    "rows_of",
    "sheet",
]
