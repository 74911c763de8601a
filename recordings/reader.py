"""A recording given back as what went in: events in the order in which they were accepted, media as it was received.

Works on finished, recovered and torn files, and on one that is still being written: reading ends at the first thing
that is not sound, and `torn` says what and where. Memory is bounded by one chunk.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from foxglove_schemas_protobuf.CompressedAudio_pb2 import CompressedAudio
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.CompressedVideo_pb2 import CompressedVideo
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import DecodeError
from mcap.opcode import Opcode
from mcap.records import Attachment, Channel, Header, Metadata

from pipelines.events import Decision, Happening
from recordings import session as names
from recordings.container import MAGIC, Record, TornError, chunk_records, inner_records, message_head, parsed, walk
from recordings.exchange import HttpPart as ExchangePart
from recordings.schema import SchemaError, decode_as, kind_named
from recordings.session import FORMAT, RecordingError, SessionInfo
from recordings.stored import (
    LEVELS,
    AnswerPacket,
    CameraUnit,
    ClockSample,
    HttpPart,
    LogLine,
    MediaIndex,
    MicrophonePacket,
    Pulls,
    Read,
    Still,
    StillIndex,
    VoiceBlock,
    Woken,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One message as it lies in the file; times are session times."""

    topic: str
    sequence: int
    t_ns: int
    media_ns: int
    data: bytes


