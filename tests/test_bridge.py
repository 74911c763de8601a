"""The bridge, end to end on this machine: a device made of a WebSocket says hello, speaks, shows and listens.

As in `test_link.py`, packets are encoded ahead and every wait is for an event. What a whole companion makes of it is
in `test_bridge_companion.py`; hostile input in `test_bridge_fuzz.py`.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from companion.bridge.door import bridge
from companion.bridge.hello import read_hello
from companion.bridge.settings import BridgeSettings
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.link.wearer import Wearer
from tests.test_link import PATIENCE_S, TOKEN, Companion, Session, camera_packets, run, tone, tone_packets

OPUS, PCM16, H264, JPEG = 1, 2, 3, 4
MICROPHONE, CAMERA, SPEAKER = {"codec": "opus"}, {"codec": "h264"}, {"codec": "opus"}
MS = 1_000_000


def packed(kind: int, sequence: int, time_ns: int, payload: bytes, flags: int = 0) -> bytes:
    """Written anew from docs/bridge.md, so that a header the companion packs wrongly is found."""
    return struct.pack("<BBHIQ", kind, flags, 0, sequence, time_ns) + payload


@asynccontextmanager
async def companion(**settings: Any) -> AsyncIterator[Companion]:
    hello_within_s = settings.pop("hello_within_s", 10.0)
    it = Companion(**settings)
    it.server = LinkServer(
        LinkSettings(**{"port": 0, "token": TOKEN, **settings}),
        it._new,
        [bridge(BridgeSettings(hello_within_s=hello_within_s))],
    )
    await it.server.start()
    try:
        yield it
    finally:
        await it.server.stop()


class Device:
    """A device for a test: what it sends is chosen, what it gets is kept."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.sound: list[tuple[int, int, int, bytes]] = []  # kind, sequence, time, payload
        self.code: int | None = None
        self.reads = True
        self.answers_pings = True
        self.changed = asyncio.Event()
        self._sequence = {True: 0, False: 0}
        self._http: aiohttp.ClientSession | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self, here: Companion, token: str = TOKEN, **headers: str) -> Device:
        self._http = aiohttp.ClientSession()
        self.ws = await self._http.ws_connect(here.at("/device", token), headers=headers, max_msg_size=1 << 24)
        self._reading = asyncio.create_task(self._read())
        return self

    async def hello(self, here: Companion, **more: Any) -> dict[str, Any]:
        await self.open(here)
        await self.say(type="hello", protocol=1, **more)
        return (await self.until(lambda: self.got("hello")))[0]

    async def _read(self) -> None:
        while True:
            if not self.reads:
                await asyncio.sleep(0.01)
                continue
            message = await self.ws.receive()
            if message.type == aiohttp.WSMsgType.TEXT:
                got = json.loads(message.data)
                self.messages.append(got)
                if got["type"] == "ping" and self.answers_pings:
                    await self.say(type="pong", id=got["id"], device_ns=self.now_ns())
            elif message.type == aiohttp.WSMsgType.BINARY:
                kind, _, _, sequence, time_ns = struct.unpack_from("<BBHIQ", message.data)
                self.sound.append((kind, sequence, time_ns, message.data[16:]))
            else:
                self.code = self.ws.close_code
                self.changed.set()
                return
            self.changed.set()

    def now_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)

    async def say(self, **message: Any) -> None:
        await self.ws.send_str(json.dumps(message))

    async def frame(self, kind: int, payload: bytes, time_ns: int | None = None, skip: int = 0, flags: int = 0) -> None:
        self._sequence[kind < 3] += skip
        stamp = self.now_ns() if time_ns is None else time_ns
        await self.ws.send_bytes(packed(kind, self._sequence[kind < 3], stamp, payload, flags))
        self._sequence[kind < 3] += 1

    def got(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == kind]

    async def until(self, true: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := true()):
                assert self.code is None or self.got("bye"), (self.code, self.messages[-3:])
                self.changed.clear()
                await self.changed.wait()
        return found

    async def refused(self) -> tuple[int, dict[str, Any]]:
        """Until it is closed: the code, and what was said before."""
        async with asyncio.timeout(PATIENCE_S):
            while self.code is None:
                self.changed.clear()
                await self.changed.wait()
        return self.code, (self.got("refused") or [{}])[-1]

    def cut(self) -> None:
        """The network is gone: no goodbye, no close."""
        transport = self.ws.get_extra_info("socket")
        assert transport is not None and self.ws._conn is not None
        self.ws._conn.transport.abort()

    async def close(self, code: int = 1000) -> None:
        if self._reading is not None:
            self._reading.cancel()
        await self.ws.close(code=code)
        assert self._http is not None
        await self._http.close()


