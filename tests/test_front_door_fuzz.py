"""The front door and hostile bytes: offers, requests and WebSockets with and without a token, messages and datagrams.

A few hundred of each here; `make fuzz` sends more than 100,000 (DOOR_CASES of them, from the seed DOOR_FIRST on). Each
batch runs in a process of its own, so that a crash, a hang or a hunger for memory is a finding. To look at one:
`python -m tests.fuzz.door PART --first SEED --cases 1`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from companion.bridge.door import bridge
from companion.bridge.settings import BridgeSettings
from companion.clock import SessionClock
from companion.link.channel import Channel
from companion.link.errors import Refused
from companion.link.media_clock import DeviceClock
from companion.link.offer import read_offer
from tests.fuzz.door import PARTS
from tests.fuzz.door_bytes import GOOD_OFFERS, datagram, message, offer, request
from tests.fuzz.door_sockets import outcome_of, told_more_than_a_refusal
from tests.fuzz.socket_bytes import frames, guess, upgrade
from tests.lan_house import house
from tests.test_link import Device, companion, run

ROOT = Path(__file__).resolve().parent.parent
LONG_CASES = 110_000
SHARE = {
    "offers": 0.2,
    "posts": 0.05,
    "strangers": 0.15,
    "known": 0.1,
    "messages": 0.2,
    "datagrams": 0.1,
    "uninvited": 0.12,
    "invited": 0.08,
}
BATCH = 4000


def knocked(part: str, first: int, cases: int, limit_s: int) -> dict[str, Any]:
    """What one process found with these seeds; how it died, if it did."""
    command = [sys.executable, "-m", "tests.fuzz.door", part, "--first", str(first), "--cases", str(cases)]
    which = f"{part} {first} to {first + cases - 1}"
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return {"findings": [f"{which}: no end within {limit_s} s"], "answers": {}}
    if done.returncode:
        return {"findings": [f"{which}: exit {done.returncode}\n{done.stderr[-2000:]}"], "answers": {}}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("part", PARTS)
def test_whatever_comes_is_refused_or_served(part: str) -> None:
    cases = 150 if part == "posts" else 400
    result = knocked(part, 0, cases, limit_s=300)
    assert result["findings"] == []
    if part in ("posts", "known", "strangers", "uninvited", "invited"):
        assert len(result["answers"]) >= 3, f"these bytes are all alike to the door: {result['answers']}"


@pytest.mark.fuzz
def test_a_hundred_thousand_hostile_bytes() -> None:
    cases, first = int(os.environ.get("DOOR_CASES", LONG_CASES)), int(os.environ.get("DOOR_FIRST", "1000"))
    findings: list[str] = []
    for part, share in SHARE.items():
        for begin in range(first, first + round(cases * share), BATCH):
            result = knocked(part, begin, min(BATCH, first + round(cases * share) - begin), limit_s=1800)
            findings += result["findings"]
            print(part, begin, result["answers"])
    assert findings == []


def test_a_seed_is_what_is_sent() -> None:
    opened = lambda die: upgrade(die, "127.0.0.1", guess(die, "good", "gone")) + b"".join(frames(die))  # noqa: E731
    for made in (offer, lambda die: request(die, "127.0.0.1", "token"), message, datagram, opened):
        assert [made(Random(i)) for i in range(50)] == [made(Random(i)) for i in range(50)]
    for good in GOOD_OFFERS:
        assert read_offer(good).sdp


BARE = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nServer: \r\nContent-Length: 0\r\n\r\n"


def test_more_than_a_refusal_would_be_seen() -> None:
    """The judge of what strangers get: the bare refusal is one, and whatever else is said is not."""
    assert not told_more_than_a_refusal(b"") and not told_more_than_a_refusal(BARE + BARE)
    for more in (
        BARE + b"x",
        BARE.replace(b"Server: ", b"Server: aiohttp"),
        BARE.replace(b"WWW", b"X-Version: 1\r\nWWW"),
        BARE.replace(b"401 Unauthorized", b"101 Switching Protocols"),
        BARE.replace(b"Length: 0", b"Length: 5") + b"hello",
        b"HTTP/1.1 100 Continue\r\n\r\n" + BARE,
    ):
        assert told_more_than_a_refusal(more), more
    assert outcome_of(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x88\x02\x11\x94") == "! closed with 4500"
    assert outcome_of(b"HTTP/1.1 500 Oh\r\n\r\n").startswith("!")


# ---------------------------------------------------------------------- what was found by it, each as a test of its own


def test_a_strangers_empty_datagram_does_not_end_a_session() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            session = await here.meet(device)
            await session.until(lambda: session.sounds)
            connection = session.link._now._pc.getTransceivers()[0].receiver.transport.transport._connection
            port = connection._protocols[0].transport.get_extra_info("sockname")[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for data in (
                    b"",
                    b"\x80",
                    b"\x16\xfe\xfd",
                    b"\x00\x01\x00\x06\x21\x12\xa4\x42" + bytes(12) + b"\0$\0\x01\1\0",
                ):
                    stranger.sendto(data, ("127.0.0.1", port))
            heard = len(session.sounds)
            await session.until(lambda: len(session.sounds) > heard + 10)
            assert [s[0] for s in session.states] == ["connected"]
            await device.pc.close()

    run(story)


@pytest.mark.parametrize(
    ("upgrade", "key"),
    [
        (b"websocket", b"\xc3\xa9"),
        (b"websocket", b"AAAAAAAAAAAAAAAAAAAAAA==\xff"),
        (b"websocket", b"x"),
        (b"web\xa5", b"x"),
    ],
)
def test_a_handshake_that_is_none_is_no_fault_of_ours(tmp_path: Path, upgrade: bytes, key: bytes) -> None:
    async def story() -> None:
        async with house(tmp_path, [bridge(BridgeSettings())]) as here:
            head = f"GET /device?token={here.book.issue('phone')} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            head += "Connection: Upgrade, close\r\n"
            more = b"Upgrade: " + upgrade + b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
            answer = await here.raw(head.encode() + more)
            assert answer.startswith(b"HTTP/1.1 426 ") and b"no_websocket" in answer

    run(story)


def test_what_a_browser_asks_before_it_pushes_is_told_no_more_than_a_stranger(tmp_path: Path) -> None:
    """OPTIONS carries no token; where there is no such door, nothing says so."""

    async def story() -> None:
        async with house(tmp_path) as here:
            answer = await here.raw(b"OPTIONS /whip/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 401 ") and not told_more_than_a_refusal(answer), answer

    run(story)


def test_who_is_let_in_is_not_told_by_what(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path, [bridge(BridgeSettings())]) as here,
            here.client(here.book.issue("phone")) as http,
            http.ws_connect(here.at("/device")) as socket,
        ):
            assert socket._response.headers["Server"] == ""

    run(story)


def without(sdp: str, prefix: str) -> str:
    """This offer without these lines in its last section."""
    head, last = sdp.rsplit("m=application", 1)
    lines = [line for line in f"m=application{last}".split("\r\n") if not line.startswith(prefix)]
    return head + "\r\n".join(lines)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda sdp: sdp.replace("BUNDLE 0 1 2", "BUNDLE 9 0 1 2"), "bundles a section '9'"),
        (lambda sdp: sdp.replace("a=mid:1", "a=mid:0"), "two of its sections have the a=mid '0'"),
        (lambda sdp: without(sdp.replace("BUNDLE 0 1 2", "BUNDLE 0 1"), "a=fingerprint"), "section has no DTLS"),
        (lambda sdp: without(sdp.replace("a=group:BUNDLE 0 1 2\r\n", ""), "a=setup"), "section has no DTLS role"),
        (lambda sdp: sdp.replace("a=extmap:1 urn", "a=extmap:x urn"), "cannot be used"),
        (lambda sdp: sdp.replace("webrtc-datachannel", "").replace("UDP/DTLS/SCTP", "DTLS/SCTP x"), "cannot be used"),
    ],
)
def test_an_offer_that_would_make_aiortc_fall_is_refused(spoil: Any, says: str) -> None:
    async def story() -> None:
        async with companion() as here:
            status, body, _ = await here.post(spoil(GOOD_OFFERS[0]))
            assert (status, body["error"]) == (400, "bad_sdp") and says in body["detail"]
            assert here.server.sessions == 0

    run(story)


def test_a_connection_that_aiortc_cannot_begin_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def stumble(self: Any, parameters: Any) -> None:
        raise AttributeError("'NoneType' object has no attribute 'transport'")

    monkeypatch.setattr("aiortc.rtcdtlstransport.RTCDtlsTransport.start", stumble)
    monkeypatch.setattr("aiortc.rtcicetransport.RTCIceTransport.start", stumble)

    async def story() -> None:
        async with companion() as here:
            status, _, _ = await here.post(GOOD_OFFERS[0])
            assert status == 200
            session = here.sessions[0]
            await session.until(lambda: session.states)
            assert session.states[-1][0] == "closed" and "no connection could be made" in session.states[-1][4]
            assert here.server.sessions == 0

    run(story)
    gc.collect()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_no_line_of_an_offer_is_read_by_aiortc_alone(separator: str) -> None:
    """aiortc parts lines at more signs than CR and LF: behind one of them no address is smuggled past us."""
    hidden = f"a=mid:0{separator}a=candidate:1 1 udp 1 8.8.8.8 53 typ host"
    assert "8.8.8.8" not in read_offer(GOOD_OFFERS[1].replace("a=mid:0", hidden)).sdp


@pytest.mark.parametrize("text", ['{"type":"typed","text":"stop \\ud800"}', '{"type":"event","kind":"\\udfff"}'])
def test_half_a_character_is_no_message(text: str) -> None:
    got: list[dict[str, Any]] = []
    channel = Channel(SessionClock.__new__(SessionClock), DeviceClock(), got.append)
    channel._received(text)
    channel._received('{"type":"typed","text":"\\ud83d\\ude42 whole"}')
    assert [m["text"] for m in got] == ["🙂 whole"]


@pytest.mark.parametrize("text", ["?", "…", "_'"])
def test_typed_signs_without_a_word_are_no_question(tmp_path: Path, text: str) -> None:
    from pipelines import events as ev
    from tests.desk import desk

    async def story() -> None:
        async with desk(tmp_path, "speaking.greet=false") as own:
            own.type(text)
            said = await own.ask("can you see")
            assert said and len(own.all(ev.Typed)) == 1

    asyncio.run(story())


def test_a_refused_offer_is_one_that_says_so() -> None:
    refused = 0
    for seed in range(500):
        try:
            read_offer(offer(Random(seed)))
        except Refused as why:
            refused += 1
            assert why.hint and why.detail
    assert 50 < refused < 450, "offers that are all good or all bad find nothing"
