"""Moments of memories in seconds since 1970, spans that words name, and how a moment is said. No clock is read: all of
it is arithmetic from the wall clock at the session's start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.events import NS
from pipelines.thinking.tools.clock import DAY_S, MONTHS, WEEKDAYS, Now, moment, utc_s
from pipelines.thinking.tools.spoken_time import number, seconds_of

_LAST: Final = r"(?:the |this )?(?:last|past)"
_UNIT_S: Final = {"minute": 60, "hour": 3600, "day": DAY_S, "week": 7 * DAY_S, "month": 30 * DAY_S, "year": 365 * DAY_S}


@dataclass(frozen=True, slots=True)
class Span:
    """From `since_s` to `until_s`; both 0: whenever."""

    since_s: float = 0.0
    until_s: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.since_s or self.until_s)

    def holds(self, at_s: float) -> bool:
        """The moment lies in it."""
        return (not self.since_s or at_s >= self.since_s) and (not self.until_s or at_s <= self.until_s)


WHENEVER: Final = Span()

# Words, and the days they name: from so many days ago to so many days ago, and the hours of the day.
_DAYS: Final[tuple[tuple[str, int, int, int, int], ...]] = (
    (r"since (?:this |the )morning|since i (?:got|woke|was) up|(?:so far |earlier )?today", 0, 0, 0, 24),
    (r"this morning", 0, 0, 0, 12),
    (r"this afternoon", 0, 0, 12, 18),
    (r"(?:this evening|tonight)", 0, 0, 17, 24),
    (r"last night", 1, 0, 17, 6),
    (r"the day before yesterday", 2, 2, 0, 24),
    (r"yesterday morning", 1, 1, 0, 12),
    (r"yesterday afternoon", 1, 1, 12, 18),
    (r"yesterday evening", 1, 1, 17, 24),
    (r"yesterday", 1, 1, 0, 24),
)
_NAMED = re.compile(rf"(?:on |last )*({'|'.join(day.lower() for day in WEEKDAYS)})(?: morning| afternoon| evening)?")
_SPAN = re.compile(rf"(?:in |within |during |from )?{_LAST} (?P<how>.*?) ?(?P<unit>minute|hour|day|week|month|year)s?")
_AGO = re.compile(r"(?P<how>an?|\w+) (?P<unit>day|week|month)s? ago")
_TABLE: Final = (
    *(words for words, *_ in _DAYS),
    _NAMED.pattern,
    r"(?:last|this) week",
    rf"(?:in |within |during |from )?{_LAST} (?:[\w-]+ ){{0,3}}?(?:minute|hour|day|week|month|year)s?",
    r"(?:an?|\w+) (?:day|week|month)s? ago",
)
_PATTERN: Final = re.compile(r"\b(?:" + "|".join(_TABLE) + r")\b")


def at_s(t_ns: int, wall_clock: str) -> float:
    """A moment of the session in seconds since 1970; 0.0 if its wall clock is not known."""
    return utc_s(Now(t_ns, wall_clock)) or 0.0


def time_words(words: str) -> str:
    """The part of these words that says when, e.g. "yesterday"; "" if none does. `words`: normal."""
    match = _PATTERN.search(words)
    return match.group() if match else ""


def span_of(words: str, t_ns: int, wall_clock: str) -> Span:
    """The time that the words name, seen from that moment; `WHENEVER` if they name none, or no clock is known."""
    now_s, said = at_s(t_ns, wall_clock), time_words(words)
    here = moment(Now(t_ns, wall_clock))
    if not said or here is None:
        return WHENEVER
    midnight_s = now_s - here.day_s - t_ns % NS / NS
    for pattern, first, last, from_h, to_h in _DAYS:
        if re.fullmatch(pattern, said):
            return Span(midnight_s - first * DAY_S + from_h * 3600, midnight_s - last * DAY_S + to_h * 3600)
    if match := _NAMED.fullmatch(said):
        back = (here.weekday - [day.lower() for day in WEEKDAYS].index(match[1])) % 7 or 7
        return Span(midnight_s - back * DAY_S, midnight_s - (back - 1) * DAY_S)
    if said == "this week":
        return Span(midnight_s - here.weekday * DAY_S, now_s + 1)
    if said == "last week":
        return Span(midnight_s - (here.weekday + 7) * DAY_S, midnight_s - here.weekday * DAY_S)
    if match := _AGO.fullmatch(said):
        days = _count(match["how"]) * _UNIT_S[match["unit"]] // DAY_S
        return Span(midnight_s - days * DAY_S, midnight_s - (days - 1) * DAY_S) if days else WHENEVER
    return last_span(said, now_s)


def last_span(words: str, now_s: float) -> Span:
    """ "the last hour", "the last twenty minutes": that long up to now; `WHENEVER` if it is no such span."""
    match = _SPAN.fullmatch(words.strip())
    if match is None or now_s <= 0:
        return WHENEVER
    how, unit = match["how"], match["unit"]
    seconds = seconds_of(f"{how} {unit}s") if how and unit in ("minute", "hour") else None
    length = seconds if seconds is not None else _count(how or "one") * _UNIT_S[unit]
    return Span(now_s - length, now_s + 1) if length else WHENEVER


def _count(words: str) -> int:
    """ "two" -> 2; what is no number -> 0."""
    if words in {"a", "an", "one", ""}:
        return 1
    if words in {"couple of", "a couple of"}:
        return 2
    if words in {"few", "a few"}:
        return 3
    value = number(words)
    return int(value) if value is not None else 0


def spoken(when_s: float, t_ns: int, wall_clock: str) -> str:
    """That moment as people say it now: "just now", "today at 14:05", "yesterday at 9:30", "on Monday", "on 3 May".
    "" if either is not known."""
    now_s, here = at_s(t_ns, wall_clock), moment(Now(t_ns, wall_clock))
    if when_s <= 0 or here is None:
        return ""
    ago_s = now_s - when_s
    then = moment(Now(t_ns - int(ago_s * NS), wall_clock))
    if then is None:
        return ""
    if -60 <= ago_s < 90:
        return "just now"
    days = int((now_s - here.day_s - when_s) // DAY_S) + 1 if now_s - here.day_s > when_s else 0
    clock = f"at {then.hour}:{then.minute:02}"
    if days <= 1:
        return f"{'yesterday' if days else 'today'} {clock}"
    if days < 7:
        return f"on {WEEKDAYS[then.weekday]} {clock}"
    year = f" {then.year}" if then.year != here.year else ""
    return f"on {then.day} {MONTHS[then.month - 1]}{year}"


def iso_day(when_s: float, t_ns: int, wall_clock: str) -> str:
    """The local date as "2026-11-21"; "" if it is not known."""
    now_s = at_s(t_ns, wall_clock)
    then = moment(Now(t_ns - int((now_s - when_s) * NS), wall_clock)) if when_s > 0 else None
    return f"{then.year:04}-{then.month:02}-{then.day:02}" if then is not None else ""
