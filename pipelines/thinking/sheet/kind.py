"""What kind of text it is, from its words. A table, first row that fits; short and plain text is a sign.

The kind changes two things only: whether running text is joined over the ends of its lines, and what a long text is
called before it is read. So a wrong guess costs a pause in the wrong place, never a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipelines.thinking.sheet import figures
from pipelines.thinking.sheet.flow import fills_its_line

KINDS: Final = ("sign", "menu", "receipt", "label", "letter", "list", "text")
NAMES: Final = {"menu": "A menu", "receipt": "A receipt", "label": "A label", "letter": "A letter", "list": "A list"}


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_LETTER: Final = re.compile(
    r"\s*(?:dear\s+\w|to whom it may concern|yours (?:sincerely|faithfully|truly)|sincerely|"
    r"(?:with )?(?:kind|best|warm) (?:regards|wishes))",
    re.IGNORECASE,
)
_RECEIPT: Final = _words(r"receipt|sub-?\s?total|vat(?: no)?|cash|change|amount due|balance due|card payment|total")
_LABEL: Final = _words(
    r"ingredients?|nutrition(?:al)?|net (?:wt|weight)|best before|use by|\d* ?kcal|allergens?|allergy advice|dosage|"
    r"keep out of (?:the )?reach|storage|store in|made in|\d+ ?mg (?:\w+ )?(?:tablets?|capsules?)|may contain|"
    r"active ingredients?|directions|serving suggestion"
)
_MENU: Final = _words(r"menu|starters?|mains?|main courses?|desserts?|drinks|soup of the day|specials")
_MARKED: Final = re.compile(r"\s*(?:[•▪◦‣*]|[-–]\s|\(?\d{1,2}[.)]\s|\[ ?\])\s*\w")


def kind_of(texts: Sequence[str]) -> str:
    """One of KINDS, for lines in reading order; "sign" for what is none of the others."""
    if any(_LETTER.match(text) for text in texts):
        return "letter"
    priced = sum(bool(figures.prices(text, bare=True)) for text in texts)
    till = {match.group().lower() for text in texts for match in _RECEIPT.finditer(text)}
    if priced and (len(till) >= 2 or (priced >= 2 and till)):
        return "receipt"
    if any(_LABEL.search(text) for text in texts):
        return "label"
    if priced >= 2 or (priced and any(_MENU.search(text) for text in texts)):
        return "menu"
    if sum(bool(_MARKED.match(text)) for text in texts) >= max(2, len(texts) / 2):
        return "list"
    return "text" if _runs(texts) else "sign"


def name_of(kind: str) -> str:
    """As it is announced: "A letter"; a sign and a page are "A text", since nobody knows which it is."""
    return NAMES.get(kind, "A text")


def _runs(texts: Sequence[str]) -> bool:
    """Running text: two full lines at least, and a line that goes on in small letters after one without a stop."""
    full = sum(fills_its_line(text) for text in texts)
    on = any(a[-1:].isalpha() and b[:1].islower() for a, b in pairwise(texts))
    return full >= 2 and on
