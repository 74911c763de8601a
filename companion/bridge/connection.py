"""One device over a WebSocket, from its hello to its end: wires its frames and messages to a session's handler.

As the WebRTC one (`companion.link.session`) it tells its host: connected ⇄ lost, then ended. Silence is "lost". The
socket's end is a goodbye if the device said "bye" or closed it with code 1000; anything else may come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from aiohttp import WSMsgType, web

from companion.bridge.frames import MAX_PICTURE_BYTES
from companion.bridge.hello import MAX_TEXT_BYTES, PROTOCOL, Hello, read_message
from companion.bridge.inbox import PICTURES_PER_S, SOUND_PACE, Allowance
from companion.bridge.incoming import Incoming
from companion.bridge.outgoing import Outgoing
from companion.bridge.refusing import send_away
from companion.link.channel import Pings, tell_heard, whole
from companion.link.connection import Host
from companion.link.errors import Refused, surviving
from companion.link.handler import LinkHandler, Message
from companion.link.media_clock import DeviceClock
from companion.link.record import DeviceRecord
from companion.link.session import CLOSE_LIMIT_S, FIRST_PING_S, FIRST_PINGS, PING_S
from companion.link.settings import LinkSettings
from companion.link.typed_once import check_number

log = logging.getLogger(__name__)

MESSAGES_AT_ONCE, MESSAGES_PER_S = 200, 50
CLOSED_NORMALLY = 1000
NS = 1_000_000_000


class BridgeConnection:
    """`run()` once: it returns when the connection has ended."""

    kind = "bridge"

    def __init__(
        self, host: Host, socket: web.WebSocketResponse, hello: Hello, settings: LinkSettings, resumed: bool
    ) -> None:
        self.record: DeviceRecord = hello.record
        self.session, self.clock, self.echo = host.session, host.clock, hello.record.echo
        self._host, self._socket, self._hello = host, socket, hello
        self._settings, self._resumed = settings, resumed
        self._device = DeviceClock()
        self._pings = Pings(self.clock, self._device)
        self._outgoing = Outgoing(socket, hello.answer)
        self._allowance = Allowance(MESSAGES_AT_ONCE, MESSAGES_PER_S)
        self._handler: LinkHandler | None = None
        self._incoming: Incoming | None = None
        self._state = "new"
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._message_ns = 0
        self._told: Message = {}

    # ------------------------------------------------------------------------------------------------- asked of it

    @property
    def sends(self) -> tuple[bool, bool, bool]:
        """Whether it has a microphone, a camera and a speaker."""
        return bool(self.record.microphone), bool(self.record.camera), self.record.speaker

    def send_message(self, message: Message) -> None:
        self._outgoing.say(message)

    def ask_key_frame(self) -> None:
        if self._incoming is not None:
            self._incoming.ask_key_frame()

    def cut_answer(self, utterance: int) -> None:
        self._outgoing.answers.cut(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        self._outgoing.answers.at(utterance, position_ns)

    async def close(self, reason: str = "") -> None:
        """Close once; everybody who asks waits for the same end."""
        self._end(reason or "the companion closed the connection", goodbye=True)
        assert self._closing is not None
        await asyncio.shield(self._closing)

    # ------------------------------------------------------------------------------------------------------ its life

    async def run(self) -> None:
        """Greet the device and live until either side closes it."""
        try:
            self._handler = handler = self._host.gate(self)
            self._incoming = Incoming(
                self.record, self.clock, self._device, handler, self._host.next_frame, self.send_message
            )
            self._message_ns = self.clock.now_ns()
            self.send_message(self._greeting())
            self._say("connected")
            for work in (self._outgoing.send(), self._live(), self._outgoing.play(handler, self._incoming.idle)):
                self._start(work)
            await self._read()
        finally:
            await self.close("the connection broke")

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type == WSMsgType.TEXT:
                    self._text(message.data)
                elif message.type == WSMsgType.BINARY and self._incoming is not None:
                    self._incoming.frame(message.data)
        except Refused as refused:
            self._end(str(refused), goodbye=False, refused=refused)
            return
        said = self._socket.close_code == CLOSED_NORMALLY
        self._end("the device closed the connection" if said else "the network path to the device is gone", said)

    def _greeting(self) -> Message:
        answer = self._hello.answer
        return {
            "type": "hello",
            "protocol": PROTOCOL,
            "session": self.session,
            "resumed": self._resumed,
            "typed": self._host.typed.last,
            "recording": self._settings.recording,
            "answer": {"codec": answer.codec, "rate": answer.rate_hz} if answer is not None else None,
            "limits": {
                "message_bytes": MAX_TEXT_BYTES,
                "messages_per_s": MESSAGES_PER_S,
                "picture_bytes": MAX_PICTURE_BYTES,
                "pictures_per_s": PICTURES_PER_S,
                "sound_pace": SOUND_PACE,
            },
        }

    # --------------------------------------------------------------------------------------------------- what comes

    def _text(self, text: str) -> None:
        self._message_ns = self.clock.now_ns()
        if not self._allowance.take(1, self._message_ns):
            detail = f"more than {MESSAGES_PER_S} messages a second"
            raise Refused(429, "too_many_messages", detail, "events are few; sound and pictures go in binary messages")
        message = read_message(text)
        handle = {"pong": self._pong, "heard": self._heard}.get(message["type"])
        if handle is not None:
            handle(message)
        elif message["type"] == "hello":
            raise Refused(400, "bad_message", "a second hello", "what a device can do changes with its connection")
        elif message["type"] == "bye":
            self._end("the device said goodbye", goodbye=True)
        elif self._handler is not None and self._closing is None:
            if message["type"] == "typed":
                check_number(message)
            with surviving("a message could not be handled"):
                self._handler.on_message(message)

    def _pong(self, message: Message) -> None:
        self._outgoing.answered(whole(message, "id") or 0)
        if self._pings.answered(message) and self._handler is not None and self._device.offset_ns is not None:
            self._handler.on_clock(self._device.offset_ns, self._device.round_trip_ns)

    def _heard(self, message: Message) -> None:
        if self._handler is not None:
            now_ns, outgoing = self.clock.now_ns(), self._outgoing
            tell_heard(message, "sound_ns", outgoing.position_ns, self._device, now_ns, self._handler)

    # --------------------------------------------------------------------------------------------------- is it there

    async def _live(self) -> None:
        """Ping, watch for silence on the line, and tell what was dropped."""
        pings = 0
        while True:
            ping = self._pings.next()
            self._outgoing.ping(ping)
            pings += 1
            await asyncio.sleep(FIRST_PING_S if pings < FIRST_PINGS else PING_S)
            self._watch()
            if pings >= FIRST_PINGS:
                self._tell_dropped()

    @property
    def heard_ns(self) -> int:
        """When anything at all last came, a frame or a message."""
        return max(self._message_ns, self._incoming.heard_ns if self._incoming is not None else 0)

    def _watch(self) -> None:
        silent_s = (self.clock.now_ns() - self.heard_ns) / NS
        if silent_s > self._settings.lost_after_s:
            self._say("lost", f"nothing received for {silent_s:.0f} s")
        elif self._state == "lost":
            self._say("connected")

    @property
    def arrived_ns(self) -> int:
        return self._pings.arrived_ns

    @property
    def counts(self) -> Message:
        """Frames and messages that were lost on the way, of both sides and since the connection stands."""
        incoming, left = self._incoming, self._outgoing.dropped
        sound, pictures = incoming.dropped if incoming is not None else (0, 0)
        return {
            "up": {"sound": sound, "pictures": pictures},
            "down": {"sound": left.sound, "messages": left.messages},
            "missing": {
                "sound": incoming.missing.sound if incoming is not None else 0,
                "pictures": incoming.missing.pictures if incoming is not None else 0,
            },
        }

    def _tell_dropped(self) -> None:
        counts = self.counts
        if counts != self._told and any(number for part in counts.values() for number in part.values()):
            self._told = counts
            self.send_message({"type": "dropped", **counts})

    # ----------------------------------------------------------------------------------------------------- life and end

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _say(self, state: str, detail: str = "") -> None:
        if state == self._state or self._closing is not None:
            return
        self._state = state
        if state == "connected":
            self._host.connected(self)
        else:
            self._host.lost(self, detail)

    def _end(self, reason: str, goodbye: bool, refused: Refused | None = None) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(reason, goodbye, refused))

    async def _close(self, reason: str, goodbye: bool, refused: Refused | None) -> None:
        log.info("a connection of session %s closes: %s; lost on the way: %s", self.session, reason, self.counts)
        if not self._socket.closed and refused is None:
            await self._outgoing.goodbye(reason)
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._incoming is not None:
            self._incoming.close()
        await send_away(self._socket, CLOSE_LIMIT_S, refused, reason)
        self._host.ended(self, reason, goodbye)
