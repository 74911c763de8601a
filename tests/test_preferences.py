"""What the wearer asked for by voice is found again, and a damaged file loses nothing and stops nobody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from companion.preferences import FILE_NAME, PreferencesFile
from companion.replay import replay
from companion.settings import data_folder
from pipelines import events as ev
from pipelines.events import Preferences
from tests.desk import desk

ASKED = Preferences(25, -4.0, "short", True, True)


def _file(tmp_path: Path) -> tuple[PreferencesFile, list[str]]:
    notices: list[str] = []
    return PreferencesFile(tmp_path / "data" / FILE_NAME, notices.append), notices


def test_what_was_asked_for_is_found_again(tmp_path: Path) -> None:
    file, notices = _file(tmp_path)
    assert file.load() == Preferences()
    file.save(ASKED)
    assert _file(tmp_path)[0].load() == ASKED and not notices
    assert file.file.stat().st_mode & 0o077 == 0, "only the user may read it"
    assert [path.name for path in file.file.parent.iterdir()] == [FILE_NAME], "no pieces are left"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        ("[]", "not a table"),
        ('{"rate_change_wpm": 25}', "version None"),
        ('{"version": 2}', "this companion knows version 1"),
        ('{"version": 1, "rate_change_wpm": "fast"}', "rate_change_wpm = 'fast' is no int"),
        ('{"version": 1, "rate_change_wpm": true}', "is no int"),
        ('{"version": 1, "gain_db": NaN}', "is no float"),
        ('{"version": 1, "verbosity": "chatty"}', "verbosity = 'chatty'; there are: '', 'short', 'long'"),
        ('{"version": 1, "colour": "red"}', "'colour' is no preference"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_and_said(tmp_path: Path, text: str, why: str) -> None:
    file, notices = _file(tmp_path)
    file.file.parent.mkdir()
    file.file.write_text(text)
    assert file.load() == Preferences()
    assert len(notices) == 1 and str(file.file) in notices[0] and why in notices[0]
    assert (file.file.parent / "preferences.damaged.json").read_text() == text, "nothing is lost"
    assert file.load() == Preferences() and len(notices) == 1, "and it is said once"


def test_a_second_damaged_file_does_not_overwrite_the_first(tmp_path: Path) -> None:
    file, _ = _file(tmp_path)
    file.file.parent.mkdir()
    for text in ("first", "second"):
        file.file.write_text(text)
        file.load()
    kept = {path.read_text() for path in file.file.parent.glob("*damaged*")}
    assert kept == {"first", "second"}


def test_a_file_in_another_encoding_is_set_aside(tmp_path: Path) -> None:
    file, notices = _file(tmp_path)
    file.file.parent.mkdir()
    file.file.write_bytes(b"\xff\xfe{")
    assert file.load() == Preferences() and len(notices) == 1


def test_a_folder_that_cannot_be_written_to_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    file, notices = _file(tmp_path)
    file.save(ASKED)
    file.save(ASKED)
    assert len(notices) == 1 and "for this session only" in notices[0]


def test_missing_fields_are_as_by_default(tmp_path: Path) -> None:
    file, notices = _file(tmp_path)
    file.file.parent.mkdir()
    file.file.write_text(json.dumps({"version": 1, "gain_db": 4}))
    assert file.load() == Preferences(gain_db=4.0) and not notices


def test_a_session_remembers_and_the_next_one_begins_with_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as first:
            await first.ask("faster")
            await first.ask("louder")
            (started,) = first.all(ev.SessionStarted)
            assert started.preferences == Preferences()
        async with desk(tmp_path) as second:
            (started,) = second.all(ev.SessionStarted)
            assert started.preferences == Preferences(rate_change_wpm=25, gain_db=4.0)
            await second.ask("who are you")
            assert second.all(ev.Speak)[0].rate_wpm == 200
            assert second.session.playout.gain_db == 4.0

    asyncio.run(go())


def test_nothing_is_remembered_where_that_is_off(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path, "speaking.remember=false") as first:
            await first.ask("faster")
        assert not list(data_folder().glob("preferences*"))

    asyncio.run(go())


def test_a_replay_decides_to_remember_and_writes_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with desk(tmp_path) as first:
            await first.ask("faster")

    asyncio.run(go())
    (recording,) = tmp_path.glob("*.mcap")
    file = data_folder() / FILE_NAME
    file.unlink()
    assert replay(recording).same and not file.exists()
