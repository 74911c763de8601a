"""The way to the ear: one packet every 20 ms on the loop's clock, and an account of what went out when.

The track hands aiortc packets that are Opus already, so silence costs no encoding. It is paced without drift: packet n
is due at start + n x 20 ms. After a stall it does not catch up: slots that were missed are skipped in the timestamps,
and at most two packets leave at once, so the device's buffer neither swells nor runs behind for ever.

`Ledger` knows which packets belonged to which utterance, so that a timestamp the device reports as heard becomes a
position in what was said.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from companion.link.errors import surviving
from companion.link.media_clock import nearest
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ, SILENCE

FRAME_S = FRAME_NS / 1e9
LATE_SLOTS = 1  # one packet may be late and leave together with the next: a burst of two
UTTERANCES_KEPT = 8
RUNS_KEPT = 256
TIME_BASE = Fraction(1, RATE_HZ)


class Pace:
    """20 ms slots on the loop's clock. `await slot()` gives the number of the slot that is due; numbers may skip."""

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._slot = 0

    async def slot(self) -> int:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._start_s is None:
            self._start_s = now
        due_in = self._start_s + self._slot * FRAME_S - now
        if due_in > 0:
            await asyncio.sleep(due_in)
        else:
            self._slot += max(0, int(-due_in / FRAME_S) - LATE_SLOTS)
        slot = self._slot
        self._slot += 1
        return slot


@dataclass(slots=True)
class _Run:
    """Packets of one utterance without a pause between: timestamp of the first, where in the utterance that is (in
    samples), and how many."""

    first: int
    at: int
    packets: int = 0

    @property
    def after(self) -> int:
        """Where in the utterance its end is."""
        return self.at + self.packets * FRAME_SAMPLES


@dataclass(slots=True)
class _Utterance:
    runs: list[_Run] = field(default_factory=list)
    moved_to: int | None = None  # the next packet is not of where the last one ended, but of here


class Ledger:
    """What was sent of each utterance. Timestamps here are slots x 960, before the sender's random origin is added."""

    def __init__(self) -> None:
        self._utterances: OrderedDict[int, _Utterance] = OrderedDict()

    def sent(self, utterance: int, stamp: int) -> None:
        """One packet of this utterance left with this timestamp."""
        entry = self._utterances.setdefault(utterance, _Utterance())
        while len(self._utterances) > UTTERANCES_KEPT:
            self._utterances.popitem(last=False)
        run = entry.runs[-1] if entry.runs else None
        if run is None or entry.moved_to is not None or run.first + run.packets * FRAME_SAMPLES != stamp:
            if len(entry.runs) == RUNS_KEPT:
                entry.runs.pop(0)
            at = run.after if run is not None else 0
            run = _Run(stamp, at if entry.moved_to is None else entry.moved_to)
            entry.runs.append(run)
            entry.moved_to = None
        run.packets += 1

    def moved(self, utterance: int, position_ns: int) -> None:
        """The utterance goes on from there with its next packet."""
        entry = self._utterances.setdefault(utterance, _Utterance())
        entry.moved_to = position_ns * RATE_HZ // 1_000_000_000

    def position_ns(self, utterance: int, stamp: int) -> int | None:
        """Where in the utterance the sound before `stamp` ends; None if it is unknown (never sent, or long ago)."""
        entry = self._utterances.get(utterance)
        if entry is None or not entry.runs:
            return None
        run = next((run for run in reversed(entry.runs) if run.first <= stamp), None)
        at = entry.runs[0].at if run is None else min(run.after, run.at + stamp - run.first)
        return at * 1_000_000_000 // RATE_HZ


class Answers:
    """Pulls the answer, keeps the ledger, and says where utterances begin and end on the wire."""

    def __init__(
        self,
        pull: Callable[[int], tuple[bytes, int]],
        say: Callable[[dict[str, object]], None],
        origin: Callable[[int], int | None],
    ) -> None:
        """`pull(stamp)`: the handler's `next_answer`; `say`: sends a message; `origin(stamp)`: RTP timestamp that
        belongs to stamp 0, None while nothing has been sent (asked with the stamp of the packet sent last)."""
        self._pull, self._say, self._ask_origin = pull, say, origin
        self._ledger = Ledger()
        self._current = 0
        self._cut: set[int] = set()
        self._last_stamp: int | None = None
        self._next_stamp = 0
        self._origin: int | None = None
        self._waiting: list[tuple[dict[str, object], int]] = []
        self.speaks = False  # the last packet was of an utterance, silent or not

    def cut(self, utterance: int) -> None:
        """This utterance ends before its end."""
        self._cut = {utterance} if len(self._cut) > UTTERANCES_KEPT else self._cut | {utterance}

    def at(self, utterance: int, position_ns: int) -> None:
        """This utterance's next packet is of this position in it."""
        self._ledger.moved(utterance, position_ns)

    def packet(self, stamp: int) -> bytes:
        """The packet for this slot."""
        self._settle()
        payload, utterance = SILENCE, 0
        with surviving("the answer's next packet could not be made"):
            payload, utterance = self._pull(stamp)
        if utterance != self._current:
            self._change(utterance, stamp)
        self.speaks = bool(utterance and payload)
        if self.speaks:
            self._ledger.sent(utterance, stamp)
        self._last_stamp, self._next_stamp = stamp, stamp + FRAME_SAMPLES
        return payload or SILENCE

    def position_ns(self, utterance: int, rtp: int) -> int | None:
        """Position in the utterance of the sample with this RTP timestamp (32-bit, as on the wire)."""
        self._settle()
        if self._origin is None:
            return None
        return self._ledger.position_ns(utterance, nearest(rtp - self._origin, self._next_stamp))

    def _change(self, utterance: int, stamp: int) -> None:
        if self._current:
            cut = self._current in self._cut
            self._cut.discard(self._current)
            self._tell({"type": "spoken", "utterance": self._current, "cut": cut}, self._next_stamp)
        self._current = utterance
        if utterance:
            self._tell({"type": "speaking", "utterance": utterance}, stamp)

    def _tell(self, message: dict[str, object], stamp: int) -> None:
        self._waiting.append((message, stamp))
        self._settle()

    def _settle(self) -> None:
        """Send what waits for the origin, which is known once the first packet has left."""
        if self._origin is None and self._last_stamp is not None:
            self._origin = self._ask_origin(self._last_stamp)
        if self._origin is None:
            del self._waiting[:-UTTERANCES_KEPT]
            return
        for message, stamp in self._waiting:
            self._say({**message, "rtp": (self._origin + stamp) & 0xFFFFFFFF})
        self._waiting.clear()


class SpeakerTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc is untyped here
    """An audio track of Opus packets, one each 20 ms for as long as it lives."""

    kind = "audio"

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self._answers = answers
        self._pace = Pace()

    async def recv(self) -> av.Packet:
        slot = await self._pace.slot()
        if self.readyState != "live":
            raise MediaStreamError
        packet = av.Packet(self._answers.packet(slot * FRAME_SAMPLES))
        packet.pts = slot * FRAME_SAMPLES
        packet.time_base = TIME_BASE
        return packet


async def play_to_nobody(answers: Answers) -> None:
    """Keep the answer moving for a device that cannot play it (captions only). Runs until it is cancelled."""
    pace = Pace()
    while True:
        answers.packet(await pace.slot() * FRAME_SAMPLES)
