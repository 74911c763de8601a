"""One session of a wearer at a wall clock: the real deciders, a real database, and no model."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from companion.memory.embed import HashedGrams
from companion.memory.meaning.purpose import purpose
from companion.memory.settings import MemorySettings
from companion.memory.shape import MemoryError_
from companion.memory.store import Store, open_store
from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS, NS
from tests.scripted import ScriptedSession, World

TICK_NS = 100 * MS
MOST_MS = 120_000  # nothing that is said takes longer
LANE_MS = 4  # what the database takes, on the virtual clock


class Wearer:
    """A folder with what is remembered, and the days of its wearer. Each day is a session, and the database is opened
    anew for it."""

    def __init__(self, folder: Path, first: datetime) -> None:
        self.folder = folder
        self._date = first
        self._store: Store | None = None
        self.day: Day | None = None

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    def begin(self, days: int, hour: float) -> Day:
        """A restart: the session `days` after the first day, at that hour."""
        self.end()
        at = self._date.replace(hour=0, minute=0, second=0) + timedelta(days=days, hours=hour)
        # The database's own clock matters for what is kept only so long; it is the virtual one.
        self._store = open_store(
            MemorySettings(), self.folder, HashedGrams(), notice=lambda text: None, now=lambda: self._now_s(at)
        )
        self.day = Day(self._store, at)
        return self.day

    def _now_s(self, at: datetime) -> float:
        return at.timestamp() + (self.day.now_ns / NS if self.day is not None else 0.0)

    def end(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self.day = None

    def on_disk(self, word: str) -> list[str]:
        """Files that hold the word, in whatever case."""
        wanted = word.lower().encode()
        files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        return [file.name for file in files if wanted in file.read_bytes().lower()]


class Day(ScriptedSession):
    """Ask, and hear what is answered."""

    def __init__(self, store: Store, at: datetime) -> None:
        self._store = store
        self._said = 0
        super().__init__(World(model="", wall_clock=at.isoformat(timespec="seconds")), DirectorOptions())

    def feed(self, event: ev.Happening) -> None:
        if isinstance(event, ev.SessionStarted):
            event = replace(event, memory=True, offers=True, reminders=self._store.reminders())
        if isinstance(event, ev.Typed):
            meant, surely = purpose(event.text)
            event = replace(event, purpose=meant, purposeful=surely)
        super().feed(event)

    def _window(self) -> None:
        """Everything is typed, so there is no sound to listen to; but time passes."""
        self._at(self.now_ns + TICK_NS, self._window)

    def _one(self, d: ev.Decision) -> None:
        if isinstance(d, ev.Memorise | ev.Recall | ev.Forget):
            self._later(LANE_MS, lambda: self._answer(d.request, self._done(d)))
        else:
            super()._one(d)

    def _done(self, d: ev.Memorise | ev.Recall | ev.Forget) -> ev.Happening:
        """What the hand does, without a lane."""
        store = self._store
        try:
            if isinstance(d, ev.Memorise):
                stored, replaced = store.memorise(d.memory, d.replaces)
                store.digest()
                return ev.Memorised(0, d.request, stored, replaced)
            if isinstance(d, ev.Recall):
                found = store.recall(d.query, d.what, d.subject, d.limit, d.since_s, d.until_s, d.replaced, d.question)
                return ev.Recalled(0, d.request, found)
            gone = store.forget(d.ids, d.subject, d.since_s, d.until_s, d.everything)
            return ev.Forgotten(0, d.request, gone.count, gone.files)
        except MemoryError_ as error:
            kinds = {ev.Memorise: ev.Memorised, ev.Recall: ev.Recalled, ev.Forget: ev.Forgotten}
            return kinds[type(d)](0, d.request, trouble=error.trouble)  # type: ignore[call-arg]

    def ask(self, text: str, after_s: float = 2.0) -> str:
        """Type it, and wait until all is quiet; what was said since the last time."""
        at_ms = self.now_ns // MS + int(after_s * 1000)
        self.type(text, at_ms)
        return self.hear(at_ms + 500)

    def hear(self, until_ms: int = 0) -> str:
        """What was said since the last time, once all is quiet; `until_ms`: not before then."""
        until_ms = max(until_ms, self.now_ns // MS + 500)
        self.run_until(until_ms)
        latest_ms = until_ms + MOST_MS
        while not self.director.quiet and until_ms < latest_ms and not self.asked:
            until_ms += 500
            self.run_until(until_ms)
        spoken = [d.text for d in self.decisions if isinstance(d, ev.Speak) and d.text]
        new, self._said = spoken[self._said :], len(spoken)
        return " ".join(new)

    @property
    def asked(self) -> bool:
        """A plan was read to the wearer, and waits for their word."""
        return len(self.all(ev.ConfirmAsked)) > len(self.all(ev.ConfirmEnded)) and not self.director.turn_open

    def wait(self, seconds: float) -> str:
        """Time passes; what was said meanwhile."""
        return self.hear(self.now_ns // MS + int(seconds * 1000))

    def allow(self) -> str:
        """Say the words that allow what is read back just now; what was said after them."""
        self.type(self.all(ev.ConfirmAsked)[-1].phrase, self.now_ns // MS + 1000)
        self.run_until(self.now_ns // MS + 4000)  # words that allow something are weighed
        return self.hear()
