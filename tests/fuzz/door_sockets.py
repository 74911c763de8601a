"""The WebSocket part of the front door: those who may not come in are told nothing, and who may is never our fault.

uninvited   no token, a guessed one, one that was good: the bare refusal, and not one byte more; also for frames that
            are sent along at once, and for who sends a byte now and then
invited     a token of its own: refused with a status, or let in; then whatever its frames are it is closed with a
            code of the protocol's, in time, and nothing of it is left
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
from contextlib import suppress
from random import Random

from companion.bridge.door import bridge
from companion.bridge.settings import BridgeSettings
from tests.fuzz.knocking import LONGEST_S, Findings, in_a_house, many, sent
from tests.fuzz.socket_bytes import frames, guess, upgrade
from tests.lan_house import HERE, House

DOORS = (bridge(BridgeSettings(hello_within_s=0.3)),)
QUICK = {"lost_after_s": 0.3, "resume_within_s": 0.3}
PIECES, PAUSE_S = 8, 0.02  # of who is slow
REFUSED = (b"401", b"403", b"429")
SAID = {b"content-length", b"date", b"cache-control", b"content-security-policy", b"server", b"connection"}
SAID |= {b"www-authenticate", b"retry-after", b"content-type"}
PERSON = re.compile(rb"<!doctype html><html lang=\"en\"><title>Not paired</title><p>[ -~]{1,120}")
STATUSES = (b"101", b"200", b"400", b"401", b"403", b"404", b"405", b"408", b"413", b"426", b"429", b"503")
CODES = {None, 1000, 1001, 1002, 1003, 1007, 1009, 4400, 4404, 4408, 4413, 4422, 4429, 4503}
HEAD = re.compile(
    rb"(?:HTTP/1\.1 100 Continue\r\n\r\n)?HTTP/\d\.\d (\d{3}) [^\r\n]*\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n"
)


async def uninvited(found: Findings, seeds: range) -> None:
    async def story(here: House) -> None:
        good, gone = here.book.issue("phone"), here.book.issue("lost")
        here.book.revoke("lost")

        async def one(seed: int) -> None:
            die = Random(seed)
            data, parts = upgrade(die, HERE, guess(die, good, gone)), frames(die)
            if die.random() < 0.04:  # slowly
                cut = [data[i : i + len(data) // PIECES + 1] for i in range(0, len(data), len(data) // PIECES + 1)]
                answer = await sent(here, b"", [*cut, *parts], PAUSE_S)
            else:
                answer = await sent(here, data + b"".join(parts))
            found.case = f"uninvited {seed}"
            told = told_more_than_a_refusal(answer)
            found.answers[told or (answer[9:12].decode() if answer else "closed")] += 1
            if told:
                found.add(f"{told}: {answer[:300]!r} for {data[:300]!r}")

        await many(found, seeds, one)
        if here.server.sessions or here.sessions:
            found.add("a session was made")

    await in_a_house(story, DOORS, **QUICK)


def told_more_than_a_refusal(answer: bytes) -> str:
    """What is too much in all that a stranger got; "" if nothing is."""
    while answer:
        head = HEAD.match(answer)
        if head is None or answer.startswith(b"HTTP/1.1 100"):
            return "no refusal"
        headers = dict(line.split(b":", 1) for line in head[2].splitlines())
        names = {name.lower(): value.strip() for name, value in headers.items()}
        body = answer[head.end() :][: int(names.get(b"content-length", b"0"))]
        if head[1] not in REFUSED:
            return f"status {head[1].decode()}"
        if set(names) - SAID or names.get(b"server"):
            return f"headers {sorted(set(names) - SAID)}"
        if body and not PERSON.fullmatch(body):
            return "a body"
        answer = answer[head.end() + len(body) :]
    return ""


async def invited(found: Findings, seeds: range) -> None:
    async def story(here: House) -> None:
        token = here.book.issue("phone")

        async def one(seed: int) -> None:
            die = Random(seed)
            data, parts = upgrade(die, HERE, token), frames(die)
            how = die.random()
            if how < 0.05:  # slowly
                answer = await sent(here, data, parts, PAUSE_S)
            else:
                answer = await sent(here, data + b"".join(parts), reads=how < 0.8)  # or gone at once
            found.case = f"invited {seed}"
            outcome = outcome_of(answer)
            found.answers[outcome.removeprefix("! ")] += 1
            if outcome.startswith("!"):
                found.add(f"{outcome}: {answer[-300:]!r} for {data[:200]!r} and {[part[:60] for part in parts[:6]]}")
            del here.sessions[:-50]

        await many(found, seeds, one)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                while here.server.sessions:
                    await asyncio.sleep(0.05)
        if here.server.sessions:
            found.add(f"{here.server.sessions} sessions are left")
        async with here.client(token) as http, http.get(here.at("/health")) as response:
            if response.status != 200:
                found.add(f"afterwards /health says {response.status}")

    await in_a_house(story, DOORS, **QUICK)


def outcome_of(answer: bytes) -> str:
    """A status, or the code that it was closed with; with "!" in front if it is none of the protocol's."""
    if not answer:
        return "closed"
    head = HEAD.match(answer)
    if head is None or head[1] not in STATUSES or b"Traceback" in answer or b"aiohttp" in head[0]:
        return "! not the door's answer"
    if head[1] != b"101":
        return head[1].decode()
    code: int | None = None
    rest = answer[head.end() :]
    while len(rest) >= 2:
        first, length, at = rest[0], rest[1], 2
        if length >= 126:
            form = "!H" if length == 126 else "!Q"
            at = 2 + struct.calcsize(form)
            if len(rest) < at:
                break
            (length,) = struct.unpack_from(form, rest, 2)
        payload, rest = rest[at : at + length], rest[at + length :]
        if first & 0x70 or first & 0x0F not in (1, 2, 8, 9, 10):
            return f"! a frame that begins with {first:#x}"
        if first & 0x0F == 1 and len(payload) == length and not isinstance(json.loads(payload), dict):
            return "! text that is no message"
        if first & 0x0F == 8 and len(payload) >= 2:
            (code,) = struct.unpack_from("!H", payload)
    return str(code) if code in CODES else f"! closed with {code}"
