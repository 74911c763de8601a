"""`companion conform`, as a glasses maker runs it: what keeps to docs/bridge.md passes, and what does not is named."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from companion.bridge.conform.ask import Asked
from companion.bridge.conform.listen import Listening
from companion.bridge.conform.report import Report
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from tests.companions import companion, simulator
from tests.test_bridge import H264, MS, OPUS, PCM16, packed
from tests.test_bridge_companion import CLIENT, SPEECH, sign
from tests.test_link import TOKEN, camera_packets, run, tone_packets

NS = 1_000_000_000


def test_the_companion_conforms(tmp_path: Path) -> None:
    with companion(tmp_path, "--quiet", "--no-recording", "--set", "speaking.greet=false") as here:
        command = [sys.executable, "-m", "companion.cli", "conform", here.url, "--json", "--local-only"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        report = json.loads(done.stdout)
        assert done.returncode == 0 and report["failed"] == 0, report
        assert {check["outcome"] for check in report["checks"]} == {"passed"} and len(report["checks"]) >= 25
        here.stop()
    page = (Path(__file__).parent.parent / "docs" / "bridge.md").read_text("utf-8").lower()
    headings = {line.lstrip("# ").replace(" ", "-") for line in page.splitlines() if line.startswith("#")}
    assert {check["section"] for check in report["checks"]} <= headings, "each check names a section that is there"


def test_the_reference_client_conforms(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "companion.cli", "conform", "--listen", "--token", TOKEN]
    listening = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert listening.stderr is not None
    url = listening.stderr.readline().split(" at ")[1].strip().replace("ws://", "http://").replace("/device", "/")
    words = [str(SPEECH / "hello.wav"), str(sign(tmp_path / "sign.jpg")), str(tmp_path / "answer.wav")]
    client = subprocess.Popen([sys.executable, str(CLIENT), url, *words], stdout=subprocess.DEVNULL)
    out, _ = listening.communicate(timeout=120)
    client.wait(timeout=60)
    assert listening.returncode == 0, out
    assert "0 failed" in out and "1 skipped" in out, out  # JPEG: no key frame to ask for


def test_the_simulated_glasses_conform(tmp_path: Path) -> None:
    """They come back by themselves too: the scene knows nothing of being cut off."""
    scene = tmp_path / "waiting.yaml"
    scene.write_text(
        "steps:\n  - see: {card: label, name: Oats, weight: 500 g, price: '2.10'}\n  - wait: 60\n", "utf-8"
    )
    command = [sys.executable, "-u", "-m", "companion.cli", "conform", "--listen", "--token", TOKEN]
    listening = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert listening.stderr is not None
    url = listening.stderr.readline().split(" at ")[1].strip().replace("ws://", "http://").replace("/device", "/")
    glasses = subprocess.Popen(
        [*simulator(scene, url, tmp_path), "--wire", "bridge"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    out, _ = listening.communicate(timeout=180)
    told, _ = glasses.communicate(timeout=60)
    assert listening.returncode == 0, out + told
    assert "0 failed, 0 skipped" in out, out


def test_nobody_there_is_said_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "companion.cli", "conform", "ws://127.0.0.1:9/device?token=x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "127.0.0.1:9" in done.stderr and len(done.stderr.splitlines()) == 1
    command = [sys.executable, "-m", "companion.cli", "conform", "--local-only", "ws://192.0.2.1/device"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "is not this machine" in done.stderr


# ---------------------------------------------------------------------------------------------------- faulty devices


class FaultyDevice:
    """A stand-in for a device that keeps to the protocol but for one thing."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.session = ""

    async def live(self, url: str) -> None:
        async with aiohttp.ClientSession() as http:
            while True:
                async with http.ws_connect(url) as ws:
                    if await self.connected(ws) or self.fault == "never back":
                        return

    async def connected(self, ws: aiohttp.ClientWebSocketResponse) -> bool:
        hello: dict[str, Any] = {"type": "hello", "protocol": 1, "resume": self.session, "camera": {"codec": "h264"}}
        hello |= {"microphone": {"codec": "opus"}, "speaker": {"codec": "opus"}}
        if self.fault == "no resume":
            hello["resume"] = ""
        await ws.send_json({"type": "tap"} if self.fault == "no hello" else hello)
        sending = [asyncio.create_task(self.sound(ws)), asyncio.create_task(self.pictures(ws))]
        try:
            async for message in ws:
                if message.type == aiohttp.WSMsgType.TEXT and await self.told(ws, json.loads(message.data)):
                    return True
            return False
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def now_ns(self) -> int:
        now_ns = round(asyncio.get_running_loop().time() * NS)
        return now_ns // 1000 if self.fault == "clock in microseconds" else now_ns

    async def told(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any]) -> bool:
        kind = message["type"]
        if kind == "hello":
            self.session = message["session"]
        elif kind == "ping" and self.fault != "no pongs":
            await ws.send_json({"type": "pong", "id": message["id"], "device_ns": self.now_ns()})
        elif kind == "camera" and message["do"] == "rate":
            self.resting = message["fps"] == 0 and self.fault != "heeds no rate"
        elif kind == "camera":
            self.key = self.fault != "no key frames"
        elif kind == "speaking" and self.fault != "deaf":
            await self.heard(ws, message, "first")
        elif kind == "spoken" and self.fault != "deaf":
            late_ns = 1_000 * MS if self.fault == "heard too much" else 0
            await self.heard(ws, {**message, "sound_ns": message["sound_ns"] + late_ns}, "last")
        elif kind not in ("ping", "speaking", "spoken", "bye") and self.fault == "falls over news":
            raise KeyError(kind)
        return bool(kind == "bye")

    async def heard(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any], mark: str) -> None:
        said = {"utterance": message["utterance"], "sound_ns": message["sound_ns"], "device_ns": self.now_ns()}
        await ws.send_json({"type": "heard", "mark": mark, **said})

    async def sound(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        begin_ns = round(asyncio.get_running_loop().time() * NS)
        for n in range(10_000):
            due_ns = begin_ns + (n + 1) * 20 * MS
            await asyncio.sleep(max(0.0, due_ns / NS - asyncio.get_running_loop().time()))
            if self.fault == "gaps" and n % 20 > 15:
                continue
            captured = {"no times": 0, "times stand still": begin_ns}.get(self.fault, due_ns - 20 * MS)
            sequence = 0 if self.fault == "no sequence" else n
            kind = PCM16 if self.fault == "another microphone" else OPUS
            await ws.send_bytes(packed(kind, sequence, captured, tone_packets()[n % 50][:80]))
            if self.fault == "garbage" and n == 50:
                await ws.send_bytes(b"\0\0\0")

    async def pictures(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.key, units = True, camera_packets("h264")
        self.resting = False
        for n in range(10_000):
            while self.resting:
                await asyncio.sleep(0.01)
            unit, self.key = units[0 if self.key else 1], False
            payload = b"\0\0\x10\0" + unit if self.fault == "lengths" else unit
            await ws.send_bytes(packed(H264, n, round(asyncio.get_running_loop().time() * NS), payload))
            await asyncio.sleep(0.1)


def judged(fault: str) -> dict[str, str]:
    """Check -> outcome of a device with this fault ("" = none)."""
    report = Report()

    async def story() -> None:
        listening = Listening(report)
        server = LinkServer(LinkSettings(port=0, token=TOKEN), never, [listening.door])
        await server.start()
        device = asyncio.create_task(FaultyDevice(fault).live(f"ws://127.0.0.1:{server.port}/device?token={TOKEN}"))
        assert await listening.run(10)
        device.cancel()
        await asyncio.gather(device, return_exceptions=True)
        await server.stop()

    run(story)
    return {check.name: check.outcome for check in report.checks}


def never(*_: object) -> Any:
    raise AssertionError("no session is made of a device that is checked")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.bridge.conform.listen.COMES_BACK_S", 2.0)
    monkeypatch.setattr("companion.bridge.conform.listen.OBSERVED_S", 1.0)
    monkeypatch.setattr("companion.bridge.conform.playing.HEARD_S", 0.5)
    monkeypatch.setattr("companion.bridge.conform.looking.SETTLES_S", 0.2)
    monkeypatch.setattr("companion.bridge.conform.looking.RESTS_S", 0.5)


def test_a_device_without_a_fault_passes() -> None:
    assert set(judged("").values()) == {"passed"}


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        ("no hello", "hello comes first"),
        ("no pongs", "pings are answered"),
        ("clock in microseconds", "pings are answered"),
        ("no sequence", "sound is counted by one"),
        ("no times", "sound has its capture times"),
        ("times stand still", "sound has its capture times"),
        ("gaps", "sound is without gaps"),
        ("another microphone", "sound comes, as announced"),
        ("no key frames", "a key frame, or a photo"),
        ("heeds no rate", "so many pictures a second"),
        ("lengths", "pictures come, as announced"),
        ("lengths", "what it sends is messages and frames"),
        ("garbage", "what it sends is messages and frames"),
        ("deaf", "it plays an answer"),
        ("heard too much", "of one that is cut"),
        ("falls over news", "what it does not know is ignored"),
        ("no resume", "it comes back into its session"),
        ("never back", "it comes back into its session"),
    ],
)
def test_what_a_device_does_wrong_is_named(fault: str, failed: str) -> None:
    outcomes = judged(fault)
    assert [outcome for name, outcome in outcomes.items() if name.startswith(failed)] == ["failed"], outcomes


# -------------------------------------------------------------------------------------------------- a faulty companion


def test_what_a_companion_does_wrong_is_named() -> None:
    """A stand-in that lets everybody in, greets without a session, and takes everything."""

    async def device(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            if message.type == aiohttp.WSMsgType.TEXT and '"hello"' in message.data:
                await ws.send_json({"type": "hello", "protocol": 1})
        return ws

    report = Report()

    async def story() -> None:
        app = web.Application()
        app.add_routes([web.get("/device", device)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        from yarl import URL

        url = URL(f"ws://127.0.0.1:{runner.addresses[0][1]}/device?token=abc")
        await Asked(url, report).run()
        await runner.cleanup()

    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in (("HELLO_LIMIT_S", 0.1), ("SOON_S", 0.3), ("ANSWER_S", 0.3)):
            patch.setattr(f"companion.bridge.conform.ask.{name}", seconds)
        run(story)
    assert {check.outcome for check in report.checks} == {"failed"}
    assert all(check.why for check in report.checks)
