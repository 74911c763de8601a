"""Pictures of a file as they were meant to be seen: turned as the camera was held, with square pixels, not too large.

A phone leaves the picture lying as its sensor saw it and writes a matrix into the file: x' = a x + c y, y' = b x + d y.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.link.h264_encoder import LONGEST_PX

Bgr = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Held:
    """What a lying picture needs to stand upright: rows and columns exchanged, then mirrored to the side or upside
    down."""

    exchanged: bool = False
    sideways: bool = False
    upside: bool = False


AS_IT_IS = Held()
_TURNED = {90: Held(True, True), 180: Held(False, True, True), 270: Held(True, False, True)}  # clockwise


def held(frame: Any) -> Held:
    """How the camera was held while this decoded picture was taken."""
    try:
        matrix = next((bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"), b"")
    except ValueError:  # PyAV 18 gives nothing of what comes with a frame if it does not know one kind (EXIF)
        return _TURNED.get(round(-frame.rotation) % 360, AS_IT_IS)
    if not matrix:
        return AS_IT_IS
    a, b, _, c, d = struct.unpack("=5i", matrix[:20])
    return Held(True, c < 0, b < 0) if abs(b) > abs(a) else Held(False, a < 0, d < 0)


def upright(frame: Any) -> Bgr:
    """(height, width, 3) of a decoded picture, `LONGEST_PX` a side at most."""
    shape = frame.width, frame.height
    ratio = frame.sample_aspect_ratio if getattr(frame, "sample_aspect_ratio", None) else 1
    wide = shape[0] * float(ratio)
    small = min(1.0, LONGEST_PX / max(wide, shape[1]))
    width, height = (max(16, round(side * small) // 2 * 2) for side in (wide, shape[1]))
    bgr = frame.reformat(width, height, "bgr24", interpolation="AREA" if small < 1 else "BILINEAR").to_ndarray()
    how = held(frame)
    if how.exchanged:
        bgr = bgr.transpose(1, 0, 2)
    return np.ascontiguousarray(bgr[:: -1 if how.upside else 1, :: -1 if how.sideways else 1])
