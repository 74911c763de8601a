"""What is forgotten stands in no file: not in the database and its free pages, nor beside it, nor in recordings.

The proof is on the bytes of every file, in small letters and capitals, as UTF-8 and as UTF-16.
"""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from companion.memory import forgetting
from companion.memory.embed import HashedGrams
from companion.memory.recorded import hits
from companion.memory.settings import MemorySettings
from companion.memory.shape import Gone, MemoryError_
from companion.memory.store import Store, open_store
from pipelines import events as ev
from pipelines.events import MS, NS, Memory
from recordings import texts
from recordings.reader import Recording
from recordings.session import SessionInfo
from recordings.verify import verify
from recordings.writer import Recorder, RecorderOptions
from tests.everything import record_everything

NOW_S = 1_795_222_900.0
T0_NS = 1_795_222_812_123_456_789
WORDS = ("marigold", "quetzal", "zeppelin")
FILLER = ("the", "of", "locker", "key", "table", "window", "street", "garden", "number", "seven", "blue", "coffee")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recordings").mkdir()
    return tmp_path


def opened(folder: Path, **more: Any) -> Store:
    return open_store(MemorySettings(), folder, HashedGrams(), folder / "recordings", now=lambda: NOW_S, **more)


def grown(store: Store, count: int) -> None:
    """Other memories around it, stored and superseded, so that pages split and move."""
    chance = random.Random(3)
    for i in range(count):
        text = " ".join(chance.choices(FILLER, k=chance.randint(3, 40))) + f" {i}"
        store.memorise(Memory(text=text, subject=chance.choice(FILLER), at_s=NOW_S - 50_000 + i))


def anywhere(folder: Path, *texts: str) -> dict[str, list[str]]:
    """The files under this folder that hold one of these texts."""
    found = {path.name: hits(path.read_bytes(), texts) for path in folder.rglob("*") if path.is_file()}
    return {name: words for name, words in found.items() if words}


def recorded(folder: Path, session: str, text: str, *more: ev.Happening, t0_ns: int = T0_NS) -> Path:
    """A recording of this session in which the text was said, sent and answered."""
    options = RecorderOptions(floor_bytes=0)
    recorder = Recorder(folder / "recordings", SessionInfo(session, t0_ns, "glasses"), options=options)
    _say(recorder, text, *more)
    return recorder.close()


def _say(recorder: Recorder, text: str, *more: ev.Happening) -> None:
    recorder.happening(ev.SessionStarted(0, "tiny", True, "stub"))
    recorder.microphone(5 * MS, 1 * MS, 960, f"sound of {text}".encode())
    recorder.decision(ev.TurnOpened(900 * MS, "", 1, text, "model"))
    recorder.decision(ev.AskModel(910 * MS, "", 9, 1, (ev.Message("user", f"it is {text}"),), 100, 768))
    for event in more:
        recorder.happening(event)
    recorder.log(950 * MS, "WARNING", "memory", f"so {text}")


def test_the_words_are_in_the_file_before_so_that_the_proof_proves_something(folder: Path) -> None:
    store = opened(folder)
    grown(store, 50)
    store.memorise(Memory(text="the marigold is by the quetzal"))
    store.close()
    assert set(anywhere(folder, *WORDS)["memory.db"]) == {"marigold", "quetzal"}


@pytest.mark.parametrize("close_first", [True, False])
def test_one_fact_leaves_no_byte(folder: Path, close_first: bool) -> None:
    store = opened(folder)
    grown(store, 400)
    kept, _ = store.memorise(Memory(text="the violin is in the attic", subject="violin"))
    old, _ = store.memorise(Memory(text="the zeppelin is a quetzal", subject="Marigold", at_s=NOW_S - 9))
    fact, _ = store.memorise(
        Memory(text="the marigold is a quetzal", subject="Marigold", place="at the zeppelin", at_s=NOW_S),
        replaces=(old.id,),
        picture=np.zeros((90, 90, 3), np.uint8),
    )
    grown(store, 200)
    if close_first:
        store.close()
        store = opened(folder)
    gone = store.forget(ids=(fact.id,))
    assert gone == Gone(2, 1)  # with what it had taken the place of, and its picture
    assert anywhere(folder, *WORDS) == {}
    assert [one.id for one in store.recall("where is the violin")] == [kept.id]
    assert store.recall("marigold", replaced=True) == () and store.picture(fact.thumb) == b""
    assert store.check() == []
    assert len(list(store.all())) == 601
    store.close()
    assert anywhere(folder, *WORDS) == {}


