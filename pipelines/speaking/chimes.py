"""Earcons on their way to the ear: laid over whatever is being said, at once, in nobody's position.

An earcon that waited its turn among the answers would come after the answer that it tells of. So it is mixed into the
20 ms that leave next; nothing is held back for it, and what was heard of an answer is counted as if it were not there.
Pure, like the playout: time is the number of samples that have left.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from pipelines.speaking.playout import TICK_SAMPLES, Tick
from pipelines.speaking.resample import Pcm

MOST = 4  # waiting behind each other; more would be a tune


class Chimes:
    """One after another, each whole."""

    def __init__(self) -> None:
        self._waiting: deque[Pcm] = deque()
        self._at = 0  # samples of the first that have left

    @property
    def idle(self) -> bool:
        return not self._waiting

    def add(self, pcm: Pcm) -> None:
        """(n,) int16, 48 kHz mono. One too many is left out."""
        if len(self._waiting) < MOST and len(pcm):
            self._waiting.append(pcm)

    def over(self, tick: Tick, gain_db: float = 0.0) -> Tick:
        """The same 20 ms with the sound in it that is due; silence that gets one is still nobody's."""
        if not self._waiting:
            return tick
        sound = np.zeros(TICK_SAMPLES)
        piece = self._waiting[0][self._at : self._at + TICK_SAMPLES]
        sound[: len(piece)] = piece * 10.0 ** (min(gain_db, 0.0) / 20)
        self._at += len(piece)
        if self._at >= len(self._waiting[0]):
            self._waiting.popleft()
            self._at = 0
        if tick.pcm is not None:
            sound[: len(tick.pcm)] += tick.pcm
        pcm: Pcm = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
        return replace(tick, pcm=pcm, utterance=tick.utterance if tick.pcm is not None else 0)
