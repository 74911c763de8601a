"""One device's connection, from its offer to its end: wires the media paths and the messages to a session's handler.

What it tells its host (`companion.link.wearer`), in this order:

    (offer) → connected ⇄ lost → ended

"lost" is our own: nothing received for a few seconds. ICE gives up after half a minute, and then the connection has
ended without a goodbye: whether the session ends with it is the host's decision.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import replace
from typing import TypeVar

from aiortc import RTCConfiguration, RTCIceCandidate, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from companion.link.asking_photos import AskingPhotos
from companion.link.camera import Camera
from companion.link.channel import Channel, tell_heard, whole
from companion.link.connection import Host
from companion.link.guard import EVERYWHERE
from companion.link.handler import LinkHandler, Message
from companion.link.internals import hello_again, last_sent_rtp, offer_addresses, tap_reports, tell_if_unconnected
from companion.link.media_clock import DeviceClock
from companion.link.microphone import Microphone
from companion.link.offer import Offer
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.settings import LinkSettings
from companion.link.speaker import Answers, SpeakerTrack, play_to_nobody

log = logging.getLogger(__name__)

PROTOCOL = 1
FIRST_PINGS = 8  # quick ones at the start: the least round trip of eight is within 10 % of the path's own
FIRST_PING_S, PING_S = 0.1, 1.0
GOODBYE_S = 0.1  # for "bye" to leave before the connection goes
CLOSE_LIMIT_S = 5.0
Made = TypeVar("Made")


class UnusableOffer(ValueError):  # noqa: N818
    """aiortc met an offer that it had not thought of."""


class DeviceSession:
    """`answer()` once, then it lives by itself until either side closes it."""

    def __init__(
        self,
        host: Host,
        offer: Offer,
        settings: LinkSettings,
        loopback_only: bool,
        echo: str,
        resumed: bool,
        kind: str = "webrtc",
        said: DeviceRecord = NOT_SAID,
    ) -> None:
        """`echo`: as the offer says it. `resumed`: the session was there before. `kind`: as in `Connection`. `said`:
        what the device says of itself beside the offer."""
        self.kind = kind
        self.session, self.clock, self.echo = host.session, host.clock, echo
        self._host, self._resumed = host, resumed
        self._offer, self._settings, self._loopback_only = offer, settings, loopback_only
        self._device = DeviceClock()
        self._channel = Channel(self.clock, self._device, self._message)
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._handler: LinkHandler | None = None
        self._microphone: Microphone | None = None
        self._camera: Camera | None = None
        self._said = said
        photos = AskingPhotos(said.photo_delay_ms, self.clock, self.send_message) if said.photo_only else None
        self._photos = photos
        self._answers = Answers(self._next_answer, self._channel.send, self._origin)
        self._state = "new"
        self._connected = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._message_ns = 0
        self._returns = False  # it says bye when it goes: any other close is a loss
        self._pc.on("connectionstatechange", self._connection_changed)
        self._pc.on("datachannel", self._channel_opened)
        tell_if_unconnected(self._pc, self._unconnected)

    # ------------------------------------------------------------------------------------------------ offer and answer

    async def answer(self) -> str:
        """Build everything and return our SDP. Raises OperationError or ValueError for what aiortc holds against the
        offer; then `close()` it."""
        self._prepare_transceivers()
        await _read_by_aiortc(self._pc.setRemoteDescription(RTCSessionDescription(self._offer.sdp, "offer")))
        self._handler = handler = self._host.gate(self)
        for transceiver in self._pc.getTransceivers():
            self._tap(transceiver.kind, transceiver.receiver, handler)
        host = self._settings.host
        offer_addresses(self._pc, self._loopback_only, "" if host in EVERYWHERE else host)
        hello_again(self._pc)
        await _read_by_aiortc(self._pc.setLocalDescription(await _read_by_aiortc(self._pc.createAnswer())))
        self._start(self._live())
        return self._offer.answer(self._pc.localDescription.sdp)

    def _prepare_transceivers(self) -> None:
        """Ours stand before the offer is read, because aiortc applies codec preferences only then."""
        if self._offer.audio is not None:
            speaker = SpeakerTrack(self._answers) if self._offer.speaker else "audio"
            self._pc.addTransceiver(speaker, direction="sendrecv" if self._offer.speaker else "recvonly")
        if self._offer.video is not None:
            camera = self._pc.addTransceiver("video", direction="recvonly")
            codecs = RTCRtpReceiver.getCapabilities("video").codecs
            h264_first = sorted(codecs, key=lambda c: c.mimeType.lower() != "video/h264")
            camera.setCodecPreferences(h264_first)

    def _tap(self, kind: str, receiver: RTCRtpReceiver, handler: LinkHandler) -> None:
        if kind == "audio":
            self._microphone = Microphone(receiver, self.clock, self._device, handler)
        else:
            self._camera = Camera(receiver, self.clock, self._device, handler, self._next_picture)
        tap_reports(receiver, lambda ntp, rtp: handler.on_sender_report(kind, ntp, rtp, self.clock.now_ns()))

    def _next_picture(self) -> int:
        if self._photos is not None:
            self._photos.came()
        return self._host.next_frame()

    def _next_answer(self, stamp: int) -> tuple[bytes, int]:
        assert self._handler is not None
        return self._handler.next_answer(stamp)

    def _origin(self, stamp: int) -> int | None:
        """RTP timestamp of stamp 0, once the packet with `stamp` (the last one given out) has been sent."""
        for sender in self._pc.getSenders():
            if sender.kind == "audio" and (sent := last_sent_rtp(sender)) is not None:
                return sent - stamp
        return None

    # ------------------------------------------------------------------------------------------------- asked of it

    @property
    def sends(self) -> tuple[bool, bool, bool]:
        """Whether it has a microphone, a camera and a speaker."""
        return self._offer.microphone, self._offer.camera, self._offer.speaker

    @property
    def record(self) -> DeviceRecord:
        """What the device says, and the offer."""
        camera = self._offer.video.codecs.values() if self._offer.camera and self._offer.video is not None else ()
        return replace(
            self._said,
            name=self._said.name or self.kind,
            camera=next((codec for codec in camera if codec in ("h264", "vp8")), ""),
            microphone="opus" if self._offer.microphone else "",
            microphone_hz=(self._said.microphone_hz or 48_000) if self._offer.microphone else 0,
            speaker=self._offer.speaker,
            echo=self.echo,
        )

    def send_message(self, message: Message) -> None:
        self._channel.send(message)

    def ask_key_frame(self) -> None:
        if self._photos is not None:
            self._photos.ask()
        elif self._camera is not None:
            self._camera.ask_key_frame()

    def cut_answer(self, utterance: int) -> None:
        self._answers.cut(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        self._answers.at(utterance, position_ns)

    @property
    def over(self) -> bool:
        """It is closed, or closes."""
        return self._closing is not None

    @property
    def heard_ns(self) -> int:
        tracks = [t.heard_ns for t in (self._microphone, self._camera) if t is not None]
        return max([self._message_ns, *tracks])

    @property
    def arrived_ns(self) -> int:
        return self._channel.arrived_ns

    def silent_s(self) -> float:
        """How long nothing has come over it."""
        return (self.clock.now_ns() - self.heard_ns) / 1e9

    async def reach(self, candidates: Iterable[RTCIceCandidate]) -> None:
        """More addresses of the device, told after its offer; where nobody but this machine reaches us, none is used
        (see `read_offer`)."""
        if not self._loopback_only:
            for candidate in candidates:
                await self._pc.addIceCandidate(candidate)

    async def close(self, reason: str = "") -> None:
        """Close once; everybody who asks waits for the same end."""
        if self._closing is None:
            reason = reason or "the companion closed the connection"
            self._closing = asyncio.ensure_future(self._close(reason, goodbye=True))
        await asyncio.shield(self._closing)

    # ----------------------------------------------------------------------------------------------------------- events

    def _channel_opened(self, channel: object) -> None:
        hello = {
            "type": "hello",
            "protocol": PROTOCOL,
            "session": self.session,
            "resumed": self._resumed,
            "recording": self._settings.recording,
        }
        self._channel.attach(channel, hello)

    def _message(self, message: Message) -> None:
        self._message_ns = self.clock.now_ns()
        handle = {"pong": self._pong, "heard": self._heard, "capture": self._captured}.get(message["type"])
        if handle is not None:
            handle(message)
        elif message["type"] == "bye":
            self._end("the device said goodbye", goodbye=True)
        elif message["type"] == "returns":
            self._returns = True
        elif self._handler is not None and self._state != "closed":
            self._handler.on_message(message)

    def _pong(self, message: Message) -> None:
        if self._channel.pong(message) and self._handler is not None and self._device.offset_ns is not None:
            self._handler.on_clock(self._device.offset_ns, self._device.round_trip_ns)

    def _heard(self, message: Message) -> None:
        if self._handler is not None:
            now_ns, answers = self.clock.now_ns(), self._answers
            tell_heard(message, "rtp", answers.position_ns, self._device, now_ns, self._handler)

    def _captured(self, message: Message) -> None:
        track = {"audio": self._microphone, "video": self._camera}.get(str(message.get("media")))
        rtp, device_ns = whole(message, "rtp"), whole(message, "device_ns")
        if track is not None and rtp is not None and device_ns is not None:
            track.media_clock.captured(rtp & 0xFFFFFFFF, device_ns)

    def _connection_changed(self) -> None:
        state = self._pc.connectionState
        if state == "connected":
            self._connected.set()
            self._say("connected")
        elif state == "failed":
            self._end("the network path to the device is gone", goodbye=False)
        elif state == "closed":  # said by the device; or, where nothing has come for long, found out about the path
            heard = self.silent_s() <= self._settings.lost_after_s
            goodbye = heard and not self._returns
            self._end(
                "the device closed the connection" if heard else "the network path to the device is gone", goodbye
            )

    def _unconnected(self, why: str) -> None:
        self._end(f"no connection could be made ({why})", goodbye=False)

    def _say(self, state: str, detail: str = "") -> None:
        if state == self._state or self._state == "closed":
            return
        self._state = state
        if state == "connected":
            self._host.connected(self)
        else:
            self._host.lost(self, detail)

    def _end(self, reason: str, goodbye: bool) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(reason, goodbye))

    # ----------------------------------------------------------------------------------------------------- life and end

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        """Wait for the connection; then ping, and watch for silence on the line."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):  # wait_for loses a cancellation just then
                await self._connected.wait()
        except TimeoutError:
            reason = f"no connection within {self._settings.connect_timeout_s:g} s of the offer"
            self._end(reason, goodbye=False)
            return
        if not self._offer.speaker:
            self._start(play_to_nobody(self._answers))
        self._message_ns = self.clock.now_ns()
        pings = 0
        while True:
            self._channel.ping()
            pings += self._channel.open
            await asyncio.sleep(FIRST_PING_S if pings < FIRST_PINGS else PING_S)
            self._watch()

    def _watch(self) -> None:
        silent_s = self.silent_s()
        if not (self._offer.microphone or self._offer.camera):
            return
        if silent_s > self._settings.lost_after_s:
            self._say("lost", f"nothing received for {silent_s:.0f} s")
        elif self._state == "lost":
            self._say("connected")

    async def _close(self, reason: str, goodbye: bool) -> None:
        log.info("a connection of session %s closes: %s", self.session, reason)
        if self._channel.open and self._pc.connectionState == "connected":
            self._channel.send({"type": "bye", "reason": reason})
            await asyncio.sleep(GOODBYE_S)
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for track in (self._microphone, self._camera):
            if track is not None:
                track.close()
        try:
            await asyncio.wait_for(self._pc.close(), CLOSE_LIMIT_S)
        except TimeoutError:
            log.error("session %s: the connection did not close within %g s", self.session, CLOSE_LIMIT_S)
        except Exception as why:  # a fault of aiortc's: what it held is gone, and the session must not wait for it
            log.warning("session %s: the connection did not close well: %r", self.session, why)
        self._state = "closed"
        self._host.ended(self, reason, goodbye)


async def _read_by_aiortc(work: Awaitable[Made]) -> Made:
    """What aiortc makes of an offer. It refuses with errors of its own, and falls over nonsense with any."""
    try:
        return await work
    except (InvalidAccessError, InvalidStateError, OperationError):
        raise
    except Exception as why:
        log.debug("an offer made aiortc fall", exc_info=True)
        raise UnusableOffer(f"{type(why).__name__}: {why}") from why
