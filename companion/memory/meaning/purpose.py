"""What an utterance is for: to tell something, to ask, to have something forgotten, to ask about what is remembered
(when it was told, all of it), something else that a companion is asked for, or talk that is for nobody to keep."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.meaning.encoder import vector

PURPOSES: Final = ("tell", "ask", "forget", "about", "other", "chat")
FILE: Final = Path(__file__).with_name("purpose.npz")
LETTERS: Final = 400  # of an utterance that count
Numbers = NDArray[np.float32]


@cache
def _weights() -> dict[str, Numbers]:
    with np.load(FILE) as data:
        return {name: data[name] for name in data.files}


@lru_cache(64)
def purpose(text: str) -> tuple[str, float]:
    """The likeliest of PURPOSES, and how likely it is; ("", 0) for no words."""
    if not text.strip():
        return "", 0.0
    w = _weights()
    odds = w["out"] @ np.maximum(w["hidden"] @ vector(text[:LETTERS]) + w["hidden_bias"], 0) + w["out_bias"]
    shares = np.exp(odds - odds.max())
    shares /= shares.sum()
    best = int(shares.argmax())
    return PURPOSES[best], round(float(shares[best]), 4)
