"""The session clock of a replay: virtual, and it knows from the tape how late things really were.

A timer's callback ran a little after its deadline, and a model's words took their way through the libraries; what they
caused happened then and not earlier. The tape has those moments, so a replay takes the same: a deadline that is on the
tape is seen to when it was, one that is not (something was changed) at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from companion.clock import SessionClock
from companion.replay.loop import UNRANKED, VirtualLoop
from companion.replay.tape import Asking, Tape


class TapedClock(SessionClock):
    """`asking(request)`: the recorded question that this one is answered by, None if there is none."""

    def __init__(self, loop: VirtualLoop, tape: Tape) -> None:
        self._virtual = loop
        self._tape = tape
        self._came: dict[int, int] = defaultdict(int)  # happenings so far, by request
        self.asking: Callable[[int], Asking | None] = tape.askings.get

    def now_ns(self) -> int:
        return self._virtual.now_ns

    def wake_at(self, due_ns: int, wake: Callable[[], None]) -> asyncio.TimerHandle:
        woken = self._tape.woken.get(due_ns)
        if woken is None:
            return self._virtual.call_at_ns(due_ns, wake)
        # One that was seen to just before a happening comes after it here: the deciders do see to it first.
        rank = 0 if woken.by_timer else UNRANKED * 2
        return self._virtual.call_at_ns(woken.t_ns, wake, rank=rank)

    def happened(self, event: Any, decided_ns: int, take: Callable[[int], None]) -> None:
        request = event.request
        asking, nth = self.asking(request), self._came[request]
        self._came[request] += 1
        if asking is None or nth >= len(asking.came) or not _alike(event, asking.came[nth][2]):
            take(self._virtual.now_ns)  # it did not happen so in the recording
            return
        after_ns, rank, _ = asking.came[nth]
        due_ns = max(decided_ns + after_ns, self._virtual.now_ns)
        self._virtual.call_at_ns(due_ns, take, due_ns, rank=rank)


def _alike(event: Any, recorded: Any) -> bool:
    """The same, but for its moment and the number of the request."""
    return bool(replace(event, t_ns=0, request=0) == replace(recorded, t_ns=0, request=0))
