"""The simulated glasses over the bridge: they do what they are asked for, and come back by themselves.

The companion is the link alone, on this machine; a whole one is in `test_bridge_companion.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from companion.bridge.door import bridge
from companion.bridge.settings import BridgeSettings
from device_sim import scene
from device_sim.address import Address
from device_sim.bridge_wire import BridgeWire
from device_sim.camera import Tapes
from device_sim.ear import Ear
from device_sim.errors import WireError
from device_sim.mic import Voices
from device_sim.wire import Wire
from tests.lan_house import House, house
from tests.shaky import Shaky, shaky
from tests.test_bridge import companion
from tests.test_link import Session, run

NS = 1_000_000_000
FPS = 10
SCENE = """\
name: looking
about: Somebody looks at a sign.
device: {{camera: {{width: 320, height: 240, fps: {fps}, kbps: 150}}}}
steps:
  - see: {{card: sign, platform: "7", destination: Leeds, time: "14:05"}}
  - wait: 1
"""


@asynccontextmanager
async def glasses(folder: Path, url: str, fingerprint: str = "", over: str = "bridge") -> AsyncIterator[BridgeWire]:
    """Connected simulated glasses that look at a sign."""
    path = folder / "looking.yaml"
    path.write_text(SCENE.format(fps=FPS), "utf-8")
    loaded = scene.load(path)
    make = {"bridge": BridgeWire, "webrtc": Wire}[over]
    wire = make(loaded, Tapes(loaded), Voices(loaded), Ear(0))
    try:
        await wire.connect(Address.parse(url, fingerprint=fingerprint))
        yield wire  # type: ignore[misc]
    finally:
        await wire.close()


def captured_ns(session: Session) -> list[int]:
    return [unit.media_ns for unit in session.units]


async def _more(session: Session, pictures: int) -> list[int]:
    """When the next so many pictures were captured."""
    known = len(session.units)
    await session.until(lambda: len(session.units) >= known + pictures)
    return captured_ns(session)[known:]


@pytest.mark.parametrize("over", ["bridge", "webrtc"])
def test_so_many_pictures_a_second_come_as_are_asked_for(over: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with companion() as here, glasses(tmp_path, here.at("/"), over=over) as wire:
            assert wire.session
            session = here.sessions[0]
            await _more(session, 3)
            ask = session.link.send_message

            ask({"type": "camera", "do": "rate", "fps": 2.5})
            times = (await _more(session, 5))[1:]  # one may have been under way
            steps = [b - a for a, b in itertools.pairwise(times)]
            period = NS / 2.5
            assert all(period - NS / FPS <= step <= period + 2 * NS / FPS for step in steps), steps
            assert all(unit.key for unit in session.units[-4:]), "what lies between two of them never came"

            ask({"type": "camera", "do": "rate", "fps": 0})
            ask({"type": "camera", "do": "photo"})
            photo = (await _more(session, 1))[0]
            heard = len(session.sounds)
            await session.until(lambda: len(session.sounds) > heard + 50)  # a second of sound, and no picture
            assert captured_ns(session)[-1] == photo and session.units[-1].key

            ask({"type": "camera", "do": "rate", "fps": 60})
            times = await _more(session, 6)
            assert all(abs(b - a - NS / FPS) < NS / FPS / 2 for a, b in itertools.pairwise(times)), "as many as it has"

    run(story)


@pytest.mark.parametrize("break_", [Shaky.cut, Shaky.hush])
def test_it_comes_back_by_itself_into_its_session(tmp_path: Path, break_: Callable[[Shaky], None]) -> None:
    async def story() -> None:
        async with companion() as here, shaky(here.server.port) as way:
            url = here.at("/").replace(str(here.server.port), str(way.port))
            async with glasses(tmp_path, url) as wire:
                session = here.sessions[0]
                await _more(session, 3)
                name = wire.session
                break_(way)
                await _until(lambda: way.knocks >= 2)  # it has noticed, and does not get through
                known = len(session.units)
                way.restore()
                await session.until(lambda: len(session.units) > known)
                assert wire.session == name and wire.returns == [True] and not wire.lost.is_set()
                assert len(here.sessions) == 1 and [s[0] for s in session.states] == ["connected", "lost", "connected"]
                assert session.units[known].key, "the first picture needs none before it"

    run(story)


def test_it_begins_anew_if_its_session_is_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with companion(resume_within_s=0.2) as here, shaky(here.server.port) as way:
            url = here.at("/").replace(str(here.server.port), str(way.port))
            async with glasses(tmp_path, url) as wire:
                first, name = here.sessions[0], wire.session
                await _more(first, 1)
                way.cut()
                await first.until(lambda: first.states[-1][0] == "closed")
                way.restore()
                await _until(lambda: wire.returns)
                assert wire.returns == [False] and wire.session not in ("", name)
                await _more(here.sessions[1], 1)

    run(story)


def test_a_goodbye_of_the_companion_is_not_come_back_from(tmp_path: Path) -> None:
    async def story() -> None:
        async with companion() as here, glasses(tmp_path, here.at("/")) as wire:
            await _more(here.sessions[0], 1)
            await here.sessions[0].link.close("enough")
            await asyncio.wait_for(wire.lost.wait(), 10)
            assert "enough" in wire.lost_why and not wire.returns

    run(story)


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


# ------------------------------------------------------------------------------------------------------------------ TLS

DOORS = (bridge(BridgeSettings()),)


def _at_a_house(tmp_path: Path, story: Callable[[House, str, str], Awaitable[None]]) -> None:
    """`story(house, address with a token, fingerprint)`."""

    async def told() -> None:
        async with house(tmp_path, DOORS) as here:
            url = f"{here.at('/')}?token={here.book.issue('glasses')}"
            await story(here, url, here.front.certificate.fingerprint)

    asyncio.run(told())


@pytest.mark.parametrize("over", ["bridge", "webrtc"])
def test_a_companion_with_its_own_certificate_is_known_by_its_fingerprint(tmp_path: Path, over: str) -> None:
    async def story(here: House, url: str, fingerprint: str) -> None:
        for written in (fingerprint, fingerprint.lower().replace(" ", ":"), fingerprint.replace(" ", "")):
            async with glasses(tmp_path, url, written, over):
                await _more(here.sessions[-1], 1)

    _at_a_house(tmp_path, story)


@pytest.mark.parametrize("over", ["bridge", "webrtc"])
def test_another_certificate_is_told_nothing(tmp_path: Path, over: str) -> None:
    """Neither without a fingerprint nor with that of another: not even the token."""

    async def story(here: House, url: str, fingerprint: str) -> None:
        asked: list[str] = []
        here.server._guard.check = lambda request: asked.append(request.path)  # type: ignore[assignment]
        with pytest.raises(WireError, match=r"nobody .* vouches for its certificate .* --fingerprint") as unknown:
            async with glasses(tmp_path, url, "", over):
                pass
        other = "0000" + fingerprint[4:]
        with pytest.raises(WireError, match="another certificate answers") as wrong:
            async with glasses(tmp_path, url, other, over):
                pass
        assert fingerprint in str(wrong.value) and other in str(wrong.value)
        assert not asked and "token" not in str(unknown.value) + str(wrong.value)

    _at_a_house(tmp_path, story)


@pytest.mark.parametrize(
    ("to", "fingerprint", "says"),
    [
        ("https://127.0.0.1:9/", "12AB", "64 hexadecimal digits"),
        ("https://127.0.0.1:9/", "G" * 64, "64 hexadecimal digits"),
        ("http://127.0.0.1:9/", "0" * 64, "without TLS"),
        ("https://127.0.0.1:9/", "0" * 64, "nobody answers"),
    ],
)
def test_a_fingerprint_that_cannot_be_one_is_refused(tmp_path: Path, to: str, fingerprint: str, says: str) -> None:
    command = [sys.executable, "-m", "device_sim.cli", "run", "demo", "--to", to, "--fingerprint", fingerprint]
    done = subprocess.run([*command, "--wire", "bridge"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
