"""Which of the session's reminders are in the wearer's database, or on their way there.

`catch_up` compares the two and has stored what is new, and deleted what was cancelled; so it does not matter who set or
unset an alarm. One that was spoken to its end is stored anew without a time, in place of the one that had it: then it
is history (`reminded`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import NS, Alarm, Forget, Forgotten, Memorise, Memorised, Memory, SessionStarted
from pipelines.scribe import Scribe
from pipelines.thinking.tools.alarms import Alarms
from pipelines.thinking.tools.clock import Now, utc_s

SESSION_ONLY: Final = -1  # in the place of a memory's number

NOT_STORED: Final = "I could not store the reminder, so it ends when I am switched off."


@dataclass(frozen=True, slots=True)
class Kept:
    """A reminder that is stored, or on its way there. `request`: of the `Memorise` under way, 0 = none; `state`: "set",
    "rang" (it waits to be said), "saying" or "told"."""

    alarm: Alarm
    memory: Memory
    request: int = 0
    state: str = "set"


class ReminderStore:
    """`on`: there is a memory; `kept`: what is stored, or is to be."""

    def __init__(self, scribe: Scribe, alarms: Alarms) -> None:
        self._scribe, self._alarms = scribe, alarms
        self.on = False
        self.wall_clock = ""
        self.kept: list[Kept] = []
        self._cancelling: tuple[int, ...] = ()  # requests

    def begin(self, started: SessionStarted) -> list[Kept]:
        """What earlier sessions left: it is set; what came due since then is given back, the oldest first."""
        self.on, self.wall_clock = started.memory, started.wall_clock
        self._alarms.lasting = self.on
        began_s = self.now_s()
        missed: list[Kept] = []
        if not self.on or began_s is None:
            return missed
        for memory in started.reminders:
            if memory.place:
                self.kept.append(Kept(self._alarms.add(0, memory.text, memory.place, memory.id), memory))
            elif memory.due_s > began_s:
                due_ns = started.t_ns + round((memory.due_s - began_s) * NS)
                self.kept.append(Kept(self._alarms.add(due_ns, memory.text, memory=memory.id), memory))
            elif memory.due_s:
                missed.append(Kept(Alarm(0, 0, "reminder", memory.text, memory=memory.id), memory))
        return sorted(missed, key=lambda kept: kept.memory.due_s)

    @property
    def at_rest(self) -> bool:
        under_way = any(kept.request or kept.state != "set" for kept in self.kept)
        return not under_way and not self._cancelling

    @property
    def memories(self) -> tuple[Memory, ...]:
        return tuple(kept.memory for kept in self.kept)

    def stand(self, memories: Sequence[Memory]) -> None:
        """These are stored; their alarms are set already."""
        stored = {memory.id: memory for memory in memories}
        alarms = [alarm for alarm in self._alarms.entries if alarm.memory in stored]
        self.kept = [Kept(alarm, stored[alarm.memory]) for alarm in alarms]

    def now_s(self) -> float | None:
        """Seconds since 1970; None if no clock is known."""
        return utc_s(Now(self._scribe.now_ns, self.wall_clock))

    # ---------------------------------------------------------------------------------------------- what came of it

    def memorised(self, event: Memorised) -> None:
        for i, kept in enumerate(self.kept):
            if kept.request != event.request:
                continue
            stored = replace(event.memory, id=SESSION_ONLY) if event.trouble else event.memory
            alarm = replace(kept.alarm, memory=stored.id)
            self._alarms.change(kept.alarm, alarm)
            self.kept[i] = replace(kept, alarm=alarm, memory=stored, request=0)
            if event.trouble:
                del self.kept[i]
            return

    def not_cancelled(self, event: Forgotten) -> bool:
        """Whether this was the deletion of a cancelled reminder, and failed."""
        ours = event.request in self._cancelling
        self._cancelling = tuple(request for request in self._cancelling if request != event.request)
        return ours and bool(event.trouble)

    @staticmethod
    def not_stored(event: Memorised) -> str:
        """What to say of it if nobody waited for it; "" if nothing is to be said."""
        memory = event.memory
        stands = memory.what == "reminder" and (memory.due_s or memory.place)
        return NOT_STORED if event.trouble and stands else ""

    # ------------------------------------------------------------------------------------------------------ one of them

    def of(self, alarm: Alarm) -> Kept | None:
        return next((kept for kept in self.kept if kept.alarm == alarm), None)

    def now(self, kept: Kept) -> Kept | None:
        """As it stands now: it may have been stored in the meantime."""
        return next((one for one in self.kept if same(one, kept)), None)

    def change(self, old: Kept, new: Kept) -> None:
        self.kept = [new if kept == old else kept for kept in self.kept]

    def drop(self, gone: Sequence[Kept]) -> None:
        """They are set no more, and nothing is to be done about them."""
        self._alarms.drop([kept.alarm for kept in gone])
        self.kept = [kept for kept in self.kept if kept not in gone]

    def said_all(self) -> None:
        """What was being said is over."""
        self.kept = [replace(kept, state="told") if kept.state == "saying" else kept for kept in self.kept]

    # --------------------------------------------------------------------------------------------- stored, and deleted

    def catch_up(self, turn: int, private: bool) -> None:
        """Have stored and deleted what is new; nothing in private mode."""
        if not self.on:
            return
        self.keep_new(turn, private)
        standing = self._alarms.entries
        self.kept = [kept for kept in self.kept if self._stays(kept, kept.alarm in standing, turn)]

    def keep_new(self, turn: int, private: bool) -> tuple[int, ...]:
        """Have stored what was just set; the requests that do it. In private mode it ends with the session."""
        if private or (now_s := self.now_s()) is None:
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
        return [alarm for alarm in new if self.on and self.of(alarm) is None]

    def _store(self, alarm: Alarm, now_s: float, turn: int) -> int:
        due_s = 0.0 if alarm.place else round(now_s + (alarm.due_ns - self._scribe.now_ns) / NS, 3)
        memory = Memory(
            what="reminder", text=alarm.text, at_s=round(now_s, 3), due_s=due_s, place=alarm.place, turn=turn
        )
        request = self._memorise("a reminder outlives the session", memory, (), turn)
        self.kept.append(Kept(alarm, memory, request))
        return request

    def _memorise(self, reason: str, memory: Memory, replaces: tuple[int, ...], turn: int) -> int:
        request = self._scribe.number()
        self._scribe.emit(Memorise, reason, request=request, turn=turn, memory=memory, replaces=replaces)
        return request

    def _stays(self, kept: Kept, stands: bool, turn: int) -> bool:
        """Whether there is anything left to do for it."""
        if kept.request or (kept.state == "set" and stands) or kept.state in {"rang", "saying"}:
            return True  # what is on its way to the store has no id yet
        if kept.state == "told":
            at_s = round(self.now_s() or kept.memory.at_s, 3)
            done = replace(kept.memory, id=0, due_s=0.0, place="", at_s=at_s)
            self._memorise("the wearer was reminded", done, (kept.memory.id,), turn)
        else:
            request = self._scribe.number()
            self._scribe.emit(Forget, "the reminder was cancelled", request=request, turn=turn, ids=(kept.memory.id,))
            self._cancelling += (request,)
        return False


def same(one: Kept, other: Kept) -> bool:
    """Whether they are one reminder, stored in the meantime or not."""
    return replace(one.alarm, memory=0) == replace(other.alarm, memory=0)
