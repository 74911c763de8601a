"""Whether a printed line goes on in the next one, and where a sentence ends inside what was joined.

Looks at two lines at a time, so that it can be asked while the rest of the page is still being recognised. The words
are never touched: lines are joined by a blank, a comma or, where a word was broken, by nothing.

===================================  =========================================  ===========================
why two lines are one                for example                                how they are joined
===================================  =========================================  ===========================
a word is broken at the line's end   "infor-" / "mation"                        nothing, the hyphen is dropped
a connecting word between            "8 A.M." / "TO" / "3 P.M."                 a blank
a figure stands in the same row      "Soup of the day"    "4.50"                a comma
the second begins in lower case      "Push bar" / "to open"                     a blank
the first ends in a comma            "12 High Street," / "Leeds"                a blank
running text fills its lines         letters, pages, labels                     a blank
a price close below its article      "Bananas" / "£1.20"                        a comma
===================================  =========================================  ===========================
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.thinking.sheet import figures
from pipelines.thinking.sheet.page import Pair


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LINKS: Final = frozenset({"to", "until", "till", "thru", "through", "and", "or", "&", "+", "-", "–", "—"})
_OPEN_END: Final = _LINKS | _set("of the for with from your our at an per between than except")
_GOES_ON: Final = _set("and or & until till thru through except unless per")
_TO_FIGURE: Final = re.compile(r"(?:to|from|[-–—])\s*\d", re.IGNORECASE)
_AFTER_PRICE: Final = re.compile(r"(?:per|each|ea|an?|for|/|incl|including|plus)\b", re.IGNORECASE)
_GREETING: Final = re.compile(
    r"(?:dear|hello|hi|to whom)\b|(?:yours|sincerely|(?:with )?(?:kind|best)\b)", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"\S*@\S|www\.|https?:|\S+\.(?:com|org|net|de|co\.uk|eu|io)\b", re.IGNORECASE)
_MARKER: Final = re.compile(r"[•▪◦‣*·–-]\s|\(?(?:\d{1,2}|[a-zA-Z])[.)]\s")
_HALF_WORD: Final = re.compile(r"([^\W\d_]{2,})-$")
_WHOLE_BEFORE_HYPHEN: Final = _set("self well non ex co re pre semi anti multi all half high low long short")
_CLOCK_END: Final = re.compile(r"\b[ap]\.\s?m\.$", re.IGNORECASE)
_TITLE_END: Final = re.compile(r"\b(?:mrs?|ms|dr|prof)\.$", re.IGNORECASE)
_CLOSED: Final = re.compile(r"[!?。！？][\"'”’)\]]*$")
_STOP: Final = re.compile(r"[.!?:;…。！？][\"'”’)\]]*$")
_SENTENCE_END: Final = re.compile(r"(?<!\S)(?P<word>\S*)[.!?…。！？][\"'”’)\]]*\s+(?=[\"'“‘(]?[^\W\d_a-z])")
_SHORT_FORM: Final = re.compile(
    r"(?:\W*(?:[a-z]|[a-z](?:\.[a-z])+|mr|mrs|ms|dr|prof|st|no|nos|nr|tel|ltd|inc|co|approx|incl|excl|etc|vs|jan|feb|"
    r"mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thurs?|fri|sat|sun|rd|ave|min|max|vol|fig|pp?))",
    re.IGNORECASE,
)
_HALF_DAY: Final = re.compile(r"\d*(?:[:.]\d\d)?[ap]\.m", re.IGNORECASE)
_NEXT_WORD: Final = re.compile(
    r"(?!(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b)[A-Z][a-z]"
)
PROSE: Final = frozenset({"letter", "text", "label"})


def joint(first: str, second: str, pair: Pair, kind: str, running: bool) -> str | None:
    """What stands between two lines that are one sentence, "-" for a broken word, None if they are two.
    `running`: the first is itself the continuation of the line before it."""
    if pair.beside:
        if _linked(first, second) or not any(char.isalnum() for char in second):
            return " "
        figure = figures.is_value(second) or (not running and figures.is_value(first))
        return ", " if figure else None
    if not pair.following:
        return ", " if pair.under and _priced_below(first, second) else None
    if _linked(first, second):
        return " "
    if _TITLE_END.search(first) and second[:1].isupper():
        return " "
    if _HALF_WORD.search(first) and second[:1].islower():
        return "-"
    if _STOP.search(first) or _GREETING.match(first) or _MARKER.match(second) or _ends_in_address(first, second):
        return None
    if figures.prices(first, bare=True) and not _AFTER_PRICE.match(second):
        return None
    if first.endswith(","):
        return " "
    if second[:1].islower() and (running or not first[:1].islower() or len(first.split()) >= 4):
        return " "
    if kind in PROSE and fills_its_line(first) and not figures.is_value(second):
        return " "
    return ", " if pair.under and _priced_below(first, second) else None


def fills_its_line(text: str) -> bool:
    """Running text: five words and more, most of them in small letters."""
    words = [word for word in text.split() if word[:1].isalpha()]
    return len(words) >= 5 and 2 * sum(word[:1].islower() for word in words) > len(words)


def closed_by(text: str) -> bool:
    """Nothing that may follow joins this line: it ends as a sentence does, and not in "A.M." or "Dr."."""
    if text.endswith("."):
        return not (_CLOCK_END.search(text) or _TITLE_END.search(text))
    return bool(_CLOSED.search(text))


def broken_word(text: str) -> bool:
    """Whether the hyphen at the end only breaks the word: "infor-", but not "self-"."""
    half = _HALF_WORD.search(text)
    return bool(half and half[1].lower() not in _WHOLE_BEFORE_HYPHEN)


def sentence_ends(text: str) -> list[int]:
    """Where in a joined text the next sentence begins. Short forms, initials and the number of an item end none; "3
    P.M." ends one if a word in small letters with a capital follows that is no day and no month."""
    return [end.end() for end in _SENTENCE_END.finditer(text) if _ends(end, text)]


def _ends(end: re.Match[str], text: str) -> bool:
    word = end["word"]
    if _HALF_DAY.fullmatch(word):
        return bool(_NEXT_WORD.match(text, end.end()))
    item = end.start() == 0 and word.strip("(").isdigit() and len(word) <= 3
    return not item and not _SHORT_FORM.fullmatch(word)


def _linked(first: str, second: str) -> bool:
    """A connecting word at the end of the one or at the beginning of the other, with nothing that closes between."""
    if closed_by(first):
        return False
    head, last = second.split()[0].lower(), first.split()[-1].lower()
    if second.lower() in _LINKS or last in _OPEN_END or head in _GOES_ON:
        return True
    return bool(_TO_FIGURE.match(second)) and first[-1:] in "0123456789.mM"


def _priced_below(first: str, second: str) -> bool:
    named = re.search(r"[^\W\d_]{3}", first) and not figures.prices(first, bare=True) and not closed_by(first)
    return bool(named) and bool(figures.PRICE.fullmatch(second.strip()))


def _ends_in_address(first: str, second: str) -> bool:
    return bool(_ADDRESS.match(second) or _ADDRESS.search(first.split()[-1]))
