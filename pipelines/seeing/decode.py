"""Encoded units of the ring -> pictures, lazily: only the chains that are asked for, and each of them once.

A chain is decoded in order from its key frame; only the wanted pictures are converted to BGR (conversion costs more
than decoding). The decoder of the last chain is kept, so a later question about the same chain goes on where the last
one ended. Invariant: a picture is handed out only if every unit before it in its chain was decoded without complaint;
after a broken unit the rest of the chain would show a smear of old and new, so those pictures are missing instead.
Missing is the answer to garbage: nothing here raises because of what a camera sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.seeing.ring import AccessUnit, FrameRing

Picture = NDArray[np.uint8]

MAX_PIXELS = 40_000_000  # a 36-megapixel photograph fits, 120 MB as BGR; a decompression bomb does not
KEPT_PICTURES = 6  # one look and its chosen frame; 2.8 MB each at 720p


class Pictures:
    """Pictures of a ring by frame id. One lane at a time; the ring may grow meanwhile."""

    def __init__(self, ring: FrameRing) -> None:
        self._ring = ring
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._decoder: _ChainDecoder | None = None

    def pictures(self, frame_ids: Sequence[int]) -> dict[int, Picture]:
        """frame id -> (h, w, 3) uint8 BGR, read-only. Frames that are gone or cannot be decoded are not in the dict."""
        found: dict[int, Picture] = {}
        chains: dict[int, list[AccessUnit]] = {}
        for frame_id in frame_ids:
            if frame_id in self._kept:
                found[frame_id] = self._kept[frame_id]
                continue
            chain = self._ring.chain(frame_id)
            if chain and len(chain) > len(chains.get(chain[0].frame_id, [])):
                chains[chain[0].frame_id] = chain
        wanted = set(frame_ids) - found.keys()
        for chain in chains.values():
            found.update(self._of_chain(chain, wanted))
        self._keep(found)
        return found

    def _of_chain(self, chain: list[AccessUnit], wanted: set[int]) -> dict[int, Picture]:
        if chain[0].codec == "jpeg":
            picture = from_jpeg(chain[0].data)
            return {} if picture is None else {chain[0].frame_id: picture}
        first = min(index for index, unit in enumerate(chain) if unit.frame_id in wanted)
        if self._decoder is None or not self._decoder.can_go_on(chain[0], first):
            self._decoder = _ChainDecoder(chain[0])
        return dict(self._decoder.decode(chain, wanted))

    def _keep(self, found: dict[int, Picture]) -> None:
        for frame_id, picture in found.items():
            picture.setflags(write=False)  # shared by whoever asks next
            self._kept[frame_id] = picture
            self._kept.move_to_end(frame_id)
        while len(self._kept) > KEPT_PICTURES:
            self._kept.popitem(last=False)


class _ChainDecoder:
    """One decoder that has seen the first `_done` units of one chain."""

    def __init__(self, key: AccessUnit) -> None:
        import av

        self._key = key
        self._done = 0
        self._broken = False
        self._drained = False
        self._errors: type[Exception] = av.FFmpegError
        self._context: Any = av.CodecContext.create(key.codec, "r")
        self._context.thread_count = 1  # frame threads hold pictures back; one core is what there is anyway
        self._context.flags |= int(av.codec.context.Flags.low_delay)
        self._context.options = {"max_pixels": str(MAX_PIXELS)}

    def can_go_on(self, key: AccessUnit, first_wanted: int) -> bool:
        """Is this decoder in this chain, and not yet past the first picture wanted?"""
        return key is self._key and first_wanted >= self._done and not self._drained

    def decode(self, chain: list[AccessUnit], wanted: set[int]) -> Iterator[tuple[int, Picture]]:
        """The wanted pictures of the chain, up to its end. Units decoded by an earlier call are not decoded again."""
        given: set[int] = set()
        for index in range(self._done, len(chain)):
            if self._broken:
                return
            self._done = index + 1
            for frame_id, picture in self._feed(chain, index, wanted):
                given.add(frame_id)
                yield frame_id, picture
        late = wanted & {unit.frame_id for unit in chain} - given
        if late and not self._broken:  # a sender with reordered frames: the last pictures come only when drained
            self._drained = True
            yield from self._converted(self._frames(None), chain, late)

    def _feed(self, chain: list[AccessUnit], index: int, wanted: set[int]) -> Iterator[tuple[int, Picture]]:
        import av

        packet = av.Packet(chain[index].data)
        packet.pts = packet.dts = index  # the picture comes back with it, whatever the device's stamps do
        return self._converted(self._frames(packet), chain, wanted)

    def _frames(self, packet: Any) -> list[Any]:
        try:
            return list(self._context.decode(packet))
        except (self._errors, ValueError, EOFError):
            self._broken = True
            return []

    def _converted(self, frames: list[Any], chain: list[AccessUnit], wanted: set[int]) -> Iterator[tuple[int, Picture]]:
        for frame in frames:
            if frame.is_corrupt:
                self._broken = True
                return
            index = frame.pts
            if index is not None and 0 <= index < len(chain) and chain[index].frame_id in wanted:
                yield chain[index].frame_id, np.ascontiguousarray(frame.to_ndarray(format="bgr24"))


def from_jpeg(data: bytes) -> Picture | None:
    """One JPEG (or PNG) file -> (h, w, 3) uint8 BGR, turned as its EXIF says; None if broken or absurdly large."""
    import cv2

    if not 0 < _claimed_pixels(data) <= MAX_PIXELS:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return cast(Picture, picture) if picture is not None and picture.size else None


def _claimed_pixels(data: bytes) -> int:
    """Width x height as the file's own header claims, read before any memory is given to it; 0 if there is none.

    PNG: the first chunk, IHDR, holds width and height (4 bytes each, big-endian) at byte 16. JPEG: a row of segments
    0xFF, marker, length (2 bytes, itself included); markers C0..CF except C4, C8 and CC start a frame: precision (1),
    height (2), width (2). W3C PNG, 11.2.1; ITU-T T.81, B.1.1.4 and B.2.2.
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big")
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte before a marker
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 5 : at + 7], "big") * int.from_bytes(data[at + 7 : at + 9], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0
