"""Questions that leave before the turn is certain: how many of them may turn out to have been too early."""

from __future__ import annotations

from dataclasses import replace

from pipelines.events import NS, Resumed
from pipelines.thinking.options import TurnOptions

MINUTE_NS = 60 * NS


class Early:
    """Counts the ones that were asked for nothing; those that stood cost nothing."""

    def __init__(self, options: TurnOptions) -> None:
        self._options = options
        self._wasted_ns: tuple[int, ...] = ()

    def may(self, now_ns: int) -> bool:
        """Whether another one may be tried."""
        recent = [t_ns for t_ns in self._wasted_ns if now_ns - t_ns < MINUTE_NS]
        return len(recent) < self._options.speculate_per_minute

    def wasted(self, now_ns: int) -> None:
        """The wearer went on speaking."""
        kept = [t_ns for t_ns in self._wasted_ns if now_ns - t_ns < MINUTE_NS]
        self._wasted_ns = (*kept, now_ns)

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, early_ns=self._wasted_ns)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._wasted_ns = resumed.early_ns
