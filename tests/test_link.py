"""The link, end to end on this machine: a device made of aiortc offers, connects, speaks, shows and listens.

The device sends packets that were encoded ahead, so nothing here runs an encoder in real time, and every wait is for
an event, never for a duration.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.jitterbuffer import JitterBuffer
from hypothesis import given
from hypothesis import strategies as st

from companion.clock import SessionClock
from companion.link import internals
from companion.link.errors import Refused
from companion.link.flow import LOOK_S, FlowWatch
from companion.link.media_clock import NS, DeviceClock, MediaClock, Unwrap, nearest
from companion.link.offer import read_offer
from companion.link.opus_receive import FILL_LIMIT, OpusReceive
from companion.link.opus_send import FRAME_SAMPLES, SILENCE, OpusEncoder
from companion.link.resample import ThirdRate
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.link.speaker import Answers, Ledger, Pace
from companion.link.video_tap import CAPACITY, PATIENCE_NS, Fragment, VideoAssembler
from pipelines.events import MS

TOKEN = "open-sesame"
PATIENCE_S = 20  # how long an event may take before a test gives up; never how long one waits


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


# ----------------------------------------------------------------------------------------------------------- the device


def tone(samples: int, hz: float = 440.0, start: int = 0, level: float = 8000.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * (np.arange(samples) + start) / 48_000)).astype(np.int16)


@cache
def tone_packets(count: int = 50, hz: float = 440.0) -> tuple[bytes, ...]:
    encoder = OpusEncoder()
    return tuple(encoder.encode(tone(FRAME_SAMPLES, hz, i * FRAME_SAMPLES)) for i in range(count))


@cache
def camera_packets(codec: str, count: int = 30) -> tuple[bytes, ...]:
    """A moving gradient, 160x120, a key frame every 10; what the encoder gives, one entry a frame."""
    context = av.CodecContext.create({"h264": "libx264", "vp8": "libvpx"}[codec], "w")
    context.width, context.height, context.pix_fmt = 160, 120, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30, 1)
    context.options = {
        "h264": {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "keyint=10:scenecut=0:repeat-headers=1"},
        "vp8": {"deadline": "realtime", "lag-in-frames": "0"},
    }[codec]
    context.gop_size = 10
    out = []
    for i in range(count):
        picture = np.tile(((np.arange(160) + 5 * i) % 256).astype(np.uint8), (180, 1))
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = i
        out += [bytes(p) for p in context.encode(frame)]
    return tuple(out)


class PacketTrack(MediaStreamTrack):
    """Encoded packets at their pace, round and round."""

    def __init__(self, kind: str, packets: tuple[bytes, ...], rate_hz: int, step: int) -> None:
        super().__init__()
        self.kind = kind
        self._packets, self._rate_hz, self._step, self._n = packets, rate_hz, step, 0
        self.jump = False
        self.holds = False

    async def recv(self) -> av.Packet:
        await asyncio.sleep(self._step / self._rate_hz)
        while self.holds:
            await asyncio.sleep(0.02)
        packet = av.Packet(self._packets[self._n % len(self._packets)])
        packet.pts, packet.time_base = self._n * self._step, Fraction(1, self._rate_hz)
        self._n += 1
        return packet


class Device:
    """Glasses for a test: what it sends is chosen, what it gets is kept."""

    def __init__(self, microphone: bool = True, camera: str = "h264", messages: bool = True) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.messages: list[dict[str, Any]] = []
        self.answer_packets: list[tuple[int, bytes]] = []
        self.key_frames_asked = 0
        self.connected, self.changed = asyncio.Event(), asyncio.Event()
        self.channel: Any = None
        self.answers_pings = True
        self.pc.on("connectionstatechange", self._state)
        if microphone:
            self.pc.addTrack(PacketTrack("audio", tone_packets(), 48_000, 960))
        else:
            self.pc.addTransceiver("audio", direction="recvonly")
        if camera:
            sender = self.pc.addTrack(PacketTrack("video", camera_packets(camera), 90_000, 3000))
            sender._send_keyframe = self._asked
            transceiver = next(t for t in self.pc.getTransceivers() if t.sender is sender)
            codecs = RTCRtpSender.getCapabilities("video").codecs
            transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() == f"video/{camera}"])
        if messages:
            self.channel = self.pc.createDataChannel("earshot")
            self.channel.on("message", self._message)

    async def offer(self, loopback: bool = False) -> str:
        internals.offer_addresses(self.pc, loopback_only=loopback)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        for receiver in self.pc.getReceivers():
            if receiver._RTCRtpReceiver__kind == "audio":
                internals.tap_packets(receiver, self._answer_packet)
        return self.pc.localDescription.sdp

    async def take(self, answer: dict[str, Any]) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        await asyncio.wait_for(self.connected.wait(), PATIENCE_S)

    def say(self, **message: Any) -> None:
        self.channel.send(json.dumps(message))

    async def until(self, true: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := true()):
                self.changed.clear()
                await self.changed.wait()
        return found

    def got(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == kind]

    def _message(self, text: str) -> None:
        message = json.loads(text)
        self.messages.append(message)
        if message["type"] == "ping" and self.answers_pings:
            self.say(type="pong", id=message["id"], device_ns=round(asyncio.get_running_loop().time() * 1e9))
        self.changed.set()

    def _answer_packet(self, packet: Any, codec: str) -> None:
        self.answer_packets.append((packet.timestamp, packet.payload))
        self.changed.set()

    def _asked(self) -> None:
        self.key_frames_asked += 1
        self.changed.set()

    def _state(self) -> None:
        if self.pc.connectionState == "connected":
            self.connected.set()
        self.changed.set()


class Session:
    """A handler that keeps all it is told, and says what it is given to say."""

    def __init__(self, link: Any, clock: SessionClock) -> None:
        self.link, self.clock = link, clock
        self.sounds: list[dict[str, Any]] = []
        self.units: list[Any] = []
        self.messages: list[dict[str, Any]] = []
        self.states: list[tuple[Any, ...]] = []
        self.resumed: list[bool] = []
        self.flows: list[tuple[str, bool]] = []
        self.heard: list[tuple[Any, ...]] = []
        self.clocks: list[tuple[int, int]] = []
        self.reports: list[str] = []
        self.to_say: list[tuple[bytes, int]] = []
        self.pulls = 0
        self.changed = asyncio.Event()

    def on_microphone(
        self, packet: bytes, pcm: np.ndarray, rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        self.sounds.append({k: v for k, v in locals().items() if k != "self"})
        self.changed.set()

    def on_camera(self, unit: Any, rtp: int, arrival_ns: int) -> None:
        self.units.append(unit)
        self.changed.set()

    def on_message(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.changed.set()

    def on_state(self, *state: Any, resumed: bool = False) -> None:
        self.states.append(state)
        self.resumed.append(resumed)
        self.changed.set()

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        self.flows.append((track, flows))
        self.changed.set()

    def next_answer(self, stamp: int | None = None) -> tuple[bytes, int]:
        self.pulls += 1
        self.changed.set()
        return self.to_say.pop(0) if self.to_say else (SILENCE, 0)

    def on_heard(self, *heard: Any) -> None:
        self.heard.append(heard)
        self.changed.set()

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None:
        self.clocks.append((offset_ns, round_trip_ns))
        self.changed.set()

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None:
        self.reports.append(track)
        self.changed.set()

    async def until(self, true: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := true()):
                self.changed.clear()
                await self.changed.wait()
        return found


class Companion:
    """A running link server with the sessions it has made, and a client for its HTTP."""

    def __init__(self, **settings: Any) -> None:
        self.sessions: list[Session] = []
        self.server = LinkServer(LinkSettings(**{"port": 0, "token": TOKEN, **settings}), self._new)

    def _new(self, link: Any, clock: SessionClock) -> Session:
        self.sessions.append(Session(link, clock))
        return self.sessions[-1]

    def at(self, path: str, token: str = TOKEN) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}" + (f"?token={token}" if token else "")

    async def post(self, sdp: str, **more: Any) -> tuple[int, dict[str, Any], Any]:
        body = {"sdp": sdp, "type": "offer", **more}
        async with aiohttp.ClientSession() as http, http.post(self.at("/api/offer"), json=body) as response:
            return response.status, await response.json(), response.headers

    async def meet(self, device: Device, loopback: bool = False) -> Session:
        status, answer, _ = await self.post(await device.offer(loopback))
        assert status == 200, answer
        await device.take(answer)
        return self.sessions[-1]


@asynccontextmanager
async def companion(**settings: Any) -> AsyncIterator[Companion]:
    it = Companion(**settings)
    await it.server.start()
    try:
        yield it
    finally:
        await it.server.stop()


# ------------------------------------------------------------------------------------------------------- the whole path


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_a_device_connects_is_heard_and_seen_and_hears_the_answer(codec: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera=codec)
            session = await here.meet(device)
            await session.until(lambda: len(session.sounds) >= 10 and len(session.units) >= 12)
            assert session.states[0] == ("connected", True, True, True, "")

            assert all(s["pcm"].shape == (320,) and s["pcm"].dtype == np.int16 for s in session.sounds)
            assert np.abs(session.sounds[9]["pcm"]).max() > 4000
            assert {b["rtp"] - a["rtp"] for a, b in zip(session.sounds, session.sounds[1:], strict=False)} == {960}
            assert all(s["media_ns"] < s["arrival_ns"] for s in session.sounds)

            assert [u.frame_id for u in session.units] == list(range(1, len(session.units) + 1))
            assert session.units[0].key and session.units[0].codec == codec
            decoder = av.CodecContext.create("h264" if codec == "h264" else "vp8", "r")
            pictures = [p for u in session.units[:12] for p in decoder.decode(av.Packet(u.data))]
            assert len(pictures) >= 11 and (pictures[0].width, pictures[0].height) == (160, 120)

            words = tone_packets(5, 880.0)
            session.to_say = [(p, 7) for p in words]
            await device.until(lambda: words[-1] in [p for _, p in device.answer_packets])
            assert device.answer_packets[0][1] == SILENCE
            await device.pc.close()
            await session.until(lambda: session.states[-1][0] == "closed")

    run(story)


def test_without_a_data_channel_or_microphone_it_still_works() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(microphone=False, camera="vp8", messages=False)
            session = await here.meet(device)
            await session.until(lambda: session.units)
            assert session.states == [("connected", False, True, True, "")]
            await device.until(lambda: len(device.answer_packets) > 3)
            await device.pc.close()

    run(story)


def test_a_device_that_cannot_play_still_gets_its_answer_pulled() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            device.pc.getTransceivers()[0].direction = "sendonly"
            session = await here.meet(device)
            await session.until(lambda: session.pulls > 3)
            assert session.states == [("connected", True, False, False, "")]
            await device.pc.close()

    run(story)


def test_the_device_in_the_docs_works(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "wire.md").read_text("utf-8")
    (tmp_path / "device.py").write_text(page.split("```python\n")[1].split("```")[0], "utf-8")

    async def story() -> None:
        async with companion() as here:
            device = await asyncio.create_subprocess_exec(
                sys.executable, str(tmp_path / "device.py"), here.server.url, stdout=asyncio.subprocess.PIPE
            )
            assert device.stdout is not None
            assert await device.stdout.readline() == b"connected, recording: False\n"
            session = here.sessions[0]
            await session.until(lambda: session.clocks and len(session.sounds) > 5)
            session.link.send_message({"type": "caption", "who": "wearer", "text": "stop"})
            assert await device.stdout.readline() == b"wearer said: stop\n"
            device.kill()
            await device.wait()

    run(story)


def test_messages_go_both_ways_and_bad_ones_are_ignored() -> None:
    async def story() -> None:
        async with companion(recording=True) as here:
            device = Device(camera="")
            session = await here.meet(device)
            session.link.send_message({"type": "caption", "who": "companion", "text": "Grüße"})
            await device.until(lambda: device.got("caption"))
            hello = device.got("hello")[0]
            assert hello == {
                "type": "hello",
                "protocol": 1,
                "session": session.link.session,
                "resumed": False,
                "recording": True,
            }
            assert device.got("caption")[0]["text"] == "Grüße"
            for bad in ("ping: 17.3", "[1]", '{"no":"type"}', '{"type":7}', "{", "x" * 70_000, b"\x00\xff"):
                device.channel.send(bad)
            device.say(type="heard", utterance="two", mark="first", rtp=1)
            device.say(type="pong", id=[], device_ns="now")
            device.say(type="capture", media="smell", rtp=1, device_ns=1)
            device.say(type="typed", text="what was the platform")
            await session.until(lambda: session.messages)
            assert session.messages == [{"type": "typed", "text": "what was the platform"}]
            assert not session.heard
            await device.pc.close()

    run(story)


def test_pings_tie_the_device_clock_to_the_session_clock() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            await session.until(lambda: session.clocks)
            offset_ns, round_trip_ns = session.clocks[-1]
            true_ns = asyncio.get_running_loop().time() * 1e9 - session.clock.now_ns()
            assert abs(offset_ns - true_ns) <= round_trip_ns / 2 + 1_000_000
            await session.until(lambda: "audio" in session.reports)
            await device.pc.close()

    run(story)


def test_what_the_ear_got_comes_back_as_a_position_in_the_utterance() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            words = tone_packets(6, 880.0)
            session.to_say = [(p, 7) for p in words[:3]] + [(b"", 7)] * 2 + [(p, 7) for p in words[3:]]
            spoken = (await device.until(lambda: device.got("spoken")))[0]
            speaking = device.got("speaking")[0]
            sent = {p: rtp for rtp, p in device.answer_packets}
            assert (speaking["utterance"], speaking["rtp"]) == (7, sent[words[0]])
            assert (spoken["utterance"], spoken["cut"]) == (7, False)

            device.say(type="heard", utterance=7, mark="first", rtp=speaking["rtp"], device_ns=0)
            device.say(type="heard", utterance=7, mark="progress", rtp=sent[words[3]], device_ns=0)
            device.say(type="heard", utterance=7, mark="last", rtp=spoken["rtp"])
            device.say(type="heard", utterance=99, mark="first", rtp=spoken["rtp"])
            await session.until(lambda: len(session.heard) == 3)
            assert [(h[0], h[1], h[3]) for h in session.heard] == [
                (7, "first", 0),
                (7, "progress", 60_000_000),  # the pause of 40 ms is not part of the utterance
                (7, "last", 120_000_000),
            ]
            assert session.heard[2][2] <= session.clock.now_ns()
            await device.pc.close()

    run(story)


def test_a_cut_answer_is_said_to_be_cut() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            session.to_say = [(p, 4) for p in tone_packets(3)]
            await device.until(lambda: device.got("speaking"))
            session.link.cut_answer(4)
            await device.until(lambda: device.got("spoken"))
            assert device.got("spoken")[0]["cut"] is True
            await device.pc.close()

    run(story)


def test_one_lost_packet_moves_no_latency() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            microphone = device.pc.getSenders()[0].track
            session = await here.meet(device)
            behind: list[int] = []
            first_rtp: list[int] = []
            hear = session.on_microphone

            def note(packet: bytes, pcm: np.ndarray, rtp: int, *rest: Any, concealed: bool) -> None:
                first_rtp or first_rtp.append(rtp - 960 * (microphone._n - 1))
                behind.append(microphone._n - 1 - (rtp - first_rtp[0]) // 960)
                hear(packet, pcm, rtp, *rest, concealed=concealed)

            session.on_microphone = note  # type: ignore[method-assign]
            await session.until(lambda: len(behind) >= 15)
            transport = device.pc.getSenders()[0].transport
            send, dropped = transport._send_rtp, []

            async def lossy(data: bytes) -> None:
                if not dropped and not 192 <= data[1] <= 223:  # RTP, not RTCP
                    dropped.append(data)
                    return
                await send(data)

            transport._send_rtp = lossy
            await session.until(lambda: any(s["concealed"] for s in session.sounds))
            lost_at = next(i for i, s in enumerate(session.sounds) if s["concealed"])
            await session.until(lambda: len(session.sounds) > lost_at + 25)
            assert sum(s["concealed"] for s in session.sounds) == 1
            assert np.median(behind[-20:]) == np.median(behind[:15])
            assert len(set(np.diff([s["rtp"] for s in session.sounds]))) == 1
            await device.pc.close()

    run(story)


def test_key_frames_are_asked_for_at_most_twice_a_second() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(microphone=False)
            session = await here.meet(device)
            await session.until(lambda: len(session.units) >= 2)
            for _ in range(5):
                session.link.ask_key_frame()
            await device.until(lambda: device.key_frames_asked)
            seen = len(session.units)
            await session.until(lambda: len(session.units) >= seen + 3)
            assert device.key_frames_asked == 1
            await device.pc.close()

    run(story)


def test_nothing_is_ever_decoded_or_queued_by_aiortc() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            session = await here.meet(device)
            await session.until(lambda: len(session.sounds) > 20 and len(session.units) > 20)
            for receiver in session.link._now._pc.getReceivers():
                assert receiver._RTCRtpReceiver__decoder_queue.empty()
                assert receiver.track._queue.empty()
            await device.pc.close()

    run(story)


def test_a_fault_in_the_session_does_not_end_the_connection() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            hear = session.on_microphone

            def stumble(*sound: Any, **more: Any) -> None:
                session.on_microphone = hear  # type: ignore[method-assign]
                raise RuntimeError("a fault")

            session.on_microphone = stumble  # type: ignore[method-assign]
            seen = len(session.sounds)
            await session.until(lambda: len(session.sounds) > seen + 5)
            assert session.states[-1][0] == "connected"
            await device.pc.close()

    run(story)


# -------------------------------------------------------------------------------------------------------- coming, going


def test_a_device_that_goes_silent_is_lost_and_one_that_returns_is_connected() -> None:
    async def story() -> None:
        async with companion(lost_after_s=0.3) as here:
            device = Device(camera="")
            session = await here.meet(device)
            await session.until(lambda: session.sounds)
            transport = device.pc.getSenders()[0].transport
            send = transport._send_rtp

            async def nothing(data: bytes) -> None:
                return

            transport._send_rtp, device.answers_pings = nothing, False
            await session.until(lambda: session.states[-1][0] == "lost")
            transport._send_rtp = send
            await session.until(lambda: session.states[-1][0] == "connected")
            await device.pc.close()
            await session.until(lambda: session.states[-1][0] == "closed")
            assert [s[0] for s in session.states] == ["connected", "lost", "connected", "closed"]

    run(story)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_track_that_stops_while_the_device_is_there_is_told_of_and_so_is_its_return(kind: str) -> None:
    name = {"video": "camera", "audio": "microphone"}[kind]

    async def story() -> None:
        async with companion() as here:
            device = Device()
            session = await here.meet(device)
            await session.until(lambda: session.sounds and session.units)
            track = next(s.track for s in device.pc.getSenders() if s.kind == kind)
            track.holds = True
            await session.until(lambda: session.flows)
            last_ns = session.units[-1].media_ns if kind == "video" else session.sounds[-1]["arrival_ns"]
            assert (session.clock.now_ns() - last_ns) / 1e9 > 2
            track.holds = False
            await session.until(lambda: len(session.flows) == 2)
            assert session.flows == [(name, False), (name, True)]
            assert [s[0] for s in session.states] == ["connected"], "the device itself was never lost"
            await device.pc.close()

    run(story)


def test_a_dead_track_is_noticed_within_three_seconds_and_told_once() -> None:
    watch, told = FlowWatch(microphone=True, camera=True, now_ns=0), []
    for ms in range(0, 10_000, 20):
        if ms < 4_000:
            watch.picture(ms * MS)
        watch.sound(np.zeros(320, np.int16), False, ms * MS)  # a microphone that gives zeros from the start
        if ms % round(LOOK_S * 1000) == 0:
            told += [(ms, flow.track, flow.flows) for flow in watch.look(ms * MS)]
    (first, *mic), (then, *camera) = told
    assert mic == ["microphone", False] and first <= 3_000
    assert camera == ["camera", False] and then - 4_000 <= 3_000


def test_a_device_may_be_silent_later_and_a_photo_camera_slow() -> None:
    watch = FlowWatch(microphone=True, camera=True, now_ns=0, camera_every_ns=5_000 * MS)
    for ms in range(0, 60_000, 20):
        if ms % 6_000 == 0:
            watch.picture(ms * MS)
        watch.sound(np.full(320, ms < 1_000, np.int16), False, ms * MS)  # muted by itself after a second
        assert watch.look(ms * MS) == []


def test_what_the_wearer_has_switched_off_is_not_missed_until_it_is_on_again() -> None:
    watch, told = FlowWatch(microphone=True, camera=True, now_ns=0), []
    switched = {3_500: "off", 20_000: "on"}
    for ms in range(0, 25_000, 250):
        watch.sound(np.ones(320, np.int16), False, ms * MS)
        if ms in switched:
            watch.told({"type": "event", "kind": "camera", "value": switched[ms]})
        told += [(ms, flow.track, flow.flows) for flow in watch.look(ms * MS)]
    (missed, *before), (again, *after) = told
    assert before == after == ["camera", False]
    assert missed <= 3_000 and 22_000 < again <= 23_000, "it came on, and gave nothing"


def test_after_stop_no_task_and_no_thread_is_left() -> None:
    async def story() -> None:
        tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
        async with companion() as here:
            devices = [Device(), Device(camera="vp8")]
            for device in devices:
                session = await here.meet(device)
                await session.until(lambda s=session: s.sounds and s.units)
            abandoned = Device(camera="")
            await here.post(await abandoned.offer())
        assert here.server.sessions == 0
        assert [s.states[-1][0] for s in here.sessions] == ["closed"] * 3
        assert any(m["type"] == "bye" for m in devices[0].messages)
        for device in [*devices, abandoned]:
            await device.pc.close()
        while left := asyncio.all_tasks() - tasks:
            done, _ = await asyncio.wait(left, timeout=PATIENCE_S)
            assert done, left
        assert set(threading.enumerate()) == threads

    run(story)


def test_an_offer_whose_device_never_comes_gives_its_place_back() -> None:
    async def story() -> None:
        async with companion(connect_timeout_s=0.05, max_sessions=1) as here:
            device = Device(camera="")
            await here.post(await device.offer())
            session = here.sessions[0]
            await session.until(lambda: session.states)
            assert session.states[0][0] == "closed" and "no connection within" in session.states[0][4]
            assert here.server.sessions == 0
            await device.pc.close()

    run(story)


def test_one_device_too_many_is_told_to_come_back() -> None:
    async def story() -> None:
        async with companion(max_sessions=1) as here:
            first, second = Device(camera=""), Device(camera="")
            await here.meet(first)
            status, body, headers = await here.post(await second.offer())
            assert (status, body["error"], headers["Retry-After"]) == (503, "too_many_sessions", "5")
            await first.pc.close()
            await second.pc.close()

    run(story)


# ------------------------------------------------------------------------------------------------------------- networks


def test_on_loopback_only_loopback_is_offered_and_a_lan_device_still_connects() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")  # offers the addresses of this machine's networks, where it has any
            _, answer, _ = await here.post(await device.offer())
            offered = [line.split()[4] for line in answer["sdp"].splitlines() if line.startswith("a=candidate")]
            assert offered and set(offered) == {"127.0.0.1"}
            await device.take(answer)
            await device.pc.close()

    run(story)


@pytest.mark.parametrize("loopback", [True, False])
def test_it_works_with_no_network_interface(monkeypatch: pytest.MonkeyPatch, loopback: bool) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: [])
    monkeypatch.setattr("companion.link.server._is_loopback", lambda host: loopback)

    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            await session.until(lambda: session.sounds)
            await device.pc.close()

    run(story)


def test_no_ice_server_is_ever_asked() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            await session.until(lambda: session.states)
            connection = session.link._now._pc.getTransceivers()[0].receiver.transport.transport._connection
            assert connection.stun_server is None and connection.turn_server is None
            await device.pc.close()

    run(story)


# ------------------------------------------------------------------------------------------------------------- refusals


def offer_text(*media: str, first: str = "v=0") -> str:
    head = [first, "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(map(str, range(len(media))))]
    for i, section in enumerate(media):
        head += [*section.strip().split("\n"), f"a=mid:{i}", "a=ice-ufrag:abcd", "a=ice-pwd:" + "x" * 24]
        head += ["a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass", "a=rtcp-mux"]
    return "\r\n".join(head) + "\r\n"


OPUS = "m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=rtpmap:111 opus/48000/2\na=sendrecv"
PCMU = "m=audio 9 UDP/TLS/RTP/SAVPF 0\nc=IN IP4 0.0.0.0\na=rtpmap:0 PCMU/8000"
AV1 = "m=video 9 UDP/TLS/RTP/SAVPF 45\nc=IN IP4 0.0.0.0\na=rtpmap:45 AV1/90000\na=sendonly"
HIGH = (
    "m=video 9 UDP/TLS/RTP/SAVPF 102\nc=IN IP4 0.0.0.0\na=rtpmap:102 H264/90000\n"
    "a=fmtp:102 packetization-mode=1;profile-level-id=640c1f\na=sendonly"
)
BARE = "m=video 9 UDP/TLS/RTP/SAVPF 102\nc=IN IP4 0.0.0.0\na=rtpmap:102 H264/90000\na=sendonly"


@pytest.mark.parametrize(
    ("sdp", "status", "error", "says"),
    [
        ("v=0\r\nhello", 400, "bad_sdp", "no audio and no video"),
        ("", 400, "bad_sdp", "first line"),
        ("<html>", 400, "bad_sdp", "first line"),
        (offer_text("m=audio nine UDP 111"), 400, "bad_sdp", "m=audio nine"),
        (offer_text(OPUS, OPUS), 400, "bad_sdp", "2 audio sections"),
        (offer_text(OPUS, HIGH, HIGH), 400, "bad_sdp", "2 video sections"),
        (offer_text(OPUS).replace("a=ice-ufrag:abcd\r\n", ""), 400, "bad_sdp", "ICE user name"),
        (offer_text(OPUS).replace("a=rtcp-mux\r\n", ""), 400, "bad_sdp", "rtcp-mux"),
        (offer_text(OPUS).replace("AB:AB", "A"), 400, "", ""),
        (offer_text(PCMU), 422, "no_usable_codec", "pcmu"),
        (offer_text(OPUS, AV1), 422, "no_usable_codec", "av1"),
    ],
)
def test_an_offer_that_cannot_work_is_refused_with_its_reason(sdp: str, status: int, error: str, says: str) -> None:
    async def story() -> None:
        async with companion() as here:
            got, body, _ = await here.post(sdp)
            if error:
                assert (got, body["error"]) == (status, error)
                assert says in body["detail"] and body["hint"]
            else:
                assert got in (200, 400)  # nonsense that only the handshake can find out
            assert here.server.sessions == (got == 200)

    run(story)


@pytest.mark.parametrize("video", [HIGH, BARE, HIGH.replace("packetization-mode=1;", "")])
def test_any_h264_profile_is_taken_and_answered_in_its_own_words(video: str) -> None:
    async def story() -> None:
        async with companion() as here:
            status, answer, _ = await here.post(offer_text(OPUS, video))
            assert status == 200
            if "640c1f" in video:
                assert "profile-level-id=640c1f" in answer["sdp"]
            assert "H264/90000" in answer["sdp"]

    run(story)


def test_h264_is_answered_first_when_both_are_offered() -> None:
    async def story() -> None:
        async with companion() as here:
            device = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            device.addTransceiver("video", direction="sendonly")
            await device.setLocalDescription(await device.createOffer())
            _, answer, _ = await here.post(device.localDescription.sdp)
            first = next(line for line in answer["sdp"].splitlines() if line.startswith("m=video")).split()[3]
            assert f"a=rtpmap:{first} H264/90000" in answer["sdp"] and "VP8/90000" in answer["sdp"]
            await device.close()

    run(story)


@pytest.mark.parametrize(
    ("headers", "token", "status", "error"),
    [
        ({"Host": "evil.example"}, TOKEN, 403, "wrong_host"),
        ({"Host": "127.0.0.1.evil.example"}, TOKEN, 403, "wrong_host"),
        ({"Host": ""}, TOKEN, 403, "wrong_host"),
        ({"Origin": "https://evil.example"}, TOKEN, 403, "wrong_origin"),
        ({"Origin": "null"}, TOKEN, 403, "wrong_origin"),
        ({}, "", 401, "wrong_token"),
        ({}, "nope", 401, "wrong_token"),
        ({"Authorization": "Bearer nope"}, TOKEN, 401, "wrong_token"),
        ({"Authorization": f"Basic {TOKEN}"}, "", 401, "wrong_token"),
        ({"Content-Type": "text/plain"}, TOKEN, 415, "wrong_content_type"),
        ({"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}, "", 400, "bad_json"),
        ({"Host": "localhost:1", "Content-Type": "application/json"}, TOKEN, 400, "bad_json"),
    ],
)
def test_only_the_right_host_page_and_token_may_offer(
    headers: dict[str, str], token: str, status: int, error: str
) -> None:
    async def story() -> None:
        async with companion() as here, aiohttp.ClientSession() as http:
            async with http.post(here.at("/api/offer", token), data=b"{nonsense", headers=headers) as response:
                body = await response.json()
            assert (response.status, body["error"]) == (status, error)
            assert body["detail"] and body["hint"]
            assert not here.sessions

    run(story)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[]", 400), (b'{"sdp": 7}', 400), (b'{"sdp":"v=0","type":"answer"}', 400), (b'"' + b"x" * 300_000, 413)],
)
def test_a_body_that_is_no_offer_is_refused(body: bytes, status: int) -> None:
    async def story() -> None:
        async with companion() as here, aiohttp.ClientSession() as http:
            kind = {"Content-Type": "application/json"}
            async with http.post(here.at("/api/offer"), data=body, headers=kind) as response:
                assert response.status == status and (await response.json())["hint"]

    run(story)


def test_health_says_little_and_the_page_is_locked_down() -> None:
    async def story() -> None:
        async with companion() as here, aiohttp.ClientSession() as http:
            async with http.get(here.at("/health", "")) as response:
                assert set(await response.json()) == {"ok", "version"}
            async with http.get(here.at("/", "")) as response:
                assert response.status == 401
            async with http.get(here.server.url) as response:
                assert response.status == 200 and "Earshot" in await response.text()
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy
                assert response.headers["Referrer-Policy"] == "no-referrer"
            async with http.get(here.at("/nothing")) as response:
                assert (response.status, (await response.json())["error"]) == (404, "not_found")

    run(story)


@given(st.text(max_size=200))
def test_no_text_at_all_makes_the_offer_reader_raise_anything_but_a_refusal(text: str) -> None:
    for sdp in (text, "v=0\r\n" + text, offer_text(OPUS).replace("opus", text), offer_text(OPUS) + text):
        try:
            read_offer(sdp)
        except Refused as refused:
            assert refused.status in (400, 422) and refused.hint


# ------------------------------------------------------------------------------------------------------------ the sound


def fed(receive: OpusReceive, numbers: list[int], packets: tuple[bytes, ...]) -> list[list[Any]]:
    """What comes out for each packet of these numbers, in the order given."""
    return [
        receive.feed(1, n & 0xFFFF, (n * 960) & 0xFFFFFFFF, packets[n % len(packets)], n * 20_000_000) for n in numbers
    ]


def test_packets_in_order_come_out_at_once() -> None:
    out = fed(OpusReceive(), list(range(65_530, 65_560)), tone_packets())
    assert [len(o) for o in out] == [1] * 30
    assert all(o[0].pcm.shape == (320,) and not o[0].concealed for o in out)
    assert [o[0].rtp for o in out] == [n * 960 for n in range(65_530, 65_560)]


def test_a_lost_packet_is_filled_and_the_next_ones_are_not_held_back() -> None:
    out = fed(OpusReceive(), [0, 1, 2, 4, 5, 6, 7], tone_packets())
    assert [[s.rtp // 960 for s in o] for o in out] == [[0], [1], [2], [], [3, 4, 5], [6], [7]]
    assert [s.rtp // 960 for o in out for s in o if s.concealed] == [3]
    filled = next(s for o in out for s in o if s.concealed)
    assert np.abs(filled.pcm[:100]).max() > 1000 and filled.packet == b""


def test_packets_that_change_places_are_put_back() -> None:
    receive = OpusReceive()
    out = fed(receive, [0, 2, 1, 3, 3, 1, 4], tone_packets())
    assert [[s.rtp // 960 for s in o] for o in out] == [[0], [], [1, 2], [3], [], [], [4]]
    assert receive.stats.late == 2 and receive.stats.filled == 0


def test_a_long_loss_fades_to_silence_and_a_very_long_one_is_skipped() -> None:
    out = fed(OpusReceive(), [*range(5), 20, 21], tone_packets())
    filled = [s for s in out[-1] if s.concealed]
    assert len(filled) == 15 and not np.any(filled[5].pcm) and [s.rtp // 960 for s in out[-1]] == list(range(5, 22))
    out = fed(OpusReceive(), [*range(5), 5 + FILL_LIMIT + 1, 5 + FILL_LIMIT + 2], tone_packets())
    assert [s.rtp // 960 for s in out[-1]] == [5 + FILL_LIMIT + 1, 5 + FILL_LIMIT + 2]


def test_silence_that_a_device_does_not_send_flows_by_the_clock() -> None:
    receive, packets = OpusReceive(), tone_packets()
    fed(receive, [0, 1], packets)
    assert not receive.quiet and receive.idle(10 * NS) == []
    receive.feed(1, 2, 1920, packets[2][:1], 40_000_000)
    assert receive.quiet
    silence = [s for ms in range(60, 401, 20) for s in receive.idle(ms * 1_000_000)]
    assert [s.rtp // 960 for s in silence] == list(range(3, 3 + len(silence))) and 13 <= len(silence) <= 16
    assert not any(np.abs(s.pcm[80:]).max() for s in silence)
    back = receive.feed(1, 3, 20 * 960, packets[3], 420_000_000)
    assert [s.rtp // 960 for s in back] == list(range(3 + len(silence), 21)) and not back[-1].concealed
    assert not receive.quiet


@pytest.mark.parametrize("frame_ms", [10, 40, 60])
def test_packets_of_other_lengths_become_20_ms(frame_ms: int) -> None:
    codec = av.CodecContext.create("libopus", "w")
    codec.format, codec.layout, codec.sample_rate, codec.bit_rate = "s16", "stereo", 48_000, 64_000
    codec.options = {"frame_duration": str(frame_ms)}
    size, receive, out = frame_ms * 48, OpusReceive(), []
    for i in range(12):
        stereo = np.repeat(tone(size, start=i * size), 2)[None, :]
        frame = av.AudioFrame.from_ndarray(stereo, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, i * size
        for packet in codec.encode(frame):
            out += receive.feed(1, i, i * size, bytes(packet), i)
    assert [s.rtp for s in out] == [960 * i for i in range(12 * frame_ms // 20)]
    assert all(s.pcm.shape == (320,) and s.packet and not s.concealed for s in out)
    assert np.abs(out[-1].pcm).max() > 4000


def test_garbage_and_new_streams_do_no_harm() -> None:
    receive, packets = OpusReceive(), tone_packets()
    fed(receive, [0, 1, 2], packets)
    broken = receive.feed(1, 3, 3 * 960, b"\xff" * 40, 0)
    assert [s.rtp // 960 for s in broken] == [3]
    assert [len(o) for o in fed(receive, [4, 5], packets)] == [1, 1]
    assert receive.feed(2, 40_000, 77, packets[0], 0)[0].rtp == 77
    assert receive.feed(2, 40_001, 77 + 960, b"", 0) == []


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.booleans()), max_size=40))
def test_whatever_arrives_what_is_held_stays_small(arrivals: list[tuple[int, int, bool]]) -> None:
    receive = OpusReceive()
    for sequence, rtp, whole in arrivals:
        out = receive.feed(1, sequence, rtp, SILENCE if whole else b"\x00", 0)
        assert len(out) <= FILL_LIMIT + 2 + 1 and all(s.pcm.shape == (320,) for s in out)
        assert len(receive._held) < 2


def test_the_third_rate_keeps_speech_and_drops_what_would_fold_back() -> None:
    def level(hz: float) -> float:
        third = ThirdRate()
        return float(np.abs(third(tone(4800, hz, level=10_000))[200:]).max())

    assert level(300) == pytest.approx(10_000, rel=0.02) and level(6_000) == pytest.approx(10_000, rel=0.05)
    assert level(9_500) < 60 and level(12_000) < 60
    third, whole = ThirdRate(), ThirdRate()(tone(960 * 3))
    assert np.array_equal(np.concatenate([third(tone(960, start=i * 960)) for i in range(3)]), whole)


# ---------------------------------------------------------------------------------------------------------- the picture


def fragments(codec: str, frames: int = 30, pieces: int = 3) -> list[Fragment]:
    """Pictures cut into pieces as RTP would carry them."""
    out: list[Fragment] = []
    for i, data in enumerate(camera_packets(codec, frames)[:frames]):
        cuts = [len(data) * k // pieces for k in range(pieces + 1)]
        for k in range(pieces):
            piece, first = data[cuts[k] : cuts[k + 1]], k == 0
            header = b"\x10" if first else b"\x00"
            now = (i * pieces + k) * 10_000_000
            n = 65_500 + len(out)
            out.append(Fragment(5, n & 0xFFFF, i * 3000, k == pieces - 1, codec, header + piece, piece, now))
    return out


def assembled(parts: list[Fragment]) -> tuple[VideoAssembler, list[Any]]:
    assembler = VideoAssembler()
    return assembler, [p for f in parts for p in assembler.feed(f)]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_pictures_come_out_whole_with_their_last_packet(codec: str) -> None:
    assembler, pictures = assembled(fragments(codec))
    assert len(pictures) == 30 and [p.rtp for p in pictures] == [3000 * i for i in range(30)]
    assert pictures[0].key and not assembler.wants_key
    assert [p.data for p in pictures] == list(camera_packets(codec, 30))


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_after_a_loss_nothing_is_shown_before_the_next_key_frame(codec: str) -> None:
    parts = fragments(codec, 60)
    lost = 4 * 3 + 1
    _, pictures = assembled(parts[:lost] + parts[lost + 1 :])
    stamps = [p.rtp // 3000 for p in pictures]
    assert stamps[:4] == [0, 1, 2, 3]
    resumed = pictures[4]
    assert resumed.key and resumed.rtp // 3000 > 4
    assert stamps[4:] == list(range(stamps[4], 60))


def test_a_retransmission_in_time_loses_nothing() -> None:
    parts = fragments("vp8")
    late = parts.pop(13)
    parts.insert(20, late)
    _, pictures = assembled(parts)
    assert len(pictures) == 30


def test_every_h264_key_frame_carries_its_parameter_sets() -> None:
    idr, start = b"\x65" + b"i" * 20, b"\x00\x00\x00\x01"
    first, bare = start + b"\x67sps" + start + b"\x68pps" + start + idr, start + idr
    parts = [Fragment(1, n, n * 3000, True, "h264", d, d, n) for n, d in enumerate([bare, first, bare])]
    assembler, pictures = assembled(parts)
    assert [p.data for p in pictures] == [first, first] and all(p.key for p in pictures)
    assert assembler.stats.dropped == 1


def test_a_picture_that_never_ends_is_given_up() -> None:
    assembler = VideoAssembler()
    for n in range(3 * CAPACITY):
        assembler.feed(Fragment(1, n & 0xFFFF, 0, False, "vp8", b"\x00x", b"x", n))
        assert len(assembler._held) <= CAPACITY
    for n in range(0, 6 * CAPACITY, 2):
        assembler.feed(Fragment(2, n & 0xFFFF, n * 3000, True, "vp8", b"\x10\x01", b"\x01", n))
        assert len(assembler._held) <= CAPACITY
    assert PATIENCE_NS < NS


# ----------------------------------------------------------------------------------------------------------- the clocks


@given(st.integers(0, 2**40), st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=50))
def test_unwrapping_follows_any_walk_of_less_than_half_the_range(start: int, steps: list[int]) -> None:
    unwrap, true, highest = Unwrap(), start, start
    first = unwrap(start & 0xFFFFFFFF)
    for step in steps:
        true = highest + step
        highest = max(highest, true)
        assert unwrap(true & 0xFFFFFFFF) - first == true - start


@given(st.integers(), st.integers())
def test_nearest_is_near_and_equal_modulo_the_span(value: int, reference: int) -> None:
    got = nearest(value, reference)
    assert (got - value) % 2**32 == 0 and abs(got - reference) <= 2**31


@given(st.lists(st.integers(0, 200_000_000), min_size=2, max_size=80))
def test_capture_times_never_run_backwards_nor_ahead_of_arrival(delays: list[int]) -> None:
    clock, last = MediaClock(48_000, DeviceClock(), floor_ns=20_000_000), -1
    arrival = 0
    for i, delay in enumerate(delays):
        arrival = max(arrival, NS + (i + 1) * 20_000_000 + delay)
        media = clock.media_ns(i * 960, arrival)
        assert last <= media <= arrival
        last = media


def test_the_fastest_packet_of_the_last_seconds_maps_the_others() -> None:
    clock = MediaClock(48_000, DeviceClock())
    assert clock.media_ns(0, 1_030_000_000) == 1_030_000_000
    assert clock.media_ns(960, 1_040_000_000) == 1_040_000_000  # 10 ms faster: from now on this is the measure
    steady = [clock.media_ns(960 * i, 1_000_000_000 + 20_000_000 * i + (i % 7) * 3_000_000) for i in range(2, 50)]
    assert steady[-1] == 1_000_000_000 + 20_000_000 * 49


def test_the_devices_own_word_on_capture_wins_once_its_clock_is_known() -> None:
    device = DeviceClock()
    clock = MediaClock(90_000, device)
    arrival = 5 * NS
    clock.media_ns(0, arrival)
    clock.captured(0, device_ns=100 * NS)
    assert clock.media_ns(3000, arrival + 40_000_000) > arrival
    device.answered(sent_ns=4 * NS, device_ns=99 * NS + 200_000_000, received_ns=4 * NS)  # session 4 s = device 99.2 s
    assert clock.media_ns(6000, arrival + 80_000_000) <= arrival + 80_000_000
    later = arrival + NS
    assert clock.media_ns(90_000, later) == pytest.approx(4 * NS + 800_000_000 + NS)
    clock.captured(90_000, device_ns=5_000 * NS)  # nonsense: after its own arrival
    assert clock.media_ns(93_000, later + 40_000_000) <= later + 40_000_000


def test_what_a_device_tells_of_long_ago_or_of_later_is_taken_as_told_now() -> None:
    clock, now_ns = DeviceClock(), 100_000 * MS
    assert clock.told_ns(5, now_ns) == now_ns, "nothing is known of its clock yet"
    clock.answered(0, 7_000 * MS, 0)  # its clock is 7 s ahead of ours
    assert clock.told_ns(now_ns + 6_900 * MS, now_ns) == now_ns - 100 * MS
    assert clock.told_ns(None, now_ns) == now_ns
    for wrong in (now_ns + 7_001 * MS, now_ns - 4_000 * MS, 0):
        assert clock.told_ns(wrong, now_ns) == now_ns


def test_the_ping_with_the_least_round_trip_counts() -> None:
    device = DeviceClock()
    assert device.session_ns(5) is None
    assert device.answered(0, 1_000_000_050, 80)
    assert device.answered(100, 1_000_000_102, 104)
    assert not device.answered(200, 1_000_000_400, 290)
    assert (device.offset_ns, device.round_trip_ns) == (1_000_000_000, 4)
    assert device.session_ns(1_000_000_700) == 700
    assert not device.answered(500, 1, 400)


# ---------------------------------------------------------------------------------------------------------- the speaker


def test_the_pace_neither_drifts_nor_bursts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loop:
        now = 100.0

        def time(self) -> float:
            return self.now

    loop = Loop()

    async def sleep(seconds: float) -> None:
        loop.now += seconds + 0.003  # a timer is always late

    monkeypatch.setattr("companion.link.speaker.asyncio.get_running_loop", lambda: loop)
    monkeypatch.setattr("companion.link.speaker.asyncio.sleep", sleep)

    async def story() -> None:
        pace = Pace()
        assert [await pace.slot() for _ in range(100)] == list(range(100))
        assert loop.now == pytest.approx(100.0 + 99 * 0.02 + 0.003)
        loop.now += 0.5
        before = loop.now
        burst = []
        while loop.now == before:
            burst.append(await pace.slot())
        assert len(burst) <= 3 and burst[0] > 100  # two that are late at most, and the one that slept
        assert burst == list(range(burst[0], burst[0] + len(burst)))

    coroutine = story()
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_a_position_counts_the_packets_of_its_utterance_only() -> None:
    ledger = Ledger()
    for stamp in (0, 960, 1920, 9600, 10_560):
        ledger.sent(5, stamp)
    at = [(0, 0), (480, 10), (2880, 60), (9600, 60), (10_080, 70), (11_520, 100), (99_000, 100), (-5000, 0)]
    assert [ledger.position_ns(5, stamp) for stamp, _ in at] == [ms * 1_000_000 for _, ms in at]
    assert ledger.position_ns(6, 0) is None
    for utterance in range(6, 40):
        ledger.sent(utterance, 20_000 + utterance)
    assert ledger.position_ns(5, 0) is None


def test_speaking_waits_until_the_timestamp_origin_is_known() -> None:
    said: list[dict[str, Any]] = []
    plays, origin = [(SILENCE, 3), (SILENCE, 3), (SILENCE, 0)], [None, 2**32 - 500, 2**32 - 500]
    answers = Answers(lambda stamp: plays.pop(0), said.append, lambda stamp: origin.pop(0))
    answers.packet(0)
    answers.packet(960)
    assert not said
    answers.packet(1920)
    assert said == [
        {"type": "speaking", "utterance": 3, "rtp": 2**32 - 500},
        {"type": "spoken", "utterance": 3, "cut": False, "rtp": 1920 - 500},
    ]
    assert answers.position_ns(3, 460) == 20_000_000


def test_the_silent_packet_is_20_ms_of_nothing() -> None:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", 48_000
    (frame,) = decoder.decode(av.Packet(SILENCE))
    assert frame.samples == FRAME_SAMPLES and not frame.to_ndarray().any()
    with pytest.raises(ValueError, match=r"\(960,\)"):
        OpusEncoder().encode(np.zeros(480, np.int16))


# ---------------------------------------------------------------------------------------- what we lean on inside aiortc


def test_the_private_names_of_aiortc_that_we_use_are_what_we_think() -> None:
    assert importlib.metadata.version("aiortc").startswith("1.16."), (
        "read companion/link/internals.py, then move the pin"
    )

    async def story() -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.addTransceiver("audio")
        receiver, sender = pc.getReceivers()[0], pc.getSenders()[0]
        assert isinstance(receiver._RTCRtpReceiver__jitter_buffer, JitterBuffer)
        assert receiver._RTCRtpReceiver__codecs == {}
        assert (sender._RTCRtpSender__packet_count, sender._RTCRtpSender__rtp_timestamp) == (0, 0)
        assert list(inspect.signature(JitterBuffer.add).parameters) == ["self", "packet"]
        handle = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
        assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in handle
        assert handle.index("packet._data = depayload") < handle.index("__jitter_buffer.add")
        assert inspect.iscoroutinefunction(RTCRtpReceiver._handle_rtcp_packet)
        assert list(inspect.signature(RTCRtpReceiver._send_rtcp_pli).parameters) == ["self", "media_ssrc"]
        assert inspect.iscoroutinefunction(receiver.transport.transport._send)
        assert receiver.transport._RTCDtlsTransport__rx_packets == 0 and receiver.transport.state == "new"
        assert "await self.transport._send(data)" in inspect.getsource(RTCDtlsTransport._write_ssl)
        connection = receiver.transport.transport.iceGatherer._connection
        assert list(inspect.signature(connection.get_component_candidates).parameters) == [
            "component",
            "addresses",
            "timeout",
        ]
        assert connection._check_list == [] and connection._protocols == []
        assert inspect.iscoroutinefunction(pc._RTCPeerConnection__connect)
        await pc.close()

    run(story)
