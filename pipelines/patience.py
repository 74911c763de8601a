"""While the wearer waits for an answer: a short true word, a tick now and then, and an end to the waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import conversation as floor
from pipelines.events import MS
from pipelines.room import Room
from pipelines.sounding import TICK_EVERY_NS
from pipelines.thinking import wording

if TYPE_CHECKING:
    from pipelines.answerer import Answerer

TIMERS = ("answer_timeout", "acknowledge", "ticking")
ACKNOWLEDGED = frozenset({"model", "confirm", "read", "price", "code", "thing"})  # kinds that may take a while


class Patience:
    """Owns the timers `answer_timeout`, `acknowledge` and `ticking`."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer

    def begin(self, kind: str) -> None:
        """A turn has been opened, by a question of this kind."""
        room, general = self._room, self._room.options.general
        room.deadlines.set("answer_timeout", room.now_ns + general.turn.answer_timeout_ms * MS)
        if kind in ACKNOWLEDGED:
            room.deadlines.set("acknowledge", room.now_ns + general.modes.acknowledge_ms * MS)

    def end(self) -> None:
        """Nobody waits any more."""
        self._room.deadlines.clear(*TIMERS)

    def acknowledge(self) -> None:
        """Nothing was said for a while: a short true word, if the answer is being thought about; else a sound."""
        room, answerer = self._room, self._answerer
        answer = answerer.answer
        if answer is None or answer.finished or answerer.sounds or room.floor.state != floor.THINKING:
            return
        if text := answer.acknowledgement():
            answerer.say_answer(text, "status", False)
        if not text or answerer.steering.silent("status", text):
            answerer.earcons.make("thinking", "nothing to say yet")
        self._tick_later()

    def sounding(self) -> None:
        """The first sound of what is being said."""
        deadlines, answer = self._room.deadlines, self._answerer.answer
        deadlines.clear("acknowledge")
        if answer is None or answer.said:  # not only an acknowledgement
            deadlines.clear("answer_timeout")
        if answer is not None:
            self._tick_later()

    def _tick_later(self) -> None:
        self._room.deadlines.set("ticking", self._room.now_ns + TICK_EVERY_NS)

    def stop_ticking(self) -> None:
        self._room.deadlines.clear("ticking")

    def still_thinking(self) -> None:
        """Time for the next tick, if nothing sounds."""
        answerer, utterance = self._answerer, self._answerer.mouth.current
        if answerer.answer is None or answerer.answer.finished:
            return
        if utterance is None or utterance.quiet_at(self._room.now_ns):
            answerer.earcons.make("thinking", "nothing to say yet")
        self._tick_later()

    def late(self) -> None:
        """Nothing sounds yet, and the wearer has waited long enough."""
        answer = self._answerer.answer
        if answer is not None and not answer.said:
            answer.cancel("took too long")
            self._answerer.say_answer(wording.TOO_SLOW, "failure", True)
