"""What really reached the model: counted at the stand-in, which is asked between two turns."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from device_sim.errors import WireError

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Requests:
    """`count`: requests; `pictures`: how many pictures they held together."""

    count: int = 0
    pictures: int = 0


class Sent:
    """`url`: the stand-in's, as it prints it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/").removesuffix("/v1") + "/seen"
        self._before = Requests()

    async def since_last_asked(self) -> Requests:
        """Raises WireError if the stand-in is not there."""
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            async with aiohttp.ClientSession(timeout=timeout) as http, http.get(self._url) as response:
                told = await response.json()
                now = Requests(int(told["requests"]), int(told["pictures"]))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
            way_out = "give the address that `python -m device_sim.stand_in_model` prints, or leave out --model"
            raise WireError(f"{self._url}: the stand-in model does not answer: {error!r}; {way_out}") from error
        fresh = Requests(now.count - self._before.count, now.pictures - self._before.pictures)
        self._before = now
        return fresh
