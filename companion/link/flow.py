"""Whether what a device says it sends really comes: a camera that streams nothing, a microphone that is dead.

Both look connected. Glasses do this after a call took their microphone, phones when another app took the camera; a
wearer without a screen finds out by asking into the void. Pure: told of arrivals and of the time, it says what changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.link.record import DeviceRecord
from pipelines.photos import MARGIN_MS, delay_ms

NOTICE_NS = 2_600_000_000  # looked at every 250 ms, so that it is noticed within 3 s
LOOK_S = 0.25
ALIVE_NS = (
    1_500_000_000  # a device answers a ping a second; one that says nothing at all is lost, which is another matter
)
CAMERA, MICROPHONE = "camera", "microphone"


@dataclass(frozen=True, slots=True)
class Flow:
    """`track`: "camera" or "microphone"; `detail` for the log."""

    track: str
    flows: bool
    detail: str


@dataclass(slots=True)
class _Track:
    there: bool = False
    every_ns: int = 0  # the longest pause that is its way
    last_ns: int = 0
    said: bool = False  # that nothing comes
    on: bool = True  # the wearer has not switched it off


class FlowWatch:
    """One connection. A microphone that gives nothing but exact zeros from the start is dead as well; later, exact
    silence may be a device's own way of muting, and is its business."""

    def __init__(
        self, microphone: bool, camera: bool, now_ns: int, camera_every_ns: int = 0, rests_ns: int = 0
    ) -> None:
        """What the device says it sends; `camera_every_ns`: how far apart its pictures are, 0 = as those of a video;
        `rests_ns`: for how long its microphone may pause, because something else of the device needs it."""
        self._tracks = {
            MICROPHONE: _Track(microphone, rests_ns, now_ns),
            CAMERA: _Track(camera, 2 * camera_every_ns, now_ns),
        }
        self._sounded = False

    def picture(self, now_ns: int) -> None:
        """One came from the camera."""
        self._tracks[CAMERA].last_ns = now_ns

    def sound(self, pcm: npt.NDArray[np.int16], concealed: bool, now_ns: int) -> None:
        """`pcm`: int16 of the microphone; `concealed`: made up here, or silence that the device did not send."""
        self._sounded = self._sounded or bool(np.any(pcm))
        if self._sounded or concealed:
            self._tracks[MICROPHONE].last_ns = now_ns

    def told(self, message: Mapping[str, Any]) -> None:
        """A message of the device: what its wearer has switched off is not missed."""
        track = self._tracks.get(str(message.get("kind"))) if message.get("type") == "event" else None
        if track is not None:
            track.on = message.get("value") != "off"
            track.said = track.said and track.on

    def speaks(self, now_ns: int) -> None:
        """Our sound leaves for a device whose microphone rests meanwhile."""
        self._tracks[MICROPHONE].last_ns = now_ns

    def look(self, now_ns: int) -> list[Flow]:
        """What has changed since the last look."""
        changed = []
        for name, track in self._tracks.items():
            if not track.on:
                track.last_ns = now_ns
            stopped = track.there and now_ns - track.last_ns > max(NOTICE_NS, track.every_ns)
            if stopped != track.said:
                track.said = stopped
                since_s = (now_ns - track.last_ns) / 1e9
                detail = f"nothing has come from it for {since_s:.1f} s" if stopped else "it sends again"
                changed.append(Flow(name, not stopped, detail))
        return changed


def watch(record: DeviceRecord, microphone: bool, camera: bool, now_ns: int) -> FlowWatch:
    """For a device that says this of itself. A camera that gives pictures only when asked, or only while the microphone
    rests, is not watched: its silence is its way."""
    streams = camera and not record.photo_only and not record.rests_for_camera
    fps = record.idle_fps or record.fps
    every_ns = round(1e9 / fps) if fps else 0
    rests_ms = delay_ms(record.deciding) + MARGIN_MS if record.rests_for_camera else 0
    return FlowWatch(microphone, streams, now_ns, every_ns, rests_ms * 1_000_000)
