"""A loudspeaker that is not in the ear: what the device plays comes back in its microphone, later and through a room.

Sound is laid down ahead of time, where the microphone will meet it: what arrives first is heard `delay_ms` later (the
device's own buffer, its converters and the air) and dies away over `room_ms`; everything after it by its timestamp, as
a jitter buffer plays it. What comes too late for its moment is not played; if all does, the buffer begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000  # the microphone's
AHEAD = 4 * RATE_HZ  # samples kept for the future
TOO_LATE = 25  # packets in a row: half a second
TAPS = 48  # of the low pass from 48 kHz: 7.5 kHz, -50 dB
REVERBERANT = 0.3  # what the room adds, beside the direct sound

Sound = NDArray[np.int16]
Wave = NDArray[np.float64]


@dataclass(frozen=True)
class OpenSpeaker:
    """As a scene describes it. `level_db`: how loud our voice is in the microphone, beside how it was sent."""

    delay_ms: int = 120
    level_db: float = -10.0
    room_ms: int = 200


class Leak:
    """What of the loudspeaker's sound the microphone gets. `begin_ns`: when the microphone's sample 0 was captured."""

    def __init__(self, speaker: OpenSpeaker, seed: int) -> None:
        self._delay_ns = speaker.delay_ms * 1_000_000
        self._room = _response(speaker, seed)
        self._low_pass = np.sinc(np.arange(-TAPS, TAPS + 1) * 0.3125) * np.hanning(2 * TAPS + 1)
        self._low_pass /= self._low_pass.sum()
        self._before = np.zeros(2 * TAPS)
        self._ring = np.zeros(AHEAD)
        self._anchor: tuple[int, int] | None = None  # (RTP timestamp, microphone sample at which it is heard)
        self._next = self._taken = self._late = 0  # samples: behind the last one played, taken; packets too late
        self.begin_ns = 0

    def play(self, pcm: Sound, end_rtp: int, arrival_ns: int) -> None:
        """20 ms arrived: (n,) int16, 48 kHz mono, n a multiple of 3; `end_rtp`: the timestamp behind them."""
        if not self.begin_ns:
            return  # the microphone is not open yet
        if self._anchor is None or self._late >= TOO_LATE:
            due_ns = arrival_ns + self._delay_ns - self.begin_ns
            self._anchor, self._late = (end_rtp - len(pcm), due_ns * RATE_HZ // 1_000_000_000), 0
        at = self._anchor[1] + ((end_rtp - len(pcm) - self._anchor[0] + 2**31) % 2**32 - 2**31) // 3
        if not self._taken <= at < self._taken + AHEAD // 2:
            self._late += 1
            return
        self._late = 0
        block = np.concatenate([self._before if at == self._next else np.zeros(2 * TAPS), pcm.astype(np.float64)])
        self._before = block[-2 * TAPS :]
        wet = np.convolve(np.convolve(block, self._low_pass, "valid")[::3], self._room)
        self._ring[np.arange(at, at + len(wet)) % AHEAD] += wet
        self._next = at + len(pcm) // 3

    def take(self, sample: int, count: int) -> Wave:
        """(count,) of the leaked sound from this microphone sample on; it is taken once."""
        where = np.arange(sample, sample + count) % AHEAD
        heard = self._ring[where]
        self._ring[where], self._taken = 0, sample + count
        return heard


def _response(speaker: OpenSpeaker, seed: int) -> Wave:
    """The direct sound, and a tail of noise that dies away by 60 dB."""
    count = max(1, speaker.room_ms * RATE_HZ // 1000)
    tail = np.random.default_rng([seed, 0x0DE]).normal(0, 1, count) * np.exp(-6.9 * np.arange(count) / count)
    response = REVERBERANT * tail / np.sqrt((tail**2).sum())
    response[0] += 1
    return np.asarray(response * 10 ** (speaker.level_db / 20))
