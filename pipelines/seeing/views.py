"""How large a picture is sent: as much detail as the question needs, in whole squares of the vendor's token grid.

Three sizes of a whole frame, GLANCE, LOOK and READ, and one of a part: a crop, cut from the frame as the camera gave it
and not from what was sent of it, so that it shows more. A whole frame is never enlarged. A crop is, where the camera
has too few pixels, because models see small print better on more squares; its name then says so.

Formulas and limits: `ImageRule` (vendors' documents, worked through in tests/test_views.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import ImageRule, TextLine, View
from pipelines.seeing.layout import TrustOptions, trusted

Box = tuple[int, int, int, int]  # x, y, width, height
WHOLE: Final[Box] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Size:
    """`px`: longest side; `quality`: of the JPEG; `level`: of vendors whose pictures cost the same at any size."""

    px: int
    quality: int
    level: str


SIZES: Final = {
    "glance": Size(768, 75, "low"),  # a scene and the things in it, about 450 tokens
    "look": Size(1280, 85, "medium"),  # what 720p glasses see, as it is
    "read": Size(1280, 92, "high"),  # small print dies of JPEG before it dies of size
}
CROP_PX: Final = 2048  # more is scaled down by most vendors
CROP_LEAST_PX: Final = 448  # sent smaller, a detail is a stamp of a few squares
CROP_QUALITY: Final = 92
CLOSER: Final = 3.0  # a crop shows at least this many times the pixels along a line that the sent picture had
BOX_LEAST_PX: Final = 48  # a model points roughly; less of a frame shows nothing anyway

UNKNOWN_GRID_PX: Final = 28  # the commonest grid, where a vendor's is not known
SNAP_SHARE: Final = 0.03  # of the longest side that may be given up to lose a row of squares that are mostly empty …
SNAP_GAIN: Final = 1.03  # … if each token then shows this much more


# ------------------------------------------------------------------------------------------------------------ tokens


def tokens(rule: ImageRule, width: int, height: int, kind: str = "look") -> int:
    """What a picture of this size costs, after the vendor has scaled it down to its own limits. `kind`: "glance",
    "look" or "read", which only matters where a picture's price does not depend on its size. A vendor whose rule is
    not known is taken to count squares of 28 px: a guess, so that budgets hold at all."""
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}x{height} pixels has no tokens: both sides must be 1 or more")
    if rule.kind == "fixed":
        level = _size(kind).level
        return getattr(rule, level) or rule.medium or rule.high or rule.low
    return _squares(rule, *_scaled(width, height, _most_px(rule, width, height)))


def _squares(rule: ImageRule, width: int, height: int) -> int:
    side = rule.patch_px or UNKNOWN_GRID_PX
    return -(-width // side) * -(-height // side)


def _scaled(width: int, height: int, px: int) -> tuple[int, int]:
    """Both sides when the longest becomes `px`."""
    longest = max(width, height)
    return max(1, (2 * width * px + longest) // (2 * longest)), max(1, (2 * height * px + longest) // (2 * longest))


def _most_px(rule: ImageRule, width: int, height: int, wanted: int = 0) -> int:
    """The longest side, at most `wanted` (0 = as it is), at which a picture of this shape is within the vendor's
    limits. Squares never get fewer as a picture grows, so halving finds it."""
    most = min(wanted or max(width, height), rule.max_px or 1 << 30)
    if rule.kind == "fixed" or not rule.max_tokens or _squares(rule, *_scaled(width, height, most)) <= rule.max_tokens:
        return most
    fits, too_large = 1, most
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        if _squares(rule, *_scaled(width, height, middle)) <= rule.max_tokens:
            fits = middle
        else:
            too_large = middle
    return fits


# ------------------------------------------------------------------------------------------------------ whole frames


def sized(kind: str, rule: ImageRule, width: int, height: int) -> tuple[int, int]:
    """Longest side in pixels and JPEG quality at which a frame of this size is sent. `kind`: "glance", "look" or
    "read". Never larger than the frame, nor than what the vendor would scale down."""
    size = _size(kind)
    most = _most_px(rule, width, height, min(size.px, max(width, height)))
    return _snapped(rule, width, height, most), size.quality


def _size(kind: str) -> Size:
    if kind not in SIZES:
        raise ValueError(f"there is no picture size {kind!r}: choose one of {', '.join(SIZES)}")
    return SIZES[kind]


def _snapped(rule: ImageRule, width: int, height: int, most: int) -> int:
    """A little less than `most` where that empties whole rows of squares that were hardly used."""
    if rule.kind != "patches":
        return most

    def shown(px: int) -> float:  # pixels a token
        w, h = _scaled(width, height, px)
        return w * h / _squares(rule, w, h)

    best = max(range(most, int(most * (1 - SNAP_SHARE)), -1), key=shown, default=most)
    return best if shown(best) >= SNAP_GAIN * shown(most) else most


# ------------------------------------------------------------------------------------------------------------- crops


def crop(frame_id: int, frame_w: int, frame_h: int, box: Box, sent_px: int, rule: ImageRule, name: str) -> View:
    """A closer look at a part of a frame of `frame_w` x `frame_h` pixels.

    `box`: in pixels of the frame (`in_pixels` makes one of a model's numbers); it is clamped to the frame, widened to
    a size that shows anything, and on to whole squares of the grid. `sent_px`: longest side of the whole frame as the
    model has it, 0 = as it is. The crop has CLOSER times the pixels along a line, or all that the camera has if that
    is more, as far as the vendor's limits go.
    """
    if frame_w < 1 or frame_h < 1:
        raise ValueError(f"frame {frame_id} of {frame_w}x{frame_h} pixels has no part to look at")
    x, y, w, h = _inside(box, frame_w, frame_h)
    sent = min(sent_px or max(frame_w, frame_h), max(frame_w, frame_h)) / max(frame_w, frame_h)
    longest = max(w, h)
    side = rule.patch_px if rule.kind == "patches" else 1
    wanted = max(CROP_LEAST_PX, longest, _up(CLOSER * sent * longest))
    px = _most_px(rule, w, h, min(-(-wanted // side), CROP_PX // side) * side)
    view = View(frame_id, _on_the_grid((x, y, w, h), frame_w, frame_h, px, side), px, CROP_QUALITY, name)
    enlarged = px / longest
    return replace(view, name=f"{name}, enlarged {enlarged:.1f} times") if enlarged > 1.05 else view


def in_pixels(box: Sequence[float], frame_w: int, frame_h: int) -> Box:
    """A box in thousandths of the frame's width and height (x, y, width, height), as models are asked to point: they
    know the proportions of what they see, not the size of the camera's picture. Raises ValueError if it is no box."""
    if len(box) != 4 or any(not -1e6 < value < 1e6 for value in box):
        raise ValueError(f"a box is four numbers, x, y, width and height in thousandths of the picture, not {box!r}")
    x, y, w, h = box
    left, top = round(x * frame_w / 1000), round(y * frame_h / 1000)
    return left, top, round((x + w) * frame_w / 1000) - left, round((y + h) * frame_h / 1000) - top


def text_region(lines: Sequence[TextLine], width: int, height: int, margin: float = 0.03) -> Box:
    """Where the text is: the box, in pixels of the frame, around every line that is sure enough to be said aloud, with
    a margin (a share of the longest side). WHOLE if there is none."""
    options = TrustOptions()
    boxes = [line.box for line in lines if not trusted(line, options)]
    if not boxes:
        return WHOLE
    edge = round(margin * max(width, height))
    left, top = min(x for x, _, _, _ in boxes) - edge, min(y for _, y, _, _ in boxes) - edge
    right, bottom = max(x + w for x, _, w, _ in boxes) + edge, max(y + h for _, y, _, h in boxes) + edge
    left, top = max(0, min(left, width - 1)), max(0, min(top, height - 1))
    return left, top, max(1, min(right, width) - left), max(1, min(bottom, height) - top)


def _up(value: float) -> int:
    return -int(-value // 1)


def _inside(box: Box, frame_w: int, frame_h: int) -> Box:
    """The part of the box that is in the frame, at least BOX_LEAST_PX on both sides where the frame has them."""
    x, y, w, h = box if box != WHOLE else (0, 0, frame_w, frame_h)
    x, w = _span(x, x + w, frame_w, BOX_LEAST_PX)
    y, h = _span(y, y + h, frame_h, BOX_LEAST_PX)
    return x, y, w, h


def _span(start: int, end: int, limit: int, least: int) -> tuple[int, int]:
    """[start, end) clamped to [0, limit) and widened about its middle to `least`: where it begins, how long it is."""
    start, end = sorted((max(0, min(start, limit)), max(0, min(end, limit))))
    length = min(limit, max(least, end - start))
    begin = max(0, min((start + end - length) // 2, limit - length))
    return begin, length


def _on_the_grid(box: Box, frame_w: int, frame_h: int, px: int, side: int) -> Box:
    """The box with its shorter side grown to whole squares: what is paid for anyway shows something."""
    x, y, w, h = box
    longest = max(w, h)
    squares = -(-_scaled(w, h, px)[1 if w >= h else 0] // side)
    grown = min(longest, squares * side * longest // px)
    if w >= h:
        y, h = _span(y, y + h, frame_h, grown)
    else:
        x, w = _span(x, x + w, frame_w, grown)
    return x, y, w, h
