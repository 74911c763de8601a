"""Texts as vectors, so that what means the same lies close together, by one of three makers.

`HashedGrams` is built in: pieces of words, hashed; it needs nothing, and finds words that are spelt a little otherwise.
A server of the wearer's own (`companion.memory.embed_server`) or a model2vec folder also find other words for the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from companion.memory import words
from companion.memory.settings import BUILT_IN, MODEL2VEC, MemorySettings

Vectors = NDArray[np.float32]
DIMENSIONS: Final = 256


class EmbedError(Exception):
    """There are no vectors now. The words are still searched."""


class Embedder(Protocol):
    """`name`: vectors of different names are not compared. `floor`: a cosine that says nothing. `quick`: a text takes
    well under a millisecond, so that it is done while storing."""

    name: str
    floor: float
    quick: bool

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(texts, dimensions), each row of length 1, or 0 for a text without words. Raises EmbedError."""
        ...

    def close(self) -> None: ...


class HashedGrams:
    """Words and their pieces of three and four letters, hashed into 256 numbers. The same everywhere; 30 µs a text."""

    name = f"hashed-grams-{DIMENSIONS}-v{words.VERSION}"
    floor = 0.45
    quick = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(out, texts, strict=True):
            for term in words.terms(text):
                at, sign = _pieces(term)
                np.add.at(row, at, sign)
        return normal(out)

    def close(self) -> None: ...


@lru_cache(maxsize=50_000)
def _pieces(term: str) -> tuple[NDArray[np.intp], Vectors]:
    """Where the pieces of one word go, and with what weight; together they have length 1 unless two meet."""
    whole = f"^{term}$"
    pieces = [whole] + [whole[i : i + n] for n in (3, 4) for i in range(len(whole) - n + 1) if n < len(whole)]
    hashes = np.array([zlib.crc32(piece.encode()) for piece in pieces], np.int64)
    weight = np.full(len(pieces), 1.0, np.float32)
    weight[0] = 2.0  # the word itself
    weight /= np.linalg.norm(weight)
    return (hashes >> 1) % DIMENSIONS, np.where(hashes & 1, weight, -weight).astype(np.float32)


class Model2Vec:
    """A folder with a model2vec model that the wearer has. Raises EmbedError if it or the package is not there."""

    floor = 0.4
    quick = True

    def __init__(self, folder: Path) -> None:
        try:
            from model2vec import StaticModel
        except ImportError as why:
            raise EmbedError(
                f"memory.embeddings = '{MODEL2VEC}{folder}' needs its extra: "
                "pip install 'earshot-companion[memory-model2vec]'"
            ) from why
        if not folder.is_dir():
            raise EmbedError(f"memory.embeddings = '{MODEL2VEC}{folder}': there is no such folder; nothing is fetched")
        try:
            self._model: Any = StaticModel.from_pretrained(str(folder))
        except Exception as why:
            raise EmbedError(f"memory.embeddings = '{MODEL2VEC}{folder}': no model can be read there ({why})") from why
        self.name = f"model2vec:{folder.name}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        return normal(np.asarray(self._model.encode(list(texts)), np.float32))

    def close(self) -> None: ...


def normal(vectors: Vectors) -> Vectors:
    """Each row with length 1; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1.0
    out: Vectors = (vectors / lengths).astype(np.float32)
    return out


def embedder(settings: MemorySettings, local_only: bool = False) -> Embedder:
    """The one that the settings name. Raises EmbedError that names the setting and the way out."""
    found = settings.embeddings
    if found == BUILT_IN:
        return HashedGrams()
    if found.startswith(MODEL2VEC):
        return Model2Vec(Path(found.removeprefix(MODEL2VEC)).expanduser())
    from companion.memory.embed_server import ServerEmbedder

    return ServerEmbedder(found, settings.embeddings_model, local_only)
