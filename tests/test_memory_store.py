"""What is remembered is found again by other words, in the right order, and nothing is found that does not fit."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from companion.memory import store as store_module
from companion.memory import words
from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.shape import MemoryError_
from companion.memory.store import Store, open_store
from pipelines.events import Memory

DAY_S = 86_400.0
NOW_S = 1_795_000_000.0
SETTINGS = MemorySettings()
FACTS = (
    "Anna is allergic to nuts",
    "My locker is 214",
    "The keys are in the blue bowl by the door",
    "The dentist is on Tuesday at three",
    "I parked the car on level 2",
    "My mother's birthday is the fourth of May",
    "Take the red medication after breakfast",
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same memory again and again, at NOW_S."""
    stores: list[Store] = []

    def open_it() -> Store:
        stores.append(open_store(SETTINGS, tmp_path, HashedGrams(), now=lambda: NOW_S))
        return stores[-1]

    yield open_it
    for one in stores:
        one.close()


@pytest.fixture
def told(opened: Callable[[], Store]) -> Store:
    store = opened()
    for at, text in enumerate(FACTS):
        store.memorise(Memory(text=text, subject="Anna" if "Anna" in text else "", at_s=NOW_S - 1000 + at))
    return store


def texts(found: tuple[Memory, ...]) -> list[str]:
    return [one.text for one in found]


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("where did I leave my keys", 2),
        ("key", 2),
        ("what allergies does Anna have", 0),
        ("is anna alergic to something", 0),
        ("what is my locker number", 1),
        ("when is my dentist appointment", 3),
        ("where is the car parked", 4),
        ("Where's my automobile?", 4),
        ("when was my mum born", 5),
        ("which medicine do I take", 6),
        ("what are the pills I take after breakfast", 6),
    ],
)
def test_a_question_in_other_words_finds_it_first(told: Store, question: str, fact: int) -> None:
    assert texts(told.recall(question))[:1] == [FACTS[fact]]


@pytest.mark.parametrize(
    "question",
    [
        "what is Bob allergic to",
        "who is the president of France",
        "what is the wifi password",
        "what do I know about the weather",
        "where is my umbrella",
        "what is it",
        "???",
        "\"'; DROP TABLE memory; --",
        "NEAR(* AND OR NOT",
    ],
)
def test_a_question_that_fits_nothing_finds_nothing(told: Store, question: str) -> None:
    assert told.recall(question) == ()


def test_scores_lie_between_0_and_1_best_first(told: Store) -> None:
    told.memorise(Memory(text="the keys of the office are with Anna", at_s=NOW_S))
    found = told.recall("where are the keys of the office")
    assert texts(found)[0] == "the keys of the office are with Anna"
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True) and all(0 < score <= 1 for score in scores)


def test_of_two_that_fit_alike_the_newer_comes_first(opened: Callable[[], Store]) -> None:
    store = opened()
    for days in (200, 1, 90):
        store.memorise(Memory(text="the umbrella is in the hall", place=f"{days}", at_s=NOW_S - days * DAY_S))
    assert [one.place for one in store.recall("where is my umbrella")] == ["1", "90", "200"]


def test_what_was_superseded_is_only_found_when_asked_for(opened: Callable[[], Store]) -> None:
    store = opened()
    old, _ = store.memorise(Memory(text="my locker is 214", at_s=NOW_S - 50))
    new, gone = store.memorise(Memory(text="my locker is 97", at_s=NOW_S), replaces=(old.id, 999))
    assert gone == (replace(old, replaced_s=NOW_S),)
    for one in (store, opened()):
        assert texts(one.recall("which locker")) == ["my locker is 97"]
        assert set(texts(one.recall("which locker", replaced=True))) == {"my locker is 214", "my locker is 97"}
        assert texts(one.recall("")) == ["my locker is 97"]
        assert [memory.replaced_s for memory in one.all()] == [NOW_S, 0.0]
    assert new.id > old.id