class Recording:
    """One session file. Raises RecordingError, with a way out, for a file that is not a recording of ours."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.torn = ""  # why and where reading ended early; known once something was read to the end
        self.unknown: set[str] = set()  # events of a later version, skipped
        self.info = self._read_card()

    # -------------------------------------------------------------------------------------------------- what it holds

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that were in force, without their secrets."""
        return dict(self.info.settings)

    def events(self) -> Iterator[Happening | Decision]:
        """Everything that happened and was decided, in the order of acceptance."""
        return self._events((names.EVENT, names.DECISION))

    def happenings(self) -> Iterator[Happening]:
        return self._events((names.EVENT,))

    def decisions(self) -> Iterator[Decision]:
        return self._events((names.DECISION,))

    def microphone(self) -> Iterator[MicrophonePacket]:
        for at, entry, sound in self._media(names.MICROPHONE, "microphone", CompressedAudio):
            yield MicrophonePacket(at.t_ns, at.media_ns, entry.rtp, sound.data)

    def camera(self) -> Iterator[CameraUnit]:
        for at, entry, unit in self._media(names.CAMERA, "camera", CompressedVideo):
            yield CameraUnit(at.t_ns, at.media_ns, entry.number, entry.rtp, entry.key, unit.format, unit.data)

    def answers(self) -> Iterator[AnswerPacket]:
        for at, entry, sound in self._media(names.ANSWER, "answer", CompressedAudio):
            yield AnswerPacket(at.t_ns, entry.number, sound.data)

    def stills(self) -> Iterator[Still]:
        index = StillIndex(0, 0, "")
        for message in self.messages((names.STILL_INDEX, names.STILL)):
            if message.topic == names.STILL_INDEX:
                index = self._own(StillIndex, message)
                continue
            jpeg = self._foxglove(CompressedImage, message).data
            yield Still(message.t_ns, index.frame_id, jpeg, index.sha256, index.sent_to, index.box, index.request)

    def http(self) -> Iterator[ExchangePart]:
        """Model exchanges, step by step, in the order of acceptance."""
        for message in self.messages((names.HTTP,)):
            part: HttpPart = self._own(HttpPart, message)
            if found := part.part:
                yield found

    def clock(self) -> Iterator[ClockSample]:
        for message in self.messages((names.CLOCK,)):
            yield self._own(ClockSample, message)

    def pulls(self) -> Iterator[int]:
        """The moments at which the device's side took 20 ms of sound."""
        for message in self.messages((names.PULLS,)):
            pulls: Pulls = self._own(Pulls, message)
            yield from accumulate(pulls.delta_ns, initial=pulls.t_ns)

    def voiced(self) -> Iterator[VoiceBlock]:
        for message in self.messages((names.VOICED,)):
            yield self._own(VoiceBlock, message)

    def woken(self) -> Iterator[Woken]:
        for message in self.messages((names.WOKEN,)):
            yield self._own(Woken, message)

    def reads(self) -> Iterator[Read]:
        for message in self.messages((names.READ,)):
            yield self._own(Read, message)

    def logs(self) -> Iterator[LogLine]:
        for message in self.messages((names.LOG,)):
            line = self._foxglove(Log, message)
            level = LEVELS[line.level] if 0 <= line.level < len(LEVELS) else LEVELS[0]
            yield LogLine(message.t_ns, level, line.name, line.message)

    def attachment(self, name: str) -> bytes | None:
        """The attached file of that name, the latest if there are several; None if there is none."""
        return self.attachments.get(name)

    @cached_property
    def attachments(self) -> dict[str, bytes]:
        """Every attached file by name."""
        found: dict[str, bytes] = {}
        try:
            for record in self._walk((Opcode.ATTACHMENT,)):
                if record.kind == Opcode.ATTACHMENT:
                    attached = parsed(Attachment, record.data, record.start)
                    found[attached.name] = attached.data
        except TornError as tear:
            self.torn = str(tear)
        return found

    # --------------------------------------------------------------------------------------------------- how it reads

    def messages(self, topics: Collection[str] = (), families: tuple[str, ...] = ()) -> Iterator[Stored]:
        """Messages of these topics and families of topics ("/event/"), or all if neither is given, in file order."""
        try:
            yield from self._messages(topics, families)
        except TornError as tear:
            self.torn = str(tear)

    def _messages(self, topics: Collection[str], families: tuple[str, ...]) -> Iterator[Stored]:
        topic_of: dict[int, str] = {}
        wanted: set[int] = set()
        t0_ns = self.info.t0_unix_ns
        for chunk in self._walk((Opcode.CHUNK,)):
            if chunk.kind != Opcode.CHUNK:
                continue
            inside, start = chunk_records(chunk), chunk.start
            for kind, begin, end in inner_records(inside, start):
                if kind == Opcode.MESSAGE:
                    head = message_head(inside, begin, end, start)
                    if head.channel in wanted:
                        data = bytes(inside[head.start : head.end])
                        t_ns, media_ns = head.log_time - t0_ns, head.publish_time - t0_ns
                        yield Stored(topic_of[head.channel], head.sequence, t_ns, media_ns, data)
                elif kind == Opcode.CHANNEL:
                    channel = parsed(Channel, bytes(inside[begin:end]), start)
                    topic_of[channel.id] = channel.topic
                    if not (topics or families) or channel.topic in topics or channel.topic.startswith(families):
                        wanted.add(channel.id)

    def _walk(self, wanted: Collection[int]) -> Iterator[Record]:
        with self.path.open("rb") as file:
            yield from walk(file, wanted)

    def _events(self, families: tuple[str, ...]) -> Iterator[Any]:
        for message in self.messages((), families):
            name = message.topic.rpartition("/")[2]
            cls = kind_named(name)
            if cls is None:
                self.unknown.add(name)
            else:
                yield self._own(cls, message)

    def _media(self, topic: str, track: str, cls: Any) -> Iterator[tuple[Stored, _Entry, Any]]:
        """Each unit of a track with its place in time, its index entry, and the foxglove message that holds it."""
        waiting: deque[_Entry] = deque()
        for message in self.messages((names.MEDIA_INDEX, topic)):
            if message.topic == names.MEDIA_INDEX:
                index: MediaIndex = self._own(MediaIndex, message)
                if index.track == track:
                    entries = zip(index.rtp, index.number, index.key, index.size_bytes, strict=False)
                    waiting = deque(_Entry(*entry) for entry in entries)
                continue
            unit = self._foxglove(cls, message)
            while waiting and waiting[0].size_bytes != len(unit.data):  # its unit could not be stored
                waiting.popleft()
            yield message, waiting.popleft() if waiting else _Entry(), unit

    def decoded(self, cls: type, message: Stored) -> Any:
        """What a message of ours holds, as its dataclass. Raises RecordingError if it is something else."""
        return self._own(cls, message)

    def _own(self, cls: type, message: Stored) -> Any:
        try:
            return decode_as(cls, message.data)
        except SchemaError as why:
            raise self._not_readable(message, why) from why

    def _foxglove(self, cls: Any, message: Stored) -> Any:
        try:
            return cls.FromString(message.data)
        except DecodeError as why:
            raise self._not_readable(message, why) from why

    def _not_readable(self, message: Stored, why: Exception) -> RecordingError:
        return RecordingError(
            f"{self.path}: message {message.sequence} on {message.topic} is not what this topic holds ({why}). "
            f"The file was changed or made by another program; nothing after this message was read."
        )

    # ----------------------------------------------------------------------------------------------- whose file it is

    def _read_card(self) -> SessionInfo:
        try:
            card, tables, library = self._read_head()
        except OSError as why:
            raise RecordingError(
                f"{self.path} cannot be read: {why.strerror or why}. `companion sessions list` shows what is there."
            ) from why
        except TornError as tear:
            raise RecordingError(f"{self.path} {what_it_is(self.path)} ({tear}). {_WAY_OUT}") from tear
        try:
            info = SessionInfo.from_metadata(card)
        except (KeyError, ValueError) as why:
            raise RecordingError(
                f"{self.path} is an MCAP file, but not a session of Earshot (it was written by {library}). {_WAY_OUT}"
            ) from why
        if info.format != FORMAT:
            raise RecordingError(
                f"{self.path} is in format {info.format[:60]!r}, and this version reads {FORMAT!r}. "
                f"It was recorded by Earshot {info.recorder[:60]!r}: install that version or a newer one."
            )
        return replace(info, settings=tables[names.SETTINGS], environment=tables[names.ENVIRONMENT])

    def _read_head(self) -> tuple[dict[str, str], dict[str, Any], str]:
        """What comes before the first chunk: the card, settings and environment, and the writing library's name."""
        card: dict[str, str] = {}
        tables: dict[str, Any] = {names.SETTINGS: {}, names.ENVIRONMENT: {}}
        library = "an unknown program"
        for record in self._walk((Opcode.HEADER, Opcode.METADATA, Opcode.ATTACHMENT)):
            if record.kind == Opcode.HEADER:
                library = parsed(Header, record.data, record.start).library or library
            elif record.kind == Opcode.METADATA:
                found = parsed(Metadata, record.data, record.start)
                card = found.metadata if found.name == names.SESSION_METADATA else card
            elif record.kind == Opcode.ATTACHMENT:
                attached = parsed(Attachment, record.data, record.start)
                if attached.name in tables:
                    tables[attached.name] = _table(attached.data, record.start)
            else:
                break
        return card, tables, library


