"""From voice activity to when somebody speaks: windows as they count while we sound, among others, and in a silence."""

from __future__ import annotations

from dataclasses import replace

from pipelines.events import Decision, Resumed, VoiceWindow
from pipelines.hearing import duplex
from pipelines.hearing.segmenter import Segmenter
from pipelines.room import Room


class Activity:
    """Owns the segmenter."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.segmenter = Segmenter(room.options.segmenter)

    def feed(self, event: VoiceWindow, sounds: bool) -> list[Decision]:
        """What changes by it. `sounds`: an answer does."""
        room = self._room
        room.load.feed(event)
        if room.duplex.deaf(event.media_ns):
            event = replace(event, probability=0.0)
        cancelled = room.duplex.mode == duplex.CANCEL
        near = room.nearness.feed(event)
        if cancelled and sounds:  # the canceller weakens the wearer's voice: how near it is, is not known
            event = room.double_talk.feed(event)
        else:
            room.double_talk.quiet()
            event = near
        self.segmenter.over(sounds and not cancelled)
        changes = self.segmenter.feed(event)
        room.scribe.adopt(changes)
        return changes

    def forget(self) -> None:
        """Nobody speaks."""
        self.segmenter = Segmenter(self._room.options.segmenter)

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, voice_ns=self.segmenter.last_voice_ns, window_ns=self.segmenter.last_window_ns)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.segmenter.resume(resumed.voice_ns, resumed.window_ns)
