"""Typed questions that a device numbers: each is taken once, though it is sent again over the next connection. Pure.

A device cannot know whether what it sent just before a connection broke has arrived; so it numbers what was typed,
keeps it until it is told `received`, and sends the rest again. What comes without a number is taken as it comes.
"""

from __future__ import annotations

from collections.abc import Callable

from companion.link.channel import whole
from companion.link.errors import Refused
from companion.link.handler import Message

LARGEST = 2**53  # what every JSON reader holds exactly


class TypedOnce:
    """Of one session, whatever connection it is had over. `last`: the largest number that was taken; 0 = none."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self.last = 0
        self._say = say

    def give(self, message: Message, use: Callable[[Message], None]) -> None:
        """Use it, unless it was before; then say what has been received."""
        number = whole(message, "number") if message.get("type") == "typed" else None
        if number is None:
            use(message)
            return
        if number > self.last:
            use(message)
            self.last = number
        self._say({"type": "received", "typed": self.last})


def check_number(message: Message) -> None:
    """Raises `Refused` (400) for a number that cannot be one."""
    number = message.get("number")
    if number is None:
        return
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < LARGEST:
        right = "a whole number from 1, larger with each that is typed; or leave it out"
        raise Refused(400, "bad_message", f"the field number of typed is {ascii(number)[:60]}", right)
