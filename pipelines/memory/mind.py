"""What the deciders of one session know of memory: whether there is one, what "that" is just now, and what was not
told of a list yet. Shared by reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pipelines.events import MS, Memorise, Memorised, Memory, Recall, Remembered, Resumed, SessionStarted
from pipelines.memory import wording
from pipelines.memory.dates import at_s
from pipelines.memory.sensitive import sensitivity
from pipelines.scribe import Deadlines, Scribe

OF_THE_WORLD: Final = frozenset({"model", "read", "price", "code", "thing", "history"})  # kinds of turns that are kept
RECALL_NS: Final = 150 * MS  # so long a question to a model waits for what is remembered
OWN_NS: Final = 1500 * MS  # and so long one about what is the wearer's


@dataclass(slots=True)
class Mind:
    """`on`: there is a memory; `last`: what the last answer of memory was about, or what was stored last; `rest`:
    sentences of a list that were not said yet; `troubled`: the wearer has been told that turns cannot be stored;
    `offers`: facts told in passing are offered to be remembered, and `offered`: those that were."""

    scribe: Scribe = field(default_factory=Scribe)
    deadlines: Deadlines = field(default_factory=Deadlines)
    on: bool = False
    last: tuple[Memory, ...] = ()
    rest: tuple[str, ...] = ()
    troubled: bool = False
    offers: bool = False
    offered: tuple[str, ...] = ()
    _purpose: tuple[str, str, float] = ("", "", 0.0)  # of the words that were heard last
    _turns: list[int] = field(default_factory=list)  # requests that store one

    def begin(self, event: SessionStarted) -> None:
        self.on = event.memory
        self.offers = event.memory and event.offers

    def heard(self, text: str, purpose: str, likely: float) -> None:
        """What these words are for, and how likely that is."""
        self._purpose = text, purpose, likely

    def is_for(self, text: str, purpose: str, least: float) -> bool:
        """Whether these words, which were heard just now, are for that, and that likely."""
        return self.on and self._purpose[:2] == (text, purpose) and self._purpose[2] >= least

    def recall(self, reason: str, turn: int, query: str, within_ns: int = 0, **fields: Any) -> int:
        """Look for it; the number of the request. `within_ns`: so long it is waited for, 0 = as long as it takes."""
        request = self.scribe.number()
        if within_ns:
            self.deadlines.set("recall", self.scribe.now_ns + within_ns)
        self.scribe.emit(Recall, reason, request=request, turn=turn, query=query, **fields)
        return request

    def memorise(self, reason: str, turn: int, memory: Memory, replaced: Sequence[int] = ()) -> int:
        """Store it; the number of the request."""
        request = self.scribe.number()
        memory = replace(memory, turn=turn)
        self.scribe.emit(Memorise, reason, request=request, turn=turn, memory=memory, replaces=tuple(replaced))
        return request

    def leave(self, rest: tuple[str, ...]) -> None:
        """What was not told yet."""
        self.rest = rest

    def turn_over(self, entry: Remembered, private: bool, wall_clock: str) -> None:
        """A turn was answered: it is stored, unless nothing of it may be; “that” is what it came from."""
        if not self.on:
            return
        if entry.recalled or entry.kind in OF_THE_WORLD:
            self.means(*entry.recalled)
        if entry.kind == "model" and not entry.asked:  # nobody could be asked
            return
        if private or entry.kind not in OF_THE_WORLD or not entry.question:
            return
        said_s = at_s(entry.t_ns, wall_clock)
        answer = entry.shown or entry.heard
        kind = sensitivity(entry.question)
        memory = Memory(0, "turn", entry.question, "", "asked", "" if kind == "person" else kind, said_s, answer=answer)
        self._turns.append(self.memorise("a question and its answer", entry.turn, memory))

    def stored(self, event: Memorised) -> str:
        """What to say if a turn could not be stored, once; "" if there is nothing to say."""
        if event.request not in self._turns:
            return ""
        self._turns.remove(event.request)
        if not event.trouble or self.troubled:
            return ""
        self.troubled = True
        return wording.NOT_OPENED if event.trouble == "off" else wording.TURNS_NOT_STORED

    def means(self, *memories: Memory) -> None:
        """What “that” is from now on."""
        self.last = memories

    def asked_about(self, text: str) -> None:
        """The wearer is asked whether to remember it: never again."""
        self.offered = (*self.offered, text)

    def rested(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, recalled=self.last, untold=self.rest, offered=self.offered)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.last, self.rest, self.offered = resumed.recalled, resumed.untold, resumed.offered
