"""A comparison for a terminal: one line that says it all, then the first divergence and why, then turn by turn.

Plain text, at most 100 columns. What a recording holds is foreign text: control characters are shown, never sent to the
terminal. What moved together is said once; the JSON report has every difference by itself.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from recordings.compare import Comparison, Counts, Difference, FieldChange, Shift, TurnSummary
from recordings.run import turn_name
from recordings.saying import change, counted, later, milliseconds, moment, quoted

COLUMNS: Final = 100
_TURN_LINES: Final = 12  # of one turn, unless everything is asked for
_MOVES_SHOWN: Final = 4
_DIFF_LINES: Final = 30
_CLASS_WORDS: Final = {"missing": "missing", "added": "added", "changed": "changed", "time": "moved", "miss": "miss"}


def text(comparison: Comparison, verbose: bool = False) -> str:
    """The report. `verbose`: every difference with its cause, every miss with its whole diff, turns that are the same.

    Ends without a line break.
    """
    lines = [*_wrapped(f"{comparison.old} → {comparison.new}"), *_wrapped(headline(comparison))]
    if comparison.first is not None:
        lines += ["", *_first(comparison.first, verbose)]
    by_turn = comparison.by_turn()
    for turns in _rows(comparison, verbose):
        if len(turns) > 1:
            lines += ["", *_only_in(turns)]
        else:
            lines += ["", *turn_lines(turns[0], by_turn.get(turns[0].turn, []), comparison.first, verbose)]
    if comparison.timing:
        lines += ["", *_timing(comparison)]
    return "\n".join(printable(line) for line in lines)


def headline(comparison: Comparison) -> str:
    """The whole in one line."""
    turns = [turn for turn in comparison.turns if turn.turn]
    compared = f"{counted(comparison.decisions, 'decision')} in {counted(len(turns), 'turn')}"
    if comparison.same:
        return f"same: {compared}"
    counts, imagined = comparison.counts, comparison.counterfactual
    differing = sum(1 for turn in turns if turn.counts.total)
    line = f"{counted(counts.total, 'difference')} in {differing} of {counted(len(turns), 'turn')}: {said(counts)}"
    if imagined.total:
        line += f"; {imagined.total} more counterfactual (behind something that the wearer never heard)"
    return line


def said(counts: Counts) -> str:
    """Counts in words; those that are not counterfactual, and those that are, are each said by themselves."""
    return (
        f"{counts.missing} missing, {counts.added} added, {counts.changed} changed, {counts.time} moved, "
        f"{counted(counts.miss, 'miss', 'misses')}"
    )


def printable(line: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


# -------------------------------------------------------------------------------------------------- first and by turns


def _first(first: Difference, verbose: bool) -> Iterator[str]:
    where = f"turn {turn_name(first.turn)}" if first.turn else "before the first turn"
    yield from _wrapped(f"First divergence: {where}, {_one_line(first)}")
    yield from _why(first, "  ")
    yield from _diff(first, verbose)


def _rows(comparison: Comparison, verbose: bool) -> Iterator[list[TurnSummary]]:
    """Turns to tell of: each by itself, but those that one run does not have, one after another, in one."""
    row: list[TurnSummary] = []
    for turn in comparison.turns:
        alike = row and row[-1].only_in and turn.only_in == row[-1].only_in
        if row and not (alike and not verbose and not turn.merged_into and not row[-1].merged_into):
            yield row
            row = []
        if not turn.same or verbose:
            row.append(turn)
    if row:
        yield row


def _only_in(turns: list[TurnSummary]) -> Iterator[str]:
    count = counted(sum(turn.counts.total + turn.counterfactual.total for turn in turns), "difference")
    yield f"turns {turn_name(turns[0].turn)} to {turn_name(turns[-1].turn)}"
    yield f"  only in the {turns[0].only_in} run ({count})"


def first_line(comparison: Comparison) -> str:
    """The first difference, or a budget that was not held, in one line; "" if there is none."""
    if comparison.first is not None:
        return printable(f"turn {turn_name(comparison.first.turn)}: {_one_line(comparison.first)}")
    over = [b for b in comparison.timing if not b.held]
    return f"{over[0].name} {over[0].statistic} is over its budget of {over[0].limit_ms} ms" if over else ""


def turn_lines(
    turn: TurnSummary, differences: list[Difference], first: Difference | None = None, verbose: bool = False
) -> list[str]:
    """One turn as a short block. `first` is told already: its cause is not repeated."""
    lines = list(_wrapped(_title(turn)))
    if turn.same:
        return [*lines, f"  same, {counted(turn.decisions, 'decision')}"]
    if turn.merged_into:
        lines += _wrapped(f"its words became part of turn {turn_name(turn.merged_into)}", "  ")
        differences = [d for d in differences if d.cls == "miss"] if not verbose else differences
    elif turn.only_in and not verbose:
        return [*lines, list(_only_in([turn]))[-1]]
    lines += [line for said in _story(differences) for line in _wrapped(said, "  ")]
    told = {shift.shift_ns for shift in turn.shifts}
    behind = [] if verbose else _behind_a_stop(differences)
    differences = [d for d in differences if d not in behind and (verbose or not _mended(d))]
    rest = [d for d in differences if verbose or d.cls != "time" or d.shift_ns not in told]
    moves = list(_moves(turn.shifts))
    shown = rest if verbose else rest[: max(1, _TURN_LINES - len(moves))]
    for difference in shown:
        lines += _wrapped(f"{_one_line(difference)}{_mark(difference)}", "  ")
        if difference is not first and difference.cls != "time" and (verbose or difference is differences[0]):
            lines += _why(difference, "    ")
        if difference is not first:
            lines += _diff(difference, verbose)
    if len(shown) < len(rest):
        lines.append(f"  … and {counted(len(rest) - len(shown), 'more difference')}; --verbose shows them")
    if behind:
        lines.append(f"  behind that the new run is unknown: {counted(len(behind), 'decision')} of the old one")
    return lines + [line for move in moves for line in _wrapped(move, "  ")]


def _behind_a_stop(differences: Iterable[Difference]) -> list[Difference]:
    """What is only missing because the run had to end at something that the tape does not have."""
    differences = list(differences)
    stopped_ns = [d.t_new_ns for d in differences if d.cls == "miss" and d.t_new_ns and "stopped here" in d.cause]
    if not stopped_ns:
        return []
    return [d for d in differences if d.cls == "missing" and (d.t_old_ns or 0) >= min(stopped_ns)]


# What a turn comes down to for the wearer: (kind, field, what it is called).
_STORY: Final = (
    ("TurnOpened", "text", "asked"),
    ("FrameChosen", "frame.frame_id", "frame"),
    ("TurnClosed", "outcome", "outcome"),
    ("TurnClosed", "said", "answered"),
)


def _story(differences: Iterable[Difference]) -> Iterator[str]:
    """The turn's change as the wearer would tell it, before the single decisions."""
    differences = list(differences)
    for kind, name, called in _STORY:
        for d in differences:
            for f in d.fields:
                if d.cls == "changed" and (d.kind, f.name) == (kind, name):
                    yield f"{called}: {_said(f.old)} → {_said(f.new)}"
    gone = sum(d.kind == "AskModel" and d.cls == "missing" for d in differences)
    new = sum(d.kind == "AskModel" and d.cls == "added" for d in differences)
    if gone > new:
        yield "sent: a question to the model → nothing"
    elif new > gone:
        yield "sent: nothing → a question to the model"
    done = Counter((d.cause.splitlines()[-1], d.kind) for d in differences if _mended(d))
    if done:
        told = (f"{kind}{f' ×{n}' if n > 1 else ''} {answer}" for (answer, kind), n in sorted(done.items()))
        yield f"not on the tape: {', '.join(told)}"


