"""Short sounds with a meaning, made by formula, quiet enough (-24 dBFS) to stay under speech.

========  ======  =====================================================================================================
name      length  what it is
========  ======  =====================================================================================================
heard     90 ms   one soft note going up a fourth (660 -> 880 Hz): "I have it"
thinking  60 ms   a single low tick (440 Hz with its octave), made to be repeated: "still working"
failed    150 ms  two notes going down a tritone (440 -> 311 Hz), the only one that sounds wrong: "that did not work"
stopped   70 ms   one note falling an octave (520 -> 260 Hz) and dying away: "silent now"
========  ======  =====================================================================================================

Each is a sum of sines under a raised-cosine envelope (5 ms up, the rest down), so none clicks, and is scaled so that
its loudest 20 ms are at -24 dBFS RMS.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pipelines.speaking.resample import OUT_HZ, Pcm

LEVEL_DBFS = -24.0
_ATTACK_MS = 5

# name: (length in ms, notes as (start, end) in Hz, one after another, weight of the octave above)
_SHAPES: dict[str, tuple[int, tuple[tuple[float, float], ...], float]] = {
    "heard": (90, ((660.0, 880.0),), 0.15),
    "thinking": (60, ((440.0, 440.0),), 0.35),
    "failed": (150, ((440.0, 440.0), (311.1, 311.1)), 0.25),
    "stopped": (70, ((520.0, 260.0),), 0.1),
}
NAMES = tuple(_SHAPES)


def earcon(name: str) -> Pcm:
    """(n,) int16, 48 kHz mono. Raises ValueError for a name that is not in `NAMES`."""
    if name not in _SHAPES:
        raise ValueError(f"no earcon is called {name!r}; there are: {', '.join(NAMES)}")
    return _made(name).copy()


@functools.cache
def _made(name: str) -> Pcm:
    length_ms, notes, octave = _SHAPES[name]
    each = OUT_HZ * length_ms // 1000 // len(notes)
    sound = np.concatenate([_note(each, start_hz, end_hz, octave) for start_hz, end_hz in notes])
    window = OUT_HZ // 50
    loudest = max(float(np.mean(sound[i : i + window] ** 2)) for i in range(0, max(1, len(sound) - window), 48))
    scale = 10 ** (LEVEL_DBFS / 20) / np.sqrt(loudest)
    pcm: Pcm = np.round(sound * scale * 32767).astype(np.int16)
    return pcm


def _note(samples: int, start_hz: float, end_hz: float, octave: float) -> NDArray[np.float64]:
    """One note gliding evenly in pitch, (samples,) float64; fades to nothing at both ends."""
    position = np.arange(samples) / samples
    hz = start_hz * (end_hz / start_hz) ** position
    phase = 2 * np.pi * np.cumsum(hz) / OUT_HZ
    attack = OUT_HZ * _ATTACK_MS // 1000
    envelope = np.cos(np.pi / 2 * np.clip((np.arange(samples) - attack) / (samples - attack), 0, 1)) ** 2
    envelope[:attack] = 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
    note: NDArray[np.float64] = envelope * (np.sin(phase) + octave * np.sin(2 * phase))
    return note
