"""What came out: a row for each thing that was asked, a column for each server, and our own bars."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.peers.runs import Figures

Results = Mapping[tuple[str, str], Figures]  # (row, server)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    about: str


ROWS = (
    Row("questions", "voice to voice, finished question, first token after 200 ms"),
    Row("first-0", "… first token at once"),
    Row("first-800", "… first token after 800 ms"),
    Row("commands", "voice to voice, answered on the device"),
    Row("reading", "… after reading the camera's picture"),
    Row("loss", "question, 3 % loss and 20 ms jitter on the way up"),
    Row("sessions-8", "question, 8 sessions in one process"),
    Row("barge", "the wearer speaks -> silence (ducked counts)"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """`value`: what was measured, None = not in this run."""

    name: str
    value: float | None
    most: float

    @property
    def met(self) -> bool | None:
        return None if self.value is None else self.value <= self.most


def bars(results: Results) -> tuple[Bar, ...]:
    """What we promise, from our own column."""
    ours = {row: figures for (row, server), figures in results.items() if server == "earshot"}
    question = _median(ours, "questions")
    return (
        Bar("question, median", question, 500),
        Bar("command, median", _median(ours, "commands"), 350),
        Bar("command that reads, median", _median(ours, "reading"), 350),
        Bar("loss and jitter, over clean", _over(_median(ours, "loss"), question), 50),
        Bar("8 sessions, over one", _over(_median(ours, "sessions-8"), question), 30),
        Bar("barge-in, 95th percentile", ours["barge"].barge_p95 if "barge" in ours else None, 250),
    )


def _median(ours: Mapping[str, Figures], row: str) -> float | None:
    return ours[row].median if row in ours else None


def _over(value: float | None, clean: float | None) -> float | None:
    return None if value is None or clean is None else value - clean


def table(results: Results, servers: Sequence[str], skipped: Mapping[str, str]) -> str:
    """Readable; medians, 90th percentiles, and how many turns they are of."""
    lines = [f"\n{'milliseconds: median / 90th percentile (turns)':<66}" + "".join(f"{name:>22}" for name in servers)]
    for row in ROWS:
        cells = [_cell(row.name, results.get((row.name, server))) for server in servers]
        if any(cells):
            lines.append(f"{row.about:<66}" + "".join(f"{cell or '-':>22}" for cell in cells))
    lines += _beside(results, servers)
    for (row_name, server), figures in results.items():
        if figures.problem:
            lines.append(f"{server}, {row_name}: {figures.problem}")
        elif figures.early or figures.missing or figures.not_stopped:
            lines.append(
                f"{server}, {row_name}: {figures.early} answered before the end, {figures.missing} without an answer, "
                f"{figures.not_stopped} not stopped"
            )
    lines += [f"{server} was skipped: {why}" for server, why in skipped.items()]
    return "\n".join(lines)


def _cell(row: str, figures: Figures | None) -> str:
    if figures is None or figures.problem:
        return ""
    middle, high = (figures.barge_median, figures.barge_p95) if row == "barge" else (figures.median, figures.p90)
    count = len(figures.barge) if row == "barge" else len(figures.v2v)
    return "" if middle is None or high is None else f"{middle:.0f} / {high:.0f} ({count})"


def _beside(results: Results, servers: Sequence[str]) -> list[str]:
    """Processor and memory of one talking session, and each command by itself."""
    found = [(server, results.get(("questions", server))) for server in servers]
    lines = [f"{'one talking session, processor (% of a core) and memory (MB)':<66}"]
    for _, figures in found:
        lines[0] += f"{f'{figures.cpu_percent:.0f} %, {figures.memory_mb:.0f}' if figures else '-':>22}"
    for row in ("questions", "commands", "reading"):
        ours = results.get((row, "earshot"))
        for clip, values in (ours.by_clip if ours else {}).items():
            lines.append(f"    {clip.replace('_', ' '):<62}{statistics.median(values):>22.0f}")
    return lines


def plain(results: Results, skipped: Mapping[str, str], quick: bool) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "bench": "peers",
        "quick": quick,
        "rows": {
            row.name: {server: _plain(figures) for (name, server), figures in results.items() if name == row.name}
            for row in ROWS
        },
        "bars": {bar.name: {"value": _round(bar.value), "most": bar.most, "met": bar.met} for bar in bars(results)},
        "skipped": dict(skipped),
    }


def _plain(figures: Figures) -> dict[str, Any]:
    if figures.problem:
        return {"problem": figures.problem}
    return {
        "median_ms": _round(figures.median),
        "p90_ms": _round(figures.p90),
        "turns": len(figures.v2v),
        "early": figures.early,
        "missing": figures.missing,
        "barge_median_ms": _round(figures.barge_median),
        "barge_p95_ms": _round(figures.barge_p95),
        "barge_turns": len(figures.barge),
        "not_stopped": figures.not_stopped,
        "cpu_percent": _round(figures.cpu_percent),
        "memory_mb": _round(figures.memory_mb),
        "host_busy_percent": _round(figures.host_busy_percent),
    }


def _round(value: float | None) -> int | None:
    return None if value is None else round(value)
