"""What each wire offers to the server: how a request is read, an answer written, an error told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from device_sim.answers import Answer
from device_sim.asked import Asked, Call

MODEL_ID = "stand-in"


class Writer(Protocol):
    """Writes one answer. Each method gives the bytes to send; each is called in the order that it stands in here."""

    def beat(self) -> bytes:
        """A sign of life that is no answer. May come at any time."""
        ...

    def begin(self) -> bytes: ...

    def thought(self, piece: str) -> bytes: ...

    def text(self, piece: str) -> bytes: ...

    def call(self, call: Call) -> bytes: ...

    def half_call(self, call: Call) -> bytes:
        """What of a call is sent before the connection breaks in its middle."""
        ...

    def end(self, bare: bool) -> bytes: ...

    def fail(self, why: str) -> bytes:
        """An error inside the stream: the server is overloaded."""
        ...


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire format. `paths`: as aiohttp routes; `read` is given body, headers (names in lower case) and query of the
    URL, and raises RefusedError; `error` gives the body that goes with an HTTP status."""

    name: str
    paths: tuple[str, ...]
    read: Callable[[Mapping[str, Any], Mapping[str, str], Mapping[str, str]], Asked]
    writer: Callable[[Mapping[str, Any], Answer], Writer]  # the request's body, and what it is answered
    error: Callable[[int, str, str], dict[str, Any]]  # status, what is wrong, the field that is


def event(data: Mapping[str, Any], name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def parts(text: str, count: int = 3) -> list[str]:
    """A text in so many pieces, as arguments come: never empty, but perhaps fewer."""
    size = max(1, -(-len(text) // count))
    return [text[i : i + size] for i in range(0, len(text), size)]
