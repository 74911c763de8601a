"""Two runs of one session compared: which decisions are missing, added, changed or moved, turn by turn, and why.

Decisions are what is compared; happenings are looked at only to say why. What is the same is the same to the last bit,
unless a rule says otherwise (`recordings.rules`). Timing is judged by budgets (`recordings.timing`) and never makes two
runs differ; a decision that moved does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pipelines.events import TurnOpened
from recordings.align import Pair, Place, align, groups_of
from recordings.causes import Causes, reason_differs, settings_that_differ
from recordings.differences import Class, Comparison, Counts, Difference, Shift, TurnSummary
from recordings.field_changes import FieldChange, changes
from recordings.rules import Rules
from recordings.run import Event, Miss, Run, turn_name
from recordings.summaries import summaries
from recordings.timing import BudgetResult, timing_of

__all__ = [
    "BudgetResult",
    "Comparison",
    "Counts",
    "Difference",
    "FieldChange",
    "Shift",
    "TurnSummary",
    "compare",
]

DEFAULT_RULES: Final = Rules()


def compare(old: Run, new: Run, rules: Rules = DEFAULT_RULES) -> Comparison:
    """What the new run does otherwise than the old one."""
    return _Comparing(old, new, rules).done()


# Where a difference stands: index of the decision in the old run, or of the one it came after there; then 1 behind it;
# index in the new run; number of the miss behind that.
_Position = tuple[int, int, int, int]


@dataclass(slots=True)
class _Comparing:
    """One comparison at work: pairs first, then their order, then what differs and why."""

    old: Run
    new: Run
    rules: Rules
    found: list[tuple[_Position, Difference, Pair | None]] = field(default_factory=list)

    def done(self) -> Comparison:
        opened = {step.turn for step in self.new.steps if isinstance(step.event, TurnOpened)}
        newly = self.new.merged.keys() - self.old.merged.keys() - opened
        merged = {turn: _absorbing(turn, self.new.merged) for turn in sorted(newly)}
        before, after = groups_of(self.old, self.rules), groups_of(self.new, self.rules)
        gone = [place for (turn, _), group in before.items() if turn in merged for place in group]
        pairs = align({key: g for key, g in before.items() if key[0] not in merged}, after, self.rules)
        pairs = _over_turns(pairs, gone, merged, self.rules)
        pairs.sort(key=lambda p: (p.old is None, p.old.index if p.old else 0, p.new.index if p.new else 0))
        self._decisions(pairs)
        self._merged(gone, merged)
        self._misses(pairs)
        self.found.sort(key=lambda item: item[0])
        settings = settings_that_differ(self.old.settings, self.new.settings)
        differences = self._with_causes(pairs, Causes(self.old, self.new, settings))
        return Comparison(
            self.old.name,
            self.new.name,
            differences,
            differences[0] if differences else None,
            summaries(pairs, gone, merged, differences, self.rules),
            timing_of(_own(self.old), _own(self.new), self.rules.budgets),
            not differences,
            settings,
            sum(len(group) for group in before.values()),
        )

    def _decisions(self, pairs: list[Pair]) -> None:
        after = _after_which(pairs)
        imagined = False  # the last decision that both runs have is counterfactual in the new one
        for pair in pairs:
            if pair.new is None:
                assert pair.old is not None
                place, position = pair.old, (pair.old.index, 0, 0, 0)
                lost = Difference(place.turn, place.kind, place.ordinal, "missing", place.event.t_ns)
                self._add(position, lost, pair, imagined)
            elif pair.old is None:
                place, position = pair.new, (after[pair.new.index], 1, pair.new.index, 0)
                added = Difference(place.turn, place.kind, place.ordinal, "added", None, place.event.t_ns)
                self._add(position, added, pair, place.step.counterfactual)
            else:
                imagined = pair.new.step.counterfactual
                if difference := _both(pair.old, pair.new, self.rules):
                    self._add((pair.old.index, 0, 0, 0), difference, pair, imagined)

    def _add(self, position: _Position, difference: Difference, pair: Pair | None, imagined: bool) -> None:
        self.found.append((position, replace(difference, counterfactual=imagined), pair))

    def _merged(self, gone: list[Place], merged: dict[int, int]) -> None:
        """A turn whose words became part of another is one difference, not as many as it had decisions."""
        for turn, into in merged.items():
            opened = next((p for p in gone if p.turn == turn and p.kind == "TurnOpened"), None)
            if opened is not None:
                cause = f"its words became part of turn {turn_name(into)}"
                lost = Difference(turn, "TurnOpened", opened.ordinal, "missing", opened.event.t_ns, cause=cause)
                self._add((opened.index, 0, 0, 0), lost, None, opened.step.counterfactual)

    def _misses(self, pairs: list[Pair]) -> None:
        """What the tape did not have stands behind the decision that asked for it."""
        known = Counter(_naming(miss) for miss in self.old.misses)
        order = sorted((p.new for p in pairs if p.new is not None), key=lambda place: place.index)
        own: dict[int, list[Place]] = {}
        for place in order:
            own.setdefault(place.turn, []).append(place)
        after, paired = _after_which(pairs), {p.new.index for p in pairs if p.new and p.old}
        ordinals: Counter[tuple[int, str]] = Counter()
        for number, miss in enumerate(self.new.misses):
            if known[_naming(miss)] > 0:
                known[_naming(miss)] -= 1
                continue
            ordinal = ordinals[miss.turn, miss.kind]
            ordinals[miss.turn, miss.kind] += 1
            asker = _last_until(own.get(miss.turn, []), miss.t_ns) or _last_until(order, miss.t_ns)
            at = -1 if asker is None else after[asker.index]
            behind = -1 if asker is None or asker.index in paired else asker.index
            what, answer = (" ".join(words.split()) for words in (miss.what, miss.answer))
            cause = f"the tape does not have it: {what}" + (f"\n{answer}" if answer else "")
            lost = Difference(miss.turn, miss.kind, ordinal, "miss", None, miss.t_ns, cause=cause, detail=miss.diff)
            self._add((at, 1, behind, number + 1), lost, None, asker is not None and asker.step.counterfactual)

    def _with_causes(self, pairs: list[Pair], causes: Causes) -> tuple[Difference, ...]:
        """Causes filled in: the whole of it for the first difference, the way there for the first of each turn."""
        telling: dict[int, list[Pair]] = {}  # by turn, pairs whose reasons differ, in the old run's order
        for pair in pairs:
            if pair.old is not None and reason_differs(pair):
                telling.setdefault(pair.old.turn, []).append(pair)
        out: list[Difference] = []
        seen: set[int] = set()
        for position, difference, of in self.found:
            cause = difference.cause
            if of is not None:
                new_here = difference.turn not in seen
                earlier = _last_before(telling.get(difference.turn, []), position[0], of) if new_here else None
                cause = causes.of(of, earlier, first=not out)
            elif not out:
                cause = "\n".join([cause, *causes.settings_line()])
            seen.add(difference.turn)
            out.append(replace(difference, cause=cause))
        return tuple(out)


def _both(old: Place, new: Place, rules: Rules) -> Difference | None:
    """What differs between a decision and its counterpart, if anything does."""
    found = changes(old.event, new.event, rules)
    if not found:
        return None
    cls: Class = "changed" if found.content else "time"
    fields = (*found.content, *(c for c in found.times if c.name != "t_ns"))
    then_ns, now_ns = old.event.t_ns, new.event.t_ns
    return Difference(old.turn, old.kind, old.ordinal, cls, then_ns, now_ns, now_ns - then_ns, fields)


def _own(run: Run) -> list[Event]:
    """What belongs to the session; see `align.groups_of`."""
    return [step.event for step in run.steps if step.turn >= 0]


def _absorbing(turn: int, merged: Mapping[int, int]) -> int:
    """The turn that a merged turn's words ended up in, over several mergers."""
    into, seen = merged[turn], {turn}
    while into in merged and into not in seen:
        seen.add(into)
        into = merged[into]
    return into


