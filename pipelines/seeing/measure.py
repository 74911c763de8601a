"""What one picture, and one before it, says without any model: colours, light, movement. The engine behind `Measure`.

Each is honest about what a picture cannot say: in the dark no colours are given; where all of it has one tint the light
is "coloured"; movement is below 0 where it is unknown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Measured
from pipelines.seeing.colours import colours, name_of, reduced, tinted
from pipelines.seeing.light import light
from pipelines.seeing.movement import moving

Picture = NDArray[np.uint8]


def measure(bgr: Picture, before: Picture | None = None) -> Measured:
    """Measure a picture (h, w, 3) uint8 BGR; `before`: one about 300 ms before it, None if there is none.

    `light` is "dark", "dim", "normal", "bright", or "coloured" (not dark, and of one tint all over). Request, frame and
    time are 0: the caller knows them. About 8 ms at 720p, and 0.3 s more the first time (`warm`). Raises ValueError for
    what is no picture.
    """
    for name, picture in (("bgr", bgr), ("before", before)):
        if picture is not None and (picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape):
            raise ValueError(f"measure: {name} has shape {picture.shape}; give (height, width, 3) bytes, BGR")
    small = reduced(bgr)
    lit = light(small)
    if lit != "dark" and tinted(small):
        lit = "coloured"
    seen = () if lit == "dark" else colours(small)
    return Measured(t_ns=0, request=0, frame_id=0, colours=seen, light=lit, moving=moving(before, bgr))


def warm() -> None:
    """Make the table of all colours, so that the first question does not wait for it."""
    name_of(0, 0, 0)
