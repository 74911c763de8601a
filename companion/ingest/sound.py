"""A microphone that is no RTP stream: PCM of any rate, or bare Opus packets.

PCM is made into the Opus packets that a WebRTC device would have sent, and heard through the same decoder: so what the
session hears is what its recording holds, and a replay hears the same.
"""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

from companion.clock import SessionClock
from companion.link.handler import LinkHandler
from companion.link.opus_receive import SOUND_DELAY_NS, OpusReceive, Sound
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, MICROPHONE, RATE_HZ, OpusEncoder

JUMP_NS = 60_000_000  # a time further than that from what the samples say is a gap or a new clock; less is jitter
FOLLOW = 32  # jitter is averaged over so many packets: two clocks drift by less than a millisecond in that time
Pcm = npt.NDArray[np.int16]


class Sounds:
    """Feed it in order of capture, with `opus` or with `pcm`, not both. Times are of the session clock; one that is
    later than now is taken as now. Each 20 ms go to `handler.on_microphone` at once, what is missing as silence."""

    def __init__(self, handler: LinkHandler, clock: SessionClock) -> None:
        self._handler, self._clock = handler, clock
        self._receive = OpusReceive()
        self._encoder = OpusEncoder(MICROPHONE)
        self._resampler: av.AudioResampler | None = None
        self._rate_hz = RATE_HZ
        self._rest: Pcm = np.zeros(0, np.int16)
        self._rest_ns = 0  # when the first sample of `_rest` was captured
        self._sequence = 0
        self._rtp = 0
        self._origin_ns: int | None = None  # when the sample with timestamp 0 was captured
        self.heard_ns = 0

    def opus(self, packet: bytes, media_ns: int, samples: int = FRAME_SAMPLES) -> None:
        """One Opus packet of `samples` at 48 kHz (20 ms), whose first sample was captured at `media_ns`."""
        if not packet:
            return
        origin_ns = self._follow(media_ns)
        now_ns = self.heard_ns = self._clock.now_ns()
        self._give(self._receive.feed(1, self._sequence & 0xFFFF, self._rtp & 0xFFFFFFFF, packet, now_ns), origin_ns)
        self._sequence += 1
        self._rtp += samples

    def idle(self) -> None:
        """Call it every 20 ms: what a silent device leaves out on purpose (Opus DTX) is heard as silence."""
        if self._origin_ns is not None and self._receive.quiet:
            self._give(self._receive.idle(self._clock.now_ns()), self._origin_ns)

    def pcm(self, samples: Pcm, rate_hz: int, media_ns: int) -> None:
        """`samples`: (n,) int16, mono, any n; the first was captured at `media_ns`. Raises ValueError for a rate that
        is no rate of sound."""
        if not 4_000 <= rate_hz <= 192_000:
            raise ValueError(f"{rate_hz} Hz is no rate of sound: 4000 to 192000 can be used")
        if not len(self._rest) or abs(media_ns - self._rest_ns - _ns(len(self._rest))) > JUMP_NS:
            self._rest, self._rest_ns = self._rest[:0], media_ns
        self._rest = np.concatenate([self._rest, self._at_48_khz(samples, rate_hz)])
        while len(self._rest) >= FRAME_SAMPLES:
            block, self._rest = self._rest[:FRAME_SAMPLES], self._rest[FRAME_SAMPLES:]
            self.opus(self._encoder.encode(block), self._rest_ns)
            self._rest_ns += FRAME_NS

    def _give(self, sounds: list[Sound], origin_ns: int) -> None:
        now_ns = self._clock.now_ns()
        for sound in sounds:
            at_ns = max(0, min(origin_ns + _ns(sound.rtp) - SOUND_DELAY_NS, now_ns))
            self._handler.on_microphone(sound.packet, sound.pcm, sound.rtp, now_ns, at_ns, concealed=sound.concealed)

    def _follow(self, media_ns: int) -> int:
        """When timestamp 0 was, as far as the packet that comes now can say; moves on over what is missing."""
        if self._origin_ns is None:
            self._origin_ns = media_ns
        ahead_ns = media_ns - self._origin_ns - _ns(self._rtp)
        if ahead_ns > JUMP_NS:
            self._rtp += ahead_ns // FRAME_NS * FRAME_SAMPLES
        elif ahead_ns < -JUMP_NS:
            self._origin_ns += ahead_ns
        else:
            self._origin_ns += ahead_ns // FOLLOW
        return self._origin_ns

    def _at_48_khz(self, samples: Pcm, rate_hz: int) -> Pcm:
        if rate_hz == RATE_HZ:
            return samples
        if self._resampler is None or rate_hz != self._rate_hz:
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            self._rate_hz = rate_hz
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        out = self._resampler.resample(frame)
        return np.concatenate([f.to_ndarray()[0] for f in out]) if out else np.zeros(0, np.int16)


def _ns(samples: int) -> int:
    return samples * 1_000_000_000 // RATE_HZ
