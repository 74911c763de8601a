"""What a recording holds beside the events: small dataclasses, stored by the same rule (`recordings.schema`)."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events import Word
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead

LEVELS = ("UNKNOWN", "DEBUG", "INFO", "WARNING", "ERROR", "FATAL")  # foxglove.Log.Level, by number


# ------------------------------------------------------------------------------------------------ messages of our own


@dataclass(frozen=True, slots=True)
class MediaIndex:
    """What foxglove's media messages have no field for, for the next units of one track in file order.

    One entry for each unit, written before them and in the same chunk, so that a tear takes both or neither. The unit's
    arrival and capture times are its own message's log_time and publish_time. `track`: "camera", "microphone" or
    "answer"; `number`: frame id of the camera, utterance of the answer, else 0; `rtp`: RTP timestamp as received.
    """

    track: str
    rtp: tuple[int, ...] = ()
    number: tuple[int, ...] = ()
    key: tuple[bool, ...] = ()
    size_bytes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StillIndex:
    """Goes before each picture on /camera/still. `sent_to`: who received it, with the request `request`; "" = it was
    kept and did not leave. `box`: the part of the frame, all 0 or () = the whole; `px`: longest side, and `quality`, as
    wanted."""

    t_ns: int
    frame_id: int
    sha256: str
    sent_to: str = ""
    box: tuple[int, ...] = ()
    px: int = 0
    quality: int = 0
    request: int = 0


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One raw observation that ties two clocks together, so that sync can be computed again later.

    `source` "ping": device clock = session clock + `offset_ns`, give or take half of `round_trip_ns`.
    `source` "sender report": the sender of `track` says that its RTP time `rtp` was its NTP time `ntp_s` +
    `ntp_fraction` / 2^32 seconds since 1900.
    """

    t_ns: int
    source: str
    offset_ns: int = 0
    round_trip_ns: int = 0
    track: str = ""
    ntp_s: int = 0
    ntp_fraction: int = 0
    rtp: int = 0


@dataclass(frozen=True, slots=True)
class HttpPart:
    """One step of a model exchange: exactly one of the four is there."""

    begin: HttpBegin | None = None
    chunk: HttpChunk | None = None
    end: HttpEnd | None = None
    head: HttpHead | None = None

    @classmethod
    def of(cls, part: HttpBegin | HttpHead | HttpChunk | HttpEnd) -> HttpPart:
        match part:
            case HttpBegin():
                return cls(begin=part)
            case HttpHead():
                return cls(head=part)
            case HttpChunk():
                return cls(chunk=part)
            case HttpEnd():
                return cls(end=part)

    @property
    def part(self) -> HttpBegin | HttpHead | HttpChunk | HttpEnd | None:
        return self.begin or self.head or self.chunk or self.end


@dataclass(frozen=True, slots=True)
class Pulls:
    """When the device's side took 20 ms of sound while there was some: first at `t_ns`, then each so much later."""

    t_ns: int
    delta_ns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceBlock:
    """A piece of rendered speech reached the playout at `t_ns`: so many samples at 48 kHz; `words` as in ChunkVoiced,
    with offsets from the chunk's beginning."""

    t_ns: int
    utterance: int
    chunk: int
    samples: int = 0
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Woken:
    """The deadline `due_ns` was really seen to at `t_ns`: by its own timer, or just before the next happening."""

    t_ns: int
    due_ns: int
    by_timer: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """Something read from outside that a decision may depend on and that no event carries. `site`: what was read."""

    t_ns: int
    site: str
    value: str = ""


# ---------------------------------------------------------------------------------------------- what a reader returns


@dataclass(frozen=True, slots=True)
class MicrophonePacket:
    """20 ms of the wearer's sound as it came off the wire. `packet` is Opus; b"" = lost and concealed."""

    t_ns: int
    media_ns: int
    rtp: int
    packet: bytes


@dataclass(frozen=True, slots=True)
class CameraUnit:
    """One access unit as it came off the wire. `codec`: "h264" (Annex B), "vp8" or "jpeg"."""

    t_ns: int
    media_ns: int
    frame_id: int
    rtp: int
    key: bool
    codec: str
    data: bytes


@dataclass(frozen=True, slots=True)
class AnswerPacket:
    """20 ms of the answer as it was handed to the link, Opus. `utterance` 0: an earcon or silence between answers."""

    t_ns: int
    utterance: int
    packet: bytes


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that was kept, JPEG, exactly as sent if it was sent. `box`: the part of the frame that it shows, () =
    the whole; `request`: the question that it went with, 0 = not known or none."""

    t_ns: int
    frame_id: int
    jpeg: bytes
    sha256: str
    sent_to: str
    box: tuple[int, ...] = ()
    request: int = 0


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log. `level`: one of LEVELS."""

    t_ns: int
    level: str
    name: str
    text: str
