"""A network camera for tests: RTSP over TCP (RFC 2326), H.264 in RTP (RFC 6184), one viewer after another.

It knows the few requests that a player sends, and one more thing: to answer with a redirect.
"""

from __future__ import annotations

import asyncio
import base64
import re
import struct
from dataclasses import dataclass, field

from companion.link.h264 import PPS, SPS, START_CODES

MTU = 1200
STEP = 3000  # 90 kHz: 30 pictures a second


@dataclass
class Camera:
    """`units`: access units, Annex B, shown round and round. `redirect`: where DESCRIBE sends players instead."""

    units: tuple[bytes, ...]
    redirect: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    on: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return f"rtsp://127.0.0.1:{self.port}/stream"

    def cut(self) -> None:
        """Nobody is served any more, nor is who comes."""
        self.on = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def stop(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.on:
            writer.transport.abort()
            return
        self._writers.add(writer)
        playing: asyncio.Task[None] | None = None
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request = request[request.index(re.search(r"[A-Z]{4}", request)[0]) :]  # type: ignore[index]
                method, number = request.split()[0], re.search(r"CSeq: *(\d+)", request)[1]  # type: ignore[index]
                self.asked.append(method)
                writer.write(self._answer(method, number).encode())
                if method == "PLAY":
                    playing = asyncio.ensure_future(self._play(writer))
        except (asyncio.IncompleteReadError, ConnectionError, TypeError):
            pass
        finally:
            if playing is not None:
                playing.cancel()
            self._writers.discard(writer)
            writer.close()

    def _answer(self, method: str, number: str) -> str:
        status, headers, body = "200 OK", "Session: 7\r\n", ""
        if method == "OPTIONS":
            headers = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE" and self.redirect:
            status, headers = "302 Moved", f"Location: {self.redirect}\r\n"
        elif method == "DESCRIBE":
            body = self._sdp()
            headers = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            headers += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        return f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{headers}\r\n{body}"

    def _sdp(self) -> str:
        sets = [u for u in START_CODES.split(self.units[0]) if u and u[0] & 0x1F in (SPS, PPS)]
        said = ",".join(base64.b64encode(one).decode() for one in sets)
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={said}\r\na=control:track\r\n"
        )

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        sequence = 0
        for number in range(1_000_000):
            pieces = list(_packetized(self.units[number % len(self.units)]))
            for i, piece in enumerate(pieces):
                marker = 0x80 if i == len(pieces) - 1 else 0
                head = struct.pack(">BBHII", 0x80, 96 | marker, sequence & 0xFFFF, number * STEP & 0xFFFFFFFF, 7)
                sequence += 1
                writer.write(b"$\0" + struct.pack(">H", len(head) + len(piece)) + head + piece)
            await writer.drain()
            await asyncio.sleep(STEP / 90_000)


def _packetized(unit: bytes):  # type: ignore[no-untyped-def]
    for nal in (u for u in START_CODES.split(unit) if u):
        if len(nal) <= MTU:
            yield nal
            continue
        indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 0x1F
        pieces = [nal[at : at + MTU] for at in range(1, len(nal), MTU)]
        for i, piece in enumerate(pieces):
            edge = (0x80 if i == 0 else 0) | (0x40 if i == len(pieces) - 1 else 0)
            yield bytes([indicator, kind | edge]) + piece
