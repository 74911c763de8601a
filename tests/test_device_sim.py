"""The simulator, by itself: what it sends, hears and judges. The other end here is a parrot, not a companion.

The parrot answers offers as a companion would, listens for the wearer to fall silent and says its next line in a voice
of its own. It shares no code with the real one, so these tests hold for any companion that keeps to the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import hashlib
import json
import random
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtp import RtcpPsfbPacket

from device_sim import byear, cards, cli, scene
from device_sim.camera import CameraTrack, Tapes, encode
from device_sim.ear import RATE_HZ, Ear
from device_sim.errors import SceneError, WireError
from device_sim.espeak import Accent, NoVoiceError, espeak
from device_sim.marks import Marks
from device_sim.mic import MicTrack, Voices, read_wav, speech_bounds
from device_sim.picture import frames
from device_sim.scene import Camera, See
from device_sim.wire import Address

SECOND_NS = 1_000_000_000


# ------------------------------------------------------------------------------------------------------------- the parrot


def spoken(text: str, accent: Accent = Accent("en-us+m3", 180)) -> np.ndarray:
    """(n,) int16, 48 kHz mono."""
    voice = espeak()
    return resampled(voice.speak(text, accent) * 0.7, voice.rate_hz, RATE_HZ)


def resampled(sound: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
    frame = av.AudioFrame.from_ndarray(
        (np.clip(sound, -1, 1) * 32767).astype(np.int16)[None], format="s16", layout="mono"
    )
    frame.sample_rate = from_hz
    return np.concatenate([f.to_ndarray()[0] for part in (frame, None) for f in resampler.resample(part)])


def opus_48k(pcm: np.ndarray) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE_HZ, "mono", "s16", 32_000
    packets: list[bytes] = []
    for i in range(0, len(pcm) - 959, 960):
        frame = av.AudioFrame.from_ndarray(pcm[None, i : i + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, i
        packets += [bytes(p) for p in codec.encode(frame)]
    return packets


class Mouth(MediaStreamTrack):
    """20 ms packets: what was queued, else silence."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.silence = opus_48k(np.zeros(4800, np.int16))[3]
        self.queue: list[bytes] = []
        self.count, self.begin_s = 0, 0.0

    async def recv(self) -> av.Packet:
        self.begin_s = self.begin_s or time.monotonic()
        await asyncio.sleep(max(0.0, self.begin_s + self.count * 0.02 - time.monotonic()))
        packet = av.Packet(self.queue.pop(0) if self.queue else self.silence)
        packet.pts, packet.time_base = self.count * 960, fractions.Fraction(1, 48_000)
        self.count += 1
        return packet


class Parrot:
    """Says `lines[0]` when the link is up and one more whenever the wearer falls silent; shuts up if spoken to."""

    def __init__(self, lines: Sequence[str], token: str = "secret", status: int = 0, leaves: bool = False) -> None:
        self.lines = [opus_48k(spoken(line)) for line in lines]
        self.token, self.status, self.leaves = token, status, leaves
        self.messages: list[dict] = []
        self.video_units = 0
        self.mouth = Mouth()
        self.url = ""
        self._loud = self._quiet = 0
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout, self._decoder.format = 16_000, "mono", "s16"
        self._utterance = 0
        self._channel = None

    async def offer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if self.status:
            return web.Response(status=self.status, text="an offer without sound")
        body = await request.json()
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.on("datachannel", self._opened)
        await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], body["type"]))
        pc.addTrack(self.mouth)
        for receiver in pc.getReceivers():
            if receiver.track.kind == "audio":
                receiver._handle_rtp_packet = self._hear
            else:
                self.eye = receiver
                self._see_before, receiver._handle_rtp_packet = receiver._handle_rtp_packet, self._see
        await pc.setLocalDescription(await pc.createAnswer())
        return web.json_response({"sdp": pc.localDescription.sdp, "type": "answer", "session": "parrot"})

    def _opened(self, channel: object) -> None:
        self._channel = channel
        channel.on("message", lambda text: self.messages.append(json.loads(text)))
        channel.send(json.dumps({"type": "ping", "id": 7}))
        self._next()

    def _next(self) -> None:
        if self.lines and self._channel is not None:
            self._utterance += 1
            origin = self.mouth_origin()
            packets = self.lines.pop(0)
            self.mouth.queue = list(packets)
            begin = (origin + self.mouth.count * 960) % 2**32
            end = (begin + len(packets) * 960) % 2**32
            for message in (
                {"type": "caption", "who": "companion", "text": f"line {self._utterance}"},
                {"type": "speaking", "utterance": self._utterance, "rtp": begin},
                {"type": "spoken", "utterance": self._utterance, "rtp": end, "cut": False},
            ):
                self._channel.send(json.dumps(message))
            if self.leaves:
                self._channel.send(json.dumps({"type": "bye", "reason": "tired"}))

    def mouth_origin(self) -> int:
        sender = self.pc.getSenders()[0]
        return (sender._RTCRtpSender__rtp_timestamp - (self.mouth.count - 1) * 960) % 2**32

    async def _hear(self, packet: object, arrival_time_ms: int) -> None:
        pcm = np.concatenate([f.to_ndarray().reshape(-1) for f in self._decoder.decode(av.Packet(packet.payload))])
        loud = float(np.sqrt(np.mean(pcm.astype(float) ** 2))) > 32768 * 10 ** (-38 / 20)
        self._loud, self._quiet = (self._loud + 1, 0) if loud else (self._loud, self._quiet + 1)
        if self._loud >= 5:
            self.mouth.queue.clear()
        if self._loud >= 5 and self._quiet >= 25:
            self._loud = 0
            self._next()

    async def _see(self, packet: object, arrival_time_ms: int) -> None:
        self.video_units += packet.marker
        if self.video_units == 10 and packet.marker:
            await self.eye._send_rtcp_pli(packet.ssrc)


@contextlib.asynccontextmanager
async def listening(parrot: Parrot) -> AsyncIterator[str]:
    """The parrot's address, with its token."""
    app = web.Application()
    app.router.add_post("/api/offer", parrot.offer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/?token={parrot.token}"
    finally:
        if hasattr(parrot, "pc"):
            await parrot.pc.close()
        await runner.cleanup()
