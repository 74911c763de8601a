"""The wearer's voice of the demo scenes: ``python -m training.scene_speech``.

The one idea: every phrase of the vocabulary, said by a voice that the recogniser never heard in training, in a small
room with a little noise, so a scene is as hard as an easy day and not an echo of the training set.
Writes device_sim/speech/<phrase with underscores>.wav, 16 kHz mono PCM16, 80 ms before and after the words.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from training import acoustics, texts, voices
from training.voices import SAMPLE_RATE_HZ, Voice

FOLDER = texts.ROOT / "device_sim" / "speech"
VOICE = Voice("espeak", "en-us+f4", rate=0.95, pitch=1.0)
SNR_DB = 25.0
MARGIN_S = 0.08
PEAK_DBFS = -6.0
ROOM_DECAY_S = 0.2  # to -60 dB: a small furnished room
ROOM_RATIO_DB = 10.0  # direct to reverberant: the microphone sits near the mouth


def render(phrase: str, voice: Voice = VOICE) -> np.ndarray:
    """(n,) float32 at 16 kHz; the same every time (the room and the noise are seeded by the phrase)."""
    rng = np.random.default_rng(zlib.crc32(phrase.encode()))
    clean = voices.speak(phrase, voice)
    margin = int(MARGIN_S * SAMPLE_RATE_HZ)
    clip = np.pad(clean, (margin, margin))
    clip = scipy.signal.fftconvolve(clip, acoustics.room_response(rng, ROOM_DECAY_S, ROOM_RATIO_DB))[: len(clip)]
    noise = acoustics.make_noise("pink", len(clip), rng, [])
    clip = clip + noise * np.sqrt(np.mean(np.square(clean))) * 10 ** (-SNR_DB / 20)
    return (clip / np.abs(clip).max() * 10 ** (PEAK_DBFS / 20)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--voice", default=f"{VOICE.engine}:{VOICE.name}", help="engine:name")
    parser.add_argument("--rate", type=float, default=VOICE.rate)
    parser.add_argument("--pitch", type=float, default=VOICE.pitch)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    voice = Voice(*options.voice.split(":", 1), options.rate, options.pitch)
    for phrase in texts.phrases():
        path = options.folder / f"{phrase.replace(' ', '_')}.wav"
        soundfile.write(path, render(phrase, voice), SAMPLE_RATE_HZ, subtype="PCM_16")


if __name__ == "__main__":
    main()
