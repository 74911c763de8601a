"""What a wearer's place wants of a connection, whatever it is made of: WebRTC, a WebSocket, a file, a webcam."""

from __future__ import annotations

from typing import Protocol

from companion.clock import SessionClock
from companion.link.handler import LinkHandler, Message
from companion.link.record import DeviceRecord
from companion.link.typed_once import TypedOnce


class Connection(Protocol):
    """One way to a device. It tells its `Host` when it stands, is lost and has ended, and hands its media to the gate
    that the host gave it."""

    @property
    def kind(self) -> str:
        """What it is made of, in a word for the recording: "webrtc", "bridge", "whip", …"""

    @property
    def echo(self) -> str:
        """As in `DeviceLink`."""

    @property
    def record(self) -> DeviceRecord:
        """What the device says that it can do; `NOT_SAID` if it says nothing."""

    @property
    def heard_ns(self) -> int:
        """When anything at all last came from the device, on the session clock."""

    @property
    def arrived_ns(self) -> int:
        """The device has got every message that was sent before this moment of the session clock; 0: not known."""

    @property
    def sends(self) -> tuple[bool, bool, bool]:
        """Whether it has a microphone, a camera and a speaker."""

    def send_message(self, message: Message) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None: ...

    def answer_at(self, utterance: int, position_ns: int) -> None: ...

    async def close(self, reason: str = "") -> None:
        """Say goodbye and close; `Host.ended` is called before it returns."""


class Host(Protocol):
    """Whose connection it is (`companion.link.wearer`). In this order: gate, connected ⇄ lost, ended."""

    session: str
    clock: SessionClock
    typed: TypedOnce

    def gate(self, connection: Connection) -> LinkHandler:
        """Where this connection's media and messages go. Asked for once, when its offer turned out to be good."""

    def next_frame(self) -> int:
        """The number of the next picture."""

    def connected(self, connection: Connection, detail: str = "") -> None:
        """`detail`: where it leads, if the session's recording shall hold it."""

    def lost(self, connection: Connection, detail: str) -> None: ...

    def ended(self, connection: Connection, reason: str, goodbye: bool) -> None:
        """The last word. `goodbye`: one side closed it; else the way between them is gone."""
