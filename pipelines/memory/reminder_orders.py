"""What the wearer's words set that only means something if reminders outlive the session: "snooze", and places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.events import NS, Alarm
from pipelines.memory.reminder_words import HERE
from pipelines.thinking.tools.alarm_words import Wanted
from pipelines.thinking.tools.alarms import AlarmError, Alarms, sentence, where_in_words
from pipelines.thinking.tools.clock import Now

NO_PLACE: Final = "I can't tell where you are: this device does not say. Give me a time instead."
NOTHING_TO_SNOOZE: Final = "There is no reminder to snooze."


def snooze(alarms: Alarms, told: Sequence[Alarm], wanted: Wanted, now: Now) -> str:
    """These, told just now, are set once more: the sentence that says so. Raises AlarmError if there are none."""
    if not told:
        raise AlarmError(NOTHING_TO_SNOOZE)
    said = ""
    for alarm in told:
        alarms.check(alarm.text)
        again = alarms.add(now.t_ns + wanted.seconds * NS, alarm.text)
        said = said or alarms.left_of(again, now)
    return f"I will say it again in {said}."


def at_place(alarms: Alarms, wanted: Wanted, here: str) -> str:
    """One for a place is set: the sentence that says so. `here`: where the device says that it is, "" = it does not:
    then AlarmError."""
    if not here:
        raise AlarmError(NO_PLACE)
    alarms.check(wanted.text)
    place = here if wanted.place == HERE else wanted.place
    alarms.add(0, " ".join(wanted.text.split()), place)
    when = "when you are here again" if wanted.place == HERE else where_in_words(place)
    return f"I will remind you {when}" + (f": {sentence(wanted.text)}" if wanted.text else ".")
