"""The way in: GET /device, behind the server's guard. Before the hello nothing is built and nothing is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from aiohttp import WSMsgType, web

from companion.bridge.connection import BridgeConnection
from companion.bridge.frames import READ_BYTES
from companion.bridge.hello import Hello, read_hello, read_message
from companion.bridge.refusing import send_away
from companion.bridge.settings import BridgeSettings
from companion.link.errors import Refused
from companion.link.places import RETRY_AFTER_S
from companion.link.server import Doors, LinkServer

log = logging.getLogger(__name__)

PATH = "/device"
CLOSE_S = 1.0  # for the other side's own close
GREETING = 16  # connections that have not said hello: more than wearers, so that a retry finds a place
FAULT = Refused(500, "fault", "the companion met a fault of its own", "look in its log, and report it, please")


def bridge(settings: BridgeSettings) -> Doors:
    """For `LinkServer(doors=…)`."""

    def door(server: LinkServer) -> Iterable[web.RouteDef]:
        return [web.get(PATH, Door(server, settings).connect)]

    return door


class Door:
    def __init__(self, server: LinkServer, settings: BridgeSettings) -> None:
        self._server, self._settings = server, settings
        self._greeting = 0

    async def connect(self, request: web.Request) -> web.StreamResponse:
        if self._greeting >= GREETING:
            detail = f"{GREETING} devices have connected and not said hello yet"
            raise Refused(503, "too_many_sessions", detail, "try again", retry_after_s=RETRY_AFTER_S)
        socket = web.WebSocketResponse(timeout=CLOSE_S, compress=False, max_msg_size=READ_BYTES)
        socket.headers["Server"] = ""
        if not _is_handshake(socket, request):
            raise Refused(426, "no_websocket", "this is no WebSocket handshake", "open a WebSocket (RFC 6455) here")
        await socket.prepare(request)
        try:
            hello = await self._hello(socket)
            if hello is not None:
                await self._live(socket, hello)
        except Refused as refused:
            await send_away(socket, CLOSE_S, refused)
        except Exception:
            log.exception("a device's connection failed")
            await send_away(socket, CLOSE_S, FAULT)
        return socket

    async def _hello(self, socket: web.WebSocketResponse) -> Hello | None:
        """None: it left again. Raises `Refused`."""
        self._greeting += 1
        try:
            async with asyncio.timeout(self._settings.hello_within_s):
                message = await socket.receive()
        except TimeoutError:
            detail = f"no hello within {self._settings.hello_within_s:g} s"
            raise Refused(408, "no_hello", detail, "send it as the first message") from None
        finally:
            self._greeting -= 1
        if message.type == WSMsgType.BINARY:
            raise Refused(400, "bad_hello", "the first message is binary", "first a hello, as text")
        return read_hello(read_message(message.data)) if message.type == WSMsgType.TEXT else None

    async def _live(self, socket: web.WebSocketResponse, hello: Hello) -> None:
        wearer = self._server.place(hello.resume)

        def make(resumed: bool) -> BridgeConnection:
            return BridgeConnection(wearer, socket, hello, self._server.settings, resumed)

        await wearer.place(make).run()


def _is_handshake(socket: web.WebSocketResponse, request: web.Request) -> bool:
    """aiohttp's own check, which falls over headers that are no ASCII."""
    try:
        return bool(socket.can_prepare(request))
    except ValueError:
        return False
