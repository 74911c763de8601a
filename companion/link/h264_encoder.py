"""Pictures that nobody has encoded yet, and those encoded in a way that cannot be looked back at."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 90_000
GOP_PICTURES = 30  # a look back decodes from the key frame before: 30 pictures take 25 ms
QUALITY = 21  # x264's constant rate factor: signs at arm's length stay readable, 720p takes about 2 Mbit/s
LONGEST_PX = 1920  # of what is encoded here; a larger picture is made smaller


class Encoder:
    """H.264, Annex B, without B frames: each picture goes in and comes out at once."""

    def __init__(self, shape: tuple[int, ...], quality: int = QUALITY) -> None:
        """`shape`: (height, width, …) of the pictures; `quality`: x264's constant rate factor, less is better."""
        self.shape = shape
        height, width = shape[:2]
        ratio = min(1.0, LONGEST_PX / max(height, width))
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = (max(16, round(side * ratio) // 2 * 2) for side in (width, height))
        codec.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, RATE_HZ)
        codec.gop_size = GOP_PICTURES
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(quality)}
        self._codec = codec
        self._pts = 0

    def encode(self, bgr: npt.NDArray[np.uint8]) -> list[bytes]:
        return self.encode_frame(av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24"))

    def encode_frame(self, frame: av.VideoFrame) -> list[bytes]:
        frame = frame.reformat(self._codec.width, self._codec.height, "yuv420p")
        frame.pts, frame.time_base = self._pts, self._codec.time_base
        self._pts += RATE_HZ // 30
        return [bytes(packet) for packet in self._codec.encode(frame)]
