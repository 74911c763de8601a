"""Who says what, and where they pause: people as the facts describe them, drawn by a seed.

44 % of all turns have one pause in the middle, as long as people's are (`PAUSES`), at a word boundary of any kind,
sometimes behind an "um". The other 56 % are said in one breath.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.bench.turns import sentences
from tests.bench.turns.voices import Clip, Speaker, at_level, joined, said, speaker

PAUSING_SHARE = 0.44
FILLER_SHARE = 0.2  # of pauses: an "um" before it
# Of pauses inside an utterance, the share that is at least so long (seconds); measured on hand-labelled human speech.
PAUSES = ((0.15, 1.0), (0.3, 0.74), (0.5, 0.46), (0.7, 0.26), (1.0, 0.06), (1.5, 0.0))
SNRS_DB = (30.0, 20.0, 10.0, 5.0)
WEARER_DBFS = -26.0


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of a wearer. `kind`: "command" or "question"; `cut`: words before the pause, 0 = none."""

    text: str
    kind: str
    cut: int = 0
    pause_s: float = 0.0
    filler: str = ""

    def clip(self, who: Speaker, dbfs: float) -> Clip:
        """As this speaker says it."""
        if not self.cut:
            return at_level(said(self.text, who), dbfs)
        words = self.text.split()
        first = " ".join(words[: self.cut]) + (f" {self.filler}" if self.filler else "")
        parts = [at_level(said(part, who), dbfs) for part in (first, " ".join(words[self.cut :]))]
        return joined(parts, [self.pause_s])

    @property
    def before(self) -> str:
        """What was said when they paused."""
        words = self.text.split()[: self.cut]
        return " ".join([*words, *([self.filler] if self.filler else [])])


@dataclass(frozen=True, slots=True)
class Wearer:
    """One person in one place: a voice, how loud it comes in, the noise around them."""

    who: Speaker
    dbfs: float
    snr_db: float
    noise: str


def pause_s(random: np.random.Generator) -> float:
    """One pause, drawn from `PAUSES`, linear between its points."""
    left = float(random.random())
    for (short, more), (long, less) in itertools.pairwise(PAUSES):
        if less <= left <= more:
            return short + (long - short) * (more - left) / (more - less)
    raise AssertionError(left)


def filled(template: str, random: np.random.Generator) -> str:
    """The template with each slot drawn."""
    return re.sub(r"\{(\w+)\}", lambda slot: str(random.choice(sentences.SLOTS[slot[1]])), template)


def lines(kind: str, random: np.random.Generator) -> Iterator[Line]:
    """Turns without end: every template once in a drawn order, then again."""
    templates = sentences.COMMANDS if kind == "command" else sentences.QUESTIONS
    while True:
        for at in random.permutation(len(templates)):
            yield line(filled(templates[int(at)], random), kind, random)


def line(text: str, kind: str, random: np.random.Generator) -> Line:
    """These words, with a pause in them or without."""
    count = len(text.removesuffix(" please").split())  # nobody waits a second to say please
    if random.random() >= PAUSING_SHARE or count < 2:
        return Line(text, kind)
    filler = str(random.choice(("um", "uh"))) if random.random() < FILLER_SHARE else ""
    return Line(text, kind, int(random.integers(1, count)), pause_s(random), filler)


def wearer(index: int, random: np.random.Generator) -> Wearer:
    """The SNR goes round with the index; the rest is drawn."""
    return Wearer(
        speaker(random),
        WEARER_DBFS + float(random.uniform(-2, 2)),
        SNRS_DB[index % len(SNRS_DB)],
        str(random.choice(("pink", "street", "fan"))),
    )


def short(text: str, seconds: float, person: Wearer) -> Clip:
    """The text said in about that time, at the wearer's level."""
    who = person.who
    clip = said(text, who)
    for _ in range(3):
        rate = int(np.clip(who.rate_wpm * clip.seconds / seconds, 80, 450))
        who = Speaker(who.voice, rate, who.shift)
        clip = said(text, who)
    return at_level(clip, person.dbfs)


def chatter(kind: str, seconds: float, dbfs: float, random: np.random.Generator) -> Clip:
    """Other people ("talkers") or a television ("tv") for so long, as one clip with its words."""
    texts = sentences.OTHERS if kind == "talkers" else sentences.TELEVISION
    people = [speaker(random) for _ in range(2 if kind == "talkers" else 3)]
    parts: list[Clip] = []
    gaps: list[float] = []
    at = 0.0
    while at < seconds:
        clip = at_level(said(str(random.choice(texts)), people[int(random.integers(len(people)))]), dbfs)
        gap = float(random.uniform(0.2, 1.5) if kind == "talkers" else random.uniform(0.1, 0.7))
        parts.append(clip)
        gaps.append(gap)
        at += clip.seconds + gap
    return joined(parts, gaps[:-1])
