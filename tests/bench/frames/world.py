"""A world to look around in: a panorama of 360 degrees with eight different objects on a textured wall.

What a camera on the head sees of it is a window that moves with the gaze, blurred along the way by what the head turned
while the shutter was open, darker or brighter, with noise. All drawn in code, so it is known what was looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

FIELD_DEGREES = 70.0  # horizontal field of view of camera glasses
OBJECTS = ("sign", "poster", "clock", "shelf", "door", "plant", "menu", "window")
APART_DEGREES = 360 / len(OBJECTS)


@dataclass(frozen=True, slots=True)
class Camera:
    """`shutter_s`: how long it is open; 1/50 s is usual indoors. `noise`: steps of luma."""

    width: int = 640
    height: int = 360
    shutter_s: float = 0.02
    gain: float = 1.0
    noise: float = 2.0

    @property
    def px_per_degree(self) -> float:
        return self.width / FIELD_DEGREES


def bearing(name: str) -> float:
    """Degrees at which the middle of an object lies."""
    return OBJECTS.index(name) * APART_DEGREES


def panorama(camera: Camera, seed: int) -> Picture:
    """(camera.height * 1.2, 360 degrees, 3) uint8 BGR; what lies at 0 degrees is at column 0."""
    rng = np.random.default_rng(seed)
    height, width = round(camera.height * 1.2), round(360 * camera.px_per_degree)
    wall = np.zeros((height, width, 3), np.float32) + rng.uniform(90, 150)
    for cell, strength in ((40, 30), (12, 12), (4, 6)):  # large patches, plaster, grain
        grid = rng.normal(0, strength, (height // cell + 2, width // cell + 2, 1)).astype(np.float32)
        wall += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    picture = np.clip(wall, 0, 255).astype(np.uint8)
    for name in OBJECTS:
        patch = _object(name, round(height * 0.5), rng)
        left = round(bearing(name) * camera.px_per_degree) - patch.shape[1] // 2
        columns = np.arange(left, left + patch.shape[1]) % width
        top = height // 4 + int(rng.integers(-height // 16, height // 16))
        picture[top : top + patch.shape[0], columns] = patch
    return picture


def _object(name: str, side: int, rng: np.random.Generator) -> Picture:
    """One object as a square of `side` pixels; each has shapes of its own."""
    paper, ink = int(rng.integers(180, 250)), int(rng.integers(10, 70))
    patch = np.full((side, side, 3), paper, np.uint8)
    tint = tuple(int(v) for v in rng.integers(40, 220, 3))
    if name in ("sign", "menu", "poster"):
        rows = {"sign": 3, "menu": 8, "poster": 5}[name]
        for row in range(rows):
            text = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVXYZ0123456789"), 7))
            at = (side // 12, round(side * (row + 0.8) / rows))
            cv2.putText(patch, text, at, cv2.FONT_HERSHEY_SIMPLEX, side / rows / 42, (ink,) * 3, 2, cv2.LINE_AA)
        if name == "poster":
            cv2.circle(patch, (side // 2, side // 3), side // 4, tint, -1, cv2.LINE_AA)
    elif name == "clock":
        cv2.circle(patch, (side // 2, side // 2), side * 2 // 5, (ink,) * 3, side // 30, cv2.LINE_AA)
        cv2.line(patch, (side // 2, side // 2), (side // 2, side // 5), (ink,) * 3, side // 40, cv2.LINE_AA)
        cv2.line(patch, (side // 2, side // 2), (side * 2 // 3, side // 2), (ink,) * 3, side // 40, cv2.LINE_AA)
    elif name == "shelf":
        for left in range(0, side, side // 10):
            shade = tuple(int(v) for v in rng.integers(30, 230, 3))
            cv2.rectangle(patch, (left, int(rng.integers(0, side // 4))), (left + side // 12, side), shade, -1)
    elif name == "door":
        patch[:] = tint
        cv2.rectangle(patch, (side // 8, side // 12), (side * 7 // 8, side), (ink,) * 3, side // 30)
        cv2.circle(patch, (side * 3 // 4, side // 2), side // 20, (paper,) * 3, -1, cv2.LINE_AA)
    elif name == "plant":
        for _ in range(60):
            at = tuple(int(v) for v in rng.integers(0, side, 2))
            cv2.ellipse(patch, at, (side // 8, side // 20), float(rng.integers(0, 180)), 0, 360, (40, ink + 70, 50), -1)
    else:
        cv2.line(patch, (side // 2, 0), (side // 2, side), (ink,) * 3, side // 15)
        cv2.line(patch, (0, side // 2), (side, side // 2), (ink,) * 3, side // 15)
    return patch


class Eye:
    """A camera in a scene. `seen` costs about 1 ms: what does not change from picture to picture is made once."""

    def __init__(self, scene: Picture, camera: Camera, seed: int) -> None:
        self._camera = camera
        edge = camera.width  # what lies across 360 degrees is there twice, so that every view is one piece
        whole = np.concatenate([scene[:, -edge:], scene, scene[:, : 2 * edge]], axis=1)
        self._scene, self._edge, self._turn = cv2.convertScaleAbs(whole, alpha=camera.gain), edge, scene.shape[1]
        rng, shape = np.random.default_rng(seed), (camera.height, camera.width)
        grey = [rng.normal(0, camera.noise, shape).round().astype(np.int16) for _ in range(5)]
        self._plus = [cv2.merge([np.maximum(n, 0).astype(np.uint8)] * 3) for n in grey]
        self._minus = [cv2.merge([np.maximum(-n, 0).astype(np.uint8)] * 3) for n in grey]
        self._count = 0

    def seen(self, gaze: tuple[float, float], before: tuple[float, float]) -> Picture:
        """The picture at `gaze` (degrees right, degrees up), having been at `before` when the shutter opened."""
        camera, per = self._camera, self._camera.px_per_degree
        drag = min(self._edge // 2, max(1, round(abs(gaze[0] - before[0]) * per)))
        left = (gaze[0] + before[0]) / 2 * per - camera.width / 2
        first = round(left) % self._turn + self._edge
        top = (self._scene.shape[0] - camera.height) // 2 - round(gaze[1] * per)
        top = min(max(0, top), self._scene.shape[0] - camera.height)
        strip = self._scene[top : top + camera.height, first - drag : first + camera.width + drag]
        if drag > 1:
            strip = cv2.blur(strip, (drag, 1))
        self._count += 1
        which = self._count * 7 % 5
        picture = cv2.add(strip[:, drag : drag + camera.width], self._plus[which])
        return cv2.subtract(picture, self._minus[which])
