"""Which recordings are meant, and what lies in them: each content once, however many files hold it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from companion.batch.fingerprint import sha256_of
from recordings.partfile import in_use
from recordings.session import DONE_SUFFIX, OPEN_SUFFIX, RecordingError


@dataclass(frozen=True, slots=True)
class Found:
    """One content. `path`: the first file that holds it; `copies`: the others; `problem`: why it cannot be read."""

    path: Path
    sha256: str = ""
    size_bytes: int = 0
    written_ns: int = 0
    copies: tuple[Path, ...] = ()
    problem: str = ""


def find_recordings(targets: Sequence[Path]) -> list[Path]:
    """The recordings that are meant: files as they are named, and what is in a folder and all folders below it.

    In folders, finished (`.mcap`) and torn (`.mcap.part`) ones are taken, and one that is being recorded right now is
    left out. The order is the same whatever the order of the targets; a file that is meant twice comes once.

    Raises:
        RecordingError: a target is not there or cannot be read, is being recorded, or nothing is meant at all.
    """
    found: dict[Path, Path] = {}
    for target in targets:
        if target.is_dir():
            paths = [path for path in _files_below(target) if not _in_use(path)]
        elif not target.exists():
            raise RecordingError(f"{target} is not there. `companion sessions list` shows the recordings.")
        elif _in_use(target):
            raise RecordingError(f"{target} is being recorded right now: end that session first.")
        else:
            paths = [target]
        for path in paths:
            found.setdefault(path.resolve(), path)
    if not found:
        places = ", ".join(map(str, targets)) or "nothing that was named"
        raise RecordingError(f"no recordings in {places}: name folders with .mcap files, or such files.")
    return sorted(found.values())


def look_into(paths: Sequence[Path], threads: int, on_file: Callable[[int], None] = lambda done: None) -> list[Found]:
    """Each content once, in the order of the paths. `on_file` hears, on the caller's thread, how many were read."""
    by_content: dict[str, Found] = {}
    pool = ThreadPoolExecutor(max(threads, 1))  # hashing leaves the interpreter free
    try:
        for done, found in enumerate(pool.map(_look, paths), 1):
            on_file(done)
            name = found.sha256 or str(found.path)
            first = by_content.get(name)
            if first is None:
                by_content[name] = found
            else:
                copies = (*first.copies, found.path)
                by_content[name] = Found(first.path, first.sha256, first.size_bytes, first.written_ns, copies)
    finally:
        pool.shutdown(cancel_futures=True)
    return list(by_content.values())


def _look(path: Path) -> Found:
    try:
        at = path.stat()  # before reading: what is written meanwhile shows later as a change
        return Found(path, sha256_of(path), at.st_size, at.st_mtime_ns)
    except OSError as why:
        return Found(path, problem=f"cannot be read: {why.strerror or why}")


def _files_below(folder: Path) -> list[Path]:
    def refused(why: OSError) -> None:
        raise RecordingError(f"{why.filename or folder} cannot be read: {why.strerror or why}. Check its permissions.")

    out = []
    for place, _, names in os.walk(folder, onerror=refused):
        out += [Path(place, name) for name in names if name.endswith((DONE_SUFFIX, OPEN_SUFFIX))]
    return [path for path in out if path.is_file()]


def _in_use(path: Path) -> bool:
    try:
        return in_use(path)
    except OSError:  # one that may not be read is said later, as that file's own trouble
        return False
