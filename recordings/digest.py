"""A session's decisions in 64 letters: equal digests mean the same decisions, in the same order, with all their fields.

Taken over what a recording holds (each decision goes through its stored form first), so that a live session, its
recording and a replay of it are compared like with like. Each decision is one line of JSON: its name and its fields in
order, numbers at full precision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from pipelines.events import Decision, plain
from recordings.schema import decode, encode


class Digest:
    """A digest that grows decision by decision, for a session that is still running."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.count = 0

    def add(self, decision: Decision) -> None:
        self._sha256.update(line(decision).encode("utf-8") + b"\n")
        self.count += 1

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def digest(decisions: Iterable[Decision]) -> str:
    """The SHA-256 of these decisions, as 64 hexadecimal digits."""
    running = Digest()
    for decision in decisions:
        running.add(decision)
    return running.hexdigest()


def line(decision: Decision) -> str:
    """One decision as the line of JSON that the digest is taken over; readable, so that two runs can be compared."""
    name = type(decision).__name__
    stored = plain(decode(name, encode(decision)))
    return json.dumps([name, stored], ensure_ascii=False, separators=(",", ":"))
