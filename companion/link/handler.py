"""The port between the link and a session: what the link tells, and what can be asked of it.

All of it is called on the event loop and must return at once; slow work belongs behind the session's own door.
Times are nanoseconds on the session clock.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from companion.link.record import DeviceRecord
from pipelines.seeing.ring import AccessUnit

Message = dict[str, Any]


class LinkHandler(Protocol):
    """What a session hears from its device."""

    def on_microphone(
        self, packet: bytes, pcm: npt.NDArray[np.int16], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        """20 ms of sound. `pcm`: (320,) int16, 16 kHz mono; `packet`: the same as one Opus packet, empty if
        `concealed` (made up for a packet that never came, or silence the device did not send). `rtp`: unwrapped 48 kHz
        timestamp of the first sample, `media_ns`: when that sample was captured, never later than `arrival_ns`."""

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None:
        """One whole encoded picture. `rtp`: unwrapped 90 kHz timestamp."""

    def on_message(self, message: Message) -> None:
        """A message of the device that the link does not handle itself ("event", "typed", unknown types)."""

    def on_state(
        self, state: str, microphone: bool, camera: bool, speaker: bool, detail: str, resumed: bool = False
    ) -> None:
        """`state`: "connected", "lost" (silent, or gone; may come back) or "closed" (the last call ever made).
        `resumed`: connected over another connection than before; the device's RTP timelines and clock begin anew.
        "connected" once more without that: what plays the answer came or went."""

    def next_answer(self, stamp: int | None = None) -> tuple[bytes, int]:
        """The next 20 ms of the answer as one Opus packet, and the utterance it belongs to; pulled every 20 ms.
        `stamp`: of the slot that it is for, in samples at 48 kHz: it tells late packets from slots that are left out.
        None: whoever plays it has no slots.

        Nothing to say: `(SILENCE, 0)`. A pause inside an utterance: `(b"", utterance)`; silence is sent, and it does
        not count in the utterance's position."""

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        """A connected "microphone" or "camera" gives nothing any more, or again."""

    def on_heard(self, utterance: int, mark: str, media_ns: int, position_ns: int) -> None:
        """The device's word on what reached the ear. `mark`: "first", "progress" or "last"; `position_ns`: sound of
        this utterance heard by then, counting its own packets only."""

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None:
        """device clock = session clock + `offset_ns`, give or take half of `round_trip_ns`; said when it changes."""

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None:
        """RTCP sender report. `track`: "audio" or "video"; `ntp`: 64-bit NTP timestamp; `rtp`: 32-bit, as sent."""


class DeviceLink(Protocol):
    """What a session can ask of its device."""

    session: str
    """Name of the session, as told to the device."""

    @property
    def device(self) -> str:
        """What the device is connected by, in a word: "webrtc", "bridge", "clip", …"""
        ...

    @property
    def echo(self) -> str:
        """What the device says of our sound in its microphone: "none", "cancelled" (by it), "open"; "" = nothing."""
        ...

    @property
    def record(self) -> DeviceRecord:
        """What the device says that it can do."""
        ...

    def send_message(self, message: Message) -> None:
        """Send one JSON message; kept (a few of them) until the data channel opens."""

    def ask_key_frame(self) -> None:
        """Ask the camera for a key frame (RTCP PLI), at most one every 500 ms."""

    def cut_answer(self, utterance: int) -> None:
        """Say that this utterance was stopped before its end, so that "spoken" tells the device."""

    def answer_at(self, utterance: int, position_ns: int) -> None:
        """The next packet of this utterance has this position in it: it was gone back, or goes on elsewhere."""

    async def close(self, reason: str = "") -> None:
        """Say goodbye and close; `on_state("closed", …)` is called before it returns."""
