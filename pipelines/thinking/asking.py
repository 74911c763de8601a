"""The asking half of an answer: a question to a model, and what comes of it given to the voice.

It may ask *early*, before the turn is certain: then the question leaves at once, and what comes of it is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pipelines.events import Aside, KeepStill, Memory, ModeChosen, Noted, Speculation
from pipelines.thinking import rules, wording
from pipelines.thinking.compose import Sight, compose
from pipelines.thinking.holding import Holding
from pipelines.thinking.question import Asker, Question
from pipelines.thinking.router import Route, route
from pipelines.thinking.spoken import Spoken
from pipelines.thinking.talk import Plan, Talk
from pipelines.thinking.world import World


class Asking:
    """`ask` once, if a model is wanted; the talk with it tells its words here."""

    def __init__(self, world: World, question: Question, asker: Asker, holding: Holding, may_ask_early: bool) -> None:
        self._world = world
        self._scribe = world.scribe
        self._question = question
        self._turn = question.turn  # another one, once the wearer has decided on a plan
        self._asker = asker
        self._holding = holding
        self._may_ask_early = may_ask_early
        self._sight = Sight()
        self._memories: tuple[Memory, ...] = ()
        self.recalled: tuple[Memory, ...] = ()  # of those, what went along
        self._spoken = Spoken(question.text)
        self._heard_text = False  # the model said something, speakable or not
        self._aside_said: tuple[str, ...] = ()
        self._asked_early = 0
        self.route = _routed(world, question)
        self.talk: Talk | None = None
        self.early = False  # a model was asked, and the turn is not certain
        self.waits_for_wearer = False  # a plan has been read to them

    @property
    def links(self) -> tuple[str, ...]:
        return self._spoken.links

    # ------------------------------------------------------------------------------------------------------ asking

    def ask(self, sight: Sight, memories: tuple[Memory, ...] = ()) -> None:
        """Ask now or when the turn is certain, with what was seen and what is remembered."""
        self._sight, self._memories = sight, memories
        if self._may_ask_early and not self._holding.certain and self.route.mode == "instant" and self._holding.empty:
            self._send()
        else:
            self._holding.when_certain(self._send)

    def _send(self) -> None:
        world, question, chosen, sight = self._world, self._question, self.route, self._sight
        self._scribe.emit(
            ModeChosen,
            chosen.reason,
            turn=question.turn,
            mode=chosen.mode,
            explicit=chosen.explicit,
            frame=chosen.frame if sight.frames else "",
        )
        self._spoken = Spoken(chosen.text, sight.lines)
        task = (question.guide, question.intent.subject) if question.guide is not None else None
        composed = compose(world, question.turn, question.text, chosen, sight, task, self._memories)
        ask, self.recalled = composed.ask, composed.recalled
        if ask.private:
            self._scribe.emit(Noted, f"these words are {ask.private}: no model that learns from them", what="private")
        for view in composed.crops:
            reason = "the text, enlarged"
            self._scribe.emit(KeepStill, reason, turn=question.turn, frame_id=view.frame_id, box=view.box)
        if chosen.mode == "contemplating":
            self._holding.say(self._asker.contemplate(ask, chosen.text, composed.shot), "status")
            return
        early = not self._holding.certain
        self.talk = Talk(world, ask, self)
        self.talk.begin(*composed.shot, early=early)
        self.early = early and self.talk.request > 0  # else nothing could be asked, and that will be told
        self._asked_early = self.talk.request

    def confirm(self) -> None:
        """The turn is certain: what was asked early stands."""
        if self.early:
            assert self.talk is not None
            self.early = False
            self._speculation("kept", "the question stands")
            self.talk.certain()

    def cancel(self, reason: str) -> None:
        if self.early:
            self._speculation("dropped", reason)
        if self.talk is not None and not self.talk.over:
            self.talk.cancel(reason)

    def _speculation(self, outcome: str, reason: str) -> None:
        self._scribe.emit(Speculation, reason, turn=self._turn, request=self._asked_early, outcome=outcome)

    def go_on(self, turn: int, plan: Plan, outcome: str) -> None:
        """The wearer has decided on the plan, in a turn of its own: the talk goes on as that turn's."""
        assert self.talk is not None
        self._turn = turn
        self.waits_for_wearer = self._holding.finished = False
        self._spoken = Spoken(self.route.text, self._sight.lines)
        self.talk.of_turn(turn)
        self.talk.decided(plan, outcome)

    # ------------------------------------------------------------------------------------------- what a talk tells

    def talk_said(self, text: str) -> None:
        self._heard_text = self._heard_text or bool(text.strip())
        for said in self._spoken.feed(text):
            self._holding.say(said, "model", last=False)
        self._holding.when_certain(self._links_aside)

    def _links_aside(self) -> None:
        self._put_aside("link", self._spoken.links)

    def talk_noticed(self, text: str) -> None:
        if text:
            self._holding.say(text, "status", last=False)

    def talk_wants(self, plan: Plan) -> None:  # of an early talk only once it is certain
        self._flush()
        self.waits_for_wearer = True
        self._asker.ask_wearer(plan)

    def talk_done(self, talk: Talk) -> None:
        holding = self._holding
        rest = self._spoken.flush()
        holding.when_certain(self._links_aside)
        holding.when_certain(partial(self._put_aside, "source", talk.sources))
        if not self._spoken.began:
            if self._spoken.links:
                holding.say(wording.UNSAYABLE, "model")
            else:
                holding.say(self._world.failure("refused" if self._heard_text else "empty"), "failure")
            return
        rest += [said for said in (self._spoken.closing() or self._offer(),) if said]
        for said in rest[:-1]:
            holding.say(said, "model", last=False)
        holding.say(rest[-1] if rest else "", "model", last=True)  # an empty one only ends the utterance

    def talk_failed(self, talk: Talk, kind: str) -> None:
        """Never a silent restart in mid-sentence: what was said stays said, and the failure is spoken after it."""
        self._flush()
        self._holding.say(self._world.failure(kind), "failure")

    def _flush(self) -> None:
        for said in self._spoken.flush():
            self._holding.say(said, "model", last=False)

    def _put_aside(self, kind: str, found: Sequence[str]) -> None:
        """Kept for the page, and not spoken."""
        for text in found:
            if text not in self._aside_said:
                self._aside_said += (text,)
                self._scribe.emit(Aside, "not spoken", turn=self._turn, kind=kind, text=text)

    def _offer(self) -> str:
        """After a quick answer to a hard question, once in a while: how to ask for more."""
        recent = self._world.history.entries[-10:]
        return wording.OFFER if self.route.offer and not any(wording.OFFER in e.heard for e in recent) else ""

    # ------------------------------------------------------------------------------------------------- while it works

    def acknowledgement(self) -> str:
        """A short true word while the model has said nothing yet; "" if there is nothing to acknowledge."""
        if self.talk is None or self.talk.over or self._heard_text or self._spoken.began:
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


def _routed(world: World, question: Question) -> Route:
    """How hard to think about it: as the words say; at once in an emergency; as the wearer asked for it since."""
    free = all(model.local for model in world.chain.models)
    chosen = route(question.text, world.standing, world.options.modes, free, question.intent.visual)
    if question.intent.kind == "model" and rules.before(question.text):
        return replace(chosen, mode="instant", reason="an emergency: no time to think", offer=False)
    if question.mode:
        frame = "look" if chosen.frame == "glance" else chosen.frame
        return replace(chosen, mode=question.mode, explicit=True, frame=frame, offer=False)
    return chosen
