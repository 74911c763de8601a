"""RTMP's chunk stream: messages cut into pieces that are interleaved, put together again and back. Pure.

basic header     1 to 3 bytes: format (2 bits), which chunk stream
message header   format 0: timestamp 3, length 3, type 1, stream 4 · 1: without the stream, timestamp is a step ·
                 2: only the step · 3: nothing, as before
extended time    4 bytes, if the timestamp field is 0xFFFFFF
payload          up to the chunk size, 128 at first
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGED, WINDOW, PEER_WINDOW = 1, 2, 3, 5, 6
AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
LONGEST = 4 * 1024 * 1024  # bytes of one message: a key frame at 4K is below 2 MB
STRANGER = 16 * 1024  # of somebody who has not shown a key yet: commands are below 1 kB
LARGEST_CHUNK = 0xFFFFFF
STREAMS = 64  # chunk streams at once: encoders use four
EXTENDED = 0xFFFFFF


class ChunkError(ValueError):
    """These bytes are no RTMP chunks, or more than is taken."""


@dataclass(frozen=True, slots=True)
class RtmpMessage:
    kind: int
    at_ms: int
    stream: int
    body: bytes


@dataclass(slots=True)
class _Stream:
    at_ms: int = 0
    step_ms: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    known: bool = False
    body: bytearray = field(default_factory=bytearray)


class Chunks:
    """What one peer sends. `feed` gives the messages that are whole now, each before it reads on; raises ChunkError."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._streams: dict[int, _Stream] = {}
        self._size = 128
        self.received = 0
        self.longest = STRANGER  # bytes of one message; `LONGEST` for who has shown a key

    def feed(self, data: bytes) -> Iterator[RtmpMessage]:
        self._data += data
        self.received += len(data)
        at, whole = 0, list[RtmpMessage]()
        while (used := self._chunk(at, whole)) is not None:
            at = used
            if whole:
                yield whole.pop()
        del self._data[:at]

    def _chunk(self, at: int, out: list[RtmpMessage]) -> int | None:
        """One chunk from `at` on; where it ends, None if it is not whole yet. A message that it completes goes to
        `out`."""
        data, end = self._data, len(self._data)
        if end == at or end - at < 1 + {0: 1, 1: 2}.get(data[at] & 0x3F, 0):
            return None
        form, number = data[at] >> 6, data[at] & 0x3F
        if number == 0:
            number, at = data[at + 1] + 64, at + 2
        elif number == 1:
            number, at = data[at + 1] + data[at + 2] * 256 + 64, at + 3
        else:
            at += 1
        stream = self._stream(number, form)
        header = (11, 7, 3, 0)[form]
        if end - at < header:
            return None
        stamp = int.from_bytes(data[at : at + 3], "big") if form < 3 else 0
        extended = stamp == EXTENDED if form < 3 else stream.extended
        after = at + header
        if extended:
            if end - after < 4:
                return None
            if form < 3:
                stamp = int.from_bytes(data[after : after + 4], "big")
            after += 4
        length = int.from_bytes(data[at + 3 : at + 6], "big") if form < 2 else stream.length
        begins = not stream.body
        if length > self.longest:
            raise ChunkError(f"a message of {length} bytes: {self.longest} are taken")
        piece = min(self._size, length - (0 if begins else len(stream.body)))
        if piece < 0 or (form < 3 and not begins):
            raise ChunkError("a message begins inside another one")
        if end - after < piece:
            return None
        if form < 2:
            stream.length, stream.kind = length, data[at + 6]
        if form == 0:
            stream.stream = int.from_bytes(data[at + 7 : at + 11], "little")
        stream.extended, stream.known = extended, True
        if begins:
            if form < 3:
                stream.step_ms = 0 if form == 0 else stamp
            stream.at_ms = stamp if form == 0 else (stream.at_ms + stream.step_ms) & 0xFFFFFFFF
        stream.body += data[after : after + piece]
        if len(stream.body) >= stream.length:
            self._whole(stream, out)
        return after + piece

    def _stream(self, number: int, form: int) -> _Stream:
        stream = self._streams.get(number)
        if stream is None:
            if len(self._streams) >= STREAMS:
                raise ChunkError(f"more than {STREAMS} chunk streams")
            stream = self._streams[number] = _Stream()
        if form and not stream.known:
            raise ChunkError("a chunk goes on with a message that never began")
        return stream

    def _whole(self, stream: _Stream, out: list[RtmpMessage]) -> None:
        body, stream.body = bytes(stream.body), bytearray()
        if stream.kind == SET_CHUNK_SIZE and len(body) >= 4:
            self._size = int.from_bytes(body[:4], "big") & 0x7FFFFFFF
            if not 1 <= self._size <= LARGEST_CHUNK:
                raise ChunkError(f"a chunk size of {self._size}")
        elif stream.kind == ABORT and len(body) >= 4:
            if dropped := self._streams.get(int.from_bytes(body[:4], "big")):
                dropped.body.clear()
        else:
            out.append(RtmpMessage(stream.kind, stream.at_ms, stream.stream, body))


def chunked(kind: int, body: bytes, stream: int = 0, channel: int = 3, size: int = 128) -> bytes:
    """One message, at time 0, for a peer that was told this chunk size or none."""
    head = bytes([channel]) + bytes(3) + len(body).to_bytes(3, "big") + bytes([kind]) + stream.to_bytes(4, "little")
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    return head + bytes([0xC0 | channel]).join(pieces)
