"""What was looked for in memory for a turn, what was found and by which words, how old it was, and how long it took.

The text of a secret is not told: who reads the recording of a session need not read the secret a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.secret_words import SECRET
from pipelines import events as ev
from pipelines.memory.dates import spoken
from pipelines.memory.facts import content

SHOWN = 3  # of what was found, in a sentence


@dataclass(frozen=True, slots=True)
class Found:
    """One memory. `text`: `SECRET` in the place of one; `words`: of the search, that stand in it; `said`: when it was
    said or seen, as people say it, "" if no clock is known."""

    id: int
    what: str
    text: str
    how: str
    words: tuple[str, ...] = ()
    said: str = ""
    replaced: bool = False

    @property
    def quoted(self) -> str:
        return self.text if self.text == SECRET else f"“{self.text}”"


@dataclass(slots=True)
class Search:
    """One search. `took_ms`: None until something came of it; `given_up`: nobody waited any longer."""

    t_ns: int
    query: str
    reason: str = ""
    took_ms: float | None = None
    given_up: bool = False
    trouble: str = ""
    found: tuple[Found, ...] = ()

    @property
    def sought(self) -> str:
        return f"looked for “{self.query}”" if self.query else "looked for everything"


class Recalls:
    """Feed it every event of a session in order; it knows the searches of each turn."""

    def __init__(self, wall_clock: str = "") -> None:
        self._wall_clock = wall_clock
        self._by_request: dict[int, Search] = {}
        self._by_turn: dict[int, list[Search]] = {}

    def of(self, turn: int) -> list[Search]:
        return self._by_turn.get(turn, [])

    @property
    def all(self) -> list[Search]:
        return list(self._by_request.values())

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        if isinstance(event, ev.SessionStarted):
            self._wall_clock = event.wall_clock
        elif isinstance(event, ev.Recall):
            search = Search(event.t_ns, event.query, event.reason)
            self._by_request[event.request] = search
            self._by_turn.setdefault(event.turn, []).append(search)
        elif isinstance(event, ev.Cancel) and event.kind == "recall" and event.request in self._by_request:
            self._by_request[event.request].given_up = True
        elif isinstance(event, ev.Recalled) and event.request in self._by_request:
            search = self._by_request[event.request]
            search.took_ms, search.trouble = (event.t_ns - search.t_ns) / ev.MS, event.trouble
            search.found = tuple(self._found(memory, search) for memory in event.memories)

    def _found(self, memory: ev.Memory, search: Search) -> Found:
        text = SECRET if memory.sensitivity == "secret" else memory.text
        said = spoken(memory.at_s, search.t_ns, self._wall_clock)
        words = tuple(sorted(_matched(memory, search.query)))
        return Found(memory.id, memory.what, text, memory.how, words, said, bool(memory.replaced_s))


def recalls(events: Sequence[ev.Happening | ev.Decision]) -> list[str]:
    """A sentence for each search of these events, in order."""
    book = Recalls()
    for event in events:
        book.feed(event)
    return [_told(search) for search in book.all]


def _told(search: Search) -> str:
    took = f" in {search.took_ms:.0f} ms" if search.took_ms is not None else ""
    if search.given_up:
        late = f" (it came{took})" if took else ""
        return f"{search.sought}: not waited for any longer, so it was not used{late}"
    if search.took_ms is None:
        return f"{search.sought}: nothing is recorded of what came of it"
    if search.trouble:
        return f"{search.sought}: failed ({search.trouble}){took}"
    if not search.found:
        return f"{search.sought}: nothing{took}"
    shown = "; ".join(_one(found, search.query) for found in search.found[:SHOWN])
    more = len(search.found) - SHOWN
    return f"{search.sought}: {len(search.found)} found{took}: {shown}{f'; {more} more' if more > 0 else ''}"


def _one(found: Found, query: str) -> str:
    return f"{found.id} {found.quoted}, {found.how}{by(found, query)}"


def by(found: Found, query: str) -> str:
    """By what it was found: words in common, or that it lies near; "" where everything was wanted."""
    if found.words:
        return f" by {', '.join(found.words)}"
    return " by nearness" if query else ""


def _matched(memory: ev.Memory, query: str) -> set[str]:
    """Words of the query that stand in it."""
    held = content(f"{memory.subject} {memory.text} {memory.answer}")
    return {word for word in query.split() if content(word) and content(word) <= held}