# ------------------------------------------------------------------------------------------------------- the whole path


@pytest.mark.parametrize("codec", ["opus", "pcm16"])
@pytest.mark.parametrize("picture", ["h264", "jpeg"])
def test_a_device_is_heard_and_seen_with_its_own_times(codec: str, picture: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            microphone = {"codec": codec, "rate": 16_000}
            hello = await device.hello(here, microphone=microphone, camera={"codec": picture}, name="Acme One")
            assert (hello["protocol"], hello["resumed"], hello["recording"]) == (1, False, False)
            session = here.sessions[0]
            assert session.states[0] == ("connected", True, True, False, "")
            await device.until(lambda: len(device.got("ping")) >= 9)  # the session is 0.8 s old
            offset_ns = session.clocks[-1][0]
            late_ns = 700 * MS  # all of it waited in the device
            began_ns = device.now_ns() - late_ns
            jpeg = jpeg_picture()
            for i in range(30):
                pcm = tone(320, 1_320.0, i * 320).astype("<i2").tobytes()  # 440 Hz at 16 kHz
                payload = tone_packets()[i] if codec == "opus" else pcm
                await device.frame(OPUS if codec == "opus" else PCM16, payload, began_ns + i * 20 * MS)
                unit = camera_packets("h264")[i] if picture == "h264" else jpeg
                await device.frame(H264 if picture == "h264" else JPEG, unit, began_ns + i * 20 * MS)
            await session.until(lambda: len(session.units) == 30 and len(session.sounds) >= 29)
            assert [u.frame_id for u in session.units] == list(range(1, 31)) and session.units[0].codec == picture
            for i, unit in enumerate(session.units):
                assert abs(unit.media_ns + offset_ns - began_ns - i * 20 * MS) <= 5 * MS
            for i, sound in enumerate(session.sounds):
                assert abs(sound["media_ns"] + offset_ns - began_ns - i * 20 * MS) <= 15 * MS
                assert sound["arrival_ns"] - sound["media_ns"] >= late_ns - 30 * 20 * MS
            spectrum = np.abs(np.fft.rfft(np.concatenate([s["pcm"] for s in session.sounds[5:25]]).astype(float)))
            assert abs(spectrum.argmax() * 16_000 / (20 * 320) - 440) < 3
            await device.close()
            await session.until(lambda: session.states[-1][0] == "closed")
            assert here.server.sessions == 0

    run(story)


def jpeg_picture() -> bytes:
    import cv2

    picture = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    return bytes(cv2.imencode(".jpg", picture)[1])


@pytest.mark.parametrize(("codec", "rate"), [("opus", 48_000), ("pcm16", 48_000), ("pcm16", 16_000), ("pcm16", 8_000)])
def test_the_answer_comes_in_the_form_that_was_asked_for(codec: str, rate: int) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            hello = await device.hello(here, speaker={"codec": codec, "rate": rate})
            assert hello["answer"] == {"codec": codec, "rate": rate}
            session = here.sessions[0]
            session.to_say = [(packet, 7) for packet in tone_packets(50, 880.0)]
            (spoken,) = await device.until(lambda: device.got("spoken"))
            (speaking,) = device.got("speaking")
            assert (speaking["utterance"], spoken["utterance"], spoken["cut"]) == (7, 7, False)
            assert spoken["sound_ns"] - speaking["sound_ns"] >= 50 * 20 * MS
            assert len(device.sound) == 50 and [s[1] for s in device.sound] == list(range(50)), "silence is not sent"
            assert device.sound[0][2] == speaking["sound_ns"] and device.sound[-1][2] + 20 * MS == spoken["sound_ns"]
            if codec == "opus":
                assert [s[3] for s in device.sound] == list(tone_packets(50, 880.0))
            else:
                assert {len(s[3]) for s in device.sound} == {rate // 50 * 2}
                pcm = np.frombuffer(b"".join(s[3] for s in device.sound[10:]), "<i2").astype(float)
                assert abs(np.abs(np.fft.rfft(pcm)).argmax() * rate / len(pcm) - 880) < 3
                assert 4_000 < np.abs(pcm).max() < 9_000
            await device.close()

    run(story)


def test_what_the_ear_got_comes_back_as_a_position_in_the_utterance() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, speaker=SPEAKER)
            session = here.sessions[0]
            words = tone_packets(6, 880.0)
            session.to_say = [(p, 7) for p in words[:3]] + [(b"", 7)] * 2 + [(p, 7) for p in words[3:]]
            (spoken,) = await device.until(lambda: device.got("spoken"))
            (speaking,) = device.got("speaking")
            at = {payload: time_ns for _, _, time_ns, payload in device.sound}
            assert at[words[3]] - at[words[2]] >= 60 * MS, "a pause is a gap in the line"
            for mark, sound_ns in (("first", speaking["sound_ns"]), ("progress", at[words[3]] + 10 * MS)):
                await device.say(type="heard", utterance=7, mark=mark, sound_ns=sound_ns, device_ns=device.now_ns())
            await device.say(type="heard", utterance=7, mark="last", sound_ns=spoken["sound_ns"])
            await device.say(type="heard", utterance=99, mark="first", sound_ns=0)
            await session.until(lambda: len(session.heard) == 3)
            assert [(h[1], h[3] // MS) for h in session.heard] == [("first", 0), ("progress", 70), ("last", 120)]
            await device.close()

    run(story)


def test_silence_is_sent_to_who_asks_for_it() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, speaker={**SPEAKER, "silence": True})
            await device.until(lambda: len(device.sound) > 10)
            assert {s[3] for s in device.sound} == {b"\xf8\xff\xfe"}
            await device.close()

    run(story)


def test_a_device_without_a_speaker_still_gets_its_answer_pulled_and_the_captions() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, microphone=MICROPHONE)
            session = here.sessions[0]
            await session.until(lambda: session.pulls > 5)
            session.link.send_message({"type": "caption", "who": "companion", "text": "Grüße"})
            assert (await device.until(lambda: device.got("caption")))[0]["text"] == "Grüße"
            assert not device.sound and session.states[0][1:4] == (True, False, False)
            await device.close()

    run(story)


def test_what_the_device_can_do_is_on_its_record() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            camera = {"codec": "jpeg", "width": 640, "height": 480, "fps": 0.5, "photo_only": True}
            more = {"half_duplex": True, "inputs": ["tap", "hold"], "photo_delay_ms": 900, "echo": "open"}
            await device.hello(here, name="Omi", camera=camera, microphone={"codec": "pcm16", "rate": 8_000}, **more)
            connection = connection_of(here.sessions[0].link)
            record = connection.record
            assert (record.name, record.camera, record.width, record.height, record.fps) == (
                "Omi",
                "jpeg",
                640,
                480,
                0.5,
            )
            assert (record.microphone, record.microphone_hz, record.speaker, record.echo) == (
                "pcm16",
                8_000,
                False,
                "open",
            )
            assert record.photo_only and record.rests_for_speaker and record.rests_for_camera
            assert (record.inputs, record.photo_delay_ms) == (("tap", "hold"), 900)
            assert here.sessions[0].link.record is record and connection.heard_ns > 0
            assert here.sessions[0].link.device == "bridge" and here.sessions[0].link.echo == "open"
            await device.close()

    run(story)


def connection_of(link: Wearer) -> Any:
    return link._now


# -------------------------------------------------------------------------------------------------------------- control


def test_the_camera_is_asked_for_key_frames_and_photos() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, camera=CAMERA)
            await device.frame(H264, camera_packets("h264")[1])
            (asked,) = await device.until(lambda: device.got("camera"))
            assert asked == {"type": "camera", "do": "key_frame"}, "nothing can be shown before it"
            session = here.sessions[0]
            assert not session.units
            await device.frame(H264, camera_packets("h264")[0])
            await device.frame(H264, camera_packets("h264")[1])
            await session.until(lambda: len(session.units) == 2)
            assert session.units[0].key
            await device.close()

            other = Device()
            await other.hello(here, camera={"codec": "jpeg", "photo_only": True}, photo_delay_ms=400)
            here.sessions[1].link.ask_key_frame()
            (asked,) = await other.until(lambda: other.got("camera"))
            assert asked == {"type": "camera", "do": "photo"}
            await other.frame(JPEG, jpeg_picture(), flags=2)
            await here.sessions[1].until(lambda: here.sessions[1].units)
            await other.close()

    run(story)


