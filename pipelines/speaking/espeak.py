"""libespeak-ng in this process: the first sound in a few milliseconds, the engine's own word times, an abort at once.

The library comes with `espeakng-loader` (GPL-3.0, hence the extra `espeak`); nothing else has to be installed.

It is one big global, so this file keeps one `_Library` per process with one lock, and sets callback, voice and rate
anew for every call. It is driven in its synchronous mode: `espeak_Synth` calls back every 60 ms of sound and returns
when the text is spoken, a thousand times faster than it plays. A sentence is therefore synthesised in one go (1-7 ms)
under the lock, and only then resampled and handed out block by block: no thread, and no lock held across a `yield`.
Long texts go sentence by sentence, so that the first block never waits for more than the first sentence.

Text is only ever read: the flags carry neither SSML (0x10) nor phonemes (0x100), and `for_engine` removes the control
characters by which espeak takes orders inside a text.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.events import Word
from pipelines.speaking.clauses import ClauseChunker, ClauseOptions
from pipelines.speaking.resample import Pcm, To48k
from pipelines.speaking.voice import (
    Rendered,
    VoiceError,
    for_engine,
    pause_after_ms,
    rate_within_limits,
    samples_ns,
    trim,
)

BLOCK_MS = 60
_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS of speak_lib.h
_CHARS_UTF8 = 1
_RATE = 1  # espeakRATE
_WORD = 1  # espeakEVENT_WORD
_SEED = 1  # of its breath and flutter, which it would draw from the time of day
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class EspeakOptions:
    voice: str = "en-us"  # of the accents it knows, the one that recognisers and non-native ears follow best


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Library:
    """The library, loaded and started. Use only under `_LOCK`."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise VoiceError(
                "the voice 'espeak' needs its extra: pip install 'earshot-companion[espeak]' (GPL-3.0)"
            ) from error
        try:
            self._c = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise VoiceError(f"libespeak-ng does not load here ({error}): reinstall espeakng-loader") from error
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = int(self._c.espeak_Initialize(_SYNCHRONOUS, BLOCK_MS, data, 0))
        if self.rate_hz <= 0:
            raise VoiceError(f"libespeak-ng did not start with its data at {data.decode()}: reinstall espeakng-loader")
        self._seed: Callable[[int], object] = getattr(self._c, "espeak_ng_SetRandSeed", id)  # older ones have none
        self._callback = _Callback(self._on_block)  # kept: the library holds only its address
        self._cancelled: Callable[[], bool] = bool
        self._error: BaseException | None = None
        self._blocks: list[Pcm] = []
        self._starts: list[tuple[int, int]] = []

    def speak(
        self, text: str, voice: str, rate_wpm: int, cancelled: Callable[[], bool]
    ) -> tuple[Pcm, list[tuple[int, int]]]:
        """(n,) int16 at `rate_hz`, and (character, sample) for each start of a word. Stops early when cancelled."""
        self._blocks, self._starts, self._cancelled, self._error = [], [], cancelled, None
        self._c.espeak_SetSynthCallback(self._callback)
        if self._c.espeak_SetVoiceByName(voice.encode()) != 0:
            raise VoiceError(f"espeak-ng has no voice {voice!r}: 'en-us', 'en-gb-x-rp' and 'de' are some that it has")
        self._c.espeak_SetParameter(_RATE, rate_wpm, 0)
        self._seed(_SEED)
        raw = text.encode("utf-8", "replace")
        self._c.espeak_Synth(raw, ctypes.c_size_t(len(raw) + 1), 0, 1, 0, _CHARS_UTF8, None, None)
        self._c.espeak_Synchronize()  # nothing to wait for, unless somebody else in this process started it otherwise
        if self._error is not None:
            raise self._error
        return (np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)), self._starts

    def _on_block(self, samples: Any, count: int, events: Any) -> int:
        """Called by the library every 60 ms of sound; 1 = abort. An error cannot cross C, so it is kept for `speak`."""
        try:
            if samples and count > 0:
                self._blocks.append(np.ctypeslib.as_array(samples, (count,)).astype(np.int16))
            i = 0
            while events[i].type:
                if events[i].type == _WORD:
                    self._starts.append((events[i].text_position - 1, events[i].sample))
                i += 1
            return 1 if self._cancelled() else 0
        except BaseException as error:
            self._error = error
            return 1


