"""Simulated devices as data: profiles, what a scene changes of them, and what the tracks make of it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest

from device_sim import cli, scene
from device_sim.camera import CameraTrack, Tapes
from device_sim.device import Camera, Device, Lens, Network
from device_sim.errors import SceneError
from device_sim.mic import MicTrack, Voices
from device_sim.now import Now
from device_sim.profile import PROFILES, profile, profiles
from device_sim.steps import Change, Say, See

ASKED_FOR = {
    "phone",
    "webcam",
    "rayban_meta_ios_wifi",
    "rayban_meta_android_bt",
    "mentra_live",
    "frame",
    "halo",
    "omi_glass",
}


def scene_of(folder: Path, text: str, profile: str = "") -> scene.Scene:
    path = folder / "small.yaml"
    path.write_text(text)
    return scene.load(path, profile=profile)


SMALL = "{width: 192, height: 128, fps: 5, kbps: 200}"


# ------------------------------------------------------------------------------------------------------------ profiles


def test_the_devices_that_people_own_are_there_and_differ() -> None:
    assert set(profiles()) >= ASKED_FOR
    assert len({repr(profile(name)).replace(name, "") for name in profiles()}) == len(profiles())


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_each_figure_of_a_profile_has_its_source_beside_it(name: str) -> None:
    lines = (PROFILES / f"{name}.yaml").read_text().splitlines()
    figures = [line for line in lines if re.match(r"  [a-z_]+: ", line)]
    assert len(figures) > 6
    assert not [line for line in figures if "#" not in line and "height" not in line], "a height goes with its width"


def test_a_scene_takes_a_profile_and_overrides_single_keys(tmp_path: Path) -> None:
    frame = profile("frame")
    device = "device: {profile: frame, camera: {delay_ms: 500}, microphone: {snr_db: 10}}\n"
    played = scene_of(tmp_path, f"{device}steps:\n  - wait: 1\n")
    assert played.camera is not None and frame.camera is not None and played.microphone is not None
    assert (played.camera.width, played.camera.delay_ms) == (frame.camera.width, 500)
    assert played.microphone.rate_hz == 8000 and played.microphone.noise_dbfs == pytest.approx(-31)


def test_a_scene_can_be_played_as_on_another_device_and_the_place_stays(tmp_path: Path) -> None:
    device = f"device: {{camera: {SMALL}, microphone: {{noise: bus, noise_dbfs: -30}}, network: {{loss: 0.1}}}}\n"
    played = scene_of(tmp_path, f"{device}steps:\n  - wait: 1\n", profile="rayban_meta_ios_wifi")
    assert played.camera == profile("rayban_meta_ios_wifi").camera
    assert played.microphone is not None
    assert (played.microphone.rate_hz, played.microphone.noise) == (8000, "bus")
    assert played.network == Network(loss=0.1)
    assert cli.main(["check", str(tmp_path / "small.yaml"), "--profile", "halo"]) == cli.PASSED


REFUSED = {
    "device: {profile: fram}\nsteps:\n  - wait: 1\n": ("small.yaml:1: device.profile", "did you mean 'frame'", "halo"),
    "device: {camera: {widht: 3}}\nsteps:\n  - wait: 1\n": ("small.yaml:1", "did you mean 'width'", "photo_every_s"),
    "device: {camera: {codec: av1}}\nsteps:\n  - wait: 1\n": ("device.camera.codec", "h264, jpeg"),
    "device: {microphone: {rate_hz: 11025}}\nsteps:\n  - wait: 1\n": ("rate_hz", "8000 or 16000"),
    "device: {microphone: {snr_db: 3, noise_dbfs: -30}}\nsteps:\n  - wait: 1\n": ("snr_db", "`noise_dbfs` or `snr_db`"),
    "steps:\n  - camera: {shak: 3}\n": ("small.yaml:2: steps[0].camera.shak", "did you mean 'shake'", "turned"),
    "steps:\n  - microphone: loud\n": ("steps[0].microphone", "use one of: off, usual"),
    "steps:\n  - network: {udp: closed}\n": ("steps[0].network.udp", "blocked, open"),
    "steps:\n  - bystander: open sesame\n": ("steps[0].bystander", "device-sim phrases"),
    "steps:\n  - {wait: 1, over: {says: stop}}\n": ("steps[0].over", "only `say` takes it"),
    "steps:\n  - expect: {fails: rate_limt}\n": ("steps[0].expect.fails", "did you mean 'rate_limit'"),
    "steps:\n  - expect: {known_gap: later}\n": ("nothing is expected",),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40].replace("\n", "|"))
def test_a_mistake_names_line_key_and_what_is_known(text: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        scene_of(tmp_path, text)
    for fragment in REFUSED[text]:
        assert fragment in str(caught.value)


def test_a_profile_that_is_not_there_ends_the_command_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "demo", "--profile", "monocle"]) == cli.COULD_NOT_RUN
    told = capsys.readouterr().err
    assert all(name in told for name in ("monocle", "frame", "omi_glass"))
    assert cli.main(["profiles"]) == cli.PASSED
    assert "half a minute" in capsys.readouterr().out


def test_a_mistake_in_a_profile_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("camera:\n  width: 640\n  fpss: 3\n")
    with pytest.raises(SceneError, match=r"mine\.yaml:3: camera\.fpss: no such key here; did you mean 'fps'"):
        profile("mine", tmp_path)


# ------------------------------------------------------------------------------------------------- how it is just then


def test_a_change_holds_until_the_next_and_usual_is_as_the_device_has_it(tmp_path: Path) -> None:
    steps = "steps:\n  - camera: {shake: 4}\n  - microphone: off\n  - network: {loss: 0.5}\n  - camera: usual\n"
    played = scene_of(tmp_path, f"device: {{camera: {{light: 0.5}}, network: {{jitter_ms: 5}}}}\n{steps}")
    now, seen = Now(played), []
    for step in played.steps:
        now.take(step)
        seen.append((now.lens, now.microphone.off, now.network))
    assert seen[0] == (Lens(shake=4, light=0.5), False, Network(jitter_ms=5))
    assert seen[-1] == (Lens(light=0.5), True, Network(loss=0.5, jitter_ms=5))


def test_every_change_has_its_pictures_and_its_sound_before_the_scene_plays(tmp_path: Path) -> None:
    steps = (
        "steps:\n  - see: room\n  - camera: {blur: 20}\n"
        "  - {say: stop, meanwhile: [{at_ms: 100, microphone: {noise: wind}}, {at_ms: 200, see: black}]}\n"
        "  - say: stop\n"
    )
    played = scene_of(tmp_path, f"device: {{camera: {SMALL}}}\n{steps}")
    tapes, voices, now = Tapes(played), Voices(played), Now(played)
    for step in played.moments():
        now.take(step)
        if isinstance(step, (See, Change)):
            assert tapes.of(now.look(held=isinstance(step, Change))).loop
            assert voices.bed_of(now.microphone).packets
    before, after = (step for step in played.steps if isinstance(step, Say))
    assert voices.of(before) != voices.of(after, now.microphone)


def test_the_same_seed_gives_the_same_bytes_with_every_fault(tmp_path: Path) -> None:
    steps = (
        "steps:\n  - see: room\n  - camera: {shake: 8, light: 0.2, glare: 0.5, drop: 0.4, duplicate: 0.3}\n"
        "  - microphone: {noise: voices, gain_db: 12, rate_hz: 8000}\n  - {say: stop, over: {says: wait}}\n"
    )
    played = scene_of(tmp_path, f"device: {{camera: {SMALL}}}\n{steps}")
    assert Tapes(played).fingerprint() == Tapes(played).fingerprint()
    assert Voices(played).fingerprint() == Voices(played).fingerprint()


# ---------------------------------------------------------------------------------------------------------- the camera


async def taken(track: CameraTrack, count: int) -> list[tuple[int, bytes]]:
    """(timestamp at 90 kHz, access unit) of the next pictures."""
    return [(packet.pts, bytes(packet)) for packet in [await track.recv() for _ in range(count)]]


def test_frames_that_are_dropped_leave_a_hole_in_time_and_no_broken_picture(tmp_path: Path) -> None:
    text = f"device: {{camera: {SMALL}}}\nsteps:\n  - see: {{card: room, motion: hold}}\n  - camera: {{drop: 0.6}}\n"
    played, now = scene_of(tmp_path, text), None
    now = Now(played)
    for step in played.steps:
        now.take(step)
    tape = Tapes(played).of(now.look(held=True))
    assert played.camera is not None
    missing = sum(not unit for unit in tape.loop)
    assert 0 < missing < len(tape.loop) and tape.loop[0]
    came = asyncio.run(taken(CameraTrack(played.camera, tape), 6))
    gaps = np.diff([pts for pts, _ in came])
    assert all(unit for _, unit in came) and (gaps % 18_000 == 0).all() and gaps.max() > 18_000


def test_with_the_headset_open_pictures_are_rare_and_each_stands_for_itself(tmp_path: Path) -> None:
    camera = "{width: 192, height: 128, fps: 10, kbps: 200, fps_with_mic: 2}"
    played = scene_of(tmp_path, f"device: {{camera: {camera}}}\nsteps:\n  - see: room\n  - microphone: off\n")
    now = Now(played)
    now.take(played.steps[0])
    rare = Tapes(played).of(now.look())
    now.take(played.steps[1])
    often = Tapes(played).of(now.look(held=True))
    assert (rare.fps, rare.single, often.fps) == (2, True, 10)


def test_a_photo_is_taken_when_it_is_asked_for_and_arrives_later() -> None:
    camera = Camera(192, 128, photo_every_s=60, photo_on="speech", delay_ms=80)
    played = scene.Scene("photos", "", Path("x"), 0, Device(camera), (See(1, "room", motion="hold"),))
    tapes = Tapes(played)

    async def run() -> tuple[bool, int, bool]:
        track = CameraTrack(camera, tapes.before)
        first = await track.recv()
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        track.photo()
        while not track.photo_under_way:
            await asyncio.sleep(0.005)
        second = await waiting
        return first.pts == 0, second.pts, track.photo_under_way

    begins, pts, under_way = asyncio.run(run())
    assert begins and not under_way
    assert 0 < pts < 60 * 90_000, "long before the next was due"


# ------------------------------------------------------------------------------------------------------- the microphone


def test_a_microphone_that_is_off_or_deaf_sends_silence_and_what_is_said_is_lost(tmp_path: Path) -> None:
    played = scene_of(tmp_path, f"device: {{camera: {SMALL}}}\nsteps:\n  - microphone: off\n  - microphone: usual\n")
    voices = Voices(played)
    now = Now(played)

    async def run() -> list[bool]:
        track, silent = MicTrack(voices), []
        for step in [None, *played.steps]:
            if step is not None:
                now.take(step)
                track.be(now.microphone)
            silent.append(bytes(await track.recv()) == voices.silence)
        track.deaf = lambda: True
        silent.append(bytes(await track.recv()) == voices.silence)
        return silent

    assert asyncio.run(run()) == [False, True, False, True]
