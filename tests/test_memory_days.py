"""A small fixed part of the dialogues over several days (tests/bench/memory), and that what was recorded with a memory
replays the same whatever has become of the database since."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest

from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.store import open_store
from companion.replay.exact import replay
from pipelines import events as ev
from pipelines.memory import seen
from tests.bench.memory.day import Wearer
from tests.bench.memory.dialogue import FIRST, Script, Step, judged, play
from tests.bench.memory.scripts import CATEGORIES, scripts
from tests.scripted import World
from tests.studio import Studio

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
    wearer = Wearer(tmp_path, FIRST)
    day = wearer.begin(0, 9.0)
    sign = ev.Memory(
        what="place", how="seen", text="CLOSED ON SUNDAYS", place="entrance", at_s=FIRST.timestamp() + 30000
    )
    wearer.store.memorise(sign)
    wearer.store.memorise(changed(sign, text="FLOUR, SUGAR", place="kitchen"))
    day = wearer.begin(1, 10.0)
    assert day.ask("What did the sign at the entrance say?") == (
        "I read yesterday at 8:20 in the entrance: CLOSED ON SUNDAYS."
    )
    assert "kitchen" in day.ask("Where did I last see the sugar?")
    assert day.ask("Where did I last see my umbrella?") == seen.NOT_KEPT
    assert day.ask("What did the sign at the station say?") == seen.NOT_KEPT
    wearer.end()


TOLD = (
    ("Remember that Zelda is allergic to lupins.", 2),
    ("my locker is 214", 10),
    ("what is Zelda allergic to", 18),
    ("remind me in half a minute to water the ferns", 26),
    ("my locker is 377", 36),
    ("what is my locker number", 44),
    ("what do you know about me", 68),
    ("forget what I told you about Zelda", 84),
    ("what is Zelda allergic to", 94),
)


@pytest.mark.parametrize("model", ["", "stand-in"])
def test_what_was_recorded_replays_the_same_whatever_has_become_of_the_database(tmp_path: Path, model: str) -> None:
    settings = MemorySettings()
    store = open_store(settings, tmp_path / "data", HashedGrams(), notice=lambda text: None)
    before = store.memorise(ev.Memory(what="reminder", text="feed the tortoise", due_s=1.0, at_s=0.5))[0]
    studio = Studio(tmp_path / "days", 3, World(model=model, memory=store, closed_vocabulary=False))
    for words, at_s in TOLD:
        studio.say(words, at_s * 1000)
    path = studio.record(104)
    kinds = {type(event) for event in studio.events}
    assert {ev.Memorised, ev.Recalled, ev.Forgotten} <= kinds
    said = " ".join(event.text for event in studio.events if isinstance(event, ev.Speak))
    assert "lupins" in said and "377" in said and "feed the tortoise" in said and "water the ferns" in said
    recorded = replay(path)
    store.memorise(ev.Memory(text="my locker is 999", at_s=2e9))
    store.forget(everything=True)
    store.close()
    again = replay(path)
    assert recorded.same and again.same, "\n".join(again.differences[:6])
    assert recorded.digest == again.digest and before.id
