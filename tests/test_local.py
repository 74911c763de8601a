"""This machine's camera, microphone and loudspeaker: which a name means, and what happens when one goes away.

No camera and no sound card was at hand: PortAudio is a stand-in here, and a film stands in for the webcam.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from companion.app import App
from companion.cli import main
from companion.link.opus_send import AnswerEncoder
from companion.local import camera, command
from companion.local.command import Local
from companion.local.devices import CAMERA, MICROPHONE, Device, LocalError, again, pick
from companion.local.loudspeaker import Slots
from companion.replay import replay
from companion.settings import load
from pipelines import events as ev
from pipelines.events import MS
from tests.films import film, said, still
from tests.standin_portaudio import StandInPortAudio
from tests.test_session import sign

PATIENCE_S = 60.0
SIGN = cv2.resize(sign("PLATFORM 12", "Oxford"), (640, 360), interpolation=cv2.INTER_AREA)
WEBCAM = Device(CAMERA, 0, "Stand-in webcam", "/dev/video0", usual=True)


@pytest.fixture
def no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "cameras", lambda: [])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> StandInPortAudio:
    cards = StandInPortAudio("built-in mic", "built-in speaker", "headset mic", "headset")
    monkeypatch.setitem(sys.modules, "sounddevice", cards)
    return cards


# ------------------------------------------------------------------------------------------------------- by their names

MICS = [Device(MICROPHONE, 2, "USB Audio", "2"), Device(MICROPHONE, 5, "USB Audio Pro", "5", usual=True)]


@pytest.mark.parametrize(
    ("wanted", "number"), [("", 5), ("2", 2), ("USB Audio", 2), ("usb audio", 2), ("pro", 5), ("none", None)]
)
def test_a_device_is_chosen_by_number_name_or_part_of_it(wanted: str, number: int | None) -> None:
    found = pick(MICROPHONE, MICS, wanted)
    assert (found.number if found else None) == number


@pytest.mark.parametrize(
    ("devices", "wanted", "told"),
    [
        (MICS, "usb", "fits several"),
        (MICS, "bluetooth", "no such microphone"),
        (MICS, "7", "no such"),
        ([], "", "none"),
    ],
)
def test_a_choice_that_fits_none_or_several_says_what_there_is(devices: list[Device], wanted: str, told: str) -> None:
    with pytest.raises(LocalError) as why:
        pick(MICROPHONE, devices, wanted)
    assert told in str(why.value) and "local.microphone" in str(why.value)
    assert all(device.name in str(why.value) for device in devices)


def test_only_the_same_device_is_the_same() -> None:
    assert again(MICS, Device(MICROPHONE, 9, "USB Audio", "9")) == MICS[0], "it may have another number now"
    assert again(MICS, Device(MICROPHONE, 2, "Headset", "2")) is None, "whatever has its number now"


# ---------------------------------------------------------------------------------------------------- what is not there


def test_without_the_extra_the_error_names_it(
    home: Path, no_cameras: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["devices"]) == 1
    printed = capsys.readouterr().out
    assert "earshot-companion[local]" in printed and "no camera found" in printed and "local.microphone" in printed
    with pytest.raises(LocalError, match=r"earshot-companion\[local\]"):
        command.chosen(load(sets=["local.camera=none"], env={}).local)


def test_without_portaudios_library_the_error_names_that(
    home: Path, no_cameras: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(str(home))
    assert main(["devices"]) == 1
    printed = capsys.readouterr().out
    assert "PortAudio library not found" in printed
    if sys.platform == "linux":
        assert "libportaudio2" in printed


def test_a_companion_does_not_start_without_the_devices_it_was_told_to_use(
    home: Path, no_cameras: None, cards: StandInPortAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ["hearing.model=embedded", "server.port=0", "local.camera=none", "local.microphone=bluetooth"]
    assert main(["run", "--local", "--quiet", *(w for item in sets for w in ("--set", item))]) == 2
    told = capsys.readouterr().err
    assert "bluetooth" in told and "built-in mic" in told


def test_devices_lists_what_there_is_and_what_is_chosen(
    home: Path, cards: StandInPortAudio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(camera, "cameras", lambda: [WEBCAM])
    assert main(["devices", "--set", "local.microphone=headset"]) == 0
    printed = capsys.readouterr().out
    for name in ("Stand-in webcam", "built-in mic", "built-in speaker", "headset mic"):
        assert name in printed
    assert "local.microphone = 'headset': headset mic" in printed and "48000 Hz" in printed


def test_a_chosen_camera_that_is_not_there_is_named_by_devices_too(
    home: Path, no_cameras: None, cards: StandInPortAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--set", "local.camera=C920"]) == 1
    assert "local.camera = 'C920': this machine has no camera" in capsys.readouterr().out


def test_a_camera_that_one_may_not_read_is_told_with_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "video0").touch()
    assert camera.shut_to_us(tmp_path) == ""
    monkeypatch.setattr("os.access", lambda path, how: False)
    monkeypatch.setattr(camera, "DEV", tmp_path)
    monkeypatch.setattr("av.device.enumerate_input_devices", lambda name: [])
    with pytest.raises(LocalError, match=r"video0 is there, and you may not read it.*group"):
        camera.cameras()


# -------------------------------------------------------------------------------------------------------- as a device


@pytest.fixture
def standin_webcam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = film(tmp_path / "webcam.mp4", still(SIGN, 60.0))
    monkeypatch.setattr(camera, "cameras", lambda: [WEBCAM])
    monkeypatch.setattr(camera, "opened", lambda device, width, height, fps: _Paced(path))
    yield


class _Paced:
    """A film that gives its pictures as a camera does: 15 a second."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path))

    def decode(self, video: int) -> Iterator[Any]:
        import time

        began_s = time.monotonic()
        for frame in self._container.decode(video=0):
            time.sleep(max(0.0, began_s + frame.time - time.monotonic()))
            yield frame

    def close(self) -> None:
        self._container.close()


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await asyncio.sleep(0.02)


