"""How a WebSocket is closed: in words first, then with a code, and without waiting for ever for the other side."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from companion.link.errors import Refused

CODES_FROM = 4000  # a refusal of status 404 closes with 4404
REASON_BYTES = 123  # RFC 6455: a control frame holds 125 bytes, two of them are the code


async def send_away(
    socket: web.WebSocketResponse, within_s: float, refused: Refused | None = None, reason: str = ""
) -> None:
    """Close it: for a refusal with a message that says it whole and its own code, else with 1000 and a reason."""
    code = CODES_FROM + refused.status if refused is not None else 1000
    short = str(refused) if refused is not None else reason
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(within_s):
            if refused is not None and not socket.closed:
                await socket.send_str(json.dumps({"type": "refused", **refused.body()}, ensure_ascii=False))
            await socket.close(code=code, message=_cut(short))
    transport = socket._req.transport if socket._req is not None else None
    if transport is not None:
        transport.abort()  # a device that does not read would keep it open for ever


def _cut(text: str) -> bytes:
    return text.encode()[:REASON_BYTES].decode(errors="ignore").encode()
