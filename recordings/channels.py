"""From what was accepted to messages in the file: which topic, which shape, which times.

For every message: log_time = t0 + when it was accepted, publish_time = t0 + when it was captured (the same where
nothing was captured), sequence = its place in the file over all channels. All channels are registered before the
first message, so that a file torn in its first second still explains itself.
"""

from __future__ import annotations

import enum
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO, Any, cast

from foxglove_schemas_protobuf.CompressedAudio_pb2 import CompressedAudio
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.CompressedVideo_pb2 import CompressedVideo
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.timestamp_pb2 import Timestamp
from mcap.writer import LIBRARY_IDENTIFIER, CompressionType, Writer

from pipelines.events import NS, Kinds
from recordings import session as names
from recordings.exchange import ExchangeRedactor, Redactor
from recordings.partfile import PartFile
from recordings.schema import SchemaError, encode, shape_of
from recordings.session import SessionInfo, json_bytes
from recordings.stored import LEVELS, ClockSample, HttpPart, MediaIndex, Pulls, Read, StillIndex, VoiceBlock, Woken

CHUNK_BYTES = 4 * 1024 * 1024


class Kind(enum.Enum):
    """What an item is. Media may be dropped when the disk is too slow; the rest never is."""

    EVENT = "event"
    DECISION = "decision"
    MICROPHONE = "microphone"
    CAMERA = "camera"
    ANSWER = "answer"
    STILL = "still"
    HTTP = "http"
    CLOCK = "clock"
    PULL = "pull"
    VOICED = "voiced"
    WOKEN = "woken"
    READ = "read"
    LOG = "log"
    ATTACHMENT = "attachment"

    @property
    def is_media(self) -> bool:
        return self in _MEDIA


_OWN = {Kind.CLOCK: names.CLOCK, Kind.VOICED: names.VOICED, Kind.WOKEN: names.WOKEN, Kind.READ: names.READ}
_MEDIA = {Kind.MICROPHONE: names.MICROPHONE, Kind.CAMERA: names.CAMERA, Kind.ANSWER: names.ANSWER}


@dataclass(slots=True)
class Item:
    """One thing that was accepted. `thing`: the event, the packet's bytes, the line; the rest as its kind needs."""

    kind: Kind
    t_ns: int
    media_ns: int
    thing: Any
    rtp: int = 0
    number: int = 0
    key: bool = False
    text: str = ""
    name: str = ""


