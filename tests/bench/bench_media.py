"""What each part of keeping a wearer connected costs the companion, as shares of a core and as ratios in one run.

Nobody speaks: simulated glasses (one process each) send a microphone and, where said, 720p video at 30 frames a
second. The rows are measured one after another, round after round, and each is the median of its rounds, so that a
machine that is busy for a while is busy for all of them. Voice activity cannot be switched off: it is in every row.

    python -m tests.bench.bench_media [--seconds 15] [--rounds 2] [--wearers 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_idle import SETTLE_S, cpu_s, rss_mb
from tests.companions import STARTS_S, companion, simulator

SCENE = """\
name: nobody speaks
about: Media flows and nobody speaks.
draw: {{seconds: [600]}}
device: {device}
steps:
  - wait: "{{seconds}}"
"""
WITH_CAMERA, WITHOUT_CAMERA = "{camera: {width: 1280, height: 720, fps: 30, kbps: 1500}}", "{camera: none}"


@dataclass(frozen=True, slots=True)
class Setup:
    """One row: how many wearers, and what is switched on."""

    name: str
    wearers: int = 1
    camera: bool = True
    recording: bool = True


def setups(wearers: int) -> tuple[Setup, ...]:
    return (
        Setup("microphone only, recording off", camera=False, recording=False),
        Setup("microphone only", camera=False),
        Setup("with camera, recording off", recording=False),
        Setup("with camera"),
        Setup(f"{wearers} wearers with camera", wearers=wearers),
    )


def measured(setup: Setup, seconds: float) -> tuple[float, float]:
    """(share of a core, memory in MB) of a fresh companion over `seconds` of steady state."""
    off = () if setup.recording else ("--no-recording",)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        out = Path(name)
        scene = out / "scene.yaml"
        scene.write_text(SCENE.format(device=WITH_CAMERA if setup.camera else WITHOUT_CAMERA), "utf-8")
        c = stack.enter_context(companion(out / "rec", "--set", "speaking.greet=false", *off))
        for _ in range(setup.wearers):
            glasses = subprocess.Popen(simulator(scene, c.url, out, "--brief"), stdout=subprocess.DEVNULL)
            stack.enter_context(glasses)
            stack.callback(glasses.kill)
        await_connected(c.process, setup.wearers)
        time.sleep(SETTLE_S)
        before, began = cpu_s(c.process.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_s(c.process.pid) - before) / (time.monotonic() - began)
        return share, rss_mb(c.process.pid)


def await_connected(process: subprocess.Popen[str], wearers: int) -> None:
    """Read the companion's timeline until every wearer's link is up."""
    assert process.stdout is not None
    up, until = 0, time.monotonic() + STARTS_S
    while up < wearers and time.monotonic() < until:
        line = process.stdout.readline()
        if not line:
            break
        up += "link" in line and "connected" in line
    if up < wearers:
        raise RuntimeError(f"only {up} of {wearers} simulated wearers connected in {STARTS_S:.0f} s")


def report(rows: Sequence[Setup], core: dict[str, float], memory_mb: dict[str, float], seconds: float) -> None:
    """The table with each row's ratio to the plain one, and its figures as one line of JSON."""
    plain = core["with camera"]
    print(f"{'':<34}{'% of a core':>12}{'ratio':>8}{'memory MB':>11}")
    for row in rows:
        name = row.name
        print(f"{name:<34}{100 * core[name]:>12.1f}{core[name] / plain:>8.2f}{memory_mb[name]:>11.0f}")
    crowd = rows[-1]
    ratios = {
        "recording_on_to_off": plain / core["with camera, recording off"],
        "camera_to_microphone_only": plain / core["microphone only"],
        f"{crowd.wearers}_wearers_to_1": core[crowd.name] / plain,
    }
    for name, ratio in ratios.items():
        print(f"{name.replace('_', ' '):<34}{ratio:>20.2f}")
    figures = {
        "bench": "media",
        "seconds": seconds,
        "core_percent": {name: round(100 * share, 1) for name, share in core.items()},
        "memory_mb": {name: round(mb) for name, mb in memory_mb.items()},
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
    }
    print(json.dumps(figures))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=15.0, help="measured for each row and round")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--wearers", type=int, default=3, help="in the last row")
    given = asked.parse_args()
    rows = setups(given.wearers)
    found: dict[str, list[tuple[float, float]]] = {row.name: [] for row in rows}
    for _ in range(given.rounds):
        for row in rows:
            found[row.name].append(measured(row, given.seconds))
    core = {name: statistics.median(share for share, _ in pairs) for name, pairs in found.items()}
    memory_mb = {name: statistics.median(mb for _, mb in pairs) for name, pairs in found.items()}
    report(rows, core, memory_mb, given.seconds)


if __name__ == "__main__":
    main()
