"""QR codes and barcodes, read on this machine by OpenCV. The payload is handed on exactly as it is, and never opened.

Most codes are found at the picture's own size. Small ones need it doubled, light-on-dark ones inverted; these are
tried only if nothing was found before, cheapest first. Then whatever has the corners of a QR code and was not read is
straightened and read by itself; what cannot be read then is counted, so that one code is not told as if it were all.
A bar code is believed only if its check digit fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Code
from pipelines.seeing.codes_finders import outlines, straightened
from pipelines.seeing.codes_gtin import gtin
from pipelines.seeing.deskew import Quad

Picture = NDArray[np.uint8]

KINDS = {"EAN_13": "ean13", "EAN_8": "ean8", "UPC_A": "upca", "UPC_E": "upce"}  # OpenCV's names -> ours

SECOND_SIZE = 0.8  # with it 99 of 99 readable barcodes at random places were found, 97 without
MODULE_PX = (6, 10, 16)  # a straightened code is read at these sizes: the detector misses some at any one, 5 ms each


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """How hard to look."""

    double_up_to_px: int = 1400  # longest side; doubling costs four times the work, and larger pictures need it less
    max_px: int = 2560  # larger pictures are reduced first, which bounds memory and time


@dataclass(frozen=True, slots=True)
class Codes:
    """Left to right. `unread`: QR codes that are there besides, and cannot be read."""

    codes: tuple[Code, ...] = ()
    unread: int = 0


class CodeReader:
    """Built once and shared; OpenCV's detectors are loaded at the first use."""

    def __init__(self, options: CodeOptions | None = None) -> None:
        self.options = options or CodeOptions()
        self._qr: Any = None
        self._bars: Any = None

    def read(self, bgr: Picture) -> tuple[Code, ...]:
        """Codes in a picture (h, w, 3) uint8, left to right, each once; boxes in its pixels."""
        return self.read_all(bgr).codes

    def read_all(self, bgr: Picture) -> Codes:
        """As `read`, and how many QR codes stand there that cannot be read. ValueError for another shape."""
        if bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
            raise ValueError(f"CodeReader: a picture of shape {bgr.shape}; give (height, width, 3) bytes, BGR")
        self._load()
        tries = list(self._tries(bgr))
        for grey, scale in tries:
            if codes := [*self._qr_codes(grey, scale), *self._barcodes(grey, scale)]:
                return self._with_others(grey, scale, codes)
        alone = [self._with_others(grey, scale, []) for grey, scale in (tries[0], *tries[2:])]
        return max(alone, key=lambda found: (len(found.codes), found.unread))

    def _with_others(self, grey: Picture, scale: float, codes: list[Code]) -> Codes:
        """These codes, and what else has the corners of a QR code."""
        unread = 0
        for outline in outlines(grey):
            x, y = (float(v) / scale for v in outline.mean(axis=0))
            if any(_holds(code.box, x, y) for code in codes):
                continue
            text = self._alone(grey, outline)
            codes, unread = ([*codes, Code("qr", text, _box(outline, scale))], unread) if text else (codes, unread + 1)
        once = dict.fromkeys(codes)
        return Codes(tuple(sorted(once, key=lambda code: (code.box[0], code.box[1], code.payload))), unread)

    def _alone(self, grey: Picture, outline: Quad) -> str:
        """What the code in this outline holds; "" if it cannot be read."""
        import cv2

        for module_px in MODULE_PX:
            front = straightened(grey, outline, module_px)
            for ink in (front, cv2.bitwise_not(front)):
                try:
                    if payload := _as_text(self._decode_one(ink)[0]):
                        return payload
                except (cv2.error, UnicodeDecodeError):
                    continue
        return ""

    def _tries(self, bgr: Picture) -> Iterator[tuple[Picture, float]]:
        """Versions of the picture worth trying, in grey, with their scale to the original."""
        import cv2

        longest = max(bgr.shape[:2])
        scale = min(1.0, self.options.max_px / longest)
        grey: Any = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        if scale < 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield grey, scale
        yield cv2.bitwise_not(grey), scale
        if longest <= self.options.double_up_to_px:
            yield cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 2.0

    def _qr_codes(self, grey: Picture, scale: float) -> Iterator[Code]:
        import cv2

        try:
            found, payloads, corners, _ = self._decode_qr(grey)
        except (cv2.error, UnicodeDecodeError):  # OpenCV gives up on some patterns with an assertion
            return
        for payload, points in zip(payloads if found else (), corners if found else (), strict=False):
            text = _as_text(payload)
            if text:
                yield Code("qr", text, _box(points, scale))

    def _barcodes(self, grey: Picture, scale: float) -> list[Code]:
        """The detector misses a good barcode at one size and finds it at the next, so it gets two (20 ms each)."""
        import cv2

        for factor in (1.0, SECOND_SIZE):
            sized = grey if factor == 1 else cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            try:
                found, payloads, kinds, corners = self._bars.detectAndDecodeWithType(sized)
            except (cv2.error, UnicodeDecodeError):
                continue
            codes = (
                [
                    Code(_kind(kind), payload, _box(points, scale * factor))
                    for payload, kind, points in zip(payloads, kinds, corners, strict=False)
                    if gtin(payload, _kind(kind))
                ]
                if found
                else []
            )
            if codes:
                return codes
        return []

    def _load(self) -> None:
        import cv2

        if self._qr is not None:
            return
        self._qr = cv2.QRCodeDetector()
        # The byte form (OpenCV 4.11 and later) also gives payloads that are not UTF-8, on which the text form raises.
        self._decode_qr = getattr(self._qr, "detectAndDecodeBytesMulti", self._qr.detectAndDecodeMulti)
        self._decode_one = getattr(self._qr, "detectAndDecodeBytes", self._qr.detectAndDecode)
        self._bars = cv2.barcode.BarcodeDetector()


def _kind(name: str) -> str:
    return KINDS.get(name, name.lower().replace("_", ""))


def _as_text(payload: str | bytes) -> str:
    """What the code holds; bytes that are not UTF-8 are taken as Latin-1, which loses none of them."""
    if isinstance(payload, str):
        return payload
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("latin-1")


def _holds(box: tuple[int, int, int, int], x: float, y: float) -> bool:
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


def _box(points: Any, scale: float) -> tuple[int, int, int, int]:
    corners = np.asarray(points, np.float64).reshape(-1, 2) / scale
    left, top = np.floor(corners.min(axis=0))
    right, bottom = np.ceil(corners.max(axis=0))
    return (int(left), int(top), int(right - left), int(bottom - top))
