"""What each fact means, as a vector beside its row, so that it is found in words that it does not have.

Facts only: they are what the wearer told, and few beside places and turns. The newest MOST are compared with a question
at once; an older one is still found by its words. A fact that was stored before there were these vectors gets its own
when the store is opened, or when it is first judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.meaning import encoder
from companion.memory.rows import MANY, set_state, state
from pipelines.events import Memory

MOST: Final = 8192
AT_ONCE: Final = 128  # facts that get their vector when the store is opened
LETTERS: Final = 400  # of a text that count
Numbers = NDArray[np.float32]
_SCALE: Final = 127.0 * 2  # no number of a vector of length one is as large as a half


class Meanings:
    """The vectors of one database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._read = ("", 0)  # the generation and the last id that `_ids` and `_vectors` hold
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, encoder.DIMENSIONS), np.float32)
        if state(connection, "meaning") != encoder.VERSION:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM meaning")
            set_state(connection, "meaning", encoder.VERSION)
            connection.execute("COMMIT")
        self._catch_up()

    def _catch_up(self) -> None:
        rows = self._connection.execute(
            "SELECT id, text FROM memory WHERE what = 'fact' AND id NOT IN (SELECT id FROM meaning) "
            "ORDER BY id DESC LIMIT ?",
            (AT_ONCE,),
        ).fetchall()
        if rows:
            self._write({row_id: vector_of(text) for row_id, text in rows})

    def put(self, memory: Memory) -> None:
        """Of a new memory, inside the transaction that stores it."""
        if memory.what == "fact":
            self._insert({memory.id: vector_of(memory.text)})

    def near(self, vector: Numbers, count: int) -> list[int]:
        """The facts closest to it, by id. `vector`: (DIMENSIONS,)."""
        self._sync()
        if not len(self._ids):
            return []
        close = self._vectors @ vector
        count = min(count, len(close))
        return [int(one) for one in self._ids[np.argpartition(-close, count - 1)[:count]]]

    def of(self, facts: Sequence[Memory]) -> Numbers:
        """(facts, DIMENSIONS); those that had none yet are made and kept."""
        found: dict[int, Numbers] = {}
        ids = [fact.id for fact in facts]
        for first in range(0, len(ids), MANY):
            some = ids[first : first + MANY]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(f"SELECT id, vector FROM meaning WHERE id IN ({marks})", some)
            found.update((row_id, _whole(blob)) for row_id, blob in rows)
        lacking = {fact.id: vector_of(fact.text) for fact in facts if fact.id not in found}
        if lacking:
            self._write(lacking)
        found |= lacking
        return np.stack([found[one] for one in ids]) if ids else np.zeros((0, encoder.DIMENSIONS), np.float32)

    def _write(self, vectors: dict[int, Numbers]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._insert(vectors)
        self._connection.execute("COMMIT")

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
    """(DIMENSIONS,) of a fact's or a question's words."""
    return encoder.vector(text[:LETTERS])


def _small(vector: Numbers) -> bytes:
    return np.clip(np.round(vector * _SCALE), -127, 127).astype(np.int8).tobytes()


def _whole(blob: bytes) -> Numbers:
    found = np.frombuffer(blob, np.int8).astype(np.float32)
    out: Numbers = found / np.float32(max(1e-3, float(np.linalg.norm(found))))
    return out
