"""When was this captured, on the session clock? From the device's own time on each frame. Pure arithmetic."""

from __future__ import annotations

from companion.link.media_clock import NS, DeviceClock, MediaClock

OLDEST_NS = 30 * NS  # a radio that stood still flushes 5 to 15 s; what says it is older is of a wrong clock
AHEAD_NS = NS // 10  # what is captured "later than now" by no more than this is a clock's error, not another clock


class CaptureTimes:
    """Of one stream. A frame that says when it was captured is believed once a ping was answered; before that, and if
    what it says cannot be, the fastest frames are the measure, as for RTP without "capture"."""

    def __init__(self, device: DeviceClock) -> None:
        self._device = device
        self._by_arrival = MediaClock(NS, device)
        self._last_ns = 0
        self.implausible = 0

    def media_ns(self, device_ns: int, arrival_ns: int, lasts_ns: int = 0) -> int:
        """Never runs backwards. `device_ns`: 0 = the device does not know. `lasts_ns`: how long what came took to be
        captured."""
        latest_ns = arrival_ns - lasts_ns
        media_ns = min(self._captured_ns(device_ns, latest_ns), latest_ns)
        self._last_ns = max(self._last_ns, media_ns)
        return self._last_ns

    def _captured_ns(self, device_ns: int, latest_ns: int) -> int:
        if not device_ns:
            return latest_ns
        by_arrival = self._by_arrival.media_ns(device_ns, latest_ns)
        said = self._device.session_ns(device_ns)
        if said is None:
            return by_arrival
        if not -AHEAD_NS <= latest_ns - said <= OLDEST_NS:
            self.implausible += 1
            return by_arrival
        return said