def _mended(d: Difference) -> bool:
    """A miss that was made up for: computed or estimated."""
    return d.cls == "miss" and d.cause.endswith(("computed anew", "estimated"))


def _said(given: object) -> str:
    return quoted(given) if isinstance(given, str) else str(given)


def _title(turn: TurnSummary) -> str:
    name = f"turn {turn_name(turn.turn)}" if turn.turn else "before the first turn"
    title = f"{name}  {quoted(turn.asked)}" if turn.asked else name
    if turn.counterfactual.total and not turn.counts.total:
        title += "  (counterfactual: behind something that the wearer never heard)"
    return title


def _moves(shifts: tuple[Shift, ...]) -> Iterator[str]:
    """What moved together, once; where everything moved by something else, only how far."""
    if len(shifts) > _MOVES_SHOWN:
        count, by = sum(shift.decisions for shift in shifts), sorted(shift.shift_ns for shift in shifts)
        yield f"{counted(count, 'decision')} moved, by {milliseconds(by[0])} to {milliseconds(by[-1])}"
        return
    for shift in shifts:
        decisions = counted(shift.decisions, "decision")
        if shift.decisions == 1:
            yield f"{shift.kind} is {later(shift.shift_ns)}"
        elif shift.whole and shift.to_end:
            yield f"everything is {later(shift.shift_ns)} ({decisions})"
        elif shift.to_end:
            yield f"everything from {shift.kind} on is {later(shift.shift_ns)} ({decisions})"
        else:
            yield f"from {shift.kind} to {shift.last_kind} all is {later(shift.shift_ns)} ({decisions})"


