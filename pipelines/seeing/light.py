"""How light it is, as far as one picture can say.

A camera exposes longer until a dim room looks normal, so a picture cannot measure light; it can only say how it came
out in spite of that. "dark" and "bright" are sure, "dim" is what exposure could not quite lift, and "normal" may be a
dim room with a good camera. Whether a lamp is on, one picture does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LightOptions:
    """Limits on luma, 0..255, with what they separate among photographs from camera glasses."""

    dark_mean: float = 25.0  # as `quality.QualityOptions.dark`: then no picture is used at all
    dim_median: float = 70.0  # half of the picture is darker; a sign at night has 66, a stairwell by day 83 ...
    dim_high: float = 160.0  # ... and nine tenths are; that sign has 126: a black table by day has light parts too
    bright_mean: float = 190.0  # and blown out here and there: a white wall alone is not too much light
    some_blown: float = 0.1  # share of the picture at 250 and above
    blown: float = 0.35  # with as much the mean does not matter: into the light, or a lamp close by


def light(small: Picture, options: LightOptions | None = None) -> str:
    """ "dark", "dim", "normal" or "bright" for a reduced picture (h, w, 3) uint8 BGR."""
    options = options or LightOptions()
    luma = small.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)  # ITU-R BT.601
    mean, blown = float(luma.mean()), float((luma >= 250).mean())
    if mean < options.dark_mean:
        return "dark"
    if blown >= options.blown or (mean >= options.bright_mean and blown >= options.some_blown):
        return "bright"
    middle, high = np.percentile(luma, (50, 90))
    return "dim" if middle < options.dim_median and high < options.dim_high else "normal"
