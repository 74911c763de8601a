"""Knocking at the bridge: the WebSocket, our hello, and the companion's answer to it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import aiohttp

from device_sim.address import Address
from device_sim.described import described
from device_sim.errors import NoSuchSessionError, WireError
from device_sim.marks import Message
from device_sim.scene import Scene

NO_SUCH_SESSION = 4404


def hello(scene: Scene, open_speaker: bool, resume: str) -> Message:
    """`resume`: the session to go on with; "" is none."""
    said = described(scene)
    for part, codec in (("camera", "h264"), ("microphone", "opus")):
        if part in said:
            said[part]["codec"] = codec
    return {
        "type": "hello",
        "protocol": 1,
        **said,
        "speaker": {"codec": "opus", "silence": True},
        "echo": "open" if open_speaker else "none",
        **({"resume": resume} if resume else {}),
    }


async def greeted(
    http: aiohttp.ClientSession, address: Address, said: Message, within_s: float
) -> tuple[aiohttp.ClientWebSocketResponse, Message]:
    """A WebSocket on which the companion has answered our hello, and its answer. Raises WireError;
    NoSuchSessionError if the session that was to go on is over."""
    url = address.device
    try:
        async with asyncio.timeout(within_s):
            socket = await http.ws_connect(url, headers=address.headers, compress=0, ssl=address.believed)
            try:
                await socket.send_json(said)
                greeting = await socket.receive()
            except BaseException:
                abort(socket)
                raise
    except aiohttp.WSServerHandshakeError as error:
        why = "the token is not the right one" if address.token else "no token was given"
        why = why if error.status in (401, 403) else "is it a companion with a bridge ([bridge] on)?"
        raise WireError(f"{url}: refused ({error.status}): {why}") from error
    except TimeoutError:
        raise WireError(f"{url}: no hello within {within_s:g} s; is that the companion's port?") from None
    except (aiohttp.ClientError, OSError) as error:
        if told := address.not_believed(error):
            raise told from error
        raise WireError(f"{url}: nobody answers ({error}); start `companion run` and give its address") from error
    answer = json.loads(greeting.data) if greeting.type == aiohttp.WSMsgType.TEXT else {}
    if answer.get("type") == "hello":
        return socket, answer
    with suppress(ConnectionError):
        await socket.close()
    if said.get("resume") and socket.close_code == NO_SUCH_SESSION:
        raise NoSuchSessionError(f"{url}: the session {said['resume']} is over")
    raise WireError(f"{url}: refused ({socket.close_code}): {answer.get('detail', greeting)}")


def abort(socket: aiohttp.ClientWebSocketResponse) -> None:
    """No goodbye: to a network that is gone none can be said."""
    if socket._conn is not None and socket._conn.transport is not None:
        socket._conn.transport.abort()
