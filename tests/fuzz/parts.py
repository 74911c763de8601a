"""An MCAP file as a list of records that can be changed and put together again, with checksums that fit or do not.

Written from the MCAP specification, not from the code under test.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

MAGIC = b"\x89MCAP0\r\n"
SCHEMA, CHANNEL, MESSAGE, CHUNK, ATTACHMENT, METADATA = 3, 4, 5, 6, 9, 12


@dataclass
class Part:
    """One record. `length`: what its head claims, -1 = the truth."""

    kind: int
    body: bytes
    length: int = -1

    def bytes(self) -> bytes:
        length = len(self.body) if self.length < 0 else self.length
        return struct.pack("<BQ", self.kind, length & (2**64 - 1)) + self.body


@dataclass
class Note:
    """One message of a chunk, taken apart."""

    channel: int
    sequence: int
    log_time: int
    publish_time: int
    payload: bytes

    def part(self) -> Part:
        times = [time & (2**64 - 1) for time in (self.log_time, self.publish_time)]
        head = struct.pack("<HIQQ", self.channel & 0xFFFF, self.sequence & 0xFFFFFFFF, *times)
        return Part(MESSAGE, head + self.payload)


@dataclass
class Chunk:
    """A chunk taken apart. What its head claims (`plain_size`, `crc`, `compression`) may be made a lie."""

    parts: list[Part] = field(default_factory=list)
    compression: str = ""
    plain_size: int = -1
    crc: int = -1

    @classmethod
    def of(cls, body: bytes) -> Chunk:
        (name_length,) = struct.unpack_from("<I", body, 28)
        return cls(records(body[28 + 4 + name_length + 8 :]))

    def part(self) -> Part:
        inside = b"".join(part.bytes() for part in self.parts)
        plain = len(inside) if self.plain_size < 0 else self.plain_size
        crc = zlib.crc32(inside) if self.crc < 0 else self.crc
        name = self.compression.encode()
        head = struct.pack("<QQQI", 0, 0, plain & (2**64 - 1), crc) + struct.pack("<I", len(name)) + name
        return Part(CHUNK, head + struct.pack("<Q", len(inside)) + inside)


def records(data: bytes) -> list[Part]:
    """The records in a run of bytes; what is left at the end is dropped."""
    found, at = [], 0
    while at + 9 <= len(data):
        kind, length = struct.unpack_from("<BQ", data, at)
        found.append(Part(kind, data[at + 9 : at + 9 + length]))
        at += 9 + length
    return found


def take_apart(data: bytes) -> list[Part]:
    return records(data[len(MAGIC) : -len(MAGIC)])


def put_together(parts: list[Part]) -> bytes:
    return MAGIC + b"".join(part.bytes() for part in parts) + MAGIC


def note_of(part: Part) -> Note:
    channel, sequence, log_time, publish_time = struct.unpack_from("<HIQQ", part.body)
    return Note(channel, sequence, log_time, publish_time, part.body[22:])


def topics_of(parts: list[Part]) -> dict[int, str]:
    """Channel id -> topic, over all chunks."""
    found: dict[int, str] = {}
    for part in parts:
        for inner in Chunk.of(part.body).parts if part.kind == CHUNK else []:
            if inner.kind == CHANNEL:
                number, _, length = struct.unpack_from("<HHI", inner.body)
                found[number] = inner.body[8 : 8 + length].decode()
    return found


def attachment(name: str, data: bytes) -> Part:
    body = struct.pack("<QQ", 0, 0)
    for text in (name, "application/json"):
        body += struct.pack("<I", len(text)) + text.encode()
    body += struct.pack("<Q", len(data)) + data
    return Part(ATTACHMENT, body + struct.pack("<I", zlib.crc32(body)))


def metadata(name: str, table: dict[str, str]) -> Part:
    pairs = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for pair in table.items() for t in pair)
    return Part(METADATA, struct.pack("<I", len(name)) + name.encode() + struct.pack("<I", len(pairs)) + pairs)
