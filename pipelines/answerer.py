"""The answering half of a conversation: the turn that is open, its answer, and how it ends.

One answer is current at most. It may be stopped, held, gone on with or dropped for another question; whatever ends it,
history keeps the words that were heard and no others.

    Steering     words that steer it                            steering.py
    Consent      the wearer's word on a plan                    consent.py
    Patience     while nothing has been said yet                patience.py
    Playing      what became of the words that were given out   playing.py
    Announcing   what is said when nobody asked just now        announcing.py
    Background   a question that several models contemplate     background.py
"""

from __future__ import annotations

from dataclasses import replace

from pipelines import conversation as floor
from pipelines.announcing import Announcing
from pipelines.background import Background
from pipelines.consent import Consent
from pipelines.events import (
    Caption,
    Happening,
    Looked,
    Noted,
    Remembered,
    Resumed,
    TurnClosed,
    TurnOpened,
    Word,
)
from pipelines.meaning import meaning
from pipelines.meaning import question as question_of
from pipelines.patience import Patience
from pipelines.permission import Permission
from pipelines.playing import Playing
from pipelines.remembering import remember_answer, remember_sent, remember_thought
from pipelines.room import Room
from pipelines.sounding import Earcons
from pipelines.speaking.mouth import Mouth
from pipelines.steering import Steering
from pipelines.thinking import wording
from pipelines.thinking.answer import Answer
from pipelines.thinking.intent import Intent, understand
from pipelines.thinking.question import Question
from pipelines.thinking.talk import Ask, Plan

# Kinds that leave the world as it is.
RETRACTABLE = frozenset({"model", "read", "price", "code", "thing", "history", "status"})


