"""The device's side of the second wire: one WebSocket, as docs/bridge.md has it, and nothing that the companion shares.

The same microphone, camera and ear as over WebRTC, and the same encoded bytes: only the way between is another. What a
scene's network does to packets (loss, jitter) does not happen to a TCP stream, so such a scene is refused here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from device_sim.camera import CameraTrack, Tapes
from device_sim.ear import Ear
from device_sim.errors import WireError
from device_sim.marks import Marks, Message
from device_sim.mic import MicTrack, Voices
from device_sim.network import Counts
from device_sim.scene import Network, Scene
from device_sim.wire import MAX_KEPT_MESSAGES, Address, NoSuchSessionError

log = logging.getLogger(__name__)

HEADER = struct.Struct("<BBHIQ")
OPUS, H264 = 1, 3
SOUND_HZ = 48_000
HELLO_TIMEOUT_S = 10.0
NO_SUCH_SESSION = 4404
NS = 1_000_000_000


class BridgeWire:
    """`connect` once; it is a `Way`. Times told are this device's monotonic clock."""

    def __init__(self, scene: Scene, tapes: Tapes, voices: Voices, ear: Ear) -> None:
        if scene.network != Network():
            raise WireError(f"{scene.file}: its network loses packets, and a WebSocket has none: play it over webrtc")
        self.ear, self.marks = ear, Marks(ear)
        self.mic = MicTrack(voices) if scene.microphone else None
        self.camera = CameraTrack(scene.camera, tapes.before) if scene.camera else None
        self.messages: list[tuple[int, Message]] = []
        self.on_message: Callable[[int, Message], None] = lambda arrival_ns, message: None
        self.lost = asyncio.Event()
        self.lost_why = self.session = ""
        self._scene, self._leak = scene, voices.leak
        self._http: aiohttp.ClientSession | None = None
        self._address: Address | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writing: set[asyncio.Task[None]] = set()
        self._gone = False  # the network
        self._stamp = 0  # of the newest sound, in samples at 48 kHz; the ear counts in these, modulo 2**32

    async def connect(self, address: Address) -> None:
        """Hello and its answer, media flowing. Raises WireError with one line that says what to do."""
        self._address, self._http = address, aiohttp.ClientSession()
        if self._leak is not None:
            leak = self._leak
            self.ear.on_sound.append(lambda pcm, at_ns: leak.play(pcm, self.ear.received_rtp, at_ns))
        self.ear.on_sound.append(lambda pcm, arrival_ns: self._tell(self.marks.arrived(arrival_ns)))
        await self._open(address, "")

    def lose_network(self) -> None:
        self._gone = True

    async def come_back(self) -> bool:
        assert self._address is not None, "connect first"
        before, session, old = self._socket, self.session, self._tasks
        self.ear.restart()
        self.marks = Marks(self.ear)
        for source in (self.mic, self.camera):
            if source is not None:
                source.go_on()
        try:
            await self._open(self._address, session)
        except NoSuchSessionError:
            await self._open(self._address, "")
        finally:
            await _end(old)
            if before is not None and before._conn is not None and before._conn.transport is not None:
                before._conn.transport.abort()
        return self.session == session

    async def close(self) -> None:
        await _end([*self._tasks, *self._writing])
        if self._socket is not None:
            with suppress(ConnectionError):
                await self._socket.close()
        if self._http is not None:
            await self._http.close()

    @property
    def network_counts(self) -> Counts:
        return Counts()

    def send(self, message: Message) -> None:
        if self._socket is None or self._socket.closed or self._gone:
            log.warning("not connected, dropped %s", message)
            return
        task = asyncio.ensure_future(_sent(self._socket, json.dumps(message)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    # ----------------------------------------------------------------------------------------------------------- set-up

    def _hello(self, resume: str) -> Message:
        camera, events = self._scene.camera, ["tap", "press", "release"]
        return {
            "type": "hello",
            "protocol": 1,
            "name": "simulated glasses",
            "camera": {"codec": "h264", "width": camera.width, "height": camera.height, "fps": camera.fps}
            if camera is not None
            else None,
            "microphone": {"codec": "opus", "rate": 16_000} if self.mic is not None else None,
            "speaker": {"codec": "opus", "silence": True},
            "echo": "open" if self._leak is not None else "none",
            "inputs": events,
            **({"resume": resume} if resume else {}),
        }

    async def _open(self, address: Address, resume: str) -> None:
        assert self._http is not None
        url = address.offer.with_path("/device").with_scheme("wss" if address.offer.scheme == "https" else "ws")
        headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
        try:
            socket = await self._http.ws_connect(url, headers=headers, compress=0)
        except aiohttp.WSServerHandshakeError as error:
            why = "the token is not the right one" if address.token else "no token was given"
            why = why if error.status in (401, 403) else "is it a companion with a bridge ([bridge] on)?"
            raise WireError(f"{url}: refused ({error.status}): {why}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise WireError(f"{url}: nobody answers ({error}); start `companion run` and give its address") from error
        await socket.send_json(self._hello(resume))
        greeting = await socket.receive(timeout=HELLO_TIMEOUT_S)
        said = json.loads(greeting.data) if greeting.type == aiohttp.WSMsgType.TEXT else {}
        if said.get("type") != "hello":
            await socket.close()
            if resume and socket.close_code == NO_SUCH_SESSION:
                raise NoSuchSessionError(f"{url}: the session {resume} is over")
            raise WireError(f"{url}: refused ({socket.close_code}): {said.get('detail', greeting)}")
        self._socket, self._gone, self.session = socket, False, str(said["session"])
        self._keep(time.monotonic_ns(), said)
        self._tasks = [asyncio.create_task(self._read(socket))]
        for kind, source in ((OPUS, self.mic), (H264, self.camera)):
            if source is not None:
                self._tasks.append(asyncio.create_task(self._feed(socket, kind, source)))

    async def _feed(self, socket: aiohttp.ClientWebSocketResponse, kind: int, source: MicTrack | CameraTrack) -> None:
        sequence = 0
        with suppress(ConnectionError):
            while True:
                packet = await source.recv()
                if not self._gone:
                    await socket.send_bytes(HEADER.pack(kind, 0, 0, sequence, source.last_ns) + bytes(packet))
                sequence += 1

    # ----------------------------------------------------------------------------------------------------- what arrives

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            arrival_ns = time.monotonic_ns()
            if self._gone:
                continue
            if message.type == aiohttp.WSMsgType.BINARY:
                self._sound(message.data, arrival_ns)
            elif message.type == aiohttp.WSMsgType.TEXT:
                self._message(json.loads(message.data), arrival_ns)
        if socket is self._socket and not self._gone:
            self._lose(f"the companion closed the connection ({socket.close_code})")

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
        elif kind == "camera" and self.camera is not None and message.get("do") in ("key_frame", "photo"):
            self.camera.request_key()
        elif kind in ("speaking", "spoken"):
            rtp = int(message["sound_ns"]) * SOUND_HZ // NS % 2**32
            self._tell(self.marks.announce({**message, "rtp": rtp}, arrival_ns))
        elif kind in ("bye", "refused"):
            self._lose(f"the companion said goodbye: {message.get('reason') or message.get('detail', '')}")
        self.on_message(arrival_ns, message)

    def _keep(self, arrival_ns: int, message: Message) -> None:
        if len(self.messages) < MAX_KEPT_MESSAGES:
            self.messages.append((arrival_ns, message))

    def _lose(self, why: str) -> None:
        self.lost_why = self.lost_why or why
        self.lost.set()

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
