"""Eight ways in which a picture comes out of a camera that sits on a head, each from mild (0) to hard (1).

A spoiler draws a doc into a scene, spoils it, and says what a person can still read. The limits of legibility were set
by looking at the pictures: letters below 8 px, blur wider than 0.13 of the letter size, light below 1/25.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tests.bench.pictures.render import HEIGHT, WIDTH, Written, on_scene, placed, wall, write
from tests.bench.pictures.texts import DOCS, Doc

MIDDLE = (WIDTH // 2, HEIGHT // 2)
NO_TILT = (0.0, 0.0)
LEAST_LETTER_PX = 11.0  # size of the font; a capital of it is 8 px high
MOST_BLUR = 0.13  # sigma by letter size
LEAST_LIGHT = 0.04


@dataclass(frozen=True, slots=True)
class Spoilt:
    picture: np.ndarray
    family: str
    lines: tuple[str, ...]
    legible: bool = True
    also: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    degrees: float = 0.0


def _fit(written: Written, share: float = 0.9) -> float:
    """Largest letters with which the paper stays inside the scene."""
    from tests.bench.pictures.render import UNIT_PX

    height, width = written.paper.shape[:2]
    return UNIT_PX * share * min(WIDTH / width, HEIGHT / height)


def _drawn(
    random: np.random.Generator,
    number: int,
    letter_px: float = 34.0,
    degrees: float | None = None,
    tilt: tuple[float, float] = NO_TILT,
    share: float = 0.9,
) -> tuple[Doc, Written, np.ndarray, np.ndarray, float]:
    """Doc, paper, picture, homography and letter size; turned by at most 3 degrees unless told otherwise."""
    doc = DOCS[number % len(DOCS)]
    written = write(doc, random)
    letter_px = min(letter_px, _fit(written, share))
    degrees = float(random.uniform(-3, 3)) if degrees is None else degrees
    at = (MIDDLE[0] + int(random.integers(-40, 40)), MIDDLE[1] + int(random.integers(-15, 15)))
    picture, matrix = placed(written, wall(random), letter_px, degrees, tilt, at)
    return doc, written, picture, matrix, letter_px


def _grained(picture: np.ndarray, random: np.random.Generator, steps: float) -> np.ndarray:
    noise = random.standard_normal(picture.shape, dtype=np.float32) * steps
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def clean(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    doc, _, picture, _, _ = _drawn(random, number, 44 - 20 * hard)
    return Spoilt(_grained(picture, random, 2), doc.family, doc.lines)


def blurred(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    """Out of focus or smeared along a line, half and half."""
    doc, _, picture, _, letter_px = _drawn(random, number, 40)
    sigma = letter_px * (0.05 + 0.13 * hard)
    if number % 2:
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    else:
        length = max(3, round(3.4 * sigma))
        kernel = np.zeros((length, length), np.float32)
        angle = random.uniform(0, np.pi)
        way = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        a, b = (tuple(int(v) for v in length / 2 + sign * way) for sign in (-1, 1))
        cv2.line(kernel, a, b, 1.0, 1)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    legible = sigma <= MOST_BLUR * letter_px
    return Spoilt(_grained(picture, random, 2), doc.family, doc.lines, legible)


def dark(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    doc, _, picture, _, _ = _drawn(random, number, 38)
    gain = 0.35 * (0.012 / 0.35) ** hard
    picture = _grained(picture * np.float32(gain), random, 1.5)
    return Spoilt(picture, doc.family, doc.lines, gain >= LEAST_LIGHT)


def rotated(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    """Evenly round the circle."""
    degrees = hard * 347 + 7
    doc, written, _, _, _ = _drawn(random, number)
    reach = float(np.hypot(*written.paper.shape[:2])) / min(HEIGHT, WIDTH)
    letter_px = min(32.0, 0.98 * 56 / reach)
    doc, _, picture, _, _ = _drawn(random, number, letter_px, degrees, share=2.0)
    return Spoilt(_grained(picture, random, 2), doc.family, doc.lines, letter_px >= LEAST_LETTER_PX, degrees=degrees)


def perspective(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    lean = 15 + 35 * hard
    tilt = (lean * (-1) ** number, 0.6 * lean * (-1) ** (number // 2))
    doc, _, picture, _, _ = _drawn(random, number, 40, tilt=tilt)
    return Spoilt(_grained(picture, random, 2), doc.family, doc.lines)


def glared(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    """A lamp mirrored in the paper: what stands in its middle is gone, what stands at its rim is pale."""
    doc, written, picture, matrix, _ = _drawn(random, number, 40)
    paper = written.paper.shape
    at = cv2.perspectiveTransform(
        np.array([[[paper[1] * random.uniform(0.2, 0.8), paper[0] * random.uniform(0.2, 0.8)]]], np.float32), matrix
    )[0, 0]
    rows, columns = np.indices((HEIGHT, WIDTH), dtype=np.float32)
    size = 30 + 70 * hard
    distance = ((columns - at[0]) / (1.6 * size)) ** 2 + ((rows - at[1]) / size) ** 2
    light = 330 * np.exp(-distance)
    bright = _grained(np.minimum(255, picture + light[..., None]), random, 2)
    clear, pale = [], []
    for line, box in zip(doc.lines, written.rows, strict=True):
        inside = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillConvexPoly(inside, on_scene(box, matrix).astype(np.int32), 1)
        (pale if light[inside > 0].max() > 110 else clear).append(line)
    return Spoilt(bright, doc.family, tuple(clear), also=tuple(pale))


def small(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    letter_px = 18 - 9 * hard
    doc, _, picture, _, letter_px = _drawn(random, number, letter_px)
    return Spoilt(_grained(picture, random, 1.5), doc.family, doc.lines, letter_px >= LEAST_LETTER_PX)


def cut(random: np.random.Generator, number: int, hard: float) -> Spoilt:
    """The camera points too far to one side: writing runs off the left or right edge, or a row off top or bottom."""
    edge = ("right", "left", "bottom", "top")[number % 4]
    doc, written, picture, matrix, _ = _drawn(random, number, 36, degrees=float(random.uniform(-1, 1)))
    boxes = [on_scene(box, matrix) for box in written.rows]
    around = np.concatenate(boxes)
    if edge in ("right", "left"):
        side = around[:, 0].max() - (0.25 + 0.2 * hard) * np.ptp(around[:, 0])
        if edge == "left":
            side = around[:, 0].min() + (0.25 + 0.2 * hard) * np.ptp(around[:, 0])
        across = (np.arange(WIDTH) < side) if edge == "right" else (np.arange(WIDTH) >= side)
        picture = np.ascontiguousarray(picture[:, across])
        outside = [(b[:, 0].max() > side) if edge == "right" else (b[:, 0].min() < side) for b in boxes]
    else:
        row = boxes[-1] if edge == "bottom" else boxes[0]
        side = int(row[:, 1].mean())
        picture = np.ascontiguousarray(picture[:side] if edge == "bottom" else picture[side:])
        outside = [b is row for b in boxes]
    whole = tuple(line for line, off in zip(doc.lines, outside, strict=True) if not off)
    part = tuple(line for line, off in zip(doc.lines, outside, strict=True) if off)
    return Spoilt(_grained(picture, random, 2), doc.family, whole, also=part, cut=(edge,))


SPOILERS: dict[str, Callable[[np.random.Generator, int, float], Spoilt]] = {
    "none": clean,
    "blur": blurred,
    "dark": dark,
    "rotated": rotated,
    "perspective": perspective,
    "glare": glared,
    "small": small,
    "cut": cut,
}
