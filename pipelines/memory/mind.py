"""What the deciders of one session know of memory: whether there is one, what "that" is just now, and what was not
told of a list yet. Shared by reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pipelines.events import MS, Memorise, Memory, Recall, Resumed, SessionStarted
from pipelines.scribe import Deadlines, Scribe

RECALL_NS: Final = 150 * MS  # so long a question to a model waits for what is remembered


@dataclass(slots=True)
class Mind:
    """`on`: there is a memory; `last`: what the last answer of memory was about, or what was stored last; `rest`:
    sentences of a list that were not said yet; `troubled`: the wearer has been told that turns cannot be stored."""

    scribe: Scribe = field(default_factory=Scribe)
    deadlines: Deadlines = field(default_factory=Deadlines)
    on: bool = False
    last: tuple[Memory, ...] = ()
    rest: tuple[str, ...] = ()
    troubled: bool = False

    def begin(self, event: SessionStarted) -> None:
        self.on = event.memory

    def recall(self, reason: str, turn: int, query: str, waits: bool = False, **fields: Any) -> int:
        """Look for it; the number of the request. `waits`: a question to a model waits for it, for a while."""
        request = self.scribe.number()
        if waits:
            self.deadlines.set("recall", self.scribe.now_ns + RECALL_NS)
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

    def means(self, *memories: Memory) -> None:
        """What “that” is from now on."""
        self.last = memories

    def rest_state(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, recalled=self.last, untold=self.rest)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.last, self.rest = resumed.recalled, resumed.untold
