"""Encoded units of the ring -> pictures and their scores, lazily: only the chains that are asked for, once each.

A chain is decoded in order from its key frame. Scores are taken from the decoder's own luma plane; BGR is made only of
pictures that are asked for (that costs as much as decoding). While the wearer speaks, `follow` decodes what is new, so
that the question after it finds scores and pictures ready; `rest` lets go of all that.

Invariant: a picture is handed out only if every unit before it in its chain was decoded without complaint; after a
broken unit the rest of the chain would show a smear of old and new, so those pictures are missing instead. Missing is
the answer to garbage: nothing here raises because of what a camera sent.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from pipelines.events import NS, FrameScore
from pipelines.seeing.grid import on_grid
from pipelines.seeing.held import MAX_BYTES, Held
from pipelines.seeing.quality import Luma, coarse, motion, score_luma
from pipelines.seeing.ring import AccessUnit, FrameRing
from pipelines.seeing.shot import Picture as Picture
from pipelines.seeing.shot import Shot

MAX_PIXELS = 40_000_000  # a 36-megapixel photograph fits, 120 MB as BGR; a decompression bomb does not
WITH_RING_BYTES = 38_000_000  # ring, shots and measures together; a ring at 20 Mbit/s leaves room for 14 shots of 720p
WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})  # JPEG markers: stuffing, TEM, RST0 to RST7, SOI, EOI
LEAD_NS = NS  # before speech is noticed: a question about what was looked at as it began
STEADY = 8.0  # mean luma difference to the picture before at which a shot is worth 0.7, as `choice` weighs one to read
BESIDE_NS = NS // 5  # a picture further back than this tells nothing of how steady one is
MEASURED = 512  # frames whose measures are remembered, 4 kB each: half a minute of the grid


class Measured(NamedTuple):
    """What one picture says by itself: `score` has no motion yet, which `coarse` and another frame's give."""

    score: FrameScore
    coarse: Luma


class Pictures:
    """Pictures of a ring by frame id. One lane at a time; the ring may grow meanwhile."""

    def __init__(self, ring: FrameRing, max_bytes: int = MAX_BYTES) -> None:
        self._ring = ring
        self._max_bytes = max_bytes
        self._held = Held(max_bytes)
        self._measured: OrderedDict[int, Measured] = OrderedDict()
        self._along: _ChainDecoder | None = None  # goes with the camera while it is followed
        self._back: _ChainDecoder | None = None  # goes back to what is asked for

    @property
    def held_bytes(self) -> int:
        """What is kept decoded, bytes of its buffers and of the measures."""
        return self._held.nbytes + sum(m.coarse.nbytes for m in self._measured.values())

    def pictures(self, frame_ids: Sequence[int]) -> dict[int, Picture]:
        """frame id -> (h, w, 3) uint8 BGR, read-only. Frames that are gone or cannot be decoded are not in the dict."""
        self._catch_up()
        found = {i: shot for i in frame_ids if (shot := self._held.get(i)) is not None}
        for shot in self._decoded({i for i in frame_ids if i not in found}):
            found[shot.frame_id] = shot
        for shot in found.values():
            self._held.add(shot, asked=True)
        return {frame_id: shot.bgr() for frame_id, shot in found.items()}

    def measures(self, frame_ids: Sequence[int]) -> dict[int, Measured]:
        """What the pictures of these frames say, without making BGR of them; as for `pictures`, some may be missing."""
        self._catch_up()
        found = {i: self._measured[i] for i in frame_ids if i in self._measured}
        for shot in self._decoded({i for i in frame_ids if i not in found}):
            found[shot.frame_id] = self._measure(shot)
        return found

    def follow(self, onset_ns: int | None = None, most: int = sys.maxsize) -> int:
        """Decode and measure what the ring got since the last call (at first: its last second), `most` units of it;
        returns how many. `onset_ns`: when the one who speaks was noticed."""
        if onset_ns is not None:
            self._held.began(onset_ns)
        along = self._along
        chains = [chain for chain in self._ring.chains() if chain[0].codec != "jpeg"]
        at = next((i for i, chain in enumerate(chains) if along and along.goes_on(chain[0], along.done)), -1)
        if at < 0 and chains:
            lead_ns = chains[-1][-1].media_ns - LEAD_NS
            at = next(i for i, chain in enumerate(chains) if chain is chains[-1] or chain[-1].media_ns >= lead_ns)
        count = 0
        for chain in chains[max(0, at) :]:
            if along is None or not along.goes_on(chain[0], along.done):
                along = self._along = _ChainDecoder(chain[0])
            wanted = {place.unit.frame_id for place in on_grid([chain])}
            units = chain[: along.done + most - count]
            count += len(units) - along.done
            for shot in along.decode(units, wanted, drain=False):
                self._measure(shot)
            if count >= most:
                break
        return count

    def rest(self) -> None:
        """Let go of decoders, pictures and measures; what is asked for later is decoded again."""
        self._along = self._back = None
        self._held.clear()
        self._measured.clear()

    def _catch_up(self) -> None:
        if self._along is not None:
            self.follow()

    def _measure(self, shot: Shot) -> Measured:
        now = shot.luma()
        score = score_luma(shot.frame_id, shot.media_ns, shot.size, now, None)
        before = next(reversed(self._measured.values()), None)
        measured = self._measured[shot.frame_id] = Measured(score, coarse(now))
        while len(self._measured) > MEASURED:
            self._measured.popitem(last=False)
        self._held.max_bytes = min(self._max_bytes, WITH_RING_BYTES - self._ring.size_bytes)
        self._held.add(shot, score.sharpness * _steadiness(measured, before))
        return measured

    def _decoded(self, wanted: Collection[int]) -> Iterator[Shot]:
        """The wanted shots, chain by chain."""
        if not wanted:
            return
        for chain in self._ring.chains():
            last = max((index for index, unit in enumerate(chain) if unit.frame_id in wanted), default=-1)
            if last < 0:
                continue
            if chain[0].codec == "jpeg":
                picture = from_jpeg(chain[0].data)
                if picture is not None:
                    yield Shot(chain[0].frame_id, chain[0].media_ns, picture)
                continue
            yield from self._decoder(chain, wanted).decode(chain[: last + 1], wanted)

    def _decoder(self, chain: list[AccessUnit], wanted: Collection[int]) -> _ChainDecoder:
        first = next(index for index, unit in enumerate(chain) if unit.frame_id in wanted)
        for decoder in (self._along, self._back):
            if decoder is not None and decoder.goes_on(chain[0], first):
                return decoder
        self._back = _ChainDecoder(chain[0])
        return self._back


