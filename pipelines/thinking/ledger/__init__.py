"""What left this device, to whom and why; what was looked at; why an answer was what it was.

book.py     one entry a turn: its shape, how it comes about, and all of it in rows
spoken.py   the same for the ear
"""

from __future__ import annotations

from pipelines.thinking.ledger import spoken
from pipelines.thinking.ledger.book import (
    Entry,
    Gone,
    before_ms,
    entries,
    gone_of,
    moment_words,
    rows,
    sharp_words,
    with_end,
    with_question,
)

__all__ = [
    "Entry",
    "Gone",
    "before_ms",
    "entries",
    "gone_of",
    "moment_words",
    "rows",
    "sharp_words",
    "spoken",
    "with_end",
    "with_question",
]
