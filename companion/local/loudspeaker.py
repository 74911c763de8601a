"""One loudspeaker of this machine as the place where answers sound, for any connection that has none of its own.

The sound card sets the pace: when it has taken 20 ms, the loop is asked for the next. `Slots` is what lies between the
two, and knows which part of which answer has reached the ear.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from companion.link.errors import surviving
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ, SILENCE
from companion.local.devices import Device, LocalError
from companion.local.portaudio import portaudio

AHEAD = 3  # slots of 20 ms between the loop and the sound card
TOLD_EVERY = 10  # slots between two words on what was heard
SILENT_S = 2.0  # the card has taken nothing for so long: it is gone
Pcm = npt.NDArray[np.int16]
Pull = Callable[[], tuple[bytes, int]]
Told = Callable[[int, str, int], None]


@dataclass(frozen=True, slots=True)
class Slot:
    """20 ms, (960,) at 48 kHz. `position_ns`: where in the utterance it ends; `utterance` 0: silence."""

    pcm: Pcm
    utterance: int
    position_ns: int
    mark: str  # "first", "progress", "" = not worth a word


class Slots:
    """Answers as the sound card takes them. `pull`: a handler's `next_answer`."""

    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self._waiting: deque[Slot] = deque()
        self._decoder = _decoder()
        self._utterance = 0
        self._count = 0
        self._position_ns = 0
        self._moved: dict[int, int] = {}
        self.missed = 0  # slots that the loop was too late for

    def fill(self) -> None:
        """On the loop: get what is missing."""
        while len(self._waiting) < AHEAD:
            packet, utterance = SILENCE, 0
            with surviving("the answer's next packet could not be made"):
                packet, utterance = self._pull()
            self._waiting.append(self._slot(packet, utterance))

    def _slot(self, packet: bytes, utterance: int) -> Slot:
        pcm = np.zeros(FRAME_SAMPLES, np.int16)
        if packet:
            frames = self._decoder.decode(av.Packet(packet))
            pcm = np.concatenate([frame.to_ndarray()[0] for frame in frames])[:FRAME_SAMPLES] if frames else pcm
        if not utterance or not packet:
            return Slot(pcm, 0, 0, "")
        if utterance != self._utterance:
            self._utterance, self._count, self._position_ns = utterance, 0, 0
        self._position_ns = self._moved.pop(utterance, self._position_ns) + FRAME_NS
        mark = "first" if not self._count else "" if self._count % TOLD_EVERY else "progress"
        self._count += 1
        return Slot(pcm, utterance, self._position_ns, mark)

    def at(self, utterance: int, position_ns: int) -> None:
        """This utterance's next packet is of that position in it."""
        self._moved = {utterance: position_ns}

    def cut(self, utterance: int) -> None:
        """This utterance has ended: nothing of it that waits is played."""
        for _ in range(len(self._waiting)):
            with suppress(IndexError):  # the sound card has just taken the last
                slot = self._waiting.popleft()
                if slot.utterance != utterance:
                    self._waiting.append(slot)

    def take(self) -> Slot | None:
        """On the sound card's thread: the next; None if the loop is late."""
        try:
            return self._waiting.popleft()
        except IndexError:
            self.missed += 1
            return None


class LocalLoudspeaker:
    """`open` until `close`, both on the loop. `pull`: a handler's `next_answer`; `told(utterance, mark, position_ns)`
    is called on the loop when that has reached the ear. `alive` says whether the card still takes sound."""

    def __init__(self, device: Device, pull: Pull, told: Told = lambda utterance, mark, position_ns: None) -> None:
        self.device = device
        self.slots = Slots(pull)
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._stream: Any = None
        self._last: Slot | None = None
        self._taken_s = 0.0
        self._asked = False  # the loop, for more

    def open(self) -> None:
        """Raises LocalError with the device's name if it cannot be opened."""
        sd = portaudio()
        self.slots.fill()
        try:
            self._stream = sd.OutputStream(
                device=int(self.device.address),
                channels=1,
                dtype="int16",
                samplerate=RATE_HZ,
                blocksize=FRAME_SAMPLES,
                latency="low",
                callback=self._called,
            )
            self._taken_s = time.monotonic()
            self._stream.start()
        except (sd.PortAudioError, ValueError) as why:
            self.close()
            raise LocalError(
                f"the loudspeaker {self.device.name!r} cannot be opened at 48 kHz ({why}); does another program "
                "use it? `companion devices` lists what there is"
            ) from why

    def _called(self, out: Any, frames: int, when: Any, status: Any) -> None:
        self._taken_s = time.monotonic()
        slot = self.slots.take()
        if slot is None:
            out[:] = 0
        else:
            out[: len(slot.pcm), 0] = slot.pcm
        delay_s = max(0.0, when.outputBufferDacTime - when.currentTime) if when.outputBufferDacTime else 0.0
        if slot is None and self._asked:
            return  # the loop is late, and has been asked
        self._asked = True
        self._loop.call_soon_threadsafe(self._sounded, slot, delay_s + frames / RATE_HZ)

    def _sounded(self, slot: Slot | None, delay_s: float) -> None:
        self._asked = False
        if self._stream is None:
            return
        self.slots.fill()
        if slot is None:
            return
        before, self._last = self._last, slot  # only the next slot tells whether one was an utterance's last
        if before is None:
            return
        ended = before.utterance and slot.utterance != before.utterance
        if mark := "last" if ended else before.mark:
            after_s = max(0.0, delay_s - FRAME_NS / 1e9)
            self._loop.call_later(after_s, self._told, before.utterance, mark, before.position_ns)

    def cut(self, utterance: int) -> None:
        self.slots.cut(utterance)

    def at(self, utterance: int, position_ns: int) -> None:
        self.slots.at(utterance, position_ns)

    @property
    def alive(self) -> bool:
        """Whether it is open and has taken something in the last seconds."""
        return self._stream is not None and self._stream.active and time.monotonic() - self._taken_s < SILENT_S

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)


def _decoder() -> Any:
    codec = av.CodecContext.create("libopus", "r")
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", RATE_HZ
    return codec
