"""What a device sends, until there is time for it: bounded, oldest dropped, pictures before sound. Pure: times go in.

Sound and pictures each have an allowance that fills up as time passes. What is within it is taken at once, so a device
at its own pace never waits here; one that sends more waits, and what does not fit any more is dropped and counted:

    a backlog that comes at once (a radio that stood still)    10 s of sound are taken, 10 s more wait
    sound at four times its pace for minutes                   every second second of it is dropped
    pictures at 200 a second                                   60 a second are taken, the oldest of the others dropped

A dropped H.264 unit takes with it all up to the next key frame, which `wants_key` asks for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from companion.bridge.frames import Frame, Kind

NS = 1_000_000_000
SOUND_BURST_NS, SOUND_PACE = 10 * NS, 2.0  # at once; after that, seconds of sound a second
PICTURE_BURST, PICTURES_PER_S = 60.0, 60.0
SOUND_WAITING_NS = 10 * NS
PICTURES_WAITING, PICTURE_BYTES_WAITING = 60, 16 * 1024 * 1024


class Allowance:
    """So much at once, so much a second."""

    def __init__(self, burst: float, per_s: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._left, self._at_ns = burst, 0

    def take(self, cost: float, now_ns: int) -> bool:
        self._left = min(self._burst, self._left + max(0, now_ns - self._at_ns) * self._per_s / NS)
        self._at_ns = now_ns
        if self._left < cost:
            return False
        self._left -= cost
        return True


@dataclass(slots=True)
class Dropped:
    """Frames that came and were not used."""

    sound: int = 0
    pictures: int = 0


class Inbox:
    """`put` each frame as it comes, then `take` until it gives None."""

    def __init__(self) -> None:
        self.dropped = Dropped()
        self.wants_key = True  # no H.264 unit can be used before the next key frame
        self._sounds: deque[tuple[Frame, int]] = deque()  # with how long each lasts, in ns
        self._pictures: deque[Frame] = deque()
        self._sound_ns = self._picture_bytes = 0
        self._sound_allowance = Allowance(SOUND_BURST_NS, SOUND_PACE * NS)
        self._picture_allowance = Allowance(PICTURE_BURST, PICTURES_PER_S)

    def __len__(self) -> int:
        return len(self._sounds) + len(self._pictures)

    def put_sound(self, frame: Frame, lasts_ns: int) -> None:
        self._sounds.append((frame, lasts_ns))
        self._sound_ns += lasts_ns
        while self._sound_ns > SOUND_WAITING_NS and self._sounds:
            self._sound_ns -= self._sounds.popleft()[1]
            self.dropped.sound += 1

    def put_picture(self, frame: Frame, broken: bool) -> None:
        """`broken`: pictures before this one are missing."""
        if frame.key:
            self.wants_key = False
        elif broken or self.wants_key:
            self.wants_key = True
            self.dropped.pictures += 1
            return
        self._pictures.append(frame)
        self._picture_bytes += len(frame.payload)
        while len(self._pictures) > PICTURES_WAITING or self._picture_bytes > PICTURE_BYTES_WAITING:
            self._drop_picture()

    def take(self, now_ns: int) -> Frame | None:
        """The next frame that may be taken now: sound first."""
        if self._sounds and self._sound_allowance.take(self._sounds[0][1], now_ns):
            frame, lasts_ns = self._sounds.popleft()
            self._sound_ns -= lasts_ns
            return frame
        if self._pictures and self._picture_allowance.take(1, now_ns):
            return self._pop()
        return None

    def _drop_picture(self) -> None:
        dropped = self._pop()
        self.dropped.pictures += 1
        if dropped.kind != Kind.H264:
            return
        while self._pictures and not self._pictures[0].key:
            self._pop()
            self.dropped.pictures += 1
        self.wants_key = not self._pictures

    def _pop(self) -> Frame:
        frame = self._pictures.popleft()
        self._picture_bytes -= len(frame.payload)
        return frame
