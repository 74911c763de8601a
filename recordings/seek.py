"""Into the middle of a recording without reading what comes before, by the index that every finished file ends with.

An hour at full rate is found in a few milliseconds. A file without a sound index (torn, being written, from a hostile
hand) is read from its beginning instead: slower, with the same result.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import IO

from mcap.opcode import Opcode
from mcap.records import Channel, Footer

from recordings.container import (
    MAGIC,
    MAX_RECORD_BYTES,
    TornError,
    chunk_records,
    inner_records,
    message_head,
    parsed,
    walk,
)
from recordings.reader import Recording, Stored

_FOOTER_BYTES = 9 + 20
_HEAD = struct.Struct("<BQ")
_CHUNK_INDEX = struct.Struct("<QQQQ")  # first and last log time, offset and length of the chunk


@dataclass(frozen=True, slots=True)
class _Index:
    """`last_ns[i]`: the latest log time in chunks 0..i, so that it only grows; `offset[i]`: where chunk i begins."""

    last_ns: tuple[int, ...]
    offset: tuple[int, ...]
    topics: dict[int, str]


class Seeker:
    """Reads one recording from any moment on. Make one and ask it often: the index is read once."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._index = _index_of(recording)

    @property
    def indexed(self) -> bool:
        """False if every seek has to read the file from its beginning."""
        return self._index is not None

    def messages_from(
        self, t_ns: int, topics: Collection[str] = (), families: tuple[str, ...] = ()
    ) -> Iterator[Stored]:
        """Messages in file order, beginning with the first that was accepted at `t_ns` or later.

        `topics`, `families` as in `Recording.messages`. A later one may step back before `t_ns`, as in the file.
        """
        found = self._later(t_ns, topics, families)
        for message in found:
            if message.t_ns >= t_ns:
                yield message
                break
        yield from found

    def _later(self, t_ns: int, topics: Collection[str], families: tuple[str, ...]) -> Iterator[Stored]:
        """As `messages_from`, from the beginning of its chunk on."""
        index = self._index
        if index is None:
            yield from self.recording.messages(topics, families)
            return
        log_ns = t_ns + self.recording.info.t0_unix_ns
        at = bisect_left(index.last_ns, log_ns)
        if at == len(index.offset):
            return
        try:
            yield from self._read(index, index.offset[at], topics, families)
        except TornError as tear:
            self.recording.torn = str(tear)

    def _read(self, index: _Index, offset: int, topics: Collection[str], families: tuple[str, ...]) -> Iterator[Stored]:
        topic_of = dict(index.topics)
        t0_ns = self.recording.info.t0_unix_ns
        with self.recording.path.open("rb") as file:
            for chunk in walk(file, (Opcode.CHUNK,), offset):
                if chunk.kind != Opcode.CHUNK:
                    continue
                inside = chunk_records(chunk)
                for kind, begin, end in inner_records(inside, chunk.start):
                    if kind == Opcode.CHANNEL:
                        channel = parsed(Channel, bytes(inside[begin:end]), chunk.start)
                        topic_of[channel.id] = channel.topic
                    elif kind == Opcode.MESSAGE:
                        head = message_head(inside, begin, end, chunk.start)
                        topic = topic_of.get(head.channel, "")
                        if topic and (not (topics or families) or topic in topics or topic.startswith(families)):
                            data = bytes(inside[head.start : head.end])
                            yield Stored(topic, head.sequence, head.log_time - t0_ns, head.publish_time - t0_ns, data)


def _index_of(recording: Recording) -> _Index | None:
    """The index at the end of the file; None if there is none, or if it is not sound."""
    with recording.path.open("rb") as file:
        try:
            return _read_index(file)
        except TornError:
            return None


def _read_index(file: IO[bytes]) -> _Index:
    end = file.seek(0, 2) - len(MAGIC)
    file.seek(max(end - _FOOTER_BYTES, 0))
    tail = file.read(_FOOTER_BYTES + len(MAGIC))
    if len(tail) != _FOOTER_BYTES + len(MAGIC) or tail[0] != Opcode.FOOTER or not tail.endswith(MAGIC):
        raise TornError(end, "no footer")
    footer = parsed(Footer, tail[9:_FOOTER_BYTES], end)
    length = end - 4 - footer.summary_start
    if not footer.summary_start or not 0 < length <= MAX_RECORD_BYTES:
        raise TornError(end, "no summary")
    file.seek(footer.summary_start)
    summary = file.read(length)
    if len(summary) != length or zlib.crc32(summary) != footer.summary_crc:
        raise TornError(footer.summary_start, "a summary whose checksum is wrong")
    return _chunks_of(memoryview(summary), footer.summary_start)


def _chunks_of(summary: memoryview, start: int) -> _Index:
    last_ns: list[int] = []
    offsets: list[int] = []
    topics: dict[int, str] = {}
    at, size = 0, len(summary)
    while at + _HEAD.size <= size:
        kind, length = _HEAD.unpack_from(summary, at)
        at += _HEAD.size
        if length > size - at and kind != Opcode.FOOTER:
            raise TornError(start, "a summary with a record that is longer than the summary")
        if kind == Opcode.CHUNK_INDEX and length >= _CHUNK_INDEX.size:
            _, latest, offset, _ = _CHUNK_INDEX.unpack_from(summary, at)
            if not (offsets[-1] if offsets else 0) < offset < start:
                raise TornError(start, "an index whose chunks are not in order")
            last_ns.append(latest)
            offsets.append(offset)
        elif kind == Opcode.CHANNEL:
            channel = parsed(Channel, bytes(summary[at : at + length]), start)
            topics[channel.id] = channel.topic
        at += length
    if not offsets or not topics:
        raise TornError(start, "a summary without an index")
    return _Index(tuple(accumulate(last_ns, max)), tuple(offsets), topics)
