"""WHIP, as camera apps speak it: each status by its number, independent clients, and who hears the answer."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.link.errors import Refused
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.link.tokens import EVERYBODY, OF_THE_SETTINGS, Tokens
from companion.link.trickle import read_fragment
from companion.push.whip import Whip
from companion.replay import replay
from device_sim.roaming import cut
from pipelines import events as ev
from recordings.reader import Recording
from tests.companions import companion as running
from tests.test_link import TOKEN, Companion, Device, Session, run, tone_packets
from tests.test_rtmp import listened, said_by_companion

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Said:
    """One response of the door."""

    status: int
    headers: Any
    body: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Door(Companion):
    """A companion with the WHIP door, and a client for it."""

    def __init__(self, echo: str = "", tokens: Tokens | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        link = LinkSettings(**{"port": 0, "token": TOKEN, **settings})
        self.server = LinkServer(link, self._new, doors=[Whip(echo).routes], tokens=tokens)

    async def ask(self, method: str, path: str, body: str = "", **headers: str) -> Said:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        at = f"http://127.0.0.1:{self.server.port}{path}"
        data = body.encode() if body else None
        async with aiohttp.ClientSession() as http, http.request(method, at, data=data, headers=named) as response:
            return Said(response.status, response.headers, await response.text())

    async def post(self, sdp: str, path: str = "/whip", **more: str) -> Said:  # type: ignore[override]
        return await self.ask(
            "POST", path, sdp, **(SDP | BEARER | {name.replace("_", "-"): value for name, value in more.items()})
        )

    async def offer(self, sdp: str, **more: Any) -> tuple[int, dict[str, Any], Any]:
        """The page's own way in."""
        return await super().post(sdp, **more)


@asynccontextmanager
async def door(echo: str = "", tokens: Tokens | None = None, **settings: Any) -> AsyncIterator[Door]:
    it = Door(echo, tokens, **settings)
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


@pytest.mark.parametrize("profile", ["baseline", "high"])
def test_ffmpegs_own_whip_client_is_seen_and_heard(profile: str) -> None:
    """Another implementation of ICE, DTLS and RTP; H.264 High is what most encoders make."""

    async def story() -> None:
        async with door() as here:
            to = here.at("/whip", token="")
            command = ["whip", to, "--token", TOKEN, "--seconds", "2", "--profile", profile]
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.push_clients", *command, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await client.communicate()
            assert client.returncode == 0, out.decode()
            sent = json.loads(out.decode().splitlines()[-1])
            session = here.sessions[0]
            await session.until(lambda: session.states[-1][0] == "closed")
            assert sent["video"] == 60 and len(session.units) >= 58 and len(session.sounds) >= sent["audio"] - 3
            decoder = av.CodecContext.create("h264", "r")
            pictures = [p for u in session.units for p in decoder.decode(av.Packet(u.data))]
            assert len(pictures) >= 55 and (pictures[0].width, pictures[0].height) == (640, 360)

    run(story)


# ------------------------------------------------------------------------------------------------ each status, in turn


def test_what_is_refused_before_anything_is_made() -> None:
    async def story() -> None:
        async with door() as here:
            good = await App().sdp()
            no_ice = re.sub(r"a=ice-(ufrag|pwd):.*\r\n", "", good)
            only = {name: as_codec(good, name) for name in ("AV1", "H265")}
            silent = good.replace("a=sendonly", "a=recvonly")
            two = good + good[good.index("m=video") :]
            for sdp, headers, status, error in (
                (good, {"Authorization": ""}, 401, "wrong_token"),
                (good, {"Authorization": "Bearer guess"}, 401, "wrong_token"),
                (good, {"Content_Type": "application/json"}, 415, "wrong_content_type"),
                ("v=0\r\nhello", {}, 400, "bad_sdp"),
                ("hello", {}, 400, "bad_sdp"),
                (no_ice, {}, 400, "bad_sdp"),
                (silent, {}, 400, "bad_sdp"),
                (two, {}, 400, "bad_sdp"),
                (only["AV1"], {}, 422, "no_usable_codec"),
                (only["H265"], {}, 422, "no_usable_codec"),
                (good + "a=x:" + "y" * 300_000, {}, 413, "too_large"),
            ):
                said = await here.post(sdp, **headers)
                assert (said.status, said.json["error"]) == (status, error), said.body
                if status == 401:
                    assert said.headers["WWW-Authenticate"] == "Bearer"
                if status == 422:
                    assert "H.264 (packetization-mode 1) or VP8" in said.json["hint"]
            assert (await here.post(good, "/whip/at/a b")).status == 400
            assert (await here.ask("PUT", "/whip", good, **BEARER)).status == 405
            assert here.sessions == [] and here.server.sessions == 0

    run(story)


