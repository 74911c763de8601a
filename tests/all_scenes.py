"""Every bundled scene, each with a companion and a stand-in model of its own: a table, and as its last line JSON.

    python -m tests.all_scenes                          all of them
    python -m tests.all_scenes dark_room station_board --seed 3 --jobs 1
    python -m tests.all_scenes demo --profile webcam
    python -m tests.all_scenes memory_told --hearing base.en     what scenes ask is spoken, to a recogniser of all words

A scene runs in real time, so a machine that is busy with something else can make one fail: that is tried once more, and
the table says so. Exit code 1 if a scene failed, or passed though it says that it does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from device_sim import scene as scenes
from tests.companions import companion, simulator
from tests.live import settings_of, stand_in

SCRATCH = Path("demo-out", "scenes")
LIMIT_S = 300.0
TRIES = 2
MEASURES = ("idle", "bench", "long")  # no stories: they measure, or replay
MISSING = "could not run"


@dataclass(frozen=True)
class Row:
    """What came of a scene. `outcome`: "pass", "gap", "closed" (passes, though it says that it does not), "fail" or
    "could not run"; `why`: what failed, or the reason of the gap."""

    scene: str
    seed: int
    profile: str
    outcome: str
    seconds: float = 0.0
    passed: int = 0
    tries: int = 1
    why: tuple[str, ...] = ()


def play(name: str, seed: int, profile: str, folder: Path, tries: int = TRIES, hearing: str = "") -> Row:
    """One scene, again if it fails. `hearing`: the speech model that what is asked is spoken to; "": it is typed."""
    for attempt in range(1, tries + 1):
        try:
            row = _chain(name, seed, profile, hearing, folder / f"{name}-{attempt}", attempt)
        except (subprocess.TimeoutExpired, AssertionError) as error:
            row = Row(name, seed, profile, MISSING, tries=attempt, why=(f"{type(error).__name__}: {error}"[:200],))
        if row.outcome not in ("fail", MISSING):
            return row
    return row


def _chain(name: str, seed: int, profile: str, hearing: str, folder: Path, attempt: int) -> Row:
    """The scene; before it the one that it comes after, to another companion that keeps its data in the same folder."""
    shutil.rmtree(folder, ignore_errors=True)
    before = scenes.load(scenes.find(name), seed, profile=profile).after
    if before:
        row = _once(before, seed, profile, hearing, folder, attempt)
        if row.outcome not in ("pass", "gap"):
            return replace(row, scene=name, why=tuple(f"{before}: {why}" for why in row.why))
    return _once(name, seed, profile, hearing, folder, attempt)


def _once(name: str, seed: int, profile: str, hearing: str, folder: Path, attempt: int) -> Row:
    played = scenes.load(scenes.find(name), seed, profile=profile)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "verdict.json").unlink(missing_ok=True)
    with stand_in([name]) as model_url:
        chosen = [f"model.base_url={model_url}", "model.model=stand-in", "model.name=the stand-in"]
        chosen += [f"hearing.model={hearing}"] if hearing else []
        flags = [word for item in [*chosen, *settings_of([played])] for word in ("--set", item)]
        with companion(folder / "recordings", "--quiet", *flags) as running:
            more = ["--seed", str(seed), "--model", model_url, *(["--profile", profile] if profile else [])]
            more += ["--speak"] if hearing else []
            command = simulator(name, running.url, folder, *more)
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
            running.stop()
    (folder / "printed.txt").write_text(done.stdout + done.stderr, "utf-8")
    found = folder / "verdict.json"
    if not found.is_file():
        why = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return Row(name, seed, profile, MISSING, tries=attempt, why=(why,))
    return _row(name, json.loads(found.read_text("utf-8")), attempt)


def _row(name: str, verdict: dict[str, Any], attempt: int) -> Row:
    odd = {"fail": "{expected}: {why}", "gap": "{gap}", "closed": "passes unexpectedly: {expected} ({gap})"}
    outcome = "closed" if verdict["outcome"] != "fail" and verdict["closed"] else verdict["outcome"]
    why = [odd[f["outcome"]].format(**f) for f in verdict["findings"] if f["outcome"] in odd]
    seconds, passed = verdict["seconds"], verdict["passed"]
    return Row(name, verdict["seed"], verdict["profile"], outcome, seconds, passed, attempt, tuple(why))


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    names = args.scene or [name for name in scenes.bundled() if name not in MEASURES]
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = []
        print(f"{'scene':<24}{'outcome':<15}{'s':>6}{'passed':>8}  why", flush=True)
        for row in pool.map(lambda n: play(n, args.seed, args.profile, SCRATCH, hearing=args.hearing), names):
            rows.append(row)
            _tell(row)
    count = {kind: sum(row.outcome == kind for row in rows) for kind in ("pass", "gap", "closed", "fail", MISSING)}
    print(json.dumps({"scenes": len(rows), **count, "rows": [asdict(row) for row in rows]}))
    return int(any(row.outcome not in ("pass", "gap") for row in rows))


def _tell(row: Row) -> None:
    again = f" (try {row.tries})" if row.tries > 1 else ""
    first, *rest = row.why or ("",)
    print(f"{row.scene:<24}{row.outcome + again:<15}{row.seconds:6.1f}{row.passed:8d}  {first}", flush=True)
    for why in rest:
        print(f"{'':<55}{why}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.all_scenes", description="play every bundled scene")
    parser.add_argument("scene", nargs="*", help="only these")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", default="", metavar="NAME", help="as if on this device")
    parser.add_argument("--hearing", default="", metavar="MODEL", help="say to it what scenes ask, instead of typing")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time (default 2)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
