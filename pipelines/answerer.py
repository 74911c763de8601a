"""The answering half of a conversation: the turn that is open, what is being said, and what the ear got of it.

One answer is current at most. It may be stopped, held, gone on with or dropped for another question; whatever ends it,
history keeps the words that were heard and no others.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines import conversation as floor
from pipelines.events import (
    MS,
    Caption,
    ChunkVoiced,
    HeardMark,
    Looked,
    Noted,
    PausePlay,
    PlayMark,
    Remembered,
    Resumed,
    SetVolume,
    TurnClosed,
    TurnOpened,
)
from pipelines.room import Room
from pipelines.speaking.mouth import Mouth, Utterance
from pipelines.thinking import wording
from pipelines.thinking.answer import Answer, Question
from pipelines.thinking.intent import Intent

GAIN_RANGE_DB = (-24.0, 12.0)  # from barely audible to where only distortion is added
ADJUSTMENTS = frozenset({"louder", "quieter", "slower", "faster"})
RATE_RANGE_WPM = (80, 400)  # what the voices can say understandably


class Answerer:
    """Owns the answer, the mouth, and the timer `answer_timeout`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._mouth = Mouth(room.scribe, room.options.general.speaking)
        self._turn = 0
        self._held = False  # by the wearer's "wait"
        self._gain_db = 0.0
        self._last_said: tuple[str, str] = ("", "")
        self._announcements: list[str] = []
        self.answer: Answer | None = None

    @property
    def next_turn(self) -> int:
        return self._turn + 1

    @property
    def busy(self) -> bool:
        """Something is being made or said."""
        return self.answer is not None or self._mouth.current is not None

    @property
    def sounds(self) -> bool:
        """An answer has begun to sound and has not ended."""
        return self._mouth.current is not None and self._mouth.current.started

    # --------------------------------------------------------------------------------------------------------- at rest

    @property
    def at_rest(self) -> bool:
        return not self.busy and not self._announcements and not self._held

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        said, kind = self._last_said
        return replace(
            resumed,
            turn=self._turn,
            gain_db=self._gain_db,
            rate_change_wpm=self._mouth.rate_change_wpm,
            last_said=said,
            last_said_kind=kind,
        )

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._turn = resumed.turn
        self._gain_db = resumed.gain_db
        self._mouth.rate_change_wpm = resumed.rate_change_wpm
        self._last_said = (resumed.last_said, resumed.last_said_kind)

    # ------------------------------------------------------------------------------------------------------- a turn

    def make(self, question: Question) -> Answer:
        """A new answer, not begun and not confirmed."""
        return Answer(self._room.world(), question, self.say_answer)

    def open(
        self, question: Question, prepared: Answer | None, looked: Looked | None, look_request: int, reason: str
    ) -> None:
        """The turn is certain. `prepared`: the answer that was begun while it was not; else a look that was."""
        room = self._room
        if self.busy:
            self.drop("the wearer asked something else", "interrupted")
        self._turn += 1
        room.scribe.emit(
            TurnOpened,
            reason,
            turn=self._turn,
            text=question.text,
            intent=question.intent.label,
            speech_start_ns=question.start_ns,
            speech_end_ns=question.end_ns,
        )
        if question.text:
            room.scribe.emit(Caption, "what was understood", who="wearer", text=question.text)
        room.signal("turn_over", question.intent.label)
        limit_ms = room.options.general.turn.answer_timeout_ms
        room.deadlines.set("answer_timeout", room.now_ns + limit_ms * MS)
        if prepared is None:
            prepared = self.make(question)
            prepared.begin(looked, look_request)
        self.answer = prepared
        prepared.confirm()

    def late(self) -> None:
        """Nothing sounds yet, and the wearer has waited long enough."""
        if self.answer is not None and not self.sounds:
            self.answer.cancel("took too long")
            self.say_answer(wording.TOO_SLOW, "failure", True)

    def drop(self, reason: str, outcome: str) -> bool:
        """End what is being said or made. History keeps what the ear got of it. True if there was something."""
        room = self._room
        answer, self.answer = self.answer, None
        utterance = self._mouth.drop(reason)
        self._held = False
        room.deadlines.clear("answer_timeout")
        if answer is not None:
            answer.cancel(reason)
            self._remember(answer, utterance.heard() if utterance else "")
        if utterance is not None or room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        turn = answer.question.turn if answer else utterance.turn if utterance else 0
        if turn:
            said, heard = (utterance.said, utterance.heard()) if utterance else ("", "")
            room.scribe.emit(TurnClosed, reason, turn=turn, outcome=outcome, said=said, heard=heard)
        return answer is not None or utterance is not None

    def _remember(self, answer: Answer, heard: str) -> None:
        q = answer.question
        kind = "model" if answer.sent_to else q.intent.kind
        entry = Remembered(q.turn, self._room.now_ns, q.text, heard, kind, answer.lines, answer.codes)
        self._room.history.add(entry)

    # ----------------------------------------------------------------------------------------------- words that steer

    def control(self, intent: Intent) -> None:
        """Stop, wait, go on, again, louder …; words of agreement do nothing."""
        room = self._room
        if intent.name == "stop" or (intent.name == "wait" and not self.busy):
            self._stop("the wearer said stop")
        elif intent.name == "wait":
            self._held = True
            room.scribe.emit(PausePlay, "the wearer said wait", on=True)
            room.signal("dropped" if room.floor.can("dropped") else "nothing_said", "the wearer said wait")
        elif intent.name == "go_on" and self._held:
            self._held = False
            self._nothing_said("go on")
            room.signal("answer_sounds", "the wearer said go on")
            room.loud_again("the wearer said go on")
        elif intent.name in {"again", "go_on"}:
            text, kind = self._last_said
            self._small_turn(intent, text or wording.NOTHING_TO_REPEAT, kind or "status")
        elif intent.name in ADJUSTMENTS:
            said = self.adjust(intent.name)
            if self.busy:  # held by "wait": it stays held, and goes on louder
                self._nothing_said(said)
            else:
                self._small_turn(intent, said, "status")
        else:
            self._nothing_said("nothing to do")

    def _nothing_said(self, reason: str) -> None:
        if self._room.floor.state == floor.SETTLING:
            self._room.signal("nothing_said", reason)

    def _stop(self, reason: str) -> None:
        room = self._room
        dropped = self.drop(reason, "stopped")
        if room.floor.can("dropped"):
            room.signal("dropped", reason)
        else:
            self._nothing_said(reason)
        if not dropped:
            room.scribe.emit(Noted, reason, what="nothing to stop")

    def tapped(self) -> None:
        """A tap stops what is being answered."""
        if self._room.floor.state in floor.ANSWERING:
            self._stop("the wearer tapped")

    def _small_turn(self, intent: Intent, text: str, kind: str) -> None:
        """A turn whose whole answer is known already."""
        room = self._room
        if self.busy:
            self.drop("the wearer asked something else", "interrupted")
        self._turn += 1
        room.scribe.emit(TurnOpened, "a command", turn=self._turn, text=intent.name, intent=intent.label)
        room.signal("turn_over", intent.label)
        room.history.add(Remembered(self._turn, room.now_ns, intent.name, kind=kind))
        self.say(text, kind, True, turn=self._turn)

    def adjust(self, name: str) -> str:
        """Louder, quieter, slower, faster, from now on; what to say of it."""
        speaking = self._room.options.general.speaking
        if name in {"louder", "quieter"}:
            step_db = speaking.volume_step_db if name == "louder" else -speaking.volume_step_db
            low, high = GAIN_RANGE_DB
            self._gain_db = max(low, min(high, self._gain_db + step_db))
            self._room.scribe.emit(SetVolume, f"the wearer said {name}", gain_db=self._gain_db)
        else:
            step_wpm = speaking.rate_step_wpm if name == "faster" else -speaking.rate_step_wpm
            slow, fast = RATE_RANGE_WPM
            wanted_wpm = max(slow, min(fast, self._mouth.rate_wpm + step_wpm))
            self._mouth.rate_change_wpm = wanted_wpm - speaking.rate_wpm
        return name.capitalize() + "."

    # ------------------------------------------------------------------------------------------------------- speaking

    def say_answer(self, text: str, kind: str, last: bool) -> None:
        """Words of the open turn."""
        self.say(text, kind, last, self.answer.question.turn if self.answer is not None else self._turn)

    def say(self, text: str, kind: str, last: bool, turn: int) -> None:
        """Words of any turn; turn 0 is the companion's own."""
        utterance = self._mouth.current
        if utterance is None or utterance.turn != turn or utterance.complete:
            utterance = self._mouth.begin(turn, kind)
        utterance.failed = utterance.failed or kind == "failure"
        self._mouth.say(utterance, text, f"{kind} for turn {turn}" if turn else kind, last)
        if text:
            self._room.scribe.emit(Caption, "spoken", who="companion", text=text)

    def announce(self, text: str) -> None:
        """Something the wearer must know, said as soon as the floor is free."""
        self._announcements.append(text)
        self.catch_up()

    def catch_up(self) -> None:
        """Say what waits to be announced, if nobody is speaking."""
        if self._announcements and not self.busy and self._room.floor.state == floor.LISTENING:
            self.say(self._announcements.pop(0), "failure", True, turn=0)

    def on_voiced(self, event: ChunkVoiced) -> None:
        self._mouth.voiced(event)

    def on_voice_failed(self, number: int) -> None:
        """No voice works: the words stay on the caption, and the turn ends."""
        utterance, reason = self._mouth.find(number), "no voice could say it"
        if utterance is not None and self._mouth.current is utterance:
            self.drop(reason, "failed")
            if self._room.floor.can("dropped"):
                self._room.signal("dropped", reason)

    def on_play(self, event: PlayMark) -> None:
        room, utterance = self._room, self._mouth.find(event.utterance)
        if utterance is None:
            return
        utterance.mark(event)
        if event.mark == "started" and not utterance.started:
            utterance.started = True
            if self._mouth.current is utterance:
                room.deadlines.clear("answer_timeout")
                if room.floor.can("answer_sounds"):
                    room.signal("answer_sounds", "the answer is on its way to the ear")
        elif event.mark == "stopped":
            room.history.cut(utterance.turn, utterance.heard())
        elif event.mark == "finished" and self._mouth.current is utterance and utterance.complete:
            self._said_to_the_end(utterance)

    def _said_to_the_end(self, utterance: Utterance) -> None:
        room, reason = self._room, "said to the end"
        answer, self.answer = self.answer, None
        self._mouth.done(utterance)
        said = utterance.said
        if answer is not None:
            self._remember(answer, said)
        else:
            room.history.cut(utterance.turn, said)
        if utterance.turn:
            self._last_said = (said, utterance.kind)
            outcome = "failed" if utterance.failed else "answered"
            room.scribe.emit(TurnClosed, reason, turn=utterance.turn, outcome=outcome, said=said, heard=said)
        if room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        if room.floor.can("answer_done"):
            room.signal("answer_done", reason)

    def on_heard(self, event: HeardMark) -> None:
        """The device's own word on what reached the ear: where it got less than we sent, history is cut to that."""
        utterance = self._mouth.find(event.utterance)
        if utterance is None or event.mark != "last" or self._mouth.current is utterance:
            return
        heard = utterance.heard(event.position_ns)
        if utterance.turn and len(heard.split()) < len(utterance.heard().split()):
            self._room.history.cut(utterance.turn, heard)
            self._room.scribe.emit(Noted, f"the ear got: {heard!r}", what="heard less")
