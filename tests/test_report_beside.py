"""The page of two runs: the second one's lanes and words beside the first one's, and what differs, with its cause.

The second runs are decided anew by a scripted session with another setting, or are the first with one thing changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion.report.beside import BesideOptions, second_of, stretches
from companion.report.gather import gather_run
from companion.report.page import write_page
from companion.report.waterfall import two_waterfalls
from pipelines import events as ev
from pipelines.director import DirectorOptions
from recordings.compare import compare
from recordings.run import Event, Miss, Run, Step, run_of
from recordings.writer import Recorder
from tests.scripted import World
from tests.test_report import HOSTILE, Reader, Told, packets, recorded, tone, video, with_media

MS, NS = ev.MS, ev.NS
NAME = "--set turn.complete_silence_ms=700"
DIFF = "--- recorded\n+++ now\n@@ -1,2 +1,2 @@\n-what is this\n+what is this and where is it from\n"


def settings(complete_silence_ms: int) -> dict[str, Any]:
    return {"turn": {"complete_silence_ms": complete_silence_ms}}


def story(complete_silence_ms: int = 300) -> list[Event]:
    """Twenty seconds: two signs are read; how long a pause ends a turn is what can be set."""
    general = DirectorOptions().general
    turn = replace(general.turn, complete_silence_ms=complete_silence_ms)
    s = Told(World(), DirectorOptions(general=replace(general, turn=turn)))
    s.say("what does this sign say", 1000)
    s.say("read the sign", 9000)
    s.run_until(20_000)
    return [*s.with_heard_marks(), ev.SessionEnded(20 * NS, "the device left")]


def changed(run: Run, change: Callable[[Step], Step | None]) -> Run:
    """The run with each step changed, or left out."""
    steps = tuple(step for old in run.steps if (step := change(old)) is not None)
    return replace(run, steps=steps)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("beside"), story(), with_media, settings(300))


@pytest.fixture(scope="module")
def slower() -> Run:
    return run_of(NAME, story(700), settings(700))


@pytest.fixture(scope="module")
def two(session: Path, slower: Run) -> str:
    """The page of the recording, and of the slower run whose second turn nobody ever heard."""
    run = changed(slower, lambda step: replace(step, counterfactual=step.turn == 2))
    opened = next(step.event.t_ns for step in run.steps if isinstance(step.event, ev.TurnOpened) and step.turn == 2)
    run = replace(run, misses=(Miss(2, opened, "model", "POST https://model.example", "stopped here", DIFF),))
    return write_page(session, session.parent / "two.html", run).read_text("utf-8")


def page_of(session: Path, folder: Path, run: Run) -> Reader:
    return Reader(write_page(session, folder / "page.html", run).read_text("utf-8"))


def own(session: Path) -> Run:
    return run_of("again", story(), settings(300))


def with_class(read: Reader, name: str) -> list[dict[str, str]]:
    return [a for _, a in read.elements if name in a.get("class", "").split()]


# ------------------------------------------------------------------------------------------------------- what differs


def test_the_first_difference_comes_first_with_its_cause_and_the_setting(two: str) -> None:
    read = Reader(two)
    first = read.text("first-difference")
    assert "The first difference" in first and "Turn 1" in first and "400 ms later" in first and "Because" in first
    assert "turn.complete_silence_ms" in first
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert ids.index("first-difference") < ids.index("differs-1") < ids.index("differs-2")
    assert "in 2 turns; the first in turn 1" in read.text()


def test_every_difference_has_a_row_and_a_mark(two: str, session: Path, slower: Run) -> None:
    read = Reader(two)
    marks = [a for a in read.all("path") if "data-tick" in a]
    count = len(compare(own(session), slower).differences) + 1  # and the miss
    shown = two.split('id="differs"')[1].split('id="transcript"')[0]
    assert len(marks) == count > 5 and shown.count('<td><button type="button" class="jump"') == count
    assert all(a["aria-label"] and a["role"] == "button" for a in marks)
    assert len([a for a in marks if a["tabindex"] == "0"]) == 1
    numbers = sorted(int(a["data-tick"]) for _, a in read.elements if "data-tick" in a)
    assert numbers == list(range(len(numbers))), "each mark has its own words"


def test_a_replay_is_drawn_under_the_recording_on_one_line_of_time(two: str) -> None:
    read = Reader(two)
    lanes = [a["class"] for a in read.all("div") if a.get("class", "").startswith("lane ")]
    kinds = " ".join(kind.split()[1] for kind in lanes)
    recording, replay = "run wave wave states turns ticks", "run words words states turns ticks"
    assert kinds == f"ruler film {recording} {replay} marks"
    starts = [a["x"] for a in read.all("svg") if a.get("data-turn") == "1"]
    assert len(starts) == 2 and starts[0] == starts[1], "the words began at the same moment in both"
    assert NAME in read.text()


def test_what_nobody_ever_heard_is_hatched_in_the_second_run_only(two: str) -> None:
    read = Reader(two)
    hatches = [a for a in read.all("rect") if a.get("fill") == "url(#hatch)"]
    assert len(hatches) == 5, "one in each lane of B"
    assert len({a["x"] for a in hatches}) == 1 and 40 < float(hatches[0]["x"].rstrip("%")) < 60
    assert [a["id"] for a in read.all("pattern")] == ["hatch"]
    assert "counterfactual" in read.text("turn-2") and "counterfactual" not in read.text("turn-1")
    assert "counterfactual" in read.text("differs-2")


def test_a_miss_shows_its_request_against_the_nearest_one_on_the_tape(two: str) -> None:
    told = Reader(two).text("differs-2")
    assert "POST https://model.example" in told and "stopped here" in told
    lines = re.findall(r'<span class="(plus|minus|place)">([^<]*)</span>', two.replace("\n</span>", "</span>"))
    assert ("minus", "-what is this") in lines and ("plus", "+what is this and where is it from") in lines


def test_both_waterfalls_of_a_turn_stand_on_one_scale(two: str) -> None:
    told = Reader(two).text("turn-1")
    assert "→" in told and "+400" in told and "end of turn" in told
    short = {"total_ms": 100.0, "to_ear": True, "spans": [{"name": "model", "at_ms": 0.0, "ms": 100.0}]}
    long = {"total_ms": 400.0, "to_ear": True, "spans": [{"name": "model", "at_ms": 0.0, "ms": 400.0}]}
    bars = [a["width"] for a in Reader(two_waterfalls(("A", "B"), short, long)).all("rect")]
    assert bars == ["25.00%", "100.00%"]
    assert "no answer sounded" in two_waterfalls(("A", "B"), short, None)
    assert "No latency" in two_waterfalls(("A", "B"), None, None)


def test_another_frame_is_shown_beside_the_one_of_the_recording(session: Path, tmp_path: Path) -> None:
    def other_frame(step: Step) -> Step:
        e = step.event
        if isinstance(e, ev.FrameChosen) and e.turn == 2 and e.frame is not None:
            e = replace(e, frame=replace(e.frame, frame_id=55), reason="the frame at the word")
        return replace(step, event=e)

    read = page_of(session, tmp_path, changed(own(session), other_frame))
    frames = [a["alt"] for a in read.all("img") if a.get("alt", "").endswith("which turn 2 is about")]
    assert frames == ["Frame 7, which turn 2 is about", "Frame 55, which turn 2 is about"]
    assert "the frame at the word" in read.text("turn-2") and "as in A" in read.text("turn-1")


def test_other_words_stand_side_by_side_in_the_transcript(session: Path, tmp_path: Path) -> None:
    def other_words(step: Step) -> Step:
        e = step.event
        if isinstance(e, ev.Speak) and e.turn == 2 and e.text:
            e = replace(e, text="Platform nine.")
        return replace(step, event=e)

    told = page_of(session, tmp_path, changed(own(session), other_words)).text("transcript-box")
    assert "the same words" in told and "Platform nine." in told and "Platform 7. Basel." in told


def test_a_turn_that_one_run_has_not_is_said_so(session: Path, tmp_path: Path) -> None:
    first_only = changed(own(session), lambda step: None if step.turn == 2 else step)
    read = page_of(session, tmp_path, first_only)
    assert "This turn does not exist in B." in read.text("turn-2")
    read = page_of(session, tmp_path, replace(first_only, merged={2: 1}))
    assert "became part of turn 1" in read.text("turn-2") and "A’s turn 2 became part of turn 1 in B" in read.text()

    more = [ev.TurnOpened(18 * NS, "new", 3, "and now", "model", 17 * NS, 18 * NS), ev.TurnClosed(19 * NS, "", 3)]
    read = page_of(session, tmp_path, run_of("more", [*story()[:-1], *more, story()[-1]], settings(300)))
    assert "only in B" in read.text("turn-3") and "and now" in read.text("turn-3")
    assert "TurnOpened is new in B" in read.text("differs-3")


def test_two_runs_that_decided_the_same_say_so(session: Path, tmp_path: Path) -> None:
    read = page_of(session, tmp_path, own(session))
    assert "Both runs decided the same" in read.text() and "every decision of B is the one of A" in read.text()
    assert not [a for a in read.all("path") if "data-tick" in a] and "first-difference" not in read.words


def test_a_comparison_that_was_made_is_taken_as_it_is(session: Path, slower: Run, tmp_path: Path) -> None:
    made = replace(compare(own(session), slower), old="yesterday", new="today")
    told = Reader(write_page(session, tmp_path / "page.html", slower, made).read_text("utf-8")).text()
    assert "A yesterday" in told and "B today" in told


def test_another_recording_is_shown_with_its_own_loudness_and_pictures(session: Path, tmp_path: Path) -> None:
    def media(recorder: Recorder) -> None:
        for i, packet in enumerate(packets(tone(20, 500, (3.0,)))):
            recorder.microphone((i * 20 + 9) * MS, i * 20 * MS, 960 * i, packet)
        for i, (key, data) in enumerate(video(20)):
            recorder.camera((i * 100 + 30) * MS, i * 100 * MS, i + 1, 9000 * i, key, "h264", data)

    other = recorded(tmp_path, story(700), media, settings(700))
    read = Reader(write_page(session, tmp_path / "page.html", other).read_text("utf-8"))
    assert "two recorded sessions" in read.text() and session.name in read.text() and other.name in read.text()
    lanes = [a["class"] for a in read.all("div") if a.get("class", "").startswith("lane wave wearer")]
    assert len(lanes) == 2 and len(read.all("audio")) == 1
    assert "400 ms later" in read.text("first-difference")


# ----------------------------------------------------------------------------------------------------- safe and bounded


def test_a_hostile_second_run_is_shown_as_words(session: Path, tmp_path: Path) -> None:
    def spoil(step: Step) -> Step:
        e = replace(step.event, reason=HOSTILE) if isinstance(step.event, ev.Decision) else step.event
        if isinstance(e, ev.TurnOpened | ev.Speak) and e.text:
            e = replace(e, text=HOSTILE)
        if isinstance(e, ev.TurnClosed):
            e = replace(e, said=HOSTILE, heard="<b>", outcome=HOSTILE)
        return replace(step, event=e, counterfactual=True)

    run = changed(own(session), spoil)
    run = replace(run, name=HOSTILE, misses=(Miss(1, 2 * NS, HOSTILE, HOSTILE, HOSTILE, HOSTILE),))
    run.settings = {HOSTILE: HOSTILE}
    read = page_of(session, tmp_path, run)
    assert [a.get("type", "") for a in read.all("script")] == ["application/json", ""]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not [a for a in read.all("img") if not a.get("src", "data:").startswith("data:")]
    assert read.text().count("alert(1)") > 15
    assert not [1 for _, attributes in read.elements if "style" in attributes]


def test_the_page_of_two_runs_has_no_id_twice_and_points_nowhere(two: str) -> None:
    read = Reader(two)
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in read.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data", "xlink:href"):
            if name in attributes:
                assert re.match(r"data:(image/jpeg|audio/mpeg);base64,|#", attributes[name]), (tag, name)


def test_endless_differences_are_bounded_and_counted(session: Path) -> None:
    old = run_of("old", [ev.Noted(i * MS, "", f"a{i}") for i in range(400)])
    new = run_of("new", [ev.Noted(i * MS, "", f"b{i}") for i in range(400)])
    second = second_of(new, compare(old, new), gather_run(new), BesideOptions(differences=50))
    assert len(second.differences) == 50 and second.left_out == len(compare(old, new).differences) - 50


def test_neighbouring_steps_that_nobody_heard_are_one_stretch() -> None:
    def step(t_s: float, counterfactual: bool) -> Step:
        return Step(ev.Noted(int(t_s * NS)), 1, -1, counterfactual)

    window = Step(ev.VoiceWindow(int(2.5 * NS), 0, 0.1), 1)
    assert stretches([step(1, False), step(2, True), window, step(3, True), step(4, False)]) == [(2.0, 4.0)]
    assert stretches([step(2, True), step(3, True)]) == [(2.0, 3.0)]
    assert stretches([step(2, True), step(1, False), step(5, True), step(6, False)]) == [(2.0, 6.0)]
    assert stretches([]) == []
