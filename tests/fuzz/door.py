"""Sends what is nearly right to the front door, and reports whatever is not a refusal.

Usage: python -m tests.fuzz.door PART [--first SEED] [--cases N]
PART: offers, posts, strangers, known, messages, datagrams, uninvited, invited

A finding: an answer of 500 and above (but 503), an exception, an error in the log, a byte of a body for who has no
token, a task or a file descriptor that stays, more memory than `MEMORY_BYTES`, longer than `LONGEST_S` for one. The
last line is JSON: {"part", "cases", "findings", "grown_mb", "answers"}.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import re
import socket
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from companion.link.errors import Refused
from companion.link.offer import read_offer
from companion.link.session import DeviceSession
from companion.link.settings import LinkSettings
from companion.link.wearer import Wearer
from tests.desk import desk
from tests.fuzz.door_bytes import GOOD_OFFERS, datagram, message, offer, request
from tests.fuzz.door_sockets import invited, uninvited
from tests.fuzz.examine import peak_bytes
from tests.fuzz.knocking import LONGEST_S, Findings, in_a_house, many, sent
from tests.lan_house import HERE, House
from tests.test_link import Device

MEMORY_BYTES = 200 * 1024 * 1024
TOLD = (b"aiohttp", b"Python", b"arshot", b"100 Continue", b"Traceback")


async def offers(found: Findings, seeds: range) -> None:
    """The reader alone."""
    for seed in seeds:
        found.case, begun = f"offers {seed}", time.monotonic()
        try:
            read_offer(offer(Random(seed)), loopback_only=seed % 2 == 0)
            found.answers["taken"] += 1
        except Refused as refused:
            found.answers[str(refused.status)] += 1
            if refused.status not in (400, 422) or not refused.hint:
                found.add(f"refused with {refused}")
        except Exception as why:
            found.add(repr(why)[:300])
        if time.monotonic() - begun > LONGEST_S:
            found.add("too long")


async def posts(found: Findings, seeds: range) -> None:
    """The whole way: TLS, token, aiortc, and a connection that nobody comes to."""

    async def story(here: House) -> None:
        token = here.book.issue("phone")
        async with here.client(token) as http:

            async def one(seed: int) -> None:
                found.case = f"posts {seed}"
                body = {"sdp": offer(Random(seed)), "type": "offer"}
                async with http.post(here.at("/api/offer"), json=body, headers={"Connection": "close"}) as response:
                    found.answers[str(response.status)] += 1
                    if response.status >= 500 and response.status != 503:
                        found.add(f"{response.status}: {(await response.text())[:200]}")

            await many(found, seeds, one)
        async with asyncio.timeout(LONGEST_S):
            while here.server.sessions:
                await asyncio.sleep(0.05)

    await in_a_house(story, header_s=10.0)


async def strangers(found: Findings, seeds: range) -> None:
    """Raw bytes of who has no token: a status, or nothing."""

    async def story(here: House) -> None:
        async def one(seed: int) -> None:
            data = request(Random(seed), HERE, "")
            answer = await sent(here, data)
            found.case = f"strangers {seed}"
            statuses = re.findall(rb"(?:^|\r\n\r\n)HTTP/1\.[01] (\d{3}) ", answer)
            found.answers.update(s.decode() for s in statuses or [b"closed"])
            for told in TOLD:
                if told in answer:
                    found.add(f"was told {told!r}: {answer[:300]!r}")
            bodies = [part.partition(b"\r\n\r\n")[2] for part in re.split(rb"(?=HTTP/1\.[01] \d{3} )", answer) if part]
            if any(body and b"Not paired" not in body for body in bodies) or set(statuses) - {b"401", b"403", b"429"}:
                found.add(f"got {answer[:300]!r} for {data[:300]!r}")

        await many(found, seeds, one)
        if here.server.sessions:
            found.add("a session was made")

    await in_a_house(story)


async def known(found: Findings, seeds: range) -> None:
    """Raw bytes of who has a token: never a fault of ours."""

    async def story(here: House) -> None:
        token = here.book.issue("phone")

        async def one(seed: int) -> None:
            data = request(Random(seed), HERE, token)
            answer = await sent(here, data)
            found.case = f"known {seed}"
            statuses = re.findall(rb"(?:^|\r\n\r\n|[}>\n])HTTP/1\.[01] (\d{3}) ", answer)
            found.answers.update(s.decode() for s in statuses or [b"closed"])
            if any(s >= b"500" and s != b"503" for s in statuses) or b"Traceback" in answer:
                found.add(f"got {answer[:300]!r} for {data[:300]!r}")

        await many(found, seeds, one)
        async with asyncio.timeout(LONGEST_S):
            while here.server.sessions:
                await asyncio.sleep(0.05)
        async with here.client(token) as http, http.get(here.at("/health")) as response:
            if response.status != 200:
                found.add(f"afterwards /health says {response.status}")

    await in_a_house(story)


async def messages(found: Findings, seeds: range) -> None:
    """On the data channel of a real session, with recording on."""
    with tempfile.TemporaryDirectory() as folder:
        async with desk(Path(folder), "speaking.greet=false") as own:
            wearer = Wearer("fuzz", LinkSettings(), lambda link, clock: own.session, lambda name: None)
            sdp = read_offer(GOOD_OFFERS[0], True)
            connection = wearer.place(lambda resumed: DeviceSession(wearer, sdp, LinkSettings(), True, "", resumed))
            await connection.answer()
            wearer.connected(connection)
            channel = Channel()
            connection._channel_opened(channel)
            for seed in seeds:
                found.case = f"messages {seed}"
                with suppress_and_tell(found):
                    channel.receive(message(Random(seed)))
                if seed % 20 == 0:
                    await asyncio.sleep(0)
                    while own.session.pull() is not None:
                        await asyncio.sleep(0)
                if seed % 1000 == 0:
                    own.events.clear()
            found.answers["messages"] += len(seeds)
            await wearer.close("the test is over")


class Channel:
    """Stands in for aiortc's data channel: always open, forgets what is sent."""

    readyState = "open"  # noqa: N815
    bufferedAmount = 0  # noqa: N815

    def on(self, event: str, receive: Callable[[str | bytes], None]) -> None:
        self.receive = receive

    def send(self, text: str) -> None:
        text.encode()


