"""The date and time of a moment of the session, from the wall clock at its start and arithmetic: no clock is read.

The offset from UTC is the one of the session's start: a session that runs through a change to summer time is an hour
off from there on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.events import NS

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAY_S: Final = 86_400

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d(?::\d\d)?)?", re.ASCII
)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Now:
    """A moment. `t_ns`: session clock; `wall_clock`: local ISO time at t=0, "" = unknown."""

    t_ns: int
    wall_clock: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A local date and time. `weekday`: 0 = Monday; `offset`: from UTC as "+01:00", "" if unknown."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    weekday: int
    offset: str = ""

    @property
    def day_s(self) -> int:
        """Seconds since midnight."""
        return self.hour * 3600 + self.minute * 60 + self.second


def moment(now: Now) -> Moment | None:
    """Local date and time of `now`, to the second; None if its wall clock is missing or no date."""
    start = _start(now.wall_clock)
    if start is None:
        return None
    days, day_s, offset = start
    total = days * DAY_S + day_s + now.t_ns // NS
    days, rest = divmod(total, DAY_S)
    year, month, day = _civil_from_days(days)
    return Moment(year, month, day, rest // 3600, rest // 60 % 60, rest % 60, (days + 3) % 7, offset)


def utc_s(now: Now) -> float | None:
    """Seconds since 1970 (UTC) at `now`; None if its wall clock is not known. Without an offset it is taken as UTC."""
    start = _start(now.wall_clock)
    if start is None:
        return None
    days, day_s, offset = start
    ahead_s = 0
    if offset:
        hours, minutes = int(offset[1:3]), int(offset.replace(":", "")[3:5])
        ahead_s = (-1 if offset[0] == "-" else 1) * (hours * 3600 + minutes * 60)
    return days * DAY_S + day_s - ahead_s + now.t_ns / NS


def iso_date(now: Now) -> str:
    """The local date as "2026-11-21"; "" if the wall clock is not known."""
    at = moment(now)
    return f"{at.year:04}-{at.month:02}-{at.day:02}" if at is not None else ""


def in_words(at: Moment) -> str:
    """ "Saturday, 21 November 2026, 14:05:00, UTC+01:00" """
    zone = f", UTC{at.offset}" if at.offset else ""
    day = f"{WEEKDAYS[at.weekday]}, {at.day} {MONTHS[at.month - 1]} {at.year}"
    return f"{day}, {at.hour:02}:{at.minute:02}:{at.second:02}{zone}"


def _start(text: str) -> tuple[int, int, str] | None:
    """ISO text -> days since 1970-01-01, seconds since midnight, offset."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    offset = match[7] or ""
    return _days_from_civil(year, month, day), hour * 3600 + minute * 60 + second, "+00:00" if offset == "Z" else offset


def _days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar. Source: Howard Hinnant, chrono-compatible date algorithms."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _civil_from_days(days: int) -> tuple[int, int, int]:
    """The way back: year, month, day. Same source."""
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1
