"""The page in a real browser: headless Chromium with its fake microphone and camera meets a link server.

Driven over the DevTools protocol, one JSON message at a time. Needs a `chromium` on the path.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from companion.clock import SessionClock
from companion.link.opus_send import FRAME_SAMPLES, SILENCE, OpusEncoder
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from device_sim.roaming import cut

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
PATIENCE_S = 40

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--window-size=900,1000", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
FAKE_DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


class Tab:
    """One page of a headless Chromium."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, patience_s: float) -> None:
        self._socket, self._ids, self._patience_s = socket, itertools.count(1), patience_s

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            reply = await self._socket.receive_json(timeout=self._patience_s)
            if reply.get("id") == number:
                assert "error" not in reply, reply
                return dict(reply["result"])

    async def run(self, script: str) -> Any:
        """Evaluate a script; a promise is waited for."""
        reply = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    async def until(self, condition: str) -> Any:
        """Wait until the condition holds in the page, looking whenever the page has drawn."""
        looking = (
            f"new Promise(r => {{ const look = () => ({condition}) ? r(true) : requestAnimationFrame(look); look(); }})"
        )
        async with asyncio.timeout(self._patience_s):
            return await self.run(looking)

    async def open(self, url: str) -> None:
        await self.call("Page.enable")
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def picture(self, path: Path) -> None:
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def browser(folder: Path, *flags: str, patience_s: float = PATIENCE_S) -> AsyncIterator[Tab]:
    """A fresh Chromium with an empty profile in `folder`. `patience_s`: before a test gives up on what it waits for."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *FLAGS, *flags, f"--user-data-dir={folder}", "about:blank",
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, env=os.environ | {"HOME": str(folder)},
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(patience_s):
            while b"DevTools listening on" not in (line := await process.stderr.readline()):
                assert line, f"{CHROMIUM} ended before it listened"
        port = line.decode().split("127.0.0.1:")[1].split("/")[0]
        drain = asyncio.create_task(_drain(process.stderr))
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json") as response:
                page = next(t for t in await response.json() if t["type"] == "page")
            async with http.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket, patience_s)
        drain.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


class Session:
    """Counts what it gets; says a second of tone as utterance 3 and a caption when asked to."""

    def __init__(self, link: Any, clock: SessionClock) -> None:
        self.link = link
        self.sounds = 0
        self.loudest = 0
        self.codecs: set[str] = set()
        self.pictures = 0
        self.keys = 0
        self.heard: list[tuple[int, str, int, int]] = []
        self.messages: list[dict[str, Any]] = []
        self.states: list[str] = []
        self.offers: list[tuple[bool, bool, bool]] = []
        self.clocks: list[tuple[int, int]] = []
        self.to_say: list[tuple[bytes, int]] = []
        self.flows: list[tuple[str, bool]] = []
        self.changed = asyncio.Event()

    def on_microphone(self, packet: bytes, pcm: np.ndarray, *rest: Any, concealed: bool) -> None:
        self.sounds += 1
        self.loudest = max(self.loudest, int(np.abs(pcm).max()))
        self.changed.set()

    def on_camera(self, unit: Any, rtp: int, arrival_ns: int) -> None:
        self.pictures += 1
        self.keys += unit.key
        self.codecs.add(unit.codec)
        self.changed.set()

    def on_message(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.changed.set()

    def on_state(
        self, state: str, microphone: bool, camera: bool, speaker: bool, detail: str, resumed: bool = False
    ) -> None:
        self.states.append(state)
        self.offers.append((microphone, camera, speaker))
        self.changed.set()

    def next_answer(self, stamp: int | None = None) -> tuple[bytes, int]:
        return self.to_say.pop(0) if self.to_say else (SILENCE, 0)

    def on_heard(self, utterance: int, mark: str, media_ns: int, position_ns: int) -> None:
        self.heard.append((utterance, mark, media_ns, position_ns))
        self.changed.set()

    def on_clock(self, *clock: int) -> None:
        self.clocks.append((clock[0], clock[1]))

    def on_sender_report(self, *report: Any) -> None:
        pass

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        self.flows.append((track, flows))

    def say_a_tone(self) -> None:
        encoder = OpusEncoder()
        t = np.arange(FRAME_SAMPLES)
        for i in range(50):
            pcm = (6000 * np.sin(2 * np.pi * 500 * (t + i * FRAME_SAMPLES) / 48_000)).astype(np.int16)
            self.to_say.append((encoder.encode(pcm), 3))

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def server() -> AsyncIterator[tuple[LinkServer, list[Session]]]:
    sessions: list[Session] = []

    def new(link: Any, clock: SessionClock) -> Session:
        sessions.append(Session(link, clock))
        return sessions[-1]

    it = LinkServer(LinkSettings(port=0, token="open-sesame", recording=True), new)
    await it.start()
    try:
        yield it, sessions
    finally:
        await it.stop()


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 150))


def test_without_camera_and_microphone_it_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path) as tab:
            await tab.open(here.url)
            await tab.run("document.getElementById('start').click()")
            await tab.until("!document.getElementById('problem').hidden")
            words = await tab.run("document.getElementById('problem').textContent")
            assert "Microphone:" in words and "Camera:" in words
            assert await tab.run("document.getElementById('start').textContent") == "Start"
            assert not sessions

            await tab.open(here.url.replace("open-sesame", "nope"))
            assert "companion run" in await tab.run("document.body.textContent")

    run(story)


@pytest.mark.parametrize("missing", ["audio", "video"])
def test_one_of_camera_and_microphone_is_enough(tmp_path: Path, missing: str) -> None:
    refuse = f"""
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => wanted.{missing}
            ? Promise.reject(new DOMException("", "NotAllowedError")) : real(wanted);
        document.getElementById("start").click();
    """

    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            await tab.run(refuse)
            there = "microphone" if missing == "video" else "camera"
            await tab.until(f"document.getElementById('live-{there}').dataset.on === 'true'")
            session = sessions[0]
            await session.until(lambda: session.sounds if missing == "video" else session.pictures)
            assert session.offers[0] == (missing == "video", missing == "audio", True)
            assert "not allowed" in await tab.run("document.getElementById('problem').textContent")
            session.link.send_message({"type": "caption", "who": "companion", "text": "<img src=x onerror=alert(1)>"})
            await tab.until("document.getElementById('captions').textContent.includes('<img src=x')")
            session.say_a_tone()
            await session.until(lambda: any(h[1] == "last" for h in session.heard))
            await here.stop()
            await tab.until("document.getElementById('status').textContent.includes('the companion stops')")

    run(story)


def test_the_page_talks_shows_and_hears(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            await tab.run("document.getElementById('start').click()")
            await tab.until("document.getElementById('live-microphone').dataset.on === 'true'")
            session = sessions[0]
            await session.until(lambda: session.sounds > 40 and session.pictures > 20 and session.loudest > 500)
            assert session.codecs <= {"h264", "vp8"} and session.keys >= 1
            assert session.offers[0] == (True, True, True)

            session.link.send_message({"type": "caption", "who": "wearer", "text": "What does this sign say?"})
            session.link.send_message({"type": "caption", "who": "companion", "text": "It says: platform nine."})
            await tab.until("document.getElementById('captions').textContent.includes('platform nine')")
            assert await tab.run("document.querySelector('#live-recording span').textContent") == "on"

            session.say_a_tone()
            await session.until(lambda: any(h[1] == "last" for h in session.heard))
            marks = [h[1] for h in session.heard]
            assert marks[0] == "first" and marks[-1] == "last" and "progress" in marks
            positions = [h[3] for h in session.heard]
            assert positions == sorted(positions) and positions[0] == 0 and positions[-1] == 1_000_000_000
            assert session.clocks

            await tab.run(
                "document.getElementById('question').value = 'What was the platform?';"
                "document.getElementById('ask').requestSubmit()"
            )
            await session.until(lambda: session.messages)
            assert session.messages[0] == {"type": "typed", "text": "What was the platform?"}
            await tab.picture(tmp_path / "page.png")
            if keep := os.environ.get("EARSHOT_SCREENSHOTS"):
                shutil.copy(tmp_path / "page.png", Path(keep) / "page.png")

            await tab.run("document.getElementById('end').click()")
            await session.until(lambda: session.states[-1] == "closed")

    run(story)


def test_holding_the_button_or_the_space_bar_is_told_and_a_short_one_is_a_tap(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            assert await tab.run("document.getElementById('talk').hidden")
            await tab.run("document.getElementById('start').click()")
            await tab.until("document.getElementById('live-microphone').dataset.on === 'true'")
            session = sessions[0]
            await tab.until(
                "earshot.connection.channel.readyState === 'open' && !document.getElementById('talk').hidden"
            )
            middle = "(r => [r.x + r.width / 2, r.y + r.height / 2])"
            box = await tab.run(f"{middle}(document.getElementById('talk').getBoundingClientRect())")
            mouse = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
            measure = "new Promise(r => setTimeout(r, TAP_MS + 50))"  # the page's own measure of a tap
            longer = f"import('/page/talk.js').then(({{ TAP_MS }}) => {measure})"

            await tab.call("Input.dispatchMouseEvent", type="mousePressed", **mouse)
            await session.until(lambda: session.messages)
            await tab.run(longer)
            await tab.call("Input.dispatchMouseEvent", type="mouseReleased", **mouse)
            await session.until(lambda: len(session.messages) == 2)
            assert [m["kind"] for m in session.messages] == ["press", "release"]

            space = {"code": "Space", "key": " ", "windowsVirtualKeyCode": 32}
            await tab.call("Input.dispatchKeyEvent", type="keyDown", **space)
            await tab.call("Input.dispatchKeyEvent", type="keyDown", autoRepeat=True, **space)
            await tab.call("Input.dispatchKeyEvent", type="keyUp", **space)
            await session.until(lambda: len(session.messages) == 5)
            assert [m["kind"] for m in session.messages[2:]] == ["press", "release", "tap"]

            await tab.run("document.getElementById('question').focus()")
            await tab.call("Input.dispatchKeyEvent", type="keyDown", text=" ", **space)
            await tab.call("Input.dispatchKeyEvent", type="keyUp", **space)
            assert await tab.run("document.getElementById('question').value") == " "
            await tab.run("earshot.connection.send({ type: 'event', kind: 'over' })")
            await session.until(lambda: session.messages[-1]["kind"] == "over")
            assert len(session.messages) == 6, "a blank in the text field is a blank"

    run(story)


def test_the_page_finds_its_session_again_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            await tab.run("document.getElementById('start').click()")
            await tab.until("document.getElementById('live-microphone').dataset.on === 'true'")
            session = sessions[0]
            await session.until(lambda: session.sounds > 10)
            track = await tab.run("earshot.media.microphone.id")
            cut(session.link._now._pc)  # nothing leaves and nothing arrives, and the page is not told
            await session.until(lambda: session.states[-2:] == ["lost", "connected"])
            sounds = session.sounds
            await session.until(lambda: session.sounds > sounds + 20)
            assert len(sessions) == 1 and here.sessions == 1
            assert await tab.run("earshot.media.microphone.id") == track, "asked for once"
            session.link.send_message({"type": "caption", "who": "companion", "text": "Here I am."})
            await tab.until("document.getElementById('captions').textContent.includes('Here I am.')")
            await tab.run("document.getElementById('end').click()")
            await session.until(lambda: session.states[-1] == "closed")

    run(story)
