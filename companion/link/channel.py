"""The data channel: JSON messages both ways, and the pings that tie the device's clock to ours.

What a device sends is not trusted: too long, not JSON, not an object or with fields of the wrong type is counted,
logged once, and ignored. What we send waits in a short queue until the channel opens, and is dropped when the device
does not read.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from companion.clock import SessionClock
from companion.link.errors import surviving
from companion.link.handler import LinkHandler, Message
from companion.link.media_clock import DeviceClock

log = logging.getLogger(__name__)

MESSAGE_LIMIT = 64 * 1024  # characters; a typed question is under 1,000
WAITING_LIMIT = 32
UNREAD_LIMIT = 256 * 1024  # bytes that the device has not taken yet
MARKS = ("first", "progress", "last")
PINGS_OPEN = 32  # unanswered pings remembered


class Pings:
    """Questions for the device's clock, and what became of them."""

    def __init__(self, clock: SessionClock, device: DeviceClock) -> None:
        self._clock, self._device = clock, device
        self._open: dict[int, int] = {}
        self._id = 0
        self.arrived_ns = 0  # what was sent before this moment has arrived

    def next(self) -> Message:
        """Another one, to be sent now."""
        self._id += 1
        self._open[self._id] = self._clock.now_ns()
        while len(self._open) > PINGS_OPEN:
            del self._open[next(iter(self._open))]
        return {"type": "ping", "id": self._id}

    def answered(self, message: Message) -> bool:
        """Take a pong; True if the clock mapping changed by it."""
        sent = self._open.pop(whole(message, "id") or 0, None)
        device_ns = whole(message, "device_ns")
        if sent is None or device_ns is None:
            return False
        self.arrived_ns = max(self.arrived_ns, sent)
        return self._device.answered(sent, device_ns, self._clock.now_ns())


class Channel:
    """One device's messages. `attach` the data channel when it opens; if several come, the last one counts."""

    def __init__(self, clock: SessionClock, device: DeviceClock, on_message: Callable[[Message], None]) -> None:
        self._pings, self._on_message = Pings(clock, device), on_message
        self._channel: Any = None
        self._waiting: deque[Message] = deque(maxlen=WAITING_LIMIT)
        self._complained = False

    @property
    def arrived_ns(self) -> int:
        """What was sent before this moment has arrived."""
        return self._pings.arrived_ns

    @property
    def open(self) -> bool:
        return self._channel is not None and self._channel.readyState == "open"

    def attach(self, channel: Any, hello: Message) -> None:
        """Use this aiortc data channel from now on."""
        self._channel = channel
        channel.on("message", self._received)
        self._put(hello)
        while self._waiting:
            self._put(self._waiting.popleft())

    def send(self, message: Message) -> None:
        if self.open:
            self._put(message)
        else:
            self._waiting.append(message)

    def ping(self) -> None:
        """Ask the device for its clock."""
        if self.open:
            self._put(self._pings.next())

    def pong(self, message: Message) -> bool:
        """Take an answered ping; True if the clock mapping changed by it."""
        return self._pings.answered(message)

    def _put(self, message: Message) -> None:
        if not self.open or self._channel.bufferedAmount > UNREAD_LIMIT:
            return
        self._channel.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    def _received(self, raw: str | bytes) -> None:
        message = _parsed(raw)
        if message is None:
            if not self._complained:
                self._complained = True
                log.warning("a message of the device is not a JSON object with a type, and is ignored: %.80r", raw)
            return
        with surviving("a message could not be handled"):
            self._on_message(message)


def tell_heard(
    message: Message,
    place: str,
    position_ns: Callable[[int, int], int | None],
    device: DeviceClock,
    now_ns: int,
    handler: LinkHandler,
) -> None:
    """A device's `heard`, given on. `place`: the field that says where; `position_ns(utterance, place)`: how far into
    its utterance that is, None if it is nowhere. What is not whole is passed over."""
    utterance, at, mark = whole(message, "utterance"), whole(message, place), message.get("mark")
    if utterance is None or at is None or mark not in MARKS:
        return
    heard_ns = position_ns(utterance, at)
    if heard_ns is not None:
        handler.on_heard(utterance, str(mark), device.told_ns(whole(message, "device_ns"), now_ns), heard_ns)


def _parsed(raw: str | bytes) -> Message | None:
    if not isinstance(raw, str) or len(raw) > MESSAGE_LIMIT:
        return None
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    if "\\ud" in raw.lower():  # half a character cannot be written into a recording nor sent as a caption
        try:
            json.dumps(message, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None
    return message


def whole(message: Message, name: str) -> int | None:
    """A field that must be a number, as int; None if it is missing or something else."""
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**63:
        return None
    return int(value)
