"""A new recording made from an old one: messages are kept as they are, changed, left out or put in between.

What is kept keeps its bytes, times and sequence number. The new file has the session's card (same id, same zero of the
clock), the attachments that are wanted, and `provenance.json`, which says who made it of what. It is written under a
temporary name and gets its own in one step, so that a failure leaves nothing behind; the original is only ever read.
Memory is bounded by a chunk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, cast

from mcap.opcode import Opcode
from mcap.records import Attachment, Channel, Schema
from mcap.writer import LIBRARY_IDENTIFIER, CompressionType, Writer

from pipelines.events import Happening
from recordings import session as names
from recordings.channels import CHUNK_BYTES
from recordings.container import TornError, chunk_records, inner_records, message_head, parsed, walk
from recordings.instep import InStep
from recordings.partfile import in_use
from recordings.reader import Recording, Stored
from recordings.schema import encode, kind_named, shape_of
from recordings.session import RECORDER, RecordingError, json_bytes
from recordings.structure import DESCRIBED_BYTES

_PROVENANCE_BYTES = 64 * 1024
_PROVENANCE_KEYS = ("made_by", "tool_version", "what", "parent", "replays", "why")


@dataclass(frozen=True, slots=True)
class Extra:
    """An event to put in. `after`: the sequence number behind which it stands and which it shares with a message that
    is left out; None = at the very end, numbered on."""

    event: Any
    after: int | None = None

    def stored(self, sequence: int) -> Stored:
        family = names.EVENT if isinstance(self.event, Happening) else names.DECISION
        t_ns = self.event.t_ns
        return Stored(family + type(self.event).__name__, sequence, t_ns, t_ns, encode(self.event))


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of an original.

    `keep(message)`: True = as it is, bytes = with this data instead, False = left out. An index on /media/index is kept
    in step by itself; False leaves out a whole one. `attachment(name, data)`: the same for attached files. `extras` are
    in file order. `enough(message)`: True = nothing from here on is needed.
    """

    keep: Callable[[Stored], bool | bytes] = lambda message: True
    attachment: Callable[[str, bytes], bool | bytes] = lambda name, data: True
    extras: tuple[Extra, ...] = ()
    enough: Callable[[Stored], bool] = lambda message: False


@dataclass(frozen=True, slots=True)
class Made:
    """What provenance.json says of a derived file. `replays` False: `why` says why not."""

    made_by: str
    what: Mapping[str, Any]
    replays: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """What came of it. `kept`, `dropped`: messages by topic; `torn`: where the original ends early, "" if nowhere."""

    path: Path
    kept: Mapping[str, int]
    dropped: Mapping[str, int]
    attachments: tuple[str, ...]
    dropped_attachments: tuple[str, ...]
    size_bytes: int
    source_bytes: int
    torn: str = ""


def derive(source: Path, out: Path, edit: Edit, made: Made, overwrite: bool = False) -> Derived:
    """Write `out` from `source`.

    Raises:
        RecordingError: the source is not a recording or is being recorded, `out` is there already, or the disk refuses.
    """
    source, out = Path(source), Path(out)
    recording = Recording(source)
    _check(source, out, overwrite)
    try:
        sha256 = _sha256(source)
        out.parent.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".making", dir=out.parent)  # mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(fd, "wb") as file:
                derived = _Derivation(recording, edit, file).write(provenance(recording, made, sha256))
                file.flush()
                os.fsync(file.fileno())
            _check(source, out, overwrite)
            temporary.replace(out)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
        return replace(derived, path=out, size_bytes=out.stat().st_size)
    except OSError as why:
        raise RecordingError(
            f"{out} was not written: {why.strerror or why}. Make room or choose another place with --out."
        ) from why
    except (struct.error, OverflowError) as why:
        raise RecordingError(
            f"{source} holds a time or a length that no file can hold ({why}). `companion sessions verify` says more."
        ) from why


