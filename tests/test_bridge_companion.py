"""The bridge with a whole companion behind it, each a process of its own: what is asked aloud is answered aloud.

The reference client asks with PCM16 and a JPEG photo; the simulated glasses ask with Opus and H.264, over both wires.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from yarl import URL

from companion.replay import replay
from device_sim import cards
from pipelines import events as ev
from pipelines.events import MS
from recordings.reader import Recording
from tests.companions import Companion, companion, simulator
from tests.shaky import shaky

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "companion" / "bridge" / "client_example.py"
SPEECH = ROOT / "device_sim" / "speech"
BUSY = "I am reading."


def sign(path: Path) -> Path:
    values = {"platform": "7", "destination": "Leeds", "time": "14:05"}
    picture = cards.draw("sign", values, 1280, 720, np.random.default_rng(1))
    assert cv2.imwrite(str(path), picture)
    return path


def only_recording(folder: Path) -> Recording:
    (path,) = folder.glob("*.mcap")
    return Recording(path)


def test_the_reference_client_is_short_and_asks_what_a_sign_says(tmp_path: Path) -> None:
    assert len(CLIENT.read_text("utf-8").splitlines()) <= 150
    with companion(tmp_path / "recordings", "--quiet", "--set", "speaking.greet=false") as here:
        words = [str(SPEECH / "what_does_this_sign_say.wav"), str(sign(tmp_path / "sign.jpg"))]
        command = [sys.executable, "-u", str(CLIENT), here.url, *words, str(tmp_path / "answer.wav")]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert client.stdout is not None
        printed = []
        while (line := client.stdout.readline()) and "14 oh 5" not in line:
            printed.append(line)
        said = "".join([*printed, line])
        assert "wearer said: what does this sign say" in said and "Platform 7" in said and "Leeds" in said, said
        rest, _ = client.communicate(timeout=60)
        assert client.returncode == 0, rest
        here.stop()
    recording = only_recording(tmp_path / "recordings")
    assert recording.info.device == "bridge"
    (turn,) = (e for e in recording.events() if isinstance(e, ev.TurnClosed))
    assert (turn.outcome, turn.heard) == ("answered", turn.said) and "Platform 7" in turn.heard
    marks = [e for e in recording.happenings() if isinstance(e, ev.HeardMark)]
    assert marks[0].mark == "first" and marks[-1].mark == "last"
    assert all(0 <= e.t_ns - e.media_ns < 1000 * MS for e in marks), "the device's own time, on our clock"
    with wave.open(str(tmp_path / "answer.wav")) as file:
        played = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert np.sum(np.abs(played) > 1000) > 8_000, "half a second of loud samples at least"
    assert replay(tmp_path / "recordings" / recording.path.name).same


# ------------------------------------------------------------------------------------------------- the same over both


@dataclass(frozen=True)
class Seen:
    """What must be the same of a turn, whatever wire it came over: the words and what they were taken for, what the
    chosen picture showed, the answer, how it ended, and whether the ear got all of it. "I am reading." is no part of an
    answer: a busy machine says it."""

    words: str
    intent: str
    read: tuple[str, ...]
    said: tuple[str, ...]
    outcome: str
    all_heard: bool


def turns(recording: Recording) -> list[Seen]:
    events = list(recording.events())
    out = []
    for opened in (e for e in events if isinstance(e, ev.TurnOpened)):
        chosen = [e for e in events if isinstance(e, ev.FrameChosen) and e.turn == opened.turn and e.frame]
        frames = {e.frame.frame_id for e in chosen if e.frame is not None}
        read = [e for e in events if isinstance(e, ev.TextRead) and e.frame_id in frames and not e.more]
        (closed,) = (e for e in events if isinstance(e, ev.TurnClosed) and e.turn == opened.turn)
        said = [
            e.text for e in events if isinstance(e, ev.Speak) and e.turn == opened.turn and e.text and e.text != BUSY
        ]
        lines = tuple(line.text for e in read for line in e.lines)
        out.append(Seen(opened.text, opened.intent, lines, tuple(said), closed.outcome, closed.heard == closed.said))
    return out


def moments(recording: Recording) -> list[tuple[int, int]]:
    """Of each turn whose picture was chosen: how long the wearer spoke, and when in it the picture was captured, in
    ms."""
    events = list(recording.events())
    opened = {e.turn: e for e in events if isinstance(e, ev.TurnOpened)}
    chosen = {e.turn: e.frame for e in events if isinstance(e, ev.FrameChosen) and e.frame and e.turn in opened}
    return [
        (
            (opened[turn].speech_end_ns - opened[turn].speech_start_ns) // MS,
            (f.media_ns - opened[turn].speech_start_ns) // MS,
        )
        for turn, f in chosen.items()
        if f is not None
    ]


def over_both(scene: str, seed: int, folder: Path, *flags: str) -> dict[str, Recording]:
    """What was recorded of the scene, by wire."""
    with companion(folder / "recordings", "--quiet", *flags) as here:
        for wire in ("webrtc", "bridge"):
            command = simulator(scene, here.url, folder / wire, "--seed", str(seed), "--wire", wire)
            done = subprocess.run(command, capture_output=True, text=True, timeout=240)
            assert done.returncode != 2, f"{wire}: {done.stderr}"  # how it sounded is judged elsewhere
        here.stop()
    recordings = {r.info.device: r for r in map(Recording, (folder / "recordings").glob("*.mcap"))}
    assert set(recordings) == {"webrtc", "bridge"}
    return recordings


def test_the_same_scene_over_both_wires_gives_the_same_decisions(tmp_path: Path) -> None:
    recordings = over_both("platform", 5, tmp_path)
    webrtc, bridge = (turns(recordings[wire]) for wire in ("webrtc", "bridge"))
    assert bridge == webrtc
    assert [(t.words, t.outcome) for t in bridge] == [
        ("what does this sign say", "answered"),
        ("what was the platform", "answered"),
    ]
    assert "Platform 9" in bridge[0].read and any("Platform 9" in text for text in bridge[1].said)
    assert all(turn.all_heard for turn in bridge)
    for (spoke_ms, at_ms), (spoke_too_ms, at_too_ms) in zip(
        moments(recordings["webrtc"]), moments(recordings["bridge"]), strict=True
    ):
        assert abs(spoke_ms - spoke_too_ms) <= 64, "two windows of voice activity"
        assert abs(at_ms - at_too_ms) <= 500, "of the pictures around the word, all of the same sign"
    assert all(replay(r.path).same for r in recordings.values())


def test_a_camera_that_only_takes_photos_is_asked_for_them_and_not_missed_on_both_wires(tmp_path: Path) -> None:
    recordings = over_both("photo_glasses", 5, tmp_path, "--set", "speaking.greet=false")
    (webrtc,), (bridge,) = (turns(recordings[wire]) for wire in ("webrtc", "bridge"))
    assert bridge == webrtc and bridge.outcome == "answered" and bridge.intent == "read:read"
    told = []
    for recording in recordings.values():
        events = list(recording.events())
        (device,) = {e.device for e in events if isinstance(e, ev.LinkChanged) and e.state == "connected"}
        told.append(device)
        assert not [e for e in events if isinstance(e, ev.MediaFlow)], "nothing is missed"
        kinds = (ev.AskKeyFrame, ev.PhotoCame, ev.Look, ev.FrameChosen)
        order = [type(e) for e in events if isinstance(e, kinds)]
        assert order == list(kinds), "taken when the words were over, because the microphone rests for it"
        assert replay(recording.path).same
    assert told[0] == told[1] and told[0].photo_only and told[0].rests_for_camera


LIFT = """\
name: lift
about: The network goes in the middle of an answer.
device: {camera: {width: 640, height: 360, fps: 10, kbps: 150}}
steps:
  - see: {card: sign, platform: "7", destination: Leeds, time: "14:05"}
  - wait: 2
  - say: what does this sign say
  - wait: answer
  - lose_network: 2
  - wait: 2
  - wait: quiet
  - expect: {hears: "I lost the connection", decoys: ["I found the collection", "it crossed the convention"]}
  - expect: {hears: "14 oh 5", decoys: ["13 40", "12 15"]}
  - say: what was the platform
  - wait: answer
  - wait: quiet
  - expect: {hears: "platform 7", decoys: ["platform 2", "platform 9"]}
