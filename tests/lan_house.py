"""A link server behind a front door, on loopback with real TLS, and those who knock at it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from companion.clock import SessionClock
from companion.lan.front_door import FrontDoor
from companion.lan.settings import LanSettings
from companion.link.server import Doors, LinkServer
from companion.link.settings import LinkSettings
from tests.test_link import Session

HERE = "127.0.0.1"


class House:
    """A running server as `companion run --lan` makes it, but on this machine's own address."""

    def __init__(self, folder: Path, doors: Iterable[Doors] = (), **settings: Any) -> None:
        self.sessions: list[Session] = []
        self.notices: list[str] = []
        self.front = FrontDoor(LanSettings(), HERE, "", folder / "lan", self.notices.append)
        self.server = LinkServer(
            LinkSettings(**{"port": 0, "token": "", "allowed_hosts": self.front.hosts, **settings}),
            self._new,
            doors=(self.front.door, *doors),
            tls=self.front.context,
            tokens=self.front.tokens,
        )

    def _new(self, link: Any, clock: SessionClock) -> Session:
        self.sessions.append(Session(link, clock))
        return self.sessions[-1]

    @property
    def book(self) -> Any:
        return self.front.book

    def at(self, path: str) -> str:
        return f"https://{HERE}:{self.server.port}{path}"

    def believing(self) -> ssl.SSLContext:
        """TLS of a client that was told this certificate, and believes no other."""
        return ssl.create_default_context(cafile=str(self.front.certificate.file))

    @asynccontextmanager
    async def client(self, token: str = "", come_from: str = HERE) -> AsyncIterator[aiohttp.ClientSession]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reach = aiohttp.TCPConnector(ssl=self.believing(), local_addr=(come_from, 0))
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of a host that is an address, as browsers keep them
        async with aiohttp.ClientSession(headers=headers, connector=reach, cookie_jar=jar) as http:
            yield http

    async def offer(self, token: str, sdp: str, **more: Any) -> tuple[int, dict[str, Any]]:
        body = {"sdp": sdp, "type": "offer", **more}
        async with self.client(token) as http, http.post(self.at("/api/offer"), json=body) as response:
            return response.status, await response.json() if response.content_length else {}

    async def raw(self, data: bytes, tls: bool = True, limit_s: float = 20.0) -> bytes:
        """All that comes back for these bytes until the server closes the connection."""
        reader, writer = await asyncio.open_connection(HERE, self.server.port, ssl=self.believing() if tls else None)
        try:
            async with asyncio.timeout(limit_s):
                writer.write(data)
                return await _all(reader)
        finally:
            writer.transport.abort()


async def _all(reader: asyncio.StreamReader) -> bytes:
    out = b""
    try:
        while part := await reader.read(65536):
            out += part
    except (ConnectionError, ssl.SSLError):
        pass
    return out


@asynccontextmanager
async def house(folder: Path, doors: Iterable[Doors] = (), **settings: Any) -> AsyncIterator[House]:
    """`doors`: ways in beside the page's, behind the same guard."""
    it = House(folder, doors, **settings)
    await it.server.start()
    it.front.start(it.server)
    try:
        yield it
    finally:
        await it.server.stop()
        await it.front.stop()
