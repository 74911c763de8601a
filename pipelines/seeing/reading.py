"""Text read from a picture on this machine, verbatim, and silence where there is none.

RapidOCR finds the boxes in a reduced picture (finding is most of the cost and needs no fine detail), then every box is
cut from the full picture and recognised by itself, so a short word does not pay for a long one. No angle classifier:
text the wrong way round reads as rubbish, so the widest box is read the other way round only when it reads badly, and
the page is turned as that box says. What cannot be trusted is set aside, never said (`pipelines.seeing.layout`).

The models come inside the rapidocr wheel. Nothing is fetched: the paths are given, and a missing file is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.events import TextLine
from pipelines.seeing.layout import OrderOptions, TrustOptions, in_reading_order, trusted

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]  # (4, 2) corners, clockwise from the top left
Found = tuple[str, float]  # text and confidence 0..1

SECOND_LOOK_GAIN = 1.3  # a picture larger than the first look by less than this holds no detail worth a second
CROP_PX = 96  # the recogniser works at 48 pixels height; twice that loses nothing


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How the reader spends its time."""

    threads: int = 1  # the second core belongs to speech recognition, which runs at the same moment
    # Longest side for finding boxes. 736: a 720p sign in 0.10 s. 960: 0.20 s, the same lines on signs and a book cover,
    # and three or four more of the smallest of 19 on a street sign at night.
    detect_px: int = 736
    second_look_px: int = 1024  # tried once if nothing was found in a larger picture: small print; 0.2 s (1280: 0.5 s)
    max_px: int = 2560  # larger pictures are reduced first, which bounds memory and time
    max_boxes: int = 60  # about a page, at about 25 ms a box; the largest are kept
    surely_upright: float = 0.93  # the widest box reads 0.97 and more upright, "08:5 0:40" at 0.76 upside down
    tall_ratio: float = 1.5  # a box this much taller than wide holds a line that runs up or down
    trust: TrustOptions = field(default_factory=TrustOptions)
    order: OrderOptions = field(default_factory=OrderOptions)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, in reading order, and what was set aside, each with the reason."""

    lines: tuple[TextLine, ...]
    doubtful: tuple[tuple[TextLine, str], ...] = ()


class TextReader:
    """Built once and shared; the models are loaded at the first use or by `warm`."""

    def __init__(self, options: ReadingOptions | None = None) -> None:
        self.options = options or ReadingOptions()
        self._engine: Any = None

    def warm(self) -> None:
        """Load both models and run them once, so that the first question does not pay for it (one to two seconds)."""
        card = np.full((240, 480, 3), 255, np.uint8)
        self._find_at(card, self.options.detect_px)
        self._text_of(card[:48])

    def read(self, bgr: Picture) -> tuple[TextLine, ...]:
        """Lines in reading order; boxes in pixels of `bgr` (h, w, 3) uint8. Empty where no text can be trusted."""
        return self.read_all(bgr).lines

    def read_all(self, bgr: Picture) -> Reading:
        """As `read`, with the strings that were not trusted, so that they can be named unreadable."""
        picture, scale = reduced(_checked(bgr), self.options.max_px)
        quads = self._find(picture)
        turns, known = self._page_turns(picture, quads)
        if turns:
            picture = np.ascontiguousarray(np.rot90(picture, turns))
            quads, known = self._find(picture), {}
        size = (picture.shape[1], picture.shape[0])
        kept: list[TextLine] = []
        doubtful: list[tuple[TextLine, str]] = []
        for index, quad in enumerate(quads):
            text, confidence = known.get(index) or self._recognise(picture, quad)
            line = TextLine(text, round(confidence, 4), _bounds(quad))
            against = trusted(line, self.options.trust)
            if against:
                doubtful.append((_placed(line, size, turns, scale), against))
            else:
                kept.append(line)
        lines = in_reading_order(kept, self.options.order)
        return Reading(tuple(_placed(line, size, turns, scale) for line in lines), tuple(doubtful))

    def _find(self, picture: Picture) -> list[Quad]:
        """Boxes as (4, 2) corner points in pixels of `picture`, the largest `max_boxes`, largest first."""
        quads = self._find_at(picture, self.options.detect_px)
        if not quads and max(picture.shape[:2]) >= SECOND_LOOK_GAIN * self.options.detect_px:
            quads = self._find_at(picture, self.options.second_look_px)
        quads.sort(key=_area, reverse=True)
        return quads[: self.options.max_boxes]

    def _find_at(self, picture: Picture, longest_px: int) -> list[Quad]:
        small, scale = reduced(picture, longest_px)
        found = self._loaded()(small, use_det=True, use_cls=False, use_rec=False)
        if getattr(found, "boxes", None) is None:
            return []
        return [np.asarray(box, np.float32) / scale for box in found.boxes]

    def _page_turns(self, picture: Picture, quads: list[Quad]) -> tuple[int, dict[int, Found]]:
        """By how many quarters (counter-clockwise) the page must be turned to stand upright, judged by its widest box.

        Costs an upright page nothing: what the widest box says is handed back by its index, so it is not read again.
        Only a box that reads badly is tried the other way round.
        """
        if not quads:
            return 0, {}
        tall = sum(_area(quad) for quad in quads if self._is_tall(quad)) > sum(map(_area, quads)) / 2
        candidates = [index for index, quad in enumerate(quads) if self._is_tall(quad) == tall]
        witness = max(candidates, key=lambda index: max(_sides(quads[index])))
        crop = cut_out(picture, quads[witness])
        first, second = (1, 3) if tall else (0, 2)
        one_way = self._text_of(np.rot90(crop, first))
        if one_way[1] >= self.options.surely_upright:
            return first, {} if tall else {witness: one_way}
        other_way = self._text_of(np.rot90(crop, second))
        if max(one_way[1], other_way[1]) < self.options.trust.min_confidence:
            return 0, {}  # nobody knows: leave it as it came
        return (first, {}) if one_way[1] >= other_way[1] else (second, {})

    def _is_tall(self, quad: Quad) -> bool:
        width, height = _sides(quad)
        return height >= self.options.tall_ratio * width

    def _recognise(self, picture: Picture, quad: Quad) -> Found:
        """Text and confidence of one box; a line that runs up or down in an upright page is read both ways."""
        crop = cut_out(picture, quad)
        ways = (1, 3) if self._is_tall(quad) else (0,)
        return max((self._text_of(np.rot90(crop, turns)) for turns in ways), key=lambda found: found[1])

    def _text_of(self, crop: Picture) -> Found:
        found = self._loaded()(np.ascontiguousarray(crop), use_det=False, use_cls=False, use_rec=True)
        texts, scores = getattr(found, "txts", None), getattr(found, "scores", None)
        return (str(texts[0]).strip(), float(scores[0])) if texts and scores else ("", 0.0)

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = _load(self.options)
        return self._engine


def _load(options: ReadingOptions) -> Any:
    """RapidOCR with the models of its own wheel, quiet and without its downloader."""
    import logging
    from pathlib import Path

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    models = {part: sorted(folder.glob(f"*_{part}_*.onnx")) for part in ("det", "cls", "rec")}
    missing = [part for part, files in models.items() if not files]
    if missing:
        raise FileNotFoundError(f"RapidOCR came without its {', '.join(missing)} model in {folder}; reinstall rapidocr")
    params = {f"{part.capitalize()}.model_path": str(files[0]) for part, files in models.items()}
    return rapidocr.RapidOCR(
        params=params
        | {
            "Global.log_level": "error",
            "Global.text_score": 0.0,  # the trust rules decide, not a flat threshold
            "Global.max_side_len": options.max_px,
            "Det.limit_type": "max",  # never enlarge: pictures arrive here at the size wanted
            "Det.limit_side_len": max(options.detect_px, options.second_look_px),
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": options.threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _checked(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"TextReader: a picture of shape {picture.shape}; give (height, width, 3) bytes, BGR")
    return picture


def reduced(picture: Picture, longest_px: int) -> tuple[Picture, float]:
    """The picture with its longest side at most `longest_px`, and the scale that was applied."""
    import cv2

    height, width = picture.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return picture, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cast(Picture, cv2.resize(picture, size, interpolation=cv2.INTER_AREA)), scale


def cut_out(picture: Picture, quad: Quad) -> Picture:
    """The box, straightened into a picture of its own, no larger than the recogniser can use."""
    import cv2

    width, height = _sides(quad)
    ratio = min(1.0, CROP_PX / max(1.0, min(width, height)))
    if ratio < 1:  # reduce first: a warp alone would skip pixels
        picture = cast(Picture, cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA))
        quad = quad * np.float32(ratio)
    width, height = (max(1, round(side * ratio)) for side in (width, height))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(quad, np.float32), target)
    crop = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast(Picture, crop)


def _sides(quad: Quad) -> tuple[float, float]:
    """Width and height, each the longer of two opposite sides."""
    lengths = [float(np.linalg.norm(quad[a] - quad[b])) for a, b in ((0, 1), (3, 2), (0, 3), (1, 2))]
    return max(lengths[:2]), max(lengths[2:])


def _bounds(quad: Quad) -> tuple[int, int, int, int]:
    """The upright box around it: x, y, width, height."""
    left, top = (int(value) for value in np.floor(quad.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(quad.max(axis=0)))
    return (left, top, right - left, bottom - top)


def _area(quad: Quad) -> float:
    width, height = _sides(quad)
    return width * height


def _placed(line: TextLine, size: tuple[int, int], turns: int, scale: float) -> TextLine:
    """The line with its box in pixels of the picture as it came. `size`: width and height of the turned picture."""
    x, y, width, height = line.box
    for _ in range(turns):  # undo one counter-clockwise quarter: what is up was on the right
        x, y, width, height = size[1] - y - height, x, height, width
        size = (size[1], size[0])
    x, y, width, height = (round(side / scale) for side in (x, y, width, height))
    return replace(line, box=(x, y, width, height))
