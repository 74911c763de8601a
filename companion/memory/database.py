"""Opens the database's file: private, sound, of our version, and encrypted where a passphrase is set.

memory/memory.db            SQLite, in WAL mode: memory.db-wal and -shm are beside it while it is open
memory/memory.sealed.db     the same under a passphrase (SQLCipher)
memory/memory.damaged-….db  one that could not be read, moved aside; it goes with the next forgetting
"""

from __future__ import annotations

import logging
import os
import sqlite3
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
_BESIDE: Final = ("", "-wal", "-shm")


class _CorruptError(Exception):
    """The file is no sound database."""


def open_database(folder: Path, passphrase: str, notice: Callable[[str], None]) -> tuple[Any, Path]:
    """A connection in which nothing is begun by itself, and its file. Raises MemoryError_."""
    with troubles():
        private(folder)
    plain, sealed = folder / FILE, folder / SEALED
    if not passphrase and sealed.exists():
        raise MemoryError_(
            "sealed",
            f"{sealed} is encrypted and there is no passphrase",
            "name the variable that holds it in memory.passphrase_env; to begin anew, move the file away",
        )
    file = sealed if passphrase else plain
    if file.is_dir():
        raise MemoryError_("read-only", f"{file} is a folder", "move it away")
    try:
        connection = _connect(file, passphrase)
    except _CorruptError as why:
        if passphrase:  # a wrong passphrase looks just like damage, so nothing is moved
            detail = f"{file} does not open: the passphrase is another one, or the file is damaged ({why})"
            raise MemoryError_("sealed", detail) from why
        connection = _anew(file, str(why), notice)
    if passphrase and plain.exists():
        _seal(connection, plain, notice)
    return connection, file


def private(folder: Path) -> None:
    """Make the folder, for its owner only."""
    if folder.exists() and not folder.is_dir():
        raise MemoryError_("read-only", f"{folder} is no folder", "move it away")
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
        connection = connect(file, passphrase)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "secure_delete = ON",
            "cache_size = -8000",
            "wal_autocheckpoint = 0",
            "checkpoint_fullfsync = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(connection, file=file)
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


def connect(file: Path, passphrase: str) -> Any:
    """One more connection to it, as it is."""
    connection = _driver(passphrase).connect(str(file), timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    if passphrase:
        connection.execute("PRAGMA cipher_log_level = NONE")  # what is wrong is said by us, in one line
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
            "sealed", "memory.passphrase_env needs its extra", "pip install 'earshot-companion[memory-encryption]'"
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
    notice(
        f"{saved} from {plain.name} into {SEALED}, which is encrypted; the plain file is deleted. "
        "Keep the passphrase: without it nobody can read this, and it cannot be replaced."
    )


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
        ("disk I/O", "disk"),
        ("Input/output", "disk"),
        ("File too large", "disk"),
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
