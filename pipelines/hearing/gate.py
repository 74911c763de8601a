"""May these words be believed? Pure checks on what a recogniser gave, by two rules.

* `ClosedGate`, for a model that knows only a list of phrases. Such a model completes whatever it hears to something it
  knows, with confidence, so confidence alone proves nothing: the text must be exactly one phrase *and* every threshold
  of the model's own `gate.json`, set when it was trained, must hold.
* `StockGate`, for general weights. Those invent polite phrases ("thank you for watching") on noise; the sign is a high
  no-speech probability together with a low likelihood, or one of the known inventions said without confidence.

`judge` gives "" for yes, or the reason against, in words for the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

NOT_A_PHRASE = "not one of the phrases I know"
NO_SPEECH = "no speech"
UNSURE = "too unsure of the words"

# What Whisper is known to write where nobody spoke (subtitles of its training videos), lower case, no punctuation.
INVENTED = frozenset(
    """thank you for watching|thanks for watching|thank you so much for watching|thank you very much|thank you|you|bye
bye bye|please subscribe|like and subscribe|please like and subscribe|dont forget to subscribe|see you next time
see you in the next video|ill see you in the next video|subtitles by the amaraorg community|so|the end|music
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the recogniser gave for one utterance, and how long the sound was that it was given."""

    text: str
    avg_logprob: float  # mean log probability of a token
    no_speech: float  # the model's own probability that nobody spoke
    duration_s: float  # with the silence around the words


class Gate(Protocol):
    def judge(self, evidence: Evidence) -> str: ...


def plain_text(text: str) -> str:
    """Lower case, single spaces. Punctuation stays: a closed model writes "?" for a word that it does not know."""
    return " ".join(text.lower().split())


def letters_only(text: str) -> str:
    """Lower case, no punctuation: how `INVENTED` is written."""
    return " ".join(re.sub(r"[^a-z0-9 ]", "", text.lower()).split())


def parse_phrases(text: str) -> frozenset[str]:
    """One phrase a line; empty lines and lines that begin with `#` are not phrases."""
    lines = (line.strip() for line in text.splitlines())
    return frozenset(plain_text(line) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Written by training/evaluate.py into gate.json; a key that is not there checks nothing."""

    min_avg_logprob: float = float("-inf")
    max_no_speech_prob: float = 1.0
    min_s_per_char: float = 0.0  # said faster than anybody speaks: the model completed a fragment
    max_s_per_char: float = float("inf")  # said slower: most of the sound was something else
    edge_s: float = 1.0  # the most silence around the words that does not count as slow
    window_min_frames: int = 200  # the shortest window, and the zeros behind the utterance, that it was trained with
    window_tail_frames: int = 100

    @staticmethod
    def from_json(text: str) -> Thresholds:
        """Other keys of the file (how it was measured, say) are left alone. Raises ValueError naming the bad one."""
        try:
            values: Any = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"gate.json is not JSON ({error}): train the model anew or take its folder whole"
            ) from error
        if not isinstance(values, dict):
            raise ValueError(f"gate.json must hold an object of thresholds, not {type(values).__name__}")
        found: dict[str, Any] = {}
        for known in fields(Thresholds):
            value = values.get(known.name, values.get("max_no_speech") if known.name == "max_no_speech_prob" else None)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"gate.json: {known.name} must be a number, not {value!r}")
            found[known.name] = int(value) if known.name.startswith("window_") else float(value)
        return Thresholds(**found)


@dataclass(frozen=True, slots=True)
class ClosedGate:
    phrases: frozenset[str]
    thresholds: Thresholds = field(default_factory=Thresholds)

    def judge(self, evidence: Evidence) -> str:
        limits, text = self.thresholds, plain_text(evidence.text)
        if evidence.no_speech > limits.max_no_speech_prob or not text:
            return f"{NO_SPEECH} (probability {evidence.no_speech:.2f})"
        if text not in self.phrases:
            return NOT_A_PHRASE
        if evidence.avg_logprob < limits.min_avg_logprob:
            return f"{NOT_A_PHRASE} (log probability {evidence.avg_logprob:.2f} < {limits.min_avg_logprob:.2f})"
        shortest, longest = limits.min_s_per_char * len(text), limits.max_s_per_char * len(text) + limits.edge_s
        if not shortest <= evidence.duration_s <= longest:
            return f"{NOT_A_PHRASE} ({evidence.duration_s:.1f} s of sound is not how {text!r} is said)"
        return ""


@dataclass(frozen=True, slots=True)
class StockGate:
    max_no_speech: float = 0.6  # Whisper's own threshold, used together with the next
    low_logprob: float = -1.0  # Whisper's own
    sure_logprob: float = -0.7  # an invented-looking phrase must be at least this likely …
    sure_no_speech: float = 0.3  # … and this surely spoken

    def judge(self, evidence: Evidence) -> str:
        letters = letters_only(evidence.text)
        if not letters:
            return NO_SPEECH
        if evidence.no_speech > self.max_no_speech and evidence.avg_logprob < self.low_logprob:
            return f"{NO_SPEECH} (probability {evidence.no_speech:.2f})"
        if evidence.avg_logprob < 2 * self.low_logprob:
            return f"{UNSURE} (log probability {evidence.avg_logprob:.2f})"
        unsure = evidence.avg_logprob < self.sure_logprob or evidence.no_speech > self.sure_no_speech
        if unsure and letters in INVENTED:
            return f"{NO_SPEECH}: {letters!r} is what this kind of model invents"
        if repeats(letters.split()):
            return f"{UNSURE}: the same words again and again"
        return ""


def repeats(words: Iterable[str], at_least: int = 6) -> bool:
    """Does one group of up to four words come `at_least` times in a row? A decoder that is stuck does that."""
    said = tuple(words)
    for size in range(1, 5):
        for start in range(len(said) - size * at_least + 1):
            if said[start : start + size * at_least] == said[start : start + size] * at_least:
                return True
    return False