class suppress_and_tell(suppress):  # noqa: N801
    def __init__(self, found: Findings) -> None:
        super().__init__(Exception)
        self._found = found

    def __exit__(self, kind: Any, why: Any, trace: Any) -> bool:
        if isinstance(why, Exception):
            self._found.add(repr(why)[:300])
        return bool(super().__exit__(kind, why, trace))


async def datagrams(found: Findings, seeds: range) -> None:
    """Of a stranger, at the ports for media of a session that stands: it goes on."""

    async def story(here: House) -> None:
        device = Device(camera="")
        status, answer = await here.offer(here.book.issue("phone"), await device.offer())
        assert status == 200, answer
        await device.take(answer)
        session = here.sessions[0]
        ports = {int(line.split()[5]) for line in answer["sdp"].splitlines() if line.startswith("a=candidate")}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            for seed in seeds:
                found.case = f"datagrams {seed}"
                with suppress(BlockingIOError):
                    stranger.sendto(datagram(Random(seed)), (HERE, min(ports)))
                if seed % 10 == 0:
                    await asyncio.sleep(0)
        heard = len(session.sounds)
        await session.until(lambda: len(session.sounds) > heard + 5)
        if session.states[-1][0] != "connected":
            found.add(f"the session is {session.states[-1]}")
        found.answers["datagrams"] += len(seeds)
        await device.pc.close()

    await in_a_house(story)


PARTS = {part.__name__: part for part in (offers, posts, strangers, known, messages, datagrams, uninvited, invited)}


async def run(part: str, first: int, cases: int) -> dict[str, Any]:
    found = Findings()
    logging.getLogger().addHandler(found)
    logging.getLogger().setLevel(logging.ERROR)
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: found.add(f"loop: {context['message']}: {_traced(context.get('exception'))}")
    )
    await PARTS[part](Findings(), range(first, first + 20))  # what is made once is made now
    gc.collect()
    tasks, files, base = len(asyncio.all_tasks()), _open_files(), peak_bytes(reset=True)
    await PARTS[part](found, range(first, first + cases))
    found.case = "afterwards"
    gc.collect()
    await asyncio.sleep(0.2)
    if (left := len(asyncio.all_tasks())) > tasks:
        found.add(f"{left - tasks} tasks are left: {[t.get_coro() for t in asyncio.all_tasks()][:3]}")
    if (left := _open_files()) > files + 2:
        found.add(f"{left - files} files or sockets are left")
    grown = peak_bytes() - base
    if grown > MEMORY_BYTES:
        found.add(f"took {grown >> 20} MB")
    answers = dict(found.answers.most_common())
    return {"part": part, "cases": cases, "findings": found.found, "grown_mb": grown >> 20, "answers": answers}


def _traced(why: Exception | None) -> str:
    trace = traceback.extract_tb(why.__traceback__)[-3:] if why is not None else ()
    return f"{why!r} in {[f'{Path(line.filename).name}:{line.lineno} {line.name}' for line in trace]}"


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0  # noqa: PTH208


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("part", choices=PARTS)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--cases", type=int, default=200)
    options = asked.parse_args()
    result = asyncio.run(run(options.part, options.first, options.cases))
    for finding in result["findings"]:
        print(finding)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
