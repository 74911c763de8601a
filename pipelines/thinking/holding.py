"""What an answer says and does, held until its turn is certain."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pipelines.speaking.clauses import ClauseChunker
from pipelines.thinking.question import Asker


class Holding:
    """Before `confirm` everything waits, in order; after it nothing does."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._waiting: list[Callable[[], None]] = []  # no lambdas: a replay copies the deciders as they stand
        self.certain = False
        self.said = False  # words of the answer itself were given out, or held for it
        self.finished = False  # the last of them, or nothing will come

    @property
    def empty(self) -> bool:
        return not self._waiting

    def confirm(self) -> None:
        """The turn is certain: say and do what waits."""
        self.certain = True
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    def forget(self) -> None:
        """What waits is never said nor done."""
        self._waiting.clear()

    def when_certain(self, act: Callable[[], None]) -> None:
        if self.certain:
            act()
        else:
            self._waiting.append(act)

    def say(self, text: str, kind: str, last: bool = True) -> None:
        self.finished, self.said = self.finished or last, True
        self.when_certain(partial(self._asker.say_answer, text, kind, last))

    def say_of_then(self, make: Callable[[], str], kind: str) -> None:
        """All of the answer, made when the turn is certain: it tells of what has been, and the answer before this one
        has only then come to its end."""
        self.finished = self.said = True
        self.when_certain(partial(self._say_made, make, kind))

    def _say_made(self, make: Callable[[], str], kind: str) -> None:
        self._asker.say_answer(make(), kind, True)

    def say_in_chunks(self, text: str, kind: str) -> None:
        """A long text, clause by clause; all of the answer."""
        chunker = ClauseChunker()
        chunks = [*chunker.feed(text), *chunker.finish()]
        for i, chunk in enumerate(chunks):
            self.say(chunk, kind, last=i == len(chunks) - 1)
