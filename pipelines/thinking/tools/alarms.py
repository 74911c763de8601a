"""Timers and reminders: set by a model's call or by plain words, kept as session times, spoken when they are due.

The times are deadlines like all others: whoever holds this
delivers `next_ns()` on time. A timer's `text` is its name ("five-minute", "pasta"), a reminder's what to say. Numbers
are the lowest that is free, so that the alarms that are set say all there is to say of the state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.events import NS, Alarm
from pipelines.thinking.tools import spoken_time
from pipelines.thinking.tools.alarm_words import Wanted, understood
from pipelines.thinking.tools.clock import DAY_S, MONTHS, WEEKDAYS, Moment, Now, moment

MAX_ALARMS: Final = 20
MAX_AHEAD_S: Final = DAY_S
LASTING_AHEAD_S: Final = 366 * DAY_S  # of reminders that outlive the session
BY_DAY_MIN: Final = 7 * 60  # "on Friday at six" is in the evening, "at eight" in the morning
MAX_LISTED: Final = 5  # spoken at once; nobody keeps more in mind
MAX_TEXT: Final = 200  # characters: half a minute of speech

NO_CLOCK = "I don't know what time it is, so I can't. Say: in ten minutes."
FOR_HOW_LONG = "For how long? Say: set a timer for five minutes."
WHEN = "When? Say: remind me in ten minutes."
NOTHING_SET = "No timer and no reminder is set."


class AlarmError(ValueError):
    """It can't be done; the text is the sentence that says why."""


