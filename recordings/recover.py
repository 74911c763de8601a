"""Mends a torn recording in place: what is sound is kept, byte for byte, and gets a new summary and footer.

The mended file is written beside the original and takes its place in one step, so that a failure at any moment (a full
disk, another crash) leaves the original as it was. A result says what was kept and what was dropped; if there is
nothing to keep, that is an error and not an empty file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import DataEnd, Footer, MessageIndex, SummaryOffset

from recordings.container import MAGIC
from recordings.reader import Recording, what_it_is
from recordings.scan import Scan, scan
from recordings.session import DAMAGED_SUFFIX, DONE_SUFFIX, NAME, OPEN_SUFFIX, RecordingError

# A crash tears at most the chunk that was being written. If more than that has to go, something else happened to the
# file, and the original is kept beside the mended one.
TORN_BYTES = 8 * 1024 * 1024
_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one file. `was_whole`: nothing was wrong but perhaps its name; then nothing was dropped."""

    path: Path
    messages: int
    duration_s: float
    dropped_bytes: int
    was_whole: bool
    tear: str = ""
    original: Path | None = None  # where the original is kept, if more was dropped than a crash explains

    def __str__(self) -> str:
        kept = f"{self.path.name}: {self.messages:,} messages, {self.duration_s:.1f} s"
        if self.was_whole:
            return f"{kept}, whole"
        text = f"{kept} kept, {self.dropped_bytes:,} bytes dropped ({self.tear})"
        return f"{text}; the original is in {self.original.name}" if self.original else text


def recover(path: Path) -> Recovered:
    """Mend one file and give it its final name. Raises RecordingError, and leaves the file alone, if it cannot."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            _claim(file, path)
            return _mend(file, path)
    except OSError as why:
        raise RecordingError(
            f"{path} was not mended and is as it was: {why.strerror or why}. Make room or check the folder's "
            "permissions, then run `companion sessions recover` again."
        ) from why


def recover_all(folder: Path) -> Iterator[Recovered | RecordingError]:
    """Mend every `.part` in the folder that no recorder has open; one result or error each, oldest first."""
    for path in sorted(folder.glob(f"*{OPEN_SUFFIX}")):
        if NAME.match(path.name):
            try:
                yield recover(path)
            except InUseError:
                continue
            except RecordingError as why:
                yield why


class InUseError(RecordingError):
    """A recorder has the file open."""


def _claim(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as why:
        raise InUseError(
            f"{path} is being recorded right now. Stop that session first, or wait until it ends."
        ) from why


def _mend(file: IO[bytes], path: Path) -> Recovered:
    found = scan(file)
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX) + DONE_SUFFIX) if _is_open_name(path) else path
    if final != path and final.exists():
        raise RecordingError(f"{path} was not mended: {final.name} is there already. Move one of the two away.")
    if not found.messages:
        raise RecordingError(
            f"{path} {what_it_is(path)}: it holds no whole message ({found.size:,} bytes; {found.tear}). "
            f"It is as it was; `companion sessions delete {path.name.split('.')[0]}` removes it."
        )
    Recording(path)  # raises for another program's MCAP file: that one is not ours to mend
    original = None
    if found.tear:
        if found.size - found.good_end > TORN_BYTES:
            original = path.with_name(path.name.removesuffix(OPEN_SUFFIX).removesuffix(DONE_SUFFIX) + DAMAGED_SUFFIX)
        _replace(file, path, found, original)
    if final != path:
        path.rename(final)
    dropped = found.size - found.good_end if found.tear else 0
    duration_s = (found.last_ns - found.first_ns) / 1e9
    return Recovered(final, found.messages, duration_s, dropped, not found.tear, found.tear, original)


def _is_open_name(path: Path) -> bool:
    return path.name.endswith(OPEN_SUFFIX)


def _replace(file: IO[bytes], path: Path, found: Scan, original: Path | None) -> None:
    """Write the mended file beside `path`, then put it in its place."""
    mended = path.with_name(f".{path.name}.mending")
    try:
        fd = os.open(mended, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as out:
            file.seek(0)
            left = found.good_end
            while left:
                block = file.read(min(left, _COPY_BYTES))
                out.write(block)
                left -= len(block)
            out.write(ending(found))
            out.flush()
            os.fsync(out.fileno())
        if original is not None:
            os.link(path, original)
        mended.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            mended.unlink()


def ending(found: Scan) -> bytes:
    """Everything that belongs after `found.good_end`: the last chunk's index, end of data, summary and footer."""
    head = RecordBuilder()
    if found.index_open:
        last, at = found.chunks[-1], found.good_end
        last.message_index_offsets = {}
        for channel, entries in found.last_index.items():
            last.message_index_offsets[channel] = at + head.count
            MessageIndex(channel, entries).write(head)
        last.message_index_length = head.count
    DataEnd(0).write(head)
    before = head.end()
    summary_start = found.good_end + len(before)
    summary, offsets_start = _summary(found, summary_start)
    footer = RecordBuilder()
    Footer(summary_start, offsets_start, 0).write(footer)
    unsigned = footer.end()[:-4]
    crc = zlib.crc32(unsigned, zlib.crc32(summary))
    return bytes(before + summary + unsigned + crc.to_bytes(4, "little") + MAGIC)


def _summary(found: Scan, start: int) -> tuple[bytes, int]:
    """The summary section, and where in the file its offsets begin."""
    out = RecordBuilder()
    offsets = []
    for kind, records in (
        (Opcode.SCHEMA, found.schemas.values()),
        (Opcode.CHANNEL, found.channels.values()),
        (Opcode.STATISTICS, [found.statistics()]),
        (Opcode.CHUNK_INDEX, found.chunks),
        (Opcode.ATTACHMENT_INDEX, found.attachments),
        (Opcode.METADATA_INDEX, found.metadata),
    ):
        begin = out.count
        for record in records:
            record.write(out)
        if out.count > begin:
            offsets.append(SummaryOffset(kind, start + begin, out.count - begin))
    offsets_start = start + out.count
    for offset in offsets:
        offset.write(out)
    return out.end(), offsets_start
