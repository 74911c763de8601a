"""Words as they come: what is told, asked and forgotten in held-out wordings, and what is none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import events as ev
from pipelines.memory import fitting, named, sentences, telling
from pipelines.memory.facts import fact_of, replaces
from tests.bench.memory.dialogue import play
from tests.bench.memory.held_out import scripts

SEED = 5


def test_dialogues_in_held_out_wordings(tmp_path: Path) -> None:
    """A small part of `bench_memory_days`, whose bar is 95 %: nothing that was forgotten is found."""
    played = [play(script, tmp_path / script.name) for script in scripts("held out", SEED, 6)]
    wrong = [line for one in played if not one.right for line in (one.script.name, *one.log)]
    assert sum(one.right for one in played) >= 0.9 * len(played), "\n".join(wrong)
    assert all(check.right for one in played for check in one.checks if check.kind == "gone"), "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "what does this sign say",
        "what is this",
        "read the label",
        "where is the exit",
        "is this milk",
        "the door is on the left",
        "the light is green now",
        "it's gate five I think",
        "it's cold today",
        "my head hurts",
        "my head is in a spin",
        "my train is late",
        "my phone is broken",
        "I'm in the kitchen",
        "I'm in love",
        "I parked badly",
        "I have two boxes",
        "I like this song",
        "I forgot my umbrella at home",
        "that's my favourite",
        "we're at the beach",
        "okay so what now",
        "don't forget to call Anna",
        "remember to buy milk",
        "remember when we went to Rome",
        "note: buy milk",
        "he moved the chair to the left",
        "they changed the subject",
        "I got a new phone and it's great",
        "tell me a story",
        "give me a moment",
        "what could I cook with this",
        "how do I fix my bike",
        "yes, send to Anna",
        "no",
        "that's it",
        "keep going",
        "save your breath",
    ],
)
def test_ordinary_words_store_and_forget_nothing(text: str) -> None:
    found = sentences.understood(text)
    assert found is None or found.kind == "recall", (text, found)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Okay, so, my seat is 9F, can you remember that?", "my seat is 9F"),
        ("They moved me, my locker is 88 now.", "my locker is 88"),
        ("I always have a flat white, so remember that's my coffee", "my coffee is a flat white"),
        ("My hotel room, it's 418, remember that please.", "My hotel room is 418"),
        ("Before I forget, the wifi password is otter31.", "the wifi password is otter31"),
        ("I think I left my umbrella on the tram", "I think I left my umbrella on the tram"),
        ("Keep in mind that Anna, my sister, is allergic to nuts", "Anna, my sister, is allergic to nuts"),
    ],
)
def test_the_sentence_is_stored_without_what_is_around_it(text: str, stored: str) -> None:
    assert telling.told(text) == stored


@pytest.mark.parametrize("text", ["yes, forget everything", "yes, keep it"])
def test_an_allowance_is_no_wish_of_its_own(text: str) -> None:
    assert sentences.forgetting(text) is None
    assert not telling.keep_said(text)


@pytest.mark.parametrize(
    ("told", "question"),
    [
        ("Anna is vegan", "what's Anna's number"),
        ("Anna lives in Basel", "give me Anna's phone number"),
        ("Anna has a kid called Tom", "what day is Anna's birthday"),
        ("my bike lock code is 4419", "where did I leave my bike"),
        ("Anna is a vegetarian", "what does Anna do for a living"),
        ("I take the bus", "what medicine am I on"),
    ],
)
def test_something_else_that_is_told_of_the_same_is_no_answer(told: str, question: str) -> None:
    assert not fitting.answering(question, [ev.Memory(1, "fact", told, at_s=1.0)])


REMEMBERED = [
    ev.Memory(number, "fact", text, at_s=float(number))
    for number, text in enumerate(
        [
            "my passport is in the desk drawer",
            "my vet is called Moss",
            "the exam is in hall four",
            "Nina is diabetic",
            "Nina's number is 555 12",
            "my dentist is doctor Ruiz",
            "my hotel is the Grand Elm",
        ],
        start=1,
    )
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("which drawer's my passport in", "my passport is in the desk drawer"),
        ("passport where is it", "my passport is in the desk drawer"),
        ("which hall is the exam in", "the exam is in hall four"),
        ("what food can nina have", "Nina is diabetic"),
        ("is nina anything i should know", "Nina is diabetic"),
        ("what hotel did i book", "my hotel is the Grand Elm"),
    ],
)
def test_a_question_is_answered_by_what_it_names_in_any_order_of_its_words(question: str, answer: str) -> None:
    assert [memory.text for memory in named.answering(question, REMEMBERED)] == [answer]


@pytest.mark.parametrize(
    "question",
    [
        "what colour's my passport",
        "how much did my hotel cost",
        "what's the phone number of my dentist",
        "how old is nina",
        "what did nina give me",
        "what did nina eat",
        "where did my vet go",
        "when is the exam",
        "what hotel should i book",
    ],
)
def test_what_was_not_told_of_a_thing_is_not_answered_by_something_else(question: str) -> None:
    assert not fitting.answering(question, REMEMBERED)
    assert not named.answering(question, REMEMBERED)


def test_a_number_takes_no_other_fact_of_a_person_away() -> None:
    number = fact_of("Stefan's number is 555")
    assert not replaces(number, fact_of("Stefan is vegan"))
    assert not replaces(number, fact_of("Stefan's name is Stefan Roth"))


def test_this_before_a_sentence_is_not_kept() -> None:
    assert telling.told("remember this felix moved to in ljubljana") == "felix moved to ljubljana"
    assert telling.told("remember this song is by Abba") == "this song is by Abba"


@pytest.mark.parametrize(
    ("words", "name", "when"),
    [
        ("no wait scratch that last bit", "forget_that", ""),
        ("actually don't keep that", "forget_that", ""),
        ("delete what i just told you", "forget_that", ""),
        ("get rid of everything from the past hour", "forget_since", "the past hour"),
        ("forget whatever i told you in the last hour", "forget_since", "the last hour"),
        ("the last hour delete all that", "forget_since", "the last hour"),
        ("today didn't happen okay forget all of it", "forget_since", "today"),
    ],
)
def test_what_is_to_go_is_understood_in_other_words(words: str, name: str, when: str) -> None:
    wanted = sentences.forgetting(words)
    assert wanted is not None and (wanted.name, wanted.subject) == (name, when)


@pytest.mark.parametrize(
    "words",
    [
        "don't forget that",
        "never forget this",
        "do not forget what i told you today",
        "forget everything the doctor told me today",
        "drop me at the station",
        "drop it",
        "don't keep me waiting",
        "lose that weight today",
        "scratch my back",
    ],
)
def test_nothing_goes_that_was_not_meant(words: str) -> None:
    assert sentences.forgetting(words) is None
