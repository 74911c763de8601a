"""Four cheap numbers that say whether a picture can be used, and the one word for what is wrong with it.

All are measured on luma reduced to 640 pixels width, so that they mean the same for every camera: about 1 ms at 720p.

* sharpness: variance of the 4-neighbour Laplacian (Pech-Pacheco et al., ICPR 2000, "Diatom autofocusing").
* brightness: mean luma. contrast: its standard deviation.
* motion: mean absolute luma difference to the frame before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipelines.events import FrameScore

Picture = NDArray[np.uint8]
Luma = NDArray[np.uint8]

WIDTH_PX = 640  # the Laplacian's variance depends on scale; all thresholds hold at this width
MAX_HEIGHT_PX = 4 * WIDTH_PX  # a sliver is squeezed instead of blown up to gigabytes


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """Limits, with what they were seen to separate (tests/test_seeing.py, photographs from camera glasses)."""

    dark: float = 25.0  # mean luma; a street sign at night, still readable, has 72; at 25 a third of that is left
    uniform_contrast: float = 3.0  # nothing but noise: a cap, a finger, a blank wall; the dullest photograph has 37
    smooth_contrast: float = 8.0  # a finger with light shining through it: some shading ...
    smooth_sharpness: float = 12.0  # ... and no edge; a small sign on a wall has 100 or more
    overexposed: float = 200.0  # mean luma; blown-out photographs have 204 and 238 ...
    overexposed_sharpness: float = 60.0  # ... and 24 and 2.5, while a white page with print (235, 249) has 540 or more
    blurred: float = 10.0  # a smeared shelf has 7.7, a soft screen 7.6; the plainest good photograph, a stair, 12.6


def luma(bgr: Picture) -> Luma:
    """(h, w, 3) uint8 BGR -> (h * 640 / w, 640) uint8: what every measurement here looks at."""
    import cv2

    height, width = bgr.shape[:2]
    size = (WIDTH_PX, min(MAX_HEIGHT_PX, max(1, round(height * WIDTH_PX / width))))
    method = cv2.INTER_AREA if width > WIDTH_PX else cv2.INTER_LINEAR
    return cast(Luma, cv2.cvtColor(cv2.resize(bgr, size, interpolation=method), cv2.COLOR_BGR2GRAY))


def score(frame_id: int, media_ns: int, bgr: Picture, before: Luma | None) -> FrameScore:
    """Measure one picture; `before` is the `luma` of the frame before it, None if there is none (motion is 0 then)."""
    height, width = bgr.shape[:2]
    return score_luma(frame_id, media_ns, (width, height), luma(bgr), before)


def score_luma(frame_id: int, media_ns: int, size: tuple[int, int], now: Luma, before: Luma | None) -> FrameScore:
    """As `score`, for a picture of `size` (width, height) whose `luma` is already at hand."""
    import cv2

    mean, deviation = cv2.meanStdDev(now)
    _, edges = cv2.meanStdDev(cv2.Laplacian(now, cv2.CV_16S))
    return FrameScore(
        frame_id=frame_id,
        media_ns=media_ns,
        width=size[0],
        height=size[1],
        sharpness=round(float(edges.item()) ** 2, 3),
        brightness=round(float(mean.item()), 3),
        contrast=round(float(deviation.item()), 3),
        motion=motion(now, before),
    )


def motion(now: Luma, before: Luma | None) -> float:
    """Mean absolute difference of two lumas, 0..255; 0 if there is nothing of the same size to compare with."""
    import cv2

    if before is None or before.shape != now.shape:
        return 0.0
    return round(float(cv2.norm(now, before, cv2.NORM_L1)) / now.size, 3)


def problem_of(score: FrameScore, options: QualityOptions) -> str:
    """ "" or the one word for what keeps this picture from being used: covered, dark, overexposed, blurred.

    A picture without any structure is "covered": a cap, a finger, a blank wall and a black room look alike, and the
    way out is the same, "uncover the camera, give it light, point it at something".
    """
    bright = score.brightness >= options.overexposed
    smooth = score.contrast < options.smooth_contrast and score.sharpness < options.smooth_sharpness
    if smooth or score.contrast < options.uniform_contrast:
        return "overexposed" if bright else "covered"
    if score.brightness < options.dark:
        return "dark"
    if bright and score.sharpness < options.overexposed_sharpness:
        return "overexposed"
    return "blurred" if score.sharpness < options.blurred else ""
