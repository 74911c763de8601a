"""One recorded frame, small enough for a terminal: each cell shows two pixels, one above the other, as a half block."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from companion.terminal import Colours
from pipelines.seeing.decode import Picture, Pictures, from_jpeg
from pipelines.seeing.ring import AccessUnit, Codec, FrameRing
from recordings.reader import Recording

UPPER_HALF = "▀"
SHADES = " ░▒▓█"
CUBE_LEVELS = (0, 95, 135, 175, 215, 255)  # of xterm's 6 x 6 x 6 colours; its 24 greys go from 8 to 238 in tens
MIB = 1 << 20


def picture_of(recording: Recording, frame_id: int) -> tuple[Picture | None, str]:
    """The picture with this id, (h, w, 3) uint8 BGR, and where it is from: as sent, as kept, or decoded from the video.

    None, with the reason, if it is not in the recording any more.
    """
    kept: Picture | None = None
    for still in recording.stills():
        if still.frame_id == frame_id and not still.box and (found := from_jpeg(still.jpeg)) is not None:
            if still.sent_to:
                return found, "as it was sent"
            kept = found
    if kept is not None:
        return kept, "as it was kept"
    ring = FrameRing(seconds=1, max_bytes=64 * MIB)
    for unit in recording.camera():
        if unit.codec not in ("h264", "vp8", "jpeg"):
            continue
        # Ids of the ring are ours: a hostile file may give one id to many units.
        ring.add(
            AccessUnit(int(unit.frame_id == frame_id), unit.media_ns, unit.key, cast(Codec, unit.codec), unit.data)
        )
        if unit.frame_id == frame_id:
            decoded = Pictures(ring).pictures([1]).get(1)
            return decoded, "decoded from the video" if decoded is not None else "it could not be decoded"
    return None, "it is not in the recording"


def thumbnail(bgr: NDArray[np.uint8], width: int, rows: int, colours: Colours) -> list[str]:
    """The picture in at most `width` x `rows` cells, its shape kept; [] if nothing of it can be shown."""
    if colours == "none" or 0 in bgr.shape:
        return []
    across, down = cells(bgr, width, rows)
    if colours == "grey":
        luma = _shrunk(bgr, across, down).mean(axis=2)
        return ["".join(SHADES[int(v) * len(SHADES) // 256] for v in row) for row in luma]
    small = _shrunk(bgr, across, down * 2)[:, :, ::-1]  # RGB
    return [_row(small[i], small[i + 1], colours) for i in range(0, down * 2, 2)]


def cells(bgr: NDArray[np.uint8], width: int, rows: int) -> tuple[int, int]:
    """How many columns and rows a thumbnail of this picture takes of those given."""
    scale = min(width / bgr.shape[1], rows * 2 / bgr.shape[0])
    return max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale / 2))


def _shrunk(bgr: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    import cv2

    small: Any = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA)
    return cast("NDArray[np.uint8]", small)


def _row(above: NDArray[np.uint8], below: NDArray[np.uint8], colours: Colours) -> str:
    cells, before = [], ""
    for upper, lower in zip(above, below, strict=True):
        code = f"\x1b[38;{_colour(upper, colours)};48;{_colour(lower, colours)}m"
        cells.append((code if code != before else "") + UPPER_HALF)
        before = code
    return "".join(cells) + "\x1b[0m"


def _colour(rgb: NDArray[np.uint8], colours: Colours) -> str:
    r, g, b = (int(v) for v in rgb)
    if colours == "full":
        return f"2;{r};{g};{b}"
    cube = [int(np.abs(np.array(CUBE_LEVELS) - v).argmin()) for v in (r, g, b)]
    grey = min(23, max(0, round(((r + g + b) / 3 - 8) / 10)))
    off_cube = sum((CUBE_LEVELS[i] - v) ** 2 for i, v in zip(cube, (r, g, b), strict=True))
    off_grey = sum((8 + 10 * grey - v) ** 2 for v in (r, g, b))
    return f"5;{232 + grey}" if off_grey < off_cube else f"5;{16 + 36 * cube[0] + 6 * cube[1] + cube[2]}"
