"""Things to look at, drawn: a station sign, a QR code, a product label, a door, a room, the inside of a lens cap.

A card is one flat picture, larger than the camera's frame by a margin, so that the head can move (picture.py) without
ever showing an edge. Drawing is plain OpenCV with its Hershey fonts: thick, dark on light or light on dark, as large as
print is when somebody bothers to look at it. Colours are BGR.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device_sim.errors import SceneError

Picture = NDArray[np.uint8]  # (h, w, 3) BGR
Colour = tuple[int, int, int]

MARGIN = 0.06  # of width and height, on each side
LETTER_LINES = 8
FONT = cv2.FONT_HERSHEY_SIMPLEX
BOLD = cv2.FONT_HERSHEY_DUPLEX

PAINTS: dict[str, Colour] = {
    "red": (38, 36, 190),
    "green": (58, 128, 38),
    "blue": (176, 78, 28),
    "yellow": (46, 205, 238),
    "white": (236, 238, 238),
    "black": (26, 26, 28),
    "brown": (42, 70, 110),
    "orange": (30, 124, 240),
    "purple": (136, 48, 112),
}


def draw(card: str, values: Mapping[str, str], width: int, height: int, rng: np.random.Generator) -> Picture:
    """The card with its margin: (height * (1 + 2 MARGIN), width * (1 + 2 MARGIN), 3) uint8 BGR.

    Laid out for 1280x720 and scaled to the camera, so that a small camera makes small print small; one that is taller
    or wider sees more of the wall above and below, or beside it.
    """
    full = (round(1280 * (1 + 2 * MARGIN)), round(720 * (1 + 2 * MARGIN)))
    picture = _image(values, full) if card == "image" else _DRAWERS[card](values, full, rng)
    size = (round(width * (1 + 2 * MARGIN)), round(height * (1 + 2 * MARGIN)))
    return picture if size == full else _scaled(picture, size)


def _scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    """(h, w, 3) of that size: whole, in the middle; what is missing goes on as the edge is."""
    (height, width), scale = picture.shape[:2], min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    new = (min(size[0], round(width * scale)), min(size[1], round(height * scale)))
    picture = np.asarray(cv2.resize(picture, new, interpolation=cv2.INTER_AREA), np.uint8)
    left, top = (size[0] - new[0]) // 2, (size[1] - new[1]) // 2
    if not left and not top:
        return picture if new == size else np.asarray(cv2.resize(picture, size), np.uint8)
    sides = (top, size[1] - new[1] - top, left, size[0] - new[0] - left)
    whole = cv2.GaussianBlur(cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REPLICATE), (0, 0), 12)
    whole[top : top + new[1], left : left + new[0]] = picture
    return np.asarray(whole, np.uint8)


# ---------------------------------------------------------------------------------------------------------- backgrounds


def _wall(size: tuple[int, int], colour: Colour, rng: np.random.Generator, roughness: float = 7.0) -> Picture:
    """A lit wall: soft stains, light that falls off, dark corners."""
    width, height = size
    stains = cv2.resize(rng.normal(0, roughness, (9, 16)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    corner = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 55
    light = stains - corner + (0.5 - y / height) * 18
    return np.asarray(np.clip(np.array(colour, np.float32) + light[..., None], 0, 255), np.uint8)


def _box(picture: Picture, x: int, y: int, w: int, h: int, colour: Colour, edge: Colour | None = None) -> None:
    """A rectangle with a soft shadow under it."""
    shadow = picture[y + 10 : y + h + 14, x + 8 : x + w + 14]
    shadow[:] = (shadow * 0.72).astype(np.uint8)
    cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
    if edge is not None:
        cv2.rectangle(picture, (x, y), (x + w, y + h), edge, 6, cv2.LINE_AA)


def _write(
    picture: Picture, text: str, middle: tuple[int, int], px: int, colour: Colour, font: int = BOLD, fit: int = 0
) -> None:
    """Text centred on a point, capitals `px` high, squeezed to `fit` pixels of width."""
    scale = px / 22.0
    thickness = max(2, round(scale * 2.2))
    (w, h), _ = cv2.getTextSize(text, font, scale, thickness)
    if fit and w > fit:
        scale *= fit / w
        thickness = max(2, round(scale * 2.2))
        (w, h), _ = cv2.getTextSize(text, font, scale, thickness)
    cv2.putText(picture, text, (middle[0] - w // 2, middle[1] + h // 2), font, scale, colour, thickness, cv2.LINE_AA)


# ---------------------------------------------------------------------------------------------------------------- cards


def _sign(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = _wall(size, (168, 172, 170), rng)
    width, height = size
    white: Colour = (246, 246, 246)
    x, y, w, h = 160, 130, width - 320, height - 300
    cv2.line(picture, (x + 150, 0), (x + 150, y), (70, 70, 72), 16, cv2.LINE_AA)
    cv2.line(picture, (x + w - 150, 0), (x + w - 150, y), (70, 70, 72), 16, cv2.LINE_AA)
    _box(picture, x, y, w, h, (106, 50, 16), white)
    middle = width // 2
    _write(picture, f"Platform {values['platform']}", (middle, y + 100), 84, white, fit=w - 80)
    _write(picture, values["destination"], (middle, y + 250), 78, (120, 225, 250), fit=w - 80)
    _write(picture, values["time"], (middle, y + 390), 70, white, fit=w - 80)
    return picture


def _qr(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = _wall(size, (96, 128, 158), rng)  # a wooden table
    width, height = size
    for row in range(0, height, 90):
        cv2.line(picture, (0, row), (width, row + 6), (72, 98, 124), 3, cv2.LINE_AA)
    code = cv2.QRCodeEncoder.create().encode(values["payload"])
    scale = 440 // code.shape[0]
    modules = cv2.resize(code, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    side = modules.shape[0]
    x, y = (width - side) // 2, (height - side) // 2 - 20
    _box(picture, x - 40, y - 40, side + 80, side + 130, (248, 248, 248))
    picture[y : y + side, x : x + side] = modules[..., None]
    _write(picture, "MENU", (width // 2, y + side + 45), 40, (40, 40, 40))
    return picture


def _label(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = _wall(size, (88, 96, 92), rng)
    width, height = size
    cv2.rectangle(picture, (0, height - 150), (width, height), (64, 84, 104), -1)  # the shelf
    _box(picture, 260, 110, width - 520, height - 250, (214, 238, 246), (40, 90, 40))
    cv2.rectangle(picture, (263, 113), (width - 263, 160), (52, 120, 52), -1)
    middle, ink = width // 2, (32, 32, 36)
    _write(picture, values["name"], (middle, 250), 74, ink, fit=width - 600)
    _write(picture, values["weight"], (middle, 375), 58, ink, fit=width - 600)
    _write(picture, values["price"], (middle, 520), 88, (24, 24, 160), fit=width - 600)
    return picture


def _letter(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A printed page: its words in lines of about thirty letters, as large as print at arm's length."""
    picture = _wall(size, (74, 104, 136), rng)  # a table
    width, height = size
    x, y, w, h = 250, 40, width - 500, height - 80
    _box(picture, x, y, w, h, (240, 244, 246))
    for row, line in enumerate(textwrap.wrap(values["text"], 30)[:LETTER_LINES]):
        cv2.putText(picture, line, (x + 60, y + 90 + row * 84), FONT, 1.5, (36, 34, 34), 3, cv2.LINE_AA)
    return picture


