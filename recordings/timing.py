"""How long a wearer waited in two runs, and whether the new one keeps its budgets: timing is judged here and nowhere
else, apart from whether the decisions are the same.

Waits are the spans of `pipelines.spans`, their sum, and the one that people feel: from the end of the turn to the first
sound of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipelines.events import Decision, Happening
from pipelines.spans import SPANS, TurnSpans, spans_of

FIRST_AUDIO: Final = "end of turn to first audio"  # TurnOpened to the first packet handed to the link
TOTAL: Final = "total"  # the last voiced sample to the ear, or to the link where the device says nothing of its ear
NAMES: Final[tuple[str, ...]] = (FIRST_AUDIO, TOTAL, *(name for name, _ in SPANS))
STATISTICS: Final[dict[str, int]] = {"p50_ms": 50, "p95_ms": 95, "max_ms": 100}  # percent of turns that keep it
SHOWN: Final[tuple[tuple[str, str], ...]] = ((FIRST_AUDIO, "p50_ms"), (FIRST_AUDIO, "p95_ms"), (TOTAL, "p50_ms"))


@dataclass(frozen=True, slots=True)
class Budget:
    """`name`: one of NAMES; `statistic`: one of STATISTICS."""

    name: str
    statistic: str
    limit_ms: float


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """`limit_ms` None: there is no budget, the figures are only shown. `old_ms`, `new_ms` None: no turn of that run had
    this wait. `held`: the new run is within the limit, or there is nothing to judge. `turns`: judged in the new run."""

    name: str
    statistic: str
    limit_ms: float | None
    old_ms: float | None
    new_ms: float | None
    held: bool
    turns: int = 0


def timing_of(
    old: Iterable[Happening | Decision], new: Iterable[Happening | Decision], budgets: tuple[Budget, ...] = ()
) -> tuple[BudgetResult, ...]:
    """Every budget judged, then the usual figures that have none, as far as there are any."""
    before, after = _waits(old), _waits(new)
    asked = [(b.name, b.statistic, b.limit_ms) for b in budgets]
    free = [(n, s, None) for n, s in SHOWN if all((n, s) != (b.name, b.statistic) for b in budgets)]
    results = []
    for name, statistic, limit_ms in [*asked, *free]:
        old_ms, new_ms = (_percentile_ms(waits.get(name, []), STATISTICS[statistic]) for waits in (before, after))
        if limit_ms is None and old_ms is None and new_ms is None:
            continue
        held = limit_ms is None or new_ms is None or new_ms <= limit_ms
        results.append(BudgetResult(name, statistic, limit_ms, old_ms, new_ms, held, len(after.get(name, []))))
    return tuple(results)


def _waits(events: Iterable[Happening | Decision]) -> dict[str, list[int]]:
    """For each name the waits of all turns that had it, in nanoseconds."""
    waits: dict[str, list[int]] = {}
    for turn in spans_of(events):
        for span in turn.spans:
            waits.setdefault(span.name, []).append(span.end_ns - span.start_ns)
        waits.setdefault(TOTAL, []).append(turn.spans[-1].end_ns - turn.spans[0].start_ns)
        if (wait_ns := _first_audio_ns(turn)) is not None:
            waits.setdefault(FIRST_AUDIO, []).append(wait_ns)
    return waits


def _first_audio_ns(turn: TurnSpans) -> int | None:
    ends = {span.name: span.end_ns for span in turn.spans}
    return ends["queue"] - ends["end of turn"] if {"queue", "end of turn"} <= ends.keys() else None


def _percentile_ms(values_ns: list[int], percent: int) -> float | None:
    """Nearest rank: a wait that really occurred, so that equal runs give equal figures on any machine."""
    if not values_ns:
        return None
    rank = -(-percent * len(values_ns) // 100)  # rounded up
    return sorted(values_ns)[rank - 1] / 1e6
