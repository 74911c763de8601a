"""How long this wearer pauses inside a turn, learned within bounds.

Half of all people's pauses inside a sentence are longer than half a second, a quarter longer than 0.7 s; but one
wearer's are not another's. What is learned stretches the waits of questions, never those of whole commands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

KEPT: Final = 24  # the latest: a wearer who is tired today pauses otherwise than last week
SHORTEST_MS: Final = 200  # shorter silences are inside words
LONGEST_MS: Final = 3000  # longer ones are no pause of a speaker
TYPICAL_MS: Final = 650  # three quarters of people's pauses that did not end the turn are shorter
LEAST: Final = 0.85
MOST: Final = 1.6
BELIEVED_AFTER: Final = 8  # so many pauses of their own count as much as everybody's


class Pauses:
    """The wearer's latest pauses. `kept`: as an earlier `kept` gave them, the latest last."""

    def __init__(self, kept: Iterable[int] = ()) -> None:
        self._kept = [ms for ms in kept if SHORTEST_MS <= ms <= LONGEST_MS][-KEPT:]

    def inside(self, pause_ms: int) -> None:
        """The wearer was silent for so long and then went on with the same turn."""
        if SHORTEST_MS <= pause_ms <= LONGEST_MS:
            self._kept = [*self._kept, pause_ms][-KEPT:]

    @property
    def kept(self) -> tuple[int, ...]:
        return tuple(self._kept)

    @property
    def stretch(self) -> float:
        """What to multiply a wait with: 1 for nobody in particular, 0.85 to 1.6 for somebody who is known."""
        if not self._kept:
            return 1.0
        longer = sorted(self._kept)[(3 * len(self._kept)) // 4]
        known = len(self._kept) / (len(self._kept) + BELIEVED_AFTER)
        return round(min(MOST, max(LEAST, 1 + known * (longer / TYPICAL_MS - 1))), 3)
