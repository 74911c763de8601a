"""One binary message of the bridge: a header of 16 bytes, and the sound or picture behind it. Pure.

The header byte by byte stands in docs/bridge.md; `HEADER` is the same.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum

from companion.link.errors import Refused

HEADER = struct.Struct("<BBHIQ")  # kind, flags, reserved, sequence, time in ns; little endian, 16 bytes
SEQUENCES = 1 << 32
MAX_SOUND_BYTES = 19_200  # 200 ms of PCM16 at 48 kHz; an Opus packet is at most 7.7 kB
MAX_SOUND_NS = 200_000_000
MAX_PICTURE_BYTES = 4 * 1024 * 1024  # a photo of 12 megapixels; what is read from is not larger than 1920 px
MAX_MESSAGE_BYTES = HEADER.size + MAX_PICTURE_BYTES
READ_BYTES = (
    2 * MAX_MESSAGE_BYTES
)  # what is too large is read up to here, so that it can be told so; then it is cut off
OPUS_HZ = 48_000  # the rate that Opus counts in, whatever it was made of
SLICE_IDR = 5  # ITU-T H.264, table 7-1
_START_CODE = re.compile(rb"\x00\x00\x01")
_SILK_MS, _HYBRID_MS, _CELT_MS = (10.0, 20.0, 40.0, 60.0), (10.0, 20.0), (2.5, 5.0, 10.0, 20.0)


class Kind(IntEnum):
    OPUS = 1
    PCM16 = 2
    H264 = 3
    JPEG = 4

    @property
    def sound(self) -> bool:
        return self in (Kind.OPUS, Kind.PCM16)


KINDS = frozenset(int(kind) for kind in Kind)
KEY, PHOTO = 1, 2
"""Flags of a picture: it can be decoded by itself; it was asked for with "photo"."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`sequence`: 32 bits, one row for sound and one for pictures. `time_ns`: up, when its first sample or its picture
    was captured on the device's clock, 0 = not known; down, its place on the line of sound."""

    kind: Kind
    sequence: int
    time_ns: int
    payload: bytes
    flags: int = 0

    def pack(self) -> bytes:
        return HEADER.pack(self.kind, self.flags, 0, self.sequence % SEQUENCES, self.time_ns) + self.payload

    @property
    def key(self) -> bool:
        """Whether it is a picture that can be decoded by itself; told by its bytes, not by its flag."""
        return self.kind == Kind.JPEG or (self.kind == Kind.H264 and has_idr(self.payload))


def read(data: bytes) -> Frame:
    """Raises `Refused`, with what is wrong: 400 for what is no frame, 413 for what is too large."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise Refused(413, "too_large", f"a message of {len(data)} bytes", f"at most {MAX_MESSAGE_BYTES}")
    if len(data) <= HEADER.size:
        raise bad(f"a binary message of {len(data)} bytes", f"a header of {HEADER.size} bytes and something behind it")
    kind, flags, reserved, sequence, time_ns = HEADER.unpack_from(data)
    if kind not in KINDS:
        raise bad(f"kind {kind} in byte 0", "1 = Opus, 2 = PCM16, 3 = H.264, 4 = JPEG")
    if reserved or flags & ~(KEY | PHOTO):
        raise bad(f"flags {flags:#04x} and reserved {reserved:#06x}", "flags are 1 and 2; all other bits are zero")
    if time_ns >= 1 << 63:
        raise bad(f"a time of {time_ns} ns", "nanoseconds of a monotonic clock, below 2^63")
    frame = Frame(Kind(kind), sequence, time_ns, bytes(data[HEADER.size :]), flags)
    wrong = _wrong_sound(frame) if frame.kind.sound else _wrong_picture(frame)
    if wrong:
        raise bad(*wrong)
    return frame


def bad(detail: str, hint: str) -> Refused:
    return Refused(400, "bad_frame", detail, hint)


def _wrong_sound(frame: Frame) -> tuple[str, str] | None:
    if len(frame.payload) > MAX_SOUND_BYTES:
        return f"{len(frame.payload)} bytes of sound", f"at most {MAX_SOUND_BYTES} in one message; 20 ms are best"
    if frame.kind == Kind.PCM16 and len(frame.payload) % 2:
        return f"{len(frame.payload)} bytes of PCM16", "two bytes for each sample"
    if frame.kind == Kind.OPUS and not opus_samples(frame.payload):
        return "a payload that is no Opus packet (RFC 6716, section 3)", "one packet of 2.5 to 120 ms, without Ogg"
    return None


def _wrong_picture(frame: Frame) -> tuple[str, str] | None:
    if frame.kind == Kind.JPEG and not frame.payload.startswith(b"\xff\xd8"):
        return "a picture that does not begin as a JPEG does (FF D8)", "one whole JPEG file"
    if frame.kind == Kind.H264 and not frame.payload.startswith((b"\0\0\1", b"\0\0\0\1")):
        return "a picture that does not begin with a start code", "one access unit in Annex B (00 00 00 01 …), not AVCC"
    return None


def has_idr(unit: bytes) -> bool:
    """Whether an H.264 access unit in Annex B has a slice of a key frame."""
    return any(unit[m.end()] & 0x1F == SLICE_IDR for m in _START_CODE.finditer(unit) if m.end() < len(unit))


def opus_samples(packet: bytes) -> int:
    """How long an Opus packet lasts, in samples at 48 kHz, by its first two bytes (RFC 6716, section 3.1); 0 = it is
    none."""
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        ms = _SILK_MS[config % 4]
    elif config < 16:
        ms = _HYBRID_MS[config % 2]
    else:
        ms = _CELT_MS[config % 4]
    count = 1 if code == 0 else 2 if code < 3 else (packet[1] & 0x3F if len(packet) > 1 else 0)
    return round(ms * count * OPUS_HZ / 1000) if 0 < ms * count <= 120 else 0


def ahead(sequence: int, before: int) -> int:
    """How far one sequence number is ahead of another, on a counter of 32 bits; behind = negative."""
    return (sequence - before + SEQUENCES // 2) % SEQUENCES - SEQUENCES // 2
