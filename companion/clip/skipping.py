"""An event loop that does not sit out the waiting: where nobody works, its time jumps to what is due next.

    somebody works (a lane, a model, a thread)    its time is real time: an answer takes as long as it takes
    nobody works                                  its time jumps: a pause, a spoken answer cost nothing
    `frozen` (the file is being decoded)          its time stands: what a camera would not have cost is not counted

A session on it cannot tell: it takes time from its loop alone. So its recording looks like one that was made in real
time, with the real cost of all that was computed, and replays like one.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class SkippingLoop(asyncio.SelectorEventLoop):
    """`at_work`: whether somebody works whom the loop does not know of; set it. Threads of the loop's own executor it
    knows."""

    def __init__(self) -> None:
        super().__init__(_Selector(self._wait))
        self.at_work: Callable[[], bool] = lambda: False
        self._ahead_s = 0.0  # of the machine's clock
        self._frozen_s: float | None = None
        self._threads = 0
        self._real = 0

    def time(self) -> float:
        return self._frozen_s if self._frozen_s is not None else time.monotonic() + self._ahead_s

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Time stands until the end of the block."""
        if self._frozen_s is not None:
            yield
            return
        self._frozen_s = now_s = self.time()
        try:
            yield
        finally:
            self._frozen_s = None
            self._ahead_s = now_s - time.monotonic()

    @contextmanager
    def real(self) -> Iterator[None]:
        """Time is real time until the end of the block: somebody outside is waited for, e.g. a person who types."""
        self._real += 1
        try:
            yield
        finally:
            self._real -= 1

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: object) -> None:
        self._threads -= 1

    def _wait(self, timeout: float | None, select: Callable[[float | None], Any]) -> Any:
        if timeout is None or timeout <= 0:
            return select(timeout)
        if self._frozen_s is not None:
            return select(None)  # no timer can become due: only the thread that is waited for
        if self._real or self._threads or self.at_work():
            return select(timeout)
        events = select(0)
        if not events:
            self._ahead_s += timeout
        return events


class _Selector(selectors.DefaultSelector):
    def __init__(self, wait: Callable[[float | None, Callable[[float | None], Any]], Any]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> Any:
        return self._wait(timeout, super().select)


@contextmanager
def frozen() -> Iterator[None]:
    """The running loop's time stands, if it is one whose time can; else nothing."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, SkippingLoop):
        with loop.frozen():
            yield
    else:
        yield


@contextmanager
def real() -> Iterator[None]:
    """The running loop's time is real time; on any other loop it always is."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, SkippingLoop):
        with loop.real():
            yield
    else:
        yield
