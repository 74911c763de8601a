"""Expectations: what a file may say, with the line of every complaint; what is judged; and pytest running them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from companion.derived import cut_session
from companion.expect import Ran, check, judge, write_expectations
from companion.expectation import Expectation, ExpectError, Frame, Words, load_expectation
from companion.settings import SettingsError
from pipelines import events as ev
from recordings.reader import Recording
from recordings.run import Miss, run_of
from recordings.session import RecordingError
from tests.studio import Studio

MS = ev.MS
ROOT = Path(__file__).parent.parent
PLATFORM = ROOT / "recordings" / "samples" / "platform.mcap"
TURN = "recording: a.mcap\nturns:\n- turn: 3\n"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    (tmp_path / "a.mcap").write_bytes(PLATFORM.read_bytes())

    def written(text: str) -> Path:
        path = tmp_path / "a.expect.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def a_turn() -> list[ev.Happening | ev.Decision]:
    """Turn 3: a question about a picture that a model answers in two chunks; heard at the ear 600 ms after it."""
    frame = ev.FrameScore(42, 0, 1280, 720, 300.0)
    query = (ev.Message("system", "Be brief."), ev.Message("user", "What colour is the door?", 42))
    return [
        ev.SessionStarted(0),
        ev.TurnOpened(1000 * MS, "", 3, "What colour is the door?", "model:look", 100 * MS, 700 * MS),
        ev.FrameChosen(1001 * MS, "sharpest", 3, frame, 120, 5, ""),
        ev.AskModel(1002 * MS, "", 8, 3, query),
        ev.Speak(1200 * MS, "", 9, 0, 3, "The door", "model"),
        ev.Speak(1201 * MS, "", 9, 1, 3, "is red.", "model", last=True),
        ev.PlayMark(1210 * MS, 9, 0, "started"),
        ev.HeardMark(1330 * MS, 9, "first", 1300 * MS),
        ev.TurnClosed(2000 * MS, "", 3, "interrupted", "The door is red.", "The door"),
    ]


def ran(*misses: Miss, same: bool = True, first: tuple[str, ...] = ()) -> Ran:
    run = run_of("a test", a_turn())
    run.misses = misses
    return Ran(run, same, first)


# ------------------------------------------------------------------------------------------------------------- reading


def test_everything_that_can_be_expected_is_read(write: Write, tmp_path: Path) -> None:
    expectation = load_expectation(
        write(
            "recording: a.mcap\nset: {turn.open_silence_ms: 900, speaking.greet: false}\nsame: yes\nturns:\n"
            "- turn: 3\n  asked: {text: what colour is the door, wer: 0.2}\n  intent: model:look\n"
            "  frame: {id: 42, problem: '', max_age_ms: 300}\n  request_contains: [door, '/colou?r/']\n"
            "  says: /red/\n  heard: The door\n  outcome: interrupted\n  budget_ms: 900\n"
            "- turn: 4\n  absent: true\n- turn: 5\n  frame: none\n  request_contains: one\n"
        )
    )
    assert isinstance(expectation, Expectation)
    assert expectation.recording == tmp_path / "a.mcap"
    assert expectation.sets == ("turn.open_silence_ms=900", "speaking.greet=false") and expectation.same
    third, fourth, fifth = expectation.turns
    assert third.asked == Words("what colour is the door", wer=0.2) and third.says == Words(pattern="red")
    assert third.frame == Frame(True, 42, "", 300) and third.budget_ms == 900.0 and third.lines["says"] == 10
    assert third.request_contains == (Words("door"), Words(pattern="colou?r"))
    assert fourth.absent and fifth.frame == Frame(False) and fifth.request_contains == (Words("one"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"a\.expect\.yaml:1: the file is empty"),
        ("same: [", r":1: this is not YAML"),
        ("- 1", r":1: the file: this is no table; write `key: value` pairs"),
        ("same: true", r"names no recording; write `recording: NAME\.mcap`"),
        ("recording: a.mcap", "expects nothing; write `same: true`"),
        ("recording: a.mcap\nsam: true", r":2: sam: this key is not known; known here: recording, same, set, turns"),
        ("recording: a.mcap\nsame: perhaps", r":2: same: 'perhaps' is not right; true or false"),
        ("recording: a.mcap\nsame: true\nsame: true", r":3: same: it is there twice"),
        (TURN + "  says: /[/", r":4: turns\[0\]\.says: '/\[/' is no regular expression"),
        (TURN + "  tool: lights", r":4: turns\[0\]\.tool: the companion calls no tools yet"),
        (TURN + "  outcome: fine", r":4: turns\[0\]\.outcome: 'fine' is not right; one of: answered, stopped"),
        (TURN + "  budget_ms: fast", r":4: turns\[0\]\.budget_ms: 'fast' is not right; a number"),
        (TURN + "  budget_ms: -1", r"a number from 0 on"),
        (TURN + "  frame: {id: 1.5}", r"turns\[0\]\.frame\.id: '1\.5' is not right; a whole number"),
        (TURN + "  frame: yes please", r"'yes please' is not right; one of: none"),
        (TURN + "  asked: {wer: 0.1}", r"it has no text; write \{text: …, wer: 0\.2\}"),
        (TURN + "  asked:", r"it is empty; write a text"),
        (TURN + "  absent: true\n  says: no", r"a turn that is absent can do nothing"),
        (TURN + "- turn: 3", r"turn 3 is there twice"),
        ("recording: a.mcap\nturns:\n- says: hello", "does not say which turn it is of"),
        ("recording: a.mcap\nturns:\n- turn: 0", "turns count from 1"),
        (
            "recording: a.mcap\nsame: true\nset: {turn.opn_ms: 3}",
            r":3: there is no setting 'turn\.opn_ms'|turn\.opn_ms",
        ),
    ],
)
def test_every_complaint_names_line_key_value_and_way_out(write: Write, text: str, complaint: str) -> None:
    with pytest.raises(ExpectError, match=complaint) as told:
        load_expectation(write(text))
    assert "a.expect.yaml" in str(told.value)


def test_a_recording_that_is_not_there_is_named_with_its_line(write: Write) -> None:
    with pytest.raises(ExpectError, match=r"a\.expect\.yaml:2: recording: there is no .*b\.mcap"):
        check(write("same: true\nrecording: b.mcap"))
    with pytest.raises(ExpectError, match="cannot be read"):
        check(Path("nowhere.expect.yaml"))


@pytest.mark.parametrize(
    ("words", "came", "fits"),
    [
        (Words("what's on, the door"), "What’s  on the door?", True),
        (Words("whats on the door"), "Whats on, the DOOR!", True),
        (Words("fourteen oh five"), "14 oh 5", False),
        (Words("the door is red", wer=0.25), "the door was red", True),
        (Words("the door is red", wer=0.2), "the door was red", False),
        (Words(pattern=r"platform \d"), "It says:\n Platform  7.", True),
        (Words(""), "", True),
    ],
)
def test_words_are_compared_as_an_ear_would(words: Words, came: str, fits: bool) -> None:
    assert words.fits(came) is fits


# ------------------------------------------------------------------------------------------------------------- judging

MET = (
    "asked: what colour is the door",
    "intent: model:look",
    "frame: {id: 42, problem: '', max_age_ms: 120}",
    "request_contains: [colour is the, /be brief/]",
    "says: The door is red.",
    "heard: the door",
    "outcome: interrupted",
    "budget_ms: 600",
)
UNMET = (
    ("asked: where is the door", "“where is the door”", "“What colour is the door?”"),
    ("intent: read:read", "read:read", "model:look"),
    ("frame: {id: 41}", "frame 41", "frame 42: sharpest"),
    ("frame: {problem: dark}", "problem 'dark'", "problem ''"),
    ("frame: {max_age_ms: 100}", "at most 100 ms old", "120 ms old"),
    ("frame: none", "none", "frame 42"),
    ("request_contains: window", "“window”", "“Be brief.\nWhat colour is the door?”"),
    ("says: /green/", "/green/", "“The door is red.”"),
    ("heard: the door is red", "“the door is red”", "“The door”"),
    ("outcome: answered", "answered", "interrupted"),
    ("budget_ms: 599", "at most 599 ms from the last word to the first sound", "600 ms"),
    ("absent: true", "no such turn", "it asked “What colour is the door?”"),
)


def test_what_is_as_expected_is_no_failure(write: Write) -> None:
    path = write("same: true\n" + TURN + "".join(f"  {line}\n" for line in MET))
    assert check(path, lambda recording, sets: ran()) == []


@pytest.mark.parametrize(("line", "expected", "came"), UNMET)
def test_what_is_not_as_expected_says_what_came(write: Write, line: str, expected: str, came: str) -> None:
    (failure,) = check(write(f"{TURN}  {line}\n"), lambda recording, sets: ran())
    assert (failure.expected, failure.came, failure.turn, failure.line) == (expected, came, 3, 4)
    assert f"a.expect.yaml:4: turn 3, {line.partition(':')[0]}" in str(failure)


def test_a_turn_that_is_gone_says_where_its_words_went(write: Write) -> None:
    expectation = load_expectation(
        write("recording: a.mcap\nturns:\n- turn: 4\n  says: hello\n- turn: 5\n  absent: true")
    )
    replay = ran()
    replay.run.merged = {4: 3}
    (failure,) = judge(expectation, replay)
    assert failure.came == "its words became part of turn 3"


def test_a_failure_tells_the_first_difference_and_what_the_tape_did_not_have(write: Write) -> None:
    expectation = load_expectation(write("same: true\n" + TURN + "  says: no\n"))
    missed = Miss(3, 0, "model", "turn 3's question was never asked", "stopped here")
    whole, turn = judge(expectation, ran(missed, same=False, first=("decision 7: live [1]", "decision 7: replay [2]")))
    assert (whole.key, whole.notes) == ("same", ("decision 7: live [1]", "decision 7: replay [2]"))
    assert "the replay had no model for this: turn 3's question was never asked (stopped here)" in str(turn)
    assert "decision 7: live" in str(turn)


def test_what_sounds_nowhere_keeps_no_budget(write: Write) -> None:
    quiet = Ran(run_of("quiet", [e for e in a_turn() if not isinstance(e, ev.PlayMark | ev.HeardMark)]), True)
    (failure,) = check(write(f"{TURN}  budget_ms: 600"), lambda recording, sets: quiet)
    assert failure.came == "nothing sounded"


def test_control_characters_of_strangers_are_not_printed(write: Write) -> None:
    expectation = load_expectation(write(f"{TURN}  says: no\n"))
    events = [
        ev.TurnOpened(0, "", 3, "x"),
        ev.Speak(1, "", 1, 0, 3, "\x1b[2J red"),
    ]
    assert "\x1b" not in str(judge(expectation, Ran(run_of("hostile", events), True))[0])


# --------------------------------------------------------------------------------------------- on a recording, for real


def test_what_a_recording_did_is_what_is_expected_of_it(write: Write, tmp_path: Path) -> None:
    path = write_expectations(tmp_path / "a.mcap", (), tmp_path / "a.expect.yaml")
    expectation = load_expectation(path)
    assert [turn.turn for turn in expectation.turns] == [1, 2] and expectation.same
    assert check(path) == []
    with pytest.raises(RecordingError, match="has no turn 7; it has 1, 2"):
        write_expectations(tmp_path / "a.mcap", (7,), path)


@pytest.mark.parametrize(
    "text", ["/slashes/", 'a "quote"', "two\nlines", "\u2028 \x85 \x7f \u202e", "{a: 1}", "# no", "😀"]
)
def test_any_text_that_was_said_can_be_written_and_read(
    text: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        ev.TurnOpened(0, "", 1, text),
        ev.Speak(1, "", 1, 0, 1, text),
        ev.TurnClosed(2, "", 1, "answered", text, text),
    ]
    monkeypatch.setattr(Recording, "events", lambda self: iter(events))
    path = write_expectations(tmp_path / "a.mcap", (1,), tmp_path / "a.expect.yaml")
    (turn,) = load_expectation(path).turns
    assert turn.asked == Words(text) and turn.says == Words(text) and turn.heard == Words(text)


def test_a_changed_setting_is_replayed_and_what_it_moved_is_told(write: Write, tmp_path: Path) -> None:
    studio = Studio(tmp_path, seed=3)
    studio.say("what does this sign say", 1000)
    studio.record(9).rename(tmp_path / "a.mcap")
    assert check(write("recording: a.mcap\nset: {turn.complete_silence_ms: 270}\nsame: true")) == []
    did = check(write("recording: a.mcap\nturns:\n- turn: 1\n  budget_ms: 0"))[0].came
    budget_ms = int(did.removesuffix(" ms")) + 100
    expected = f"same: true\nturns:\n- turn: 1\n  budget_ms: {budget_ms}\n"
    whole, late = check(write(f"recording: a.mcap\nset: {{turn.complete_silence_ms: 700}}\n{expected}"))
    assert whole.key == "same" and "first difference: turn 1" in whole.notes[0]
    assert "complete_silence_ms" in " ".join(whole.notes), "and what caused it"
    assert int(late.came.removesuffix(" ms")) > budget_ms


def test_a_setting_that_the_recording_cannot_take_is_named(write: Write) -> None:
    with pytest.raises((ExpectError, SettingsError), match="complete_silence_ms"):
        check(write("recording: a.mcap\nset: {turn.complete_silence_ms: soon}\nsame: true"))


# -------------------------------------------------------------------------------------------------------------- pytest


def run_pytest(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "companion.pytest_plugin", "-q", "-o", "addopts=", *args]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_a_turn_becomes_a_test_that_pytest_runs_and_that_fails_readably(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    told = cut_session(tmp_path, str(PLATFORM), 1, "reads-the-sign")
    assert told.code == 0, told.text
    expect = Path("tests/recordings/reads-the-sign.expect.yaml")
    assert f"run it: pytest {expect}" in told.text
    again = cut_session(tmp_path, str(PLATFORM), 1, "reads-the-sign")
    assert again.code == 1 and "is there already" in again.text
    assert cut_session(tmp_path, str(PLATFORM), 1, "../out").code == 1
    passed = run_pytest(tmp_path, "-vv")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "reads-the-sign.expect.yaml::same PASSED" in passed.stdout
    assert "reads-the-sign.expect.yaml::turn 1 PASSED" in passed.stdout
    text = expect.read_text()
    expect.write_text(re.sub(r"(?m)^  says: .*", "  says: /platform fifty/", text))
    Path("tests/bad.expect.yaml").write_text("recording: a.mcap\nsamme: true\n")
    failed = run_pytest(tmp_path, "--continue-on-collection-errors")
    assert failed.returncode == 1
    assert "expected  /platform fifty/" in failed.stdout and "came      “Platform " in failed.stdout
    assert "bad.expect.yaml:2: samme: this key is not known" in failed.stdout
    assert "Traceback" not in failed.stdout and "companion/expect.py" not in failed.stdout
