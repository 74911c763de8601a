"""What became of the words that were given out: they are voiced, played, said to the end, and heard by the ear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import conversation as floor
from pipelines.events import ChunkVoiced, HeardMark, Noted, PlayMark, TurnClosed
from pipelines.remembering import remember_answer
from pipelines.room import Room
from pipelines.speaking.mouth import Utterance
from pipelines.steering import PASSING

if TYPE_CHECKING:
    from pipelines.answerer import Answerer


class Playing:
    """Told of the voice and of the device's marks; ends the turn whose words are said."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._mouth = answerer.mouth

    def on_voiced(self, event: ChunkVoiced) -> None:
        self._mouth.voiced(event)

    def on_voice_failed(self, number: int) -> None:
        """No voice works: the words stay on the caption, and the turn ends."""
        utterance, reason = self._mouth.find(number), "no voice could say it"
        if utterance is not None and self._mouth.current is utterance:
            self._answerer.drop(reason, "failed")
            if self._room.floor.can("dropped"):
                self._room.signal("dropped", reason)
            self._answerer.earcons.make("failed", reason, wait=True)

    def on_play(self, event: PlayMark) -> None:
        room, answerer, utterance = self._room, self._answerer, self._mouth.find(event.utterance)
        if utterance is None:
            return
        utterance.mark(event)
        if event.mark == "started" and not utterance.started:
            utterance.started = True
            if self._mouth.current is utterance:
                self._began()
        if event.mark == "started":
            answerer.earcons.began(utterance, event.chunk)
        elif event.mark == "stopped" and utterance.later is None:
            room.history.cut(utterance.turn, utterance.heard())
        elif event.mark == "finished" and self._mouth.current is utterance and utterance.complete:
            self._said_to_the_end(utterance)

    def _began(self) -> None:
        """The first sound of what is being said."""
        self._answerer.patience.sounding()
        if self._room.floor.can("answer_sounds"):
            self._room.signal("answer_sounds", "the answer is on its way to the ear")

    def _said_to_the_end(self, utterance: Utterance) -> None:
        room, answerer, reason = self._room, self._answerer, "said to the end"
        answer, answerer.answer = answerer.answer, None
        self._mouth.done(utterance)
        said, heard = utterance.said, utterance.spoken
        answerer.patience.stop_ticking()
        asks = answer is not None and answer.waits_for_wearer
        if answer is not None:
            remember_answer(room, answer, heard, utterance.shown)
        else:
            room.history.cut(utterance.turn, heard, utterance.shown)
        if utterance.kind == "confirm" or asks:
            answerer.permission.read_back(answer if asks else None)
        if utterance.turn:
            if utterance.kind not in PASSING:
                answerer.last_said = (said, utterance.kind)
            outcome = "failed" if utterance.failed else "asked" if asks else "answered"
            room.scribe.emit(TurnClosed, reason, turn=utterance.turn, outcome=outcome, said=said, heard=heard)
        if room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        if room.floor.can("answer_done"):
            room.signal("answer_done", reason)

    def on_heard(self, event: HeardMark) -> None:
        """The device's own word on what reached the ear: where it got less than we sent, history is cut to that."""
        utterance = self._mouth.find(event.utterance)
        if utterance is None or event.mark != "last" or self._mouth.current is utterance:
            return
        if utterance.kind == "confirm" and utterance.later is None:
            self._answerer.permission.heard(event.media_ns)
        latest = utterance.latest
        known, heard = latest.heard(), utterance.heard_at(event.position_ns)
        if self._mouth.current is not latest and utterance.turn and len(heard.split()) < len(known.split()):
            self._room.history.cut(utterance.turn, heard)
            self._room.scribe.emit(Noted, f"the ear got: {heard!r}", what="heard less")
