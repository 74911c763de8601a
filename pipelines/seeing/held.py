"""Shots that are kept decoded, within so many bytes: what was asked for, and the best of what was decoded along.

When there is no room: first what lies longer ago than a question lasts, and what was seen before the wearer began to
speak; then, of the two shots that are closest in time, the one that is worth less, so that what stays is spread evenly
and sharp. The shots that were last asked for as pictures stay, and those of the moment at which the wearer began to
speak: most questions mean it, and the others a word after it.
"""

from __future__ import annotations

from itertools import pairwise

from pipelines.events import MS, NS
from pipelines.seeing.shot import Shot

MAX_BYTES = 34_000_000  # 24 shots of 720p: of a question of 1.3 s each on the grid
ASKED = 4  # pictures of one question; those of earlier questions are like any other
BEFORE_ONSET_NS, AFTER_ONSET_NS = 250 * MS, 50 * MS  # 5 shots: speech is noticed 60 to 150 ms after it began
SPAN_NS = 3 * NS  # a spoken question; before that, the ring still has it


class Held:
    """At least the shot added last stays, however large it is."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes  # may change; it counts when the next shot is added
        self._shots: dict[int, Shot] = {}
        self._worth: dict[int, float] = {}
        self._asked: dict[int, None] = {}  # in order of asking
        self._meant = range(0)
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._shots)

    def __contains__(self, frame_id: int) -> bool:
        return frame_id in self._shots

    def get(self, frame_id: int) -> Shot | None:
        return self._shots.get(frame_id)

    def add(self, shot: Shot, worth: float = 0.0, asked: bool = False) -> None:
        """Keep a shot. `worth`: how sharp and steady it is; `asked`: it is wanted as a picture, perhaps again."""
        if shot.frame_id not in self._shots:
            self._shots[shot.frame_id] = shot
            self.nbytes += shot.nbytes
        self._worth[shot.frame_id] = max(worth, self._worth.get(shot.frame_id, 0.0))
        if asked:
            self._asked.pop(shot.frame_id, None)
            self._asked[shot.frame_id] = None
            if len(self._asked) > ASKED:
                del self._asked[next(iter(self._asked))]
        while self.nbytes > self.max_bytes and len(self._shots) > 1:
            self._drop(self._least(shot.frame_id))

    def began(self, onset_ns: int) -> None:
        """Somebody has been noticed to speak, at this moment of the session clock."""
        self._meant = range(onset_ns - BEFORE_ONSET_NS, onset_ns + AFTER_ONSET_NS)

    def clear(self) -> None:
        for frame_id in list(self._shots):
            self._drop(frame_id)

    def _drop(self, frame_id: int) -> None:
        self.nbytes -= self._shots.pop(frame_id).nbytes
        del self._worth[frame_id]
        self._asked.pop(frame_id, None)

    def _least(self, newest: int) -> int:
        """The shot that will be missed least, other than `newest`."""
        known = [s for s in self._shots.values() if s.frame_id not in self._asked]
        free = sorted((s for s in known if s.media_ns not in self._meant), key=lambda s: s.media_ns)
        if len(free) < 2:
            meant = [s.frame_id for s in known if s.media_ns in self._meant]
            return next(i for i in (*(s.frame_id for s in free), *meant, *self._asked) if i != newest)
        since_ns = max(free[-1].media_ns - SPAN_NS, min(self._meant.start, free[-1].media_ns - AFTER_ONSET_NS))
        if free[0].media_ns < since_ns and free[0].frame_id != newest:
            return free[0].frame_id
        one, other = min(pairwise(free), key=lambda pair: pair[1].media_ns - pair[0].media_ns)
        if newest in (one.frame_id, other.frame_id):
            return one.frame_id if other.frame_id == newest else other.frame_id
        return min(one.frame_id, other.frame_id, key=lambda i: self._worth[i])
