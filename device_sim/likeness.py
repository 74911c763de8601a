"""How like a phrase is a stretch of sound? Spectra over time, aligned by dynamic time warping.

Sound becomes cepstra every 10 ms (25 ms windows, 26 mel bands up to 7 kHz, 12 coefficients and their slopes), with mean
and variance taken out, so that a voice's colour and a codec's tilt count for little. A phrase, rendered, is a template;
it is laid over the answer wherever it fits best, between half and twice its pace:

    score(template) = max over places of  sum over template frames of (PAR - distance)

A sum, not a mean: every frame that matches better than PAR earns, so "platform twenty four" beats "platform twenty"
where both fit, and loses where "four" finds nothing. Steps of the path are (1,1), (1,2) and (2,1), slope 1/2 to 2, as
in Sakoe and Chiba, 1978: each row needs only the two before it, so a row is a few numpy operations for all templates.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FRAME_S, WINDOW_S = 0.010, 0.025
BANDS, CEPSTRA = 26, 12
LOW_HZ, HIGH_HZ = 100.0, 7000.0
SLOPE_WEIGHT = 0.7  # slopes are noisier than the cepstra themselves
PAR = 4.0  # distance at which a frame neither earns nor costs
FLOOR_DB = 45.0  # quieter than this under the loudest frame is silence, all alike

Sound = NDArray[np.float32]  # (n,) in [-1, 1], mono
Features = NDArray[np.float32]  # (frames, 2 * CEPSTRA)


def cepstra(sound: Sound, rate_hz: int) -> tuple[Features, NDArray[np.bool_]]:
    """((frames, 24) float32, (frames,) bool: speech). Not normalised."""
    hop, size = round(FRAME_S * rate_hz), round(WINDOW_S * rate_hz)
    padded = np.pad(sound, (size // 2, size))
    padded = np.append(padded[:1], padded[1:] - 0.97 * padded[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][: max(1, len(sound) // hop)]
    power = np.abs(np.fft.rfft(frames * np.hamming(size), axis=1)) ** 2 / size
    mel = np.log(power @ _filters(rate_hz, size) + 1e-12)
    loud = mel.max(axis=1)
    mel = np.maximum(mel, loud.max() - FLOOR_DB * np.log(10) / 10)
    speech = loud > loud.max() - 0.75 * FLOOR_DB * np.log(10) / 10
    static = mel @ _cosines()
    slope = np.zeros_like(static)
    edge = np.pad(static, ((2, 2), (0, 0)), "edge")
    slope[:] = (2 * (edge[4:] - edge[:-4]) + (edge[3:-1] - edge[1:-3])) / 10
    return np.hstack([static, slope]).astype(np.float32), speech


def normalise(features: Features, over: Features) -> Features:
    """Mean and variance of `over` (speech frames of one voice) taken out of `features`."""
    scaled = (features - over.mean(axis=0)) / (over.std(axis=0) + 1e-6)
    scaled[:, CEPSTRA:] *= SLOPE_WEIGHT
    return np.asarray(scaled, np.float32)


def scores(templates: Sequence[Features], answer: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """((templates,) score, (templates,) mean distance along the best path). Both for the best place in `answer`."""
    rows, columns = max(len(t) for t in templates), len(answer)
    lengths = np.array([len(t) for t in templates])
    gain = np.zeros((len(templates), rows, columns), np.float32)
    for i, template in enumerate(templates):
        gain[i, : len(template)] = PAR - distances(template, answer)
    ends = _align(gain, lengths)
    best = np.asarray(ends.max(axis=1), np.float64)
    return best, PAR - best / lengths


def distances(a: Features, b: Features) -> NDArray[np.float32]:
    """(len(a), len(b)) Euclidean."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float32)


def _align(gain: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
    """(templates, columns): the best score of a path that ends in a column, for each template's last row."""
    none = np.float32(-1e9)
    count, rows, columns = gain.shape
    ends = np.full((count, columns), none, np.float32)
    before, last = np.full((count, columns), none, np.float32), gain[:, 0]
    ends[lengths == 1] = last[lengths == 1]
    for row in range(1, rows):
        here = gain[:, row]
        straight = _shift(last, 1, none)
        slow = _shift(last, 2, none) + 0.5 * (_shift(here, 1, none) - here)  # two answer frames for one of the template
        fast = _shift(before, 1, none) + gain[:, row - 1]  # two template frames for one of the answer
        now = here + np.maximum(np.maximum(straight, slow), fast)
        before, last = last, now
        done = lengths == row + 1
        ends[done] = now[done]
    return ends


def _shift(rows: NDArray[np.float32], by: int, fill: np.float32) -> NDArray[np.float32]:
    out = np.full_like(rows, fill)
    out[:, by:] = rows[:, :-by]
    return out


@functools.cache
def _filters(rate_hz: int, size: int) -> NDArray[np.float64]:
    """(size // 2 + 1, BANDS) triangles, evenly spaced in mel."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOW_HZ, HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(size, 1 / rate_hz)[:, None]
    up = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(up, down), 0, None)


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """(BANDS, CEPSTRA) discrete cosine transform without the level term, liftered."""
    n, k = np.arange(BANDS)[:, None], np.arange(1, CEPSTRA + 1)[None]
    lifter = 1 + 11 * np.sin(np.pi * k / 22)
    return np.asarray(np.cos(np.pi * k * (n + 0.5) / BANDS) * np.sqrt(2 / BANDS) * lifter)
