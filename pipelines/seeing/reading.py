"""Text read from a picture on this machine, verbatim, and silence where there is none.

Boxes are found in as many looks as they need (`finder`). The order follows from the boxes alone (`layout`), so every
box is then cut from the full picture and recognised as its turn comes, and the first row can be spoken while the next
is being read. A box that does not read surely is read again, cut a little wider, and what cannot be trusted (`trust`)
or fades into a light (`closer`) is set aside, never said. Where writing runs off the picture is told (`edges`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from pipelines.events import TextLine
from pipelines.seeing import closer, deskew
from pipelines.seeing.deskew import Picture, Quad, cut_out, goes_on, reduced, sides
from pipelines.seeing.edges import EdgeOptions, cut_edges, reached
from pipelines.seeing.finder import Finder
from pipelines.seeing.layout import OrderOptions, joined, reading_rows
from pipelines.seeing.lift import lifted
from pipelines.seeing.quality import QualityOptions, glare, luma, out_of_focus
from pipelines.seeing.recogniser import Recogniser
from pipelines.seeing.sense import is_to
from pipelines.seeing.trust import BLURRED, Found, TrustOptions, doubted, grown, readable, settled, trusted, weighed

WIDER, TIGHTER = 0.12, -0.05  # second and third reading of a box: more or less round it, in heights of the box
SMALLER_PX = 28  # height of the third reading; blurred letters read best when they are small (92 of 99 lines, else 89)
FURTHER = 1.5  # more at both ends of a box that was found too short, in heights
UNSURE = 0.6  # mean over the letters; below, it may be no writing at all
FADES = "it fades into a light"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How the reader spends its time."""

    threads: int = 1  # the second core belongs to speech recognition, which runs at the same moment
    # Longest side for finding boxes. 736: a 720p sign in 0.07 s; what is small is looked at again, larger.
    detect_px: int = 736
    second_look_px: int = 1280  # tried once if nothing was found in a larger picture: small print; 0.2 s
    max_px: int = 2560  # larger pictures are reduced first, which bounds memory and time
    max_boxes: int = 60  # about a page, at about 15 ms a box; the largest are kept
    surely_upright: float = 0.93  # the widest box reads 0.97 and more upright, "08:5 0:40" at 0.76 upside down
    tall_ratio: float = 1.5  # a box this much taller than wide may hold a line that runs up or down
    askew: float = 6.0  # degrees; what leans less reads as well as level
    small_px: float = 20.0  # height of the middle box as the finder saw it; below, an enlarged look finds more
    level_px: float = 32.0  # the height it is enlarged to
    looks: int = 2  # at the levelled part; the second only if the first found the writing to reach further
    trust: TrustOptions = field(default_factory=TrustOptions)
    order: OrderOptions = field(default_factory=OrderOptions)
    edges: EdgeOptions = field(default_factory=EdgeOptions)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, in reading order, and what was set aside, each with the reason.

    `cut`: edges of the picture at which writing runs off: "left", "right", "top", "bottom". `hampered`: what of the
    picture keeps writing from being read: "glare", "blurred", or "". `more`: this is a part, and more may follow;
    `doubtful`, `cut` and `hampered` are known with the last part only.
    """

    lines: tuple[TextLine, ...]
    doubtful: tuple[tuple[TextLine, str], ...] = ()
    cut: tuple[str, ...] = ()
    more: bool = False
    hampered: str = ""


@dataclass(frozen=True, slots=True)
class _Page:
    """Boxes found in a picture, each beginning where its text begins, and the direction in which the page runs."""

    picture: Picture
    quads: list[Quad]
    degrees: float
    known: dict[int, Found]
    faint: list[Quad]  # where a row may stand besides, as the first look saw it
    reflection: bool  # a light is mirrored in it
    white: bool  # more than half of it is blown out: a scanned page, or overexposed


class TextReader:
    """Built once and shared; the models are loaded at the first use or by `warm`."""

    def __init__(self, options: ReadingOptions | None = None) -> None:
        self.options = options or ReadingOptions()
        self._engine = Recogniser(self.options.threads, max(self.options.detect_px, self.options.second_look_px))
        self._finder = Finder(self._engine, self.options)

    def warm(self) -> None:
        """Load both models and run them once, so that the first question does not pay for it (one to two seconds)."""
        card = np.full((240, 480, 3), 255, np.uint8)
        self._engine.boxes(card, self.options.detect_px)
        self._engine.text(card[:48])

    def read(self, bgr: Picture) -> tuple[TextLine, ...]:
        """Lines in reading order; boxes in pixels of `bgr` (h, w, 3) uint8. Empty where no text can be trusted."""
        return self.read_all(bgr).lines

    def read_all(self, bgr: Picture) -> Reading:
        """As `read`, with what was not trusted, so that it can be named unreadable, and the edges that cut the text."""
        parts = list(self.parts(bgr))
        return replace(parts[-1], lines=tuple(line for part in parts for line in part.lines))

    def parts(self, bgr: Picture) -> Iterator[Reading]:
        """The same lines row by row, as soon as each is read; the last part has `more` False, and is always there.

        Raises ValueError for a picture of another shape, when the first part is asked for.
        """
        picture, scale = reduced(_checked(bgr), self.options.max_px)
        page = self._page(lifted(picture))
        boxes = deskew.level(page.quads, page.degrees)
        unread = [TextLine("n" * max(1, round(1.8 * box[2] / max(1, box[3]))), 1.0, box) for box in boxes]
        places = {id(line): index for index, line in enumerate(unread)}
        kept: list[Quad] = []
        doubtful: list[tuple[TextLine, str]] = []
        waiting: tuple[TextLine, ...] = ()
        said = False
        for row in reading_rows(unread, self.options.order):
            if waiting:
                yield Reading(waiting, more=True)
            runs: list[list[TextLine]] = [[]]  # what stands on both sides of something unread is not one line
            before: tuple[TextLine, Quad] | None = None  # the last one that was read
            for line, quad, against in self._pieces(page, [places[id(place)] for place in row], row):
                if not against:
                    if runs[-1] and before is not None and self._passed_over(page, *before, line, quad):
                        runs.append([])
                        between = TextLine("", 0.0, _between(before[0].box, line.box))
                        doubtful.append((_placed(between, page.degrees, scale, bgr.shape), "no box was found for it"))
                    before = line, quad
                    runs[-1].append(replace(line, apart=len(runs) > 1 and not runs[-1]))
                    kept.append(quad)
                elif readable(line.text):
                    runs.append([])
                    doubtful.append((_placed(line, page.degrees, scale, bgr.shape), against))
                    if readable(line.text) >= 3 and line.confidence >= UNSURE:
                        kept.append(quad)
            lines = [line for run in runs if run for line in joined(run, self.options.order)]
            said = said or bool(lines)
            waiting = tuple(_placed(line, page.degrees, scale, bgr.shape) for line in lines)
        if said:
            missed = deskew.level(self._unfound(page), page.degrees)
            faint = [_placed(TextLine("", 0.0, box), page.degrees, scale, bgr.shape) for box in missed]
            doubtful += [(line, "seen only faintly") for line in faint]
        cut = cut_edges(picture, kept, page.faint, self.options.edges)
        yield Reading(waiting, tuple(doubtful), cut, hampered=_hampered(page, [why for _, why in doubtful], said))

    def _page(self, picture: Picture) -> _Page:
        """The boxes, as many looks as they need, and which way is up."""
        first = self._finder.first(picture)
        quads, degrees = self._finder.levelled(picture, first)
        quads = sorted(quads, key=deskew.area, reverse=True)[: self.options.max_boxes]
        upright = [deskew.oriented(quad, degrees) for quad in quads]
        flipped = [deskew.oriented(quad, degrees + 180) for quad in quads]
        turn, known = self._upside_down(picture, upright, flipped)
        light = glare(luma(picture)) if quads else 0.0
        white = light >= QualityOptions().glare_most
        reflection = light >= closer.REFLECTION and not white
        return _Page(picture, flipped if turn else upright, degrees + 180 * turn, known, first.faint, reflection, white)

    def _upside_down(self, picture: Picture, upright: list[Quad], flipped: list[Quad]) -> tuple[int, dict[int, Found]]:
        """1 if the page stands on its head, judged by up to three of its longest boxes, and what they said.

        An upright page pays nothing: its longest box reads well, and what it says is handed on by its index.
        """
        longest = sorted(range(len(upright)), key=lambda index: sides(upright[index])[0], reverse=True)[:3]
        said: tuple[dict[int, Found], dict[int, Found]] = ({}, {})
        for index in longest:
            said[0][index] = self._first_reading(picture, upright[index])
            if said[0][index].confidence >= self.options.surely_upright and readable(said[0][index].text) >= 3:
                return 0, said[0]
            said[1][index] = self._first_reading(picture, flipped[index])
            if said[1][index].confidence >= self.options.surely_upright and readable(said[1][index].text) >= 3:
                return 1, said[1]
        sums = [sum(found.confidence * readable(found.text) for found in way.values()) for way in said]
        turn = int(sums[1] > 1.1 * sums[0])
        return turn, said[turn]

    def _pieces(self, page: _Page, indices: list[int], row: list[TextLine]) -> list[tuple[TextLine, Quad, str]]:
        """What stands in a row: each with its box, and "" or what speaks against it."""
        pieces = []
        for index, place in zip(indices, row, strict=True):
            found, against = self._judged(page, index)
            line = TextLine(found.text, round(found.confidence, 4), place.box)
            pieces.append((line, page.quads[index], against or trusted(line, self.options.trust)))
        for at in range(1, len(pieces) - 1):
            (before, _, one), (line, quad, against), (after, _, other) = pieces[at - 1 : at + 2]
            sure = against and not one and not other and line.confidence >= UNSURE
            if sure and is_to(before.text, line.text, after.text):
                pieces[at] = (line, quad, "")
        return pieces

    def _passed_over(self, page: _Page, left: TextLine, one: Quad, right: TextLine, other: Quad) -> bool:
        """Whether these two would be one line, and strokes stand between them."""
        return len(joined([left, right], self.options.order)) == 1 and closer.between(page.picture, one, other)

    def _judged(self, page: _Page, index: int) -> tuple[Found, str]:
        """What the box says after as many readings as it takes, and "" or what speaks against it."""
        quad, trust = page.quads[index], self.options.trust
        if _fades(page, quad):
            return page.known.get(index) or self._first_reading(page.picture, quad), FADES
        found, against = self._weighed(page, index)
        if readable(found.text) <= 2 and _fades(page, deskew.widened(quad, 0.0, FURTHER)):  # all that is left of a word
            return found, FADES
        return found, against or doubted(found, partial(closer.blurred, page.picture, quad), trust)

    def _weighed(self, page: _Page, index: int) -> tuple[Found, str]:
        quad, trust = page.quads[index], self.options.trust
        readings = [page.known.get(index) or self._first_reading(page.picture, quad)]
        if settled(readings, trust) and self._cut_short(page, index):
            whole = self._reading(page.picture, quad, WIDER, FURTHER)
            words = f" {whole.text} "
            if (
                f" {readings[0].text} " in words
                and grown(readings[0].text, whole.text)
                and (whole.weakest >= trust.stands_alone)
            ):
                return whole, ""
        while not settled(readings, trust):
            if len(readings) == 1:
                readings.append(self._reading(page.picture, quad, WIDER))
            elif grown(readings[0].text, readings[1].text):  # the box ended too early: reach further along the line
                readings.append(self._reading(page.picture, quad, WIDER, FURTHER))
            else:
                readings.append(self._reading(page.picture, quad, TIGHTER, letter_px=SMALLER_PX))
        return weighed(readings, trust)

    def _unfound(self, page: _Page) -> list[Quad]:
        """What was faintly seen, and not found by a closer look either. What an edge cuts is told by that."""
        return [
            faint
            for faint in page.faint
            if not reached(page.picture.shape, faint, self.options.edges)
            and not any(deskew.holds(quad, faint) or deskew.holds(faint, quad) for quad in page.quads)
        ]

    def _cut_short(self, page: _Page, index: int) -> bool:
        """Whether a word stands right beside this box, and in no other: the box ended too early."""
        quad = page.quads[index]
        if not goes_on(page.picture, quad):
            return False
        reach = deskew.widened(quad, 0.0, FURTHER)
        return not any(deskew.meet(reach, other) for place, other in enumerate(page.quads) if place != index)

    def _first_reading(self, picture: Picture, quad: Quad) -> Found:
        return self._reading(picture, quad, 0.0)

    def _reading(self, picture: Picture, quad: Quad, margin: float, along: float = 0.0, letter_px: int = 0) -> Found:
        """What one box says; a box taller than wide is tried as a line that runs up or down, too."""
        crop = cut_out(picture, quad, margin, along)
        if letter_px:
            crop = reduced(crop, round(max(crop.shape[:2]) * letter_px / min(crop.shape[:2])))[0]
        width, height = sides(quad)
        ways = (0,) if height < self.options.tall_ratio * width else (1, 3) if height > 3 * width else (0, 1, 3)
        lines = [np.rot90(crop, turns) for turns in ways]
        found, line = max(((self._engine.text(line), line) for line in lines), key=lambda one: one[0].confidence)
        return replace(found, skipped=closer.skipped(np.ascontiguousarray(line), found.gaps))


def _fades(page: _Page, quad: Quad) -> bool:
    light = page.reflection or (not page.white and closer.blown(page.picture, quad))
    return light and closer.fades(page.picture, quad)


def _hampered(page: _Page, doubts: list[str], said: bool) -> str:
    """What of the picture keeps writing from being read. One blurred box is no blurred picture: then no edge in it is
    sharp."""
    if FADES in doubts:
        return "glare"
    asked = BLURRED in doubts or (not said and bool(page.quads or page.faint))
    return "blurred" if asked and out_of_focus(luma(page.picture)) else ""


def _checked(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"TextReader: a picture of shape {picture.shape}; give (height, width, 3) bytes, BGR")
    return picture


def _between(left: tuple[int, int, int, int], right: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    start = left[0] + left[2]
    return start, min(left[1], right[1]), max(1, right[0] - start), max(left[3], right[3])


def _placed(line: TextLine, degrees: float, scale: float, shape: tuple[int, ...]) -> TextLine:
    """The line with its box, so far on the levelled page, in pixels of the picture as it came, of `shape`."""
    x, y, width, height = line.box
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)
    left, top, across, tall = deskew.bounds(np.round(deskew.moved(corners, deskew.rotation(degrees)) / scale))
    right, bottom = min(shape[1], left + across), min(shape[0], top + tall)
    left, top = max(0, left), max(0, top)
    return replace(line, box=(left, top, max(0, right - left), max(0, bottom - top)))
