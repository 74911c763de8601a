"""Sentences as vectors: what means the same is found without a word in common, and is gone when it is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from companion.memory.meaning.encoder import DIMENSIONS, vector
from companion.memory.meaning.purpose import PURPOSES, purpose
from companion.memory.meanings import AT_ONCE
from companion.memory.store import Store
from pipelines import events as ev
from pipelines.events import Memory
from pipelines.memory import fitting, purposes
from pipelines.memory.errand import fact
from tests.bench.memory.day import Day, Wearer
from tests.bench.memory.dialogue import FIRST
from tests.desk import desk
from tests.remembered import MONDAY_S, opened, remembered

TOLD = (
    "I've lent the drill to Lorenzo",
    "my niece is allergic to bee stings",
    "the car is on level three of the airport car park",
    "the boiler man comes on Thursday at eight",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with remembered(tmp_path, TOLD) as found:
        while found.digest():
            pass
        yield found


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    wearer = Wearer(tmp_path, FIRST)
    yield wearer.begin(0, 9.0)
    wearer.end()


def likeliest(store: Store, question: str) -> Memory:
    found = store.recall(fitting.query(question), ("fact",), question=question)
    return max(found, key=lambda memory: memory.fits)


def test_a_vector_has_length_one_whatever_the_text() -> None:
    for text in ("", " ", "drill", "half \ud83d", "ünïcödé \U0001f600 \x00", "so " * 900, "£4.50?!"):
        assert vector(text).shape == (DIMENSIONS,)
        assert np.linalg.norm(vector(text)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("who walked off with my power tool", 0),
        ("where's my motor parked", 2),
        ("when's the heating engineer coming round", 3),
    ],
)
def test_what_shares_no_word_with_the_question_is_found(store: Store, question: str, told: int) -> None:
    assert likeliest(store, question).text == fact(TOLD[told], 0.0).text


def test_what_was_forgotten_has_no_vector_left(store: Store) -> None:
    drill = likeliest(store, "who walked off with my power tool")
    store.forget(ids=(drill.id,))
    with sqlite3.connect(store.file) as connection:
        assert len(connection.execute("SELECT id FROM meaning").fetchall()) == len(TOLD) - 1
        assert not connection.execute("SELECT id FROM meaning WHERE id = ?", (drill.id,)).fetchall()
    found = store.recall("power tool", ("fact",), question="who walked off with my power tool")
    assert all(memory.id != drill.id for memory in found)


def test_a_database_from_before_there_were_vectors_gets_them(tmp_path: Path, store: Store) -> None:
    store.close()
    with sqlite3.connect(store.file) as connection:
        connection.execute("DROP TABLE meaning")
        connection.execute("DELETE FROM state WHERE name IN ('meaning', 'digested')")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    again = opened(tmp_path)
    assert again.digest()
    assert likeliest(again, "who walked off with my power tool").text == fact(TOLD[0], 0.0).text
    again.close()


def with_vectors(store: Store) -> int:
    return len(store._connection.execute("SELECT id FROM meaning").fetchall())


def test_looking_writes_nothing_and_finds_what_was_told_just_now(tmp_path: Path) -> None:
    with remembered(tmp_path, TOLD) as store:
        before = store._connection.total_changes
        assert likeliest(store, "who walked off with my power tool").text == fact(TOLD[0], 0.0).text
        assert store._connection.total_changes == before and with_vectors(store) == 0


def test_what_was_told_is_digested_bit_by_bit_and_then_there_is_no_more(tmp_path: Path) -> None:
    with remembered(tmp_path, [*TOLD, "my locker is 214"]) as store:
        assert store.digest() and with_vectors(store) == AT_ONCE
        assert not store.digest() and with_vectors(store) == AT_ONCE + 1
        before = store._connection.total_changes
        assert not store.digest() and store._connection.total_changes == before


def test_a_session_digests_what_it_was_told(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, str]:
        async with desk(tmp_path, "memory.on=true") as session:
            await session.ask("remember that I've lent the drill to Lorenzo")
            vector.cache_clear()
            answer = await session.ask("who walked off with my power tool")
            assert vector.cache_info().misses <= 2, "the question once, and the fact if it was looked for undigested"
            store = session.session.parts.memory
            assert isinstance(store, Store)
            return with_vectors(store), answer

    count, answer = asyncio.run(scenario())
    assert count == 1 and "Lorenzo" in answer


def test_what_another_process_stores_or_forgets_counts(tmp_path: Path, store: Store) -> None:
    likeliest(store, "who walked off with my power tool")
    other = opened(tmp_path)
    bell, _ = other.memorise(fact("the doorbell battery is a CR2032", MONDAY_S + 90))
    question = "which cell goes into the chime at the entrance"
    assert likeliest(store, question).id == bell.id
    other.forget(ids=(bell.id,))
    assert all(memory.id != bell.id for memory in store.recall("chime", ("fact",), question=question))
    other.close()


@pytest.mark.parametrize(
    ("text", "is_for"),
    [
        ("my bike lock opens with four two one one", "tell"),
        ("where on earth did I leave the ladder", "ask"),
        ("you needn't hang on to the bit about the ladder any longer", "forget"),
        ("when was it that I told you that", "about"),
        ("how many feet are in a mile", "other"),
        ("ooh my back is killing me today", "chat"),
    ],
)
def test_what_an_utterance_is_for(text: str, is_for: str) -> None:
    assert is_for in PURPOSES
    found, likely = purpose(text)
    assert found == is_for and likely >= purposes.LIKELY


def test_no_words_are_for_nothing() -> None:
    assert purpose("  ") == ("", 0.0)


def test_a_wish_to_forget_in_words_that_no_rule_knows(day: Day) -> None:
    day.ask("remember that Lorenzo has got the drill")
    assert "Lorenzo" in day.ask("who has got the drill")
    said = day.ask("the whole business with the drill needn't stay in that head of yours")
    assert day.all(ev.Forget), said
    assert "Lorenzo" not in day.ask("who has got the drill")


def test_a_statement_that_no_rule_knows_is_offered_to_be_kept_and_a_sigh_is_not(day: Day) -> None:
    day.ask("ooh my feet are killing me")
    assert not day.asked
    day.ask("car's up on level three this time, by the lifts")
    assert day.asked


@pytest.mark.parametrize("said", ["i forgot my locker number", "sorry what was the locker number", "what's my locker"])
def test_a_question_never_forgets_what_it_asks_for(day: Day, said: str) -> None:
    day.ask("my locker is 214")
    day.ask(said)
    assert not day.all(ev.Forget)


def test_the_words_that_allow_to_forget_everything_are_no_wish_to_forget_one_thing(day: Day) -> None:
    day.ask("remember that Lorenzo has got the drill")
    day.ask("forget everything you know about me")
    day.allow()
    assert [d.everything for d in day.all(ev.Forget)] == [True]
