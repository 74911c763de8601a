"""HEIC, the photographs of iPhones and of some other phones: read by libheif, which comes with an extra."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from companion import MEGAPIXELS
from companion.upright import Bgr

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
WAY_OUT = (
    "a HEIC picture needs an extra: pip install 'earshot-companion[heic]'; or give it as JPEG "
    "(iPhone: Settings, Camera, Formats, Most Compatible; or send the photo to yourself by mail)"
)


class HeicError(ValueError):
    """The picture cannot be read; the message says why, and the way out."""


def is_heic(head: bytes) -> bool:
    """`head`: the first bytes of a file, 64 if there are so many. (AVIF may call itself mif1 as well.)"""
    return head[4:8] == b"ftyp" and head[8:12] in BRANDS and b"avif" not in head[16:64]


def read_heic(data: bytes) -> Bgr:
    """The photograph as it is meant to be seen, (height, width, 3). Raises HeicError."""
    heif = _library()
    try:
        photo = heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, bgr_mode=True)
        width, height = photo.size  # as its head says; nothing has been decoded
        if width * height > MEGAPIXELS * 1_000_000:
            raise HeicError(
                f"a HEIC picture of {width}x{height}, and {MEGAPIXELS} megapixels are the most; make it smaller"
            )
        pixels = np.array(photo, np.uint8)  # its own: what the library lends is gone with the photo
    except HeicError:
        raise
    except (ValueError, LookupError, EOFError, SyntaxError, OSError, RuntimeError, MemoryError) as why:
        detail = " ".join(str(why).split())
        raise HeicError(f"a HEIC picture that cannot be read ({detail}); it may be cut off: copy it again") from why
    return np.ascontiguousarray(pixels[:, :, :3])


def _library() -> Any:
    try:
        import pi_heif
    except ImportError as why:
        raise HeicError(WAY_OUT) from why
    return pi_heif
