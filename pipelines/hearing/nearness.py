"""Is it the wearer who speaks, or somebody farther away? Level alone decides. A decider: no clock, no sound.

The wearer's mouth is nearer to the microphone than the television, so their voice comes in louder, and how loud is
learned from turns that were certainly theirs. A voice that stays `near_db` and more below that is taken for somebody
else's: its windows pass on with a probability of 0, and nothing behind this file knows that anybody spoke. So a far
voice neither opens a turn nor ducks an answer.

Levels of single windows say little: within one sentence of one person they lie up to 30 dB apart. What tells is how
much sound came together. `_TESTS` are means over 2, 4 and 8 voiced windows: any of them makes the voice near. The more
windows, the lower the bar, because a far voice has its loud vowels too, but not many in a row. The bars are where they
are because of what speech measures: against the level that is learned (the 90th percentile of a turn's voiced windows)
the loudest 2, 4 and 8 windows of a sentence are +1 to +5, -1 to +4 and -3 to +2 dB.

Once a voice is near, it stays near over `HOLD_NS` after its last loud window: so fading syllables and quiet words of
the wearer stay, and a television that goes on behind their last word holds the turn open for that long and no longer.
"Loud" is then 8 dB below the loudest of this run of speech, or of what was learned: whichever is less.

What is louder than a voice because a machine hums under it says nothing either: the level of windows without a voice
is followed, and its power taken off first.

    `near_db` 0                                   -- everything counts
    no level learned, or trusted                  -- everything counts that is not a crowd's (`crowd.py`)
    far   -- any of `_TESTS` --------------------------------------->  near
    near  -- nothing loud for 320 ms, or no voice for 512 ms ------->  far
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from math import log10
from typing import Final

from pipelines.events import MS, Resumed, VoiceWindow
from pipelines.hearing.crowd import Crowd
from pipelines.thinking.options import AttentionOptions

VOICED: Final = 0.35  # what counts as voice here: the segmenter's threshold for going on
HOLD_NS: Final = 320 * MS  # hardly a sentence has a longer stretch of voice that is this quiet
GAP_NS: Final = 512 * MS  # silence this long ends a run of speech
REMEMBERED: Final = 1250  # windows, 40 s: longer than any utterance may be
NO_VOICE: Final = 0.1  # windows below teach what the noise is
LEAST_WINDOWS: Final = 6  # 192 ms of voice: less teaches nothing

_TESTS: Final = ((2, 0.60), (4, 0.75), (8, 0.88))  # windows; their mean is above the wearer's level - share x near_db
_LOUD_DB: Final = 8.0
_QUIETER, _LOUDER = 0.3, 0.03  # share of the way to a window that is below, above the noise known so far
_DOUBT: Final = 0.6  # of `near_db`: a turn that was so much weaker teaches nothing, it may have been somebody else's
_UP, _DOWN, _MOST_DOWN_DB = 0.6, 0.25, 3.0  # a wearer who gets louder is followed faster than one who gets quieter


class Nearness:
    """Feed it every `VoiceWindow` before the segmenter gets it; tell it which turns were certainly the wearer's."""

    def __init__(self, options: AttentionOptions) -> None:
        self._options = options
        self.wearer_dbfs = 0.0  # 90th percentile of the windows of their turns; 0 = not known yet
        self.noise_dbfs = 0.0  # of windows without a voice; 0 = not known yet
        self._heard: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)  # media time and level of voiced windows
        self._trusted_until_ns = 0
        self._last_ns = 0
        self._crowd = Crowd()
        self._quiet()

    def _quiet(self) -> None:
        self._run: deque[float] = deque(maxlen=_TESTS[-1][0])  # powers of the last voiced windows
        self._voice_ns = 0
        self._loud_ns = 0  # last loud window of a near voice
        self._peak_dbfs = 0.0  # loudest two windows of a near voice
        self._near = False

    @property
    def at_rest(self) -> bool:
        """Nothing is remembered but two levels: going on from those alone decides alike."""
        return self._voice_ns == 0 and self._last_ns >= self._trusted_until_ns and self._crowd.at_rest

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, wearer_dbfs=self.wearer_dbfs, noise_dbfs=self.noise_dbfs)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.wearer_dbfs, self.noise_dbfs = resumed.wearer_dbfs, resumed.noise_dbfs

    def trust(self, until_ns: int) -> None:
        """Everything counts up to this media time, and teaches anew: the wearer has tapped, or said the wake word."""
        self._trusted_until_ns = max(self._trusted_until_ns, until_ns)

    def forget(self) -> None:
        """Another microphone: what was learned says nothing about it."""
        self.wearer_dbfs = self.noise_dbfs = 0.0
        self._heard.clear()
        self._crowd.quiet()
        self._quiet()

    def stood_out(self) -> tuple[int, int] | None:
        """From when to when the near voice spoke, if it is over and others go on talking; else None."""
        return self._crowd.stood_out()

    def all_others(self) -> None:
        """What has gone on for so long without a pause was no wearer."""
        self._crowd.all_others()

    def feed(self, window: VoiceWindow) -> VoiceWindow:
        """The window as it is, or with probability 0 and no loud sample if the voice in it is a far one."""
        self._last_ns = max(self._last_ns, window.media_ns)
        voiced, level_dbfs = window.probability >= VOICED, self._over_noise(window.level_dbfs)
        if voiced:
            self._heard.append((window.media_ns, level_dbfs))
        elif window.probability < NO_VOICE:
            self._follow_noise(window.level_dbfs)
        if not self._options.near_db:
            return window
        if not self.wearer_dbfs or window.media_ns <= self._trusted_until_ns:
            crowd = self._in_the_crowd(window, voiced)
            if not self.wearer_dbfs:
                return crowd
        else:
            crowd = window
            self._crowd.quiet()
        if not voiced:
            if self._voice_ns and window.media_ns - self._voice_ns > GAP_NS:
                self._quiet()
            return window
        self._weigh(window.media_ns, level_dbfs)
        if window.media_ns <= self._trusted_until_ns:
            return crowd
        return window if self._near or self._may_be_near(level_dbfs) else _nobody(window)

    def _in_the_crowd(self, window: VoiceWindow, voiced: bool) -> VoiceWindow:
        if not voiced:
            self._crowd.silent(window.media_ns)
            return window
        return window if self._crowd.feed(window.media_ns, window.level_dbfs) else _nobody(window)

    def _follow_noise(self, level_dbfs: float) -> None:
        change = level_dbfs - self.noise_dbfs
        share = 1.0 if not self.noise_dbfs else _QUIETER if change < 0 else _LOUDER
        self.noise_dbfs = min(self.noise_dbfs + share * change, -0.1)

    def _over_noise(self, level_dbfs: float) -> float:
        """What of this level is not noise; -120 if nothing."""
        if not self.noise_dbfs:
            return level_dbfs
        power = 10.0 ** (level_dbfs / 10.0) - 10.0 ** (self.noise_dbfs / 10.0)
        return 10.0 * log10(max(power, 1e-12))

    def _weigh(self, media_ns: int, level_dbfs: float) -> None:
        self._voice_ns = max(1, media_ns)
        self._run.append(10.0 ** (level_dbfs / 10.0))
        if self._near:
            self._peak_dbfs = max(self._peak_dbfs, self._mean_dbfs(2))
            if level_dbfs >= min(self._peak_dbfs, self.wearer_dbfs) - _LOUD_DB:
                self._loud_ns = media_ns
            elif media_ns - self._loud_ns > HOLD_NS:
                self._near = False
                self._run.clear()
        elif self._sounds_near():
            self._near, self._loud_ns, self._peak_dbfs = True, media_ns, self._mean_dbfs(2)

    def _sounds_near(self) -> bool:
        tests = ((n, share) for n, share in _TESTS if len(self._run) >= n)
        return any(self._mean_dbfs(n) >= self.wearer_dbfs - share * self._options.near_db for n, share in tests)

    def _may_be_near(self, level_dbfs: float) -> bool:
        """One window alone starts nothing; if the next one makes the voice near, this one was its beginning."""
        return level_dbfs >= self.wearer_dbfs - _TESTS[0][1] * self._options.near_db

    def _mean_dbfs(self, n: int) -> float:
        last = list(self._run)[-n:]
        return 10.0 * log10(max(sum(last) / len(last), 1e-12))

    def learn(self, start_ns: int, end_ns: int) -> None:
        """The voice captured in [start_ns, end_ns] was certainly the wearer's."""
        levels = sorted(level for media_ns, level in self._heard if start_ns <= media_ns <= end_ns)
        if len(levels) < LEAST_WINDOWS:
            return
        level = min(levels[len(levels) * 9 // 10], -0.1)
        if not self.wearer_dbfs or start_ns <= self._trusted_until_ns:
            self.wearer_dbfs = level
            return
        change = level - self.wearer_dbfs
        if change < -_DOUBT * self._options.near_db:  # else one turn of the television would let in the next
            return
        self.wearer_dbfs += _UP * change if change > 0 else max(_DOWN * change, -_MOST_DOWN_DB)


def _nobody(window: VoiceWindow) -> VoiceWindow:
    return replace(window, probability=0.0, loud_ns=0)
