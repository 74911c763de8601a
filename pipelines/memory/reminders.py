"""Reminders that outlive the session: each is an alarm of this session and a memory in the wearer's database
(`reminder_store`).

One is promised when it is stored, not before: `from_words` says what storing its words wait for. Of one that cannot be
stored, the wearer hears that it ends with the session. What is due while nobody is there to hear it stays due, and is
said at the next start; so is what was cut off by the end of the process, which may have been heard: rather twice than
never.

Times are seconds since 1970, so another time zone or a clock that was set right changes nothing; only within a session
time is what has passed since its start. Off (as in every old recording) unless `SessionStarted.memory`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import (
    NS,
    Alarm,
    DeviceEvent,
    Forget,
    Forgotten,
    Happening,
    Memorised,
    Memory,
    Resumed,
    SessionStarted,
    TurnOpened,
)
from pipelines.memory.reminder_orders import at_place, snooze
from pipelines.memory.reminder_store import Kept, ReminderStore, same
from pipelines.memory.reminder_words import understood
from pipelines.scribe import Scribe
from pipelines.thinking.tools.alarm_words import Wanted
from pipelines.thinking.tools.alarms import AlarmError, Alarms, sentence, when_in_words
from pipelines.thinking.tools.clock import Now

PLACE: Final = "place"  # kind of the `DeviceEvent` by which a device tells where it is
SNOOZE_WITHIN_NS: Final = 15 * 60 * NS  # so long after a reminder "snooze" means it
COME_BACK_S: Final = (
    1800  # who was told of a place at the start of a session is there "again" if they asked before that
)

NOT_CANCELLED: Final = "I could not delete the reminder from my memory. You may hear it again."
ONLY_NOW: Final = "Private mode is on, so I only keep it until I am switched off."


@dataclass(frozen=True, slots=True)
class Promise:
    """What is said of what the wearer asked for. `waits_for`: the requests that store it; () = it can be said now."""

    words: str
    waits_for: tuple[int, ...] = ()


class Reminders:
    """Shared by reference with the rest of the session; works on its alarms."""

    def __init__(self, scribe: Scribe, alarms: Alarms) -> None:
        self._scribe, self._alarms = scribe, alarms
        self.store = ReminderStore(scribe, alarms)
        self._missed: list[Kept] = []
        self._to_say: list[tuple[str, str]] = []  # words, and what they are about
        self._about: Mapping[str, tuple[Kept, ...]] = {}  # what was rung and is not told yet
        self._told: tuple[Alarm, ...] = ()  # together, the last time
        self._told_ns = 0
        self._void: tuple[str, ...] = ()  # of what was rung: it was forgotten before it was said
        self.place = ""
        self._moved = False  # the device told another place before, in this session

    # ----------------------------------------------------------------------------------------------- begin and rest

    def begin(self, started: SessionStarted) -> None:
        """What earlier sessions left."""
        self._missed = self.store.begin(started)

    @property
    def at_rest(self) -> bool:
        waits = self._missed or self._to_say or self._about
        return self.store.at_rest and not waits and not self.can_snooze

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, reminders=self.store.memories, place=self.place)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written; the alarms do already."""
        self.store.stand(resumed.reminders)
        self._missed, self._to_say = [], []
        self.place, self._moved = resumed.place, True

    @property
    def _now(self) -> Now:
        return Now(self._scribe.now_ns, self.store.wall_clock)

    # ---------------------------------------------------------------------------------------------------- what happens

    def see(self, event: Happening) -> None:
        if isinstance(event, Memorised):
            self.store.memorised(event)
        elif isinstance(event, Forgotten) and self.store.not_cancelled(event):
            self._to_say.append((NOT_CANCELLED, ""))
        elif isinstance(event, DeviceEvent) and event.kind == PLACE and self.store.on:
            self._here(event.value.strip())

    def _here(self, place: str) -> None:
        """The device tells where it is."""
        came, self.place = place != self.place and bool(place), place
        now_s, first = self.store.now_s() or 0.0, not self._moved
        self._moved = True
        if not came:
            return
        for alarm in [alarm for alarm in self._alarms.entries if alarm.place and _same_place(alarm.place, place)]:
            kept = self.store.of(alarm)
            if first and kept is not None and now_s - kept.memory.at_s < COME_BACK_S:
                continue  # they never left: I was switched off in between
            self._alarms.drop([alarm])
            self._to_say.append((Alarms.spoken(alarm), self.rang(alarm)))

    def said(self, decision: object) -> None:
        """What is to be forgotten is not said any more, and is not forgotten twice. Who speaks into a reminder
        has heard it."""
        if isinstance(decision, TurnOpened):
            self.store.said_all()
        elif isinstance(decision, Forget):
            gone = [kept for kept in (*self.store.kept, *self._missed) if _meant(decision, kept.memory)]
            self.store.drop(gone)
            self._missed = [kept for kept in self._missed if kept not in gone]
            void = [
                about for about, rung in self._about.items() if any(same(kept, one) for kept in rung for one in gone)
            ]
            self._void += tuple(void)
            self._about = {about: rung for about, rung in self._about.items() if about not in void}
            if decision.everything or any(_meant(decision, Memory(text=alarm.text)) for alarm in self._told):
                self._told = ()

    # ----------------------------------------------------------------------------------------------------- to be said

    def rang(self, alarm: Alarm) -> str:
        """Its time has come; what it is to be announced as."""
        kept = self.store.of(alarm) or Kept(alarm, Memory(what="reminder"))
        self.store.change(kept, replace(kept, state="rang"))
        return self._announced((kept,))

    def _announced(self, kept: tuple[Kept, ...]) -> str:
        about = f"reminder {self._scribe.now_ns} {len(self._about)}"
        self._about = {**self._about, about: kept}
        return about

    def missed(self) -> None:
        """The floor is free for what was due before the session."""
        missed, self._missed = self._missed, []
        if not missed:
            return
        now, now_s = self._now, self.store.now_s() or 0.0
        said = []
        for kept in missed:
            when = when_in_words(now.t_ns + round((kept.memory.due_s - now_s) * NS), now)
            text = kept.memory.text.rstrip(".!?") or "you wanted to be reminded"
            said.append(sentence(f"{text}, {when}" if when else text))
        self.store.kept += (rung := [replace(kept, state="rang") for kept in missed])
        self._to_say.append(("While I was off: " + " And: ".join(said), self._announced(tuple(rung))))

    def to_say(self) -> list[tuple[str, str]]:
        """Words to announce, and what they are about; each is given once."""
        waiting, self._to_say = self._to_say, []
        return waiting

    def stands(self, about: str) -> bool:
        """Whether what waits to be said is still to be said: nothing of it was forgotten."""
        return about not in self._void

    def told(self, about: str) -> None:
        """It is being said."""
        rung = self._about.get(about)
        if rung is None:
            return
        self._about = {key: kept for key, kept in self._about.items() if key != about}
        self._told, self._told_ns = tuple(kept.alarm for kept in rung), self._scribe.now_ns
        for kept in rung:
            if (stands := self.store.now(kept)) is not None:
                self.store.change(stands, replace(stands, state="saying"))

    # --------------------------------------------------------------------------------------------- the wearer's words

    @property
    def can_snooze(self) -> bool:
        return bool(self._told) and self._scribe.now_ns - self._told_ns <= SNOOZE_WITHIN_NS

    def means(self, text: str) -> bool:
        """Whether the words are about reminders that last."""
        wanted = understood(text) if self.store.on else None
        return wanted is not None and (wanted.action != "snooze" or self.can_snooze or "snooze" in text.lower())

    def from_words(self, text: str, private: bool, turn: int) -> Promise | None:
        """Do what the words ask for: the sentence to speak, also if it can't be done; None if they are about something
        else, or nothing lasts here."""
        wanted = understood(text) if self.store.on else None
        if wanted is None:
            return None
        if wanted.action == "set" and not wanted.text and self.can_snooze and re.search(r"\bagain\b", text.lower()):
            wanted = replace(wanted, text=self._told[0].text)
        try:
            said = self._obey(wanted)
        except AlarmError as problem:
            return Promise(str(problem))
        if wanted.action not in {"set", "snooze"} or wanted.kind != "reminder":
            return Promise(said)
        return Promise(f"{said} {ONLY_NOW}" if private else said, self.store.keep_new(turn, private))

    def _obey(self, wanted: Wanted) -> str:
        if wanted.action == "snooze":
            said = snooze(self._alarms, self._told if self.can_snooze else (), wanted, self._now)
            self._told = ()
            return said
        return at_place(self._alarms, wanted, self.place) if wanted.place else self._alarms.obey(wanted, self._now)


def _same_place(asked: str, told: str) -> bool:
    """ "kitchen" is also "The kitchen"; numbers are compared as they are."""
    return re.sub(r"^(?:the|my) ", "", asked.lower()) == re.sub(r"^(?:the|my) ", "", told.lower())


def _meant(forget: Forget, memory: Memory) -> bool:
    if forget.everything or memory.id in forget.ids:
        return True
    if forget.subject:
        return (
            re.search(rf"\b{re.escape(forget.subject.lower())}\b", f"{memory.text} {memory.subject}".lower())
            is not None
        )
    until_s = forget.until_s or (1e18 if forget.since_s else 0.0)
    return forget.since_s <= memory.at_s <= until_s
