"""One question to a model, with all that it takes: tools, another model if this one fails, and what it may cost.

    begin ──> AskModel ──> text … ──> done ──────────────────────────────> listener.done
                 ^                     │ with calls of tools
                 └── results ── Uses ──┘

A talk never begins a sentence twice: once words of an answer were given out, a failure is told and not mended. Tools
run only after the response that asked for them has ended well. It knows no voice and no turn-taking: what it has to
say goes to its listener.

An *early* talk is one whose question is not certain yet: it asks, and no more. Tools, another model, and what it makes
of a failure wait for `certain`; if it is cancelled before, what it has cost is booked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipelines.events import (
    AskModel,
    Cancel,
    FrameScore,
    Happening,
    ImageRule,
    Message,
    ModelDone,
    ModelFailed,
    ModelInfo,
    ModelText,
    PictureCovered,
    Sent,
    ToolInfo,
    View,
)
from pipelines.seeing import views
from pipelines.thinking import wording
from pipelines.thinking.budget import estimate
from pipelines.thinking.chain import FAILOVER, Pick, switched
from pipelines.thinking.ledger import with_end, with_question
from pipelines.thinking.tools.clock import Now, iso_date
from pipelines.thinking.tools.taint import Taint
from pipelines.thinking.uses import Bench, Plan, Uses
from pipelines.thinking.world import World

__all__ = ["Ask", "Listener", "Plan", "Talk"]

NOW = "Answer now, in one or two short sentences, from what you have. Say what you are not sure of."
NOT_SENT = frozenset(  # failures before anything left
    {"no_key", "no_picture", "no_model", "local_only", "opt_in", "private_mode", "withheld"}
)
NO_MORE = "You have used tools often enough. " + NOW


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked, and how. `words`: the wearer's own, for what may be done without asking them; `frames`: the
    pictures that the messages show, in order, as they are sent; `private`: why nobody may learn from it, "" if anybody
    may; `worker`: its part among several at the same question; `prefer`: the model to begin with, "" = the first;
    `tainted`: what earlier turns had seen that the wearer did not say."""

    turn: int
    mode: str
    messages: tuple[Message, ...]
    words: tuple[str, ...] = ()
    frames: tuple[tuple[FrameScore, View], ...] = ()
    tools: tuple[ToolInfo, ...] = ()
    private: str = ""
    worker: str = ""
    prefer: str = ""
    max_tokens: int = 0
    tainted: tuple[str, ...] = ()


class Listener(Protocol):
    """Who a talk tells. Exactly one of `talk_done` and `talk_failed` comes, last."""

    def talk_said(self, text: str) -> None:
        """A piece of the answer, as it came."""
        ...

    def talk_noticed(self, text: str) -> None:
        """A whole sentence that the wearer should hear: another model is asked, the budget runs low."""
        ...

    def talk_wants(self, plan: Plan) -> None:
        """The wearer must allow this; `Talk.decided` goes on."""
        ...

    def talk_done(self, talk: Talk) -> None: ...

    def talk_failed(self, talk: Talk, kind: str) -> None: ...


