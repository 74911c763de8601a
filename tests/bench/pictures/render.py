"""Writing onto paper, and paper into a scene: everything drawn, nothing fetched, the same picture for the same seed.

Letters: the font that comes inside Pillow (upright, bold, slanted, narrow) and three stroke fonts of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.bench.pictures.texts import Doc

WIDTH, HEIGHT = 1280, 720
UNIT_PX = 56  # size of the smallest letters on the paper; a scene makes them smaller
STYLES = ("plain", "bold", "slanted", "narrow", "plain", "bold", "duplex", "complex")
HERSHEY = {"duplex": cv2.FONT_HERSHEY_DUPLEX, "complex": cv2.FONT_HERSHEY_COMPLEX}
PAPERS = {  # background and ink, BGR
    "sign": (((250, 250, 250), (20, 20, 20)), ((120, 60, 10), (250, 250, 250)), ((40, 200, 240), (20, 20, 20))),
    "menu": (((225, 240, 245), (40, 40, 60)), ((40, 45, 40), (235, 240, 240))),
    "receipt": (((245, 245, 245), (70, 60, 60)), ((235, 240, 240), (60, 60, 60))),
    "label": (((250, 250, 250), (130, 40, 30)), ((200, 235, 200), (30, 50, 20)), ((235, 225, 250), (40, 20, 90))),
    "letter": (((248, 248, 248), (40, 40, 40)), ((228, 240, 243), (60, 40, 30))),
    "screen": (((30, 22, 18), (235, 235, 230)), ((20, 20, 20), (60, 190, 250)), ((235, 230, 225), (40, 40, 40))),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A paper, (h, w, 3) uint8 BGR, and where each row of the doc stands on it: x, y, width, height in pixels."""

    paper: np.ndarray
    rows: tuple[tuple[int, int, int, int], ...]


