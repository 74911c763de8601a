"""What stands in one row of a page: its boxes from left to right, what speaks against each, and ink that is in none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.events import TextLine
from pipelines.seeing import strokes
from pipelines.seeing.box import BoxReader
from pipelines.seeing.deskew import Quad
from pipelines.seeing.layout import OrderOptions, joined
from pipelines.seeing.page import Page
from pipelines.seeing.sense import is_to, may_be_to
from pipelines.seeing.trust import NOT_FOUND, Found, readable, settled, trusted

UNSURE = 0.6  # mean over the letters; below, it may be no writing at all
OVER = 0.25  # heights by which two boxes lie over each other, so that both may have read the same letter

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one box says, with its place on the levelled page, and "" or what speaks against it. Without text: a part
    in which no letters were found."""

    line: TextLine
    quad: Quad
    against: str
    found: Found

    @property
    def writing(self) -> bool:
        """Whether it is likely that something is written there at all."""
        return not self.against or (readable(self.line.text) >= 3 and self.line.confidence >= UNSURE)

    @property
    def named(self) -> bool:
        """Whether it is to be told that something stands there which cannot be read."""
        return bool(self.against) and (self.against == NOT_FOUND or readable(self.line.text) > 0)


def pieces(page: Page, reader: BoxReader, indices: list[int], places: list[Box]) -> list[Piece]:
    """The boxes of a row, from left to right, each judged by itself, by its neighbours, and by the ink around it."""
    trust, row = reader.options.trust, []
    for index, place in zip(indices, places, strict=True):
        found, against = reader.judged(page, index)
        line = TextLine(found.text, round(found.confidence, 4), place)
        row.append(Piece(line, page.quads[index], against or trusted(line, trust), found))
    row = _between_times(row)
    row = _one_over_another(page, reader, row)
    return [part for piece in row for part in _with_ends(piece, row)]


def runs(page: Page, row: list[Piece], order: OrderOptions) -> tuple[list[TextLine], list[TextLine]]:
    """(lines, parts without a box): what stands on both sides of something unread is not one line."""
    out: list[list[TextLine]] = [[]]
    missed: list[TextLine] = []
    before: Piece | None = None
    for piece in row:
        if not piece.against:
            if out[-1] and before is not None and _passed_over(page, before, piece, order):
                out.append([])
                missed.append(TextLine("", 0.0, _gap(before.line.box, piece.line.box)))
            out[-1].append(replace(piece.line, apart=len(out) > 1 and not out[-1]))
            before = piece
        elif piece.named:
            out.append([])
    return [line for run in out if run for line in joined(run, order)], missed


def _between_times(row: list[Piece]) -> list[Piece]:
    """A small "TO" between two times may be less sure than elsewhere; what may be one and has no time behind it is not
    said."""
    out = list(row)
    for at, piece in enumerate(row):
        before = row[at - 1].line.text if at and not row[at - 1].against else ""
        after = row[at + 1].line.text if at + 1 < len(row) and not row[at + 1].against else ""
        if piece.against and piece.line.confidence >= UNSURE and is_to(before, piece.line.text, after):
            out[at] = replace(piece, against="")
        elif not piece.against and may_be_to(before, piece.line.text, after):
            out[at] = replace(piece, against='it may be the "to" between two times')
    return out


def _one_over_another(page: Page, reader: BoxReader, row: list[Piece]) -> list[Piece]:
    """Two boxes that may have read the same letters, read as one; where that is not sure, the less sure is not said."""
    out: list[Piece] = []
    for piece in row:
        last = out[-1] if out else None
        if last is None or last.against or piece.against or not _twice(last.line, piece.line):
            out.append(piece)
            continue
        span = _span(last.quad, piece.quad)
        both = reader.first(page.picture, span)
        line = TextLine(both.text, round(both.confidence, 4), _union(last.line.box, piece.line.box))
        whole = readable(both.text) >= max(readable(last.line.text), readable(piece.line.text))
        if whole and settled([both], reader.options.trust) and not trusted(line, reader.options.trust):
            out[-1] = Piece(line, span, "", both)
        elif last.found.weakest < piece.found.weakest:
            out[-1:] = [replace(last, against="it lies over another box"), piece]
        else:
            out.append(replace(piece, against="it lies over another box"))
    return out


def _with_ends(piece: Piece, row: list[Piece]) -> list[Piece]:
    """The piece, and before and after it what stands in its box and was not read."""
    if piece.against or not (piece.found.before or piece.found.after):
        return [piece]
    x, y, width, height = piece.line.box
    first, last = round(piece.found.reach[0] * width - height / 2), round(piece.found.reach[1] * width + height / 2)
    out = [piece]
    for there, at, box in (
        (piece.found.before, 0, (x, y, max(1, first), height)),
        (piece.found.after, len(out), (x + last, y, max(1, width - last), height)),
    ):
        taken = any(_gap_px(box, other.line.box) < 0 for other in row if other is not piece)
        if there and not taken:
            out.insert(at, Piece(TextLine("", 0.0, box), piece.quad, NOT_FOUND, Found("", 0.0, 0.0)))
    return out


def _passed_over(page: Page, left: Piece, right: Piece, order: OrderOptions) -> bool:
    """Whether these two would be one line, and strokes stand between them."""
    if len(joined([left.line, right.line], order)) > 1:
        return False
    return strokes.between(page.picture, left.quad, left.found.reach[1], right.quad, right.found.reach[0])


def _twice(left: TextLine, right: TextLine) -> bool:
    """Whether both may have read the same letters: they lie over each other, and the one ends as the other begins, or
    holds it. "NO" beside "PARKING" has no letter of it."""
    over = _gap_px(left.box, right.box) < -OVER * min(left.box[3], right.box[3])
    one, other = ("".join(filter(str.isalnum, line.text.casefold())) for line in (left, right))
    return over and (one[-1:] == other[:1] or one in other or other in one)


def _gap_px(left: Box, right: Box) -> int:
    return max(left[0], right[0]) - min(left[0] + left[2], right[0] + right[2])


def _span(left: Quad, right: Quad) -> Quad:
    return np.stack([left[0], right[1], right[2], left[3]])


def _gap(left: Box, right: Box) -> Box:
    start = left[0] + left[2]
    return start, min(left[1], right[1]), max(1, right[0] - start), max(left[3], right[3])


def _union(a: Box, b: Box) -> Box:
    x, y = min(a[0], b[0]), min(a[1], b[1])
    return x, y, max(a[0] + a[2], b[0] + b[2]) - x, max(a[1] + a[3], b[1] + b[3]) - y