class Talk:
    """`begin` once; then give it what comes of its requests (`waits_for`, `take`)."""

    def __init__(self, world: World, ask: Ask, listener: Listener) -> None:
        self._world = world
        self._scribe = world.scribe
        self._listener = listener
        self.ask = ask
        self._messages = list(ask.messages)
        taint = Taint(*ask.tainted)
        taint.add_messages(ask.messages)
        bench = Bench(ask.turn, ask.frames, ask.words, taint.sources, alone=bool(ask.worker))
        self._uses = Uses(world, bench, listener.talk_wants, self._image_rule)
        self._tools = ask.tools
        self._request = 0  # the AskModel under way
        self._tried: tuple[str, ...] = ()
        self._model = self._picked = ""  # who is asked, and why
        self._image_px, self._image_quality = 0, 85
        self._reduced = False
        self._early = False
        self._kept: list[Happening] = []  # what came while the question was not certain
        self._expected_tokens = 0  # of the question under way
        self._text = ""  # of the response under way
        self._rounds = 0
        self.asked: tuple[str, ...] = ()
        self.sent: tuple[Sent, ...] = ()  # what left, by model
        self.covered, self.withheld = 0, ""  # parts of pictures; why one was kept back
        self.tokens = 0
        self.usd = 0.0
        self.over = False
        self.failure = ""  # kind, if it gave up

    # --------------------------------------------------------------------------------------------------- its life

    @property
    def doing(self) -> str:
        """What it is busy with: "asking", "tool:NAME" or ""."""
        if name := self._uses.waiting_for:
            return f"tool:{name}"
        return "asking" if self._request else ""

    @property
    def request(self) -> int:
        """The question under way; 0: none is."""
        return self._request

    @property
    def effects(self) -> tuple[str, ...]:
        """Tools with effects that were used, by their spoken names."""
        return self._uses.effects

    @property
    def sources(self) -> tuple[str, ...]:
        return self._uses.sources

    @property
    def views(self) -> tuple[View, ...]:
        """What the model was shown, in order."""
        return tuple(self._uses.views)

    def waits_for(self, request: int) -> bool:
        return request == self._request or self._uses.waits_for(request)

    def begin(self, image_px: int, image_quality: int, early: bool = False) -> None:
        """Ask. `image_px`, `image_quality`: of the picture that the messages attach by `frame_id`; `early`: the wearer
        may still go on."""
        self._image_px, self._image_quality = image_px, image_quality
        self._early = early
        self._send("")

    def certain(self) -> None:
        """The question stands."""
        self._early = False
        kept, self._kept = self._kept, []
        for event in kept:
            self.take(event)

    def cancel(self, reason: str) -> None:
        """Forget everything that is under way; nothing more is told."""
        if self._early and self._request:  # vendors charge for what was read, answered or not
            spent = ModelDone(self._scribe.now_ns, self._request, "", self._expected_tokens)
            self.tokens += self._expected_tokens
            self.usd += self._world.budget.spend(self.ask.turn, self._info(), spent)
        self._forget(reason)
        self.over = True

    def _forget(self, reason: str) -> None:
        for request in sorted({self._request, *self._uses.open} - {0}):
            self._scribe.emit(Cancel, reason, request=request, kind="answer")
        self._world.budget.release(self._request)
        self._request = 0

    def answer_now(self) -> None:
        """The wearer has waited enough: ask again, with little effort and no tools, from what is known so far."""
        if self.over:
            return
        self._forget("answer now")
        self._uses.drop("The wearer did not want to wait for this.")
        self._messages += self._uses.hand_back()
        self._tools = ()
        self.ask = replace(self.ask, mode="instant")
        self._messages.append(Message("user", NOW))
        self._send("the wearer wants the answer now")

    def of_turn(self, turn: int) -> None:
        """What comes now is of another turn."""
        self.ask = replace(self.ask, turn=turn)
        self._uses.of_turn(turn)
        self.asked, self.sent, self.tokens, self.usd = (), (), 0, 0.0

    def decided(self, plan: Plan, outcome: str) -> None:
        """What the wearer said to a plan. "allowed", or why not."""
        self._uses.decided(plan, outcome)
        self._go_on()

    def take(self, event: Happening) -> None:
        """What came of one of its requests."""
        if self._early and (isinstance(event, ModelFailed) or (isinstance(event, ModelDone) and event.calls)):
            self._kept.append(event)
        elif isinstance(event, ModelText):
            if not self._text:
                self._world.chain.succeeded(self._model)
            self._text += event.text
            self._listener.talk_said(event.text)
        elif isinstance(event, ModelDone):
            self._done(event)
        elif isinstance(event, ModelFailed):
            self._failed(event)
        elif isinstance(event, PictureCovered):
            self.covered, self.withheld = self.covered + event.covered, event.withheld
        else:
            self._uses.take(event)
            self._go_on()

    # ----------------------------------------------------------------------------------------------------- asking

    def _send(self, why: str, failed: str = "") -> None:
        """Ask the next model that may be asked, or give up. `failed`: why the one before it gave no answer."""
        self._world.budget.on_day(iso_date(Now(self._scribe.now_ns, self._world.wall_clock)))
        while (model := self._next(failed)) is not None:
            messages = _fitting(tuple(self._messages), model)
            tools = self._tools if model.tools else ()
            expected = estimate(messages, tools, model.image, self._image_px)
            failed = self._world.budget.refusal(self.ask.turn, model, expected)
            if not failed:
                self._ask(model, messages, tools, expected, why)
                return
            self._tried += (model.name,)  # a cheaper one may still be within the budget

    def _next(self, failed: str) -> ModelInfo | None:
        """The model to ask; None: there is none, and that has been told."""
        pick = self._pick()
        if pick.model is None:
            self._give_up(failed or pick.kind or "no_model")
            return None
        name, before = pick.model.name, self._model
        if before and before != name:
            self._messages = [_for_another(m) for m in self._messages]
            if failed:
                self._listener.talk_noticed(
                    switched(self._world.chain.called(before), self._world.chain.called(name), failed)
                )
        self._model, self._picked = name, pick.reason
        return pick.model

    def _pick(self) -> Pick:
        pick = self._whoever()
        return replace(pick, kind="private_mode") if self._world.private and pick.kind == "local_only" else pick

    def _whoever(self) -> Pick:
        chain, ask, now_ns, here = self._world.chain, self.ask, self._scribe.now_ns, self._world.private
        shows = any(m.frame_id or m.views for m in self._messages)
        if ask.prefer and ask.prefer not in self._tried:
            others = [m.name for m in chain.models if m.name != ask.prefer]
            pick = chain.pick(now_ns, bool(ask.private), shows, (*self._tried, *others), here)
            if pick.model is not None:
                return pick
        return chain.pick(now_ns, bool(ask.private), shows, self._tried, here)

    def _ask(
        self, model: ModelInfo, messages: tuple[Message, ...], tools: Sequence[ToolInfo], expected: int, why: str
    ) -> None:
        world, ask = self._world, self.ask
        self._request = request = self._scribe.number()
        self._expected_tokens = expected
        wanted = ask.max_tokens or world.options.thinking.max_tokens
        cap = world.budget.cap(ask.turn, model, expected, wanted)
        world.budget.reserve(ask.turn, request, expected + cap, model, cap)
        self._text = ""
        self.asked += () if model.name in self.asked else (model.name,)
        self.sent = with_question(self.sent, model.name, messages)
        self._scribe.emit(
            AskModel,
            ", ".join(x for x in (why, _what_is_sent(messages), f"to {model.name}", self._picked) if x),
            request=request,
            turn=ask.turn,
            messages=messages,
            max_tokens=cap,
            image_px=self._image_px,
            model=model.name,
            mode=ask.mode,
            worker=ask.worker,
            tools=tuple(t.name for t in tools),
            image_quality=self._image_quality,
            speculative=self._early,
        )

    def _info(self) -> ModelInfo:
        """Of the model that is being asked."""
        return self._world.chain.find(self._model)

    def _image_rule(self) -> ImageRule:
        return self._info().image

    # --------------------------------------------------------------------------------------------------- its endings

    def _ended(self) -> None:
        self._world.budget.release(self._request)
        self._request = 0

    def _done(self, event: ModelDone) -> None:
        self._ended()
        self._world.chain.succeeded(self._model)
        self.sent = with_end(self.sent, self._model)
        self._spend(event)
        # Whoever wants tools after having been told that there are no more gets none.
        if not event.calls or self._rounds >= self._world.options.modes.tool_rounds:
            self.over = True
            self._listener.talk_done(self)
            return
        self._rounds += 1
        self._messages.append(Message("assistant", self._text, calls=event.calls, carry=event.carry))
        self._uses.begin(event.calls, self._tools)
        self._go_on()

    def _spend(self, event: ModelDone) -> None:
        budget = self._world.budget
        self.tokens += event.input_tokens + event.output_tokens
        self.usd += budget.spend(self.ask.turn, self._info(), event)
        if warning := budget.warning():
            self._listener.talk_noticed(warning)

    def _go_on(self) -> None:
        """When every call has its result: give them back, and let the model go on."""
        if self.over or not self._uses.ready:
            return
        self._messages += self._uses.hand_back()
        if self._rounds >= self._world.options.modes.tool_rounds:
            self._tools = ()
            self._messages.append(Message("user", NO_MORE))
        self._send("with the tools' results")

    def _failed(self, event: ModelFailed) -> None:
        self._ended()
        failed = self._model
        self.sent = with_end(self.sent, failed, event.kind, event.kind not in NOT_SENT)
        if event.kind in NOT_SENT:
            self.asked = tuple(name for name in self.asked if name != failed)
        self._world.chain.failed(failed, event.kind, self._scribe.now_ns)
        if self._text:
            self._give_up(event.kind)
        elif event.kind == "too_large" and not self._reduced:
            self._reduced = True
            least = views.SIZES["glance"]
            self._image_px, self._image_quality = least.px, least.quality
            self._messages = [replace(m, views=()) if m.views else m for m in self._messages]
            self._send("it was too much: once more with less")
        elif FAILOVER.get(event.kind, False):
            self._tried += (failed,)
            self._send(f"{failed} failed", event.kind)
        else:
            self._give_up(event.kind)

    def _give_up(self, kind: str) -> None:
        self.cancel(kind)
        self.failure = kind
        self._listener.talk_failed(self, kind)


