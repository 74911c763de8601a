"""Where lines stand to each other on the page, from their boxes: beside, below, apart; and where a gap belongs.

Boxes are those of the picture as it came, so a page that lay on its side has lines that run up or down. Only two lines
at a time are compared, along the way they run; a box without a size says nothing, and then nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipelines.events import TextLine

ROW_OVERLAP: Final = 0.5  # of the smaller height, as pipelines.seeing.layout has it for rows
OVERLAP: Final = 0.5  # of the smaller height; boxes of tilted neighbours lie over each other by a little
ROW_REACH: Final = 8  # of the smaller height; what is further away stands in another column
PARAGRAPH_GAP: Final = 1.2  # of the larger height; lines of one paragraph are 0.1 to 0.9 apart
SAME_SIZE: Final = 1.6  # a headline is larger than its text by more than this
TALL: Final = 1.5  # a box this much higher than wide holds a line that runs up or down
ELSEWHERE: Final = (10**6, 10**6)  # a line across and a line that runs up or down are never one


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines that follow each other. `known`: both have boxes. Distances in pixels, along and across the lines."""

    known: bool
    along: int = 0  # white between them along the line; negative: they lie over each other
    across: int = 0  # white between them across the line
    smaller: int = 1  # height of the lower one
    larger: int = 1

    @property
    def beside(self) -> bool:
        """One row, and neither over the other."""
        return self.known and -self.across >= ROW_OVERLAP * self.smaller and self.along > -OVERLAP * self.smaller

    @property
    def following(self) -> bool:
        """The second may go on with what the first began: close below it, in the same column, in letters alike."""
        if not self.known:
            return True
        alike = self.larger <= SAME_SIZE * self.smaller
        return alike and self.along < 0 and -0.7 * self.smaller <= self.across <= PARAGRAPH_GAP * self.larger

    @property
    def under(self) -> bool:
        """As `following`, in letters of any size: a price below the name of an article."""
        return self.known and self.along < 0 and -0.5 * self.smaller <= self.across <= PARAGRAPH_GAP * self.larger


def pair(first: TextLine, second: TextLine) -> Pair:
    if not (_sized(first) and _sized(second)):
        return Pair(known=False)
    a, b = first.box, second.box
    if _tall(first) and (_tall(second) or len(second.text) < 4):
        a, b = (a[1], a[0], a[3], a[2]), (b[1], b[0], b[3], b[2])
    elif (_tall(first) and _wide(second)) or (_wide(first) and _tall(second)):
        return Pair(True, *ELSEWHERE)
    smaller, larger = sorted((a[3], b[3]))
    return Pair(True, _white(a[0], a[2], b[0], b[2]), _white(a[1], a[3], b[1], b[3]), max(1, smaller), max(1, larger))


def rows_of(lines: Sequence[TextLine]) -> tuple[tuple[int, ...], ...]:
    """The lines by rows, as numbers from 0: what a person who looks at the page would count as its lines."""
    rows: list[list[int]] = []
    for index, line in enumerate(lines):
        if rows and pair(lines[index - 1], line).beside:
            rows[-1].append(index)
        else:
            rows.append([index])
    return tuple(map(tuple, rows))


def place_of(gap: TextLine, lines: Sequence[TextLine]) -> tuple[int, bool]:
    """How many of the lines come before something unreadable, by the line nearest to it; and whether that line stands
    in the same row. Without boxes it comes last."""
    near = [index for index, line in enumerate(lines) if _sized(line)]
    if not near or not _sized(gap):
        return len(lines), False
    flipped = sum(_tall(line) for line in lines) > len(lines) / 2
    boxes = {index: _flip(lines[index].box) if flipped else lines[index].box for index in near}
    box = _flip(gap.box) if flipped else gap.box
    down, right = _ways([boxes[index] for index in near], flipped)
    level = [i for i in near if _in_row(box, boxes[i])]
    index = min(level or near, key=lambda i: _distance(box, boxes[i]))
    other = boxes[index]
    if level:
        after = (box[0] + box[2] / 2 - other[0] - other[2] / 2) * right > 0
        return index + after, True
    after = (box[1] + box[3] / 2 - other[1] - other[3] / 2) * down > 0
    return index + after, False


def _ways(boxes: Sequence[tuple[int, int, int, int]], flipped: bool) -> tuple[int, int]:
    """Which way the page goes down and which way its lines run, +1 or -1 in the picture: told by the order of the
    lines, since they are in reading order."""
    steps = [b[1] + b[3] / 2 - a[1] - a[3] / 2 for a, b in pairwise(boxes)]
    down = -1 if sum((step > 0) - (step < 0) for step in steps) < 0 else 1
    return down, (-down if flipped else down)


def _in_row(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    smaller = min(a[3], b[3])
    level = -_white(a[1], a[3], b[1], b[3]) >= ROW_OVERLAP * smaller
    return level and -OVERLAP * smaller < _white(a[0], a[2], b[0], b[2]) <= ROW_REACH * smaller


def _distance(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    return max(0, _white(a[0], a[2], b[0], b[2])) + 2.0 * max(0, _white(a[1], a[3], b[1], b[3]))


def _white(a: int, a_size: int, b: int, b_size: int) -> int:
    return max(a, b) - min(a + a_size, b + b_size)


def _flip(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return (box[1], box[0], box[3], box[2])


def _sized(line: TextLine) -> bool:
    return line.box[2] > 0 and line.box[3] > 0


def _wide(line: TextLine) -> bool:
    return line.box[2] > TALL * line.box[3] and len(line.text) >= 3


def _tall(line: TextLine) -> bool:
    return line.box[3] > TALL * line.box[2] and len(line.text) >= 3
