"""The second run beside a recording: the same rows, what differs marked, and what nobody ever heard marked as such.

The second run is a replay of the recording (other settings, model, prompt or code), or another recording. Where they
differ is `recordings.compare`'s word; here it is only made fit for the page. The first run is A, the second is B.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.report.film import Film
from companion.report.teller import seconds
from companion.report.words import plural, shift
from pipelines.events import Decision
from recordings.compare import Comparison, Difference, FieldChange, TurnSummary
from recordings.run import Run, Step
from recordings.saying import value

CLASSES = {
    "missing": "only in A",
    "added": "only in B",
    "changed": "changed",
    "time": "moved in time",
    "miss": "not on the tape",
}


@dataclass(frozen=True)
class BesideOptions:
    """What bounds the second run's part of the page. What is left out is counted, and the page says so."""

    differences: int = 2000  # rows of the panel, and marks on the timeline; about 0.6 kB each
    detail_letters: int = 20_000  # of one unified diff
    field_letters: int = 300  # of one value of a field


@dataclass
class Second:
    """`told`: as `gather` tells a recording; `film`: the pictures its turns speak of; `peaks`: of a recording."""

    names: tuple[str, str]
    told: dict[str, Any]
    comparison: Comparison
    peaks: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    film: Film = field(default_factory=Film)
    differences: list[dict[str, Any]] = field(default_factory=list)  # of all, the first ones
    by_turn: Counter[int] = field(default_factory=Counter)  # of all
    first: dict[str, Any] | None = None
    hatched: list[tuple[float, float]] = field(default_factory=list)  # stretches that are counterfactual
    hatched_turns: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    settings: list[tuple[str, str, str]] = field(default_factory=list)  # name, in A, in B
    recorded: bool = False  # it is another recording, not a replay of this one

    @property
    def left_out(self) -> int:
        return len(self.comparison.differences) - len(self.differences)

    def turn(self, number: int) -> TurnSummary | None:
        return next((turn for turn in self.comparison.turns if turn.turn == number), None)


def second_of(run: Run, comparison: Comparison, told: dict[str, Any], options: BesideOptions | None = None) -> Second:
    """A second run with its differences from the first."""
    o = options or BesideOptions()
    second = Second((comparison.old, comparison.new), told, comparison, merged=dict(run.merged))
    second.differences = [_row(difference, o) for difference in comparison.differences[: o.differences]]
    second.by_turn = Counter(difference.turn for difference in comparison.differences)
    if comparison.first is not None:
        second.first = _row(comparison.first, o)
        second.first["t"] = min(t for t in (second.first["old"], second.first["new"]) if t is not None)
    second.settings = _fields(comparison.settings, o)
    second.hatched = stretches(run.steps)
    second.hatched_turns = {step.turn for step in run.steps if step.counterfactual and isinstance(step.event, Decision)}
    return second


def summary(second: Second) -> str:
    """The first line of the page of two runs."""
    first = second.first
    if first is None:
        return "Both runs decided the same"
    turns = len([turn for turn in second.by_turn if turn > 0])
    where = f" in {plural(turns, 'turn')}" if turns else ""
    count = plural(len(second.comparison.differences), "difference")
    return f"{count}{where}; the first {turn_name(first['turn'], inside=True)}: {in_words(first)}"


def in_words(row: dict[str, Any]) -> str:
    """One line for a difference, without the why."""
    what = f"{row['kind']} no. {row['ordinal'] + 1}" if row["ordinal"] else row["kind"]
    match row["cls"]:
        case "missing":
            return f"{what} is missing in B"
        case "added":
            return f"{what} is new in B"
        case "time":
            return f"{what} comes {shift(row['shift_ms'])}"
        case "miss":
            return f"{row['kind']}: needed, and not on the tape"
        case _:
            names = ", ".join(name for name, _, _ in row["fields"][:4])
            moved = f"; it comes {shift(row['shift_ms'])}" if row["shift_ms"] else ""
            return f"{what} differs" + (f" in {names}" if names else "") + moved


def turn_name(turn: int, inside: bool = False) -> str:
    if inside:
        return f"in turn\u00a0{turn}" if turn > 0 else "before any turn"
    return f"Turn {turn}" if turn > 0 else "Before any turn"


def stretches(steps: Iterable[Step]) -> list[tuple[float, float]]:
    """Neighbouring decisions that nobody heard become one stretch, to the next that somebody did. In seconds."""
    found: list[tuple[float, float]] = []
    start: int | None = None
    last = 0
    for step in steps:
        if not isinstance(step.event, Decision):
            continue
        t_ns = step.event.t_ns
        if step.counterfactual:
            start = t_ns if start is None else min(start, t_ns)
            last = max(last, t_ns)
        elif start is not None and t_ns >= start:
            found.append((seconds(start), seconds(max(last, t_ns))))
            start, last = None, 0
    return found if start is None else [*found, (seconds(start), seconds(last))]


def _row(d: Difference, o: BesideOptions) -> dict[str, Any]:
    old = None if d.t_old_ns is None else seconds(d.t_old_ns)
    new = None if d.t_new_ns is None else seconds(d.t_new_ns)
    over = len(d.detail) - o.detail_letters
    return {
        "turn": d.turn,
        "kind": d.kind,
        "ordinal": d.ordinal,
        "cls": d.cls,
        "t": new if new is not None else old or 0.0,
        "old": old,
        "new": new,
        "shift_ms": (d.shift_ns or 0) / 1e6,
        "fields": _fields(d.fields, o),
        "cause": d.cause,
        "detail": d.detail if over <= 0 else f"{d.detail[: o.detail_letters]}\n… {over:,} more letters",
        "counterfactual": d.counterfactual,
    }


def _fields(changed: Iterable[FieldChange], o: BesideOptions) -> list[tuple[str, str, str]]:
    return [(c.name, *(_value(c.name, given, o) for given in (c.old, c.new))) for c in changed]  # type: ignore[misc]


def _value(name: str, given: Any, o: BesideOptions) -> str:
    return "–" if given is None else value(name, given, o.field_letters)
