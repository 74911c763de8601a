"""One answer in the making: from what the wearer wants, over a look, to words for the voice.

An answer may be *prepared* while the turn is not yet certain: it looks and reads, on the device and without a trace
outside. What it would say is held until `confirm`, and so is what it would send, unless it may ask *early*: then the
question leaves at once, and what comes of it is held. If the wearer goes on speaking instead, `cancel` leaves nothing
behind but the note that it left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from pipelines.events import (
    MS,
    Aside,
    Cancel,
    FrameChosen,
    FrameScore,
    Guide,
    Happening,
    KeepStill,
    Look,
    Looked,
    ModeChosen,
    Noted,
    ReadText,
    RunTool,
    Speculation,
    TextLine,
    TextRead,
    ToolDone,
    Trace,
    View,
    Word,
    WorkFailed,
)
from pipelines.events import Code as ReadCode
from pipelines.seeing.choice import choose, choose_two, same_look
from pipelines.seeing.moment import Moment, fixed, meant
from pipelines.speaking.clauses import ClauseChunker
from pipelines.thinking import rules, status, things, wording
from pipelines.thinking.compose import Sight, compose, others
from pipelines.thinking.intent import Intent
from pipelines.thinking.leaving import leaving
from pipelines.thinking.ledger import before_ms
from pipelines.thinking.on_device import OnDevice
from pipelines.thinking.reading_words import Command
from pipelines.thinking.router import Route, route
from pipelines.thinking.spoken import Spoken
from pipelines.thinking.talk import Ask, Plan, Talk
from pipelines.thinking.tools.policy import dictated
from pipelines.thinking.world import UNUSABLE, World

MOVED_NS = 250 * MS  # two frames so far apart show what moves


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and when: the moments decide which frame was meant. `guide`: the task it is a step of; `said`:
    the wearer's words if they only pointed back to an earlier question, and `mode` what they asked for it; `words`:
    the words one by one, with their times, where the recogniser gave them."""

    turn: int
    text: str
    intent: Intent
    start_ns: int
    end_ns: int
    guide: Guide | None = None
    said: str = ""
    mode: str = ""
    words: tuple[Word, ...] = ()


class Asker(Protocol):
    """Who an answer belongs to."""

    def say_answer(self, text: str, kind: str, last: bool) -> None:
        """Words of the answer, in order."""
        ...

    def contemplate(self, ask: Ask, question: str, shot: tuple[int, int]) -> str:
        """Let several models work at it in the background; what to say to that now."""
        ...

    def ask_wearer(self, plan: Plan) -> None:
        """The wearer must allow this."""
        ...