@dataclass(frozen=True, slots=True)
class _Entry:
    rtp: int = 0
    number: int = 0
    key: bool = False
    size_bytes: int = 0


_WAY_OUT = "`companion sessions list` shows the recordings; `companion sessions recover FILE` mends a torn one."

_SIGNATURES = (
    (0, MAGIC, "is a recording that was torn before its first second was written"),
    (4, b"ftyp", "is an MP4 video, not a recording of a session"),
    (0, b"\x1aE\xdf\xa3", "is a Matroska or WebM file, not a recording of a session"),
    (0, b"RIFF", "is a WAV or AVI file, not a recording of a session"),
    (0, b"OggS", "is an Ogg file, not a recording of a session"),
    (0, b"RRF2", "is a Rerun file, not a recording of a session"),
    (0, b"SQLite format 3", "is an SQLite database, not a recording of a session"),
    (0, b"PK\x03\x04", "is a ZIP archive; unpack it first"),
    (0, b"\x1f\x8b", "is a gzip file; unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "is a zstd file; unpack it first"),
)


def what_it_is(path: Path) -> str:
    """A guess, from its first bytes, at what a file is that is no recording: "is an MP4 video, …"."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        return "is empty"
    for at, signature, what in _SIGNATURES:
        if start[at : at + len(signature)] == signature:
            return what
    if start.isascii() and b"\0" not in start:
        return "is a text file, not a recording of a session"
    return "is not a recording of a session"


def _table(data: bytes, offset: int) -> dict[str, Any]:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as why:
        raise TornError(offset, f"an attachment that is not JSON ({why})") from why
    return table if isinstance(table, dict) else {}
