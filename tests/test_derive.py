"""Files made of files: a slice still replays, a redacted copy holds nothing of what was dropped, verify finds what is
wrong; and whatever a file holds, the answer is a sentence and the original stays as it was."""

from __future__ import annotations

import hashlib
import random
import re
import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer

from companion.derived import closing_of, cut_session, redact_session, verify_session
from companion.replay import Changes, replay, what_if
from companion.replay.rests import Cut as Rest
from companion.replay.rests import rest_before
from companion.settings import Settings
from pipelines import events as ev
from pipelines.director import RECORDING_STOPPED
from pipelines.events import Kinds
from recordings import channels, instep, redact, session, stored, texts, topics
from recordings.cut import Cut, Wanted, cut
from recordings.derive import Derived, Edit, Extra, Made, derive, provenance_of
from recordings.digest import digest
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead
from recordings.reader import Recording, Stored
from recordings.recover import recover
from recordings.run import Run
from recordings.schema import decode_as, encode
from recordings.session import RecordingError, SessionInfo
from recordings.verify import verify
from recordings.writer import Recorder, RecorderOptions
from tests.everything import filled, record_everything
from tests.studio import Studio, conversation
from tests.test_replay_modes import recorded

MS, NS = ev.MS, ev.NS
PLATFORM = Path(__file__).parent.parent / "recordings" / "samples" / "platform.mcap"
T0_NS = 1_795_222_812_123_456_789
TEST = Made("a test", {"for": "a test"})
SECRET_WORDS = "the code of the cellar door is marigold"
CROP = (40, 30, 200, 100)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight questions of all sorts, some of them into an answer, with a model: the real shell, on virtual time."""
    studio = Studio(tmp_path_factory.mktemp("talk"), seed=4)
    for text, at_ms in conversation(4, 8, 8.0):
        studio.say(text, at_ms)
    return studio.record(75)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """One turn that a model answers, with all that a device can send."""
    options = RecorderOptions(floor_bytes=0)
    recorder = Recorder(tmp_path / "rec", SessionInfo("4f2a9c1e", T0_NS, "test glasses"), options=options)
    question = ev.Message("user", SECRET_WORDS, 7)
    looks_up = ev.ToolCall("call_1", "web_search", '{"query": "marigold"}', "sealed marigold")
    part = ev.View(7, CROP, 640, 88, "picture 2, enlarged 2.0 times")
    after = (
        question,
        ev.Message("assistant", "Marigold?", calls=(looks_up,), carry="sealed marigold"),
        ev.Message("tool", "Marigold Lane 7", call_id="call_1", name="web_search"),
        ev.Message("user", "Here: picture 2.", views=(part,)),
    )
    for event in (
        ev.SessionStarted(0, "tiny", True, "stub", ("espeak",)),
        ev.LinkChanged(1 * MS, "connected", True, True, True, "from kitchen-tablet"),
        ev.DeviceEvent(2 * MS, "battery", "41 percent of Anna's glasses"),
        ev.Transcribed(
            800 * MS, 1, SECRET_WORDS, True, "not one of the phrases: 'marigold'", (ev.Word("marigold", 5, 9),)
        ),
        ev.TurnOpened(900 * MS, f"asked “{SECRET_WORDS}”", 1, SECRET_WORDS, "model:look", 60 * MS, 700 * MS),
        ev.KeepStill(901 * MS, "", 1, 7),
        ev.AskModel(910 * MS, "", 9, 1, (question,), 100, 768, "a model", "thinking", "", ("web_search",)),
        ev.ModelDone(940 * MS, 9, "tool_calls", calls=(looks_up,), carry="sealed marigold"),
        ev.ToolUsed(941 * MS, "", 1, "look_closer", '{"at": "marigold"}', "the marigold follows", views=(part,)),
        ev.KeepStill(942 * MS, "", 1, 7, CROP),
        ev.ConfirmAsked(
            943 * MS, "it looks up", 10, 1, "web_search", looks_up.arguments, "Look up marigold?", "marigold"
        ),
        ev.ConfirmEnded(944 * MS, "", 10, 1, "allowed"),
        ev.RunTool(945 * MS, "", 11, 1, "web_search", looks_up.arguments),
        ev.ToolDone(946 * MS, 11, "Marigold Lane 7", "", ("https://marigold.example/",)),
        ev.AskModel(947 * MS, "", 12, 1, after, 100, 768, "a model", "thinking"),
        ev.Aside(950 * MS, "", 1, "source", "https://marigold.example/"),
        ev.ModelText(1100 * MS, 12, "mari"),
        ev.TextRead(1120 * MS, 2, 7, (ev.TextLine("Marigold Lane 7", 0.9),)),
        ev.CodesRead(1130 * MS, 3, 7, (ev.Code("qr", "https://marigold.example/7"),)),
        ev.Noted(1140 * MS, f"the ear got: {SECRET_WORDS!r}", "heard less"),
        ev.DeviceEvent(1150 * MS, RECORDING_STOPPED, "not recording: the disk of kitchen-tablet is full"),
        ev.TurnClosed(2500 * MS, "", 1, "answered", SECRET_WORDS, SECRET_WORDS),
        ev.SessionEnded(2600 * MS, "from kitchen-tablet"),
    ):
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)  # type: ignore[arg-type]
    for i in range(50):
        recorder.microphone((i * 20 + 5) * MS + 3, i * 20 * MS, 960 * i, b"wearer's opus %d" % i)
        recorder.answer((i * 20 + 1100) * MS, 2, b"answered opus %d" % i)
        recorder.camera(
            (i * 20 + 9) * MS, i * 20 * MS, i + 1, 3600 * i, i % 10 == 0, "h264", b"seen\0\1" + bytes(i % 7)
        )
    address = "http://model.example/v1/chat?about=marigold"
    recorder.http(
        920 * MS, HttpBegin(1, 1, 920 * MS, "POST", address, ("content-length", "61"), b'{"say":"marigold"}', 9)
    )
    recorder.http(1050 * MS, HttpHead(1, 130 * MS, 200, ("content-length", "99", "server", "stub")))
    recorder.http(1090 * MS, HttpChunk(1, 170 * MS, b"data: marigold\n\n"))
    recorder.http(1200 * MS, HttpEnd(1, 200, 280 * MS))
    recorder.voiced(stored.VoiceBlock(1210 * MS, 2, 0, 480, (ev.Word("marigold"),)))
    recorder.read(1220 * MS, "memory", "marigold")
    recorder.still(930 * MS, ev.View(7), b"\xff\xd8 a cellar door", "a model", 9)
    recorder.still(948 * MS, part, b"\xff\xd8 its lock")
    recorder.still(949 * MS, part, b"\xff\xd8 its lock", "a model", 12)
    recorder.sender_report(1230 * MS, "camera", 1 << 40, 3600)
    recorder.log(1240 * MS, "WARNING", "session", f"could not say {SECRET_WORDS!r}")
    recorder.attach("notes.txt", "text/plain", b"marigold is the word")
    return recorder.close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def messages(path: Path, *without: str) -> list[Stored]:
    return [message for message in Recording(path).messages() if message.topic not in without]


def turns_of(path: Path) -> list[int]:
    return [d.turn for d in Recording(path).decisions() if isinstance(d, ev.TurnOpened)]


def lines_of(run: Run) -> list[str]:
    return [repr(step.event) for step in run.steps if isinstance(step.event, ev.Decision)]


# ------------------------------------------------------------------------------------------------------------ deriving


def test_a_copy_is_the_same_session_byte_for_byte_and_says_where_it_comes_from(told: Path, tmp_path: Path) -> None:
    before = sha256(told)
    made = derive(told, tmp_path / "copy.mcap", Edit(), TEST)
    assert messages(made.path) == messages(told)
    assert not made.dropped
    copy = Recording(made.path)
    assert copy.info == Recording(told).info
    assert copy.attachments.keys() == {*Recording(told).attachments, session.PROVENANCE}
    assert provenance_of(copy) == {
        "made_by": "a test",
        "tool_version": session.RECORDER,
        "what": {"for": "a test"},
        "parent": {"file": told.name, "sha256": before, "session": "4f2a9c1e"},
        "replays": True,
        "why": "",
    }
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert sha256(told) == before
    assert verify(made.path).well


def test_a_copy_of_a_copy_knows_its_grandparent_and_the_same_copy_is_the_same_file(told: Path, tmp_path: Path) -> None:
    first, again = (derive(told, tmp_path / name, Edit(), TEST).path for name in ("a.mcap", "b.mcap"))
    assert first.read_bytes() == again.read_bytes()
    second = derive(first, tmp_path / "c.mcap", Edit(), Made("a test", {}, True)).path
    parent = provenance_of(Recording(second))["parent"]
    assert parent["sha256"] == sha256(first)
    assert parent["provenance"]["parent"]["sha256"] == sha256(told)


def test_what_does_not_replay_hands_that_down(told: Path, tmp_path: Path) -> None:
    bare = redact.redact(told, tmp_path / "a.mcap", ["words"]).derived.path
    found = provenance_of(Recording(derive(bare, tmp_path / "b.mcap", Edit(), TEST).path))
    assert found["replays"] is False
    assert "marks" in found["why"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), share=st.floats(0.0, 1.0))
def test_whatever_units_are_left_out_the_index_stays_in_step(
    told: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, share: float
) -> None:
    dice = random.Random(seed)
    out = tmp_path_factory.mktemp("out") / "some.mcap"
    dropped: set[int] = set()

    def keep(message: Stored) -> bool:
        if message.topic in instep.TRACKS and dice.random() < share:
            dropped.add(message.sequence)
            return False
        return True

    derive(told, out, Edit(keep), TEST)
    left, whole = Recording(out), Recording(told)
    kept = [m for m in whole.messages(tuple(instep.TRACKS)) if m.sequence not in dropped]
    assert list(left.messages(tuple(instep.TRACKS))) == kept
    for track in ("microphone", "camera", "answers"):
        units = list(getattr(whole, track)())
        assert [unit for unit in units if unit in list(getattr(left, track)())] == list(getattr(left, track)())
    assert verify(out).well


def test_an_index_whose_units_are_all_gone_goes_too(told: Path, tmp_path: Path) -> None:
    edit = Edit(lambda message: message.topic != session.CAMERA)
    out = derive(told, tmp_path / "out.mcap", edit, TEST).path
    tracks = {Recording(out).decoded(stored.MediaIndex, m).track for m in messages(out) if m.topic == "/media/index"}
    assert tracks == {"microphone", "answer"}


@pytest.mark.parametrize(
    ("out", "told_of"),
    [
        ("there.mcap", "is there already"),
        ("rec", "is a folder"),
        ("rec/20261121T010012Z-4f2a9c.mcap", "is the original itself"),
    ],
)
def test_nothing_is_overwritten_without_a_word(told: Path, tmp_path: Path, out: str, told_of: str) -> None:
    (tmp_path / "there.mcap").write_bytes(b"mine")
    original = told.rename(tmp_path / "rec" / "20261121T010012Z-4f2a9c.mcap")
    with pytest.raises(RecordingError, match=told_of):
        derive(original, tmp_path / out, Edit(), TEST)
    assert (tmp_path / "there.mcap").read_bytes() == b"mine"
    assert derive(original, tmp_path / "there.mcap", Edit(), TEST, overwrite=True).size_bytes > 1000
    with pytest.raises(RecordingError, match="original itself"):
        derive(original, original, Edit(), TEST, overwrite=True)


def test_a_failure_on_the_way_leaves_nothing_behind(told: Path, tmp_path: Path) -> None:
    def keep(message: Stored) -> bool:
        if message.sequence > 40:
            raise OSError(28, "No space left on device")
        return True

    with pytest.raises(RecordingError, match="No space left"):
        derive(told, tmp_path / "out" / "x.mcap", Edit(keep), TEST)
    with pytest.raises(RecordingError, match="nothing would be left"):
        derive(told, tmp_path / "out" / "x.mcap", Edit(lambda message: False), TEST)
    assert not list((tmp_path / "out").iterdir())


def test_a_torn_original_is_used_as_far_as_it_goes(told: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(told.read_bytes()[: told.stat().st_size * 6 // 10])
    made = derive(torn, tmp_path / "out.mcap", Edit(), TEST)
    assert made.torn
    assert verify(made.path).well
    assert messages(made.path) == messages(torn)


def test_a_session_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, SessionInfo("open", T0_NS), options=RecorderOptions(floor_bytes=0))
    try:
        for act in (lambda: derive(recorder.path, tmp_path / "out.mcap", Edit(), TEST), lambda: verify(recorder.path)):
            with pytest.raises(RecordingError, match="being recorded right now"):
                act()  # type: ignore[no-untyped-call]
    finally:
        recorder.close()


# ------------------------------------------------------------------------------------------------------------- cutting


def sliced(source: Path, turn: int, out: Path) -> Cut:
    closing = closing_of(Settings.from_plain(Recording(source).settings))
    return cut(source, out, Wanted(turn), rest_before(source, turn), closing)


@pytest.mark.parametrize("name", ["platform", "talk"])
def test_every_turn_cut_out_is_decided_again_alike(name: str, talk: Path, tmp_path: Path) -> None:
    source = talk if name == "talk" else PLATFORM
    before, live = sha256(source), [repr(d) for d in Recording(source).decisions()]
    for turn in turns_of(source):
        made = sliced(source, turn, tmp_path / f"turn{turn}.mcap")
        again = replay(made.derived.path)
        assert again.same, (turn, again.line, again.differences)
        found = verify(made.derived.path)
        assert found.well, (turn, found.faults)
        own = [repr(d) for d in Recording(made.derived.path).decisions()]
        closing = next((i for i, d in enumerate(own) if "'cut here'" in d or "the session ends" in d), len(own))
        start = live.index(own[0])
        assert own[:closing] == live[start : start + closing], "times and numbers are those of the session"
        assert turn in turns_of(made.derived.path)
        assert made.derived.size_bytes < made.derived.source_bytes
    assert sha256(source) == before


def test_a_slice_answers_what_if_as_the_whole_does(talk: Path, tmp_path: Path) -> None:
    changes = Changes(sets=("turn.complete_silence_ms=400",))
    turn = turns_of(talk)[-1]
    whole = lines_of(what_if(talk, changes)[1])
    part = lines_of(what_if(sliced(talk, turn, tmp_path / "a.mcap").derived.path, changes)[1])
    mine = [line for line in part if f"turn={turn}" in line and "TurnClosed" not in line]
    assert mine and set(mine) <= set(whole)


def test_a_slice_holds_the_media_that_its_turn_needs_from_a_key_frame_on(tmp_path: Path) -> None:
    whole, made = Recording(PLATFORM), sliced(PLATFORM, 2, tmp_path / "a.mcap")
    part = Recording(made.derived.path)
    units = list(part.camera())
    needed = min(d.start_ns for d in part.decisions() if isinstance(d, ev.Look | ev.Transcribe))
    assert units[0].key and units[0].media_ns <= needed
    assert units == [u for u in whole.camera() if units[0].media_ns <= u.media_ns and u.t_ns <= units[-1].t_ns]
    assert next(part.microphone()).media_ns <= needed
    assert not list(part.stills()), "turn 2 looked at nothing, and the picture of turn 1 is nobody's business"
    assert [s.sha256 for s in Recording(sliced(PLATFORM, 1, tmp_path / "b.mcap").derived.path).stills()] == [
        s.sha256 for s in whole.stills()
    ]


@pytest.fixture(scope="module")
def closer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A question for which a model looks closer at the picture and looks again, and two more about it."""
    return recorded(tmp_path_factory.mktemp("closer"), "thinking", 5)


