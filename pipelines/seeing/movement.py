"""How much of the picture moves by itself, when the head that carries the camera moves too.

Two pictures some 300 ms apart, as luma 160 px wide. The shift and tilt of the whole are found (phase correlation, then
ECC) and taken out, the exposure is matched, and each block of 8 px is compared with the same place and one pixel around
it, since near things shift more than far ones. What still differs, by more than the edges in it explain, has moved. If
the whole has turned too far, or does not match at all, nothing is claimed.

Seen so: what moves at least two pixels of 160 and fills at least one block. A slow or small or far thing is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Luma = NDArray[np.float32]
Matrix = NDArray[np.float32]  # (2, 3), from the old picture's pixels to the new one's

UNKNOWN = -1.0
WIDTH_PX = 160
MAX_HEIGHT_PX = 640
BLOCK_PX = 8
PEAKS = 3
ECC_ROUNDS = 10  # half a millisecond each


@dataclass(frozen=True, slots=True)
class MovementOptions:
    """Limits; tests/test_colours.py and tests/bench/bench_things.py hold the scenes that they were tried on."""

    max_shift: float = 0.2  # of a side; a head that turned further shows another scene
    differs: float = 7.0  # mean luma difference of a block; sensor noise of 8 a pixel leaves 2 here
    edges: float = 0.35  # of the block's mean gradient: what a shift of part of a pixel leaves
    too_much: float = 0.6  # share of blocks: the whole scene is another one, or the camera turned in depth


def moving(before: Picture | None, now: Picture, options: MovementOptions | None = None) -> float:
    """Share of the picture that moves, 0..1, -1 if it cannot be told. Both (h, w, 3) uint8 BGR."""
    options = options or MovementOptions()
    if before is None or before.shape != now.shape:
        return UNKNOWN
    old, new = _luma(before), _luma(now)
    height, width = new.shape
    if height < 4 * BLOCK_PX:
        return UNKNOWN
    matrix = _refined(old, new, _shift(old, new))
    across, down = np.abs(_carried(matrix, width, height)).max(axis=0)
    if across > options.max_shift * width or down > options.max_shift * height:
        return UNKNOWN
    old, new = _overlap(old, new, matrix)
    difference, gradient = _blocks(old, new)
    share = float(np.mean(difference > options.differs + options.edges * gradient))
    return UNKNOWN if share > options.too_much else round(share, 4)


def _luma(bgr: Picture) -> Luma:
    import cv2

    height, width = bgr.shape[:2]
    size = (WIDTH_PX, min(MAX_HEIGHT_PX, max(1, round(height * WIDTH_PX / width))))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    return cast(Luma, cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32), (3, 3), 0))


def _shift(old: Luma, new: Luma) -> Matrix:
    """How the picture as a whole has shifted. Something large that moves makes a peak of its own, so the strongest few
    are tried, and the one that explains most blocks is taken. Kuglin and Hines 1975, "The phase correlation image
    alignment method"."""
    height, width = new.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    spectrum = np.fft.rfft2((new - new.mean()) * window) * np.conj(np.fft.rfft2((old - old.mean()) * window))
    surface = np.fft.irfft2(spectrum / np.maximum(np.abs(spectrum), 1e-6), s=(height, width))
    shifts = {(0, 0)}
    for _ in range(PEAKS):
        y, x = np.unravel_index(int(np.argmax(surface)), surface.shape)
        shifts.add((int(x) - width * (x > width // 2), int(y) - height * (y > height // 2)))
        surface[np.ix_(np.arange(y - 1, y + 2) % height, np.arange(x - 1, x + 2) % width)] = -1
    near = [(dx, dy) for dx, dy in sorted(shifts) if abs(dx) <= width // 3 and abs(dy) <= height // 3]
    matrices = [np.array([[1, 0, dx], [0, 1, dy]], np.float32) for dx, dy in near]
    return min(matrices, key=lambda matrix: _cost(old, new, matrix))


def _refined(old: Luma, new: Luma, shift: Matrix) -> Matrix:
    """The same with parts of a pixel and the head's tilt, by ECC (Evangelidis and Psarakis 2008), if that is better."""
    import cv2

    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, ECC_ROUNDS, 1e-3)
    try:
        _, back = cv2.findTransformECC(new, old, cv2.invertAffineTransform(shift), cv2.MOTION_EUCLIDEAN, stop, None, 5)
    except cv2.error:  # nothing in the pictures to hold on to
        return shift
    matrix = cast(Matrix, cv2.invertAffineTransform(back))
    return min((shift, matrix), key=lambda found: _cost(old, new, found))


def _cost(old: Luma, new: Luma, matrix: Matrix) -> float:
    return float(np.median(_blocks(*_overlap(old, new, matrix))[0]))


def _carried(matrix: Matrix, width: int, height: int) -> Matrix:
    """How far the picture's corners are carried, (4, 2): x and y."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float32)
    return cast(Matrix, corners @ matrix.T - corners[:, :2])


def _overlap(old: Luma, new: Luma, matrix: Matrix) -> tuple[Luma, Luma]:
    """Both pictures where they show the same, `old` carried onto `new` and given its exposure."""
    import cv2

    height, width = new.shape
    moved: Any = cv2.warpAffine(old, matrix, (width, height), flags=cv2.INTER_LINEAR)
    across, down = np.abs(_carried(matrix, width, height)).max(axis=0)
    x = min(int(np.ceil(across)) + 1, (width - 2 * BLOCK_PX) // 2)
    y = min(int(np.ceil(down)) + 1, (height - 2 * BLOCK_PX) // 2)
    a, b = moved[y : height - y, x : width - x], new[y : height - y, x : width - x]
    gain = float(np.median(b)) / max(1.0, float(np.median(a)))
    return (a * gain if 0.5 < gain < 2 else a), b


def _blocks(a: Luma, b: Luma) -> tuple[Luma, Luma]:
    """Of each block: the least mean difference within one pixel around, and the mean gradient."""
    import cv2

    rows, columns = (a.shape[0] - 2) // BLOCK_PX, (a.shape[1] - 2) // BLOCK_PX
    height, width = rows * BLOCK_PX, columns * BLOCK_PX
    inner = b[1 : 1 + height, 1 : 1 + width]

    def mean(values: Any) -> Any:
        return cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA)

    least: Any = None
    for down in range(3):
        for right in range(3):
            found = mean(cv2.absdiff(a[down : down + height, right : right + width], inner))
            least = found if least is None else np.minimum(least, found)
    across, along = cv2.Sobel(inner, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(inner, cv2.CV_32F, 0, 1, scale=0.125)
    return cast(Luma, least), cast(Luma, mean(cv2.magnitude(across, along)))