class Alarms:
    """The timers and reminders that are set. Answers are sentences to speak; AlarmError holds one too."""

    def __init__(self, alarms: Sequence[Alarm] = ()) -> None:
        self._alarms: list[Alarm] = sorted(alarms, key=_order)
        self.lasting = False  # reminders outlive the session

    @property
    def entries(self) -> tuple[Alarm, ...]:
        """All that are set, the next one first."""
        return tuple(self._alarms)

    def resume(self, alarms: tuple[Alarm, ...]) -> None:
        """These are set from now on, and no others."""
        self._alarms = sorted(alarms, key=_order)

    def next_ns(self) -> int | None:
        """When the next one is due; None if none is set."""
        return next((alarm.due_ns for alarm in self._alarms if not alarm.place), None)

    def due(self, now_ns: int) -> list[Alarm]:
        """Those that are due, in order; they are set no more."""
        over = [alarm for alarm in self._alarms if alarm.due_ns <= now_ns and not alarm.place]
        self.drop(over)
        return over

    def add(self, due_ns: int, text: str, place: str = "", memory: int = 0) -> Alarm:
        """A reminder, whatever its time and however many there are."""
        alarm = Alarm(self._free_number(), due_ns, "reminder", text, place, memory)
        self._add(alarm)
        return alarm

    def change(self, old: Alarm, new: Alarm) -> None:
        """This one stands in the place of that."""
        self._alarms = sorted([new if alarm == old else alarm for alarm in self._alarms], key=_order)

    def drop(self, gone: Sequence[Alarm]) -> None:
        """These are set no more."""
        self._alarms = [alarm for alarm in self._alarms if alarm not in gone]

    @staticmethod
    def spoken(alarm: Alarm) -> str:
        """What is said when it is due."""
        if alarm.kind == "reminder":
            return f"Reminder: {sentence(alarm.text)}" if alarm.text else "You asked me to remind you now."
        return f"Your {alarm.text} timer is over." if alarm.text else "Your timer is over."

    def set(self, now: Now, seconds: int = 0, at: str = "", text: str = "") -> str:
        """A timer, or with `text` a reminder. `at`: "18:30", 24 hours, local time. Raises AlarmError."""
        day_time = None
        if at:
            match = re.fullmatch(r"\s*(\d{1,2}):(\d\d)\s*", at, re.ASCII)
            if match is None or int(match[1]) > 23 or int(match[2]) > 59:
                raise AlarmError('I don\'t understand that time of day. It must be given as "18:30".')
            day_time = spoken_time.DayTime((int(match[1]) * 60 + int(match[2]),))
        if bool(seconds) == (day_time is not None):
            raise AlarmError('I need either the seconds or a time of day as "18:30", and only one of them.')
        return self._set(Wanted("set", "reminder" if text or at else "timer", seconds, day_time, text), now)

    def list(self, now: Now) -> str:
        """Everything that is set, and when it is due."""
        if not self._alarms:
            return NOTHING_SET
        more = len(self._alarms) - MAX_LISTED
        said = [_line(alarm, now) for alarm in self._alarms[:MAX_LISTED]]
        return " ".join([*said, f"And {spoken_time.number_word(more)} more."] if more > 0 else said)

    def left(self, now: Now, name: str = "") -> str:
        """How long the timers still run; of those called `name` if some are."""
        found = [a for a in self._alarms if a.kind == "timer"]
        if name:
            found = [a for a in found if _same(a.text, name)] or found
        if not found:
            return self.list(now) if self._alarms else "No timer is set."
        if len(found) == 1:
            return f"{_capital(_left(found[0], now))} left."
        return " ".join(f"{_capital(_left(a, now))} left on {_name(a)}." for a in found)

    @staticmethod
    def left_of(alarm: Alarm, now: Now) -> str:
        """How long until it is due, in words."""
        return _left(alarm, now)

    def cancel(self, number: int = 0, kind: str = "", name: str = "", every: bool = False) -> str:
        """Unset the only one of that number, kind or name; or `every` one of those. Raises AlarmError."""
        found = [a for a in self._alarms if (not number or a.number == number) and kind in ("", a.kind)]
        if name:
            found = [a for a in found if _same(a.text, name)]
        if not found:
            what = f"timer or reminder with number {number}" if number else f"{name} {kind or 'timer'}".strip()
            raise AlarmError(f"There is no {what}." if self._alarms else NOTHING_SET)
        if len(found) > 1 and not every:
            count = spoken_time.number_word(len(found))
            raise AlarmError(f"There are {count}: {_and([_name(a) for a in found])}. Say which one.")
        self._alarms = [a for a in self._alarms if a not in found]
        if len(found) == 1:
            return f"{_capital(_name(found[0]))} is cancelled."
        return f"All {spoken_time.number_word(len(found))} are cancelled."

    def obey(self, wanted: Wanted, now: Now) -> str:
        """Do what the wearer's words asked for. Raises AlarmError."""
        if wanted.action == "set":
            return self._set(wanted, now)
        if wanted.action == "cancel":
            return self.cancel(kind=wanted.kind, name=wanted.text, every=wanted.every)
        return self.left(now, wanted.text) if wanted.action == "left" else self.list(now)

    def from_words(self, text: str, now_ns: int, wall_clock: str) -> str | None:
        """Understand the wearer's words and do it: the sentence to speak, also if it can't be done; None if the words
        are about something else. `wall_clock`: local ISO time at t=0."""
        wanted = understood(text)
        if wanted is None:
            return None
        try:
            return self.obey(wanted, Now(now_ns, wall_clock))
        except AlarmError as problem:
            return str(problem)

    def use(self, name: str, args: Mapping[str, Any], now_ns: int, wall_clock: str) -> tuple[str, str]:
        """A model's call of a tool in TIMERS, its arguments checked: what it is told, and "" or "failed". Raises
        KeyError for another tool."""
        now = Now(now_ns, wall_clock)
        try:
            if name == "set_timer":
                return self.set(now, args.get("seconds", 0), args.get("at", ""), args.get("text", "")), ""
            if name == "cancel_timer":
                return self.cancel(number=args["number"]), ""
        except AlarmError as problem:
            return str(problem), "failed"
        if name != "list_timers":
            raise KeyError(name)
        lines = [_numbered(a, now) for a in self._alarms]
        return " ".join(lines) or NOTHING_SET, ""

    def _set(self, wanted: Wanted, now: Now) -> str:
        seconds = wanted.seconds
        if wanted.at is not None:
            at = moment(now)
            if at is None:
                raise AlarmError(NO_CLOCK)
            seconds = _seconds_until(wanted, at)
        if seconds <= 0:
            return (
                "For how long? Say: set a timer for five minutes."
                if wanted.kind == "timer"
                else ("When? Say: remind me in ten minutes.")
            )
        if seconds > (LASTING_AHEAD_S if self.lasting else MAX_AHEAD_S):
            raise AlarmError(f"I can only remember that for {'a year' if self.lasting else '24 hours'}.")
        self.check(wanted.text)
        text = " ".join(wanted.text.split())
        if wanted.kind == "timer" and not text:
            text = spoken_time.as_adjective(seconds)
        self._add(Alarm(self._free_number(), now.t_ns + seconds * NS, wanted.kind, text))
        return _set_sentence(wanted, seconds, now, self.lasting)

    def check(self, text: str) -> None:
        """Raises AlarmError if no more, or nothing so long, can be set."""
        if len(self._alarms) >= MAX_ALARMS:
            raise AlarmError(f"{_capital(spoken_time.number_word(MAX_ALARMS))} are set already. Cancel one first.")
        if len(text) > MAX_TEXT:
            raise AlarmError("That is too long for me to remember. Say it in fewer words.")

    def _add(self, alarm: Alarm) -> None:
        self._alarms = sorted([*self._alarms, alarm], key=_order)

    def _free_number(self) -> int:
        taken = [a.number for a in self._alarms]
        return next(n for n in range(1, len(taken) + 2) if n not in taken)


# ------------------------------------------------------------------------------------------------------- our own words


