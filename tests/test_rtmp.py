"""RTMP, as encoders speak it: an independent client in a process of its own, hostile ones, and one that comes back."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.push import amf, flv
from companion.push.chunks import COMMAND, VIDEO, ChunkError, Chunks, chunked
from companion.push.rtmp import Rtmp, RtmpError
from companion.push.rtmp_peer import HELLO, Described, Ended, Media, Published, RtmpPeer, Said
from companion.push.settings import PushSettings
from companion.replay import replay
from pipelines import events as ev
from recordings.reader import Recording
from tests.companions import companion as running
from tests.test_link import Companion, Device, Session, run

KEY = "a-stream-key"


class Door(Companion):
    """A companion that takes RTMP."""

    def __init__(self, push: PushSettings, **settings: Any) -> None:
        super().__init__(**settings)
        self.rtmp = Rtmp(push, self.server)

    async def push(self, *args: str, key: str = KEY) -> asyncio.subprocess.Process:
        to = f"rtmp://127.0.0.1:{self.rtmp.port}/live/{key}"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.push_clients", "rtmp", to, *args, stdout=asyncio.subprocess.PIPE
        )

    async def session(self) -> Session:
        async with asyncio.timeout(20):
            while not self.sessions:
                await asyncio.sleep(0.02)
        return self.sessions[-1]


@asynccontextmanager
async def door(**settings: Any) -> AsyncIterator[Door]:
    it = Door(PushSettings(rtmp_port=0, rtmp_key=KEY), **settings)
    await it.server.start()
    await it.rtmp.start()
    try:
        yield it
    finally:
        await it.rtmp.stop()
        await it.server.stop()


def decoded(session: Session) -> list[Any]:
    codec = av.CodecContext.create("h264", "r")
    return [frame for unit in session.units for frame in codec.decode(av.Packet(unit.data))]


@pytest.mark.parametrize("how", [(), ("--profile", "high", "--b-frames", "2")])
def test_what_an_encoder_pushes_is_seen_and_heard(how: tuple[str, ...]) -> None:
    async def story() -> None:
        async with door() as here:
            client = await here.push("--seconds", "3", "--fps", "24", *how)
            out, _ = await client.communicate()
            sent = json.loads(out.decode().splitlines()[-1])
            session = here.sessions[0]
            await session.until(lambda: session.states[-1][0] == "closed")
            assert session.states[0] == ("connected", True, True, False, "pushed by RTMP from 127.0.0.1")
            assert session.pulls > 50, "the answer is taken, if by nobody"
            assert len(session.units) >= sent["video"] - 4 > 60, (
                "with B frames, the last ones come too late to be shown"
            )
            pictures = decoded(session)
            assert len(pictures) >= len(session.units) - 1 and (pictures[0].width, pictures[0].height) == (640, 360)
            assert abs(len(session.sounds) - sent["audio"] * 1024 / 960) <= 4, "AAC has 1024 samples in a packet"
            assert max(np.abs(s["pcm"]).max() for s in session.sounds) > 3000
            times = [unit.media_ns for unit in session.units]
            assert times == sorted(times), "in the order in which they were shown"
            assert abs((times[-1] - times[0]) / 1e9 - len(times) / 24) < 0.3, "and as fast"
            steps = np.diff([s["media_ns"] for s in session.sounds])
            assert abs(np.median(steps) / 1e6 - 20) < 1

    run(story)


def test_a_wrong_key_is_shown_out_and_nothing_of_it_is_read() -> None:
    async def story() -> None:
        async with door() as here:
            for key in ("guess", KEY + "x", KEY[:-1], "guess?" + KEY):
                client = await here.push("--seconds", "1", key=key)
                out, _ = await client.communicate()
                assert client.returncode != 0, out
            assert here.sessions == []
            client = await here.push("--seconds", "1", key=KEY + "?anything")
            await client.communicate()
            assert len(here.sessions) == 1, "the door stands, and what some apps append does no harm"

    run(story)


def test_an_encoder_whose_connection_broke_goes_on_with_its_session() -> None:
    async def story() -> None:
        async with door() as here:
            first = await here.push("--seconds", "30")
            session = await here.session()
            await session.until(lambda: len(session.units) > 5 and len(session.sounds) > 5)
            first.kill()
            await first.communicate()
            await session.until(lambda: session.states[-1][0] == "lost")
            again = await here.push("--seconds", "2")
            await session.until(lambda: session.states[-1][0] == "connected")
            assert session.resumed[-1] and len(here.sessions) == 1
            await again.communicate()
            await session.until(lambda: session.states[-1][0] == "closed")
            numbers = [unit.frame_id for unit in session.units]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(decoded(session)) >= 60, "the second connection begins with a key frame of its own"

    run(story)


def test_a_second_encoder_is_refused_while_the_first_pushes() -> None:
    async def story() -> None:
        async with door() as here:
            first = await here.push("--seconds", "30")
            session = await here.session()
            second = await here.push("--seconds", "1")
            await second.communicate()
            assert second.returncode != 0
            units = len(session.units)
            await session.until(lambda: len(session.units) > units + 5)
            assert [s[0] for s in session.states] == ["connected"]
            await session.link.close("the wearer has had enough")
            await first.communicate()
            assert first.returncode != 0, "its connection was closed, too"

    run(story)


def test_a_codec_that_is_not_taken_is_refused_by_name(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with door() as here:
            client = await here.push("--seconds", "5", "--codec", "flv1")
            await client.communicate()
            assert client.returncode != 0

    run(story)
    assert "Sorenson H.263; H.264 (AVC) pictures and AAC sound work" in caplog.text


def test_rtmp_is_not_opened_to_others_by_accident() -> None:
    async def story() -> None:
        here = Door(PushSettings(rtmp_port=1935), host="0.0.0.0")
        with pytest.raises(RtmpError, match=r"knows no encryption.*push\.rtmp_plain"):
            await here.rtmp.start()
        async with door() as other:
            taken = Door(PushSettings(rtmp_port=other.rtmp.port))
            with pytest.raises(RtmpError, match=rf"cannot listen on 127\.0\.0\.1:{other.rtmp.port}"):
                await taken.rtmp.start()
            await taken.rtmp.stop()

    run(story)


# ------------------------------------------------------------------------------------------------------ hostile bytes


def hello() -> bytes:
    return b"\3" + bytes(2 * HELLO)


def publish(key: str) -> bytes:
    connect = chunked(COMMAND, amf.write("connect", 1.0, {"app": "live"}), size=128)
    return connect + chunked(COMMAND, amf.write("publish", 5.0, None, key, "live"), stream=1, size=128)


def test_only_the_whole_key_opens_and_media_before_it_are_nobodys() -> None:
    before = RtmpPeer(KEY)
    assert before.feed(hello() + chunked(VIDEO, b"\x17\0\0\0\0" + bytes(99))) == []
    assert [type(said) for said in before.feed(publish(KEY))] == [Published]
    for key in ("", KEY[:-1], KEY + "0", KEY.upper()):
        (said,) = RtmpPeer(KEY).feed(hello() + publish(key))
        assert isinstance(said, Ended) and not said.goodbye


def test_a_stranger_cannot_fill_the_memory() -> None:
    peer = RtmpPeer(KEY)
    with pytest.raises(ChunkError, match="bytes"):
        peer.feed(hello() + chunked(VIDEO, bytes(1_000_000)))
    many = b"".join(bytes([0, n, 0, 0, 0, 0, 0, 1, VIDEO, 0, 0, 0, 0, 9]) for n in range(70))
    with pytest.raises(ChunkError, match="chunk streams"):
        RtmpPeer(KEY).feed(hello() + many)


@given(st.binary(max_size=600), st.lists(st.integers(1, 200), max_size=6))
def test_no_bytes_meet_a_fault_of_ours(data: bytes, cuts: list[int]) -> None:
    for start in (b"", hello(), hello() + publish(KEY[:-1]), hello() + publish(KEY)):
        peer, whole, at = RtmpPeer(KEY), start + data, 0
        said: list[Said] = []
        with suppress(ChunkError, amf.AmfError):  # any other error is a fault of ours
            for cut in (*cuts, len(whole)):
                said += peer.feed(whole[at : at + cut])
                at += cut
        opened = [type(one) is Published for one in said]
        if KEY.encode() not in whole:
            assert not any(isinstance(one, Published | Media | Described) for one in said), "nobody is let in"
        elif sum(cuts) >= len(start):
            assert opened[0], "who shows the key is let in, whatever comes after it"
        assert len(peer.to_send) < 20_000, "what is answered does not grow with what is sent"


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=5), st.integers(1, 300), st.integers(1, 50))
def test_messages_come_whole_however_they_were_cut(bodies: list[bytes], size: int, step: int) -> None:
    told = chunked(1, size.to_bytes(4, "big"))
    sent = told + b"".join(chunked(VIDEO, body, size=size) for body in bodies)
    chunks, got = Chunks(), []
    for at in range(0, len(sent), step):
        got += [message.body for message in chunks.feed(sent[at : at + step])]
    assert got == bodies


@given(st.binary(max_size=300))
def test_no_tag_meets_a_fault_of_ours(body: bytes) -> None:
    for read, prefix in ((flv.video, b"\x17"), (flv.video, b"\x90avc1"), (flv.audio, b"\xaf"), (flv.video, b"")):
        with suppress(flv.NotTakenError):  # any other error is a fault of ours
            tag = read(prefix + body)
            assert tag is None or body.endswith(tag.data), "only what was sent"
    with suppress(ValueError):
        unit = flv.AnnexB(b"\1" + body).unit(body)
        assert len(unit) <= 4 * len(body) and (not unit or unit.startswith(b"\0\0\0\1"))


# ------------------------------------------------------------------------------------------------- a question, answered


def test_a_question_pushed_by_rtmp_is_answered_to_who_listens(tmp_path: Path) -> None:
    """The whole companion as a process, an encoder as another; a page's connection plays the answer."""
    port = free_port()
    sets = ["--set", f"push.rtmp_port={port}", "--set", f"push.rtmp_key={KEY}", "--set", "speaking.greet=false"]
    with running(tmp_path, *sets) as here:

        async def story() -> None:
            to = f"rtmp://127.0.0.1:{port}/live/{KEY}"
            command = ["-m", "tests.push_clients", "rtmp", to, "--seconds", "40", "--say-at", "9", "--profile", "high"]
            encoder = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
            page = Device(microphone=False, camera="")
            await page.take(await listened(here.url, "rtmp", await page.offer()))
            await page.until(lambda: said_by_companion(page))
            (speaking, *_) = await page.until(lambda: page.got("speaking"))
            await page.until(lambda: page.got("spoken"))
            sound = [packet for rtp, packet in page.answer_packets if (rtp - speaking["rtp"]) % 2**32 < 48_000]
            assert sum(len(packet) > 10 for packet in sound) > 25, "a second of speech, not of silence"
            assert "latform 7" in said_by_companion(page)
            await page.pc.close()
            encoder.kill()
            await encoder.communicate()

        run(story)
        here.stop()
    (path,) = tmp_path.glob("*.mcap")
    recording = Recording(path)
    (turn,) = (e for e in recording.decisions() if isinstance(e, ev.TurnOpened))
    assert turn.text == "what does this sign say"
    links = [(e.state, e.speaker) for e in recording.happenings() if isinstance(e, ev.LinkChanged)]
    assert links[:2] == [("connected", False), ("connected", True)]
    assert KEY.encode() not in path.read_bytes(), "the key is not recorded"
    assert replay(path).same


def said_by_companion(page: Device) -> str:
    return " ".join(m["text"] for m in page.got("caption") if m.get("who") == "companion")


async def listened(url: str, place: str, sdp: str) -> dict[str, Any]:
    """The answer to an offer to listen there, as soon as somebody is there."""
    body = {"sdp": sdp, "type": "offer", "listen": place}
    base, token = url.split("/?token=")
    async with aiohttp.ClientSession() as http, asyncio.timeout(30):
        while True:
            async with http.post(f"{base}/api/offer?token={token}", json=body) as response:
                if response.status == 200:
                    found: dict[str, Any] = await response.json()
                    return found
            await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
