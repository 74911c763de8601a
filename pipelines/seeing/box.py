"""What one box says, cut from the full picture and read as often as it takes: wider, further along, smaller."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.seeing import closer, deskew, strokes
from pipelines.seeing.deskew import Picture, Quad, cut_out, goes_on, reduced, sides
from pipelines.seeing.reading_options import ReadingOptions
from pipelines.seeing.recogniser import Recogniser
from pipelines.seeing.trust import FADES, Found, doubted, grown, readable, same, settled, weighed

if TYPE_CHECKING:
    from pipelines.seeing.page import Page

WIDER, TIGHTER = 0.12, -0.05  # second and third reading of a box: more or less round it, in heights of the box
SMALLER_PX = 28  # height of the third reading; blurred letters read best when they are small (92 of 99 lines, else 89)
FURTHER = 1.5  # more at both ends of a box that was found too short, in heights


class BoxReader:
    """The readings of `TextReader`."""

    def __init__(self, engine: Recogniser, options: ReadingOptions) -> None:
        self._engine, self.options = engine, options

    def first(self, picture: Picture, quad: Quad) -> Found:
        """One reading of the box as it was found."""
        return self._said(cut_out(picture, quad), quad)

    def judged(self, page: Page, index: int) -> tuple[Found, str]:
        """What the box says after as many readings as it takes, and "" or what speaks against it."""
        if page.fades(index):
            return self._first(page, index), FADES
        found, against = self._weighed(page, index)
        if readable(found.text) <= 2 and page.fades(index, FURTHER):  # all that is left of a word
            return found, FADES
        tall = min(sides(page.quads[index]))
        return found, against or doubted(found, partial(closer.blurred, page.cut(index), tall), self.options.trust)

    def _weighed(self, page: Page, index: int) -> tuple[Found, str]:
        quad, trust = page.quads[index], self.options.trust
        readings = [self._first(page, index)]
        if settled(readings, trust) and self._cut_short(page, index):
            whole = self._again(page.picture, quad, WIDER, FURTHER)
            within = f" {readings[0].text} " in f" {whole.text} " and grown(readings[0].text, whole.text)
            if within and whole.weakest >= trust.stands_alone:
                return whole, ""
        while not settled(readings, trust):
            if len(readings) == 1:
                readings.append(self._again(page.picture, quad, WIDER))
            elif grown(readings[0].text, readings[1].text):  # the box ended too early: reach further along the line
                readings.append(self._again(page.picture, quad, WIDER, FURTHER))
            else:
                readings.append(self._again(page.picture, quad, TIGHTER, letter_px=SMALLER_PX))
        found, against = weighed(readings, trust)
        alike = [one for one in readings if same(one.text, found.text)]
        before, after = (any(getattr(one, end) for one in alike) for end in ("before", "after"))
        return replace(found, before=before, after=after), against

    def _cut_short(self, page: Page, index: int) -> bool:
        """Whether a word stands right beside this box, and in no other: the box ended too early."""
        quad = page.quads[index]
        if not goes_on(page.picture, quad):
            return False
        reach = deskew.widened(quad, 0.0, FURTHER)
        return not any(deskew.meet(reach, other) for place, other in enumerate(page.quads) if place != index)

    def _first(self, page: Page, index: int) -> Found:
        return page.known.get(index) or self._said(page.cut(index), page.quads[index])

    def _again(self, picture: Picture, quad: Quad, margin: float, along: float = 0.0, letter_px: int = 0) -> Found:
        crop = cut_out(picture, quad, margin, along)
        if letter_px:
            crop = reduced(crop, round(max(crop.shape[:2]) * letter_px / min(crop.shape[:2])))[0]
        found, more = self._said(crop, quad), (margin + along) * min(sides(quad))
        wide = max(1.0, sides(quad)[0])
        first, last = ((share * (wide + 2 * more) - more) / wide for share in found.reach)
        return replace(found, reach=(first, last))

    def _said(self, crop: Picture, quad: Quad) -> Found:
        """What a cut says; a box taller than wide is tried as a line that runs up or down, too."""
        width, height = sides(quad)
        ways = (0,) if height < self.options.tall_ratio * width else (1, 3) if height > 3 * width else (0, 1, 3)
        read = [(self._engine.text(line), line, turns) for turns in ways for line in [np.rot90(crop, turns)]]
        found, line, turns = max(read, key=lambda one: one[0].confidence)
        before, after = strokes.beyond(line, found.reach) if found.text and not turns else (False, False)
        skipped = strokes.passed_over(np.ascontiguousarray(line), found.gaps)
        return replace(found, skipped=skipped, before=before, after=after, turned=turns != 0)
