"""Both voices as a listener expects them: one track with the wearer left of centre and the companion right of it.

The wearer's sound lies where it was captured, the answer where it was heard: at the ear if the device said when, else
where it was handed to the link. Beside the mix, each voice can be had alone, for whoever wants to hear one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from companion.export.answers import Answer
from companion.report.audio import Track
from pipelines.events import NS
from recordings.reader import Recording

RATE_HZ = 48_000  # what Opus decodes to: no resampling

Stereo = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How the voices are placed and how much they may take."""

    pan: float = 0.5  # 0 = both in the middle, 1 = hard left and right; half apart is clear, and one ear hears both
    both_bit_s: int = 128_000
    alone_bit_s: int = 64_000


@dataclass(frozen=True, slots=True)
class Voices:
    """Which voices there are, and one of their seconds after the other."""

    wearer: Track | None
    companion: Track | None
    rate_hz: int = RATE_HZ

    def __bool__(self) -> bool:
        return bool(self.wearer or self.companion)

    @property
    def broken(self) -> int:
        return sum(track.broken for track in (self.wearer, self.companion) if track is not None)

    def seconds(self, count: int) -> Iterator[tuple[NDArray[np.int16], NDArray[np.int16]]]:
        """`count` pairs of (rate_hz,) int16: wearer, companion."""
        silence = np.zeros(self.rate_hz, np.int16)

        def blocks(track: Track | None) -> Iterator[NDArray[np.int16]]:
            return track.blocks(count) if track is not None else iter([silence] * count)

        return zip(blocks(self.wearer), blocks(self.companion), strict=True)


def voices_of(recording: Recording, answers: dict[int, Answer], rate_hz: int = RATE_HZ) -> Voices:
    """The two voices of a recording; None for one that never sounds. `rate_hz`: a whole fraction of 48,000."""
    ear_ns = {number: answer.ear_ns for number, answer in answers.items()}
    spoke = any(p.packet for p in recording.microphone())
    answered = any(p.packet for p in recording.answers())
    heard = ((p.t_ns + ear_ns.get(p.utterance, 0), p.packet) for p in recording.answers())
    return Voices(
        Track(((p.media_ns, p.packet) for p in recording.microphone()), rate_hz) if spoke else None,
        Track(heard, rate_hz) if answered else None,
        rate_hz,
    )


def mixed(wearer: NDArray[np.int16], companion: NDArray[np.int16], pan: float) -> Stereo:
    """(n,) and (n,) -> (2, n) int16, panned at constant power; the sum is clipped, not wrapped."""
    near, far = math.cos(math.pi / 4 * (1 - pan)), math.sin(math.pi / 4 * (1 - pan))
    left = near * wearer.astype(np.float32) + far * companion
    right = far * wearer.astype(np.float32) + near * companion
    return np.clip(np.round(np.stack([left, right])), -32768, 32767).astype(np.int16)


class SoundTrack:
    """One track of sound in a file that is being written."""

    def __init__(self, container: Any, codec: str, title: str, channels: int, bit_s: int, default: bool) -> None:
        self._container, self._at = container, 0
        self._layout = "stereo" if channels == 2 else "mono"
        self._stream: Any = container.add_stream(codec, rate=RATE_HZ, layout=self._layout)
        self._stream.bit_rate = bit_s
        if codec == "aac":
            self._stream.options = {"aac_coder": "fast"}  # a third of the default's time; not heard in speech
        self._stream.metadata.update({"title": title, "handler_name": title})
        self._stream.disposition = av.stream.Disposition.default if default else av.stream.Disposition(0)

    def add(self, pcm: NDArray[np.int16]) -> None:
        """`pcm`: (channels, n) int16."""
        interleaved = np.ascontiguousarray(pcm.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), self._at
        self._at += pcm.shape[1]
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))


def samples_until(end_ns: int, second: int, rate_hz: int = RATE_HZ) -> int:
    """How many samples of this second lie before the end."""
    return int(min(rate_hz, max(0, end_ns * rate_hz // NS - second * rate_hz)))
