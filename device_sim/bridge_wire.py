"""The device's side of the second wire: one WebSocket, as docs/bridge.md has it, and nothing that the companion shares.

    connected ── a step's own loss ─> `lose_network` … `come_back`
        └────── broken, or silent ──> back by itself: another connection, tried again and again with growing pauses
        └────── "bye", or refused ──> lost for good

What a scene's network does to packets (loss, jitter) does not happen to a TCP stream: such a scene is refused here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import time
from contextlib import suppress

import aiohttp

from device_sim.address import Address
from device_sim.asked_pictures import AskedPictures
from device_sim.bridge_hello import abort, greeted, hello
from device_sim.camera import CameraTrack, Tapes
from device_sim.ear import Ear
from device_sim.errors import NoSuchSessionError, WireError
from device_sim.marks import Marks, Message
from device_sim.mic import MicTrack, Voices
from device_sim.network import Counts
from device_sim.now import Now
from device_sim.scene import Network, Scene
from device_sim.unreceived import Unreceived
from device_sim.way import Way

log = logging.getLogger(__name__)

HEADER = struct.Struct("<BBHIQ")
OPUS, H264 = 1, 3
SOUND_HZ = 48_000
HELLO_TIMEOUT_S = 10.0
SILENT_S = 2.5  # a ping comes every second: the network is gone, and TCP alone would find out after minutes
FIRST_TRY_S = 1.0  # to connect and be greeted; twice as long each time
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 0.5
AWAY_S = 30.0  # then nobody waits for us any more
CLOSED_NORMALLY = 1000
NS = 1_000_000_000


class BridgeWire(Way):
    """By the bridge; `connect` once. Times told are this device's monotonic clock."""

    def __init__(self, scene: Scene, tapes: Tapes, voices: Voices, ear: Ear) -> None:
        if scene.network != Network():
            raise WireError(f"{scene.file}: its network loses packets, and a WebSocket has none: play it over webrtc")
        super().__init__(scene, tapes, voices, ear)
        self._http: aiohttp.ClientSession | None = None
        self._address: Address | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writing: set[asyncio.Task[None]] = set()
        self._returning: asyncio.Task[None] | None = None
        self._typed = Unreceived()
        self._gone = False  # the network, as a step has it
        self._stamp = 0  # of the newest sound, in samples at 48 kHz; the ear counts in these, modulo 2**32

    async def connect(self, address: Address) -> None:
        self._address, self._http = address, aiohttp.ClientSession()
        self._leak_what_is_played()
        self.ear.on_sound.append(lambda pcm, arrival_ns: self._tell(self.marks.arrived(arrival_ns)))
        await self._open("")

    def be(self, now: Now) -> None:
        """Raises WireError for a network that loses packets."""
        if now.network != Network():
            raise WireError(f"{self._scene.file}: its network loses packets, and a WebSocket has none: use webrtc")
        if self.mic is not None:
            self.mic.be(now.microphone)

    def lose_network(self) -> None:
        self._gone = True

    async def come_back(self, within_s: float = HELLO_TIMEOUT_S) -> bool:
        before, session, old = self._socket, self.session, self._tasks
        self._socket = None  # what the old connection still says is not for us any more
        self.ear.restart()
        self.marks = Marks(self.ear)
        for source in (self.mic, self.camera):
            if source is not None:
                source.go_on()
        try:
            await self._open(session, within_s)
        except NoSuchSessionError:
            await self._open("", within_s)
        finally:
            await _end(old)
            if before is not None:
                abort(before)
        return self.session == session

    async def close(self) -> None:
        await _end([*([self._returning] if self._returning is not None else []), *self._tasks, *self._writing])
        if self._socket is not None:
            with suppress(ConnectionError):
                await self._socket.close()
        if self._http is not None:
            await self._http.close()

    @property
    def network_counts(self) -> Counts:
        return Counts()

    def send(self, message: Message) -> None:
        self._send(self._typed.numbered(message) if message.get("type") == "typed" else message)

    def _send(self, message: Message) -> None:
        if self._socket is None or self._socket.closed or self._gone:
            log.warning("not connected, %s %s", "kept" if "number" in message else "dropped", message)
            return
        task = asyncio.ensure_future(_sent(self._socket, json.dumps(message)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    # ---------------------------------------------------------------------------------------------- one connection

    async def _open(self, resume: str, within_s: float = HELLO_TIMEOUT_S) -> None:
        assert self._http is not None and self._address is not None, "connect first"
        said = hello(self._scene, self._leak is not None, resume)
        socket, answer = await greeted(self._http, self._address, said, within_s)
        self._socket, self._gone, self.session = socket, False, str(answer["session"])
        self._keep(time.monotonic_ns(), answer)
        for message in self._typed.greeted(answer):
            self._send(message)
        self._tasks = [asyncio.create_task(self._read(socket))]
        if self.mic is not None:
            self._tasks.append(asyncio.create_task(self._hear(socket, self.mic)))
        if self.camera is not None:
            self._pictures = AskedPictures(self.camera)
            self._tasks.append(asyncio.create_task(self._see(socket, self.camera, self._pictures)))

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, mic: MicTrack) -> None:
        sequence = 0
        with suppress(ConnectionError):
            while True:
                packet = await mic.recv()
                if not self._gone:
                    await socket.send_bytes(HEADER.pack(OPUS, 0, 0, sequence, mic.last_ns) + bytes(packet))
                sequence += 1

    async def _see(self, socket: aiohttp.ClientWebSocketResponse, camera: CameraTrack, pictures: AskedPictures) -> None:
        sequence = 0
        with suppress(ConnectionError):
            while True:
                packet = await pictures.recv()
                if not self._gone:
                    header = HEADER.pack(H264, pictures.flags, 0, sequence, camera.last_ns)
                    await socket.send_bytes(header + bytes(packet))
                sequence += 1

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        why = await self._take(socket)
        if socket is not self._socket or self._gone or self.lost.is_set():
            return
        if socket.close_code == CLOSED_NORMALLY:
            self._lose(f"the companion closed the connection ({socket.close_code})")
        else:
            self._returning = asyncio.create_task(self._return(why))

    async def _take(self, socket: aiohttp.ClientWebSocketResponse) -> str:
        """Whatever comes, until nothing does any more; why."""
        silent = 0  # looks in a row; one alone may be our own process that stood still
        while True:
            try:
                message = await socket.receive(timeout=SILENT_S / 2)
            except TimeoutError:
                silent = 0 if self._gone else silent + 1
                if silent < 2:
                    continue
                return f"nothing came for {SILENT_S:g} s"
            silent = 0
            arrival_ns = time.monotonic_ns()
            if message.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                return f"the connection broke ({socket.close_code})"
            if self._gone:
                continue
            if message.type == aiohttp.WSMsgType.BINARY:
                self._sound(message.data, arrival_ns)
            else:
                self._message(json.loads(message.data), arrival_ns)

    async def _return(self, why: str) -> None:
        """Into the session, over another connection. Pauses grow, and so does the time that each try is given."""
        log.warning("%s; connecting again", why)
        away_s, try_s, pause_s = time.monotonic(), FIRST_TRY_S, FIRST_PAUSE_S
        while True:
            try:
                self.returns.append(await self.come_back(try_s))
                return
            except WireError as error:
                if time.monotonic() - away_s > AWAY_S:
                    self._lose(f"{why}, and {AWAY_S:g} s later: {error}")
                    return
            await asyncio.sleep(pause_s)
            try_s, pause_s = min(2 * try_s, HELLO_TIMEOUT_S), min(2 * pause_s, LONGEST_PAUSE_S)

    # ----------------------------------------------------------------------------------------------------- what arrives

    def _sound(self, data: bytes, arrival_ns: int) -> None:
        kind, _, _, _, sound_ns = HEADER.unpack_from(data)
        if kind != OPUS:
            log.warning("sound of kind %d, and Opus was asked for", kind)
            return
        self._stamp = sound_ns * SOUND_HZ // NS
        self.ear.receive(data[HEADER.size :], self._stamp % 2**32, arrival_ns)

    def _message(self, message: Message, arrival_ns: int) -> None:
        self._keep(arrival_ns, message)
        kind = message.get("type")
        if kind == "ping":
            self.send({"type": "pong", "id": message.get("id"), "device_ns": arrival_ns})
        elif kind == "received":
            self._typed.received(message.get("typed"))
        elif kind == "camera" and self._pictures is not None:
            self._pictures.ask(message.get("do"), message.get("fps"))
        elif kind in ("speaking", "spoken"):
            rtp = int(message["sound_ns"]) * SOUND_HZ // NS % 2**32
            self._tell(self.marks.announce({**message, "rtp": rtp}, arrival_ns))
        elif kind in ("bye", "refused") and self._socket is not None:
            self._lose(f"the companion said goodbye: {message.get('reason') or message.get('detail', '')}")
        self.on_message(arrival_ns, message)

    def _tell(self, heard: list[Message]) -> None:
        """`heard` messages, with places on the companion's line of sound where the ear has timestamps."""
        for message in heard:
            rtp = message.pop("rtp")
            stamp = self._stamp + (rtp - self._stamp + 2**31) % 2**32 - 2**31
            self.send({**message, "sound_ns": stamp * NS // SOUND_HZ})


async def _sent(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    with suppress(ConnectionError):
        await socket.send_str(text)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
