"""A bad network: some of our media packets are lost, some come late, some twice.

It stands below encryption, right in front of the socket, so that everything above, on both sides, meets it as it would
meet the real thing: holes, packets out of order, requests to send again. What comes towards us is spoilt where it
arrives. Handshakes, RTCP and the data channel pass untouched (RFC 7983 tells them apart by the first byte); a lost
message there is sent again by SCTP anyhow.

What happens to the n-th packet of one kind (sound, picture, sent again) depends on the scene's seed and n alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from device_sim.device import Network

ANSWER = 1000  # no payload type: the answer's packets have luck of their own

Send = Callable[[bytes], Awaitable[None]]


@dataclass
class Counts:
    """What became of the media packets."""

    packets: int = 0
    lost: int = 0
    twice: int = 0
    late: int = 0  # by more than one packet of sound
    answer_lost: int = 0


class BadNetwork:
    """Takes the place of a transport's `_send`; `network` may change at any time. `close()` drops what is under way."""

    def __init__(self, network: Network, seed: int, send: Send) -> None:
        self.counts = Counts()
        self.network, self._seed, self._send = network, seed, send
        self._chances: dict[int, np.random.Generator] = {}  # payload type -> its own luck
        self._under_way: set[asyncio.Task[None]] = set()

    @staticmethod
    def before(transport: Any, network: Network, seed: int) -> BadNetwork:
        """Put one in front of an ICE transport of aiortc."""
        bad = BadNetwork(network, seed, transport._send)
        transport._send = bad.send
        return bad

    async def send(self, data: bytes) -> None:
        if not is_media(data):
            await self._send(data)
            return
        kind = data[1] & 0x7F
        chance = self._chances.setdefault(kind, np.random.default_rng([self._seed, 0x4E7, kind]))
        lost, twice, late = map(
            float, chance.random(3)
        )  # always three, so that one figure changed leaves the others' luck
        self.counts.packets += 1
        if lost < self.network.loss:
            self.counts.lost += 1
            return
        self._later(data, late * self.network.jitter_ms)
        if twice < self.network.duplicate:
            self.counts.twice += 1
            self._later(data, (late + 1) * self.network.jitter_ms)

    async def receive(self) -> bool:
        """A packet of the answer has come: wait for as long as it takes; False if it never arrives."""
        chance = self._chances.setdefault(ANSWER, np.random.default_rng([self._seed, 0x4E7, ANSWER]))
        if float(chance.random()) < self.network.down_loss:
            self.counts.answer_lost += 1
            return False
        if self.network.delay_ms:
            await asyncio.sleep(self.network.delay_ms / 1000)
        return True

    def close(self) -> None:
        for task in self._under_way:
            task.cancel()

    def _later(self, data: bytes, late_ms: float) -> None:
        self.counts.late += late_ms > 20
        task = asyncio.get_running_loop().create_task(self._arrive(data, late_ms))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _arrive(self, data: bytes, late_ms: float) -> None:
        await asyncio.sleep((late_ms + self.network.delay_ms) / 1000)
        try:
            await self._send(data)
        except ConnectionError:
            return  # the connection ended while this packet was under way


def is_media(data: bytes) -> bool:
    """RTP, and neither RTCP (RFC 5761: payload types 64 to 95) nor anything else that shares the socket."""
    return len(data) > 1 and 128 <= data[0] < 192 and not 64 <= data[1] & 0x7F <= 95
