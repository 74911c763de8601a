"""A thread with an event loop of its own, for work that takes many rounds of a loop before it has anything to say: on
a loop that carries everybody's sound, each of those rounds waits its turn.

Such work is an async generator that runs over there. What it gives crosses to the loop that asked, in order, and so
does how it ends. It runs ahead of its reader by `AHEAD` items and no further.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Final, Generic, TypeVar

from companion.net import NetError

T = TypeVar("T")
Work = Callable[[], AsyncGenerator[T, None]]
NAME: Final = "earshot-net"
AHEAD: Final = 16  # items. Of a body httpcore gives 64 KiB at most in one, so this is 1 MiB


class NetThread:
    """Starts with the first work; ends by `aclose`, or with the process."""

    def __init__(self, last: Callable[[], Awaitable[None]]) -> None:
        """`last` runs over there, once all work has ended."""
        self._last = last
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, work: Work[T]) -> Crossing[T]:
        """Runs `work` over there. Read what this gives to its end, or `close` it. Raises NetError after `aclose`."""
        if self._closed:
            raise _closed()
        if self._loop is None:
            loop = asyncio.new_event_loop()
            # A daemon: a process that ends without `aclose` does not wait for a server that says nothing.
            self._thread = threading.Thread(target=self._run, args=(loop,), name=NAME, daemon=True)
            self._thread.start()
            self._loop = loop
        return Crossing(work, self._loop)

    async def aclose(self) -> None:
        """Cancels the work that is under way, and ends the thread."""
        first, self._closed = not self._closed, True
        if self._loop is None or self._thread is None:
            return
        if first:
            self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        loop.run_until_complete(self._end())
        loop.close()

    async def _end(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._last()
        await asyncio.get_running_loop().shutdown_asyncgens()


class Crossing(Generic[T]):
    """One piece of work, as an async iterator for the loop that asked. The methods after `close` run over there."""

    def __init__(self, work: Work[T], there: asyncio.AbstractEventLoop) -> None:
        self._work, self._there, self._here = work, there, asyncio.get_running_loop()
        self._came: asyncio.Queue[T | BaseException] = asyncio.Queue()
        self._taken = 0  # since room was last made for more
        self._over = False
        self._room = asyncio.Semaphore(AHEAD - 1)
        self._task: asyncio.Task[None] | None = None
        there.call_soon_threadsafe(self._start)

    def __aiter__(self) -> Crossing[T]:
        return self

    async def __anext__(self) -> T:
        """Raises what the work raised."""
        item = await self._came.get()
        if isinstance(item, BaseException):
            self._over = True
            self._came.put_nowait(item)  # stays the last word
            raise item
        self._taken += 1
        if self._taken == AHEAD // 2:
            self._tell_there(self._make_room)
            self._taken = 0
        return item

    def close(self) -> None:
        """Cancels the work, if it has not ended; does not wait for its end."""
        if not self._over:
            self._tell_there(self._cancel)

    def _tell_there(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the thread has ended, and with it the work
            self._there.call_soon_threadsafe(what)

    def _start(self) -> None:
        self._task = self._there.create_task(self._pump())
        self._task.add_done_callback(self._ended)

    def _cancel(self) -> None:
        assert self._task is not None
        self._task.cancel()

    def _make_room(self) -> None:
        for _ in range(AHEAD // 2):
            self._room.release()

    async def _pump(self) -> None:
        async with aclosing(self._work()) as items:
            async for item in items:
                self._here.call_soon_threadsafe(self._came.put_nowait, item)  # RuntimeError if that loop is closed
                await self._room.acquire()

    def _ended(self, task: asyncio.Task[None]) -> None:
        end = _closed() if task.cancelled() else task.exception() or StopAsyncIteration()
        with suppress(RuntimeError):  # the loop that asked is closed: nobody waits
            self._here.call_soon_threadsafe(self._came.put_nowait, end)


def _closed() -> NetError:
    return NetError("network", "the connection was closed by us")
