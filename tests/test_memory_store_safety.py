"""Whatever happens to the file, the disk or the process: what was acknowledged is there, and what is wrong is said."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from companion.memory import migrations, settling
from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.shape import MemoryError_
from companion.memory.store import Store, open_store
from pipelines.events import Memory
from tests.bench.memory_kills import kill_one
from tests.desk import desk

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def opened(folder: Path, notices: list[str] | None = None, **settings: Any) -> Iterator[Store]:
    told = [] if notices is None else notices
    store = open_store(MemorySettings(**settings), folder, HashedGrams(), notice=told.append)
    try:
        yield store
    finally:
        store.close()


def filled(folder: Path, count: int = 300) -> Path:
    with opened(folder) as store:
        for i in range(count):
            store.memorise(Memory(text=f"box {i} holds the thing that is called {i * i} by Anna", subject="Anna"))
        return store.file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_for_their_owner_only_also_those_beside_and_those_from_a_backup(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.memorise(Memory(text="one"))
        files = list(store.file.parent.iterdir())
        assert {file.name for file in files} == {"memory.db", "memory.db-wal", "memory.db-shm"}
        assert {mode(file) for file in files} == {0o600} and mode(store.file.parent) == 0o700
    store.file.chmod(0o644)
    store.file.parent.chmod(0o755)
    with opened(tmp_path):
        assert mode(store.file) == 0o600 and mode(store.file.parent) == 0o700


def test_a_database_of_a_later_companion_is_left_alone(tmp_path: Path) -> None:
    file = filled(tmp_path, 3)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    with (
        pytest.raises(MemoryError_, match=r"version 99, this companion knows version \d+.*update") as raised,
        opened(tmp_path),
    ):
        pass
    assert raised.value.trouble == "newer" and file.read_bytes() == before
    assert sorted(p.name for p in file.parent.iterdir()) == ["memory.db"]


def test_a_step_of_migration_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = filled(tmp_path, 3)
    connection = sqlite3.connect(file, isolation_level=None)
    bad = "CREATE TABLE extra (a); INSERT INTO nowhere VALUES (1)"
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrations.migrate(connection, (*migrations.STEPS, bad))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations.STEPS),)
    good = "CREATE TABLE extra (a); ALTER TABLE memory ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"
    assert migrations.migrate(connection, (*migrations.STEPS, good)) == len(migrations.STEPS)
    assert connection.execute("SELECT DISTINCT mood FROM memory").fetchall() == [("calm",)]
    assert migrations.migrate(connection, (*migrations.STEPS, good)) == len(migrations.STEPS) + 1
    connection.close()


def _nonsense(data: bytearray) -> None:
    data[:] = b"this is no database at all, it is a letter" * 100


def _header(data: bytearray) -> None:
    data[16:60] = bytes(44)


def _hole(data: bytearray) -> None:
    third = len(data) // 4096 // 3 * 4096
    data[third : third + 3 * 4096] = os.urandom(3 * 4096)


def _cut(data: bytearray) -> None:
    del data[len(data) * 3 // 4 // 4096 * 4096 :]


@pytest.mark.parametrize(("damage", "some"), [(_nonsense, False), (_header, False), (_hole, True), (_cut, True)])
def test_a_damaged_file_is_moved_aside_and_said_and_what_reads_is_saved(
    tmp_path: Path, damage: Any, some: bool
) -> None:
    file = filled(tmp_path, 600)
    (tmp_path / "preferences.json").write_text("{}")
    data = bytearray(file.read_bytes())
    damage(data)
    file.write_bytes(data)
    notices: list[str] = []
    with opened(tmp_path, notices) as store:
        (notice,) = notices
        (aside,) = file.parent.glob("memory.damaged-*.db")
        assert aside.name in notice and "taken over" in notice and mode(aside) == 0o600
        assert aside.read_bytes()[:4096] == bytes(data[:4096])
        saved = list(store.all())
        assert (len(saved) > 100) == some and f"{len(saved)} memories" in notice
        assert store.check() == []
        store.memorise(Memory(text="the violin is in the attic"))
        assert store.recall("violin")
        if some:
            assert store.recall(saved[0].text)
    assert (tmp_path / "preferences.json").read_text() == "{}"
    notices.clear()
    with opened(tmp_path, notices):
        assert notices == []


def test_a_full_disk_is_named_and_nothing_is_half_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        kept, _ = store.memorise(Memory(text="the violin"))
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(MemoryError_) as raised:
            for i in range(200):
                store.memorise(Memory(text=f"something long {i} " * 100))
        assert raised.value.trouble == "full" and "make room" in str(raised.value)
        stored = len(list(store.all()))
        assert store.recall("violin")[0].id == kept.id and store.check() == []
        store._connection.execute("PRAGMA max_page_count = 100000")
        store.memorise(Memory(text="there is room again"))
        assert len(list(store.all())) == stored + 1


def test_a_database_that_another_program_holds_is_named(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store._connection.execute("PRAGMA busy_timeout = 20")
        other = sqlite3.connect(store.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MemoryError_) as raised:
            store.memorise(Memory(text="the violin"))
        assert raised.value.trouble == "locked" and "try again" in str(raised.value)
        other.execute("ROLLBACK")
        other.close()
        assert store.memorise(Memory(text="the violin"))[0].id


def test_a_file_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        stored, _ = store.memorise(Memory(text="the violin"))
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(MemoryError_) as raised:
            store.memorise(Memory(text="the cello"))
        assert raised.value.trouble == "read-only" and "who owns" in str(raised.value)
        assert store.recall("violin")[0].id == stored.id


def test_what_cannot_be_tidied_now_keeps_nobody_from_remembering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(forgetter: Any) -> int:
        raise MemoryError_("locked")

    filled(tmp_path, 2)
    monkeypatch.setattr("companion.memory.forgetting.Forgetter.finish", locked)
    with opened(tmp_path) as store:
        assert store.memorise(Memory(what="turn", text="the violin"))[0].id and store.recall("violin")
    assert "not tidied yet" in caplog.text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("a file where the folder should be")
    with pytest.raises(MemoryError_), opened(tmp_path):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(MemoryError_) as raised, opened(tmp_path):
            pass
        assert raised.value.trouble == "read-only"
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_of_writing_it_opens_and_all_that_was_acknowledged_is_there(
    tmp_path: Path, seed: int
) -> None:
    outcome = kill_one(tmp_path, random.Random(seed).uniform(0.05, 0.6))
    assert outcome.trouble == "" and outcome.acknowledged > 0


def test_what_was_stored_is_on_the_disk_right_after_and_a_slow_disk_holds_up_no_storing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk: list[int] = []
    slow = threading.Event()

    def to_disk(file: int) -> None:
        size = os.fstat(file).st_size  # what comes later may be missing
        assert slow.wait(60)
        on_disk.append(size)

    monkeypatch.setattr(settling, "_to_disk", to_disk)
    with opened(tmp_path) as store:
        for n in range(5):
            store.memorise(Memory(text=f"the violin is number {n}"))
        assert not on_disk, "all five were stored, and the disk has said nothing"
        slow.set()
        store._settling.wait()
        (log,) = tmp_path.rglob("memory.db-wal")
        assert on_disk[-1] == log.stat().st_size > 0
        assert len(on_disk) < 5, "several are asked for together"


# ---------------------------------------------------------------------------------------------------------- encryption


def test_without_its_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    monkeypatch.setenv("MY_PASSPHRASE", "sesame")
    with (
        pytest.raises(MemoryError_, match=r"earshot-companion\[memory-encryption\]"),
        opened(tmp_path, passphrase_env="MY_PASSPHRASE"),
    ):
        pass
    assert not list((tmp_path / "memory").glob("*.db"))


def test_a_passphrase_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_PASSPHRASE", raising=False)
    with (
        pytest.raises(MemoryError_, match="MY_PASSPHRASE is not set"),
        opened(tmp_path, passphrase_env="MY_PASSPHRASE"),
    ):
        pass


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sqlcipher3", reason="the extra memory-encryption is not installed")
    monkeypatch.setenv("MY_PASSPHRASE", "it's a 'sesame'")


def _holding(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.mark.usefixtures("sealed")
def test_what_is_remembered_under_a_passphrase_stands_nowhere_in_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as store:
        store.memorise(Memory(text="the marigold is plain"))
    notices: list[str] = []
    with opened(tmp_path, notices, passphrase_env="MY_PASSPHRASE") as store:
        assert "1 memory could be taken over from memory.db" in notices[0]
        store.memorise(Memory(text="the marigold is sealed"))
        assert len(store.recall("marigold")) == 2
        assert _holding(tmp_path, "marigold") == []  # while it is open, too
    assert not (tmp_path / "memory" / "memory.db").exists()
    before = store.file.read_bytes()
    for settings in ({}, {"passphrase_env": "MY_PASSPHRASE"}):
        monkeypatch.setenv("MY_PASSPHRASE", "wrong")
        with pytest.raises(MemoryError_) as raised, opened(tmp_path, **settings):
            pass
        assert raised.value.trouble == "sealed"
    assert store.file.read_bytes() == before and not list(tmp_path.rglob("*damaged*"))
    monkeypatch.setenv("MY_PASSPHRASE", "it's a 'sesame'")
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        assert len(store.recall("marigold")) == 2
        assert store.forget(subject="marigold").count == 2
        assert mode(store.file) == 0o600


@pytest.mark.usefixtures("sealed")
def test_an_encrypted_one_survives_a_kill(tmp_path: Path) -> None:
    outcome = kill_one(tmp_path, 0.4, passphrase_env="MY_PASSPHRASE")
    assert outcome.trouble == "" and outcome.acknowledged > 0


@pytest.mark.usefixtures("sealed")
def test_what_is_forgotten_is_in_no_page_of_the_encrypted_file(tmp_path: Path) -> None:
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        for n in range(40):
            store.memorise(Memory(text=f"the marigold number {n} is for Anna", subject="Anna"))
        assert b"marigold" in decrypted(store.file)[store.file.stat().st_size :], "in the log"
        store.memorise(Memory(text="the violin is in the attic"))
    assert b"marigold" in decrypted(store.file) and b"violin" in decrypted(store.file)
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        assert store.forget(subject="Anna").count == 40
        assert b"marigold" not in (pages := decrypted(store.file)) and b"Anna" not in pages and b"violin" in pages
        assert [one.text for one in store.all()] == ["the violin is in the attic"] and store.check() == []


def decrypted(file: Path) -> bytes:
    """Every page of it and of its log, as SQLCipher 4 keeps them: the salt in front of the first, each one's vector 80
    bytes from its end."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    data = file.read_bytes()
    pages = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    log = file.with_name(file.name + "-wal")
    frames = log.read_bytes()[32:] if log.exists() else b""
    pages += [frames[at + 24 : at + 24 + 4096] for at in range(0, len(frames), 24 + 4096)]
    key = hashlib.pbkdf2_hmac("sha512", os.environ["MY_PASSPHRASE"].encode(), data[:16], 256_000, 32)
    out = b""
    for page in pages:
        first = 16 * page.startswith(data[:16])
        cipher = Cipher(algorithms.AES(key), modes.CBC(page[4016:4032])).decryptor()
        out += cipher.update(page[first:4016])
    return out


