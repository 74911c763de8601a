"""Pictures without a single letter, each of a kind that looks like writing to a machine: strokes, rows, rings."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tests.bench.pictures.render import HEIGHT, WIDTH, wall

Random = np.random.Generator


def _colour(random: Random, low: int = 30, high: int = 230) -> list[int]:
    return [int(c) for c in random.integers(low, high, 3)]


def _point(random: Random) -> tuple[int, int]:
    return int(random.integers(WIDTH)), int(random.integers(HEIGHT))


def plaster(random: Random) -> np.ndarray:
    return wall(random)


def noise(random: Random) -> np.ndarray:
    return random.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def fence(random: Random) -> np.ndarray:
    picture, step = wall(random), int(random.integers(26, 70))
    colour = _colour(random)
    for x in range(0, WIDTH, step):
        cv2.rectangle(picture, (x, 160), (x + step // 3, 620), colour, -1)
    cv2.rectangle(picture, (0, 240), (WIDTH, 262), colour, -1)
    return picture


def chain(random: Random) -> np.ndarray:
    picture, step = wall(random), int(random.integers(30, 60))
    for x in range(-HEIGHT, WIDTH + HEIGHT, step):
        cv2.line(picture, (x, 0), (x + HEIGHT, HEIGHT), (190, 190, 190), 3, cv2.LINE_AA)
        cv2.line(picture, (x, 0), (x - HEIGHT, HEIGHT), (190, 190, 190), 3, cv2.LINE_AA)
    return picture


def grating(random: Random) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 210, np.uint8)
    step = int(random.integers(8, 30))
    turned = np.indices((HEIGHT, WIDTH)).transpose(1, 2, 0) @ random.uniform(-1, 1, 2)
    picture[(turned / step).astype(int) % 2 == 0] = 40
    return picture


def stripes_like_a_barcode(random: Random) -> np.ndarray:
    picture = wall(random)
    cv2.rectangle(picture, (380, 240), (900, 480), (250, 250, 250), -1)
    x = 410
    while x < 860:
        width = int(random.integers(2, 9))
        cv2.rectangle(picture, (x, 260), (x + width, 460), (15, 15, 15), -1)
        x += width + int(random.integers(3, 10))
    return picture


def tiles(random: Random) -> np.ndarray:
    picture, step = np.full((HEIGHT, WIDTH, 3), 120, np.uint8), int(random.integers(50, 120))
    for y in range(0, HEIGHT, step):
        for x in range(0, WIDTH, step):
            cv2.rectangle(picture, (x + 2, y + 2), (x + step - 3, y + step - 3), _colour(random, 150, 240), -1)
    return picture


def checks(random: Random) -> np.ndarray:
    step = int(random.integers(14, 60))
    rows, columns = np.indices((HEIGHT, WIDTH)) // step
    return np.repeat((((rows + columns) % 2) * 190 + 30)[..., None], 3, 2).astype(np.uint8)


def leaves(random: Random) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), (40, 70, 40), np.uint8)
    for _ in range(500):
        axes = (int(random.integers(14, 50)), int(random.integers(5, 16)))
        green = _colour(random, 30, 110)
        green[1] = int(random.integers(90, 210))
        cv2.ellipse(picture, _point(random), axes, float(random.uniform(0, 360)), 0, 360, green, -1, cv2.LINE_AA)
    return picture


def fruit(random: Random) -> np.ndarray:
    picture = wall(random)
    for _ in range(14):
        at, size = _point(random), int(random.integers(50, 120))
        cv2.circle(
            picture, at, size, (int(random.integers(20, 90)), int(random.integers(80, 200)), 220), -1, cv2.LINE_AA
        )
        cv2.ellipse(picture, (at[0] - size // 3, at[1] - size // 3), (size // 5, size // 8), 40, 0, 360, (240,) * 3, -1)
        cv2.line(picture, (at[0], at[1] - size), (at[0] + 8, at[1] - size - 20), (30, 60, 60), 5)
    return picture


def keys(random: Random) -> np.ndarray:
    """A keyboard whose caps are blank."""
    picture = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    size = int(random.integers(50, 80))
    for row in range(5):
        for x in range(120 + 18 * row, 1160 - size, size + 8):
            y = 160 + row * (size + 8)
            cv2.rectangle(picture, (x, y), (x + size, y + size), (32, 32, 32), -1)
            cv2.rectangle(picture, (x + 6, y + 4), (x + size - 6, y + size - 10), (46, 46, 46), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2)


def faces(random: Random) -> np.ndarray:
    picture = wall(random)
    for number in range(3):
        x, y = 240 + 390 * number, 360 + int(random.integers(-60, 60))
        cv2.ellipse(picture, (x, y), (120, 160), 0, 0, 360, (150, 180, 225), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, y - 90), (130, 90), 0, 180, 360, _colour(random, 10, 90), -1, cv2.LINE_AA)
        for side in (-45, 45):
            cv2.ellipse(picture, (x + side, y - 25), (22, 11), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
            cv2.circle(picture, (x + side, y - 25), 9, (50, 40, 30), -1, cv2.LINE_AA)
            cv2.ellipse(picture, (x + side, y - 45), (28, 8), 0, 180, 360, (40, 40, 50), 4, cv2.LINE_AA)
        cv2.ellipse(picture, (x, y + 75), (45, 22), 0, 10, 170, (80, 70, 170), 6, cv2.LINE_AA)
        cv2.line(picture, (x, y - 10), (x - 12, y + 32), (110, 140, 190), 4, cv2.LINE_AA)
    return picture


def stairs(random: Random) -> np.ndarray:
    picture, y, step = np.full((HEIGHT, WIDTH, 3), 200, np.uint8), 40, 40
    while y < HEIGHT:
        inset = max(0, 300 - y // 3)
        cv2.rectangle(picture, (inset, y), (WIDTH - inset, y + step), (40, 45, 60), -1)
        cv2.rectangle(picture, (inset, y), (WIDTH - inset, y + 7), (90, 95, 115), -1)
        y, step = y + step, step + int(random.integers(6, 14))
    return picture


def windows(random: Random) -> np.ndarray:
    """A house front at night."""
    picture = np.full((HEIGHT, WIDTH, 3), 28, np.uint8)
    for y in range(40, 660, 62):
        for x in range(60, 1200, 48):
            if random.random() < 0.6:
                cv2.rectangle(picture, (x, y), (x + 24, y + 36), _colour(random, 60, 220), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


def buttons(random: Random) -> np.ndarray:
    """Rings and discs, as on a cooker or a shirt."""
    picture, size = wall(random), int(random.integers(22, 60))
    for x in range(200, 1100, 180):
        cv2.circle(picture, (x, 360), size, (235, 235, 235), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 360), size - 7, (60, 60, 60), 3, cv2.LINE_AA)
        angle = random.uniform(0, 6.28)
        tip = (x + round(size * 0.7 * np.cos(angle)), 360 + round(size * 0.7 * np.sin(angle)))
        cv2.line(picture, (x, 360), tip, (30, 30, 30), 4, cv2.LINE_AA)
    return picture


def wires(random: Random) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 215, np.uint8)
    for _ in range(9):
        points = np.cumsum(random.normal(0, 60, (40, 2)), axis=0) + np.array(_point(random))
        cv2.polylines(picture, [points.astype(np.int32)], False, _colour(random, 10, 120), 5, cv2.LINE_AA)
    return picture


def clock(random: Random) -> np.ndarray:
    """A dial with ticks and hands and no figures."""
    picture, middle = wall(random), (640, 360)
    cv2.circle(picture, middle, 240, (245, 245, 245), -1, cv2.LINE_AA)
    for angle in np.arange(0, 2 * np.pi, np.pi / 6):
        way = np.array([np.cos(angle), np.sin(angle)])
        a, b = (tuple(int(v) for v in np.array(middle) + way * r) for r in (205, 228))
        cv2.line(picture, a, b, (20, 20, 20), 7)
    for length, thick in ((130, 12), (195, 7)):
        angle = random.uniform(0, 6.28)
        tip = (640 + round(length * np.cos(angle)), 360 + round(length * np.sin(angle)))
        cv2.line(picture, middle, tip, (20, 20, 20), thick, cv2.LINE_AA)
    return picture


KINDS: tuple[Callable[[Random], np.ndarray], ...] = (
    plaster, noise, fence, chain, grating, stripes_like_a_barcode, tiles, checks, leaves, fruit, keys, faces, stairs,
    windows, buttons, wires, clock,
)  # fmt: skip
