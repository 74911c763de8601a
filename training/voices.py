"""Who says it: text to clean speech through three synthesisers, and which voices are never trained on.

The one idea: a voice belongs to exactly one split. ``test`` and ``dev`` voices are whole families of espeak-ng
variants (a variant and its numbered siblings share formants) and one flite speaker; training never hears them.
"""

from __future__ import annotations

import ctypes
import functools
import os
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

SAMPLE_RATE_HZ = 16_000


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TEST_VARIANTS = _names("steph steph2 steph3 f4 m7 Annie Andrea paul linda caleb Alicia boris victor")
DEV_VARIANTS = _names("f5 m8 belinda ed edward edward2 gustave")
# Left out: no human sort of voice, and max, which is nearly a training voice (RicishayMax).
SKIPPED_VARIANTS = _names(
    "UniRobot anikaRobot Demonic croak Storm fast klatt6 robosoft max "
    "robosoft2 robosoft3 robosoft4 robosoft5 robosoft6 robosoft7 robosoft8"
)
ACCENTS = _names("en-us en-us en-us en en en-gb-scotland en-gb-x-rp en-us-nyc en-gb-x-gbclan en-gb-x-gbcwmd en-029")
TEST_FLITE = ("rms",)
TRAIN_FLITE = ("slt", "awb", "kal16")
TRAIN_FESTIVAL = ("ked_diphone", "cmu_us_slt_arctic_hts")


@dataclass(frozen=True)
class Voice:
    """One way to say a text.

    ``rate`` 1.0 is the engine's own pace, larger is faster; ``pitch`` 1.0 its own mean pitch.
    """

    engine: str  # espeak | flite | festival
    name: str  # espeak: accent+variant
    rate: float = 1.0
    pitch: float = 1.0

    @property
    def label(self) -> str:
        return f"{self.engine}:{self.name}"


class Espeak:
    """libespeak-ng in this process: samples and the start of each word."""

    _NATIVE_RATE_HZ = 22_050
    _EVENT_WORD = 1
    _RATE, _PITCH, _RANGE = 1, 3, 4

    class _Event(ctypes.Structure):
        _fields_ = [
            ("type", ctypes.c_int),
            ("unique_identifier", ctypes.c_uint),
            ("text_position", ctypes.c_int),
            ("length", ctypes.c_int),
            ("audio_position", ctypes.c_int),
            ("sample", ctypes.c_int),
            ("user_data", ctypes.c_void_p),
            ("id", ctypes.c_char * 8),
        ]

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = os.fsencode(espeakng_loader.get_data_path())
        if self._library.espeak_Initialize(2, 0, data, 0) != self._NATIVE_RATE_HZ:
            raise RuntimeError("espeak-ng did not start: reinstall espeakng-loader")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        callback_type = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(self._Event)
        )
        self._blocks: list[np.ndarray] = []
        self._word_starts_ms: list[int] = []
        self._callback = callback_type(self._on_block)
        self._library.espeak_SetSynthCallback(self._callback)

    def _on_block(self, samples, count, events) -> int:
        if samples and count:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type:
            if events[i].type == self._EVENT_WORD:
                self._word_starts_ms.append(events[i].audio_position)
            i += 1
        return 0

    def speak(self, text: str, voice: Voice) -> tuple[np.ndarray, list[float]]:
        """((n,) float32 at 16 kHz, start of each word in seconds)."""
        self._blocks, self._word_starts_ms = [], []
        library = self._library
        if library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng knows no voice {voice.name!r}")
        library.espeak_SetParameter(self._RATE, int(175 * voice.rate), 0)
        library.espeak_SetParameter(self._PITCH, int(min(99, max(1, 50 * voice.pitch))), 0)
        raw = text.encode()
        library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, 1, None, None)
        samples = np.concatenate(self._blocks).astype(np.float32) / 32768
        resampled = scipy.signal.resample_poly(samples, 320, 441).astype(np.float32)
        return resampled, [ms / 1000 for ms in self._word_starts_ms]

    def phonemes(self, text: str) -> str:
        """IPA without stress, length and spaces: the hidden teaching aid of the encoder."""
        self._library.espeak_SetVoiceByName(b"en-us")
        pointer = ctypes.c_char_p(text.encode())
        raw = self._library.espeak_TextToPhonemes(ctypes.byref(pointer), 1, 0x02)
        return "".join(c for c in raw.decode() if c not in "ˈˌː _‍|-")


