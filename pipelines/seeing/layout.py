"""Which of the strings found in a picture are text, and in which order a person reads them.

Pure geometry and counting: fragments in (one per box the recogniser found), lines out. Two questions, two functions:
`trusted` decides whether a fragment is said at all, `in_reading_order` puts what is left into lines.

Rows: fragments whose boxes overlap vertically by half of the smaller height stand in one row; rows go from top to
bottom, a row from left to right; neighbours closer than one letter height are one line. Columns: only when a
clear gutter has prose on both sides; short cells beside each other (a menu and its prices) are read across.

Not here yet: sense. "8 A.M. / TO / 3 P.M." comes out in the right order, but nobody repairs "10" to "TO"; that repair
would take the lines of `in_reading_order` and belongs after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pipelines.events import TextLine

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class TrustOptions:
    """When a string is believed. Checked on the photographs and cards of tests/test_seeing.py."""

    min_confidence: float = 0.85  # a parking sign was misread below ("7 A.T0 8AM." 0.77, "3PMT7PM" 0.84)
    min_confidence_short: float = 0.90  # up to four letters: little to hold on to, often a texture
    min_confidence_single: float = 0.95  # one letter: a chin or a switch looks like "D" at 0.68; a real "2" gives 1.0
    short_letters: int = 4
    min_height_px: int = 8  # letters lower than this are guessed from their neighbours
    min_readable_share: float = 0.6  # letters and digits among the visible characters; "~·|-" patterns are fences


@dataclass(frozen=True, slots=True)
class OrderOptions:
    """How boxes become rows, lines and columns. Distances are in heights of the letters concerned."""

    row_overlap: float = 0.5  # of the smaller height; less and slightly tilted rows would merge with the next
    join_gap: float = 1.0  # of the smaller height; a word space is under one, cells of a table are further apart
    size_ratio: float = 1.6  # a headline and the small print or badge beside it are not one line
    gutter: float = 1.5  # white between two columns
    column_lines: int = 3  # fewer lines side by side are a table or a coincidence
    column_letters: int = 12  # prose lines are longer; prices and times are not


def readable(text: str) -> int:
    """How many letters and digits, of any script, are in the text."""
    return sum(char.isalnum() for char in text)


def trusted(line: TextLine, options: TrustOptions) -> str:
    """ "" if the string can be said aloud as read, else what speaks against it."""
    visible = sum(not char.isspace() for char in line.text)
    letters = readable(line.text)
    if letters == 0 or letters < options.min_readable_share * visible:
        return "mostly marks, not letters"
    if min(line.box[2], line.box[3]) < options.min_height_px:
        return "too small"
    needed = options.min_confidence
    if letters == 1:
        needed = options.min_confidence_single
    elif letters <= options.short_letters:
        needed = options.min_confidence_short
    return "" if line.confidence >= needed else f"confidence {line.confidence:.2f}, {needed:.2f} needed"


def in_reading_order(fragments: Sequence[TextLine], options: OrderOptions) -> tuple[TextLine, ...]:
    """Fragments in any order -> lines in the order in which a person reads them, near fragments of a row joined."""
    lines: list[TextLine] = []
    for column in _columns(list(fragments), options):
        for row in _rows(column, options):
            lines.extend(_joined(row, options))
    return tuple(lines)


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


def _joined(row: list[TextLine], options: OrderOptions) -> list[TextLine]:
    lines: list[TextLine] = []
    for fragment in row:
        if lines and _one_line(lines[-1].box, fragment.box, options):
            last = lines.pop()
            fragment = TextLine(
                f"{last.text} {fragment.text}",
                min(last.confidence, fragment.confidence),
                _union(last.box, fragment.box),
            )
        lines.append(fragment)
    return lines


def _one_line(left: Box, right: Box, options: OrderOptions) -> bool:
    smaller, larger = sorted((left[3], right[3]))
    return larger <= options.size_ratio * max(1, smaller) and _gap(left, right) <= options.join_gap * smaller


def _gap(a: Box, b: Box) -> int:
    """Horizontal white between two boxes; negative when they overlap sideways."""
    return max(a[0], b[0]) - min(a[0] + a[2], b[0] + b[2])


def _middle(box: Box) -> float:
    return box[1] + box[3] / 2


def _union(a: Box, b: Box) -> Box:
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return (left, top, right - left, bottom - top)
