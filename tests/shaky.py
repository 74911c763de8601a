"""A way between a device and a companion that breaks when a test wants it to: a TCP forwarder on loopback.

`cut`: both ends are told at once, and nobody gets through, as when a process on the way dies. `hush`: what is under way
is swallowed for ever and new connections hang, as when a radio's way is gone and nobody is told. `restore` ends either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

HERE = "127.0.0.1"
PART_BYTES = 65536


class Shaky:
    """`on_down` sees what comes from the companion, as it comes."""

    def __init__(self, companion_port: int) -> None:
        self.port = 0
        self.on_down: Callable[[bytes], None] = lambda data: None
        self.knocks = 0  # connections that were tried, whatever became of them
        self._companion_port = companion_port
        self._state = "open"
        self._restored = asyncio.Event()
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._hushed: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._knock, HERE, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.cut()
        self._restored.set()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        self._state = "cut"
        for pair in [*self._lines]:
            for writer in pair:
                writer.transport.abort()

    def hush(self) -> None:
        self._state = "hushed"
        self._restored.clear()
        self._hushed = {writer for pair in self._lines for writer in pair}

    def restore(self) -> None:
        self._state = "open"
        self._restored.set()

    async def _knock(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        if self._state == "hushed":
            await self._restored.wait()  # as when a SYN is sent again and again
        if self._state == "cut":
            writer.transport.abort()
            return
        up_reader, up = await asyncio.open_connection(HERE, self._companion_port)
        self._lines.add((writer, up))
        try:
            await asyncio.gather(self._forward(reader, up, False), self._forward(up_reader, writer, True))
        finally:
            self._lines.discard((writer, up))
            for end in (writer, up):
                end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, down: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(PART_BYTES):
                if writer in self._hushed:
                    continue
                if down:
                    self.on_down(data)
                writer.write(data)
                await writer.drain()
            writer.close()


@asynccontextmanager
async def shaky(companion_port: int) -> AsyncIterator[Shaky]:
    it = Shaky(companion_port)
    await it.start()
    try:
        yield it
    finally:
        await it.stop()
