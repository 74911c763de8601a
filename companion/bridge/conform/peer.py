"""The other side of one WebSocket, whichever it is: what it sent and when, and waiting for it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from companion.bridge.conform.report import Wrong
from companion.bridge.frames import Frame, read
from companion.bridge.hello import read_message
from companion.link.errors import Refused

NS = 1_000_000_000
Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse
Message = dict[str, Any]


class Peer:
    """Reads from its construction on. Times are this machine's monotonic clock. `faults`: what it sent that is neither
    a message nor a frame."""

    def __init__(self, socket: Socket) -> None:
        self.messages: list[tuple[int, Message]] = []
        self.frames: list[tuple[int, Frame]] = []
        self.faults: list[str] = []
        self.closed = False
        self.answers_pings = False
        self._socket = socket
        self._changed = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def code(self) -> int | None:
        return self._socket.close_code

    def got(self, kind: str) -> list[tuple[int, Message]]:
        return [(at_ns, m) for at_ns, m in self.messages if m["type"] == kind]

    async def say(self, **message: Any) -> None:
        await self.send(message)

    async def send(self, item: Message | str | bytes) -> None:
        """What is sent to who has gone is lost, and `closed` tells."""
        with suppress(ConnectionError):
            if isinstance(item, bytes):
                await self._socket.send_bytes(item)
            else:
                await self._socket.send_str(item if isinstance(item, str) else json.dumps(item))

    async def until(self, true: Callable[[], Any], within_s: float) -> Any:
        """What `true` gave, or something false if that did not come in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        return true()

    def cut(self) -> None:
        """The network is gone: no goodbye, no close."""
        connection = getattr(self._socket, "_conn", None)
        request = getattr(self._socket, "_req", None)
        transport = connection.transport if connection is not None else request.transport if request else None
        if transport is not None:
            transport.abort()

    async def close(self) -> None:
        await self._socket.close()

    def stop(self) -> None:
        self._reading.cancel()

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            now_ns = time.monotonic_ns()
            if message.type == WSMsgType.TEXT:
                await self._text(message.data, now_ns)
            elif message.type == WSMsgType.BINARY:
                self._binary(message.data, now_ns)
            elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                self.closed = True
                self._changed.set()
                return
            self._changed.set()

    async def _text(self, text: str, now_ns: int) -> None:
        try:
            message = read_message(text)
        except Refused as refused:
            self.faults.append(f"{refused.detail}: {text[:60]!r}")
            return
        self.messages.append((now_ns, message))
        if message["type"] == "ping" and self.answers_pings:
            await self.say(type="pong", id=message.get("id"), device_ns=now_ns)

    def _binary(self, data: bytes, now_ns: int) -> None:
        try:
            self.frames.append((now_ns, read(data)))
        except Refused as refused:
            self.faults.append(f"{refused.detail} ({refused.hint})")


def expect(true: object, wrong: str) -> None:
    """Raises `Wrong` with these words unless it is true."""
    if not true:
        raise Wrong(wrong)
