"""What can be wrong with sound before it is encoded: where the wearer is, who else talks, and what the microphone makes
of it. Mono float64 or int16 at 16 kHz; everything follows from the generator it is given.

    room, bus, voices, wind   a noise bed, all at the level asked for (RMS over the loop)
    farther                   somebody else: another voice, from across a room
    captured                  gain → converter (clips) → a telephone's band and coding, where the headset has no more
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device_sim.device import Microphone

RATE_HZ = 16_000
TELEPHONE_HZ = (200.0, 3500.0)  # what is left of a voice at 8 kHz
MU = 255.0  # G.711
ENGINE_HZ = 27.0  # a diesel at idle, four cylinders at about 800 turns a minute
BABBLE = 5  # voices at once: no word of any can be followed
OTHER_VOICE = 0.86  # pace and pitch of somebody who is not the wearer
ECHO_MS = 90  # of the room between them
GUSTS = 12  # of wind in a loop

Pcm = NDArray[np.int16]
Wave = NDArray[np.float64]


def noise_bed(
    microphone: Microphone, count: int, phrases: Callable[[], Sequence[Pcm]], rng: np.random.Generator
) -> Pcm:
    """(count,) int16 that can be looped: the noise of the place at `noise_dbfs`."""
    wave = room(count, rng)
    if microphone.noise == "bus":
        wave = bus(count, rng) + 0.3 * wave
    elif microphone.noise == "voices":
        wave = voices(count, phrases(), rng) + 0.2 * wave
    elif microphone.noise == "wind":
        wave = wind(count, rng) + 0.05 * wave
    loud = wave / wave.std() * 32768 * 10 ** (microphone.noise_dbfs / 20)
    return np.asarray(loud.round().clip(-32768, 32767), np.int16)


def room(count: int, rng: np.random.Generator) -> Wave:
    """A quiet room: noise that falls off with frequency."""
    shaped = shape(rng.normal(0, 1, count), lambda hz: 1 / np.sqrt(1 + (hz / 300) ** 2) * (hz > 40))
    return np.asarray(shaped / shaped.std())


def bus(count: int, rng: np.random.Generator) -> Wave:
    """An engine and its harmonics under tyres and air."""
    turns = np.arange(count) * round(ENGINE_HZ * count / RATE_HZ) / count * 2 * np.pi
    engine = sum(np.sin(k * turns + rng.uniform(0, 6.28)) / k**0.7 for k in range(1, 16))
    tyres = shape(rng.normal(0, 1, count), lambda hz: np.exp(-(((hz - 350) / 500) ** 2)) * (hz > 60))
    swell = 1 + 0.35 * np.sin(2 * np.pi * 2 * np.arange(count) / count)
    return np.asarray((engine / np.std(engine) + 1.4 * tyres / tyres.std()) * swell)


def voices(count: int, phrases: Sequence[Pcm], rng: np.random.Generator) -> Wave:
    """People talk, too many to follow any of them."""
    mix = np.zeros(count)
    for _ in range(BABBLE):
        said = [phrases[i].astype(np.float64)[::-1] for i in rng.permutation(len(phrases))[:14]]
        voice = _paced(np.concatenate(said), float(rng.uniform(0.8, 1.2)))
        mix += np.roll(np.resize(voice / voice.std(), count), int(rng.integers(count)))
    return mix


def wind(count: int, rng: np.random.Generator) -> Wave:
    """Gusts on a bare microphone: deep, and far from even."""
    gust = shape(rng.normal(0, 1, count), lambda hz: (hz > 15) / (1 + (hz / 90) ** 2))
    heights = np.abs(rng.normal(0.6, 0.6, GUSTS))
    heights = np.append(heights, heights[0])
    strength = np.interp(np.linspace(0, GUSTS, count), np.arange(GUSTS + 1), heights)
    return np.asarray(gust / gust.std() * strength**2)


def farther(speech: Pcm) -> Pcm:
    """The same words by somebody else, some metres away: slower and deeper, duller, with the room behind them."""
    voice = _paced(speech.astype(np.float64), OTHER_VOICE)
    dull = shape(voice, lambda hz: 1 / np.sqrt(1 + (hz / 2500) ** 2))
    count = ECHO_MS * RATE_HZ // 1000
    tail = np.random.default_rng(count).normal(0, 1, count) * np.exp(-5 * np.arange(count) / count)
    wet = np.convolve(dull, tail / np.sqrt((tail**2).sum()) * 0.4)[: len(dull)]
    loud = (dull + wet) * voice.std() / max((dull + wet).std(), 1e-9)
    return np.asarray(loud.round().clip(-32768, 32767), np.int16)


def captured(sound: Wave, microphone: Microphone) -> Pcm:
    """(n,) int16: what the headset hands on."""
    loud = np.clip(sound * 10 ** (microphone.gain_db / 20), -32768, 32767)
    if microphone.rate_hz == 8000:
        loud = telephone(loud)
    return loud.astype(np.int16)


def telephone(sound: Wave) -> Wave:
    """Through 8 kHz and eight bits a sample, as a hands-free link of a headset carries it."""
    even = sound if len(sound) % 2 == 0 else np.append(sound, 0.0)
    low = shape(even, lambda hz: (hz > TELEPHONE_HZ[0]) & (hz < TELEPHONE_HZ[1]))[::2] / 32768
    squeezed = np.sign(low) * np.log1p(MU * np.abs(np.clip(low, -1, 1))) / np.log1p(MU)
    steps = np.round(squeezed * 127) / 127
    coarse = np.sign(steps) * (np.expm1(np.abs(steps) * np.log1p(MU))) / MU * 32768
    wide = np.zeros(len(even))
    wide[::2] = coarse * 2
    return shape(wide, lambda hz: hz < 4000)[: len(sound)]


def shape(sound: Wave, gain: Callable[[Wave], NDArray[Any]]) -> Wave:
    """Filtered by a gain for each frequency in Hz; a loop stays a loop."""
    spectrum = np.fft.rfft(sound)
    return np.asarray(np.fft.irfft(spectrum * gain(np.asarray(np.fft.rfftfreq(len(sound), 1 / RATE_HZ))), len(sound)))


def _paced(sound: Wave, pace: float) -> Wave:
    """Faster and higher by that factor, or slower and deeper."""
    return np.asarray(np.interp(np.arange(0, len(sound) - 1, pace), np.arange(len(sound)), sound))
