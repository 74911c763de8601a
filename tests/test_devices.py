"""What a device says of itself decides how it is treated: scripts in virtual time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from companion.link.flow import watch
from companion.link.record import DeviceRecord
from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS
from pipelines.thinking.options import EchoOptions, Options, SpeakingOptions
from recordings import redact
from recordings.reader import Recording
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions
from tests.scripted import ScriptedSession, World

TELEPHONE = "The microphone hears only the telephone band."
QUIET = DirectorOptions(Options(speaking=SpeakingOptions(greet=False)))
STORY = World(model_answer="Once upon a time there was a lamp, and it was lit. " * 4)


def connected(s: ScriptedSession, device: ev.Device, speaker: bool = True, resumed: bool = False) -> None:
    s.feed(ev.LinkChanged(s.now_ns, "connected", True, s.world.frame is not None, speaker, "", "", resumed, device))


def with_device(
    device: ev.Device, world: World | None = None, options: DirectorOptions | None = None
) -> ScriptedSession:
    s = ScriptedSession(world or World(), options or QUIET)
    connected(s, device)
    return s


def noted(s: ScriptedSession) -> list[ev.Noted]:
    return [d for d in s.decisions if isinstance(d, ev.Noted)]


# ------------------------------------------------------------------------------------------- what is missed of them


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (DeviceRecord(camera="h264"), ["camera", "microphone"]),
        (DeviceRecord(camera="jpeg", fps=0.2), ["microphone", "camera"]),
        (DeviceRecord(camera="jpeg", photo_only=True), ["microphone"]),
        (DeviceRecord(camera="jpeg", rests_for_camera=True), ["microphone"]),
        (DeviceRecord(camera="jpeg", rests_for_speaker=True), ["camera", "microphone"]),
    ],
)
def test_a_camera_that_sends_as_it_said_is_not_missed(record: DeviceRecord, told: list[str]) -> None:
    flow, missed = watch(record, True, True, 0), []
    for ms in range(0, 20_000, 250):
        missed += [change.track for change in flow.look(ms * MS)]
    assert sorted(missed) == sorted(told)


def test_a_microphone_that_rests_while_we_speak_or_a_photo_is_taken_is_not_missed() -> None:
    flow = watch(DeviceRecord(camera="jpeg", rests_for_camera=True, photo_delay_ms=4_000), True, True, 0)
    for ms in range(0, 20_000, 20):
        flow.speaks(ms * MS)
        assert not flow.look(ms * MS)
    assert not flow.look(24_500 * MS), "the photo"
    assert [change.flows for change in flow.look(25_500 * MS)] == [False]


# ------------------------------------------------------------------------------------------ microphone or loudspeaker


@pytest.mark.parametrize("device", [ev.Device(half_duplex=True), ev.Device(rests_for_speaker=True)])
def test_a_half_duplex_device_is_not_listened_to_while_it_speaks_and_a_tap_interrupts(device: ev.Device) -> None:
    s = with_device(device, replace(STORY))
    s.say("tell me a story", at_ms=500)
    s.say("what does this sign say", at_ms=6_000)
    s.tap(at_ms=9_000)
    s.run_until(12_000)
    assert [o.text for o in s.all(ev.TurnOpened)] == ["tell me a story"], "what came over the answer was not heard"
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["stopped"]
    assert [(n.what, n.reason) for n in noted(s)] == [
        ("half duplex", "the device's microphone rests while it speaks: deaf while we speak, a tap interrupts")
    ]


@pytest.mark.parametrize(
    ("device", "speaker", "mode"),
    [
        (ev.Device(), True, "auto"),
        (ev.Device(half_duplex=True), False, "auto"),
        (ev.Device(half_duplex=True), True, "off"),
        (ev.Device(rests_for_camera=True), True, "auto"),
    ],
)
def test_other_devices_can_be_interrupted_by_voice(device: ev.Device, speaker: bool, mode: str) -> None:
    """One without a loudspeaker too, and one whose owner knows better than its maker."""
    s = ScriptedSession(replace(STORY), replace(QUIET, general=replace(QUIET.general, echo=EchoOptions(mode=mode))))
    connected(s, device, speaker)
    s.say("tell me a story", at_ms=500)
    s.say("what does this sign say", at_ms=6_000)
    s.run_until(12_000)
    assert len(s.all(ev.TurnOpened)) == 2


def test_what_the_device_says_of_itself_outlives_a_rest() -> None:
    s = with_device(ev.Device(half_duplex=True), replace(STORY))
    s.run_until(1_000)
    resumed = s.director.rest(s.now_ns)
    later = ScriptedSession(replace(STORY))
    later.feed(replace(resumed, t_ns=0))
    later.say("tell me a story", at_ms=500)
    later.say("what does this sign say", at_ms=6_000)
    later.run_until(12_000)
    assert len(later.all(ev.TurnOpened)) == 1


# --------------------------------------------------------------------------------------------------- the microphone


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Acme One", "The microphone is now Acme One."),
        ("  B<script>\n", "The microphone is now B script."),
        ("", "The microphone has changed."),
    ],
)
def test_another_microphone_is_announced_once(name: str, words: str) -> None:
    s = ScriptedSession()
    s.run_until(500)
    s.feed(ev.DeviceEvent(s.now_ns, "microphone", "before"))
    s.run_until(4_000)
    for _ in range(3):
        s.feed(ev.DeviceEvent(s.now_ns, "microphone", name))
    s.run_until(8_000)
    assert s.spoken() == f"The microphone is now before. {words}"


def test_a_microphone_that_flaps_while_somebody_speaks_is_told_of_once_as_it_is_in_the_end() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(1_000)
    for name in ("one", "two", "three"):
        s.feed(ev.DeviceEvent(s.now_ns, "microphone", name))
    s.run_until(15_000)
    assert s.spoken().endswith("The microphone is now three.") and s.spoken().count("microphone") == 1


WIDE, PHONE = ev.Device("Acme One", microphone_hz=16_000), ev.Device("Acme One", microphone_hz=8_000)
CHANGES = [
    (WIDE, WIDE, ""),
    (WIDE, ev.Device("Acme Two", microphone_hz=16_000), "The microphone is now Acme Two."),
    (WIDE, ev.Device("Acme Two", microphone_hz=8_000), f"The microphone is now Acme Two. {TELEPHONE}"),
    (WIDE, ev.Device("webrtc", microphone_hz=48_000), "The microphone has changed."),
    (WIDE, PHONE, "The microphone now hears only the telephone band."),
    (PHONE, WIDE, "The microphone hears more than the telephone band again."),
]


@pytest.mark.parametrize(("before", "now", "words"), CHANGES)
def test_a_device_that_comes_back_with_another_microphone_says_so(
    before: ev.Device, now: ev.Device, words: str
) -> None:
    s = with_device(before)
    s.run_until(1_000)
    s.feed(ev.LinkChanged(s.now_ns, "lost", True, True, True, "silent", "", False, before))
    s.run_until(1_500)
    connected(s, now, resumed=True)
    s.run_until(10_000)
    assert s.spoken() == words


def test_a_telephone_microphone_is_noted_and_said_only_where_words_were_not_understood() -> None:
    for device in (PHONE, WIDE):
        s = with_device(device, World(understands=False, closed_vocabulary=False))
        s.say("the quick brown fox jumps", at_ms=500)
        s.run_until(8_000)
        assert s.spoken() == "I did not understand that." + (f" {TELEPHONE}" if device is PHONE else "")
        assert [n.what for n in noted(s)].count("narrow band") == (device is PHONE)
    s = with_device(PHONE)
    s.say("what does this sign say", at_ms=500)
    s.run_until(8_000)
    assert "telephone" not in s.spoken()


def test_a_recording_without_what_the_device_told_has_no_name_in_it_and_decides_alike(tmp_path: Path) -> None:
    anna, bert = replace(WIDE, name="Anna's"), replace(WIDE, name="Bert's")
    s = with_device(anna)
    s.run_until(1_000)
    s.feed(ev.LinkChanged(s.now_ns, "lost", True, True, True, "silent", "", False, anna))
    connected(s, bert, resumed=True)
    s.run_until(5_000)
    s.feed(ev.DeviceEvent(s.now_ns, "microphone", "Bert's headset"))
    s.run_until(10_000)
    assert s.spoken() == "The microphone is now Bert's. The microphone is now Bert's headset."
    recorder = Recorder(tmp_path, SessionInfo("names", 0), options=RecorderOptions(floor_bytes=0))
    for event in sorted([*s.tape, *s.decisions], key=lambda event: event.t_ns):
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)  # type: ignore[arg-type]
    made = redact.redact(recorder.close(), tmp_path / "without.mcap", ["device"])
    happenings = [e for e in Recording(made.derived.path).happenings() if not isinstance(e, ev.ChunkVoiced)]
    decisions = [e for e in Recording(made.derived.path).events() if isinstance(e, ev.Decision)]
    assert "Anna" not in str([*happenings, *decisions]) and "Bert" not in str([*happenings, *decisions])
    again = ScriptedSession()
    for happening in Recording(made.derived.path).happenings():
        again.decisions += again.director.feed(happening) if not isinstance(happening, ev.SessionStarted) else []
    assert "The microphone has changed. The microphone has changed." in again.spoken()


# ------------------------------------------------------------------------------------------------- photos for a look

PHOTOS, IN_TURN = ev.Device(photo_only=True, photo_delay_ms=2_000), ev.Device(photo_only=True, half_duplex=True)


def test_a_photo_is_asked_for_at_the_onset_and_waited_for() -> None:
    s = with_device(PHOTOS, World(photo_ms=2_600))
    end = s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (asked,) = s.all(ev.AskKeyFrame)
    (chosen,) = s.all(ev.FrameChosen)
    assert 500 <= asked.t_ns // MS < 1_000 < end
    assert chosen.frame is not None and chosen.frame.frame_id == 1
    assert 0 <= chosen.t_ns - asked.t_ns - 2_600 * MS < 100 * MS, "it goes on as soon as the photo is there"
    assert "Platform 7" in s.spoken(1)


def test_a_photo_that_is_there_already_is_not_waited_for_and_the_next_question_takes_its_own() -> None:
    s = with_device(PHOTOS, World(photo_ms=400))
    s.say("what does this sign say", at_ms=500)
    s.say("what is behind the door", at_ms=12_000)
    s.run_until(20_000)
    assert len(s.all(ev.AskKeyFrame)) == 2
    assert [c.frame.frame_id for c in s.all(ev.FrameChosen) if c.frame is not None] == [1, 2]
    assert s.all(ev.TurnClosed)[0].outcome == "answered" and "photo" not in s.spoken()


def test_a_photo_that_does_not_come_is_not_waited_for_any_longer_than_the_device_takes() -> None:
    s = with_device(PHOTOS, World(photo_ms=60_000))
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (asked,) = s.all(ev.AskKeyFrame)
    assert s.spoken(1) == "I am taking a photo. No photo came. Is the camera on?"
    (chosen,) = s.all(ev.FrameChosen)
    assert 0 <= chosen.t_ns - asked.t_ns - 3_000 * MS < 100 * MS


def test_a_slow_photo_is_answered_from_and_its_age_is_told() -> None:
    s = with_device(replace(PHOTOS, photo_delay_ms=14_000), World(photo_ms=14_000))
    s.say("what does this sign say", at_ms=500)
    s.run_until(30_000)
    assert "My picture is 7 seconds old. Platform 7" in s.spoken(1)


def test_an_older_photo_does_not_pass_for_the_one_that_did_not_come() -> None:
    world = World(photo_ms=400)
    s = with_device(PHOTOS, world)
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    world.photo_ms = 60_000
    s.say("what does this sign say", at_ms=12_500)
    s.run_until(24_000)
    assert s.spoken(2).endswith("No photo came. Is the camera on?")
    assert "camera_lost" not in [d.name for d in s.decisions if isinstance(d, ev.Earcon)], "it was said in words"


def test_a_microphone_that_rests_only_while_we_speak_hears_on_while_a_photo_is_taken() -> None:
    s = with_device(replace(PHOTOS, rests_for_speaker=True), World(photo_ms=400))
    end = s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (asked,) = s.all(ev.AskKeyFrame)
    assert asked.t_ns // MS < end, "at the onset, as of any camera for photos"


@pytest.mark.parametrize("device", [IN_TURN, replace(PHOTOS, rests_for_camera=True)], ids=["both", "the camera"])
def test_a_microphone_that_rests_for_a_photo_is_left_alone_until_the_words_are_over(device: ev.Device) -> None:
    s = with_device(device, World(photo_ms=1_000))
    end = s.say("what does this sign say", at_ms=500)
    s.say("stop", at_ms=20_000)
    s.run_until(24_000)
    (asked,) = s.all(ev.AskKeyFrame)
    opened = s.all(ev.TurnOpened)[0]
    assert opened.t_ns >= end * MS and asked.t_ns == opened.t_ns, "and none for words that need no picture"
    assert "Platform 7" in s.spoken(1)


def test_a_stream_that_rests_while_the_microphone_works_is_asked_for_a_picture_after_the_words() -> None:
    world = World(photo_ms=60_000)
    s = with_device(ev.Device(half_duplex=True), world)
    s.say("what does this sign say", at_ms=500)
    s.run_until(1_500)  # what was asked for at the onset cannot come
    world.photo_ms = 1_000
    s.run_until(12_000)
    opened = s.all(ev.TurnOpened)[0]
    assert [a.t_ns >= opened.t_ns for a in s.all(ev.AskKeyFrame)] == [False, True]
    assert "Platform 7" in s.spoken(1)


def test_a_typed_question_takes_a_photo_too() -> None:
    s = with_device(PHOTOS, World(photo_ms=1_000))
    s.type("what does this sign say", at_ms=2_000)
    s.run_until(10_000)
    assert len(s.all(ev.AskKeyFrame)) == 1 and "Platform 7" in s.spoken(1)


def test_the_greeting_of_a_photo_camera_does_not_ask_whether_it_is_on() -> None:
    s = ScriptedSession(World(greet=True, closed_vocabulary=False))
    connected(s, PHOTOS)
    s.run_until(5_000)
    assert s.spoken() == "I can hear you. I take a photo when you ask."
    assert not s.all(ev.AskKeyFrame) and not s.all(ev.Look)
