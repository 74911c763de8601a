"""What a companion costs while nobody speaks: 720p video and a microphone arriving, voice activity on, recording on.

The simulated glasses run in a process of their own. Also: how long importing and starting take.

    python -m tests.bench.bench_idle [--seconds 30] [--places]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.companions import companion, simulator

SETTLE_S = 8.0  # connection, greeting and first look are over


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--seconds", type=float, default=30.0)
    args.add_argument("--places", action="store_true", help="with memory.places: a frame is looked at now and then")
    given = args.parse_args()
    seconds, places = given.seconds, ("--set", "memory.places=true") if given.places else ()
    longer = ("--set", f"seconds={int(seconds + SETTLE_S) + 60}")  # the scene outlasts the measurement
    imported_s = min(_import_s() for _ in range(5))
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        began = time.monotonic()
        with companion(out / "rec", "--quiet", "--set", "speaking.greet=false", *places) as c:
            started_s = time.monotonic() - began
            with subprocess.Popen(simulator("idle", c.url, out, *longer), stdout=subprocess.DEVNULL) as sim:
                while not list((out / "rec").glob("*.part")):
                    time.sleep(0.1)
                time.sleep(SETTLE_S)
                before, wall = cpu_s(c.process.pid), time.monotonic()
                time.sleep(seconds)
                share = (cpu_s(c.process.pid) - before) / (time.monotonic() - wall)
                memory_mb = rss_mb(c.process.pid)
                sim.kill()
            c.stop()
    print(f"{'import companion':<34}{imported_s:>8.2f} s")
    print(f"{'start until it listens':<34}{started_s:>8.2f} s")
    print(f"{'idle, media flowing, recording':<34}{100 * share:>8.1f} % of a core")
    print(f"{'memory':<34}{memory_mb:>8.0f} MB")
    print(
        json.dumps(
            {
                "bench": "idle",
                "import_s": round(imported_s, 2),
                "start_s": round(started_s, 2),
                "idle_core_percent": round(100 * share, 1),
                "memory_mb": round(memory_mb),
                "seconds": seconds,
                "places": given.places,
            }
        )
    )


def _import_s() -> float:
    code = "import time; t = time.perf_counter(); import companion.app; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def cpu_s(pid: int) -> float:
    """Processor time that a process and its threads have used, user and system, in seconds."""
    text = subprocess.run(["ps", "-o", "cputimes=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():  # ps counts whole seconds only
        fields = stat.read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100
    return float(text)


def rss_mb(pid: int) -> float:
    text = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return float(text) / 1024


if __name__ == "__main__":
    main()
