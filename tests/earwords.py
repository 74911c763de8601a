"""Which words arrived, and in which order, by the sound alone: each word as the voice says it, looked for in what was
heard.

The voice says the same words alike each time, so a word that arrived has nearly the wave that was rendered; the coder,
and a slot of silence here and there, are all that lies between. Of what the companion says it said only the words are
used. Words that are too short to be told by their wave are left out.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.speaking.voice import Voice

DOWN = 6  # 48 kHz to 8 kHz: all that tells words apart, and quick
HZ = 8_000
PIECE_S = 0.16  # looked for piece by piece: a slot that came late moves what follows in the same word
ALIKE = 0.65  # correlation of two waves; 160 ms of other words seldom reach it
LEAST_S = 0.2  # shorter words are not told from others by their wave

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Word:
    text: str
    sound: Sound

    @property
    def long(self) -> bool:
        return len(self.sound) >= LEAST_S * HZ


def read(path: Path) -> Sound:
    """(n,) at 8 kHz."""
    with wave.open(str(path)) as file:
        return _down(np.frombuffer(file.readframes(file.getnframes()), np.int16))


def _down(pcm: NDArray[np.int16]) -> Sound:
    whole = pcm[: len(pcm) // DOWN * DOWN].astype(np.float64)
    return np.asarray(whole.reshape(-1, DOWN).mean(axis=1))


def spoken(voice: Voice, chunks: Sequence[tuple[str, int]]) -> list[Word]:
    """The words of these (text, words a minute) as they follow each other."""
    found: list[Word] = []
    for text, rate_wpm in chunks:
        blocks = list(voice.render(text, rate_wpm, lambda: False))
        pcm = _down(np.concatenate([block.pcm for block in blocks]))
        words = [word for block in blocks for word in block.words]
        found += [Word(w.text, pcm[w.start_ns * HZ // 10**9 : w.end_ns * HZ // 10**9]) for w in words]
    return found


def places(word: Word, heard: Sound) -> list[float]:
    """Seconds at which this word begins in what was heard: at least one of its pieces sounds there."""
    size = round(PIECE_S * HZ)
    at: list[float] = []
    for offset in range(0, max(1, len(word.sound) - size), size):
        piece = word.sound[offset : offset + size]
        if piece.std() < 100:  # a pause
            continue
        at += [t - offset / HZ for t in _alike(piece - piece.mean(), heard)]
    return sorted(at)


def _alike(piece: Sound, heard: Sound) -> list[float]:
    size = 1 << (len(heard) + len(piece)).bit_length()
    dots = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(heard)]
    sums = np.concatenate([[0.0], np.cumsum(heard**2)])
    ends = np.minimum(np.arange(len(heard)) + len(piece), len(heard))
    energy = sums[ends] - sums[: len(heard)]
    alike = dots / np.sqrt(np.maximum(energy, 1e5) * float(piece @ piece))
    peaks = np.nonzero(alike >= ALIKE)[0]
    return [i / HZ for i in peaks.tolist() if alike[i] == alike[max(0, i - 400) : i + 400].max()]


def followed(words: Sequence[Word], heard: Sound, from_s: float) -> list[tuple[str, float | None]]:
    """The long words of a text with the times at which they are heard, as many of them in their order as can be; None
    for those that are not. What was said in between, or twice, is passed over."""
    long = [word for word in words if word.long]
    spots = [(n, t) for n, word in enumerate(long) for t in places(word, heard) if t >= from_s]
    best: list[tuple[int, int]] = []  # for each spot: how many words there are up to it, and the spot before
    for i, (n, t) in enumerate(spots):
        before = [(best[j][0], j) for j in range(i) if spots[j][0] < n and spots[j][1] + 0.05 < t]
        count, last = max(before, default=(0, -1))
        best.append((count + 1, last))
    at = max(range(len(spots)), key=lambda i: best[i][0], default=-1)
    times: dict[int, float] = {}
    while at >= 0:
        n, time_s = spots[at]
        times[n] = time_s
        at = best[at][1]
    return [(word.text, times.get(n)) for n, word in enumerate(long)]


def longest_hole(said: Sequence[tuple[str, float | None]]) -> int:
    """How many words in a row were not found. One or two may be the measure's fault; a lost second is three."""
    return max((len(list(run)) for lost, run in groupby(said, key=lambda word: word[1] is None) if lost), default=0)


def phrase_at(words: Sequence[Word], heard: Sound, least: int = 3) -> list[float]:
    """Seconds at which these words are heard as one: so many pieces of them, where they belong."""
    at = places(Word("", np.concatenate([word.sound for word in words])), heard)
    found: list[float] = []
    for t in at:
        if sum(abs(t - other) < 0.1 for other in at) >= least and all(abs(t - other) > 1.0 for other in found):
            found.append(t)
    return found
