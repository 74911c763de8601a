"""How much one address may ask: guesses are slowed down, and so is everything else that comes too often.

Pure: the time is an argument, in seconds. What is kept is bounded, however many addresses come.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

GUESSES_FREE = 5  # wrong tokens in a row that cost nothing: an old tab, a slip of the pen
LONGEST_WAIT_S = 300
FORGOTTEN_S = 900  # after so long without another guess
ADDRESSES_KEPT = 1024


class Bucket:
    """So many a minute, and as many at once."""

    def __init__(self, per_minute: float) -> None:
        self._rate, self._size = per_minute / 60, max(per_minute, 1.0)
        self._level: float = self._size
        self._at = 0.0

    def take(self, now: float) -> float:
        """0.0 and one is taken; or the seconds until there is one."""
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate if self._rate else float(LONGEST_WAIT_S)


@dataclass(slots=True)
class _Address:
    requests: Bucket
    connections: Bucket
    wrong: int = 0
    wrong_at: float = 0.0
    again_at: float = 0.0


class Limits:
    """What each address did lately."""

    def __init__(self, requests_per_minute: float, connections_per_minute: float) -> None:
        self._requests, self._connections = requests_per_minute, connections_per_minute
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    def connection(self, address: str, now: float) -> bool:
        """Whether it may open another connection."""
        return not self._of(address).connections.take(now)

    def request(self, address: str, now: float) -> float:
        """Seconds that it has to wait before it may ask for something that costs; 0.0: go on."""
        return self._of(address).requests.take(now)

    def locked(self, address: str, now: float) -> float:
        """Seconds for which no token of this address is even looked at, because too many were wrong."""
        return max(0.0, self._of(address).again_at - now)

    def wrong(self, address: str, now: float) -> float:
        """It showed a wrong token. The seconds for which it is not heard now: 1, 2, 4, … after the free ones."""
        it = self._of(address)
        it.wrong = it.wrong + 1 if now - it.wrong_at < FORGOTTEN_S else 1
        it.wrong_at = now
        over = it.wrong - GUESSES_FREE
        wait = min(2.0 ** min(over, 20), LONGEST_WAIT_S) if over >= 0 else 0.0
        it.again_at = now + wait
        return wait

    def right(self, address: str) -> None:
        """It showed a right one."""
        self._of(address).wrong = 0

    def _of(self, address: str) -> _Address:
        key = network_of(address)
        it = self._addresses.get(key)
        if it is None:
            it = self._addresses[key] = _Address(Bucket(self._requests), Bucket(self._connections))
            while len(self._addresses) > ADDRESSES_KEPT:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(key)
        return it


def network_of(address: str) -> str:
    """What counts as one: an IPv4 address; of IPv6 the 64 bits that a single machine may change as it likes."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, 64), strict=False).network_address)
    return str(ip)
