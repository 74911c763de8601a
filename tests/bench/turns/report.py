"""Figures beside bars: what each part gave, as rows for people and as one object for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pipelines.thinking.intent import understand
from tests.bench.turns.overlap_parts import SILENT_DB, Alone, Overlap
from tests.bench.turns.quiet_parts import Nothing, Woken
from tests.bench.turns.turn_parts import Outcome


@dataclass
class Report:
    """`row` prints as it comes; `figures` and `bars` are the JSON line."""

    figures: dict[str, Any] = field(default_factory=dict)
    bars: dict[str, bool] = field(default_factory=dict)

    def title(self, text: str) -> None:
        print(f"\n{text}")

    def row(
        self, name: str, key: str, value: float | None, unit: str, most: float | None = None, note: str = ""
    ) -> None:
        """One claim. `most`: the bar; a value that is missing does not hold."""
        self.figures[key] = None if value is None else round(value, 2)
        shown = "none" if value is None else f"{value:.1f} {unit}" if value % 1 else f"{value:.0f} {unit}"
        held = ""
        if most is not None:
            self.bars[key] = value is not None and value <= most
            held = f"<= {most:g} {unit}  {'holds' if self.bars[key] else 'MISSED'}"
        print(f"  {name:<50}{shown:>14}   {held:<26}{note}", flush=True)

    def least(self, name: str, key: str, value: float, unit: str, least: float, note: str = "") -> None:
        """One claim that has a lower bound."""
        self.figures[key], self.bars[key] = round(value, 2), value >= least
        held = f">= {least:g} {unit}  {'holds' if value >= least else 'MISSED'}"
        print(f"  {name:<50}{value:>10.1f} {unit:<3}   {held:<26}{note}", flush=True)

    def cases(self, what: str, found: Sequence[Any], show: int) -> None:
        """What went wrong, the first of it in full."""
        if found and show:
            print(f"    {what}, {min(show, len(found))} of {len(found)}:")
        for case in found[:show]:
            print(f"      {case}")


def quantile(values: Iterable[float], q: float) -> float | None:
    """The q-th quantile, interpolated; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    at = q * (len(ordered) - 1)
    low = int(at)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


def share(found: Sequence[Any], test: Callable[[Any], bool]) -> float:
    """In per cent."""
    return 100 * sum(map(test, found)) / max(1, len(found))


def latencies(found: Iterable[Outcome]) -> list[float]:
    """Of what was not cut off, from the true end to the decision."""
    return [o.decided for o in found if o.decided is not None and not o.cut]


# ------------------------------------------------------------------------------------------------------- when turns end


