"""What the camera makes of a card: the head sways and turns, the lens is a little soft, the sensor is a little noisy.

    intro  0.6 s   the head turns towards the card: fast and smeared, then slower, then there   (motion: settle)
           0.2 s   the same, for eyes that only flick across   (motion: glance)
    loop   2.0 s   the head is held, as still as a head is: two slow sways that close on themselves

Frames are made as whole pixels of crop offset plus a sub-pixel warp, so a frame costs milliseconds, not tens of them.
What can be wrong with the lens is lens.py's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from device_sim.cards import MARGIN, Picture, draw
from device_sim.device import Camera, Lens
from device_sim.lens import SENSOR_NOISE, Optics
from device_sim.steps import See

LOOP_S = 2.0
INTRO_S = {"settle": 0.6, "glance": 0.2, "hold": 0.0}
SWAY_PX = 5.0  # at 1280 px: about 0.3 degrees, a person who stands and reads
SINGLES = 4  # different pictures of a camera that takes one now and then
SMEAR_PX = 46  # blur of the fastest frame of the turn


def frames(
    see: See, camera: Camera, rng: np.random.Generator, lens: Lens | None = None, single: bool = False
) -> tuple[list[Picture], list[Picture]]:
    """(intro, loop) as (h, w, 3) uint8 BGR; the intro is empty with `motion: hold`. `single`: a few pictures that have
    nothing to do with each other, all in the loop."""
    card = draw(see.card, dict(see.values), camera.width, camera.height, rng)
    if see.card != "black":
        card = np.asarray(cv2.GaussianBlur(card, (0, 0), 0.8 * camera.width / 1280), np.uint8)
    noise = rng.normal(0, SENSOR_NOISE, (camera.height + 64, camera.width + 64)).astype(np.int8)
    phases = rng.uniform(0, 2 * math.pi, 4)
    rolls = rng.integers(0, 64, (256, 2))
    optics = Optics(lens or Lens(), camera.width, camera.height, rng)
    if optics.grain_gain > 1:
        noise = np.clip(noise * optics.grain_gain, -127, 127).astype(np.int8)
    path = _singles(camera, phases) if single else _path(see.motion, camera, phases)
    shots = [optics.shot(_shot(card, camera, optics, *place)) for place in path]
    noisy = [_grain(shot, noise, rolls[i % len(rolls)]) for i, shot in enumerate(shots)]
    cut = len(noisy) - (SINGLES if single else round(LOOP_S * camera.fps))
    return noisy[:cut], noisy[cut:]


def _singles(camera: Camera, phases: NDArray[np.float64]) -> Iterator[tuple[float, float, int]]:
    scale = SWAY_PX * camera.width / 1280
    for i in range(SINGLES):
        yield scale * math.sin(phases[0] + 2 * i), 0.7 * scale * math.sin(phases[2] + 3 * i), 0


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


def _shot(card: Picture, camera: Camera, optics: Optics, dx: float, dy: float, smear: int) -> Picture:
    x = (card.shape[1] - camera.width) / 2 + dx
    y = (card.shape[0] - camera.height) / 2 + dy
    place = optics.where(x, y).astype(np.float32)
    shot = cv2.warpAffine(card, place, (camera.width, camera.height), flags=cv2.INTER_LINEAR, borderMode=1)
    return np.asarray(cv2.blur(shot, (smear, 1)) if smear > 1 else shot, np.uint8)


def _grain(shot: Picture, noise: NDArray[np.int8], roll: NDArray[np.int64]) -> Picture:
    height, width = shot.shape[:2]
    y, x = int(roll[0]), int(roll[1])
    grain = cv2.merge([noise[y : y + height, x : x + width]] * 3)
    return np.asarray(cv2.add(shot, grain, dtype=cv2.CV_8U), np.uint8)
