"""How fast a session replays, and whether it is the same every time.

An hour of talk with more than 300 turns is made by the real shell in virtual time (`tests/long_talk.py`) and replayed
several times, each in a fresh process with another hash seed. Reading the file is part of each replay.
Usage: python -m tests.bench.bench_replay [--minutes 60] [--runs 3] [--camera] [--file RECORDING]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion.replay import replay
from pipelines.events import Decision, TurnClosed
from tests.long_talk import TalkOptions, record_talk


def one(path: Path) -> dict[str, Any]:
    """Replay the file once, here."""
    began = time.perf_counter()
    result = replay(path)
    wall_s = time.perf_counter() - began
    decisions = [event for event in result.events if isinstance(event, Decision)]
    return {
        "same": result.same,
        "digest": result.digest,
        "session_s": result.seconds,
        "wall_s": wall_s,
        "times_real": result.seconds / wall_s,
        "events": len(result.events),
        "decisions": len(decisions),
        "turns": sum(isinstance(event, TurnClosed) for event in decisions),
    }


def in_fresh_processes(path: Path, runs: int) -> list[dict[str, Any]]:
    found = []
    for seed in range(runs):
        env = {**os.environ, "PYTHONHASHSEED": str(seed * 7919)}
        command = [sys.executable, "-m", "tests.bench.bench_replay", "--one", "--file", str(path)]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=60.0)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument(
        "--camera", action="store_true", help="with 720p30 at 1.5 Mbit/s in the file, which no run reads"
    )
    asked.add_argument("--file", type=Path, help="replay this recording instead of making one")
    asked.add_argument("--one", action="store_true", help="replay --file once, in this process")
    options = asked.parse_args()
    if options.one:
        print(json.dumps(one(options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        talk = TalkOptions(length_s=options.minutes * 60, camera=options.camera)
        path = options.file or record_talk(Path(folder), talk)
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB, made in {time.perf_counter() - began:.1f} s")
        runs = in_fresh_processes(path, options.runs)
        megabytes = path.stat().st_size / 1e6
    print(f"{'run':>4}{'same':>6}  {'digest':<18}{'turns':>6}{'events':>9}{'wall s':>8}{'x real':>8}{'events/s':>10}")
    for number, run in enumerate(runs, 1):
        same = "yes" if run["same"] else "NO"
        print(
            f"{number:>4}{same:>6}  {run['digest'][:16]:<18}{run['turns']:>6}{run['events']:>9}"
            f"{run['wall_s']:>8.2f}{run['times_real']:>8.0f}{run['events'] / run['wall_s']:>10.0f}"
        )
    speeds = sorted(run["times_real"] for run in runs)
    figures = {
        "bench": "replay",
        "session_s": runs[0]["session_s"],
        "megabytes": round(megabytes, 1),
        "turns": runs[0]["turns"],
        "events": runs[0]["events"],
        "times_real": round(speeds[len(speeds) // 2]),
        "times_real_worst": round(speeds[0]),
        "events_per_s": round(runs[0]["events"] / runs[0]["wall_s"]),
        "same": all(run["same"] for run in runs),
        "digests": len({run["digest"] for run in runs}),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
