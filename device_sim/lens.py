"""What can be wrong between a thing and its picture: shake, smear, a soft lens, too little or too much light, a lamp
that shines on it, a turned device, a finger. What each costs a frame: tests/bench/bench_lens.py.

    optics   turned, shaken (one warp) → smear → defocus → glare → finger → light → grain of the sensor

Everything follows from the generator it is given; lengths are pixels of a picture 1280 wide.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from device_sim.cards import Picture
from device_sim.device import Lens

SENSOR_NOISE = 1.6  # standard deviation in luma, a phone camera indoors
DARK_NOISE = 2.0  # what gain makes of it: so much more at a quarter of the light, doubled at a sixteenth
SHAKE_ROLL_DEG = 0.08  # per pixel of shake: a hand trembles round its wrist
SKIN = (70.0, 88.0, 148.0)  # BGR: a finger on a lens lets red light through

Matrix = NDArray[np.float64]


class Optics:
    """One lens in front of one camera, for a while. `shot` is called once a frame."""

    def __init__(self, lens: Lens, width: int, height: int, rng: np.random.Generator) -> None:
        self._lens, self._size, self._rng = lens, (width, height), rng
        self._scale = width / 1280
        self._glare = _glare(lens.glare, width, height, rng) if lens.glare else None
        self._finger = _finger(lens.finger, width, height, rng) if lens.finger else None
        self.grain_gain = 1.0 if lens.light >= 1 else 1 + DARK_NOISE * (1 / math.sqrt(max(lens.light, 0.01)) - 1) / 2

    def where(self, x: float, y: float) -> Matrix:
        """(2, 3): from the card to the frame whose corner is at (x, y) of the card."""
        shift = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]], np.float64)
        lens, (width, height) = self._lens, self._size
        if not lens.turned and not lens.shake:
            return shift[:2]
        dx, dy, roll = self._rng.normal(0, 1, 3) * lens.shake * self._scale / 2
        turned = lens.turned + roll / self._scale * SHAKE_ROLL_DEG
        # a positive angle of OpenCV's turns counter-clockwise
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -turned, _fit(lens.turned, width, height))
        turn[:, 2] += (dx, dy)
        return np.asarray(np.vstack([turn, [0, 0, 1]]) @ shift)[:2]

    def shot(self, picture: Picture) -> Picture:
        """(h, w, 3) uint8 BGR, through the rest of the lens, but for the grain."""
        lens = self._lens
        if lens.blur:
            smear = round(lens.blur * self._scale)
            picture = np.asarray(cv2.blur(picture, (smear, 1)), np.uint8) if smear > 1 else picture
        if lens.defocus:
            picture = _soft(picture, lens.defocus * self._scale)
        if self._glare is not None:
            picture = np.asarray(cv2.add(picture, self._glare), np.uint8)
        if self._finger is not None:
            keeps, skin = self._finger
            picture = np.asarray(cv2.add(cv2.multiply(picture, keeps, scale=1 / 255), skin), np.uint8)
        if lens.light != 1:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=lens.light), np.uint8)
        return picture


def _fit(turned: float, width: int, height: int) -> float:
    """So much smaller that what filled the frame still fits into it when it is turned."""
    c, s = abs(math.cos(math.radians(turned))), abs(math.sin(math.radians(turned)))
    return min(width / (width * c + height * s), height / (width * s + height * c))


def _soft(picture: Picture, sigma: float) -> Picture:
    """A wide blur is done on a small picture: nobody can tell, and it costs a sixteenth."""
    if sigma < 4:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 4), (width, height)), np.uint8)


def _glare(strength: float, width: int, height: int, rng: np.random.Generator) -> Picture:
    """(h, w, 3): light to be added, a blown-out spot a little below the middle and a veil round it."""
    x, y = (0.5 + rng.uniform(-0.04, 0.04)) * width, (0.58 + rng.uniform(-0.04, 0.04)) * height
    across, down = np.arange(width, dtype=np.float32) - x, np.arange(height, dtype=np.float32) - y
    far = (across / (0.2 * width))[None] ** 2 + (down / (0.2 * height))[:, None] ** 2
    light = 255 * strength * (1.6 * np.exp(-far) + 0.12)
    return np.asarray(cv2.merge([np.clip(light, 0, 255).astype(np.uint8)] * 3), np.uint8)


def _finger(share: float, width: int, height: int, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """(what of the picture passes, of 255; the finger itself), both (h, w, 3). It comes from a side, with a soft edge;
    1 covers everything."""
    if share >= 1:
        return np.zeros((height, width, 3), np.uint8), np.full((height, width, 3), (6, 5, 9), np.uint8)
    from_left = bool(rng.integers(2))
    reach = share * 1.15 - 0.05 * np.cos(np.linspace(-1.2, 1.2, height, dtype=np.float32))
    place = np.linspace(0, 1, width, dtype=np.float32)[None]
    covered = 1 / (1 + np.exp(((place if from_left else 1 - place) - reach[:, None]) * 45))
    keeps = cv2.merge([(255 * (1 - covered)).astype(np.uint8)] * 3)
    return np.asarray(keeps, np.uint8), np.asarray(covered[..., None] * np.array(SKIN, np.float32), np.uint8)
