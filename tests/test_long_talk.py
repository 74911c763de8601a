"""A long talk by the real shell in virtual time: nothing fails in it, it is the same each time, and it replays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from companion.replay import replay
from pipelines import events as ev
from recordings.digest import digest
from recordings.reader import Recording
from tests.long_talk import TalkOptions, record_talk

SHORT = TalkOptions(length_s=90.0)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_talk(tmp_path_factory.mktemp("talk"), SHORT)


def test_every_question_is_answered_or_was_interrupted(talk: Path) -> None:
    closed = [d for d in Recording(talk).decisions() if isinstance(d, ev.TurnClosed)]
    assert len(closed) >= 7 and {d.outcome for d in closed} <= {"answered", "stopped", "interrupted"}
    assert not [line for line in Recording(talk).logs() if line.level == "ERROR"]


def test_the_end_of_an_answer_is_voiced_even_if_the_model_ends_with_its_last_word(tmp_path: Path) -> None:
    talk = record_talk(tmp_path, replace(SHORT, length_s=45.0, model_end_s=0.0))
    recording = Recording(talk)
    voiced = {(block.utterance, block.chunk) for block in recording.voiced()}
    spoken = [d for d in recording.decisions() if isinstance(d, ev.Speak) and d.text and d.turn]
    assert spoken and all((d.utterance, d.chunk) in voiced for d in spoken)
    assert replay(talk).same


def test_it_replays(talk: Path) -> None:
    result = replay(talk)
    assert result.same, result.differences


def test_the_same_seed_talks_alike(talk: Path, tmp_path: Path) -> None:
    assert digest(Recording(record_talk(tmp_path, SHORT)).decisions()) == digest(Recording(talk).decisions())
