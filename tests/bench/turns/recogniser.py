"""The scripted recogniser: it knows what was said, and hears it as a good recogniser would, errors, cost and all.

It is given a stretch of the session's sound, as the real one is, and returns the words whose sound lies inside. Word
times are off by up to 80 ms, one word in twenty is wrong, and the answer costs what base.en costs with its window cut
to the utterance, measured on two cores. Noise, silence and coughs hold no words, and are refused.

Where two speak at once the louder one is heard. The companion's own words are in the sound where an echo of them is:
the recogniser looks how loud the sound that it was given really is there, so what was cancelled is not heard. Where
somebody else sounds at the same time it cannot tell, and takes the echo for cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.events import MS, NS, Word
from pipelines.hearing.transcriber import Hearing
from tests.bench.turns.voices import RATE_HZ, Sound

JITTER_MS = 80
WRONG_SHARE = 0.05
COST_MS = (89.0, 143.0)
INSIDE = 0.6  # of a word's sound: less of it is not recognised
DROWNED_DB = 6.0  # a voice so much weaker than another at the same time is not heard
NEAR = {  # what is heard instead of some words; others lose their last sound
    "the": "a", "a": "the", "this": "these", "is": "its", "what": "that", "to": "two", "for": "four", "on": "in",
    "in": "and", "of": "a", "and": "in", "my": "by", "me": "be", "it": "at", "stop": "shop", "mm-hm": "mhm",
    "uh-huh": "uh", "how": "now", "read": "red", "right": "write", "that": "at", "set": "said",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A word that is in the sound. `dbfs`: how loud whoever said it was; `who`: "wearer", "other" or "own"."""

    text: str
    start_ns: int
    end_ns: int
    dbfs: float
    who: str = "wearer"


class ScriptedRecogniser:
    """Stands where `pipelines.hearing.transcriber.Transcriber` does. `asked`, before each call: which sound it is."""

    name = "scripted"
    closed_vocabulary = False

    def __init__(self, random: np.random.Generator) -> None:
        self.words: list[Heard] = []
        self.sounding: list[tuple[int, int]] = []  # (start, end) in ns of what sounds beside our own voice
        self.played: Callable[[int, int], bool] = lambda start_ns, end_ns: True  # did our own voice sound then?
        self._random = random
        self._start_ns = self._end_ns = 0
        self.misheard: list[tuple[int, int]] = []  # true (start, end) of words that were given wrongly, in ns

    def asked(self, start_ns: int, end_ns: int) -> None:
        self._start_ns, self._end_ns = start_ns, end_ns

    def cost_ms(self) -> float:
        return float(self._random.uniform(*COST_MS))

    def transcribe(self, sound: Sound) -> Hearing:
        """`sound`: (n,) float32, 16 kHz: what was captured in the time `asked` for."""
        inside = [w for w in self.words if self._share(w) >= INSIDE]
        said = [w for w in inside if not self._drowned(w, inside) and (w.who != "own" or self._audible(w, sound))]
        words: list[Word] = []
        for word in sorted(said, key=lambda w: w.start_ns):
            text = self._as_heard(word)
            start_ns, end_ns = (max(0, t - self._start_ns + self._jitter_ns()) for t in (word.start_ns, word.end_ns))
            if text:
                words.append(Word(text, start_ns, max(start_ns, end_ns), 0.9))
        if not words:
            return Hearing("", (), False, "no speech", -1.0, 0.9)
        return Hearing(" ".join(w.text for w in words), tuple(words), True, "", -0.2, 0.01)

    def _share(self, word: Heard) -> float:
        inside_ns = min(word.end_ns, self._end_ns) - max(word.start_ns, self._start_ns)
        return inside_ns / max(1, word.end_ns - word.start_ns)

    def _drowned(self, word: Heard, among: list[Heard]) -> bool:
        return any(
            other.dbfs >= word.dbfs + DROWNED_DB and other.start_ns < word.end_ns and other.end_ns > word.start_ns
            for other in among
        )

    def _audible(self, word: Heard, sound: Sound) -> bool:
        if any(start < word.end_ns and end > word.start_ns for start, end in self.sounding):
            return False
        if not self.played(word.start_ns, word.end_ns):
            return False  # it would have been next when the answer was taken back
        first = max(0, (word.start_ns - self._start_ns) * RATE_HZ // NS)
        piece = sound[first : max(first + 1, (word.end_ns - self._start_ns) * RATE_HZ // NS)]
        return len(piece) > 0 and 10 * np.log10(float(np.mean(piece**2)) + 1e-12) >= word.dbfs - 12.0

    def _as_heard(self, word: Heard) -> str:
        if self._random.random() >= WRONG_SHARE:
            return word.text
        self.misheard.append((word.start_ns, word.end_ns))
        kind = self._random.random()
        if kind < 0.2:
            return ""
        return NEAR.get(word.text, word.text[:-1] or "uh")

    def _jitter_ns(self) -> int:
        return int(self._random.integers(-JITTER_MS, JITTER_MS + 1)) * MS
