"""The vectors of all memories, in the database and as signs in memory, kept in step, also with other processes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from companion.memory import words
from companion.memory.embed import Embedder, EmbedError, Vectors
from companion.memory.nearest import SIGNS, Nearest, Signs, kind_of, signs
from companion.memory.rows import embedded, of_row, searched, set_state, state, with_ids
from pipelines.events import Memory

log = logging.getLogger(__name__)
_BATCH: Final = 256
_CATCH_UP: Final = 32  # memories without a vector that one search makes up for
_NONE: Final = np.zeros((1, SIGNS // 64), np.uint64)


class VectorIndex:
    """`nearest` holds a row for each memory. Nothing raises EmbedError: what has no vector is found by its words."""

    def __init__(self, connection: Any, embedder: Embedder) -> None:
        self.nearest = Nearest()
        self.embedder = embedder
        self._connection = connection
        self._missing = 0
        self._seen = -1
        self._generation = ""
        self._told = ""
        self._made_by()
        self.load()

    def _made_by(self) -> None:
        """Vectors of another maker, and words as they were cut before, are made again."""
        connection = self._connection
        if state(connection, "embedder") != self.embedder.name:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM vector")
            set_state(connection, "embedder", self.embedder.name)
            connection.execute("COMMIT")
        if state(connection, "words") != str(words.VERSION):
            self._cut_again()

    def _cut_again(self) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        for (row_id,) in connection.execute("SELECT id FROM memory").fetchall():
            for row in with_ids(connection, [row_id]):
                connection.execute("UPDATE memory SET words = ? WHERE id = ?", (searched(of_row(row)), row_id))
        connection.execute("INSERT INTO word (word) VALUES ('rebuild')")
        set_state(connection, "words", str(words.VERSION))
        connection.execute("COMMIT")

    def load(self) -> None:
        """All of it from the database."""
        self.nearest = Nearest()
        self._generation = state(self._connection, "generation")
        self._read(0)

    def _read(self, above: int) -> None:
        rows = self._connection.execute(
            "SELECT m.id, m.at_s, m.what, m.replaced_s > 0, v.signs FROM memory m LEFT JOIN vector v ON v.id = m.id "
            "WHERE m.id > ? ORDER BY m.id",
            (above,),
        )
        while some := rows.fetchmany(10_000):
            found = np.frombuffer(b"".join(row[4] or _NONE.tobytes() for row in some), np.uint64)
            kinds = [kind_of(row[2], bool(row[3])) for row in some]
            self.nearest.add([r[0] for r in some], [r[1] for r in some], kinds, found.reshape(len(some), -1))
            self._missing += sum(row[4] is None for row in some)
        (self._seen,) = self._connection.execute("PRAGMA data_version").fetchone()

    def sync(self) -> None:
        """What another process stored or forgot meanwhile."""
        (seen,) = self._connection.execute("PRAGMA data_version").fetchone()
        if seen == self._seen:
            return
        if state(self._connection, "generation") != self._generation:
            self.load()
        else:
            self._read(self.nearest.last_id)

    def changed(self) -> None:
        """Rows went or were superseded: other processes shall load everything again. Inside the transaction."""
        self._generation = str(int(state(self._connection, "generation") or 0) + 1)
        set_state(self._connection, "generation", self._generation)

    def put(self, row_id: int, memory: Memory) -> Signs | None:
        """The vector of a new memory into the database, if it is made at once. Inside the transaction."""
        if not self.embedder.quick:
            return None
        found = self._embedded([embedded(memory)])
        return None if found is None else self._write([row_id], found)

    def add(self, memory: Memory, found: Signs | None) -> None:
        """A new memory, once it is committed."""
        kind = kind_of(memory.what, memory.replaced_s > 0)
        self.nearest.add([memory.id], [memory.at_s], [kind], _NONE if found is None else found)
        self._missing += found is None

    def query(self, text: str) -> Vectors | None:
        """(1, dimensions) of what is looked for; None if there can be none now. A few memories that still lack their
        vector get it by the way."""
        lacking = self._lacking(_CATCH_UP) if self._missing else []
        found = self._embedded([text, *(embedded(one) for one in lacking)])
        if found is None:
            return None
        if lacking:
            self._fill([one.id for one in lacking], found[1:])
        return found[:1]

    def catch_up(self) -> None:
        """Make every vector that is missing."""
        while self._missing and (lacking := self._lacking(_BATCH)):
            found = self._embedded([embedded(one) for one in lacking])
            if found is None:
                return
            self._fill([one.id for one in lacking], found)
        self._missing = 0

    def _lacking(self, count: int) -> list[Memory]:
        rows = self._connection.execute(
            "SELECT id FROM memory WHERE id NOT IN (SELECT id FROM vector) ORDER BY id LIMIT ?", (count,)
        ).fetchall()
        return [of_row(row) for row in with_ids(self._connection, [row[0] for row in rows])]

    def _fill(self, ids: Sequence[int], found: Vectors) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        made = self._write(ids, found)
        self._connection.execute("COMMIT")
        for row_id, one in zip(ids, made, strict=True):
            self.nearest.sign(row_id, one[None])
        self._missing = max(0, self._missing - len(ids))

    def _write(self, ids: Sequence[int], found: Vectors) -> Signs:
        made = signs(found)
        small = np.round(found * 127).astype(np.int8)
        rows = [(one, made[i].tobytes(), small[i].tobytes()) for i, one in enumerate(ids)]
        self._connection.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?)", rows)
        return made

    def _embedded(self, texts: Sequence[str]) -> Vectors | None:
        try:
            return self.embedder.embed(texts)
        except EmbedError as why:
            if str(why) != self._told:
                self._told = str(why)
                log.warning("%s; memories are searched by their words", why)
            return None