class Answerer:
    """Owns the answer, the mouth and the count of turns."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.mouth = Mouth(room.scribe, room.options.general.speaking)
        self._turn = 0
        self.last_said: tuple[str, str] = ("", "")
        self.background = Background(room)
        self.permission = Permission(room)
        self.answer: Answer | None = None
        self.earcons = Earcons(room)
        self.steering = Steering(room, self)
        self.announcing = Announcing(room, self)
        self.consent = Consent(room, self)
        self.patience = Patience(room, self)
        self.playing = Playing(room, self)

    @property
    def next_turn(self) -> int:
        return self._turn + 1

    def count_turn(self) -> int:
        """The number of a turn that begins now."""
        self._turn += 1
        return self._turn

    @property
    def busy(self) -> bool:
        """Something is being made or said."""
        return self.answer is not None or self.mouth.current is not None

    @property
    def sounds(self) -> bool:
        """An answer has begun to sound and has not ended."""
        return self.mouth.current is not None and self.mouth.current.started

    # --------------------------------------------------------------------------------------------------------- at rest

    @property
    def at_rest(self) -> bool:
        quiet = not self.busy and self.announcing.at_rest and not self.steering.held
        return quiet and self.background.at_rest and self.permission.at_rest

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        said, kind = self.last_said
        mine = replace(resumed, turn=self._turn, last_said=said, last_said_kind=kind)
        return self.earcons.rest(self.steering.rest(mine))

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._turn = resumed.turn
        self.steering.stand(resumed)
        self.earcons.stand(resumed)
        self.last_said = (resumed.last_said, resumed.last_said_kind)

    # ------------------------------------------------------------------------------------------------------- a turn

    def understand(self, text: str) -> Intent:
        """What the words mean now."""
        if self.steering.held and understand(text).name == "go_on":
            return understand(text)
        return meaning(self._room, text)

    def question(self, text: str, intent: Intent, start_ns: int, end_ns: int, words: tuple[Word, ...] = ()) -> Question:
        """The question that these words ask, of the turn that would be next."""
        asked = question_of(self._room, self.next_turn, text, intent, start_ns, end_ns)
        return replace(asked, words=words)

    def make(self, question: Question, early: bool = False) -> Answer:
        """A new answer, not begun and not confirmed. `early`: it may ask a model before it is."""
        return Answer(self._room.world(), question, self, early)

    def forget_prepared(self, answer: Answer, reason: str) -> None:
        """The wearer went on: nothing of this answer is known any more, but that it asked."""
        early = answer.early
        answer.cancel(reason)
        if early:
            self._room.early.wasted(self._room.now_ns)
            remember_sent(self._room, answer)

    def retractable(self, turn: int) -> bool:
        """Whether this turn's answer is under way, and the world is as if it had never been asked."""
        answer = self.answer
        if answer is None or self.sounds or answer.question.turn != turn:
            return False
        return answer.question.intent.kind in RETRACTABLE and not (answer.talk and answer.talk.effects)

    def retract(self, reason: str) -> None:
        """Forget the turn that is being answered: it was not over."""
        answer, self.answer = self.answer, None
        if answer is None:
            return
        answer.cancel(reason)
        remember_sent(self._room, answer)
        if not self.drop(reason, "continued"):
            self._room.scribe.emit(TurnClosed, reason, turn=answer.question.turn, outcome="continued")

    def open(
        self, question: Question, prepared: Answer | None, looked: Looked | None, look_request: int, reason: str
    ) -> None:
        """The turn is certain. `prepared`: the answer that was begun while it was not; else a look that was."""
        room = self._room
        self._clear_the_floor()
        self.begin_turn(question, reason)
        room.guide = question.guide or room.guide
        if prepared is None:
            prepared = self.make(question)
            prepared.begin(looked, look_request)
        self.answer = prepared
        prepared.confirm()

    def _clear_the_floor(self) -> None:
        if self.busy:
            self.drop("the wearer asked something else", "interrupted")
        self.permission.drop("other words", "the wearer asked something else", self.next_turn)

    def begin_turn(self, question: Question, reason: str) -> None:
        """The turn of these words is open."""
        room, turn = self._room, self.count_turn()
        said = question.said or question.text
        room.scribe.emit(
            TurnOpened,
            reason,
            turn=turn,
            text=said,
            intent=question.intent.label,
            speech_start_ns=question.start_ns,
            speech_end_ns=question.end_ns,
        )
        if said:
            room.scribe.emit(Caption, "what was understood", who="wearer", text=said)
        room.signal("turn_over", question.intent.label)
        if room.preferences.muted:
            self.earcons.make("heard", "the answer will be shown")
        self.patience.begin(question.intent.kind)

    # ------------------------------------------------------------------------------------------- what an answer asks

    def contemplate(self, ask: Ask, question: str, shot: tuple[int, int]) -> str:
        return self.background.start(ask, question, shot)

    def ask_wearer(self, plan: Plan) -> None:
        self.consent.ask(plan, self.answer.question.turn if self.answer is not None else self._turn)

    # ------------------------------------------------------------------------------------------------------ its end

    def drop(self, reason: str, outcome: str) -> bool:
        """End what is being said or made. History keeps what the ear got of it. True if there was something."""
        room = self._room
        answer, self.answer = self.answer, None
        utterance = self.mouth.drop(reason)
        held, self.steering.held = self.steering.held, False
        self.patience.end()
        heard, shown = (utterance.heard(), utterance.shown) if utterance else ("", "")
        if answer is not None:
            answer.cancel(reason)
            if answer.waits_for_wearer:
                self.permission.drop("dropped", reason)
            remember_answer(room, answer, heard, shown)
        elif utterance is not None and shown:
            room.history.cut(utterance.turn, heard, shown)
        if utterance is not None or held or room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        turn = answer.question.turn if answer else utterance.turn if utterance else 0
        if turn:
            said = utterance.said if utterance else ""
            room.scribe.emit(TurnClosed, reason, turn=turn, outcome=outcome, said=said, heard=heard)
        return answer is not None or utterance is not None

    def nothing_said(self, reason: str) -> None:
        """The words that were heard are no turn."""
        if self._room.floor.state == floor.SETTLING:
            self._room.signal("nothing_said", reason)

    def stop(self, reason: str) -> None:
        """Everything that is being said, made or thought about ends."""
        room = self._room
        dropped = self.drop(reason, "stopped")
        dropped = self.permission.drop("refused", reason) or dropped
        if thoughts := self.background.stop(reason):
            for thought in thoughts:
                remember_thought(room, thought)
            if not dropped:
                self.announcing.later(wording.DROPPED, "status")
            dropped = True
        if room.floor.can("dropped"):
            room.signal("dropped", reason)
        else:
            self.nothing_said(reason)
        if not dropped:
            room.scribe.emit(Noted, reason, what="nothing to stop")

    def tapped(self) -> None:
        """A tap stops what is being answered."""
        if self._room.floor.state in floor.ANSWERING:
            self.stop("the wearer tapped")

    def small_turn(self, intent: Intent, text: str, kind: str) -> None:
        """A turn whose whole answer is known already."""
        room = self._room
        if self.busy:
            self.drop("the wearer asked something else", "interrupted")
        if kind == "confirm":
            self.permission.reading()
        turn = self.count_turn()
        room.scribe.emit(TurnOpened, "a command", turn=turn, text=intent.name, intent=intent.label)
        room.signal("turn_over", intent.label)
        if self.steering.silent(kind, text):
            self.earcons.make("heard", "the answer is shown")
        room.history.add(Remembered(turn, room.now_ns, intent.name, kind=kind))
        self.say(text, kind, True, turn=turn)

    # ------------------------------------------------------------------------------------------------------- speaking

    def say_answer(self, text: str, kind: str, last: bool) -> None:
        """Words of the open turn."""
        self.say(text, kind, last, self.answer.question.turn if self.answer is not None else self._turn)

    def say(self, text: str, kind: str, last: bool, turn: int) -> None:
        """Words of any turn; turn 0 is the companion's own."""
        utterance = self.mouth.current
        if utterance is None or utterance.turn != turn or utterance.complete:
            utterance = self.mouth.begin(turn, kind)
        utterance.failed = utterance.failed or kind == "failure"
        silent = self.steering.silent(kind, text)
        self.mouth.say(utterance, text, kind, f"{kind} for turn {turn}" if turn else kind, last, silent)
        self.earcons.told(utterance, silent)
        if silent and text:
            self.patience.end()
        if text:
            reason = "shown, not spoken: muted" if silent else "spoken"
            self._room.scribe.emit(Caption, reason, who="companion", text=text)

    def take(self, event: Happening) -> bool:
        """Give a result to who waits for it. False if nobody does."""
        for waiter in (self.answer, self.permission, self.background):
            if waiter is not None and waiter.waits_for(event.request):  # type: ignore[attr-defined]
                waiter.take(event)
                return True
        return False
