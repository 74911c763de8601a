"""What a developer types: look, replay, change one thing, keep it, share it. On the samples, as the docs tell it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from companion.cli import main

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "recordings" / "samples"
CUT_OFF = str(SAMPLES / "cut-off.mcap")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tour_of_the_readme(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Turn 3 was cut off; a longer silence mends it, and every report says so."""
    assert main(["why", CUT_OFF, "--turn", "3"]) == 0
    assert "what is this" in capsys.readouterr().out
    assert main(["replay", CUT_OFF]) == 0
    assert capsys.readouterr().out.startswith("same ")
    reports = ["--json", "r.json", "--junit", "r.xml", "--page", "r.html"]
    assert main(["replay", CUT_OFF, "--set", "turn.end_silence_ms=700", *reports]) == 1
    said = capsys.readouterr().out
    assert "asked: “what is this” → “what is this code”" in said
    assert "sent: a question to the model → nothing" in said and "computed anew" in said
    assert json.loads(Path("r.json").read_text())["report"] == 1
    assert ElementTree.parse("r.xml").getroot() is not None
    assert "what is this code" in Path("r.html").read_text()


def test_a_slice_replays_and_answers_as_the_whole_does(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "cut", CUT_OFF, "--turn", "3", "--out", "slice.mcap"]) == 0
    assert main(["sessions", "verify", "slice.mcap"]) == 0
    capsys.readouterr()
    assert main(["replay", "slice.mcap", "--set", "turn.end_silence_ms=700"]) == 1
    assert "asked: “what is this” → “what is this code”" in capsys.readouterr().out


def test_a_slice_as_a_test_is_run_by_pytest(home: Path) -> None:
    assert main(["sessions", "cut", CUT_OFF, "--turn", "3", "--as-test", "cut-off", "--out", "kept"]) == 0
    command = [sys.executable, "-m", "pytest", "-q", "-p", "companion.pytest_plugin", "kept/cut-off.expect.yaml"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert subprocess.run(command, env=env, capture_output=True).returncode == 0
    wanted = Path("kept/cut-off.expect.yaml")
    wanted.write_text(wanted.read_text().replace('asked: "what is this"', 'asked: "what is this code"'))
    failed = subprocess.run(command, env=env, capture_output=True, text=True)
    assert failed.returncode == 1 and "what is this code" in failed.stdout


def test_what_is_redacted_is_gone_and_the_rest_replays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "redact", CUT_OFF, "--drop", "no-media", "--out", "bare.mcap"]) == 0
    assert main(["replay", "bare.mcap"]) == 0
    assert Path("bare.mcap").stat().st_size < Path(CUT_OFF).stat().st_size / 3


def test_a_film_and_a_page_are_made_of_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "export", CUT_OFF, "--out", "film.mp4"]) == 0
    assert main(["sessions", "open", CUT_OFF, str(SAMPLES / "slow-turn.mcap"), "--out", "two.html"]) == 0
    assert Path("film.mp4").stat().st_size > 100_000 and "slow-turn" in Path("two.html").read_text()


def test_many_are_replayed_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["replay", str(SAMPLES), "--jobs", "2", "--store", "kept", "--junit", "all.xml"]
    assert main(command) == 0
    count = len(list(SAMPLES.glob("*.mcap")))
    assert f"{count} same" in capsys.readouterr().out
    assert main(command) == 0
    assert f"{count} skipped" in capsys.readouterr().out
    assert len(ElementTree.parse("all.xml").getroot().findall(".//testcase")) == count


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["replay", "nowhere"], "nowhere"),
        (["replay", CUT_OFF, "--set", "turn.end_silense_ms=1"], "end_silence_ms"),
        (["replay", CUT_OFF, "--rules", "none.toml"], "none.toml"),
        (["replay", CUT_OFF, "--cassette", "live", "--set", "model.base_url=", "--set", "model.model="], "--model"),
        (["sessions", "cut", CUT_OFF, "--turn", "9"], "turns 1 to 3"),
        (["sessions", "redact", CUT_OFF, "--drop", "smell"], "smell"),
        (["sessions", "verify", "nowhere"], "nowhere"),
        (["why", CUT_OFF, "--turn", "9"], "9"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_way_out(
    command: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) in (1, 2)
    said = capsys.readouterr()
    assert told in said.out + said.err and "Traceback" not in said.err
