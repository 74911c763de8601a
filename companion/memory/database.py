"""Opens the database's file: private, sound, of our version, and encrypted where a passphrase is set.

memory/memory.db            SQLite, in WAL mode: memory.db-wal and -shm are beside it while it is open
memory/memory.sealed.db     the same under a passphrase (SQLCipher)
memory/memory.damaged-….db  one that could not be read, moved aside; it goes with the next forgetting
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from companion.memory.migrations import migrate
from companion.memory.salvage import Saved, copy_rows
from companion.memory.shape import MemoryError_

log = logging.getLogger(__name__)
FILE: Final = "memory.db"
SEALED: Final = "memory.sealed.db"
ASIDE: Final = "memory.damaged-*"
BUSY_S: Final = 5.0
CHECKED_BYTES: Final = 64 << 20  # larger files are checked by `companion memory check`, not at each start
CHECKPOINT_STORES: Final = 200  # the log is some 4 MB then
_BESIDE: Final = ("", "-wal", "-shm")


class _CorruptError(Exception):
    """The file is no sound database."""


def open_database(folder: Path, passphrase: str, notice: Callable[[str], None]) -> tuple[Any, Path]:
    """A connection in which nothing is begun by itself, and its file. Raises MemoryError_."""
    with troubles():
        private(folder)
    plain, sealed = folder / FILE, folder / SEALED
    if not passphrase and sealed.exists():
        raise MemoryError_("sealed", f"{sealed} is encrypted and there is no passphrase")
    file = sealed if passphrase else plain
    try:
        connection = _connect(file, passphrase)
    except _CorruptError as why:
        if passphrase:  # a wrong passphrase looks just like damage, so nothing is moved
            raise MemoryError_("sealed", f"{file} ({why})") from why
        connection = _anew(file, str(why), notice)
    if passphrase and plain.exists():
        _seal(connection, plain, notice)
    return connection, file


def private(folder: Path) -> None:
    """Make the folder, for its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _connect(file: Path, passphrase: str) -> Any:
    _driver(passphrase)  # before there is a file
    with troubles():
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    connection: Any = None
    try:
        connection = _opened(file, passphrase)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "secure_delete = ON",
            "cache_size = -8000",
            "wal_autocheckpoint = 0",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection)
        if file.stat().st_size <= CHECKED_BYTES and (faults := check(connection, quick=True)):
            raise _CorruptError(faults[0])
        return connection
    except BaseException as why:
        if connection is not None:
            connection.close()
        if _is_corrupt(why):
            raise _CorruptError(str(why)) from why
        if is_sql(why):
            raise trouble_of(why) from why
        raise


class Checkpoints:
    """Writes what was stored from the log into the file, beside the storing: a thread and a connection of its own, now
    and then. Waiting for the disk twice, as it does, takes longer than storing."""

    def __init__(self, file: Path, passphrase: str) -> None:
        self._file, self._passphrase = file, passphrase
        self._stored = 0
        self._thread: threading.Thread | None = None

    def stored(self) -> None:
        """Something was; it is in the log, where it is safe."""
        self._stored += 1
        if self._stored >= CHECKPOINT_STORES and (self._thread is None or not self._thread.is_alive()):
            self._stored = 0
            self._thread = threading.Thread(target=self._run, name="earshot-memory-log")
            self._thread.start()

    def _run(self) -> None:
        try:
            connection = _opened(self._file, self._passphrase)
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                connection.close()
        except Exception as why:  # the log only grows until the next time
            log.warning("%s: %s", self._file.name, why)

    def wait(self) -> None:
        """Until none is under way."""
        if self._thread is not None:
            self._thread.join()