def test_after_a_gap_in_the_pictures_nothing_is_shown_before_the_next_key_frame() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, camera=CAMERA)
            session, units = here.sessions[0], camera_packets("h264")
            for i in (0, 1, 2):
                await device.frame(H264, units[i])
            await device.frame(H264, units[5], skip=2)
            for i in (6, 7, 10, 11):
                await device.frame(H264, units[i])
            await session.until(lambda: len(session.units) == 5)
            assert [u.key for u in session.units] == [True, False, False, True, False]
            assert [u.frame_id for u in session.units] == [1, 2, 3, 4, 5]
            told = (await device.until(lambda: device.got("dropped")))[-1]
            assert (told["up"]["pictures"], told["missing"]["pictures"]) == (3, 2)
            await device.close()

    run(story)


def test_events_and_typed_words_reach_the_session() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            await device.say(type="event", kind="battery", value="12")
            await device.say(type="typed", text="what was the platform")
            await device.say(type="something_of_tomorrow", x=1)
            session = here.sessions[0]
            await session.until(lambda: len(session.messages) == 3)
            assert session.messages[0] == {"type": "event", "kind": "battery", "value": "12"}
            await device.close()

    run(story)


def test_pings_tie_the_device_clock_to_the_session_clock() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            session = here.sessions[0]
            await session.until(lambda: session.clocks)
            offset_ns, round_trip_ns = session.clocks[-1]
            true_ns = asyncio.get_running_loop().time() * 1e9 - session.clock.now_ns()
            assert abs(offset_ns - true_ns) <= round_trip_ns / 2 + MS
            await device.close()

    run(story)


