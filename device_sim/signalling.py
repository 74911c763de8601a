"""The offer goes, the answer comes: one POST, and what is said to a person if nothing good comes of it."""

from __future__ import annotations

import json

import aiohttp

from device_sim.address import Address
from device_sim.errors import NoSuchSessionError, WireError
from device_sim.marks import Message

TIMEOUT_S = 10.0


async def exchange(address: Address, sdp: str, said: Message) -> tuple[str, str]:
    """POST the offer; the answer's SDP, and what the companion calls this session. Raises WireError."""
    status, body = await _posted(address, {"sdp": sdp, "type": "offer", **said})
    url = address.offer
    if status in (401, 403):
        given = "the token is not the right one" if address.token else "no token was given"
        raise WireError(
            f"{url}: refused ({status}): {given}; give the address with `?token=…` that `companion run` prints"
        )
    if status == 404 and "resume" in said:
        raise NoSuchSessionError(f"{url}: the session {said['resume']} is over; offer without `resume`")
    if status != 200:
        raise WireError(f"{url}: refused the offer ({status}): {' '.join(body.split())[:200]}; see the companion's log")
    try:
        answer = json.loads(body)
        return str(answer["sdp"]), str(answer.get("session", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"{url}: its answer is not JSON with `sdp`: {body[:80]!r}; is it a companion?") from error


async def _posted(address: Address, body: Message) -> tuple[int, str]:
    url = address.offer
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(url, json=body, headers=address.headers, ssl=address.believed) as response,
        ):
            return response.status, await response.text()
    except TimeoutError:
        raise WireError(f"{url}: no answer in {TIMEOUT_S:g} s; is that the companion's port?") from None
    except (aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
        if told := address.not_believed(error):
            raise told from error
        if isinstance(error, aiohttp.ClientConnectorError):
            raise WireError(
                f"{url}: nobody answers ({error.strerror or error}); start `companion run` and give its address"
            ) from error
        raise WireError(f"{url}: {type(error).__name__}: {error}; is that the companion's port?") from error