def _seconds_until(wanted: Wanted, now: Moment) -> int:
    """To the next time that the clock shows it, on the day that they said if they did."""
    at = wanted.at
    assert at is not None
    ahead = [minutes * 60 - now.day_s for minutes in at.minutes]
    if wanted.weekday >= 0 or wanted.days >= 0:
        days = wanted.days if wanted.weekday < 0 else (wanted.weekday - now.weekday) % 7
        awake = [minutes for minutes in at.minutes if minutes >= BY_DAY_MIN] or list(at.minutes)
        seconds = min(awake) * 60 - now.day_s + days * DAY_S
        return seconds + 7 * DAY_S if seconds <= 0 and wanted.weekday >= 0 else seconds
    if at.tomorrow:
        return min(seconds + DAY_S for seconds in ahead)
    return min(seconds if seconds > 0 else seconds + DAY_S for seconds in ahead)


def _set_sentence(wanted: Wanted, seconds: int, now: Now, lasting: bool) -> str:
    if lasting and wanted.kind == "reminder" and (wanted.at is not None or seconds >= DAY_S):
        when = when_in_words(now.t_ns + seconds * NS, now) or f"in {spoken_time.left_in_words(seconds)}"
    elif wanted.at is not None:
        at = moment(Now(now.t_ns + seconds * NS, now.wall_clock))
        when = f"at {at.hour}:{at.minute:02}" if at else f"in {spoken_time.in_words(seconds)}"
    else:
        when = f"in {spoken_time.in_words(seconds)}"
    if wanted.kind == "reminder":
        return f"I will remind you {when}" + (f": {sentence(wanted.text)}" if wanted.text else ".")
    name = f"{_capital(wanted.text)} timer" if wanted.text else "Timer"
    return f"{name} set for {spoken_time.in_words(seconds)}."


def when_in_words(t_ns: int, now: Now) -> str:
    """ "at 18:30", "tomorrow at 9:00", "on Friday at 9:05", "on 3 March at 9:00"; "" if the wall clock is unknown."""
    at, today = moment(Now(t_ns, now.wall_clock)), moment(now)
    if at is None or today is None:
        return ""
    clock = f"at {at.hour}:{at.minute:02}"
    days = (today.day_s + (t_ns - now.t_ns) // NS) // DAY_S
    if -7 < days < 7:
        return {0: clock, 1: f"tomorrow {clock}", -1: f"yesterday {clock}"}.get(
            days, f"on {WEEKDAYS[at.weekday]} {clock}"
        )
    return f"on {at.day} {MONTHS[at.month - 1]} {clock}"


def where_in_words(place: str) -> str:
    """ "when you are at the pharmacy"; a place that a device names by numbers is not spoken."""
    return f"when you are at {place}" if re.fullmatch(r"[^\W\d_][^\d_]*", place) else "when you are there again"


def _name(alarm: Alarm) -> str:
    if alarm.kind == "reminder":
        return f"the reminder: {alarm.text}" if alarm.text else "the reminder"
    return f"the {alarm.text} timer" if alarm.text else "the timer"


def _line(alarm: Alarm, now: Now) -> str:
    if alarm.place:
        return f"{_capital(where_in_words(alarm.place))}, {_name(alarm)}."
    if (
        alarm.kind == "reminder"
        and alarm.due_ns - now.t_ns >= DAY_S * NS
        and (when := when_in_words(alarm.due_ns, now))
    ):
        return f"{_capital(when)}, {_name(alarm)}."
    if alarm.kind == "reminder":
        return f"In {_left(alarm, now)}, {_name(alarm)}."
    return f"{_capital(_name(alarm))}: {_left(alarm, now)} left."


def _numbered(alarm: Alarm, now: Now) -> str:
    """For a model."""
    return f"Number {alarm.number} is {_name(alarm)}: {_left(alarm, now)}{'' if alarm.place else ' left'}."


def _left(alarm: Alarm, now: Now) -> str:
    if alarm.place:
        return where_in_words(alarm.place)
    return spoken_time.left_in_words(max(1, -(-(alarm.due_ns - now.t_ns) // NS)))


def _same(name: str, said: str) -> bool:
    """A wearer says a name as it was given, or a part of it: "the bread reminder", "the five minute timer"."""
    words = spoken_time.plain(name).lower().split()
    return all(word in words for word in spoken_time.plain(_digits_said(said)).lower().split())


def _digits_said(said: str) -> str:
    """ "5 minute" -> "five minute": names are kept in words."""
    return re.sub(r"\d+", lambda m: spoken_time.number_word(int(m.group()[:4])), said, flags=re.ASCII)


def _order(alarm: Alarm) -> tuple[bool, int, int]:
    return bool(alarm.place), alarm.due_ns, alarm.number


def _and(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
