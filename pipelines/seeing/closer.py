"""A closer look at one box: does its writing fade into a light, is it too blurred for what it is said to say?

Both are asked only where there is reason to: `fades` in a picture with a reflection or a box with blown-out ground,
`blurred` where a reading rests on little. Measured on the drawn pictures of tests/bench/pictures: lines in plain light
keep 0.84 of their strength all along, lines with letters lost in a reflection 0.01 to 0.42; edges are 1.3 to 3.7 px
wide in sharp, small and dark pictures, and 3.5 to 17 px in blurred ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.seeing.deskew import Picture
from pipelines.seeing.quality import BLOWN

WINDOW = 0.6  # of the box's height; wider than the white between two words
RIM = 0.12  # of the height, above and below the letters
FADED = 0.5  # of the line's strength
GONE, WHOLE = 0.15, 0.8
REFLECTION = 0.003  # share of the picture, as `quality.glare` has it; less hides no letter
SOFT_PX = 4.2  # width of an edge, in pixels ...
SOFT_SHARE = 0.085  # ... or in heights of the box, if it is SOFT_LEAST_PX as well: small letters are always soft
SOFT_LEAST_PX = 3.0
BLOWN_SHARE = 0.05  # of a box; a lamp on white paper leaves no halo by which the picture would show a reflection


def fades(line: Picture) -> bool:
    """Whether somewhere in a box, cut out, (h, w, 3) uint8, a light lifts ink and ground to one brightness: letters are
    gone there, or altered. A shadow does not: ink stays dark in it."""
    import cv2

    grey = _grey(line)
    tall = grey.shape[0]
    grey = grey[round(RIM * tall) : tall - round(RIM * tall)]
    if min(grey.shape) < 4:
        return False
    smooth = cv2.blur(grey, (3, 3)) if tall >= 24 else grey
    darkest = smooth.min(axis=0).reshape(1, -1)
    window = np.ones((1, max(3, round(WINDOW * tall)) | 1), np.uint8)
    inside = window.shape[1] // 2
    level = cv2.erode(darkest, window)[0, inside : darkest.shape[1] - inside]
    if not level.size:
        return False
    strength = float(np.percentile(grey, 97)) - level.astype(np.float32)
    share = strength / max(1.0, float(np.percentile(strength, 90)))
    rim = np.count_nonzero((share > GONE) & (share < WHOLE))  # a wide gap between two words ends sharply
    return bool(share.min() < FADED and rim >= RIM * tall)


def blown(line: Picture) -> bool:
    """Whether a part of the box is as bright as can be."""
    return float((_grey(line) >= BLOWN).mean()) >= BLOWN_SHARE


def blurred(line: Picture, tall: float) -> float:
    """How wide its edges are, in heights of the box, if they are as wide as blur makes them; else 0. `tall`: how high
    the box is in the picture, in pixels."""
    grey = _grey(line).astype(np.float32)
    if min(grey.shape) < 4:
        return 0.0
    low, high = (float(value) for value in np.percentile(grey, (3, 97)))
    steps = [float(np.percentile(np.abs(np.diff(grey, axis=axis)), 98)) for axis in (0, 1)]
    edge = float((high - low) / max(1.0, min(steps)) * tall / min(grey.shape))
    soft = edge >= SOFT_PX or (edge >= SOFT_LEAST_PX and edge >= SOFT_SHARE * tall)
    return edge / max(1.0, tall) if soft else 0.0


def _grey(line: Picture) -> Any:
    import cv2

    return cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
