"""A picture as JPEG bytes, for a model's eyes or for the recording: made smaller when asked, never larger."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def jpeg(bgr: NDArray[np.uint8], longest_px: int, quality: int) -> bytes:
    """`bgr` (h, w, 3) uint8 -> one JPEG file whose longest side is at most `longest_px`.

    `quality` is libjpeg's 1..100. Raises ValueError for an empty picture or a value outside its range.
    """
    import cv2

    if bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
        raise ValueError(f"jpeg: a picture of shape {bgr.shape} cannot be encoded; give (height, width, 3) bytes, BGR")
    if longest_px < 1 or not 1 <= quality <= 100:
        raise ValueError(f"jpeg: longest_px={longest_px} must be 1 or more and quality={quality} within 1..100")
    height, width = bgr.shape[:2]
    ratio = longest_px / max(height, width)
    picture: Any = bgr
    if ratio < 1:
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        picture = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"jpeg: OpenCV could not encode a {width}x{height} picture")
    return bytes(data)
