"""Forgetting, so that nothing of it is left in any file: rows, index, vectors, pictures, free pages, recordings.

    1. in one transaction: what goes is deleted, and the recordings that hold it are listed, without its words
    2. the index is merged into one piece, the file written anew (VACUUM), the log beside it cut to nothing
    3. damaged files that were moved aside are deleted
    4. the listed recordings are rewritten or deleted; one that is still being made, when it is closed

Whatever stops it in between, the next start or `tidy` goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from companion.memory import words
from companion.memory.database import ASIDE
from companion.memory.finding import all_of
from companion.memory.recorded import Recordings, Sought
from companion.memory.rows import delete, of_row, set_state, state, with_ids
from companion.memory.shape import Gone, MemoryError_
from companion.memory.vectors import VectorIndex
from pipelines.events import Memory

DAY_S: Final = 86_400.0
TRIES: Final = 5
PAUSE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Meant:
    """What shall be forgotten, as in the decision `Forget`. Raises ValueError unless exactly one thing is meant."""

    ids: tuple[int, ...] = ()
    subject: str = ""
    since_s: float = 0.0
    until_s: float = 0.0
    everything: bool = False

    def __post_init__(self) -> None:
        ways = [bool(self.ids), bool(self.subject.strip()), bool(self.since_s or self.until_s), self.everything]
        if sum(ways) != 1:
            raise ValueError(f"forget ids, a subject, a time or everything, and one of them: {self}")


@dataclass(frozen=True, slots=True)
class Forgetter:
    """For one open database. `writing`: a transaction; `still`: waits until nothing else of ours works on it."""

    connection: Any
    folder: Path
    index: VectorIndex
    recordings: Recordings
    writing: Callable[[], AbstractContextManager[None]]
    still: Callable[[], None]

    def forget(self, meant: Meant) -> Gone:
        chosen = self._chosen(meant)
        memories = self._with_traces(chosen, meant)
        ids = [memory.id for memory in memories]
        sought = Sought(
            {memory.session for memory in memories if memory.session},
            frozenset(ids),
            meant.since_s,
            meant.until_s,
            meant.everything,
        )
        sessions = self.recordings.sessions(sought)
        with self.writing():
            pictures = delete(self.connection, ids)
            self.connection.executemany("INSERT OR IGNORE INTO scrub VALUES (?)", [(one,) for one in sessions])
            set_state(self.connection, "erase", "1")
            self.index.changed()
        self.index.nearest.remove(ids)
        self.erase()
        texts = {text for m in memories for text in (m.text, m.answer, m.subject, m.place, meant.subject) if text}
        scrubbed = self.recordings.scrub(sessions, texts, delete=meant.everything)
        self._scrubbed(sessions - scrubbed.open)
        return Gone(len(chosen), len(pictures) + scrubbed.files, len(scrubbed.open))

    def old_turns(self, before_s: float) -> int:
        """Turns that were kept long enough. Recordings are kept as long as their own settings say."""
        rows = self.connection.execute("SELECT id FROM memory WHERE what = 'turn' AND at_s < ?", (before_s,)).fetchall()
        ids = [row[0] for row in rows]
        if ids:
            with self.writing():
                delete(self.connection, ids)
                set_state(self.connection, "erase", "1")
                self.index.changed()
            self.index.nearest.remove(ids)
        return len(ids)

    def finish(self) -> int:
        """What an earlier forgetting left to do; how many recordings were rewritten or deleted."""
        if state(self.connection, "erase"):
            self.erase()
        listed = {str(row[0]) for row in self.connection.execute("SELECT session FROM scrub")}
        if not listed:
            return 0
        scrubbed = self.recordings.scrub(listed)
        self._scrubbed(listed - scrubbed.open)
        return scrubbed.files

    def erase(self) -> None:
        """What was deleted leaves the file. Raises MemoryError_("locked") if somebody else reads it all the while."""
        self.still()
        run = self.connection.execute
        run("INSERT INTO word (word) VALUES ('optimize')")
        run("VACUUM")
        for _ in range(TRIES):
            if not run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                break
            time.sleep(PAUSE_S)  # another process writes its log into the file just now
        else:
            raise MemoryError_("locked", "it is forgotten, but its bytes are still in the file")
        with self.writing():
            run("DELETE FROM state WHERE name = 'erase'")
        for aside in self.folder.glob(ASIDE):
            aside.unlink(missing_ok=True)

    def _scrubbed(self, sessions: Iterable[str]) -> None:
        with self.writing():
            self.connection.executemany("DELETE FROM scrub WHERE session = ?", [(one,) for one in sessions])

    def _chosen(self, meant: Meant) -> list[Memory]:
        if meant.everything:
            return self._of("SELECT id FROM memory")
        if meant.ids:
            return self._history([one for one in meant.ids if 0 < one < 1 << 62])
        if meant.subject:
            return self._naming(meant.subject)
        until_s = meant.until_s or float("inf")
        return self._of("SELECT id FROM memory WHERE at_s BETWEEN ? AND ?", (meant.since_s, until_s))

    def _history(self, ids: Collection[int]) -> list[Memory]:
        """These, and what they took the place of."""
        known: set[int] = set()
        new = set(ids)
        while new:
            known |= new
            marks = ", ".join("?" * len(new))
            rows = self.connection.execute(f"SELECT id FROM memory WHERE replaced_by IN ({marks})", list(new))
            new = {row[0] for row in rows} - known
        return [of_row(row) for row in with_ids(self.connection, sorted(known))]

    def _naming(self, subject: str) -> list[Memory]:
        """All that name it: with these very words, whatever their endings; a synonym is somebody else."""
        asked = frozenset(words.stem(token) for token in words.tokens(subject))
        exact = self._of("SELECT id FROM memory WHERE subject = ? COLLATE NOCASE", (subject.strip(),))
        found = {memory.id: memory for memory in exact}
        if terms := words.terms(subject):
            for memory in self._of("SELECT rowid FROM word WHERE word MATCH ?", (all_of(terms),)):
                said = words.tokens(f"{memory.subject} . {memory.text} . {memory.answer} . {memory.place}")
                if asked <= {words.stem(token) for token in said}:
                    found[memory.id] = memory
        return [found[one] for one in sorted(found)]

    def _with_traces(self, chosen: list[Memory], meant: Meant) -> list[Memory]:
        """With the turns in which they were said, and those that say all their words again."""
        found = {memory.id: memory for memory in chosen}
        if meant.everything or meant.since_s or meant.until_s:
            return chosen
        for memory in chosen:
            if memory.session and memory.turn:
                where = "SELECT id FROM memory WHERE what = 'turn' AND session = ? AND turn = ?"
                found.update((one.id, one) for one in self._of(where, (memory.session, memory.turn)))
            terms = frozenset(words.terms(memory.text))
            if memory.what != "turn" and len(terms) > 1:
                match = f"{all_of(terms)} AND what : turn"
                found.update((one.id, one) for one in self._of("SELECT rowid FROM word WHERE word MATCH ?", (match,)))
        return [found[one] for one in sorted(found)]

    def _of(self, query: str, values: tuple[Any, ...] = ()) -> list[Memory]:
        ids = [row[0] for row in self.connection.execute(query, values)]
        return [of_row(row) for row in with_ids(self.connection, sorted(ids))]
