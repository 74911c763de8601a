"""What a comparison of two runs says: the shapes of its differences, its turns and its whole.

`Comparison.plain()` is the JSON report; docs/replay-report.md describes it, and `report` is its version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from recordings.field_changes import FieldChange, jsonable
from recordings.timing import BudgetResult

REPORT_VERSION: Final = 1

Class = Literal["missing", "added", "changed", "time", "miss"]
CLASSES: Final[tuple[Class, ...]] = ("missing", "added", "changed", "time", "miss")


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision that is not the same, or one thing the tape did not have (`cls` "miss", `kind` its lane).

    `ordinal`: its place among those of its turn and kind, from 0, in the new run if it is added there, else in the old.
    `shift_ns`: how much later it came, None if it came in one run only. `fields`: what changed, times too, without the
    moment itself. `cause`: lines, most telling first. `detail`: for a miss, the unified diff from the nearest request
    on the tape. `counterfactual`: it follows something audible that the wearer never heard.
    """

    turn: int
    kind: str
    ordinal: int
    cls: Class
    t_old_ns: int | None = None
    t_new_ns: int | None = None
    shift_ns: int | None = None
    fields: tuple[FieldChange, ...] = ()
    cause: str = ""
    counterfactual: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many differences of each class."""

    missing: int = 0
    added: int = 0
    changed: int = 0
    time: int = 0
    miss: int = 0

    @property
    def total(self) -> int:
        return self.missing + self.added + self.changed + self.time + self.miss

    @classmethod
    def of(cls, differences: Iterable[Difference]) -> Counts:
        found = Counter(d.cls for d in differences)
        return cls(*(found[name] for name in CLASSES))


@dataclass(frozen=True, slots=True)
class Shift:
    """Decisions of one turn, one after another in the old run, that all moved by the same. `whole`: there is nothing
    before them in the turn; `to_end`: nothing after."""

    kind: str
    ordinal: int
    last_kind: str
    shift_ns: int
    decisions: int
    whole: bool
    to_end: bool


@dataclass(frozen=True, slots=True)
class TurnSummary:
    """One turn in both runs. Turn 0 is what came before the first. `decisions`: how many the old run has; `only_in`:
    "old" or "new" if the other has none; `merged_into`: the turn that this one's words became part of, else 0."""

    turn: int
    asked: str
    decisions: int
    counts: Counts
    counterfactual: Counts
    shifts: tuple[Shift, ...] = ()
    only_in: str = ""
    merged_into: int = 0

    @property
    def same(self) -> bool:
        return not self.counts.total and not self.counterfactual.total


@dataclass(frozen=True, slots=True)
class Comparison:
    """`old`, `new`: what the runs are called. `differences`: in the order of the old run, an added one behind what it
    came after. `first`: the earliest of them. `same`: there are none. `held`: every budget is kept, which is another
    matter. `decisions`: how many of the old run were compared."""

    old: str
    new: str
    differences: tuple[Difference, ...] = ()
    first: Difference | None = None
    turns: tuple[TurnSummary, ...] = ()
    timing: tuple[BudgetResult, ...] = ()
    same: bool = True
    settings: tuple[FieldChange, ...] = ()
    decisions: int = 0

    @property
    def held(self) -> bool:
        return all(result.held for result in self.timing)

    @property
    def counts(self) -> Counts:
        """Without the counterfactual ones."""
        return Counts.of(d for d in self.differences if not d.counterfactual)

    @property
    def counterfactual(self) -> Counts:
        return Counts.of(d for d in self.differences if d.counterfactual)

    def by_turn(self) -> dict[int, list[Difference]]:
        """The differences of each turn that has any, in order."""
        found: dict[int, list[Difference]] = {}
        for difference in self.differences:
            found.setdefault(difference.turn, []).append(difference)
        return found

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it; described in docs/replay-report.md."""
        out: dict[str, Any] = {"report": REPORT_VERSION, "old": self.old, "new": self.new, "same": self.same}
        out |= {"held": self.held, "decisions": self.decisions}
        out |= {"counts": asdict(self.counts), "counterfactual": asdict(self.counterfactual)}
        out |= {"settings": [asdict(c) for c in self.settings]}
        out |= {"first": None if self.first is None else asdict(self.first)}
        out |= {"turns": [asdict(turn) for turn in self.turns]}
        out |= {"differences": [asdict(d) for d in self.differences]}
        out |= {"timing": [asdict(result) for result in self.timing]}
        plain: dict[str, Any] = jsonable(out)
        return plain
