"""Reminders that outlive the session: each is an alarm of this session and a memory in the wearer's database.

`catch_up` compares the two and has stored what is new, and forgotten what was cancelled; so it does not matter who set
or unset an alarm. One that was spoken to its end is stored anew without a time, in place of the one that had it: then
it is history (`reminded`). What is due while nobody is there to hear it stays due, and is said at the next start; so is
what was cut off by the end of the process, which may have been heard: rather twice than never.

One is promised when it is stored, not before: `from_words` says what storing its words wait for. Of one that cannot be
stored, the wearer hears that it ends with the session.

Times are seconds since 1970, so another time zone or a clock that was set right changes nothing; only within a session
time is what has passed since its start. Off (as in every old recording) unless `SessionStarted.memory`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import (
    NS,
    Alarm,
    DeviceEvent,
    Forget,
    Forgotten,
    Happening,
    Memorise,
    Memorised,
    Memory,
    Resumed,
    SessionStarted,
    TurnOpened,
)
from pipelines.memory.reminder_words import HERE, understood
from pipelines.scribe import Scribe
from pipelines.thinking.tools.alarm_words import Wanted
from pipelines.thinking.tools.alarms import AlarmError, Alarms, sentence, when_in_words, where_in_words
from pipelines.thinking.tools.clock import Now, utc_s

PLACE: Final = "place"  # kind of the `DeviceEvent` by which a device tells where it is
SNOOZE_WITHIN_NS: Final = 15 * 60 * NS  # so long after a reminder "snooze" means it
COME_BACK_S: Final = (
    1800  # who was told of a place at the start of a session is there "again" if they asked before that
)
SESSION_ONLY: Final = -1

NOT_STORED = "I could not store the reminder, so it ends when I am switched off."
NOT_CANCELLED = "I could not delete the reminder from my memory. You may hear it again."
ONLY_NOW = "Private mode is on, so I only keep it until I am switched off."
NO_PLACE = "I can't tell where you are: this device does not say. Give me a time instead."
NOTHING_TO_SNOOZE = "There is no reminder to snooze."


@dataclass(frozen=True, slots=True)
class _Kept:
    """A reminder that is stored, or on its way there. `request`: of the `Memorise` under way, 0 = none; `state`: "set",
    "rang" (it waits to be said), "saying" or "told"."""

    alarm: Alarm
    memory: Memory
    request: int = 0
    state: str = "set"


@dataclass(frozen=True, slots=True)
class Promise:
    """What is said of what the wearer asked for. `waits_for`: the requests that store it; () = it can be said now."""

    words: str
    waits_for: tuple[int, ...] = ()


class Reminders:
    """Shared by reference with the rest of the session; works on its alarms."""

    def __init__(self, scribe: Scribe, alarms: Alarms) -> None:
        self._scribe, self._alarms = scribe, alarms
        self.on = False
        self._wall_clock = ""
        self._kept: list[_Kept] = []
        self._turn = 0
        self._missed: list[_Kept] = []
        self._to_say: list[tuple[str, str]] = []  # words, and what they are about
        self._about: Mapping[str, tuple[_Kept, ...]] = {}  # what was rung and is not told yet
        self._told: tuple[Alarm, ...] = ()  # together, the last time
        self._told_ns = 0
        self._void: tuple[str, ...] = ()  # of what was rung: it was forgotten before it was said
        self.place = ""
        self._began_ns = 0
        self._moved = False  # the device told another place before, in this session
        self._cancelling: tuple[int, ...] = ()  # requests

    # ----------------------------------------------------------------------------------------------- begin and rest

    def begin(self, started: SessionStarted) -> None:
        """What earlier sessions left."""
        self.on, self._wall_clock, self._began_ns = started.memory, started.wall_clock, started.t_ns
        self._alarms.lasting = self.on
        began_s = self._now_s()
        if not self.on or began_s is None:
            return
        for memory in started.reminders:
            if memory.place:
                self._kept.append(_Kept(self._alarms.add(0, memory.text, memory.place, memory.id), memory))
            elif memory.due_s > began_s:
                due_ns = started.t_ns + round((memory.due_s - began_s) * NS)
                self._kept.append(_Kept(self._alarms.add(due_ns, memory.text, memory=memory.id), memory))
            elif memory.due_s:
                self._missed.append(_Kept(Alarm(0, 0, "reminder", memory.text, memory=memory.id), memory))
        self._missed.sort(key=lambda kept: kept.memory.due_s)

    @property
    def at_rest(self) -> bool:
        under_way = any(kept.request or kept.state != "set" for kept in self._kept)
        waits = self._missed or self._to_say or self._about or self._cancelling
        return not under_way and not waits and not self.can_snooze

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, reminders=tuple(kept.memory for kept in self._kept), place=self.place)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written; the alarms do already."""
        stored = {memory.id: memory for memory in resumed.reminders}
        alarms = [alarm for alarm in self._alarms.entries if alarm.memory in stored]
        self._kept = [_Kept(alarm, stored[alarm.memory]) for alarm in alarms]
        self._missed, self._to_say = [], []
        self.place, self._moved = resumed.place, True

    def _now_s(self) -> float | None:
        return utc_s(Now(self._scribe.now_ns, self._wall_clock))

    # ---------------------------------------------------------------------------------------------------- what happens

    def see(self, event: Happening) -> None:
        if isinstance(event, Memorised):
            self._memorised(event)
        elif isinstance(event, Forgotten) and event.request in self._cancelling:
            self._cancelling = tuple(request for request in self._cancelling if request != event.request)
            if event.trouble:
                self._to_say.append((NOT_CANCELLED, ""))
        elif isinstance(event, DeviceEvent) and event.kind == PLACE and self.on:
            self._here(event.value.strip())

    def _memorised(self, event: Memorised) -> None:
        for i, kept in enumerate(self._kept):
            if kept.request != event.request:
                continue
            stored = replace(event.memory, id=SESSION_ONLY) if event.trouble else event.memory
            alarm = replace(kept.alarm, memory=stored.id)
            self._alarms.change(kept.alarm, alarm)
            self._kept[i] = replace(kept, alarm=alarm, memory=stored, request=0)
            if event.trouble:
                del self._kept[i]
            return

    @staticmethod
    def not_stored(event: Memorised) -> str:
        """What to say of it if nobody waited for it; "" if nothing is to be said."""
        memory = event.memory
        stands = memory.what == "reminder" and (memory.due_s or memory.place)
        return NOT_STORED if event.trouble and stands else ""

    def _here(self, place: str) -> None:
        """The device tells where it is."""
        came, self.place = place != self.place and bool(place), place
        now_s, first = self._now_s() or 0.0, not self._moved
        self._moved = True
        if not came:
            return
        for alarm in [alarm for alarm in self._alarms.entries if alarm.place and _same(alarm.place, place)]:
            kept = next((kept for kept in self._kept if kept.alarm == alarm), None)
            if first and kept is not None and now_s - kept.memory.at_s < COME_BACK_S:
                continue  # they never left: I was switched off in between
            self._alarms.drop([alarm])
            self._to_say.append((Alarms.spoken(alarm), self.rang(alarm)))

    def said(self, decision: object) -> None:
        """What is to be forgotten is not said any more, and is not forgotten twice. Who speaks into a reminder
        has heard it."""
        if isinstance(decision, TurnOpened):
            self.said_all()
        elif isinstance(decision, Forget):
            gone = [kept for kept in (*self._kept, *self._missed) if _meant(decision, kept.memory)]
            self._alarms.drop([kept.alarm for kept in gone])
            self._kept = [kept for kept in self._kept if kept not in gone]
            self._missed = [kept for kept in self._missed if kept not in gone]
            void = [about for about, rung in self._about.items() if any(_in(kept, gone) for kept in rung)]
            self._void += tuple(void)
            self._about = {about: rung for about, rung in self._about.items() if about not in void}
            if decision.everything or any(_meant(decision, Memory(text=alarm.text)) for alarm in self._told):
                self._told = ()

    # ----------------------------------------------------------------------------------------------------- to be said

    def rang(self, alarm: Alarm) -> str:
        """Its time has come; what it is to be announced as."""
        kept = next((kept for kept in self._kept if kept.alarm == alarm), _Kept(alarm, Memory(what="reminder")))
        self._change(kept, replace(kept, state="rang"))
        return self._announced((kept,))

    def _announced(self, kept: tuple[_Kept, ...]) -> str:
        about = f"reminder {self._scribe.now_ns} {len(self._about)}"
        self._about = {**self._about, about: kept}
        return about

    def missed(self) -> None:
        """The floor is free for what was due before the session."""
        missed, self._missed = self._missed, []
        if not missed:
            return
        now = Now(self._scribe.now_ns, self._wall_clock)
        began_s = self._now_s() or 0.0
        said = []
        for kept in missed:
            when = when_in_words(now.t_ns + round((kept.memory.due_s - began_s) * NS), now)
            text = kept.memory.text.rstrip(".!?") or "you wanted to be reminded"
            said.append(sentence(f"{text}, {when}" if when else text))
        self._kept += (rung := [replace(kept, state="rang") for kept in missed])
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
            if (stands := self._find(kept)) is not None:
                self._change(stands, replace(stands, state="saying"))

    def said_all(self) -> None:
        """What was being said is over."""
        self._kept = [replace(kept, state="told") if kept.state == "saying" else kept for kept in self._kept]

    # ------------------------------------------------------------------------------------------------------- the store

    def catch_up(self, turn: int, private: bool) -> None:
        """Have stored and forgotten what is new; nothing in private mode."""
        if not self.on:
            return
        self.store(turn, private)
        standing = self._alarms.entries
        self._kept = [kept for kept in self._kept if self._stays(kept, kept.alarm in standing, turn)]

    def store(self, turn: int, private: bool) -> tuple[int, ...]:
        """Have stored what was just set; the requests that do it. In private mode it ends with the session."""
        if private or (now_s := self._now_s()) is None:
            self.only_now()
            return ()
        return tuple(self._store(alarm, now_s, turn) for alarm in self._new())

    def only_now(self) -> None:
        """What was just set ends with the session: words that the wearer may not have said are not stored."""
        for alarm in self._new():
            self._alarms.change(alarm, replace(alarm, memory=SESSION_ONLY))

    def _new(self) -> list[Alarm]:
        """Reminders that were just set, if they are to last."""
        new = (alarm for alarm in self._alarms.entries if alarm.kind == "reminder" and not alarm.memory)
        return [alarm for alarm in new if self.on and all(kept.alarm != alarm for kept in self._kept)]

    def _store(self, alarm: Alarm, now_s: float, turn: int) -> int:
        due_s = 0.0 if alarm.place else round(now_s + (alarm.due_ns - self._scribe.now_ns) / NS, 3)
        memory = Memory(
            what="reminder", text=alarm.text, at_s=round(now_s, 3), due_s=due_s, place=alarm.place, turn=turn
        )
        request = self._memorise("a reminder outlives the session", memory, (), turn)
        self._kept.append(_Kept(alarm, memory, request))
        return request

    def _memorise(self, reason: str, memory: Memory, replaces: tuple[int, ...], turn: int) -> int:
        request = self._scribe.number()
        self._scribe.emit(Memorise, reason, request=request, turn=turn, memory=memory, replaces=replaces)
        return request

    def _stays(self, kept: _Kept, stands: bool, turn: int) -> bool:
        """Whether there is anything left to do for it."""
        if kept.request or (kept.state == "set" and stands) or kept.state in {"rang", "saying"}:
            return True  # what is on its way to the store has no id yet
        if kept.state == "told":
            at_s = round(self._now_s() or kept.memory.at_s, 3)
            done = replace(kept.memory, id=0, due_s=0.0, place="", at_s=at_s)
            self._memorise("the wearer was reminded", done, (kept.memory.id,), turn)
        else:
            request = self._scribe.number()
            self._scribe.emit(Forget, "the reminder was cancelled", request=request, turn=turn, ids=(kept.memory.id,))
            self._cancelling += (request,)
        return False

    def _find(self, kept: _Kept) -> _Kept | None:
        """As it stands now: it may have been stored in the meantime."""
        return next((k for k in self._kept if _in(k, [kept])), None)

    def _change(self, old: _Kept, new: _Kept) -> None:
        self._kept = [new if kept == old else kept for kept in self._kept]

    # --------------------------------------------------------------------------------------------- the wearer's words

    @property
    def can_snooze(self) -> bool:
        return bool(self._told) and self._scribe.now_ns - self._told_ns <= SNOOZE_WITHIN_NS

    def means(self, text: str) -> bool:
        """Whether the words are about reminders that last."""
        wanted = understood(text) if self.on else None
        return wanted is not None and (wanted.action != "snooze" or self.can_snooze or "snooze" in text.lower())

    def from_words(self, text: str, private: bool, turn: int) -> Promise | None:
        """Do what the words ask for: the sentence to speak, also if it can't be done; None if they are about something
        else, or nothing lasts here."""
        wanted = understood(text) if self.on else None
        if wanted is None:
            return None
        if wanted.action == "set" and not wanted.text and self.can_snooze and re.search(r"\bagain\b", text.lower()):
            wanted = replace(wanted, text=self._told[0].text)
        try:
            said = self._obey(wanted, Now(self._scribe.now_ns, self._wall_clock))
        except AlarmError as problem:
            return Promise(str(problem))
        if wanted.action not in {"set", "snooze"} or wanted.kind != "reminder":
            return Promise(said)
        return Promise(f"{said} {ONLY_NOW}" if private else said, self.store(turn, private))

    def _obey(self, wanted: Wanted, now: Now) -> str:
        if wanted.action == "snooze":
            return self._snooze(wanted, now)
        return self._at_place(wanted) if wanted.place else self._alarms.obey(wanted, now)

    def _snooze(self, wanted: Wanted, now: Now) -> str:
        if not self.can_snooze:
            raise AlarmError(NOTHING_TO_SNOOZE)
        said = ""
        for alarm in self._told:
            self._alarms.check(alarm.text)
            again = self._alarms.add(now.t_ns + wanted.seconds * NS, alarm.text)
            said = said or self._alarms.left_of(again, now)
        self._told = ()
        return f"I will say it again in {said}."

    def _at_place(self, wanted: Wanted) -> str:
        if not self.place:
            raise AlarmError(NO_PLACE)
        self._alarms.check(wanted.text)
        place = self.place if wanted.place == HERE else wanted.place
        self._alarms.add(0, " ".join(wanted.text.split()), place)
        when = "when you are here again" if wanted.place == HERE else where_in_words(place)
        return f"I will remind you {when}" + (f": {sentence(wanted.text)}" if wanted.text else ".")


def _in(kept: _Kept, several: Sequence[_Kept]) -> bool:
    """Whether it is one of these, stored in the meantime or not."""
    return any(replace(kept.alarm, memory=0) == replace(other.alarm, memory=0) for other in several)


def _same(asked: str, told: str) -> bool:
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
