"""What the MCP SDK does not tell of a connection: that it is over, and what the server said before it ended."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TextIO


@asynccontextmanager
async def watched(transport: Any, on_end: Callable[[], None]) -> AsyncIterator[Any]:
    """The transport, and word when nothing more will come from it: the SDK tells that only to whoever waits."""
    async with transport as (read, write):
        yield _Watched(read, on_end), write


class _Watched:
    """A read stream of the SDK as it is, but for its end."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            self._on_end()
            raise

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


class LastWords:
    """The end of what a server wrote to its error output: why it did not start is nowhere else."""

    def __init__(self) -> None:
        self._tail: deque[int] = deque(maxlen=300)
        self._read_fd = -1
        self._file: TextIO | None = None

    def open(self) -> TextIO:
        """The end to write to, for the server."""
        self._read_fd, write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._file = os.fdopen(write_fd, "w")
        asyncio.get_running_loop().add_reader(self._read_fd, self._take)
        return self._file

    def _take(self) -> None:
        try:
            data = os.read(self._read_fd, 65536)
        except BlockingIOError:
            return
        self._tail.extend(data[-300:])
        if not data:
            asyncio.get_running_loop().remove_reader(self._read_fd)

    def close(self) -> None:
        if self._file is None:
            return
        self._file.close()
        self._take()
        asyncio.get_running_loop().remove_reader(self._read_fd)
        os.close(self._read_fd)
        self._file = None

    def said(self) -> str:
        """ " (its last words: …)", or ""."""
        lines = bytes(self._tail).decode("utf-8", "replace").strip().splitlines()
        return f" (its last words: {lines[-1].strip()})" if lines and lines[-1].strip() else ""
