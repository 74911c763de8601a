"""A companion in a process of its own, as a user runs it; tests and benches talk to it over the wire."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_S = 60.0


@dataclass
class Companion:
    """`url` carries the token. `process` may be killed; `lines` are what it printed until it listened."""

    process: subprocess.Popen[str]
    url: str
    folder: Path

    def stop(self) -> str:
        """Ctrl-C; what it printed since."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=STARTS_S)
        return out

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def companion(folder: Path, *args: str) -> Iterator[Companion]:
    """`companion run` on a free port, recording into `folder`."""
    sets = [f"recording.folder={folder}", "hearing.model=embedded"]
    command = [sys.executable, "-m", "companion.cli", "run", "--port", "0"]
    command += [word for item in sets for word in ("--set", item)] + list(args)
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "EARSHOT_DATA": str(folder)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    try:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("Earshot listens on "):
                yield Companion(process, line.split(" on ")[1].strip(), folder)
                return
        raise AssertionError("the companion did not start:\n" + "".join(seen))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def simulator(scene: str | Path, url: str, out: Path, *args: str) -> list[str]:
    """The command line of the simulated glasses."""
    return [sys.executable, "-m", "device_sim.cli", "run", str(scene), "--to", url, "--out", str(out), *args]