def test_a_slice_has_the_parts_of_pictures_that_its_turn_looked_at(closer: Path, tmp_path: Path) -> None:
    whole = list(Recording(closer).stills())
    assert sum(1 for still in whole if still.box) == 2, "one part, kept and sent"
    for turn in turns_of(closer):
        made = sliced(closer, turn, tmp_path / f"{turn}.mcap")
        part = Recording(made.derived.path)
        asked = {d.request for d in part.decisions() if isinstance(d, ev.AskModel)}
        stills = list(part.stills())
        assert {still.request for still in stills if still.request} <= asked
        assert [s for s in whole if s.request in asked] == [s for s in stills if s.request]
        assert any(still.box for still in stills) == (turn == 1)
        assert replay(made.derived.path).same and verify(made.derived.path).well


def test_of_one_frame_a_slice_has_what_its_own_turn_was_shown_of_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "two", SessionInfo("4f2a9c1e", T0_NS), options=RecorderOptions(floor_bytes=0))
    recorder.happening(ev.SessionStarted(0))
    for turn, box in ((1, CROP), (2, (0, 0, 0, 0))):
        recorder.happening(ev.Typed(turn * NS, "what is this"))
        recorder.decision(ev.TurnOpened(turn * NS, "", turn, "what is this"))
        recorder.decision(ev.KeepStill(turn * NS, "", turn, 7, box))
        recorder.decision(ev.TurnClosed(turn * NS + 1, "", turn, "answered"))
    recorder.still(3 * NS, ev.View(7, CROP), b"kept for turn 1, late")
    recorder.still(3 * NS, ev.View(7), b"kept for turn 2")
    recorder.happening(ev.SessionEnded(9 * NS))
    path = cut(recorder.close(), tmp_path / "a.mcap", Wanted(start_ns=2 * NS - 1, end_ns=8 * NS)).derived.path
    assert [(s.box, s.jpeg) for s in Recording(path).stills()] == [((), b"kept for turn 2")]


