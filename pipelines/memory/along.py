"""What is remembered, looked for beside a question that a model may be asked: it is in the question, or it is the
answer. It runs while the look runs, and the question waits for it for `RECALL_NS` at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.events import Happening, Memory, Recalled
from pipelines.memory import asked_for, fitting, likely, named, sentences, topical, wording
from pipelines.memory.dates import WHENEVER, Span, span_of
from pipelines.memory.mind import OWN_NS, RECALL_NS
from pipelines.thinking.intent import normal

if TYPE_CHECKING:
    from pipelines.thinking.question import Question
    from pipelines.thinking.world import World

_OF_NOTHING_TOLD: Final = re.compile(  # "how are you", "what is this"
    r"\byou\b(?! (?:know|remember))|\b(?:this|these|those|here|see|looks?|looking|front|picture|show|describe)\b",
    re.IGNORECASE,
)
LIMIT: Final = 12  # memories that are looked at for one question


class Along:
    """`begin` with the question; `over` when it is known what there is, or it is not waited for any more."""

    def __init__(self, world: World, question: Question) -> None:
        self._world = world
        self._question = question
        self.memories: tuple[Memory, ...] = ()
        self.request = 0
        self.over = True
        self._unsure = False
        self._failed = False  # it could not be looked into, or not in time

    def begin(self) -> None:
        mind = self._world.mind
        if not mind.on:
            return
        reason = "what is remembered of this, in case it helps"
        words = self._question.text
        self.over, self._failed = False, True
        own = sentences.of_wearer(words) or sentences.of_person(words)
        within_ns = 0 if not self._world.model else OWN_NS if own else RECALL_NS
        self.request = mind.recall(
            reason,
            self._question.turn,
            fitting.query(words),
            within_ns,
            limit=LIMIT,
            replaced=self._past,
            question=words,
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
        self._failed = not isinstance(event, Recalled) or bool(event.trouble)

    def forget(self) -> None:
        """It is not waited for any more."""
        self.request, self.over = 0, True
        self._world.mind.deadlines.clear("recall")

    def answering(self) -> list[Memory]:
        """The facts that answer the question by themselves."""
        question = self._question
        if not self._plain or question.mode:
            return []
        found = answers(question.text, self.memories, self._span) if _asks(question.text) else []
        if not found and not self._world.model:  # a model gets them, and understands more
            found, self._unsure = otherwise(self.memories)
        return found

    def said(self, found: list[Memory]) -> str:
        """The facts as an answer."""
        return said(self._world, found, self._unsure)

    @property
    def _plain(self) -> bool:
        """The question wants no look, or there is nothing to look with."""
        name = self._question.intent.name
        return name == "ask" or (name == "look" and not (self._world.camera and self._world.model))

    def abstention(self) -> str:
        """What to say if no model is asked, since only memory could have answered; "" if a model may know."""
        said = self._abstention()
        return wording.NOT_RECALLED if said and self._failed else said

    def _abstention(self) -> str:
        world, text = self._world, self._question.text
        if not self._plain or not world.mind.on:
            return ""
        own, person = sentences.of_wearer(text), sentences.of_person(text)
        if not world.model:
            personal = sentences.personal(text)
            known = personal or named.about_somebody_known(text, self.memories)
            if own or person or known:
                return wording.UNKNOWN
            plain = fitting.is_question(text) and not _OF_NOTHING_TOLD.search(text)
            return wording.NOT_WITHOUT_MODEL if plain or asked_for.of_ones_own(text) else ""
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
    found = found or ([] if span else topical.answering(question, memories))
    return (likely.newer(found, memories) if found and not span else []) or found


def otherwise(memories: Sequence[Memory], span: Span = WHENEVER) -> tuple[list[Memory], bool]:
    """The fact that answers though no rule finds it; and whether it may not be what is meant."""
    sure = likely.answering(memories, span)
    found = sure or likely.perhaps(memories, span)
    return found, bool(found) and not sure


def said(world: World, found: list[Memory], unsure: bool = False) -> str:
    """The facts as an answer. `unsure`: they may not be what is meant."""
    return (wording.perhaps if unsure else wording.answer)(found, world.scribe.now_ns, world.wall_clock)
