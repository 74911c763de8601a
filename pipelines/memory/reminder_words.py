"""Words about reminders that only mean something if reminders outlive the session: days, places, "snooze".

What timers and short reminders understand anyway is in `pipelines.thinking.tools.alarm_words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipelines.thinking.tools import alarm_words, spoken_time
from pipelines.thinking.tools.alarm_words import MAX_CHARS, Wanted, bare
from pipelines.thinking.tools.clock import DAY_S, WEEKDAYS
from pipelines.thinking.tools.spoken_time import DURATION, TIME

SNOOZE_S: Final = 600
HERE: Final = "here"

_COUNT = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|ten|fourteen|a couple of) (?:days?|weeks?)"
_WEEKDAYS = rf"(?:{'|'.join(WEEKDAYS)})"
_ON = r"(?:on |this |next |for )?"
_PART = r"(?: (?P<part{n}>morning|noon|afternoon|evening|night))?"
_NEXT = r"(?:tomorrow|next week|tonight|this evening|this afternoon)"
_AT = rf"(?: (?:at|by) (?P<at{{n}}>{TIME}))?"


def _numbered(*patterns: str) -> str:
    """One of these; a name may stand in several, so each gets the number of its pattern."""
    return "(?:" + "|".join(pattern.replace("{n}", str(n)) for n, pattern in enumerate(patterns)) + ")"


_WHEN = _numbered(
    rf"in (?P<days{{n}}>{_COUNT})(?: time)?{_AT}",
    rf"{_ON}(?P<weekday{{n}}>{_WEEKDAYS}){_PART}{_AT}",
    rf"(?P<next{{n}}>{_NEXT}){_PART}{_AT}",
    rf"at (?P<at{{n}}>{TIME}) in (?P<days{{n}}>{_COUNT})",
    rf"at (?P<at{{n}}>{TIME}) {_ON}(?P<weekday{{n}}>{_WEEKDAYS})",
    rf"at (?P<at{{n}}>{TIME}) (?P<next{{n}}>{_NEXT})",
)
_TO = r"(?:to|about|that|of)"
_REMIND = r"(?:remind me(?: again)?|(?:set|make|add)(?: me)? a reminder)"
_COME = r"(?:am|are|get|come|arrive|walk in|go)(?: back)?(?: to| at| in| into)?"
_PLACE = rf"(?:when|once|next time|the next time|as soon as)(?: that)? (?:i {_COME}|i'm(?: back)?(?: at| in)?)"
_WHERE = rf"{_PLACE} (?P<place>(?:the |my )?(?!to\b)\w+(?: (?!to\b|again\b)\w+){{0,2}}?)(?: again)?"
_AGAIN = r"(?:again|once more)"
_IN = rf"(?:in|after|for|by) (?P<for>{DURATION})"

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    (rf"{_REMIND} {_WHEN}(?: {_TO} (?P<text>.+))?", "set"),
    (rf"{_REMIND} {_TO} (?P<text>.+?) {_WHEN}", "set"),
    (rf"{_WHEN} remind me {_TO} (?P<text>.+)", "set"),
    (rf"{_REMIND} {_WHERE}(?: {_TO} (?P<text>.+))?", "set"),
    (rf"{_REMIND} {_TO} (?P<text>.+?) {_WHERE}", "set"),
    (rf"{_WHERE} remind me {_TO} (?P<text>.+)", "set"),
    (rf"(?:snooze|remind me again|remind me later|say (?:it|that) again later)(?: it| that)?(?: {_IN})?", "snooze"),
    (rf"(?:remind me )?{_IN} {_AGAIN}", "snooze"),
    (rf"(?:not now|later|{_AGAIN}),? {_IN}", "snooze"),
    (r"what (?:did i ask you|do you have|are you going|should you|will you)(?: to)? remind me (?:of|about)", "list"),
    (r"what (?:did i ask you|are you going) to remind me(?: of| about)?", "list"),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern, re.IGNORECASE), action) for pattern, action in _TABLE)
_PARTS: Final = {"morning": 9 * 60, "noon": 12 * 60, "afternoon": 15 * 60, "evening": 19 * 60, "night": 21 * 60}
_NEXT_AT: Final = {"tonight": (0, 20 * 60), "this evening": (0, 19 * 60), "this afternoon": (0, 15 * 60)}
_COUNTS: Final = {"a": 1, "an": 1, "a couple of": 2}


def understood(text: str) -> Wanted | None:
    """What the wearer's words ask of reminders that last, or of any; None if they are about something else."""
    if len(text) > MAX_CHARS:
        return None
    words = bare(text)
    for pattern, action in _PATTERNS:
        if (match := pattern.fullmatch(words)) and (found := _wanted(action, _found(match))) is not None:
            return found
    return alarm_words.understood(text)


def _found(match: re.Match[str]) -> dict[str, str]:
    return {name.rstrip("01234"): text for name, text in match.groupdict().items() if text}


def _wanted(action: str, found: Mapping[str, str]) -> Wanted | None:
    said = found.get("text", "")
    if action == "snooze":
        seconds = spoken_time.seconds_of(found["for"]) if "for" in found else SNOOZE_S
        return None if seconds is None else Wanted("snooze", "reminder", seconds)
    if action == "list":
        return Wanted("list", "")
    if place := found.get("place"):
        place = re.sub(r"^(?:the|my) ", "", place.lower())
        return Wanted("set", "reminder", text=said, place=HERE if place in (HERE, "there") else place)
    at = spoken_time.day_time_of(found["at"]) if "at" in found else None
    if "at" in found and at is None:
        return None
    return _day(found, at, said)


def _day(found: Mapping[str, str], at: spoken_time.DayTime | None, said: str) -> Wanted:
    """The day that was named. Without a time it is nine in the morning; "in two days" without one is at this hour."""
    part = _PARTS.get(found.get("part", "").lower(), 9 * 60)
    if days := found.get("days"):
        count, unit = days.lower().rsplit(" ", 1)
        ahead = int(_COUNTS.get(count) or spoken_time.number(count) or 1) * (7 if unit.startswith("week") else 1)
        if at is None:
            return Wanted("set", "reminder", ahead * DAY_S, text=said)
        return Wanted("set", "reminder", at=at, text=said, days=ahead)
    if weekday := found.get("weekday"):
        number = [day.lower() for day in WEEKDAYS].index(weekday.lower())
        return Wanted("set", "reminder", at=at or spoken_time.DayTime((part,)), text=said, weekday=number)
    named = found.get("next", "").lower()
    if named in _NEXT_AT:
        today, minutes = _NEXT_AT[named]
        return Wanted("set", "reminder", at=at or spoken_time.DayTime((minutes,)), text=said, days=today)
    ahead = 7 if named == "next week" else 1
    return Wanted("set", "reminder", at=at or spoken_time.DayTime((part,)), text=said, days=ahead)
