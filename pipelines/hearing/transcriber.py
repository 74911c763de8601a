"""From sound to words: faster-whisper, with a window as long as the utterance instead of 30 s.

The one idea, the *dynamic window*: faster-whisper pads every utterance's features with zeros to 3000 frames (30 s)
before encoding, though the encoder (CTranslate2) takes any length up to that; for a three second command nine tenths of
the work go into zeros. `WhisperModel.encode` is the public step between padding and encoding, so `use_dynamic_window`
wraps it *on our one instance*: it cuts the trailing zeros back to the window we want. Nothing of the library is
patched, no lock is needed, and other users of faster-whisper in the process see no difference.
tests/test_hearing.py holds what this rests on: that decoding goes through `encode`, with zero padding at the end.

How short it may be depends on the weights. Stock ones were trained on 30 s and lose words below about 10 s, so they
get at least 1000 frames and 2 s of margin. Ours (a folder with gate.json) is trained on the utterance and 1 s of zeros:
what training/evaluate.py measures is this very call.

Nothing is invented: sound without voice never reaches the model, and what it gives must pass its gate (`gate.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.events import Word
from pipelines.hearing.gate import (
    NO_SPEECH,
    ClosedGate,
    Evidence,
    Gate,
    StockGate,
    Thresholds,
    parse_phrases,
    plain_text,
)
from pipelines.hearing.voice_activity import NS_PER_SAMPLE, SAMPLE_RATE_HZ, WINDOW_NS, WINDOW_SAMPLES, SileroModel

NS = 1_000_000_000
FRAMES_PER_SECOND = 100  # Whisper's features: one frame each 10 ms
FULL_FRAMES = 3000
NEEDED_FILES = ("config.json", "model.bin", "tokenizer.json")
VOCABULARY_FILES = ("vocabulary.json", "vocabulary.txt")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """How many frames the encoder is given for an utterance of so many."""

    floor_frames: int
    margin_frames: int

    def frames(self, spoken: int) -> int:
        return min(FULL_FRAMES, max(self.floor_frames, spoken + self.margin_frames))


STOCK_WINDOW = Window(floor_frames=1000, margin_frames=200)


@dataclass(frozen=True, slots=True)
class HearingOptions:
    voice: float = 0.5  # a 32 ms window at or above is voiced
    minimum_voiced_ms: int = 96  # less voice than that in the whole clip: nobody spoke
    closed_tokens: int = 24  # a token a word, and no phrase is that long
    command_tokens: int = 40  # stock weights: a command has 15; the bound stops a decoder that is stuck …
    tokens_per_second: int = 8  # … and grows with longer speech, which has 5 or 6
    # A closed model was trained with at most this much around the words, so what is more is cut off.
    lead_ms: int = 500
    tail_ms: int = 400


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in one clip. `words`: times in ns from the clip's first sample. `why`: "" if accepted."""

    text: str
    words: tuple[Word, ...]
    accepted: bool
    why: str
    avg_logprob: float = 0.0
    no_speech: float = 0.0


class Transcriber:
    """One loaded model. Call it from one thread at a time; it keeps nothing between calls."""

    def __init__(self, name: str, model: Any, gate: Gate, voice: SileroModel, options: HearingOptions | None = None):
        self.name = name
        self.closed_vocabulary = isinstance(gate, ClosedGate)
        self._model = model
        self._gate = gate
        self._voice = voice
        self._options = options or HearingOptions()
        limits = gate.thresholds if isinstance(gate, ClosedGate) else None
        window = Window(limits.window_min_frames, limits.window_tail_frames) if limits else STOCK_WINDOW
        use_dynamic_window(model, window)

    @staticmethod
    def load(folder: Path, threads: int = 1) -> Transcriber:
        """Load a CTranslate2 Whisper folder. Raises FileNotFoundError naming what is missing, ValueError on a bad gate.

        One thread: with the dynamic window a second one gains little, and a core stays free for sound.
        """
        check_folder(folder)
        gate = load_gate(folder)
        from faster_whisper import WhisperModel  # half a second to import, so not before a model is wanted

        model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
        return Transcriber(folder.name, model, gate, SileroModel.load())

    def transcribe(self, pcm: Floats) -> Hearing:
        """`pcm`: (n,) float32 in [-1, 1], 16 kHz mono."""
        if pcm.dtype != np.float32 or pcm.ndim != 1:
            raise ValueError(f"the transcriber wants (n,) float32 at 16 kHz, got {pcm.shape} {pcm.dtype}")
        voiced = np.flatnonzero(self._voice.probabilities(pcm) >= self._options.voice)
        if len(voiced) * WINDOW_NS < self._options.minimum_voiced_ms * 1_000_000:
            return Hearing("", (), False, f"{NO_SPEECH} ({len(voiced) * WINDOW_NS // 1_000_000} ms of voice)")
        heard = pcm[self._around(voiced)] if self.closed_vocabulary else pcm
        segments = self._decode(heard)
        text = " ".join(segment.text.strip() for segment in segments)
        text = plain_text(text) if self.closed_vocabulary else text
        tokens = sum(len(segment.tokens) for segment in segments)
        avg_logprob = sum(float(s.avg_logprob) * len(s.tokens) for s in segments) / tokens if tokens else 0.0
        no_speech = max((float(s.no_speech_prob) for s in segments), default=0.0)
        why = self._gate.judge(Evidence(text, avg_logprob, no_speech, len(heard) / SAMPLE_RATE_HZ))
        if self.closed_vocabulary:
            words = spread_words(text, voiced, math.exp(min(0.0, avg_logprob)))
        else:
            words = _timed_words(segments, len(pcm))
        return Hearing(text, words, not why, why, avg_logprob, no_speech)

    def _decode(self, pcm: Floats) -> list[Any]:
        """faster-whisper's segments. One pass: fixed language, greedy, no second try, no memory of what was before."""
        segments, _ = self._model.transcribe(
            pcm,
            language="en",
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            max_new_tokens=self._most_tokens(len(pcm)),
            # Ours has no timestamp tokens, and its attention says little about time: `spread_words` does instead.
            without_timestamps=self.closed_vocabulary,
            word_timestamps=not self.closed_vocabulary,
            # Stock weights never write ♪ or brackets; ours has no such tokens, and its "?" must be free to come.
            suppress_tokens=[] if self.closed_vocabulary else [-1],
            # The gate decides, and says why; left to itself the library drops the segment and its figures.
            no_speech_threshold=None,
            log_prob_threshold=None,
            compression_ratio_threshold=None,
        )
        return list(segments)

    def _around(self, voiced: NDArray[np.intp]) -> slice:
        """The voiced part of a clip with the silence around it that training had."""
        lead, tail = self._options.lead_ms * SAMPLE_RATE_HZ // 1000, self._options.tail_ms * SAMPLE_RATE_HZ // 1000
        first, last = int(voiced[0]) * WINDOW_SAMPLES, (int(voiced[-1]) + 1) * WINDOW_SAMPLES
        return slice(max(0, first - lead), last + tail)

    def _most_tokens(self, samples: int) -> int:
        if self.closed_vocabulary:
            return self._options.closed_tokens
        seconds = min(samples / SAMPLE_RATE_HZ, FULL_FRAMES / FRAMES_PER_SECOND)
        return max(self._options.command_tokens, round(seconds * self._options.tokens_per_second))