"""


def test_an_answer_goes_on_where_the_network_went_over_the_bridge_too(tmp_path: Path) -> None:
    """Judged by the sound that arrived."""
    (tmp_path / "lift.yaml").write_text(LIFT, "utf-8")
    with companion(tmp_path / "recordings", "--quiet", "--set", "speaking.greet=false") as here:
        command = simulator(tmp_path / "lift.yaml", here.url, tmp_path / "glasses", "--wire", "bridge")
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        here.stop()
    recording = only_recording(tmp_path / "recordings")
    links = [(e.state, e.resumed) for e in recording.happenings() if isinstance(e, ev.LinkChanged)]
    assert links[:3] == [("connected", False), ("lost", False), ("connected", True)] and links[-1][0] == "closed"
    assert [e.outcome for e in recording.events() if isinstance(e, ev.TurnClosed)] == ["answered", "answered"]
    assert replay(recording.path).same


BROKEN = """\
name: broken
about: The connection breaks in the middle of an answer, and nobody had planned it.
device: {camera: {width: 640, height: 360, fps: 10, kbps: 150}}
steps:
  - see: {card: sign, platform: "7", destination: Leeds, time: "14:05"}
  - wait: 2
  - say: what does this sign say
  - wait: answer
  - wait: 6
  - wait: quiet
  - expect: {hears: "I lost the connection", decoys: ["I found the collection", "it crossed the convention"]}
  - expect: {hears: "14 oh 5", decoys: ["13 40", "12 15"]}
  - say: what was the platform
  - wait: answer
  - wait: quiet
  - expect: {hears: "platform 7", decoys: ["platform 2", "platform 9"]}