@functools.cache
def _library() -> _Library:
    return _Library()


class EspeakVoice:
    """The voice "espeak". Any number of these share the one library; safe to use from several threads."""

    name = "espeak"

    def __init__(self, options: EspeakOptions = EspeakOptions()) -> None:
        self._options = options
        with _LOCK:
            _library()

    def render(self, text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
        """See `Voice.render`. Blocks of 60 ms, the first within 20 ms of speech's start."""
        base_ns = 0
        sentences = ClauseChunker(ClauseOptions(first_clause=False))
        safe = for_engine(text)
        for piece in sentences.feed(safe) + sentences.finish():
            if cancelled():
                return
            with _LOCK:
                library = _library()
                rate_hz = library.rate_hz
                pcm, starts = library.speak(piece, self._options.voice, rate_within_limits(rate_wpm), cancelled)
            pcm, cut, voiced = trim(pcm, rate_hz, pause_after_ms(piece))
            words = _words(piece, [(char, max(0, sample - cut)) for char, sample in starts], voiced, rate_hz, base_ns)
            length = 0
            for block in _blocks(pcm, rate_hz, words, base_ns):
                if cancelled():
                    return
                length += len(block.pcm)
                yield block
            base_ns += samples_ns(length)


def _blocks(pcm: Pcm, rate_hz: int, words: tuple[Word, ...], base_ns: int) -> Iterator[Rendered]:
    """The piece in 48 kHz blocks, each with the words that end in it."""
    resampler, size = To48k(rate_hz), rate_hz * BLOCK_MS // 1000
    given = sent = 0
    for at in range(0, len(pcm), size):
        out = resampler.feed(pcm[at : at + size])
        last = at + size >= len(pcm)
        if last:
            out = np.concatenate([out, resampler.finish()])
        sent += len(out)
        end_ns = base_ns + samples_ns(sent)
        upto = len(words) if last else sum(word.end_ns <= end_ns for word in words)
        yield Rendered(out, words[given:upto])
        given = upto


def _words(text: str, starts: list[tuple[int, int]], voiced: int, rate_hz: int, base_ns: int) -> tuple[Word, ...]:
    """One Word for each token of `text`. The library reports starts by character: a token begins at the first report
    that falls into it. Tokens without one (it speaks "on the" in one go, and a dash not at all) share the time of the
    report before them by their length in letters."""
    tokens = [(m.start(), m.end(), m.group()) for m in re.finditer(r"\S+", text)]
    if not tokens:
        return ()
    begins: dict[int, int] = {0: 0}
    for char, sample in sorted(starts):
        index = sum(start <= char for start, _, _ in tokens) - 1
        if index > 0 and sample >= max(begins.values()):
            begins.setdefault(index, min(sample, voiced))
    marks = [*sorted(begins.items()), (len(tokens), voiced)]
    words: list[Word] = []
    for (first, start), (after, end) in itertools.pairwise(marks):
        group = [token for _, _, token in tokens[first:after]]
        weights = [sum(map(str.isalnum, token)) for token in group]
        total, done = max(1, sum(weights)), 0
        for token, weight in zip(group, weights, strict=True):
            word_start = start + (end - start) * done // total
            done += weight
            word_end = start + (end - start) * done // total
            words.append(
                Word(token, base_ns + samples_ns(word_start, rate_hz), base_ns + samples_ns(word_end, rate_hz))
            )
    return tuple(words)
