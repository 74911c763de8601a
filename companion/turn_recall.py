"""What was looked for in memory for a turn, what was found and by which words, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines import events as ev
from pipelines.memory.facts import content

SHOWN = 3  # of what was found


def recalls(events: Sequence[ev.Happening | ev.Decision]) -> list[str]:
    """A sentence for each search of these events, in order."""
    found = {event.request: event for event in events if isinstance(event, ev.Recalled)}
    given_up = {event.request for event in events if isinstance(event, ev.Cancel) and event.kind == "recall"}
    return [_told(d, found.get(d.request), d.request in given_up) for d in events if isinstance(d, ev.Recall)]


def _told(wanted: ev.Recall, found: ev.Recalled | None, given_up: bool) -> str:
    head = f"looked for “{wanted.query}”" if wanted.query else "looked for everything"
    took = f" in {(found.t_ns - wanted.t_ns) / ev.MS:.0f} ms" if found is not None else ""
    if given_up:
        return f"{head}: not waited for any longer, so it was not used{f' (it came{took})' if took else ''}"
    if found is None:
        return f"{head}: nothing is recorded of what came of it"
    if found.trouble:
        return f"{head}: failed ({found.trouble}){took}"
    if not found.memories:
        return f"{head}: nothing{took}"
    shown = "; ".join(_one(memory, wanted.query) for memory in found.memories[:SHOWN])
    more = len(found.memories) - SHOWN
    return f"{head}: {len(found.memories)} found{took}: {shown}{f'; {more} more' if more > 0 else ''}"


def _one(memory: ev.Memory, query: str) -> str:
    said = "(a secret)" if memory.sensitivity == "secret" else f"“{memory.text}”"
    words = sorted(_matched(memory, query))
    by = f" by {', '.join(words)}" if words else " by nearness" if query else ""
    return f"{memory.id} {said}, {memory.how}{by}"


def _matched(memory: ev.Memory, query: str) -> set[str]:
    """Words of the query that stand in it."""
    held = content(f"{memory.subject} {memory.text} {memory.answer}")
    return {word for word in query.split() if content(word) and content(word) <= held}
