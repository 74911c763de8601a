"""Where one voice among many begins and ends, before it is known how loud the wearer is. A decider: no clock, no sound.

In a café voice activity never pauses: the tables go on in front of the wearer's words and behind them. But the mouth
that is near stands out of the rest. So an unbroken run of voice is watched for its loudest part: once nothing has come
near its peak for `FALL_NS`, though somebody went on speaking, the near voice is over, and what goes on is the crowd's.
Where the near voice began is looked for from its end backwards: the crowd in front of it is as far below as behind.

    near  -- nothing within `FALL_DB` of the run's peak for 400 ms, and others
             talked for 1 s in front of what was; else for 1 s ---------------->  over
    over  -- two windows together within `BACK_DB` of it ---------------------->  near
    over  -- no voice for 512 ms (the run is over; another begins as near) ---->  near
    near  -- thirty seconds without a pause: all of it was the crowd's -------->  over, until something stands out

A single voice in a quiet room hardly ever does that: it pauses before it has been so much quieter for so long.
"""

from __future__ import annotations

from collections import deque
from math import log10
from typing import Final

from pipelines.events import MS

FALL_NS: Final = 400 * MS
ALONE_NS: Final = 1000 * MS  # one wearer who speaks unevenly is not so much weaker for so long
FALL_DB: Final = 8.0
BACK_DB: Final = 6.0
OVER_CROWD_DB: Final = 5.0  # over the loudest twentieth of what was all a crowd's
SILENT_DBFS: Final = -120.0
BREAK_NS: Final = 512 * MS  # silence this long ends a run
LEAST_LOUD: Final = 6  # windows, 192 ms: what stands out for less is a shout, or a cup
KEPT: Final = 1250  # windows, 40 s: longer than any utterance may be
WINDOW_NS: Final = 32 * MS


class Crowd:
    """Feed it the voiced windows. `over`: the near voice has ended, and others go on."""

    def __init__(self) -> None:
        self.over = False
        self.loud_ns = 0  # the last window that was near
        self._peak_dbfs = SILENT_DBFS  # loudest two windows of this run
        self._bar_dbfs = SILENT_DBFS  # while it is over: two windows as loud as this are near again
        self._others = False  # nothing of this run was near
        self._before = 0.0  # power of the window before
        self._run: deque[tuple[int, float]] = deque(maxlen=KEPT)

    @property
    def at_rest(self) -> bool:
        return not self._run

    def feed(self, media_ns: int, level_dbfs: float) -> bool:
        """A voiced window that ended then. True if it is the near voice's."""
        self.silent(media_ns)
        power = 10.0 ** (level_dbfs / 10.0)
        pair_dbfs = 10.0 * log10(max((power + (self._before or power)) / 2, 1e-12))
        self._before = power
        if self.over and pair_dbfs >= self._bar_dbfs:
            self._back()
        self._run.append((media_ns, level_dbfs))
        if not self.over:
            self._follow(media_ns, level_dbfs, pair_dbfs)
        return not self.over

    def _follow(self, media_ns: int, level_dbfs: float, pair_dbfs: float) -> None:
        self._peak_dbfs = max(self._peak_dbfs, pair_dbfs)
        if level_dbfs >= self._peak_dbfs - FALL_DB:
            self.loud_ns = media_ns
        elif media_ns - self.loud_ns > FALL_NS and self._stands_out(media_ns):
            self.over, self._bar_dbfs = True, self._peak_dbfs - BACK_DB

    def _stands_out(self, media_ns: int) -> bool:
        """Others talked in front of the near voice as well; without them it takes longer to be sure."""
        near = self._near()
        return len(near) >= LEAST_LOUD and (self._among(near) or media_ns - self.loud_ns > ALONE_NS)

    def _among(self, near: list[int]) -> bool:
        """Whether others talked all through the second in front of it."""
        since_ns, bar_dbfs = near[-1] - ALONE_NS, self._peak_dbfs - FALL_DB
        others = sum(since_ns <= media_ns < near[-1] and level < bar_dbfs for media_ns, level in self._run)
        return others * WINDOW_NS >= ALONE_NS * 9 // 10

    def _back(self) -> None:
        if self._others:
            self.quiet()
        self.over = False

    def all_others(self) -> None:
        """Nobody talks for so long without a pause: all of this run was the crowd. What stands out of it is near."""
        levels = sorted(level for _, level in self._run)
        if levels:
            self.over = self._others = True
            self._bar_dbfs = levels[len(levels) * 95 // 100] + OVER_CROWD_DB

    def silent(self, media_ns: int) -> None:
        """No voice up to then."""
        if self._run and media_ns - self._run[-1][0] > BREAK_NS:
            self.quiet()

    def quiet(self) -> None:
        """Another run begins with the next window."""
        self.over = self._others = False
        self.loud_ns, self._peak_dbfs, self._before = 0, SILENT_DBFS, 0.0
        self._run.clear()

    def _near(self) -> list[int]:
        """When the near voice's loud windows were, the last first, as far as they are one stretch."""
        found: list[int] = []
        for media_ns, level_dbfs in reversed(self._run):
            if found and found[-1] - media_ns > FALL_NS:
                break
            if level_dbfs >= self._peak_dbfs - FALL_DB:
                found.append(media_ns)
        return found

    def stood_out(self) -> tuple[int, int] | None:
        """From when to when the near voice spoke that is over; None: it is not. From 0 on if nobody was heard in front
        of it for so long that it was surely somebody else."""
        near = self._near() if self.over and not self._others else []
        if not near:
            return None
        return (near[-1] - WINDOW_NS if self._among(near) else 0), self.loud_ns
