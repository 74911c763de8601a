"""One screen for one turn: it says what the recording knows, says what it does not know, and never outgrows the screen.

The recordings are scripted conversations in virtual time, as the page's tests make them, and the bundled sample.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from companion.terminal import Screen, columns, safe, screen_of, wrapped
from companion.thumbnail import picture_of, thumbnail
from companion.why import why
from pipelines import events as ev
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording
from recordings.writer import Recorder
from tests.scripted import World
from tests.test_report import HOSTILE, Told, recorded, video
from tests.test_report_thinking import conversation, kept

MS, NS = ev.MS, ev.NS
SAMPLE = Path(__file__).parent.parent / "recordings" / "samples" / "platform.mcap"
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sign is read; a model is asked with a picture, answers long, and is stopped."""
    s = Told(World(model_answer="Once there was a lamp. " * 8))
    s.say("what does this sign say", 1000)
    s.say("what do you think of this place", 8000)
    s.say("stop", 13_500, 500)
    s.run_until(20_000)
    s.feed(ev.SessionEnded(20 * NS))

    def media(recorder: Recorder) -> None:
        for i, (key, data) in enumerate(video(120)):
            recorder.camera(i * 100 * MS, i * 100 * MS, i + 1, i * 9000, key, "h264", data)
        recorder.still(3 * NS, ev.View(7), jpeg(200), "")
        body = b'{"picture": "[sha256:abc]"}'
        recorder.http(
            10 * NS, HttpBegin(1, 2, 10 * NS, "POST", "https://model.example/v1", ("content-length", "31000"), body)
        )
        recorder.http(10 * NS, HttpChunk(1, 200 * MS, b"data: Once"))
        recorder.http(10 * NS, HttpEnd(1, 200, 300 * MS))

    return recorded(tmp_path_factory.mktemp("why"), s.with_heard_marks(), media)


def jpeg(blue: int) -> bytes:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, :, 0] = blue
    return cv2.imencode(".jpg", picture)[1].tobytes()


def parts(text: str) -> dict[str, str]:
    """Name of a part -> its text as one line."""
    found: dict[str, str] = {}
    name = "HEAD"
    for line in SGR.sub("", text).split("\n"):
        if line[:8].strip() and line[:8].strip().isupper():
            name, line = line[:8].strip(), line[8:]
        found[name] = " ".join(f"{found.get(name, '')} {line}".split())
    return found


def told(path: Path, turn: int | None = None, screen: Screen | None = None) -> dict[str, str]:
    outcome = why(path, turn, screen)
    assert outcome.code == 0, outcome.text
    return parts(outcome.text)


# ------------------------------------------------------------------------------------------------------ what it says


def test_the_last_turn_is_told_unless_another_is_asked_for(session: Path) -> None:
    assert told(session)["HEAD"].startswith("turn 2 of 2, at 0:1")
    assert told(session, 1)["HEAD"].startswith("turn 1 of 2, at 0:0")


def test_a_sign_that_was_read_is_told_from_word_to_ear(session: Path) -> None:
    one = told(session, 1)
    assert "“what does this sign say”" in one["HEARD"] and "accepted" in one["HEARD"]
    assert re.search(r"frame \d+, \d+x\d+", one["SAW"]) and "ms old when chosen" in one["SAW"]
    assert "the last word" in one["SAW"] and "sharpness" in one["SAW"] and "why: " in one["SAW"]
    assert "frame:sharpness" in one["SAW"] and ">" in one["SAW"] and "rule sharp-steady-near/read" in one["SAW"]
    assert "read: " in one["SAW"]
    assert one["SENT"] == "nothing left this device for this turn"
    assert "all of it, first sound at" in one["EAR"]
    assert "ms from the last word to the ear" in one["WENT"] and "█" in one["WENT"]


def test_a_question_for_a_model_says_to_whom_how_much_and_what_came_back(session: Path) -> None:
    sent = told(session, 2)["SENT"]
    assert "31,000 bytes to model.example: status 200 after 300 ms" in sent
    assert "10 bytes came back, the first of them after 200 ms" in sent and "letters" in sent


