"""Whether what the recogniser says is text at all, and whether these are its letters.

Three witnesses. The mean score over the letters; the weakest letter, which a long line's mean hides ("Stert 19:20" has
0.89 and a letter at 0.37); and a second reading of the same box, cut a little wider. Text reads the same again, a
texture does not: blank keys read "OOOOOOOOOOOO" at 0.77, and cut wider at 0.20. Of 677 boxes in the pictures of
tests/bench/pictures (seed 5) no box without text had more than 0.77, and most of the misread lines above 0.85 had a
letter below 0.6 or read otherwise the second time.

Pure: strings and numbers in, one word of judgement out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.events import TextLine

SHORT_WORD = 2  # letters
_WORDS = "a am an as at be by do go he hi if in is it me my no of ok on or pm so to up us we"
_UNITS_AND_TITLES = "g kg mg l ml cl dl m mm cm km h oz lb s w v uk eu dr mr ms st rd nd th nr"
SHORT_WORDS = frozenset(f"{_WORDS} {_UNITS_AND_TITLES}".split())
BLURRED = "too blurred to be sure"  # what speaks against a reading, as `doubted` tells it
FADES = "it fades into a light"
NOT_FOUND = "no letters were found for it"


@dataclass(frozen=True, slots=True)
class Found:
    """What one box says. `confidence`: mean over the letters; `weakest`: of the letter least sure, spaces left out;
    `letters`: each with how sure it is, () = not known; `gaps`: between which shares of the line's width white was
    seen that is wider than between words; `skipped`: there is ink in one of them. `reach`: where its first and its last
    letter are, in shares of that width; `before`, `after`: a letter stands beyond them that was not read. `turned`: a
    line that runs up or down."""

    text: str
    confidence: float
    weakest: float
    letters: tuple[tuple[str, float], ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    skipped: bool = False
    reach: tuple[float, float] = (0.0, 1.0)
    before: bool = False
    after: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class TrustOptions:
    """When a string is believed. Measured on the corpus of tests/bench/pictures."""

    min_confidence: float = 0.85  # a parking sign was misread below ("7 A.T0 8AM." 0.77, "3PMT7PM" 0.84)
    min_confidence_short: float = 0.90  # up to four letters: little to hold on to, often a texture
    min_confidence_single: float = 0.95  # one letter: a chin or a switch looks like "D" at 0.68; a real "2" gives 1.0
    min_confidence_odd: float = 0.95  # figures among letters ("Slat1a20", "3PMT07PM"): a code, or a misreading
    short_letters: int = 4
    min_height_px: int = 8  # letters lower than this are guessed from their neighbours
    min_readable_share: float = 0.6  # letters and digits among the visible characters; "~·|-" patterns are fences
    sure: float = 0.97  # mean and ...
    sure_weakest: float = 0.90  # ... weakest letter of a box that need not be read twice: four in five of legible ones
    weakest: float = 0.55  # "Stert 19:20" read twice alike had 0.49 at best; true lines in bad light have 0.5 to 0.6
    weakest_number: float = 0.80  # a letter is made up for by its word, a figure by nothing: "2.80" for 2.60, blurred
    weakest_digit: float = 0.80  # of a figure in any line: "Milk 11" for 1 l had 0.66 to 0.80
    weakest_short: float = 0.68  # of a word of one or two letters: "FI" for #1 has 0.55 to 0.6, a true "to" 0.70
    weakest_strange: float = 0.99  # of such a word that is none, in a blurred box: the same "FI" has up to 0.97 there
    weakest_one: float = 0.95  # of a number made of ones, which a small l is as well
    weakest_marked: float = 0.97  # of a letter told apart by a speck: "Pízza" had 0.95, "ünder" 0.83
    weakest_blurred: float = 0.80  # in a blurred box: 14 of 35 lines below it were wrong
    weakest_digit_blurred: float = 0.95
    smeared: float = 0.2  # edges as wide as this by the box's height: an "o" is an "e" as well ("Dever", "Mondey") ..
    weakest_smeared: float = 0.89  # .. of 11 lines below it 7 were wrong
    stands_alone: float = 0.85  # weakest letter of a reading that is believed against a worse one that differs


def readable(text: str) -> int:
    """How many letters and digits, of any script, are in the text."""
    return sum(char.isalnum() for char in text)


def trusted(line: TextLine, options: TrustOptions) -> str:
    """ "" if the string can be said aloud as read, else what speaks against it."""
    visible = sum(not char.isspace() for char in line.text)
    letters = readable(line.text)
    if letters == 0 or letters < options.min_readable_share * visible:
        return "mostly marks, not letters"
    if min(line.box[2], line.box[3]) < options.min_height_px:
        return "too small"
    if _NO_HOUR.search(line.text):
        return "no such hour"
    if _HALF_NUMBER.search(line.text):
        return "the rest of the number was not read"
    needed = options.min_confidence
    if letters == 1:
        needed = options.min_confidence_single
    elif letters <= options.short_letters:
        needed = options.min_confidence_short
    if odd(line.text):
        needed = max(needed, options.min_confidence_odd)
    return "" if line.confidence >= needed else f"confidence {line.confidence:.2f}, {needed:.2f} needed"


def odd(text: str) -> bool:
    """Has it a word that changes between letters and figures twice or more?"""
    for word in text.split():
        kinds = [char.isdigit() for char in word if char.isalnum()]
        if sum(one != other for one, other in pairwise(kinds)) > 1:
            return True
    return False


def hopeless(found: Found) -> bool:
    """Not worth a second reading: nothing in it, or so unsure that two alike would not be believed either."""
    return readable(found.text) == 0 or found.confidence < 0.7


def settled(readings: Sequence[Found], options: TrustOptions) -> bool:
    """Nothing more to learn from another reading of this box."""
    last = readings[-1]
    if len(readings) == 1:
        enough = readable(last.text) > 2  # a ring is an "O" or a "6" as surely as it is a ring
        return hopeless(last) or (enough and last.confidence >= options.sure and last.weakest >= options.sure_weakest)
    return len(readings) > 2 or same(readings[0].text, last.text)


def weighed(readings: Sequence[Found], options: TrustOptions) -> tuple[Found, str]:
    """The reading to go by, and "" or what speaks against it. Readings in the order in which they were made."""
    first = readings[0]
    if len(readings) == 1:
        return first, ""
    longest = readings[-1]
    reaching = len(readings) == 3 and grown(first.text, readings[1].text) and grown(readings[1].text, longest.text)
    if reaching and longest.weakest >= _weakest(longest.text, options):
        return longest, ""
    against = "read differently each time"
    for number, one in enumerate(readings):
        for other in readings[number + 1 :]:
            if same(one.text, other.text):
                better = one if one.weakest >= other.weakest else other
                needed = _weakest(better.text, options)
                if better.weakest >= needed:
                    return replace(better, confidence=(one.confidence + other.confidence) / 2), ""
                against = f"a letter at {better.weakest:.2f}, {needed:.2f} needed"
    surest = max(readings, key=lambda found: (found.weakest, found.confidence))
    enough = readable(surest.text) > options.short_letters
    alone = enough and surest.confidence >= options.sure and surest.weakest >= options.stands_alone
    return surest, "" if alone else against


def doubted(found: Found, blurred: Callable[[], float], options: TrustOptions) -> str:
    """What speaks against a reading letter by letter, "" if nothing does. `blurred`: how wide the edges of its box are,
    in heights of it, 0 = sharp; asked only where that would decide."""
    if found.skipped:
        return "something between its words was not read"
    digits = min((sure for char, sure in found.letters if char.isdigit()), default=1.0)
    marked = min((sure for char, sure in found.letters if _marked(char)), default=1.0)
    if digits < options.weakest_digit:
        return f"a figure at {digits:.2f}, {options.weakest_digit:.2f} needed"
    if (short := _short_word(found)) < options.weakest_short:
        return f"a short word at {short:.2f}, {options.weakest_short:.2f} needed"
    if found.turned and _HEADLESS.fullmatch(found.text):
        return "figures that may stand on their heads"
    if digits < options.weakest_one and _ONES.search(found.text):
        return f"ones at {digits:.2f}, which may be small l"
    if marked < options.weakest_marked:
        return f"a letter with a mark at {marked:.2f}, {options.weakest_marked:.2f} needed"
    strange = _short_word(found, SHORT_WORDS) < options.weakest_strange
    rests_on_little = (
        found.weakest < options.weakest_blurred
        or digits < options.weakest_digit_blurred
        or strange
        or readable(found.text) == 1
        or _BARE_NUMBER.fullmatch(found.text)
    )
    if not rests_on_little and found.weakest >= options.weakest_smeared:
        return ""
    wide = blurred()
    return BLURRED if wide >= options.smeared or (rests_on_little and wide) else ""


def _short_word(found: Found, known: frozenset[str] = frozenset()) -> float:
    """The letter least sure in a word of one or two that is not `known`: no more of the word makes up for it. 1 if
    there is none."""
    words = found.text.split()
    if sum(map(len, words)) != len(found.letters):
        return 1.0
    sure, place = 1.0, 0
    for word in words:
        if 1 <= readable(word) <= SHORT_WORD and not (known and _is_known(word, known)):
            letters = found.letters[place : place + len(word)]
            sure = min(sure, *(one for char, one in letters if char.isalnum()))
        place += len(word)
    return sure


def _is_known(word: str, known: frozenset[str]) -> bool:
    core = "".join(char for char in word.casefold() if char.isalnum())
    return core in known or not core.isascii() or any(char.isdigit() for char in core)


def _marked(char: str) -> bool:
    """A Latin letter with an accent or dots."""
    apart = unicodedata.normalize("NFD", char)
    return len(apart) > 1 and apart[0].isascii()


_NO_HOUR = re.compile(r"(?<![\d:.,])(?:1[3-9]|[2-9]\d|\d{3,})\s?[AP]\.?\s?M\b")  # "103P.M." for TO 3 P.M.
_HALF_NUMBER = re.compile(r"^[-–—]\d{3,}|\d{3,}[-–—]$")  # "-1899" of a telephone number, which is no minus
_ONES = re.compile(r"(?<![\d.,:/-])1(?: ?1)+(?![\d.,:/-])")
_HEADLESS = re.compile(r"[01689 ]+")  # up and down the page, "899" is "668" as well
_BARE_NUMBER = re.compile(r"\d{3,}")  # blur takes the point out of 3.40 before it takes the figures


def _weakest(text: str, options: TrustOptions) -> float:
    """What the weakest letter must have: more where half of the text or more is figures."""
    number = 2 * sum(char.isdigit() for char in text) >= max(1, readable(text))
    return options.weakest_number if number else options.weakest


def grown(shorter: str, longer: str) -> bool:
    """The same line, and more of it at one end or both."""
    return _core(shorter) != _core(longer) and _core(shorter) in _core(longer)


def same(one: str, other: str) -> bool:
    """The same letters and digits; dots count only inside numbers ("8 A.M." is "8 AM", "4.20" is not "420")."""
    return _core(one) == _core(other)


def _core(text: str) -> str:
    kept = []
    for place, char in enumerate(text):
        between = 0 < place < len(text) - 1 and text[place - 1].isdigit() and text[place + 1].isdigit()
        if char.isalnum() or between:
            kept.append(char)
    return "".join(kept).casefold()
