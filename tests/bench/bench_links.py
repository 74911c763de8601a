"""How fast what pushes or is fetched is seen: from the first try to connect to the first picture, and after a cut.

Independent clients: FFmpeg's WHIP and RTMP muxers, each a process of its own; aiortc with an offer as OBS sends it
(without candidates); FFmpeg's RTSP player on our side, with a camera made for tests; the simulated glasses over the
bridge, which nobody tells that their network is gone or there again. All over loopback. "connected" is from the moment
at which the client begins to connect to the companion's first picture, its encoder's start included; "back" is the
same after a network that was gone for three seconds, in the same session.

    python -m tests.bench.bench_links [--rounds 5] [--only bridge]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from companion.bridge.door import bridge
from companion.bridge.settings import BridgeSettings
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.push.address import address
from companion.push.pull import Pull
from companion.push.rtmp import Rtmp
from companion.push.settings import PushSettings
from companion.push.whip import Whip
from device_sim import scene
from device_sim.address import Address
from device_sim.bridge_wire import BridgeWire
from device_sim.camera import Tapes
from device_sim.ear import Ear
from device_sim.mic import Voices
from device_sim.roaming import cut
from tests.rtsp_camera import Camera
from tests.shaky import Shaky, shaky
from tests.test_link import TOKEN, Session, camera_packets
from tests.test_whip import App, Door

CUT_S = 3.0
KEY = "a-stream-key"


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds, and whether the session went on."""

    connected: float
    back: float
    same: bool


async def first_picture(here: Door, known: int = 0, patience_s: float = 20.0) -> float:
    """When the companion had a picture more than `known` of its first session: monotonic, s."""
    async with asyncio.timeout(patience_s):
        while not here.sessions or len(here.sessions[0].units) <= known:
            await asyncio.sleep(0.001)
    return time.monotonic()


async def obs_shaped(here: Door) -> Round:
    app, again = App(), App()
    start = time.monotonic()
    await app.push(here, "/whip/at/me")
    connected = await first_picture(here) - start
    cut(app.device.pc)
    await asyncio.sleep(CUT_S)
    known, start = len(here.sessions[0].units), time.monotonic()
    await again.push(here, "/whip/at/me")
    back = await first_picture(here, known) - start
    return await over(here, connected, back, again.stop, app.stop)


GLASSES = """\
device: {camera: {width: 320, height: 240, fps: 30, kbps: 300}}
steps:
  - see: {card: sign, platform: "7", destination: Leeds, time: "14:05"}
"""


async def bridged(here: Door, break_: Callable[[Shaky], None]) -> Round:
    """ "back" is from the network's return: when to try again is the glasses' own business."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "glasses.yaml"
        path.write_text(GLASSES, "utf-8")
        loaded = scene.load(path)
        tapes, voices = Tapes(loaded), Voices(loaded)
    async with shaky(here.server.port) as way:
        glasses = BridgeWire(loaded, tapes, voices, Ear(0))
        start = time.monotonic()
        await glasses.connect(Address.parse(f"http://127.0.0.1:{way.port}/", TOKEN))
        connected = await first_picture(here) - start
        break_(way)
        await asyncio.sleep(CUT_S)
        known, start = len(here.sessions[0].units), time.monotonic()
        way.restore()
        back = await first_picture(here, known) - start
        return await over(here, connected, back, glasses.close)


async def over(here: Door, connected: float, back: float, *ends: Callable[[], Awaitable[object]]) -> Round:
    session: Session = here.sessions[0]
    states = [state[0] for state in session.states]
    same = len(here.sessions) == 1 and states[-1] == "connected" and "closed" not in states
    for end in ends:
        await end()
    return Round(connected * 1e3, back * 1e3, same)


async def ffmpeg(here: Door, *command: str) -> tuple[asyncio.subprocess.Process, float]:
    """A client under way, and when it began to connect: monotonic, s."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.push_clients", *command, "--seconds", "60", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    word, at_ns = (await process.stdout.readline()).split()
    assert word == b"opening"
    return process, int(at_ns) / 1e9


async def pushed(here: Door, *command: str) -> Round:
    first, start = await ffmpeg(here, *command)
    connected = await first_picture(here) - start
    first.kill()
    await first.wait()
    await asyncio.sleep(CUT_S)
    known = len(here.sessions[0].units)
    second, start = await ffmpeg(here, *command)
    back = await first_picture(here, known) - start

    async def end() -> None:
        second.kill()
        await second.wait()

    return await over(here, connected, back, end)


async def whip(here: Door) -> Round:
    return await pushed(here, "whip", here.at("/whip/at/me", token=""), "--token", TOKEN)


async def rtmp(here: Door) -> Round:
    listener = Rtmp(PushSettings(rtmp_key=KEY), here.server)
    await listener.start()
    try:
        return await pushed(here, "rtmp", listener.url)
    finally:
        await listener.stop()


async def rtsp(here: Door) -> Round:
    camera = Camera(camera_packets("h264"))
    pull = Pull(address(await camera.start(), local_only=True), here.server)
    start = time.monotonic()
    pull.start()
    try:
        connected = await first_picture(here) - start
        camera.cut()
        await asyncio.sleep(CUT_S)
        known, start = len(here.sessions[0].units), time.monotonic()
        camera.on = True
        back = await first_picture(here, known) - start
        return await over(here, connected, back)
    finally:
        await pull.stop()
        await camera.stop()


ROWS: dict[str, Callable[[Door], Awaitable[Round]]] = {
    "WHIP, an offer as OBS sends it (aiortc)": obs_shaped,
    "WHIP, FFmpeg's muxer, P-256": whip,
    "RTMP, FFmpeg's muxer": rtmp,
    "RTSP, fetched": rtsp,
    "bridge, a connection that breaks": partial(bridged, break_=Shaky.cut),
    "bridge, a network that falls silent": partial(bridged, break_=Shaky.hush),
}


async def measured(row: Callable[[Door], Awaitable[Round]], rounds: int) -> list[Round]:
    out = []
    for _ in range(rounds):
        here = Door()
        here.server = LinkServer(
            LinkSettings(port=0, token=TOKEN), here._new, [Whip("").routes, bridge(BridgeSettings())]
        )
        await here.server.start()
        try:
            out.append(await row(here))
        finally:
            await here.server.stop()
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_links")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    print(f"{'':42}{'connected, ms':>22}{'back after 3 s, ms':>22}   the same session")
    print(f"{'':42}{'median':>13}{'worst':>9}{'median':>13}{'worst':>9}")
    figures = {}
    for name, row in ((name, row) for name, row in ROWS.items() if args.only in name):
        got = asyncio.run(measured(row, args.rounds))
        connected, back = [r.connected for r in got], [r.back for r in got]
        same = sum(r.same for r in got)
        middle = [statistics.median(connected), max(connected), statistics.median(back), max(back)]
        print(f"{name:42}" + "".join(f"{x:>{w}.0f}" for x, w in zip(middle, (13, 9, 13, 9), strict=True)), end="")
        print(f"   {same} of {len(got)}", flush=True)
        figures[name] = dict(
            zip(("connected", "connected_worst", "back", "back_worst"), map(round, middle), strict=True)
        )
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
