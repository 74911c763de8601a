"""A recording without what should not be shared: pictures, sound, words, requests, or what the device told.

What is left is byte for byte as it was, in the same order at the same times, so that a recording without its media is
decided again exactly as it was; one without words or requests cannot be, and its provenance says so. A topic that this
version does not know may hold anything, and is left out whatever is asked for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import DecodeError

from pipelines import events as ev
from recordings import session as names
from recordings.derive import Derived, Edit, Made, derive
from recordings.overview import overview
from recordings.reader import Recording, Stored
from recordings.schema import encode
from recordings.session import RecordingError
from recordings.stored import HttpPart, MediaIndex
from recordings.texts import TextHider, without_query
from recordings.topics import FOXGLOVE, class_of, is_known

# What can be dropped, and what goes with it.
KINDS: Mapping[str, str] = {
    "camera": "the camera's pictures",
    "stills": "the pictures that were kept or sent, parts of frames too; which frame went to whom stays",
    "microphone": "the wearer's sound",
    "answer": "the sound of the answers",
    "http": "the bodies of requests, to models and by tools, and of their responses; times, addresses and status stay",
    "words": "all that was said, read, answered, and given to or got from tools, as text, in events, requests, "
    "attachments and log: marks instead; names of models and tools stay",
    "device": "what the device told: its events and why a link changed; that something happened, and taps, stay",
}
LEVELS: Mapping[str, tuple[str, ...]] = {
    "no-video": ("camera", "stills"),
    "no-media": ("camera", "stills", "microphone", "answer"),
    "text-hashed": ("camera", "stills", "microphone", "answer", "http", "words"),
}
_TOPICS = {
    "camera": names.CAMERA,
    "stills": names.STILL,
    "microphone": names.MICROPHONE,
    "answer": names.ANSWER,
}
_TRACKS = frozenset({"camera", "microphone", "answer"})  # kinds that are tracks of the media index as well
_NOT_AGAIN = {
    "http": "the model's answers are not in it",
    "words": "its words are marks, and nothing that depends on them can be decided again",
}
_OWN_ATTACHMENTS = frozenset({names.SETTINGS, names.ENVIRONMENT, names.SYSTEM_PROMPT})
_PLAIN_LINES = re.compile(r"recorder dropped \d+|recording of session [0-9A-Za-z_-]+ started")
_DECIDING = frozenset({"tap", "recording stopped"})  # device events that the director acts upon
_MICROPHONE = "microphone"  # the kind of event that tells its name, which is then spoken
_NAMED = re.compile(r"(The microphone) is now [^.]*\.")  # as `pipelines.thinking.wording.microphone_now`
_DEVICE = "[device]"


@dataclass(frozen=True, slots=True)
class Redacted:
    """What came of it. `kinds`: what was dropped; `still_in`: other kinds that can tell the same, and are still there;
    `unknown`: topics of a later version, left out."""

    derived: Derived
    kinds: tuple[str, ...]
    replays: bool
    why: str
    still_in: tuple[str, ...]
    unknown: tuple[str, ...]


def kinds_of(drop: Iterable[str]) -> tuple[str, ...]:
    """Kinds and levels as kinds, each once, in the order of KINDS. Raises RecordingError for anything else."""
    wanted: set[str] = set()
    for name in drop:
        if name not in KINDS and name not in LEVELS:
            raise RecordingError(
                f"{name!r} is no kind that can be dropped. Choose from {', '.join(KINDS)}; or a level: "
                + ", ".join(f"{level} ({', '.join(kinds)})" for level, kinds in LEVELS.items())
            )
        wanted |= {name} if name in KINDS else set(LEVELS[name])
    if not wanted:
        raise RecordingError(f"Say what to drop: {', '.join(KINDS)}, or a level: {', '.join(LEVELS)}.")
    if "words" in wanted:
        wanted.add("http")  # bodies are made of words
    return tuple(kind for kind in KINDS if kind in wanted)


def redact(source: Path, out: Path, drop: Iterable[str], **more: Any) -> Redacted:
    """Write a recording without these kinds (or levels). Raises RecordingError as `derive` does."""
    kinds = kinds_of(drop)
    recording = Recording(source)
    unknown = tuple(sorted(topic for topic in overview(source).counts if not is_known(topic)))
    why = "; ".join(_NOT_AGAIN[kind] for kind in kinds if kind in _NOT_AGAIN)
    topics = [_TOPICS[kind] for kind in kinds if kind in _TOPICS]
    level = next((name for name, of in LEVELS.items() if of == kinds), "")
    what = {"redacted": list(kinds), "level": level, "dropped_topics": [*topics, *unknown]}
    edit = Edit(_Keeper(recording, kinds).keep, _attachments(kinds))
    derived = derive(source, out, edit, Made("companion sessions redact", what, not why, why), **more)
    return Redacted(derived, kinds, not why, why, _still_in(kinds, derived), unknown)


def _attachments(kinds: Collection[str]) -> Callable[[str, bytes], bool]:
    """What a session attached may hold words; what is ours and said in the settings anyway does not."""
    return lambda name, data: "words" not in kinds or name in _OWN_ATTACHMENTS


def _still_in(kinds: Collection[str], derived: Derived) -> tuple[str, ...]:
    """Kinds that say or show the same as one that was dropped, and that the file still has."""
    there = {kind for kind, topic in _TOPICS.items() if topic in derived.kept}
    if names.HTTP in derived.kept and "http" not in kinds:
        there.add("http")
    told: set[str] = set()
    if "words" in kinds:
        told |= {"camera", "stills", "microphone", "answer"}
    elif {"microphone", "answer"} & set(kinds):
        told |= {"words", "http", "microphone", "answer"}
        there.add("words")
    if {"camera", "stills"} & set(kinds):
        told |= {"camera", "stills"}
    return tuple(kind for kind in KINDS if kind in told & there)


class _Keeper:
    """What becomes of each message of one file, asked in order."""

    def __init__(self, recording: Recording, kinds: Collection[str]) -> None:
        self._recording = recording
        self._dropped = {_TOPICS[kind] for kind in kinds if kind in _TOPICS}
        self._tracks = _TRACKS & set(kinds)
        self._http = "http" in kinds
        self._texts = TextHider(secrets.token_bytes(32)) if "words" in kinds else None
        self._device = _DeviceHider(secrets.token_bytes(32)) if "device" in kinds else None

    def keep(self, message: Stored) -> bool | bytes:
        topic = message.topic
        if topic in self._dropped or not is_known(topic):
            return False
        if topic == names.MEDIA_INDEX:
            index: MediaIndex = self._recording.decoded(MediaIndex, message)
            return index.track not in self._tracks
        if topic == names.LOG:
            return self._line(message) if self._texts else True
        if topic in FOXGLOVE:
            return True
        changes = self._texts or self._device or (self._http and topic == names.HTTP)
        return self._thing(message) if changes else True

    def _thing(self, message: Stored) -> bool | bytes:
        cls = class_of(message.topic)
        assert cls is not None  # is_known
        thing = before = self._recording.decoded(cls, message)
        if self._http and isinstance(thing, HttpPart):
            thing = _without_body(thing)
        if self._device:
            thing = self._device.hide(thing)
        if self._texts:
            thing = self._texts.hide(thing)
            return encode(thing)  # what a later version added to it is not known here, and goes
        return True if thing is before else encode(thing)

    def _line(self, message: Stored) -> bytes:
        try:
            line = Log.FromString(message.data)
        except DecodeError as why:
            raise RecordingError(f"message {message.sequence} on {message.topic} is no line of a log ({why})") from why
        clean = Log(timestamp=line.timestamp, level=line.level, name=line.name, message=line.message)
        if self._texts and not _PLAIN_LINES.fullmatch(line.message):
            clean.message = self._texts.mark(line.message)
        return bytes(clean.SerializeToString())


def _without_body(part: HttpPart) -> HttpPart:
    """The same step of an exchange without what was asked or answered, and without how long that was."""
    if begin := part.begin:
        bare = replace(begin, body=b"", url=without_query(begin.url), headers=_without_length(begin.headers))
        return replace(part, begin=bare)
    if head := part.head:
        return replace(part, head=replace(head, headers=_without_length(head.headers)))
    return replace(part, chunk=replace(part.chunk, data=b"")) if part.chunk else part


def _without_length(headers: tuple[str, ...]) -> tuple[str, ...]:
    pairs = zip(headers[::2], headers[1::2], strict=False)
    return tuple(text for name, value in pairs if name != "content-length" for text in (name, value))


class _DeviceHider:
    """Takes out what the device told, everywhere where it was repeated, so that a replay repeats the marks alike."""

    def __init__(self, key: bytes) -> None:
        self._marks = TextHider(key)
        self._told: set[str] = set()
        self._names: dict[str, str] = {"": ""}

    def hide(self, thing: Any) -> Any:
        if isinstance(thing, ev.LinkChanged):
            self._told.add(thing.detail)
            device = replace(thing.device, name=self._name(thing.device.name))
            return replace(thing, detail=self._marks.mark(thing.detail), device=device)
        if isinstance(thing, ev.Resumed):
            link = self.hide(thing.link) if thing.link is not None else None
            said = self._unnamed(thing.last_said)
            return replace(thing, link=link, microphone=self._name(thing.microphone), last_said=said)
        if isinstance(thing, ev.Speak | ev.Caption):
            return replace(thing, text=self._unnamed(thing.text))
        if isinstance(thing, ev.DeviceEvent) and thing.kind == _MICROPHONE:
            return replace(thing, value=self._name(thing.value))
        if isinstance(thing, ev.DeviceEvent):
            return replace(thing, kind=thing.kind if thing.kind in _DECIDING else _DEVICE, value="")
        reason = getattr(thing, "reason", "")
        return replace(thing, reason=self._marks.mark(reason)) if reason and reason in self._told else thing

    def _name(self, name: str) -> str:
        """As different as they were, and nothing that can be spoken: then “The microphone has changed.” is said."""
        return self._names.setdefault(name, "·" * len(self._names))

    def _unnamed(self, text: str) -> str:
        return _NAMED.sub(r"\1 has changed.", text)
