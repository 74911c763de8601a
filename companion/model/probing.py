"""Which model servers on this machine answer, and what they have. Nothing else is asked: only loopback addresses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from companion.model.profile import ModelProfile
from companion.net import Net, NetError, NetOptions, Outgoing, Timers

PATIENCE_S = 0.5  # a server on this machine answers in milliseconds, unless it is busy loading
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers. `models`: the names that it gave, none if it would not say."""

    models: tuple[str, ...] = ()


def probe(profiles: Iterable[ModelProfile], patience_s: float = PATIENCE_S) -> dict[str, Served | None]:
    """For each base URL on this machine: what is served there, or None if nothing answers. All at once."""
    urls = list(dict.fromkeys(profile.base_url for profile in profiles if profile.loopback))
    return asyncio.run(_probe(urls, patience_s)) if urls else {}


async def _probe(urls: list[str], patience_s: float) -> dict[str, Served | None]:
    net = Net(NetOptions(local_only=True))
    try:
        found = await asyncio.gather(*(_ask(net, url, patience_s) for url in urls))
    finally:
        await net.aclose()
    return dict(zip(urls, found, strict=True))


async def _ask(net: Net, url: str, patience_s: float) -> Served | None:
    outgoing = Outgoing("models", "GET", url.rstrip("/") + "/models", {"accept": "application/json"})
    body = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            async with net.stream(outgoing, Timers(patience_s, patience_s, patience_s)) as incoming:
                async for chunk in incoming:
                    body += chunk
                    if len(body) > MAX_BYTES:
                        return Served()
    except (TimeoutError, NetError):
        return None
    return Served(_names(bytes(body)))


def _names(body: bytes) -> tuple[str, ...]:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    models = data.get("data") if isinstance(data, dict) else None
    ids = [m.get("id") for m in models if isinstance(m, dict)] if isinstance(models, list) else []
    return tuple(name for name in ids if isinstance(name, str))
