"""A stream that is fetched: a network camera, a motion JPEG server, a file in its own time.

It comes to the place "from", where who wants to hear the answers listens. A live stream that breaks and comes back goes
on with its session if that still waits; a file has an end, and so has its session then.
"""

from __future__ import annotations

import asyncio
import logging

from companion.link.errors import Refused
from companion.link.server import LinkServer
from companion.push.address import Address
from companion.push.child import Child
from companion.push.stream import Source, StreamConnection

log = logging.getLogger(__name__)

MODULE = "companion.push.pull_child"
PLACE = "from"
AGAIN_S = 1.0  # before the process is started again, if it ended by itself


class Pull:
    """`start`, then it pulls until `stop`, or until a file is over. `over` is set then."""

    def __init__(self, address: Address, server: LinkServer, echo: str = "") -> None:
        self._address, self._server, self._echo = address, server, echo
        self._running: asyncio.Task[None] | None = None
        self._stream: StreamConnection | None = None
        self._told = ""
        self._closed = asyncio.Event()  # the companion wants no more of it
        self.over = asyncio.Event()

    @property
    def shown(self) -> str:
        """Where it is fetched from, without secrets, and where its answers can be heard."""
        return f"{self._address.shown}; open the page with &listen={PLACE} to hear the answers"

    def start(self) -> None:
        self._running = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await self._once()
                if not self._address.live or self._closed.is_set():
                    return
                log.error("the process that fetched %s has ended; it is started again", self._address.shown)
                await asyncio.sleep(AGAIN_S)
        finally:
            self._end("the companion stops", goodbye=True)
            self.over.set()

    async def _once(self) -> None:
        """Fetch for as long as the process does, or until nobody wants it any more."""
        child = Child(MODULE, {"url": self._address.url, "live": self._address.live})
        try:
            await child.start()
            while (piece := await child.piece()) is not None and not self._closed.is_set():
                if piece.kind != "j":
                    if self._stream is not None:
                        self._stream.take(piece)
                elif (said := piece.event)["event"] == "open":
                    self._begin(said["microphone"], said["camera"])
                else:
                    self._tell(said["why"])
                    self._end(said["why"], goodbye=not self._address.live)
        finally:
            await child.stop()

    def _tell(self, why: str) -> None:
        """Once, not at every try."""
        if why != self._told:
            log.warning("%s: %s", self._address.shown, why)
        self._told = why

    def _begin(self, microphone: bool, camera: bool) -> None:
        self._told = ""
        source = Source("pull", f"pulled from {self._address.shown}", microphone, camera, self._echo)
        try:
            wearer = self._server.at(PLACE)
        except Refused as why:
            log.warning("%s cannot be taken: %s", self._address.shown, why)
            return
        lost_after_s = self._server.settings.lost_after_s
        self._stream = wearer.place(lambda resumed: StreamConnection(wearer, source, lost_after_s, self._closed.set))
        self._stream.begin()
        if not wearer.heard:
            log.warning("%s has no loudspeaker: captions only until somebody listens to %r", self._address.shown, PLACE)

    def _end(self, why: str, goodbye: bool) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.end(why, goodbye)
