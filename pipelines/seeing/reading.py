"""Text read from a picture on this machine, verbatim, and silence where there is none.

Boxes are found in as many looks as they need (`finder`) and laid on a page the right way up (`page`). The order follows
from the boxes alone (`layout`), so every box is then cut from the full picture and recognised as its turn comes
(`box`), and the first row can be spoken while the next is being read. What cannot be trusted (`trust`), fades into a
light (`closer`) or was passed over (`strokes`) is set aside, never said, and keeps its neighbours in the row apart
(`row`). Where writing runs off the picture is told (`edges`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.events import TextLine
from pipelines.seeing import deskew
from pipelines.seeing.box import BoxReader
from pipelines.seeing.deskew import Picture, Quad, reduced
from pipelines.seeing.edges import cut_edges
from pipelines.seeing.finder import Finder
from pipelines.seeing.layout import reading_rows
from pipelines.seeing.lift import lifted
from pipelines.seeing.page import laid, unfound
from pipelines.seeing.reading_options import ReadingOptions
from pipelines.seeing.recogniser import Recogniser
from pipelines.seeing.row import pieces, runs
from pipelines.seeing.trust import NOT_FOUND


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


class TextReader:
    """Built once and shared; the models are loaded at the first use or by `warm`."""

    def __init__(self, options: ReadingOptions | None = None) -> None:
        self.options = options or ReadingOptions()
        self._engine = Recogniser(self.options.threads, max(self.options.detect_px, self.options.second_look_px))
        self._finder = Finder(self._engine, self.options)
        self._boxes = BoxReader(self._engine, self.options)

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
        page = laid(lifted(picture), self._finder, self._boxes, self.options)
        boxes = deskew.level(page.quads, page.degrees)
        unread = [TextLine("n" * max(1, round(1.8 * box[2] / max(1, box[3]))), 1.0, box) for box in boxes]
        numbers = {id(line): index for index, line in enumerate(unread)}

        def placed(line: TextLine) -> TextLine:
            return _placed(line, page.degrees, scale, bgr.shape)

        kept: list[Quad] = []
        doubtful: list[tuple[TextLine, str]] = []
        waiting: tuple[TextLine, ...] = ()
        said = False
        for row in reading_rows(unread, self.options.order):
            if waiting:
                yield Reading(waiting, more=True)
            found = pieces(page, self._boxes, [numbers[id(place)] for place in row], [place.box for place in row])
            lines, missed = runs(page, found, self.options.order)
            kept += [piece.quad for piece in found if piece.writing]
            doubtful += [(placed(piece.line), piece.against) for piece in found if piece.named]
            doubtful += [(placed(line), NOT_FOUND) for line in missed]
            said = said or bool(lines)
            waiting = tuple(map(placed, lines))
        if said:
            missed = [TextLine("", 0.0, box) for box in deskew.level(unfound(page, self.options), page.degrees)]
            doubtful += [(placed(line), "seen only faintly") for line in missed]
        cut = cut_edges(picture, kept, page.faint, self.options.edges)
        yield Reading(waiting, tuple(doubtful), cut, hampered=page.hampered([why for _, why in doubtful], said))


def _checked(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"TextReader: a picture of shape {picture.shape}; give (height, width, 3) bytes, BGR")
    return picture


def _placed(line: TextLine, degrees: float, scale: float, shape: tuple[int, ...]) -> TextLine:
    """The line with its box, so far on the levelled page, in pixels of the picture as it came, of `shape`."""
    x, y, width, height = line.box
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)
    left, top, across, tall = deskew.bounds(np.round(deskew.moved(corners, deskew.rotation(degrees)) / scale))
    right, bottom = min(shape[1], left + across), min(shape[0], top + tall)
    left, top = max(0, left), max(0, top)
    return replace(line, box=(left, top, max(0, right - left), max(0, bottom - top)))
