"""A device that loses its network and comes back over another one.

Losing it is silent: nothing leaves, nothing arrives, no goodbye is said, and neither side is told. It is done right at
the socket, below ICE, so that also the checks by which ICE notices such things get no answer.
"""

from __future__ import annotations

from typing import Any, Protocol

import av
from aiortc import RTCPeerConnection
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


class Source(Protocol):
    """A microphone or a camera, which outlives connections."""

    kind: str

    async def recv(self) -> av.Packet: ...

    def go_on(self) -> None: ...


class Lead(MediaStreamTrack):  # type: ignore[misc]  # aiortc is untyped
    """One connection's track; a connection stops its track when it closes, and the source goes on."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.kind = source.kind
        self._source = source
        self._begun = False

    async def recv(self) -> av.Packet:
        if self.readyState != "live":
            raise MediaStreamError
        if not self._begun:
            self._begun = True
            self._source.go_on()
        packet = await self._source.recv()
        if self.readyState != "live":
            raise MediaStreamError
        return packet


class _Nowhere:
    """In place of a socket: what is sent is gone."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def sendto(self, data: bytes, address: Any = None) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def cut(pc: RTCPeerConnection) -> None:
    """From now on nothing leaves this connection and nothing reaches it."""
    parts = [t.sender for t in pc.getTransceivers()] + ([pc.sctp] if pc.sctp else [])
    for connection in {part.transport.transport.iceGatherer._connection for part in parts}:
        for protocol in connection._protocols:
            protocol.transport = _Nowhere(protocol.transport)
            protocol.datagram_received = lambda data, address: None