def use_dynamic_window(model: Any, window: Window) -> None:
    """Make this `WhisperModel` encode no more than `window` asks for. See the file's docstring."""
    encode: Callable[[Floats], Any] = model.encode

    def encode_window(features: Floats) -> Any:
        return encode(features[..., : window.frames(spoken_frames(features))])

    model.encode = encode_window


def spoken_frames(features: Floats) -> int:
    """Frames before the zero padding. `features`: (mels, frames). Real sound is never zero in all mels: digital silence
    is -1.5 on Whisper's scale."""
    filled = np.flatnonzero(features.any(axis=0))
    return int(filled[-1]) + 1 if len(filled) else 0


def spread_words(text: str, voiced: NDArray[np.intp], probability: float) -> tuple[Word, ...]:
    """Words laid over the voiced windows, each as long as its share of the letters; pauses take no share.

    A guess, and marked as one: all words carry the utterance's own probability. `voiced`: indices of 32 ms windows.
    """
    said = text.split()
    if not said or not len(voiced):
        return ()
    shares = np.cumsum([0, *(len(word) + 1 for word in said)])
    bounds = shares * (len(voiced) / shares[-1])  # in voiced windows

    def time_ns(bound: float, is_end: bool) -> int:
        index = min(len(voiced) - 1, max(0, math.ceil(bound) - 1 if is_end else math.floor(bound)))
        return round((float(voiced[index]) + bound - index) * WINDOW_NS)

    return tuple(
        Word(word, time_ns(float(start), False), time_ns(float(end), True), probability)
        for word, start, end in zip(said, bounds[:-1], bounds[1:], strict=True)
    )


def _timed_words(segments: Iterable[Any], samples: int) -> tuple[Word, ...]:
    """faster-whisper's word times, kept inside the clip."""
    longest_ns = samples * NS_PER_SAMPLE

    def inside(seconds: float) -> int:
        return min(longest_ns, max(0, round(float(seconds) * NS)))

    return tuple(
        Word(word.word.strip(), inside(word.start), inside(word.end), float(word.probability))
        for segment in segments
        for word in segment.words or ()
        if word.word.strip()
    )


def missing_files(folder: Path) -> tuple[str, ...]:
    """What a CTranslate2 Whisper folder needs and this one lacks. tokenizer.json too: without it the library would go
    looking on the network."""
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARY_FILES):
        missing.append(" or ".join(VOCABULARY_FILES))
    # Without its gate our own model would pass for a general one, and be believed.
    if folder == embedded_folder() and not (folder / "gate.json").is_file():
        missing.append("gate.json")
    return tuple(missing)


def check_folder(folder: Path) -> None:
    """Raise FileNotFoundError, saying what is wrong with `folder` and what to do."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no speech model folder {folder}; get one: companion models pull base.en")
    missing = missing_files(folder)
    if missing:
        raise FileNotFoundError(
            f"{folder} is not a whole speech model, missing: {', '.join(missing)}; "
            "it must be a Whisper model converted for CTranslate2 (companion models pull base.en gets one)"
        )


def load_gate(folder: Path) -> Gate:
    """A folder with gate.json is a closed vocabulary: its own phrases.txt, or the one beside this file."""
    rule = folder / "gate.json"
    if not rule.is_file():
        return StockGate()
    own, shipped = folder / "phrases.txt", Path(__file__).with_name("phrases.txt")
    phrases = parse_phrases((own if own.is_file() else shipped).read_text(encoding="utf-8"))
    return ClosedGate(phrases, Thresholds.from_json(rule.read_text(encoding="utf-8")))


def embedded_folder() -> Path:
    """Our own tiny model for the demo's phrases, inside the package."""
    return Path(__file__).with_name("embedded")