def _fitting(messages: tuple[Message, ...], model: ModelInfo) -> tuple[Message, ...]:
    """The messages as this model can take them: without pictures if it is blind, with fewer if it takes few."""
    if not model.vision:
        return tuple(_blind(m) for m in messages)
    spare = model.max_images - sum((m.frame_id > 0) for m in messages) if model.max_images else 1 << 30
    out: list[Message] = []
    for message in reversed(messages):  # the newest pictures are the ones that matter
        kept = message.views[max(0, len(message.views) - max(0, spare)) :]
        spare -= len(kept)
        out.append(replace(message, views=kept) if kept != message.views else message)
    return tuple(reversed(out))


def _blind(message: Message) -> Message:
    if not message.frame_id and not message.views:
        return message
    return replace(message, text=f"{message.text} {wording.UNSEEN}", frame_id=0, views=())


def _for_another(message: Message) -> Message:
    """What only the model that wrote it can read is left out."""
    if not message.carry and not any(call.carry for call in message.calls):
        return message
    return replace(message, carry="", calls=tuple(replace(call, carry="") for call in message.calls))


def _what_is_sent(messages: tuple[Message, ...]) -> str:
    """In words, for the trace: what leaves."""
    earlier = sum(m.role == "assistant" and not m.calls for m in messages)
    pictures = sum((m.frame_id > 0) + len(m.views) for m in messages)
    results = sum(m.role == "tool" for m in messages)
    parts = ["sends the words"]
    parts += [f"those of {wording.count(earlier, 'earlier turn')}"] if earlier > 0 and not results else []
    parts += [f"{wording.count(results, 'result')} of tools"] if results else []
    parts += [wording.count(pictures, "picture")] if pictures else []
    return " and ".join(parts)
