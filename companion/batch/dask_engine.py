"""The same jobs on several machines: Dask distributed, an extra (`pip install 'earshot-companion[dask]'`).

Without a scheduler's address a cluster of `jobs` workers is started here, bound to loopback and gone afterwards. With
one ("tcp://desk:8786") the workers are wherever somebody started them, with the same Earshot and packages, seeing the
recordings under the same paths; both are checked job by job. A Dask worker runs each job in a child process, as the
process pool does: a job that kills its process or hangs hurts no worker, and a worker that dies is a machine that was
lost. Its jobs go to the others, and what it had finished lies in the store if they share that.

Only a developer who names an address makes this module connect beyond this machine.
"""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any

from companion.batch.child import Child
from companion.batch.engines import OnAnswer, persistently
from companion.batch.jobs import Answer, Task
from recordings.session import RecordingError

_FIRST_WORKER_S = 30.0  # a cluster that has none by then needs somebody to look at it

_own = threading.local()


@dataclass(frozen=True)
class Dask:
    """`scheduler`: its address, or "" for `jobs` workers on this machine."""

    jobs: int
    limit_s: float
    scheduler: str = ""
    on_start: Callable[[Any], None] = lambda client: None  # a seam: tests want to know whom to kill

    def map(self, tasks: Sequence[Task], on_answer: OnAnswer, retries: int) -> None:
        distributed = _distributed()
        with self._client(distributed) as client:
            self.on_start(client)
            futures = {
                client.submit(
                    on_worker, task, self.limit_s, retries, key=f"replay-{task.number}-{task.key}", pure=False
                ): task
                for task in tasks
            }
            try:
                for future in distributed.as_completed(list(futures)):
                    on_answer(_answer(future, futures[future]))
                    future.release()
            except BaseException:
                client.cancel(list(futures))
                raise

    @contextmanager
    def _client(self, distributed: Any) -> Iterator[Any]:
        with ExitStack() as held:
            try:
                address = self.scheduler or held.enter_context(self._cluster_here(distributed))
                client = held.enter_context(distributed.Client(address))
                client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
            except (OSError, TimeoutError, RuntimeError, ValueError) as why:
                raise RecordingError(
                    f"no Dask worker could be reached at {self.scheduler or 'this machine'} ({why}): start "
                    "`dask scheduler` and, on each machine, `dask worker ADDRESS`, or use --engine process."
                ) from why
            yield client

    @contextmanager
    def _cluster_here(self, distributed: Any) -> Iterator[Any]:
        with tempfile.TemporaryDirectory(prefix="earshot-dask-") as scratch:
            with _deaf_to_ctrl_c():
                cluster = distributed.LocalCluster(
                    n_workers=self.jobs,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",  # it cannot be left out; never the usual port, never another host
                    worker_dashboard_address=None,
                    memory_limit=0,  # the jobs' memory is in their children
                    local_directory=scratch,
                    silence_logs=logging.CRITICAL,
                )
            with cluster:
                yield cluster


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Threads and processes that start within never get it: it ends the batch, and the batch ends its workers."""
    resource_tracker.ensure_running()  # later it would be started by one of them, and take the mask away
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def on_worker(task: Task, limit_s: float, retries: int) -> Answer:
    """On a worker: one task, in the child process of this thread."""
    return persistently(lambda: _in_child(task, limit_s), retries)


def _in_child(task: Task, limit_s: float) -> Answer:
    child: Child | None = getattr(_own, "child", None)
    if child is None or not child.alive:
        child = _own.child = Child()
    try:
        child.give(task, limit_s)
    except OSError:  # somebody ended it while it had nothing to do
        child.end()
        return Answer(task.number, why="its process had ended before it began", again=True)
    return child.take() if wait([child.rope], limit_s) else child.give_up()


def _answer(future: Any, task: Task) -> Answer:
    try:
        answer: Answer = future.result()
        return answer
    except Exception as why:  # what Dask itself says of a task: too many workers lost with it, nothing installed there
        if future.cancelled():
            return Answer(task.number, why="the Dask scheduler gave it up: it was cancelled or restarted")
        return Answer(task.number, why=f"{type(why).__name__} on a Dask worker: {why}")


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as why:
        raise RecordingError(
            "--engine dask needs Dask distributed, which is not installed: pip install 'earshot-companion[dask]'; "
            "or use --engine process."
        ) from why
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters to a person comes as an answer
    return distributed
