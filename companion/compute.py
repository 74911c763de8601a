"""The one door for slow work: one lane a kind, results back on the loop, what was superseded is dropped.

An engine call goes in with a callback; the callback runs on the event loop with the result and what it cost, or with
the exception. Work of one kind runs in order, one at a time, in its lane's thread, so an engine never sees two threads.
A cancelled job that has not begun never runs; one that runs is not interrupted, but its result is dropped (a stream
stops at its next item).

Sessions of one process share the lanes: few threads at work leave the loop, and with it everybody's sound, its share of
the cores. (With a lane for each wearer's pictures, eight who asked at once made sound 390 ms late at the 99th
percentile; with one lane for all it was 60.) Only the voice has a lane for each session (`own()`), because it waits
while its wearer listens; voices take turns at the engine, piece by piece.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pipelines.events import Decision, View

T = TypeVar("T")
logger = logging.getLogger(__name__)


ROOM_S = 0.1  # how often a lane that waits for room looks again
OWN = frozenset({"voice"})  # a lane for each session
IN_TURNS = frozenset({"voice"})  # of these, the ones that share an engine
# How long a lane that runs Python may let the loop wait. With Python's 5 ms each of the loop's system calls, hundreds a
# second for each wearer, takes 5 ms beside such a lane; with this it takes 0.02 (measured).
SWITCH_S = 0.0005


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


_END = object()  # of a stream's pieces


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

    def ahead(self, kind: str, work: Callable[[], bool]) -> None:
        """Do something now that makes later work of this kind cheaper, and gives no result of its own. `work` does a
        little of it, and says whether there is more."""
        ...


class ComputeDoor:
    """Lanes are made when first used and ended by `close`, which also ends those of every `own` door."""

    def __init__(self, shared: ComputeDoor | None = None) -> None:
        """`shared`: the door of the process, if this is one session's own."""
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._shared = shared
        self._own: set[ComputeDoor] = set()
        self._turns = {kind: threading.Lock() for kind in IN_TURNS}
        self._under_way: set[Future[None] | asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        sys.setswitchinterval(SWITCH_S)

    @property
    def busy(self) -> bool:
        """Whether something is under way, here or behind one of the `own` doors."""
        return bool(self._under_way) or any(door.busy for door in tuple(self._own))

    def own(self) -> ComputeDoor:
        """A door for one session, with lanes of its own for what must not wait for others. `close` it after it."""
        door = ComputeDoor(self)
        self._own.add(door)
        return door

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
        self._note(self._lane(kind).submit(self._run, job, stream, each, done, failed))
        return job

    def _note(self, work: Future[None] | asyncio.Task[None]) -> None:
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)

    def _lane(self, kind: str) -> ThreadPoolExecutor:
        if self._shared is not None and kind not in OWN:
            return self._shared._lane(kind)
        lane = self._lanes.get(kind)
        if lane is None:
            lane = self._lanes[kind] = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"earshot-{kind}")
        return lane

    def _turn(self, kind: str) -> AbstractContextManager[object]:
        """Whoever holds it has the engine of this kind."""
        door = self if self._shared is None else self._shared
        return door._turns.get(kind) or nullcontext()

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
            self._note(job.task)
        return job

    def ahead(self, kind: str, work: Callable[[], bool]) -> None:
        """Left out while something is waiting in that lane: what waits does it itself. What comes meanwhile waits for a
        little of it, not for all."""
        if self._closed or not self._lane(kind)._work_queue.empty():
            return

        def run() -> None:
            try:
                if work() and not self._closed:
                    self._note(self._lane(kind).submit(run))
            except Exception as error:  # the work it was done ahead of will fail as well, and be heard of
                logger.warning("work ahead failed: %s", error, exc_info=True)

        self._note(self._lane(kind).submit(run))

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
            pieces, turn = iter(stream.items()), self._turn(stream.kind)
            while not job.cancelled():
                with turn:
                    item = next(pieces, _END)
                if item is _END:
                    break
                while not (stream.room() or job.cancelled() or self._closed):
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
        for door in tuple(self._own):
            door.close()
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)
        self._lanes.clear()
        if self._shared is not None:
            self._shared._own.discard(self)
