"""Somebody else talks: a voice in the room that is not the wearer's and says nothing that anybody could follow.

Bundled phrases are turned round in time, which keeps everything that voice activity listens for and leaves no word, and
cut to the band of a small loudspeaker. It talks for a few seconds of every loop of the room's noise, so that the wearer
can find a gap, as people do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TALK_FROM, TALK_TO = 0.45, 0.8  # share of the loop in which it talks: 4.5 s to 8 s of ten
BAND_HZ = (300.0, 3400.0)  # a kitchen radio, a telephone

Pcm = NDArray[np.int16]


def talk(room: Pcm, rate_hz: int, level_dbfs: float, phrases: Sequence[Pcm], rng: np.random.Generator) -> Pcm:
    """(n,) int16: `room` with the radio in it, at `level_dbfs` RMS while it talks."""
    first, last = round(len(room) * TALK_FROM), round(len(room) * TALK_TO)
    said: list[NDArray[np.float64]] = []
    while sum(len(piece) for piece in said) < last - first:
        phrase = phrases[int(rng.integers(len(phrases)))]
        said.append(phrase[::-1].astype(np.float64))
    voice = _small_loudspeaker(np.concatenate(said)[: last - first], rate_hz)
    mix = room.astype(np.float64)
    mix[first:last] += voice / voice.std() * 32768 * 10 ** (level_dbfs / 20)
    return np.asarray(np.clip(mix, -32768, 32767), np.int16)


def _small_loudspeaker(voice: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(voice)
    hz = np.fft.rfftfreq(len(voice), 1 / rate_hz)
    return np.asarray(np.fft.irfft(spectrum * ((hz > BAND_HZ[0]) & (hz < BAND_HZ[1])), len(voice)))
