"""A voice turns one chunk of text into sound and says when each word is spoken. Two exist, behind one port.

==========  ====================================  ==================  ===============================================
name        engine                                word times          how to get it
==========  ====================================  ==================  ===============================================
espeak      libespeak-ng in this process          the engine's own    pip install 'earshot-companion[espeak]'
pyttsx3     the system's voice in a child process  found in the sound  comes along; on Linux it needs libespeak-ng: the
                                                                      extra above, or your system's espeak-ng package
==========  ====================================  ==================  ===============================================

Every word that a voice reports is one whitespace-separated token of the text, in order, so the words of a chunk joined
by blanks are its text. A time that was found in the sound carries `probability` = `ALIGNED`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.events import NS, Word
from pipelines.speaking.resample import OUT_HZ, Pcm

DEFAULT_RATE_WPM = 175  # what espeak-ng calls normal; a brisk human reader
RATE_LIMITS_WPM = (80, 450)  # espeak-ng's own range

_AUDIBLE = 100  # of 32768, -50 dBFS: the first sample above it is the start of speech
_LEAD_MS = 10  # kept before that sample, so that a soft consonant is not cut
_NOT_FOR_ENGINES = re.compile(r"[\x00-\x1f\x7f-\x9f\[\]<>\ud800-\udfff]")


class VoiceError(RuntimeError):
    """A voice cannot be had or did not answer. The message names the voice and the way out."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A block of sound. `pcm`: (n,) int16, 48 kHz mono. `words`: those whose sound ends in this block (the last block
    brings the rest); their times are offsets from the start of the chunk, not of the block."""

    pcm: Pcm
    words: tuple[Word, ...] = ()


class Voice(Protocol):
    """What the session asks of a voice. One thread at a time renders; built once per process."""

    @property
    def name(self) -> str: ...

    def render(self, text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
        """Blocks as they come; ends early, without error, once `cancelled()` is true. `rate_wpm` 0 = normal.
        Raises VoiceError."""
        ...


def load_voices(wanted: Sequence[str] | None = None) -> dict[str, Voice]:
    """The voices that work here by name, best first; with `wanted`, these and in this order.

    Raises VoiceError if one of `wanted` cannot be had, or, with None, if no voice at all works. Takes tens to hundreds
    of milliseconds (pyttsx3 starts its child process): call it where waiting is allowed.
    """
    found: dict[str, Voice] = {}
    missing: dict[str, str] = {}
    for name in _MAKERS if wanted is None else wanted:
        maker = _MAKERS.get(name)
        if maker is None:
            missing[name] = f"no voice is called {name!r}; there are: {', '.join(_MAKERS)}"
            continue
        try:
            found[name] = maker()
        except VoiceError as error:
            missing[name] = str(error)
    if missing and (wanted is not None or not found):
        close_voices(found)
        raise VoiceError("; ".join(missing.values()))
    return found


def close_voices(voices: Mapping[str, Voice]) -> None:
    """End what the voices keep running. Safe to call twice."""
    for voice in voices.values():
        close = getattr(voice, "close", None)
        if close is not None:
            close()


def _espeak() -> Voice:
    from pipelines.speaking.espeak import EspeakVoice

    return EspeakVoice()


def _pyttsx3() -> Voice:
    from pipelines.speaking.system_voice import SystemVoice

    return SystemVoice()


_MAKERS: dict[str, Callable[[], Voice]] = {"espeak": _espeak, "pyttsx3": _pyttsx3}  # best first


# --------------------------------------------------------------------------------------------- what both voices share


def for_engine(text: str) -> str:
    """The text with everything that an engine might obey instead of reading (control characters, [[phonemes]], <tags>)
    turned into blanks, character by character: positions stay."""
    return _NOT_FOR_ENGINES.sub(" ", text)


def rate_within_limits(rate_wpm: int) -> int:
    low, high = RATE_LIMITS_WPM
    return min(max(rate_wpm or DEFAULT_RATE_WPM, low), high)


def pause_after_ms(text: str) -> int:
    """Silence that belongs after this text, so that chunks played in a row breathe like sentences and clauses."""
    end = text.rstrip().rstrip("\"')”’»")[-1:]
    if end and end in ".!?…":
        return 200
    return 90 if end and end in ",;:—–" else 30


def trim(pcm: Pcm, rate_hz: int, tail_ms: int) -> tuple[Pcm, int, int]:
    """Cut the silence: at most 10 ms before the first audible sample, exactly `tail_ms` after the last.

    `pcm`: (n,) int16. Returns the sound, how many samples were cut at the front, and the length without the tail.
    """
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _AUDIBLE)
    if len(loud) == 0:
        return pcm[:0], 0, 0
    start = max(0, int(loud[0]) - rate_hz * _LEAD_MS // 1000)
    end = int(loud[-1]) + 1
    tail = rate_hz * tail_ms // 1000
    body = pcm[start : min(end + tail, len(pcm))]
    short = (end - start) + tail - len(body)
    return np.concatenate([body, np.zeros(short, np.int16)]), start, end - start


def samples_ns(samples: int, rate_hz: int = OUT_HZ) -> int:
    return samples * NS // rate_hz
