"""What the camera sees during a question: one picture, or some in turn; and the pictures the questions are about."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tests.bench.pictures.render import HEIGHT, WIDTH, on_scene, placed, wall, write
from tests.bench.pictures.texts import Doc

NO_TILT = (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """`loop`: pictures (h, w, 3) uint8 BGR, one after another, each for `each_ms`, and then from the first again.
    `until_ms`: the camera stops so long after the wearer begins to speak (below 0: before), None = it goes on; `then`:
    what it sees afterwards instead of stopping. `camera` False: there is none."""

    loop: tuple[np.ndarray, ...]
    each_ms: int = 300
    until_ms: int | None = None
    then: np.ndarray | None = None
    camera: bool = True


def still(picture: np.ndarray, until_ms: int | None = None, then: np.ndarray | None = None) -> Scene:
    return Scene((picture,), until_ms=until_ms, then=then)


def doc(family: str, *rows: str) -> Doc:
    """As in `tests.bench.pictures.texts`: "#" before a row makes it large, "|" parts its cells."""
    sizes = tuple(1.6 if row.startswith("#") else 1.0 for row in rows)
    return Doc(family, tuple(tuple(cell.strip() for cell in row.lstrip("#").split("|")) for row in rows), sizes)


def paper(
    what: Doc, random: np.random.Generator, letter_px: float = 38, degrees: float | None = None,
    tilt: tuple[float, float] = NO_TILT, aside: tuple[int, int] = (0, 0),
) -> np.ndarray:  # fmt: skip
    """The doc on a wall, 1280 x 720, as large as it fits and at most `letter_px`; turned by up to 3 degrees."""
    written = write(what, random)
    height, width = written.paper.shape[:2]
    letter_px = min(letter_px, 56 * 0.9 * min(WIDTH / width, HEIGHT / height))
    degrees = float(random.uniform(-3, 3)) if degrees is None else degrees
    at = (WIDTH // 2 + aside[0], HEIGHT // 2 + aside[1])
    picture, _ = placed(written, wall(random), letter_px, degrees, tilt, at)
    return grained(picture, random)


def run_off(what: Doc, random: np.random.Generator, share: float) -> np.ndarray:
    """The doc on a wall, its picture ending so far along its first row."""
    written = write(what, random)
    picture, matrix = placed(written, wall(random), 50, 0.0, NO_TILT, (WIDTH // 2, HEIGHT // 2))
    across = on_scene(written.rows[0], matrix)[:, 0]
    end = int(across.min() + share * np.ptp(across))
    return grained(np.ascontiguousarray(picture[:, :end]), random)


def grained(picture: np.ndarray, random: np.random.Generator, steps: float = 2) -> np.ndarray:
    noise = random.standard_normal(picture.shape, dtype=np.float32) * steps
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def smeared(picture: np.ndarray, px: int) -> np.ndarray:
    """As a head that turns smears it."""
    return cv2.filter2D(picture, -1, np.full((1, px), 1 / px, np.float32))


def lit(picture: np.ndarray, *factors: float) -> np.ndarray:
    """In other light: one factor, or one each for blue, green and red."""
    return np.clip(picture.astype(np.float32) * np.array(factors, np.float32), 0, 255).astype(np.uint8)


def on_a_wall(random: np.random.Generator, *patches: np.ndarray) -> np.ndarray:
    """Patches beside each other on a wall."""
    picture = wall(random)
    for index, patch in enumerate(patches):
        left, top = 120 + 600 * index, 200
        picture[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return grained(picture, random)
