"""One thing that the wearer tells, asks or wants forgotten: from the words over the database to the words for it.

What was told is said to be remembered when it is on the disk, and what is forgotten when it is gone; not before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipelines.events import Happening, Memorised, Memory, Recalled, Remembered, ToolInfo
from pipelines.memory import along, fitting, likely, offering, reminded, seen, wording
from pipelines.memory.asked_to_keep import unaddressed
from pipelines.memory.dates import Span, at_s, span_of, spoken
from pipelines.memory.facts import content, fact_of, repeats, replaces, same, stem
from pipelines.memory.forgetting import Forgetting
from pipelines.memory.place_words import Sought, sought
from pipelines.memory.sensitive import sensitivity
from pipelines.memory.telling import offer, told
from pipelines.thinking.intent import normal
from pipelines.thinking.tools.built_in import built_in
from pipelines.thinking.tools.policy import dictated

if TYPE_CHECKING:
    from pipelines.thinking.holding import Holding
    from pipelines.thinking.question import Asker, Question
    from pipelines.thinking.talk import Plan
    from pipelines.thinking.world import World

KINDS: Final = frozenset({"memory", "recall"})
FACT: Final = ("fact",)
MANY: Final = 200  # facts in an overview
SOME: Final = 32
MEDICINE: Final = "medicine"  # what "I take …" is about
KEPT_CHARS: Final = 500  # of an answer that is to be remembered
PROPOSED: Final = built_in("propose_memory")
_KEEPABLE: Final = frozenset({"model", "read", "reading", "price", "code", "thing", "history"})


def fact(text: str, when_s: float, how: str = "told", subject: str = "") -> Memory:
    """A sentence as it is stored."""
    known = fact_of(text)
    about = subject or (MEDICINE if stem(MEDICINE) in known.implied else _as_said(known.about, text))
    return Memory(0, "fact", text, about, how, sensitivity(text), when_s)


def _as_said(about: str, text: str) -> str:
    match = re.search(re.escape(about), text, re.IGNORECASE) if about else None
    return match[0] if match else about


def _words_of(entry: Remembered) -> str:
    """What was read as it stands there ("14:05", not "14 oh 5"), or what was answered."""
    if entry.kind in {"read", "reading"} and entry.lines:
        return " / ".join(line.text for line in entry.lines)
    return entry.shown or entry.heard


class MemoryErrand:
    """One question of these kinds. What changes something waits until the turn is certain."""

    def __init__(self, world: World, question: Question, holding: Holding, asker: Asker) -> None:
        self._world = world
        self._mind = world.mind
        self._question = question
        self._holding = holding
        self._asker = asker
        self._request = 0
        self._then: Callable[[Any], None] = self._nothing
        self._memory = Memory()
        self._forgetting = Forgetting(world, self._say, self._recall, self._await, self._wants)
        self._instead_of: list[int] = []
        self._said = ""
        self.waits_for_wearer = False

    # ------------------------------------------------------------------------------------------------------- its life

    def begin(self) -> None:
        if not self._mind.on:
            self._holding.say(wording.NO_MEMORY, "status")
        elif self._question.intent.kind == "recall":
            self._ask()
        else:
            self._holding.when_certain(self._act)

    @property
    def open(self) -> tuple[int, ...]:
        """The request that is under way."""
        return (self._request,) if self._request else ()

    def waits_for(self, request: int) -> bool:
        return request == self._request != 0

    def forget(self) -> None:
        """Nothing that comes of it matters any more."""
        self._request = 0

    def take(self, event: Happening) -> None:
        """What came of the request under way."""
        self._request = 0
        self._then(event)

    def _nothing(self, event: Happening) -> None:
        """Nobody waits."""

    def _await(self, request: int, then: Callable[[Any], None]) -> None:
        self._request, self._then = request, then

    def _recall(self, reason: str, query: str, then: Callable[[Any], None], **fields: Any) -> None:
        wanted: dict[str, Any] = {"what": FACT, "limit": SOME} | fields
        self._await(self._mind.recall(reason, self._question.turn, query, **wanted), then)

    def _say(self, text: str, kind: str = "memory") -> None:
        self._holding.say(text, kind)

    @property
    def _now_s(self) -> float:
        return at_s(self._world.scribe.now_ns, self._world.wall_clock)

    @property
    def _when(self) -> tuple[int, str]:
        return self._world.scribe.now_ns, self._world.wall_clock

    @property
    def _span(self) -> Span:
        return span_of(normal(self._question.text), *self._when)

    # ----------------------------------------------------------------------------------------------------------- told

    def _act(self) -> None:
        name = self._question.intent.name
        if name in {"tell", "keep", "offer", "passing"} and self._world.private:
            self._say(wording.PRIVATE, "status")
        elif name == "tell":
            self._tell()
        elif name == "keep":
            self._keep()
        elif name == "offer":
            self._offer()
        elif name == "passing":
            self._remember(offering.stated(self._question.text), "told")
        else:
            self._forget()

    def _offer(self) -> None:
        """A statement that was not said to be remembered: only if the wearer says so."""
        self._wants(PROPOSED, {"text": offer(self._question.text)}, "it was said, and not told to be remembered")

    def _wants(self, tool: ToolInfo, arguments: dict[str, str], reason: str) -> None:
        self.waits_for_wearer = True
        from pipelines.thinking.talk import Plan

        self._asker.ask_wearer(Plan(self._world.scribe.number(), tool, arguments, reason))

    def _tell(self) -> None:
        self._remember(told(self._question.text) or unaddressed(dictated(self._question.text)), "told")

    def _remember(self, text: str, how: str) -> None:
        self._memory = fact(text, self._now_s, how)
        known = fact_of(self._memory.text)
        query = fitting.about_query(known) or self._memory.text
        self._said = self._question.text if how == "told" else text  # with its "now", which is not kept
        self._recall("does this take the place of something?", query, self._compared, question=self._said)

    def _compared(self, event: Happening) -> None:
        new = fact_of(self._memory.text)
        found = [m for m in event.memories if not m.replaced_s] if isinstance(event, Recalled) else []
        old = next((m for m in found if repeats(new, fact_of(m.text))), None)
        if old is not None:
            self._mind.means(old)
            self._say(wording.known(old, spoken(old.at_s, *self._when)))
            return
        gone = [m.id for m in found if replaces(new, fact_of(m.text))] or likely.replaced(self._said, new, found)
        if self._question.intent == offering.PASSING:
            self._pass(gone)
        else:
            self._memorise("the wearer told it", gone)

    def _pass(self, gone: list[int]) -> None:
        """It was told in passing: only if the wearer says so."""
        self._instead_of = gone
        self._mind.asked_about(offering.key(self._memory.text))
        self._wants(
            offering.OFFERED, {"text": offering.aloud(self._memory)}, "told in passing: it may be worth keeping"
        )

    def _memorise(self, reason: str, gone: list[int]) -> None:
        self._await(self._mind.memorise(reason, self._question.turn, self._memory, gone), self._memorised)

    def _memorised(self, event: Happening) -> None:
        if not isinstance(event, Memorised) or event.trouble:
            trouble = event.trouble if isinstance(event, Memorised) else ""
            self._say(wording.NOT_STORED.get(trouble, wording.NOT_STORED[""]), "failure")
            return
        self._mind.means(event.memory)
        asked = self._question.intent == offering.PASSING
        self._say((wording.agreed if asked else wording.stored)(event.memory, event.replaced))

    def _keep(self) -> None:
        """What was just answered, because the wearer wants it: its words are not theirs."""
        last = next((e for e in reversed(self._world.history.entries) if e.question), None)
        words = _words_of(last)[:KEPT_CHARS].strip() if last is not None else ""
        if last is None or last.kind not in _KEEPABLE or not words:
            self._say(wording.NOTHING_TO_KEEP, "status")
            return
        how = "inferred" if last.kind == "model" else "seen"
        self._memory = replace(fact(words, self._now_s, how), subject="")
        self._memorise("the wearer wants this answer remembered", [])

    # ---------------------------------------------------------------------------------------------------------- asked

    def _ask(self) -> None:
        name, about = self._question.intent.name, self._question.intent.subject
        span = self._span
        since = {"since_s": span.since_s, "until_s": span.until_s}
        reason = "the wearer asks for it"
        if name == "source":
            self._say(wording.source(self._mind.last, *self._when))
        elif name == "more":
            self._tell_more(list(self._mind.rest) or [wording.NO_MORE])
        elif name == "overview":
            self._recall(reason, "", self._overviewed, limit=MANY, replaced=bool(span), **since)
        elif name == "seen":
            self._recall(reason, self._sought.query, self._seen_found, what=("fact", "place"), **since)
        elif name == "reminded":
            self._recall(reason, "", self._reminded_found, what=reminded.KIND, limit=MANY, **since)
        elif name == "turns":
            subject = "" if span and about in self._question.text.lower() and not content(about) else about
            self._recall(reason, subject, self._turns_found, what=("turn",), **since)
        elif name == "about":
            self._recall(reason, about, self._about_found)
        elif name == "before_that":
            self._recall(reason, fitting.about_query(fact_of(self._latest)), self._before_that_found, replaced=True)
        elif name == "before":
            self._recall(reason, fitting.query(self._question.text), self._before_found, replaced=True)
        else:
            query, asked = fitting.query(self._question.text), self._question.text
            self._recall(reason, query, self._found, replaced=bool(span), question=asked)

    def _failed(self, event: Happening) -> bool:
        if isinstance(event, Recalled) and not event.trouble:
            return False
        self._say(wording.NOT_RECALLED, "failure")
        return True

    def _found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        found, unsure = along.answers(self._question.text, event.memories, self._span), False
        if not found:
            found, unsure = along.otherwise(event.memories, self._span)
        self._holding.when_certain(partial(self._mind.means, *found))
        self._say(along.said(self._world, found, unsure) if found else self._unknown)

    @property
    def _unknown(self) -> str:
        intent = self._question.intent
        if intent.name == "was":  # nor was it read
            return wording.neither(self._world.history.what_was(intent.subject, self._world.scribe.now_ns))
        return wording.UNKNOWN

    @property
    def _sought(self) -> Sought:
        return sought(self._question.text) or Sought()

    def _seen_found(self, event: Recalled) -> None:
        """What was told goes before what was seen."""
        if self._failed(event):
            return
        wanted, span = self._sought, self._span
        where = f"where is my {wanted.thing}"
        told = [] if wanted.text else fitting.answering(where, event.memories, span.since_s, span.until_s)
        found = seen.fitting_places(wanted, event.memories)
        self._holding.when_certain(partial(self._mind.means, *(told or found[:1])))
        if told:
            self._say(wording.answer(told, *self._when))
        elif found:
            self._holding.say_in_chunks(seen.answer(wanted, found, *self._when), "memory")
        else:
            self._say(seen.NOT_SEEN if self._world.options.places.on else seen.NOT_KEPT)

    @property
    def _latest(self) -> str:
        """What memory told last, or was told."""
        return self._mind.last[0].text if self._mind.last else ""

    def _before_that_found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        now = fact_of(self._latest)
        since_s = self._mind.last[0].at_s if self._mind.last else 0.0  # what it took the place of went at that moment
        old = [m for m in event.memories if m.replaced_s]
        found = [m for m in old if m.replaced_s == since_s or same(now, fact_of(m.text))]
        found = sorted(found, key=lambda m: (-m.replaced_s, -m.id))[:1]
        self._holding.when_certain(partial(self._mind.means, *found))
        self._say(wording.before(found, *self._when))

    def _before_found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        subject = self._question.intent.subject
        found = (
            fitting.before(self._question.text, event.memories)
            or fitting.before(subject, event.memories)
            or fitting.before_of(subject, event.memories)
        )
        self._holding.when_certain(partial(self._mind.means, *found))
        said = wording.before(found, *self._when)
        if not found and not (fitting.answering(subject, event.memories) or fitting.about(subject, event.memories)):
            said = wording.UNKNOWN
        self._say(said)

    def _about_found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        found = fitting.about(self._question.intent.subject, event.memories)
        self._holding.when_certain(partial(self._mind.means, *found))
        if not found:
            self._say(wording.UNKNOWN)
            return
        shown = [m for m in found if m.sensitivity != "secret"] or found
        self._tell_more([wording.told(m) for m in shown])

    def _overviewed(self, event: Recalled) -> None:
        if self._failed(event):
            return
        then = bool(self._span)  # what was told then, whether or not it still holds
        facts = [m for m in event.memories if m.what == "fact" and (then or not m.replaced_s)]
        self._holding.when_certain(partial(self._mind.means, *(m for m in facts if m.sensitivity != "secret")))
        self._tell_more(
            wording.overview(facts, len(facts)) or [wording.NOTHING_THEN if then else wording.NOTHING_AT_ALL]
        )

    def _tell_more(self, sentences: list[str]) -> None:
        """As much as anybody listens to, and the rest when they ask."""
        now, rest = sentences[: wording.OVERVIEW], tuple(sentences[wording.OVERVIEW :])
        self._holding.when_certain(partial(self._mind.leave, rest))
        ending = [f"There {'is' if len(rest) == 1 else 'are'} {len(rest)} more: say, what else."] if rest else []
        self._holding.say_in_chunks(" ".join([*now, *ending]), "memory")

    def _turns_found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        span, about = self._span, self._question.intent.subject
        found = fitting.turns(about, event.memories, span.since_s, span.until_s)
        self._holding.when_certain(partial(self._mind.means, *found[: wording.TURNS_TOLD]))
        if found:
            self._holding.say_in_chunks(wording.turns(found, *self._when), "memory")
        else:
            self._say(wording.NEVER_ASKED)

    def _reminded_found(self, event: Recalled) -> None:
        if self._failed(event):
            return
        about = self._question.intent.subject
        found = reminded.told(about, event.memories)
        self._holding.when_certain(partial(self._mind.means, *found[: reminded.MOST]))
        self._tell_more(reminded.sentences(about, found, *self._when))

    # ------------------------------------------------------------------------------------------------------- forgotten

    def _forget(self) -> None:
        self._forgetting.begin(self._question)

    def decided(self, turn: int, plan: Plan, outcome: str) -> None:
        """The wearer's word on a plan, in a turn of its own."""
        self.waits_for_wearer = False
        self._question = replace(self._question, turn=turn)
        if plan.tool.name == offering.OFFERED.name:
            if outcome == "allowed":
                self._memorise("the wearer wants it remembered", self._instead_of)
            else:
                self._say(wording.NOT_KEPT, "status")
        elif plan.tool.name == PROPOSED.name:
            if outcome == "allowed":
                self._remember(str(plan.arguments["text"]), "inferred")
            else:
                self._say(wording.NOT_KEPT, "status")
        elif outcome == "allowed":
            self._forgetting.everything(turn)
        else:
            self._say(wording.KEPT, "status")