def test_an_answer_that_was_cut_says_where_and_why(session: Path) -> None:
    two = told(session, 2)
    assert "—”" in two["EAR"] and "the wearer said stop" in two["EAR"] and "cut at" in two["EAR"]
    closed = next(e for e in Recording(session).decisions() if isinstance(e, ev.TurnClosed) and e.turn == 2)
    assert closed.heard and closed.heard in two["EAR"] and closed.said.startswith(closed.heard)


def test_the_spans_are_those_of_the_recording_and_lie_end_to_end() -> None:
    text = why(SAMPLE, 1).text
    rows = re.findall(r"^ {8}([a-z ]+?) +([\d,]+) ms ( *)([▏▎▍▌▋▊▉█]+)$", text, re.M)
    total = int(re.search(r"WENT +([\d,]+) ms", text)[1].replace(",", ""))  # type: ignore[index]
    assert sum(int(ms) for _, ms, _, _ in rows) == pytest.approx(total, abs=len(rows))
    starts = [len(blank) for _, _, blank, _ in rows]
    assert starts == sorted(starts) and starts[0] == 0


def test_a_turn_that_is_not_there_lists_those_that_are(session: Path) -> None:
    outcome = why(session, 9)
    assert outcome.code == 1 and "has no turn 9" in outcome.text
    assert "“what does this sign say”" in outcome.text and "“what do you think of this place”" in outcome.text


# ---------------------------------------------------------------------------------------------------------- the models


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    story = conversation()
    return recorded(tmp_path_factory.mktemp("asked"), story, lambda recorder: kept(recorder, story))


def test_a_question_says_its_mode_its_models_its_tools_and_what_it_looked_closer_at(asked: Path) -> None:
    one = told(asked, 1)
    assert "thinking, as the wearer asked: first-model failed (overloaded), then second-model answered" in one["MODEL"]
    assert "3 tools: look_closer, calculate, lamp__state" in one["MODEL"]
    _, _, w, h = next(e.box for e in Recording(asked).decisions() if isinstance(e, ev.KeepStill) and any(e.box))
    assert f"looked closer at {w}x{h} of frame 7" in one["MODEL"]
    assert "4,406 tokens in (3,600 cached), 194 out (80 reasoning), price not known" in one["MODEL"]
    assert "frame 7 and 1 part of it" in one["SENT"]


def test_a_plan_says_what_the_wearer_said_to_it_and_a_price_is_in_dollars(asked: Path) -> None:
    assert "asked the wearer before mail__send: allowed" in told(asked, 2)["MODEL"]
    assert "out (40 reasoning), $0.0010" in told(asked, 2)["MODEL"]
    assert 'mail__send {"to": "Anna", "text": "running late"}' in told(asked, 3)["MODEL"]


def test_a_contemplated_question_says_how_far_its_workers_came(asked: Path) -> None:
    model = told(asked, 4)["MODEL"]
    assert "reader done (first-model)" in model and "knower failed" in model and "synthesiser done" in model


def test_a_recording_of_before_says_nothing_of_models(session: Path) -> None:
    assert "MODEL" not in told(SAMPLE, 1)


# ---------------------------------------------------------------------------------------------- when things are missing


def test_a_session_without_a_camera_says_that_nothing_was_seen(tmp_path: Path) -> None:
    s = Told(World(frame=None))
    s.say("what does this sign say", 1000)
    s.run_until(8000)
    saw = told(recorded(tmp_path, s.story))["SAW"]
    assert saw.startswith("no picture: ") and "no frame" in saw


def test_a_file_without_the_picture_still_tells_of_the_frame(tmp_path: Path) -> None:
    s = Told(World())
    s.say("what does this sign say", 1000)
    s.run_until(8000)
    one = told(recorded(tmp_path, s.story), None, Screen(colours="full"))
    assert "it is not in the recording" in one["SAW"] and "sharpness" in one["SAW"]
    assert "the device did not say when it heard" in one["EAR"] and "to our own output" in one["WENT"]


