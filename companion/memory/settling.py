"""How what was stored comes to rest on the disk, beside the storing.

A store returns when its words are in the log, which the system has: no kill of the process takes them away. That the
disk has them takes 0.3 to 20 ms more, so a thread asks for it at once, for all stores that came meanwhile together. A
power failure takes what was stored in those milliseconds, before anybody heard "I will remember".

Every CHECKPOINT_STORES the log goes into the file, by a connection of its own.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)
CHECKPOINT_STORES: Final = 200  # the log is some 4 MB then


class Settling:
    """`connect`: a connection to this file."""

    def __init__(self, file: Path, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._wal = file.with_name(file.name + "-wal")
        self._one = threading.Lock()
        self._stored, self._checkpointed = 0, 0
        self._thread: threading.Thread | None = None
        self._known = 0  # the log whose name in the folder is on the disk

    def stored(self) -> None:
        """Something was; it is in the log."""
        with self._one:
            self._stored += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="earshot-memory-log")
                self._thread.start()

    def wait(self) -> None:
        """Until all that was stored is on the disk, and no checkpoint is under way."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def sync(self) -> None:
        """The log as it is now is on the disk when this returns. Raises OSError."""
        try:
            log_file = os.open(self._wal, os.O_RDWR)  # other than the file's, its locks do not go with closing
        except FileNotFoundError:
            return  # everything is in the file
        try:
            _to_disk(log_file)
            number = os.fstat(log_file).st_ino
        finally:
            os.close(log_file)
        if number != self._known:
            _name_to_disk(self._wal.parent)
            self._known = number

    def _run(self) -> None:
        while True:
            stored = self._stored
            try:
                self.sync()
                if stored - self._checkpointed >= CHECKPOINT_STORES:
                    self._checkpointed = stored
                    self._checkpoint()
            except Exception as why:  # the next store tries again; the log only grows until then
                log.warning("%s: not known to be on the disk: %s", self._wal.name, why)
            with self._one:
                if self._stored == stored:
                    self._thread = None
                    return

    def _checkpoint(self) -> None:
        connection = self._connect()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()


def _to_disk(file: int) -> None:
    """`fsync` leaves it in the drive's own memory on macOS."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(file)
    else:
        os.fsync(file)


def _name_to_disk(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and need not be
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