def test_a_person_goes_with_every_memory_that_names_her_and_nobody_else(folder: Path) -> None:
    store = opened(folder)
    for text, subject in (
        ("Quetzal is allergic to nuts", "Quetzal"),
        ("she likes QUETZAL's marigold", ""),
        ("Quetzalina is somebody else", ""),
        ("nuts are in the cupboard", ""),
    ):
        store.memorise(Memory(text=text, subject=subject))
    store.memorise(Memory(what="turn", text="who is allergic", answer="It is Quetzal."))
    store.memorise(Memory(what="reminder", text="call Quetzal", due_s=NOW_S + 5))
    assert store.forget(subject="quetzal").count == 4
    assert [one.text for one in store.all()] == ["Quetzalina is somebody else", "nuts are in the cupboard"]
    assert store.forget(subject="quetzal") == Gone(0, 0)


def test_the_turns_that_told_it_and_those_that_said_it_again_go_with_it(folder: Path) -> None:
    store = opened(folder)
    store.memorise(Memory(what="turn", text="remember this", answer="I will.", session="s1", turn=3))
    fact, _ = store.memorise(Memory(text="the safe opens with zeppelin", session="s1", turn=3))
    store.memorise(Memory(what="turn", text="what opens the safe", answer="zeppelin", session="s2", turn=1))
    store.memorise(Memory(what="turn", text="what is this", answer="a door", session="s2", turn=2))
    assert store.forget(ids=(fact.id,)).count == 1
    assert [one.text for one in store.all()] == ["what is this"]
    assert anywhere(folder, "zeppelin") == {}


def test_the_last_hour_and_everything(folder: Path) -> None:
    store = opened(folder)
    store.memorise(Memory(text="old marigold", at_s=NOW_S - 7200))
    store.memorise(Memory(text="new quetzal", at_s=NOW_S - 600))
    store.memorise(Memory(what="turn", text="new zeppelin", at_s=NOW_S - 60))
    assert store.forget(since_s=NOW_S - 3600).count == 2
    assert anywhere(folder, "quetzal", "zeppelin") == {} and anywhere(folder, "marigold")
    assert store.forget(everything=True).count == 1
    assert anywhere(folder, *WORDS) == {} and list(store.all()) == []
    store.memorise(Memory(text="a new beginning"))
    assert store.recall("beginning")


def test_exactly_one_thing_is_meant(folder: Path) -> None:
    store = opened(folder)
    for wrong in ({}, {"ids": (1,), "everything": True}, {"subject": " "}, {"subject": "Anna", "since_s": 5.0}):
        with pytest.raises(ValueError, match="one of them"):
            store.forget(**wrong)


@pytest.mark.parametrize("ours_too", [False, True])
def test_recordings_lose_the_words_in_every_field_that_there_is(folder: Path, ours_too: bool) -> None:
    """`ours_too`: also where only names of ours can stand, which a rewritten recording keeps: then it is deleted."""

    def wording(name: str) -> str:
        said = f"the {WORDS[len(name) % 3]} of {name}"
        if ours_too:
            return said
        quoting = name in texts.QUOTING or name.endswith(".reason")
        return "a name" if name in texts.KEPT else f"it was “{said}”" if quoting else said

    path = record_everything(folder / "recordings", wording)
    assert set(anywhere(folder, *WORDS)[path.name]) == set(WORDS)
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="marigold, quetzal and zeppelin", session="every", turn=1))
    gone = store.forget(ids=(fact.id,))
    assert gone.files == 1
    assert anywhere(folder, *WORDS) == {}
    assert path.exists() != ours_too
    assert ours_too or not verify(path).faults


def test_a_recording_keeps_its_times_and_its_age(folder: Path) -> None:
    path = recorded(folder, "s1", "the marigold code")
    (folder / "recordings" / f"{path.stem}.html").write_text("a page about the marigold")
    written_ns = path.stat().st_mtime_ns - 5 * NS
    os.utime(path, ns=(written_ns, written_ns))
    other = recorded(folder, "s2", "the violin")
    before = other.read_bytes()
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold code", session="s1", turn=1))
    assert store.forget(ids=(fact.id,)).files == 1
    assert anywhere(folder, "marigold") == {}
    (opened_turn,) = [e for e in Recording(path).events() if isinstance(e, ev.TurnOpened)]
    assert opened_turn.t_ns == 900 * MS and path.stat().st_mtime_ns == written_ns
    assert other.read_bytes() == before
    assert not list((folder / "recordings").glob("*.html"))


