"""Words: their vectors, how rare they are, and which of them are no names (`words.npz`, made by
`training/memory/lexicon.py` from GloVe and WordNet)."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from companion.memory import words
from companion.memory.meaning.english import SAME

FILE: Final = Path(__file__).with_name("words.npz")
DIMENSIONS: Final = 100
Vectors = NDArray[np.float32]
_UNKNOWN_RANK: Final = 80_000
_COMMONEST, _RARE = 100, 20_000  # ranks between which a word says more the rarer it is
_LEAST: Final = 0.25


class Lexicon:
    """The file, read once."""

    def __init__(self) -> None:
        with np.load(FILE) as data:
            known = bytes(data["words"]).decode().split("\n")
            common = bytes(data["common"]).decode().split("\n")
            vectors = data["vectors"].astype(np.float32)
            ranks = data["ranks"]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.vectors: Vectors = np.vstack([vectors, np.zeros((1, DIMENSIONS), np.float32)])  # the last: of no word
        self.at = {word: i for i, word in enumerate(known)}
        self.rank = dict(zip(known, ranks.tolist(), strict=True))
        self.common = frozenset(common)


@cache
def lexicon() -> Lexicon:
    """The one of this process."""
    return Lexicon()


@lru_cache(maxsize=50_000)
def row(word: str) -> int:
    """Where the word's vector is, or that of its plain form; -1 if it has none."""
    at = lexicon().at
    return next((at[form] for form in (word, SAME.get(word, ""), *_forms(word)) if form in at), -1)


def vectors(of: tuple[str, ...]) -> Vectors:
    """(words, 100), each row of length 1, or 0 for a word that is not known."""
    return lexicon().vectors[[row(word) for word in of]] if of else np.zeros((0, DIMENSIONS), np.float32)


@lru_cache(maxsize=50_000)
def weight(word: str) -> float:
    """How much it says, 0.25 to 1: the rarer the more."""
    rank = lexicon().rank.get(word, _UNKNOWN_RANK)
    share = (math.log(rank + 30) - math.log(_COMMONEST)) / (math.log(_RARE) - math.log(_COMMONEST))
    return min(1.0, max(_LEAST, share))


@lru_cache(maxsize=50_000)
def common(word: str) -> bool:
    """It is in a dictionary, so it is not only a name."""
    return any(form in lexicon().common for form in (word, *_forms(word)))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The one form for all forms of a word, and for words that mean the same."""
    cut = words.stem(SAME.get(word, word))
    return SAME.get(cut, cut)


def _forms(word: str) -> tuple[str, ...]:
    """What it may be an ending of: "boxes" of box, "carried" of carry, "hidden" not of hide."""
    out = []
    for ending, put in (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 2:
            out.append(word.removesuffix(ending) + put)
            if ending in {"ing", "ed"} and len(out[-1]) > 3 and not put and out[-1][-1] == out[-1][-2]:
                out.append(out[-1][:-1])
    return tuple(out)
