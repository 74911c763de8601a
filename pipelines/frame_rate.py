"""How many pictures a second a camera is asked for, if its device offers to give fewer (`Device.idle_fps`). A decider.

    there is not time for everything (`Shed` video)         idle_fps
    asleep                                                  idle_fps
    nobody has been heard or answered for LULL_NS           idle_fps
    else                                                    as many as it has

What was seen just before somebody speaks may be asked about, so how few are enough is the device's word, not ours.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.attention import ASLEEP
from pipelines.events import MS, AskFrameRate, LinkChanged, Resumed
from pipelines.room import Room

LULL_NS = 20_000 * MS
ALL_FPS = 120.0  # the most that a device may say it has


class FrameRate:
    """Owns the timer `lull`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._slow = False

    @property
    def _offered(self) -> bool:
        room = self._room
        here = room.link is not None and room.link.state == "connected"
        return here and room.has_camera and room.device.idle_fps > 0 and not room.photos.on

    def on_link(self, event: LinkChanged) -> None:
        """Each connection begins with all that the camera has."""
        if event.state == "connected" and (event.resumed or self._room.link is None):
            self._slow = False
            self._room.deadlines.clear("lull")

    def catch_up(self, quiet: bool) -> None:
        """`quiet`: nobody speaks, and nothing is under way or waiting to be said."""
        room = self._room
        if not self._offered:
            room.deadlines.clear("lull")
        elif room.load.sheds("video"):
            self._ask(True, "there is not time for more pictures")
        elif room.attention.state == ASLEEP:
            self._ask(True, "asleep: nothing is looked at")
        elif not quiet:
            self._ask(False, "somebody is heard or answered")
        elif not self._slow and "lull" not in room.deadlines:
            room.deadlines.set("lull", room.now_ns + LULL_NS)

    def rang(self) -> None:
        if self._offered:
            self._ask(True, f"nobody has been heard or answered for {LULL_NS // (1000 * MS)} s")

    def _ask(self, slow: bool, reason: str) -> None:
        self._room.deadlines.clear("lull")
        if slow != self._slow:
            self._slow = slow
            self._room.scribe.emit(AskFrameRate, reason, fps=self._room.device.idle_fps if slow else ALL_FPS)

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, slow_camera=self._slow, lull_ns=self._room.deadlines.due_ns("lull"))

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._slow = resumed.slow_camera
        if resumed.lull_ns:
            self._room.deadlines.set("lull", resumed.lull_ns)
