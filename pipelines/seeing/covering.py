"""Covers parts of a picture so that nothing of them is left, before anything is cut out of it or scaled.

What is covered is decided by `regions`. What goes wrong on the way withholds the picture: fails closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.events import TextLine
from pipelines.seeing.regions import Cover, SendRules, cover_for

Picture = NDArray[np.uint8]
Reader = Callable[[Picture], tuple[Sequence[TextLine], Sequence[TextLine]]]

CELLS: Final = 8  # what a blurred box keeps along its longer side: of a line of print not even the words' lengths
CELL_PX: Final = 24  # at least; a small box keeps fewer cells, down to one even tone


class Withheld(Exception):  # noqa: N818  # no fault: the wearer's own rule
    """The wearer's rules keep this picture back. The message says which, for the log."""


def cover_of(bgr: Picture, rules: SendRules, read: Reader) -> Cover:
    """What is covered in this very picture, (h, w, 3) uint8; `read` is called only if a rule asks for text: its lines,
    and those that could not be read surely. Never raises: what goes wrong withholds the picture."""
    height, width = bgr.shape[:2]
    try:
        lines, unread = read(bgr) if rules.need_text else (None, ())
        return cover_for(rules, width, height, lines, unread)
    except Exception as why:  # whatever it was, it is no reason to send
        return Cover((width, height), withheld=f"a rule could not be applied: {why!r}")


def covered(bgr: Picture, cover: Cover) -> Picture:
    """A copy of the frame (h, w, 3) uint8 in which nothing is left of what is covered; the frame itself if nothing is.

    A blurred box keeps the mean of at most 8 cells along its longer side, each 24 px or more: that cannot be undone,
    as a Gaussian can (deconvolution), since hundreds of pixels become one number. Raises Withheld if the picture may
    not be sent, or is not of the size that was judged.
    """
    if cover.withheld:
        raise Withheld(cover.withheld)
    height, width = bgr.shape[:2]
    if (width, height) != cover.size:
        raise Withheld(f"the picture is {width}x{height}, and {cover.size[0]}x{cover.size[1]} was judged")
    if not cover.boxes:
        return bgr
    out = bgr.copy()
    for (x, y, w, h), how in cover.boxes:
        part = out[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
        if 0 in part.shape:
            continue
        part[:] = _coarse(part) if how == "blur" else 0
    return out


def _coarse(part: Picture) -> Picture:
    """Each cell in its mean colour."""
    out = part.copy()
    longest = max(part.shape[:2])
    cells = max(1, min(CELLS, longest // CELL_PX))
    across, down = (max(1, cells * side // longest) for side in (part.shape[1], part.shape[0]))
    for rows in np.array_split(np.arange(part.shape[0]), down):
        for columns in np.array_split(np.arange(part.shape[1]), across):
            cell = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            count = len(rows) * len(columns)
            out[cell] = part[cell].reshape(count, -1).sum(axis=0, dtype=np.int64) // count
    return out