@pytest.mark.usefixtures("sealed")
def test_encryption_that_is_switched_on_takes_everything_over_once_and_loses_nothing(tmp_path: Path) -> None:
    picture = np.full((90, 160, 3), 90, np.uint8)
    with opened(tmp_path) as store:
        old, _ = store.memorise(Memory(text="my locker is 214"))
        store.memorise(Memory(text="my locker is 300"), (old.id,))
        store.memorise(Memory(what="reminder", text="call Anna", due_s=2e9))
        store.memorise(Memory(what="place", text="FLOUR"), (), picture)
    plain = store.file.read_bytes()
    told: list[str] = []
    with opened(tmp_path, told, passphrase_env="MY_PASSPHRASE") as store:
        before = list(store.all())
        assert "Keep the passphrase" in told[0] and len(before) == 4
        assert before[0].replaced_s and store.picture(before[3].thumb)
        assert [one.text for one in store.reminders()] == ["call Anna"]
    (tmp_path / "memory" / "memory.db").write_bytes(plain)  # as if killed before the plain file was deleted
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        assert list(store.all()) == before
    (tmp_path / "memory" / "memory.sealed.db").rename(tmp_path / "away.db")
    with opened(tmp_path) as store:  # and without it for a while
        old, _ = store.memorise(Memory(text="my desk is 5"))
        store.memorise(Memory(text="my desk is 7"), (old.id,))
    (tmp_path / "away.db").rename(tmp_path / "memory" / "memory.sealed.db")
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        desks = [one for one in store.all() if "desk" in one.text]
        assert [*store.all()][:4] == before and [bool(one.replaced_s) for one in desks] == [True, False]
        assert store.recall("my desk")[0].text == "my desk is 7"
        assert store.forget(ids=(desks[1].id,)).count == 2, "with what it had taken the place of"
        assert store.check() == []


