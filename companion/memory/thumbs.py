"""Small pictures: enough to know a place again, kept in the database."""

from __future__ import annotations

import secrets
from typing import Any, Final

from numpy.typing import NDArray

WIDTH: Final = 160
QUALITY: Final = 70
THUMB_SUFFIX: Final = ".jpg"


def new_name() -> str:
    """One that says nothing."""
    return secrets.token_hex(8) + THUMB_SUFFIX


def small_jpeg(picture: NDArray[Any]) -> bytes:
    """`picture`: (h, w, 3) uint8 BGR. At most 160 wide, some 4 kB; b"" if there is nothing to show."""
    import cv2

    if picture.ndim != 3 or 0 in picture.shape:
        return b""
    height, width = picture.shape[:2]
    scale = min(1.0, WIDTH / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data.tobytes()) if done else b""
