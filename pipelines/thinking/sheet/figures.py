"""Figures as they are printed: prices, times, dates, telephone numbers. Found and cut out, never changed.

What is found is a part of the line, letter for letter, in the order of the page; nothing is reckoned or completed.
"""

from __future__ import annotations

import re
from typing import Final

_SIGN: Final = r"[€$£¥]|(?:EUR|USD|GBP|CHF)(?![A-Za-z])"
_AMOUNT: Final = r"\d{1,3}(?:[,.' ]\d{3})+(?:[.,]\d{2})?|\d{1,6}(?:[.,](?:\d{2}|[-–]))?"
PRICE: Final = re.compile(
    rf"(?<![\w.,])(?:(?:{_SIGN})\s?(?:{_AMOUNT})|(?:{_AMOUNT})\s?(?:{_SIGN}))(?!\d|[.,]\d)", re.IGNORECASE
)
BARE_PRICE: Final = re.compile(r"(?<![\w.,:/€$£¥+-])\d{1,4}[.,]\d{2}(?=(?:\s?[A-Z*])?\s*$)")  # at the end of a row only

_HALF: Final = r"\s?[ap](?:\.\s?m\b\.?|m\b)"
_CLOCK: Final = (
    rf"\d{{1,2}}(?:[:.][0-5]\d)?{_HALF}|(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:])|\d{{1,2}}[.:][0-5]\d\s?(?:h|hrs|uhr)\b|"
    r"noon\b|midnight\b"
)
_TO: Final = r"\s*(?:-|–|—|\bto\b|\buntil\b|\btill\b|\bthru\b|\bthrough\b)\s*"
TIME: Final = re.compile(
    rf"(?<![\w.,:€$£])(?:(?:\d{{1,2}}(?:[:.][0-5]\d)?{_TO}(?=\d{{1,2}}(?:[:.][0-5]\d)?{_HALF}))?(?:{_CLOCK})"
    rf"(?:{_TO}(?:{_CLOCK}))?)",
    re.IGNORECASE,
)
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
DATE: Final = re.compile(
    r"(?<![\w./-])(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2}))(?![\w/-]|\.\d)|"
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:of\s)?{_MONTH}\b\.?(?:,?\s\d{{4}}\b)?|"
    rf"\b{_MONTH}\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}}\b)?",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w.,/€$£-])(?:\+|\()?\d[\d ()./-]{5,20}\d(?![\w/-]|[.,:]\d)")
_NUMBER: Final = re.compile(r"(?<!\S)\S*\d\S*")
_VALUE: Final = re.compile(
    rf"(?:(?:{_SIGN})\s?)?[+-]?\d[\d.,:/' –-]*\s?(?:{_SIGN}|%|[ap]\.?m\.?|°[CF]?|k?g|mg|m?l|cl|oz|lbs?|min|hrs?|x|pcs|"
    r"[A-Z*]|each|ea\.?)?|x\s?\d{1,3}|free",
    re.IGNORECASE,
)

WHAT: Final = ("prices", "times", "dates", "phone numbers", "numbers")


def is_value(text: str) -> bool:
    """Nothing but a figure with its unit: the cell of a table that belongs to the words beside it."""
    return bool(_VALUE.fullmatch(text.strip()))


def prices(text: str, bare: bool = False) -> list[str]:
    """Prices with a currency; `bare`: also an amount such as 4.50 at the end of the row (menus, receipts)."""
    found = [match.group() for match in PRICE.finditer(text)]
    if bare and (last := BARE_PRICE.search(text)) and not (found and text.rstrip().endswith(found[-1])):
        found.append(last.group())
    return found


def phones(text: str) -> list[str]:
    """Numbers of 7 to 15 digits that are grouped as telephone numbers are, or begin with 0, + or a bracket."""
    found = []
    for match in _PHONE.finditer(DATE.sub(lambda date: "|" * len(date.group()), text)):
        digits = sum(char.isdigit() for char in match.group())
        if 7 <= digits <= 15 and (match.group()[0] in "+(0" or not match.group().isdigit()):
            found.append(match.group().strip())
    return found


def figures(what: str, text: str, bare: bool = False) -> list[str]:
    """All of one sort in one line or sentence, as printed, in order. `what`: one of WHAT; ValueError otherwise."""
    if what == "prices":
        return prices(text, bare)
    if what == "times":
        return [match.group().strip() for match in TIME.finditer(text)]
    if what == "dates":
        return [match.group() for match in DATE.finditer(text)]
    if what == "phone numbers":
        return phones(text)
    if what == "numbers":
        return [bare for token in _NUMBER.findall(text) if (bare := token.strip(".,;:!?()[]\"'“”"))]
    raise ValueError(f"figures: unknown sort {what!r}; one of {', '.join(WHAT)}")