@pytest.mark.usefixtures("sealed")
def test_an_export_is_the_way_out_of_a_passphrase(tmp_path: Path) -> None:
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE") as store:
        store.memorise(Memory(text="the marigold is sealed"))
        assert store.export(tmp_path / "mine.json") == 1
    assert _holding(tmp_path, "marigold") == ["mine.json"] and mode(tmp_path / "mine.json") == 0o600


@pytest.mark.usefixtures("sealed")
def test_a_wrong_and_a_missing_passphrase_name_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, passphrase_env="MY_PASSPHRASE"):
        pass
    with pytest.raises(MemoryError_, match=r"name the variable .* memory\.passphrase_env"), opened(tmp_path):
        pass
    monkeypatch.setenv("MY_PASSPHRASE", "wrong")
    said = "another one, or the file is damaged.*nothing was changed. Set the right passphrase.*begin anew"
    with pytest.raises(MemoryError_, match=said), opened(tmp_path, passphrase_env="MY_PASSPHRASE"):
        pass


def test_the_rest_of_the_companion_learns_its_shape_without_loading_sqlite() -> None:
    code = "import companion.memory.shape, sys; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_wearer_whose_memory_could_not_be_opened_hears_it_and_nothing_told_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is to be remembered is no note."""
    data = tmp_path / "data"
    monkeypatch.setenv("EARSHOT_DATA", str(data))
    with closing(sqlite3.connect(filled(data, 3))) as connection:
        connection.execute("PRAGMA user_version = 99")

    async def scenario() -> list[str]:
        async with desk(tmp_path / "rec") as session:
            return [
                await session.ask(said) for said in ("remember that my wifi password is swordfish", "my locker is 9")
            ]

    first, second = asyncio.run(scenario())
    assert first == "I could not store that: my memory could not be opened."
    assert second == first
    assert not any(b"swordfish" in file.read_bytes() for file in data.rglob("*") if file.is_file())