def _over_turns(pairs: list[Pair], gone: list[Place], merged: Mapping[int, int], rules: Rules) -> list[Pair]:
    """The very same decision at the very same moment is no difference, though the runs count it to different turns: a
    sound before a turn belongs to the one that comes of it. Of a merged turn's decisions, `gone`, the turn's number may
    differ too, where the absorbing turn has them."""
    left: dict[tuple[str, int], list[Place]] = {}
    for place in [*gone, *(p.old for p in pairs if p.old is not None and p.new is None)]:
        left.setdefault((place.kind, place.event.t_ns), []).append(place)
    found: dict[int, Pair] = {}  # by index in the new run
    taken: set[int] = set()  # index in the old run
    for new in (p.new for p in pairs if p.new is not None and p.old is None):
        for old in left.get((new.kind, new.event.t_ns), []):
            if old.index not in taken and _very_same(old, new, merged, rules):
                found[new.index] = Pair(old, new)
                taken.add(old.index)
                break
    kept = [p for p in pairs if p.new is not None or p.old is None or p.old.index not in taken]
    kept = [p for p in kept if p.old is not None or p.new is None or p.new.index not in found]
    lost = {place.index for place in gone}
    return kept + [pair for pair in found.values() if pair.old is not None and pair.old.index not in lost]


def _very_same(old: Place, new: Place, merged: Mapping[int, int], rules: Rules) -> bool:
    found = changes(old.event, new.event, rules)
    absorbed = merged.get(old.turn) == new.turn
    return not found.times and all(absorbed and c.name == "turn" for c in found.content)


def _after_which(pairs: list[Pair]) -> dict[int, int]:
    """For each decision of the new run, by index: the old run's index of the last one up to it that both have."""
    after: dict[int, int] = {}
    last = -1
    for pair in sorted((p for p in pairs if p.new is not None), key=lambda p: p.new.index if p.new else 0):
        last = pair.old.index if pair.old is not None else last
        after[pair.new.index if pair.new else 0] = last
    return after


def _naming(miss: Miss) -> tuple[int, str, str]:
    return miss.turn, miss.kind, miss.what


def _last_until(places: list[Place], t_ns: int) -> Place | None:
    return next((p for p in reversed(places) if p.event.t_ns <= t_ns), None)


def _last_before(pairs: list[Pair], index: int, itself: Pair) -> Pair | None:
    """The last pair that stands before an index of the old run."""
    return next((p for p in reversed(pairs) if p is not itself and p.old and p.old.index <= index), None)
