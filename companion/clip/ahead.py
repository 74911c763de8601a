"""Something slow made ahead of its use, in a thread of its own, and never more than a few pieces of it."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Generic, TypeVar

from companion.clip.skipping import frozen

T = TypeVar("T")
LOOK_S = 0.2  # how often a maker that waits for room looks whether it is still wanted


class Ahead(Generic[T]):
    """`await peek()` / `await take()` give the pieces in order, None after the last; what the maker raises is raised
    there. While a piece is waited for, the time of a loop that can stand still stands. `close` ends the thread."""

    def __init__(self, made: Iterable[T], pieces: int) -> None:
        self._queue: queue.Queue[T | BaseException | None] = queue.Queue(pieces)
        self._made = made
        self._closed = False
        self._next: list[T | None] = []
        self._over = False
        self._thread = threading.Thread(target=self._run, name="clip-ahead", daemon=True)
        self._thread.start()

    async def peek(self) -> T | None:
        if not self._next:
            self._next.append(await self._get())
        return self._next[0]

    async def take(self) -> T | None:
        piece = await self.peek()
        self._next.clear()
        return piece

    async def _get(self) -> T | None:
        if self._over:
            return None
        try:
            piece = self._queue.get_nowait()
        except queue.Empty:
            with frozen():
                piece = await asyncio.get_running_loop().run_in_executor(None, self._queue.get)
        if piece is None or isinstance(piece, BaseException):
            self._over = True
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            for piece in self._made:
                if not self._put(piece):
                    return
        except Exception as why:  # raised where the piece is waited for
            last = why
        self._put(last)

    def _put(self, piece: T | BaseException | None) -> bool:
        while not self._closed:
            try:
                self._queue.put(piece, timeout=LOOK_S)
            except queue.Full:
                continue
            return True
        return False

    def close(self) -> None:
        """No piece is made any more; who waits for one gets None."""
        self._closed = self._over = True
        with suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join()
