"""Ink that nobody has read: in a wide gap of a line, before its first letter, after its last, between two boxes.

Where letters were read is known from the recogniser, within a sixth of the line's height. What stands well clear of
them, is no dot and no frame, and is as strong as a third of the letters' own ink, is writing that was passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.seeing.deskew import Picture, Quad, cut_out, sides

TRACE, STROKE, BAR = 0.04, 0.2, 0.9  # of a column that is ink: any, a stroke's (a dot has less), a frame's
LEAST_RUN = 0.1  # of the line's height: a letter is wider
CLEAR = 0.4  # heights between the middle of a letter that was read and the middle of one that was not
ROOM = 0.75  # heights before the middle of the first letter, in which another one has room
WORD, LETTER = 0.15, 0.35  # height of a small "TO" between two times, and of a "1" before a word, by the line's
THIN = 0.06  # a stroke is at least so wide
FAINT = 0.35  # of the letters' strength
WEAK = 24.0  # grey levels; below it is grain


def passed_over(line: Picture, gaps: Sequence[tuple[float, float]]) -> bool:
    """Whether strokes stand in a gap between two letters of a line, (h, w, 3) uint8. `gaps`: from letter to letter, in
    shares of the width; the first and last strokes in each are those letters'."""
    import cv2

    if not gaps:
        return False
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    tall, wide = grey.shape
    limit, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = (grey <= limit) if dark.mean() < 0.5 else (grey > limit)
    for start, end in gaps:
        columns = ink[:, round(start * wide) : round(end * wide)].mean(axis=0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (columns > TRACE).astype(np.int8), [0]])))
        runs = list(zip(edges[::2], edges[1::2], strict=True))[1:-1]
        if any(b - a >= LEAST_RUN * tall and STROKE <= columns[a:b].max() <= BAR for a, b in runs):
            return True
    return False


def beyond(line: Picture, reach: tuple[float, float]) -> tuple[bool, bool]:
    """Whether a letter stands before the first that was read, and after the last. `reach`: where those two are."""
    tall, wide = line.shape[:2]
    first, last = reach[0] * wide, reach[1] * wide
    ends = ((0.0, first) if first >= ROOM * tall else None, (last, float(wide)) if wide - last >= ROOM * tall else None)
    if ends == (None, None):
        return False, False
    grey = _inked(line)
    before, after = (end is not None and _stands(grey, end, LETTER, (at == 1, at == 0)) for at, end in enumerate(ends))
    return before, after


def between(picture: Picture, left: Quad, last: float, right: Quad, first: float) -> bool:
    """Whether a word stands between two boxes of a row. `last`, `first`: where the last letter of the one and the first
    of the other are, in shares of their boxes."""
    span = np.stack([left[0], right[1], right[2], left[3]])
    one, other, whole = (max(1.0, sides(quad)[0]) for quad in (left, right, span))
    ends = last * one / whole, 1 - (1 - first) * other / whole
    line = cut_out(picture, span)
    tall, wide = line.shape[:2]
    if (ends[1] - ends[0]) * wide < 2 * CLEAR * tall:
        return False
    return _stands(_inked(line), (ends[0] * wide, ends[1] * wide), WORD, (True, True))


def _inked(line: Picture) -> Any:
    """Its grey values, turned so that ink is dark."""
    import cv2

    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    return grey if dark.mean() < 0.5 else 255 - grey


def _stands(grey: Any, ends: tuple[float, float], least: float, letters: tuple[bool, bool]) -> bool:
    """Whether a piece of ink `least` of the height high stands between two columns. `letters`: at which of the two
    ends is one, which the piece must be clear of."""
    import cv2

    tall = grey.shape[0]
    start, stop = max(0, round(ends[0])), round(ends[1])
    region = grey[:, start:stop]
    if region.shape[1] < 3 or tall < 8:
        return False
    ground, ink = float(np.median(region)), float(np.percentile(grey, 5))
    if ground - ink < WEAK:
        return False
    mask = (region < ground - FAINT * (ground - ink)).astype(np.uint8)
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask)
    for (x, y, width, height, _), (middle, _) in zip(stats[1:count], middles[1:count], strict=True):
        if x == 0 or x + width == region.shape[1] or height > BAR * tall:
            continue
        if (y == 0 or y + height == tall) and height < 2 * WORD * tall:  # of the row above or below
            continue
        if height < least * tall or width < THIN * tall:
            continue
        clear = (not letters[0] or middle >= CLEAR * tall, not letters[1] or region.shape[1] - middle >= CLEAR * tall)
        if all(clear):
            return True
    return False
