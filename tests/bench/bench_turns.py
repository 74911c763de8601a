"""How long a wearer waits on turns that need no model: end of speech to the first answer sample heard.

A real companion and the simulated glasses, as two processes over WebRTC on loopback, in real time. "ear" is measured by
the simulator from outside: the last speech sample it sent to arrival of the first audible sample; "mouth" the same from
the moment at which that sample was made, which is when its packet began to fill. The stages are the companion's own
tiling of the wait from mouth to ear, up to the device's word on what it heard; "unexplained" is the difference.

    python -m tests.bench.bench_turns [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from pipelines.spans import SPANS, TurnSpans, spans_of
from recordings.reader import Recording
from tests.companions import companion, simulator


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--rounds", type=int, default=5, help="each round is four turns: sign, code, label, memory")
    rounds = args.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        with companion(out / "rec", "--quiet") as c:
            played = subprocess.run(
                simulator("bench", c.url, out, "--set", f"rounds={rounds}"), capture_output=True, text=True
            )
            c.stop()
        verdict = json.loads((out / "verdict.json").read_text())
        (recording,) = (out / "rec").glob("*.mcap")
        turns = spans_of(Recording(recording).events())
    report(verdict, turns, played.returncode == 0)


def report(verdict: dict[str, object], turns: list[TurnSpans], all_right: bool) -> None:
    """The table, and its figures as one line of JSON."""
    listed = verdict["turns"]
    assert isinstance(listed, list)
    answered = [t for t in listed if t["turn"] and t.get("mouth_to_ear_ms") is not None]
    ear, mouth = [t["mouth_to_ear_ms"] for t in answered], [t["from_mouth_ms"] for t in answered]
    rows: list[tuple[str, float, float]] = []
    for name, _ in SPANS:
        found = [sum(s.ms for s in t.spans if s.name == name) for t in turns]
        if any(found):
            rows.append((name, statistics.median(found), quantile(found, 0.95)))
    totals = [t.total_ms for t in turns]
    unexplained = [abs(m - t) for m, t in zip(mouth, totals, strict=False)] if len(mouth) == len(totals) else []
    link = [t.link_ms for t in turns]
    print(f"\n{len(ear)} on-device turns, every answer judged right by ear: {all_right}")
    print(f"{'stage':<14}{'median ms':>10}{'p95 ms':>10}")
    for name, median, p95 in rows:
        print(f"{name:<14}{median:>10.0f}{p95:>10.0f}")
    print(f"{'tiled':<14}{statistics.median(totals):>10.0f}{quantile(totals, 0.95):>10.0f}")
    print(f"{'of it link':<14}{statistics.median(link):>10.0f}{quantile(link, 0.95):>10.0f}")
    print(f"{'mouth':<14}{statistics.median(mouth):>10.0f}{quantile(mouth, 0.95):>10.0f}")
    print(f"{'ear':<14}{statistics.median(ear):>10.0f}{quantile(ear, 0.95):>10.0f}")
    if unexplained:
        print(f"{'unexplained':<14}{statistics.median(unexplained):>10.1f}{quantile(unexplained, 0.95):>10.1f}")
    figures = {
        "bench": "turns",
        "turns": len(ear),
        "all_right": all_right,
        "ear_median_ms": round(statistics.median(ear)),
        "ear_p95_ms": round(quantile(ear, 0.95)),
        "tiled_median_ms": round(statistics.median(totals)),
        "mouth_median_ms": round(statistics.median(mouth)),
        "link_median_ms": round(statistics.median(link)),
        "unexplained_median_ms": round(statistics.median(unexplained), 1) if unexplained else None,
        "unexplained_p95_ms": round(quantile(unexplained, 0.95), 1) if unexplained else None,
        "stages_median_ms": {name: round(median) for name, median, _ in rows},
    }
    print(json.dumps(figures))


def quantile(values: list[float], q: float) -> float:
    """The q-th quantile, interpolated."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


if __name__ == "__main__":
    main()
