"""What a device is sent: messages, and 20 ms of the answer every 20 ms with their place on the line of sound."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from companion.bridge.answer import AnswerSound
from companion.bridge.frames import Frame
from companion.bridge.hello import Answer
from companion.bridge.outbox import Left, Outbox
from companion.link.handler import LinkHandler, Message
from companion.link.media_clock import nearest
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ, SILENCE
from companion.link.session import GOODBYE_S
from companion.link.speaker import Answers, Pace

NS = 1_000_000_000


class Outgoing:
    """One connection's; `send` and `play` run as long as it stands. `answers` knows which packet is of which
    utterance."""

    def __init__(self, socket: web.WebSocketResponse, answer: Answer | None) -> None:
        """`answer`: how its loudspeaker wants the sound; None: it has none."""
        self._socket = socket
        self._outbox, self._waiting = Outbox(), asyncio.Event()
        self._sound = AnswerSound(answer) if answer is not None else None
        self._handler: LinkHandler | None = None
        self.answers = Answers(self._next_answer, self._announce, lambda stamp: 0)
        self._stamp = self._sequence = 0

    @property
    def dropped(self) -> Left:
        return self._outbox.dropped

    def say(self, message: Message) -> None:
        self._outbox.put_message(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        self._waiting.set()

    def ping(self, ping: Message) -> None:
        self._outbox.pinged(ping["id"])
        self.say(ping)

    def answered(self, ping: int) -> None:
        self._outbox.answered(ping)
        self._waiting.set()

    def position_ns(self, utterance: int, sound_ns: int) -> int | None:
        """How far into this utterance a place on the line of sound is; None: it is not in it."""
        return self.answers.position_ns(utterance, (sound_ns * RATE_HZ // NS) & 0xFFFFFFFF)

    async def send(self) -> None:
        """Whatever waits, as fast as the device takes it."""
        with suppress(ConnectionError):
            while True:
                item = self._outbox.take()
                if item is None:
                    self._waiting.clear()
                    await self._waiting.wait()
                elif isinstance(item, str):
                    await self._socket.send_str(item)
                else:
                    await self._socket.send_bytes(item)

    async def play(self, handler: LinkHandler, beside: Callable[[], None]) -> None:
        """20 ms of the answer every 20 ms, whether the device can play them or not, and `beside` as often."""
        self._handler, pace = handler, Pace()
        while True:
            slot = await pace.slot()
            self._stamp = slot * FRAME_SAMPLES
            packet = self.answers.packet(self._stamp)
            wanted = self.answers.speaks or packet != SILENCE  # an utterance may end in silence: that is heard too
            if self._sound is not None and (wanted or self._sound.silence):
                frame = Frame(self._sound.kind, self._sequence, slot * FRAME_NS, self._sound.frame(packet))
                self._sequence += 1
                self._outbox.put_sound(frame.pack())
                self._waiting.set()
            beside()

    async def goodbye(self, reason: str) -> None:
        """What waits is sent, without the sound, and then the last word; who does not read is not waited for."""
        self._outbox.forget_sound()
        self.say({"type": "bye", "reason": reason})
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                while len(self._outbox):
                    await asyncio.sleep(GOODBYE_S / 20)

    def _next_answer(self, stamp: int) -> tuple[bytes, int]:
        assert self._handler is not None
        return self._handler.next_answer(stamp)

    def _announce(self, message: dict[str, object]) -> None:
        """ "speaking" and "spoken", with the place on our line of sound where a data channel has the RTP timestamp."""
        rtp = message.pop("rtp")
        assert isinstance(rtp, int)
        self.say({**message, "sound_ns": nearest(rtp, self._stamp) * NS // RATE_HZ})
