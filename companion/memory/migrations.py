"""The tables, and how those of an older version become today's. A step that was released is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from companion.memory.shape import MemoryError_

V1: Final = """
CREATE TABLE memory (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
  what TEXT NOT NULL,
  text TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  how TEXT NOT NULL DEFAULT 'told',
  sensitivity TEXT NOT NULL DEFAULT '',
  at_s REAL NOT NULL,
  due_s REAL NOT NULL DEFAULT 0,
  place TEXT NOT NULL DEFAULT '',
  answer TEXT NOT NULL DEFAULT '',
  session TEXT NOT NULL DEFAULT '',
  turn INTEGER NOT NULL DEFAULT 0,
  thumb TEXT NOT NULL DEFAULT '',
  replaced_s REAL NOT NULL DEFAULT 0,
  replaced_by INTEGER NOT NULL DEFAULT 0,
  words TEXT NOT NULL DEFAULT ''         -- what of it is looked for, as companion.memory.words makes it
);
CREATE INDEX memory_at ON memory (at_s);
CREATE INDEX memory_subject ON memory (subject COLLATE NOCASE) WHERE subject <> '';
CREATE INDEX memory_reminder ON memory (due_s) WHERE what = 'reminder';
CREATE VIRTUAL TABLE word USING fts5 (
  words, what, content = 'memory', content_rowid = 'id', detail = column, columnsize = 0,
  tokenize = "unicode61 remove_diacritics 0"
);
CREATE TABLE vector (id INTEGER PRIMARY KEY, signs BLOB NOT NULL, vector BLOB NOT NULL);
CREATE TABLE picture (name TEXT PRIMARY KEY, jpeg BLOB NOT NULL);
-- recordings to be rewritten once they are closed
CREATE TABLE scrub (session TEXT PRIMARY KEY);
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
V2: Final = "CREATE TABLE meaning (id INTEGER PRIMARY KEY, vector BLOB NOT NULL)"  # of facts: companion.memory.meanings
STEPS: Final[Sequence[str]] = (V1, V2)


def migrate(connection: Any, steps: Sequence[str] = STEPS, file: Path | str = "the database") -> int:
    """Bring the tables to the newest version, each step whole or not at all; the version that was found.

    Raises MemoryError_("newer") and changes nothing if a later companion wrote them.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > len(steps):
        raise MemoryError_("newer", f"{file} has tables of version {found}, this companion knows version {len(steps)}")
    for version in range(found, len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            (now,) = connection.execute("PRAGMA user_version").fetchone()
            if now == version:  # no other process was faster
                for statement in _statements(steps[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return int(found)


def _statements(script: str) -> list[str]:
    """`executescript` would commit, so a step is run statement by statement. No text in it has a semicolon."""
    return [part for part in script.split(";") if part.strip()]
