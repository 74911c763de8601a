"""From a sender's RTP timestamps to the session clock: when was this captured?

Two sources, better first:

* the device says so: a "capture" message ties an RTP timestamp to its own clock, and answered pings tie that clock to
  ours (`DeviceClock`);
* arrival: network delay only ever adds, so over a few seconds the fastest packet is the truest. The least transit of
  the last `WINDOW_NS` maps every timestamp; what is left is the path's constant delay, which arrival cannot show.

Everything here is arithmetic on given numbers: no clock is read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

NS = 1_000_000_000
WINDOW_NS = 5 * NS  # long enough to meet a fast packet, short enough to follow two drifting crystals (≤ 0.5 ms)
CAPTURE_LIMIT_NS = 10 * NS  # a device that says "captured" further back than this is wrong about its clock
BEST_PING_NS = 60 * NS  # a ping older than this no longer speaks for a crystal that drifts by 20 ppm (1.2 ms)
TOLD_LIMIT_NS = 10_000_000_000  # what a device says was longer ago, or is not yet, is of another clock


class Unwrap:
    """32-bit (or `bits`-bit) counters to ever-growing integers; takes steps back of less than half the range."""

    def __init__(self, bits: int = 32) -> None:
        self._span = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        if self._last is None:
            self._last = value
            return value
        got = nearest(value, self._last, self._span)
        self._last = max(self._last, got)
        return got


def nearest(value: int, reference: int, span: int = 1 << 32) -> int:
    """The integer equal to `value` modulo `span` that lies nearest to `reference`."""
    step = (value - reference) % span
    return reference + (step - span if step >= span // 2 else step)


class DeviceClock:
    """Our clock against the device's, by answered pings: `device = session + offset_ns`.

    The usual NTP formula assumes that both ways take equally long; the error is at most half the round trip, so the
    sample with the least round trip of the last minute is kept.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=64)  # (at_ns, round_trip_ns, offset_ns)
        self.offset_ns: int | None = None
        self.round_trip_ns = 0

    def answered(self, sent_ns: int, device_ns: int, received_ns: int) -> bool:
        """Take one ping's times; True if the mapping changed by it."""
        round_trip = received_ns - sent_ns
        if round_trip < 0:
            return False
        self._samples.append((received_ns, round_trip, device_ns - (sent_ns + received_ns) // 2))
        fresh = [s for s in self._samples if received_ns - s[0] <= BEST_PING_NS]
        _, best_trip, best_offset = min(fresh, key=lambda s: (s[1], -s[0]))
        changed = (best_offset, best_trip) != (self.offset_ns, self.round_trip_ns)
        self.offset_ns, self.round_trip_ns = best_offset, best_trip
        return changed

    def session_ns(self, device_ns: int) -> int | None:
        """A moment of the device's clock on ours; None until a ping was answered."""
        return None if self.offset_ns is None else device_ns - self.offset_ns

    def told_ns(self, device_ns: int | None, now_ns: int) -> int:
        """When that was which a device tells of now: by its own word, if that can be true, else now."""
        at = self.session_ns(device_ns) if device_ns is not None else None
        return at if at is not None and 0 <= now_ns - at <= TOLD_LIMIT_NS else now_ns


@dataclass(slots=True)
class _Anchor:
    rtp: int
    device_ns: int


class MediaClock:
    """Capture times of one track. `floor_ns`: time that surely lies between capture and arrival (a packet's length)."""

    def __init__(self, rate_hz: int, device: DeviceClock, floor_ns: int = 0) -> None:
        self._rate_hz = rate_hz
        self._device = device
        self._floor_ns = floor_ns
        self._transits: deque[tuple[int, int]] = deque()  # (arrival_ns, transit_ns), transits growing: front = least
        self._anchor: _Anchor | None = None
        self._last_rtp: int | None = None
        self._last_media_ns = 0

    def captured(self, rtp: int, device_ns: int) -> None:
        """The device says: the sample with this (32-bit) timestamp was captured at this time of its clock."""
        if self._last_rtp is not None:
            rtp = nearest(rtp, self._last_rtp)
            self._anchor = _Anchor(rtp, device_ns)

    def restart(self) -> None:
        """Forget the mapping: the sender began a new timeline (new SSRC, or a jump of its timestamps)."""
        self._transits.clear()
        self._anchor = None
        self._last_rtp = None

    def media_ns(self, rtp: int, arrival_ns: int) -> int:
        """Capture time of the sample with unwrapped timestamp `rtp`; ≤ `arrival_ns`, and never running backwards."""
        media = self._by_device(rtp, arrival_ns)
        by_arrival = self._by_arrival(rtp, arrival_ns)
        media = by_arrival if media is None else media
        media = min(media, arrival_ns)
        if self._last_rtp is not None and rtp > self._last_rtp:
            media = max(media, min(self._last_media_ns, arrival_ns))
        if self._last_rtp is None or rtp > self._last_rtp:
            self._last_rtp, self._last_media_ns = rtp, media
        return media

    def _by_arrival(self, rtp: int, arrival_ns: int) -> int:
        sampled_ns = rtp * NS // self._rate_hz
        transit = arrival_ns - sampled_ns
        window = self._transits
        while window and window[-1][1] >= transit:
            window.pop()
        window.append((arrival_ns, transit))
        while arrival_ns - window[0][0] > WINDOW_NS:
            window.popleft()
        return sampled_ns + window[0][1] - self._floor_ns

    def _by_device(self, rtp: int, arrival_ns: int) -> int | None:
        if self._anchor is None:
            return None
        at = self._device.session_ns(self._anchor.device_ns)
        if at is None:
            return None
        media = at + (rtp - self._anchor.rtp) * NS // self._rate_hz
        return media if 0 <= arrival_ns - media + NS // 10 <= CAPTURE_LIMIT_NS else None
