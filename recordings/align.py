"""Which decision of one run answers to which of the other: by turn, kind, and place among those of that turn and kind.

Never by index in the file: one decision more at the beginning would make everything behind it look different. Within
one turn and kind the places are matched so that as little as possible differs, so one decision that is missing from the
middle is one that is missing, not a row of changed ones. What pairs and what does not is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import MS, Decision
from recordings.field_changes import changes
from recordings.rules import Rules
from recordings.run import Run, Step

# What a pair costs against leaving both unpaired. Whatever differs, one pair is better than one missing and one added;
# of two pairs that only moved, the one that moved less is better.
_UNPAIRED: Final = 1_000_000_000
_MOVED_MOST: Final = 60_000  # ms; farther counts as this far, so that no sum of them reaches one unpaired decision
_CELLS: Final = 40_000  # of the table, per turn and kind; beyond it places are paired as they stand (bounded time)


@dataclass(frozen=True, slots=True)
class Place:
    """A decision where it stands. `index`: in `Run.steps`; `ordinal`: among those of its turn and kind, from 0."""

    index: int
    turn: int
    kind: str
    ordinal: int
    step: Step

    @property
    def event(self) -> Decision:
        event = self.step.event
        assert isinstance(event, Decision)
        return event


@dataclass(frozen=True, slots=True)
class Pair:
    """`old` None: added; `new` None: missing."""

    old: Place | None
    new: Place | None


Group = dict[tuple[int, str], list[Place]]


def groups_of(run: Run, rules: Rules) -> Group:
    """The decisions of a run by turn and kind, without the kinds that the rules ignore, and without what a run holds
    beside the session (a turn below 0: what a turn that was replayed by itself went on to do)."""
    groups: Group = {}
    for index, step in enumerate(run.steps):
        kind = type(step.event).__name__
        if isinstance(step.event, Decision) and step.turn >= 0 and kind not in rules.ignored_kinds:
            group = groups.setdefault((step.turn, kind), [])
            group.append(Place(index, step.turn, kind, len(group), step))
    return groups


def align(old: Group, new: Group, rules: Rules) -> list[Pair]:
    """Every decision of both runs once, alone or with its counterpart; in no particular order."""
    pairs: list[Pair] = []
    for key in dict.fromkeys([*old, *new]):
        pairs += _pair_up(old.get(key, []), new.get(key, []), rules)
    return pairs


def _pair_up(old: Sequence[Place], new: Sequence[Place], rules: Rules) -> list[Pair]:
    """One turn and kind. What is equal at both ends is paired at once; the rest by the cheapest matching."""
    head = 0
    while head < min(len(old), len(new)) and old[head].event == new[head].event:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail].event == new[-1 - tail].event:
        tail += 1
    same = [Pair(a, b) for a, b in zip(old[:head], new[:head], strict=True)]
    same += [Pair(old[-i], new[-i]) for i in range(1, tail + 1)]
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if not a or not b:
        return same + [Pair(p, None) for p in a] + [Pair(None, p) for p in b]
    if len(a) == len(b) and not any(changes(x.event, y.event, rules).content for x, y in zip(a, b, strict=True)):
        return same + [Pair(x, y) for x, y in zip(a, b, strict=True)]
    return same + (_cheapest(a, b, rules) if len(a) * len(b) <= _CELLS else _in_order(a, b))


def _in_order(old: Sequence[Place], new: Sequence[Place]) -> list[Pair]:
    both = min(len(old), len(new))
    paired = [Pair(a, b) for a, b in zip(old[:both], new[:both], strict=True)]
    return paired + [Pair(p, None) for p in old[both:]] + [Pair(None, p) for p in new[both:]]


def _cheapest(old: Sequence[Place], new: Sequence[Place], rules: Rules) -> list[Pair]:
    """The matching in order with the least cost (Needleman and Wunsch, 1970); on a tie, pairs go first."""
    rows, columns = len(old), len(new)
    pair_cost = [[_cost(a.event, b.event, rules) for b in new] for a in old]
    best = [[(i + j) * _UNPAIRED for j in range(columns + 1)] for i in range(rows + 1)]  # of what is left, from the end
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            alone = min(best[i - 1][j], best[i][j - 1]) + _UNPAIRED
            best[i][j] = min(best[i - 1][j - 1] + pair_cost[rows - i][columns - j], alone)
    pairs: list[Pair] = []
    i, j = rows, columns
    while i and j:
        a, b = old[rows - i], new[columns - j]
        if best[i][j] == best[i - 1][j - 1] + pair_cost[rows - i][columns - j]:
            pairs.append(Pair(a, b))
            i, j = i - 1, j - 1
        elif best[i][j] == best[i - 1][j] + _UNPAIRED:
            pairs.append(Pair(a, None))
            i -= 1
        else:
            pairs.append(Pair(None, b))
            j -= 1
    alone_old = [Pair(p, None) for p in old[rows - i :]]
    return pairs + alone_old + [Pair(None, p) for p in new[columns - j :]]


def _cost(old: Decision, new: Decision, rules: Rules) -> int:
    found = changes(old, new, rules)
    if not found.content:
        return 1 + min(abs(new.t_ns - old.t_ns) // MS, _MOVED_MOST) if found.times else 0
    share = min(len(found.content), 10)  # the more fields differ, the likelier it is another decision
    return _UNPAIRED + share * _UNPAIRED // 11
