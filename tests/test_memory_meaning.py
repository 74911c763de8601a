"""What was told is found though it is asked for in other words; and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from companion.memory.meaning.judge import judge
from companion.memory.store import Store
from pipelines.events import Memory
from pipelines.memory import fitting, likely
from tests.bench.memory.day import Day, Wearer
from tests.bench.memory.dialogue import FIRST
from tests.remembered import MONDAY_S, remembered

TOLD = (
    "I've lent the drill to Lorenzo",
    "Priya plays the bagpipes",
    "Priya can't have hazelnuts",
    "my sister works at the chip shop",
    "the sofa's being delivered on the second of December",
    "the spare key is behind the mantel clock",
    "we're painting the hall in pigeon grey",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with remembered(tmp_path, TOLD) as found:
        yield found


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    wearer = Wearer(tmp_path, FIRST)
    yield wearer.begin(0, 9.0)
    wearer.end()


def asked(store: Store, question: str) -> list[Memory]:
    found = store.recall(fitting.query(question), ("fact",), question=question)
    return sorted(found, key=lambda memory: -memory.fits)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("who has got my drill", 0),
        ("which instrument does Priya play", 1),
        ("what should I leave out when I cook for Priya", 2),
        ("what does my sister do for a living", 3),
        ("when are they bringing the sofa", 4),
        ("where did we hide the other key", 5),
        ("what colour is the hall going to be", 6),
    ],
)
def test_a_question_in_other_words_finds_its_fact(store: Store, question: str, told: int) -> None:
    found = asked(store, question)
    assert found and found[0].text == TOLD[told]
    assert found[0].fits > likely.MAYBE


@pytest.mark.parametrize(
    "question",
    [
        "which instrument does Carla play",
        "what does my brother do for a living",
        "when are they bringing the fridge",
        "what is the capital of Norway",
        "how do I cook rice",
        "what does this sign say",
    ],
)
def test_what_was_not_told_is_not_likely(store: Store, question: str) -> None:
    assert all(memory.fits < likely.SURE for memory in asked(store, question))


def test_what_fits_by_its_words_comes_as_without_a_question(store: Store) -> None:
    """The judge adds; it takes nothing away and moves nothing."""
    plain = store.recall("drill Lorenzo", ("fact",))
    judged = store.recall("drill Lorenzo", ("fact",), question="who has got my drill")
    assert [memory.id for memory in plain] == [memory.id for memory in judged[: len(plain)]]
    assert all(memory.fits == 0 for memory in plain)


def test_how_likely_is_not_stored(store: Store) -> None:
    found = asked(store, "who has got my drill")[0]
    again, _ = store.memorise(found)
    assert again.fits == 0
    assert {memory.fits for memory in store.all()} == {0}


@pytest.mark.parametrize("text", ["", "?", "🙂🙂", "a" * 20_000, "' ' ''", "what's " * 3000, "\u202e\u0000", "n't n't"])
def test_any_text_can_be_judged(text: str) -> None:
    assert all(0 <= p <= 1 for p in judge().judge(text, ["my locker is 214", text]))


def test_asked_in_other_words_without_a_model(day: Day) -> None:
    day.ask("remember that I've lent the drill to Lorenzo")
    assert "Lorenzo" in day.ask("who walked off with my drill")


def test_what_may_be_meant_is_said_to_be_uncertain(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    day.ask("remember that I've lent the drill to Lorenzo")
    monkeypatch.setattr(likely, "SURE", 1.1)
    heard = day.ask("who walked off with my drill")
    assert heard.startswith("I am not sure that you mean this.")
    assert "Lorenzo" in heard
    assert "You told me" in day.ask("how do you know that")


def test_what_has_changed_takes_the_place_of_what_was(day: Day) -> None:
    day.ask("remember that I've hidden the presents in the loft behind the water tank")
    assert "No longer: you have hidden the presents" in day.ask(
        "remember that I moved the presents, they're in the chest freezer now"
    )
    assert "loft" in day.ask("what was it before")
    assert "Your presents are in the chest freezer" in day.ask("where are my presents")
    heard = day.ask("where did I put the presents")
    assert "freezer" in heard
    assert "loft" not in heard


def test_it_is_forgotten_in_other_words(tmp_path: Path) -> None:
    wearer = Wearer(tmp_path, FIRST)
    day = wearer.begin(0, 9.0)
    day.ask("remember that I've lent the drill to Lorenzo")
    day.ask("forget who has the drill")
    assert not wearer.on_disk("Lorenzo")
    assert "Lorenzo" not in day.ask("who has got my drill")
    wearer.end()


def test_a_digit_that_is_said_twice_stays_twice(day: Day) -> None:
    """A stutter goes ("the the"), a number does not."""
    day.ask("remember that the the combination for my bike lock is two two eight oh")
    assert "two two eight oh" in day.ask("what's the combination for my bike lock")


def test_what_may_be_meant_is_forgotten_only_if_the_wearer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likely, "SURE", 1.1)
    wearer = Wearer(tmp_path, FIRST)
    day = wearer.begin(0, 9.0)
    day.ask("remember that I've lent the drill to Lorenzo")
    day.ask("remember that my locker is 214")
    heard = day.ask("forget who walked off with the drill")
    assert heard.startswith("I am not sure that you mean this:") and "Lorenzo" in heard
    assert wearer.on_disk("Lorenzo")
    day.ask("forget that")
    assert not wearer.on_disk("Lorenzo")
    assert wearer.on_disk("214")
    wearer.end()


@pytest.mark.parametrize(
    "text",
    [
        "oh god what's the landlord's name",
        "my drill who has it",
        "our anniversary it's when exactly",
        "I took my hearing aids out and put them where",
        "I'm sending Rasmus a parcel what's the address",
        "until when can I keep the library books",
        "whereabouts is my bus pass",
    ],
)
def test_a_question_within_a_sentence_tells_nothing(day: Day, text: str) -> None:
    assert not day.ask(text).startswith(("Shall I remember", "I will remember"))


@pytest.mark.parametrize(
    "text", ["remember that what Priya can't eat is gluten", "remember it's Tasha from nails who has the dryer now"]
)
def test_a_clause_with_its_answer_tells_something(day: Day, text: str) -> None:
    assert day.ask(text).startswith("I will remember")


def test_a_secret_is_not_told_on_suspicion() -> None:
    secret = Memory(1, "fact", "the alarm code is 4719", sensitivity="secret", at_s=MONDAY_S, fits=0.7)
    assert likely.perhaps([secret]) == []
    assert likely.answering([replace(secret, fits=0.95)])


def test_another_side_of_somebody_is_not_replaced(day: Day) -> None:
    day.ask("remember that Desmond loves fennel")
    assert "No longer" not in day.ask("remember that Desmond lives in Salamanca now")
    assert "fennel" in day.ask("what do you know about Desmond")