def _one_line(d: Difference) -> str:
    """What differs: class, kind, where, and the fields."""
    name = d.kind if not d.ordinal else f"{d.kind} (number {d.ordinal + 1} in its turn)"
    if d.cls == "miss":
        return f"miss: {d.kind}, {'; '.join(d.cause.splitlines()[:2])}"
    at = "" if d.t_old_ns is None and d.t_new_ns is None else f" at {moment(d.t_old_ns or d.t_new_ns or 0)}"
    if d.cls in {"missing", "added"}:
        return f"{d.cls}: {name}{at}"
    shift = later(d.shift_ns or 0)
    fields = "; ".join(_change(c) for c in d.fields if d.cls == "time" or not _a_time(c))
    if d.cls == "time":
        return f"moved: {name}{at}, {shift}" + (f"; {fields}" if fields and not d.shift_ns else "")
    return f"changed: {name}{at}: {fields}" + (f" ({shift})" if d.shift_ns else "")


def _change(given: FieldChange) -> str:
    return f"{given.name} {change(given.name, given.old, given.new)}"


def _a_time(given: FieldChange) -> bool:
    return given.name.endswith("_ns")


def _mark(d: Difference) -> str:
    return "  [counterfactual]" if d.counterfactual else ""


def _why(d: Difference, indent: str) -> Iterator[str]:
    lines = d.cause.splitlines()
    for line in lines[2:] if d.cls == "miss" else lines:
        yield from _wrapped(line, indent)


def _diff(d: Difference, verbose: bool) -> Iterator[str]:
    """A unified diff keeps its lines: they are cut, not wrapped."""
    lines = d.detail.splitlines()
    shown = lines if verbose else lines[:_DIFF_LINES]
    for line in shown:
        cut = printable(line)
        yield f"    | {cut if len(cut) <= COLUMNS - 6 else cut[: COLUMNS - 7] + '…'}"
    if len(shown) < len(lines):
        yield f"    | … {counted(len(lines) - len(shown), 'more line')}; --verbose shows them"


# -------------------------------------------------------------------------------------------------------------- timing


def _timing(comparison: Comparison) -> Iterator[str]:
    broken = sum(1 for result in comparison.timing if not result.held)
    budgets = sum(1 for result in comparison.timing if result.limit_ms is not None)
    judged = (
        f": {broken} of {counted(budgets, 'budget')} broken" if broken else ": every budget held" if budgets else ""
    )
    yield f"Timing{judged}"
    for r in comparison.timing:
        figures = f"  {r.name:<27}{r.statistic.removesuffix('_ms'):<4}{_ms(r.old_ms):>10} → {_ms(r.new_ms):>10}"
        if r.limit_ms is None:
            yield figures
        else:
            verdict = "no turn to judge" if r.new_ms is None else "held" if r.held else "BROKEN"
            yield f"{figures}   budget {r.limit_ms:g} ms: {verdict}"


def _ms(given: float | None) -> str:
    return "–" if given is None else f"{given:.1f} ms"


def _wrapped(line: str, indent: str = "") -> Iterable[str]:
    """On as many lines as it takes; what goes on stands two columns further in."""
    return textwrap.wrap(
        printable(line), COLUMNS, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )
