"""Where deciders write what they decide, and the timers they set: the two things they all share.

Time stands still inside a decider. `Scribe.now_ns` is the moment of the happening (or deadline) being handled; it is
the only clock a decider ever sees.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pipelines.events import Decision

D = TypeVar("D", bound=Decision)


class Scribe:
    """Collects decisions, stamps them, and numbers requests, utterances and the like from one counter."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._written: list[Decision] = []
        self._last_number = 0

    def emit(self, kind: type[D], reason: str, /, **fields: Any) -> D:
        """Decide something now. `fields` are those of the decision's dataclass."""
        decision = kind(t_ns=self.now_ns, reason=reason, **fields)
        self._written.append(decision)
        return decision

    def adopt(self, decisions: list[Decision]) -> None:
        """Take over decisions that a part has stamped itself."""
        self._written.extend(decisions)

    @property
    def last_number(self) -> int:
        return self._last_number

    def resume(self, last_number: int) -> None:
        """Go on counting from there."""
        self._last_number = last_number

    def number(self) -> int:
        self._last_number += 1
        return self._last_number

    def take(self) -> list[Decision]:
        written, self._written = self._written, []
        return written


class Deadlines:
    """Named timers. A name has one deadline at most; setting it again moves it."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[int, int]] = {}
        self._sequence = 0

    def set(self, name: str, t_ns: int) -> None:
        self._sequence += 1
        self._due[name] = (t_ns, self._sequence)

    def clear(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)

    def clear_all(self) -> None:
        self._due.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._due

    def due_ns(self, name: str) -> int:
        """When this one is due, 0 = it is not set."""
        return self._due[name][0] if name in self._due else 0

    def only(self, *names: str) -> bool:
        """Whether no timer but these is set."""
        return all(name in names for name in self._due)

    def next_ns(self) -> int | None:
        """When the earliest one is due, or None."""
        return min(self._due.values())[0] if self._due else None

    def pop(self, until_ns: int) -> tuple[str, int] | None:
        """Remove and return the earliest (name, t_ns) with t_ns <= until_ns; ties in the order they were set."""
        if not self._due:
            return None
        name = min(self._due, key=lambda n: self._due[n])
        t_ns, _ = self._due[name]
        if t_ns > until_ns:
            return None
        del self._due[name]
        return name, t_ns
