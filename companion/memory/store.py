"""The wearer's memory: one database on this machine, opened once a process (docs/memory.md)."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from companion.memory.answering import JUDGED, LOOSELY, NEAR, judged
from companion.memory.database import check, connect, open_database, troubles
from companion.memory.embed import Embedder
from companion.memory.export import write_export
from companion.memory.finding import Finder, Query
from companion.memory.forgetting import DAY_S, Forgetter, Meant
from companion.memory.meanings import Meanings, meaning_of
from companion.memory.nearest import Wanted
from companion.memory.recorded import Recordings
from companion.memory.rows import COLUMNS, insert, of_row, set_state, state, with_ids
from companion.memory.settings import MemorySettings
from companion.memory.settling import Settling
from companion.memory.shape import Gone, MemoryError_
from companion.memory.thumbs import THUMB_SUFFIX, new_name, small_jpeg
from companion.memory.vectors import VectorIndex
from pipelines.events import Memory

log = logging.getLogger(__name__)
FOLDER: Final = "memory"
LOOKED_FOR: Final = ("fact", "place", "turn")  # unless kinds are asked for
MAX_CHARS: Final = 20_000  # of one text; no spoken one is as long


def open_store(
    settings: MemorySettings,
    folder: Path,
    embedder: Embedder,
    recordings: Path | None = None,
    notice: Callable[[str], None] = log.warning,
    now: Callable[[], float] | None = None,
) -> Store:
    """Open what is remembered, or begin it. `folder`: the data folder; `recordings`: where sessions are recorded, so
    that forgetting reaches them; `notice`: told what a person should know. Raises MemoryError_."""
    passphrase = ""
    if settings.passphrase_env:
        passphrase = os.environ.get(settings.passphrase_env, "")
        if not passphrase:
            raise MemoryError_(
                "sealed",
                f"memory.passphrase_env: the variable {settings.passphrase_env} is not set",
                "set it to the passphrase, or take the setting away if nothing is encrypted",
            )
    connection, file = open_database(folder / FOLDER, passphrase, notice)
    try:
        with troubles():
            settling = Settling(file, partial(connect, file, passphrase))
            return Store(settings, connection, file, embedder, Recordings(recordings), now or _now, settling)
    except BaseException:
        connection.close()
        raise


class Store:
    """A `MemoryStore`. One caller at a time gets in; the others wait."""

    def __init__(
        self,
        settings: MemorySettings,
        connection: Any,
        file: Path,
        embedder: Embedder,
        recordings: Recordings,
        now: Callable[[], float],
        settling: Settling,
    ) -> None:
        self.file = file
        self._settings = settings
        self._connection = connection
        self._now = now
        self._settling = settling
        self._there = _which(file)
        self._one = threading.RLock()
        self._index = VectorIndex(connection, embedder)
        self._finder = Finder(connection, self._index)
        self._meanings = Meanings(connection, self._writing)
        self._forgetter = Forgetter(connection, file.parent, self._index, recordings, self._writing, settling)
        if embedder.quick:
            self._index.catch_up()
        self.tidy()

    def memorise(
        self, memory: Memory, replaces: tuple[int, ...] = (), picture: NDArray[Any] | None = None
    ) -> tuple[Memory, tuple[Memory, ...]]:
        """Store it; what was stored, and what it took the place of. It is in the log when this returns, and on the disk
        some milliseconds later (`settling`). Not into a file that nobody will open again: then MemoryError_ "moved"."""
        memory = _clean(memory, self._now())
        jpeg = b"" if picture is None else small_jpeg(picture)
        with self._in():
            if _which(self.file) != self._there:
                raise MemoryError_("moved", str(self.file))
            self._index.sync()
            with self._writing():
                if jpeg:
                    memory = replace(memory, thumb=new_name())
                    self._connection.execute("INSERT INTO picture VALUES (?, ?)", (memory.thumb, jpeg))
                memory = replace(memory, id=insert(self._connection, memory))
                found = self._index.put(memory.id, memory)
                replaced = self._replace(memory, replaces)
            self._settling.stored()
            self._index.add(memory, found)
            for one in replaced:
                self._index.nearest.replace(one.id)
            if (
                memory.what in ("turn", "reminder")
                and self._now() - float(state(self._connection, "tidied") or 0) > DAY_S
            ):
                self.tidy()
            return memory, replaced

    def _replace(self, memory: Memory, ids: tuple[int, ...]) -> tuple[Memory, ...]:
        found = with_ids(self._connection, [one for one in set(ids) if 0 < one < memory.id])
        old = [one for one in map(of_row, found) if not one.replaced_s]
        for one in old:
            self._connection.execute(
                "UPDATE memory SET replaced_s = ?, replaced_by = ? WHERE id = ?", (memory.at_s, memory.id, one.id)
            )
        if old:
            self._index.changed()
        return tuple(replace(one, replaced_s=memory.at_s) for one in sorted(old, key=lambda one: one.id))

    def recall(
        self,
        query: str,
        what: tuple[str, ...] = (),
        subject: str = "",
        limit: int = 8,
        since_s: float = 0.0,
        until_s: float = 0.0,
        replaced: bool = False,
        question: str = "",
    ) -> tuple[Memory, ...]:
        """What fits, best first; nothing if nothing does. `query` "": the latest; `what` (): all but reminders.
        `question`: then facts come with how likely each answers it, and behind the others those that may answer it
        though they are told in other words."""
        if limit < 1:
            return ()
        wanted = Wanted(what or LOOKED_FOR, since_s, until_s, replaced)
        asked = Query(_text(query), wanted, _text(subject), limit)
        with self._in():
            self._index.sync()
            if not question or not query.strip():
                return self._finder.find(asked, self._now())
            meant = meaning_of(_text(question)) if "fact" in wanted.what else None
            found = self._finder.ranked(replace(asked, limit=max(limit, JUDGED)), self._now(), LOOSELY)
            near = () if meant is None or subject else self._near(meant.result(), wanted, {m.id for m, _ in found})
            return judged(_text(question), (*found, *near), limit, self._meanings.of)

    def _near(self, meant: NDArray[Any], wanted: Wanted, known: set[int]) -> Iterator[tuple[Memory, float]]:
        """Facts that mean something close to a question and share no word with it; none of them fits by itself."""
        ids = [one for one in self._meanings.near(meant, NEAR) if one not in known]
        for memory in map(of_row, with_ids(self._connection, ids)):
            then = wanted.since_s <= memory.at_s <= (wanted.until_s or math.inf)
            if then and (wanted.replaced or not memory.replaced_s):
                yield memory, 0.0

    def digest(self) -> bool:
        """Work ahead for `recall`: what some of the facts mean that were stored last. Whether there may be more."""
        with self._in():
            return self._meanings.digest()

    def forget(
        self,
        ids: tuple[int, ...] = (),
        subject: str = "",
        since_s: float = 0.0,
        until_s: float = 0.0,
        everything: bool = False,
    ) -> Gone:
        """Remove it from every file of ours. Raises ValueError unless exactly one thing is meant."""
        meant = Meant(ids, subject, since_s, until_s, everything)
        with self._in():
            self._index.sync()
            return self._forgetter.forget(meant)

    def reminders(self) -> tuple[Memory, ...]:
        """Those that were not said yet, the next one first."""
        with self._in():
            rows = self._connection.execute(
                f"SELECT {COLUMNS} FROM memory WHERE what = 'reminder' AND replaced_s = 0 "
                "AND (due_s > 0 OR place <> '') ORDER BY due_s, id"
            ).fetchall()
            return tuple(map(of_row, rows))

    def picture(self, name: str) -> bytes:
        """The small picture of that name, JPEG; b"" if there is none."""
        if not name.endswith(THUMB_SUFFIX):
            return b""
        with self._in():
            found = self._connection.execute("SELECT jpeg FROM picture WHERE name = ?", (name,)).fetchone()
            return bytes(found[0]) if found else b""

    def all(self) -> Iterator[Memory]:
        """Everything, superseded ones too, oldest first."""
        last = 0
        while True:
            with self._in():
                rows = self._connection.execute(
                    f"SELECT {COLUMNS} FROM memory WHERE id > ? ORDER BY id LIMIT 500", (last,)
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield from map(of_row, rows)

    def export(self, file: Path) -> int:
        """Write everything as JSON; how many memories. Raises OSError."""
        return write_export(file, self.all(), self.picture)

    def check(self) -> list[str]:
        """What is wrong with the file, [] if nothing. A search index that does not fit is made again."""
        with self._in():
            faults = check(self._connection)
            if faults and faults[0].startswith("the search index"):
                self._connection.execute("INSERT INTO word (word) VALUES ('rebuild')")
                faults = [f"{faults[0]}; it was made again"]
            return faults

    def tidy(self) -> None:
        """What was kept long enough goes, and what an earlier forgetting could not reach. At opening, once a day, and
        when a recording was closed. What cannot be done now is done the next time."""
        try:
            with self._in():
                self._tidied()
        except MemoryError_ as why:  # what is remembered can be used all the same
            log.warning("not tidied yet: %s", why)

    def _tidied(self) -> None:
        now_s = self._now()
        if self._settings.retention_days:
            self._forgetter.old(now_s - self._settings.retention_days * DAY_S)
        with self._writing():
            set_state(self._connection, "tidied", str(now_s))
        self._forgetter.finish()

    def close(self) -> None:
        """Nothing is lost without it; with it one file is left instead of three."""
        with self._one:
            self._index.embedder.close()
            self._settling.wait()
            with suppress(Exception):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()

    @property
    def index_bytes(self) -> int:
        """How much memory the vectors take."""
        return self._index.nearest.size_bytes

    @contextmanager
    def _in(self) -> Iterator[None]:
        with self._one, troubles():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has ended it already
                self._connection.execute("ROLLBACK")
            raise


def _text(text: str) -> str:
    """Text that a file can hold: no half characters, no zeros, bounded."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")[:MAX_CHARS]


def _which(file: Path) -> tuple[int, int]:
    """Which file stands there under this name; (0, 0): none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _now() -> float:
    return time.time()


def _clean(memory: Memory, now_s: float) -> Memory:
    changes: dict[str, Any] = {"id": 0, "score": 0.0, "fits": 0.0, "at_s": memory.at_s or now_s}
    for f in fields(memory):
        value = getattr(memory, f.name)
        if isinstance(value, str):
            changes[f.name] = _text(value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"a memory's {f.name} = {value}: a time in seconds since 1970")
    return replace(memory, **changes)