def test_a_slice_says_that_a_task_and_a_timer_are_in_it(tmp_path: Path) -> None:
    led = recorded(tmp_path / "led", "led", 1)
    told = cut_session(tmp_path, str(led), turns_of(led)[-1], out=tmp_path / "a.mcap")
    assert told.code == 0 and "it holds the words of a task from before it" in told.text
    timed = recorded(tmp_path / "timer", "timer", 1)
    turns = [sliced(timed, turn, tmp_path / f"{turn}.mcap").under_way for turn in turns_of(timed)]
    assert ("a timer",) in turns and turns[0] == ()


def test_what_was_thought_for_nothing_holds_no_words_of_a_turn(told: Path, tmp_path: Path) -> None:
    history = (ev.Remembered(0, 1, "", kind="model", tokens=900), ev.Remembered(1, 2, "what is this"))
    start = Rest(3, 99, ev.Resumed(3 * MS, history=history), (1,))
    assert cut(told, tmp_path / "a.mcap", Wanted(1), start).remembered == 1


def test_a_slice_says_whose_words_are_in_it(talk: Path, tmp_path: Path) -> None:
    turn = turns_of(PLATFORM)[-1]
    assert sliced(PLATFORM, turn, tmp_path / "a.mcap").remembered == turn - 1
    resumed = [h for h in Recording(tmp_path / "a.mcap").happenings() if isinstance(h, ev.Resumed)]
    assert len(resumed) == 1
    assert cut(PLATFORM, tmp_path / "b.mcap", Wanted(2)).others == (1,), "from the session's beginning"


