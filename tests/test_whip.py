"""WHIP, as camera apps speak it: each status by its number, independent clients, and who hears the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import av
import pytest

from companion.link.handler import DeviceLink
from companion.link.opus_send import SILENCE
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.push.whip import Whip
from device_sim.roaming import cut
from tests.test_link import TOKEN, Companion, Device, Session, run, tone_packets

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Said:
    """One response of the door."""

    status: int
    headers: Any
    body: str
    seconds: float = 0.0

    @property
    def json(self) -> dict[str, Any]:
        import json

        found: dict[str, Any] = json.loads(self.body)
        return found


class Door(Companion):
    """A companion with the WHIP door, and a client for it."""

    def __init__(self, echo: str = "", **settings: Any) -> None:
        super().__init__(**settings)
        link = LinkSettings(**{"port": 0, "token": TOKEN, **settings})
        self.server = LinkServer(link, self._new, doors=[Whip(echo).routes])

    async def ask(self, method: str, path: str, body: str = "", **headers: str) -> Said:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        at = f"http://127.0.0.1:{self.server.port}{path}"
        async with aiohttp.ClientSession() as http:
            async with http.request(method, at, data=body.encode() if body else None, headers=named) as response:
                return Said(response.status, response.headers, await response.text())

    async def post(self, sdp: str, path: str = "/whip", **more: str) -> Said:  # type: ignore[override]
        return await self.ask("POST", path, sdp, **(SDP | BEARER | more))

    async def offer(self, sdp: str, **more: Any) -> tuple[int, dict[str, Any], Any]:
        """The page's own way in."""
        return await super().post(sdp, **more)


@asynccontextmanager
async def door(echo: str = "", **settings: Any) -> AsyncIterator[Door]:
    it = Door(echo, **settings)
    await it.server.start()
    try:
        yield it
    finally:
        await it.server.stop()


@dataclass
class App:
    """A camera app as OBS is one: it only sends, and its offer has no candidates and never gets any."""

    codec: str = "h264"
    device: Device = field(init=False)

    def __post_init__(self) -> None:
        self.device = Device(camera=self.codec, messages=False)
        for transceiver in self.device.pc.getTransceivers():
            transceiver.direction = "sendonly"

    async def sdp(self) -> str:
        full = await self.device.offer()
        return re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", full)

    async def push(self, here: Door, path: str = "/whip") -> Said:
        said = await here.post(await self.sdp(), path)
        assert said.status == 201, said.body
        await self.device.take({"sdp": said.body, "type": "answer"})
        return said

    async def stop(self) -> None:
        await self.device.pc.close()


async def seen_and_heard(session: Session, more: int = 5) -> None:
    sounds, units = len(session.sounds), len(session.units)
    await session.until(lambda: len(session.sounds) > sounds + more and len(session.units) > units + more)


# ---------------------------------------------------------------------------------------------------- the whole path


def test_an_offer_without_candidates_is_answered_and_its_media_come_through() -> None:
    async def story() -> None:
        async with door() as here:
            app = App()
            said = await app.push(here)
            assert said.headers["Content-Type"].startswith("application/sdp")
            assert re.fullmatch(r"/whip/[\w-]{24}", said.headers["Location"]) and said.headers["ETag"].startswith('"')
            session = here.sessions[0]
            await seen_and_heard(session)
            assert session.states[0] == ("connected", True, True, False, "") and session.link.device == "whip"
            gone = await here.ask("DELETE", said.headers["Location"], **BEARER)
            assert gone.status == 200
            await session.until(lambda: session.states[-1][0] == "closed")
            assert here.server.sessions == 0
            assert (await here.ask("DELETE", said.headers["Location"], **BEARER)).status == 404
            await app.stop()

    run(story)


def test_an_app_that_wants_to_hear_is_answered_recvonly_all_the_same() -> None:
    async def story() -> None:
        async with door() as here:
            device = Device(messages=False)
            said = await here.post(await device.offer())
            assert said.status == 201 and "a=sendrecv" not in said.body and said.body.count("a=recvonly") == 2
            await device.take({"sdp": said.body, "type": "answer"})
            await seen_and_heard(here.sessions[0])
            await device.pc.close()

    run(story)
