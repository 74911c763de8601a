"""The answer's sound as Opus: one 20 ms packet for 960 samples, and the one packet that stands for silence."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
FRAME_SAMPLES = 960
FRAME_NS = 20_000_000
SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence: CELT full band, mono. What an encoder makes of zeros, so sending it costs no encoding."""


class AnswerEncoder:
    """Opus for speech at 48 kHz mono. Keeps its state from frame to frame; one for each stream."""

    def __init__(self, bit_rate: int = 32_000, application: str = "voip") -> None:
        """`bit_rate`: 32 kbit/s is full-band speech without audible loss (RFC 6716, section 2.1.1)."""
        codec = av.CodecContext.create("libopus", "w")
        codec.bit_rate = bit_rate
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = RATE_HZ
        codec.time_base = Fraction(1, RATE_HZ)
        codec.options = {"application": application, "frame_duration": "20"}
        self._codec = codec
        self._pts = 0

    def encode(self, pcm: npt.NDArray[np.int16]) -> bytes:
        """`pcm`: (960,) int16, 48 kHz mono. Raises ValueError on any other length."""
        if pcm.shape != (FRAME_SAMPLES,):
            raise ValueError(f"pcm has shape {pcm.shape}: an answer frame is ({FRAME_SAMPLES},), 20 ms at 48 kHz mono")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm, np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.time_base = Fraction(1, RATE_HZ)
        frame.pts = self._pts
        self._pts += FRAME_SAMPLES
        packets = self._codec.encode(frame)
        return bytes(packets[0]) if packets else SILENCE
