"""What is remembered, looked for beside a question that a model may be asked: it is in the question, or it is the
answer. It runs while the look runs, and the question waits for it for `RECALL_NS` at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.events import Happening, Memory, Recalled
from pipelines.memory import asked_for, fitting, named, sentences, topical, wording
from pipelines.memory.dates import Span, span_of
from pipelines.memory.mind import OWN_NS, RECALL_NS
from pipelines.thinking.intent import normal

if TYPE_CHECKING:
    from pipelines.thinking.question import Question
    from pipelines.thinking.world import World

LIMIT: Final = 12  # memories that are looked at for one question


class Along:
    """`begin` with the question; `over` when it is known what there is, or it is not waited for any more."""

    def __init__(self, world: World, question: Question) -> None:
        self._world = world
        self._question = question
        self.memories: tuple[Memory, ...] = ()
        self.request = 0
        self.over = True

    def begin(self) -> None:
        mind = self._world.mind
        if not mind.on:
            return
        reason = "what is remembered of this, in case it helps"
        words = self._question.text
        self.over = False
        own = sentences.of_wearer(words) or sentences.of_person(words)
        within_ns = 0 if not self._world.model else OWN_NS if own else RECALL_NS
        self.request = mind.recall(
            reason, self._question.turn, fitting.query(words), within_ns, limit=LIMIT, replaced=self._past
        )

    @property
    def _past(self) -> bool:
        """The words name a time: what was replaced since may be meant."""
        return bool(self._span)

    @property
    def _span(self) -> Span:
        world = self._world
        return span_of(normal(self._question.text), world.scribe.now_ns, world.wall_clock)

    def waits_for(self, request: int) -> bool:
        return request == self.request != 0

    def take(self, event: Happening) -> None:
        """What there is; nothing, if it could not be found out."""
        self.forget()
        self.memories = event.memories if isinstance(event, Recalled) else ()

    def forget(self) -> None:
        """It is not waited for any more."""
        self.request, self.over = 0, True
        self._world.mind.deadlines.clear("recall")

    def answering(self) -> list[Memory]:
        """The facts that answer the question by themselves."""
        question = self._question
        if not self._plain or question.mode or not _asks(question.text):
            return []
        return answers(question.text, self.memories, self._span)

    @property
    def _plain(self) -> bool:
        """The question wants no look, or there is nothing to look with."""
        name = self._question.intent.name
        return name == "ask" or (name == "look" and not (self._world.camera and self._world.model))

    def abstention(self) -> str:
        """What to say if no model is asked, since only memory could have answered; "" if a model may know."""
        world, text = self._world, self._question.text
        if not self._plain or not world.mind.on:
            return ""
        own, person = sentences.of_wearer(text), sentences.of_person(text)
        if not world.model:
            personal = sentences.personal(text)
            known = personal or named.about_somebody_known(text, self.memories)
            if own or person or known:
                return wording.UNKNOWN
            return wording.NOT_WITHOUT_MODEL if asked_for.of_ones_own(text) else ""
        foreign = any(tool.source not in {"built in", "sandbox"} for tool in world.tools)
        return wording.UNKNOWN if own and not world.camera and not foreign else ""


def _asks(text: str) -> bool:
    return named.asks(text) or fitting.is_question(text) or asked_for.refers(text)


def answers(question: str, memories: Sequence[Memory], span: Span) -> list[Memory]:
    """The facts that answer it by any rule, if they are what is asked for."""
    found = named.all_of(question, memories)
    if found:
        return found
    if fitting.is_question(question):
        found = fitting.answering(question, memories, span.since_s, span.until_s)
    if not found and not span:
        found = named.answering(question, memories)
    found = [memory for memory in found if topical.allowed(question, memory)]
    return found or ([] if span else topical.answering(question, memories))


def said(world: World, found: list[Memory]) -> str:
    """The facts as an answer."""
    return wording.answer(found, world.scribe.now_ns, world.wall_clock)
