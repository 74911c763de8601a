"""The bench beside other frameworks, without them: what its table says of what the client wrote, and how it skips."""

from __future__ import annotations

import json
import sys
import urllib.request
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from companion.settings import load
from device_sim.stand_in_model import MODEL_ID
from tests.bench import bench_peers
from tests.bench.peers import clips, places, runs, servers
from tests.bench.peers.runs import Figures, Run, figures
from tests.bench.peers.table import ROWS, bars, plain, table


def turn(v2v_ms: float, clip: str = "describe_this", **more: object) -> dict[str, object]:
    return {"clip": clip, "v2v_ms": v2v_ms, **more}


CLIENT = {
    "sessions": [
        {
            "turns": [
                turn(900.0),
                turn(400.0),
                turn(420.0, barge_ms=180.0, barge_stopped=True),
                turn(440.0, "read_the_sign", barge_ms=7800.0, barge_stopped=False),
                turn(20.0, early=True),
                {"clip": "describe_this", "no_answer": True},
            ]
        }
    ]
}
USAGE = {"usage": {"cpu_pct": 11.4, "rss_mb_peak": 240.2, "host_busy_pct": 31.0}}


def test_the_cold_turn_early_answers_and_missing_ones_are_kept_out_of_the_median_and_counted() -> None:
    found = figures(CLIENT, USAGE)
    assert found.v2v == (400.0, 420.0, 440.0) and found.median == 420
    assert found.by_clip == {"describe_this": (400.0, 420.0), "read_the_sign": (440.0,)}
    assert (found.early, found.missing, found.barge, found.not_stopped) == (1, 1, (180.0,), 1)
    assert (found.cpu_percent, found.memory_mb, found.host_busy_percent, found.problem) == (11.4, 240.2, 31.0, "")
    assert figures({"sessions": [{"turns": []}]}, {}).problem == "no turn was played"


def results() -> dict[tuple[str, str], Figures]:
    fine = Figures(v2v=(400.0, 450.0, 470.0), barge=(150.0, 180.0), cpu_percent=10.0, memory_mb=250.0)
    return {
        ("questions", "earshot"): fine,
        ("questions", "pipecat"): Figures(v2v=(1020.0, 1040.0)),
        ("commands", "earshot"): Figures(v2v=(300.0,), by_clip={"can_you_hear_me": (300.0,)}),
        ("loss", "earshot"): Figures(v2v=(560.0,)),
        ("barge", "earshot"): fine,
        ("barge", "pipecat"): Figures(problem="did not run: no port"),
    }


def test_the_bars_are_our_own_column_against_what_we_promise() -> None:
    told = {bar.name: (bar.value, bar.met) for bar in bars(results())}
    assert told["question, median"] == (450, True) and told["command, median"] == (300, True)
    assert told["loss and jitter, over clean"] == (110, False)
    assert told["8 sessions, over one"] == (None, None)


def test_the_table_shows_every_server_its_problem_and_who_was_skipped() -> None:
    text = table(results(), ["earshot", "pipecat"], {"fastrtc": "no such package"})
    assert "450 / 466 (3)" in text and "1030 / 1038 (2)" in text and "can you hear me" in text
    assert "pipecat, barge: did not run: no port" in text and "fastrtc was skipped: no such package" in text
    as_json = json.loads(json.dumps(plain(results(), {"fastrtc": "no such package"}, quick=True)))
    assert as_json["rows"]["questions"]["earshot"]["median_ms"] == 450 and as_json["quick"]
    assert as_json["rows"]["barge"]["pipecat"] == {"problem": "did not run: no port"}


def test_clips_are_what_the_client_takes_and_equally_loud(tmp_path: Path) -> None:
    for path in clips.write((*clips.QUESTIONS, *clips.COMMANDS, *clips.READINGS, clips.BARGE), tmp_path):
        with wave.open(str(path)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
            pcm = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float)
        assert abs(20 * np.log10(np.sqrt(np.mean(pcm**2)) / 32768) + 20) < 1


def test_every_row_is_planned_for_whom_it_concerns(tmp_path: Path) -> None:
    planned = bench_peers.plan(servers.SERVERS, tuple(row.name for row in ROWS), tmp_path, turns=20)
    asked = {(run.row, run.server.name) for run in planned}
    assert len(asked) == len(planned) == 5 * 4 + 3
    assert {run.first_ms for run in planned if run.row.startswith("first")} == {0, 800}
    assert all(run.tokens_per_s == 50 for run in planned)


def test_without_the_client_the_bench_says_so_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench_peers", "--harness", str(tmp_path), "--work", str(tmp_path / "work")])
    bench_peers.main()
    out = capsys.readouterr().out.splitlines()
    assert "bench-peers was skipped" in out[0] and "--harness or EARSHOT_BENCH" in out[0]
    assert "all" in json.loads(out[-1])["skipped"]


def test_a_framework_that_cannot_be_had_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(command: list[str], **_: object) -> SimpleNamespace:
        python = Path(command[3]) / "bin" / "python" if "venv" in command else None
        if python is not None:
            python.parent.mkdir(parents=True)
            python.touch()
        return SimpleNamespace(returncode=int("pip" in command), stdout="", stderr="WARNING: x\nERROR: no such version")

    monkeypatch.setattr(places.subprocess, "run", refused)
    there, skipped = bench_peers._there(servers.SERVERS, places.Places(tmp_path, tmp_path, tmp_path))
    assert [server.name for server in there] == ["earshot"]
    assert skipped["pipecat"].endswith("ERROR: no such version")
    assert not (tmp_path / "pipecat").exists(), "half an environment was left behind"
    assert "livekit is skipped" in capsys.readouterr().out


def test_our_own_column_runs_with_default_settings_but_for_sounds_that_are_no_answer(tmp_path: Path) -> None:
    words = servers.command(servers.EARSHOT, places.Places(tmp_path, tmp_path, tmp_path)).split()
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    settings = load(sets=[item.replace("{llm}", "http://127.0.0.1:1/v1") for item in sets], env={})
    assert settings.turn == load(env={}).turn and settings.segmenter == load(env={}).segmenter
    assert settings.recording.on and not settings.speaking.greet and not settings.speaking.earcons


def test_the_stand_in_is_a_server_of_its_own(tmp_path: Path) -> None:
    run = Run(servers.EARSHOT, "questions", (), turns=1)
    with runs._stand_in(run) as url, urllib.request.urlopen(f"{url}/models") as answer:
        assert json.loads(answer.read())["data"][0]["id"] == MODEL_ID
