"""A device's way to a companion: what WebRTC (`wire.py`) and the bridge's WebSocket (`bridge_wire.py`) have in common.

Its microphone, camera and ear are the same on both, and so are the encoded bytes; only the way between is another.
"""

from __future__ import annotations

import asyncio
import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from device_sim.address import Address
from device_sim.asked_pictures import AskedPictures
from device_sim.camera import CameraTrack, Tapes
from device_sim.ear import Ear
from device_sim.marks import Marks, Message
from device_sim.mic import MicTrack, Voices
from device_sim.network import Counts
from device_sim.now import Now
from device_sim.scene import Scene

MAX_KEPT_MESSAGES = 10_000
PLAYED_NS = 300_000_000  # so long behind a sound the loudspeaker still has something to play


class Way(ABC):
    """One device's, over one connection after the other. `messages`: every one of the companion's, with its arrival
    time, which `on_message` sees too. `session`: the companion's name for it."""

    def __init__(self, scene: Scene, tapes: Tapes, voices: Voices, ear: Ear) -> None:
        self.ear, self.marks = ear, Marks(ear)
        self.mic = MicTrack(voices) if scene.microphone else None
        self.camera = CameraTrack(scene.camera, tapes.before) if scene.camera else None
        if self.mic is not None and scene.microphone is not None:
            self.mic.deaf = functools.partial(no_room, ear, self.camera, scene.microphone.deaf_while)
        self._pictures: AskedPictures | None = None
        self.messages: list[tuple[int, Message]] = []
        self.on_message: Callable[[int, Message], None] = lambda arrival_ns, message: None
        self.lost = asyncio.Event()
        self.lost_why = self.session = ""
        self.returns: list[bool] = []  # each time that it came back by itself: into the same session?
        self._scene, self._leak = scene, voices.leak

    @abstractmethod
    async def connect(self, address: Address) -> None:
        """Media flowing. Raises WireError with one line that says what to do."""

    @abstractmethod
    def be(self, now: Now) -> None:
        """The device is like this from now on."""

    @abstractmethod
    def send(self, message: Message) -> None: ...

    @abstractmethod
    def lose_network(self) -> None:
        """From now on nothing leaves and nothing arrives, and nobody is told."""

    @abstractmethod
    async def come_back(self) -> bool:
        """Over another connection. True: into the same session; False: there was none any more, and it is a new one."""

    @abstractmethod
    async def close(self) -> None: ...

    @property
    @abstractmethod
    def network_counts(self) -> Counts:
        """What the scene's network did to our media."""

    def _leak_what_is_played(self) -> None:
        """Into the microphone, if the loudspeaker is not in the ear."""
        if self._leak is not None:
            leak = self._leak
            self.ear.on_sound.append(lambda pcm, at_ns: leak.play(pcm, self.ear.received_rtp, at_ns))

    def _keep(self, arrival_ns: int, message: Message) -> None:
        if len(self.messages) < MAX_KEPT_MESSAGES:
            self.messages.append((arrival_ns, message))

    def _lose(self, why: str) -> None:
        """For good: the scene ends here."""
        self.lost_why = self.lost_why or why
        self.lost.set()


def no_room(ear: Ear, camera: CameraTrack | None, while_: str) -> bool:
    """Whether the device has no room for its microphone's sound just now. `while_`: "playing", "photo", both, or ""."""
    playing = time.monotonic_ns() - ear.last_audible_ns < PLAYED_NS
    photo = camera is not None and camera.photo_under_way
    return (playing and "playing" in while_) or (photo and "photo" in while_)