def _steadiness(now: Measured, before: Measured | None) -> float:
    """0..1, from what moved since the picture measured before, if that one is close; the head that turns has 0.5."""
    if before is None or not 0 < now.score.media_ns - before.score.media_ns < BESIDE_NS:
        return 1.0
    return float((STEADY / (STEADY + motion(now.coarse, before.coarse))) ** 0.5)


class _ChainDecoder:
    """One decoder that has seen the first `done` units of one chain."""

    def __init__(self, key: AccessUnit) -> None:
        import av

        self._key = key
        self.done = 0
        self._drained = False
        self._broken = False
        self._errors: type[Exception] = av.FFmpegError
        self._context: Any = av.CodecContext.create(key.codec, "r")
        self._context.thread_count = 1  # frame threads hold pictures back; one core is what there is anyway
        self._context.flags |= int(av.codec.context.Flags.low_delay)
        self._context.options = {"max_pixels": str(MAX_PIXELS)}

    def goes_on(self, key: AccessUnit, first: int) -> bool:
        """Is this decoder in the chain of `key`, and not yet past its unit number `first`?"""
        return key is self._key and first >= self.done and not self._drained

    def decode(self, chain: list[AccessUnit], wanted: Collection[int], drain: bool = True) -> Iterator[Shot]:
        """The wanted shots of the chain, up to its end. Units decoded by an earlier call are not decoded again.
        `drain`: give the last pictures of a sender with reordered frames too, though nothing can follow them then."""
        due = {unit.frame_id for unit in chain[self.done :]}.intersection(wanted)
        for index in range(self.done, len(chain)):
            if self._broken:
                self.done = len(chain)
                return
            self.done = index + 1
            for shot in self._feed(chain, index, wanted):
                due.discard(shot.frame_id)
                yield shot
        if due and drain and not self._broken:
            self._drained = True
            yield from self._shots(self._frames(None), chain, due)

    def _feed(self, chain: list[AccessUnit], index: int, wanted: Collection[int]) -> Iterator[Shot]:
        import av

        packet = av.Packet(chain[index].data)
        packet.pts = packet.dts = index  # the picture comes back with it, whatever the device's stamps do
        return self._shots(self._frames(packet), chain, wanted)

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(self._context.decode(packet))
        except (self._errors, ValueError, EOFError):
            self._broken = True
            return []

    def _shots(self, frames: list[Any], chain: list[AccessUnit], wanted: Collection[int]) -> Iterator[Shot]:
        for frame in frames:
            if frame.is_corrupt:
                self._broken = True
                return
            index = frame.pts
            if index is not None and 0 <= index < len(chain) and chain[index].frame_id in wanted:
                yield Shot(chain[index].frame_id, chain[index].media_ns, frame)


def from_jpeg(data: bytes) -> Picture | None:
    """One JPEG (or PNG) file -> (h, w, 3) uint8 BGR, turned as its EXIF says; None if broken or absurdly large."""
    import cv2

    if not 0 < claimed_pixels(data) <= MAX_PIXELS:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return cast(Picture, picture) if picture is not None and picture.size else None


def claimed_pixels(data: bytes) -> int:
    """Width x height as the file's own header claims, read before any memory is given to it; 0 if there is none.

    PNG: the first chunk, IHDR, holds width and height (4 bytes each, big-endian) at byte 16. JPEG: a row of segments
    0xFF, marker, length (2 bytes, itself included); markers C0..CF except C4, C8 and CC start a frame: precision (1),
    height (2), width (2). W3C PNG, 11.2.1; ITU-T T.81, B.1.1.4 and B.2.2. A marker without a length (00, 01, D0..D9)
    before the frame is a trick: a decoder goes on right behind it, so it would see another frame than we do.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        if data[12:16] != b"IHDR":
            return 0
        return int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big")
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte before a marker
            at += 1
            continue
        if marker in WITHOUT_LENGTH:
            return 0
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 5 : at + 7], "big") * int.from_bytes(data[at + 7 : at + 9], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0
