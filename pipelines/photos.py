"""Cameras that give a picture when asked: what was asked for, and how long it is waited for.

photo_only                                    a photo is asked for when speech begins
photo_only, and the microphone rests for it   when the words are over
a stream for which the microphone rests       if the look finds nothing
"""

from __future__ import annotations

from pipelines.events import MS, UNKNOWN_DEVICE, AskKeyFrame, Device, LinkChanged, PhotoCame
from pipelines.scribe import Deadlines, Scribe

DELAY_MS = 3000  # from being asked to the picture's arrival, where the device does not say
MARGIN_MS = 1000  # so much later it will not come any more
CLOCKS_NS = 300 * MS  # a device's clock and ours may differ by so much


def delay_ms(device: Device) -> int:
    """How long this device takes for a photo."""
    return device.photo_delay_ms or DELAY_MS


class Photos:
    """Owns the timer `photo`: when it rings, the photo that somebody waits for will not come any more."""

    def __init__(self, scribe: Scribe, deadlines: Deadlines) -> None:
        self._scribe, self._deadlines = scribe, deadlines
        self._device, self._camera = UNKNOWN_DEVICE, False
        self._due_ns = 0  # until then one may come that was asked for; 0 = none was
        self.came_ns = -1  # when the last one was taken; below 0 = there was none

    @property
    def on(self) -> bool:
        """There is no picture but those that are asked for."""
        return self._camera and self._device.photo_only

    @property
    def after_words(self) -> bool:
        """The microphone has to rest for a picture."""
        return self._camera and self._device.deaf_while_looking

    @property
    def longest_ms(self) -> int:
        """How old a photo may be when it is there."""
        return delay_ms(self._device) + 2 * MARGIN_MS

    @property
    def pending(self) -> bool:
        return self._scribe.now_ns < self._due_ns

    def on_link(self, event: LinkChanged) -> None:
        """What was asked of another connection does not come any more."""
        if event.state == "connected":
            self._device, self._camera, self._due_ns = event.device, event.camera, 0

    def on_came(self, event: PhotoCame) -> None:
        self.came_ns, self._due_ns = event.media_ns, 0
        self._deadlines.clear("photo")

    def at_onset(self) -> None:
        """Somebody begins to speak."""
        if not self.after_words:
            self._ask("speech began: a photo may be asked about")

    def wait(self) -> None:
        """A look needs one: the one that is under way, or a new one."""
        self._ask("the words need a picture")
        self._deadlines.set("photo", self._due_ns)

    def since(self, start_ns: int) -> bool:
        """Whether one has come that was taken after this moment."""
        return self.came_ns >= max(0, start_ns - CLOCKS_NS)

    def _ask(self, reason: str) -> None:
        if not self.pending:
            self._due_ns = self._scribe.now_ns + (delay_ms(self._device) + MARGIN_MS) * MS
            self._scribe.emit(AskKeyFrame, reason)
