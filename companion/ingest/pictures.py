"""A camera that is no RTP stream: H.264 access units, JPEG files, or pictures that nobody has encoded yet."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt

from companion.clock import SessionClock
from companion.link.h264 import KeyFrames
from companion.link.handler import LinkHandler
from pipelines.seeing.ring import AccessUnit

RATE_HZ = 90_000
GOP_PICTURES = 30  # a look back decodes from the key frame before: 30 pictures take 25 ms
QUALITY = 21  # x264's constant rate factor: signs at arm's length stay readable, 720p takes about 2 Mbit/s
LONGEST_PX = 1920  # of what is encoded here; a larger picture is made smaller


class Pictures:
    """Feed it in order of capture, with `h264`, `jpeg` or `picture`. `number()` gives each picture its number. Times
    are of the session clock; one that is later than now is taken as now."""

    def __init__(self, handler: LinkHandler, clock: SessionClock, number: Callable[[], int]) -> None:
        self._handler, self._clock, self._number = handler, clock, number
        self._key_frames = KeyFrames()
        self._encoder: _Encoder | None = None
        self.heard_ns = 0

    def h264(self, unit: bytes, media_ns: int) -> None:
        """One access unit, Annex B, without B frames (order of arrival is order of capture)."""
        key, data = self._key_frames.read(unit)
        self._give(data, media_ns, key, "h264")

    def jpeg(self, file: bytes, media_ns: int) -> None:
        """One JPEG file."""
        self._give(file, media_ns, True, "jpeg")

    def picture(self, bgr: npt.NDArray[np.uint8], media_ns: int) -> None:
        """`bgr`: (height, width, 3). It is encoded here and now (2 to 5 ms at 720p): call it on a thread's results, or
        where nobody waits. Raises ValueError for another shape."""
        for unit in self.encoded(bgr):
            self.h264(unit, media_ns)

    def encoded(self, bgr: npt.NDArray[np.uint8]) -> list[bytes]:
        """`bgr` as access units for `h264`, which must get all of them, in this order. May run in a thread, one call
        at a time. Raises ValueError for another shape."""
        if bgr.ndim != 3 or bgr.shape[2] != 3 or min(bgr.shape[:2]) < 16:
            raise ValueError(f"a picture of shape {bgr.shape} cannot be taken: (height, width, 3), 16 px at least")
        if self._encoder is None or self._encoder.shape != bgr.shape:
            self._encoder = _Encoder(bgr.shape)
        return self._encoder.encode(bgr)

    def _give(self, data: bytes, media_ns: int, key: bool, codec: Literal["h264", "jpeg"]) -> None:
        now_ns = self.heard_ns = self._clock.now_ns()
        at_ns = max(0, min(media_ns, now_ns))
        rtp = at_ns * RATE_HZ // 1_000_000_000
        self._handler.on_camera(AccessUnit(self._number(), at_ns, key, codec, data), rtp, now_ns)


class _Encoder:
    """Each picture goes in and comes out at once."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        height, width = shape[:2]
        ratio = min(1.0, LONGEST_PX / max(height, width))
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = (max(16, round(side * ratio) // 2 * 2) for side in (width, height))
        codec.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, RATE_HZ)
        codec.gop_size = GOP_PICTURES
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(QUALITY)}
        self._codec = codec
        self._pts = 0

    def encode(self, bgr: npt.NDArray[np.uint8]) -> list[bytes]:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")
        frame = frame.reformat(self._codec.width, self._codec.height, "yuv420p")
        frame.pts, frame.time_base = self._pts, self._codec.time_base
        self._pts += RATE_HZ // 30
        return [bytes(packet) for packet in self._codec.encode(frame)]
