"""Does the wearer speak over an answer that is being cancelled? What the canceller leaves tells it. A decider.

Voice activity alone is late there: in the first tenth of a second the canceller takes the wearer's voice for more echo
and cuts pieces out of it, and what is left looks little like speech. But it is loud: behind the canceller our own voice
stays near the room's noise, the wearer's does not. So a window that rises out of what is usually left, and looks at
least a little like a voice, is one:

    left    ▁▁▂▁▁▂▁▁▁▅▁▂▆▅▁▇▆▇     voice activity    ───────────────────▂▃▅▇
    our own ▅▇▆▂▅▇▆▅▇▆▅▂▇▆▅▇▆▅     here              ─────────▇──▇▇─▇▇▇▇▇▇▇▇

A short word may be cut down to half of that: three windows in a row that rise so far are a voice as well.
A slamming door rises too, but does not look like a voice at all, and our own voice hardly ever rises so far.
`make bench-turns` has both: 144 voices over a cancelled echo, and 13 minutes of echo alone.
"""

from __future__ import annotations

import math
from dataclasses import replace

from pipelines.events import MS, VoiceWindow
from pipelines.thinking.options import EchoOptions

IN_A_ROW, HALF = 3, 0.55  # windows, of the decibels that one alone needs
A_LITTLE = 0.02  # voice activity of our own voice behind the canceller: 0.00 nearly always
STEP_DB = 0.3  # a window: what is usually left (the median) is followed by 9 dB in a second
LEAST_DBFS = -70.0  # a room that is quieter says nothing about the next
HOLE_NS = 96 * MS  # missing sound,
NOTHING_DBFS = -100.0  # or none at all, before the canceller knows the room, means that it is out of step:
ALIGNED_NS = 2000 * MS  # for so long more of our voice than usual may be left


class DoubleTalk:
    """Feed it every `VoiceWindow` that is captured while an answer sounds; `quiet` when none does."""

    def __init__(self, options: EchoOptions) -> None:
        self._options = options
        self._left_dbfs = math.nan  # what is usually left of this answer
        self._last_ns = self._aligned_ns = self._rising = 0

    @property
    def at_rest(self) -> bool:
        """No answer sounds."""
        return math.isnan(self._left_dbfs)

    def quiet(self) -> None:
        """No answer sounds; what is left of the next one is learned anew."""
        self._left_dbfs, self._last_ns, self._aligned_ns, self._rising = math.nan, 0, 0, 0

    def feed(self, window: VoiceWindow) -> VoiceWindow:
        """The window as it is, or as surely voiced."""
        hole = self._last_ns and window.media_ns - self._last_ns > HOLE_NS
        if hole or window.level_dbfs < NOTHING_DBFS:
            self._aligned_ns = window.media_ns + ALIGNED_NS
        self._last_ns = window.media_ns
        level, left = window.level_dbfs, self._left_dbfs
        if math.isnan(left):
            left = max(LEAST_DBFS, level)
        enough = self._options.double_talk_db
        like_a_voice = window.probability >= A_LITTLE and window.media_ns >= self._aligned_ns
        self._rising = self._rising + 1 if like_a_voice and level - left >= HALF * enough > 0 else 0
        rises = level - left >= enough > 0 or self._rising >= IN_A_ROW
        follow = min(max(level - left, -STEP_DB), STEP_DB)
        self._left_dbfs = max(LEAST_DBFS, left + follow)
        return replace(window, probability=1.0) if rises and like_a_voice else window
