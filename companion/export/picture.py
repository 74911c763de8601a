"""What the camera saw, as encoded units that a file can take as they are: which codec, from where on, how large.

Nothing is encoded again. A unit is left out only if no decoder could show it: because nothing before it is a key frame
with its parameter sets, or because a file holds one codec and this unit is of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import av

from pipelines.seeing.decode import MAX_PIXELS, from_jpeg
from recordings.reader import Recording
from recordings.stored import CameraUnit

CODECS = {"h264": "h264", "vp8": "vp8", "jpeg": "mjpeg"}  # ours -> FFmpeg's
_SLICE_IDR, _SPS, _PPS = 5, 7, 8  # ITU-T H.264, table 7-1


@dataclass
class Found:
    """What a recording's camera gave in one codec. `sizes`: (capture time, width, height) wherever that changed."""

    codec: str
    count: int = 0
    without_key: int = 0
    first_ns: int = 0
    last_ns: int = 0
    sizes: list[tuple[int, int, int]] = field(default_factory=list)


class Gate:
    """Lets units of one codec through from a key frame on that a decoder can begin with."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._open = False
        self._sequence = b""
        self.found = Found(codec)

    def lets(self, unit: CameraUnit) -> bool:
        """Is this one for the file? Units must come in order of arrival, those of other codecs too."""
        if unit.codec != self._codec:
            self._open = False  # another sender; its successor must begin anew
            return False
        if not unit.data:
            return False
        begins = _begins(unit)
        if begins is not None and begins != self._sequence and (size := _size(unit)) is not None:
            self._sequence = begins
            if not self.found.sizes or self.found.sizes[-1][1:] != size:
                self.found.sizes.append((unit.media_ns, *size))
        self._open = self._open or (begins is not None and bool(self.found.sizes))
        if not self._open:
            self.found.without_key += 1
            return False
        self.found.first_ns = unit.media_ns if not self.found.count else self.found.first_ns
        self.found.count, self.found.last_ns = self.found.count + 1, unit.media_ns
        return True


def survey(recording: Recording) -> dict[str, Found]:
    """Codec -> what there is of it."""
    gates: dict[str, Gate] = {}
    unknown: Counter[str] = Counter()
    for unit in recording.camera():
        if unit.codec not in CODECS:
            unknown[unit.codec] += 1
            continue
        gates.setdefault(unit.codec, Gate(unit.codec))
        for gate in gates.values():
            gate.lets(unit)
    return {codec: gate.found for codec, gate in gates.items()} | {c: Found(c, 0, n) for c, n in unknown.items()}


def units_of(recording: Recording, codec: str) -> Iterator[CameraUnit]:
    """The units of that codec that go into the file, in order of arrival."""
    gate = Gate(codec)
    return (unit for unit in recording.camera() if gate.lets(unit))


def most(found: dict[str, Found], among: Collection[str]) -> Found | None:
    """The codec that most pictures are in, of those that a file may hold."""
    able = [one for codec, one in found.items() if codec in among and one.count]
    return max(able, key=lambda one: one.count, default=None)


def nal_units(annex_b: bytes) -> Iterator[bytes]:
    """The NAL units of one H.264 access unit, without start codes (ITU-T H.264, B.1)."""
    at = annex_b.find(b"\0\0\1")
    while at >= 0:
        start = at + 3
        at = annex_b.find(b"\0\0\1", start)
        nal = annex_b[start : at if at >= 0 else len(annex_b)].rstrip(b"\0")
        if nal:
            yield nal


def _begins(unit: CameraUnit) -> bytes | None:
    """What a decoder needs to begin with this unit (b"" if that is nothing), or None if it cannot."""
    if unit.codec == "jpeg":
        return unit.data[:2]
    if unit.codec == "vp8":
        return unit.data[6:10] if len(unit.data) > 10 and not unit.data[0] & 1 else None  # RFC 6386, 9.1
    kinds = {nal[0] & 31: nal for nal in nal_units(unit.data)} if unit.key else {}
    return kinds[_SPS] if {_SLICE_IDR, _SPS, _PPS} <= kinds.keys() else None


def _size(unit: CameraUnit) -> tuple[int, int] | None:
    """(width, height) as a decoder says, None if it can make nothing of it."""
    if unit.codec == "jpeg":
        picture = from_jpeg(unit.data)
        return None if picture is None else (picture.shape[1], picture.shape[0])
    context: Any = av.CodecContext.create(CODECS[unit.codec], "r")
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frames = [*context.decode(av.Packet(unit.data)), *context.decode(None)]
    except (av.FFmpegError, ValueError, EOFError):
        return None
    return (frames[0].width, frames[0].height) if frames else None