def as_codec(sdp: str, name: str) -> str:
    """The offer of an app that encodes nothing but this."""
    head, video = sdp.split("m=video", 1)
    video = re.sub(r"a=(fmtp|rtcp-fb):.*\r\n", "", video)
    return head + "m=video" + re.sub(r"a=rtpmap:(\d+) \S+", rf"a=rtpmap:\1 {name}/90000", video)


def test_more_addresses_are_taken_and_a_restart_is_refused_without_ending_anything() -> None:
    async def story() -> None:
        async with door() as here:
            app = App()
            offer = await app.sdp()
            said = await here.post(offer)
            where, etag = said.headers["Location"], said.headers["ETag"]
            mine = "".join(f"{line}\r\n" for line in offer.split("\r\n") if line.startswith("a=ice-"))
            trickle = mine + "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 9 typ host\r\n"

            async def patch(body: str, **headers: str) -> Said:
                return await here.ask(
                    "PATCH",
                    where,
                    body,
                    **(FRAGMENT | BEARER | {name.replace("_", "-"): value for name, value in headers.items()}),
                )

            taken = await patch(trickle, If_Match=etag)
            assert (taken.status, taken.body) == (204, "") and "ETag" not in taken.headers
            local = trickle.replace("192.0.2.7", "0d8e.local")
            assert (await patch(local + "a=end-of-candidates\r\n", If_Match=etag)).status == 204
            for body, headers, status, error in (
                (trickle, {}, 428, "no_if_match"),
                (trickle, {"If_Match": '"other"'}, 412, "wrong_etag"),
                (trickle, {"If_Match": "*"}, 422, "no_ice_restart"),
                ("a=ice-ufrag:new\r\na=ice-pwd:another\r\n", {"If_Match": etag}, 422, "no_ice_restart"),
                ("hello", {"If_Match": etag}, 400, "bad_fragment"),
                (mine + "a=candidate:hello\r\n", {"If_Match": etag}, 400, "bad_fragment"),
                (mine + "a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n" * 40, {"If_Match": etag}, 400, "bad_fragment"),
                (trickle, {"If_Match": etag, "Content_Type": "application/sdp"}, 415, "wrong_content_type"),
                (trickle, {"If_Match": etag, "Authorization": "Bearer x"}, 401, "wrong_token"),
            ):
                refused = await patch(body, **headers)
                assert (refused.status, refused.json["error"]) == (status, error), refused.body
            gone = await here.ask("PATCH", "/whip/no-such-push", trickle, **(FRAGMENT | BEARER | {"If_Match": etag}))
            assert gone.status == 404
            await app.device.take({"sdp": said.body, "type": "answer"})
            await seen_and_heard(here.sessions[0])
            await app.stop()

    run(story)


def test_looking_and_asking_what_is_allowed_makes_nothing() -> None:
    async def story() -> None:
        async with door() as here:
            for path in ("/whip", "/whip/at/me"):
                looked = await here.ask("GET", path, **BEARER)
                assert (looked.status, looked.body) == (200, "")
            assert (await here.ask("GET", "/whip/guess", **BEARER)).status == 404
            for path in ("/whip", "/whip/at/me", "/whip/guess"):
                asked = await here.ask("OPTIONS", path)
                assert asked.status == 200 and asked.headers["Accept-Post"] == "application/sdp"
                assert "Access-Control-Allow-Origin" not in asked.headers
            assert (await here.ask("OPTIONS", "/api/offer")).status == 401, "only this door is asked without a token"
            assert (await here.ask("GET", "/whip")).status == 401
            assert here.sessions == []

    run(story)


