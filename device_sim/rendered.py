"""Words that no bundled phrase says, spoken by espeak-ng: the sound of an `ask` step, for recognisers of all words."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np

from device_sim.espeak import Accent, espeak

RATE_HZ = 16_000
MARGIN = RATE_HZ * 80 // 1000  # samples before and after the words, as the bundled phrases have them
PEAK = 10 ** (-6 / 20)
VOICE = Accent("en-us", 150, 50)


def render(words: str, folder: Path) -> Path:
    """A wav file of it in `folder` (16 kHz mono PCM16). Raises NoVoiceError. Not byte for byte the same the
    next time: espeak-ng draws its own breath."""
    path = folder / f"{hashlib.sha256(words.encode()).hexdigest()[:16]}.wav"
    spoken = espeak().speak(words, VOICE)
    count = len(spoken) * RATE_HZ // espeak().rate_hz
    pcm = np.pad(np.fft.irfft(np.fft.rfft(spoken)[: count // 2 + 1], count), MARGIN)
    pcm *= PEAK / max(float(np.abs(pcm).max()), 1e-9)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    return path
