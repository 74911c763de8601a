"""The wake word, heard on this machine by microWakeWord (the extra `wake`): a small network over 10 ms hops.

Four words come along: `okay_nabu`, `hey_jarvis`, `hey_mycroft`, `alexa`. Your own model is the .json of a folder with
its .tflite beside it, as the microWakeWord trainer writes them. 20 ms of sound cost about 0.05 ms, so it runs where the
sound comes in. The network remembers its stream inside, so each microphone has its own `WakeStream`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NS_PER_SAMPLE: Final = 62_500  # at 16 kHz, exactly
HOP_SAMPLES: Final = 160  # 10 ms
REFRACTORY_NS: Final = 1_500_000_000  # one word is heard over many hops, and must wake once
SETTLING_HOPS: Final = 30  # the network begins with an empty memory: what it says of the first 300 ms means nothing
BUILT_IN: Final = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")


class WakeError(ValueError):
    """The wake word cannot be listened for. The message names the way out."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The word was heard. `media_ns`: capture time of the last sample it was told from, up to 0.25 s behind the word's
    end and seldom before it; `score`: 0 to 1."""

    media_ns: int
    phrase: str
    score: float


class WakeWord:
    """One wake word, for all streams.

    Raises:
        WakeError: the extra is not installed, there is no such word, or its model does not load.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = Path(name).expanduser() if name.endswith(".json") else None
        if self._path is None and name not in BUILT_IN:
            raise WakeError(
                f"attention.wake_word = {name!r}: there is no such word; choose one of {', '.join(BUILT_IN)}, "
                f"or give the .json of a microWakeWord model of your own"
            )
        self.phrase = str(self.network().wake_word).lower()

    def network(self) -> Any:
        """A new one; a few milliseconds."""
        try:
            from pymicro_wakeword import MicroWakeWord, Model
        except ImportError as error:
            raise WakeError(
                f"the wake word {self.name!r} needs its extra: pip install 'earshot-companion[wake]'"
            ) from error
        try:
            return MicroWakeWord.from_config(self._path) if self._path else MicroWakeWord.from_builtin(Model(self.name))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WakeError(f"attention.wake_word = {self.name!r}: its model does not load ({error})") from error

    def stream(self) -> WakeStream:
        return WakeStream(self)


class WakeStream:
    """One microphone. Keeps less than one hop of sound and nothing else that grows."""

    def __init__(self, word: WakeWord) -> None:
        self._word = word
        self.reset()

    def reset(self) -> None:
        """Forget the sound so far: there is a hole in it."""
        from pymicro_wakeword import MicroWakeWordFeatures

        self._network = self._word.network()
        self._features = MicroWakeWordFeatures()
        self._waiting: NDArray[np.int16] = np.zeros(0, np.int16)
        self._hops = 0
        self._woke_ns = -REFRACTORY_NS

    def feed(self, pcm: NDArray[np.int16], end_media_ns: int) -> Wake | None:
        """`pcm`: (n,) int16, 16 kHz mono; `end_media_ns`: when its last sample was captured."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ValueError(f"a wake word wants (n,) int16 at 16 kHz, got {pcm.shape} {pcm.dtype}: convert it first")
        waiting = np.concatenate((self._waiting, pcm)) if len(self._waiting) else pcm
        whole = len(waiting) // HOP_SAMPLES * HOP_SAMPLES
        woke: Wake | None = None
        for start in range(0, whole, HOP_SAMPLES):
            media_ns = end_media_ns - (len(waiting) - start - HOP_SAMPLES) * NS_PER_SAMPLE
            score = self._hop(waiting[start : start + HOP_SAMPLES].tobytes())
            if score > self._network.probability_cutoff and media_ns - self._woke_ns >= REFRACTORY_NS:
                self._woke_ns = media_ns
                woke = Wake(media_ns, self._word.phrase, score)
        self._waiting = waiting[whole:].copy()
        return woke

    def _hop(self, sound: bytes) -> float:
        """How sure the network is, after 10 ms more."""
        best = 0.0
        for features in self._features.process_streaming(sound):
            self._hops += 1
            score = self._network.process_streaming_prob(features) or 0.0
            best = max(best, score if self._hops > SETTLING_HOPS else 0.0)
        return best
