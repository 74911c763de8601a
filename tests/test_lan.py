"""The front door: what others in the network meet. Real TLS and real requests, on loopback.

The pairing parts are in `test_pairing.py`, hostile bytes in `test_front_door_fuzz.py`.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from companion.link.limits import GUESSES_FREE, LONGEST_WAIT_S, Limits
from companion.link.offer import read_offer
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from tests.lan_house import HERE, House, house
from tests.test_link import OPUS, Device, Session, offer_text


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def status_of(answer: bytes) -> int:
    """Of a raw HTTP answer; 0 if there is none."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else 0


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def request(line: str = "GET / HTTP/1.1", host: str = HERE, *more: str) -> bytes:
    return "\r\n".join([line, f"Host: {host}", *more, "", ""]).encode()


# -------------------------------------------------------------------------------------------------------- the whole way


def test_a_phone_scans_the_code_and_talks(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here, here.client() as phone:
            code = here.book.invite("phone", 10)
            async with phone.get(here.at(f"/pair?code={code}")) as page:
                assert page.status == 200 and "Earshot" in await page.text()
                assert str(page.url) == here.at("/"), "neither code nor token stays in the address line"
            for path in ("/page/earshot.js", "/page/earshot.css", "/health"):
                async with phone.get(here.at(path)) as response:
                    assert response.status == 200
            device = Device(camera="")
            sdp = await device.offer()
            async with phone.post(here.at("/api/offer"), json={"sdp": sdp, "type": "offer"}) as response:
                assert response.status == 200
                await device.take(await response.json())
            session = here.sessions[0]
            await session.until(lambda: session.sounds)
            assert any("phone" in notice for notice in here.notices), "whoever sits there learns of it"
            await device.pc.close()

    run(story)


def test_the_cookie_is_one_that_no_script_no_other_site_and_no_plain_http_gets(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            code = here.book.invite("phone", 10)
            answer = (await here.raw(request(f"GET /pair?code={code} HTTP/1.1", HERE, "Connection: close"))).decode()
            cookie = next(line for line in answer.splitlines() if line.startswith("Set-Cookie: "))
            assert cookie.startswith("Set-Cookie: __Host-")
            assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
            assert "Domain" not in cookie

    run(story)


def test_a_token_in_the_address_moves_into_the_cookie(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here, here.client() as desktop:
            token = here.book.issue("desktop")
            async with desktop.get(here.at(f"/?token={token}")) as page:
                assert page.status == 200 and str(page.url) == here.at("/")
            async with desktop.get(here.at("/page/earshot.js")) as script:
                assert script.status == 200

    run(story)


# ------------------------------------------------------------------------------------------------ strangers get nothing

STRANGERS = {
    "page": request("GET / HTTP/1.1"),
    "health": request("GET /health HTTP/1.1"),
    "script": request("GET /page/earshot.js HTTP/1.1"),
    "style": request("GET /page/earshot.css HTTP/1.1"),
    "nothing there": request("GET /nothing HTTP/1.1"),
    "wrong method": request("DELETE /api/offer HTTP/1.1"),
    "options": request("OPTIONS * HTTP/1.1"),
    "head": request("HEAD / HTTP/1.1"),
    "offer": request("POST /api/offer HTTP/1.1", HERE, "Content-Type: application/json", "Content-Length: 2") + b"{}",
    "wants to continue": request("POST /api/offer HTTP/1.1", HERE, "Expect: 100-continue", "Content-Length: 9"),
    "wants something else": request("POST /nothing HTTP/1.1", HERE, "Expect: tea", "Content-Length: 9"),
    "wrong token": request("GET / HTTP/1.1", HERE, "Authorization: Bearer nope"),
    "wrong cookie": request("GET / HTTP/1.1", HERE, "Cookie: __Host-earshot=nope"),
    "wrong token in the address": request("GET /?token=nope HTTP/1.1"),
    "wrong code": request("GET /pair?code=nope HTTP/1.1"),
    "no code": request("POST /pair HTTP/1.1"),
    "wrong host": request("GET / HTTP/1.1", "evil.example"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "another page": request("GET / HTTP/1.1", HERE, "Origin: https://evil.example"),
    "a picture in another page": request("GET / HTTP/1.1", HERE, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: image"),
    "socket": request("GET /device HTTP/1.1", HERE, "Connection: Upgrade", "Upgrade: websocket"),
    "old http": b"GET / HTTP/1.0\r\n\r\n",
    "no http": b"\x16\x03\x01 what is this\r\n\r\n",
    "no request line": b"\r\n\r\nGET\r\n\r\n",
    "two lengths": request("POST / HTTP/1.1", HERE, "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "a header too large": request("GET / HTTP/1.1", HERE, "X: " + "x" * 20_000),
    "headers too many": request("GET / HTTP/1.1", HERE, *(f"X-{i}: {i}" for i in range(400))),
    "an address too long": request(f"GET /{'x' * 20_000} HTTP/1.1"),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_a_stranger_gets_a_status_and_not_a_byte_more(tmp_path: Path, what: str) -> None:
    async def story() -> None:
        async with house(tmp_path, header_s=2.0) as here:
            answer = await here.raw(STRANGERS[what])
            assert status_of(answer) in (0, 401, 403), answer
            assert body_of(answer) == b""
            for told in (b"aiohttp", b"Python", b"arshot", b"0.1.0", b"100 Continue", b"camera"):
                assert told not in answer
            assert not here.sessions

    run(story)


def test_a_person_who_is_a_stranger_gets_one_line_to_hear(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            answer = await here.raw(request("GET / HTTP/1.1", HERE, "Accept: text/html"))
            assert status_of(answer) == 401 and b"companion pair" in body_of(answer) and b"arshot" not in answer

    run(story)


def test_plain_http_is_not_spoken(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            token = here.book.issue("phone")
            answer = await here.raw(request("GET / HTTP/1.1", HERE, f"Authorization: Bearer {token}"), tls=False)
            assert b"HTTP" not in answer

    run(story)


def test_old_tls_is_not_spoken(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            assert here.front.context.minimum_version == ssl.TLSVersion.TLSv1_2
            old = here.believing()
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection(HERE, here.server.port, ssl=old)

    run(story)


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_without_tls_nothing_is_served_beyond_this_machine(host: str) -> None:
    async def story() -> None:
        server = LinkServer(LinkSettings(host=host, port=0), Session)
        with pytest.raises(ValueError, match="without TLS"):
            await server.start()

    run(story)


# -------------------------------------------------------------------------------------------------- one wearer, another


def test_one_wearer_never_reaches_another(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            anna, ben = here.book.issue("anna"), here.book.issue("ben")
            device = Device(camera="")
            status, answer = await here.offer(anna, await device.offer())
            assert status == 200
            await device.take(answer)
            sdp = offer_text(OPUS)
            status, body = await here.offer(ben, sdp, resume=answer["session"])
            assert (status, body["error"]) == (404, "no_such_session")
            _, unknown = await here.offer(ben, sdp, resume="never-there")
            assert body["hint"] == unknown["hint"], "and does not even learn that it is there"
            assert here.sessions[0].states[-1][0] == "connected" and len(here.sessions) == 1
            status, again = await here.offer(anna, sdp, resume=answer["session"])
            assert (status, again["session"]) == (200, answer["session"])
            await device.pc.close()

    run(story)


def test_one_device_does_not_take_the_places_of_all(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, max_sessions=8, max_sessions_of_one=2) as here:
            anna, ben = here.book.issue("anna"), here.book.issue("ben")
            got = [(await here.offer(anna, offer_text(OPUS)))[0] for _ in range(3)]
            assert got == [200, 200, 503]
            assert (await here.offer(ben, offer_text(OPUS)))[0] == 200

    run(story)


def test_a_revoked_device_is_out_at_once_and_its_neighbour_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            tokens = {name: here.book.issue(name) for name in ("anna", "ben")}
            devices = {}
            for name, token in tokens.items():
                devices[name] = Device(camera="")
                _, answer = await here.offer(token, await devices[name].offer())
                await devices[name].take(answer)
            anna, ben = here.sessions
            here.book.revoke("anna")
            assert (await here.offer(tokens["anna"], offer_text(OPUS)))[0] == 401
            await anna.until(lambda: anna.states[-1][0] == "closed")
            assert "revoked" in anna.states[-1][4]
            await devices["anna"].until(lambda: devices["anna"].got("bye"))
            assert ben.states[-1][0] == "connected"
            assert (await here.offer(tokens["ben"], offer_text(OPUS)))[0] == 200
            for device in devices.values():
                await device.pc.close()

    run(story)


# ----------------------------------------------------------------------------------------------------------- guessing


def test_guessing_is_slowed_down_and_not_even_a_right_guess_is_heard_then(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            token = here.book.issue("phone")
            async with here.client() as guesser:
                seen = []
                for i in range(GUESSES_FREE + 2):
                    async with guesser.get(here.at(f"/?token=guess{i}")) as response:
                        seen.append(response.status)
                        wait = response.headers.get("Retry-After")
                assert seen == [401] * GUESSES_FREE + [429] * 2 and int(wait or 0) >= 1
                async with guesser.get(here.at("/health"), headers={"Authorization": f"Bearer {token}"}) as response:
                    assert response.status == 429
            if sys.platform == "linux":  # elsewhere there is but one loopback address
                async with here.client(token, "127.0.0.2") as neighbour, neighbour.get(here.at("/health")) as response:
                    assert response.status == 200, "somebody else's guesses shut nobody out"

    run(story)


def test_each_wrong_guess_doubles_the_wait_and_it_is_forgotten_in_time() -> None:
    limits = Limits(60, 60)
    waits = [limits.wrong("10.0.0.7", 100.0) for _ in range(GUESSES_FREE + 12)]
    assert waits[: GUESSES_FREE - 1] == [0.0] * (GUESSES_FREE - 1)
    assert waits[GUESSES_FREE - 1 : GUESSES_FREE + 3] == [1, 2, 4, 8] and waits[-1] == LONGEST_WAIT_S
    assert limits.locked("10.0.0.7", 100.0 + LONGEST_WAIT_S - 1) == 1 and limits.locked("10.0.0.8", 100.0) == 0
    assert limits.wrong("10.0.0.7", 10_000.0) == 0
    guesser = Limits(60, 60)
    for i in range(GUESSES_FREE + 1):
        guesser.wrong(f"2001:db8::{i:x}", 0.0)
    assert guesser.locked("2001:db8::ffff", 0.5), "a machine with 2^64 addresses is one"
    assert not guesser.locked("2001:db8:0:1::1", 0.5)


def test_what_is_kept_of_addresses_is_bounded() -> None:
    limits = Limits(60, 60)
    for i in range(5000):
        limits.wrong(f"10.{i >> 8 & 255}.{i & 255}.1", 0.0)
    assert len(limits._addresses) <= 1024


def test_offers_are_counted_and_the_page_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, requests_per_minute=3) as here:
            token = here.book.issue("phone")
            got = [(await here.offer(token, "nonsense"))[0] for _ in range(4)]
            assert got == [400, 400, 400, 429]
            async with here.client(token) as http, http.get(here.at("/")) as page:
                assert page.status == 200

    run(story)


# ------------------------------------------------------------------------------------------------- slow, large and many


async def trickle(here: House, data: bytes, token: str = "") -> bytes:
    """Begin a request, and never come to its end: what comes back until the server has had enough."""
    reader, writer = await asyncio.open_connection(HERE, here.server.port, ssl=here.believing())
    out = b""
    try:
        async with asyncio.timeout(20):
            writer.write(data)
            while True:
                try:
                    part = await asyncio.wait_for(reader.read(1000), 0.05)
                    if not part:
                        return out
                    out += part
                except TimeoutError:
                    writer.write(b"x")
    except (ConnectionError, ssl.SSLError):
        return out
    finally:
        writer.transport.abort()


def test_who_never_ends_his_headers_is_shut_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, header_s=0.5) as here:
            token = here.book.issue("phone")
            slow = [asyncio.ensure_future(trickle(here, b"GET / HTTP/1.1\r\nX-a: ")) for _ in range(8)]
            async with here.client(token) as http, http.get(here.at("/health")) as response:
                assert response.status == 200, "the others are served meanwhile"
            assert await asyncio.gather(*slow) == [b""] * 8

    run(story)


def test_who_never_ends_his_handshake_is_shut_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, header_s=0.5) as here:
            assert await here.raw(b"\x16\x03\x01\x02\x00\x01\x00", tls=False) == b""
            assert await here.raw(b"", tls=False) == b""

    run(story)


def test_who_never_ends_his_body_is_told_so_if_he_may_know(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, body_s=0.3, header_s=0.5) as here:
            token = here.book.issue("phone")
            head = ("Content-Type: application/json", "Content-Length: 9000")
            known = request("POST /api/offer HTTP/1.1", HERE, f"Authorization: Bearer {token}", *head)
            answer = await trickle(here, known)
            assert status_of(answer) == 408 and b"too_slow" in answer
            answer = await trickle(here, request("POST /api/offer HTTP/1.1", HERE, *head))
            assert status_of(answer) == 401 and body_of(answer) == b""

    run(story)


def test_a_body_too_large_is_refused_and_a_stranger_is_not_listened_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            token = here.book.issue("phone")
            status, body = await here.offer(token, "x" * 400_000)
            assert (status, body["error"]) == (413, "too_large")
            head = request("POST /api/offer HTTP/1.1", HERE, "Content-Length: 999999999")
            answer = await here.raw(head + b"x" * 1_000_000)
            assert status_of(answer) in (0, 401) and body_of(answer) == b""

    run(story)


def test_one_address_gets_only_so_many_connections(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, connections_of_one=3) as here:
            token = here.book.issue("phone")
            held = [await asyncio.open_connection(HERE, here.server.port) for _ in range(3)]
            assert await here.raw(b"", tls=False) == b"", "the fourth is closed at once"
            if sys.platform == "linux":
                async with here.client(token, "127.0.0.2") as neighbour, neighbour.get(here.at("/health")) as response:
                    assert response.status == 200
            for _, writer in held:
                writer.transport.abort()

    run(story)


def test_after_stop_nothing_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        before = asyncio.all_tasks()
        async with house(tmp_path) as here:
            idle = [await asyncio.open_connection(HERE, here.server.port, ssl=here.believing()) for _ in range(3)]
            await asyncio.open_connection(HERE, here.server.port)  # in the middle of its handshake
            token = here.book.issue("phone")
            await here.offer(token, offer_text(OPUS))
        for _, writer in idle:
            writer.transport.abort()
        while left := asyncio.all_tasks() - before:
            done, _ = await asyncio.wait(left, timeout=20)
            assert done, left
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(HERE, here.server.port)

    run(story)


# --------------------------------------------------------------------------------------------------------------- media


def candidate(address: str, kind: str = "host") -> str:
    return f"a=candidate:1 1 udp 2130706431 {address} 50000 typ {kind}"


def test_only_addresses_of_the_local_network_are_knocked_at() -> None:
    near = ("192.168.1.7", "10.1.2.3", "fd00::7", "100.64.0.9")
    far = ("8.8.8.8", "2606:4700::1111", "phone-1234.local", "example.org", "nonsense")
    lines = [candidate(a) for a in (*near, *far)] + [
        candidate("192.168.1.8", "srflx"),
        "a=candidate:",
        "a=candidate:1 1",
    ]
    sdp = offer_text(OPUS + "\n" + "\n".join(lines))
    kept = [line.split()[4] for line in read_offer(sdp).sdp.splitlines() if line.startswith("a=candidate")]
    assert kept == list(near)
    assert "a=candidate" not in read_offer(sdp, loopback_only=True).sdp


@pytest.mark.parametrize(
    ("host", "there", "offered"),
    [
        ("0.0.0.0", ["192.0.2.2", "8.8.8.8", "fd00::2"], ["192.0.2.2", "fd00::2"]),
        ("192.0.2.2", ["192.0.2.2", "10.0.0.1"], ["192.0.2.2"]),
        ("0.0.0.0", [], ["127.0.0.1"]),
    ],
)
def test_only_addresses_of_the_local_network_are_offered(
    monkeypatch: pytest.MonkeyPatch, host: str, there: list[str], offered: list[str]
) -> None:
    """Candidates are gathered without sockets here: which addresses are asked for is the question."""
    from companion.link import internals

    asked: list[str] = []

    class Gatherer:
        stun_server = None
        _protocols: tuple[Any, ...] = ()

        async def get_component_candidates(self, component: int, addresses: list[str], timeout: int) -> list[Any]:
            asked.extend(addresses)
            return []

    class Part:
        def __init__(self, gatherer: Gatherer) -> None:
            self.transport = self.iceGatherer = self
            self.receiver, self._connection = self, gatherer

    class Pc:
        sctp = None

        def __init__(self, gatherer: Gatherer) -> None:
            self._part = Part(gatherer)

        def getTransceivers(self) -> list[Part]:  # noqa: N802
            return [self._part]

    gatherer = Gatherer()
    internals.offer_addresses(Pc(gatherer), False, "" if host == "0.0.0.0" else host)  # type: ignore[arg-type]
    asyncio.run(gatherer.get_component_candidates(1, there, 5))
    assert asked == offered
