"""The session clock: integer nanoseconds since the session began, read from the running loop and from nowhere else.

Live, the loop's time is the machine's monotonic clock; in a replay it is virtual. Nobody in the companion asks any
other clock, so both run the same code. What is late for no reason of ours (a timer's callback, a model's words on
their way through the libraries) asks the clock when it happened: live that is now; a replay knows it from the tape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pipelines.events import Happening


class SessionClock:
    """`now_ns()` counts from the moment of construction. Build it on the loop that the session will run on."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._origin_s = self._loop.time()

    def now_ns(self) -> int:
        """Nanoseconds since the session's start."""
        return round((self._loop.time() - self._origin_s) * 1e9)

    def wake_at(self, due_ns: int, wake: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `wake` when the deadline has come, as soon as the loop gets to it."""
        delay_s = max(0.0, (due_ns - self.now_ns()) / 1e9)
        return self._loop.call_later(delay_s, wake)

    def happened(self, event: Happening, decided_ns: int, take: Callable[[int], None]) -> None:
        """`event`, not yet stamped, came of a question to a model that was decided at `decided_ns`: `take(t_ns)` with
        its moment."""
        take(self.now_ns())
