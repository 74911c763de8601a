"""A picture file that a person names, read as it is meant to be seen. How much memory one can take is bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from companion import MEGAPIXELS
from companion.clip.found import picture_kind
from companion.clip.heic import HeicError, is_heic, read_heic
from companion.settings import SettingsError
from companion.upright import Bgr

MOST_BYTES = 200_000_000  # a photograph has 30 MB at most, a TIFF of a large one 150


def read_picture(path: Path) -> tuple[Bgr, bytes]:
    """(height, width, 3), and the file's bytes. Raises SettingsError with its name."""
    data = _bytes_of(path)
    try:
        bgr = read_heic(data) if is_heic(data) else _decoded(data)
    except HeicError as why:
        raise SettingsError(f"--image {path}: {why}") from why
    if bgr is None:
        raise SettingsError(f"--image {path}: {_unread(path, data)}")
    return bgr, data


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:  # may be a pipe, which has no size
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as why:  # ValueError: a name that no file can have
        raise SettingsError(f"--image {path}: cannot be read: {getattr(why, 'strerror', '') or why}") from why
    if not data:
        raise SettingsError(f"--image {path}: the file is empty; it may not have been copied to its end")
    if len(data) > MOST_BYTES:
        raise SettingsError(
            f"--image {path}: larger than {MOST_BYTES // 1_000_000} MB, which is the most for a picture; "
            f"{_if_video(path, data) or 'make it smaller'}"
        )
    return data


def _decoded(data: bytes) -> Bgr | None:
    import cv2

    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # larger than it may read
        return None
    return np.asarray(bgr, np.uint8) if bgr is not None else None


def _unread(path: Path, data: bytes) -> str:
    if kind := picture_kind(data[:64]):
        return (
            f"a picture ({kind}) that is damaged, cut off, or larger than {MEGAPIXELS} megapixels; copy it again, or "
            "make it smaller"
        )
    way_out = _if_video(path, data)
    known = "JPEG, PNG and WebP work, and HEIC with an extra"
    return f"this is no picture that can be read; {known}" + (f"; {way_out}" if way_out else "")


def _if_video(path: Path, data: bytes) -> str:
    video = data[4:8] == b"ftyp" or data[:4] in (b"\x1aE\xdf\xa3", b"RIFF")
    return f"if it is a video: --video {path}" if video else ""