@functools.cache
def espeak() -> Espeak:
    return Espeak()


@functools.cache
def espeak_variants(split: str) -> tuple[str, ...]:
    """Names of the espeak-ng variants of ``train``, ``dev`` or ``test``."""
    import espeakng_loader

    if split == "test":
        return TEST_VARIANTS
    if split == "dev":
        return DEV_VARIANTS
    found = {path.name for path in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir()}
    return tuple(sorted(name for name in found - {*TEST_VARIANTS, *DEV_VARIANTS, *SKIPPED_VARIANTS} if " " not in name))


def draw_espeak_voice(rng: random.Random, split: str) -> Voice:
    accent, variant = rng.choice(ACCENTS), rng.choice(espeak_variants(split))
    return Voice("espeak", f"{accent}+{variant}", rng.uniform(0.72, 1.25), rng.uniform(0.5, 1.6))


FLITE_PITCH_HZ = {"slt": 175.0, "awb": 125.0, "kal16": 105.0, "rms": 100.0}


def speak_flite(text: str, voice: Voice) -> np.ndarray:
    """(n,) float32 at 16 kHz from the flite program."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        prosody = [f"duration_stretch={1 / voice.rate:.3f}"]
        prosody.append(f"int_f0_target_mean={FLITE_PITCH_HZ[voice.name] * voice.pitch:.1f}")
        settings = [part for setting in prosody for part in ("--setf", setting)]
        subprocess.run(["flite", "-voice", voice.name, *settings, "-t", text, "-o", file.name], check=True)
        return _read(file.name)


def speak_festival(jobs: list[tuple[str, Voice]]) -> list[np.ndarray]:
    """Many texts in one festival process; (n,) float32 at 16 kHz each."""
    with tempfile.TemporaryDirectory() as folder:
        lines, last = [], None
        for i, (text, voice) in enumerate(jobs):
            if voice.name != last:
                lines.append(f"(voice_{voice.name})")
                last = voice.name
            lines.append(f"(Parameter.set 'Duration_Stretch {1 / voice.rate:.3f})")
            lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{i}.wav" \'riff)')
        script = Path(folder) / "jobs.scm"
        script.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(
            ["festival", "-b", str(script)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return [_read(f"{folder}/{i}.wav") for i in range(len(jobs))]


def speak(text: str, voice: Voice) -> np.ndarray:
    """(n,) float32 at 16 kHz, silence at both ends cut off."""
    if voice.engine == "espeak":
        return trim(espeak().speak(text, voice)[0])
    if voice.engine == "flite":
        return trim(speak_flite(text, voice))
    return trim(speak_festival([(text, voice)])[0])


def _read(path: str) -> np.ndarray:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ:
        samples = scipy.signal.resample_poly(samples, SAMPLE_RATE_HZ, rate_hz)
    return samples.astype(np.float32)


def active_span(samples: np.ndarray) -> tuple[int, int]:
    """First and last sample louder than -45 dB below the loudest 10 ms."""
    hop = SAMPLE_RATE_HZ // 100
    n = len(samples) // hop
    if n == 0:
        return 0, len(samples)
    power = np.square(samples[: n * hop].reshape(n, hop)).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-4.5)
    if not len(loud):
        return 0, len(samples)
    return int(loud[0]) * hop, min(len(samples), (int(loud[-1]) + 1) * hop)


def trim(samples: np.ndarray) -> np.ndarray:
    start, stop = active_span(samples)
    return samples[start:stop]