def test_another_web_page_pushes_only_if_the_settings_name_it() -> None:
    async def story() -> None:
        friend, stranger = "https://camera.example", "https://evil.example"
        async with door(push_origins=(friend,)) as here:
            asked = await here.ask("OPTIONS", "/whip", Origin=friend, Access_Control_Request_Method="POST")
            assert asked.status == 200 and asked.headers["Access-Control-Allow-Origin"] == friend
            assert "authorization" in asked.headers["Access-Control-Allow-Headers"].lower()
            for path in ("/whip", "/whip/at/me"):
                assert (await here.ask("OPTIONS", path, Origin=stranger)).status == 403
                assert (await here.post("v=0", path, Origin=stranger)).status == 403
            assert (await here.post("v=0", Origin=friend, Authorization="Bearer x")).status == 401
            assert (await here.ask("GET", "/", Origin=friend, **BEARER)).status == 403, "the push door and no other"
            app = App()
            said = await here.post(await app.sdp(), Origin=friend)
            assert said.status == 201 and said.headers["Access-Control-Allow-Origin"] == friend
            assert "Location" in said.headers["Access-Control-Expose-Headers"]
            await app.stop()

    run(story)


def test_a_full_house_says_when_to_come_again() -> None:
    async def story() -> None:
        async with door(max_sessions=1) as here:
            app, late = App(), App()
            await app.push(here, "/whip/at/me")
            said = await here.post(await late.sdp())
            assert (said.status, said.json["error"]) == (503, "too_many_sessions")
            assert int(said.headers["Retry-After"]) > 0
            await app.stop()
            await late.stop()

    run(story)


def test_an_address_with_the_token_in_it_ends_by_the_address_that_it_got() -> None:
    async def story() -> None:
        async with door() as here:
            app = App()
            said = await here.ask("POST", f"/whip?token={TOKEN}", await app.sdp(), **SDP)
            assert said.status == 201
            assert (await here.ask("DELETE", said.headers["Location"])).status == 200
            await app.stop()

    run(story)


# -------------------------------------------------------------------------------------------------------- named places


def test_a_second_publisher_at_the_same_place_is_refused_and_the_first_goes_on() -> None:
    async def story() -> None:
        async with door() as here:
            app, other, elsewhere = App(), App(), App()
            await app.push(here, "/whip/at/me")
            await seen_and_heard(here.sessions[0])
            said = await here.post(await other.sdp(), "/whip/at/me")
            assert (said.status, said.json["error"]) == (409, "place_taken")
            await elsewhere.push(here, "/whip/at/you")
            assert len(here.sessions) == 2
            await seen_and_heard(here.sessions[0])
            for one in (app, other, elsewhere):
                await one.stop()

    run(story)


def test_an_app_that_lost_its_network_goes_on_with_its_session_at_its_place() -> None:
    async def story() -> None:
        async with door() as here:
            app, again = App(), App("vp8")
            first = await app.push(here, "/whip/at/me")
            session = here.sessions[0]
            await seen_and_heard(session)
            cut(app.device.pc)
            status = 409
            async with asyncio.timeout(20):
                while status == 409:  # an app tries again and again
                    said = await here.post(await again.sdp(), "/whip/at/me")
                    status = said.status
                    await asyncio.sleep(0.1)
            assert status == 201 and said.headers["Location"] != first.headers["Location"]
            await again.device.take({"sdp": said.body, "type": "answer"})
            units = len(session.units)
            await session.until(lambda: len(session.units) > units + 3)
            assert [s[0] for s in session.states] == ["connected", "lost", "connected"] and session.resumed[-1]
            numbers = [unit.frame_id for unit in session.units]
            assert numbers == list(range(1, len(numbers) + 1)) and len(here.sessions) == 1
            assert (await here.ask("DELETE", first.headers["Location"], **BEARER)).status == 404
            assert session.states[-1][0] == "connected", "the address of what was replaced ends nothing any more"
            await again.stop()
            await app.stop()

    run(story)


# ------------------------------------------------------------------------------------------------------------- the ear


