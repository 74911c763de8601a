"""`companion memory`: what a person types, and what comes back."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from companion.cli import main
from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.store import open_store
from companion.settings import data_folder, load
from pipelines.events import Memory


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARSHOT_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")
    now_s = time.time()
    store = open_store(MemorySettings(), data_folder(), HashedGrams())
    old, _ = store.memorise(Memory(text="my locker is 214", at_s=now_s - 9000))
    store.memorise(Memory(text="my locker is 97", at_s=now_s - 8000), replaces=(old.id,))
    store.memorise(Memory(text="Anna is allergic to nuts", subject="Anna", at_s=now_s - 60))
    store.memorise(Memory(what="turn", text="what is that", answer="a door\x1b[2J", at_s=now_s - 50))
    store.close()


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["memory", *words]) == status
    out, err = capsys.readouterr()
    return out + err


def test_list_shows_what_stands_and_with_a_flag_what_was_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "list")
    assert "my locker is 97" in shown and "214" not in shown and "3 memories" in shown
    assert "\x1b" not in shown
    assert "my locker is 214  [replaced]" in said(capsys, "list", "--replaced", "--what", "fact")


def test_search_finds_as_a_question_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Anna is allergic to nuts" in said(capsys, "search", "whose", "allergy")
    assert "Nothing that is remembered fits 'umbrella'" in said(capsys, "search", "umbrella", status=1)


def test_forget_by_number_name_time_and_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert "one thing" in said(capsys, "forget", status=2)
    assert "one thing" in said(capsys, "forget", "--id", "1", "--everything", status=2)
    assert "--last '5 weeks'" in said(capsys, "forget", "--last", "5 weeks", status=2)
    assert "nothing to forget" in said(capsys, "forget", "--about", "Bob", status=1)
    assert "forgotten: 2 memories" in said(capsys, "forget", "--id", "2")
    assert "forgotten: 1 memory" in said(capsys, "forget", "--about", "anna")
    assert "forgotten: 1 memory" in said(capsys, "forget", "--last", "1h")
    assert "Nothing is remembered" in said(capsys, "list")


def test_export_never_overwrites(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "4 memories" in said(capsys, "export", "mine.json")
    assert len(json.loads((tmp_path / "mine.json").read_text())["memories"]) == 4
    assert "there already" in said(capsys, "export", "mine.json", status=2)


def test_check_says_whether_it_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert "sound, 4 memories" in said(capsys, "check")
    file = data_folder() / "memory" / "memory.db"
    file.write_bytes(b"nonsense" * 5000)
    assert "notice: " in (shown := said(capsys, "check")) and "memory.damaged-" in shown


def test_an_error_a_person_can_mend_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "list", "--set", "memory.passphrase_env=NOT_SET_HERE", status=2)
    assert shown.count("\n") == 1 and "NOT_SET_HERE is not set" in shown
    shown = said(capsys, "list", "--set", "memory.embeddings=magic", status=2)
    assert "memory.embeddings = 'magic'" in shown and "built-in" in shown


def test_the_settings_have_a_section() -> None:
    assert load(env={}).memory == MemorySettings()
    assert load(sets=["memory.retention_days=7", "memory.places=yes"], env={}).memory.retention_days == 7
