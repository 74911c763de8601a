"""A dark, flat or soft picture, lifted until ink and paper stand apart as the recogniser is used to.

Straight gain from the darkest to the lightest hundredth. Noise is lifted too, so it is smoothed first, the more the
stronger the gain. A picture that uses a third of the range or more is handed back as it came.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from pipelines.seeing.deskew import Picture

FLAT = 90.0  # grey levels between the first and the last hundredth; a street sign at night has 150
FULL = 230.0
MAX_GAIN = 14.0  # more lifts the last steps of the sensor to letters that are not there
NOISY_GAIN = 4.0
SOFT = 60.0  # sharpness below which lines are missed: they were at 17, none at 80


def lifted(bgr: Picture) -> Picture:
    """(h, w, 3) uint8 -> the same shape; the same object where nothing needs to be done."""
    import cv2

    sample = cv2.cvtColor(np.ascontiguousarray(bgr[::4, ::4]), cv2.COLOR_BGR2GRAY)
    low, high = (float(value) for value in np.percentile(sample, (1, 99.5)))
    if high - low >= FLAT or high - low < 3:
        return bgr
    gain = min(MAX_GAIN, FULL / (high - low))
    smooth = cv2.GaussianBlur(bgr, (0, 0), 1.0 if gain > NOISY_GAIN else 0.5)
    return cast(Picture, cv2.convertScaleAbs(np.maximum(smooth, low) - low, alpha=gain))


def sharpened(bgr: Picture) -> Picture:
    """A soft picture with its edges raised, for the finder; a sharp one as it came.

    Sharpness as in `quality`: variance of the Laplacian, here at the finder's own size. Lines that the finder missed in
    blurred pictures (3 boxes of 7 on a menu) are all found then; what they say is read better from the plain picture.
    """
    import cv2

    edges = cv2.meanStdDev(cv2.Laplacian(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.CV_16S))[1]
    if float(edges.item()) ** 2 >= SOFT:
        return bgr
    return cast(Picture, cv2.addWeighted(bgr, 2.5, cv2.GaussianBlur(bgr, (0, 0), 3), -1.5, 0))
