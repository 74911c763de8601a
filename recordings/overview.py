"""What a list of sessions shows of one file, read in milliseconds: from the summary if the file is whole."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from mcap.opcode import Opcode
from mcap.records import Channel, Footer, Statistics

from recordings import session as names
from recordings.container import MAGIC, MAX_RECORD_BYTES, TornError, parsed
from recordings.partfile import in_use
from recordings.reader import Recording
from recordings.scan import scan
from recordings.session import SessionInfo

_FOOTER_BYTES = 9 + 20


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of the list. `state`: "finished", "recording" (right now) or "torn"; `counts`: messages by topic."""

    path: Path
    info: SessionInfo
    state: str
    size_bytes: int
    duration_ns: int
    counts: dict[str, int]

    @property
    def turns(self) -> int:
        return self.counts.get(f"{names.DECISION}TurnOpened", 0)


def overview(path: Path) -> Overview:
    """What is in this file. Raises RecordingError if it is not a recording."""
    info = Recording(path).info
    with path.open("rb") as file:
        size = file.seek(0, 2)
        try:
            counts, last_ns = _from_summary(file, size)
            state = "finished"
        except TornError:
            found = scan(file)
            counts, last_ns = found.by_topic, found.last_ns
            state = "recording" if in_use(path) else "torn" if found.tear else "finished"
    return Overview(path, info, state, size, max(last_ns - info.t0_unix_ns, 0), counts)


def _from_summary(file: IO[bytes], size: int) -> tuple[dict[str, int], int]:
    """Messages by topic and the last log time. Raises TornError if there is no sound summary."""
    end = size - len(MAGIC)
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
    if zlib.crc32(summary) != footer.summary_crc:
        raise TornError(end, "a summary whose checksum is wrong")
    return _read_summary(summary, footer.summary_start)


def _read_summary(summary: bytes, start: int) -> tuple[dict[str, int], int]:
    topics: dict[int, str] = {}
    statistics: Statistics | None = None
    stream = BytesIO(summary)
    while head := stream.read(9):
        kind, data = head[0], stream.read(int.from_bytes(head[1:], "little"))
        if kind == Opcode.CHANNEL:
            channel = parsed(Channel, data, start)
            topics[channel.id] = channel.topic
        elif kind == Opcode.STATISTICS:
            statistics = parsed(Statistics, data, start)
    if statistics is None:
        raise TornError(start, "a summary without statistics")
    counts = {topics[i]: n for i, n in statistics.channel_message_counts.items() if i in topics}
    return counts, statistics.message_end_time
