"""What a process that fetches or takes media hands to the companion, piece by piece over a pipe.

    kind 1 byte · capture time, µs of the sender's clock, 8 · when it came, ns of the machine's monotonic clock, 8 ·
    length 4 · data

Kinds: "j" a JSON object (something happened), "v" an H.264 access unit (Annex B, no B frame), "i" a JPEG file, "p" PCM:
its rate in 4 bytes, then int16, mono, of this machine's byte order.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

HEAD = struct.Struct(">cqqI")
LONGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    at_us: int
    seen_ns: int
    data: bytes

    @property
    def event(self) -> dict[str, Any]:
        """Of kind "j"."""
        found: dict[str, Any] = json.loads(self.data)
        return found

    @property
    def sound(self) -> tuple[npt.NDArray[np.int16], int]:
        """Of kind "p": (n,) samples, and their rate."""
        return np.frombuffer(self.data[4:], np.int16), int.from_bytes(self.data[:4], "big")


class PieceWriter:
    """The child's end. It blocks when the companion does not read."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def event(self, **said: object) -> None:
        self.put("j", 0, json.dumps(said).encode())

    def sound(self, at_us: int, pcm: npt.NDArray[np.int16], rate_hz: int) -> None:
        self.put("p", at_us, rate_hz.to_bytes(4, "big") + pcm.tobytes())

    def put(self, kind: str, at_us: int, data: bytes) -> None:
        self._out.write(HEAD.pack(kind.encode(), at_us, time.monotonic_ns(), len(data)) + data)
        self._out.flush()


async def read_piece(stream: asyncio.StreamReader) -> Piece | None:
    """The next one; None when the other process has gone."""
    try:
        kind, at_us, seen_ns, size = HEAD.unpack(await stream.readexactly(HEAD.size))
        if size > LONGEST:
            return None
        return Piece(kind.decode("latin-1"), at_us, seen_ns, await stream.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
