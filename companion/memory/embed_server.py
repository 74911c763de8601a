"""Vectors from a server of the wearer's own, over `/v1/embeddings`, through the one door out.

Only this machine, a private address (192.168…, 10…, fd…) or a name ending in .local is asked: what is remembered stays
with its owner. With `local_only` only this machine. It is asked while something is looked for, never while storing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from companion.memory.embed import EmbedError, Vectors, normal
from companion.net import Net, NetError, NetOptions, Outgoing, Timers, is_loopback

TIMERS: Final = Timers(connect_s=1.0, first_byte_s=3.0, between_chunks_s=2.0)
MAX_ANSWER_BYTES: Final = 32 << 20


def is_own(host: str) -> bool:
    """Whether this host is in the wearer's own network, as far as its name or address says."""
    if is_loopback(host) or host.lower().rstrip(".").endswith(".local"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return False


class ServerEmbedder:
    """For one thread at a time. Raises EmbedError for an address that is not the wearer's own."""

    floor = 0.55  # what unrelated sentences reach with common models
    quick = False

    def __init__(self, base_url: str, model: str, local_only: bool) -> None:
        host = urlsplit(base_url).hostname or ""
        if not is_own(host):
            raise EmbedError(
                f"memory.embeddings = {base_url!r}: only a server of your own is asked (this machine, a private "
                "address, or a name ending in .local); what is remembered does not leave your network"
            )
        if local_only and not is_loopback(host):
            raise EmbedError(f"memory.embeddings = {base_url!r}: privacy.local_only allows this machine alone")
        self.name = f"server:{model}"
        self._url = base_url.rstrip("/") + "/embeddings"
        self._model = model
        self._local_only = local_only
        self._loop: asyncio.AbstractEventLoop | None = None
        self._net: Net | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One request for all of them. Raises EmbedError."""
        if self._loop is None or self._net is None:
            self._loop = asyncio.new_event_loop()
            self._net = Net(NetOptions(local_only=self._local_only, max_connections=1))
        try:
            body = self._loop.run_until_complete(self._asked(self._net, list(texts)))
        except NetError as why:
            raise EmbedError(f"{self._url} gives no vectors ({why.detail})") from why
        return normal(_read(body, len(texts), self._url))

    async def _asked(self, net: Net, texts: list[str]) -> bytes:
        body = json.dumps({"model": self._model, "input": texts}).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        outgoing = Outgoing("embeddings", "POST", self._url, headers, body)
        data = bytearray()
        async with net.stream(outgoing, TIMERS) as incoming:
            async for chunk in incoming:
                data += chunk
                if len(data) > MAX_ANSWER_BYTES:
                    raise EmbedError(f"{self._url} answered with more than {MAX_ANSWER_BYTES >> 20} MiB")
            if incoming.status != 200:
                raise EmbedError(f"{self._url} answered with status {incoming.status}: {data[:200]!r}")
        return bytes(data)

    def close(self) -> None:
        if self._loop is not None and self._net is not None:
            self._loop.run_until_complete(self._net.aclose())
            self._loop.close()
            self._loop = self._net = None


def _read(body: bytes, count: int, url: str) -> Vectors:
    """The vectors in the order of the texts, whatever the order in which they came."""
    try:
        rows: list[Any] = json.loads(body)["data"]
        by_index = {int(row.get("index", at)): row["embedding"] for at, row in enumerate(rows)}
        found = np.array([by_index[at] for at in range(count)], np.float32)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as why:
        raise EmbedError(f"{url} answered with something that is no list of {count} embeddings ({why})") from why
    if found.ndim != 2 or found.shape[1] == 0 or not np.isfinite(found).all():
        raise EmbedError(f"{url} answered with embeddings of no use (shape {found.shape})")
    return found
