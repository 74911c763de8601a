"""Takes our own voice out of the microphone's sound, for devices whose loudspeaker is open: WebRTC's AEC3, by way of
pywebrtc-audio (the extra companion[aec]).

The one idea: both sounds lie on the session clock, placed by *counting samples*. What we play is laid down as it
leaves; for each 20 ms of microphone the canceller gets what left in the same 20 ms, a `LEAD` earlier, and finds by
itself how much later the room gives it back (up to 450 ms). Stamps only say where counting begins, and when it must
begin anew:

    leaves here   ──▂▅▇▅▂────────────▃▆▇▃──     zeros while we say nothing: this line has no holes
    microphone    ─────▁▃▅▃▁───▂▇▇▅▂────▂▄▅▂    a hole in it is filled with silence, or begins the line anew
    comes out     ─────────────▂▇▇▅▂────────    `DELAY_NS` of sound behind what went in

Until it knows the room (`ROOM_SAMPLES` of our sound) nothing comes out while we sound: the first half second of a
greeting is not worth a false stop.
"""

from __future__ import annotations

import importlib.util
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
NS = 1_000_000_000
BLOCK = 160  # samples that the canceller takes at a time: 10 ms
TICK = 320  # samples of one packet, either way: 20 ms
LEAD = 320  # our sound is taken as so much later than it left, so that a packet sent late is not too late for it
DELAY_SAMPLES = 128  # measured: what comes out of AEC3 at 16 kHz lies this much behind what went in
DELAY_NS = DELAY_SAMPLES * NS // RATE_HZ
STEP = 960  # 60 ms: stamps of one gapless microphone jitter by less; beyond it sound was lost, or the clock mapped anew
FILL = RATE_HZ  # a hole of up to 1 s is filled with silence, so that the canceller's own delays stay what they are
KEPT = 4 * RATE_HZ  # of what we played
SURE = 25  # packets: half a second
ROOM_SAMPLES = RATE_HZ // 2
ROOM_TAIL = RATE_HZ // 2  # how long after our sound the room may still give it back
AUDIBLE = 33  # of 32768, -60 dBFS: our sound is silence below it

Samples = NDArray[np.int16]


class EchoError(RuntimeError):
    """Echo cannot be cancelled here. The message says why, and the way out."""


def available() -> bool:
    """Whether the canceller is installed; costs nothing."""
    return importlib.util.find_spec("pywebrtc_audio") is not None


