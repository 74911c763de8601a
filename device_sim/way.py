"""What a scene wants of a wire: WebRTC (`wire.py`) or the bridge's WebSocket (`bridge_wire.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from device_sim.camera import CameraTrack
from device_sim.ear import Ear
from device_sim.marks import Marks, Message
from device_sim.mic import MicTrack
from device_sim.network import Counts
from device_sim.wire import Address


class Way(Protocol):
    """One device's way to a companion, over one connection after the other."""

    ear: Ear
    marks: Marks
    mic: MicTrack | None
    camera: CameraTrack | None
    messages: list[tuple[int, Message]]  # every message of the companion, with its arrival time
    on_message: Callable[[int, Message], None]
    lost: asyncio.Event
    lost_why: str
    session: str  # the companion's name for it

    async def connect(self, address: Address) -> None:
        """Media flowing. Raises WireError with one line that says what to do."""

    def send(self, message: Message) -> None: ...

    def lose_network(self) -> None:
        """From now on nothing leaves and nothing arrives, and nobody is told."""

    async def come_back(self) -> bool:
        """Over another connection. True: into the same session; False: there was none any more, and it is a new one."""

    async def close(self) -> None: ...

    @property
    def network_counts(self) -> Counts:
        """What the scene's network did to our media."""
