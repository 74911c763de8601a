"""Are several wearers in one process served as fast as one?

A real companion that records, and simulated glasses with 720p video, a process for each, over WebRTC on loopback in
real time. "sound" is how late each window of the microphone's sound was looked at, from capture on, out of the
recordings; "ear" is measured from outside by the simulators. All of them share this machine's cores: with fewer than
wearers, questions that are asked at the same moment wait for each other's text to be read.

    python -m tests.bench.bench_wearers [--wearers 8] [--rounds 2]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from pipelines import events as ev
from pipelines.spans import SPANS, spans_of
from recordings.reader import Recording
from tests.bench.bench_turns import quantile
from tests.companions import companion, simulator


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--wearers", type=int, default=8)
    args.add_argument("--rounds", type=int, default=2, help="each round is four turns: sign, code, label, memory")
    options = args.parse_args()
    figures = [measured(1, options.rounds), measured(options.wearers, options.rounds)]
    print(f"\n{'ms':<22}" + "".join(f"{found['wearers']:>10} wearers" for found in figures))
    for name in [key for key in figures[0] if key.endswith("_ms")]:
        print(f"{name.removesuffix('_ms'):<22}" + "".join(f"{found.get(name, 0):>18}" for found in figures))
    both = {"bench": "wearers", "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(both | {"one": figures[0], "several": figures[1]}))


def measured(wearers: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        with companion(out / "rec", "--quiet", "--set", f"server.max_sessions={wearers}") as c:
            fixed = ("--set", f"rounds={rounds}")
            glasses = [
                subprocess.Popen(
                    simulator("bench", c.url, out / f"glasses-{i}", "--seed", str(i), *fixed),
                    stdout=subprocess.DEVNULL,
                )
                for i in range(wearers)
            ]
            for one in glasses:
                one.wait()
            c.stop()
        verdicts = [json.loads(path.read_text()) for path in out.glob("glasses-*/verdict.json")]
        events = [list(Recording(path).events()) for path in (out / "rec").glob("*.mcap")]
    late = [(e.t_ns - e.media_ns) / 1e6 for one in events for e in one if isinstance(e, ev.VoiceWindow)]
    turns = [turn for one in events for turn in spans_of(one)]
    times = [t["mouth_to_ear_ms"] for v in verdicts for t in v["turns"] if t["turn"]]
    ear = [ms for ms in times if ms is not None]
    spans = {
        f"{name}_ms": round(statistics.median(sum(s.ms for s in turn.spans if s.name == name) for turn in turns))
        for name, _ in SPANS
    }
    return {
        "wearers": wearers,
        "turns": len(ear),
        "failed": sum(v["failed"] for v in verdicts),
        "shed": sum(isinstance(e, ev.Shed) and bool(e.what) for one in events for e in one),
        "sound_median_ms": round(statistics.median(late)),
        "sound_p99_ms": round(quantile(late, 0.99)),
        "sound_most_ms": round(max(late)),
        "ear_median_ms": round(statistics.median(ear)),
        "ear_p95_ms": round(quantile(ear, 0.95)),
        **{name: ms for name, ms in spans.items() if ms},
    }


if __name__ == "__main__":
    main()