def test_opus_dtx_is_heard_as_silence_while_it_lasts() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, microphone=MICROPHONE)
            session = here.sessions[0]
            for packet in tone_packets()[:10]:
                await device.frame(OPUS, packet)
            await device.frame(OPUS, b"\x08")  # one byte: nothing follows until there is sound
            await session.until(lambda: sum(s["concealed"] for s in session.sounds) >= 5)
            await device.close()

    run(story)


# ------------------------------------------------------------------------------------------------------------ life, end


async def show(device: Device) -> None:
    """The last 100 ms: five packets of sound and five pictures."""
    await device.until(lambda: len(device.got("ping")) >= 4)  # the clocks are tied, and there were 100 ms
    began_ns = device.now_ns() - 100 * MS
    for i in range(5):
        await device.frame(OPUS, tone_packets()[i], began_ns + i * 20 * MS)
        await device.frame(H264, camera_packets("h264")[i], began_ns + i * 20 * MS)


def words(session: Session) -> list[str]:
    return [state[0] for state in session.states]


@pytest.mark.parametrize("how", ["cut", "going away", "silent"])
def test_a_device_that_is_gone_finds_its_session_again(how: str) -> None:
    async def story() -> None:
        async with companion(lost_after_s=0.4) as here:
            first = Device()
            name = (await first.hello(here, microphone=MICROPHONE, camera=CAMERA))["session"]
            session = here.sessions[0]
            await show(first)
            await session.until(lambda: len(session.units) == 5 and len(session.sounds) == 5)
            if how == "cut":
                first.cut()
            elif how == "going away":
                await first.close(code=1001)
            else:
                first.reads = False
            await session.until(lambda: words(session)[-1] == "lost")
            session.link.send_message({"type": "caption", "who": "companion", "text": "kept"})
            again = Device()
            hello = await again.hello(here, microphone=MICROPHONE, camera=CAMERA, resume=name)
            assert hello["resumed"] and hello["session"] == name
            await again.until(lambda: again.got("caption"))
            await show(again)
            await session.until(lambda: len(session.units) == 10 and len(session.sounds) == 10)
            assert words(session) == ["connected", "lost", "connected"] and session.resumed == [False, False, True]
            assert [u.frame_id for u in session.units] == list(range(1, 11)) and len(here.sessions) == 1
            times = [s["media_ns"] for s in session.sounds]
            assert times == sorted(times)
            await again.close()
            await session.until(lambda: words(session)[-1] == "closed")
            if how != "going away":
                await first.close()

    run(story)


