"""The pictures that reading is measured on: drawn in code with their truth, and the photographs where they are there.

`pictures(seed)` gives the same list for the same seed, in some seconds, and keeps it for the process. Eight kinds of
trouble, fourteen pictures each, 34 pictures without a letter, and up to twelve photographs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from tests.bench.pictures import nothing, photographs, spoil

TROUBLES = ("none", "blur", "dark", "rotated", "perspective", "glare", "small", "cut")
EACH = 14


@dataclass(frozen=True, slots=True)
class Case:
    """One picture and the truth about it.

    `picture`: (h, w, 3) uint8 BGR. `lines`: what a person can read, in reading order. `also`: what may be read without
    fault and need not be (half under glare, half cut). `legible`: False if a person could not read it. `cut`: edges
    where the writing runs off. `slack`: wrong letters allowed in a line because a letter is cut through.
    """

    name: str
    kind: str  # "drawn" or "photo"
    picture: np.ndarray
    lines: tuple[str, ...]
    legible: bool = True
    upright: bool = True
    family: str = "none"
    degradation: str = "none"
    also: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    slack: int = 0


@lru_cache(maxsize=2)
def pictures(seed: int) -> tuple[Case, ...]:
    """All cases of a seed: drawn text, drawn pictures without text, photographs."""
    return tuple(_with_text(seed) + _without_text(seed) + _photographs())


def _with_text(seed: int) -> list[Case]:
    cases = []
    for which, trouble in enumerate(TROUBLES):
        for number in range(EACH):
            random = np.random.default_rng((seed, which, number))
            spoilt = spoil.SPOILERS[trouble](random, 5 * number + which, number / (EACH - 1))
            cases.append(
                Case(
                    f"{trouble}-{number:02d}-{spoilt.family}",
                    "drawn",
                    spoilt.picture,
                    spoilt.lines if spoilt.legible else (),
                    spoilt.legible,
                    trouble != "rotated" or abs((spoilt.degrees + 180) % 360 - 180) < 10,
                    spoilt.family,
                    trouble,
                    spoilt.also if spoilt.legible else spoilt.lines + spoilt.also,
                    spoilt.cut,
                    int(bool(spoilt.cut)),
                )
            )
    return cases


def _without_text(seed: int) -> list[Case]:
    cases = []
    for which, kind in enumerate(nothing.KINDS):
        for number in range(2):
            random = np.random.default_rng((seed, 100 + which, number))
            cases.append(Case(f"no-text-{kind.__name__}-{number}", "drawn", kind(random), ()))
    return cases


def _photographs() -> list[Case]:
    cases = []
    for name, (lines, also, family) in photographs.PHOTOGRAPHS.items():
        picture = cv2.imread(str(photographs.FOLDER / f"{name}.jpg"))
        if picture is not None:
            cases.append(Case(f"photo-{name}", "photo", picture, lines, family=family, also=also))
    return cases