def test_a_later_session_that_recalled_it_is_found_by_its_number(folder: Path) -> None:
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold code", session="s1", turn=1))
    other, _ = store.memorise(Memory(text="the violin", session="s1", turn=2))
    recorded(folder, "later", "the marigold code", ev.Recalled(920 * MS, 9, (fact,)))
    kept = recorded(folder, "third", "the violin", ev.Recalled(920 * MS, 9, (other,)))
    before = kept.read_bytes()
    assert store.forget(ids=(fact.id,)).files == 1
    assert anywhere(folder, "marigold") == {} and kept.read_bytes() == before


def test_a_time_takes_the_recordings_that_overlap_it(folder: Path) -> None:
    recorded(folder, "now", "the marigold", t0_ns=int((NOW_S - 600) * 1e9))
    kept = recorded(folder, "before", "the violin", t0_ns=int((NOW_S - 9000) * 1e9))
    before = kept.read_bytes()
    assert opened(folder).forget(since_s=NOW_S - 3600).files == 1
    assert anywhere(folder, "marigold") == {} and kept.read_bytes() == before


def test_everything_takes_every_recording_that_is_closed(folder: Path) -> None:
    recorded(folder, "a", "the marigold")
    (folder / "recordings" / "20261121T010012Z-4f2a9c.mcap.damaged").write_bytes(b"quetzal")
    assert opened(folder).forget(everything=True).files == 2
    assert list((folder / "recordings").iterdir()) == []


def test_a_recording_in_progress_is_rewritten_once_it_is_closed_and_the_list_holds_no_words(folder: Path) -> None:
    options = RecorderOptions(floor_bytes=0)
    recorder = Recorder(folder / "recordings", SessionInfo("live", T0_NS, "glasses"), options=options)
    _say(recorder, "forget the marigold")
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold is blue", session="earlier", turn=1))
    assert store.forget(ids=(fact.id,)) == Gone(1, 0, 1)
    assert "marigold" not in str(store._connection.execute("SELECT * FROM scrub").fetchall())
    store.tidy()
    path = recorder.close()
    assert anywhere(folder, "marigold") == {path.name: ["marigold"]}
    store.close()
    store = opened(folder)  # or `tidy`, when the session ends
    assert anywhere(folder, "marigold") == {}
    assert store._connection.execute("SELECT * FROM scrub").fetchall() == []
    assert len(list(Recording(path).events())) > 1


def test_a_recording_that_cannot_be_rewritten_is_deleted(folder: Path) -> None:
    path = recorded(folder, "s1", "the marigold")
    torn = path.read_bytes()
    path.write_bytes(torn[: len(torn) // 2])
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold", session="s1", turn=1))
    store.forget(ids=(fact.id,))
    assert anywhere(folder, "marigold") == {}


def test_forgetting_that_was_cut_off_is_finished_at_the_next_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(folder, "s1", "the marigold")
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold", session="s1", turn=1))
    with monkeypatch.context() as patched:
        patched.setattr(forgetting.Forgetter, "erase", _killed)
        with pytest.raises(KeyboardInterrupt):
            store.forget(ids=(fact.id,))
    assert anywhere(folder, "marigold") and store.recall("marigold") == ()
    store._connection.close()  # as a process that dies
    opened(folder)
    assert anywhere(folder, "marigold") == {}


def _killed(forgetter: forgetting.Forgetter) -> None:
    raise KeyboardInterrupt


def test_a_reader_that_does_not_let_go_is_told_and_the_bytes_go_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(folder)
    fact, _ = store.memorise(Memory(text="the marigold"))
    store._connection.execute("PRAGMA busy_timeout = 50")
    reader = sqlite3.connect(store.file, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM memory").fetchone() == (1,)
    with pytest.raises(MemoryError_) as raised:
        store.forget(ids=(fact.id,))
    assert raised.value.trouble == "locked" and store.recall("marigold") == ()
    reader.close()
    store.tidy()
    assert anywhere(folder, "marigold") == {}


def test_a_damaged_file_that_was_moved_aside_goes_with_the_next_forgetting(folder: Path) -> None:
    store = opened(folder)
    store.memorise(Memory(text="the marigold"))
    store.close()
    data = bytearray(store.file.read_bytes())
    data[40:90] = b"\xff" * 50
    store.file.write_bytes(data)
    notices: list[str] = []
    store = opened(folder, notice=notices.append)
    assert len(notices) == 1 and list((folder / "memory").glob("memory.damaged-*"))
    store.forget(subject="marigold")
    assert anywhere(folder, "marigold") == {} and not list((folder / "memory").glob("memory.damaged-*"))