def test_a_question_into_the_microphone_is_answered_by_the_loudspeaker(
    tmp_path: Path, cards: StandInPortAudio, standin_webcam: None
) -> None:
    """And when the microphone is pulled out, nobody else's is listened to until it is back."""
    events: list[Any] = []
    told: list[str] = []
    folder = tmp_path / "recordings"
    sets = [f"recording.folder={folder}", "server.port=0", "hearing.model=embedded", "speaking.voice=espeak"]
    sets += [
        "speaking.greet=false",
        "speaking.remember=false",
        "local.microphone=headset mic",
        "local.loudspeaker=headset",
    ]
    sets += ["local.headset=true"]

    def links() -> list[ev.LinkChanged]:
        return [e for e in events if isinstance(e, ev.LinkChanged)]

    def marks() -> list[str]:
        return [e.mark for e in events if isinstance(e, ev.HeardMark)]

    async def talk() -> None:
        app = App(load(sets=sets, env={}), watch=lambda session: events.append, notice=told.append)
        await app.start()
        local = Local(app, app.settings.local)
        try:
            await local.start()
            await until(lambda: [e for e in events if isinstance(e, ev.VoiceWindow)])
            cards.say("headset mic", said(1.0, "what_does_this_sign_say", 0.5))
            await until(lambda: [e for e in events if isinstance(e, ev.TurnClosed)])
            await until(lambda: "last" in marks())
            cards.plugged.discard("headset mic")
            await until(lambda: links()[-1].state == "lost")
            assert marks()[0] == "first" and marks().index("last") == len(marks()) - 1, "nothing is told after the last"
            assert any("headset mic" in line and "no other is taken" in line for line in told)
            cards.plugged.add("headset mic")
            await until(lambda: links()[-1].state == "connected")
            heard = sum(isinstance(e, ev.VoiceWindow) for e in events)
            await until(lambda: sum(isinstance(e, ev.VoiceWindow) for e in events) > heard)
        finally:
            local.stop()
            await app.stop()

    asyncio.run(talk())
    (closed,) = [e for e in events if isinstance(e, ev.TurnClosed)]
    assert closed.outcome == "answered" and "platform 12" in closed.said.lower()
    assert links()[0].echo == "none" and (links()[0].microphone, links()[0].camera, links()[0].speaker) == (True,) * 3
    assert set(cards.opened) == {"headset mic", "headset"}, "no other was ever opened"
    assert np.abs(np.concatenate(cards.played["headset"])).max() > 3000, "the answer sounded there"
    (file,) = folder.glob("*.mcap")
    assert replay(file).same


def test_a_loudspeaker_in_the_room_is_an_open_one(
    tmp_path: Path, cards: StandInPortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Any] = []

    async def come() -> None:
        sets = [f"recording.folder={tmp_path}", "server.port=0", "hearing.model=embedded", "local.camera=none"]
        app = App(load(sets=sets, env={}), watch=lambda session: events.append)
        await app.start()
        local = Local(app, app.settings.local)
        try:
            await local.start()
        finally:
            local.stop()
            await app.stop()

    asyncio.run(come())
    first = next(e for e in events if isinstance(e, ev.LinkChanged))
    assert (first.echo, first.camera) == ("open", False)
    assert set(cards.opened) == {"built-in mic", "built-in speaker"}, "what the system would take"


# ----------------------------------------------------------------------------------------------------- the loudspeaker


def packets(count: int, utterance: int) -> list[tuple[bytes, int]]:
    encoder = AnswerEncoder()
    tone = (np.sin(np.arange(960 * count) / 8) * 12_000).astype(np.int16)
    return [(encoder.encode(tone[i * 960 : (i + 1) * 960]), utterance) for i in range(count)]


def test_what_reached_the_ear_is_counted_in_sound_of_the_answer_alone() -> None:
    given = iter([*packets(3, 7), (b"", 7), (b"", 7), *packets(2, 7)])
    slots = Slots(lambda: next(given, (b"", 0)))
    taken = []
    for _ in range(8):
        slots.fill()
        slot = slots.take()
        assert slot is not None
        taken.append((slot.utterance, slot.position_ns // MS, slot.mark))
    assert taken[:3] == [(7, 20, "first"), (7, 40, ""), (7, 60, "")]
    assert taken[3:5] == [(0, 0, ""), (0, 0, "")], "a pause is no part of the answer"
    assert taken[5:7] == [(7, 80, ""), (7, 100, "")]


def test_a_cut_answer_falls_silent_with_what_was_waiting() -> None:
    given = iter(packets(10, 7))
    slots = Slots(lambda: next(given, (b"", 0)))
    slots.fill()
    slots.cut(7)
    assert slots.take() is None and slots.missed == 1


def test_an_answer_that_goes_on_elsewhere_is_counted_from_there() -> None:
    given = iter(packets(10, 7))
    slots = Slots(lambda: next(given, (b"", 0)))
    slots.at(7, 500 * MS)
    slots.fill()
    slot = slots.take()
    assert slot is not None and slot.position_ns == 520 * MS
