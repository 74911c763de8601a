"""Walks the records of an MCAP file, whole or torn, and trusts no length it reads.

Memory stays bounded by one record of at most MAX_RECORD_BYTES, whatever the file claims. The walk ends at the file's
end or at the first thing that is not sound, which it reports as `TornError`: everything before it is good.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode

MAGIC = b"\x89MCAP0\r\n"
MAX_RECORD_BYTES = 64 * 1024 * 1024  # the recorder's chunks end at 4 MiB plus one message; attachments are small texts

_RECORD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<QQQI")  # first and last log time, uncompressed size, CRC
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_KNOWN = frozenset(int(code) for code in Opcode)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file, up to `end`. `data` is b"" for kinds that the caller did not ask for."""

    kind: int
    start: int
    end: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chunk. `start`/`end`: its data within the chunk's records."""

    channel: int
    sequence: int
    log_time: int
    publish_time: int
    start: int
    end: int


class TornError(Exception):
    """The file stops being sound at `offset`."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"{why} at byte {offset}")
        self.offset = offset
        self.why = why


def walk(file: IO[bytes], wanted: Collection[int] | None = None, start: int = len(MAGIC)) -> Iterator[Record]:
    """Every record from the first (or the one at `start`) to the footer. Raises TornError where the file is not
    sound."""
    size = file.seek(0, 2)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise TornError(0, "no MCAP signature")
    offset = start
    while True:
        record = _read_record(file, offset, size, wanted)
        if record.kind == Opcode.FOOTER:
            file.seek(record.end)
            if file.read(len(MAGIC) + 1) != MAGIC:
                raise TornError(offset, "the closing signature is missing")
            yield record
            return
        yield record
        offset = record.end


def _read_record(file: IO[bytes], offset: int, size: int, wanted: Collection[int] | None) -> Record:
    if offset + _RECORD.size > size:
        raise TornError(offset, "the file ends" if offset == size else "the file ends within a record's head")
    file.seek(offset)
    kind, length = _RECORD.unpack(file.read(_RECORD.size))
    end = offset + _RECORD.size + length
    if kind not in _KNOWN and kind < 0x80:  # MCAP leaves 0x80 and above to applications
        raise TornError(offset, f"record of unknown kind {kind}")
    if end > size:
        raise TornError(offset, f"record of {length} bytes, but only {size - offset - _RECORD.size} follow")
    if wanted is not None and kind not in wanted:
        return Record(kind, offset, end, b"")
    if length > MAX_RECORD_BYTES:
        raise TornError(offset, f"record of {length} bytes, more than the {MAX_RECORD_BYTES} that are ever written")
    data = file.read(length)
    if len(data) != length:
        raise TornError(offset, "the file ends within a record")
    return Record(kind, offset, end, data)


def chunk_records(chunk: Record) -> memoryview:
    """The records inside a chunk, after its CRC was checked. Raises TornError if it is damaged or compressed."""
    data = chunk.data
    try:
        _, _, plain_size, crc = _CHUNK.unpack_from(data)
        (name_length,) = struct.unpack_from("<I", data, _CHUNK.size)
        at = _CHUNK.size + 4 + name_length
        (size,) = struct.unpack_from("<Q", data, at)
    except struct.error as why:
        raise TornError(chunk.start, f"a chunk of {len(data)} bytes is too short") from why
    if name_length:
        raise TornError(chunk.start, "a compressed chunk, which the recorder never writes")
    inside = memoryview(data)[at + 8 :]
    if len(inside) != size or size != plain_size:
        raise TornError(chunk.start, "a chunk whose sizes disagree")
    if crc and zlib.crc32(inside) != crc:
        raise TornError(chunk.start, "a chunk whose checksum is wrong")
    return inside


def inner_records(inside: memoryview, start: int) -> Iterator[tuple[int, int, int]]:
    """(kind, data start, data end) of each record in a chunk; `start` is where the chunk is, for the TornError."""
    at, size = 0, len(inside)
    while at < size:
        if at + _RECORD.size > size:
            raise TornError(start, "a chunk that ends within a record's head")
        kind, length = _RECORD.unpack_from(inside, at)
        at += _RECORD.size
        if length > size - at:
            raise TornError(start, "a chunk with a record that is longer than the chunk")
        yield kind, at, at + length
        at += length


def message_head(inside: memoryview, start: int, end: int, chunk_start: int) -> Message:
    """The head of the message whose record data is inside[start:end]."""
    if end - start < _MESSAGE.size:
        raise TornError(chunk_start, "a message that is too short")
    channel, sequence, log_time, publish_time = _MESSAGE.unpack_from(inside, start)
    return Message(channel, sequence, log_time, publish_time, start + _MESSAGE.size, end)


def parsed(cls: Any, data: bytes, offset: int) -> Any:
    """One of `mcap.records` read from a record's data. Raises TornError if the data is not that."""
    try:
        return cls.read(ReadDataStream(BytesIO(data)))
    except (McapError, struct.error, UnicodeDecodeError, ValueError, OverflowError) as why:
        raise TornError(offset, f"a damaged {cls.__name__} record ({why or type(why).__name__})") from why
