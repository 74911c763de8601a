"""A tap on a TCP connection: passes every byte, and notes when the client hung up.

Neither our client nor a double tells when a socket was really closed; what stands between them sees it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Tap:
    """What passed. Times are of the running loop. `header`: one more header line for each request."""

    url: str = ""
    header: bytes = b""
    connections: int = 0
    sent: bytearray = field(default_factory=bytearray)  # by the client
    came: bytearray = field(default_factory=bytearray)  # from the server
    asked: asyncio.Event = field(default_factory=asyncio.Event)  # a request has come
    closed: asyncio.Queue[float] = field(default_factory=asyncio.Queue)  # when the client closed a connection

    def last_body(self) -> dict[str, Any]:
        """The JSON of the last request that was sent."""
        body: dict[str, Any] = json.loads(self.sent.rpartition(b"\r\n\r\n")[2])
        return body

    async def closed_at(self) -> float:
        """When the client next closed a connection, as the far end of the wire sees it."""
        return await self.closed.get()


@asynccontextmanager
async def tapped(target: str, header: str = "") -> AsyncIterator[Tap]:
    """A tap before the server `target` ("http://host:port")."""
    parts = urlsplit(target)
    tap = Tap(header=f"{header}\r\n".encode() if header else b"")
    lines: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        tap.connections += 1
        try:
            await _pass(tap, reader, writer, parts.hostname or "", parts.port or 0)
        except asyncio.CancelledError:
            pass  # the tap itself ends; nobody waits for this connection
        finally:
            lines.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    tap.url = f"http://{host}:{port}"
    try:
        yield tap
    finally:
        server.close()
        for task in list(lines):
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


async def _pass(tap: Tap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    far_reader, far_writer = await asyncio.open_connection(host, port)
    up = asyncio.create_task(_upward(tap, reader, far_writer))
    down = asyncio.create_task(_downward(tap, far_reader, writer))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        for end in (writer, far_writer):
            end.close()


async def _upward(tap: Tap, reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
    while data := await _read(reader):
        tap.sent += data
        if data.startswith(b"POST "):  # our client sends the next request only when the last is answered
            data = data.replace(b"\r\n", b"\r\n" + tap.header, 1)
        far.write(data)
        await far.drain()
        tap.asked.set()
    tap.closed.put_nowait(asyncio.get_running_loop().time())


async def _downward(tap: Tap, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await _read(far):
        tap.came += data
        writer.write(data)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The next bytes; b"" at the end, however it ends."""
    try:
        return await reader.read(1 << 16)
    except ConnectionError:
        return b""
