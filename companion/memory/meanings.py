"""What each fact means, as a vector beside its row, so that it is found in words that it does not have.

Facts only: they are what the wearer told, and few beside places and turns. The newest MOST are compared with a question
at once; an older one is still found by its words. Storing makes no vector, which takes some milliseconds: `digest` does
it afterwards. Looking writes nothing; for facts that `digest` did not come to yet, it makes theirs in passing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from heapq import nlargest
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.meaning import encoder
from companion.memory.rows import MANY, set_state, state
from pipelines.events import Memory

MOST: Final = 2048
AT_ONCE: Final = 4  # facts that get their vector in one go: what waits meanwhile waits for some 15 ms
LETTERS: Final = 400  # of a text that count
Numbers = NDArray[np.float32]
_SCALE: Final = 127.0 * 2  # no number of a vector of length one is as large as a half


class Meanings:
    """The vectors of one database."""

    def __init__(self, connection: Any, writing: Callable[[], AbstractContextManager[None]]) -> None:
        """`writing`: a transaction, undone if it fails."""
        self._connection = connection
        self._writing = writing
        self._read = ("", 0)  # the generation and the last id that `_ids` and `_vectors` hold
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, encoder.DIMENSIONS), np.float32)
        if state(connection, "meaning") != encoder.VERSION:
            with writing():
                connection.execute("DELETE FROM meaning")
                set_state(connection, "meaning", encoder.VERSION)
                set_state(connection, "digested", "0")  # every fact up to this id has its vector

    def digest(self) -> bool:
        """Make the vectors of some facts that have none yet, the oldest first; whether there may be more."""
        lacking = self._lacking()
        if lacking:
            vectors = {row_id: vector_of(text) for row_id, text in lacking}
            with self._writing():
                self._insert(vectors)
                set_state(self._connection, "digested", str(lacking[-1][0]))
        return len(lacking) == AT_ONCE

    def _lacking(self) -> list[tuple[int, str]]:
        done = int(state(self._connection, "digested") or 0)
        found: list[tuple[int, str]] = self._connection.execute(
            "SELECT id, text FROM memory WHERE what = 'fact' AND id > ? ORDER BY id LIMIT ?", (done, AT_ONCE)
        ).fetchall()
        return found

    def near(self, vector: Numbers, count: int) -> list[int]:
        """The facts closest to it, by id. `vector`: (DIMENSIONS,)."""
        self._sync()
        close = self._vectors @ vector
        best = np.argpartition(-close, count - 1)[:count] if len(close) > count else np.arange(len(close))
        found = {int(self._ids[i]): float(close[i]) for i in best}
        found |= {row_id: float(vector_of(text) @ vector) for row_id, text in self._lacking()}
        return nlargest(count, found, key=found.__getitem__)

    def of(self, facts: Sequence[Memory]) -> Numbers:
        """(facts, DIMENSIONS)."""
        found: dict[int, Numbers] = {}
        ids = [fact.id for fact in facts]
        for first in range(0, len(ids), MANY):
            some = ids[first : first + MANY]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(f"SELECT id, vector FROM meaning WHERE id IN ({marks})", some)
            found.update((row_id, _whole(blob)) for row_id, blob in rows)
        vectors = [found[fact.id] if fact.id in found else vector_of(fact.text) for fact in facts]
        return np.stack(vectors) if vectors else np.zeros((0, encoder.DIMENSIONS), np.float32)

    def _insert(self, vectors: dict[int, Numbers]) -> None:
        rows = [(row_id, _small(vector)) for row_id, vector in vectors.items()]
        # A fact that was forgotten meanwhile, by another process, stays so.
        self._connection.executemany(
            "INSERT OR REPLACE INTO meaning SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM memory WHERE id = ?1)", rows
        )

    def _sync(self) -> None:
        """What was stored or forgotten since the last time, here or by another process."""
        generation, (last,) = (
            state(self._connection, "generation"),
            self._connection.execute("SELECT coalesce(max(id), 0) FROM meaning").fetchone(),
        )
        if (generation, last) == self._read:
            return
        above = self._read[1] if generation == self._read[0] else 0
        rows = self._connection.execute(
            "SELECT id, vector FROM meaning WHERE id > ? ORDER BY id DESC LIMIT ?", (above, MOST)
        ).fetchall()[::-1]
        ids = np.array([row[0] for row in rows], np.int64)
        vectors = np.stack([_whole(row[1]) for row in rows]) if rows else self._vectors[:0]
        if above:
            ids, vectors = np.concatenate([self._ids, ids]), np.concatenate([self._vectors, vectors])
        self._ids, self._vectors, self._read = ids[-MOST:], vectors[-MOST:], (generation, last)


def vector_of(text: str) -> Numbers:
    """(DIMENSIONS,) of a fact's words."""
    return encoder.vector(text[:LETTERS])


def meaning_of(question: str) -> Future[Numbers]:
    """(DIMENSIONS,) of a question's words, made while it is looked for by them."""
    return encoder.beside(question[:LETTERS])


def _small(vector: Numbers) -> bytes:
    return np.clip(np.round(vector * _SCALE), -127, 127).astype(np.int8).tobytes()


def _whole(blob: bytes) -> Numbers:
    found = np.frombuffer(blob, np.int8).astype(np.float32)
    out: Numbers = found / np.float32(max(1e-3, float(np.linalg.norm(found))))
    return out
