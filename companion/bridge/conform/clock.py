"""The device's clock, as its pongs tell it: pings go out as docs/bridge.md has them, eight quick ones and then one a
second, and what comes back is judged."""

from __future__ import annotations

import asyncio
import time

from companion.bridge.conform.peer import NS, Peer, expect

PINGS, PING_S = 8, 0.1
THEN_S = 1.0
ID_LATER = 1000  # of the pings that are not judged


class PeerClock:
    """Of one connection. `first` before anything is judged, then `go_on` as long as it lives."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._sent_ns: dict[int, int] = {}

    async def first(self) -> None:
        for number in range(1, PINGS + 1):
            self._sent_ns[number] = time.monotonic_ns()
            await self._peer.say(type="ping", id=number)
            await asyncio.sleep(PING_S)

    async def go_on(self) -> None:
        """A device may take a line without pings to be dead."""
        number = ID_LATER
        while True:
            await asyncio.sleep(THEN_S)
            number += 1
            await self._peer.say(type="ping", id=number)

    def judge(self) -> str:
        pongs = {m.get("id"): (at_ns, m.get("device_ns")) for at_ns, m in self._peer.got("pong")}
        missing = [number for number in self._sent_ns if number not in pongs]
        expect(not missing, f"no pong for {len(missing)} of {PINGS} pings (ids {missing[:4]})")
        late_ms = max((pongs[n][0] - self._sent_ns[n]) // 1_000_000 for n in self._sent_ns)
        expect(late_ms <= 1000, f"a pong came {late_ms} ms after its ping; answer at once")
        clock = [pongs[n][1] for n in self._sent_ns]
        expect(all(isinstance(ns, int) for ns in clock), f"device_ns is {clock[0]!r}; whole nanoseconds")
        went_s = (clock[-1] - clock[0]) / NS  # type: ignore[operator]
        true_s = (self._sent_ns[PINGS] - self._sent_ns[1]) / NS
        way_out = f"its clock went {went_s:.3f} s in {true_s:.3f} s; in ns?"
        expect(abs(went_s - true_s) <= 0.05 + late_ms / 1000, way_out)
        return f"at most {late_ms} ms"

    def offset_ns(self) -> int | None:
        """Its clock minus ours, by the pong that came fastest; None: it answered none."""
        pongs = [(at_ns, m) for at_ns, m in self._peer.got("pong") if m.get("id") in self._sent_ns]
        times = [(at - self._sent_ns[m["id"]], m["device_ns"] - (at + self._sent_ns[m["id"]]) // 2) for at, m in pongs]
        return int(min(times)[1]) if times else None