def test_a_slice_from_the_beginning_or_of_a_time_needs_no_state(tmp_path: Path) -> None:
    closing = closing_of(Settings.from_plain(Recording(PLATFORM).settings))
    first = cut(PLATFORM, tmp_path / "a.mcap", Wanted(1), closing=closing)
    assert replay(first.derived.path).same
    seconds = cut(PLATFORM, tmp_path / "b.mcap", Wanted(start_ns=0, end_ns=12 * NS), closing=closing)
    assert replay(seconds.derived.path).same
    assert Recording(tmp_path / "b.mcap").info.session == Recording(PLATFORM).info.session
    middle = cut(PLATFORM, tmp_path / "c.mcap", Wanted(start_ns=5 * NS, end_ns=9 * NS))
    assert not middle.replays
    assert provenance_of(Recording(tmp_path / "c.mcap"))["replays"] is False
    assert verify(tmp_path / "c.mcap").well
    happened = [h.t_ns for h in Recording(tmp_path / "c.mcap").happenings()]
    assert happened[0] < NS and happened[1] >= 5 * NS and happened[-1] <= 9 * NS


@pytest.mark.parametrize(
    ("wanted", "told_of"),
    [
        (Wanted(9), "has no turn 9: it has turns 1 to 2"),
        (Wanted(start_ns=9, end_ns=3), "an end after the start"),
        (Wanted(start_ns=90 * NS, end_ns=99 * NS), r"it ends at \d+\.\d s"),
    ],
)
def test_a_slice_of_nothing_is_refused(wanted: Wanted, told_of: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=told_of):
        cut(PLATFORM, tmp_path / "a.mcap", wanted)
    assert not list(tmp_path.iterdir())


