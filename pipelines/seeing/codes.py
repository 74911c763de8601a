"""QR codes and barcodes, read on this machine by OpenCV. The payload is handed on exactly as it is, and never opened.

Most codes are found at the picture's own size. Small ones need it doubled, light-on-dark ones inverted; these are
tried only if nothing was found before, cheapest first. A bar code is believed only if its check digit fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Code
from pipelines.seeing.codes_gtin import gtin

Picture = NDArray[np.uint8]

KINDS = {"EAN_13": "ean13", "EAN_8": "ean8", "UPC_A": "upca", "UPC_E": "upce"}  # OpenCV's names -> ours

SECOND_SIZE = 0.8  # with it 99 of 99 readable barcodes at random places were found, 97 without


@dataclass(frozen=True, slots=True)
class CodeOptions:
    """How hard to look."""

    double_up_to_px: int = 1400  # longest side; doubling costs four times the work, and larger pictures need it less
    max_px: int = 2560  # larger pictures are reduced first, which bounds memory and time


class CodeReader:
    """Built once and shared; OpenCV's detectors are loaded at the first use."""

    def __init__(self, options: CodeOptions | None = None) -> None:
        self.options = options or CodeOptions()
        self._qr: Any = None
        self._bars: Any = None

    def read(self, bgr: Picture) -> tuple[Code, ...]:
        """Codes in a picture (h, w, 3) uint8, left to right, each once; boxes in its pixels."""
        if bgr.ndim != 3 or bgr.shape[2] != 3 or 0 in bgr.shape:
            raise ValueError(f"CodeReader: a picture of shape {bgr.shape}; give (height, width, 3) bytes, BGR")
        self._load()
        for grey, scale in self._tries(bgr):
            codes = [*self._qr_codes(grey, scale), *self._barcodes(grey, scale)]
            if codes:
                once = dict.fromkeys(codes)
                return tuple(sorted(once, key=lambda code: (code.box[0], code.box[1], code.payload)))
        return ()

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


def _box(points: Any, scale: float) -> tuple[int, int, int, int]:
    corners = np.asarray(points, np.float64).reshape(-1, 2) / scale
    left, top = np.floor(corners.min(axis=0))
    right, bottom = np.ceil(corners.max(axis=0))
    return (int(left), int(top), int(right - left), int(bottom - top))
