"""Pictures shown one after another, each long enough to be compared with the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from companion.clip.found import picture_kind
from companion.clip.heic import HeicError, is_heic, read_heic
from companion.clip.source import Pcm, Shown
from companion.settings import SettingsError
from pipelines.events import NS

STANDS_NS = 5 * NS // 4  # "what changed" wants two looks a second apart
LONGEST_PX = 4096  # a side; a larger photograph is made smaller


class Slides:
    """Implements `Source`. `seen_ns(n)`: when picture n, counted from 1, stands alone."""

    microphone = False

    def __init__(self, files: Sequence[bytes]) -> None:
        """`files`: JPEG."""
        self.camera = bool(files)
        self._left = [Shown(i * STANDS_NS, data) for i, data in enumerate(files)]

    @staticmethod
    def seen_ns(number: int) -> int:
        return (number - 1) * STANDS_NS + STANDS_NS // 2

    async def ready(self) -> None:
        """Pictures that are none have been refused."""

    async def sound(self) -> Pcm | None:
        return None

    async def pictures(self, until_ns: int) -> list[Shown]:
        given = [shown for shown in self._left if shown.at_ns < until_ns]
        del self._left[: len(given)]
        return given

    async def over(self) -> bool:
        return not self._left

    def close(self) -> None:
        """Nothing is open."""


def jpeg_of(path: Path) -> bytes:
    """A picture file as JPEG, at most `LONGEST_PX` a side. Raises SettingsError with its name."""
    import cv2

    from pipelines.seeing.encode import jpeg

    try:
        data = path.read_bytes()
    except OSError as why:
        raise SettingsError(f"--image {path}: cannot be read: {why.strerror}") from why
    if not data:
        raise SettingsError(f"--image {path}: the file is empty; it may not have been copied to its end")
    try:
        bgr = read_heic(data) if is_heic(data) else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except HeicError as why:
        raise SettingsError(f"--image {path}: {why}") from why
    except cv2.error:  # larger than it reads
        bgr = None
    if bgr is None:
        raise SettingsError(f"--image {path}: {_unread(path, data)}")
    if data[:2] == b"\xff\xd8" and max(bgr.shape[:2]) <= LONGEST_PX:
        return data
    return jpeg(np.asarray(bgr, np.uint8), min(LONGEST_PX, max(bgr.shape[:2])), 95)


def _unread(path: Path, data: bytes) -> str:
    if kind := picture_kind(data[:64]):
        return f"a picture ({kind}) that is damaged, cut off, or too large; copy it again"
    video = data[4:8] == b"ftyp" or data[:4] in (b"\x1aE\xdf\xa3", b"RIFF")
    hint = f"; if it is a video: --video {path}" if video else ""
    return f"this is no picture that can be read; JPEG, PNG and WebP work, and HEIC with an extra{hint}"
