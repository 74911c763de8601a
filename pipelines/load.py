"""What is left out when there is not time for everything. A decider: lateness of sound in, levels out.

The wearer's sound goes first, always; so how late it is when it is looked at says whether there is time for the rest:

    level 1   video         no look ahead of the words, no camera in the recording
    level 2   captions      words on a screen that are spoken as well
    level 3   speculation   no question leaves before the turn is certain

Lateness is what a window takes longer than this wearer's windows usually do: a slow network is not our lack of time.
One late moment (a pause of the machine) changes nothing. Sound that is late again and again for `for_ms` leaves one
thing more out; sound that is in time for `calm_ms` brings one back, the last first. What has to be left out again soon
after it came back waits longer the next time.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.events import MS, NS, Lateness, Resumed, Shed, VoiceWindow
from pipelines.scribe import Scribe
from pipelines.thinking.options import LoadOptions

SHEDS = ("video", "captions", "speculation")  # in this order
USUAL_RISES = 500  # by a 500th of the time that passes: a new network path of 100 ms more is usual within a minute
GAP_NS = 2 * NS  # no sound for so long: what was usual before says nothing
AGAIN_NS = 10 * NS  # so soon after it came back, it came back too early
PATIENCE = 16  # times `calm_ms`, at most


class Load:
    """Feed it every `VoiceWindow`."""

    def __init__(self, options: LoadOptions, scribe: Scribe) -> None:
        self._options = options
        self._scribe = scribe
        self._known = Lateness()
        self.level = 0

    def feed(self, window: VoiceWindow) -> None:
        """Take its lateness; may decide `Shed`."""
        if self._options.late_ms <= 0:
            return
        late_ns = max(0, window.t_ns - window.media_ns)
        known = self._known = _usual(self._known, window.t_ns, late_ns)
        over_ns = late_ns - known.usual_ns
        if over_ns >= self._options.late_ms * MS:
            self._late(known, over_ns)
        else:
            self._in_time(known)

    def sheds(self, what: str) -> bool:
        """Whether this, one of `SHEDS`, is left out now."""
        return what in SHEDS[: self.level]

    def _late(self, known: Lateness, over_ns: int) -> None:
        now_ns = known.at_ns
        since_ns = known.late_since_ns or now_ns
        self._known = replace(known, late_since_ns=since_ns, timely_since_ns=0)
        if self.level == len(SHEDS) or now_ns - since_ns < self._options.for_ms * MS:
            return
        too_early = known.eased_ns > 0 and now_ns - known.eased_ns < AGAIN_NS
        patience = min(PATIENCE, known.patience * 2) if too_early else known.patience if self.level else 1
        self._known = replace(self._known, late_since_ns=now_ns, patience=patience)
        what, late_ms = SHEDS[self.level], over_ns // MS
        why = f"sound is {late_ms} ms later than usual, and has been late for {(now_ns - since_ns) // MS} ms"
        self._go(self.level + 1, f"{why}: no {what} from now on", late_ms)

    def _in_time(self, known: Lateness) -> None:
        now_ns = known.at_ns
        since_ns = known.timely_since_ns or now_ns
        timely_ns = now_ns - since_ns
        late_since_ns = 0 if timely_ns >= self._options.for_ms * MS else known.late_since_ns
        self._known = replace(known, timely_since_ns=since_ns, late_since_ns=late_since_ns)
        if not self.level or timely_ns < self._options.calm_ms * MS * known.patience:
            return
        self._known = replace(self._known, timely_since_ns=now_ns, eased_ns=now_ns)
        what = SHEDS[self.level - 1]
        self._go(self.level - 1, f"sound has been in time for {timely_ns // MS} ms: {what} again", 0)

    def _go(self, level: int, reason: str, late_ms: int) -> None:
        self.level = level
        self._scribe.emit(Shed, reason, level=level, what=SHEDS[:level], late_ms=late_ms)

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, shed=self.level, lateness=self._known)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.level, self._known = resumed.shed, resumed.lateness


def _usual(known: Lateness, now_ns: int, late_ns: int) -> Lateness:
    """What is usual, with a window more: the least there was, slowly forgotten."""
    passed_ns = now_ns - known.at_ns
    if not known.at_ns or passed_ns > GAP_NS:
        return replace(known, usual_ns=late_ns, at_ns=now_ns, late_since_ns=0, timely_since_ns=0)
    usual_ns = min(known.usual_ns + passed_ns // USUAL_RISES, late_ns)
    return replace(known, usual_ns=usual_ns, at_ns=now_ns)
