"""Encoded media of others into what the companion takes: H.264 without B frames, and PCM. Runs in a child process.

H.264 goes through as it is, which costs nothing. With B frames, pictures are sent in another order than they are shown
in, and to look back at one would mean to know the next; so these are decoded and encoded anew, as other codecs are.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from companion.link.h264 import KeyFrames
from companion.link.h264_encoder import Encoder
from companion.push.flv import AnnexB, Tag

MS = Fraction(1, 1000)


class Reencode:
    """Decoded pictures to H.264 as `Encoder` makes it."""

    def __init__(self) -> None:
        self._encoder: Encoder | None = None

    def __call__(self, frame: av.VideoFrame) -> list[bytes]:
        shape = (frame.height, frame.width)
        if self._encoder is None or self._encoder.shape != shape:
            self._encoder = Encoder(shape)
        return self._encoder.encode_frame(frame)


class FlvPictures:
    """`feed` gives (capture time in ms, access unit). Raises ValueError for a set-up that is none."""

    def __init__(self) -> None:
        self._annex_b: AnnexB | None = None
        self._keys = KeyFrames()
        self._decoder: Any = None
        self._reencode = Reencode()

    def feed(self, tag: Tag, at_ms: int) -> Iterator[tuple[int, bytes]]:
        if tag.setup:
            self._annex_b = AnnexB(tag.data)
            self._keys = KeyFrames()
            self._keys.read(self._annex_b.parameters)
            return
        if self._annex_b is None:
            return
        key, unit = self._keys.read(self._annex_b.unit(tag.data))
        if not unit:
            return
        if self._decoder is None and not tag.later_ms:
            yield at_ms, unit
            return
        if self._decoder is None and not key:
            return  # B frames begin in the middle of things: from the next key frame on
        if self._decoder is None:
            self._decoder = av.CodecContext.create("h264", "r")
            self._decoder.thread_count = 1  # several threads hold back as many pictures
        packet = av.Packet(unit)
        packet.dts, packet.pts, packet.time_base = at_ms, at_ms + tag.later_ms, MS
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            return  # a broken picture: the next key frame mends it
        for frame in frames:
            for again in self._reencode(frame):
                yield int(frame.pts), again


class AacSound:
    """`feed` gives (n,) int16, mono, and `rate_hz` is theirs."""

    def __init__(self) -> None:
        self.rate_hz = 0
        self._decoder: Any = None

    def feed(self, tag: Tag) -> npt.NDArray[np.int16] | None:
        if tag.setup:
            self._decoder = av.CodecContext.create("aac", "r")
            self._decoder.extradata = tag.data
            return None
        if self._decoder is None:
            return None
        try:
            frames = self._decoder.decode(av.Packet(tag.data))
        except av.FFmpegError:
            return None
        return self._mono(frames)

    def _mono(self, frames: list[av.AudioFrame]) -> npt.NDArray[np.int16] | None:
        parts = []
        for frame in frames:
            self.rate_hz = frame.sample_rate
            parts.append(mono(frame))
        return np.concatenate(parts) if parts else None


def mono(frame: av.AudioFrame) -> npt.NDArray[np.int16]:
    """(n,) int16: the mean of all channels, whatever the format."""
    raw = frame.to_ndarray()
    channels = len(frame.layout.channels)
    samples = raw.reshape(-1, channels).T if not frame.format.is_planar else raw
    scale = {"flt": 32767.0, "dbl": 32767.0, "s16": 1.0, "s32": 1 / 65536, "u8": 256.0}[frame.format.name.rstrip("p")]
    level = samples.astype(np.float64) - (128 if frame.format.name.startswith("u8") else 0)
    mean = np.clip(level.mean(axis=0) * scale, -32768, 32767)
    return np.asarray(mean, np.int16)
