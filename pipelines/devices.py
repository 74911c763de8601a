"""What the wearer and the log are told of the device itself: which microphone hears them, and what it cannot do."""

from __future__ import annotations

from pipelines.announcing import Announcing
from pipelines.events import UNKNOWN_DEVICE, LinkChanged, Noted
from pipelines.room import Room
from pipelines.thinking import wording

MICROPHONE = "microphone"  # kind of the `DeviceEvent` by which a device tells that it listens with another one

SWITCHED = ("on", "off")  # values by which it tells that its wearer switched it; any other is a microphone's name


class Devices:
    """A microphone never changes in silence: whoever wears it would not know why they are heard worse."""

    def __init__(self, room: Room, announcing: Announcing) -> None:
        self._room = room
        self._announcing = announcing

    def on_link(self, event: LinkChanged, before: LinkChanged | None) -> None:
        """`before`: what was known of the link."""
        if event.state != "connected":
            return
        known = before.device if before is not None else UNKNOWN_DEVICE
        if before is None or known != event.device:
            self._note(event)
        if before is not None and UNKNOWN_DEVICE not in {known, event.device}:
            words = wording.microphone_changed(known, event.device) if event.microphone else wording.NO_MICROPHONE
            if event.microphone or before.microphone:
                self._tell(words)
        if before is not None and known.name != event.device.name:
            self._room.microphone = ""

    def on_microphone(self, name: str) -> None:
        """The device says that it listens with this one now."""
        if name != self._room.microphone:
            self._room.microphone = name
            self._tell(wording.microphone_now(name))

    def _note(self, event: LinkChanged) -> None:
        scribe = self._room.scribe
        if why := self._room.duplex.reason:
            scribe.emit(Noted, why, what="half duplex")
        if event.microphone and wording.narrow(event.device):
            scribe.emit(Noted, "the microphone hears only the telephone band", what="narrow band")

    def _tell(self, words: str) -> None:
        """Of several changes while nobody can be told, the last."""
        if words:
            self._announcing.forget("microphone")
            self._announcing.announce(words, "status", about="microphone")
