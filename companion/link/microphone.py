"""The device's microphone: packets of one receiver to 20 ms blocks of sound with their capture times."""

from __future__ import annotations

import asyncio

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from companion.clock import SessionClock
from companion.link.handler import LinkHandler
from companion.link.internals import tap_packets
from companion.link.media_clock import DeviceClock, MediaClock
from companion.link.opus_receive import SOUND_DELAY_NS, OpusReceive, Sound
from companion.link.opus_send import FRAME_NS, RATE_HZ


class Microphone:
    """Takes over the receiver's packets from its construction on. `close()` ends it."""

    def __init__(
        self, receiver: RTCRtpReceiver, clock: SessionClock, device: DeviceClock, handler: LinkHandler
    ) -> None:
        self._clock, self._handler = clock, handler
        self._receive = OpusReceive()
        self.media_clock = MediaClock(RATE_HZ, device, floor_ns=FRAME_NS)
        self._ssrc: int | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False
        self.heard_ns = 0
        tap_packets(receiver, self._packet)

    @property
    def stats(self) -> object:
        return self._receive.stats

    def close(self) -> None:
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()

    def _packet(self, packet: RtpPacket, codec: str) -> None:
        if codec != "opus" or self._closed:
            return
        now = self.heard_ns = self._clock.now_ns()
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self.media_clock.restart()
        self._give(self._receive.feed(packet.ssrc, packet.sequence_number, packet.timestamp, packet.payload, now), now)
        self._watch_silence()

    def _give(self, sounds: list[Sound], now_ns: int) -> None:
        for sound in sounds:
            media = self.media_clock.media_ns(sound.rtp, now_ns) - SOUND_DELAY_NS
            self._handler.on_microphone(
                sound.packet, sound.pcm, sound.rtp, now_ns, max(0, media), concealed=sound.concealed
            )

    def _watch_silence(self) -> None:
        """While the device deliberately sends nothing (DTX), let silence flow by the clock."""
        if self._idle is not None or not self._receive.quiet:
            return

        def due() -> None:
            self._idle = None
            if not self._closed:
                now = self._clock.now_ns()
                self._give(self._receive.idle(now), now)
                self._watch_silence()

        self._idle = asyncio.get_running_loop().call_later(FRAME_NS / 1e9, due)
