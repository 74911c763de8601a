"""What each topic of a recording holds: one of our dataclasses, or one of Foxglove's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foxglove_schemas_protobuf.CompressedAudio_pb2 import CompressedAudio
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.CompressedVideo_pb2 import CompressedVideo
from foxglove_schemas_protobuf.Log_pb2 import Log

from pipelines.events import Kinds
from recordings import session as names
from recordings.stored import ClockSample, HttpPart, MediaIndex, Pulls, Read, StillIndex, VoiceBlock, Woken

FOXGLOVE: Mapping[str, Any] = {
    names.CAMERA: CompressedVideo,
    names.STILL: CompressedImage,
    names.MICROPHONE: CompressedAudio,
    names.ANSWER: CompressedAudio,
    names.LOG: Log,
}
OWN: Mapping[str, type] = {
    names.MEDIA_INDEX: MediaIndex,
    names.STILL_INDEX: StillIndex,
    names.CLOCK: ClockSample,
    names.HTTP: HttpPart,
    names.PULLS: Pulls,
    names.VOICED: VoiceBlock,
    names.WOKEN: Woken,
    names.READ: Read,
}


def class_of(topic: str) -> type | None:
    """The dataclass that this topic's messages store; None if it holds media or the log, or is not known here."""
    family, _, name = topic.rpartition("/")
    if f"{family}/" == names.EVENT:
        return Kinds.HAPPENINGS.get(name)
    if f"{family}/" == names.DECISION:
        return Kinds.DECISIONS.get(name)
    return OWN.get(topic)


def is_known(topic: str) -> bool:
    return topic in FOXGLOVE or class_of(topic) is not None
