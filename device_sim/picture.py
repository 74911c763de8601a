"""What the camera makes of a card: the head sways and turns, the lens is a little soft, the sensor is a little noisy.

    intro  0.6 s   the head turns towards the card: fast and smeared, then slower, then there   (motion: settle)
           0.2 s   the same, for eyes that only flick across   (motion: glance)
    loop   2.0 s   the head is held, as still as a head is: two slow sways that close on themselves

Frames are made as whole pixels of crop offset plus a sub-pixel warp, so a frame costs milliseconds, not tens of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from device_sim.cards import MARGIN, Picture, draw
from device_sim.scene import Camera, See

LOOP_S = 2.0
INTRO_S = {"settle": 0.6, "glance": 0.2, "hold": 0.0}
SWAY_PX = 5.0  # at 1280 px: about 0.3 degrees, a person who stands and reads
SENSOR_NOISE = 1.6  # standard deviation in luma, a phone camera indoors
SMEAR_PX = 46  # blur of the fastest frame of the turn


def frames(see: See, camera: Camera, rng: np.random.Generator) -> tuple[list[Picture], list[Picture]]:
    """(intro, loop) as (h, w, 3) uint8 BGR; the intro is empty with `motion: hold`."""
    card = draw(see.card, dict(see.values), camera.width, camera.height, rng)
    if see.card != "black":
        card = np.asarray(cv2.GaussianBlur(card, (0, 0), 0.8 * camera.width / 1280), np.uint8)
    noise = rng.normal(0, SENSOR_NOISE, (camera.height + 64, camera.width + 64)).astype(np.int8)
    phases = rng.uniform(0, 2 * math.pi, 4)
    rolls = rng.integers(0, 64, (256, 2))
    shots = [_shot(card, camera, *place) for place in _path(see.motion, camera, phases)]
    noisy = [_grain(shot, noise, rolls[i % len(rolls)]) for i, shot in enumerate(shots)]
    cut = len(noisy) - round(LOOP_S * camera.fps)
    return noisy[:cut], noisy[cut:]


def _path(motion: str, camera: Camera, phases: NDArray[np.float64]) -> Iterator[tuple[float, float, int]]:
    """(dx, dy, smear) in pixels for each frame."""
    scale = camera.width / 1280
    reach = camera.width * MARGIN - 8 * scale
    intro = round(INTRO_S[motion] * camera.fps)
    for i in range(intro):
        left = (1 - i / intro) ** 2
        yield -reach * left, reach * 0.3 * left, round(SMEAR_PX * scale * (1 - i / intro))
    count = round(LOOP_S * camera.fps)
    for i in range(count):
        turn = 2 * math.pi * i / count
        dx = math.sin(turn + phases[0]) + 0.4 * math.sin(3 * turn + phases[1])
        dy = 0.7 * math.sin(turn + phases[2]) + 0.3 * math.sin(2 * turn + phases[3])
        yield SWAY_PX * scale * dx, SWAY_PX * scale * dy, 0


def _shot(card: Picture, camera: Camera, dx: float, dy: float, smear: int) -> Picture:
    x = (card.shape[1] - camera.width) / 2 + dx
    y = (card.shape[0] - camera.height) / 2 + dy
    shift = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    shot = cv2.warpAffine(card, shift, (camera.width, camera.height), flags=cv2.INTER_LINEAR, borderMode=1)
    return np.asarray(cv2.blur(shot, (smear, 1)) if smear > 1 else shot, np.uint8)


def _grain(shot: Picture, noise: NDArray[np.int8], roll: NDArray[np.int64]) -> Picture:
    height, width = shot.shape[:2]
    y, x = int(roll[0]), int(roll[1])
    grain = cv2.merge([noise[y : y + height, x : x + width]] * 3)
    return np.asarray(cv2.add(shot, grain, dtype=cv2.CV_8U), np.uint8)
