"""A process of our own for one job at a time, and the rope that it hangs on.

Both ends of a socket pair: the parent gives a task, the child answers, and the end of the stream says that it died, so
it is always known which job a process died of. (`ProcessPoolExecutor` cannot say: when one of its workers dies, every
job that runs fails alike, and a job that hangs cannot be ended without ending all.) The child is a fresh interpreter in
a session of its own, so Ctrl-C reaches only the parent. When the parent is gone the rope is cut, and the child ends
in the middle of its job.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from typing import Any

from companion.batch.jobs import Answer, Task, carry_out

_ORPHAN_S = 30.0  # past the limit: for a child that hears nothing, and whose parent is gone
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Child:
    """The parent's end. `task` is what it works on; `overdue_in_s` counts from when it was given."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self._deadline_s = 0.0
        self._limit_s = 0.0
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (what it prints; closed in `end`)
        self.rope, far = Pipe(duplex=True)
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109  (a string)
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from companion.batch.child import main; main({far.fileno()})"],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            pass_fds=(far.fileno(),),
            start_new_session=True,
            env={**_ONE_THREAD, **os.environ, "PYTHONPATH": path},
        )
        far.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def give(self, task: Task, limit_s: float) -> None:
        """Let it work. Raises OSError if it has died since its last answer."""
        self.rope.send((task, limit_s))
        self.task, self._limit_s, self._deadline_s = task, limit_s, time.monotonic() + limit_s

    def overdue_in_s(self) -> float:
        return self._deadline_s - time.monotonic()

    def take(self) -> Answer:
        """The answer that `rope` has ready, or what the child died of. Blocks if it has none."""
        assert self.task is not None
        task = self.task
        try:
            answer: Answer = self.rope.recv()
        except (EOFError, OSError):
            return Answer(task.number, why=self._death(), again=True)
        self.task = None
        return answer

    def give_up(self) -> Answer:
        """End it: it has had its time. The task is not tried again, for a job that hangs will hang again."""
        assert self.task is not None
        number = self.task.number
        self.end()
        return Answer(number, why=f"took longer than {self._limit_s:g} s and was ended", wall_s=self._limit_s)

    @property
    def alive(self) -> bool:
        return not self.rope.closed

    def end(self) -> None:
        """Kill it if it lives, and leave nothing behind."""
        self.task = None
        if self.alive:
            self.rope.close()
            self._process.kill()
            self._process.wait()
            self._said.close()

    def _death(self) -> str:
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read()[-10_000:].decode("utf-8", "replace").strip().splitlines()
        fatal = [line for line in lines if line.startswith("Fatal")] or lines[-1:]
        self.end()
        if code >= 0:
            what = f"exit code {code}"
        else:
            what = signal.Signals(-code).name + (" (perhaps no memory was left)" if -code == signal.SIGKILL else "")
        return f"its process died: {what}" + "".join(f"; it said: {line[:200]}" for line in fatal[:1])


def main(fd: int) -> None:
    """The child's end: answer until the rope is cut."""
    faulthandler.enable()
    rope = Connection(fd)
    given: SimpleQueue[tuple[Task, float]] = SimpleQueue()
    threading.Thread(target=_listen, args=(rope, given), daemon=True).start()
    while True:
        task, limit_s = given.get()
        faulthandler.dump_traceback_later(limit_s + _ORPHAN_S, exit=True)
        answer = carry_out(task)
        faulthandler.cancel_dump_traceback_later()
        rope.send(answer)


def _listen(rope: Any, given: SimpleQueue[tuple[Task, float]]) -> None:
    while True:
        try:
            given.put(rope.recv())
        except (EOFError, OSError):
            os._exit(1)  # whatever it is doing, nobody waits for it