async def listener(here: Door, name: str) -> Device:
    device = Device(microphone=False, camera="")
    status, answer, _ = await here.offer(await device.offer(), listen=name)
    assert (status, answer.get("session")) == (200, here.sessions[0].link.session), answer
    await device.take(answer)
    return device


def test_a_page_hears_the_answers_to_what_a_camera_app_sends() -> None:
    async def story() -> None:
        async with door() as here:
            app = App()
            await app.push(here, "/whip/at/me")
            session = here.sessions[0]
            await seen_and_heard(session)
            page = await listener(here, "me")
            await session.until(lambda: len(session.states) == 2)
            assert session.states[1][:4] == ("connected", True, True, True) and not session.resumed[1]
            session.link.send_message({"type": "caption", "who": "companion", "text": "hello"})
            session.to_say = [(packet, 7) for packet in tone_packets(5, 880.0)]
            await page.until(lambda: tone_packets(5, 880.0)[-1] in [p for _, p in page.answer_packets])
            (speaking,) = await page.until(lambda: page.got("speaking"))
            await page.until(lambda: page.got("spoken") and page.got("caption"))
            page.say(type="heard", utterance=7, mark="first", rtp=speaking["rtp"], device_ns=0)
            page.say(type="typed", text="what is this")
            await session.until(lambda: session.heard and session.messages)
            pulls = session.pulls
            await page.until(lambda: len(page.answer_packets) > 40)
            assert session.pulls - pulls <= 60, "one takes the answer, not two"
            page.say(type="bye")
            await session.until(lambda: len(session.states) == 3)
            assert session.states[2][:4] == ("connected", True, True, False)
            await seen_and_heard(session)
            await app.stop()
            await session.until(lambda: session.states[-1][0] == "closed")
            assert here.server.sessions == 0
            await page.pc.close()

    run(story)


def test_who_listens_twice_is_heard_by_the_last_one_and_who_sends_is_not_heard() -> None:
    async def story() -> None:
        async with door() as here:
            app = App()
            await app.push(here, "/whip/at/me")
            session = here.sessions[0]
            await seen_and_heard(session)
            page = await listener(here, session.link.session)
            await session.until(lambda: len(session.states) == 2)
            loud = Device(camera="vp8")
            status, answer, _ = await here.offer(await loud.offer(), listen="me")
            assert status == 200
            await loud.take(answer)
            (bye,) = await page.until(lambda: page.got("bye"))
            assert "another one listens" in bye["reason"]
            await seen_and_heard(session)
            assert {unit.codec for unit in session.units} == {"h264"}, "an ear's own camera is nobody's"
            for device in (page, loud):
                await device.pc.close()
            await app.stop()

    run(story)


def test_to_listen_where_nobody_is_is_refused() -> None:
    async def story() -> None:
        async with door() as here:
            page = Device(microphone=False, camera="")
            status, said, _ = await here.offer(await page.offer(), listen="me")
            assert (status, said["error"]) == (404, "no_such_session")
            deaf = await App("").sdp()
            app = App()
            await app.push(here, "/whip/at/me")
            status, said, _ = await here.offer(deaf, listen="me")
            assert (status, said["error"]) == (400, "bad_sdp")
            await app.stop()
            await page.pc.close()

    run(story)


class TwoPeople:
    """Each with a token of their own, which is their name."""

    def holder(self, token: str) -> str | None:
        return token if token in ("anna", "ben", EVERYBODY, OF_THE_SETTINGS) else None

    def expects(self, code: str) -> bool:
        return False


