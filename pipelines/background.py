"""What goes on behind the conversation: a question that several models contemplate, and how far they are.

One at a time. The wearer talks on; `ready` holds what waits to be announced, and whoever has the floor says when.
"""

from __future__ import annotations

from functools import partial

from pipelines.events import MS, Happening, Noted
from pipelines.room import Room
from pipelines.thinking import wording
from pipelines.thinking.contemplate import Contemplation
from pipelines.thinking.talk import Ask

TIMERS = ("workers", "synthesis", "progress")


class Background:
    """Owns the contemplation and the timers `workers`, `synthesis` and `progress`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.current: Contemplation | None = None
        self.ready: list[Contemplation] = []
        self.progress_due = False  # a line about it should be said when nobody speaks
        self._told = ""  # the last such line

    @property
    def at_rest(self) -> bool:
        return self.current is None and not self.ready

    def start(self, ask: Ask, question: str, shot: tuple[int, int]) -> str:
        """Begin; what to say to that at once."""
        if self.current is not None:
            return wording.STILL_CONTEMPLATING
        self._told = ""
        self.current = current = Contemplation(self._room.world(), ask, question, partial(_set, self._room))
        current.begin(*shot)
        if current.finding is not None and current.finding.failure:
            self.current = None
            return self._room.world().failure(current.finding.failure)
        self._next_progress()
        self._settle()
        return wording.CONTEMPLATING

    def _next_progress(self) -> None:
        every_ms = self._room.options.general.modes.progress_ms
        self._room.deadlines.set("progress", self._room.now_ns + every_ms * MS)

    def waits_for(self, request: int) -> bool:
        return self.current is not None and self.current.waits_for(request)

    def take(self, event: Happening) -> None:
        assert self.current is not None
        self.current.take(event)
        self._settle()

    def late(self, name: str) -> None:
        """A timer of the workers or of the synthesis has rung."""
        if self.current is not None:
            self.current.late(name)
            self._settle()

    def answer_now(self) -> bool:
        """Make an answer of what there is. False if nothing is under way."""
        if self.current is None:
            return False
        self.current.answer_now()
        self._settle()
        return True

    def progress_rang(self) -> None:
        """Time for a line, if there is anything new to say."""
        if self.current is not None:
            self.progress_due = self.current.progress() != self._told
            self._next_progress()

    def told(self) -> str:
        """The line, now that it is said."""
        self.progress_due, self._told = False, self.progress()
        return self._told

    def progress(self) -> str:
        """How far it is; true now."""
        return self.current.progress() if self.current is not None else wording.NOT_THINKING

    def stop(self, reason: str) -> list[Contemplation]:
        """Drop it, and what of it waits to be announced; what there was."""
        dropped = [*self.ready, *((self.current,) if self.current is not None else ())]
        if self.current is not None:
            self.current.stop(reason)
            self._room.scribe.emit(Noted, reason, what="contemplation dropped")
        self.current, self.ready, self.progress_due = None, [], False
        self._room.deadlines.clear(*TIMERS)
        return dropped

    def _settle(self) -> None:
        if self.current is not None and self.current.over:
            self.ready.append(self.current)
            self.current, self.progress_due = None, False
            self._room.deadlines.clear(*TIMERS)


def _set(room: Room, name: str, t_ns: int) -> None:
    if t_ns:
        room.deadlines.set(name, t_ns)
    else:
        room.deadlines.clear(name)
