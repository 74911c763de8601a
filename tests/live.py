"""Scenes recorded live: a companion, a stand-in model and simulated glasses, each a process of its own, over WebRTC.

Several scenes may share one companion and play at the same time, each in its own session. As a command it records one
scene into one file, which is how `recordings/samples/` is made:

    python -m tests.live cut_off --seed 5 --out recordings/samples/cut-off.mcap
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from companion.replay import replay
from device_sim import scene as scenes
from recordings.reader import Recording
from tests.companions import companion, simulator

SCENE_LIMIT_S = 600.0
SAMPLE_BYTES = 2_000_000  # a recording that is kept beside the code
SCRATCH = Path("demo-out", "live")  # relative: a recording holds its settings, and is no place for a machine's paths
TRIES = 3  # a scene may show a fault that needs its moment: a busy machine can miss it


@dataclass(frozen=True)
class Part:
    """One scene to be played. `fixed` overrides what its seed would draw."""

    scene: str
    seed: int = 0
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """What came of it: the recording, and what the simulated glasses say of the session."""

    part: Part
    recording: Path
    passed: bool
    verdict: dict[str, Any]
    printed: str


def record(folder: Path, *parts: Part, sets: Sequence[str] = ()) -> list[Take]:
    """Play the parts at the same time to one companion that records into `folder`; one take for each, in order.

    The companion gets the settings that the scenes name, then `sets`; the model misbehaves as the scenes say.
    """
    played = [scenes.load(scenes.find(part.scene), part.seed, part.fixed) for part in parts]
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        model_url = stack.enter_context(stand_in([part.scene for part in parts]))
        chosen = [f"model.base_url={model_url}", "model.model=stand-in", "model.name=the stand-in"]
        chosen += [*settings_of(played), *sets]
        flags = ["--quiet", *(word for item in chosen for word in ("--set", item))]
        running = stack.enter_context(companion(folder / "recordings", *flags))
        glasses = [_play(part, running.url, folder / f"glasses-{i}") for i, part in enumerate(parts)]
        ended = [(process.communicate(timeout=SCENE_LIMIT_S)[0], process.returncode) for process in glasses]
        running.stop()
    return [_take(part, folder, i, out, code) for i, (part, (out, code)) in enumerate(zip(parts, ended, strict=True))]


def settings_of(played: Sequence[scenes.Scene]) -> list[str]:
    """Those of all scenes together; one companion cannot be set in two ways."""
    together: dict[str, str] = {}
    for scene in played:
        for name, value in scene.companion.items():
            if together.setdefault(name, value) != value:
                raise ValueError(f"{scene.file}: {name}={value}, but another scene wants {together[name]}")
    return [f"{name}={value}" for name, value in together.items()]


@contextmanager
def stand_in(names: Sequence[str]) -> Iterator[str]:
    """The stand-in model, misbehaving as these scenes say; its address."""
    command = [sys.executable, "-m", "device_sim.stand_in_model"]
    command += [word for name in names for word in ("--scene", name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()


def _play(part: Part, url: str, out: Path) -> subprocess.Popen[str]:
    fixed = [word for name, value in part.fixed.items() for word in ("--set", f"{name}={value}")]
    command = simulator(part.scene, url, out, "--seed", str(part.seed), *fixed)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _take(part: Part, folder: Path, number: int, printed: str, code: int) -> Take:
    verdict_file = folder / f"glasses-{number}" / "verdict.json"
    if not verdict_file.is_file():
        raise RuntimeError(f"the scene {part.scene} could not be played (exit {code}):\n{printed[-3000:]}")
    verdict = json.loads(verdict_file.read_text("utf-8"))
    (recording,) = (p for p in (folder / "recordings").glob("*.mcap") if _session(p) == verdict["session"])
    return Take(part, recording, code == 0, verdict, printed)


def _session(recording: Path) -> str:
    return Recording(recording).info.session


# ------------------------------------------------------------------------------------------------------------ one file


def main(argv: Sequence[str] | None = None) -> int:
    """Record one scene into one file; 0 only if all it expects was so, it replays, and it is small enough to keep."""
    args = _parser().parse_args(argv)
    part = Part(args.scene, args.seed)
    scratch = SCRATCH / Path(args.scene).stem
    for attempt in range(1, TRIES + 1):
        shutil.rmtree(scratch, ignore_errors=True)
        (take,) = record(scratch, part, sets=args.set)
        print(take.printed)
        wrong = _unfit(take)
        if not wrong:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(take.recording, args.out)
            print(f"{args.out}: {args.out.stat().st_size:,} bytes; {replay(args.out).line}")
            return 0
        print(f"{args.scene}, try {attempt} of {TRIES}: {wrong}", file=sys.stderr)
    return 1


def _unfit(take: Take) -> str:
    """Why this take is not to be kept, or ""."""
    size = take.recording.stat().st_size
    if not take.passed:
        return "what the scene expects did not happen (above)"
    if size > SAMPLE_BYTES:
        return f"{size:,} bytes, and at most {SAMPLE_BYTES:,} are kept beside the code: lower kbps, or fewer turns"
    replayed = replay(take.recording)
    return "" if replayed.same else f"it does not replay: {replayed.line}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.live", description="record a scene into one file")
    parser.add_argument("scene", help="a bundled scene's name or a path")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="of the companion")
    return parser


if __name__ == "__main__":
    sys.exit(main())
