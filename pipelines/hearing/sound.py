"""The last seconds of the microphone, by capture time.

The one idea: place sound by *counting samples*, not by believing each chunk's stamp. Stamps of a live link jitter by a
few milliseconds; laying every chunk where its stamp says would leave clicks and overlaps. So a chunk goes right behind
the one before it as long as its stamp agrees within 60 ms; beyond that sound was really lost (or the clock was mapped
anew), and the ring starts counting from the stamp again. What was never heard reads as silence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
NS = 1_000_000_000
REANCHOR_SAMPLES = 960  # 60 ms: three Opus packets; a jitter this large is a loss

Samples = NDArray[np.int16]


class SoundRing:
    """A bounded ring over sample positions; position 0 is the start of the session clock."""

    def __init__(self, seconds: int = 40) -> None:
        if seconds <= 0:
            raise ValueError(f"a sound ring of {seconds} s keeps nothing: give it at least 1 s")
        self._ring: Samples = np.zeros(seconds * SAMPLE_RATE_HZ, np.int16)
        self._oldest = 0  # position of the first sample held
        self._next = 0  # position right behind the last sample held

    @property
    def end_ns(self) -> int:
        """Capture time right behind the last sample held; 0 while empty."""
        return self._next * NS // SAMPLE_RATE_HZ

    def add(self, pcm: Samples, start_media_ns: int) -> None:
        """`pcm`: (n,) int16, 16 kHz mono, whose first sample was captured at `start_media_ns`."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ValueError(
                f"the sound ring wants (n,) int16 at 16 kHz, got {pcm.shape} {pcm.dtype}: convert it first"
            )
        if not len(pcm):
            return
        stamped = _position(start_media_ns)
        if self._oldest == self._next or abs(stamped - self._next) > REANCHOR_SAMPLES:
            self._move_to(stamped)
        kept = pcm[-len(self._ring) :]
        self._next += len(pcm)
        self._put(self._next - len(kept), kept)
        self._oldest = max(self._oldest, self._next - len(self._ring))

    def cut(self, start_ns: int, end_ns: int) -> Samples:
        """The sound captured in [start_ns, end_ns): (n,) int16; zeros where there is none."""
        start, end = _position(start_ns), _position(end_ns)
        out: Samples = np.zeros(max(0, end - start), np.int16)
        first, last = max(start, self._oldest), min(end, self._next)
        if first < last:
            out[first - start : last - start] = self._get(first, last)
        return out

    def _move_to(self, position: int) -> None:
        """Count from here on. Ahead: what lies between was never heard. Behind: the newer stamp is right."""
        if self._oldest == self._next or position <= self._oldest:
            self._oldest = self._next = position
            return
        hole = position - self._next
        if hole >= len(self._ring):
            self._oldest = self._next = position
            return
        if hole > 0:
            self._put(self._next, np.zeros(hole, np.int16))
        self._next = position
        self._oldest = max(self._oldest, self._next - len(self._ring))

    def _put(self, position: int, pcm: Samples) -> None:
        at = position % len(self._ring)
        head = min(len(pcm), len(self._ring) - at)
        self._ring[at : at + head] = pcm[:head]
        self._ring[: len(pcm) - head] = pcm[head:]

    def _get(self, start: int, end: int) -> Samples:
        at, count = start % len(self._ring), end - start
        head = min(count, len(self._ring) - at)
        return np.concatenate((self._ring[at : at + head], self._ring[: count - head]))


def _position(media_ns: int) -> int:
    """The nearest sample; 16 samples a millisecond, so whole packets of 20 ms land exactly."""
    return (media_ns * SAMPLE_RATE_HZ + NS // 2) // NS