def _opened(file: Path, passphrase: str) -> Any:
    connection = _driver(passphrase).connect(str(file), timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    if passphrase:
        connection.execute(f"PRAGMA key = {_quoted(passphrase)}")
    return connection


def check(connection: Any, quick: bool = False) -> list[str]:
    """What is wrong with the file, [] if nothing. Unless quick, the search index is compared with the rows as well."""
    faults = [str(row[0]) for row in connection.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check(5)")]
    if faults != ["ok"]:
        return faults
    if not quick:
        try:
            connection.execute("INSERT INTO word (word, rank) VALUES ('integrity-check', 1)")
        except Exception as why:
            if not is_sql(why):
                raise
            return [f"the search index does not fit the rows ({why})"]
    return []


def _driver(passphrase: str) -> Any:
    if not passphrase:
        return sqlite3
    try:
        from sqlcipher3 import dbapi2
    except ImportError as why:
        raise MemoryError_(
            "sealed", "memory.passphrase_env needs its extra: pip install 'earshot-companion[memory-encryption]'"
        ) from why
    return dbapi2


def _anew(file: Path, why: str, notice: Callable[[str], None]) -> Any:
    """Move a damaged file aside, begin a new one, and take over what still reads."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, number = file.with_name(f"memory.damaged-{stamp}.db"), 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"memory.damaged-{stamp}-{number}.db")
    with troubles():
        for end in reversed(_BESIDE):
            with suppress(FileNotFoundError):
                file.with_name(file.name + end).rename(aside.with_name(aside.name + end))
    connection = _connect(file, "")
    try:
        with troubles():
            saved = _copied(aside, connection)
    except MemoryError_ as trouble:
        saved = Saved(0, trouble.detail)
    notice(
        f"{file} could not be read ({why}). It is now {aside.name}, and {saved}. "
        "The damaged file goes when something is forgotten."
    )
    return connection


def _copied(source: Path, to: Any) -> Saved:
    old = sqlite3.connect(str(source), timeout=BUSY_S, isolation_level=None)
    try:
        old.execute("PRAGMA writable_schema = ON")  # only so does SQLite read what is left of a file that is cut short
        return copy_rows(old, to)
    finally:
        with suppress(sqlite3.Error):
            old.close()


def _seal(connection: Any, plain: Path, notice: Callable[[str], None]) -> None:
    """What was remembered without a passphrase goes into the encrypted file, and the plain one goes."""
    with troubles():
        saved = _copied(plain, connection)
        if saved.trouble:
            raise MemoryError_("broken", f"{plain} was to be encrypted, but {saved}")
        for end in _BESIDE:
            with suppress(FileNotFoundError):
                plain.with_name(plain.name + end).unlink()
    notice(f"{saved} from {plain.name} into {SEALED}, which is encrypted; the plain file is deleted")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def is_sql(why: BaseException) -> bool:
    """Whether a database driver raised it; which one depends on the passphrase."""
    return any(cls.__name__ == "Error" and "sql" in cls.__module__ + repr(cls) for cls in type(why).__mro__)


def _is_corrupt(why: BaseException) -> bool:
    """Also what SQLite says of a file whose beginning is nonsense; not what the disk or the machine lack."""
    if isinstance(why, _CorruptError) or not is_sql(why):
        return isinstance(why, _CorruptError)
    return trouble_of(why).trouble == "broken" and not any(lack in str(why) for lack in ("I/O", "no such module"))


def trouble_of(why: BaseException) -> MemoryError_:
    """What a driver's or the system's error means."""
    text = str(why)
    for part, trouble in (
        ("locked", "locked"),
        ("busy", "locked"),
        ("full", "full"),
        ("No space", "full"),
        ("Disk quota", "full"),
        ("readonly", "read-only"),
        ("Read-only", "read-only"),
        ("Permission", "read-only"),
        ("unable to open", "read-only"),
        ("closed database", "closed"),
    ):
        if part in text:
            return MemoryError_(trouble, text)
    return MemoryError_("broken", text)


@contextmanager
def troubles() -> Iterator[None]:
    """Errors of the database and of the system become MemoryError_."""
    try:
        yield
    except MemoryError_:
        raise
    except Exception as why:
        if is_sql(why) or isinstance(why, OSError):
            raise trouble_of(why) from why
        raise
