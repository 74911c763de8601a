"""What is in an H.264 access unit, and which parameter sets a key frame of it needs."""

from __future__ import annotations

import re

START = b"\x00\x00\x00\x01"
START_CODES = re.compile(rb"\x00\x00\x00?\x01")
SLICE_IDR, SPS, PPS = 5, 7, 8  # NAL unit types (ITU-T H.264, table 7-1)


class KeyFrames:
    """One stream, in order. Senders may give the parameter sets once, or with other pictures; we want them in every key
    frame, so that decoding can begin there."""

    def __init__(self) -> None:
        self._parameters: dict[int, bytes] = {}

    def read(self, data: bytes) -> tuple[bool, bytes]:
        """`data`: one access unit, Annex B. Is it a key frame that can be decoded, and the unit with its parameter sets
        in front if it is."""
        units = [u for u in START_CODES.split(data) if u]
        kinds = [u[0] & 0x1F for u in units]
        for kind, unit in zip(kinds, units, strict=True):
            if kind in (SPS, PPS):
                self._parameters[kind] = unit
        if SLICE_IDR not in kinds:
            return False, data
        if SPS in kinds and PPS in kinds:
            return True, data
        if SPS not in self._parameters or PPS not in self._parameters:
            return False, data
        return True, START + self._parameters[SPS] + START + self._parameters[PPS] + data
