"""Where a connection's media and messages go: to the session, while the connection is one that counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from companion.link.flow import FlowWatch
from companion.link.handler import LinkHandler, Message
from companion.link.opus_send import SILENCE
from companion.link.typed_once import TypedOnce
from pipelines.seeing.ring import AccessUnit


class Gate:
    """Implements `LinkHandler`. `plays()`: whether this connection is the one that the answer goes to; the answer is
    one row of packets, so only one may take from it. `typed`: the session's, so that no typed question counts twice."""

    def __init__(self, plays: Callable[[], bool], typed: TypedOnce) -> None:
        self.handler: LinkHandler | None = None
        self.open = False
        self.flow: FlowWatch | None = None
        self.in_turn: Callable[[], int] | None = None  # the clock, if its microphone rests while we speak
        self._plays, self._typed = plays, typed

    def on_microphone(
        self, packet: bytes, pcm: npt.NDArray[np.int16], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        if self.open and self.handler is not None:
            if self.flow is not None:
                self.flow.sound(pcm, concealed, arrival_ns)
            self.handler.on_microphone(packet, pcm, rtp, arrival_ns, media_ns, concealed=concealed)

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None:
        if self.open and self.handler is not None:
            if self.flow is not None:
                self.flow.picture(arrival_ns)
            self.handler.on_camera(unit, rtp, arrival_ns)

    def on_message(self, message: Message) -> None:
        if self.open and self.handler is not None:
            if self.flow is not None:
                self.flow.told(message)
            self._typed.give(message, self.handler.on_message)

    def on_state(
        self, state: str, microphone: bool, camera: bool, speaker: bool, detail: str, resumed: bool = False
    ) -> None:
        """Nothing: what a connection's state means for the session is the wearer's business."""

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        """Nothing: the wearer's place watches it."""

    def next_answer(self, stamp: int | None = None) -> tuple[bytes, int]:
        if not self.open or self.handler is None or not self._plays():
            return SILENCE, 0
        packet, utterance = self.handler.next_answer(stamp)
        if self.flow is not None and self.in_turn is not None and packet != SILENCE:
            self.flow.speaks(self.in_turn())
        return packet, utterance

    def on_heard(self, utterance: int, mark: str, media_ns: int, position_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_heard(utterance, mark, media_ns, position_ns)

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_clock(offset_ns, round_trip_ns)

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_sender_report(track, ntp, rtp, arrival_ns)


class EarGate(Gate):
    """Of a connection that only plays: the answer, what was heard of it, and messages (a typed question, a tap). Its
    sound, pictures and clock are not the wearer's device's, and go nowhere."""

    def on_microphone(
        self, packet: bytes, pcm: npt.NDArray[np.int16], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None: ...

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None: ...

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None: ...

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None: ...
