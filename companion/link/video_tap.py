"""The camera's packets to whole encoded pictures, as they arrive; nothing is decoded here.

A picture is given out with its last packet (the marker bit), not with the first one of the next, which is one frame
time sooner than a decoder that waits. A hole is kept open for `PATIENCE_NS` so that a retransmission can fill it; then
the pictures up to the next key frame are dropped, because they would decode to something that was never seen, and a
key frame is asked for.

Pure: packets and times go in, `Picture`s come out. What is held is bounded by `CAPACITY` packets.
"""

from __future__ import annotations

from dataclasses import dataclass

from companion.link.h264 import START_CODES, KeyFrames
from companion.link.media_clock import Unwrap

CAPACITY = 512  # packets, about 3 s of 1.5 Mbit/s: a key frame at 1080p is ~150
PATIENCE_NS = 250_000_000  # two or three round trips of a retransmission; beyond that the moment has passed


@dataclass(frozen=True, slots=True)
class Fragment:
    """One RTP packet: 16-bit `sequence`, 32-bit `rtp`, its payload as sent and freed of its RTP payload header."""

    ssrc: int
    sequence: int
    rtp: int
    marker: bool
    codec: str  # "h264" or "vp8"
    payload: bytes
    data: bytes
    arrival_ns: int

    def starts_picture(self) -> bool:
        """Can a picture begin here? Only asked after a loss, to find firm ground again."""
        if self.codec == "vp8":
            return bool(self.payload) and self.payload[0] & 0x1F == 0x10  # S bit, partition 0 (RFC 7741, 4.2)
        return START_CODES.match(self.data) is not None


@dataclass(frozen=True, slots=True)
class Picture:
    """One access unit: Annex B with SPS and PPS before every IDR picture, or one VP8 frame. `rtp`: unwrapped."""

    data: bytes
    key: bool
    codec: str
    rtp: int
    arrival_ns: int


@dataclass(slots=True)
class VideoStats:
    pictures: int = 0
    dropped: int = 0  # pictures given up: incomplete, or leaning on one that was
    late: int = 0


class VideoAssembler:
    """One camera. `wants_key` is True while no picture can be given out before a key frame comes."""

    def __init__(self) -> None:
        self.stats = VideoStats()
        self.wants_key = True
        self._ssrc: int | None = None
        self._begin(None)

    def _begin(self, ssrc: int | None) -> None:
        self._ssrc = ssrc
        self._unwrap_sequence, self._unwrap_rtp = Unwrap(16), Unwrap()
        self._held: dict[int, tuple[int, Fragment]] = {}
        self._next: int | None = None
        self._key_frames = KeyFrames()
        self.wants_key = True

    def feed(self, fragment: Fragment) -> list[Picture]:
        """One packet. Returns the pictures that are whole now, in order."""
        if fragment.ssrc != self._ssrc:
            self._begin(fragment.ssrc)
        number, rtp = self._unwrap_sequence(fragment.sequence), self._unwrap_rtp(fragment.rtp)
        if self._next is None:
            self._next = number
        if number < self._next or number in self._held:
            self.stats.late += 1
            return []
        self._held[number] = (rtp, fragment)
        if len(self._held) > CAPACITY:  # a picture that never ends
            self._held.clear()
            self._next, self.wants_key = number + 1, True
            self.stats.dropped += 1
            return []
        out: list[Picture] = []
        while True:
            whole = self._whole()
            if whole is None:
                if not self._give_up_hole(fragment.arrival_ns):
                    return out
                continue
            picture = self._picture(whole, fragment.arrival_ns)
            if picture is not None:
                out.append(picture)

    def _whole(self) -> list[tuple[int, Fragment]] | None:
        """The packets of the next picture if all are there; takes them out."""
        assert self._next is not None
        number = self._next
        run: list[tuple[int, Fragment]] = []
        while (entry := self._held.get(number)) is not None:
            if run and entry[0] != run[0][0]:
                break  # a new timestamp: the picture before ended without a marker
            run.append(entry)
            number += 1
            if entry[1].marker:
                break
        else:
            return None
        for n in range(self._next, number):
            del self._held[n]
        self._next = number
        return run

    def _give_up_hole(self, now_ns: int) -> bool:
        """Skip a hole that is too old, or that too much waits behind; True if there is something new to try."""
        assert self._next is not None
        beyond = [n for n in self._held if n > self._next]
        holes = bool(beyond) and any(n not in self._held for n in range(self._next, max(beyond)))
        if not holes:
            return False
        first = min(self._held[n][1].arrival_ns for n in beyond)
        if now_ns - first < PATIENCE_NS and len(self._held) < CAPACITY - 1:
            return False
        self.wants_key = True
        self.stats.dropped += 1
        starts = [n for n in sorted(beyond) if n - 1 not in self._held and self._held[n][1].starts_picture()]
        ended = [n + 1 for n in sorted(beyond) if self._held[n][1].marker]
        self._next = min([*starts, *ended], default=max(beyond) + 1)
        for n in [n for n in self._held if n < self._next]:
            del self._held[n]
        return True

    def _picture(self, run: list[tuple[int, Fragment]], arrival_ns: int) -> Picture | None:
        rtp, first = run[0]
        data = b"".join(f.data for _, f in run)
        if not data:
            return None
        if first.codec == "h264":
            key, data = self._key_frames.read(data)
        else:
            key = data[0] & 1 == 0  # inverse key frame bit of the VP8 frame header (RFC 6386, 9.1)
        if self.wants_key and not key:
            self.stats.dropped += 1
            return None
        self.wants_key = False
        self.stats.pictures += 1
        return Picture(data, key, first.codec, rtp, arrival_ns)
