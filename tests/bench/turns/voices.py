"""Rendered speech: who speaks, and what exactly is heard when they do.

A speaker is a voice of `pipelines.speaking.espeak` (an accent and a variant), a pace, and a factor by which their whole
sound is shifted; so some thirty throats come out of one engine. A clip knows its words with their times, and where its
sound really begins and ends: the first and the last sample within 35 dB of its loud parts.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise

import av
import numpy as np
from numpy.typing import NDArray

from pipelines.events import NS
from pipelines.speaking.espeak import EspeakOptions, EspeakVoice

RATE_HZ = 16_000
SOUNDS_DB = 35.0  # below the loud parts: what is quieter is the room
HOP = 64  # samples, 4 ms: loudness is taken in these
# Those that the embedded recogniser never heard in training, without two ("caleb", "Alicia") that voice activity finds
# only 300 ms after their onset: it takes people's voices up within 152 ms, nine times of ten.
VARIANTS = ("steph", "steph2", "steph3", "f4", "m7", "Annie", "Andrea", "paul", "linda", "boris", "victor")
ACCENTS = ("en-us", "en", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-029")

Sound = NDArray[np.float32]  # (n,) in [-1, 1], 16 kHz mono


@dataclass(frozen=True, slots=True)
class Speaker:
    voice: str = "en-us+steph"
    rate_wpm: int = 170
    shift: float = 1.0  # more than 1: higher and faster, a smaller head


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word: seconds from the clip's first sample."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech with silence around it cut away: it sounds from its first sample to its last."""

    text: str
    sound: Sound
    words: tuple[Spoken, ...]
    pauses: tuple[tuple[float, float], ...] = ()  # (start, end) in s: silence in the middle

    @property
    def seconds(self) -> float:
        return len(self.sound) / RATE_HZ


def speaker(random: np.random.Generator) -> Speaker:
    """One that is drawn."""
    voice = f"{random.choice(ACCENTS)}+{random.choice(VARIANTS)}"
    return Speaker(voice, int(random.integers(140, 196)), round(float(random.uniform(0.92, 1.10)), 3))


@functools.lru_cache(maxsize=4096)
def said(text: str, who: Speaker) -> Clip:
    """The text in one breath, at a level of 0 dB: its loud parts have a root mean square of 0.1."""
    blocks = list(_voice(who.voice).render(text, who.rate_wpm, lambda: False))
    pcm = np.concatenate([b.pcm for b in blocks]).astype(np.float32) / 32768
    sound = resampled(pcm, round(48_000 * who.shift), RATE_HZ)
    start, end = sounding(sound)
    offset_s = start / RATE_HZ
    words = tuple(
        Spoken(
            w.text,
            max(0.0, w.start_ns / NS / who.shift - offset_s),
            min((end - start) / RATE_HZ, w.end_ns / NS / who.shift - offset_s),
        )
        for b in blocks
        for w in b.words
    )
    cut = sound[start:end]
    return Clip(text, np.asarray(cut * (0.1 / loudness(cut)), np.float32), words)


def joined(parts: list[Clip], gaps_s: list[float]) -> Clip:
    """Phrases with silence between them; `gaps_s`: one fewer than parts."""
    sounds: list[Sound] = []
    words: list[Spoken] = []
    pauses: list[tuple[float, float]] = []
    at = 0
    for clip, gap_s in zip(parts, [*gaps_s, 0.0], strict=True):
        base_s = at / RATE_HZ
        words += [Spoken(w.text, base_s + w.start_s, base_s + w.end_s) for w in clip.words]
        silence = np.zeros(round(gap_s * RATE_HZ), np.float32)
        sounds += [clip.sound, silence]
        at += len(clip.sound)
        if len(silence):
            pauses.append((at / RATE_HZ, (at + len(silence)) / RATE_HZ))
        at += len(silence)
    return Clip(" ".join(c.text for c in parts), np.concatenate(sounds), tuple(words), tuple(pauses))


def pieces(text: str, sound: Sound, least_s: float = 0.25, longest_s: float = 3.0) -> list[Clip]:
    """A recording cut where it pauses for `least_s`, what is longer than 3 s left out; words by their letters."""
    whole = spread(text, sound)
    levels = _levels(whole.sound)
    quiet = levels < np.percentile(levels, 95) - 25.0
    cuts, run = [0], 0
    for i, low in enumerate(quiet):
        run = run + 1 if low else 0
        if run == round(least_s * RATE_HZ / HOP):
            cuts.append((i - run // 2) * HOP)
    found = []
    for first, last in pairwise([*cuts, len(whole.sound)]):
        said = " ".join(w.text for w in whole.words if first <= w.start_s * RATE_HZ < last)
        if said and RATE_HZ // 2 < last - first <= longest_s * RATE_HZ:
            found.append(spread(said, whole.sound[first:last]))
    return found


def sounding(sound: Sound) -> tuple[int, int]:
    """Where it begins and ends, in samples: the outermost ones within 35 dB of the loud parts' level."""
    levels = _levels(sound)
    loud = np.flatnonzero(levels >= np.percentile(levels, 95) - SOUNDS_DB)
    return int(loud[0]) * HOP, min(len(sound), (int(loud[-1]) + 1) * HOP)


def loudness(sound: Sound) -> float:
    """Root mean square of the parts that sound."""
    levels = _levels(sound)
    loud = levels[levels >= np.percentile(levels, 95) - 20.0]
    return float(np.sqrt(np.mean(10 ** (loud / 10))))


def at_level(clip: Clip, dbfs: float) -> Clip:
    """The clip with its loud parts at that level."""
    gain = 10 ** (dbfs / 20) / max(1e-9, loudness(clip.sound))
    return Clip(clip.text, np.asarray(clip.sound * gain, np.float32), clip.words, clip.pauses)


def spread(text: str, sound: Sound) -> Clip:
    """A recording whose words have no known times: they are laid over its sound by their letters."""
    start, end = sounding(sound)
    cut = sound[start:end]
    tokens = text.lower().split()
    shares = np.cumsum([0, *(len(t) + 1 for t in tokens)])
    edges = shares / shares[-1] * len(cut) / RATE_HZ
    words = tuple(Spoken(t, float(a), float(b)) for t, (a, b) in zip(tokens, pairwise(edges), strict=True))
    return Clip(text, cut, words)


def resampled(sound: Sound, from_hz: int, to_hz: int) -> Sound:
    """libswresample's filter, the whole clip at once."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=to_hz)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[np.newaxis]), format="flt", layout="mono")
    frame.sample_rate = from_hz
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([f.to_ndarray()[0] for f in frames if f.samples]).astype(np.float32)


def _levels(sound: Sound) -> NDArray[np.float64]:
    """Of each 4 ms, dB of full scale."""
    count = max(1, len(sound) // HOP)
    squares = np.resize(sound, count * HOP).reshape(count, HOP).astype(np.float64) ** 2
    return np.asarray(10 * np.log10(squares.mean(axis=1) + 1e-12))


@functools.cache
def _voice(name: str) -> EspeakVoice:
    return EspeakVoice(EspeakOptions(voice=name))
