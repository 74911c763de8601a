"""Streams that are fetched: cameras by RTSP and motion JPEG, and files; and what may not be fetched."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from aiohttp import web

from companion.net import NetError
from companion.push.address import AddressError, address
from companion.push.pull import Pull
from companion.push.pull_child import LATER_S, SOON_S, wait_s
from tests.films import film as rolled
from tests.films import held_at, still
from tests.push_clients import sign
from tests.rtsp_camera import Camera
from tests.test_link import Companion, Session, camera_packets, companion, run


async def made(here: Companion) -> Session:
    async with asyncio.timeout(20):
        while not here.sessions:
            await asyncio.sleep(0.02)
    return here.sessions[-1]


@asynccontextmanager
async def pulling(here: Companion, url: str, local_only: bool = True) -> AsyncIterator[Pull]:
    pull = Pull(address(url, local_only), here.server)
    pull.start()
    try:
        yield pull
    finally:
        await pull.stop()


def film(path: Path, *how: str) -> Path:
    """A file as FFmpeg writes it: a sign, and somebody who asks what it says."""
    command = [sys.executable, "-m", "tests.push_clients", "file", str(path), "--seconds", "3", *how]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("plain.mp4", ()),
        ("with-b-frames.mp4", ("--profile", "high", "--b-frames", "2", "--fps", "20")),
        ("old.avi", ("--codec", "mpeg4", "--voice", "libmp3lame")),
        ("free.webm", ("--codec", "libvpx", "--voice", "libopus")),
    ],
)
def test_a_file_is_played_in_its_own_time_and_then_over(tmp_path: Path, name: str, how: tuple[str, ...]) -> None:
    path = film(tmp_path / name, *how)

    async def story() -> None:
        async with companion() as here, pulling(here, str(path)) as pull:
            await pull.over.wait()
            session = here.sessions[0]
            assert [s[0] for s in session.states] == ["connected", "closed"] and len(here.sessions) == 1
            assert session.states[0] == ("connected", True, True, False, f"pulled from {name}")
            assert len(session.units) >= (55 if "--fps" in how else 85) and abs(len(session.sounds) - 150) <= 4
            times = [unit.media_ns for unit in session.units]
            assert times == sorted(times)
            assert abs((times[-1] - times[0]) / 1e9 - 3) < 0.3, "in its own time"
            assert max(np.abs(s["pcm"]).max() for s in session.sounds) > 3000

    run(story)


@pytest.mark.parametrize(("name", "codec"), [("phone.mp4", "libx264"), ("phone.mov", "libx265")])
def test_a_video_that_a_phone_took_upright_is_seen_upright(tmp_path: Path, name: str, codec: str) -> None:
    upright = np.full((320, 192, 3), 40, np.uint8)
    upright[:80] = (40, 40, 220)  # red above
    path = held_at(rolled(tmp_path / name, still(np.rot90(upright, 1), 1.0), video=codec), 90)

    async def story() -> None:
        async with companion() as here, pulling(here, str(path)) as pull:
            await pull.over.wait()
            units = here.sessions[0].units
            assert len(units) >= 14
            codec = av.CodecContext.create("h264", "r")
            (seen, *_) = [frame for unit in units for frame in codec.decode(av.Packet(unit.data))]
            bgr = seen.to_ndarray(format="bgr24").astype(int)
            assert bgr.shape == upright.shape
            assert bgr[:60, :, 2].mean() > 180 and bgr[120:, :, 2].mean() < 80

    run(story)


def test_a_camera_by_rtsp_that_breaks_goes_on_with_its_session_when_it_is_back() -> None:
    async def story() -> None:
        camera = Camera(camera_packets("h264"))
        async with companion() as here, pulling(here, await camera.start()):
            session = await made(here)
            await session.until(lambda: len(session.units) > 10)
            assert session.states[0][:4] == ("connected", False, True, False)
            camera.cut()
            await session.until(lambda: session.states[-1][0] == "lost")
            camera.on = True
            await session.until(lambda: session.states[-1][0] == "connected")
            units = len(session.units)
            await session.until(lambda: len(session.units) > units + 10)
            assert len(here.sessions) == 1 and session.resumed[-1]
            numbers = [unit.frame_id for unit in session.units]
            assert numbers == list(range(1, len(numbers) + 1)) and session.units[units].codec == "h264"
            await camera.stop()

    run(story)


@asynccontextmanager
async def mjpeg(redirect: str = "") -> AsyncIterator[str]:
    """A motion JPEG server as small cameras have one."""
    file = cv2.imencode(".jpg", sign(320, 240))[1].tobytes()

    async def show(request: web.Request) -> web.StreamResponse:
        if redirect:
            raise web.HTTPFound(redirect)
        response = web.StreamResponse(headers={"Content-Type": "multipart/x-mixed-replace; boundary=frame"})
        await response.prepare(request)
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(file)}\r\n\r\n".encode()
        while True:
            await response.write(head + file + b"\r\n")
            await asyncio.sleep(0.05)

    app = web.Application()
    app.router.add_get("/cam", show)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/cam"
    finally:
        await runner.cleanup()


def test_a_motion_jpeg_camera_is_all_key_frames_and_says_it_has_no_microphone() -> None:
    async def story() -> None:
        async with mjpeg() as url, companion() as here, pulling(here, url):
            session = await made(here)
            await session.until(lambda: len(session.units) > 5)
            assert session.states[0][:4] == ("connected", False, True, False)
            assert {(unit.codec, unit.key) for unit in session.units} == {("jpeg", True)}
            shown = cv2.imdecode(np.frombuffer(session.units[3].data, np.uint8), cv2.IMREAD_COLOR)
            assert shown.shape == (240, 320, 3)

    run(story)


def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    """An address that may be asked could else lead to one that may not."""

    async def story() -> None:
        async with mjpeg() as there, mjpeg(redirect=there) as url, companion() as here, pulling(here, url):
            await said(caplog, "/cam: ")
            assert here.sessions == []

    run(story)


async def said(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in caplog.text:
            await asyncio.sleep(0.02)


def test_what_cannot_be_reached_is_tried_again_and_its_password_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        camera = Camera(camera_packets("h264"))
        url = await camera.start()
        camera.on = False
        secret = url.replace("rtsp://", "rtsp://anna:hunter2@") + "?key=hunter3"
        async with companion() as here, pulling(here, secret):
            await said(caplog, f"{url}: ")
            camera.on = True
            session = await made(here)
            await session.until(lambda: len(session.units) > 3)
            assert session.states[0][4] == f"pulled from {url}"
            await camera.stop()

    run(story)
    assert "hunter" not in caplog.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("srt://127.0.0.1:9000", "has no SRT.*Protocol not found"),
        ("rtmp://127.0.0.1/live/x", "pushed to us: set push.rtmp_port"),
        ("ftp://127.0.0.1/x", "'ftp' cannot be pulled. What works: rtsp"),
        ("concat:/etc/passwd|x", "there is no such file"),
        ("file:///etc/passwd", "'file' cannot be pulled"),
        ("rtsp://[::1", "is no address"),
        ("no-such.mp4", "there is no such file"),
    ],
)
def test_an_address_that_does_not_work_is_refused_with_what_does(given: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        address(given, local_only=False)


def test_local_only_connects_to_nothing_beyond_this_machine() -> None:
    for url in (
        "rtsp://192.0.2.7/x",
        "http://camera.local/x",
        "https://example.org/x",
        "rtsp://127.0.0.1.example.org/",
    ):
        with pytest.raises(NetError, match="local_only is set") as refused:
            address(url, local_only=True)
        assert refused.value.kind == "local_only"
        assert address(url, local_only=False).live
    assert address("rtsp://127.0.0.1:8554/x", local_only=True).live


def test_tries_come_soon_and_then_less_often() -> None:
    waits = [wait_s(failures) for failures in range(40)]
    assert waits[0] == SOON_S and sum(waits[:8]) <= 4.0 and waits == sorted(waits) and waits[-1] == LATER_S


def test_a_playlist_that_leads_elsewhere_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        asked: list[Any] = []

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.read(100))
            writer.close()

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        trap = tmp_path / "film.m3u8"
        trap.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n")
        async with companion() as here, pulling(here, str(trap)) as pull:
            await pull.over.wait()
            assert here.sessions == [] and asked == []
        server.close()

    run(story)
    assert "film.m3u8: " in caplog.text
