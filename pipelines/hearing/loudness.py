"""When did the last sound of a voice end? Finer than voice activity, which goes on for some 40 ms after it.

Levels of 10 ms are taken every 4 ms. One that is at most `BELOW_DB` under the level of this wearer's voice (the 95th
percentile since they began to speak) is loud; a room that is louder than that raises the bar. Whoever measures from
outside, from the sound alone, counts the same way, so both name the same moment.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

HOP_SAMPLES = 64  # 4 ms at 16 kHz
LEVEL_SAMPLES = 160  # 10 ms: two periods of a low voice
BELOW_DB = 24.0  # a vowel dies away by that much before the room is louder than it
OVER_ROOM_DB = 6.0  # what is no louder than that above the room is the room
VOICED = 0.5  # a window that may begin an utterance
ROOM = 0.2  # a window that surely is none
FORGET_WINDOWS = 40  # 1.3 s without voice: what follows is another utterance
KEPT_WINDOWS = 320  # 10 s
ROOM_SHARE = 0.05  # of a window's level in the room's: it follows within a second

Floats = NDArray[np.float32]


class Loudness:
    """One stream, window by window."""

    def __init__(self) -> None:
        self._before: Floats = np.zeros(LEVEL_SAMPLES - HOP_SAMPLES, np.float32)
        self._levels: list[Floats] = []  # dB, of each window since the wearer began
        self._unvoiced = 0  # windows in a row
        self._room_db = -math.inf

    def last_loud(self, pcm: Floats, probability: float, level_dbfs: float) -> int:
        """How many samples of this window lie before the end of its last loud sound; 0 = nothing in it is loud.

        `pcm`: (n,) float32 in [-1, 1], 16 kHz, n a multiple of 64; `probability`: that it is voice."""
        whole = np.concatenate((self._before, pcm))
        self._before = whole[-len(self._before) :]
        if probability < ROOM:
            self._room_db += (level_dbfs - self._room_db) * ROOM_SHARE if math.isfinite(self._room_db) else 0.0
            self._room_db = self._room_db if math.isfinite(self._room_db) else level_dbfs
        self._unvoiced = 0 if probability >= VOICED else self._unvoiced + 1
        if self._unvoiced > FORGET_WINDOWS:
            self._levels.clear()
        if not self._levels and probability < VOICED:
            return 0
        levels = _levels_db(whole)
        self._levels.append(levels)
        del self._levels[:-KEPT_WINDOWS]
        voice_db = percentile(np.concatenate(self._levels), 95)
        loud = np.flatnonzero(levels >= max(voice_db - BELOW_DB, self._room_db + OVER_ROOM_DB))
        return (int(loud[-1]) + 1) * HOP_SAMPLES if len(loud) else 0


def percentile(values: Floats, percent: float) -> float:
    """As numpy's, of (n,) float32, n at least 1: between the two nearest in line. numpy's own takes ten times as
    long, 31 times a second for each wearer who speaks."""
    place = percent / 100 * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    line = np.partition(values, (below, above))
    low, high, part = line[below], line[above], place - below
    return float(high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part)


def _levels_db(pcm: Floats) -> Floats:
    """RMS in dB below full scale of the `LEVEL_SAMPLES` that end at each hop."""
    energy = np.concatenate((np.zeros(1), np.cumsum(np.square(pcm, dtype=np.float64))))
    ends = np.arange(LEVEL_SAMPLES, len(pcm) + 1, HOP_SAMPLES)
    power = np.maximum(energy[ends] - energy[ends - LEVEL_SAMPLES], 0.0) / LEVEL_SAMPLES
    return np.asarray(10 * np.log10(power + 1e-12), np.float32)