class Channels:
    """All channels of one file, and the MCAP writer under them. For one thread at a time."""

    def __init__(self, file: PartFile, info: SessionInfo, redactor: Redactor) -> None:
        self._t0_ns = info.t0_unix_ns
        self._redactor = redactor
        self._exchanges = ExchangeRedactor(redactor)
        self._sequence = 0
        self._unstorable: set[str] = set()
        self._writer = Writer(cast(IO[Any], file), chunk_size=CHUNK_BYTES, compression=CompressionType.NONE)
        self._channel: dict[str, int] = {}
        self._start(info)

    def _start(self, info: SessionInfo) -> None:
        writer = self._writer
        writer.start(library=f"earshot/{info.recorder} {LIBRARY_IDENTIFIER}")
        writer.add_metadata(names.SESSION_METADATA, info.metadata())
        for name, table in ((names.SETTINGS, info.settings), (names.ENVIRONMENT, info.environment)):
            data = json_bytes(self._redactor.table(table))
            writer.add_attachment(self._t0_ns, self._t0_ns, name, "application/json", data)
        schemas: dict[str, int] = {}
        for topic, (name, descriptors) in _layout().items():
            if name not in schemas:
                schemas[name] = writer.register_schema(name, "protobuf", descriptors)
            self._channel[topic] = writer.register_channel(topic, "protobuf", schemas[name])
        self._log(Item(Kind.LOG, 0, 0, f"recording of session {info.session} started", text="INFO", name="recorder"))
        writer.flush()

    def write(self, items: Iterable[Item]) -> None:
        """Write a batch in its order, indexed, and flush it to the system. Raises OSError as the disk does."""
        items = list(items)
        try:
            self._write_media_index(items)
            self._write_pulls(items)
        except (SchemaError, ValueError) as why:
            self._report(items[0], why)
        for item in items:
            try:
                self._write_one(item)
            except (SchemaError, ValueError, TypeError, ArithmeticError, LookupError) as why:
                self._report(item, why)
        self._writer.flush()

    def finish(self) -> None:
        """Write summary and footer."""
        self._writer.finish()

    def _write_one(self, item: Item) -> None:
        match item.kind:
            case Kind.EVENT:
                self._add(names.EVENT + type(item.thing).__name__, item, encode(item.thing))
            case Kind.DECISION:
                self._add(names.DECISION + type(item.thing).__name__, item, encode(item.thing))
            case Kind.MICROPHONE | Kind.ANSWER:
                sound = CompressedAudio(timestamp=self._stamp(item), data=item.thing, format="opus")
                self._add(_MEDIA[item.kind], item, sound.SerializeToString())
            case Kind.CAMERA:
                unit = CompressedVideo(timestamp=self._stamp(item), data=item.thing, format=item.text)
                self._add(names.CAMERA, item, unit.SerializeToString())
            case Kind.STILL:
                self._write_still(item)
            case Kind.HTTP:
                for part in self._exchanges.parts(item.thing):
                    self._add(names.HTTP, item, encode(HttpPart.of(part)))
            case Kind.CLOCK | Kind.VOICED | Kind.WOKEN | Kind.READ:
                self._add(_OWN[item.kind], item, encode(item.thing))
            case Kind.PULL:
                pass  # written together, before the batch
            case Kind.LOG:
                self._log(item)
            case Kind.ATTACHMENT:
                t_ns = self._t0_ns + item.t_ns
                self._writer.add_attachment(t_ns, t_ns, item.name, item.text, item.thing)

    def _write_still(self, item: Item) -> None:
        index, jpeg = item.thing
        self._add(names.STILL_INDEX, item, encode(replace(index, sha256=hashlib.sha256(jpeg).hexdigest())))
        still = CompressedImage(timestamp=self._stamp(item), data=jpeg, format="jpeg")
        self._add(names.STILL, item, still.SerializeToString())

    def _write_media_index(self, items: list[Item]) -> None:
        tracks: dict[Kind, list[Item]] = defaultdict(list)
        for item in items:
            if item.kind.is_media and self._has_time(item):
                tracks[item.kind].append(item)
        for kind, units in tracks.items():
            index = MediaIndex(
                kind.value,
                tuple([unit.rtp for unit in units]),
                tuple([unit.number for unit in units]),
                tuple([unit.key for unit in units]),
                tuple([len(unit.thing) for unit in units]),
            )
            self._add(names.MEDIA_INDEX, replace(units[0], media_ns=units[0].t_ns), encode(index))

    def _write_pulls(self, items: list[Item]) -> None:
        pulls = [item for item in items if item.kind is Kind.PULL and self._has_time(item)]
        if pulls:
            deltas = tuple(later.t_ns - earlier.t_ns for earlier, later in pairwise(pulls))
            self._add(names.PULLS, pulls[0], encode(Pulls(pulls[0].t_ns, deltas)))

    def _log(self, item: Item) -> None:
        level: Any = LEVELS.index(item.text) if item.text in LEVELS else 0
        text = self._redactor.text(item.thing)
        line = Log(timestamp=self._stamp(item), level=level, message=text, name=item.name)
        self._add(names.LOG, item, line.SerializeToString())

    def _report(self, item: Item, why: Exception) -> None:
        """Say once for each kind of thing that it could not be stored; the rest goes on."""
        what = f"{item.kind.value} {type(item.thing).__name__}"
        if what not in self._unstorable:
            self._unstorable.add(what)
            t_ns = min(max(item.t_ns, 0), 2**62)
            self._log(Item(Kind.LOG, t_ns, t_ns, f"{what} could not be stored: {why}", text="ERROR", name="recorder"))

    def _stamp(self, item: Item) -> Any:
        seconds, nanos = divmod(self._t0_ns + item.media_ns, NS)
        return Timestamp(seconds=seconds, nanos=nanos)

    def _has_time(self, item: Item) -> bool:
        """False for a time that no message can carry; hundreds of years are enough for anything else."""
        return all(0 <= self._t0_ns + at_ns < 2**63 for at_ns in (item.t_ns, item.media_ns))

    def _add(self, topic: str, item: Item, data: bytes) -> None:
        log_time, publish_time = self._t0_ns + item.t_ns, self._t0_ns + item.media_ns
        if not self._has_time(item):
            raise ValueError(f"time {item.t_ns} ns or {item.media_ns} ns is outside of what a session can have")
        self._sequence += 1
        self._writer.add_message(self._channel[topic], log_time, data, publish_time, self._sequence & 0xFFFFFFFF)


def _layout() -> dict[str, tuple[str, bytes]]:
    """Topic -> (schema name, its FileDescriptorSet), for every topic that a recording can have."""
    if not _LAYOUT:
        _LAYOUT[names.MICROPHONE] = _LAYOUT[names.ANSWER] = _foxglove(CompressedAudio)
        _LAYOUT[names.CAMERA] = _foxglove(CompressedVideo)
        _LAYOUT[names.STILL] = _foxglove(CompressedImage)
        _LAYOUT[names.LOG] = _foxglove(Log)
        for topic, cls in (
            (names.MEDIA_INDEX, MediaIndex),
            (names.STILL_INDEX, StillIndex),
            (names.CLOCK, ClockSample),
            (names.HTTP, HttpPart),
            (names.PULLS, Pulls),
            (names.VOICED, VoiceBlock),
            (names.WOKEN, Woken),
            (names.READ, Read),
            *((names.EVENT + name, cls) for name, cls in Kinds.HAPPENINGS.items()),
            *((names.DECISION + name, cls) for name, cls in Kinds.DECISIONS.items()),
        ):
            shape = shape_of(cls)
            _LAYOUT[topic] = (shape.name, shape.descriptor_set())
    return _LAYOUT


_LAYOUT: dict[str, tuple[str, bytes]] = {}


def _foxglove(message: Any) -> tuple[str, bytes]:
    files: dict[str, Any] = {}

    def collect(file: Any) -> None:
        for dependency in file.dependencies:
            collect(dependency)
        files.setdefault(file.name, file)

    collect(message.DESCRIPTOR.file)
    described = FileDescriptorSet()
    for file in files.values():
        file.CopyToProto(described.file.add())
    return message.DESCRIPTOR.full_name, bytes(described.SerializeToString())
