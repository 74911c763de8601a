"""Asking a camera that takes single photos for one: not pressed while the last one may still come."""

from __future__ import annotations

from collections.abc import Callable

from companion.clock import SessionClock
from companion.link.handler import Message

LEAST_NS = 500_000_000


class AskingPhotos:
    """One connection's. `say` sends the device a message; tell of each picture that comes."""

    def __init__(self, delay_ms: int, clock: SessionClock, say: Callable[[Message], None]) -> None:
        """`delay_ms`: from being asked to its arrival, as the device knows itself; 0 = it did not say."""
        self._wait_ns = max(LEAST_NS, delay_ms * 1_000_000)
        self._clock, self._say = clock, say
        self._due_ns = 0  # until then the one that was asked for may come; 0 = none is under way

    def ask(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self._wait_ns
            self._say({"type": "camera", "do": "photo"})

    def came(self) -> None:
        self._due_ns = 0