def test_kind_time_and_subject_narrow_it(opened: Callable[[], Store]) -> None:
    store = opened()
    store.memorise(Memory(text="the keys are on the table", at_s=NOW_S - 9000))
    store.memorise(Memory(what="turn", text="where are my keys", answer="on the table", at_s=NOW_S - 5000))
    store.memorise(Memory(what="reminder", text="bring the keys to Anna", due_s=NOW_S + 60, at_s=NOW_S - 4000))
    store.memorise(Memory(text="Anna's keys are green", subject="Anna", at_s=NOW_S - 1000))
    assert [one.what for one in store.recall("keys", what=("turn",))] == ["turn"]
    assert "reminder" not in {one.what for one in store.recall("keys")}
    assert [one.what for one in store.recall("keys", what=("reminder",))] == ["reminder"]
    assert texts(store.recall("keys", since_s=NOW_S - 2000)) == ["Anna's keys are green"]
    assert texts(store.recall("keys", until_s=NOW_S - 8000)) == ["the keys are on the table"]
    assert texts(store.recall("keys", subject="Anna")) == ["Anna's keys are green"]
    assert texts(store.recall("", subject="anna")) == ["Anna's keys are green"]
    assert store.recall("keys", subject="Bob") == ()
    assert len(store.recall("", limit=2)) == 2


def test_a_kind_that_is_rare_is_found_among_thousands_of_others(opened: Callable[[], Store]) -> None:
    store = opened()
    store.memorise(Memory(text="the keys are in the drawer", at_s=NOW_S - 9000))
    for i in range(3000):
        store.memorise(Memory(what="turn", text=f"where are my keys {i}", at_s=NOW_S - 8000 + i))
    assert texts(store.recall("where are my keys", what=("fact",))) == ["the keys are in the drawer"]
    assert texts(store.recall("my keys", until_s=NOW_S - 8500)) == ["the keys are in the drawer"]


def test_it_is_there_after_closing_and_reminders_come_next_due_first(opened: Callable[[], Store]) -> None:
    store = opened()
    for due in (300.0, 100.0, 200.0):
        store.memorise(Memory(what="reminder", text=f"in {due:.0f}", due_s=NOW_S + due, session="s", turn=4))
    store.close()
    again = opened()
    assert texts(again.reminders()) == ["in 100", "in 200", "in 300"]
    assert (again.reminders()[0].session, again.reminders()[0].turn) == ("s", 4)


def test_ids_are_never_used_again(opened: Callable[[], Store]) -> None:
    store = opened()
    first, _ = store.memorise(Memory(text="one"))
    store.forget(ids=(first.id,))
    second, _ = store.memorise(Memory(text="two"))
    assert second.id > first.id


def test_a_small_picture_is_kept_with_it(opened: Callable[[], Store]) -> None:
    store = opened()
    picture = np.full((480, 640, 3), (0, 128, 255), np.uint8)
    stored, _ = store.memorise(Memory(what="place", text="the door of room 12"), picture=picture)
    jpeg = store.picture(stored.thumb)
    assert jpeg.startswith(b"\xff\xd8") and len(jpeg) < 8000
    assert store.picture("../../etc/passwd") == b"" == store.picture("")


def test_a_second_process_sees_what_the_first_stores_and_forgets(opened: Callable[[], Store]) -> None:
    here, there = opened(), opened()
    stored, _ = here.memorise(Memory(text="the ladder is in the garage"))
    assert texts(there.recall("ladder")) == ["the ladder is in the garage"]
    newer, _ = there.memorise(Memory(text="the ladder is in the shed"), replaces=(stored.id,))
    assert texts(here.recall("ladder")) == ["the ladder is in the shed"]
    here.forget(ids=(newer.id,))
    assert there.recall("ladder", replaced=True) == ()


