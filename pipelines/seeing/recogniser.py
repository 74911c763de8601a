"""The two models behind reading: one finds boxes, one turns a box into letters. RapidOCR, with what its wheel carries.

Nothing is fetched: the paths are given, and a missing file is an error. The only file that knows RapidOCR.
"""

from __future__ import annotations

from itertools import pairwise
from threading import local
from typing import Any, NamedTuple

import numpy as np

from pipelines.seeing.deskew import Picture, Quad, reduced
from pipelines.seeing.trust import Found

SURE = 0.5  # score from which RapidOCR takes a box for text
WIDE_GAP = 5  # columns from letter to letter: a blank between two words is 3 or 4
FAINT = 0.25  # a row that the picture's edge cuts along its length had 0.4; a fence and leaves have up to 0.3


class Boxes(NamedTuple):
    """(4, 2) corner points in pixels of the picture. `faint`: may be writing as well, and was not sure enough."""

    sure: list[Quad]
    faint: list[Quad]


class Recogniser:
    """Loaded at the first use. `longest_px`: the largest picture `boxes` will be given."""

    def __init__(self, threads: int, longest_px: int) -> None:
        self.threads = threads
        self.longest_px = longest_px
        self._engine: Any = None

    def boxes(self, picture: Picture, longest_px: int) -> list[Quad]:
        """Where writing stands, found in the picture reduced to `longest_px`."""
        return self.found(picture, longest_px).sure

    def found(self, picture: Picture, longest_px: int) -> Boxes:
        """As `boxes`, and what may be writing besides; it costs nothing more."""
        small, scale = reduced(picture, longest_px)
        engine = self._loaded()
        sure = getattr(engine(small, use_det=True, use_cls=False, use_rec=False), "boxes", None)
        both = ([] if sure is None else sure), engine.text_det.postprocess_op.faint
        return Boxes(*([np.asarray(box, np.float32) / np.float32(scale) for box in boxes] for boxes in both))

    def text(self, crop: Picture) -> Found:
        """What one cut-out line says; empty with confidence 0 if nothing."""
        crop = np.ascontiguousarray(crop)
        found = self._loaded()(crop, use_det=False, use_cls=False, use_rec=True, return_word_box=True)
        texts, scores = getattr(found, "txts", None), getattr(found, "scores", None)
        if not texts or not scores:
            return Found("", 0.0, 0.0)
        words = found.word_results[0] if found.word_results else None
        text, each = str(texts[0]), getattr(words, "confs", None) or ()
        letters = tuple((char, float(c)) for c, char in zip(each, text, strict=False) if not char.isspace())
        weakest = min((c for _, c in letters), default=float(scores[0]))
        return Found(text.strip(), float(scores[0]), weakest, letters, _gaps(words), reach=_reach(words))

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = _load(self.threads, self.longest_px)
        return self._engine


def _gaps(words: Any) -> tuple[tuple[float, float], ...]:
    """From letter to letter, in shares of the line's width, where the recogniser saw much white. Its columns are a
    sixth of the line's height wide."""
    if words is None or not words.line_txt_len:
        return ()
    places = [place for word in words.word_cols for place in word]
    wide = [(a, b) for a, b in pairwise(places) if b - a >= WIDE_GAP]
    return tuple(((a + 0.5) / words.line_txt_len, (b + 0.5) / words.line_txt_len) for a, b in wide)


def _reach(words: Any) -> tuple[float, float]:
    """Where the first and the last letter are, in shares of the line's width."""
    places = [place for word in words.word_cols for place in word] if words is not None else []
    if not places or not words.line_txt_len:
        return 0.0, 1.0
    return tuple(min(1.0, (place + 0.5) / words.line_txt_len) for place in (places[0], places[-1]))


def _load(threads: int, longest_px: int) -> Any:
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
    engine = rapidocr.RapidOCR(
        params=params
        | {
            "Global.log_level": "error",
            "Global.text_score": 0.0,  # the trust rules decide, not a flat threshold
            "Global.max_side_len": 2560,
            "Det.limit_type": "max",  # never enlarge: pictures arrive here at the size wanted
            "Det.limit_side_len": longest_px,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,  # else a third of finding goes into fresh memory
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    engine(np.full((32, 32, 3), 255, np.uint8), use_det=True, use_cls=False, use_rec=False)  # it builds its finder now
    engine.text_det.postprocess_op = _Sorted(engine.text_det.postprocess_op)
    engine.text_det.get_preprocess = _Levels(engine.text_det.get_preprocess()).itself
    return engine


class _Levels:
    """RapidOCR's step from a picture to the finder's input, with a table in place of its arithmetic: the same numbers,
    in a third of the time."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        shades = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)[None]
        self._table = plain.normalize(shades).astype(np.float32)[0]

    def itself(self) -> _Levels:
        return self

    def __call__(self, picture: Picture) -> Any:
        import cv2

        small = self._plain.resize(picture)
        if small is None:
            return None
        planes = [cv2.LUT(np.ascontiguousarray(small[:, :, at]), self._table[:, at]) for at in range(3)]
        return np.stack(planes)[None]


class _Sorted:
    """RapidOCR's step from the finder's map to boxes: sure ones go on as before, faint ones are laid aside."""

    def __init__(self, plain: Any) -> None:
        plain.box_thresh = FAINT
        self._plain = plain
        self._aside = local()  # a reader is shared by threads

    @property
    def faint(self) -> list[Any]:
        """Of the picture that this thread gave last."""
        return list(getattr(self._aside, "boxes", ()))

    def __call__(self, predicted: Any, shape: tuple[int, int]) -> tuple[Any, list[float]]:
        boxes, scores = self._plain(predicted, shape)
        self._aside.boxes = [box for box, score in zip(boxes, scores, strict=True) if score < SURE]
        sure = [index for index, score in enumerate(scores) if score >= SURE]
        return np.asarray([boxes[index] for index in sure]), [scores[index] for index in sure]
