"""The one door for slow work: one lane a kind, results back on the loop, what was superseded is dropped.

An engine call goes in with a callback; the callback runs on the event loop with the result and what it cost, or with
the exception. Work of one kind runs in order, one at a time, in its lane's thread, so an engine never sees two threads.
A cancelled job that has not begun never runs; one that runs is not interrupted, but its result is dropped (a stream
stops at its next item).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pipelines.events import Decision, View

T = TypeVar("T")
logger = logging.getLogger(__name__)


ROOM_S = 0.1  # how often a lane that waits for room looks again


@dataclass(frozen=True, slots=True)
class Asked:
    """What the work is for, so that a replay finds its result on the tape: the decision that wants it, and of a
    decision that wants several pictures, which."""

    decision: Decision
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Stream(Generic[T]):
    """Work that gives its result in pieces. `room()`: False makes the lane wait before the next piece is given on."""

    kind: str
    items: Callable[[], Iterator[T]]
    room: Callable[[], bool] = lambda: True


class Job:
    """One piece of work under way. `task`: what runs it, if it runs on the loop."""

    def __init__(self) -> None:
        self._cancelled = False
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        self._cancelled = True
        if self.task is not None:
            self.task.cancel()

    def cancelled(self) -> bool:
        return self._cancelled


class Door(Protocol):
    """What a session asks for slow work: live a `ComputeDoor`, in a replay the tape."""

    def held(self, take: Callable[[], T]) -> Callable[[], T]:
        """What `take` gives now, for work that runs later in another thread."""
        ...

    def compute(
        self,
        kind: str,
        work: Callable[[], T],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job: ...

    def stream(
        self,
        stream: Stream[T],
        each: Callable[[T], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
        job: Job | None = None,
    ) -> Job: ...

    def task(
        self,
        kind: str,
        work: Callable[[], Awaitable[T]],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job: ...


class ComputeDoor:
    """Lanes are made when first used and ended by `close`."""

    def __init__(self) -> None:
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def held(self, take: Callable[[], T]) -> Callable[[], T]:
        value = take()
        return lambda: value

    def compute(
        self,
        kind: str,
        work: Callable[[], T],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job:
        """Run `work` in the lane `kind`; then `done(result, cost_ns)` or `failed(error)` on the loop."""

        def items() -> Iterator[T]:
            yield work()

        result: list[T] = []
        return self.stream(Stream(kind, items), result.append, lambda cost_ns: done(result[0], cost_ns), failed, asked)

    def stream(
        self,
        stream: Stream[T],
        each: Callable[[T], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
        job: Job | None = None,
    ) -> Job:
        """As `compute`, for work that gives its result in pieces: `each(piece)` for every one, in order."""
        job, kind = job or Job(), stream.kind
        if self._closed:
            job.cancel()
            return job
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"earshot-{kind}")
        lane.submit(self._run, job, stream, each, done, failed)
        return job

    def task(
        self,
        kind: str,
        work: Callable[[], Awaitable[T]],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job:
        """As `compute`, for work that waits on the loop instead of computing in a lane: several may run at once."""
        job = Job()

        async def run() -> None:
            began_ns = time.perf_counter_ns()
            try:
                result = await work()
            except Exception as error:  # as with engines: the session's to speak about
                logger.warning("%s failed: %s", kind, error, exc_info=True)
                failed(error)
            else:
                done(result, time.perf_counter_ns() - began_ns)

        if self._closed:
            job.cancel()
        else:
            job.task = self._loop.create_task(run(), name=f"earshot-{kind}")
        return job

    def _run(
        self,
        job: Job,
        stream: Stream[T],
        each: Callable[[T], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        began_ns = time.perf_counter_ns()
        try:
            for item in stream.items() if not job.cancelled() else ():
                while not stream.room() and not job.cancelled():
                    time.sleep(ROOM_S)
                if job.cancelled():
                    break
                self._deliver(job, each, item)
            self._deliver(job, done, time.perf_counter_ns() - began_ns)
        except Exception as error:  # whatever an engine raises is the session's to speak about
            logger.warning("work failed: %s", error, exc_info=True)
            self._deliver(job, failed, error)

    def _deliver(self, job: Job, callback: Callable[[Any], None], value: object) -> None:
        def on_loop() -> None:
            if not job.cancelled():
                callback(value)

        if not self._closed:
            self._loop.call_soon_threadsafe(on_loop)

    def close(self) -> None:
        """Wait for what runs, drop what waits; no lane's thread is left after."""
        self._closed = True
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)
        self._lanes.clear()