class EchoCanceller:
    """One microphone and what is played beside it. About 0.15 ms for each 20 ms of microphone.

    Raises:
        EchoError: the extra is not installed.
    """

    def __init__(self) -> None:
        self._engine = _engine()
        self._far = _Line()
        self._near: int | None = None  # position behind the last sample taken
        self._learned = 0  # samples of our sound that the canceller has met
        self._sounded = -ROOM_TAIL  # position behind the last of our sound

    def played(self, pcm: Samples | None, now_ns: int, slot: int | None = None) -> None:
        """20 ms that leave now: (320,) int16, 16 kHz mono, exactly what is handed to the link; None: silence. `slot`:
        the number of the link's slot that they are for, if it is known."""
        self._far.add(pcm if pcm is not None else np.zeros(TICK, np.int16), _position(now_ns), slot)

    def clean(self, pcm: Samples, media_ns: int) -> tuple[Samples, int]:
        """The microphone's sound without ours, and when its first sample was captured (`DELAY_NS` before `media_ns`).

        `pcm`: (n,) int16, 16 kHz mono, n a multiple of 160, whose first sample was captured at `media_ns`."""
        if pcm.dtype != np.int16 or pcm.ndim != 1 or len(pcm) % BLOCK:
            raise ValueError(
                f"the echo canceller wants (n x {BLOCK},) int16 at 16 kHz, got {pcm.shape} {pcm.dtype}: cut it so"
            )
        self._meet(_position(media_ns))
        return self._through(pcm), max(0, media_ns - DELAY_NS)

    def _meet(self, stamped: int) -> None:
        """Where this sound lies: behind the last if its stamp agrees, else where its stamp says."""
        if self._near is None:
            self._near = stamped
            return
        hole = stamped - self._near
        if abs(hole) <= STEP:
            return
        if 0 < hole <= FILL:
            self._through(np.zeros(hole // BLOCK * BLOCK, np.int16))
            return
        self._near = stamped
        self._engine = _engine()  # of another time: what it knew of the sound just before is of no use
        self._learned = 0

    def _through(self, pcm: Samples) -> Samples:
        assert self._near is not None
        out = np.empty_like(pcm)
        for i in range(0, len(pcm), BLOCK):
            far = self._far.cut(self._near - LEAD, self._near - LEAD + BLOCK)
            out[i : i + BLOCK] = self._engine.process(pcm[i : i + BLOCK], far)
            self._near += BLOCK
            if self._knows_not(far):
                out[i : i + BLOCK] = 0
        return out

    def _knows_not(self, far: Samples) -> bool:
        """Our sound may be in there, and the canceller has not met enough of it to know how the room gives it back."""
        assert self._near is not None
        if self._learned >= ROOM_SAMPLES:
            return False
        if np.abs(far).max() > AUDIBLE:
            self._learned += BLOCK
            self._sounded = self._near
        return self._near - self._sounded < ROOM_TAIL


class _Line:
    """What was played, by sample of the session clock; gapless as long as packets leave one every 20 ms.

    A packet that leaves late was still meant for its slot, and only its number says for which.
    Where that is not known, the link's rule is (`companion.link.speaker.Pace`): behind one that was late by three slots
    or more it leaves out all but one of those that were missed. Where that is not what happened, packets are late for
    half a second, or one comes too soon, and the line is put right."""

    def __init__(self) -> None:
        self._ring: Samples = np.zeros(KEPT, np.int16)
        self._next = 0  # position behind the last sample
        self._due: int | None = None  # position at which the next packet is in time; the soonest of them tells
        self._late: deque[int] = deque(maxlen=SURE)  # the last packets, by how much
        self._slot: int | None = None  # of the last packet

    def add(self, pcm: Samples, stamped: int, slot: int | None = None) -> None:
        before, self._slot = self._slot, slot
        another = slot is not None and before is not None and slot <= before  # a connection's slots begin at 0
        if self._due is None or another or abs(stamped - self._next) > KEPT:
            self._ring[:] = 0
            self._next = self._due = stamped
            self._late.clear()
        elif slot is not None and before is not None:
            self._leave_out(slot - before - 1)
        elif self._late:
            self._leave_out((self._late[-1] - TICK) // TICK - 1)
        soon = self._due - stamped
        if soon > TICK // 2:
            self._next -= round(soon / TICK) * TICK
        self._due = min(self._due, stamped)
        self._late.append(stamped - self._due)
        if slot is None and len(self._late) == SURE:
            self._leave_out((min(self._late) + TICK // 10) // TICK)
        self._put(pcm)
        self._due += TICK

    def _leave_out(self, slots: int) -> None:
        if slots > 0 and self._due is not None:
            self._put(np.zeros(slots * TICK, np.int16))
            self._due += slots * TICK
            self._late.clear()

    def cut(self, start: int, end: int) -> Samples:
        """(end - start,) int16: what left in that time; zeros where it is not known."""
        if self._due is None or end <= self._next - KEPT or start >= self._next:
            return np.zeros(end - start, np.int16)
        out = self._ring.take(np.arange(start, end), mode="wrap")
        out[max(0, self._next - start) :] = 0
        return out

    def _put(self, pcm: Samples) -> None:
        self._ring.put(np.arange(self._next, self._next + len(pcm)), pcm, mode="wrap")
        self._next += len(pcm)


def _position(ns: int) -> int:
    """The nearest sample of the session clock."""
    return (ns * RATE_HZ + NS // 2) // NS


def _engine() -> Any:
    try:
        from pywebrtc_audio import EchoCanceller as Aec3
    except ImportError as error:
        raise EchoError(
            "echo cancelling needs pywebrtc-audio: pip install 'earshot-companion[aec]', or set echo.mode = half_duplex"
        ) from error
    return Aec3(RATE_HZ)
