"""Where writing runs off the picture: "turn a little to the right".

A box that reaches the edge is no proof, a page may be framed tightly. What counts is ink in the box right at the edge:
there the letter goes on outside. A picture that ends between two letters shows nothing of it and goes unnoticed. A row
that the upper or lower edge cuts along its length is seen faintly by the finder, or not at all: then strokes at the
edge are looked for, where that row would stand. Some are still missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.seeing.deskew import Picture, Quad, bounds, sides

EDGES = ("left", "right", "top", "bottom")


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """Distances in heights of the line's box, which is about one and a half letters high."""

    near: float = (
        0.35  # boxes are drawn wider than the letters; a box further from the edge than this does not reach it
    )
    strip: float = 0.05  # at the edge, at least two pixels: ink in it runs on outside
    ink: float = 0.35  # share of the line's contrast by which ink differs from the ground
    share: float = 0.08  # of the strip that is ink; one stroke of a cut letter is 0.1 and more
    next_row: float = 1.4  # white from the last row to the edge, at most, for a cut row to stand there
    strokes: int = 5  # of a cut row at the edge, each at most `stroke` wide; a frame or a paper's end is one
    stroke: float = 0.6
    most_ink: float = 0.6  # of the strip; more is no row of letters
    min_contrast: float = 25.0  # grey levels between ink and ground; less is no writing


def cut_edges(picture: Picture, quads: list[Quad], faint: list[Quad], options: EdgeOptions) -> tuple[str, ...]:
    """Edges of the picture, (h, w, 3) uint8, where the writing in the boxes goes on outside; in the order of EDGES.
    `faint`: where a row of this writing may stand besides: one that the edge cuts along its length is seen so."""
    found = {
        edge
        for quad in (*quads, *(faint if quads else ()))
        for edge in reached(picture.shape, quad, options)
        if _inked(picture, quad, edge, options)
    }
    if quads:
        found |= {edge for edge in ("top", "bottom") if edge not in found and _row_cut(picture, quads, edge, options)}
    return tuple(edge for edge in EDGES if edge in found)


def reached(shape: tuple[int, ...], quad: Quad, options: EdgeOptions) -> list[str]:
    """The edges of a picture of this shape that a box comes near to."""
    x, y, width, height = bounds(quad)
    near = max(2.0, options.near * min(sides(quad)))
    gaps = {"left": x, "right": shape[1] - x - width, "top": y, "bottom": shape[0] - y - height}
    return [edge for edge, gap in gaps.items() if gap <= near]


def _row_cut(picture: Picture, quads: list[Quad], edge: str, options: EdgeOptions) -> bool:
    """Whether strokes as of the same writing stand at the upper or lower edge, with white between them and the nearest
    row: a row of which the finder saw nothing."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if edge == "bottom":  # seen upside down, so that the edge is row 0
        grey = grey[::-1]
        quads = [
            np.array([0, picture.shape[0] - 1], np.float32) + quad * np.array([1, -1], np.float32) for quad in quads
        ]
    boxes = [bounds(quad) for quad in quads]
    x, y, width, height = min(boxes, key=lambda box: box[1])
    tall = min(width, height)
    left, right = max(0, min(box[0] for box in boxes)), max(box[0] + box[2] for box in boxes)
    near = grey[max(0, y) : y + height, max(0, x) : x + width]
    if not 0.1 * tall <= y <= options.next_row * tall or near.size < 16:
        return False
    low, ground, high = (float(value) for value in np.percentile(near, (3, 50, 97)))
    if high - low < options.min_contrast:
        return False
    ink = np.abs(grey[:y, left:right].astype(np.float32) - ground) > options.ink * (high - low)
    strip = ink[: max(2, round(options.strip * tall))].any(axis=0)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], strip.astype(np.int8), [0]])))
    strokes = ends[1::2] - ends[::2]
    row = strokes.size >= options.strokes and strokes.max() <= options.stroke * tall
    return bool(row and strip.mean() <= options.most_ink and not ink.any(axis=1).all())


def _inked(picture: Picture, quad: Quad, edge: str, options: EdgeOptions) -> bool:
    import cv2

    height, width = picture.shape[:2]
    deep = max(2, round(options.strip * min(sides(quad))))
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad).astype(np.int32), 1)
    rows, columns = {
        "left": (slice(None), slice(0, deep)),
        "right": (slice(None), slice(width - deep, width)),
        "top": (slice(0, deep), slice(None)),
        "bottom": (slice(height - deep, height), slice(None)),
    }[edge]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    inside = grey[mask > 0]
    if inside.size < 16:
        return False
    low, ground, high = (float(v) for v in np.percentile(inside, (3, 50, 97)))
    if high - low < options.min_contrast:
        return False
    # The box, carried on to the edge: what lies between its end and the edge belongs to the line.
    sideways = edge in ("left", "right")
    along = np.zeros(height if sideways else width, np.bool_)
    touching = mask[rows, columns].any(axis=1 if sideways else 0)
    if touching.any():
        along |= touching
    else:
        x, y, across, tall = bounds(quad)
        along[max(0, y if sideways else x) : (y + tall) if sideways else (x + across)] = True
    strip = grey[rows, columns]
    strip = strip[along] if sideways else strip[:, along]
    return bool((np.abs(strip.astype(np.float32) - ground) > options.ink * (high - low)).mean() >= options.share)
