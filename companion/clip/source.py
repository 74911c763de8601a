"""What a player plays: sound and pictures on a timeline that begins at 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from companion.upright import Bgr

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, upright: (height, width, 3) BGR, or a JPEG file. `at_ns`: from the source's beginning."""

    at_ns: int
    picture: Bgr | bytes


class Source(Protocol):
    """Sound and pictures in order, each given once. What cannot be read any more is the end."""

    microphone: bool
    camera: bool

    async def ready(self) -> None:
        """Raises ClipError if there is nothing to give."""

    async def sound(self) -> Pcm | None:
        """The next 20 ms, (960,) at 48 kHz; None: there is no more sound."""

    async def pictures(self, until_ns: int) -> list[Shown]:
        """Those before `until_ns` that were not given yet."""

    async def over(self) -> bool:
        """Whether everything has been given."""

    def close(self) -> None: ...
