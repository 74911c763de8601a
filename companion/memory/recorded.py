"""Recordings that hold what is forgotten: their words, pictures and sound go, their times stay; or the whole file goes.

A recording is rewritten as `companion sessions redact --drop text-hashed` does it. One that cannot be, or in which one
of the words still stands, is deleted. What was made of it beside it (pages, films, kept replays) is always deleted.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from companion.memory import words
from companion.sessions import forget_made
from pipelines import events as ev
from recordings.overview import overview
from recordings.partfile import in_use
from recordings.reader import Recording
from recordings.redact import redact
from recordings.session import DAMAGED_SUFFIX, DONE_SUFFIX, EVENT, OPEN_SUFFIX, RecordingError

log = logging.getLogger(__name__)
_LEVEL: Final = ("text-hashed", "device")
_TELLING: Final = (ev.Recalled, ev.Memorised, ev.SessionStarted)
_SUFFIXES: Final = (DONE_SUFFIX, OPEN_SUFFIX, DAMAGED_SUFFIX)
_WORTH_LETTERS: Final = 4  # a shorter text is found by chance in any file


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`files`: recordings that were rewritten or deleted; `open`: sessions that are still being recorded."""

    files: int = 0
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sought:
    """Which recordings hold it: those of these sessions, those in which one of these memories was told or recalled, and
    those that overlap this time (seconds since 1970)."""

    sessions: Collection[str] = ()
    ids: Collection[int] = ()
    since_s: float = 0.0
    until_s: float = 0.0
    everything: bool = False


@dataclass(slots=True)
class Recordings:
    """The folder of recordings; None if there is none."""

    folder: Path | None

    def sessions(self, sought: Sought) -> frozenset[str]:
        """The sessions that hold it, with every one that is being recorded: the wish to forget is in it."""
        found = set(sought.sessions)
        for path, session in self._files():
            if in_use(path) or sought.everything or session in found or self._holds(path, sought):
                found.add(session)
        return frozenset(found)

    def scrub(self, sessions: Collection[str], texts: Collection[str] = (), delete: bool = False) -> Scrubbed:
        """Take the words out of all that was recorded of these. `texts`: what must not be in a rewritten file."""
        files, still = 0, set()
        for path, session in self._files():
            if session not in sessions:
                continue
            if in_use(path):
                still.add(session)
                continue
            forget_made(path)
            if delete or not _rewritten(path, texts):
                path.unlink(missing_ok=True)
            files += 1
        return Scrubbed(files, frozenset(still))

    def _files(self) -> Iterator[tuple[Path, str]]:
        """Every recording, whatever it is called (a slice has another name), with its session; "" if it has none."""
        if self.folder is None or not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith(_SUFFIXES) and path.is_file() and not path.is_symlink():
                try:
                    yield path, Recording(path).info.session
                except (RecordingError, OSError):
                    yield path, ""

    def _holds(self, path: Path, sought: Sought) -> bool:
        try:
            return self._overlaps(path, sought) or self._tells(path, sought.ids)
        except (RecordingError, OSError) as why:
            log.warning("%s: cannot be searched for what is forgotten (%s)", path.name, why)
            return False

    def _overlaps(self, path: Path, sought: Sought) -> bool:
        if not (sought.since_s or sought.until_s):
            return False
        about = overview(path)
        first_s = about.info.t0_unix_ns / 1e9
        last_s = first_s + about.duration_ns / 1e9
        return last_s >= sought.since_s and (not sought.until_s or first_s <= sought.until_s)

    def _tells(self, path: Path, ids: Collection[int]) -> bool:
        counts = overview(path).counts
        topics = {EVENT + cls.__name__: cls for cls in _TELLING if counts.get(EVENT + cls.__name__)}
        if not topics or not ids:
            return False
        recording = Recording(path)
        left = sum(counts[topic] for topic in topics)
        for message in recording.messages(tuple(topics)):
            event = recording.decoded(topics[message.topic], message)
            if any(memory.id in ids for memory in _memories(event)):
                return True
            left -= 1
            if left <= 0:
                return False
        return False


def _memories(event: Any) -> tuple[ev.Memory, ...]:
    match event:
        case ev.Recalled():
            return event.memories
        case ev.Memorised():
            return (event.memory, *event.replaced)
        case ev.SessionStarted():
            return event.reminders
        case _:
            return ()


def _rewritten(path: Path, texts: Collection[str]) -> bool:
    """Whether the file now stands without its words."""
    if not path.name.endswith(DONE_SUFFIX):
        return False
    was = path.stat()
    out = path.with_name(f".{path.name}.forgetting")
    try:
        redact(path, out, _LEVEL, overwrite=True)
        if hits(out.read_bytes(), _telling(texts)):
            return False
        out.replace(path)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))  # it is kept as long as it would have been
        return True
    except (RecordingError, OSError) as why:
        log.warning("%s cannot be rewritten (%s), and is deleted", path.name, why)
        return False
    finally:
        out.unlink(missing_ok=True)


def _telling(texts: Collection[str]) -> frozenset[str]:
    """Words of these that say what it was about."""
    found = {token for text in texts for token in words.tokens(text)}
    return frozenset(one for one in found if one not in words.STOP and words.term(one) not in words.SOFT) | set(texts)


def hits(data: bytes, texts: Collection[str]) -> list[str]:
    """Which of these texts stand in the bytes, in small letters or capitals, as UTF-8 or UTF-16."""
    low = data.lower()
    found = []
    for text in texts:
        if len(text) < _WORTH_LETTERS:
            continue
        ways = {text.lower(), text.casefold(), text}
        coded = {way.encode(code, "replace").lower() for way in ways for code in ("utf-8", "utf-16-le", "utf-16-be")}
        if any(one in low for one in coded):
            found.append(text)
    return found
