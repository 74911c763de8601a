"""A camera that gives single photos says so on either wire, is asked for them in words, and sends none unasked.

The companion is the link alone; a whole one with such glasses is in `test_bridge_companion.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from device_sim import scene
from device_sim.address import Address
from device_sim.bridge_wire import BridgeWire
from device_sim.camera import Tapes
from device_sim.described import described
from device_sim.ear import Ear
from device_sim.mic import Voices
from device_sim.profile import profile, profiles
from device_sim.wire import Wire
from tests.test_bridge import companion
from tests.test_link import run

SCENE = """\
name: looking
about: Somebody looks at a sign.
device:
  profile: {profile}
  camera: {{width: 320, height: 240, kbps: 150}}
steps:
  - see: {{card: sign, platform: "7", destination: Leeds, time: "14:05"}}
  - wait: 1
"""
SAYS = {
    "frame": (True, 0.0, False, True),
    "halo": (True, 0.0, False, False),
    "omi_glass": (False, 1 / 30, False, False),
    "rayban_meta_android_bt": (False, 0.8, False, False),
    "mentra_live": (False, 15.0, True, False),
}


def looking(folder: Path, name: str) -> scene.Scene:
    path = folder / "looking.yaml"
    path.write_text(SCENE.format(profile=name), "utf-8")
    return scene.load(path)


@pytest.mark.parametrize("over", [Wire, BridgeWire])
def test_a_photo_comes_when_it_is_asked_for_and_none_before(
    over: type[Wire] | type[BridgeWire], tmp_path: Path
) -> None:
    async def story() -> None:
        played = looking(tmp_path, "halo")
        assert played.camera is not None
        async with companion() as here:
            wire = over(played, Tapes(played), Voices(played), Ear(0))
            try:
                await wire.connect(Address.parse(here.at("/")))
                session = here.sessions[0]
                await session.until(lambda: len(session.sounds) > 50)
                assert session.link.record.photo_only and not session.units and not session.flows
                for number in (1, 2):
                    session.link.ask_key_frame()
                    session.link.ask_key_frame()  # not pressed: one is under way
                    await session.until(lambda number=number: len(session.units) >= number)
                heard = len(session.sounds)
                await session.until(lambda: len(session.sounds) > heard + 100)  # 2 s, and a photo takes 1.2
                assert len(session.units) == 2 and all(unit.key for unit in session.units)
            finally:
                await wire.close()

    run(story)


@pytest.mark.parametrize("name", profiles())
def test_both_wires_tell_the_companion_the_same_of_each_device(name: str, tmp_path: Path) -> None:
    async def story() -> None:
        played, told = looking(tmp_path, name), []
        for over in (Wire, BridgeWire):
            async with companion() as here:
                wire = over(played, Tapes(played), Voices(played), Ear(0))
                try:
                    await wire.connect(Address.parse(here.at("/")))
                    session = here.sessions[0]
                    await session.until(lambda session=session: session.states)
                    told.append(session.link.record)
                finally:
                    await wire.close()
        assert told[0] == told[1] and told[0].deciding == told[1].deciding
        if name in SAYS:
            record = told[0]
            photo_only, fps, for_speaker, for_camera = SAYS[name]
            assert (record.photo_only, record.rests_for_speaker, record.rests_for_camera) == (
                photo_only,
                for_speaker,
                for_camera,
            )
            assert record.fps == pytest.approx(fps)

    run(story)


def test_what_a_device_lacks_it_does_not_speak_of(tmp_path: Path) -> None:
    played = looking(tmp_path, "frame")
    bare = replace(played, device=replace(profile("frame"), camera=None, microphone=None))
    assert not {"camera", "microphone", "photo_delay_ms"} & set(described(bare))


@pytest.mark.parametrize(
    ("says", "named"),
    [
        ("glasses", "device"),
        ({"camera": {"photo_only": "yes"}}, "camera.photo_only"),
        ({"microphone": {"rate": 1}}, "microphone.rate"),
        ({"half_duplex": "both"}, "half_duplex"),
        ({"name": 7}, "name"),
        ({"name": "\ud800"}, "name"),
    ],
)
def test_a_device_that_cannot_be_as_it_says_is_refused_with_the_field(says: object, named: str) -> None:
    async def story() -> None:
        async with companion() as here, aiohttp.ClientSession() as http:
            body = {"sdp": "v=0", "type": "offer", "device": says}
            async with http.post(here.at("/api/offer"), json=body) as answer:
                refused = await answer.json()
            assert (answer.status, refused["error"]) == (400, "bad_device")
            assert named in refused["detail"] and refused["hint"]

    run(story)