def provenance(recording: Recording, made: Made, sha256: str) -> dict[str, Any]:
    """What provenance.json will say. A derived file hands down where it comes from, and that it does not replay."""
    parent: dict[str, Any] = {"file": recording.path.name, "sha256": sha256, "session": recording.info.session}
    replays, why = made.replays, made.why
    if before := provenance_of(recording):
        parent["provenance"] = before
        if not before.get("replays", True):
            replays, why = False, str(before.get("why", ""))
    table = {"made_by": made.made_by, "tool_version": RECORDER, "what": dict(made.what), "parent": parent}
    return table | {"replays": replays, "why": why}


def provenance_of(recording: Recording) -> dict[str, Any]:
    """Where a derived file comes from; {} for an original, or if what it says is not as it is written here."""
    data = recording.attachment(names.PROVENANCE)
    if data is None or len(data) > _PROVENANCE_BYTES:
        return {}
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return {key: table[key] for key in _PROVENANCE_KEYS if key in table} if isinstance(table, dict) else {}


def _check(source: Path, out: Path, overwrite: bool) -> None:
    if in_use(source):
        raise RecordingError(f"{source} is being recorded right now. Stop that session first, or wait until it ends.")
    if out.exists() and out.samefile(source):
        raise RecordingError(f"{out} is the original itself, which is never changed: choose another name with --out.")
    if out.is_dir():
        raise RecordingError(f"{out} is a folder: give the name of a file with --out.")
    if out.exists() and not overwrite:
        raise RecordingError(f"{out} is there already: move it away, or choose another name with --out.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --------------------------------------------------------------------------------------------------- reading, writing


@dataclass(frozen=True, slots=True)
class _ChunkEnd:
    """The original began a new chunk here, so that an index and its units may stay in one."""


@dataclass(slots=True)
class _Source:
    """An original as schemas, channels, attachments and messages, up to its end or its tear. `wanted`: kinds of
    records that are still read."""

    recording: Recording
    torn: str = ""
    wanted: set[int] = field(default_factory=lambda: {int(Opcode.CHUNK), int(Opcode.ATTACHMENT)})
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)  # by topic
    described_bytes: int = 0

    def parts(self) -> Iterator[Stored | Attachment | _ChunkEnd]:
        try:
            with self.recording.path.open("rb") as file:
                for record in walk(file, self.wanted):
                    if record.kind == Opcode.ATTACHMENT:
                        yield parsed(Attachment, record.data, record.start)
                    elif record.kind == Opcode.CHUNK and record.kind in self.wanted:
                        yield from self._messages(chunk_records(record), record.start)
                        yield _ChunkEnd()
        except TornError as tear:
            self.torn = str(tear)

    def _messages(self, inside: memoryview, start: int) -> Iterator[Stored]:
        t0_ns = self.recording.info.t0_unix_ns
        topics = {channel.id: topic for topic, channel in self.channels.items()}
        for kind, begin, end in inner_records(inside, start):
            if kind == Opcode.MESSAGE:
                head = message_head(inside, begin, end, start)
                topic = topics.get(head.channel)
                if topic is None:
                    raise TornError(start, f"a message of channel {head.channel}, which was never announced")
                times = head.log_time - t0_ns, head.publish_time - t0_ns
                yield Stored(topic, head.sequence, *times, bytes(inside[head.start : head.end]))
            elif kind == Opcode.SCHEMA:
                schema = parsed(Schema, bytes(inside[begin:end]), start)
                self.described_bytes += len(schema.data)
                if self.described_bytes > DESCRIBED_BYTES:
                    raise TornError(start, f"schemas of more than {DESCRIBED_BYTES:,} bytes, which no recorder writes")
                self.schemas[schema.id] = schema
            elif kind == Opcode.CHANNEL:
                channel = parsed(Channel, bytes(inside[begin:end]), start)
                self.channels[channel.topic] = channel
                topics[channel.id] = channel.topic