def test_words_that_may_have_gone_to_nobody_are_sent_once_more_and_no_others() -> None:
    """Nobody knows of a dead network at once: what goes out before that is lost, and nobody is told."""

    async def story() -> None:
        async with companion() as here:
            first, again = Device(), Device()
            name = (await first.hello(here, microphone=MICROPHONE))["session"]
            session = here.sessions[0]
            session.link.send_message({"type": "caption", "who": "companion", "text": "it arrives"})
            sent_ns = session.link.clock.now_ns()
            await first.until(lambda: first.got("caption"))
            await first.until(lambda: connection_of(session.link).arrived_ns > sent_ns)
            first.answers_pings = False
            session.link.send_message({"type": "caption", "who": "companion", "text": "does it?"})
            session.link.send_message({"type": "state", "state": "speaking"})
            assert words(session) == ["connected"]
            await again.hello(here, microphone=MICROPHONE, resume=name)
            session.link.send_message({"type": "caption", "who": "companion", "text": "new"})
            await again.until(lambda: len(again.got("caption")) >= 2)
            assert [m["text"] for m in again.got("caption")] == ["does it?", "new"]
            assert not again.got("state"), "what is no longer so is not told"
            await again.close()
            await first.close()

    run(story)


def test_a_device_that_comes_over_another_network_takes_over() -> None:
    async def story() -> None:
        async with companion() as here:
            first, again = Device(), Device()
            name = (await first.hello(here, microphone=MICROPHONE))["session"]
            await again.hello(here, microphone=MICROPHONE, resume=name)
            (bye,) = await first.until(lambda: first.got("bye"))
            assert "took this session over" in bye["reason"]
            assert words(here.sessions[0]) == ["connected", "lost", "connected"]
            await again.close()
            await first.close()

    run(story)


@pytest.mark.parametrize("how", ["bye", "close"])
def test_goodbye_is_not_waited_for(how: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            name = (await device.hello(here, microphone=MICROPHONE))["session"]
            session = here.sessions[0]
            if how == "bye":
                await device.say(type="bye")
            else:
                await device.close()
            await session.until(lambda: words(session)[-1] == "closed")
            assert here.server.sessions == 0 and "lost" not in words(session)
            other = Device()
            await other.open(here)
            await other.say(type="hello", protocol=1, resume=name)
            code, refused = await other.refused()
            assert (code, refused["error"]) == (4404, "no_such_session") and name in refused["detail"]
            assert len(here.sessions) == 1
            await other.close()
            await device.close()

    run(story)


def test_a_companion_that_stops_says_goodbye() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            await here.server.stop()
            (bye,) = await device.until(lambda: device.got("bye"))
            assert bye["reason"] == "the companion stops" and (await device.refused())[0] == 1000
            await device.close()

    run(story)


# ------------------------------------------------------------------------------------------------------------- too much


def test_a_device_that_does_not_take_its_sound_gets_the_newest_and_the_count() -> None:
    async def story() -> None:
        async with companion(lost_after_s=60) as here:
            device = Device()
            await device.hello(here, speaker=SPEAKER)
            session = here.sessions[0]
            await session.until(lambda: session.clocks)
            device.answers_pings = False
            session.to_say = [(packet, 7) for packet in tone_packets(50, 880.0) * 6]
            connection = connection_of(session.link)
            while not connection.counts["down"]["sound"] > 20:
                await asyncio.sleep(0.05)
            assert len(device.sound) <= 200, "what it does not confirm is not sent after it for ever"
            device.answers_pings = True
            await device.until(lambda: device.got("dropped"))
            await device.until(lambda: device.got("spoken"))
            numbers = [s[1] for s in device.sound]
            assert len(numbers) < 300 and numbers[-1] == 299 and numbers == sorted(numbers)
            assert (
                300 - len(numbers) == connection.counts["down"]["sound"] == device.got("dropped")[-1]["down"]["sound"]
            )
            await device.close()

    run(story)


def test_sound_faster_than_life_is_taken_for_ten_seconds_and_then_dropped_oldest_first() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, microphone=MICROPHONE)
            session = here.sessions[0]
            await session.until(lambda: session.clocks)
            began_ns = device.now_ns() - 29_000 * MS
            for i in range(29 * 50):
                await device.frame(OPUS, tone_packets()[i % 50], began_ns + i * 20 * MS)
            await session.until(lambda: len(session.sounds) > 20 * 50)
            dropped = connection_of(session.link).counts["up"]["sound"]
            assert 6 * 50 < dropped <= 9 * 50
            told = (await device.until(lambda: device.got("dropped")))[-1]
            assert told["up"]["sound"] > 0
            await device.close()

    run(story)