def test_several_threads_may_use_it(told: Store) -> None:
    failures: list[BaseException] = []

    def use(number: int) -> None:
        try:
            for i in range(20):
                told.memorise(Memory(text=f"box {number} {i} is blue"))
                told.recall("which box is blue")
        except BaseException as why:
            failures.append(why)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sum(one.text.startswith("box") for one in told.all()) == 80


def test_texts_that_no_file_can_hold_are_made_holdable(opened: Callable[[], Store]) -> None:
    store = opened()
    stored, _ = store.memorise(Memory(text="half \ud83d and zero \0 of marigold"))
    assert store.recall("marigold")[0].text == stored.text
    with pytest.raises(ValueError, match="due_s = nan"):
        store.memorise(Memory(text="x", due_s=float("nan")))


def test_export_holds_everything_with_pictures_and_is_for_its_owner_only(told: Store, tmp_path: Path) -> None:
    told.memorise(Memory(what="place", text="Tür nach draußen"), picture=np.zeros((40, 40, 3), np.uint8))
    file = tmp_path / "mine.json"
    assert told.export(file) == len(FACTS) + 1
    table = json.loads(file.read_text(encoding="utf-8"))
    assert table["format"] == "earshot-memory/1"
    assert [one["text"] for one in table["memories"]] == [*FACTS, "Tür nach draußen"]
    assert table["memories"][0]["subject"] == "Anna" and table["memories"][-1]["picture"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_turns_go_after_their_days_and_facts_stay(tmp_path: Path) -> None:
    clock = [NOW_S]
    settings = MemorySettings(retention_days=2)
    store = open_store(settings, tmp_path, HashedGrams(), now=lambda: clock[0])
    store.memorise(Memory(what="turn", text="how is the marigold", at_s=NOW_S - 3 * DAY_S))
    store.memorise(Memory(text="the marigold is a flower", at_s=NOW_S - 3 * DAY_S))
    clock[0] += 1.5 * DAY_S
    store.memorise(Memory(what="turn", text="what time is it"))  # the first of another day
    assert texts(tuple(store.all())) == ["the marigold is a flower", "what time is it"]
    store.close()
    clock[0] += 3 * DAY_S
    again = open_store(settings, tmp_path, HashedGrams(), now=lambda: clock[0])
    assert texts(tuple(again.all())) == ["the marigold is a flower"]
    again.close()


def test_words_cut_otherwise_and_another_maker_of_vectors_are_noticed(
    told: Store, opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    told.close()
    monkeypatch.setattr(words, "VERSION", 99)
    monkeypatch.setattr(HashedGrams, "name", "another")
    monkeypatch.setitem(words._SAME, "nuts", "almond")
    words.term.cache_clear()
    try:
        again = opened()
        assert texts(again.recall("almond")) == [FACTS[0]]
        assert again.check() == []
    finally:
        words.term.cache_clear()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("keys", "key"),
        ("allergic", "allergies"),
        ("medicine", "medication"),
        ("parked", "parking"),
        ("Anna's", "anna"),
        ("mum", "Mother"),
        ("café", "cafe"),
        ("boxes", "box"),
        ("living", "lives"),
        ("stopped", "stop"),
    ],
)
def test_words_that_belong_together_meet(one: str, other: str) -> None:
    assert words.terms(one) == words.terms(other) != []


@pytest.mark.parametrize(("one", "other"), [("nut", "night"), ("214", "215"), ("car", "card"), ("bus", "bu")])
def test_words_that_do_not_belong_together_stay_apart(one: str, other: str) -> None:
    assert words.terms(one) != words.terms(other)


def test_a_closed_memory_says_so(told: Store) -> None:
    told.close()
    with pytest.raises(MemoryError_) as raised:
        told.recall("keys")
    assert raised.value.trouble == "closed"


def test_longer_texts_than_anyone_says_are_cut(opened: Callable[[], Store]) -> None:
    stored, _ = opened().memorise(Memory(text="a" * (store_module.MAX_CHARS + 5)))
    assert len(stored.text) == store_module.MAX_CHARS
