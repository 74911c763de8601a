"""The two models behind reading: one finds boxes, one turns a box into letters. RapidOCR, with what its wheel carries.

Nothing is fetched: the paths are given, and a missing file is an error. The only file that knows RapidOCR.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.seeing.deskew import Picture, Quad, reduced
from pipelines.seeing.trust import Found


class Recogniser:
    """Loaded at the first use. `longest_px`: the largest picture `boxes` will be given."""

    def __init__(self, threads: int, longest_px: int) -> None:
        self.threads = threads
        self.longest_px = longest_px
        self._engine: Any = None

    def boxes(self, picture: Picture, longest_px: int) -> list[Quad]:
        """(4, 2) corner points in pixels of the picture, found in it reduced to `longest_px`."""
        small, scale = reduced(picture, longest_px)
        found = self._loaded()(small, use_det=True, use_cls=False, use_rec=False)
        if getattr(found, "boxes", None) is None:
            return []
        return [np.asarray(box, np.float32) / np.float32(scale) for box in found.boxes]

    def text(self, crop: Picture) -> Found:
        """What one cut-out line says; empty with confidence 0 if nothing."""
        crop = np.ascontiguousarray(crop)
        found = self._loaded()(crop, use_det=False, use_cls=False, use_rec=True, return_word_box=True)
        texts, scores = getattr(found, "txts", None), getattr(found, "scores", None)
        if not texts or not scores:
            return Found("", 0.0, 0.0)
        words = found.word_results[0] if found.word_results else None
        text, each = str(texts[0]), getattr(words, "confs", None) or ()
        letters = [float(c) for c, char in zip(each, text, strict=False) if not char.isspace()]
        return Found(text.strip(), float(scores[0]), min(letters, default=float(scores[0])))

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = _load(self.threads, self.longest_px)
        return self._engine


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
    return rapidocr.RapidOCR(
        params=params
        | {
            "Global.log_level": "error",
            "Global.text_score": 0.0,  # the trust rules decide, not a flat threshold
            "Global.max_side_len": 2560,
            "Det.limit_type": "max",  # never enlarge: pictures arrive here at the size wanted
            "Det.limit_side_len": longest_px,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
