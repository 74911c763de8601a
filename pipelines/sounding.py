"""When a short sound is made (what each is: `pipelines.speaking.earcons`). A decider; one sound at a time.

============  =====================================================================================================
heard         listening now: the wake phrase alone, or a tap; a timer is over; muted, and a turn was understood; over
              an answer, something was set that cannot be heard
thinking      after every 4 s of silence in a long thought; also at its first 0.9 s, if no words tell of it
failed        a failure is told, or cannot be told in words
cut_off       words of the answer have sounded, and now a failure is told in place of the rest
camera_lost   a look found no picture of the last 2 s, and there had been pictures; once, until there are some again
asleep        the companion goes to sleep
============  =====================================================================================================

None while the wearer has the floor: one that matters then waits until they have done, others are left out.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines import conversation as floor
from pipelines.events import MS, Earcon, Looked, Resumed
from pipelines.room import Room
from pipelines.speaking.mouth import Utterance

TICK_EVERY_NS = 4_000 * MS  # sparse: a wearer who waits half a minute hears seven
LOST_NS = 2_000 * MS
_FREE = frozenset({floor.WAITING, floor.LISTENING, floor.THINKING, floor.SPEAKING})


class Earcons:
    """Owns what it knows of the pictures, and the sound that waits for the wearer to have done."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._due: tuple[str, str] | None = None
        self._pictures = ""  # "seen", "lost"; "" = there were none yet

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, pictures=self._pictures)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._pictures = resumed.pictures

    def make(self, name: str, reason: str, wait: bool = False) -> None:
        """Make this sound, or the one that has been waiting. `wait`: it matters also when the wearer has done."""
        room = self._room
        if room.floor.state not in _FREE:
            self._due = (name, reason) if wait else self._due
            return
        name, reason = self._due or (name, reason)
        self._due = None
        if room.options.general.speaking.earcons and not room.preferences.quiet:
            room.scribe.emit(Earcon, reason, name=name)

    def catch_up(self) -> None:
        """Make the sound that waits, if the floor is free."""
        if self._due is not None:
            self.make(*self._due)

    def told(self, utterance: Utterance, silent: bool) -> None:
        """Words were given out. A failure leads its words; shown words have no moment at which they begin to sound."""
        name = utterance.tells_of_failure(len(utterance.chunks) - 1)
        if name == "failed" or (name and silent):
            self.make(name, "a failure")

    def began(self, utterance: Utterance, chunk: int) -> None:
        """These words begin to sound."""
        if utterance.tells_of_failure(chunk) == "cut_off":
            self.make("cut_off", "the rest of the answer is missing")

    def on_looked(self, event: Looked) -> None:
        """Pictures come, or came and do so no more."""
        newest_ns = max((frame.media_ns for frame in event.frames), default=-LOST_NS)
        if event.t_ns - newest_ns <= LOST_NS:
            self._pictures = "seen"
        elif self._pictures == "seen" and self._room.has_camera and not self._room.photos.on:
            self._pictures = "lost"
            self.make("camera_lost", "there had been pictures, and there is none of the last 2 s", wait=True)
