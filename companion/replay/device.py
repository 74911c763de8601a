"""The device of a replay: it takes sound when the recorded one did, and says what the ear got as the recorded one did.

In a replay of what was decided, both are simply on the tape. Where something was changed, an answer may come earlier or
later than it did: the device then takes its sound as long after the first words were given out as it did for the same
answer in the recording, and every 20 ms where the recording knows nothing; and the ear hears as late as it did.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from companion.replay.loop import VirtualLoop
from companion.replay.tape import ENDS, Tape, Utterance
from pipelines import events as ev

TICK_NS = 20 * ev.MS
FIRST_TAKE_NS = 10 * ev.MS  # the middle of a tick: how long sound waits for the device, where nothing is known
EAR_NS = 60 * ev.MS  # from the link to the ear, where the recording does not say
FAR_NS = 1 << 62
ENDLESS = 30_000  # ticks, ten minutes: an answer held for longer is taken from ever more rarely, up to the end of days


class PulledSound:
    """A feed: the moments at which 20 ms of sound are taken. `follow` off: exactly those of the tape."""

    def __init__(
        self, loop: VirtualLoop, tape: Tape, take: Callable[[], None], idle: Callable[[], bool], follow: bool
    ) -> None:
        self._loop, self._tape, self._take, self._idle, self._follow = loop, tape, take, idle, follow
        self._next = 0  # index of the next taped moment
        self._shift_ns = 0
        self._until_ns = FAR_NS  # up to here (on the tape) the moments are those of what is being said
        self._last_ns = -TICK_NS
        self._sounding_since_ns: int | None = None

    def start_at(self, t_ns: int) -> None:
        """Leave out what was taken before."""
        self._next = bisect_left(self._tape.pulls, t_ns)

    def said(self, d: ev.Speak, recorded: Utterance | None) -> None:
        """The first words of an utterance were given out; `recorded`: the same utterance on the tape."""
        if not self._follow:
            return
        if recorded is None:
            self._until_ns = -1
            return
        self._shift_ns = d.t_ns - recorded.speak_ns
        self._until_ns = recorded.end.t_ns if recorded.end else FAR_NS
        self._next = bisect_left(self._tape.pulls, recorded.speak_ns)

    def due(self) -> tuple[int, int] | None:
        pulls, at = self._tape.pulls, self._next
        if not self._follow:
            return (pulls[at], 0) if at < len(pulls) else None
        idle = self._idle()
        while at < len(pulls) and (pulls[at] + self._shift_ns <= self._last_ns or (idle and self._past(at))):
            at += 1
        self._next = at
        if at < len(pulls) and pulls[at] <= self._until_ns:
            return pulls[at] + self._shift_ns, 0
        if idle:
            self._sounding_since_ns = None
            return None
        if self._sounding_since_ns is None:
            self._sounding_since_ns = self._loop.now_ns
        sounding_ns = self._last_ns - self._sounding_since_ns
        return max(self._last_ns + max(TICK_NS, sounding_ns // ENDLESS), self._sounding_since_ns + FIRST_TAKE_NS), 0

    def _past(self, at: int) -> bool:
        return self._tape.pulls[at] + self._shift_ns < self._loop.now_ns

    def step(self) -> None:
        self._last_ns = self._loop.now_ns
        if self._next < len(self._tape.pulls):
            taped_ns = self._tape.pulls[self._next] + self._shift_ns
            if taped_ns <= self._loop.now_ns:
                self._next += 1
        self._take()


class Ear:
    """What the device says was heard, when the answers are not those of the tape."""

    def __init__(self, loop: VirtualLoop, deliver: Callable[[ev.HeardMark], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._recorded: dict[int, Utterance | None] = {}

    def said(self, d: ev.Speak, recorded: Utterance | None) -> None:
        self._recorded[d.utterance] = recorded

    def mark(self, mark: ev.PlayMark) -> None:
        """Sound began or ended on our side; the ear follows."""
        if mark.utterance not in self._recorded:
            return
        recorded = self._recorded[mark.utterance]
        if mark.mark == "started" and mark.chunk == 0:
            self._hear("first", mark, recorded, recorded.started_ns if recorded else None)
        elif mark.mark in ENDS:
            self._hear("last", mark, recorded, recorded.end.t_ns if recorded and recorded.end else None)

    def _hear(self, name: str, mark: ev.PlayMark, recorded: Utterance | None, anchor_ns: int | None) -> None:
        known = [h for h in recorded.heard if h.mark == name] if recorded else []
        if recorded is not None and recorded.started_ns is not None and not known:
            return  # this device never said so
        after_ns, media_after_ns, position_ns = EAR_NS, EAR_NS, mark.position_ns
        if known and anchor_ns is not None and recorded is not None:
            heard = known[-1] if name == "last" else known[0]
            after_ns, media_after_ns = heard.t_ns - anchor_ns, heard.media_ns - anchor_ns
            same = name == "first" or (recorded.end is not None and recorded.end.position_ns == mark.position_ns)
            position_ns = heard.position_ns if same else mark.position_ns
        t_ns = max(mark.t_ns + after_ns, mark.t_ns)
        event = ev.HeardMark(t_ns, mark.utterance, name, mark.t_ns + media_after_ns, position_ns)
        self._loop.call_at_ns(t_ns, self._deliver, event)