def test_a_torn_recording_says_what_is_missing(session: Path, tmp_path: Path) -> None:
    torn = tmp_path / session.name
    torn.write_bytes(session.read_bytes()[: int(session.stat().st_size * 0.5)])
    outcome = why(torn)
    assert "torn" in outcome.text.lower() and "Traceback" not in outcome.text


def test_a_recording_without_turns_and_a_file_that_is_none(tmp_path: Path) -> None:
    empty = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(NS)])
    outcome = why(empty)
    assert outcome.code == 1 and "nobody asked anything" in outcome.text
    (tmp_path / "notes.mcap").write_text("hello")
    outcome = why(tmp_path / "notes.mcap")
    assert outcome.code == 1 and "notes.mcap" in outcome.text


def test_a_turn_that_was_open_when_the_recording_ended(tmp_path: Path) -> None:
    story = [
        ev.TurnOpened(2 * NS, "enough", 1, "tell me a story", "model:talk", 1 * NS, 1500 * MS),
        ev.AskModel(2 * NS, "a question", 3, 1, (ev.Message("user", "tell me a story"),), 100, 768),
    ]
    one = told(recorded(tmp_path, story))
    assert "no request was recorded" in one["SENT"] and one["SAID"] == "nothing"
    assert "no sound was handed to the link" in one["EAR"] and "not known: nothing sounded" in one["WENT"]
    assert "nothing is recorded of how the words were recognised" in one["HEARD"]


# ----------------------------------------------------------------------------------------------------------- the screen


