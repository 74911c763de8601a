"""A picture with the boxes of its writing: which way is up, and what light lies on it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.seeing import closer, deskew
from pipelines.seeing.box import BoxReader
from pipelines.seeing.deskew import Picture, Quad, cut_out, sides
from pipelines.seeing.edges import reached
from pipelines.seeing.finder import Finder
from pipelines.seeing.quality import QualityOptions, glare, luma, out_of_focus
from pipelines.seeing.reading_options import ReadingOptions
from pipelines.seeing.trust import BLURRED, FADES, Found, readable


@dataclass(frozen=True, slots=True)
class Page:
    """Boxes found in a picture, each beginning where its text begins, and the direction in which the page runs.

    `known`: what some of them said already, by index; `faint`: where a row may stand besides, as the first look saw it;
    `reflection`: a light is mirrored in it; `white`: more than half of it is blown out: a scanned page, or overexposed.
    """

    picture: Picture
    quads: list[Quad]
    degrees: float
    known: dict[int, Found]
    faint: list[Quad]
    reflection: bool
    white: bool
    _cuts: dict[int, Picture] = field(default_factory=dict)

    def cut(self, index: int) -> Picture:
        """One box by itself; cut once, however often it is looked at."""
        if index not in self._cuts:
            self._cuts[index] = cut_out(self.picture, self.quads[index])
        return self._cuts[index]

    def fades(self, index: int, further: float = 0.0) -> bool:
        """Whether the writing of a box fades into a light; looked at `further` along its line, in heights of it."""
        crop = cut_out(self.picture, self.quads[index], 0.0, further) if further else self.cut(index)
        light = self.reflection or (not self.white and closer.blown(crop))
        return light and closer.fades(crop)

    def hampered(self, doubts: list[str], said: bool) -> str:
        """What of the picture keeps writing from being read: "glare", "blurred" or "". One blurred box is no blurred
        picture: then no edge in it is sharp."""
        if FADES in doubts:
            return "glare"
        asked = BLURRED in doubts or (not said and bool(self.quads or self.faint))
        return "blurred" if asked and out_of_focus(luma(self.picture)) else ""


def laid(picture: Picture, finder: Finder, reader: BoxReader, options: ReadingOptions) -> Page:
    """The boxes of a picture, as many looks as they need, and which way is up."""
    first = finder.first(picture)
    quads, degrees = finder.levelled(picture, first)
    quads = sorted(quads, key=deskew.area, reverse=True)[: options.max_boxes]
    upright = [deskew.oriented(quad, degrees) for quad in quads]
    flipped = [deskew.oriented(quad, degrees + 180) for quad in quads]
    turn, known = _upside_down(picture, upright, flipped, reader, options)
    light = glare(luma(picture)) if quads else 0.0
    white = light >= QualityOptions().glare_most
    reflection = light >= closer.REFLECTION and not white
    return Page(picture, flipped if turn else upright, degrees + 180 * turn, known, first.faint, reflection, white)


def unfound(page: Page, options: ReadingOptions) -> list[Quad]:
    """What was faintly seen, and not found by a closer look either. What an edge cuts is told by that."""
    return [
        faint
        for faint in page.faint
        if not reached(page.picture.shape, faint, options.edges)
        and not any(deskew.holds(quad, faint) or deskew.holds(faint, quad) for quad in page.quads)
    ]


def _upside_down(
    picture: Picture, upright: list[Quad], flipped: list[Quad], reader: BoxReader, options: ReadingOptions
) -> tuple[int, dict[int, Found]]:
    """1 if the page stands on its head, judged by up to three of its longest boxes, and what they said.

    An upright page pays nothing: its longest box reads well, and what it says is handed on by its index.
    """
    longest = sorted(range(len(upright)), key=lambda index: sides(upright[index])[0], reverse=True)[:3]
    said: tuple[dict[int, Found], dict[int, Found]] = ({}, {})
    for index in longest:
        for way, quads in enumerate((upright, flipped)):
            found = said[way][index] = reader.first(picture, quads[index])
            if found.confidence >= options.surely_upright and readable(found.text) >= 3:
                return way, said[way]
    sums = [sum(found.confidence * readable(found.text) for found in way.values()) for way in said]
    turn = int(sums[1] > 1.1 * sums[0])
    return turn, said[turn]
