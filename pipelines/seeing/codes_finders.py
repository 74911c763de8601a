"""Where QR codes stand, told by the three squares in their corners, whether or not they can be read.

OpenCV's detector takes or leaves a whole code: of two that stand side by side it may give one and say nothing of the
other. A corner square (ISO/IEC 18004, "finder pattern") is a frame of 7 modules round a gap of 5 round a block of 3;
three of them in a right angle of equal sides are a code and nearly nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.seeing.deskew import Quad

Grey = NDArray[np.uint8]

MOST = 24  # squares that are put together: eight codes; a picture with more is a pattern
MODULES = 7  # of the frame of a square
NEAREST, FURTHEST = 14 / MODULES * 0.75, 170 / MODULES * 1.25  # between two squares of a code, in their size
ALIKE = 1.5  # sizes and sides of one code differ by less, seen at a slant
RIGHT_ANGLE = 0.35  # most cosine of the angle at the corner: 70 to 110 degrees
QUIET = 4.0  # modules of white around a code


@dataclass(frozen=True, slots=True)
class Square:
    """A corner square: its middle and its side, in pixels."""

    x: float
    y: float
    side: float


def outlines(grey: Grey) -> list[Quad]:
    """Codes in a picture (h, w) uint8, dark on light or light on dark: the four corners of each, beginning at the
    square that stands between the other two, clockwise. Their own edge, without the white around them."""
    return _put_together(_squares(grey))


def straightened(grey: Grey, outline: Quad, module_px: int) -> Grey:
    """A code with its quiet zone as if seen from the front. `module_px`: pixels of a module if it had 25 a side, a
    middling one."""
    import cv2

    side, margin = 25.0 * module_px, QUIET * module_px
    there = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32) + np.float32(margin)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(outline, np.float32), there)
    size = round(side + 2 * margin)
    front = cv2.warpPerspective(grey, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(front, np.uint8)


def _squares(grey: Grey) -> list[Square]:
    """By one threshold for the whole picture, and by one that follows the light."""
    import cv2

    found: list[Square] = []
    block = max(31, min(grey.shape) // 8 | 1)
    inks: tuple[Any, ...] = (
        cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1],
        cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 10),
    )
    for ink in inks:
        for one in _nested(ink):
            if not any(abs(one.x - o.x) + abs(one.y - o.y) < o.side / 2 for o in found):
                found.append(one)
    return sorted(found, key=lambda one: -one.side)[:MOST]


def _nested(ink: Any) -> list[Square]:
    """Outlines with an outline inside and another inside that, as large as 7, 5 and 3 modules, about one middle."""
    import cv2

    outer, nesting = cv2.findContours(ink, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for index in range(len(outer)):
        hole = nesting[0][index][2]
        block = nesting[0][hole][2] if hole >= 0 else -1
        if block < 0:
            continue
        areas = [cv2.contourArea(outer[each]) for each in (index, hole, block)]
        if areas[2] < 4 or not (3 <= areas[0] / areas[2] <= 10 and 1.3 <= areas[1] / areas[2] <= 5):
            continue
        (x, y), (width, height), _ = cv2.minAreaRect(outer[index])
        if areas[0] < 0.75 * width * height or max(width, height) > 2 * min(width, height):
            continue
        side = float(np.sqrt(width * height))
        inside = cv2.moments(outer[block])
        if np.hypot(inside["m10"] / inside["m00"] - x, inside["m01"] / inside["m00"] - y) <= 0.15 * side:
            found.append(Square(x, y, side))
    return found


def _put_together(squares: list[Square]) -> list[Quad]:
    """The likeliest threes first, each square in one code only."""
    threes = [
        (fault, three) for three in permutations(range(len(squares)), 3) if (fault := _fault(squares, three)) >= 0
    ]
    used: set[int] = set()
    found = []
    for _, three in sorted(threes):
        if used.isdisjoint(three):
            used.update(three)
            found.append(_corners(*(squares[index] for index in three)))
    return found


def _fault(squares: list[Square], three: tuple[int, int, int]) -> float:
    """How far the three are from a corner, the one clockwise next to it and the one before it; -1 if they are not."""
    corner, right, down = (squares[index] for index in three)
    sizes = sorted((corner.side, right.side, down.side))
    a = np.array([right.x - corner.x, right.y - corner.y])
    b = np.array([down.x - corner.x, down.y - corner.y])
    sides = sorted((float(np.linalg.norm(a)), float(np.linalg.norm(b))))
    if a[0] * b[1] - a[1] * b[0] <= 0 or sizes[2] > ALIKE * sizes[0] or sides[1] > ALIKE * sides[0]:
        return -1.0
    if not (NEAREST * sizes[1] <= sides[0] and sides[1] <= FURTHEST * sizes[1]):
        return -1.0
    cosine = abs(float(a @ b)) / (sides[0] * sides[1])
    # Of two codes side by side, squares of both may make a larger corner: the smaller is the code.
    return cosine + np.log(sides[1] / sides[0]) + 0.02 * sides[0] / sizes[1] if cosine <= RIGHT_ANGLE else -1.0


def _corners(corner: Square, right: Square, down: Square) -> Quad:
    """The edge of the code, half a square outside the middles."""
    at, a, b = (np.array(v) for v in ((corner.x, corner.y), (right.x, right.y), (down.x, down.y)))
    a, b = a - at, b - at
    out_a = a / np.linalg.norm(a) * (corner.side + right.side) / 4
    out_b = b / np.linalg.norm(b) * (corner.side + down.side) / 4
    corners = [at - out_a - out_b, at + a + out_a - out_b, at + a + b + out_a + out_b, at + b - out_a + out_b]
    return np.array(corners, np.float32)
