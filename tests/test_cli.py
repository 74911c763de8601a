"""The command line as a person meets it: help that teaches, answers, and errors that say the way out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from companion import commands
from companion.cli import MODES, main, parser
from pipelines.thinking import router
from tests.test_session import sign


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with nothing: no settings, no recordings."""
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    text = capsys.readouterr().out
    for word in ("demo", "run", "ask", "replay", "compare", "sessions", "models", "doctor", "--set section.key=value"):
        assert word in text


def test_ask_reads_a_picture_and_the_session_replays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("menu.png", sign("SOUP 4.50", "Oxford"))
    assert main(["ask", "what does this say", "--image", "menu.png", "--wav", "answer.wav"]) == 0
    assert "oxford" in capsys.readouterr().out.lower()
    assert Path("answer.wav").stat().st_size > 48_000, "at least half a second of sound"
    assert main(["sessions", "list"]) == 0
    assert "desk" in capsys.readouterr().out
    assert main(["sessions", "show", "last"]) == 0
    assert "what does this say" in capsys.readouterr().out
    assert main(["replay", "last"]) == 0
    assert capsys.readouterr().out.startswith("same ")
    assert main(["sessions", "open", "last", "--out", "page.html"]) == 0
    assert "<html" in Path("page.html").read_text()


def test_a_question_that_needs_a_model_fails_with_what_still_works(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "who painted this"]) == 0
    assert "none is set" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ask", "what", "--image", "nothing.jpg"], "nothing.jpg"),
        (["replay", "nothing"], "nothing"),
        (["sessions", "show", "nothing"], "nothing"),
        (["doctor", "--set", "turn.x=1"], "turn.x"),
        (["doctor", "--config", "nothing.toml"], "nothing.toml"),
        (["models", "path", "gigantic"], "gigantic"),
        (["models", "show", "gigantic"], "gigantic"),
        (["models", "try", "gigantic"], "gigantic"),
        (["ask", "what", "--model", "gigantic"], "gigantic"),
        (["ask", "what", "--model", "muse-spark-contributor"], "allow_training"),
        (["doctor", "--set", "model.profiles=nothing.toml", "--set", "model.use=mine"], "nothing.toml"),
        (["ask", "what", "--set", "hearing.model=nowhere"], "nowhere"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(words) != 0
    said = capsys.readouterr()
    line = (said.err + said.out).strip()
    assert told in line and "Traceback" not in line


def test_a_picture_that_is_none_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("milk, eggs")
    assert main(["ask", "what does this say", "--image", "notes.txt"]) == 2
    assert "notes.txt" in capsys.readouterr().err


def test_words_that_only_steer_are_no_question(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "stop"]) == 2
    assert "steers an answer" in capsys.readouterr().err


def test_a_taken_port_says_which_and_how_to_choose_another(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["run", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert str(port) in said and "--port" in said


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--port", "99999"), ("server.port = 99999", "65535")),
        (("--port", "-3"), ("server.port = -3", "65535")),
        (("--set", "push.rtmp_port=70000"), ("push.rtmp_port = 70000", "65535")),
        (("--port", "0", "--set", "server.host=192.0.2.77", "--lan"), ("server.host = 192.0.2.77", "--lan")),
    ],
)
def test_an_address_that_cannot_be_is_named_by_its_setting(
    home: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], told: tuple[str, ...]
) -> None:
    """99999 would have been listened on as 34463."""
    assert main(["run", *flags]) == 2
    said = capsys.readouterr().err
    assert all(part in said for part in told) and "Traceback" not in said, said


def test_a_voice_that_is_not_here_is_named_with_those_that_are(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "hello", "--set", "speaking.voice=orpheus"]) == 2
    said = capsys.readouterr().err
    assert "orpheus" in said and "espeak" in said


def test_a_folder_that_cannot_be_written_is_a_notice_and_no_recording_is_claimed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("in the way")
    assert main(["ask", "hello", "--set", "recording.folder=file/recordings"]) == 0
    said = capsys.readouterr()
    assert "not recording" in said.err and "no longer record" not in said.out


def test_replay_of_something_else_says_what_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("holiday.mcap").write_bytes(b"not a recording at all")
    assert main(["replay", "holiday.mcap"]) == 2
    assert "holiday.mcap" in capsys.readouterr().err


def test_a_tape_with_other_settings_does_not_replay_as_the_same() -> None:
    """The comparison can fail: with other settings, the same tape is decided otherwise."""
    from companion.replay.exact import run_again
    from companion.replay.tape import read_tape
    from pipelines.events import Decision
    from recordings.digest import digest

    tape = read_tape(Path(__file__).parent.parent / "recordings" / "samples" / "platform.mcap")
    tape.settings = {**tape.settings, "turn": {**tape.settings["turn"], "complete_silence_ms": 900}}
    again = [e for e in run_again(tape) if isinstance(e, Decision)]
    assert digest(again) != digest(tape.decisions)


def test_doctor_says_what_works_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for word in ("python", "hearing", "voices", "reading", "model", "recordings"):
        assert word in text


@pytest.mark.parametrize(
    ("words", "use", "described"),
    [
        ([], ("b",), True),
        (["--model", "x"], ("x",), False),
        (["--model", "x,y", "--model", "z"], ("x", "y", "z"), False),
        (["--model", "mine,x"], ("x",), True),
    ],
)
def test_models_named_on_the_command_line_are_the_only_ones(
    home: Path, words: list[str], use: tuple[str, ...], described: bool
) -> None:
    """`described`: whether the model that [model] itself describes is still asked."""
    Path("earshot.toml").write_text(
        '[model]\nname = "mine"\nbase_url = "http://localhost:1"\nmodel = "m"\nuse = ["b"]\n'
    )
    for command in (["run"], ["ask", "what"]):
        settings = commands._settings(parser().parse_args([*command, *words]))
        assert settings.model.use == use and bool(settings.model.base_url) is described
    assert commands._settings(parser().parse_args(["run", *words])).modes.default == "instant"


def test_a_mode_named_on_the_command_line_is_the_default_one(home: Path) -> None:
    settings = commands._settings(parser().parse_args(["ask", "what", "--mode", "contemplating"]))
    assert settings.modes.default == "contemplating"
    assert MODES == router.MODES


def test_doctor_says_of_each_model_what_stands_in_its_way(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--set", "model.use=openai,ollama"]) == 0, "the companion runs without a model"
    lines = [line for line in capsys.readouterr().out.splitlines() if " model " in line]
    assert [line[:4].strip() for line in lines] == ["-", "-"]
    assert "openai" in lines[0] and "no key (OPENAI_API_KEY)" in lines[0]
    assert "ollama" in lines[1] and "not running" in lines[1]
    assert main(["doctor", "--set", "model.use=openai", "--set", "privacy.local_only=true"]) == 0
    assert "local_only is on" in capsys.readouterr().out


def test_the_command_line_starts_without_loading_an_engine() -> None:
    code = (
        "import sys, companion.cli; companion.cli.parser(); "
        "print([m for m in ('numpy', 'av', 'cv2', 'aiortc', 'onnxruntime', 'httpx') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.strip() == "[]"


def test_a_scene_that_is_not_there_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    from device_sim.cli import main as device_sim

    assert device_sim(["check", "nothere"]) == 2
    said = capsys.readouterr().err
    assert "nothere" in said and "demo" in said
