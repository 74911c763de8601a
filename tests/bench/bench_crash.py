"""SIGKILL at random moments: what is lost, what recovers, and whether what is left replays.

Each process records a session at life's pace (video, sound, voice activity, turns by the real deciders), tells the
moment of everything that it handed in through a pipe, and is killed at a random moment. The loss is the time from the
last thing kept to the last thing handed in. Usage: python -m tests.bench.bench_crash [--kills 50] [--parallel 5]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion.replay import replay
from companion.settings import load
from pipelines import events as ev
from pipelines.events import MS, NS
from recordings.reader import Recording
from recordings.recover import recover
from recordings.session import RecordingError, SessionInfo
from recordings.writer import Recorder, RecorderOptions
from tests.scripted import ScriptedSession

LIMIT_S = 0.5
LONGEST_S = 6.0  # a process is killed at the latest so long after it began to record
FRAME_NS, PACKET_NS = NS // 30, 20 * MS


class _Recorded(ScriptedSession):
    """A scripted conversation whose every step goes into a recorder, in the order of acceptance."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        super().__init__(options=load(env={}).director())

    def feed(self, event: ev.Happening) -> None:
        self.recorder.happening(event)
        super().feed(event)

    def _carry_out(self, decisions: list[ev.Decision]) -> None:
        for decision in decisions:
            self.recorder.decision(decision)
        super()._carry_out(decisions)


def record(folder: Path, number: int) -> None:
    """Record until killed, telling each moment on standard output, in ms of the session."""
    info = SessionInfo(f"{number:06d}", time.time_ns(), settings=load(env={}).plain())
    recorder = Recorder(folder, info, print, RecorderOptions(floor_bytes=0))
    session = _Recorded(recorder)
    chance = random.Random(number)
    picture, key, packet = chance.randbytes(5600), chance.randbytes(40_000), chance.randbytes(80)
    for at_ms in range(300, 60_000, 4000):
        session.say("what does this sign say", at_ms, 900)
    began_ns, t_ns, frames = time.monotonic_ns(), 0, 0
    while True:
        t_ns += PACKET_NS
        time.sleep(max(0, began_ns + t_ns - time.monotonic_ns()) / NS)
        session.run_until(t_ns // MS)
        recorder.microphone(t_ns, t_ns - 30 * MS, t_ns // PACKET_NS * 960, packet)
        while frames * FRAME_NS < t_ns:
            frames += 1
            data = key if frames % 60 == 1 else picture
            recorder.camera(t_ns, t_ns - 40 * MS, frames, frames * 3000, frames % 60 == 1, "h264", data)
        os.write(1, f"{t_ns // MS}\n".encode())


@dataclass(frozen=True)
class Outcome:
    """What became of one killed process. `trouble`: "" if it recovered, lost little and replays."""

    killed_at_s: float
    loss_s: float
    messages: int
    trouble: str


def kill_one(folder: Path, number: int, after_s: float) -> Outcome:
    """Start a process, kill it so long after its first word, mend what it left."""
    command = [sys.executable, "-m", "tests.bench.bench_crash", "--record", str(folder), "--number", str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        told = (told + process.stdout.read()).rpartition(b"\n")[0]
    handed_in_s = int(told.split()[-1]) / 1000
    (left,) = folder.glob("*")
    try:
        mended = recover(left)
        recording = Recording(mended.path)
        kept_s = max((m.t_ns for m in recording.messages()), default=0) / NS
        again = replay(mended.path)
    except RecordingError as why:
        return Outcome(handed_in_s, handed_in_s, 0, str(why))
    loss_s = max(handed_in_s - kept_s, 0.0)
    trouble = f"lost {loss_s:.2f} s" if loss_s > LIMIT_S else "" if again.same else f"replay: {again.line}"
    return Outcome(handed_in_s, loss_s, mended.messages, trouble)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=50)
    asked.add_argument("--parallel", type=int, default=5)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--record", type=Path, help="be the process that records")
    asked.add_argument("--number", type=int, default=0)
    options = asked.parse_args()
    if options.record:
        record(options.record, options.number)
        return
    from concurrent.futures import ThreadPoolExecutor

    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.parallel) as pool:
        jobs = []
        for number in range(options.kills):
            (own := Path(folder) / str(number)).mkdir()
            jobs.append(pool.submit(kill_one, own, number, chance.uniform(0.02, LONGEST_S)))
        outcomes = [job.result() for job in jobs]
    well = [one for one in outcomes if not one.trouble]
    losses = sorted(one.loss_s for one in outcomes)
    for one in outcomes:
        if one.trouble:
            print(f"killed at {one.killed_at_s:.2f} s: {one.trouble}")
    print(f"{len(well)}/{len(outcomes)} recovered, lost at most {LIMIT_S} s, and replay")
    print(f"loss p50 {losses[len(losses) // 2] * 1000:.0f} ms, max {losses[-1] * 1000:.0f} ms")
    figures = {
        "bench": "crash",
        "kills": len(outcomes),
        "well": len(well),
        "loss_ms_p50": round(losses[len(losses) // 2] * 1000),
        "loss_ms_max": round(losses[-1] * 1000),
        "messages": sum(one.messages for one in outcomes),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
