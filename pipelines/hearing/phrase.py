"""The wearer's own wake phrase, found in what a recogniser wrote. Pure: words in, a place out.

Recognisers have never heard of "earshot": they write "hey ear shot", "Hey, airshot!", "hay earshop". So the phrase is
compared as letters, without the blanks between words, and a few wrong letters are forgiven: `edits` counts them, where
letters that sound alike count half. How many are forgiven depends on the place: at the front of what was said, where
one calls somebody, more than in the middle, where "out of earshot" and "okay, your shot" may stand.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

FORGIVEN: Final = 0.15  # edits a letter, at the front: one letter and a half of "hey earshot"
INSIDE: Final = 0.05  # behind other words: as good as exact
KNOWN: Final = 0.34  # where it is known that the phrase was said, and only its end is looked for
LEAST_LETTERS: Final = 5
FRONT_WORDS: Final = 2  # "um, so, hey earshot" is still its front

_PAIRS: Final = ("ea", "ei", "ai", "iy", "ou", "pt", "bp", "td", "sz", "sc", "ck", "kq", "gk", "fv", "mn")
_ALIKE: Final = tuple(frozenset(pair) for pair in _PAIRS)
_SAME: Final = {"ok": "okay", "o.k": "okay"}


def letters(word: str) -> str:
    """What is compared of a word: small letters and digits, without accents."""
    plain = unicodedata.normalize("NFKD", word.casefold()).strip(".,;:!?…'\"")
    return "".join(c for c in _SAME.get(plain, plain) if c.isalnum())


def edits(said: str, wanted: str, limit: float) -> float:
    """Weighted edit distance: a letter too many, missing or wrong is 1, one that sounds alike 0.5. Above `limit` only
    that it is above is certain."""
    if abs(len(said) - len(wanted)) > limit:
        return limit + 1
    row = [float(i) for i in range(len(wanted) + 1)]
    for i, a in enumerate(said, 1):
        last, row[0] = row[0], float(i)
        for j, b in enumerate(wanted, 1):
            swap = 0.0 if a == b else 0.5 if frozenset((a, b)) in _ALIKE else 1.0
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + swap)
        if min(row) > limit:
            return limit + 1
    return row[-1]


@dataclass(frozen=True, slots=True)
class Found:
    """The phrase stands in words [start, end) of the text."""

    start: int
    end: int
    edits: float


class Phrase:
    """One wake phrase. Raises ValueError if it is too short to be told from ordinary words."""

    def __init__(self, phrase: str) -> None:
        words = [letters(word) for word in phrase.replace("_", " ").split()]
        self.text = " ".join(words)
        self._letters = "".join(words)
        self._words = len(words)
        if len(self._letters) < LEAST_LETTERS:
            raise ValueError(
                f"the wake phrase {phrase!r} is too short to be told from other words: "
                f"it needs at least {LEAST_LETTERS} letters, and two words are better"
            )

    def find(self, words: list[str], known: bool = False) -> Found | None:
        """Its best place in a text split at blanks; the first of equals. `known`: it is certain that it was said at the
        front."""
        plain = [letters(word) for word in words]
        best: Found | None = None
        for start in range(len(plain) if not known else min(len(plain), FRONT_WORDS)):
            if not plain[start]:
                continue
            share = KNOWN if known else FORGIVEN if start <= FRONT_WORDS else INSIDE
            for end in range(start + 1, min(len(plain), start + self._words + 2) + 1):
                if not plain[end - 1]:
                    continue
                limit = share * len(self._letters)
                wrong = edits("".join(plain[start:end]), self._letters, limit)
                if wrong <= limit and (best is None or wrong < best.edits):
                    best = Found(start, end, wrong)
        return best


def find_any(phrases: tuple[Phrase, ...], words: list[str], known: bool = False) -> Found | None:
    """The best place of any of them."""
    found = [place for phrase in phrases if (place := phrase.find(words, known)) is not None]
    return min(found, key=lambda place: (place.edits, place.start), default=None)


def after(words: list[str], found: Found) -> str:
    """What was said behind the phrase."""
    rest = words[found.end :]
    while rest and not letters(rest[0]):
        rest = rest[1:]
    return " ".join(rest)
