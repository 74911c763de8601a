"""Reads a whole container once and holds every record that says something of another to what it says.

After each chunk, its message indexes; at the end, the summary: schemas, channels, statistics, an index for each chunk,
attachment and metadata record, and the offsets of these groups. What is compared with is computed here from the data;
the summary is read beside it, record by record, so that nothing has to be kept but counters.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from recordings.container import (
    MAX_RECORD_BYTES,
    Record,
    TornError,
    chunk_records,
    inner_records,
    message_head,
    parsed,
    walk,
)
from recordings.reader import Stored

DESCRIBED_BYTES = 16 * 1024 * 1024  # schemas and channels are kept; all of ours take 60 kB
_HEAD_BYTES = 9
_ENTRY_BYTES = 16  # of a message index
_GROUPS: dict[int, Any] = {
    int(Opcode.SCHEMA): Schema,
    int(Opcode.CHANNEL): Channel,
    int(Opcode.STATISTICS): Statistics,
    int(Opcode.CHUNK_INDEX): ChunkIndex,
    int(Opcode.ATTACHMENT_INDEX): AttachmentIndex,
    int(Opcode.METADATA_INDEX): MetadataIndex,
    int(Opcode.SUMMARY_OFFSET): SummaryOffset,
}


@dataclass(slots=True)
class _Chunk:
    """The chunk before: what its indexes must say. `index`: (log time, offset) of its messages, by channel."""

    record: Record
    first_ns: int = 0
    last_ns: int = 0
    size: int = 0
    index: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    offsets: dict[int, int] = field(default_factory=dict)
    index_bytes: int = 0


@dataclass(slots=True)
class Structure:
    """What was found so far. `fault` is told what is wrong; only a tear ends the reading."""

    fault: Callable[[str], None]
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)  # messages by channel
    totals: Counter[int] = field(default_factory=Counter)  # records by kind
    first_ns: int | None = None
    last_ns: int = 0
    described_bytes: int = 0  # of schemas and channels

    def channel_of(self, topic: str) -> Channel | None:
        return next((channel for channel in self.channels.values() if channel.topic == topic), None)


def read_whole(file: IO[bytes], structure: Structure, t0_ns: int) -> Iterator[Stored]:
    """Every message, in file order. Raises TornError where the file cannot be read on."""
    summary = _Summary(file, structure)
    chunk: _Chunk | None = None
    in_data = True
    for record in walk(file):
        if record.kind == Opcode.MESSAGE_INDEX and chunk is not None and in_data:
            _take_index(chunk, record, structure)
            continue
        if chunk is not None:
            _close(chunk, structure, summary)
            chunk = None
        if record.kind == Opcode.DATA_END:
            in_data = False
            _check_data_end(record, structure)
        elif record.kind == Opcode.FOOTER:
            summary.finish(structure)
        elif in_data:
            structure.totals[record.kind] += 1
            if record.kind == Opcode.CHUNK:
                chunk = _Chunk(record)
                yield from _messages(chunk, structure, t0_ns)
            else:
                _take_record(record, structure, summary)


def _messages(chunk: _Chunk, structure: Structure, t0_ns: int) -> Iterator[Stored]:
    start = chunk.record.start
    inside = chunk_records(chunk.record)
    chunk.size = len(inside)
    times: list[int] = []
    for kind, begin, end in inner_records(inside, start):
        if kind == Opcode.MESSAGE:
            head = message_head(inside, begin, end, start)
            channel = structure.channels.get(head.channel)
            if channel is None:
                raise TornError(start, f"a message of channel {head.channel}, which was never announced")
            chunk.index[head.channel].append((head.log_time, begin - _HEAD_BYTES))
            structure.counts[head.channel] += 1
            times.append(head.log_time)
            at = head.log_time - t0_ns, head.publish_time - t0_ns
            yield Stored(channel.topic, head.sequence, *at, bytes(inside[head.start : head.end]))
        elif kind == Opcode.CHANNEL:
            found = parsed(Channel, bytes(inside[begin:end]), start)
            _announce(structure.channels, found, structure, "channel")
        elif kind == Opcode.SCHEMA:
            _announce(structure.schemas, parsed(Schema, bytes(inside[begin:end]), start), structure, "schema")
        else:
            structure.fault(f"a record of kind {kind} inside of the chunk at byte {start}")
    if times:
        chunk.first_ns, chunk.last_ns = min(times), max(times)
        structure.first_ns = chunk.first_ns if structure.first_ns is None else min(structure.first_ns, chunk.first_ns)
        structure.last_ns = max(structure.last_ns, chunk.last_ns)
    said = int.from_bytes(chunk.record.data[:8], "little"), int.from_bytes(chunk.record.data[8:16], "little")
    if said != (chunk.first_ns, chunk.last_ns):
        structure.fault(f"the chunk at byte {start} gives other times than its messages have")


def _announce(known: dict[int, Any], found: Any, structure: Structure, what: str) -> None:
    if found.id not in known:
        structure.described_bytes += len(getattr(found, "data", b"")) + _HEAD_BYTES
        if structure.described_bytes > DESCRIBED_BYTES:
            raise TornError(0, f"schemas of more than {DESCRIBED_BYTES:,} bytes, which no recorder writes")
    if known.setdefault(found.id, found) != found:
        structure.fault(f"{what} {found.id} is announced twice, as different things")


def _take_index(chunk: _Chunk, record: Record, structure: Structure) -> None:
    channel = int.from_bytes(record.data[:2], "little")
    mine = chunk.index.get(channel, [])
    chunk.offsets[channel] = record.start
    chunk.index_bytes += record.end - record.start
    fits = len(record.data) == 6 + _ENTRY_BYTES * len(mine)  # before a hostile length is taken apart
    if not fits or sorted(parsed(MessageIndex, record.data, record.start).records) != sorted(mine):
        structure.fault(f"the message index at byte {record.start} does not say what is in its chunk")


def _close(chunk: _Chunk, structure: Structure, summary: _Summary) -> None:
    """All that belongs to a chunk was read."""
    if missing := chunk.index.keys() - chunk.offsets.keys():
        structure.fault(f"the chunk at byte {chunk.record.start} has no message index for {len(missing)} channels")
    record = chunk.record
    expected = ChunkIndex(
        chunk_length=record.end - record.start,
        chunk_start_offset=record.start,
        compression="",
        compressed_size=chunk.size,
        message_end_time=chunk.last_ns,
        message_index_length=chunk.index_bytes,
        message_index_offsets=chunk.offsets,
        message_start_time=chunk.first_ns,
        uncompressed_size=chunk.size,
    )
    summary.expect(Opcode.CHUNK_INDEX, expected, structure)


def _take_record(record: Record, structure: Structure, summary: _Summary) -> None:
    length = record.end - record.start
    if record.kind == Opcode.ATTACHMENT:
        a = parsed(Attachment, record.data, record.start)
        crc = int.from_bytes(record.data[-4:], "little")
        if crc and zlib.crc32(record.data[:-4]) != crc:
            structure.fault(f"the attached file {a.name!r} at byte {record.start} has a wrong checksum")
        index = AttachmentIndex(record.start, length, a.log_time, a.create_time, len(a.data), a.name, a.media_type)
        summary.expect(Opcode.ATTACHMENT_INDEX, index, structure)
    elif record.kind == Opcode.METADATA:
        name = parsed(Metadata, record.data, record.start).name
        summary.expect(Opcode.METADATA_INDEX, MetadataIndex(record.start, length, name), structure)
    elif record.kind in (Opcode.MESSAGE, Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE_INDEX):
        structure.fault(f"a record of kind {record.kind} at byte {record.start}, where the recorder never writes one")


def _check_data_end(record: Record, structure: Structure) -> None:
    if parsed(DataEnd, record.data, record.start).data_section_crc:
        structure.fault("the data section has a checksum of its own, which the recorder never writes")


class _Summary:
    """The summary section, read beside the data: each group has its own place in it."""

    def __init__(self, file: IO[bytes], structure: Structure) -> None:
        self._data = b""
        self._start = 0
        self._groups: dict[int, Iterator[Any]] = {}
        self._there = self._read(file, structure)

    def expect(self, kind: int, expected: Any, structure: Structure) -> None:
        """The next record of this kind must be this one."""
        if not self._there:
            return
        found = next(self._group(kind), None)
        if found != expected:
            at = getattr(expected, "chunk_start_offset", getattr(expected, "offset", 0))
            structure.fault(f"the summary does not say what is at byte {at:,}")

    def finish(self, structure: Structure) -> None:
        """The data is at its end: nothing more may be in the summary, and its totals must be right."""
        if not self._there:
            return
        for kind, known in ((Opcode.SCHEMA, structure.schemas), (Opcode.CHANNEL, structure.channels)):
            if {r.id: r for r in self._group(kind)} != known:
                structure.fault(f"the summary repeats other {'schemas' if kind == Opcode.SCHEMA else 'channels'}")
        totals = structure.totals
        expected = Statistics(
            attachment_count=totals[Opcode.ATTACHMENT],
            channel_count=len(structure.channels),
            channel_message_counts=dict(structure.counts),
            chunk_count=totals[Opcode.CHUNK],
            message_count=structure.counts.total(),
            message_end_time=structure.last_ns,
            message_start_time=structure.first_ns or 0,
            metadata_count=totals[Opcode.METADATA],
            schema_count=len(structure.schemas),
        )
        if list(self._group(Opcode.STATISTICS)) != [expected]:
            structure.fault("the statistics in the summary are not those of the file")
        for kind in (Opcode.CHUNK_INDEX, Opcode.ATTACHMENT_INDEX, Opcode.METADATA_INDEX):
            if next(self._group(kind), None) is not None:
                structure.fault("the summary speaks of something that is not in the file")
        self._check_offsets(structure)

    def _check_offsets(self, structure: Structure) -> None:
        places: dict[int, tuple[int, int]] = {}
        for kind, begin, end in self._records():
            first, length = places.get(kind, (begin - _HEAD_BYTES, 0))
            places[kind] = (first, length + end - begin + _HEAD_BYTES)
        for offset in self._group(Opcode.SUMMARY_OFFSET):
            first, length = places.get(offset.group_opcode, (0, 0))
            if offset.group_length and (offset.group_start, offset.group_length) != (self._start + first, length):
                structure.fault(f"the summary's offset of group {offset.group_opcode} points elsewhere")

    def _group(self, kind: int) -> Iterator[Any]:
        return self._groups.setdefault(int(kind), self._of_kind(int(kind)))

    def _of_kind(self, kind: int) -> Iterator[Any]:
        for found, begin, end in self._records():
            if found == kind:
                yield parsed(_GROUPS[kind], self._data[begin:end], self._start)

    def _records(self) -> Iterator[tuple[int, int, int]]:
        return inner_records(memoryview(self._data), self._start)

    def _read(self, file: IO[bytes], structure: Structure) -> bool:
        """True if there is a sound summary to compare with; a tear is left for the walk to find."""
        size = file.seek(0, 2)
        end = size - 8
        file.seek(max(end - _HEAD_BYTES - 20, 0))
        tail = file.read(_HEAD_BYTES + 20)
        if len(tail) != _HEAD_BYTES + 20 or tail[0] != Opcode.FOOTER:
            return False
        footer = parsed(Footer, tail[_HEAD_BYTES:], end)
        self._start, until = footer.summary_start, end - _HEAD_BYTES - 20
        if not 0 < self._start <= until or until - self._start > MAX_RECORD_BYTES:
            structure.fault("there is no summary, or its place is outside of the file")
            return False
        file.seek(self._start)
        self._data = file.read(until - self._start)
        if zlib.crc32(tail[:-4], zlib.crc32(self._data)) != footer.summary_crc:
            structure.fault("the checksum of the summary is wrong")
        first_offset = footer.summary_offset_start
        if first_offset and not self._start <= first_offset <= until:
            structure.fault("the footer points outside of the file")
        return True