def test_a_place_of_one_name_is_another_one_for_another_persons_token() -> None:
    async def story() -> None:
        async with door(tokens=TwoPeople()) as here:
            for name in ("anna", "ben"):
                app = App()
                said = await here.ask("POST", "/whip/at/me", await app.sdp(), **SDP, Authorization=f"Bearer {name}")
                assert said.status == 201, said.body
            (of_anna, of_ben) = (session.link.session for session in here.sessions)
            assert of_anna != of_ben
            page = await Device(microphone=False, camera="").offer()
            for who, listens, status, session in (
                ("ben", "me", 200, of_ben),
                ("ben", of_anna, 404, None),
                ("anna", of_anna, 200, of_anna),
            ):
                body = {"sdp": page, "type": "offer", "listen": listens}
                said = await here.ask(
                    "POST",
                    "/api/offer",
                    json.dumps(body),
                    **{"Content-Type": "application/json", "Authorization": f"Bearer {who}"},
                )
                assert (said.status, said.json.get("session")) == (status, session), (who, listens, said.body)
            body = {"sdp": await Device().offer(), "type": "offer", "resume": of_anna}
            said = await here.ask(
                "POST",
                "/api/offer",
                json.dumps(body),
                **{"Content-Type": "application/json", "Authorization": "Bearer ben"},
            )
            assert (said.status, said.json["error"]) == (404, "no_such_session")

    run(story)


def test_another_person_neither_looks_at_nor_ends_a_push_whose_address_they_know() -> None:
    async def story() -> None:
        async with door(tokens=TwoPeople()) as here:
            app, ben, anna = App(), {"Authorization": "Bearer ben"}, {"Authorization": "Bearer anna"}
            said = await here.ask("POST", "/whip", await app.sdp(), **SDP, **anna)
            await app.device.take({"sdp": said.body, "type": "answer"})
            await seen_and_heard(here.sessions[0])
            address, match = said.headers["Location"], {"If_Match": said.headers["ETag"]}
            fragment = "\r\n".join(
                [line for line in said.body.splitlines() if line.startswith(("a=ice-ufrag", "a=ice-pwd"))]
            )
            for method, body, more in (
                ("GET", "", {}),
                ("PATCH", fragment, {"Content_Type": "application/trickle-ice-sdpfrag", **match}),
                ("DELETE", "", {}),
            ):
                refused = await here.ask(method, address, body, **ben, **more)
                assert (refused.status, refused.json["error"]) == (404, "no_such_push"), method
            await seen_and_heard(here.sessions[0])
            assert (await here.ask("GET", address, **anna)).status == 200
            assert (await here.ask("DELETE", address, **anna)).status == 200
            await app.stop()

    run(story)


def test_a_method_that_is_none_is_told_with_those_that_are() -> None:
    async def story() -> None:
        async with door() as here:
            for path, works in (
                ("/whip", "POST"),
                ("/whip/at/me", "POST"),
                ("/whip/x", "DELETE"),
                ("/api/offer", "POST"),
            ):
                said = await here.ask("PUT", path, **BEARER)
                assert (said.status, said.json["error"]) == (405, "wrong_method")
                assert works in said.headers["Allow"] and works in said.json["hint"], said.headers

    run(story)


def test_what_the_companion_itself_lets_in_is_its_owners_and_nobody_elses() -> None:
    """A stream by RTMP, or one that is fetched, comes with no device's token."""

    async def story() -> None:
        async with door(tokens=TwoPeople()) as here:
            stream = here.server.at("rtmp")
            page = json.dumps(
                {"sdp": await Device(microphone=False, camera="").offer(), "type": "offer", "listen": "rtmp"}
            )
            for who, status in (("anna", 404), (OF_THE_SETTINGS, 200), (EVERYBODY, 200)):
                said = await here.ask(
                    "POST",
                    "/api/offer",
                    page,
                    **{"Content-Type": "application/json", "Authorization": f"Bearer {who}"},
                )
                assert said.status == status, (who, said.body)
            await stream.close()

    run(story)


# --------------------------------------------------------------------------------------------------------------- fuzz