@lru_cache(maxsize=64)
def _font(px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(px)


def letters(text: str, px: int, style: str) -> np.ndarray:
    """(h, w) float32 in [0, 1]: how much ink, cut close."""
    if style in HERSHEY:
        scale, thick = px / 30, max(1, round(px / 16))
        (width, height), below = cv2.getTextSize(text, HERSHEY[style], scale, thick)
        ink = np.zeros((height + below + 2 * thick, width + 2 * thick), np.uint8)
        cv2.putText(ink, text, (thick, height + thick), HERSHEY[style], scale, 255, thick, cv2.LINE_AA)
    else:
        stroke = max(1, px // 24) if style == "bold" else 0
        font = _font(px)
        left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
        image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=font, fill=255, stroke_width=stroke)
        ink = np.asarray(image)
    if style == "slanted":
        lean = round(0.2 * ink.shape[0])
        shear = np.array([[1, -0.2, lean], [0, 1, 0]], np.float32)
        ink = cv2.warpAffine(ink, shear, (ink.shape[1] + lean, ink.shape[0]))
    if style == "narrow":
        ink = cv2.resize(ink, None, fx=0.8, fy=1.0, interpolation=cv2.INTER_AREA)
    return ink.astype(np.float32) / 255


def write(doc: Doc, random: np.random.Generator) -> Written:
    """The doc on a paper of its family's colours, letters of the smallest rows `UNIT_PX` in size."""
    style = STYLES[int(random.integers(len(STYLES)))]
    papers = PAPERS[doc.family]
    ground, ink = papers[int(random.integers(len(papers)))]
    inked = [
        [letters(cell, round(UNIT_PX * size), style) for cell in row]
        for row, size in zip(doc.rows, doc.sizes, strict=True)
    ]
    gap, margin = round(0.62 * UNIT_PX), round(1.1 * UNIT_PX)
    natural = max(sum(cell.shape[1] for cell in row) + 3 * UNIT_PX * (len(row) - 1) for row in inked)
    heights = [max(cell.shape[0] for cell in row) for row in inked]
    size = (sum(heights) + gap * (len(inked) - 1) + 2 * margin, natural + 2 * margin)
    amount = np.zeros(size, np.float32)
    centred = doc.family == "sign" and random.random() < 0.6
    rows, top = [], margin
    for row, height in zip(inked, heights, strict=True):
        across = sum(cell.shape[1] for cell in row)
        left = margin + (natural - across) // 2 if centred and len(row) == 1 else margin
        for number, cell in enumerate(row):
            x = size[1] - margin - cell.shape[1] if number and number == len(row) - 1 else left
            y = top + height - cell.shape[0]
            amount[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
            end = x + cell.shape[1]
        rows.append((left, top, end - left, height))
        top += height + gap
    paper = np.asarray(ground, np.float32) * (1 - amount[..., None]) + np.asarray(ink, np.float32) * amount[..., None]
    if doc.family == "sign":
        cv2.rectangle(paper, (12, 12), (size[1] - 13, size[0] - 13), [float(c) for c in ink], 6)
    return Written(paper.astype(np.uint8), tuple(rows))


def wall(random: np.random.Generator) -> np.ndarray:
    """What stands behind the paper: plaster, bricks, wood, leaves or an evening street, blurred as the distance is."""
    kind = int(random.integers(5))
    base = random.integers(60, 170, 3).astype(np.float32)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.float32) + base
    picture += np.linspace(-25, 25, WIDTH, dtype=np.float32)[None, :, None]
    if kind == 1:
        for y in range(0, HEIGHT, 60):
            for x in range(-60 * (y // 60 % 2), WIDTH, 120):
                shade = float(random.uniform(-22, 22))
                cv2.rectangle(picture, (x + 3, y + 3), (x + 116, y + 56), [float(c + shade) for c in base], -1)
    elif kind == 2:
        grain = cv2.resize(random.normal(0, 18, (HEIGHT, 10)).astype(np.float32), (WIDTH, HEIGHT))
        picture += grain[..., None]
    elif kind == 3:
        for _ in range(160):
            at = (int(random.integers(WIDTH)), int(random.integers(HEIGHT)))
            green = [float(c) for c in random.uniform((20, 60, 20), (70, 170, 90))]
            cv2.ellipse(picture, at, (30, 12), float(random.uniform(0, 180)), 0, 360, green, -1)
        picture = cv2.GaussianBlur(picture, (0, 0), 2)
    elif kind == 4:
        for _ in range(40):
            at = (int(random.integers(WIDTH)), int(random.integers(HEIGHT)))
            light = [float(c) for c in random.uniform(80, 240, 3)]
            cv2.circle(picture, at, int(random.integers(5, 26)), light, -1)
        picture = cv2.GaussianBlur(picture, (0, 0), 6)
    picture += random.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def placed(
    written: Written,
    scene: np.ndarray,
    letter_px: float,
    degrees: float,
    tilt: tuple[float, float],
    at: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """The paper in the scene, and the homography (3, 3) from paper to scene.

    `letter_px`: size of the smallest letters there; `degrees`: turned counter-clockwise; `tilt`: turned away about the
    vertical and the horizontal axis, degrees, seen from three widths' distance; `at`: where the middle stands.
    """
    height, width = written.paper.shape[:2]
    scale = letter_px / UNIT_PX
    yaw, pitch = np.radians(tilt)
    angle = np.radians(-degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    corners = np.array([[-width, -height, 0], [width, -height, 0], [width, height, 0], [-width, height, 0]]) / 2 * scale
    away = 3 * max(width, height) * scale
    seen = corners @ (turn @ about_y @ about_x).T
    flat = seen[:, :2] * (away / (away + seen[:, 2:])) + np.array(at)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, flat.astype(np.float32))
    fine = np.diag([2.0, 2.0, 1.0])  # drawn twice as large, then reduced: no jagged strokes
    size = (2 * scene.shape[1], 2 * scene.shape[0])
    paper = cv2.GaussianBlur(written.paper, (0, 0), max(0.3, 0.22 / scale))
    large = cv2.warpPerspective(paper, fine @ matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), fine @ matrix, size, flags=cv2.INTER_LINEAR)
    large = cv2.resize(large, scene.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(mask, scene.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    return (scene * (1 - share) + large * share).astype(np.uint8), matrix


def on_scene(box: tuple[int, int, int, int], matrix: np.ndarray) -> np.ndarray:
    """(4, 2) float32: the corners of a box of the paper in the scene."""
    x, y, width, height = box
    corners = np.array([[[x, y], [x + width, y], [x + width, y + height], [x, y + height]]], np.float32)
    return cv2.perspectiveTransform(corners, matrix)[0]
