"""Hostile recordings: whatever a file holds, reading it ends in what could be read or in a clear error.

A few dozen files here; `make fuzz` does thousands (FUZZ_CASES of them, from the seed FUZZ_FIRST on). Each batch runs in
a process of its own, so that a crash, a hang or a hunger for memory is a finding and not the end of the suite. To look
at one: `python -m tests.fuzz.examine --first SEED --cases 1 recordings/samples/platform.mcap …`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import events as ev
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions
from tests.everything import record_everything
from tests.fuzz.mutations import MUTATIONS, hostile
from tests.long_talk import TalkOptions, record_talk
from tests.test_replay_modes import recorded

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "recordings" / "samples" / "platform.mcap"
MS = ev.MS


def tiny(folder: Path) -> Path:
    """A second with a little of everything; 40 kB, most of them schemas."""
    recorder = Recorder(folder, SessionInfo("tiny", 10**18, "a test"), options=RecorderOptions(floor_bytes=0))
    recorder.happening(ev.SessionStarted(0, "tiny", True, "stub", ("espeak",)))
    recorder.happening(ev.LinkChanged(1 * MS, "connected", True, True, True))
    for i in range(40):
        recorder.microphone(i * 20 * MS, i * 20 * MS, 960 * i, b"opus%d" % i)
        recorder.happening(ev.VoiceWindow(i * 32 * MS + 5, i * 32 * MS, 0.9 if i % 20 > 5 else 0.01, -20.0))
    recorder.camera(9 * MS, 1 * MS, 1, 3600, True, "h264", b"\0\0\1" + bytes(60))
    recorder.decision(ev.TurnOpened(900 * MS, "whole", 1, "what does it say", "read", 60 * MS, 700 * MS))
    recorder.decision(ev.Speak(950 * MS, "", 1, 0, 1, "It says", "status", "espeak", 170))
    recorder.http(980 * MS, HttpBegin(1, 1, 980 * MS, "POST", "https://model.example/v1", (), b'{"model":"stub"}'))
    recorder.http(990 * MS, HttpChunk(1, 10 * MS, b"data: Quite\n\n"))
    recorder.http(995 * MS, HttpEnd(1, 200, 15 * MS))
    recorder.still(996 * MS, ev.View(1), b"\xff\xd8jpeg", "model.example")
    recorder.answer(997 * MS, 1, b"answer opus")
    recorder.happening(ev.SessionEnded(1300 * MS, "over"))
    return recorder.close()


def examined(good: list[Path], first: int, cases: int, slow: int, limit_s: int) -> list[str]:
    """What one process found wrong with these seeds; how it died, if it did."""
    command = [sys.executable, "-m", "tests.fuzz.examine", "--first", str(first), "--cases", str(cases)]
    command += ["--slow", str(slow), *map(str, good)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return [f"seeds {first} to {first + cases - 1}: no end within {limit_s} s"]
    if done.returncode:
        return [f"seeds {first} to {first + cases - 1}: exit {done.returncode}\n{done.stderr[-2000:]}"]
    findings: list[str] = json.loads(done.stdout.splitlines()[-1])["findings"]
    return findings


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What the hostile files are made from: small ones first. In the scripted ones a model looks closer, a plan is
    allowed, and several models are at one question."""
    folder = tmp_path_factory.mktemp("good")
    small = [tiny(folder / "tiny"), record_everything(folder / "everything")]
    talk = record_talk(folder / "talk", TalkOptions(length_s=40, microphone=False))
    thought = [recorded(folder / name, name, 1) for name in ("thinking", "allowed", "contemplating")]
    return [*small, talk, *thought, SAMPLE]


def test_a_seed_is_a_file(good: list[Path]) -> None:
    sources = [path.read_bytes() for path in good]
    made = [hostile(seed, sources) for seed in range(len(MUTATIONS))]
    assert made == [hostile(seed, sources) for seed in range(len(MUTATIONS))]
    assert all(data not in sources for _, data in made) and len({name for name, _ in made}) == len(MUTATIONS)


def test_whatever_a_file_holds_reading_it_ends_well(good: list[Path]) -> None:
    assert examined(good[:-1], first=0, cases=4 * len(MUTATIONS), slow=4, limit_s=300) == []


@pytest.mark.fuzz
def test_thousands_of_hostile_files(good: list[Path]) -> None:
    cases, first = int(os.environ.get("FUZZ_CASES", "3000")), int(os.environ.get("FUZZ_FIRST", "1000"))
    findings: list[str] = []
    for begin in range(first, first + cases, 150):
        findings += examined(good, begin, min(150, first + cases - begin), slow=10, limit_s=900)
    assert findings == []
