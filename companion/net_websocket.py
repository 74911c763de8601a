"""The door out for WebSockets: a part of `companion.net`, with the same promise. Only `companion conform` uses it, and
only to go where it was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from companion.net import NetError, is_loopback

CONNECT_S = 10.0
LARGEST_BYTES = 8 * 1024 * 1024


class HandshakeError(NetError):
    """Somebody answered, and refused."""

    def __init__(self, status: int) -> None:
        super().__init__("refused", f"the handshake was refused with {status}")
        self.status = status


@asynccontextmanager
async def websocket(
    url: URL, headers: Mapping[str, str], local_only: bool = False
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """An open WebSocket without extensions. Raises NetError; `HandshakeError` if it was refused."""
    if local_only and not is_loopback(url.host or ""):
        raise NetError("local_only", f"{url.host} is not this machine, and privacy.local_only is set")
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
        try:
            socket = await http.ws_connect(url, headers=headers, compress=0, max_msg_size=LARGEST_BYTES)
        except aiohttp.WSServerHandshakeError as error:
            raise HandshakeError(error.status) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NetError("network", f"{url.with_query(None)}: {error}") from error
        try:
            yield socket
        finally:
            await socket.close()
