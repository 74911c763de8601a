"""`companion sessions open`: the page lies where only its owner reads it, and is shown in a browser if there is one."""

from __future__ import annotations

import shutil
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from companion.opening import open_page
from pipelines import events as ev
from tests.test_report import recorded


class Browser:
    """Remembers what it was shown. `works` False: there is none."""

    def __init__(self, works: bool = True) -> None:
        self.shown: list[str] = []
        self._works = works

    def __call__(self, address: str) -> bool:
        self.shown.append(address)
        return self._works

    def page(self) -> Path:
        parts = urlsplit(self.shown[-1])
        assert parts.scheme == "file" and not parts.netloc
        return Path(unquote(parts.path))


@pytest.fixture()
def session(tmp_path: Path) -> Path:
    opened = ev.TurnOpened(2 * ev.NS, "heard", 1, "what is this", "model", ev.NS, 2 * ev.NS)
    return recorded(tmp_path / "sessions", [ev.SessionStarted(0), opened, ev.SessionEnded(3 * ev.NS)])


def test_a_session_is_shown_from_a_file_beside_it_that_only_its_owner_reads(session: Path) -> None:
    browser = Browser()
    outcome = open_page(session, browser=browser)
    page = browser.page()
    assert outcome.code == 0 and str(page) in outcome.text
    assert page == session.with_suffix(".html") and page.stat().st_mode & 0o077 == 0
    assert "what is this" in page.read_text("utf-8")


def test_two_sessions_are_shown_on_one_page(session: Path, tmp_path: Path) -> None:
    other = recorded(tmp_path / "other", [ev.SessionStarted(0), ev.SessionEnded(3 * ev.NS)])
    browser = Browser()
    assert open_page(session, other, browser).code == 0
    assert browser.page().name.count("-beside-") == 1 and "two recorded sessions" in browser.page().read_text("utf-8")


def test_a_file_of_another_name_gets_a_private_folder_and_no_page_beside_it(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    sample = tmp_path / "samples" / "cut off #3.mcap"
    sample.parent.mkdir()
    shutil.copy(session, sample)
    browser = Browser()
    assert open_page(sample, browser=browser).code == 0
    page = browser.page()
    assert page.name == "cut off #3.html" and page.is_file()
    assert page.parent.parent == tmp_path / "temporary" and page.parent.stat().st_mode & 0o077 == 0
    assert [path.name for path in sample.parent.iterdir()] == [sample.name]


def test_it_lies_where_one_says(session: Path, tmp_path: Path) -> None:
    browser = Browser()
    assert open_page(session, browser=browser, out=tmp_path / "deep" / "my page.html").code == 0
    assert browser.page() == tmp_path / "deep" / "my page.html"


@pytest.mark.parametrize("raises", [False, True])
def test_without_a_browser_the_page_is_there_and_the_way_out_is_said(session: Path, raises: bool) -> None:
    def none(address: str) -> bool:
        if raises:
            raise webbrowser.Error("could not locate runnable browser")
        return False

    outcome = open_page(session, browser=none)
    page = session.with_suffix(".html")
    assert outcome.code == 1 and page.is_file()
    assert f"page: {page}" in outcome.text and page.as_uri() in outcome.text and "copy the file" in outcome.text


def test_what_is_no_recording_is_refused_in_words_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    notes = tmp_path / "notes.mcap"
    notes.write_text("hello")
    browser = Browser()
    outcome = open_page(notes, browser=browser)
    assert outcome.code == 1 and "notes.mcap is a text file" in outcome.text and not browser.shown
    assert [path.name for path in tmp_path.iterdir()] == ["notes.mcap"]


def test_a_place_that_cannot_be_written_is_named(session: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = open_page(session, browser=Browser(), out=tmp_path / "file" / "page.html")
    assert outcome.code == 1 and "could not be written" in outcome.text and "--out" in outcome.text
