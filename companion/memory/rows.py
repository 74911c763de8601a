"""Memories as rows of the database, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

from companion.memory import words
from pipelines.events import Memory

_STORED: Final = tuple(f.name for f in fields(Memory) if f.name not in {"score", "fits"})
COLUMNS: Final = ", ".join(_STORED)
_WITHOUT_ID: Final = _STORED[1:]
_INSERT: Final = (
    f"INSERT INTO memory ({', '.join(_WITHOUT_ID)}, words) VALUES ({', '.join('?' * (len(_WITHOUT_ID) + 1))})"
)
MANY: Final = 500  # parameters in one statement


def of_row(row: Sequence[Any]) -> Memory:
    """`row`: begins with COLUMNS."""
    return Memory(*row[: len(_STORED)])


def searched(memory: Memory) -> str:
    """What of it is looked for: the terms of all its texts."""
    return " ".join(words.terms(" . ".join((memory.subject, memory.text, memory.answer, memory.place))))


def embedded(memory: Memory) -> str:
    """What its vector is made of."""
    return f"{memory.text} {memory.answer} {memory.place}".strip()


def insert(connection: Any, memory: Memory) -> int:
    """Its new id."""
    found = searched(memory)
    cursor = connection.execute(_INSERT, (*(getattr(memory, name) for name in _WITHOUT_ID), found))
    row_id = int(cursor.lastrowid)
    connection.execute("INSERT INTO word (rowid, words, what) VALUES (?, ?, ?)", (row_id, found, memory.what))
    return row_id


def delete(connection: Any, ids: Sequence[int]) -> list[str]:
    """Rows, with their vectors, entries in the index and pictures. The names of pictures that went."""
    gone: list[str] = []
    for row_id in ids:
        found = connection.execute("SELECT words, what, thumb FROM memory WHERE id = ?", (row_id,)).fetchone()
        if found is None:
            continue
        connection.execute(
            "INSERT INTO word (word, rowid, words, what) VALUES ('delete', ?, ?, ?)", (row_id, found[0], found[1])
        )
        connection.execute("DELETE FROM vector WHERE id = ?", (row_id,))
        connection.execute("DELETE FROM meaning WHERE id = ?", (row_id,))
        connection.execute("DELETE FROM memory WHERE id = ?", (row_id,))
        if found[2]:
            gone += [found[2]] * connection.execute("DELETE FROM picture WHERE name = ?", (found[2],)).rowcount
    return gone


def with_ids(connection: Any, ids: Sequence[int], extra: str = "") -> Iterator[tuple[Any, ...]]:
    """Rows with these ids, in no order. `extra`: more columns, each with a comma before it."""
    for first in range(0, len(ids), MANY):
        some = [int(one) for one in ids[first : first + MANY]]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"SELECT {COLUMNS}{extra} FROM memory WHERE id IN ({marks})", some)


def state(connection: Any, name: str) -> str:
    found = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return str(found[0]) if found else ""


def set_state(connection: Any, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))
