"""Short sounds with a meaning, made by formula. They are told apart by where their pitch goes, not by their timbre.

===========  ======  ==============================  ==================================================================
name         length  pitch                           says
===========  ======  ==============================  ==================================================================
heard         90 ms  up a fourth, 660 -> 880 Hz      "I have it": listening now, or done without words
thinking      60 ms  level, low, 330 Hz              "still working"; made to be repeated
failed       180 ms  two steps down, 440, 311 Hz     "that did not work"; a tritone, the one that sounds wrong
cut_off      260 ms  three steps down, 660 to 392    "the rest is missing": the answer ended before its end
camera_lost  240 ms  high, down and back, 988, 740   "I no longer see"
private      260 ms  low, up an octave, held         "this stays here"
asleep       300 ms  gliding down, 784 -> 261 Hz     "good night"
===========  ======  ==============================  ==================================================================

Each is a sum of sines under raised-cosine envelopes (5 ms up, the rest down), so none clicks, and is scaled so that its
loudest 20 ms are at -22 dBFS RMS: 3 dB under a voice, over which it may be laid.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pipelines.speaking.resample import OUT_HZ, Pcm

LEVEL_DBFS = -22.0
_ATTACK_MS = 5

# name: (length in ms, notes of equal length as (start, end) in Hz, one after another, weight of the octave above)
_SHAPES: dict[str, tuple[int, tuple[tuple[float, float], ...], float]] = {
    "heard": (90, ((660.0, 880.0),), 0.15),
    "thinking": (60, ((330.0, 330.0),), 0.3),
    "failed": (180, ((440.0, 440.0), (311.1, 311.1)), 0.25),
    "cut_off": (260, ((659.3, 659.3), (523.3, 523.3), (392.0, 392.0)), 0.15),
    "camera_lost": (240, ((987.8, 987.8), (740.0, 740.0), (987.8, 987.8)), 0.1),
    "private": (260, ((261.6, 261.6), (523.3, 523.3)), 0.2),
    "asleep": (300, ((784.0, 261.6),), 0.1),
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