@pytest.mark.parametrize("colours", ["none", "grey", "256", "full"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_it_fits_the_screen(session: Path, asked: Path, width: int, colours: str) -> None:
    for path, turn in ((session, 1), (session, 2), (SAMPLE, 1), *((asked, turn) for turn in (1, 2, 3, 4))):
        lines = why(path, turn, Screen(width, 40, colours)).text.split("\n")  # type: ignore[arg-type]
        assert len(lines) <= 40
        assert max(columns(SGR.sub("", line)) for line in lines) <= width


def test_hostile_words_neither_steer_the_terminal_nor_outgrow_it(tmp_path: Path) -> None:
    nasty = f"\x1b[2J\x1b]0;owned\x07{HOSTILE} \u202e {'very long ' * 200}{'x' * 500}"
    frame = ev.FrameScore(7, 900 * MS, 1, 1, 1.0, 1.0, 1.0, 1.0)
    story = [
        ev.Looked(1100 * MS, 4, (frame,) * 50),
        ev.FrameChosen(1100 * MS, nasty, 1, frame, 200, 50, nasty, nasty),
        ev.TurnOpened(1200 * MS, nasty, 1, nasty, nasty, 500 * MS, 1000 * MS),
        ev.TextRead(1300 * MS, 5, 7, (ev.TextLine(nasty, 0.5),) * 20),
        ev.AskModel(1310 * MS, nasty, 6, 1, (ev.Message(nasty, nasty, 7),), 9, 9),
        ev.ModeChosen(1310 * MS, nasty, 1, nasty, True),
        *(ev.ToolUsed(1311 * MS, nasty, 1, nasty, nasty, nasty, nasty) for _ in range(9)),
        ev.ConfirmAsked(1312 * MS, nasty, 1, 1, nasty, nasty, nasty, nasty),
        ev.WorkerChanged(1313 * MS, nasty, 1, nasty, nasty, nasty),
        ev.ModelDone(1315 * MS, 6, "stop", 10**9, 10**9, 10**9, 10**9),
        ev.ModelFailed(1320 * MS, 6, nasty, nasty),
        ev.Speak(1400 * MS, nasty, 9, 0, 1, nasty, nasty, nasty, 1, True),
        ev.ChunkVoiced(1450 * MS, 9, 0, NS),
        ev.PlayMark(1500 * MS, 9, 0, "started"),
        ev.PlayMark(1600 * MS, 9, 0, "stopped", 100 * MS),
        ev.TurnClosed(1700 * MS, nasty, 1, nasty, nasty, nasty[:40]),
    ]

    def media(recorder: Recorder) -> None:
        for i in range(5):
            recorder.http(1310 * MS, HttpBegin(i, 1, 1310 * MS, nasty, nasty, (), nasty.encode()))
            recorder.http(1320 * MS, HttpEnd(i, 500, MS, nasty))
        recorder.still(1200 * MS, ev.View(7), jpeg(200), nasty)

    for colours in ("none", "full"):
        text = why(recorded(tmp_path / colours, story, media), 1, Screen(colours=colours)).text  # type: ignore[arg-type]
        assert len(text.split("\n")) <= 40
        assert "\x1b" not in SGR.sub("", text) and "\x07" not in text and "\u202e" not in text


def test_the_thumbnail_shows_the_kept_picture_in_the_colours_there_are(session: Path) -> None:
    picture, source = picture_of(Recording(session), 7)
    assert picture is not None and source == "as it was kept"
    full = thumbnail(picture, 32, 9, "full")
    assert len(full) == 9 and all(SGR.sub("", row) == "▀" * 32 for row in full)
    blues = [int(b) for b in re.findall(r"38;2;\d+;\d+;(\d+)", "".join(full))]
    assert blues and all(abs(b - 200) < 8 for b in blues)
    assert "38;5;20" in "".join(thumbnail(picture, 32, 9, "256"))  # blue 215 of the cube
    assert not SGR.search("".join(thumbnail(picture, 32, 9, "grey")))
    assert thumbnail(picture, 32, 9, "none") == []
    upright = thumbnail(np.zeros((160, 90, 3), np.uint8), 32, 9, "grey")
    assert len(upright) == 9 and len(upright[0]) == 10


def test_a_frame_that_was_not_kept_is_decoded_from_the_video(session: Path) -> None:
    picture, source = picture_of(Recording(session), 45)
    assert picture is not None and source == "decoded from the video"
    assert float(picture.mean()) == pytest.approx(40 + 15 * 4, abs=6)
    assert picture_of(Recording(session), 9999)[0] is None


def test_what_was_sent_goes_before_what_was_kept(tmp_path: Path) -> None:
    def media(recorder: Recorder) -> None:
        recorder.still(NS, ev.View(7), jpeg(50), "")
        recorder.still(2 * NS, ev.View(7), jpeg(200), "model.example")

    picture, source = picture_of(Recording(recorded(tmp_path, [ev.SessionStarted(0)], media)), 7)
    assert picture is not None and source == "as it was sent" and picture[0, 0, 0] > 150


@pytest.mark.parametrize(
    ("tty", "env", "colours"),
    [
        (False, {"COLORTERM": "truecolor"}, "none"),
        (True, {"COLORTERM": "truecolor", "TERM": "xterm-256color"}, "full"),
        (True, {"TERM": "xterm-256color"}, "256"),
        (True, {"TERM": "vt100"}, "grey"),
        (True, {"TERM": "xterm-256color", "NO_COLOR": "1"}, "grey"),
        (True, {"TERM": "dumb"}, "none"),
    ],
)
def test_colours_are_used_where_there_are_some(tty: bool, env: dict[str, str], colours: str) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return tty

    assert screen_of(Stream(), env).colours == colours


def test_text_is_cut_and_wrapped_by_columns_not_letters() -> None:
    assert columns("日本") == 4 and columns("e\u0301") == 1
    assert wrapped("日本語の長い文", 6, 2) == ["日本", "語の…"] or all(
        columns(r) <= 6 for r in wrapped("日本語の長い文", 6, 2)
    )
    assert wrapped("a b c", 3, 5) == ["a b", "c"]
    assert (
        all(columns(row) <= 10 for row in wrapped("x" * 95, 10, 20)) and "".join(wrapped("x" * 95, 10, 20)) == "x" * 95
    )
    assert safe("a\tb\nc\x1bd") == "a b c\ufffdd"
