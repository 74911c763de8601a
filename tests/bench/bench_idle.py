"""What a companion costs while nobody speaks: 720p video and a microphone arriving, voice activity on, recording on.

The simulated glasses run in a process of their own. Also: how long importing and starting take. With --places two more
companions run beside it, at the same time and so under the same load, that look about for `memory.places`: one whose
glasses rest, as those of the first do, and one whose view is another every 20 s, with signs to be read. What counts is
how much processor time each takes of that of the first, which decodes nothing.

    python -m tests.bench.bench_idle [--seconds 30] [--places]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.companions import Companion, companion, simulator

SETTLE_S = 8.0  # connection, greeting and first look are over
PLACES = ("--set", "memory.places=true")
TURN_S = 20


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--seconds", type=float, default=30.0)
    args.add_argument("--places", action="store_true", help="beside it, one that remembers what it sees")
    given = args.parse_args()
    seconds: float = given.seconds
    imported_s = min(_import_s() for _ in range(5))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        out = Path(name)
        began = time.monotonic()
        running = [stack.enter_context(idle(out / "plain", "idle", seconds))]
        started_s = time.monotonic() - began
        if given.places:
            running.append(stack.enter_context(idle(out / "rests", "idle", seconds, *PLACES)))
            running.append(stack.enter_context(idle(out / "turns", turning(out, seconds), seconds, *PLACES)))
        time.sleep(SETTLE_S)
        before, wall = [cpu_s(c.process.pid) for c in running], time.monotonic()
        time.sleep(seconds)
        used = [cpu_s(c.process.pid) - spent for c, spent in zip(running, before, strict=True)]
        took_s = time.monotonic() - wall
        memory_mb = rss_mb(running[0].process.pid)
    ratios = [some / used[0] for some in used[1:]]
    print(f"{'import companion':<34}{imported_s:>8.2f} s")
    print(f"{'start until it listens':<34}{started_s:>8.2f} s")
    print(f"{'idle, media flowing, recording':<34}{100 * used[0] / took_s:>8.1f} % of a core")
    print(f"{'memory':<34}{memory_mb:>8.0f} MB")
    for what, ratio in zip(("places, the view rests", "places, another view every 20 s"), ratios, strict=False):
        print(f"{what:<34}{ratio:>8.2f} times that")
    print(
        json.dumps(
            {
                "bench": "idle",
                "import_s": round(imported_s, 2),
                "start_s": round(started_s, 2),
                "idle_core_percent": round(100 * used[0] / took_s, 1),
                "memory_mb": round(memory_mb),
                "seconds": seconds,
                "places_times": [round(ratio, 2) for ratio in ratios],
            }
        )
    )


@contextmanager
def idle(out: Path, scene: str | Path, seconds: float, *args: str) -> Iterator[Companion]:
    """A companion to which glasses in this scene talk, and nobody else."""
    longer = (
        ("--set", f"seconds={int(seconds + SETTLE_S) + 60}") if scene == "idle" else ()
    )  # it outlasts the measuring
    with companion(out, "--quiet", "--set", "speaking.greet=false", *args) as c:
        with subprocess.Popen(simulator(scene, c.url, out, *longer), stdout=subprocess.DEVNULL) as sim:
            while not list(out.glob("*.part")):
                time.sleep(0.1)
            yield c
            sim.kill()
        c.stop()


def turning(folder: Path, seconds: float) -> Path:
    """A scene: another view every TURN_S."""
    views = [
        f"  - see: {{card: sign, platform: {n}, destination: {name}, time: '14:0{n}'}}\n  - wait: {TURN_S}\n"
        f"  - see: {{card: room}}\n  - wait: {TURN_S}\n"
        for n, name in enumerate(["Bristol", "Leeds", "Oxford", "Dover"] * 2)
    ]
    rounds = int((seconds + SETTLE_S + 60) / (2 * TURN_S)) + 1
    file = folder / "turning.yaml"
    file.write_text("name: turning\nsteps:\n" + "".join((views * rounds)[:rounds]))
    return file


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
