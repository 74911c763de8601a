"""What a microphone hears beside the wearer: noise, other sounds of a room, and the companion's own voice coming back.

Levels are dB of full scale, root mean square. Everything is drawn from a generator that is given, so one seed is one
room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bench.turns.voices import RATE_HZ, Sound

NOISES = ("pink", "street", "fan", "hiss")
RACKETS = ("clatter", "steps", "wind", "tones", "cough", "doors")
PLAYED_HZ = 48_000
BLOCK = 320  # samples of one packet at 16 kHz


def noise(kind: str, seconds: float, dbfs: float, random: np.random.Generator) -> Sound:
    """Steady sound of that kind and level; its end runs into its beginning, so it may be repeated."""
    n = int(seconds * RATE_HZ)
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    shape = {
        "pink": np.maximum(hz, 60.0) ** -0.5,
        "street": np.maximum(hz, 40.0) ** -1.0,  # engines and tyres: most of it is low
        "fan": np.maximum(hz, 50.0) ** -0.8,
        "hiss": np.ones_like(hz),
    }[kind]
    sound = np.fft.irfft(np.fft.rfft(random.standard_normal(n)) * shape, n)
    t = np.arange(n) / RATE_HZ
    if kind == "street":  # something passes every few seconds
        sound *= 1 + 0.8 * np.sin(2 * np.pi * round(seconds / 5) * t / seconds + random.uniform(0, 6))
    elif kind == "fan":
        sound /= np.sqrt(np.mean(sound**2))
        sound += sum(0.5 * np.sin(2 * np.pi * round(90 * k * seconds) * t / seconds) / k for k in (1, 2, 3))
    return np.asarray(sound * (10 ** (dbfs / 20) / np.sqrt(np.mean(sound**2))), np.float32)


def racket(kind: str, dbfs: float, random: np.random.Generator) -> Sound:
    """One short sound that is no speech, with its loud parts at that level."""
    if kind == "cough":
        return cough(dbfs, random)
    n = int(random.uniform(0.3, 2.0) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    sound = np.zeros(n)
    if kind == "wind":
        rough = np.fft.irfft(
            np.fft.rfft(random.standard_normal(n)) / np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), 20), n
        )
        sound = rough * np.sin(np.pi * t / t[-1]) ** 2
    elif kind == "tones":  # a phone, a lift, a lorry that goes backwards
        hz, every = random.uniform(400, 2000), random.uniform(0.15, 0.5)
        sound = np.sin(2 * np.pi * hz * t) * ((t % every) < every * 0.6)
    else:
        low = kind != "clatter"
        for _ in range(int(random.integers(2, 8))):
            start = int(random.integers(n))
            rest = t[: n - start]
            hit = random.standard_normal(n - start) * np.exp(-rest / random.uniform(0.005, 0.05))
            ring = np.sin(2 * np.pi * random.uniform(60, 180) * rest) * np.exp(-rest / 0.08)
            sound[start:] += ring + 0.2 * hit if low else hit
    return _at(sound, dbfs)


def cough(dbfs: float, random: np.random.Generator) -> Sound:
    """One or two bursts through an open mouth, 150 to 350 ms: noise with a throat's resonances, sharp at its front."""
    parts = []
    for _ in range(int(random.integers(1, 3))):
        n = int(random.uniform(0.15, 0.35) * RATE_HZ)
        hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
        throat = sum(
            np.exp(-(((hz - centre) / width) ** 2))
            for centre, width in ((random.uniform(450, 700), 250), (random.uniform(1200, 1800), 500), (3000, 1200))
        )
        burst = np.fft.irfft(np.fft.rfft(random.standard_normal(n)) * (throat + 0.05), n)
        t = np.arange(n) / n
        parts += [
            burst * np.minimum(1, t / 0.05) * np.exp(-3.5 * t),
            np.zeros(int(random.uniform(0.05, 0.15) * RATE_HZ)),
        ]
    return _at(np.concatenate(parts), dbfs)


