"""What is heard next, 20 ms at a time: a queue of utterances that can be lowered, held and dropped without a click.

Pure: no clock, no thread. Whoever sends sound calls `take()` once for every 20 ms it sends; time here is the number of
samples that have left. Utterances play one after another in the order of their first `add`; the chunks of one follow
each other without a gap. With nothing cut and no gain, every sample that went in comes out once, unchanged.

::

    duck      gain 1 ──╲────────── -35 dB      5 ms of ramp, inside one tick
    pause     sound ───╲__ held __╱───         resumes at the start of the word it was in, at most 300 ms back
    stop      sound ───╲ gone                  5 ms of fade are the last that is heard of it
    rewind    ── said ── sent ╳                goes on at the word that the ear got last: the link was lost on the way
                     └──> ───╱──

A pause that begins while nothing sounds holds what comes next. A tick belongs to one utterance; where one ends inside
a tick the rest of the tick is silent.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.events import MS, NS, Word
from pipelines.speaking.resample import OUT_HZ, Pcm

TICK_SAMPLES = OUT_HZ // 50
RAMP_SAMPLES = OUT_HZ * 5 // 1000  # 5 ms: no click, and too short to hear as a fade
_CLOSED_KEPT = 256  # utterance numbers remembered after they ended, so that a late chunk is known as late


@dataclass(frozen=True, slots=True)
class PlayoutOptions:
    max_pending_s: float = 60.0  # sound queued per utterance: 5.8 MB; a longer answer is fed as it plays
    duck_db: float = -35.0  # the answer is as good as silent for the wearer's own voice and for echo
    resume_back_ms: int = 300  # at most this much is said again after a pause: about one word
    max_gain_db: float = 12.0  # louder than this is only distortion
    keep_s: float = 10.0  # played sound that one can go back in: the link is missed after 5 s


@dataclass(frozen=True, slots=True)
class Mark:
    """Something became audible, or ceased to be, in this tick. As `events.PlayMark`, without a time."""

    utterance: int
    chunk: int
    mark: str  # "started" (of a chunk), "finished" (of the utterance), "stopped", "paused", "resumed"
    position_ns: int


@dataclass(frozen=True, slots=True)
class Tick:
    """20 ms to send. `pcm`: (960,) int16 48 kHz mono, or None: silence. `utterance`: whose sound it is, 0 for none."""

    pcm: Pcm | None
    utterance: int = 0
    marks: tuple[Mark, ...] = ()


class PlayoutFull(RuntimeError):  # noqa: N818 - a state of the queue, not a fault
    """More sound than is allowed is waiting; nothing was added. Feed the utterance as `pending_ns` falls."""


class _Utterance:
    """One utterance's sound; positions are samples from its start."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pieces: deque[tuple[int, Pcm]] = deque()  # (position of its first sample, sound), without gaps
        self.chunks: deque[tuple[int, int]] = deque()  # (position, chunk) not yet begun
        self.word_starts: list[int] = []
        self.added = self.played = 0
        self.chunk, self.chunk_start = -1, 0
        self.begun: list[tuple[int, int]] = []  # (position, chunk) of those that can still be gone back to
        self.whole = False  # the last chunk is in
        self.held = False  # it sounded, and is silent until it is taken up again
        self.placed = False  # where it is taken up again is decided

    def add(self, chunk: int, pcm: Pcm, words: Iterable[Word]) -> None:
        newest = self.chunks[-1][1] if self.chunks else self.chunk
        if chunk != newest:
            self.chunks.append((self.added, chunk))
            self.chunk_start = self.added
        for word in words:
            self.word_starts.append(self.chunk_start + word.start_ns * OUT_HZ // NS)
        if len(pcm):
            self.pieces.append((self.added, np.asarray(pcm, dtype=np.int16)))
            self.added += len(pcm)

    def read(self, count: int) -> Pcm:
        """(n <= count,) int16 from where playing stands; does not move."""
        parts, at, left = [], self.played, count
        for start, pcm in self.pieces:
            if left == 0:
                break
            if start <= at < start + len(pcm):
                part = pcm[at - start : at - start + left]
                parts.append(part)
                at, left = at + len(part), left - len(part)
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def forget_before(self, position: int) -> None:
        while self.pieces and self.pieces[0][0] + len(self.pieces[0][1]) <= position:
            self.pieces.popleft()
        while len(self.begun) > 1 and self.begun[1][0] <= position:
            self.begun.pop(0)
        if len(self.word_starts) > 64:
            self.word_starts = [start for start in self.word_starts if start >= position]

    def go_to(self, position: int) -> None:
        """Play from the last word that begins at or before this position, as far back as there is sound."""
        oldest = self.pieces[0][0] if self.pieces else self.played
        begun = [start for start in self.word_starts if oldest <= start <= position]
        self.played = max(begun, default=min(max(position, oldest), self.played))
        self.chunk = next((chunk for start, chunk in reversed(self.begun) if start <= self.played), self.chunk)
        self.held = self.placed = True

    @property
    def position_ns(self) -> int:
        return self.played * NS // OUT_HZ


class Playout:
    """See the file's docstring. Counted: `dropped_samples`, sound that came for an utterance already over; `refused`,
    times that PlayoutFull was raised; `underruns`, ticks in which an unfinished utterance, once begun, had no sound."""

    def __init__(self, options: PlayoutOptions = PlayoutOptions()) -> None:
        self.options = options
        self.dropped_samples = self.refused = self.underruns = 0
        self._queue: OrderedDict[int, _Utterance] = OrderedDict()
        self._closed: OrderedDict[int, str] = OrderedDict()
        self._marks: list[Mark] = []
        self._fading: _Utterance | None = None  # stopped while it sounded: owes 5 ms
        self._last: _Utterance | None = None  # finished last: one may go back in it
        self._paused = False
        self._ducked = False
        self._gain_db = 0.0
        self._gain = 1.0  # of the last sample that left

    # ----------------------------------------------------------------------------------------------------- filling

    def add(
        self, utterance: int, chunk: int, pcm: Pcm, last: bool, words: Iterable[Word] = (), first: bool = False
    ) -> None:
        """Queue sound, (n,) int16 48 kHz mono, n may be 0. A chunk may come in several pieces; `last`: the utterance is
        whole with this. `words`: offsets in the chunk, used for going back after a pause. `first`: it is played before
        all that waits, or is held. Sound for an utterance that is over is dropped. Raises PlayoutFull, and ValueError
        for sound after the last."""
        if utterance in self._closed:
            self.dropped_samples += len(pcm)
            return
        entry = self._queue.get(utterance)
        pending = (entry.added - entry.played if entry else 0) + len(pcm)
        if pending > self.options.max_pending_s * OUT_HZ:
            self.refused += 1
            raise PlayoutFull(
                f"utterance {utterance} would have {pending / OUT_HZ:.1f} s waiting, "
                f"{self.options.max_pending_s:.0f} s are allowed: add it in chunks as pending_ns() falls"
            )
        if entry is None:
            if first and (head := self._head()) is not None:
                head.held = head.played > 0
            entry = self._queue[utterance] = _Utterance(utterance)
            if first:
                self._queue.move_to_end(utterance, last=False)
        if entry.whole:
            raise ValueError(f"utterance {utterance}: chunk {chunk} comes after the last one")
        entry.add(chunk, pcm, words)
        entry.whole = last

    def pending_ns(self, utterance: int) -> int:
        """Sound of this utterance that waits to be played."""
        entry = self._queue.get(utterance)
        return (entry.added - entry.played) * NS // OUT_HZ if entry else 0

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing owes a fade."""
        return not self._queue and self._fading is None

    @property
    def current(self) -> int:
        """The utterance that is playing or next, 0 for none."""
        return next(iter(self._queue), 0)

    # ------------------------------------------------------------------------------------------------------- orders

    def duck(self, on: bool) -> None:
        self._ducked = on

    @property
    def gain_db(self) -> float:
        """Master loudness; limited to `max_gain_db`. Above 0 dB peaks are bent, never clipped."""
        return self._gain_db

    @gain_db.setter
    def gain_db(self, value: float) -> None:
        self._gain_db = min(value, self.options.max_gain_db)

    def pause(self, on: bool) -> None:
        """Hold where it is, or go on; the marks come with the ticks that do it."""
        self._paused = on

    def rewind(self, utterance: int, position_ns: int) -> None:
        """Go back in this utterance, also if it is the one that was finished last, to the last word that begins at or
        before the position: from there it plays when it plays again. `keep_s` at most; nothing if it is long over."""
        entry = self._queue.get(utterance)
        if entry is None and self._last is not None and self._last.number == utterance:
            entry, self._last = self._last, None
            self._closed.pop(utterance, None)
            self._queue[utterance] = entry
            self._queue.move_to_end(utterance, last=False)
        if entry is not None and entry.played:
            entry.go_to(min(position_ns * OUT_HZ // NS, entry.played))

    def stop(self, utterance: int) -> None:
        """Drop what is left of it; sound that still comes for it is dropped too. Its "stopped" mark comes with the next
        tick, also if it never began; an utterance that is over already gets none."""
        if utterance in self._closed:
            return
        current = utterance == self.current
        entry = self._queue.pop(utterance, None) or _Utterance(utterance)
        sounding = current and not entry.held
        self._close(utterance, "stopped")
        if sounding and 0 < entry.played < entry.added:
            self._fading = entry
            return
        self._marks.append(Mark(utterance, max(entry.chunk, 0), "stopped", entry.position_ns))

    # ------------------------------------------------------------------------------------------------------- playing

    def take(self) -> Tick:
        """The next 20 ms."""
        if self._fading is not None:
            entry, self._fading = self._fading, None
            pcm = self._fade_out(entry)
            return Tick(
                pcm, entry.number, self._taken_marks(Mark(entry.number, entry.chunk, "stopped", entry.position_ns))
            )
        entry_or_none = self._head()
        if entry_or_none is None:
            self._gain = self._target()
            return Tick(None, 0, self._taken_marks())
        if self._paused:
            return self._held(entry_or_none)
        return self._played(entry_or_none)

    def _held(self, entry: _Utterance) -> Tick:
        if entry.held or entry.played == 0:
            return Tick(None, 0, self._taken_marks())
        entry.held = True
        pcm = self._fade_out(entry) if entry.played < entry.added else None
        paused = Mark(entry.number, entry.chunk, "paused", entry.position_ns)
        return Tick(pcm, entry.number if pcm is not None else 0, self._taken_marks(paused))

    def _played(self, entry: _Utterance) -> Tick:
        if entry.held:
            self._take_up(entry)
        pcm = entry.read(TICK_SAMPLES)
        count = len(pcm)
        end = entry.played + count
        ends = entry.whole and end == entry.added
        while entry.chunks and (entry.chunks[0][0] < end or ends):
            start, entry.chunk = entry.chunks.popleft()
            entry.begun.append((start, entry.chunk))
            self._marks.append(Mark(entry.number, entry.chunk, "started", start * NS // OUT_HZ))
        entry.played = end
        entry.forget_before(end - self._kept_samples())
        if ends:
            self._marks.append(Mark(entry.number, max(entry.chunk, 0), "finished", entry.position_ns))
            del self._queue[entry.number]
            self._close(entry.number, "finished")
            self._last = entry
        elif count == 0 and entry.played:
            self.underruns += 1
        if count == 0:
            return Tick(None, 0, self._taken_marks())
        return Tick(self._shaped(pcm, self._target()), entry.number, self._taken_marks())

    # ------------------------------------------------------------------------------------------------------ mechanics

    def _head(self) -> _Utterance | None:
        return next(iter(self._queue.values()), None)

    def _close(self, utterance: int, how: str) -> None:
        self._closed[utterance] = how
        while len(self._closed) > _CLOSED_KEPT:
            self._closed.popitem(last=False)

    def _taken_marks(self, *more: Mark) -> tuple[Mark, ...]:
        marks = (*self._marks, *more)
        self._marks.clear()
        return marks

    def _back_samples(self) -> int:
        return self.options.resume_back_ms * MS * OUT_HZ // NS

    def _kept_samples(self) -> int:
        return max(self._back_samples(), round(self.options.keep_s * OUT_HZ))

    def _take_up(self, entry: _Utterance) -> None:
        """Sound again, from a word's beginning, fading in."""
        if not entry.placed:
            entry.played = self._resume_at(entry)
        entry.held = entry.placed = False
        self._gain = 0.0
        self._marks.append(Mark(entry.number, max(entry.chunk, 0), "resumed", entry.position_ns))

    def _resume_at(self, entry: _Utterance) -> int:
        earliest = max(0, entry.played - self._back_samples())
        begun = [start for start in entry.word_starts if earliest <= start <= entry.played]
        return max(begun, default=earliest)

    def _target(self) -> float:
        return float(10 ** ((self._gain_db + (self.options.duck_db if self._ducked else 0.0)) / 20))

    def _fade_out(self, entry: _Utterance) -> Pcm:
        pcm = entry.read(RAMP_SAMPLES)
        entry.played += len(pcm)
        out = self._shaped(pcm, 0.0)
        self._gain = self._target()  # a new utterance begins at full loudness; a resumed one fades in
        return out

    def _shaped(self, pcm: Pcm, target: float) -> Pcm:
        """(n <= 960,) -> (960,) int16: gain with its ramp, peaks bent below full scale, filled up with silence."""
        out = np.zeros(TICK_SAMPLES, np.int16)
        if self._gain == target == 1.0:
            out[: len(pcm)] = pcm
            return out
        gains = np.full(len(pcm), target)
        ramp = min(RAMP_SAMPLES, len(pcm))
        gains[:ramp] = np.linspace(self._gain, target, ramp + 1)[1:]
        sound = pcm / 32768.0 * gains
        out[: len(pcm)] = np.round(_bent(sound) * 32767 if max(self._gain, target) > 1.0 else sound * 32768)
        self._gain = target
        return out


def _bent(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Straight up to 0.8 of full scale, then a tanh that never reaches it: loud, not clipped."""
    size = np.abs(sound)
    bent: NDArray[np.float64] = np.where(size <= 0.8, sound, np.sign(sound) * (0.8 + 0.2 * np.tanh((size - 0.8) / 0.2)))
    return bent