# ---------------------------------------------------------------------------------------------------------- the refused


@pytest.mark.parametrize(
    ("said", "speaker", "camera"),
    [(False, False, False), (True, True, True), ("speaker", True, False), ("camera", False, True)],
)
def test_what_the_microphone_rests_for_is_told_apart(said: bool | str, speaker: bool, camera: bool) -> None:
    hello = read_hello({"type": "hello", "protocol": 1, "half_duplex": said})
    assert (hello.record.rests_for_speaker, hello.record.rests_for_camera) == (speaker, camera)
    device = hello.record.deciding
    assert (device.deaf_while_speaking, device.deaf_while_looking) == (speaker, camera)
    assert device.half_duplex is (speaker and camera), "as an older companion would say it"


@pytest.mark.parametrize(
    ("hello", "code", "error", "names"),
    [
        ({"type": "typed", "text": "hello"}, 4400, "bad_hello", "type"),
        ({"type": "hello"}, 4422, "wrong_protocol", "None"),
        ({"type": "hello", "protocol": 2}, 4422, "wrong_protocol", "2"),
        ({"type": "hello", "protocol": True}, 4422, "wrong_protocol", "True"),
        ({"type": "hello", "protocol": 1, "camera": {"codec": "av1"}}, 4422, "no_usable_codec", "av1"),
        ({"type": "hello", "protocol": 1, "microphone": {"codec": "lc3"}}, 4422, "no_usable_codec", "lc3"),
        ({"type": "hello", "protocol": 1, "microphone": {"codec": "pcm16"}}, 4400, "bad_hello", "microphone.rate"),
        ({"type": "hello", "protocol": 1, "microphone": {"codec": "pcm16", "rate": 4000}}, 4400, "bad_hello", "4000"),
        ({"type": "hello", "protocol": 1, "speaker": {"codec": "pcm16", "rate": 44100}}, 4422, "wrong_rate", "44100"),
        ({"type": "hello", "protocol": 1, "echo": "loud"}, 4400, "bad_hello", "loud"),
        ({"type": "hello", "protocol": 1, "name": "x" * 81}, 4400, "bad_hello", "name"),
        ({"type": "hello", "protocol": 1, "inputs": ["tap", 7]}, 4400, "bad_hello", "inputs"),
        ({"type": "hello", "protocol": 1, "camera": [1]}, 4400, "bad_hello", "camera"),
        ({"type": "hello", "protocol": 1, "half_duplex": "yes"}, 4400, "bad_hello", "half_duplex"),
        ({"type": "hello", "protocol": 1, "half_duplex": ["camera"]}, 4400, "bad_hello", "half_duplex"),
        ({"type": "hello", "protocol": 1, "half_duplex": 1}, 4400, "bad_hello", "half_duplex"),
        ({"type": "hello", "protocol": 1, "photo_delay_ms": float("nan")}, 4400, "bad_hello", "photo_delay_ms"),
        ({"type": "hello", "protocol": 1, "resume": 7}, 4400, "bad_hello", "resume"),
        ({"type": "hello", "protocol": 1, "resume": "nobody"}, 4404, "no_such_session", "nobody"),
    ],
)
def test_a_wrong_hello_is_told_what_is_wrong(hello: dict[str, Any], code: int, error: str, names: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.open(here)
            await device.say(**hello)
            got, refused = await device.refused()
            assert (got, refused["error"]) == (code, error)
            assert names in refused["detail"] and refused["hint"]
            assert not here.sessions and here.server.sessions == 0
            await device.close()

    run(story)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "bad_frame"),
        (packed(OPUS, 0, 1, b""), "bad_frame"),
        (packed(9, 0, 1, b"x"), "bad_frame"),
        (packed(OPUS, 0, 1, b"\x03"), "bad_frame"),
        (packed(OPUS, 0, 1, b"\xf8\xff\xfe", flags=128), "bad_frame"),
        (packed(PCM16, 0, 1, b"ab"), "bad_frame"),
        (packed(JPEG, 0, 1, b"\x89PNG"), "bad_frame"),
        (packed(H264, 0, 1, b"\0\0\0\x10AVCC"), "bad_frame"),
        (struct.pack("<BBHIQ", OPUS, 0, 7, 0, 1) + b"\xf8\xff\xfe", "bad_frame"),
        (struct.pack("<BBHIQ", OPUS, 0, 0, 0, 1 << 63) + b"\xf8\xff\xfe", "bad_frame"),
        ("not json", "bad_message"),
        ('{"no": "type"}', "bad_message"),
        ("[" * 5000, "bad_message"),
        ('{"type": "hello", "protocol": 1}', "bad_message"),
        ('{"type": "event", "kind": "' + "x" * 70_000 + '"}', "bad_message"),
    ],
)
def test_garbage_is_refused_with_a_code_and_the_session_can_be_resumed(data: bytes | str, error: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            name = (await device.hello(here, microphone=MICROPHONE, camera=CAMERA))["session"]
            await (device.ws.send_str(data) if isinstance(data, str) else device.ws.send_bytes(data))
            code, refused = await device.refused()
            assert (code, refused["error"]) == (4400, error) and refused["detail"] and refused["hint"]
            again = Device()
            assert (await again.hello(here, resume=name))["resumed"]
            await again.close()
            await device.close()

    run(story)


def test_a_sequence_that_stands_still_is_refused() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, microphone=MICROPHONE)
            for _ in range(2):
                await device.ws.send_bytes(packed(OPUS, 3, 1, tone_packets()[0]))
            code, refused = await device.refused()
            assert code == 4400 and "sequence 3 after 3" in refused["detail"]
            await device.close()

    run(story)


