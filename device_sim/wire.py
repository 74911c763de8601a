"""The device's side of the wire: WebRTC by aiortc, one data channel, and nothing that the companion shares.

Encoded media goes out as it was prepared; answers come in through a hook on the audio receiver, before aiortc's jitter
buffer. Times told to the companion are this device's monotonic clock. The protocol is docs/wire.md.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import fields
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtp import RtpPacket

from device_sim.address import Address
from device_sim.aiortc_ways import offer_loopback, only_h264, rtp_origin
from device_sim.asked_pictures import AskedPictures
from device_sim.camera import Tapes
from device_sim.described import described
from device_sim.ear import Ear
from device_sim.errors import NoMediaError, NoSuchSessionError, WireError
from device_sim.marks import Marks, Message
from device_sim.mic import Voices
from device_sim.network import BadNetwork, Counts
from device_sim.now import Now
from device_sim.roaming import Lead, Source, cut
from device_sim.scene import Scene
from device_sim.signalling import exchange
from device_sim.way import Way

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 15.0
CAPTURE_PERIOD_S = 1.0  # how often the companion is told when a sample was captured


class Wire(Way):
    """By WebRTC."""

    def __init__(self, scene: Scene, tapes: Tapes, voices: Voices, ear: Ear) -> None:
        super().__init__(scene, tapes, voices, ear)
        self._network = scene.network
        self._address: Address | None = None
        self._bad: list[BadNetwork] = []
        self._leads: list[Lead] = []
        self._arriving: set[asyncio.Task[None]] = set()
        self._begin()
        self._capture: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        """A connection of its own, not yet offered."""
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channel: Any = None
        self._connected = asyncio.Event()
        self._senders: dict[str, RTCRtpSender] = {}

    async def connect(self, address: Address) -> None:
        """Offer, answer, media flowing. Raises WireError with one line that says what to do."""
        if address.loopback:
            offer_loopback()
        self._address = address
        self._leak_what_is_played()
        self.ear.on_sound.append(lambda pcm, arrival_ns: self._send_all(self.marks.arrived(arrival_ns)))
        self._capture = asyncio.create_task(self._tell_captures())
        try:
            await self._open(address, "")
        except NoMediaError:
            self.lost.clear()
            self.lost_why = ""
            raise

    def be(self, now: Now) -> None:
        """The microphone and the network are like this from now on."""
        if self.mic is not None:
            self.mic.be(now.microphone)
        self._network = now.network
        for bad in self._bad:
            bad.network = now.network

    def lose_network(self) -> None:
        """From now on nothing leaves and nothing arrives, and nobody is told."""
        cut(self._pc)

    async def come_back(self) -> bool:
        """Over another connection. True: into the same session; False: there was none any more, and it is a new one."""
        assert self._address is not None, "connect first"
        before, session = self._pc, self.session
        for lead in self._leads:
            lead.stop()
        self._leads.clear()
        try:
            self._another_connection()
            try:
                await self._open(self._address, session)
            except NoSuchSessionError:
                refused = self._pc
                self._another_connection()
                await refused.close()
                await self._open(self._address, "")
        finally:
            await before.close()
        return self.session == session

    def _another_connection(self) -> None:
        self._begin()
        self.ear.restart()
        self.marks = Marks(self.ear)

    async def _open(self, address: Address, resume: str) -> None:
        pc = self._pc
        self._add_media()
        self._channel = pc.createDataChannel("earshot", ordered=True)
        self._channel.on("message", lambda text: self._message(text) if pc is self._pc else None)
        pc.on("connectionstatechange", lambda: self._state_changed() if pc is self._pc else None)
        await self._pc.setLocalDescription(await self._pc.createOffer())
        for receiver in self._pc.getReceivers():
            self._hook(receiver)
        said = {"echo": "open" if self._leak else "none", "device": described(self._scene)}
        if resume:
            said["resume"] = resume
        answer, self.session = await exchange(address, self._pc.localDescription.sdp, said)
        self._spoil_network()
        if self._network.udp == "blocked":
            cut(pc)
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # aiortc raises whatever its parser trips over
            raise WireError(f"{address.offer}: its SDP answer cannot be used: {error}; is it a companion?") from error
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_TIMEOUT_S)
        except TimeoutError:
            state = self._pc.connectionState
            way_out = "UDP between the two must be open; on one machine use a 127.0.0.1 address"
            raise NoMediaError(
                f"{address.offer}: answered, but no media path in {CONNECT_TIMEOUT_S:g} s ({state}); {way_out}"
            ) from None
        if self._network.udp == "blocked":
            raise NoMediaError(f"{address.offer}: answered, but no media path: {self.lost_why}; UDP must be open")
        if self.lost.is_set():
            raise WireError(f"{address.offer}: {self.lost_why} while connecting; see the companion's log")

    async def close(self) -> None:
        if self._capture is not None:
            self._capture.cancel()
            await asyncio.gather(self._capture, return_exceptions=True)
        for bad in self._bad:
            bad.close()
        for task in self._arriving:
            task.cancel()
        await self._pc.close()

    @property
    def network_counts(self) -> Counts:
        """What the scene's network did to our media."""
        every = [bad.counts for bad in self._bad]
        return Counts(*(sum(getattr(c, f.name) for c in every) for f in fields(Counts)))

    def send(self, message: Message) -> None:
        """Send on the data channel; before it is open, messages are dropped and logged."""
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(json.dumps(message))
        else:
            log.warning("data channel is not open, dropped %s", message)

    # ----------------------------------------------------------------------------------------------------------- set-up

    def _add_media(self) -> None:
        if self.mic is not None:
            self._senders["audio"] = self._pc.addTrack(self._lead(self.mic))
        else:
            self._pc.addTransceiver("audio", direction="recvonly")
        if self.camera is not None:
            self._pictures = AskedPictures(self.camera)
            sender = self._senders["video"] = self._pc.addTrack(self._lead(self._pictures))
            sender._send_keyframe = self.camera.request_key  # a PLI or FIR arrived; aiortc would ask its own encoder
            transceiver = next(t for t in self._pc.getTransceivers() if t.sender is sender)
            transceiver.direction = "sendonly"
            only_h264(transceiver)

    def _lead(self, source: Source) -> Lead:
        self._leads.append(Lead(source))
        return self._leads[-1]

    def _spoil_network(self) -> None:
        if not self._scene.spoils_network:
            return
        transports = {id(sender.transport.transport): sender.transport.transport for sender in self._senders.values()}
        for transport in transports.values():
            self._bad.append(BadNetwork.before(transport, self._network, self._scene.seed))

    def _hook(self, receiver: RTCRtpReceiver) -> None:
        """Take audio packets on arrival (after SRTP). aiortc's router calls the receiver's method, so we replace it."""
        if receiver._RTCRtpReceiver__kind != "audio":
            return

        pc = self._pc

        async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
            if self._bad:
                task = asyncio.get_running_loop().create_task(self._arrive(pc, packet))
                self._arriving.add(task)
                task.add_done_callback(self._arriving.discard)
            elif pc is self._pc:
                self.ear.receive(packet.payload, packet.timestamp, time.monotonic_ns())

        receiver._handle_rtp_packet = take

    # ----------------------------------------------------------------------------------------------------- what arrives

    async def _arrive(self, pc: RTCPeerConnection, packet: RtpPacket) -> None:
        if await self._bad[-1].receive() and pc is self._pc:
            self.ear.receive(packet.payload, packet.timestamp, time.monotonic_ns())

    def _state_changed(self) -> None:
        state = self._pc.connectionState
        if state in ("failed", "closed"):
            self._lose(f"the connection {'failed' if state == 'failed' else 'was closed by the companion'}")
        if state in ("connected", "failed", "closed"):
            self._connected.set()

    def _message(self, text: str | bytes) -> None:
        arrival_ns = time.monotonic_ns()
        try:
            message = json.loads(text)
        except ValueError:
            log.warning("not JSON on the data channel: %.100r", text)
            return
        if not isinstance(message, dict):
            return
        self._keep(arrival_ns, message)
        kind = message.get("type")
        if kind == "ping":
            self.send({"type": "pong", "id": message.get("id"), "device_ns": time.monotonic_ns()})
        elif kind == "camera" and self._pictures is not None:
            self._pictures.ask(message.get("do"), message.get("fps"))
        elif kind in ("speaking", "spoken"):
            self._send_all(self.marks.announce(message, arrival_ns))
        elif kind == "bye":
            self._lose(f"the companion said goodbye: {message.get('reason', '')}")
        self.on_message(arrival_ns, message)

    def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            self.send(message)

    async def _tell_captures(self) -> None:
        """About once a second: this RTP timestamp was captured at that moment of our clock."""
        tracks = {"audio": self.mic, "video": self.camera}
        while True:
            await asyncio.sleep(CAPTURE_PERIOD_S)
            for media, sender in self._senders.items():
                track = tracks[media]
                origin = rtp_origin(sender, track.last_pts) if track is not None else None
                if origin is None or track is None or not self._channel or self._channel.readyState != "open":
                    continue
                rtp = (origin + track.last_pts) % 2**32
                self.send({"type": "capture", "media": media, "rtp": rtp, "device_ns": track.last_ns})
