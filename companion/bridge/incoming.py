"""What a device sends as frames: checked, counted, stamped, and given to the session as its sound and its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from companion.bridge.frames import MAX_SOUND_NS, OPUS_HZ, Frame, Kind, ahead, bad, opus_samples, read
from companion.bridge.inbox import NS, Inbox
from companion.bridge.times import CaptureTimes
from companion.clock import SessionClock
from companion.ingest import Pictures, Sounds
from companion.link.asking_photos import AskingPhotos
from companion.link.camera import KEY_FRAME_AFTER_NS, KEY_FRAME_EVERY_NS
from companion.link.errors import surviving
from companion.link.handler import LinkHandler, Message
from companion.link.media_clock import DeviceClock
from companion.link.record import DeviceRecord

ROUND = 100  # frames handled at once; then the others on the loop have their turn
AGAIN_S = 0.02


@dataclass(slots=True)
class Missing:
    """Frames that never came: their sequence numbers were left out."""

    sound: int = 0
    pictures: int = 0


class Incoming:
    """One connection's. `frame` takes a binary message and raises `Refused` for what is none."""

    def __init__(
        self,
        record: DeviceRecord,
        clock: SessionClock,
        device: DeviceClock,
        handler: LinkHandler,
        number: Callable[[], int],
        say: Callable[[Message], None],
    ) -> None:
        """`number` gives each picture its number; `say` sends the device a message."""
        self._record, self._clock, self._say = record, clock, say
        self._sounds, self._pictures = Sounds(handler, clock), Pictures(handler, clock, number)
        self._sound_times, self._picture_times = CaptureTimes(device), CaptureTimes(device)
        self._inbox = Inbox()
        self._last: dict[bool, int] = {}  # is it sound -> sequence number of the frame before
        self._later: asyncio.TimerHandle | None = None
        self._asked_ns: int | None = None
        self._photos = AskingPhotos(record.photo_delay_ms, clock, say) if record.photo_only else None
        self._keyed_ns: int | None = None  # when the last key frame came, or its absence was last complained of
        self.missing = Missing()
        self.heard_ns = clock.now_ns()

    @property
    def dropped(self) -> tuple[int, int]:
        """Frames of sound and pictures that came and were too many."""
        return self._inbox.dropped.sound, self._inbox.dropped.pictures

    def frame(self, data: bytes) -> None:
        frame = read(data)
        self._check_announced(frame)
        self.heard_ns = self._clock.now_ns()
        missing = self._count(frame)
        if frame.kind.sound:
            self._inbox.put_sound(frame, self._lasts_ns(frame))
        else:
            self._inbox.put_picture(frame, broken=missing > 0)
        self._work()
        if self._photos is not None and not frame.kind.sound:
            self._photos.came()
        self._ask_if_needed(frame)

    def idle(self) -> None:
        """Call it every 20 ms."""
        with surviving("silence could not be heard"):
            self._sounds.idle()

    def ask_key_frame(self) -> None:
        """Of an H.264 camera a key frame, of one that only takes photos a photo; at most every 500 ms, and no photo
        before the last one can have come. A stream of JPEG has nothing else."""
        if self._photos is not None:
            self._photos.ask()
            return
        now_ns = self._clock.now_ns()
        lately = self._asked_ns is not None and now_ns - self._asked_ns < KEY_FRAME_EVERY_NS
        if self._record.camera == "h264" and not lately:
            self._asked_ns = now_ns
            self._say({"type": "camera", "do": "key_frame"})

    def close(self) -> None:
        if self._later is not None:
            self._later.cancel()

    # ------------------------------------------------------------------------------------------------------- checking

    def _check_announced(self, frame: Frame) -> None:
        """A microphone or a camera that was not announced is not listened to: none changes in silence."""
        announced = self._record.microphone if frame.kind.sound else self._record.camera
        if frame.kind.name.lower() != announced:
            what = "microphone" if frame.kind.sound else "camera"
            said = f"a {what} of {announced}" if announced else f"no {what}"
            raise bad(f"{frame.kind.name}, and hello announced {said}", "connect again with another hello (resume)")
        if self._lasts_ns(frame) > MAX_SOUND_NS:
            raise bad(f"{self._lasts_ns(frame) // 1_000_000} ms of sound in one message", "at most 200 ms; best 20")

    def _count(self, frame: Frame) -> int:
        """How many frames of its kind are missing before this one."""
        before = self._last.get(frame.kind.sound)
        self._last[frame.kind.sound] = frame.sequence
        step = ahead(frame.sequence, before) if before is not None else 1
        if step < 1:
            raise bad(f"sequence {frame.sequence} after {before}", "count each frame of sound and each picture by one")
        if frame.kind.sound:
            self.missing.sound += step - 1
        else:
            self.missing.pictures += step - 1
        return step - 1

    def _lasts_ns(self, frame: Frame) -> int:
        if not frame.kind.sound:
            return 0
        if frame.kind == Kind.OPUS:
            return opus_samples(frame.payload) * NS // OPUS_HZ
        return len(frame.payload) // 2 * NS // self._record.microphone_hz

    # ------------------------------------------------------------------------------------------------------- handling

    def _work(self) -> None:
        if self._later is not None:
            return
        for _ in range(ROUND):
            frame = self._inbox.take(self._clock.now_ns())
            if frame is None:
                break
            with surviving("a frame of the device could not be used"):
                self._use(frame)
        if len(self._inbox):
            self._later = asyncio.get_running_loop().call_later(AGAIN_S, self._again)

    def _again(self) -> None:
        self._later = None
        self._work()

    def _use(self, frame: Frame) -> None:
        now_ns = self._clock.now_ns()
        if frame.kind.sound:
            media_ns = self._sound_times.media_ns(frame.time_ns, now_ns, self._lasts_ns(frame))
            if frame.kind == Kind.OPUS:
                self._sounds.opus(frame.payload, media_ns, opus_samples(frame.payload))
            else:
                self._sounds.pcm(np.frombuffer(frame.payload, "<i2"), self._record.microphone_hz, media_ns)
            return
        media_ns = self._picture_times.media_ns(frame.time_ns, now_ns)
        if frame.kind == Kind.JPEG:
            self._pictures.jpeg(frame.payload, media_ns)
        else:
            self._pictures.h264(frame.payload, media_ns)

    def _ask_if_needed(self, frame: Frame) -> None:
        """A key frame: at once if nothing can be shown without it; else when none has come for two seconds."""
        if frame.kind != Kind.H264:
            return
        now_ns = self._clock.now_ns()
        if frame.key or self._keyed_ns is None:
            self._keyed_ns = now_ns
        if self._inbox.wants_key:
            self.ask_key_frame()
        elif now_ns - self._keyed_ns >= KEY_FRAME_AFTER_NS:
            self._keyed_ns = now_ns  # a camera that does not heed is not pressed: in two seconds again
            self.ask_key_frame()
