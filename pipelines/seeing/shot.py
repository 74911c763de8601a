"""A shot: one decoded picture as the decoder left it. Its luma is there for the asking; BGR is made only on demand.

A 720p shot is 1.4 MB as YUV 4:2:0, and 2.8 MB as BGR. Making BGR costs ten times what reducing its luma does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.seeing.quality import Luma, luma, luma_of_plane

Picture = NDArray[np.uint8]

_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG of libavutil/pixfmt.h; 0 (unspecified) and 1 are the narrow range of video


@dataclass(frozen=True, slots=True)
class Shot:
    """`frame`: an `av.VideoFrame`, or (h, w, 3) uint8 BGR."""

    frame_id: int
    media_ns: int
    frame: Any

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        if isinstance(self.frame, np.ndarray):
            return self.frame.shape[1], self.frame.shape[0]
        return self.frame.width, self.frame.height

    @property
    def nbytes(self) -> int:
        """Bytes of its buffers."""
        if isinstance(self.frame, np.ndarray):
            return self.frame.nbytes
        return sum(plane.buffer_size for plane in self.frame.planes)

    def bgr(self) -> Picture:
        """(h, w, 3) uint8 BGR, read-only, since it may be shared."""
        picture: Picture = self.frame
        if not isinstance(self.frame, np.ndarray):
            picture = np.ascontiguousarray(self.frame.to_ndarray(format="bgr24"))
        picture.setflags(write=False)
        return picture

    def luma(self) -> Luma:
        """As `quality.luma`: 640 pixels wide, black is 0 and white 255."""
        if isinstance(self.frame, np.ndarray):
            return luma(self.frame)
        frame, name = self.frame, self.frame.format.name
        full = name.startswith("yuvj") or name == "gray" or int(frame.color_range) == _FULL_RANGE
        if name not in _PLANAR:
            frame, full = frame.reformat(format="gray"), True
        plane, height, width = frame.planes[0], frame.height, frame.width
        rows = np.frombuffer(plane, np.uint8)[: plane.line_size * height].reshape(height, plane.line_size)
        return luma_of_plane(rows[:, :width], full)
