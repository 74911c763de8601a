"""A camera that is no RTP stream: H.264 access units, JPEG files, or pictures that nobody has encoded yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from companion.clock import SessionClock
from companion.link.h264 import KeyFrames
from companion.link.h264_encoder import QUALITY, Encoder
from companion.link.handler import LinkHandler
from pipelines.seeing.ring import AccessUnit

RATE_HZ = 90_000


class Pictures:
    """Feed it in order of capture, with `h264`, `jpeg` or `picture`. `number()` gives each picture its number. Times
    are of the session clock; one that is later than now is taken as now."""

    def __init__(
        self, handler: LinkHandler, clock: SessionClock, number: Callable[[], int], quality: int = QUALITY
    ) -> None:
        """`quality`: of what is encoded here, see `Encoder`."""
        self._quality = quality
        self._handler, self._clock, self._number = handler, clock, number
        self._key_frames = KeyFrames()
        self._encoder: Encoder | None = None
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
            self._encoder = Encoder(bgr.shape, self._quality)
        return self._encoder.encode(bgr)

    def _give(self, data: bytes, media_ns: int, key: bool, codec: Literal["h264", "jpeg"]) -> None:
        now_ns = self.heard_ns = self._clock.now_ns()
        at_ns = max(0, min(media_ns, now_ns))
        rtp = at_ns * RATE_HZ // 1_000_000_000
        self._handler.on_camera(AccessUnit(self._number(), at_ns, key, codec, data), rtp, now_ns)
