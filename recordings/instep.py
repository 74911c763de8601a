"""Keeps each `MediaIndex` in step with the units that follow it when some of them are left out.

An index is written before the units that it speaks of, so it cannot be passed on until it is known which of them are
kept. It is held back, and all that comes after it, until its last unit was seen, the next index of its track comes, or
the file ends. If nothing of it was left out it goes on byte for byte.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from foxglove_schemas_protobuf.CompressedAudio_pb2 import CompressedAudio
from foxglove_schemas_protobuf.CompressedVideo_pb2 import CompressedVideo
from google.protobuf.message import DecodeError

from recordings import session as names
from recordings.reader import Stored
from recordings.schema import SchemaError, decode_as, encode
from recordings.session import RecordingError
from recordings.stored import MediaIndex

# Track (as MediaIndex calls it) and message class of each topic with units.
TRACKS: Mapping[str, tuple[str, Any]] = {
    names.CAMERA: ("camera", CompressedVideo),
    names.MICROPHONE: ("microphone", CompressedAudio),
    names.ANSWER: ("answer", CompressedAudio),
}
INDEX_BYTES = 1024 * 1024  # an index speaks of a quarter of a second: a few hundred bytes
HELD_BYTES = 64 * 1024 * 1024  # what may wait behind an index: more than the recorder writes at once
_MESSAGE_BYTES = 200  # what a message costs beside its data


@dataclass(slots=True)
class _Index:
    """One index that waits. `left`: positions of its units that have not come yet; `kept`: those that stay."""

    message: Stored
    index: MediaIndex
    left: deque[int]
    kept: list[int] = field(default_factory=list)
    done: bool = False

    def result(self) -> Stored | None:
        """The message to pass on; None if none of its units was kept."""
        if not self.kept:
            return None
        if len(self.kept) == len(self.index.size_bytes):
            return self.message
        index, kept = self.index, self.kept
        left = MediaIndex(
            index.track,
            tuple(index.rtp[i] for i in kept),
            tuple(index.number[i] for i in kept),
            tuple(index.key[i] for i in kept),
            tuple(index.size_bytes[i] for i in kept),
        )
        return replace(self.message, data=encode(left))


class InStep:
    """Give it every message of the original in order, with what it becomes; `emit` gets what is to be written."""

    def __init__(self, emit: Callable[[Stored], None]) -> None:
        self._emit = emit
        self._queue: deque[Stored | _Index] = deque()
        self._waiting: dict[str, _Index] = {}  # by track
        self._held_bytes = 0

    @property
    def holds(self) -> bool:
        """True while something waits to be written."""
        return bool(self._queue)

    def take(self, message: Stored, becomes: Stored | None) -> None:
        """One message of the original; `becomes` None: it is left out.

        Raises:
            RecordingError: it is not what its topic holds, or more hangs on one index than a recorder ever writes.
        """
        if message.topic == names.MEDIA_INDEX:
            if becomes is not None:
                self._open(message)
            return
        if message.topic in TRACKS:
            self._unit(message, becomes is not None)
        if becomes is not None:
            self.pass_on(becomes)

    def pass_on(self, message: Stored) -> None:
        """A message that belongs here, behind all that was taken before."""
        self._hold(message)
        self._drain()

    def finish(self) -> None:
        """The original is at its end."""
        for index in self._waiting.values():
            index.done = True
        self._waiting.clear()
        self._drain()

    def _open(self, message: Stored) -> None:
        if len(message.data) > INDEX_BYTES:
            raise RecordingError(_strange(message, f"an index of {len(message.data):,} bytes, which is never written"))
        try:
            index: MediaIndex = decode_as(MediaIndex, message.data)
        except SchemaError as why:
            raise RecordingError(_strange(message, str(why))) from why
        entries = len(index.size_bytes)
        if not entries == len(index.rtp) == len(index.number) == len(index.key):
            raise RecordingError(_strange(message, "its lists are of different lengths"))
        if before := self._waiting.pop(index.track, None):
            before.done = True
        held = _Index(message, index, deque(range(entries)))
        held.done = not held.left
        if not held.done:
            self._waiting[index.track] = held
        self._hold(held)
        self._drain()

    def _unit(self, message: Stored, kept: bool) -> None:
        track, cls = TRACKS[message.topic]
        index = self._waiting.get(track)
        if index is None:
            return
        try:
            size = len(cls.FromString(message.data).data)
        except DecodeError as why:
            raise RecordingError(_strange(message, str(why))) from why
        while index.left and index.index.size_bytes[index.left[0]] != size:  # its unit could not be stored
            index.left.popleft()
        if index.left:
            position = index.left.popleft()
            if kept:
                index.kept.append(position)
        if not index.left:
            index.done = True
            del self._waiting[track]

    def _hold(self, what: Stored | _Index) -> None:
        self._queue.append(what)
        self._held_bytes += _size(what)
        if self._held_bytes > HELD_BYTES and isinstance(self._queue[0], _Index):
            raise RecordingError(_strange(self._queue[0].message, f"its units do not come within {HELD_BYTES:,} bytes"))

    def _drain(self) -> None:
        queue = self._queue
        while queue:
            first = queue[0]
            if isinstance(first, _Index) and not first.done:
                return
            queue.popleft()
            self._held_bytes -= _size(first)
            message = first.result() if isinstance(first, _Index) else first
            if message is not None:
                self._emit(message)


def _size(what: Stored | _Index) -> int:
    return _MESSAGE_BYTES + len((what if isinstance(what, Stored) else what.message).data)


def _strange(message: Stored, why: str) -> str:
    return (
        f"message {message.sequence} on {message.topic} is not as the recorder writes it: {why}. "
        "`companion sessions verify FILE` says what else is wrong; nothing was written."
    )
