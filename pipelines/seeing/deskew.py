"""How the writing stands in the picture, and how to cut it out so that it stands level.

Every box of the finder is a rectangle with a direction of its own. The page's direction is the one that most of the
writing shares, longer boxes counting more; two directions opposite to each other look the same here, and only reading
tells them apart. A *level view* is a cut of the picture, turned until that direction is level and enlarged until the
letters are large enough to be found; its boxes are carried back, so that all boxes are in pixels of the picture.

Angles are degrees, clockwise as seen (y points down), of the direction in which the writing runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]  # (4, 2) corners: top left, top right, bottom right, bottom left of the text as it is read
Matrix = NDArray[np.float64]  # (2, 3), as OpenCV's warpAffine takes it

CROP_PX = 96  # the recogniser works at 48 pixels height; twice that loses nothing
SAME_WAY = 12.0  # degrees; lines of one page in perspective differ by less
LONG = 1.5  # a box longer than this by its height has a direction
BESIDE_PX = 8  # taken besides what is reduced, so that its edge is as it would be in the whole
BEYOND = 1.0  # so far beyond each end of a box, in heights of it, more of its writing is looked for


@dataclass(frozen=True, slots=True)
class LevelView:
    """A cut in which the writing is level, and where it came from."""

    picture: Picture
    matrix: Matrix  # from the whole picture to the cut
    scale: float

    def carried_back(self, quad: Quad) -> Quad:
        return moved(quad, inverse(self.matrix))


def direction(quads: list[Quad]) -> float:
    """The direction that most of the writing has, -90 < degrees <= 90; 0 if no box is long enough to have one."""
    found = [(_angle(quad), max(sides(quad)) - min(sides(quad))) for quad in quads if is_long(quad)]
    if not found:
        return 0.0
    angles = np.array([angle for angle, _ in found])
    weights = np.array([weight for _, weight in found])
    apart = np.abs((angles[:, None] - angles[None, :] + 90) % 180 - 90)
    near = apart[int(np.argmax((apart < SAME_WAY) @ weights))] < SAME_WAY
    doubled = np.radians(2 * angles[near])
    mean = np.arctan2(weights[near] @ np.sin(doubled), weights[near] @ np.cos(doubled)) / 2
    return float(np.degrees(mean))


def oriented(quad: Quad, degrees: float) -> Quad:
    """The same corners, beginning so that the first side runs as nearly as it can in the direction."""
    way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    starts = [float((quad[(first + 1) % 4] - quad[first]) @ way / _length(quad, first)) for first in range(4)]
    return np.roll(quad, -int(np.argmax(starts)), axis=0)


def level(quads: list[Quad], degrees: float) -> list[tuple[int, int, int, int]]:
    """Upright boxes (x, y, width, height) around the quads, seen on the page turned level."""
    turn = rotation(-degrees)
    return [bounds(moved(quad, turn)) for quad in quads]


def level_view(
    picture: Picture, quads: list[Quad], degrees: float, letter_px: float, longest_px: int, margin: float = 3.0
) -> LevelView:
    """The part of the picture that the boxes cover, turned level.

    Enlarged (three times at the most) or reduced until the lines are `letter_px` high, and never longer than
    `longest_px`. `margin`, in heights of a line, is added all around: a line that was missed is found then.
    """
    import cv2

    turn = rotation(-degrees)
    corners = np.concatenate([moved(quad, turn) for quad in quads])
    height = letter_height(quads)
    left, top = corners.min(axis=0) - margin * height
    width, tall = corners.max(axis=0) + margin * height - (left, top)
    scale = min(3.0, letter_px / max(1.0, height), longest_px / max(width, tall))
    matrix = scale * (turn - np.array([[0, 0, left], [0, 0, top]]))
    size = (max(32, round(width * scale)), max(32, round(tall * scale)))
    if scale < 0.7:  # reduce first: a warp alone would skip pixels
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        use = matrix @ np.diag([1 / scale, 1 / scale, 1.0])
    else:
        use = matrix
    cut = cv2.warpAffine(picture, use, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return LevelView(cast(Picture, cut), matrix, float(scale))


def cut_out(picture: Picture, quad: Quad, margin: float = 0.0, along: float = 0.0) -> Picture:
    """The box, straightened into a picture of its own, no larger than the recogniser can use.

    `margin`: how much more is taken on every side, `along`: how much besides at both ends, in heights of the box.
    """
    import cv2

    if margin or along:
        quad = widened(quad, margin, along)
    width, height = sides(quad)
    ratio = min(1.0, CROP_PX / max(1.0, min(width, height)))
    if ratio < 1:
        picture, corner = _around(picture, quad)
        picture = cast(Picture, cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA))
        quad = (quad - corner) * np.float32(ratio)
    width, height = (max(1, round(side * ratio)) for side in (width, height))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad, np.float32), target)
    crop = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast(Picture, crop)


def _around(picture: Picture, quad: Quad) -> tuple[Picture, Quad]:
    """The part of the picture that holds the box, and its corner: reducing all of it for each box would cost more than
    reading it."""
    left, top, width, height = bounds(quad)
    left, top = (
        min(max(0, low - BESIDE_PX), size - 1) for low, size in ((left, picture.shape[1]), (top, picture.shape[0]))
    )
    right, bottom = max(left + 1, left + width + 2 * BESIDE_PX), max(top + 1, top + height + 2 * BESIDE_PX)
    return picture[top:bottom, left:right], np.array([left, top], np.float32)


def goes_on(picture: Picture, quad: Quad) -> bool:
    """Whether there is ink like the box's own just behind or before it: its last letter may stand outside.

    Within a height of each end, columns count that have as much ink as a stroke has, and less than a frame or a wall.
    Of 158 pictures of tests/bench/pictures this asks for another reading of one box in six."""
    import cv2

    width, height = sides(quad)
    if width < 2 * height:
        return False
    inside = cv2.cvtColor(cut_out(picture, quad), cv2.COLOR_BGR2GRAY)
    around = cv2.cvtColor(cut_out(picture, quad, 0.0, BEYOND), cv2.COLOR_BGR2GRAY)
    limit, dark = cv2.threshold(inside, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = (around <= limit) if dark.mean() < 0.5 else (around > limit)
    tall = ink.shape[0]
    ends = round(BEYOND * tall)
    for end in (ink[:, :ends], ink[:, -ends:]):
        columns = end.sum(axis=0) / tall
        if 0.04 <= end.mean() <= 0.6 and np.count_nonzero((columns > 0.15) & (columns < 0.95)) >= 0.12 * tall:
            return True
    return False


def reduced(picture: Picture, longest_px: int) -> tuple[Picture, float]:
    """The picture with its longest side at most `longest_px`, and the scale that was applied."""
    import cv2

    height, width = picture.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return picture, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cast(Picture, cv2.resize(picture, size, interpolation=cv2.INTER_AREA)), scale


def widened(quad: Quad, margin: float, along: float = 0.0) -> Quad:
    """The box with `margin` of its shorter side more on every side, and `along` more at its ends; below zero: less."""
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    unit = min(sides(quad))
    a = across / max(1e-6, float(np.linalg.norm(across))) * (margin + along) * unit
    d = down / max(1e-6, float(np.linalg.norm(down))) * margin * unit
    return cast(Quad, (quad + np.stack([-a - d, a - d, a + d, -a + d])).astype(np.float32))


def sides(quad: Quad) -> tuple[float, float]:
    """Width and height, each the longer of two opposite sides."""
    lengths = [_length(quad, first) for first in range(4)]
    return max(lengths[0], lengths[2]), max(lengths[1], lengths[3])


def area(quad: Quad) -> float:
    width, height = sides(quad)
    return width * height


def letter_height(quads: list[Quad]) -> float:
    """Of the smaller lines among the boxes: the lower quarter of their heights, so that one blob does not count."""
    return float(np.percentile([min(sides(quad)) for quad in quads], 25))


def apart_from(quad: Quad, found: list[Quad]) -> bool:
    """Is it a box of its own: in none of the found ones, and no blob round two of them?"""
    return not any(holds(other, quad) for other in found) and sum(holds(quad, other) for other in found) < 2


def meet(quad: Quad, other: Quad) -> bool:
    """Do the two share a part of the smaller one that is worth the name, a tenth of it?"""
    import cv2

    shared, _ = cv2.intersectConvexConvex(
        np.ascontiguousarray(quad, np.float32), np.ascontiguousarray(other, np.float32)
    )
    return bool(shared > 0.1 * min(area(quad), area(other)))


def holds(quad: Quad, other: Quad) -> bool:
    """Is the middle of the other box inside this one?"""
    import cv2

    x, y = (float(value) for value in other.mean(axis=0))
    return bool(cv2.pointPolygonTest(np.ascontiguousarray(quad, np.float32), (x, y), False) >= 0)


def bounds(quad: Quad) -> tuple[int, int, int, int]:
    """The upright box around it: x, y, width, height."""
    left, top = (int(value) for value in np.floor(quad.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(quad.max(axis=0)))
    return (left, top, right - left, bottom - top)


def rotation(degrees: float) -> Matrix:
    """(2, 3): turns about the picture's origin; exact for quarters."""
    cos, sin = (round(float(f(np.radians(degrees))), 12) for f in (np.cos, np.sin))
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])


def moved(quad: Quad, matrix: Matrix) -> Quad:
    return cast(Quad, (quad @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32))


def inverse(matrix: Matrix) -> Matrix:
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])


def is_long(quad: Quad) -> bool:
    """Has it a direction, or could it as well be one letter?"""
    width, height = sides(quad)
    return max(width, height) >= LONG * max(1.0, min(width, height))


def _angle(quad: Quad) -> float:
    """Direction of the longer side, -90 < degrees <= 90."""
    width, height = sides(quad)
    along = (quad[1] - quad[0] + quad[2] - quad[3]) if width >= height else (quad[3] - quad[0] + quad[2] - quad[1])
    degrees = float(np.degrees(np.arctan2(along[1], along[0])))
    return degrees - 180 if degrees > 90 else degrees + 180 if degrees <= -90 else degrees


def _length(quad: Quad, first: int) -> float:
    return max(1e-6, float(np.linalg.norm(quad[(first + 1) % 4] - quad[first])))
