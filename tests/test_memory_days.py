"""A small fixed part of the dialogues over several days (tests/bench/memory), and that what was recorded with a memory
replays the same whatever has become of the database since."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.memory.dialogue import Script, Step, judged, play
from tests.bench.memory.scripts import CATEGORIES, scripts

SEED = 21


@pytest.mark.parametrize("category", CATEGORIES)
def test_dialogues_over_several_days_are_answered_right(category: str, tmp_path: Path) -> None:
    """Two of each category, with the database of that wearer alone."""
    chosen = [script for script in scripts(SEED, 2) if script.category == category]
    for script in chosen:
        played = play(script, tmp_path / script.name)
        assert played.right, "\n".join([script.name, *played.log])


def test_a_wrong_answer_is_found_wrong() -> None:
    """The judge: an essential word is missing, another's was said, or there is no word of not knowing."""
    assert not judged("Your locker is 214.", ("214",), ("377",))
    assert judged("Your locker is 2140.", ("214",), ())
    assert judged("Zelda likes polka, and archery.", ("polka",), ("archery",))


def test_an_answer_where_nothing_was_told_counts_as_wrong(tmp_path: Path) -> None:
    steps = (Step("say", "My locker is 214."), Step("none", "What is my locker number?"))
    assert not play(Script("told", "abstention", steps), tmp_path).right


def test_words_that_are_still_in_a_file_are_found(tmp_path: Path) -> None:
    steps = (Step("say", "My locker is number 77123."), Step("gone", words=("77123",)))
    assert not play(Script("kept", "forgetting", steps), tmp_path).right


def test_what_the_sign_said_is_told_with_when_and_where_and_only_if_it_was_seen(tmp_path: Path) -> None:
    from dataclasses import replace

    from pipelines import events as ev
    from pipelines.memory import seen
    from tests.bench.memory.day import Wearer
    from tests.bench.memory.dialogue import FIRST

    wearer = Wearer(tmp_path, FIRST)
    day = wearer.begin(0, 9.0)
    sign = ev.Memory(
        what="place", how="seen", text="CLOSED ON SUNDAYS", place="entrance", at_s=FIRST.timestamp() + 30000
    )
    wearer.store.memorise(sign)
    wearer.store.memorise(replace(sign, text="FLOUR, SUGAR", place="kitchen"))
    day = wearer.begin(1, 10.0)
    assert day.ask("What did the sign at the entrance say?") == (
        "I read yesterday at 8:20 in the entrance: CLOSED ON SUNDAYS."
    )
    assert "kitchen" in day.ask("Where did I last see the sugar?")
    assert day.ask("Where did I last see my umbrella?") == seen.NOT_KEPT
    assert day.ask("What did the sign at the station say?") == seen.NOT_KEPT
    wearer.end()
