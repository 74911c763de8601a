"""RTMP: a door for encoders that know no WebRTC. The strangers are spoken with in a process of its own.

    companion ──key, address──> companion.push.rtmp_child <──RTMP── encoder
        └────────<──pieces───────────┘

Not FFmpeg's listener: that lets any stream key pass, takes one encoder at a time, and needs half a second to three to
look at a stream before it gives anything. There is one place, so an encoder that comes back goes on with its session.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial
from typing import Any

from companion.link.errors import Refused
from companion.link.server import LinkServer
from companion.push.child import Child
from companion.push.pipe import Piece
from companion.push.settings import PushSettings
from companion.push.stream import Source, StreamConnection

log = logging.getLogger(__name__)

MODULE = "companion.push.rtmp_child"
PLACE = "rtmp"  # to listen at
AGAIN_S = 1.0  # before the process is started again


class RtmpError(OSError):
    """The door could not be opened."""


class Rtmp:
    """`start`, then it takes encoders until `stop`."""

    def __init__(self, settings: PushSettings, server: LinkServer) -> None:
        self._settings, self._server = settings, server
        self.key = settings.rtmp_key or secrets.token_urlsafe(18)
        self.port = settings.rtmp_port
        self._child: Child | None = None
        self._running: asyncio.Task[None] | None = None
        self._number = 0  # of the encoder that pushes
        self._stream: StreamConnection | None = None

    @property
    def url(self) -> str:
        """What to give to an encoder; the last part is the stream key."""
        host = self._server.settings.host
        return f"rtmp://{host if host not in ('', '0.0.0.0', '::') else '127.0.0.1'}:{self.port}/live/{self.key}"

    async def start(self) -> str:
        """Listen; returns `url`. Raises RtmpError with the way out."""
        if not self._server.loopback_only and not self._settings.rtmp_plain:
            raise RtmpError(
                f"push.rtmp_port = {self._settings.rtmp_port}: RTMP knows no encryption, and server.host = "
                f"{self._server.settings.host!r} can be reached by others. Use WHIP, or take it on with "
                "push.rtmp_plain = true"
            )
        await self._listen()
        self._running = asyncio.ensure_future(self._run())
        return self.url

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._child is not None:
            await self._child.stop()
        self._gone("the companion stops", goodbye=True)

    async def _listen(self) -> None:
        child = Child(MODULE, {"host": self._server.settings.host, "port": self.port, "key": self.key})
        await child.start()
        first = await child.piece()
        said: dict[str, Any] = {"event": "failed", "why": "its process ended at once"}
        if first is not None:
            said = first.event
        if said["event"] != "listening":
            await child.stop()
            raise RtmpError(
                f"push.rtmp_port = {self.port}: cannot listen on {self._server.settings.host}:{self.port} "
                f"({said['why']}). Choose another port, or 0 for no RTMP"
            )
        self.port, self._child = int(said["port"]), child

    async def _run(self) -> None:
        while True:
            assert self._child is not None
            while (piece := await self._child.piece()) is not None:
                self._take(piece)
            log.error("the process that takes RTMP has ended; it is started again")
            await self._child.stop()
            self._gone("the process that took it has ended", goodbye=False)
            await asyncio.sleep(AGAIN_S)
            try:
                await self._listen()
            except RtmpError as why:
                log.error("%s", why)

    def _take(self, piece: Piece) -> None:
        if piece.kind != "j":
            if self._stream is not None:
                self._stream.take(piece)
            return
        said = piece.event
        if said["event"] == "publish":
            self._publish(said["number"], said["peer"], said["microphone"], said["camera"])
        elif said["event"] == "gone":
            log.warning("an RTMP push is over: %s", said["why"])
            if said["number"] == self._number:
                self._gone(said["why"], said["goodbye"])
        elif said["event"] == "refused":
            log.warning("RTMP: somebody was refused: %s", said["why"])

    def _publish(self, number: int, peer: str, microphone: bool, camera: bool) -> None:
        source = Source("rtmp", f"pushed by RTMP from {peer}", microphone, camera, self._settings.echo)
        try:
            wearer = self._server.at(PLACE)
        except Refused as why:
            log.warning("an RTMP push cannot be taken: %s", why)
            self._drop(number)
            return
        lost_after_s = self._server.settings.lost_after_s
        closed = partial(self._drop, number)
        self._number = number
        self._stream = wearer.place(lambda resumed: StreamConnection(wearer, source, lost_after_s, closed))
        self._stream.begin()
        if not wearer.heard:
            log.warning("what pushes by RTMP has no loudspeaker: captions only until somebody listens to %r", PLACE)

    def _gone(self, why: str, goodbye: bool) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.end(why, goodbye)

    def _drop(self, number: int) -> None:
        if self._child is not None:
            self._child.tell({"drop": number})