CASES = int(os.environ.get("FUZZ_CASES", "60"))  # the long form: FUZZ_CASES=100000
LINES = (
    *(
        "a=sendrecv",
        "a=recvonly",
        "a=inactive",
        "a=group:BUNDLE 0",
        "a=group:BUNDLE",
        "a=mid:",
        "a=mid:0",
        "a=setup:active",
    ),
    *(
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "m=audio 0 RTP/AVP 0",
        "m=",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    ),
    *("a=rtpmap:96 AV1/90000", "a=rtpmap:99999999999 H264/0", "a=rtpmap:x", "a=fmtp:96 profile-level-id=zz", "a=fmtp:"),
    *("a=candidate:1 1 udp x y z typ host", "a=candidate:", "a=fingerprint:sha-256 zz", "a=fingerprint:md5 00:11"),
    *("a=ssrc:x cname:y", "a=ssrc-group:FID", "a=extmap:x", "a=rtcp-fb:* nack", "a=sctp-port:x", "c=IN IP4 999.1.1.1"),
    *(
        "a=rtcp:9 IN",
        "a=msid:",
        "a=ice-ufrag:",
        "a=ice-pwd:",
        "\x00",
        "a=",
        "=",
        "v=1",
        "a=max-message-size:-1",
        "t=0 0",
    ),
)


def spoilt(offer: str, rng: random.Random) -> str:
    """This offer with some lines missing, doubled, cut short, in another's place, or not of this world."""
    lines = offer.split("\r\n")
    for _ in range(rng.randint(1, 6)):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 3:
                lines[at], lines[other] = lines[other], lines[at]
            case 4:
                lines.insert(at, rng.choice(LINES))
            case _:
                head, colon, _ = lines[at].partition(":")
                lines[at] = head + colon + "".join(chr(rng.choice((32, 48, 65, 58, 233, 0x1F600))) for _ in range(9))
        if not lines:
            break
    return "\r\n".join(lines)


def test_no_spoilt_offer_meets_a_fault_of_ours() -> None:
    async def story() -> None:
        async with door(max_sessions=2) as here:
            app, rng, statuses = App(), random.Random(7), set()
            good = await app.sdp()
            for number in range(CASES):
                offer = spoilt(good, rng)
                said = await here.post(offer)
                statuses.add(said.status)
                assert said.status in (201, 400, 422), f"case {number}: {said.status} {said.body}\n{offer}"
                if said.status == 201:
                    assert (await here.ask("DELETE", said.headers["Location"], **BEARER)).status == 200
                assert here.server.sessions == 0, "what was refused leaves nothing behind"
            assert statuses >= {201, 400}
            await app.stop()

    asyncio.run(story())


@given(st.text(max_size=200) | st.lists(st.sampled_from(LINES) | st.text(max_size=40)).map("\r\n".join))
def test_no_fragment_meets_a_fault_of_ours(text: str) -> None:
    with suppress(Refused):
        read_fragment(text).of(text)


# ------------------------------------------------------------------------------------------------ questions, and a cut


async def ffmpeg(url: str, *command: str) -> asyncio.subprocess.Process:
    """FFmpeg's WHIP client, pushing to the place "me"."""
    base, token = url.split("/?token=")
    words = ["-m", "tests.push_clients", "whip", f"{base}/whip/at/me", "--token", token, "--seconds", "40", *command]
    return await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)


def test_a_cut_of_three_seconds_loses_no_turn(tmp_path: Path) -> None:
    """The app dies in the middle of an answer and is started again; the page goes on listening all the while."""
    with running(tmp_path, "--set", "speaking.greet=false") as here:

        async def story() -> None:
            first = await ffmpeg(here.url, "--say", "what_can_i_say", "--say-at", "4")
            page = Device(microphone=False, camera="")
            await page.take(await listened(here.url, "me", await page.offer()))
            await page.until(lambda: page.got("speaking"))
            first.kill()
            await first.communicate()
            await asyncio.sleep(3)
            second = await ffmpeg(here.url, "--say-at", "12")
            await page.until(lambda: "latform 7" in said_by_companion(page))
            await page.until(lambda: page.got("state")[-1]["state"] == "listening")
            await page.pc.close()
            second.kill()
            await second.communicate()

        asyncio.run(asyncio.wait_for(story(), 90))
        here.stop()
    (path,) = tmp_path.glob("*.mcap")
    events = list(Recording(path).events())
    turns = [e.text for e in events if isinstance(e, ev.TurnOpened)]
    assert turns == ["what can i say", "what does this sign say"]
    assert [e.outcome for e in events if isinstance(e, ev.TurnClosed)] == ["answered", "answered"]
    assert sum(isinstance(e, ev.LinkChanged) and e.resumed for e in events) == 1
    assert replay(path).same
