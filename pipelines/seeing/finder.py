"""Where writing stands in a picture: boxes, in as many looks as they need.

The first look is at a reduced picture: finding is most of the cost of reading and needs no fine detail. If the writing
stands askew, is small, or has rows beside it that were only faintly seen, the part that holds it is turned level,
enlarged and searched again.
"""

from __future__ import annotations

import numpy as np

from pipelines.seeing import deskew
from pipelines.seeing.deskew import Picture, Quad, bounds, reduced, sides
from pipelines.seeing.lift import sharpened
from pipelines.seeing.reading_options import ReadingOptions
from pipelines.seeing.recogniser import Boxes, Recogniser

SECOND_LOOK_GAIN = 1.3  # a picture larger than the first look by less than this holds no detail worth a second
MISSING = 0.15  # faint rows by sure ones; less is a speck beside a full page, and not worth a second look
NEXT_ROW = 1.2  # white between a row and one that was faintly seen, in heights of the row


class Finder:
    """The looks of `TextReader`."""

    def __init__(self, engine: Recogniser, options: ReadingOptions) -> None:
        self._engine, self.options = engine, options

    def first(self, picture: Picture) -> Boxes:
        """The first look; one for small print if it found nothing, one on the slant if it found nothing long."""
        small, scale = reduced(picture, self.options.detect_px)
        look = self._engine.found(sharpened(small), self.options.detect_px)
        quads, faint = ([quad / np.float32(scale) for quad in boxes] for boxes in look)
        if not quads and max(picture.shape[:2]) >= SECOND_LOOK_GAIN * self.options.detect_px:
            quads = self._engine.boxes(picture, self.options.second_look_px)
        if not quads or any(deskew.is_long(quad) for quad in quads):
            return Boxes(quads, [quad for quad in faint if _goes_with(quad, quads)])
        for degrees in (45.0, -45.0):
            view = deskew.level_view(picture, quads, degrees, 1e9, self.options.detect_px, margin=0.5)
            slanted = [view.carried_back(quad) for quad in self._engine.boxes(view.picture, self.options.detect_px)]
            if any(deskew.is_long(quad) for quad in slanted):
                return Boxes(slanted, [])
        return Boxes(quads, [])

    def levelled(self, picture: Picture, look: Boxes) -> tuple[list[Quad], float]:
        """Boxes found again where the writing was askew, small or in part faint, and its direction, -90 < degrees <=
        90."""
        quads, missing = look
        if len(missing) < MISSING * len(quads):
            missing = []
        options, degrees = self.options, deskew.direction(quads)
        seen_at = min(1.0, options.detect_px / max(picture.shape[:2]))
        for _ in range(options.looks if quads else 0):
            height = deskew.letter_height(quads + missing) * seen_at
            askew, small = abs(degrees) > options.askew, height < options.small_px
            if not askew and not small and not missing:
                break
            margin = 6.0 if height < 0.7 * options.small_px else 3.0  # of small lines, most were missed
            view = deskew.level_view(picture, quads + missing, degrees, options.level_px, options.detect_px, margin)
            if not askew and view.scale < SECOND_LOOK_GAIN * seen_at:
                break
            seen_at, missing = view.scale, []
            found = [view.carried_back(quad) for quad in self._engine.boxes(view.picture, options.detect_px)]
            if not found:
                break
            grown = len(found) > len(quads)
            quads = found + [quad for quad in quads if deskew.apart_from(quad, found)]
            degrees = deskew.direction(found)
            if not grown:
                break
        return quads, degrees


def _goes_with(faint: Quad, sure: list[Quad]) -> bool:
    """Does it stand where the row above or below one of these would?"""
    left, top, width, height = bounds(faint)
    if width < 1.2 * height:
        return False
    for quad in sure:
        x, y, across, tall = bounds(quad)
        shared = min(left + width, x + across) - max(left, x)
        white = max(top, y) - min(top + height, y + tall)
        if shared > 0.5 * width and white < NEXT_ROW * min(sides(quad)) and not deskew.holds(quad, faint):
            return True
    return False