def _door(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = _wall(size, (186, 192, 196), rng)
    width, height = size
    paint = PAINTS[values["colour"]]
    x, w, top, floor = width // 2 - 215, 430, 70, height - 60
    cv2.rectangle(picture, (0, floor), (width, height), (96, 110, 120), -1)
    cv2.rectangle(picture, (x - 26, top - 26), (x + w + 26, floor), (150, 156, 160), -1)
    door = _wall((w, floor - top), paint, rng, roughness=3.0)
    picture[top:floor, x : x + w] = door
    shade: Colour = tuple(int(c * 0.78) for c in paint)  # type: ignore[assignment]
    for x0, y0, x1, y1 in ((50, 50, 195, 300), (235, 50, 380, 300), (50, 350, 195, 590), (235, 350, 380, 590)):
        cv2.rectangle(picture, (x + x0, top + y0), (x + x1, top + y1), shade, 5, cv2.LINE_AA)
    cv2.circle(picture, (x + w - 32, top + 330), 15, (110, 190, 210), -1, cv2.LINE_AA)
    return picture


def _room(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = _wall(size, (172, 188, 196), rng)
    width, height = size
    floor = height * 2 // 3
    cv2.rectangle(picture, (0, floor), (width, height), (92, 118, 142), -1)
    _box(picture, 180, 120, 320, 240, (226, 206, 172), (236, 240, 240))  # a window
    cv2.line(picture, (340, 120), (340, 360), (236, 240, 240), 8, cv2.LINE_AA)
    cv2.line(picture, (180, 240), (500, 240), (236, 240, 240), 8, cv2.LINE_AA)
    _box(picture, 720, floor - 60, 520, 40, (58, 84, 116))  # a table with a cup
    for leg in (750, 1190):
        cv2.rectangle(picture, (leg, floor - 20), (leg + 24, height - 70), (50, 74, 102), -1)
    cv2.rectangle(picture, (930, floor - 130), (990, floor - 62), (196, 150, 90), -1)
    cv2.ellipse(picture, (996, floor - 96), (20, 22), 0, -90, 90, (196, 150, 90), 8, cv2.LINE_AA)
    return picture


def _black(values: Mapping[str, str], size: tuple[int, int], rng: np.random.Generator) -> Picture:
    return np.full((size[1], size[0], 3), 4, np.uint8)


def _image(values: Mapping[str, str], size: tuple[int, int]) -> Picture:
    """A picture file, scaled to fit whole, on a dark ground."""
    path = Path(values["path"])
    found = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise SceneError(f"{path}: not a picture that OpenCV can read; give a JPEG or PNG file")
    width, height = size
    room_w, room_h = round(width * (1 - 2.2 * MARGIN)), round(height * (1 - 2.2 * MARGIN))
    scale = min(room_w / found.shape[1], room_h / found.shape[0])
    new = (max(1, round(found.shape[1] * scale)), max(1, round(found.shape[0] * scale)))
    found = cv2.resize(found, new, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    picture = np.full((height, width, 3), 40, np.uint8)
    x, y = (width - new[0]) // 2, (height - new[1]) // 2
    picture[y : y + new[1], x : x + new[0]] = found
    return picture


_DRAWERS: dict[str, Callable[[Mapping[str, str], tuple[int, int], np.random.Generator], Picture]] = {
    "sign": _sign,
    "qr": _qr,
    "label": _label,
    "letter": _letter,
    "door": _door,
    "room": _room,
    "black": _black,
}