def turn_ends(report: Report, found: dict[str, list[Outcome]], show: int) -> None:
    ours = found["ours"]
    report.title(
        f"When turns end: {len(ours)} dialogues, {share(ours, lambda o: o.pause_ms > 0):.0f} % with a pause inside"
    )
    for kind, most_cut, most_ms in (("command", 3.0, 300.0), ("question", 8.0, 470.0)):
        mine = [o for o in ours if o.kind == kind]
        noticed = share(mine, lambda o: o.noticed)
        note = f"{noticed:.1f} % after mending, of {len(mine)}"
        report.row(f"{kind}s cut off", f"{kind}_cut_percent", share(mine, lambda o: o.cut), "%", most_cut, note)
        report.row(f"{kind}s cut off and not mended", f"{kind}_noticed_percent", noticed, "%")
        report.row("  true end to decision, median", f"{kind}_median_ms", quantile(latencies(mine), 0.5), "ms", most_ms)
        report.row("  95th percentile", f"{kind}_p95_ms", quantile(latencies(mine), 0.95), "ms")
        report.row("  never decided within 2.1 s", f"{kind}_undecided", sum(o.decided is None for o in mine), "")
        report.cases("cut off and not mended", [_case(o) for o in mine if o.noticed], show)
        report.cases("mended", [_case(o) for o in mine if o.cut and not o.noticed], show // 2)
        report.cases("never decided", [_case(o) for o in mine if o.decided is None], show)
    late = [o.text_late for o in ours if o.decided is not None]
    report.row("text ready after the silence that decides, p95", "text_late_p95_ms", quantile(late, 0.95), "ms", 20.0)
    for key, name in (
        ("recognised", "recognitions"),
        ("sent_early", "queries sent early"),
        ("wasted", "of these wasted"),
    ):
        report.row(f"{name}, a turn", f"{key}_per_turn", sum(getattr(o, key) for o in ours) / len(ours), "")
    report.row("turns too many", "extra_turns", sum(o.extra for o in ours), "")
    for kind in ("command", "question"):
        _by([o for o in ours if o.kind == kind], f"{kind}s by rule", lambda o: o.rule)
    _by(ours, "SNR dB", lambda o: f"{o.snr_db:.0f}")
    _by([o for o in ours if o.kind == "command"], "commands", lambda o: understand(o.text).label)
    frontier(report, found)


def _case(o: Outcome) -> str:
    early = ", ".join(f"{text!r}{' (mended)' if mended else ''}" for text, mended in o.early)
    decided = "never" if o.decided is None else f"{o.decided:.0f} ms"
    return (
        f"{o.text!r} at {o.snr_db:.0f} dB, {o.pause_ms} ms pause after {o.before!r}: "
        f"opened {early or 'nothing early'}; then {decided}, {o.heard!r} {o.rule}"
    )


def _by(found: list[Outcome], name: str, group: Callable[[Outcome], str]) -> None:
    print(f"    {name:<20}{'n':>5}{'cut off %':>11}{'not mended %':>14}{'median ms':>11}{'p95 ms':>8}")
    for key in sorted({group(o) for o in found}):
        mine = [o for o in found if group(o) == key]
        median, slow = (_(quantile(latencies(mine), q)) for q in (0.5, 0.95))
        cut, noticed = share(mine, lambda o: o.cut), share(mine, lambda o: o.noticed)
        print(f"    {key:<20}{len(mine):>5}{cut:>11.1f}{noticed:>14.1f}{median:>11}{slow:>8}")


def frontier(report: Report, found: dict[str, list[Outcome]]) -> None:
    """Latency against cut-offs, all policies on the same sound; and where ours crosses 5 %."""
    print(f"\n  {'the same sound':<18}{'commands':>30}{'questions':>36}")
    head = f"{'cut %':>10}{'noticed %':>11}{'median ms':>11}"
    print(f"  {'':<18}{head}    {head}")
    rows = []
    for name, outcomes in found.items():
        line, row = f"  {name:<18}", {"policy": name}
        for kind in ("command", "question"):
            mine = [o for o in outcomes if o.kind == kind]
            cut, noticed = share(mine, lambda o: o.cut), share(mine, lambda o: o.noticed)
            median = quantile(latencies(mine), 0.5)
            line += f"{cut:>10.1f}{noticed:>11.1f}{_(median):>11}    "
            row |= {f"{kind}_cut": round(cut, 2), f"{kind}_noticed": round(noticed, 2), f"{kind}_ms": _(median)}
        print(line, flush=True)
        rows.append(row)
    report.figures["frontier"] = rows
    for key, name in (("cut", "cut off"), ("noticed", "cut off and not mended")):
        points = [(r[f"question_{key}"], float(r["question_ms"])) for r in rows if r["policy"].startswith("ours")]
        fixed = [(r[f"question_{key}"], float(r["question_ms"])) for r in rows if r["policy"].startswith("fixed")]
        note = f"a fixed silence: {_(crossing(fixed, 5.0))} ms"
        report.row(
            f"questions: latency where 5 % are {name}",
            f"question_ms_at_5_{key}",
            crossing(points, 5.0),
            "ms",
            None,
            note,
        )


def crossing(points: Sequence[tuple[float, float]], percent: float) -> float | None:
    """The lowest latency at which so many are cut off, between two points linearly; None if all are cut off more."""
    ordered = sorted(points, key=lambda p: p[1])
    if ordered and ordered[0][0] <= percent:
        return ordered[0][1]
    for (more, fast), (less, slow) in pairwise(ordered):
        if less <= percent < more:
            return fast + (slow - fast) * (more - percent) / (more - less)
    return None


def _(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


# ----------------------------------------------------------------------------------------------------- voices that meet


def overlapping(report: Report, found: list[Overlap], show: int) -> None:
    clean = [o for o in found if o.echo == "none"]
    wet = [o for o in found if o.echo != "none"]
    report.title(f"A voice over the answer: {len(clean)} times without echo, {len(wet)} with it cancelled")
    for name, mine, most in (("clean", clean, 250.0), ("cancelling", wet, 400.0)):
        spoken = [o for o in mine if o.kind in {"turn", "stop"} and not o.before]
        times = [o.silent if o.silent is not None else 5000.0 for o in spoken]
        where = "no echo" if name == "clean" else "echo cancelled"
        report.row(f"onset to silent, {where}, p95", f"silent_p95_ms_{name}", quantile(times, 0.95), "ms", most)
        report.row("  median", f"silent_median_ms_{name}", quantile(times, 0.5), "ms")
        report.row("  never", f"never_silent_{name}", sum(o.silent is None for o in spoken), "")
        report.cases("too slow", [o for o, t in zip(spoken, times, strict=True) if t > most], show)
    quiet = [o.loudest for o in found if o.silent is not None and o.kind in {"turn", "stop"}]
    report.least("  how far down it is then, least", "silent_by_db", -max(quiet, default=0.0), "dB", SILENT_DB)
    agreed = [o for o in found if o.kind == "backchannel"]
    missed = [o for o in agreed if not o.resumed]
    note = f"{sum(o.misheard for o in missed)} of {len(missed)} not resumed were misheard"
    report.least(
        "back-channels: the answer goes on",
        "backchannel_resume_percent",
        share(agreed, lambda o: o.resumed),
        "%",
        95.0,
        note,
    )
    report.cases("not resumed", missed, show)
    coughs = [o for o in found if o.kind == "cough"]
    report.least(
        "coughs, laughs: the answer goes on", "cough_resume_percent", share(coughs, lambda o: o.resumed), "%", 95.0
    )
    report.cases("not resumed", [o for o in coughs if not o.resumed], show)
    stops = [o for o in found if o.kind == "stop"]
    right = [o for o in stops if not o.misheard]
    took = [o.stopped if o.stopped is not None else 5000.0 for o in right]
    note = f"{len(stops) - len(right)} misheard by the scripted recogniser left out"
    report.row('"stop": from its end, p95', "stop_p95_ms", quantile(took, 0.95), "ms", 600.0, note)
    report.row("  longest", "stop_max_ms", max(took, default=None), "ms", 600.0)
    report.cases("slow or never", [o for o, t in zip(right, took, strict=True) if t > 600], show)
    words = [o.unheard for o in found if o.unheard is not None]
    report.row(
        "words in history that the ear never got, p95",
        "unheard_p95",
        quantile([max(0, w) for w in words], 0.95),
        "",
        1.0,
    )
    report.row(
        "words that the ear got and history lacks, p95", "missing_p95", quantile([max(0, -w) for w in words], 0.95), ""
    )
    turns = [o for o in found if o.kind == "turn"]
    report.row(
        "questions over the answer that were not taken", "interruptions_lost", sum(not o.opened for o in turns), ""
    )
    report.row("down already when the wearer began", "down_before", sum(o.before for o in found), "")


def by_itself(report: Report, found: list[Alone], show: int) -> None:
    minutes = sum(a.spoke_s for a in found) / 60
    report.title(f"Nobody but the companion, {minutes:.1f} minutes of its voice in its own microphone")
    report.row("false stops", "false_stops", sum(a.pauses + a.stops + a.turns for a in found), "", 0.0)
    report.row("false ducks", "false_ducks", sum(a.ducks for a in found), "")
    report.cases("false", [a for a in found if a.pauses + a.stops + a.turns + a.ducks], show)
    report.figures["echo_minutes"] = round(minutes, 1)


# ------------------------------------------------------------------------------------------------------ nothing happens


def nothing_happens(report: Report, found: list[Nothing], show: int) -> None:
    minutes = sum(n.seconds for n in found) / 60
    report.title(f"Noise and silence: {minutes:.0f} minutes")
    report.row("queries", "noise_queries", sum(n.queries for n in found), "", 0.0)
    report.row("turns without one", "noise_turns", sum(n.turns for n in found), "")
    report.cases("turns", [n for n in found if n.queries or n.turns], show)
    report.figures["noise_minutes"] = round(minutes, 1)


def other_people(report: Report, open_: list[Nothing], gated: list[Nothing], show: int) -> None:
    report.title("Other people and a television set")
    for what in dict.fromkeys(n.what for n in open_):
        mine = [n for n in open_ if n.what == what]
        weak = float(what.split()[1]) >= 12
        minutes = sum(n.seconds for n in mine) / 60
        lost = sum(n.wearer_lost for n in mine)
        note = f"{sum(n.turns for n in mine)} turns in {minutes:.0f} min; {lost} of the wearer's own lost before"
        key = f"queries_{what.replace(' dB', '').replace(' ', '_')}"
        report.row(
            f"queries, {what} below the wearer", key, sum(n.queries for n in mine), "", 0.0 if weak else None, note
        )
        report.cases("turns", [n for n in mine if n.queries and weak], show)
    minutes = sum(n.seconds for n in gated) / 60
    report.row(
        "queries behind the gate, as loud as the wearer",
        "queries_gated",
        sum(n.queries for n in gated),
        "",
        0.0,
        f"{minutes:.0f} min",
    )
    report.cases("behind the gate", [n for n in gated if n.queries or n.turns], show)


def gate_opens(report: Report, found: list[Woken], show: int) -> None:
    report.title(f"The wake phrase and words right behind it: {len(found)}")
    right = [w for w in found if not w.misheard]
    report.row("answered", "woken_percent", share(found, lambda w: w.answered), "%")
    report.row(
        "  of those heard right",
        "woken_heard_percent",
        share(right, lambda w: w.answered),
        "%",
        None,
        f"of {len(right)}",
    )
    lost = [w for w in right if w.answered and not w.first_word]
    report.row("first word lost, of those", "first_words_lost", len(lost), "")
    report.cases("not answered", [w for w in right if not w.answered], show)
    report.cases("first word lost", lost, show)


def broken(report: Report, found: list[str], show: int) -> None:
    report.title("Sessions that an error ended")
    report.row("broken", "broken_sessions", len(found), "", 0.0)
    report.cases("broken", found, show)


# ------------------------------------------------------------------------------------------------------- for the record


def recordings(report: Report, name: str, found: dict[str, dict[str, Any]], bar: bool) -> None:
    for policy, got in found.items():
        early = got["early"]
        key = f"{name.split('.')[0]}_early" + ("" if policy == "ours" else f"_{policy.replace(' ', '_')}")
        most = 0.0 if bar and policy == "ours" else None
        decided = "never" if got["decided_ms"] is None else f"{got['decided_ms']:.0f} ms after its end"
        note = f"decided {decided}" + "".join(f"; {at} s: {text!r}" for at, text, _ in early)
        report.row(f"{name} ({got['seconds']} s), {policy}: false turns", key, len(early), "", most, note[:160])


def people(report: Report, found: list[Overlap], show: int) -> None:
    for key, where, clean in (("clean", "no echo", True), ("cancelling", "echo cancelled", False)):
        mine = [o for o in found if (o.echo == "none") is clean and not o.before]
        times = [o.silent if o.silent is not None else 5000.0 for o in mine]
        p95, name = quantile(times, 0.95), f"their onset to silent, {where}, p95"
        report.row(name, f"people_silent_p95_ms_{key}", p95, "ms", None, f"of {len(times)}")
        report.row("  median", f"people_silent_median_ms_{key}", quantile(times, 0.5), "ms")
        report.cases("slow", [o for o, t in zip(mine, times, strict=True) if t > 400], show)


def small_model(report: Report, found: list[Outcome], show: int) -> None:
    report.title(f"The recogniser of the package, {len(found)} phrases that it knows at 20 dB (no bar)")
    right = [o for o in found if o.heard == o.text]
    report.row("opened with the right words", "embedded_right_percent", share(found, lambda o: o in right), "%")
    report.row("cut off", "embedded_cut_percent", share(found, lambda o: o.cut), "%")
    report.row("true end to decision, median", "embedded_median_ms", quantile(latencies(found), 0.5), "ms")
    report.cases("otherwise", [_case(o) for o in found if o.heard != o.text], show)
