"""Numbers, durations and times of day as people say them: words to seconds, and seconds to words.

The patterns are written for `plain` text: single blanks, no punctuation but what is inside a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

SMALL: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
DAY_MIN: Final = 24 * 60

_DIGIT_WORDS = "|".join(SMALL[1:10])
_NUMBER = (
    rf"(?:\d{{1,5}}(?:\.\d{{1,3}})?|(?:{'|'.join(TENS[2:])})(?: (?:{_DIGIT_WORDS}))?|(?:a|one) hundred"
    rf"|(?:{'|'.join(reversed(SMALL))}))"
)
_UNIT_S: Final = {"h": 3600, "m": 60, "s": 1}
_UNIT = r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?)"
_SHARE = {"half": Fraction(1, 2), "quarter": Fraction(1, 4)}
_PART = (
    rf"(?:{_NUMBER} and a (?:half|quarter)|{_NUMBER}|(?:a )?half(?: an?)?|(?:a |one )?quarter of an"
    rf"|three quarters of an|a couple of|an?) {_UNIT}(?: and a (?:half|quarter))?"
)
DURATION: Final = rf"{_PART}(?:(?: and)? {_PART}){{0,2}}"

_HALF_DAY = r"(?: (?:in the morning|in the afternoon|in the evening|at night|tonight|am|pm|a m|p m))?"
_DAY = r"(?: (?:today|tomorrow))?"
TIME: Final = (
    rf"(?:tomorrow )?(?:at )?(?:noon|midday|midnight|(?:half past|(?:a )?quarter (?:past|to)"
    rf"|{_NUMBER}(?: minutes?)? (?:past|to)) {_NUMBER}"
    rf"|\d{{1,2}}[:.]\d\d|{_NUMBER}(?: (?:oh )?{_NUMBER})?)(?: o'?clock)?{_HALF_DAY}{_DAY}"
)


@dataclass(frozen=True, slots=True)
class DayTime:
    """A time of day as it was said. `minutes`: since midnight, each that may be meant ("six" is 6:00 or 18:00)."""

    minutes: tuple[int, ...]
    tomorrow: bool = False


def plain(text: str) -> str:
    """Single blanks, no punctuation but apostrophes and what is inside a number; the case stays."""
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text, flags=re.IGNORECASE).replace("\u2019", "'")
    return " ".join(re.sub(r"(?<!\d)[:.]|[:.](?!\d)|[^\w\s':.]", " ", text).split())


def number(text: str) -> Fraction | None:
    """ "25", "twenty five", "1.5", "a hundred" -> its value; None if it is no number."""
    text = text.lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        return Fraction(text)
    if text in ("a hundred", "one hundred"):
        return Fraction(100)
    first, _, second = text.partition(" ")
    if first in TENS[2:] and (not second or second in SMALL[1:10]):
        return Fraction(TENS.index(first) * 10 + (SMALL.index(second) if second else 0))
    return Fraction(SMALL.index(text)) if text in SMALL else None


def seconds_of(text: str) -> int | None:
    """ "an hour and a half", "two minutes and ten seconds" -> seconds, rounded up; None if it is no duration."""
    text = plain(text).lower()
    if re.fullmatch(DURATION, text) is None:
        return None
    total, last_unit_s = Fraction(0), 1 << 20
    for part in re.finditer(rf"(?P<count>.+?) (?P<unit>{_UNIT})(?: and a (?P<more>half|quarter)(?= |$))?", text):
        unit_s = _UNIT_S[part["unit"][0]]
        count = _count(part["count"].strip().removeprefix("and ").strip())
        if count is None or unit_s >= last_unit_s:
            return None
        total += (count + (_SHARE[part["more"]] if part["more"] else 0)) * unit_s
        last_unit_s = unit_s
    return -(-total.numerator // total.denominator)


def _count(text: str) -> Fraction | None:
    """How many units: "five", "two and a half", "half an", "a"."""
    if text in ("a", "an"):
        return Fraction(1)
    if text == "a couple of":
        return Fraction(2)
    if re.fullmatch(r"(?:a )?half(?: an?)?", text):
        return Fraction(1, 2)
    if text.endswith("quarter of an"):
        return Fraction(1, 4)
    if text == "three quarters of an":
        return Fraction(3, 4)
    whole, _, share = text.partition(" and a ")
    count = number(whole)
    return None if count is None else count + (_SHARE[share] if share else 0)


def day_time_of(text: str) -> DayTime | None:
    """ "half past six", "18:30", "six in the morning tomorrow" -> when that is; None if it is no time of day."""
    text = plain(text).lower()
    tomorrow = "tomorrow" in text.split()
    text = re.sub(r"\b(?:tomorrow|today|at(?! night)|o'?clock)(?= |$)", " ", text)
    text = " ".join(text.split())
    half_day = ""
    for ending, half in (
        ("in the morning", "am"), ("in the afternoon", "pm"), ("in the evening", "pm"), ("at night", "night"),
        ("tonight", "night"), ("a m", "am"), ("p m", "pm"), ("am", "am"), ("pm", "pm"),
    ):  # fmt: skip
        if text.endswith(" " + ending):
            text, half_day = text.removesuffix(ending).strip(), half
            break
    found = _hour_and_minute(text)
    return None if found is None else _meant(*found, half_day, tomorrow)


def _hour_and_minute(text: str) -> tuple[int, int, bool] | None:
    """Hour, minute, and whether the hour is of 24 beyond doubt."""
    if text in ("noon", "midday", "midnight"):
        return (0 if text == "midnight" else 12), 0, True
    match = re.fullmatch(r"(half past|(?:a )?quarter (?:past|to)|(.+?)(?: minutes?)? (?:past|to)) (.+)", text)
    if match:
        hour = number(match[3])
        words = match[1]
        minutes = Fraction(30) if "half" in words else Fraction(15) if "quarter" in words else number(match[2])
        if hour is None or minutes is None or not (hour <= 23 and minutes < 60):
            return None
        before = words.endswith("to")
        exact = hour > 12
        at = int(hour) * 60 + (-int(minutes) if before else int(minutes))
        return at // 60 % (24 if exact else 12), at % 60, exact
    match = re.fullmatch(r"(\d{1,2})[:.](\d\d)", text) or re.fullmatch(rf"({_NUMBER})(?: (?:oh )?({_NUMBER}))?", text)
    if match is None:
        return None
    hour, minutes = number(match[1]), number(match[2] or "0")
    if hour is None or minutes is None or hour.denominator + minutes.denominator != 2 or hour > 23 or minutes > 59:
        return None
    return int(hour), int(minutes), hour > 12 or match[1].startswith("0") or hour == 0


def _meant(hour: int, minute: int, exact: bool, half_day: str, tomorrow: bool) -> DayTime:
    if exact:
        return DayTime((hour * 60 + minute,), tomorrow)
    early, late = hour % 12 * 60 + minute, hour % 12 * 60 + minute + DAY_MIN // 2
    if half_day == "night":
        half_day = "pm" if 6 <= hour < 12 else "am"
    return DayTime({"am": (early,), "pm": (late,)}.get(half_day, (early, late)), tomorrow)


def number_word(count: int) -> str:
    """ "five", "twenty-five"; from 100 on in digits."""
    if not 0 <= count < 100:
        return str(count)
    if count < 20:
        return SMALL[count]
    return TENS[count // 10] + (f"-{SMALL[count % 10]}" if count % 10 else "")


def in_words(seconds: int) -> str:
    """ "one hour and five minutes": every part that is not zero."""
    parts = [
        f"{number_word(count)} {unit}{'' if count == 1 else 's'}"
        for count, unit in ((seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second"))
        if count
    ]
    if len(parts) > 2:
        return f"{parts[0]}, {parts[1]} and {parts[2]}"
    return " and ".join(parts) or "no time"


def left_in_words(seconds: int) -> str:
    """What is left of it, as exactly as anybody wants to know: from ten minutes on without the seconds, from two days
    on in days."""
    if seconds >= 2 * 86_400:
        days, hours = divmod((seconds + 1800) // 3600, 24)
        more = f" and {number_word(hours)} hour{'' if hours == 1 else 's'}" if hours and days < 7 else ""
        return f"{number_word(days)} days{more}"
    return in_words(seconds if seconds < 600 else (seconds + 30) // 60 * 60)


def as_adjective(seconds: int) -> str:
    """ "five-minute", "ninety-second": the largest unit of which it is a whole number."""
    for unit_s, unit in ((3600, "hour"), (60, "minute")):
        if seconds % unit_s == 0:
            return f"{number_word(seconds // unit_s)}-{unit}"
    return f"{number_word(seconds)}-second"
