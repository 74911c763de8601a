"""What waits to be sent to a device: bounded, oldest dropped, sound before messages. Pure.

A socket takes more than a device can play: what lies in the system's buffers when the wearer says "stop" is heard
seconds later. So no more sound is under way than `UNDER_WAY` frames; the rest waits here, where it grows old and is
dropped. How much is under way is known by the pings: a pong means that all that was sent before its ping has arrived.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

SOUND_WAITING = 50  # frames of 20 ms: a second
UNDER_WAY = 150  # frames since the ping that was answered last: pings go every second, and a radio may hold one back
MESSAGES_WAITING = 256
MESSAGE_BYTES_WAITING = 256 * 1024


@dataclass(slots=True)
class Left:
    """What was made and never sent."""

    sound: int = 0
    messages: int = 0


class Outbox:
    """Messages and sound leave in the order in which they came, but sound that must wait holds no message up."""

    def __init__(self) -> None:
        self.dropped = Left()
        self._sounds: deque[tuple[int, bytes]] = deque()
        self._messages: deque[tuple[int, str]] = deque()
        self._message_bytes = 0
        self._count = 0
        self._sent = 0  # frames of sound
        self._sent_at: dict[int, int] = {}  # ping -> frames of sound sent before it
        self._arrived: int | None = None  # frames that have arrived for certain; None: no ping was answered yet

    def __len__(self) -> int:
        return len(self._sounds) + len(self._messages)

    def put_sound(self, frame: bytes) -> None:
        self._count += 1
        self._sounds.append((self._count, frame))
        if len(self._sounds) > SOUND_WAITING:
            self._sounds.popleft()
            self.dropped.sound += 1

    def put_message(self, text: str) -> None:
        self._count += 1
        self._messages.append((self._count, text))
        self._message_bytes += len(text)
        while len(self._messages) > MESSAGES_WAITING or self._message_bytes > MESSAGE_BYTES_WAITING:
            self._message_bytes -= len(self._messages.popleft()[1])
            self.dropped.messages += 1

    def take(self) -> bytes | str | None:
        """The next to be sent; None: nothing, or nothing yet."""
        held = self._arrived is not None and self._sent - self._arrived >= UNDER_WAY
        if self._sounds and not held and (not self._messages or self._sounds[0][0] < self._messages[0][0]):
            self._sent += 1
            return self._sounds.popleft()[1]
        if self._messages:
            text = self._messages.popleft()[1]
            self._message_bytes -= len(text)
            return text
        return None

    def forget_sound(self) -> None:
        """Nothing of it is to be sent any more."""
        self._sounds.clear()

    def pinged(self, ping: int) -> None:
        """A ping was put in; call it before `put_message`, so that what is counted is surely in front of it."""
        self._sent_at[ping] = self._sent
        while len(self._sent_at) > 32:
            del self._sent_at[next(iter(self._sent_at))]

    def answered(self, ping: int) -> None:
        """The device has got all that was sent before this ping."""
        arrived = self._sent_at.pop(ping, None)
        if arrived is not None:
            self._arrived = max(arrived, self._arrived or 0)
