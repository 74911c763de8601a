"""What still reads of a damaged database, row by row, and all of a sound one that becomes encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from recordings.saying import counted

_COLUMNS: Final = (
    "id, what, text, subject, how, sensitivity, at_s, due_s, place, answer, session, turn, thumb, replaced_s, "
    "replaced_by, words"
)
_PROBED: Final = 100_000  # ids between two readable parts that are asked for one by one


@dataclass(frozen=True, slots=True)
class Saved:
    """What was taken over. `trouble`: "" or why that is not all."""

    count: int
    trouble: str = ""

    def __str__(self) -> str:
        took = f"{counted(self.count, 'memory', 'memories')} could be taken over"
        return f"{took}, not all ({self.trouble})" if self.trouble else took


def copy_rows(old: Any, new: Any) -> Saved:
    """Rows, small pictures and what is still to be scrubbed, in one transaction. Vectors and index are made anew."""
    trouble: list[str] = []
    count = 0
    marks = ", ".join("?" * len(_COLUMNS.split(",")))
    new.execute("BEGIN IMMEDIATE")
    try:
        for row in _rows(old, trouble):
            taken = new.execute(f"INSERT OR IGNORE INTO memory ({_COLUMNS}) VALUES ({marks})", row)
            if taken.rowcount == 1:
                new.execute("INSERT INTO word (rowid, words, what) VALUES (?, ?, ?)", (row[0], row[-1], row[1]))
            count += 1
        for table, columns in (("picture", 2), ("scrub", 1)):
            for row in _readable(old, f"SELECT * FROM {table}", trouble):
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * columns)})", row)
        new.execute("COMMIT")
    except BaseException:
        new.execute("ROLLBACK")
        raise
    return Saved(count, trouble[0] if trouble else "")


def _rows(old: Any, trouble: list[str]) -> Iterator[tuple[Any, ...]]:
    """From the front up to the damage, from the back down to it, and in between one by one."""
    before = len(trouble)
    low = 0
    for row in _readable(old, f"SELECT {_COLUMNS} FROM memory ORDER BY id", trouble):
        low = row[0]
        yield row
    if len(trouble) == before:
        return
    high = 0
    for row in _readable(old, f"SELECT {_COLUMNS} FROM memory WHERE id > {low} ORDER BY id DESC", trouble):
        high = row[0]
        yield row
    for row_id in range(low + 1, min(high, low + _PROBED)):
        yield from _readable(old, f"SELECT {_COLUMNS} FROM memory WHERE id = {row_id}", trouble)


def _readable(old: Any, query: str, trouble: list[str]) -> Iterator[tuple[Any, ...]]:
    """Rows up to the first that cannot be read, or that are none of ours."""
    try:
        cursor = old.execute(query)
        while (row := cursor.fetchone()) is not None:
            if all(value is not None for value in row):
                yield row
    except (old.Error, UnicodeDecodeError, OverflowError) as why:
        trouble.append(str(why))
