"""The answering half of a conversation: the turn that is open, what is being said, and what the ear got of it.

One answer is current at most. It may be stopped, held, gone on with or dropped for another question; whatever ends it,
history keeps the words that were heard and no others.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines import conversation as floor
from pipelines.background import Background
from pipelines.events import (
    MS,
    Aside,
    Caption,
    ChunkVoiced,
    Happening,
    HeardMark,
    Looked,
    Noted,
    PlayMark,
    Remembered,
    Resumed,
    TurnClosed,
    TurnOpened,
    Word,
)
from pipelines.meaning import meaning
from pipelines.meaning import question as question_of
from pipelines.permission import Permission
from pipelines.remembering import of_answer, of_thought
from pipelines.room import Room
from pipelines.sounding import TICK_EVERY_NS, Earcons
from pipelines.speaking.mouth import Mouth, Utterance
from pipelines.steering import PASSING, Steering
from pipelines.thinking import guide, wording
from pipelines.thinking.answer import Answer
from pipelines.thinking.contemplate import Contemplation
from pipelines.thinking.intent import Intent, understand
from pipelines.thinking.question import Question
from pipelines.thinking.spoken import Spoken
from pipelines.thinking.talk import Ask, Plan

RETRACTABLE = frozenset(
    {"model", "read", "price", "code", "thing", "history", "status"}
)  # kinds that leave the world as it is


class Answerer:
    """Owns the answer, the mouth, and the timers `answer_timeout`, `acknowledge` and `ticking`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.mouth = Mouth(room.scribe, room.options.general.speaking)
        self._turn = 0
        self.last_said: tuple[str, str] = ("", "")
        self._announcements: list[tuple[str, str]] = []  # words and their kind
        self.background = Background(room)
        self.permission = Permission(room)
        self.answer: Answer | None = None
        self.earcons = Earcons(room)
        self.steering = Steering(room, self)

    @property
    def next_turn(self) -> int:
        return self._turn + 1

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
        quiet = not self.busy and not self._announcements and not self.steering.held
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
            self._note_sent(answer)

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
        self._note_sent(answer)
        if not self.drop(reason, "continued"):
            self._room.scribe.emit(TurnClosed, reason, turn=answer.question.turn, outcome="continued")

    def _note_sent(self, answer: Answer) -> None:
        """What left is told when the wearer asks; no later question is told of it."""
        if answer.asked:
            entry = of_answer(answer, "", self._room.now_ns)
            self._room.history.add(replace(entry, turn=0, question="", caption=""))

    def open(
        self, question: Question, prepared: Answer | None, looked: Looked | None, look_request: int, reason: str
    ) -> None:
        """The turn is certain. `prepared`: the answer that was begun while it was not; else a look that was."""
        room = self._room
        self._clear_the_floor()
        self._begin_turn(question, reason)
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

    def _begin_turn(self, question: Question, reason: str) -> None:
        room, general = self._room, self._room.options.general
        self._turn += 1
        said = question.said or question.text
        room.scribe.emit(
            TurnOpened,
            reason,
            turn=self._turn,
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
        room.deadlines.set("answer_timeout", room.now_ns + general.turn.answer_timeout_ms * MS)
        if question.intent.kind in {"model", "confirm", "read", "price", "code", "thing"}:
            room.deadlines.set("acknowledge", room.now_ns + general.modes.acknowledge_ms * MS)

    def acknowledge(self) -> None:
        """Nothing was said for a while: a short true word, if the answer is being thought about; else a sound."""
        room = self._room
        if self.answer is None or self.answer.finished or self.sounds or room.floor.state != floor.THINKING:
            return
        if text := self.answer.acknowledgement():
            self.say_answer(text, "status", False)
        if not text or self.steering.silent("status", text):
            self.earcons.make("thinking", "nothing to say yet")
        room.deadlines.set("ticking", room.now_ns + TICK_EVERY_NS)

    def still_thinking(self) -> None:
        """Time for the next tick, if nothing sounds."""
        room, utterance = self._room, self.mouth.current
        if self.answer is None or self.answer.finished:
            return
        if utterance is None or utterance.quiet_at(room.now_ns):
            self.earcons.make("thinking", "nothing to say yet")
        room.deadlines.set("ticking", room.now_ns + TICK_EVERY_NS)

    # ------------------------------------------------------------------------------------- what the wearer must allow

    def ask_wearer(self, plan: Plan) -> None:
        """Read a plan back; that ends the turn, and the wearer's next words decide."""
        if text := self.permission.ask(plan, self.answer.question.turn if self.answer else self._turn):
            self.say_answer(text, "confirm", True)

    def decide(self, text: str, start_ns: int, end_ns: int) -> bool:
        """Words while a plan is open (`end_ns` 0: typed). True if they were about it."""
        outcome = self.permission.hear(text, True, start_ns, end_ns, (self.last_said[0],))
        if outcome == "refused" and self.busy:  # while the plan is still being read
            self.stop("the wearer said no")
            return True
        if outcome in {"allowed", "refused"}:
            self._decided(outcome, text, start_ns, end_ns)
            return True
        if outcome:
            self.permission.drop(outcome, "the wearer did not allow it", self.next_turn)
            return False
        if reprompt := self.permission.reprompt:
            self.nothing_said("nearly the words of the plan")
            self.say(reprompt, "confirm", True, turn=0)
            return True
        if self.permission.plan is not None:  # our own voice, or noise: neither a yes nor a question
            self.nothing_said("not the wearer's words")
            return True
        return False

    def _decided(self, outcome: str, text: str, start_ns: int, end_ns: int) -> None:
        """The answer that waited goes on, as the answer to these words."""
        if self.busy:
            self.drop("the wearer decided", "interrupted")
        intent = Intent("confirm", outcome)
        question = Question(self.next_turn, text, intent, start_ns, end_ns)
        self._begin_turn(question, "the wearer's word on the plan")
        plan, answer = self.permission.end(outcome, self._turn)
        if answer is None:
            self.say(wording.DROPPED, "status", True, self._turn)
            return
        self.answer = answer
        answer.go_on(self._turn, text, plan, outcome)
        if (waiting := self.permission.next_plan()) is not None:
            self.ask_wearer(waiting)

    def confirm_late(self) -> None:
        """Silence is a no."""
        if self._room.floor.state in {floor.HEARING, floor.SETTLING}:
            self.permission.wait()  # perhaps they are saying it just now
        elif self.permission.expired() and self.permission.drop("silence", "nobody allowed it in time"):
            self.announce(wording.NOT_ALLOWED, "status")

    # ------------------------------------------------------------------------------------------- what takes its time

    def contemplate(self, ask: Ask, question: str, shot: tuple[int, int]) -> str:
        return self.background.start(ask, question, shot)

    def _tell(self, found: Contemplation) -> None:
        """What several models found, as a turn of its own."""
        room, finding = self._room, found.finding
        assert finding is not None
        self._turn += 1
        reason = f"the answer to turn {found.turn} is ready" + (f" ({finding.note})" if finding.note else "")
        room.scribe.emit(TurnOpened, reason, turn=self._turn, text=found.question, intent="model:contemplated")
        room.signal("turn_over", "an answer that was thought about is ready")
        spoken = Spoken(found.question)
        said = [*spoken.feed(finding.text), *spoken.flush()]
        for link in spoken.links:
            room.scribe.emit(Aside, "not spoken", turn=self._turn, kind="link", text=link)
        self._remember_thought(found, self._turn, spoken.links)
        if finding.failure or not said:
            text = room.world().failure(finding.failure or "refused")
            self.say(f"{wording.about(found.question)} {text}", "failure", True, self._turn)
            return
        said += [closing for closing in (spoken.closing(),) if closing]
        for i, text in enumerate([wording.about(found.question), *said]):
            self.say(text, "model", i == len(said), self._turn)

    def _remember_thought(self, thought: Contemplation, turn: int = 0, links: tuple[str, ...] = ()) -> None:
        if (entry := of_thought(thought, turn, links, self._room.now_ns)) is not None:
            self._room.history.add(entry)

    def late(self) -> None:
        """Nothing sounds yet, and the wearer has waited long enough."""
        if self.answer is not None and not self.answer.said:
            self.answer.cancel("took too long")
            self.say_answer(wording.TOO_SLOW, "failure", True)

    def drop(self, reason: str, outcome: str) -> bool:
        """End what is being said or made. History keeps what the ear got of it. True if there was something."""
        room = self._room
        answer, self.answer = self.answer, None
        utterance = self.mouth.drop(reason)
        held, self.steering.held = self.steering.held, False
        room.deadlines.clear("answer_timeout", "acknowledge", "ticking")
        heard, shown = (utterance.heard(), utterance.shown) if utterance else ("", "")
        if answer is not None:
            answer.cancel(reason)
            if answer.waits_for_wearer:
                self.permission.drop("dropped", reason)
            self._remember(answer, heard, shown)
        elif utterance is not None and shown:
            room.history.cut(utterance.turn, heard, shown)
        if utterance is not None or held or room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        turn = answer.question.turn if answer else utterance.turn if utterance else 0
        if turn:
            said = utterance.said if utterance else ""
            room.scribe.emit(TurnClosed, reason, turn=turn, outcome=outcome, said=said, heard=heard)
        return answer is not None or utterance is not None

    def _remember(self, answer: Answer, heard: str, shown: str) -> None:
        entry, task = of_answer(answer, heard, self._room.now_ns, shown), answer.question.guide
        self._room.history.add(entry)
        if answer.question.intent.kind in {"read", "reading"}:
            self._room.read_aloud.ear_got(shown or heard)
        if task is not None and self._room.guide is not None:
            self._room.guide = guide.told(self._room.guide, shown or heard, entry.caption)

    # ----------------------------------------------------------------------------------------------- words that steer

    def control(self, intent: Intent) -> None:
        """Stop, wait, go on, again, louder …; words of agreement do nothing."""
        self.steering.control(intent)

    def adjust(self, name: str) -> str:
        """Louder, quieter, slower, faster, from now on; what to say of it."""
        return self.steering.adjust(name)

    def tell_progress(self) -> bool:
        """How far the answer is that is being made; it goes on. False if none is being thought about."""
        return self.steering.tell_progress()

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
                self._remember_thought(thought)
            if not dropped:
                self._announcements.append((wording.DROPPED, "status"))
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
        self._turn += 1
        room.scribe.emit(TurnOpened, "a command", turn=self._turn, text=intent.name, intent=intent.label)
        room.signal("turn_over", intent.label)
        if self.steering.silent(kind, text):
            self.earcons.make("heard", "the answer is shown")
        room.history.add(Remembered(self._turn, room.now_ns, intent.name, kind=kind))
        self.say(text, kind, True, turn=self._turn)

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
            self._room.deadlines.clear("answer_timeout", "acknowledge", "ticking")
        if text:
            reason = "shown, not spoken: muted" if silent else "spoken"
            self._room.scribe.emit(Caption, reason, who="companion", text=text)

    def announce(self, text: str, kind: str = "failure") -> None:
        """Something the wearer must know, said as soon as the floor is free."""
        self._announcements.append((text, kind))
        self.catch_up()

    def alarms_due(self) -> None:
        """Timers and reminders whose time has come."""
        room = self._room
        for alarm in room.alarms.due(room.now_ns):
            self.announce(room.alarms.spoken(alarm), "alarm")

    def catch_up(self) -> None:
        """Say what waits to be announced, if nobody is speaking."""
        room, background = self._room, self.background
        self.earcons.catch_up()
        if self.busy or room.floor.state != floor.LISTENING:
            return
        if self._announcements:
            text, kind = self._announcements.pop(0)
            if kind == "alarm":
                self.earcons.make("heard", "a timer is over")
            self.say(text, kind, True, turn=0)
        elif background.ready and self.permission.at_rest:
            self._tell(background.ready.pop(0))
        elif background.progress_due:
            self.say(background.told(), "status", True, turn=0)

    def waiters(self) -> tuple[Answer | Background | Permission, ...]:
        """Who may be waiting for the result of a request."""
        return (*((self.answer,) if self.answer is not None else ()), self.permission, self.background)

    def take(self, event: Happening) -> bool:
        """Give a result to who waits for it. False if nobody does."""
        for waiter in self.waiters():
            if waiter.waits_for(event.request):  # type: ignore[attr-defined]
                waiter.take(event)
                return True
        return False

    def on_voiced(self, event: ChunkVoiced) -> None:
        self.mouth.voiced(event)

    def on_voice_failed(self, number: int) -> None:
        """No voice works: the words stay on the caption, and the turn ends."""
        utterance, reason = self.mouth.find(number), "no voice could say it"
        if utterance is not None and self.mouth.current is utterance:
            self.drop(reason, "failed")
            if self._room.floor.can("dropped"):
                self._room.signal("dropped", reason)
            self.earcons.make("failed", reason, wait=True)

    def on_play(self, event: PlayMark) -> None:
        room, utterance = self._room, self.mouth.find(event.utterance)
        if utterance is None:
            return
        utterance.mark(event)
        if event.mark == "started" and not utterance.started:
            utterance.started = True
            if self.mouth.current is utterance:
                room.deadlines.clear("acknowledge")
                if self.answer is None or self.answer.said:  # not only an acknowledgement
                    room.deadlines.clear("answer_timeout")
                if self.answer is not None:
                    room.deadlines.set("ticking", room.now_ns + TICK_EVERY_NS)
                if room.floor.can("answer_sounds"):
                    room.signal("answer_sounds", "the answer is on its way to the ear")
        if event.mark == "started":
            self.earcons.began(utterance, event.chunk)
        elif event.mark == "stopped" and utterance.later is None:
            room.history.cut(utterance.turn, utterance.heard())
        elif event.mark == "finished" and self.mouth.current is utterance and utterance.complete:
            self._said_to_the_end(utterance)

    def _said_to_the_end(self, utterance: Utterance) -> None:
        room, reason = self._room, "said to the end"
        answer, self.answer = self.answer, None
        self.mouth.done(utterance)
        said, heard = utterance.said, utterance.spoken
        room.deadlines.clear("ticking")
        asks = answer is not None and answer.waits_for_wearer
        if answer is not None:
            self._remember(answer, heard, utterance.shown)
        else:
            room.history.cut(utterance.turn, heard, utterance.shown)
        if utterance.kind == "confirm" or asks:
            self.permission.read_back(answer if asks else None)
        if utterance.turn:
            if utterance.kind not in PASSING:
                self.last_said = (said, utterance.kind)
            outcome = "failed" if utterance.failed else "asked" if asks else "answered"
            room.scribe.emit(TurnClosed, reason, turn=utterance.turn, outcome=outcome, said=said, heard=heard)
        if room.floor.state in floor.OVERLAP:
            room.loud_again(reason)
        if room.floor.can("answer_done"):
            room.signal("answer_done", reason)

    def on_heard(self, event: HeardMark) -> None:
        """The device's own word on what reached the ear: where it got less than we sent, history is cut to that."""
        utterance = self.mouth.find(event.utterance)
        if utterance is None or event.mark != "last" or self.mouth.current is utterance:
            return
        if utterance.kind == "confirm" and utterance.later is None:
            self.permission.heard(event.media_ns)
        latest = utterance.latest
        known, heard = latest.heard(), utterance.heard_at(event.position_ns)
        if self.mouth.current is not latest and utterance.turn and len(heard.split()) < len(known.split()):
            self._room.history.cut(utterance.turn, heard)
            self._room.scribe.emit(Noted, f"the ear got: {heard!r}", what="heard less")
