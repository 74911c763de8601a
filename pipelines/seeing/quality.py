"""Five cheap numbers that say whether a picture can be used, and the one word for what is wrong with it.

All are measured on luma reduced to 640 pixels width, so that they mean the same for every camera: below 1 ms at 720p.

* sharpness: variance of the 4-neighbour Laplacian (Pech-Pacheco et al., ICPR 2000, "Diatom autofocusing").
* brightness: mean luma. contrast: its standard deviation.
* motion: mean absolute luma difference to the frame before, at 80 pixels width, where the trembling of a hand is gone
  and the turn of a head is not.
* glare: share of the picture that is blown out and fades at its edge, as light does; white paper ends sharply.
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
COARSE_PX = 80  # 2 px of trembling at 640 are a quarter of a pixel here; a turn of 100 degrees a second is 8 px a frame
SCENE_PARTS = (8, 6)
TALLEST = 4  # times the width: a sliver is squeezed instead of blown up to gigabytes
BLOWN = 252  # luma; nothing can be told apart above
FADING = 200  # luma; the halo around a reflection lies between here and BLOWN
HALO_PX = 9  # how far around what is blown out the halo is looked for, at 320 px width
DIFFERENT = 60.0  # grey levels between light and dark; a dull wall has less
SOFT_EDGE_PX = 10.0  # a sign blurred until nobody can read it has 10 to 38; photographs 4 to 9, drawn text 3 to 6
HALO_SHARE = 0.35  # of that ring; reflections drawn on six photographs have 0.35 to 0.97, a white card 0.08, a QR 0.01


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """Limits, with what they were seen to separate (tests/test_seeing.py, photographs from camera glasses)."""

    dark: float = 25.0  # mean luma; a street sign at night, still readable, has 72; at 25 a third of that is left
    uniform_contrast: float = 3.0  # nothing but noise: a cap, a finger, a blank wall; the dullest photograph has 37
    smooth_contrast: float = 8.0  # a finger with light shining through it: some shading ...
    smooth_sharpness: float = 12.0  # ... and no edge; a small sign on a wall has 100 or more
    overexposed: float = 200.0  # mean luma; blown-out photographs have 204 and 238 ...
    overexposed_sharpness: float = 60.0  # ... and 24 and 2.5, while a white page with print (235, 249) has 540 or more
    glare: float = 0.04  # share; a reflection of this size hides a line or two of a sign that fills the picture
    glare_most: float = (
        0.5  # share; more than half is no reflection but a scanned page (0.75) or an overexposed picture
    )
    blurred: float = 10.0  # a smeared shelf has 7.7, a soft screen 7.6; the plainest good photograph, a stair, 12.6


def luma(bgr: Picture) -> Luma:
    """(h, w, 3) uint8 BGR -> (h * 640 / w, 640) uint8: what every measurement here looks at."""
    import cv2

    return cast(Luma, cv2.cvtColor(_narrowed(bgr, WIDTH_PX), cv2.COLOR_BGR2GRAY))


def luma_of_plane(plane: Luma, full_range: bool = True) -> Luma:
    """(h, w) uint8 luma as a decoder gives it -> the same as `luma`. `full_range` False: black is 16 and white 235, as
    video is by default (ITU-R BT.601, BT.709); it is stretched to 0..255, as a conversion to BGR does."""
    import cv2

    small = _narrowed(plane, WIDTH_PX)
    if full_range:
        return small
    stretch = np.clip((np.arange(256) - 16) * (255 / 219) + 0.5, 0, 255).astype(np.uint8)
    return cast(Luma, cv2.LUT(small, stretch))


def coarse(now: Luma) -> Luma:
    """A `luma` at 80 pixels width: enough for `motion`, 3.6 kB at 16:9."""
    return _narrowed(now, COARSE_PX)


def scene(now: Luma) -> tuple[int, ...]:
    """A `luma` or `coarse` as the mean luma of 8 x 6 parts, row by row: enough to tell one place from another."""
    import cv2

    return tuple(int(part) for part in cv2.resize(now, SCENE_PARTS, interpolation=cv2.INTER_AREA).ravel())


def _narrowed(picture: Picture, width_px: int) -> Picture:
    import cv2

    height, width = picture.shape[:2]
    size = (width_px, min(TALLEST * width_px, max(1, round(height * width_px / width))))
    method = cv2.INTER_AREA if width > width_px else cv2.INTER_LINEAR
    return cast(Picture, cv2.resize(picture, size, interpolation=method))


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
        glare=glare(now),
    )


def motion(now: Luma, before: Luma | None) -> float:
    """Mean absolute difference of two lumas, 0..255; 0 if there is nothing of the same size to compare with."""
    import cv2

    if before is None or before.shape != now.shape:
        return 0.0
    return round(float(cv2.norm(now, before, cv2.NORM_L1)) / now.size, 3)


def glare(now: Luma) -> float:
    """Share of a `luma` that is blown out and fades at its edge, 0..1; 0 for white things, which end sharply."""
    import cv2

    small = _narrowed(now, WIDTH_PX // 2)
    blown = cv2.compare(small, BLOWN, cv2.CMP_GE)
    count = cv2.countNonZero(blown)
    if count == 0:
        return 0.0
    ring = cv2.subtract(cv2.dilate(blown, np.ones((HALO_PX, HALO_PX), np.uint8)), blown)
    halo = cv2.countNonZero(cv2.bitwise_and(ring, cv2.inRange(small, FADING, BLOWN - 1)))
    return round(count / small.size, 4) if halo >= HALO_SHARE * cv2.countNonZero(ring) else 0.0


def out_of_focus(now: Luma) -> bool:
    """Whether a `luma` has light and dark in it and no sharp edge between them. Unlike its sharpness, the grain of a
    sensor does not hide it. 1 ms."""
    import cv2

    smooth = cv2.GaussianBlur(now, (0, 0), 1.0)
    low, high = (float(value) for value in np.percentile(smooth, (1, 99)))
    slopes = [cv2.Sobel(smooth, cv2.CV_32F, x, y, ksize=3, scale=1 / 8) for x, y in ((1, 0), (0, 1))]
    steepest = float(np.percentile(cv2.magnitude(*slopes), 99.8))
    return high - low >= DIFFERENT and high - low >= SOFT_EDGE_PX * max(0.5, steepest)


def problem_of(score: FrameScore, options: QualityOptions) -> str:
    """ "" or the one word for what keeps this picture from being used: covered, dark, overexposed, blurred, glare.

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
    if score.sharpness < options.blurred:
        return "blurred"
    return "glare" if options.glare <= score.glare < options.glare_most else ""
