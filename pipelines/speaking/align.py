"""When each word is spoken, measured from the sound: for voices that do not say it themselves.

The text becomes a row of rough sounds (`letters`), the sound becomes a loudness in three bands every 10 ms, and the row
is laid over the sound so that hums fall on hums, hisses on hisses and pauses on commas, each sound about as long as it
should be: a hidden semi-Markov model with six states, solved exactly (Rabiner 1989, "A tutorial on hidden Markov
models", section IV.D). Nothing is recognised: the words are known, only their places are sought, so the measure need
not be fine. It knows no voice; levels count relative to the loudest of the same sound.

The table of levels was measured on espeak-ng voices in several accents and rates, and rounded.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Word
from pipelines.speaking.heard import ALIGNED, estimated_words
from pipelines.speaking.letters import sounds_of
from pipelines.speaking.resample import OUT_HZ, Pcm

HOP_MS = 10
_HOP = OUT_HZ * HOP_MS // 1000
_WINDOW = 2 * _HOP
_BANDS_HZ = ((80, 900), (900, 3000), (3500, 8000))
_FLOOR_DB = -60.0
BAND_S = 1.5
MAX_S = 60.0  # a longer sound than any chunk; it is spread by length instead

# kind: level in the three bands, dB below the sound's own loudest; spread of each
LEVELS_DB: dict[str, tuple[float, float, float]] = {
    "v": (-8, -10, -24),
    "n": (-11, -22, -36),
    "s": (-38, -28, -18),
    "f": (-28, -32, -36),
    "t": (-32, -34, -36),
    "_": (-60, -60, -60),
}
SPREAD_DB: dict[str, tuple[float, float, float]] = {
    "v": (8, 9, 12),
    "n": (9, 11, 12),
    "s": (15, 14, 12),
    "f": (15, 14, 13),
    "t": (17, 16, 15),
    "_": (6, 6, 6),
}
_LENGTH_SPREAD = {"v": 0.42, "n": 0.42, "s": 0.40, "f": 0.45, "t": 0.45, "_": 0.8}  # of the logarithm
_LEAST = -1e9

Grid = NDArray[np.float64]


def aligned_words(text: str, pcm: Pcm, voiced: int) -> tuple[Word, ...]:
    """One `Word` for each token of `text`, with times measured in its sound.

    `pcm`: (n,) int16, 48 kHz mono; `voiced`: how many of its samples, from the first, are speech (the rest is a pause).
    """
    voiced_ns = voiced * 1_000_000_000 // OUT_HZ
    tokens = text.split()
    row = [(kind, ms, index) for index, token in enumerate(tokens) for kind, ms in sounds_of(token)]
    if row and row[-1][0] == "_":
        row.pop()  # the pause after the last word was cut off
    frames = voiced // _HOP
    if not row or frames < len(row) or frames * HOP_MS > 1000 * MAX_S:
        return estimated_words(text, voiced_ns)
    ends = _lay(row, levels(pcm[:voiced])[:frames])
    if ends is None:
        return estimated_words(text, voiced_ns)
    return _words(tokens, row, ends, voiced_ns)


def levels(pcm: Pcm) -> Grid:
    """(frames, 3) dB relative to the loudest band and frame, no lower than -60: one row each 10 ms."""
    padded = np.concatenate([np.zeros(_HOP // 2), pcm.astype(np.float64), np.zeros(_WINDOW)])
    count = len(pcm) // _HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)) ** 2
    hz = np.fft.rfftfreq(_WINDOW, 1 / OUT_HZ)
    bands = np.stack([power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in _BANDS_HZ], axis=1)
    db = 10 * np.log10(bands + 1e-9)
    top = np.percentile(db.max(axis=1), 98)
    return np.asarray(np.clip(db - top, _FLOOR_DB, 0.0))


def _lay(row: list[tuple[str, float, int]], db: Grid) -> list[int] | None:
    """For each sound of the row, the frame where it ends; None if the row does not fit.

    A sound is sought only `BAND_S` and a tenth of the whole around where it should be, so that the cost grows with the
    length of the text and not with its square.
    """
    frames = len(db)
    fits = {kind: _fit(kind, db) for kind in {kind for kind, _, _ in row}}
    stretch = frames / sum(ms for _, ms, _ in row)
    band = round(BAND_S * 1000 / HOP_MS + frames / 10)
    before = np.full(frames + 1, _LEAST)
    before[0] = 0.0
    back: list[tuple[int, NDArray[np.int64]]] = []
    due = 0.0
    for kind, ms, _ in row:
        expected = ms * stretch
        due += expected
        low, high = max(0, round(due) - band), min(frames, round(due) + band)
        shortest = 0 if kind == "_" else 1
        longest = max(6, math.ceil(expected * (4 if kind == "_" else 3)))
        lengths = np.arange(longest, shortest - 1, -1)
        cost = 0.5 * (np.log(np.maximum(lengths, 0.5) / expected) / _LENGTH_SPREAD[kind]) ** 2
        total = fits[kind]
        # options[t - low, j]: the best way to the frame t - lengths[j], and from there one sound of this kind to t
        reach = slice(max(0, low - longest), high + 1)
        padding = np.full(longest - low + reach.start, _LEAST)
        come = np.concatenate([padding, before[reach] - total[reach]])
        options = np.lib.stride_tricks.sliding_window_view(come, longest + 1)[:, : len(lengths)] - cost
        best = options.argmax(axis=1)
        back.append((low, lengths[best]))
        before = np.full(frames + 1, _LEAST)
        before[low : high + 1] = options[np.arange(len(best)), best] + total[low : high + 1]
    if before[frames] <= _LEAST / 2:
        return None
    ends, at = [], frames
    for low, taken in reversed(back):
        ends.append(at)
        at -= int(taken[at - low])
    return ends[::-1]


def _fit(kind: str, db: Grid) -> Grid:
    """How well each frame fits a kind, as a logarithm, cumulated: (frames + 1,)."""
    spread = np.array(SPREAD_DB[kind])
    z = (db - np.array(LEVELS_DB[kind])) / spread
    each = np.maximum(-0.5 * z**2, -4.5) - np.log(spread)  # what is far off is only wrong once
    return np.concatenate([[0.0], np.cumsum(each.sum(axis=1) / 3)])


def _words(tokens: list[str], row: list[tuple[str, float, int]], ends: list[int], voiced_ns: int) -> tuple[Word, ...]:
    starts = [0, *ends[:-1]]
    begin: dict[int, int] = {}
    end: dict[int, int] = {}
    for (kind, _, index), start, stop in zip(row, starts, ends, strict=True):
        begin.setdefault(index, start)
        if kind != "_":
            end[index] = stop
    hop_ns = HOP_MS * 1_000_000
    words, last = [], 0
    for index, token in enumerate(tokens):
        start_ns = max(last, min(voiced_ns, begin.get(index, 0) * hop_ns if index in begin else last))
        last = max(start_ns, min(voiced_ns, end[index] * hop_ns if index in end else start_ns))
        words.append(Word(token, start_ns, last, ALIGNED))
    return tuple(words)
