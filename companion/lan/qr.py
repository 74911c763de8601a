"""A QR code in the terminal, two modules to a character, which a phone's camera reads off the screen.

Black and white are said to the terminal as colours, so that its own do not matter. Where no colours are wanted (a pipe,
NO_COLOR) light modules are drawn and dark ones left out, which is right on a dark screen.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

QUIET = 4  # light modules around it: what the standard asks for
CHECKED = (2, 3, 4)  # pixels a module: OpenCV's reader finds clean codes best when they are small
BLACK, WHITE = 16, 231  # of the 256 colours: those that no theme changes


class QrError(ValueError):
    """This text cannot be made into a code."""


def modules(text: str) -> NDArray[np.bool_]:
    """(n, n), True where dark, with the quiet zone. Raises QrError if it is too long, or could not be read back."""
    for level in (cv2.QRCODE_ENCODER_CORRECT_LEVEL_M, cv2.QRCODE_ENCODER_CORRECT_LEVEL_L):
        wanted = cv2.QRCodeEncoder_Params()  # type: ignore[attr-defined]
        wanted.mode, wanted.correction_level = cv2.QRCODE_ENCODER_MODE_BYTE, level
        try:
            drawn = cv2.QRCodeEncoder_create(wanted).encode(text)  # type: ignore[attr-defined]
        except cv2.error:
            continue
        rows, columns = np.nonzero(drawn == 0)
        if len(rows):
            code = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 0
            dark = np.pad(code, QUIET)
            if any(read(picture(dark, scale)) == text for scale in CHECKED):
                return np.asarray(dark, np.bool_)
    raise QrError(f"a QR code cannot hold these {len(text)} characters")


def picture(dark: NDArray[np.bool_], scale: int) -> NDArray[np.uint8]:
    """Drawn as it is printed: grey values, `scale` pixels a module."""
    return np.repeat(np.repeat(np.where(dark, 0, 255).astype(np.uint8), scale, 0), scale, 1)


def read(seen: NDArray[np.uint8]) -> str:
    """What the code in a picture says, "" if none is found."""
    try:
        return str(cv2.QRCodeDetector().detectAndDecode(seen)[0])
    except cv2.error:
        return ""


def lines(dark: NDArray[np.bool_], colours: bool) -> list[str]:
    """As terminal lines. `colours`: the terminal obeys them."""
    if len(dark) % 2:
        dark = np.vstack([dark, np.zeros((1, dark.shape[1]), bool)])
    return [_coloured(up, low) if colours else _plain(up, low) for up, low in zip(dark[::2], dark[1::2], strict=True)]


def _coloured(upper: NDArray[np.bool_], lower: NDArray[np.bool_]) -> str:
    """The upper half block is drawn in the ink, the lower half is paper."""
    out, before = "", None
    for pair in zip(upper.tolist(), lower.tolist(), strict=True):
        if pair != before:
            ink, paper = (BLACK if dark else WHITE for dark in pair)
            out, before = f"{out}\x1b[38;5;{ink};48;5;{paper}m", pair
        out += "▀"
    return out + "\x1b[0m"


def _plain(upper: NDArray[np.bool_], lower: NDArray[np.bool_]) -> str:
    return "".join(" ▄▀█"[2 * (not up) + (not low)] for up, low in zip(upper.tolist(), lower.tolist(), strict=True))