"""
CUT_S = 3.0


def test_glasses_whose_connection_breaks_are_back_in_the_session_and_the_answer_goes_on(tmp_path: Path) -> None:
    """No step of the scene loses anything: the way between the two breaks while the answer is heard."""
    (tmp_path / "broken.yaml").write_text(BROKEN, "utf-8")

    async def played(here: Companion) -> tuple[int | None, str]:
        url = URL(here.url)
        assert url.port is not None
        async with shaky(url.port) as way:
            heard = asyncio.Event()
            seen: list[bytes] = []

            def watch(data: bytes) -> None:
                if seen or b'"speaking"' in data:
                    seen.append(data)
                if len(seen) > 50:  # about as many frames of sound: a second of the answer
                    heard.set()

            way.on_down = watch
            command = simulator(
                tmp_path / "broken.yaml", str(url.with_port(way.port)), tmp_path / "out", "--wire", "bridge"
            )
            glasses = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            await asyncio.wait_for(heard.wait(), 120)
            way.cut()
            await asyncio.sleep(CUT_S)
            way.restore()
            out, _ = await asyncio.wait_for(glasses.communicate(), 240)
            return glasses.returncode, out.decode()

    with companion(tmp_path / "recordings", "--quiet", "--set", "speaking.greet=false") as here:
        status, out = asyncio.run(played(here))
        assert status == 0, out
        here.stop()
    assert "the connection broke 1 times; back by itself, 1 times in the same session" in out
    recording = only_recording(tmp_path / "recordings")
    links = [(e.state, e.resumed) for e in recording.happenings() if isinstance(e, ev.LinkChanged)]
    assert links[:3] == [("connected", False), ("lost", False), ("connected", True)] and links[-1][0] == "closed"
    assert [e.outcome for e in recording.events() if isinstance(e, ev.TurnClosed)] == ["answered", "answered"], out
    assert replay(recording.path).same


def test_a_scene_that_loses_packets_is_not_for_a_stream(tmp_path: Path) -> None:
    command = simulator("packet_loss", "http://127.0.0.1:9/?token=x", tmp_path, "--wire", "bridge")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "play it over webrtc" in done.stderr