class Answer:
    """Give it events; it has its asker say words, in order, once it is confirmed."""

    def __init__(self, world: World, question: Question, asker: Asker, early: bool = False) -> None:
        """`early`: it may ask a model before the turn is certain."""
        self._may_ask_early = early
        self._world = world
        self._scribe = world.scribe
        self.question = question
        self._asker = asker
        self._held: list[Callable[[], None]] = []  # partials, not lambdas: a replay copies the deciders as they stand
        self._open: set[int] = set()  # requests under way
        self._confirmed = False
        self._frames: list[FrameScore] = []  # the one that was meant first
        self._frame_problem = ""
        self._spoken = Spoken(question.text)
        self._heard_text = False  # the model said something, speakable or not
        self._aside_said: tuple[str, ...] = ()
        free = all(model.local for model in world.chain.models)
        self.route: Route = route(question.text, world.standing, world.options.modes, free, question.intent.visual)
        if question.intent.kind == "model" and rules.before(question.text):
            self.route = replace(self.route, mode="instant", reason="an emergency: no time to think", offer=False)
        elif question.mode:
            frame = "look" if self.route.frame == "glance" else self.route.frame
            self.route = replace(self.route, mode=question.mode, explicit=True, frame=frame, offer=False)
        self.talk: Talk | None = None
        self.early = False  # a model was asked, and the turn is not certain
        self._asked_early = 0
        self._doing = "looking"
        self.said = False  # words of the answer itself were given out, or held for it
        self.waits_for_wearer = False  # a plan has been read to them
        self.finished = False
        self._device: OnDevice | None = None  # what answers without a model, once there is a frame
        self._moment = self._meant()
        self._text: tuple[TextLine, ...] = ()  # read to help a model
        self._chosen: FrameScore | None = None
        self._policy = ""

    # ------------------------------------------------------------------------------------------ beginning and end

    def begin(self, looked: Looked | None, look_request: int) -> None:
        """Start working. `look_request`/`looked`: a look already under way for this utterance, and its result."""
        intent = self.question.intent
        if intent.kind == "model" and (line := rules.before(self.question.text)):
            self.say(line, "status", last=not self._world.model)
        if intent.kind == "model" and not self._world.model:
            if not self.finished:
                missing = self._world.missing
                self.say(wording.NO_MODEL if missing in {"", "no_model"} else self._world.failure(missing), "status")
        elif intent.subject == things.TRAFFIC:
            self.say(things.NO_TRAFFIC, "thing")
        elif intent.kind == "reading":
            self._move_about()
        elif intent.visual or (intent.kind, intent.name) == ("status", "see"):
            if self._moment.frames > 1:
                self._open.add(self._look(self._moment.start_ns).request)
            elif looked is not None:
                self._looked(looked)
            else:
                self._open.add(look_request or self._look().request)
        elif intent.kind == "model":
            self._ask_model()
        elif intent.kind == "history":
            self.say(self._world.history.what_was(intent.subject, self._scribe.now_ns), "history")
        elif intent.kind == "alarm":
            self._when_confirmed(self._alarm)
        elif intent.kind == "note":
            self._when_confirmed(self._note)
        elif intent.kind == "status":
            self.say(status.answer(intent.name, self._world), "status")
        else:
            raise ValueError(f"no answer can be made for the intent {intent.label!r}")

    def confirm(self) -> None:
        """The turn is certain: say and send what was held."""
        self._confirmed = True
        held, self._held = self._held, []
        for act in held:
            act()
        if self.early:
            assert self.talk is not None
            self.early = False
            self._speculation("kept", "the question stands")
            self.talk.certain()

    def cancel(self, reason: str) -> None:
        """Forget everything that is under way."""
        for request in sorted((*self._open, *(self._device.open if self._device else ()))):
            self._scribe.emit(Cancel, reason, request=request, kind="answer")
        self._open.clear()
        self._held.clear()
        if self.early:
            self._speculation("dropped", reason)
        if self.talk is not None and not self.talk.over:
            self.talk.cancel(reason)
        self.finished = True

    def _speculation(self, outcome: str, reason: str) -> None:
        self._scribe.emit(Speculation, reason, turn=self.question.turn, request=self._asked_early, outcome=outcome)

    def waits_for(self, request: int) -> bool:
        waiting = (self.talk, self._device)
        return request in self._open or any(one is not None and one.waits_for(request) for one in waiting)

    def take(self, event: Happening) -> None:
        """What came of one of its requests."""
        request: int = event.request  # type: ignore[attr-defined]
        if self.talk is not None and self.talk.waits_for(request):
            self.talk.take(event)
            return
        if self._device is not None and self._device.waits_for(request):
            if isinstance(event, WorkFailed):
                self._device.failed(event.kind)
            else:
                self._device.take(event)
            return
        if isinstance(event, TextRead) and event.more:
            return  # a model is told of all of it at once
        self._open.discard(request)
        if isinstance(event, Looked):
            self._looked(event)
        elif isinstance(event, TextRead):
            self._text = event.lines
            self._ask_model()
        elif isinstance(event, WorkFailed):
            self._work_failed(event)
        elif isinstance(event, ToolDone):
            self._noted(event)

    def say(self, text: str, kind: str, last: bool = True) -> None:
        self.finished, self.said = self.finished or last, True
        self._when_confirmed(partial(self._asker.say_answer, text, kind, last))

    def _when_confirmed(self, act: Callable[[], None]) -> None:
        if self._confirmed:
            act()
        else:
            self._held.append(act)

    def _alarm(self) -> None:
        world, text = self._world, self.question.text
        said = world.alarms.from_words(text, self._scribe.now_ns, world.wall_clock)
        self.say(said or wording.NOT_UNDERSTOOD, "status")

    def _note(self) -> None:
        """The wearer's own notes need no model: these words are dictated, or ask for what was."""
        add = self.question.intent.name == "add"
        name = "add_note" if add else "list_notes"
        if not any(tool.name == name for tool in self._world.tools):
            self.say(wording.NO_NOTES, "status")
            return
        self._open.add(request := self._scribe.number())
        wanted = {"text": dictated(self.question.text)} if add else {}
        arguments = json.dumps(wanted, ensure_ascii=False)
        reason = "the wearer's own words" if add else "the wearer's own notes"
        self._scribe.emit(RunTool, reason, request=request, turn=self.question.turn, name=name, arguments=arguments)

    def _noted(self, event: ToolDone) -> None:
        if event.failed:
            self.say(wording.NOT_NOTED if self.question.intent.name == "add" else wording.NO_NOTES, "failure")
        elif self.question.intent.name == "add":
            self.say(wording.NOTED, "status")
        else:
            self._say_in_chunks(wording.notes(event.text), "status")

    # ------------------------------------------------------------------------------------------------------ looking

    def _meant(self) -> Moment:
        q, where = self.question, self._world.choice.moment
        if where != "word":
            return fixed(where, q.start_ns, q.end_ns)
        return meant(q.text, q.words, q.start_ns, q.end_ns, self._purpose)

    @property
    def _purpose(self) -> str:
        """What the picture is wanted for, as `pipelines.seeing.choice` knows it."""
        intent = self.question.intent
        if intent.kind in {"read", "price"} or intent.name in {"text_lines", "unit_price"}:
            return "read"
        if intent.kind == "code" or intent.name == "article":
            return "code"
        return "read" if intent.kind == "model" and self.route.frame == "read" else "describe"

    def _look(self, from_ns: int | None = None) -> Look:
        q, options = self.question, self._world.options.look
        return self._scribe.emit(
            Look,
            f"{q.intent.label} needs a picture",
            request=self._scribe.number(),
            turn=q.turn,
            start_ns=max(0, q.start_ns - options.before_ms * MS if from_ns is None else from_ns),
            end_ns=q.end_ns + options.after_ms * MS,
        )

    def _looked(self, event: Looked) -> None:
        """Choose the frame that was meant; refuse a bad look with the reason."""
        intent, moment, now_ns, options = self.question.intent, self._moment, self._scribe.now_ns, self._world.choice
        before: FrameScore | None = None
        if moment.frames > 1:
            first, choice = choose_two(event.frames, moment.before_ns, moment.around_ns, now_ns, self._purpose, options)
            before = first.frame
        else:
            choice = choose(event.frames, moment.around_ns, now_ns, self._purpose, options, moment.span_ns)
        self._frame_problem, self._chosen, self._policy = choice.problem, choice.frame, choice.policy
        self._scribe.emit(
            FrameChosen,
            f"{moment.rule}: {choice.reason}",
            turn=self.question.turn,
            frame=choice.frame,
            age_ms=choice.age_ms,
            candidates=len(event.frames),
            problem=choice.problem,
            policy=choice.policy,
        )
        if choice.frame is None or choice.problem in UNUSABLE:
            self._bad_look(choice.problem or "no picture")
            return
        self._frames = [choice.frame]
        self._keep(choice.frame, "the picture this turn is about")
        if intent.kind == "model":
            self._look_for_model(event.frames, before)
            return
        self._device = OnDevice(self._world, self.question.turn, intent, self.say, self._when_confirmed)
        self._device.begin(choice.frame, _beside(event.frames, choice.frame), choice.problem)

    def _keep(self, frame: FrameScore, reason: str) -> None:
        self._scribe.emit(KeepStill, reason, turn=self.question.turn, frame_id=frame.frame_id)

    def _bad_look(self, problem: str) -> None:
        if self.question.intent.kind == "model" and self.question.intent.name == "ask":
            self._frames = []
            self._ask_model()
            return
        self.say(wording.FRAME_PROBLEMS.get(problem, wording.FRAME_PROBLEMS["no picture"]), "failure")

    def _look_for_model(self, frames: Sequence[FrameScore], before: FrameScore | None) -> None:
        """Two pictures if two were meant, more if there is time to think about them; the text first if it is about
        text."""
        if before is not None:
            self._frames.append(before)
            self._keep(before, "the picture to compare with")
        elif self.route.mode != "instant":
            of_it = same_look(frames, self._frames[0].media_ns, self._world.choice)
            for frame in others(of_it, self._frames[0], self._world.options.modes.pictures - 1):
                self._frames.append(frame)
                self._keep(frame, "another picture of the same question")
        if self.route.frame == "read":
            number, self._doing = self._scribe.number(), "tool:read_text"
            self._open.add(number)
            reason, frame_id = "where is the text that is asked about?", self._frames[0].frame_id
            self._scribe.emit(ReadText, reason, request=number, turn=self.question.turn, frame_id=frame_id)
        else:
            self._ask_model()

    def _move_about(self) -> None:
        """In a text that was read before."""
        self._when_confirmed(self._move)

    def _move(self) -> None:
        intent = self.question.intent
        reply = self._world.read_aloud.answer(Command(intent.name, intent.subject))
        for i, text in enumerate(reply.said):
            self.say(text, reply.kind, last=i == len(reply.said) - 1)

    def _say_in_chunks(self, text: str, kind: str) -> None:
        chunker = ClauseChunker()
        chunks = [*chunker.feed(text), *chunker.finish()]
        for i, chunk in enumerate(chunks):
            self.say(chunk, kind, last=i == len(chunks) - 1)

    def _work_failed(self, event: WorkFailed) -> None:
        if event.kind == "read_text":  # the text was only to help a model
            self._ask_model()
            return
        self.say(wording.WORK_FAILED.get(event.kind, wording.WORK_FAILED["look"]), "failure")

    # ------------------------------------------------------------------------------------------------- asking a model

    def _ask_model(self) -> None:
        if self._may_ask_early and not self._confirmed and self.route.mode == "instant" and not self._held:
            self._send()
        else:
            self._when_confirmed(self._send)

    def _send(self) -> None:
        world, question, chosen = self._world, self.question, self.route
        self._scribe.emit(
            ModeChosen,
            chosen.reason,
            turn=question.turn,
            mode=chosen.mode,
            explicit=chosen.explicit,
            frame=chosen.frame if self._frames else "",
        )
        self._spoken = Spoken(chosen.text, self._text)
        sight = Sight(tuple(self._frames), self._frame_problem, self._text)
        task = (question.guide, question.intent.subject) if question.guide is not None else None
        composed = compose(world, question.turn, question.text, chosen, sight, task)
        ask = composed.ask
        if ask.private:
            self._scribe.emit(Noted, f"these words are {ask.private}: no model that learns from them", what="private")
        for view in composed.crops:
            reason = "the text, enlarged"
            self._scribe.emit(KeepStill, reason, turn=question.turn, frame_id=view.frame_id, box=view.box)
        if chosen.mode == "contemplating":
            self.say(self._asker.contemplate(ask, chosen.text, composed.shot), "status")
            return
        early = not self._confirmed
        self.talk = Talk(world, ask, self)
        self.talk.begin(*composed.shot, early=early)
        self.early = early and self.talk.request > 0  # else nothing could be asked, and that will be told
        self._asked_early = self.talk.request

    def go_on(self, turn: int, said: str, plan: Plan, outcome: str) -> None:
        """The wearer has decided on the plan, in a turn of its own: the answer goes on as that turn's."""
        assert self.talk is not None
        self.question = replace(self.question, turn=turn, text=said)
        self.waits_for_wearer = self.finished = False
        self._spoken = Spoken(self.route.text, self._text)
        self.talk.of_turn(turn)
        self.talk.decided(plan, outcome)

    # ------------------------------------------------------------------------------------------- what a talk tells

    def talk_said(self, text: str) -> None:
        self._heard_text = self._heard_text or bool(text.strip())
        for said in self._spoken.feed(text):
            self.say(said, "model", last=False)
        self._when_confirmed(self._links_aside)

    def _links_aside(self) -> None:
        self._put_aside("link", self._spoken.links)

    def talk_noticed(self, text: str) -> None:
        if text:
            self.say(text, "status", last=False)

    def talk_wants(self, plan: Plan) -> None:  # of an early talk only once it is certain
        self._flush()
        self.waits_for_wearer = True
        self._asker.ask_wearer(plan)

    def talk_done(self, talk: Talk) -> None:
        rest = self._spoken.flush()
        self._when_confirmed(self._links_aside)
        self._when_confirmed(partial(self._put_aside, "source", talk.sources))
        if not self._spoken.began:
            if self._spoken.links:
                self.say(wording.UNSAYABLE, "model")
            else:
                self.say(self._world.failure("refused" if self._heard_text else "empty"), "failure")
            return
        rest += [said for said in (self._spoken.closing() or self._offer(),) if said]
        for said in rest[:-1]:
            self.say(said, "model", last=False)
        self.say(rest[-1] if rest else "", "model", last=True)  # an empty one only ends the utterance

    def talk_failed(self, talk: Talk, kind: str) -> None:
        """Never a silent restart in mid-sentence: what was said stays said, and the failure is spoken after it."""
        self._flush()
        self.say(self._world.failure(kind), "failure")

    def _flush(self) -> None:
        for said in self._spoken.flush():
            self.say(said, "model", last=False)

    def _put_aside(self, kind: str, found: Sequence[str]) -> None:
        """Kept for the page, and not spoken."""
        for text in found:
            if text not in self._aside_said:
                self._aside_said += (text,)
                self._scribe.emit(Aside, "not spoken", turn=self.question.turn, kind=kind, text=text)

    def _offer(self) -> str:
        """After a quick answer to a hard question, once in a while: how to ask for more."""
        recent = self._world.history.entries[-10:]
        return wording.OFFER if self.route.offer and not any(wording.OFFER in e.heard for e in recent) else ""

    # ------------------------------------------------------------------------------------------------- while it works

    def acknowledgement(self) -> str:
        """A short true word while nothing has come yet; "" if there is nothing to acknowledge."""
        if self._heard_text or self._spoken.began or self.finished:
            return ""
        if self.talk is None:
            device = self._device
            return (
                wording.doing(device.doing if device else self._doing) if self._open or (device and device.open) else ""
            )
        if self.talk.over:
            return ""
        hurried = self.route.mode == "instant" and self.talk.doing == "asking"
        return wording.doing("asking briefly" if hurried else self.talk.doing)

    def progress(self) -> str:
        """What it is busy with, in words; "" if nothing is being thought about."""
        return wording.doing(self.talk.doing) if self.talk is not None and not self.talk.over else ""

    def answer_now(self) -> bool:
        """The wearer wants it now. False if nothing is being thought about."""
        if self.talk is None or self.talk.over:
            return False
        self.talk.answer_now()
        return True

    # -------------------------------------------------------------------------------------------------------- history

    @property
    def views(self) -> tuple[View, ...]:
        if self.talk is not None:
            return self.talk.views
        return tuple(View(frame.frame_id) for frame in self._frames)

    @property
    def trace(self) -> Trace:
        """What the answer came from."""
        talk, chosen = self.talk, self._chosen
        return Trace(
            chosen,
            before_ms(chosen, self.question.end_ns),
            self._frame_problem,
            self._policy,
            talk.sent if talk is not None else (),
            talk.covered if talk is not None else 0,
            self._world.failure(talk.failure) if talk is not None and talk.failure and not talk.sent else "",
            self._world.private,
            self.route.reason if self.question.intent.kind == "model" else "",
        )

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """Text that was read in the picture."""
        return self._device.lines if self._device is not None else self._text

    @property
    def leaving(self) -> tuple[TextLine, ...]:
        """Of that text, what a later query may be told."""
        return leaving(self._world, self._chosen, self.lines)

    @property
    def codes(self) -> tuple[ReadCode, ...]:
        return self._device.codes if self._device is not None else ()

    @property
    def asked(self) -> tuple[str, ...]:
        return self.talk.asked if self.talk is not None else ()

    @property
    def links(self) -> tuple[str, ...]:
        return self._spoken.links


def _beside(frames: Sequence[FrameScore], chosen: FrameScore) -> FrameScore | None:
    """A frame some time before or after the chosen one, the nearest, to see what moves; None if there is none."""
    apart = [f for f in frames if abs(f.media_ns - chosen.media_ns) >= MOVED_NS]
    return min(apart, key=lambda f: (abs(f.media_ns - chosen.media_ns), f.media_ns), default=None)
