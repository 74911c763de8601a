"""Heads that look around: one randomised turn each, with what was looked at at every moment.

    gaze        one object ╱ the object meant ╲ another one
                          ╱                    ╲
    words             "what does THIS say"
    time             -1.2 s      0     0.3..2 s

The head comes to rest on the object 0.25 to 1 s before the pointing word, and turns away 0.3 to 2 s after it, at 100 to
300 degrees a second; it trembles all the time, as heads do (a degree or less, 1 to 9 Hz).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.events import MS, NS, Word
from tests.bench.frames.world import APART_DEGREES, OBJECTS, bearing

QUESTIONS = (
    ("what does this say", 2, "read"),
    ("read this to me please", 1, "read"),
    ("what is that", 2, "describe"),
    ("who made this one here", 2, "describe"),
    ("can you tell me what this thing is", 5, "describe"),
    ("is there a code on this", 5, "code"),
)
ORIGIN_NS = 20 * NS  # a session that has run for a while
JITTER_NS = 80 * MS
CLOSE_DEGREES = 8.0  # of the middle of the object: it fills the middle of the picture
STILL_DEGREES_S = 25.0  # below this, half a degree of blur at 1/50 s


@dataclass(frozen=True, slots=True)
class Turn:
    """One question. `moves`: (start s, end s, from degrees, to degrees) relative to the pointing word's middle."""

    seed: int
    meant: str
    text: str
    purpose: str
    words: tuple[Word, ...]
    start_ns: int
    end_ns: int
    moves: tuple[tuple[float, float, float, float], ...]
    tremor: tuple[tuple[float, float, float], ...]
    fps: int
    codec: str

    def gaze(self, at_ns: int) -> tuple[float, float]:
        """(degrees right, degrees up) at a moment of the session clock."""
        t = (at_ns - ORIGIN_NS) / NS
        right = self.moves[0][2]
        for start, end, _, to in self.moves:
            if t >= end:
                right = to
            elif t > start:
                x = (t - start) / (end - start)
                right += (to - right) * (10 * x**3 - 15 * x**4 + 6 * x**5)  # minimum jerk: Flash and Hogan, 1985
        shake = [a * math.sin(2 * math.pi * hz * t + phase) for a, hz, phase in self.tremor]
        return right + sum(shake), 0.6 * sum(shake[::-1])

    def shows_meant(self, at_ns: int) -> bool:
        """Is the object meant in the middle of a frame of this moment, and not smeared?"""
        right, _ = self.gaze(at_ns)
        speed = abs(self.gaze(at_ns + 5 * MS)[0] - self.gaze(at_ns - 5 * MS)[0]) / 0.01
        away = (right - bearing(self.meant) + 180) % 360 - 180
        return abs(away) <= CLOSE_DEGREES and speed <= STILL_DEGREES_S


def turn(seed: int) -> Turn:
    rng = np.random.default_rng(seed)
    text, pointing, purpose = QUESTIONS[int(rng.integers(len(QUESTIONS)))]
    meant = OBJECTS[int(rng.integers(len(OBJECTS)))]
    words, start_ns, end_ns = _spoken(text.split(), pointing, rng)
    here = bearing(meant)
    arrived_s, left_s = -rng.uniform(0.25, 1.0), rng.uniform(0.3, 2.0)
    from_degrees = here + rng.choice([-1, 1]) * APART_DEGREES * rng.integers(1, 4)
    to_degrees = here + rng.choice([-1, 1]) * APART_DEGREES * rng.integers(1, 4)
    moves = (
        (arrived_s - _takes_s(here - from_degrees, rng), arrived_s, from_degrees, here),
        (left_s, left_s + _takes_s(to_degrees - here, rng), here, to_degrees),
    )
    tremor = tuple((rng.uniform(0.05, 0.35), rng.uniform(1, 9), rng.uniform(0, 6.28)) for _ in range(3))
    fps, codec = int(rng.choice([15, 30])), str(rng.choice(["h264", "vp8"]))
    return Turn(seed, meant, text, purpose, words, start_ns, end_ns, moves, tremor, fps, codec)


def _takes_s(degrees: float, rng: np.random.Generator) -> float:
    """How long a turn takes whose highest speed is 100 to 300 degrees/s: minimum jerk peaks at 1.875 of its mean."""
    return 1.875 * abs(degrees) / float(rng.uniform(100, 300))


def _spoken(parts: list[str], pointing: int, rng: np.random.Generator) -> tuple[tuple[Word, ...], int, int]:
    """Words as a recogniser tells them, each wrong by up to 80 ms; the true middle of the pointing one is at zero."""
    lengths = [int(rng.uniform(45, 75) * MS * (len(part) + 1)) for part in parts]
    start_ns = ORIGIN_NS - sum(lengths[:pointing]) - lengths[pointing] // 2
    at_ns, words = start_ns, []
    for part, length in zip(parts, lengths, strict=True):
        off = int(rng.uniform(-JITTER_NS, JITTER_NS))
        words.append(Word(part, at_ns + off, at_ns + length + off, 0.9))
        at_ns += length
    return tuple(words), start_ns, at_ns