def test_requests_are_in_a_slice_from_begin_to_end_or_not_at_all(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "rec", SessionInfo("4f2a9c1e", T0_NS), options=RecorderOptions(floor_bytes=0))
    recorder.happening(ev.SessionStarted(0))
    recorder.http(1 * NS, HttpBegin(1, 1, 1 * NS, "POST", "http://a/", (), b"{}"))
    recorder.happening(ev.Typed(2 * NS, "one"))
    recorder.decision(ev.TurnOpened(2 * NS, "", 2, "one"))
    recorder.http(3 * NS, HttpEnd(1, 200, 2 * NS))
    recorder.http(4 * NS, HttpBegin(2, 2, 4 * NS, "POST", "http://a/", (), b"{}"))
    recorder.decision(ev.TurnClosed(5 * NS, "", 2, "answered"))
    recorder.happening(ev.Typed(6 * NS, "two"))
    recorder.http(60 * NS, HttpEnd(2, 200, 56 * NS))
    recorder.happening(ev.SessionEnded(70 * NS))
    made = cut(recorder.close(), tmp_path / "a.mcap", Wanted(start_ns=2 * NS, end_ns=5 * NS))
    assert [p.exchange for p in Recording(made.derived.path).http()] == [2, 2]
    assert verify(made.derived.path).well


# ----------------------------------------------------------------------------------------------------------- redacting


@pytest.mark.parametrize(
    "kinds", [*((k,) for k in redact.KINDS), *((k,) for k in redact.LEVELS), ("device", "no-media")]
)
def test_what_is_dropped_is_gone_and_what_is_left_replays_if_it_can(
    kinds: tuple[str, ...], talk: Path, tmp_path: Path
) -> None:
    for i, source in enumerate((PLATFORM, talk)):
        made = redact.redact(source, tmp_path / f"{i}.mcap", kinds)
        found = verify(made.derived.path)
        assert found.well, found.faults
        assert made.replays == (not {"http", "words"} & set(made.kinds))
        if made.replays:
            again = replay(made.derived.path)
            assert again.same, (again.line, again.differences)
            if "device" not in made.kinds:
                assert found.digest == digest(Recording(source).decisions())
    assert made.derived.size_bytes > 0


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(kinds=st.sets(st.sampled_from(sorted(redact.KINDS)), min_size=1))
def test_any_kinds_can_go_and_the_rest_stays_as_it_was(
    told: Path, tmp_path_factory: pytest.TempPathFactory, kinds: set[str]
) -> None:
    out = tmp_path_factory.mktemp("out") / "out.mcap"
    made = redact.redact(told, out, kinds)
    assert verify(out).well
    recording, raw = Recording(out), out.read_bytes()
    assert len(list(recording.events())) == 23
    traces = {
        "camera": b"seen\0\1",
        "stills": b"\xff\xd8 ",
        "microphone": b"wearer's opus",
        "answer": b"answered opus",
        "http": b'"say"',
        "device": b"kitchen-tablet",
    }
    for kind, trace in traces.items():
        assert (trace in raw) == (kind not in made.kinds), kind
    assert (b"marigold" in raw.lower()) == ("words" not in made.kinds)
    if not kinds & {"words", "http", "device"}:
        assert [
            m for m in messages(told) if m.topic in {m.topic for m in messages(out)} and "/media" not in m.topic
        ] == [m for m in messages(out) if "/media" not in m.topic]


def test_marks_tell_the_same_text_and_nothing_of_it(told: Path, tmp_path: Path) -> None:
    names = ("a", "b")
    marks = []
    for name in names:
        redact.redact(told, tmp_path / f"{name}.mcap", ["words"])
        events = list(Recording(tmp_path / f"{name}.mcap").events())
        opened = next(e for e in events if isinstance(e, ev.TurnOpened))
        closed = next(e for e in events if isinstance(e, ev.TurnClosed))
        heard = next(e for e in events if isinstance(e, ev.Transcribed))
        assert opened.text == closed.said == closed.heard == heard.text
        assert opened.reason == "asked [text]" and heard.words[0].text == "[text]"
        assert opened.intent == "model:look" and closed.outcome == "answered"
        assert [p.body for p in Recording(tmp_path / f"{name}.mcap").http() if isinstance(p, HttpBegin)] == [b""]
        assert [p.headers for p in Recording(tmp_path / f"{name}.mcap").http() if isinstance(p, HttpHead)] == [
            ("server", "stub")
        ]
        lines = [line.text for line in Recording(tmp_path / f"{name}.mcap").logs()]
        assert lines[0] == "recording of session 4f2a9c1e started" and lines[1].startswith("[text ")
        marks.append(opened.text)
    assert marks[0] != marks[1], "a mark cannot be looked up in another file"
    assert len(marks[0]) == len("[text 3f2a9c41d0]")
    assert (
        session.SETTINGS in Recording(told).attachments
        and "notes.txt" not in Recording(tmp_path / "a.mcap").attachments
    )


