"""Any rate to 48 kHz, block by block, with no seam: the filter's state is carried from one block to the next.

libswresample (in PyAV) does the arithmetic: no delay, more than 80 dB clean, and the same samples however the sound was
cut (all three are tested). About 0.1 ms for a 60 ms block.
"""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

OUT_HZ = 48_000

Pcm = NDArray[np.int16]


class To48k:
    """One stream of mono sound at `rate_hz`, turned into 48 kHz. Make a new one for each stream."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=OUT_HZ)

    def feed(self, pcm: Pcm) -> Pcm:
        """(n,) int16 at the stream's rate -> (m,) int16 at 48 kHz; some of it stays behind until more comes."""
        if len(pcm) == 0:
            return np.zeros(0, np.int16)
        if self._rate_hz == OUT_HZ:
            return pcm.astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[np.newaxis]), format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        return _joined(self._resampler.resample(frame))

    def finish(self) -> Pcm:
        """(m,) int16: what stayed behind. The stream is over."""
        return _joined(self._resampler.resample(None)) if self._rate_hz != OUT_HZ else np.zeros(0, np.int16)


def _joined(frames: list[av.AudioFrame]) -> Pcm:
    parts = [np.asarray(frame.to_ndarray(), dtype=np.int16)[0] for frame in frames]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)
