"""How one knocks at the front door: the house with limits out of the way, many at once, and what was found."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from companion.link.server import Doors
from tests.lan_house import HERE, House, house

LINUX = sys.platform == "linux"  # there every address in 127.0.0.0/8 is this machine's
LONGEST_S = 20.0
AT_ONCE = 16
LIMITS: dict[str, Any] = {
    "connections_of_one": 64,
    "connections_per_minute": 1e9,
    "requests_per_minute": 1e9,
    "max_sessions": 40,
    "max_sessions_of_one": 40,
    "connect_timeout_s": 0.3,
    "header_s": 0.5,
    "body_s": 0.5,
}


class Findings(logging.Handler):
    """What was found, and what the log says as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        self.answers: Counter[str] = Counter()
        self.case = ""

    def emit(self, record: logging.LogRecord) -> None:
        why = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self.add(f"logged: {record.getMessage()[:200]}{why}")

    def add(self, what: str) -> None:
        self.found.append(f"{self.case}: {what}")


async def in_a_house(story: Callable[[House], Awaitable[None]], doors: Iterable[Doors] = (), **settings: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder), doors, **{**LIMITS, **settings}) as here:
            await story(here)


async def many(found: Findings, seeds: range, one: Callable[[int], Awaitable[None]]) -> None:
    waiting = iter(seeds)

    async def worker() -> None:
        for seed in waiting:
            try:
                async with asyncio.timeout(LONGEST_S):
                    await one(seed)
            except TimeoutError:
                found.add(f"no end within {LONGEST_S:g} s: seed {seed}")

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def sent(
    here: House, data: bytes, parts: Sequence[bytes] = (), pause_s: float = 0.0, reads: bool = True
) -> bytes:
    """All that comes back for these bytes. `parts`: sent behind them, each after a pause. Without `reads` it is gone as
    soon as it has sent all."""
    try:
        come_from = (f"127.0.{random.randrange(256)}.{random.randrange(1, 255)}", 0) if LINUX else None
        reader, writer = await asyncio.open_connection(
            HERE, here.server.port, ssl=_tls(here), limit=1 << 20, local_addr=come_from
        )
    except OSError:
        return b""
    out = bytearray()

    async def read() -> None:
        with suppress(OSError, ssl.SSLError):
            while part := await reader.read(1 << 16):
                out.extend(part)

    reading = asyncio.ensure_future(read())
    try:
        writer.write(data)
        for part in parts:
            await asyncio.sleep(pause_s)
            writer.write(part)
        await writer.drain()
        with suppress(NotImplementedError):
            writer.write_eof()
        if reads:
            await reading
    except (OSError, ssl.SSLError):
        await reading
    finally:
        reading.cancel()
        writer.transport.abort()
    return bytes(out)


_TLS: dict[str, ssl.SSLContext] = {}


def _tls(here: House) -> ssl.SSLContext:
    return _TLS.setdefault(here.front.certificate.fingerprint, here.believing())
