"""The wearer's ear: every sound that arrived, when it arrived, and where one answer ends and the next begins.

Packets are decoded the moment they come, with no jitter buffer in between, so arrival times are the network's and not
ours. Loudness is kept in windows of 5 ms; "audible" and "an answer begins" are defined here, once:

    audible        a window above AUDIBLE_DBFS
    an answer      an audible window that is followed by at least 150 ms of audible windows within 400 ms
                   (an earcon of 100 ms is a sound, not an answer)
    silence        no audible window for at least 300 ms; it begins where the last audible one arrived
"""

from __future__ import annotations

import bisect
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
WINDOW = 240  # samples: 5 ms
AUDIBLE_DBFS = -45.0  # 25 dB under speech at a usual level; an answer ducked by 30 dB is not audible
ANSWER_WINDOWS, ANSWER_WITHIN = 30, 80  # 150 ms of 400 ms
SILENCE_NS = 300_000_000
DRIFT_NS = 300_000_000  # a sender that paused and came back: sound is put where it arrived
MAX_SECONDS = 3600  # of sound kept; beyond it the ear still listens but keeps no more

Sound = NDArray[np.int16]  # (n,) 48 kHz mono


class Ear:
    """All sound is put on one timeline, which begins at `begin_ns`. `on_sound` is called after every packet with
    (pcm, arrival_ns): a loudspeaker, or whoever waits for something to be heard.
    """

    def __init__(self, begin_ns: int) -> None:
        self.begin_ns = begin_ns
        self.on_sound: list[Callable[[Sound, int], None]] = []
        self.packets = self.undecodable = 0
        self.last_audible_ns = 0
        self._decoder = _decoder()
        self._fresh = True  # the next packet is the first of its stream
        self._rtp, self._position = 0, 0  # of the packet before: its timestamp, and the same unwrapped
        self._anchor: tuple[int, int] | None = None  # (unwrapped position, sample of the timeline)
        self._pieces: list[tuple[int, Sound]] = []  # (sample of the timeline, pcm)
        self._positions: list[int] = []  # one entry a window, from here on
        self._arrivals: list[int] = []
        self._levels: list[float] = []

    # --------------------------------------------------------------------------------------------------------- arriving

    def receive(self, payload: bytes, rtp: int, arrival_ns: int) -> None:
        """One Opus packet. Empty and broken ones are counted and left out."""
        try:
            decoded = self._decoder.decode(av.Packet(payload)) if payload else []
        except av.FFmpegError:
            decoded = []
        if not decoded:
            self.undecodable += 1
            return
        pcm = np.concatenate([frame.to_ndarray().reshape(-1) for frame in decoded]).astype(np.int16)
        position = self._unwrap(rtp)
        self.packets += 1
        levels = _levels(pcm)
        for i, level in enumerate(levels):
            self._positions.append(position + i * WINDOW)
            self._arrivals.append(arrival_ns)
            self._levels.append(level)
        if levels.max(initial=-120.0) > AUDIBLE_DBFS:
            self.last_audible_ns = arrival_ns
        if len(self._pieces) < MAX_SECONDS * 50:
            self._pieces.append((self._sample_of(position, arrival_ns), pcm))
        for listener in self.on_sound:
            listener(pcm, arrival_ns)

    def restart(self) -> None:
        """Another stream comes now: other timestamps, and a decoder that knows nothing of what was before."""
        self._decoder = _decoder()
        self._fresh = True

    def _unwrap(self, rtp: int) -> int:
        """RTP timestamps wrap at 2**32; positions do not. Those of another stream lie behind all that were before."""
        if self._fresh:
            last = self._positions[-1] if self._positions else 0
            self._position = last + (rtp - last) % 2**32
            self._fresh = False
        else:
            self._position += (rtp - self._rtp + 2**31) % 2**32 - 2**31
        self._rtp = rtp
        return self._position

    def _sample_of(self, position: int, arrival_ns: int) -> int:
        arrived = (arrival_ns - self.begin_ns) * RATE_HZ // 1_000_000_000
        if self._anchor is not None:
            sample = self._anchor[1] + position - self._anchor[0]
            if abs(arrived - sample) < DRIFT_NS * RATE_HZ // 1_000_000_000:
                return sample
        self._anchor = (position, arrived)
        return arrived

    # ----------------------------------------------------------------------------------------------------------- asking

    @property
    def received_rtp(self) -> int:
        """RTP timestamp after the newest sample."""
        return (self._positions[-1] + WINDOW) % 2**32 if self._positions else 0

    def first_audible(self, from_rtp: int) -> tuple[int, int] | None:
        """(RTP timestamp, arrival) of the first audible window at or after an RTP timestamp."""
        if not self._positions:
            return None
        start = self._position + (from_rtp - self._rtp + 2**31) % 2**32 - 2**31
        for j in range(bisect.bisect_left(self._positions, start), len(self._positions)):
            if self._levels[j] > AUDIBLE_DBFS:
                return self._positions[j] % 2**32, self._arrivals[j]
        return None

    def answer_after(self, from_ns: int, until_ns: int | None = None) -> int | None:
        """Arrival of the first window of an answer that begins in the given time. Sound that was already going on at
        `from_ns` is not a beginning: a silence has to come first."""
        arrivals, loud = self._since(from_ns - SILENCE_NS, until_ns)
        count = np.concatenate([[0], np.cumsum(loud)])
        going_on, last_ns = False, 0
        for i in np.nonzero(loud)[0].tolist():
            enough = count[min(i + ANSWER_WITHIN, len(loud))] - count[i] >= ANSWER_WINDOWS
            if not last_ns or arrivals[i] - last_ns >= SILENCE_NS:
                going_on = bool(arrivals[i] < from_ns)
            if enough and not going_on:
                return int(arrivals[i])
            last_ns = int(arrivals[i])
        return None

    def sound_after(self, from_ns: int, until_ns: int | None = None) -> int | None:
        """Arrival of the first audible window, earcons included."""
        arrivals, loud = self._since(from_ns, until_ns)
        return int(arrivals[loud.argmax()]) if loud.any() else None

    def silence_after(self, from_ns: int, until_ns: int | None = None) -> int | None:
        """When the silence began that was the first to last 300 ms after `from_ns`; `from_ns` if it was silent already;
        None if it never was."""
        arrivals, loud = self._since(from_ns, until_ns)
        edge = from_ns
        for i in np.nonzero(loud)[0].tolist():
            if arrivals[i] - edge >= SILENCE_NS:
                return edge
            edge = int(arrivals[i])
        return edge if len(arrivals) and arrivals[-1] - edge >= SILENCE_NS else None

    def speaking_at(self, at_ns: int) -> bool:
        """Whether something was audible in the 300 ms before."""
        return bool(self._since(at_ns - SILENCE_NS, at_ns)[1].any())

    def cut(self, from_ns: int, until_ns: int) -> Sound:
        """(n,) int16, 48 kHz mono: what arrived in that time, holes as zeros."""
        first = max(0, (from_ns - self.begin_ns) * RATE_HZ // 1_000_000_000)
        last = (until_ns - self.begin_ns) * RATE_HZ // 1_000_000_000
        out = np.zeros(max(0, last - first), np.int16)
        for at, pcm in self._pieces:
            lo, hi = max(at, first), min(at + len(pcm), last)
            if lo < hi:
                out[lo - first : hi - first] = pcm[lo - at : hi - at]
        return out

    def save(self, path: Path, from_ns: int, until_ns: int) -> None:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(self.cut(from_ns, until_ns).tobytes())

    def _since(self, from_ns: int, until_ns: int | None) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Arrival and audibility of the windows that arrived in [from_ns, until_ns)."""
        first = bisect.bisect_left(self._arrivals, from_ns)
        last = len(self._arrivals) if until_ns is None else bisect.bisect_left(self._arrivals, until_ns)
        arrivals = np.asarray(self._arrivals[first:last], np.int64)
        return arrivals, np.asarray(self._levels[first:last], np.float64) > AUDIBLE_DBFS


def _decoder() -> av.CodecContext:
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = RATE_HZ, "mono", "s16"
    return decoder


def _levels(pcm: Sound) -> NDArray[np.float64]:
    """RMS of each 5 ms window, dB of full scale."""
    count = len(pcm) // WINDOW
    squares = pcm[: count * WINDOW].reshape(count, WINDOW).astype(np.float64) ** 2
    return np.asarray(10 * np.log10(squares.mean(axis=1) / 32768**2 + 1e-12))
