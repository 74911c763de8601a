"""The microphone's packets to sound, as they arrive: no jitter buffer, and one lost packet delays nothing that follows.

aiortc's own buffer holds every packet back by 82 ms, and by 282 ms for ever after the first loss. Recognition needs no
even playout, so here a packet in order is decoded at once. A hole is held open for `WINDOW` packets: what comes late
within it is put in its place, else the hole is filled with the last sound fading out, and all is up to date again.

Pure: packets and times go in, 20 ms blocks come out. What comes out is one gapless line of 48 kHz samples counted by
`rtp`, except where the sender itself jumps by more than `FILL_LIMIT` frames.

    arrives   1   2   4   5      6          (3 is lost)
    comes out 1   2   -   3' 4 5 6          (3' is made up; 4 waited for one packet, 6 for none)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from companion.link.media_clock import Unwrap
from companion.link.opus_send import FRAME_SAMPLES, MICROPHONE, RATE_HZ, OpusEncoder
from companion.link.resample import DELAY_NS as RESAMPLER_DELAY_NS
from companion.link.resample import ThirdRate

WINDOW = 2  # packets: the one that shows the hole, and one more
FADE_FRAMES = 3  # 60 ms: after that a repeated sound is heard as a tone, so silence is the honest filling
FILL_LIMIT = 25  # 500 ms: DTX sends at least every 400 ms; longer gaps are the sender's business
RESYNC = 200  # a sequence number further off than 4 s starts a new timeline
DTX_BYTES = 2  # Opus marks "nothing follows until there is sound" by a packet of at most two bytes (RFC 6716)
DTX_LAG_FRAMES = 3  # silence is only made up once it is 60 ms overdue, so that jitter never collides with it

SOUND_DELAY_NS = 312 * 1_000_000_000 // RATE_HZ + RESAMPLER_DELAY_NS
"""What comes out at timestamp t was captured this much before t: libopus looks ahead by 312 samples (6.5 ms)."""

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms. `pcm`: (320,) int16, 16 kHz mono; `packet`: the same as one Opus packet, b"" if made up here."""

    packet: bytes
    pcm: Pcm
    rtp: int
    concealed: bool


@dataclass(slots=True)
class OpusStats:
    received: int = 0
    late: int = 0  # came after its hole had been filled, or twice
    filled: int = 0  # frames made up for lost packets
    silent: int = 0  # frames of silence the sender did not send (DTX)
    broken: int = 0  # packets that did not decode