def test_every_text_that_an_event_can_hold_is_known_or_hidden() -> None:
    """A new text field is hidden until somebody says in `recordings.texts` what it is."""
    hidden = set()
    for cls in reachable([*Kinds.HAPPENINGS.values(), *Kinds.DECISIONS.values(), *topics.OWN.values()]):
        hints = get_type_hints(cls)
        for f in fields(cls):
            if "str" in str(hints[f.name]):
                name = f"{cls.__name__}.{f.name}"
                shown = name in texts.KEPT or name in texts.PIECES or name in texts.QUOTING or f.name == "reason"
                hidden |= set() if shown else {name}
    assert hidden == {
        *("Alarm.place", "Alarm.text", "Aside.text", "Caption.text", "Code.article", "Code.note", "Code.payload"),
        *("ConfirmAsked.arguments", "ConfirmAsked.phrase"),
        *("Device.name", "Resumed.microphone", "Resumed.place", "Whereabouts.told"),
        *("ConfirmAsked.text", "DeviceEvent.value", "Guide.goal", "Guide.said", "Guide.seen", "HttpBegin.url"),
        *("HttpEnd.error", "Message.call_id", "Message.carry", "Message.text", "ModelDone.carry", "ModelFailed.detail"),
        *("Forget.subject", "Memory.answer", "Memory.place", "Memory.session", "Memory.subject", "Memory.text"),
        *("Memory.thumb", "Recall.query", "Recall.question", "Recall.subject", "Resumed.untold", "Resumed.offered"),
        *("Read.value", "Remembered.caption", "Remembered.heard", "Remembered.links", "Remembered.question"),
        *(
            "Remembered.shown",
            "Remembered.sources",
            "Resumed.last_said",
            "RunTool.arguments",
            "Speak.text",
            "TextLine.text",
        ),
        *("ToolCall.arguments", "ToolCall.call_id", "ToolCall.carry", "ToolDone.sources", "ToolDone.text"),
        *("ToolInfo.description", "ToolInfo.parameters", "ToolUsed.arguments", "ToolUsed.text", "ToolsChanged.detail"),
        *("Transcribed.text", "TurnClosed.heard", "TurnClosed.said", "TurnOpened.text", "Typed.text"),
        "WorkFailed.detail",
    }


@pytest.mark.parametrize("cls", [*Kinds.HAPPENINGS.values(), *Kinds.DECISIONS.values(), *topics.OWN.values()])
def test_only_names_are_left_of_an_event_however_deep_its_texts_lie(cls: type) -> None:
    hidden = texts.TextHider(b"k" * 32).hide(filled(cls, lambda field: f"the words of “{field}”"))
    left = {found[1] for text in texts_in(hidden) if (found := re.search("“(.*)”", text))}
    assert left <= texts.KEPT | {"HttpBegin.url"}
    assert not {field for field in left if field.rpartition(".")[2] in ("text", "arguments", "heard", "carry", "links")}


def texts_in(thing: Any) -> Iterator[str]:
    if is_dataclass(thing):
        thing = tuple(getattr(thing, f.name) for f in fields(thing))
    if isinstance(thing, str | bytes):
        yield thing if isinstance(thing, str) else thing.decode()
    elif isinstance(thing, tuple):
        for inner in thing:
            yield from texts_in(inner)


def test_a_tools_words_are_marks_and_its_name_is_a_name(told: Path, tmp_path: Path) -> None:
    path = redact.redact(told, tmp_path / "a.mcap", ["words"]).derived.path
    events = list(Recording(path).events())
    done = next(e for e in events if isinstance(e, ev.ModelDone))
    used, asked, run = (
        next(e for e in events if isinstance(e, kind)) for kind in (ev.ToolUsed, ev.ConfirmAsked, ev.RunTool)
    )
    assert (used.name, asked.tool, run.name, done.calls[0].name) == ("look_closer", *["web_search"] * 3)
    assert done.calls[0].arguments == asked.arguments == run.arguments, "the same words have the same mark"
    assert run.arguments.startswith("[text ") and done.carry.startswith("[text ")
    last = [e for e in events if isinstance(e, ev.AskModel)][-1]
    assert (last.model, last.mode) == ("a model", "thinking")
    assert [m.name for m in last.messages] == ["", "", "web_search", ""]
    assert last.messages[2].call_id == last.messages[1].calls[0].call_id, "which result is whose can still be told"
    assert last.messages[3].views[0].box == CROP


def test_without_stills_no_part_of_a_picture_is_left_but_where_it_was(told: Path, tmp_path: Path) -> None:
    path = redact.redact(told, tmp_path / "a.mcap", ["stills"]).derived.path
    assert not list(Recording(path).stills())
    index = [Recording(path).decoded(stored.StillIndex, m) for m in messages(path) if m.topic == session.STILL_INDEX]
    assert [(i.frame_id, i.box, i.request) for i in index] == [(7, (), 9), (7, CROP, 0), (7, CROP, 12)]


def reachable(classes: list[type]) -> Iterator[type]:
    seen: set[type] = set()
    while classes:
        cls = classes.pop()
        if cls in seen:
            continue
        seen.add(cls)
        yield cls
        for hint in get_type_hints(cls).values():
            classes += [a for a in (hint, *getattr(hint, "__args__", ())) if is_dataclass(a) and isinstance(a, type)]


