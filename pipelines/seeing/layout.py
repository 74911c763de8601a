"""In which order a person reads what stands in a picture.

Pure geometry: fragments in (one per box the recogniser found), lines out. `reading_rows` needs the boxes only, so the
order is known before a word is read, and the first line can be said while the second is being recognised.

Rows: fragments whose boxes overlap vertically by half of the smaller height stand in one row; rows go from top to
bottom, a row from left to right; neighbours closer than one letter height are one line. Columns: only when a
clear gutter has prose on both sides; short cells beside each other (a menu and its prices) are read across.

What the lines mean together, prices beside their items and a "10" that was a "to", is `pipelines.seeing.sense`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pipelines.events import TextLine
from pipelines.seeing.trust import TrustOptions as TrustOptions
from pipelines.seeing.trust import readable
from pipelines.seeing.trust import trusted as trusted

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class OrderOptions:
    """How boxes become rows, lines and columns. Distances are in heights of the letters concerned."""

    row_overlap: float = 0.5  # of the smaller height; less and slightly tilted rows would merge with the next
    join_gap: float = 1.0  # of the smaller height; a word space is under one, cells of a table are further apart
    size_ratio: float = 1.6  # a headline and the small print or badge beside it are not one line
    off_line: float = 0.33  # of the smaller height, between both their middles and their feet: a badge beside a title
    gutter: float = 1.5  # white between two columns
    column_lines: int = 3  # fewer lines side by side are a table or a coincidence
    column_letters: int = 12  # prose lines are longer; prices and times are not


def in_reading_order(fragments: Sequence[TextLine], options: OrderOptions) -> tuple[TextLine, ...]:
    """Fragments in any order -> lines in the order in which a person reads them, near fragments of a row joined."""
    return tuple(line for row in reading_rows(fragments, options) for line in joined(row, options))


def reading_rows(fragments: Sequence[TextLine], options: OrderOptions) -> list[list[TextLine]]:
    """The same fragments, row after row as they are read. Of the text only its length counts, to tell prose."""
    return [row for column in _columns(list(fragments), options) for row in _rows(column, options)]


def _columns(fragments: list[TextLine], options: OrderOptions) -> list[list[TextLine]]:
    """Split at the widest gutter that runs through all fragments, while both sides are prose."""
    if len(fragments) < 2 * options.column_lines:
        return [fragments]
    height = median(fragment.box[3] for fragment in fragments)
    by_left = sorted(fragments, key=lambda fragment: fragment.box[0])
    best_gap, cut, right_edge = options.gutter * height, 0, 0
    for index, fragment in enumerate(by_left):
        gap = fragment.box[0] - right_edge
        if index and gap >= best_gap and _prose(by_left[:index], options) and _prose(by_left[index:], options):
            best_gap, cut = gap, index
        right_edge = max(right_edge, fragment.box[0] + fragment.box[2])
    if not cut:
        return [fragments]
    return _columns(by_left[:cut], options) + _columns(by_left[cut:], options)


def _prose(fragments: list[TextLine], options: OrderOptions) -> bool:
    if len(fragments) < options.column_lines:
        return False
    return median(readable(fragment.text) for fragment in fragments) >= options.column_letters


def _rows(fragments: list[TextLine], options: OrderOptions) -> list[list[TextLine]]:
    rows: list[list[TextLine]] = []
    for fragment in sorted(fragments, key=lambda f: (_middle(f.box), f.box[0])):
        home = next((row for row in reversed(rows) if _beside(row, fragment, options)), None)
        if home is None:
            rows.append([fragment])
        else:
            home.append(fragment)
    for row in rows:
        row.sort(key=lambda f: f.box[0])
    return rows


def _beside(row: list[TextLine], fragment: TextLine, options: OrderOptions) -> bool:
    """Does it stand in the row: level with the member nearest to it sideways, and not on top of any member?"""
    nearest = min(row, key=lambda member: _gap(member.box, fragment.box))
    if any(_gap(member.box, fragment.box) < -0.5 * min(member.box[2], fragment.box[2]) for member in row):
        return False
    top = max(nearest.box[1], fragment.box[1])
    bottom = min(nearest.box[1] + nearest.box[3], fragment.box[1] + fragment.box[3])
    return bottom - top >= options.row_overlap * min(nearest.box[3], fragment.box[3])


def joined(row: Sequence[TextLine], options: OrderOptions) -> list[TextLine]:
    """The fragments of one row, those closer than a word space made one line with the lower of both confidences."""
    lines: list[TextLine] = []
    for fragment in row:
        if lines and _one_line(lines[-1].box, fragment.box, options):
            last = lines.pop()
            fragment = TextLine(
                f"{last.text} {fragment.text}",
                min(last.confidence, fragment.confidence),
                _union(last.box, fragment.box),
                last.apart,
            )
        lines.append(fragment)
    return lines


def _one_line(left: Box, right: Box, options: OrderOptions) -> bool:
    smaller, larger = sorted((left[3], right[3]))
    if larger > options.size_ratio * max(1, smaller) or _gap(left, right) > options.join_gap * smaller:
        return False
    feet = abs(left[1] + left[3] - right[1] - right[3])
    return min(abs(_middle(left) - _middle(right)), feet) <= options.off_line * smaller


def _gap(a: Box, b: Box) -> int:
    """Horizontal white between two boxes; negative when they overlap sideways."""
    return max(a[0], b[0]) - min(a[0] + a[2], b[0] + b[2])


def _middle(box: Box) -> float:
    return box[1] + box[3] / 2


def _union(a: Box, b: Box) -> Box:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return (left, top, right - left, bottom - top)