def music(seconds: float, dbfs: float, random: np.random.Generator) -> Sound:
    """Slow chords, as behind the words of a television programme."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    out = np.zeros(len(t))
    for start in np.arange(0, seconds, 2.0):
        inside = (t >= start) & (t < start + 2.0)
        root = random.uniform(110, 220)
        for ratio in (1.0, 1.25, 1.5, 2.0):
            out[inside] += np.sin(2 * np.pi * root * ratio * t[inside]) * np.exp(-(t[inside] - start) / 1.5)
    return _at(out, dbfs)


def far_away(sound: Sound, random: np.random.Generator) -> Sound:
    """The sound as it comes from across a room, at the level it had."""
    wet = np.convolve(sound, reverberation(0.35, 0.7, random))[: len(sound) + RATE_HZ // 5]
    power = float(np.sqrt(np.mean(sound**2)) * np.sqrt(len(sound)))
    return np.asarray(wet * power / max(1e-9, float(np.sqrt(np.sum(wet**2)))), np.float32)


def reverberation(seconds: float, direct: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Impulse response: the direct sound, then noise that falls by 60 dB in `seconds`. Unit energy."""
    n = int(seconds * RATE_HZ)
    tail = random.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail[:32] = 0
    tail *= np.sqrt(max(1e-9, 1 - direct**2) / np.sum(tail**2))
    tail[0] = direct
    return np.asarray(tail)


@dataclass(frozen=True, slots=True)
class EchoPath:
    """How the companion's voice comes back into the microphone of a device that does not cancel it."""

    delay_ms: float = 120.0
    dbfs: float = -26.0  # of speech that is played at -20 dBFS, in the microphone: as loud as the wearer
    drive: float = 3.0  # of the tanh that a small loudspeaker is
    drift_ppm: float = 100.0  # the device plays with another clock than it records with
    room_s: float = 0.15


class Echo:
    """One loudspeaker, one room, one microphone; `play` every 20 ms, then `heard` for the microphone's 20 ms."""

    def __init__(self, path: EchoPath, random: np.random.Generator) -> None:
        self._path = path
        self._response = reverberation(path.room_s, 0.8, random)
        self._gain = 10 ** ((path.dbfs + 20.0) / 20)
        self._low = np.sinc(np.arange(-24, 25) / 3.2) * np.hamming(49)
        self._low /= self._low.sum()
        self._before = np.zeros(48)
        self._tail = np.zeros(len(self._response) - 1)
        self._played = np.zeros(0)  # what came out of the loudspeaker and through the room, 16 kHz
        self._dropped = 0  # samples of it that are no longer kept

    def play(self, pcm: NDArray[np.int16] | None) -> None:
        """(960,) int16 48 kHz, or None: silence."""
        sound = np.zeros(3 * BLOCK) if pcm is None else pcm / 32768.0
        whole = np.concatenate([self._before, sound])
        self._before = whole[-48:]
        low = np.convolve(whole, self._low, "valid")[::3]
        driven = np.tanh(self._path.drive * low) / self._path.drive
        if driven.any():
            wet = np.convolve(driven, self._response)
        else:
            wet = np.zeros(BLOCK + len(self._tail))
        wet[: len(self._tail)] += self._tail
        self._tail = wet[BLOCK:]
        self._played = np.concatenate([self._played, wet[:BLOCK]])
        spare = len(self._played) - 2 * RATE_HZ
        if spare > 0:
            self._played, self._dropped = self._played[spare:], self._dropped + spare

    def heard(self, first: int, count: int) -> Sound:
        """The echo in the microphone's samples from `first` on, counted as the loudspeaker's are."""
        at = (np.arange(first, first + count) - self._path.delay_ms * 16) * (1 + self._path.drift_ppm * 1e-6)
        at -= self._dropped
        whole = np.floor(at).astype(int)
        part = at - whole
        known = (whole >= 0) & (whole + 1 < len(self._played))
        index = np.where(known, whole, 0)
        if not len(self._played):
            return np.zeros(count, np.float32)
        after = np.minimum(index + 1, len(self._played) - 1)
        value = self._played[index] * (1 - part) + self._played[after] * part
        return np.asarray(np.where(known, value, 0.0) * self._gain, np.float32)


def _at(sound: NDArray[np.floating], dbfs: float) -> Sound:
    """The sound with its loud half at that level."""
    squares = np.sort(np.asarray(sound, np.float64) ** 2)
    power = float(squares[len(squares) // 2 :].mean())
    return np.asarray(sound * (10 ** (dbfs / 20) / max(1e-12, power**0.5)), np.float32)