def test_too_large_too_many_and_too_slow_are_refused() -> None:
    async def story() -> None:
        async with companion(hello_within_s=0.3) as here:
            slow = Device()
            await slow.open(here)
            code, refused = await slow.refused()
            assert (code, refused["error"]) == (4408, "no_hello") and not here.sessions

            large = Device()
            await large.hello(here, camera=CAMERA)
            await large.ws.send_bytes(packed(H264, 0, 1, b"\0\0\0\1" + bytes(4 * 1024 * 1024)))
            code, refused = await large.refused()
            assert (code, refused["error"]) == (4413, "too_large")

            huge = Device()
            await huge.hello(here, camera=CAMERA)
            with suppress(ConnectionError):
                await huge.ws.send_bytes(packed(H264, 0, 1, b"\0\0\0\1" + bytes(9 * 1024 * 1024)))
            assert (await huge.refused())[0] in (1009, 1006)

            chatty = Device()
            await chatty.hello(here)
            for _ in range(400):
                await chatty.say(type="event", kind="tap")
            code, refused = await chatty.refused()
            assert (code, refused["error"]) == (4429, "too_many_messages")
            for device in (slow, large, huge, chatty):
                await device.close()

    run(story)


# ----------------------------------------------------------------------------------------------------------- the door


def test_no_byte_is_read_from_who_has_no_token() -> None:
    async def story() -> None:
        async with companion() as here:
            async with aiohttp.ClientSession() as http:
                for token in ("", "guess", TOKEN + "x", TOKEN[:-1]):
                    with pytest.raises(aiohttp.WSServerHandshakeError) as why:
                        await http.ws_connect(here.at("/device", token))
                    assert why.value.status == 401
                for headers, status in (
                    ({"Origin": "https://evil.example"}, 403),
                    ({"Origin": "null"}, 403),
                    ({"Host": "evil.example"}, 403),
                ):
                    with pytest.raises(aiohttp.WSServerHandshakeError) as why:
                        await http.ws_connect(here.at("/device"), headers=headers)
                    assert why.value.status == status
                async with http.get(here.at("/device")) as plain:
                    assert plain.status == 426 and (await plain.json())["error"] == "no_websocket"
            assert not here.sessions and here.server.sessions == 0
            device = Device()
            await device.open(here, token="", Authorization=f"Bearer {TOKEN}")
            await device.say(type="hello", protocol=1)
            await device.until(lambda: device.got("hello"))
            await device.close()

    run(story)


