"""Pictures shown one after another, each long enough to be compared with the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from companion.clip.source import Pcm, Shown
from companion.picture_file import read_picture
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
    from pipelines.seeing.decode import claimed_pixels
    from pipelines.seeing.encode import jpeg

    bgr, data = read_picture(path)
    if data[:2] == b"\xff\xd8" and max(bgr.shape[:2]) <= LONGEST_PX and claimed_pixels(data):
        return data
    return jpeg(bgr, LONGEST_PX, 95)
