"""What is plugged into this machine, as a device: its camera, microphone and loudspeaker are one wearer's connection.

If the microphone or the loudspeaker goes away the connection is lost, and stands again when the same ones are back; a
camera that goes away is told, and comes back by itself. Nothing else is ever taken instead: who put on a headset does
not want the room to be listened to, or to be spoken into.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from companion.ingest import Pictures, Sounds
from companion.link.connection import Host
from companion.link.handler import Message
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.speaker import Answers, play_to_nobody
from companion.local import camera as cameras
from companion.local import portaudio
from companion.local.camera import Bgr, LocalCamera
from companion.local.devices import Device, LocalError, again
from companion.local.loudspeaker import LocalLoudspeaker
from companion.local.microphone import LocalMicrophone, Pcm
from companion.local.settings import LocalSettings
from pipelines.events import NS

LOOK_S = 1.0  # how often it is looked whether everything is still there
IN_FLIGHT = 4  # pictures that the loop has not taken yet; more are not encoded
LATE_BLOCKS = 50  # a second of sound that the loop has not taken yet; more is left out


@dataclass(frozen=True, slots=True)
class Chosen:
    """The devices of the settings; None: it shall do without."""

    camera: Device | None
    microphone: Device | None
    loudspeaker: Device | None

    @property
    def line(self) -> str:
        named = (self.camera, self.microphone, self.loudspeaker)
        return ", ".join(f"{d.kind}: {d.name}" for d in named if d is not None) or "nothing"


class LocalConnection:
    """Implements `Connection`. `open()` once; then it lives until `close`."""

    kind = "local"

    def __init__(self, host: Host, chosen: Chosen, settings: LocalSettings, notice: Callable[[str], None]) -> None:
        self.session, self.clock = host.session, host.clock
        self._host, self._chosen, self._settings, self._notice = host, chosen, settings, notice
        self._loop = asyncio.get_running_loop()
        self._handler: Any = None
        self._sounds: Sounds | None = None
        self._pictures: Pictures | None = None
        self._microphone: LocalMicrophone | None = None
        self._loudspeaker: LocalLoudspeaker | None = None
        self._camera: LocalCamera | None = None
        self._waiting_pictures = 0
        self._waiting_blocks = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._silent: asyncio.Task[None] | None = None
        self._ended = False
        self.over = asyncio.Event()

    @property
    def echo(self) -> str:
        """A loudspeaker in the room is in the microphone, unless the settings say that it is at the ear."""
        return "none" if self._settings.headset or self._chosen.loudspeaker is None else "open"

    @property
    def record(self) -> DeviceRecord:
        return NOT_SAID

    @property
    def arrived_ns(self) -> int:
        return self.clock.now_ns()  # nothing lies in between

    @property
    def heard_ns(self) -> int:
        return self.clock.now_ns()  # there is no way to this machine that could be lost

    @property
    def sends(self) -> tuple[bool, bool, bool]:
        c = self._chosen
        return c.microphone is not None, c.camera is not None, c.loudspeaker is not None

    def open(self) -> None:
        """Open all that was chosen. Raises LocalError if one cannot be; then nothing is open."""
        self._handler = self._host.gate(self)
        self._sounds = Sounds(self._handler, self.clock)
        self._pictures = Pictures(self._handler, self.clock, self._host.next_frame)
        try:
            self._open_sound()
            if self._chosen.camera is not None:
                self._camera = self._new_camera(self._chosen.camera)
                self._camera.start()
        except LocalError:
            self._close_all()
            raise
        self._host.connected(self)
        self._tasks.append(asyncio.ensure_future(self._watch()))

    # ---------------------------------------------------------------------------------------------------------- sound

    def _open_sound(self) -> None:
        if self._chosen.loudspeaker is not None:
            self._loudspeaker = LocalLoudspeaker(self._chosen.loudspeaker, self._handler.next_answer, self._told)
            self._loudspeaker.open()
        else:
            self._play_to_nobody()
        if self._chosen.microphone is not None:
            self._microphone = LocalMicrophone(self._chosen.microphone, self._heard)
            self._microphone.open()

    def _play_to_nobody(self) -> None:
        if self._silent is None:
            answers = Answers(self._handler.next_answer, lambda message: None, lambda stamp: None)
            self._silent = asyncio.ensure_future(play_to_nobody(answers))

    def _heard(self, samples: Pcm, rate_hz: int, age_s: float) -> None:
        """On PortAudio's thread."""
        if self._waiting_blocks >= LATE_BLOCKS:
            return
        self._waiting_blocks += 1
        self._loop.call_soon_threadsafe(self._take_sound, samples, rate_hz, self.clock.now_ns() - round(age_s * NS))

    def _take_sound(self, samples: Pcm, rate_hz: int, media_ns: int) -> None:
        self._waiting_blocks -= 1
        if self._sounds is not None and not self._ended:
            self._sounds.pcm(samples, rate_hz, media_ns)

    def _told(self, utterance: int, mark: str, position_ns: int) -> None:
        if not self._ended:
            self._handler.on_heard(utterance, mark, self.clock.now_ns(), position_ns)

    async def _watch(self) -> None:
        """Notice what has gone, and wait until it is back."""
        while True:
            await asyncio.sleep(LOOK_S)
            parts = (self._microphone, self._loudspeaker)
            gone = [part.device for part in parts if part is not None and not part.alive]
            if not gone:
                continue
            for device in gone:
                self._notice(f"the {device.kind} {device.name!r} is gone; it is waited for, and no other is taken")
            self._host.lost(self, " and ".join(f"the {d.kind} {d.name!r} is gone" for d in gone))
            self._close_sound()
            while not await self._opened_again():
                await asyncio.sleep(LOOK_S)
            self._notice(f"back: {self._chosen.line}")
            self._host.connected(self)

    async def _opened_again(self) -> bool:
        """Whether the same devices are there again; PortAudio sees what is plugged in only while all is closed."""
        c = self._chosen
        try:
            await asyncio.to_thread(portaudio.look_again)
            microphone = again(portaudio.microphones(), c.microphone) if c.microphone else None
            loudspeaker = again(portaudio.loudspeakers(), c.loudspeaker) if c.loudspeaker else None
            if (c.microphone and not microphone) or (c.loudspeaker and not loudspeaker):
                return False
            self._chosen = Chosen(c.camera, microphone, loudspeaker)
            self._open_sound()
        except LocalError:  # it is there and not ready yet
            self._close_sound()
            return False
        return True

    # --------------------------------------------------------------------------------------------------------- camera

    def _new_camera(self, device: Device) -> LocalCamera:
        s = self._settings
        opens = functools.partial(cameras.opened, device, s.width, s.height, s.fps)
        return LocalCamera(device, opens, self._shown, self._camera_gone, self._camera_back)

    def _camera_gone(self, device: Device, why: str) -> None:
        """On the camera's thread, as the next one."""
        text = f"the camera {device.name!r} is gone ({why}); it is waited for, and no other is taken"
        self._loop.call_soon_threadsafe(self._notice, text)

    def _camera_back(self, device: Device) -> None:
        self._loop.call_soon_threadsafe(self._notice, f"the camera {device.name!r} is back")

    def _shown(self, bgr: Bgr) -> None:
        """On the camera's thread."""
        if self._waiting_pictures >= IN_FLIGHT or self._pictures is None:
            return
        at_ns = self.clock.now_ns()
        for unit in self._pictures.encoded(bgr):
            self._waiting_pictures += 1
            self._loop.call_soon_threadsafe(self._take_picture, unit, at_ns)

    def _take_picture(self, unit: bytes, at_ns: int) -> None:
        self._waiting_pictures -= 1
        if self._pictures is not None and not self._ended:
            self._pictures.h264(unit, at_ns)

    # ------------------------------------------------------------------------------------------------------ Connection

    def send_message(self, message: Message) -> None:
        """There is no screen; captions are on the timeline."""

    def ask_key_frame(self) -> None:
        """They come once a second by themselves."""

    def cut_answer(self, utterance: int) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.cut(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        if self._loudspeaker is not None:
            self._loudspeaker.at(utterance, position_ns)

    async def close(self, reason: str = "") -> None:
        if self._ended:
            return
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(self._close_camera)
        self._close_all()
        self._host.ended(self, reason or "the companion closed the connection", True)
        self.over.set()

    def _close_camera(self) -> None:
        if self._camera is not None:
            self._camera.close()

    def _close_sound(self) -> None:
        for part in (self._microphone, self._loudspeaker):
            if part is not None:
                part.close()
        self._microphone = self._loudspeaker = None

    def _close_all(self) -> None:
        self._close_sound()
        self._close_camera()
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None
