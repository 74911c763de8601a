"""A closed choice by ear: which of these phrases did the wearer hear?

The true phrase and its decoys are spoken by reference voices, each is laid over what arrived (likeness.py), and the
true one has to win by a margin and fit well enough in itself. Captions have no say in it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_sim import likeness
from device_sim.espeak import Accent, espeak

# Two accents, two higher voices and a lower one; the alignment forgives pace, so one rate is enough.
ACCENTS = tuple(Accent(voice, 175) for voice in ("en-us", "en", "en-us+f3", "en+m3", "en+f5"))
# Read once per voice for its mean and variance: every English vowel, most consonants.
CARRIER = (
    "The beige hue on the waters of the loch impressed all, including the French queen, before she heard that symphony."
)
MIN_MARGIN = 3.0  # score by which the true phrase must lead; a frame of 10 ms that fits perfectly is worth PAR
MAX_DISTANCE = 4.4  # a worse fit is not that phrase at all; 99 % of true phrases fit better than 3.7
HEARD_DISTANCE = 2.4  # a phrase of which we only ask whether it was said counts as said below this
MIN_AUDIBLE_FRAMES = 15  # 150 ms


@dataclass(frozen=True)
class Choice:
    """`scores`: phrase -> score, best place and voice. `distance`: how well the true phrase fits, lower is better."""

    best: str
    margin: float
    distance: float
    scores: dict[str, float]
    frames: int

    def passes(self, true: str) -> bool:
        return self.best == true and self.margin >= MIN_MARGIN and self.distance <= MAX_DISTANCE


def choose(sound: NDArray[np.int16], rate_hz: int, true: str, decoys: Sequence[str]) -> Choice:
    """`sound`: (n,) int16 mono. Raises espeak.NoVoiceError where there is no reference voice."""
    phrases = [true, *(d for d in dict.fromkeys(decoys) if d.lower() != true.lower())]
    by_accent = [[_template(phrase, accent) for phrase in phrases] for accent in ACCENTS]
    templates = [template for same in by_accent for template in same]
    answer = _answer(sound, rate_hz)
    if len(answer) < MIN_AUDIBLE_FRAMES:
        return Choice("", 0.0, float("inf"), {}, len(answer))
    score, distance = likeness.scores(templates, answer)
    by_phrase = score.reshape(len(ACCENTS), -1).max(axis=0)
    order = np.argsort(-by_phrase)
    rival = max(by_phrase[1:], default=-np.inf)
    return Choice(
        best=phrases[order[0]],
        margin=round(float(by_phrase[0] - rival), 1),
        distance=round(float(distance.reshape(len(ACCENTS), -1)[:, 0].min()), 2),
        scores={phrase: round(float(s), 1) for phrase, s in zip(phrases, by_phrase, strict=True)},
        frames=len(answer),
    )


def _answer(sound: NDArray[np.int16], rate_hz: int) -> likeness.Features:
    """Features of the audible part, normalised over its speech."""
    if not len(sound) or np.abs(sound).max() < 100:
        return np.zeros((0, 2 * likeness.CEPSTRA), np.float32)
    features, speech = likeness.cepstra(np.asarray(sound / 32768.0, np.float32), rate_hz)
    at = np.nonzero(speech)[0]
    if not len(at):
        return features[:0]
    return likeness.normalise(features, features[speech])[max(0, at[0] - 5) : at[-1] + 20]


@functools.cache
def _template(phrase: str, accent: Accent) -> likeness.Features:
    features, speech = likeness.cepstra(espeak().speak(phrase, accent), espeak().rate_hz)
    at = np.nonzero(speech)[0]
    return likeness.normalise(features, _voice(accent))[at[0] : at[-1] + 1]


@functools.cache
def _voice(accent: Accent) -> likeness.Features:
    features, speech = likeness.cepstra(espeak().speak(CARRIER, accent), espeak().rate_hz)
    return features[speech]
