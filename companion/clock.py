"""The session clock: integer nanoseconds since the session began, read from the running loop and from nowhere else.

Live, the loop's time is the machine's monotonic clock; in a replay it is virtual. Nobody in the companion asks any
other clock, so both run the same code.
"""

from __future__ import annotations

import asyncio


class SessionClock:
    """`now_ns()` counts from the moment of construction. Build it on the loop that the session will run on."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._origin_s = self._loop.time()

    def now_ns(self) -> int:
        """Nanoseconds since the session's start."""
        return round((self._loop.time() - self._origin_s) * 1e9)