def test_what_is_known_of_topics_is_what_the_recorder_writes() -> None:
    written = channels._layout()
    assert written.keys() == {topic for topic in written if topics.is_known(topic)}
    assert {*topics.FOXGLOVE, *topics.OWN} <= written.keys()


def with_a_strange_topic(source: Path, out: Path) -> Path:
    """The same file with one message more, on a topic of a later version."""
    info = Recording(source).info
    with out.open("wb") as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start()
        writer.add_metadata("session", info.metadata())
        known: dict[str, int] = {}
        for message in [*Recording(source).messages(), Stored("/later/mood", 9_999, 2 * NS, 2 * NS, b"\x0a\x05angry")]:
            name, shape = channels._layout().get(message.topic, ("later.Mood", b""))
            if message.topic not in known:
                schema = writer.register_schema(name, "protobuf", shape)
                known[message.topic] = writer.register_channel(message.topic, "protobuf", schema)
            t_ns = info.t0_unix_ns + message.t_ns
            writer.add_message(
                known[message.topic], t_ns, message.data, info.t0_unix_ns + message.media_ns, message.sequence
            )
        writer.finish()
    return out


def test_a_topic_of_a_later_version_is_kept_in_copies_and_left_out_of_what_is_shared(
    told: Path, tmp_path: Path
) -> None:
    later = with_a_strange_topic(told, tmp_path / "later.mcap")
    found = verify(later)
    assert found.well, found.faults
    assert any("/later/mood is not known" in note for note in found.notes)
    assert b"angry" in derive(later, tmp_path / "a.mcap", Edit(), TEST).path.read_bytes()
    made = redact.redact(later, tmp_path / "b.mcap", ["camera"])
    assert made.unknown == ("/later/mood",)
    assert b"angry" not in made.derived.path.read_bytes()


def test_what_can_be_dropped_is_said() -> None:
    with pytest.raises(RecordingError, match=r"'sound' is no kind .* microphone.*no-media \(camera"):
        redact.kinds_of(["sound"])
    with pytest.raises(RecordingError, match="Say what to drop: camera"):
        redact.kinds_of([])
    assert redact.kinds_of(["words"]) == ("http", "words")


# ----------------------------------------------------------------------------------------------------------- verifying


def test_whole_files_are_found_whole(told: Path, talk: Path, tmp_path: Path) -> None:
    for path in (PLATFORM, told, talk, record_everything(tmp_path / "every")):
        found = verify(path)
        assert found.well, found.faults
        assert found.digest == digest(Recording(path).decisions())
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(PLATFORM.read_bytes()[:400_000])
    assert not verify(torn).well
    mended = verify(recover(torn).path)
    assert mended.faults == [] or all("units are in the media index" in f or "exchange" in f for f in mended.faults)


def first_chunk_at(raw: bytes) -> int:
    at = 8
    while raw[at] != 6:
        at += 9 + struct.unpack_from("<Q", raw, at + 1)[0]
    return at


def test_a_single_wrong_bit_is_found(told: Path, tmp_path: Path) -> None:
    raw = told.read_bytes()
    dice, bad = random.Random(7), tmp_path / "bad.mcap"
    for _ in range(300):
        at = dice.randrange(first_chunk_at(raw), len(raw))
        changed = bytearray(raw)
        changed[at] ^= 1 << dice.randrange(8)
        bad.write_bytes(changed)
        assert not verify(bad).well, f"bit at byte {at} of {len(raw)}"


def changing(topic: str, change: Callable[[Stored], bool | bytes]) -> Edit:
    return Edit(lambda message: change(message) if message.topic == topic else True)


def part_of(message: Stored) -> Any:
    return decode_as(stored.HttpPart, message.data).part


def still_index(message: Stored, **changes: Any) -> bytes:
    return encode(replace(decode_as(stored.StillIndex, message.data), **changes))


def still_of(data: bytes) -> bytes:
    picture = topics.FOXGLOVE[session.STILL].FromString(data)
    picture.data = b"another picture"
    return bytes(picture.SerializeToString())


@pytest.mark.parametrize(
    ("edit", "told_of"),
    [
        (changing("/camera/still", lambda m: still_of(m.data)), "is not the one indexed"),
        (changing("/camera/still", lambda m: False), "is in the index, but not in the file"),
        (changing("/media/still", lambda m: False), "a picture without its index"),
        (changing("/media/still", lambda m: still_index(m, box=(1, 2, 3))), "[1, 2, 3] is no part of frame 7"),
        (changing("/media/still", lambda m: still_index(m, box=(9, 9, 0, 4))), "[9, 9, 0, 4] is no part of frame 7"),
        (changing("/media/still", lambda m: still_index(m, request=99)), "question 99, which nobody asked"),
        (changing("/decision/AskModel", lambda m: False), "went with question 12, which nobody asked"),
        (changing("/media/index", lambda m: False), "is not in the media index"),
        (changing("/model/http", lambda m: not isinstance(part_of(m), HttpEnd)), "was begun and has no end"),
        (changing("/model/http", lambda m: not isinstance(part_of(m), HttpBegin)), "which is not under way"),
        (changing("/event/Typed", lambda m: True), ""),
        (changing("/decision/TurnOpened", lambda m: b"\xff\xff"), "is not what this topic holds"),
        (changing("/decision/TurnOpened", lambda m: encode(ev.TurnOpened(5))), "says 5 ns, its place"),
        (Edit(extras=(Extra(ev.Typed(5, "x"), 1),)), "numbers must rise"),
    ],
)
def test_what_a_session_cannot_be_is_found(edit: Edit, told_of: str, told: Path, tmp_path: Path) -> None:
    found = verify(derive(told, tmp_path / "a.mcap", edit, TEST).path)
    assert found.well == (not told_of)
    assert told_of in "\n".join(found.faults)


