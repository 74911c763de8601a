"""Reads a whole file once, checks every checksum, and knows at the end what a summary of it must say.

One scan serves verification (is it whole?), recovery (what can be kept?) and the list (how long, how many turns?).
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import IO

from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    ChunkIndex,
    Footer,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
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

_RECORD_HEAD_BYTES = 9


@dataclass
class Scan:
    """What was found up to the tear (or the end). `good_end`: where sound data ends and a new summary may begin."""

    size: int = 0
    good_end: int = 0
    tear: str = ""  # why the file is not whole; "" = it is
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # messages by channel
    chunks: list[ChunkIndex] = field(default_factory=list)
    attachments: list[AttachmentIndex] = field(default_factory=list)
    metadata: list[MetadataIndex] = field(default_factory=list)
    first_ns: int = 0  # log times
    last_ns: int = 0
    last_index: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # the last chunk's, by channel
    index_open: bool = False  # the last chunk's index records are the last thing in the file

    @property
    def messages(self) -> int:
        return sum(self.counts.values())

    @property
    def by_topic(self) -> dict[str, int]:
        return {self.channels[channel].topic: count for channel, count in self.counts.items()}

    def statistics(self) -> Statistics:
        return Statistics(
            attachment_count=len(self.attachments),
            channel_count=len(self.channels),
            channel_message_counts=dict(self.counts),
            chunk_count=len(self.chunks),
            message_count=self.messages,
            message_end_time=self.last_ns,
            message_start_time=self.first_ns,
            metadata_count=len(self.metadata),
            schema_count=len(self.schemas),
        )


def scan(file: IO[bytes]) -> Scan:
    """Scan a file to its end or its tear. Never raises for what the file holds."""
    found = Scan(size=file.seek(0, 2))
    in_data = True
    try:
        for record in walk(file):
            if record.kind == Opcode.DATA_END:
                in_data = False
            elif record.kind == Opcode.FOOTER:
                _check_summary(file, record)
            elif in_data:
                _take(found, record)
                found.good_end = record.end
    except TornError as tear:
        found.tear = str(tear)
    if found.tear and found.index_open:
        # The tear may be within the index records of the last chunk: they are all written again.
        found.good_end = found.chunks[-1].chunk_start_offset + found.chunks[-1].chunk_length
    return found


def _take(found: Scan, record: Record) -> None:
    if record.kind == Opcode.MESSAGE_INDEX and found.chunks:
        found.chunks[-1].message_index_length += record.end - record.start
        channel = int.from_bytes(record.data[:2], "little")
        found.chunks[-1].message_index_offsets[channel] = record.start
        return
    found.index_open = False
    if record.kind == Opcode.CHUNK:
        _take_chunk(found, record)
        found.index_open = True
    elif record.kind == Opcode.ATTACHMENT:
        a = parsed(Attachment, record.data, record.start)
        length = record.end - record.start
        found.attachments.append(
            AttachmentIndex(record.start, length, a.log_time, a.create_time, len(a.data), a.name, a.media_type)
        )
    elif record.kind == Opcode.METADATA:
        name = parsed(Metadata, record.data, record.start).name
        found.metadata.append(MetadataIndex(record.start, record.end - record.start, name))
    elif record.kind in (Opcode.MESSAGE, Opcode.SCHEMA, Opcode.CHANNEL):
        raise TornError(record.start, "a record outside of a chunk, where the recorder never writes one")


def _take_chunk(found: Scan, chunk: Record) -> None:
    inside = chunk_records(chunk)
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    index: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for kind, begin, end in inner_records(inside, chunk.start):
        if kind == Opcode.MESSAGE:
            head = message_head(inside, begin, end, chunk.start)
            if head.channel not in found.channels and head.channel not in channels:
                raise TornError(chunk.start, f"a message of channel {head.channel}, which was never announced")
            index[head.channel].append((head.log_time, begin - _RECORD_HEAD_BYTES))
        elif kind == Opcode.CHANNEL:
            channel = parsed(Channel, bytes(inside[begin:end]), chunk.start)
            channels[channel.id] = channel
        elif kind == Opcode.SCHEMA:
            schema = parsed(Schema, bytes(inside[begin:end]), chunk.start)
            schemas[schema.id] = schema
    times = [time for entries in index.values() for time, _ in entries]
    first_ns, last_ns = (min(times), max(times)) if times else (0, 0)
    if times:
        found.first_ns = min(found.first_ns, first_ns) if found.messages else first_ns
        found.last_ns = max(found.last_ns, last_ns)
    found.schemas.update(schemas)
    found.channels.update(channels)
    for channel_id, entries in index.items():
        found.counts[channel_id] += len(entries)
    found.last_index = dict(index)
    found.chunks.append(
        ChunkIndex(
            chunk_length=chunk.end - chunk.start,
            chunk_start_offset=chunk.start,
            compression="",
            compressed_size=len(inside),
            message_end_time=last_ns,
            message_index_length=0,
            message_index_offsets={},
            message_start_time=first_ns,
            uncompressed_size=len(inside),
        )
    )


def _check_summary(file: IO[bytes], record: Record) -> None:
    """Raises TornError if the footer's checksum does not fit the summary before it."""
    footer = parsed(Footer, record.data, record.start)
    end = record.end - 4  # all but the checksum itself
    if not footer.summary_start or not footer.summary_crc:
        return
    if not 0 < footer.summary_start <= record.start or end - footer.summary_start > MAX_RECORD_BYTES:
        raise TornError(record.start, "a footer that points outside of the file")
    file.seek(footer.summary_start)
    if zlib.crc32(file.read(end - footer.summary_start)) != footer.summary_crc:
        raise TornError(footer.summary_start, "a summary whose checksum is wrong")
