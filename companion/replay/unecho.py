"""The recorded microphone as the session heard it, where the session took its own voice out of it.

The recording holds the raw sound, and what was handed to the link. So the canceller is run again, over the answers'
packets. It needs to know in which 20 ms slot each of them left: the link's slots are regular, but a packet's own time
may be two of them late. What comes out is what was heard live, but for what the coder adds and an estimate's errors.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from companion.own_sound import OwnSound
from pipelines.events import MS, LinkChanged, SessionStarted
from pipelines.hearing.duplex import CANCEL, way
from pipelines.hearing.echo import EchoError
from pipelines.thinking.options import EchoOptions
from recordings.reader import Recording
from recordings.session import RecordingError
from recordings.stored import MicrophonePacket

TICK_NS = 20 * MS
TICK = 960
LOOK_AHEAD = 8  # packets: one of so many is in time


class RecordedOwnSound:
    """One session's canceller, fed from its recording. Give it the microphone's packets in their order."""

    def __init__(self, recording: Recording) -> None:
        self._sound = OwnSound()
        self._answers = [(answer.t_ns, answer.packet) for answer in recording.answers()]
        self._slots = slots_ns([t_ns for t_ns, _ in self._answers])
        self._at = 0
        self._next_ns: int | None = None  # when the next 20 ms leave
        self._opus = av.CodecContext.create("libopus", "r")
        self._opus.sample_rate, self._opus.layout, self._opus.format = 48_000, "mono", "s16"

    def heard(self, pcm: NDArray[np.int16], packet: MicrophonePacket) -> tuple[NDArray[np.int16], int]:
        """The packet's sound, (320,) int16 16 kHz, without ours, and when its first sample was captured."""
        self._play(packet.t_ns)
        return self._sound.taken_out(pcm, packet.media_ns)

    def _play(self, until_ns: int) -> None:
        if self._next_ns is None:
            phase_ns = self._slots[0] if self._slots else 0
            self._next_ns = until_ns - (until_ns - phase_ns) % TICK_NS
        while self._at < len(self._answers) and self._answers[self._at][0] <= until_ns:
            slot_ns, packet = self._slots[self._at], self._answers[self._at][1]
            self._at += 1
            if slot_ns < self._next_ns:
                continue  # of before we began
            self._silence(slot_ns)
            self._sound.played(self._decoded(packet), slot_ns)
            self._next_ns = slot_ns + TICK_NS
        self._silence(until_ns - 2 * TICK_NS)  # what is due since then may still come

    def _silence(self, until_ns: int) -> None:
        assert self._next_ns is not None
        while self._next_ns < until_ns:
            self._sound.played(None, self._next_ns)
            self._next_ns += TICK_NS

    def _decoded(self, packet: bytes) -> NDArray[np.int16]:
        try:
            frames = self._opus.decode(av.Packet(packet))
        except av.FFmpegError:
            frames = []
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in frames]) if frames else np.zeros(0, np.int16)
        return np.resize(pcm, TICK) if len(pcm) else np.zeros(TICK, np.int16)


def slots_ns(taken_ns: list[int]) -> list[int]:
    """When the slots began that these packets, taken at these times, were for.

    Slots follow each other every 20 ms and most packets are nearly in time, so slots begin where times within 20 ms
    begin to be common. A packet is for the slot behind the one before, or for a later one if those right behind it are
    all so much later too: then the link had left some out, or nothing was said."""
    if not taken_ns:
        return []
    counts = np.bincount([t_ns % TICK_NS // MS for t_ns in taken_ns], minlength=TICK_NS // MS)
    begins = [np.roll(counts, -ms)[:8].sum() - np.roll(counts, -ms)[-4:].sum() for ms in range(len(counts))]
    phase_ns = int(np.argmax(begins)) * MS
    slots: list[int] = []
    for i, t_ns in enumerate(taken_ns):
        following = taken_ns[i : i + LOOK_AHEAD]
        soonest_ns = min(
            n_ns - j * TICK_NS for j, n_ns in enumerate(following) if n_ns - t_ns < LOOK_AHEAD * 2 * TICK_NS
        )
        in_time_ns = soonest_ns - (soonest_ns - phase_ns) % TICK_NS
        slots.append(max(in_time_ns, slots[-1] + TICK_NS) if slots else in_time_ns)
    return slots


def recorded_own_sound(path: Path, options: EchoOptions) -> RecordedOwnSound | None:
    """What the session of this recording had; None: it listened to the raw sound.

    Raises:
        RecordingError: it took its voice out, and here is nothing to do that with.
    """
    recording = Recording(path)
    cancels, echo, half_duplex = False, "", False
    for event in recording.happenings():
        if isinstance(event, SessionStarted):
            cancels = event.cancels_echo
        elif isinstance(event, LinkChanged) and event.state == "connected":
            echo, half_duplex = event.echo, event.device.deaf_while_speaking and event.speaker
            break
    if way(options.mode, echo, cancels, half_duplex) != CANCEL:
        return None
    try:
        return RecordedOwnSound(recording)
    except EchoError as why:
        raise RecordingError(f"{path}: this session took its own voice out of the microphone's sound: {why}") from why
