"""Texts as vectors: what means the same lies close together, in whatever words (SOURCES.md says of what it was made).

A sentence encoder of six layers, fitted to what wearers tell, ask and want forgotten (`training/memory/encoder.py`), in
8-bit integers. A text takes some milliseconds on one core.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import pipelines  # noqa: F401  # keeps onnxruntime from reporting to its maker

MODEL: Final = Path(__file__).with_name("encoder.onnx")
WORDS: Final = Path(__file__).with_name("words.txt")
DIMENSIONS: Final = 384
VERSION: Final = "1"  # vectors of different ones are not compared
LONGEST: Final = 48  # tokens of a text that count; nobody tells a fact in more
REMEMBERED: Final = 512  # texts whose vectors are at hand: what was asked is recalled more than once
Numbers = NDArray[np.float32]


class Encoder:
    """The model, read once."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.x64quantprecision", "1")  # older processors' sums would overflow
        self._session: Any = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
        self._tokens: Any = BertWordPieceTokenizer(str(WORDS), lowercase=True)
        self._tokens.enable_truncation(LONGEST)

    def vector(self, text: str) -> Numbers:
        """(DIMENSIONS,), of length one."""
        whole = text.encode("utf-8", "replace").decode()  # half a character may be typed; the tokenizer wants none
        tokens = np.array([self._tokens.encode(whole).ids], np.int64)
        found: Numbers = self._session.run(None, {"tokens": tokens})[0][0]
        return found


@cache
def encoder() -> Encoder:
    """The one of this process."""
    return Encoder()


@lru_cache(REMEMBERED)
def vector(text: str) -> Numbers:
    """(DIMENSIONS,), of length one."""
    return encoder().vector(text)


def beside(text: str) -> Future[Numbers]:
    """The same, made beside what the caller does meanwhile."""
    return _beside().submit(vector, text)


@cache
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "earshot-encoder")
