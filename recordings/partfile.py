"""The file under a recorder: private, locked while it is open, `.part` until it is whole.

The lock is how everybody else knows that a `.part` is in use and not a crash's remains: it ends with the process,
however the process ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from recordings.session import DONE_SUFFIX, OPEN_SUFFIX

BUFFER_BYTES = 4 * 1024 * 1024


def make_folder(folder: Path) -> None:
    """Make the recordings' folder, for its owner only. One that is there already keeps its mode."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def write_some(fd: int, data: memoryview) -> int:
    """One write to the disk (a seam: tests make it fail as a full disk does)."""
    return os.write(fd, data)


def in_use(path: Path) -> bool:
    """True while a recorder, in this process or another, has this file open."""
    if not path.name.endswith(OPEN_SUFFIX):
        return False
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(fd)


class PartFile:
    """A binary stream with `write`, `tell` and `flush`, as the MCAP writer wants it. For one thread at a time."""

    def __init__(self, folder: Path, stem: str) -> None:
        self.path, self._fd = _create(folder, stem)
        fcntl.flock(self._fd, fcntl.LOCK_EX)  # whoever just asked `in_use` lets go at once
        self.unchecked_bytes = 0  # written since free_bytes was last asked
        self._size = 0
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes; they reach the file at the next flush, or sooner if they are many."""
        self._waiting += data
        self._size += len(data)
        if len(self._waiting) > BUFFER_BYTES:
            self.flush()
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Hand everything to the system. Raises OSError as the disk does."""
        view = memoryview(bytes(self._waiting))
        self._waiting.clear()
        self.unchecked_bytes += len(view)
        while view:
            view = view[write_some(self._fd, view) :]

    def free_bytes(self) -> int:
        self.unchecked_bytes = 0
        return shutil.disk_usage(self.path.parent).free

    def finish(self) -> Path:
        """Everything is written: make it durable and give it its final name, which is returned."""
        self.flush()
        os.fsync(self._fd)
        done = self.path.with_name(self.path.name.removesuffix(OPEN_SUFFIX) + DONE_SUFFIX)
        self.path = self.path.rename(done)
        self.abandon()
        return done

    def abandon(self) -> None:
        """Close it as it is and let go of the lock; bytes that wait are lost."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            self._waiting.clear()
            os.close(fd)


def _create(folder: Path, stem: str) -> tuple[Path, int]:
    """A new file for this stem, never one that exists; two sessions of one second get -2, -3 …"""
    for attempt in range(1, 100):
        name = stem if attempt == 1 else f"{stem}-{attempt}"
        path = folder / f"{name}{OPEN_SUFFIX}"
        if (folder / f"{name}{DONE_SUFFIX}").exists():
            continue
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(17, f"{folder} holds 99 recordings called {stem} already")
