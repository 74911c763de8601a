"""What was typed and is not known to have arrived: numbered, kept, and sent again over the next connection."""

from __future__ import annotations

from device_sim.marks import Message

MOST = 32  # then the oldest is given up


class Unreceived:
    """Of one device. A companion that says nothing of `typed` in its hello acknowledges nothing: to it nothing is sent
    twice."""

    def __init__(self) -> None:
        self._count = 0
        self._waiting: dict[int, Message] = {}

    def numbered(self, message: Message) -> Message:
        """The message as it is to be sent, now and again."""
        self._count += 1
        self._waiting[self._count] = {**message, "number": self._count}
        if len(self._waiting) > MOST:
            del self._waiting[min(self._waiting)]
        return self._waiting[self._count]

    def received(self, last: object) -> None:
        """Everything up to this number has arrived."""
        if isinstance(last, int):
            self._waiting = {number: message for number, message in self._waiting.items() if number > last}

    def greeted(self, hello: Message) -> list[Message]:
        """What is to be sent over the connection that this hello begins."""
        self.received(hello.get("typed"))
        waiting = list(self._waiting.values())
        if "typed" not in hello:
            self._waiting = {}
        return waiting
