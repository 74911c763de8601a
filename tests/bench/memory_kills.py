"""A process that memorises as fast as it can, killed at a moment of somebody else's choice; and what is left of it."""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.shape import MemoryError_
from companion.memory.store import open_store
from pipelines.events import Memory

BEGINS_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Killed:
    """`acknowledged`: memories that the process was told were stored; `trouble`: "" or what is wrong afterwards."""

    acknowledged: int
    reopened_s: float
    trouble: str = ""


def write_for_ever(folder: Path, passphrase_env: str) -> None:
    """Store, supersede and now and then forget; each id is told once `memorise` has returned."""
    faulthandler.dump_traceback_later(BEGINS_S / 2)  # a child that hangs shows where
    store = open_store(MemorySettings(passphrase_env=passphrase_env), folder, HashedGrams())
    chance, last = random.Random(1), 0
    number = 0
    while True:
        number += 1
        text = f"thing {number} lies in box {chance.randrange(9999)} " + "beside another " * chance.randrange(30)
        stored, _ = store.memorise(Memory(text=text), replaces=(last,) if number % 5 == 0 else ())
        os.write(1, f"{stored.id} {number}\n".encode())
        last = stored.id
        if number % 60 == 0:
            store.forget(ids=(store.memorise(Memory(text="to be forgotten"))[0].id,))


def kill_one(folder: Path, after_s: float, passphrase_env: str = "") -> Killed:
    """Start a process, kill it so long after the first thing it stored, and look at what it left."""
    command = [sys.executable, "-m", "tests.bench.memory_kills", str(folder), "--passphrase-env", passphrase_env]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        guard = threading.Timer(BEGINS_S, process.kill)
        guard.start()
        told = process.stdout.readline()
        guard.cancel()
        if not told:
            return Killed(0, 0.0, f"it stored nothing within {BEGINS_S:.0f} s, or died")
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        told = (told + process.stdout.read()).rpartition(b"\n")[0]
    acknowledged = dict(tuple(map(int, line.split())) for line in told.splitlines())
    began = time.perf_counter()
    notices: list[str] = []
    try:
        store = open_store(MemorySettings(passphrase_env=passphrase_env), folder, HashedGrams(), notice=notices.append)
    except MemoryError_ as why:
        return Killed(len(acknowledged), 0.0, str(why))
    reopened_s = time.perf_counter() - began
    try:
        there = {memory.id: memory.text for memory in store.all()}
        lost = [one for one, number in acknowledged.items() if not there.get(one, "").startswith(f"thing {number} ")]
        troubles = [*notices, *store.check()]
        troubles += [f"{len(lost)} of {len(acknowledged)} are lost"] if lost else []
        if acknowledged and not store.recall(there.get(max(acknowledged), "")):
            troubles.append("the last one is not found")
        return Killed(len(acknowledged), reopened_s, "; ".join(troubles))
    finally:
        store.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--passphrase-env", default="")
    options = asked.parse_args()
    write_for_ever(options.folder, options.passphrase_env)
