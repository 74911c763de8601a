"""Each turn of two runs in a few figures: how much differs, and what moved together by the same.

"Everything from TurnOpened on is 400 ms later" is one fact, though it is twelve differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipelines.events import TurnOpened
from recordings.align import Pair, Place
from recordings.differences import Counts, Difference, Shift, TurnSummary
from recordings.rules import Rules
from recordings.run import ADDED


def summaries(
    pairs: Sequence[Pair],
    gone: Sequence[Place],
    merged: Mapping[int, int],
    differences: Iterable[Difference],
    rules: Rules,
) -> tuple[TurnSummary, ...]:
    """One for each turn that either run has, in order. `gone`: the old run's decisions of the `merged` turns; `pairs`:
    all others, in the old run's order."""
    pairs_of: dict[int, list[Pair]] = {}
    for pair in pairs:
        place = pair.old or pair.new
        pairs_of.setdefault(place.turn if place else 0, []).append(pair)
    gone_of: dict[int, list[Place]] = {}
    for place in gone:
        gone_of.setdefault(place.turn, []).append(place)
    found: dict[int, list[Difference]] = {}
    for difference in differences:
        found.setdefault(difference.turn, []).append(difference)
    return tuple(
        _summary(turn, pairs_of.get(turn, []), gone_of.get(turn, []), found.get(turn, []), merged.get(turn, 0), rules)
        for turn in sorted({*pairs_of, *gone_of, *found}, key=_place)
    )


def _place(turn: int) -> tuple[int, int]:
    """A turn that only the new run has stands behind the recorded one that it came after."""
    return (turn, 0) if turn < ADDED else divmod(turn, ADDED)


def _summary(
    turn: int, pairs: list[Pair], gone: list[Place], differences: list[Difference], into: int, rules: Rules
) -> TurnSummary:
    old = [p.old for p in pairs if p.old is not None] + gone
    new = [p.new for p in pairs if p.new is not None]
    only_in = "" if bool(old) == bool(new) else "old" if old else "new"
    return TurnSummary(
        turn,
        next((p.event.text for p in [*old, *new] if isinstance(p.event, TurnOpened)), ""),
        len(old),
        Counts.of(d for d in differences if not d.counterfactual),
        Counts.of(d for d in differences if d.counterfactual),
        _shifts(pairs, rules.time_tolerance_ns),
        only_in,
        into,
    )


def _shifts(pairs: list[Pair], tolerance_ns: int) -> tuple[Shift, ...]:
    """The longest rows of decisions that moved alike. A decision that one run does not have ends no row."""
    rows: list[tuple[int, list[Place]]] = []
    for pair in pairs:
        if pair.old is None or pair.new is None:
            continue
        shift_ns = pair.new.event.t_ns - pair.old.event.t_ns
        shift_ns = 0 if abs(shift_ns) <= tolerance_ns else shift_ns
        if not rows or rows[-1][0] != shift_ns:
            rows.append((shift_ns, []))
        rows[-1][1].append(pair.old)
    return tuple(
        Shift(row[0].kind, row[0].ordinal, row[-1].kind, shift_ns, len(row), i == 0, i == len(rows) - 1)
        for i, (shift_ns, row) in enumerate(rows)
        if shift_ns
    )