def test_places_are_limited_and_the_next_one_is_told_so() -> None:
    async def story() -> None:
        async with companion(max_sessions=1) as here:
            first, second = Device(), Device()
            await first.hello(here)
            await second.open(here)
            await second.say(type="hello", protocol=1)
            code, refused = await second.refused()
            assert (code, refused["error"]) == (4503, "too_many_sessions")
            await first.close()
            await second.close()

    run(story)


def test_what_a_session_hears_over_the_bridge_is_an_opus_packet_and_its_sound() -> None:
    """The recording holds the packets, so they must be what was heard."""

    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here, microphone={"codec": "pcm16", "rate": 48_000})
            session = here.sessions[0]
            for i in range(20):
                await device.frame(PCM16, tone(960, 440.0, i * 960).astype("<i2").tobytes())
            await session.until(lambda: len(session.sounds) == 20)
            decoder = av.CodecContext.create("libopus", "r")
            assert all(decoder.decode(av.Packet(s["packet"])) for s in session.sounds)
            await device.close()

    run(story)


# ------------------------------------------------------------------------------------------------------------ the page


def test_the_exchange_in_the_docs_is_had_as_it_stands() -> None:
    """Every line of it: what the device sends is sent, what the companion sends is compared; `…` is anything."""
    page = (Path(__file__).parent.parent / "docs" / "bridge.md").read_text("utf-8")
    lines = page.split("## An exchange")[1].split("```")[1].strip().splitlines()
    assert len(lines) > 10

    async def story() -> None:
        async with companion() as here:
            device = Device()
            device.answers_pings = False
            await device.open(here)
            seen = 0
            for line in lines:
                way, text = line.split(" ", 1)
                if way == "↑":
                    await (device.ws.send_str(text) if text[0] == "{" else device.ws.send_bytes(bytes.fromhex(text)))
                    continue
                if '"do": "photo"' in text:
                    here.sessions[0].link.ask_key_frame()
                elif '"speaking"' in text:
                    here.sessions[0].to_say = [(tone_packets()[0], 7)]
                if text[0] != "{":
                    await device.until(lambda: device.sound)
                    expected = bytes.fromhex(text.split("…")[0])
                    kind, sequence, _, _ = device.sound[0]
                    assert struct.pack("<BBHI", kind, 0, 0, sequence) == expected
                    continue
                seen = await device.until(partial(later, device, seen, json.loads(text.replace("…", '"…"'))))
            battery = {"type": "event", "kind": "battery", "value": "12"}
            typed = {"type": "typed", "text": "what was the platform", "number": 1}
            assert here.sessions[0].messages == [battery, typed]
            assert here.sessions[0].units and here.sessions[0].sounds and here.sessions[0].clocks
            await device.close()

    run(story)


def later(device: Device, seen: int, expected: dict[str, Any]) -> int:
    """How many messages lie up to the one that is expected, and behind those that were; 0: it is not there yet."""
    for i, message in enumerate(device.messages[seen:], seen + 1):
        alike = {key: "…" if expected.get(key) == "…" else value for key, value in message.items()}
        if alike == expected:
            return i
    return 0
