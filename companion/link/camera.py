"""The device's camera: packets of one receiver to numbered encoded pictures, and requests for key frames.

A browser gives a key frame only when it is asked for one. One is asked for when nothing can be shown without it, when
speech begins (the deciders'), and as long as pictures come, when none has come for two seconds: to see any picture,
all from its key frame on must be decoded, so that is what a look back costs at most. A sender that keeps its bit rate
sends no more bytes for that (`tests.bench.bench_frames`). No pictures, no requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal, cast

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from companion.clock import SessionClock
from companion.link.handler import LinkHandler
from companion.link.internals import send_picture_loss, tap_packets
from companion.link.media_clock import DeviceClock, MediaClock
from companion.link.video_tap import Fragment, VideoAssembler
from pipelines.seeing.ring import AccessUnit

RATE_HZ = 90_000
KEY_FRAME_EVERY_NS = 500_000_000  # a key frame costs a sender ten times a picture; half a second covers slow links
KEY_FRAME_AFTER_NS = 2_000_000_000  # without one: 60 pictures are decoded in 40 to 100 ms, a minute of them in 3 s


class Camera:
    """Takes over the receiver's packets from its construction on. `number()` gives each picture its number."""

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        clock: SessionClock,
        device: DeviceClock,
        handler: LinkHandler,
        number: Callable[[], int],
    ) -> None:
        self._receiver, self._clock, self._handler, self._number = receiver, clock, handler, number
        self._assembler = VideoAssembler()
        self.media_clock = MediaClock(RATE_HZ, device)
        self._ssrc: int | None = None
        self._asked_ns: int | None = None
        self._keyed_ns: int | None = None  # when the last key frame came, or its absence was last complained of
        self._asking: asyncio.Task[None] | None = None
        self._closed = False
        self.heard_ns = 0
        tap_packets(receiver, self._packet)

    @property
    def stats(self) -> object:
        return self._assembler.stats

    def close(self) -> None:
        self._closed = True
        if self._asking is not None:
            self._asking.cancel()

    def ask_key_frame(self) -> None:
        """Send a PLI, unless one was sent less than 500 ms ago or nothing has come yet."""
        now = self._clock.now_ns()
        if self._ssrc is None or self._closed:
            return
        if self._asked_ns is not None and now - self._asked_ns < KEY_FRAME_EVERY_NS:
            return
        self._asked_ns = now
        self._asking = asyncio.ensure_future(send_picture_loss(self._receiver, self._ssrc))

    def _packet(self, packet: RtpPacket, codec: str) -> None:
        if codec not in ("vp8", "h264") or self._closed:
            return
        now = self.heard_ns = self._clock.now_ns()
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self.media_clock.restart()
        data = cast(Any, packet)._data  # aiortc leaves the payload without its RTP payload header here
        fragment = Fragment(
            packet.ssrc, packet.sequence_number, packet.timestamp, bool(packet.marker), codec, packet.payload, data, now
        )
        for picture in self._assembler.feed(fragment):
            media_ns = max(0, self.media_clock.media_ns(picture.rtp, now))
            kind = cast(Literal["h264", "vp8", "jpeg"], picture.codec)
            unit = AccessUnit(self._number(), media_ns, picture.key, kind, picture.data)
            self._handler.on_camera(unit, picture.rtp, now)
            if picture.key or self._keyed_ns is None:
                self._keyed_ns = now
        if self._assembler.wants_key:
            self.ask_key_frame()
        elif self._keyed_ns is not None and now - self._keyed_ns >= KEY_FRAME_AFTER_NS:
            self._keyed_ns = now  # a sender that does not heed is not pressed: in two seconds again
            self.ask_key_frame()
