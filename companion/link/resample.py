"""48 kHz to 16 kHz mono: a short linear-phase low pass, every third sample of it kept, state carried between calls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TAPS = 63
"""Pass band to 6.8 kHz, stop band (-60 dB) from 8.9 kHz at 48 kHz: what folds back lies above the speech we use."""
CUT_HZ = 7_600.0
DELAY_NS = (TAPS - 1) // 2 * 1_000_000_000 // 48_000
"""Group delay: an output sample tells of the sound this much earlier. 0.65 ms."""


def _low_pass() -> npt.NDArray[np.float32]:
    n = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(2 * CUT_HZ / 48_000 * n) * np.kaiser(TAPS, 5.7)
    return np.asarray(taps / taps.sum(), np.float32)


class ThirdRate:
    """Give it blocks whose lengths are multiples of 3; get a third as many samples, without a seam."""

    _taps = _low_pass()

    def __init__(self) -> None:
        self._block = np.zeros(TAPS - 1, np.float32)  # what is left of the call before, then its own sound
        self._windows = np.zeros((0, TAPS), np.float32)

    def __call__(self, pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """`pcm`: (3n,) int16 at 48 kHz. Returns (n,) int16 at 16 kHz."""
        if len(self._block) != TAPS - 1 + len(pcm):  # it hardly ever is: the views cost more than the sum
            self._block = np.concatenate([self._block[-(TAPS - 1) :], np.zeros(len(pcm), np.float32)])
            self._windows = np.lib.stride_tricks.sliding_window_view(self._block, TAPS)[::3]
        else:
            self._block[: TAPS - 1] = self._block[-(TAPS - 1) :]
        self._block[TAPS - 1 :] = pcm
        sums: npt.NDArray[np.float32] = np.rint(self._windows @ self._taps)
        return np.minimum(np.maximum(sums, -32768), 32767).astype(np.int16)
