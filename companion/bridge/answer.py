"""Our sound in the form that a device asked for: the Opus packets as they are, or PCM16 at its rate."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

from companion.bridge.frames import Kind
from companion.bridge.hello import Answer
from companion.link.opus_send import FRAME_SAMPLES, RATE_HZ

SHARP = 20  # taps for each step of the decimation: the band ends at 0.95 of half the new rate, -60 dB 12 % above it
Pcm = npt.NDArray[np.int16]


class Lower:
    """48 kHz to a rate `factor` times lower: a linear-phase low pass of which every factor-th sample is kept. Blocks
    have lengths that are multiples of `factor`; state is carried between them."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        n = np.arange(-SHARP * factor, SHARP * factor + 1)
        taps = np.sinc(0.95 / factor * n) * np.kaiser(len(n), 5.7)
        self._taps = np.asarray(taps / taps.sum(), np.float32)
        self._tail = np.zeros(len(n) - 1, np.float32)

    def __call__(self, pcm: Pcm) -> Pcm:
        block = np.concatenate([self._tail, pcm.astype(np.float32)])
        self._tail = block[len(block) - len(self._tail) :]
        windows = np.lib.stride_tricks.sliding_window_view(block, len(self._taps))[:: self._factor]
        return np.clip(np.rint(windows @ self._taps), -32768, 32767).astype(np.int16)


class AnswerSound:
    """One connection's. `frame` gives the payload for one packet of 20 ms; `silence`: it is wanted too."""

    def __init__(self, answer: Answer) -> None:
        self.silence = answer.silence
        self.kind = Kind.OPUS if answer.codec == "opus" else Kind.PCM16
        self._lower = Lower(RATE_HZ // answer.rate_hz) if answer.rate_hz < RATE_HZ else None
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.format, self._decoder.layout, self._decoder.sample_rate = "s16", "mono", RATE_HZ

    def frame(self, packet: bytes) -> bytes:
        if self.kind == Kind.OPUS:
            return packet
        frames = self._decoder.decode(av.Packet(packet))
        pcm = np.concatenate([f.to_ndarray()[0] for f in frames]) if frames else np.zeros(0, np.int16)
        pcm = np.resize(pcm, FRAME_SAMPLES) if len(pcm) else np.zeros(FRAME_SAMPLES, np.int16)
        return (self._lower(pcm) if self._lower is not None else pcm).astype("<i2").tobytes()