def test_a_schema_that_is_another_is_found(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = dict(channels._layout())
    layout["/event/Typed"] = ("earshot.Typed", layout["/event/DeviceEvent"][1])
    layout["/event/DeviceEvent"] = ("earshot.Typed", layout["/event/Typed"][1])
    monkeypatch.setattr(channels, "_LAYOUT", layout)
    found = verify(with_a_strange_topic(told, tmp_path / "a.mcap"))
    assert any("/event/DeviceEvent: its schema is earshot.Typed" in fault for fault in found.faults)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_hostile_files_give_a_sentence_and_nothing_else(
    told: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    dice, folder = random.Random(seed), tmp_path_factory.mktemp("hostile")
    raw = bytearray(told.read_bytes())
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(raw))
        match dice.randrange(4):
            case 0:
                raw[at : at + 8] = dice.randbytes(8)
            case 1:
                raw[at : at + 8] = struct.pack("<Q", dice.choice([0, 1, 2**31, 2**63, 2**64 - 1]))
            case 2:
                del raw[at : at + dice.randrange(1, 200)]
            case _:
                raw = raw[: max(at, 20)]
    bad = folder / "bad.mcap"
    bad.write_bytes(raw)
    before = sha256(bad)
    acts: list[Callable[[], Any]] = [
        lambda: verify(bad),
        lambda: redact.redact(bad, folder / "a.mcap", ["words", "device"]),
        lambda: cut(bad, folder / "b.mcap", Wanted(1)),
        lambda: derive(bad, folder / "c.mcap", Edit(), TEST),
    ]
    for act in acts:
        try:
            act()
        except RecordingError as why:
            assert str(bad) in str(why) or "message" in str(why)
    assert sha256(bad) == before
    assert all(name in ("a.mcap", "b.mcap", "bad.mcap", "c.mcap") for name in (p.name for p in folder.iterdir()))


# ------------------------------------------------------------------------------------------------- as a person does it


def test_cut_redact_and_verify_as_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = str(PLATFORM)
    cut_out = cut_session(tmp_path, source, 2)
    assert cut_out.code == 0, cut_out.text
    assert "it replays: same" in cut_out.text and "the words of 1 earlier turn" in cut_out.text
    assert verify_session(tmp_path, "platform-turn2.mcap").code == 0
    again = cut_session(tmp_path, source, 2)
    assert again.code == 1 and "is there already" in again.text
    bare = redact_session(tmp_path, source, ["camera,stills"])
    assert bare.code == 0 and "it replays as the original does" in bare.text, bare.text
    assert verify_session(tmp_path, "platform-without-camera-stills.mcap").text.endswith("all well")
    words = redact_session(tmp_path, source, ["words"], Path("w.mcap"))
    assert words.code == 0 and "still in it, and telling of the same: camera, stills, microphone, answer" in words.text
    assert "it does not replay" in words.text
    for outcome in (redact_session(tmp_path, source, ["sound"]), cut_session(tmp_path, source, 7)):
        assert outcome.code == 1
    Path("bad.mcap").write_bytes(PLATFORM.read_bytes()[:300_000])
    torn = verify_session(tmp_path, "bad.mcap")
    assert torn.code == 1 and "companion sessions recover" in torn.text
    Path("film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(60))
    assert "is an MP4 video" in verify_session(tmp_path, "film.mp4").text


def test_words_of_strangers_cannot_steer_a_terminal(told: Path, tmp_path: Path) -> None:
    made = Made("a test", {"cut": "\x1b[2J\x07 boo"})
    path = derive(told, tmp_path / "a.mcap", Edit(), made).path
    assert "\x1b" not in verify_session(tmp_path, str(path)).text


@pytest.mark.parametrize("table", [b"[]", b"{", b"\xff", b"[" * 100_000, b'{"mine": 1}', b" " * 70_000 + b"{}"])
def test_provenance_that_is_not_ours_says_nothing(told: Path, table: bytes) -> None:
    recording = Recording(told)
    recording.__dict__["attachments"] = {session.PROVENANCE: table}
    assert provenance_of(recording) == {}


def test_what_is_derived_says_what_it_left_out(told: Path, tmp_path: Path) -> None:
    made: Derived = redact.redact(told, tmp_path / "a.mcap", ["no-media", "words"]).derived
    assert made.dropped_attachments == ("notes.txt",)
    assert {session.CAMERA, session.MICROPHONE, session.ANSWER, session.STILL} <= made.dropped.keys()
    assert provenance_of(Recording(made.path))["what"]["level"] == "text-hashed"
