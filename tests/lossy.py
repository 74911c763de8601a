"""A scripted conversation over a link that can be cut, with the real playout and an ear that knows each word it got.

Every word's sound is a constant of its own, so what reached the ear can be read back word by word, however often it was
held, taken back and gone on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pipelines import events as ev
from pipelines.events import MS
from pipelines.speaking.playout import Mark, Playout
from tests.scripted import WINDOW_NS, ScriptedSession

TICK_NS = 20 * MS
TO_THE_EAR_NS = 80 * MS
LOST_AFTER_NS = 5_000 * MS
STEP = 100  # between the constants of two words
SHARE = 0.6  # of a word's sound has to be heard for the word to be understood
HZ = 48_000


@dataclass
class LossySession(ScriptedSession):
    """`cut` at a moment, `back` at another; in between nothing goes either way. `reports`: the device tells what it
    heard."""

    reports: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.up = True
        self.playout = Playout()
        self.words: list[str] = []
        self.got: list[tuple[int, int]] = []  # (moment, word) of each tick that reached the ear; -1: no word
        self._told_ns = 0
        self._play = self  # type: ignore[assignment]  # instead of the scripted player
        self._at(TICK_NS, self._tick)

    # -- the script

    def cut(self, at_ms: int) -> None:
        """From here on nothing arrives; the companion notices 5 s later, unless the device is back before."""

        def gone() -> None:
            self.up = False
            self._at(self.now_ns + LOST_AFTER_NS, self._missed)

        self._at(at_ms * MS, gone)

    def _missed(self) -> None:
        if not self.up:
            self.feed(self._link("lost", "nothing received for 5 s"))

    def _link(self, state: str, detail: str = "") -> ev.LinkChanged:
        resumed = state == "connected"
        return ev.LinkChanged(self.now_ns, state, True, True, self.world.greet, detail, resumed=resumed)

    def back(self, at_ms: int) -> None:
        """The device is here again, over a new connection; the companion may not have missed it yet."""

        def here() -> None:
            if self.state != "waiting":
                self.feed(self._link("lost", "over another connection"))
            self.up = True
            self.feed(self._link("connected"))

        self._at(at_ms * MS, here)

    def gone_for_good(self, at_ms: int) -> None:
        def end() -> None:
            self.feed(self._link("closed", "the device did not come back"))
            self.feed(ev.SessionEnded(self.now_ns, "the device did not come back"))

        self._at(at_ms * MS, end)

    # -- what reached the ear

    def heard(self, from_ms: int = 0) -> list[str]:
        """The words that could be understood, in order, from some moment on."""
        ids = [word for t_ns, word in self.got if t_ns >= from_ms * MS]
        least = SHARE * self.world.word_ms * MS / TICK_NS
        runs = [(word, len(list(run))) for word, run in groupby(i for i in ids if i >= 0)]
        return [self.words[word] for word, ticks in runs if ticks >= least]

    def heard_text(self, from_ms: int = 0) -> str:
        return " ".join(self.heard(from_ms))

    # -- in place of the player

    def add(self, d: ev.Speak) -> None:
        step = self.world.word_ms * MS
        words = tuple(ev.Word(w, i * step, (i + 1) * step) for i, w in enumerate(d.text.split()))
        samples = step * HZ // ev.NS
        for word in words:
            self.words.append(word.text)
            pcm = np.full(samples, STEP * len(self.words), np.int16)
            self.playout.add(d.utterance, d.chunk, pcm, False, (word,), d.first)
        self.feed(ev.ChunkVoiced(self.now_ns, d.utterance, d.chunk, len(words) * step, words))
        if d.last:
            self.playout.add(d.utterance, d.chunk, np.zeros(0, np.int16), True)

    def pause(self, on: bool) -> None:
        self.playout.pause(on)

    def stop(self, utterance: int) -> None:
        self.playout.stop(utterance)

    def _one(self, d: ev.Decision) -> None:
        match d:
            case ev.RewindPlay():
                self.playout.rewind(d.utterance, d.position_ns)
            case ev.Duck():
                self.playout.duck(d.on)
            case _:
                super()._one(d)

    def _window(self) -> None:
        if self.up:
            super()._window()
        else:
            self._at(self.now_ns + WINDOW_NS, self._window)

    def _tick(self) -> None:
        tick = self.playout.take()
        if self.up:
            value = int(np.median(tick.pcm)) if tick.pcm is not None else 0
            self.got.append((self.now_ns, value // STEP - 1 if value % STEP == 0 else -1))
            self._report(tick.utterance, tick.marks)
        for mark in tick.marks:
            self.feed(ev.PlayMark(self.now_ns, mark.utterance, mark.chunk, mark.mark, mark.position_ns))
        self._at(self.now_ns + TICK_NS, self._tick)

    def _report(self, utterance: int, marks: tuple[Mark, ...]) -> None:
        """As a device does: four times a second while it sounds, and at the end."""
        if not self.reports:
            return
        ended = [m for m in marks if m.mark in ("finished", "stopped")]
        if not ended and (not utterance or self.now_ns - self._told_ns < 250 * MS):
            return
        self._told_ns = self.now_ns
        entry = self.playout._queue.get(utterance)
        position_ns = ended[-1].position_ns if ended else entry.position_ns if entry else 0
        name, number = ("last", ended[-1].utterance) if ended else ("progress", utterance)

        def told() -> None:
            if self.up:
                self.feed(ev.HeardMark(self.now_ns, number, name, self.now_ns - TO_THE_EAR_NS, position_ns))

        self._at(self.now_ns + 2 * TO_THE_EAR_NS, told)
