"""A secret that was told is kept in memory and in its recording; no page and no screen of a session says it again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from companion.replay.exact import replay
from companion.report.page import write_page
from companion.secret_words import SecretWords
from companion.terminal import Screen
from companion.why import why
from pipelines import events as ev
from recordings.reader import Recording
from recordings.run import run_of
from tests.desk import desk
from tests.test_report import Reader


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A password is told, asked for and told anew; a PIN is told in private mode, and not stored."""
    folder = tmp_path_factory.mktemp("rec")

    async def scenario() -> None:
        async with desk(folder) as session:
            assert await session.ask("remember that my wifi password is swordfish") == (
                "I will remember that. It never leaves this device."
            )
            assert "swordfish" in (await session.ask("what is my wifi password")).lower()
            await session.ask("my wifi password is sunflower now")
            await session.ask("my locker is 214")
            await session.ask("private mode")
            await session.ask("remember that my PIN is 4711")

    asyncio.run(scenario())
    (path,) = folder.glob("*.mcap")
    return path


def all_of_it(page: Path) -> str:
    return page.read_text("utf-8").lower()


def test_the_page_says_that_there_was_a_secret_and_not_which(recording: Path) -> None:
    page = write_page(recording, recording.with_suffix(".html"))
    reader, text = Reader(page.read_text("utf-8")), all_of_it(page)
    assert "swordfish" not in text and "sunflower" not in text
    log, said = reader.text("decisions"), reader.text("lines")
    assert "4711" not in log + said + reader.text("turn-6")
    assert "my wifi password is (a secret)" in log and "remember that my PIN is (a secret)" in log
    assert "remember that my wifi password is (a secret)" in said and "Your wifi password is (a secret)." in said
    assert "my locker is 214" in log + said, "what is no secret stays"


def test_a_page_of_two_runs_says_it_neither_of_the_second(recording: Path) -> None:
    again = run_of("again", Recording(recording).events())
    page = write_page(recording, recording.with_name("two.html"), again)
    other = write_page(recording, recording.with_name("other.html"), recording)
    for text in (all_of_it(page), all_of_it(other)):
        assert "swordfish" not in text and "sunflower" not in text
        assert "(a secret)" in text


def test_why_does_not_say_it_either(recording: Path) -> None:
    turns = [why(recording, turn, Screen()).text for turn in range(1, 7)]
    assert all("swordfish" not in turn.lower() and "4711" not in turn for turn in turns)
    assert "(a secret)" in turns[1] and "214" in turns[3]


def test_the_recording_holds_what_was_said_and_is_decided_again(recording: Path) -> None:
    said = [event.text for event in Recording(recording).events() if isinstance(event, ev.TurnOpened)]
    assert "remember that my wifi password is swordfish" in said
    again = replay(recording)
    assert again.same, again.differences


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("my PIN is 4711", "my PIN is (a secret)"),
        ("4711 is my PIN", "(a secret) is my PIN"),
        ("the gate's code is 47 11", "the gate's code is (a secret)"),
        ("the code for the gate is four seven one one", "the code for the gate is (a secret)"),
        ("my password is Swordfish-9", "my password is (a secret)"),
        ("my wifi password is correct horse battery staple", "my wifi password is (a secret)"),
        ("my locker is 214", "my locker is 214"),
        ("Anna is allergic to nuts", "Anna is allergic to nuts"),
    ],
)
def test_what_of_a_told_sentence_is_secret(told: str, shown: str) -> None:
    known = SecretWords.of([ev.Memorise(0, "told", memory=ev.Memory(1, "fact", told))])
    assert known.text(told) == shown


@pytest.mark.parametrize("said", ["4711", "4 7 1 1", "47-11", "It is 4711.", "4711?"])
def test_a_number_is_found_however_it_is_written_and_never_inside_another(said: str) -> None:
    known = SecretWords(["4711"])
    assert "4711" not in known.text(said) and "(a secret)" in known.text(said)
    assert known.text("547110 at 14711 Hz") == "547110 at 14711 Hz"


def test_a_question_about_a_secret_hides_nothing_and_names_of_ours_stay() -> None:
    asked = ev.TurnOpened(0, "typed", turn=1, text="what is the door code of Anna's house", intent="recall:fits")
    assert not SecretWords.of([asked]).phrases
    speaking = ev.StateChanged(0, "the answer", old="thinking", new="speaking", signal="sounds")
    assert SecretWords(["speaking"]).hide(speaking) is speaking
