"""Is a recording whole, and is it what it claims to be? Read once from first to last byte, and trusted nowhere.

`recordings.structure` holds the file to the rules of its container: every checksum, every index and the summary are
computed again and compared. Here it is held to the rules of a session: schemas, order, media in step with its index,
pictures with their hashes, exchanges begun and ended. Memory is bounded by one chunk and the summary.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import DecodeError
from mcap.records import Channel, Schema

from pipelines.events import AskModel, Decision, SessionEnded
from recordings import session as names
from recordings.container import TornError
from recordings.derive import provenance_of
from recordings.digest import Digest
from recordings.exchange import HttpBegin, HttpEnd
from recordings.instep import INDEX_BYTES, TRACKS
from recordings.partfile import in_use
from recordings.reader import Recording, Stored
from recordings.schema import SchemaError, decode_as, shape_of
from recordings.session import RecordingError
from recordings.stored import HttpPart, MediaIndex, StillIndex
from recordings.structure import Structure, read_whole
from recordings.topics import FOXGLOVE, class_of

EVENT_BYTES = 1024 * 1024  # no event is larger; what claims to be is not taken apart
SHOWN = 20  # faults told one by one
_ASKED = 256  # questions that a picture may still go with: pictures leave within seconds of theirs


@dataclass(slots=True)
class Verification:
    """`faults`: what is wrong, in the order in which it was found, at most SHOWN of `wrong`; `notes`: what is right but
    worth knowing."""

    path: Path
    size_bytes: int = 0
    messages: int = 0
    duration_ns: int = 0
    decisions: int = 0
    digest: str = ""
    faults: list[str] = field(default_factory=list)
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return not self.wrong

    def fault(self, text: str) -> None:
        self.wrong += 1
        if len(self.faults) < SHOWN:
            self.faults.append(text)

    def __str__(self) -> str:
        head = (
            f"{self.path.name}: {self.messages:,} messages, {self.duration_ns / 1e9:.1f} s, {self.size_bytes:,} bytes"
        )
        lines = [head, f"  {self.decisions:,} decisions, digest {self.digest[:16]}"]
        lines += [f"  note: {note}" for note in self.notes] + [f"  WRONG: {fault}" for fault in self.faults]
        if self.wrong > len(self.faults):
            lines.append(f"  and {self.wrong - len(self.faults):,} more")
        lines.append("  all well" if self.well else f"  {self.wrong:,} wrong")
        return "\n".join(lines)


def verify(path: Path) -> Verification:
    """Hold a file to all of it. Raises RecordingError if it is not a recording at all, or is being recorded."""
    path = Path(path)
    if in_use(path):
        raise RecordingError(f"{path} is being recorded right now: it can be verified when the session has ended.")
    recording = Recording(path)
    found = Verification(path, path.stat().st_size)
    contents = _Contents(recording, found)
    try:
        with path.open("rb") as file:
            structure = Structure(found.fault)
            for message in read_whole(file, structure, recording.info.t0_unix_ns):
                contents.take(message, structure)
            contents.end(torn=False)
    except TornError as tear:
        found.fault(f"torn: {tear}; `companion sessions recover` mends what a crash tore")
        contents.end(torn=True)
    except OSError as why:
        raise RecordingError(f"{path} cannot be read to its end: {why.strerror or why}.") from why
    return found


# ------------------------------------------------------------------------------------------------- what a session is


class _Contents:
    """The messages of one file, in order."""

    def __init__(self, recording: Recording, found: Verification) -> None:
        self._recording = recording
        self._found = found
        self._provenance = provenance_of(recording)
        self._digest = Digest()
        self._sequence = 0
        self._entries: dict[str, deque[int]] = {}  # sizes of the units to come, by track
        self._still: StillIndex | None = None
        self._asked: deque[int] = deque(maxlen=_ASKED)  # requests of the last questions
        self._open: dict[int, int] = {}  # turn of each exchange under way
        self._ended = False
        self._seen: set[str] = set()

    def take(self, message: Stored, structure: Structure) -> None:
        found, topic = self._found, message.topic
        found.messages += 1
        found.duration_ns = max(found.duration_ns, message.t_ns)
        if topic not in self._seen:
            self._seen.add(topic)
            self._schema(topic, structure)
        if message.sequence <= self._sequence:
            found.fault(f"message {message.sequence} on {topic} comes after {self._sequence}: numbers must rise")
        self._sequence = max(self._sequence, message.sequence)
        if message.t_ns < 0:
            found.fault(f"message {message.sequence} on {topic} is older than the session")
        try:
            self._look_into(message)
        except (SchemaError, DecodeError) as why:
            found.fault(f"message {message.sequence} on {topic} is not what this topic holds: {why}")

    def _look_into(self, message: Stored) -> None:
        topic = message.topic
        if topic in TRACKS:
            self._unit(message)
        elif topic == names.STILL:
            self._picture(message)
        elif topic in FOXGLOVE:
            FOXGLOVE[topic].FromString(message.data)
        elif (cls := class_of(topic)) is not None:
            limit = INDEX_BYTES if cls is MediaIndex else EVENT_BYTES
            if cls is not HttpPart and len(message.data) > limit:
                raise SchemaError(f"{len(message.data):,} bytes, more than any that is written")
            self._own(message, decode_as(cls, message.data))

    def _own(self, message: Stored, thing: Any) -> None:
        match thing:
            case Decision():
                self._digest.add(thing)
                if isinstance(thing, AskModel):
                    self._asked.append(thing.request)
            case MediaIndex():
                self._index(message, thing)
            case StillIndex():
                self._still_index(message, thing)
            case HttpPart():
                self._step(message, thing)
            case SessionEnded():
                self._ended = True
        t_ns = getattr(thing, "t_ns", message.t_ns)
        if t_ns != message.t_ns and message.topic.startswith((names.EVENT, names.DECISION)):
            self._found.fault(f"message {message.sequence} on {message.topic} says {t_ns} ns, its place {message.t_ns}")

    # ----------------------------------------------------------------------------------------------- media, pictures

    def _index(self, message: Stored, index: MediaIndex) -> None:
        if not len(index.size_bytes) == len(index.rtp) == len(index.number) == len(index.key):
            self._found.fault(f"message {message.sequence}: the lists of this index are of different lengths")
        self._no_units(index.track)
        self._entries[index.track] = deque(index.size_bytes)

    def _unit(self, message: Stored) -> None:
        track, cls = TRACKS[message.topic]
        size = len(cls.FromString(message.data).data)
        entries = self._entries.get(track)
        skipped = 0
        while entries and entries[0] != size:
            entries.popleft()
            skipped += 1
        if skipped:
            self._found.fault(f"message {message.sequence}: {skipped} {track} units before it are in the index only")
        if entries:
            entries.popleft()
        else:
            self._found.fault(f"message {message.sequence} on {message.topic} is not in the media index")

    def _no_units(self, track: str) -> None:
        if left := self._entries.pop(track, None):
            self._found.fault(f"{len(left)} {track} units are in the media index, but not in the file")

    def _picture(self, message: Stored) -> None:
        picture = FOXGLOVE[names.STILL].FromString(message.data).data
        index, self._still = self._still, None
        if index is None:
            self._found.fault(f"message {message.sequence}: a picture without its index")
        elif hashlib.sha256(picture).hexdigest() != index.sha256:
            self._found.fault(f"message {message.sequence}: {_named(index)} is not the one indexed")

    def _still_index(self, message: Stored, index: StillIndex) -> None:
        """Part of a frame or the whole, kept or sent: if sent, with a question that was asked."""
        self._no_picture()
        self._still = index
        if index.box and (len(index.box) != 4 or min(index.box) < 0 or min(index.box[2:]) < 1):
            self._found.fault(f"message {message.sequence}: {list(index.box[:8])} is no part of frame {index.frame_id}")
        if index.request and index.request not in self._asked:
            self._found.fault(
                f"message {message.sequence}: {_named(index)} went with question {index.request}, which nobody asked"
            )

    def _no_picture(self) -> None:
        what = self._provenance.get("what")
        dropped = isinstance(what, dict) and names.STILL in (what.get("dropped_topics") or ())
        if self._still is not None and not (dropped or _inherited(self._provenance)):
            self._found.fault(f"{_named(self._still)} is in the index, but not in the file")

    # ----------------------------------------------------------------------------------------------------- exchanges

    def _step(self, message: Stored, step: HttpPart) -> None:
        part = step.part
        if part is None:
            raise SchemaError("neither begin, head, chunk nor end")
        if isinstance(part, HttpBegin):
            if part.exchange in self._open:
                self._found.fault(f"message {message.sequence}: exchange {part.exchange} begins twice")
            self._open[part.exchange] = part.turn
        elif part.exchange not in self._open:
            self._found.fault(f"message {message.sequence}: a part of exchange {part.exchange}, which is not under way")
        elif isinstance(part, HttpEnd):
            del self._open[part.exchange]

    # ------------------------------------------------------------------------------------------------- schema, the end

    def _schema(self, topic: str, structure: Structure) -> None:
        channel = structure.channel_of(topic)
        schema = structure.schemas.get(channel.schema_id) if channel else None
        if (why := _not_as_expected(topic, channel, schema)) == _UNKNOWN:
            self._found.notes.append(f"{topic} is not known to this version; its messages were not looked into")
        elif why:
            self._found.fault(f"{topic}: {why}")

    def end(self, torn: bool) -> None:
        found = self._found
        found.decisions, found.digest = self._digest.count, self._digest.hexdigest()
        if not torn:
            self._no_picture()
            for track in list(self._entries):
                self._no_units(track)
            for exchange, turn in self._open.items():
                found.fault(f"exchange {exchange} of turn {turn} was begun and has no end")
        if not self._ended:
            found.notes.append("the session's end is not in it")
        if self._provenance:
            parent = self._provenance.get("parent")
            of = parent.get("file", "") if isinstance(parent, dict) else ""
            what = self._provenance.get("what")
            told = "; ".join(f"{key} {value}" for key, value in what.items()) if isinstance(what, dict) else ""
            found.notes.append(f"made by {self._provenance.get('made_by')} of {of}: {told}"[:1000])
            if not self._provenance.get("replays", True):
                found.notes.append(f"it does not replay: {self._provenance.get('why')}")


def _named(index: StillIndex) -> str:
    return f"the picture of {'a part of ' if index.box else ''}frame {index.frame_id}"


def _inherited(provenance: dict[str, Any]) -> bool:
    """Whether pictures were dropped from a file that this one was made of."""
    for _ in range(100):
        parent = provenance.get("parent")
        before = parent.get("provenance") if isinstance(parent, dict) else None
        if not isinstance(before, dict):
            return False
        provenance = before
        what = provenance.get("what")
        if isinstance(what, dict) and names.STILL in (what.get("dropped_topics") or ()):
            return True
    return False


_UNKNOWN = "unknown"


def _not_as_expected(topic: str, channel: Channel | None, schema: Schema | None) -> str:
    """What is wrong with a topic's schema; "" if nothing. Fields may be fewer or more, never others."""
    if channel is None or channel.message_encoding != "protobuf" or schema is None or schema.encoding != "protobuf":
        return "its messages are not protobuf with a schema"
    cls = class_of(topic)
    wanted = FOXGLOVE[topic].DESCRIPTOR.full_name if topic in FOXGLOVE else shape_of(cls).name if cls else ""
    if not wanted:
        return _UNKNOWN
    if schema.name != wanted:
        return f"its schema is {schema.name}, expected is {wanted}"
    if cls is None:
        return ""
    try:
        there = dict(_messages(schema.data))
    except DecodeError as why:
        return f"its schema cannot be read ({why})"
    if schema.name not in there:
        return f"its schema does not describe {schema.name}"
    for name, mine in _messages(shape_of(cls).descriptor_set()):
        for number, field_as_is in there.get(name, {}).items():
            if number in mine and mine[number] != field_as_is:
                return f"field {number} of {name} is {field_as_is}, expected is {mine[number]}"
    return ""


def _messages(descriptors: bytes) -> Iterator[tuple[str, dict[int, tuple[str, int, int]]]]:
    """Each message of a descriptor set: its fields by number, as name, type and label."""
    for file in FileDescriptorSet.FromString(descriptors).file:
        for message in file.message_type:
            fields = {f.number: (str(f.name), int(f.type), int(f.label)) for f in message.field}
            yield f"{file.package}.{message.name}", fields
