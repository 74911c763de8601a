"""Beginnings that could be taken for whole, at the places where people pause; commands with a word misheard."""

from __future__ import annotations

import pytest

from pipelines.thinking.options import TurnOptions
from pipelines.turns.policy import policy
from tests.turn_boundaries import judged, longer_than, marked, outcome, spoken

OPTIONS = TurnOptions()
JUDGE = policy(OPTIONS)


def test_a_mark_says_that_the_beginning_could_be_all() -> None:
    sentence = marked("is there a lift | up to the platform")
    assert sentence.text == "is there a lift up to the platform"
    assert [b.begun for b in sentence.boundaries if b.either] == ["is there a lift"]
    weights = {b.begun: b.weight for b in sentence.boundaries}
    assert weights["is there a lift"] > weights["is"] > weights["is there a"]


def test_a_longer_wait_loses_fewer_pauses() -> None:
    assert 1.0 == longer_than(100) > longer_than(450) > longer_than(800) > longer_than(1600) == 0.0


@pytest.mark.parametrize(("half", "cut"), [(0, 0.05), (1, 0.064)])
def test_questions_with_pauses_where_people_make_them(half: int, cut: float) -> None:
    """The second half is of sentences that no rule was tuned on. 7.3 % of the turns were cut off before."""
    got = outcome(spoken("questions")[half::2], JUDGE)
    assert got.cut <= cut
    assert got.whole_ms <= 470
    assert got.slow <= 0.16


@pytest.mark.parametrize("half", [0, 1])
def test_commands_with_pauses_where_people_make_them(half: int) -> None:
    got = outcome(spoken("commands")[half::2], JUDGE)
    assert got.cut <= 0.05
    assert got.whole_ms <= OPTIONS.complete_silence_ms


@pytest.mark.parametrize(
    "text",
    [
        "set a tumer for half an hour",
        "stt a timer for ten minutes",
        "remird me to water the plants in ten minutes",
        "read that envelope to me",
        "what was ohe flight number",
        "what dod the sign say",
        "cancel toe timer",
    ],
)
def test_a_command_with_a_word_misheard_is_a_command_all_the_same(text: str) -> None:
    assert judged(JUDGE, text).wait_ms <= OPTIONS.complete_silence_ms


@pytest.mark.parametrize(
    "text", ["whese", "could", "prevoous", "set ar alarm", "remind ne", "how do i get from the pier", "have you got"]
)
def test_a_fragment_is_waited_for(text: str) -> None:
    assert judged(JUDGE, text).rule == "unfinished"


@pytest.mark.parametrize("text", ["stop", "louder", "help", "next", "again", "repeat", "yes", "no", "thanks"])
def test_one_word_that_is_a_request_is_none(text: str) -> None:
    assert judged(JUDGE, text).rule != "unfinished"