class OpusReceive:
    """One microphone. `feed` each packet as it arrives; call `idle` now and then so that DTX silence keeps flowing."""

    def __init__(self) -> None:
        self.stats = OpusStats()
        self._unwrap_sequence = Unwrap(16)
        self._unwrap_rtp = Unwrap()
        self._ssrc: int | None = None
        self._next_sequence: int | None = None
        self._next_rtp = 0
        self._held: dict[int, tuple[int, bytes]] = {}
        self._last = np.zeros(FRAME_SAMPLES, np.int16)
        self._rest = np.zeros(0, np.int16)
        self._third = ThirdRate()
        self._again: OpusEncoder | None = None
        self._decoder = self._new_decoder()
        self._dtx_since_ns: int | None = None
        self._dtx_from_rtp = 0

    @staticmethod
    def _new_decoder() -> av.CodecContext:
        codec = av.CodecContext.create("libopus", "r")
        codec.format, codec.layout, codec.sample_rate = "s16", "mono", RATE_HZ
        return codec

    @property
    def quiet(self) -> bool:
        """The sender has announced that it sends nothing until there is sound."""
        return self._dtx_since_ns is not None

    def feed(self, ssrc: int, sequence: int, rtp: int, payload: bytes, arrival_ns: int) -> list[Sound]:
        """One RTP packet (16-bit `sequence`, 32-bit `rtp`). Returns what can be given out now, oldest first."""
        if not payload:
            return []
        self.stats.received += 1
        if ssrc != self._ssrc or (self._next_sequence is not None and self._far(sequence)):
            self._begin(ssrc)
        number, stamp = self._unwrap_sequence(sequence), self._unwrap_rtp(rtp)
        if self._next_sequence is None:
            self._next_sequence, self._next_rtp = number, stamp
        if number < self._next_sequence or number in self._held:
            self.stats.late += 1
            return []
        self._held[number] = (stamp, payload)
        out: list[Sound] = []
        while self._next_sequence in self._held or len(self._held) >= WINDOW:
            out.extend(self._take(arrival_ns))
        return out

    def idle(self, now_ns: int) -> list[Sound]:
        """Silence that is due because the sender stopped sending on purpose (DTX)."""
        if self._dtx_since_ns is None or self._held:
            return []
        due = (now_ns - self._dtx_since_ns) // 20_000_000 - DTX_LAG_FRAMES
        made = (self._next_rtp - self._dtx_from_rtp) // FRAME_SAMPLES
        return list(self._silence(min(due, FILL_LIMIT) - made))

    def _far(self, sequence: int) -> bool:
        assert self._next_sequence is not None
        step = (sequence - self._next_sequence) & 0xFFFF
        return RESYNC < step < 0x10000 - RESYNC

    def _begin(self, ssrc: int) -> None:
        self._ssrc, self._next_sequence = ssrc, None
        self._unwrap_sequence, self._unwrap_rtp = Unwrap(16), Unwrap()
        self._held.clear()
        self._rest = self._rest[:0]
        self._dtx_since_ns = None
        self._decoder = self._new_decoder()

    def _take(self, arrival_ns: int) -> Iterator[Sound]:
        """Move on to the oldest packet held, filling what is missing before it."""
        assert self._next_sequence is not None
        number = min(self._held)
        stamp, payload = self._held.pop(number)
        lost = number - self._next_sequence
        gap = (stamp - self._next_rtp - len(self._rest)) // FRAME_SAMPLES
        if 0 < gap <= FILL_LIMIT:
            yield from self._silence(gap) if lost == 0 else self._fill(gap)
        elif gap != 0:
            self._rest = self._rest[:0]
        self._next_sequence = number + 1
        self._dtx_since_ns, self._dtx_from_rtp = None, stamp
        if len(payload) <= DTX_BYTES:
            self._dtx_since_ns = arrival_ns
        yield from self._decoded(stamp, payload)

    def _decoded(self, stamp: int, payload: bytes) -> Iterator[Sound]:
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except av.FFmpegError:
            self.stats.broken += 1
            self._next_rtp = stamp
            yield from self._fill(1)
            return
        parts: list[Pcm] = [frame.to_ndarray()[0] for frame in frames]
        pcm = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int16), *parts])
        if len(pcm) == FRAME_SAMPLES and not len(self._rest):
            self._next_rtp = stamp
            yield self._block(pcm, payload, concealed=False)
            return
        yield from self._recut(stamp, pcm)

    def _recut(self, stamp: int, pcm: Pcm) -> Iterator[Sound]:
        """Packets of another length than 20 ms: cut anew and coded again, so that one packet is always 320 samples."""
        self._next_rtp = stamp - len(self._rest)
        whole = np.concatenate([self._rest, pcm])
        self._again = self._again or OpusEncoder(MICROPHONE)
        while len(whole) >= FRAME_SAMPLES:
            block, whole = whole[:FRAME_SAMPLES], whole[FRAME_SAMPLES:]
            yield self._block(block, self._again.encode(block), concealed=False)
        self._rest = whole

    def _fill(self, frames: int) -> Iterator[Sound]:
        """The last sound once more, fading out over `FADE_FRAMES`; then silence."""
        source = self._last.astype(np.float32)
        for i in range(frames):
            level = np.linspace(1 - i / FADE_FRAMES, 1 - (i + 1) / FADE_FRAMES, FRAME_SAMPLES).clip(0, 1)
            self.stats.filled += 1
            pcm = ((source[::-1] if i % 2 == 0 else source) * level).astype(np.int16)
            yield self._block(pcm, b"", concealed=True)

    def _silence(self, frames: int) -> Iterator[Sound]:
        for _ in range(max(0, frames)):
            self.stats.silent += 1
            yield self._block(np.zeros(FRAME_SAMPLES, np.int16), b"", concealed=True)

    def _block(self, pcm: Pcm, packet: bytes, concealed: bool) -> Sound:
        rtp = self._next_rtp
        self._next_rtp = rtp + FRAME_SAMPLES
        if not concealed:
            self._last = pcm
        return Sound(packet, self._third(pcm), rtp, concealed)
