"""A picture as JPEG bytes, for a model's eyes or for the recording.

A whole picture is made smaller when asked, never larger. A part of one may be made larger: that is what looking closer
is for, and whoever asks for it says so to the model (`pipelines.seeing.views`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.events import View
from pipelines.seeing.covering import covered
from pipelines.seeing.regions import Cover


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
    return _encoded(picture, quality)


def jpeg_view(bgr: NDArray[np.uint8], view: View, cover: Cover | None = None) -> bytes:
    """A frame (h, w, 3) uint8 -> the JPEG file of what `view` shows of it, `view.px` along the longest side (0 = as it
    is).

    `cover`: what may not leave; it is covered in the whole frame before anything is cut or scaled. The box is cut from
    the frame as it is; what reaches over its edges is left out. Only a part is ever enlarged.
    Raises ValueError for an empty picture, a box beside it, or a value outside its range, and
    `pipelines.seeing.covering.Withheld` if the wearer's rules keep the picture back.
    """
    if cover is not None and bgr.ndim == 3:
        bgr = covered(bgr, cover)
    if not any(view.box):
        return jpeg(bgr, view.px or max(bgr.shape[:2]), view.quality)
    x, y, w, h = view.box
    part = bgr[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    if 0 in part.shape:
        raise ValueError(
            f"jpeg: the box {view.box} shows nothing of frame {view.frame_id}, {bgr.shape[1]}x{bgr.shape[0]}"
        )
    longest = max(part.shape[:2])
    if view.px <= longest:
        return jpeg(part, view.px or longest, view.quality)
    return _encoded(_enlarged(part, view.px / longest), view.quality)


def _enlarged(bgr: NDArray[np.uint8], ratio: float) -> Any:
    import cv2

    height, width = bgr.shape[:2]
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return cv2.resize(bgr, size, interpolation=cv2.INTER_CUBIC)  # edges of letters stay sharper than with linear


def _encoded(picture: Any, quality: int) -> bytes:
    import cv2

    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"jpeg: OpenCV could not encode a picture of shape {picture.shape}")
    return bytes(data)
