"""Whether a clip is held: it waits while its question is answered, so that its next words do not cut the answer off."""

from __future__ import annotations

from pipelines import conversation as floor
from pipelines.events import MS

AFTER_NS = 300 * MS  # a breath between an answer and what the clip says next
_ANSWERS = frozenset({floor.THINKING, floor.SPEAKING, floor.DOUBTING})


class Hold:
    """`feed` it each 20 ms; `on` says whether the clip stands still."""

    def __init__(self, never: bool = False) -> None:
        self._never = never
        self._until_ns = 0
        self.on = False

    def feed(self, now_ns: int, state: str, answering: bool) -> None:
        """`state`: of the conversation; `answering`: a turn is open, or an answer sounds."""
        if self._never:
            return
        if answering and (self.on or state in _ANSWERS):
            self.on, self._until_ns = True, now_ns + AFTER_NS
        elif now_ns >= self._until_ns:
            self.on = False