class _Derivation:
    """One derived file while it is written."""

    def __init__(self, recording: Recording, edit: Edit, file: IO[bytes]) -> None:
        self._recording = recording
        self._edit = edit
        self._source = _Source(recording)
        self._writer = Writer(cast(IO[Any], file), chunk_size=CHUNK_BYTES, compression=CompressionType.NONE)
        self._step = InStep(self._write)
        self._channel: dict[str, int] = {}
        self._schema: dict[tuple[str, bytes], int] = {}
        self._extras = [extra for extra in edit.extras if extra.after is not None]
        self._enough = False
        self._last = 0  # the highest sequence number written
        self._kept: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._attachments: list[str] = []
        self._dropped_attachments: list[str] = []

    def write(self, table: dict[str, Any]) -> Derived:
        writer, info = self._writer, self._recording.info
        writer.start(library=f"earshot/{RECORDER} {LIBRARY_IDENTIFIER}")
        writer.add_metadata(names.SESSION_METADATA, info.metadata())
        data = json_bytes(table)
        writer.add_attachment(info.t0_unix_ns, info.t0_unix_ns, names.PROVENANCE, "application/json", data)
        for part in self._source.parts():
            if isinstance(part, Stored):
                self._take(part)
            elif isinstance(part, Attachment):
                self._attach(part)
            elif not self._step.holds:
                writer.flush()
        self._end()
        source_bytes = self._recording.path.stat().st_size
        kept, dropped, torn = dict(self._kept), dict(self._dropped), self._source.torn
        attached = tuple(self._attachments), tuple(self._dropped_attachments)
        return Derived(self._recording.path, kept, dropped, *attached, 0, source_bytes, torn)

    def _take(self, message: Stored) -> None:
        if self._enough or self._edit.enough(message):
            self._enough = True
            self._source.wanted.discard(Opcode.CHUNK)  # attached files are still to come
            return
        self._put_in(message.sequence)
        found = self._edit.keep(message)
        becomes = replace(message, data=found) if isinstance(found, bytes) else message if found else None
        if becomes is None:
            self._dropped[message.topic] += 1
        self._step.take(message, becomes)

    def _put_in(self, before: int) -> None:
        while self._extras and cast(int, self._extras[0].after) < before:
            extra = self._extras.pop(0)
            self._step.pass_on(extra.stored(cast(int, extra.after)))

    def _end(self) -> None:
        self._put_in(1 << 32)
        self._step.finish()
        for extra in self._edit.extras:
            if extra.after is None:
                self._write(extra.stored(self._last + 1))
        if not self._kept:
            raise RecordingError(
                f"{self._recording.path}: nothing would be left in the new file, so none was written. "
                "`companion sessions show FILE` says what the original holds."
            )
        self._writer.finish()

    def _attach(self, attached: Attachment) -> None:
        if attached.name == names.PROVENANCE:  # handed down inside the new one
            return
        found = self._edit.attachment(attached.name, attached.data)
        if found is False:
            self._dropped_attachments.append(attached.name)
            return
        data = found if isinstance(found, bytes) else attached.data
        self._attachments.append(attached.name)
        self._writer.add_attachment(attached.create_time, attached.log_time, attached.name, attached.media_type, data)

    def _write(self, message: Stored) -> None:
        t0_ns = self._recording.info.t0_unix_ns
        channel = self._channel.get(message.topic) or self._register(message.topic)
        log_time, publish_time = t0_ns + message.t_ns, t0_ns + message.media_ns
        self._writer.add_message(channel, log_time, message.data, publish_time, message.sequence & 0xFFFFFFFF)
        self._kept[message.topic] += 1
        self._last = max(self._last, message.sequence)

    def _register(self, topic: str) -> int:
        """A channel as the original has it; for an event that it does not know, as it is written today."""
        known = self._source.channels.get(topic)
        encoding = known.message_encoding if known else "protobuf"
        schema = self._source.schemas.get(known.schema_id) if known else None
        if schema is None and not known:
            shape = shape_of(_event_class(topic))
            schema = Schema(id=0, name=shape.name, encoding="protobuf", data=shape.descriptor_set())
        schema_id = 0
        if schema is not None:
            key = (schema.name, schema.data)
            if key not in self._schema:
                self._schema[key] = self._writer.register_schema(schema.name, schema.encoding, schema.data)
            schema_id = self._schema[key]
        self._channel[topic] = self._writer.register_channel(topic, encoding, schema_id)
        return self._channel[topic]


def _event_class(topic: str) -> type:
    cls = kind_named(topic.rpartition("/")[2])
    if cls is None:
        raise RecordingError(f"{topic} is no event of this version, so nothing can be put in there")
    return cls
