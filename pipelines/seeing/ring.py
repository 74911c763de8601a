"""The last seconds of camera, kept as the encoded units that arrived, so that any recent moment can still be decoded.

Invariant: every unit in the ring can be reached by decoding from a key frame that is also in the ring. Units are held
in groups that begin with a key frame (a "chain"; a JPEG is a chain of one), and only whole chains are let go. A unit
that would break the invariant, or the bounds, is refused with a counted reason.

Media time is what the device claims, so it may stand still or run backwards: order of arrival decides what is decoded
after what, stamps only decide which units a time window means.

The link adds units while an engine's lane reads; readers therefore work on copies of the lists (`list(x)` of a list is
one step for the interpreter), and nothing in here is ever changed in the middle of a list.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pipelines.events import NS

MIB = 1 << 20
UNIT_OVERHEAD_BYTES = 256  # what an empty unit costs in Python objects; keeps floods of tiny units bounded too

NO_KEY_FRAME = "no key frame yet"
TOO_LARGE = "one unit larger than the ring"
CODEC_CHANGED = "codec changed without a key frame"
OUTGROWN = "chain outgrew the ring"
EMPTY = "empty unit"

Codec = Literal["h264", "vp8", "jpeg"]


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture as it arrived. `media_ns`: capture time on the session clock. `data`: H.264 Annex B with its
    parameter sets in every key frame, one VP8 frame, or one JPEG file."""

    frame_id: int
    media_ns: int
    key: bool
    codec: Codec
    data: bytes


class FrameRing:
    """Whole chains of access units, at least the last `seconds` of them while they fit in `max_bytes`.

    Six seconds cover a spoken question with a pause in it; 16 MiB hold them at 20 Mbit/s. A sender that gives no key
    frame for longer keeps its one chain until the bytes run out; then the chain goes and `needs_key` turns True.
    """

    def __init__(self, seconds: float = 6, max_bytes: int = 16 * MIB) -> None:
        if seconds <= 0 or max_bytes <= 0:
            raise ValueError(f"FrameRing: seconds={seconds} and max_bytes={max_bytes} must both be above zero")
        self._span_ns = int(seconds * NS)
        self._max_bytes = max_bytes
        self._chains: list[list[AccessUnit]] = []
        self._bytes = 0
        self._needs_key = True
        self.refused: Counter[str] = Counter()  # reason -> how many units, for the log and `doctor`

    @property
    def needs_key(self) -> bool:
        """True while nothing can be added until the sender gives a key frame (ask for one)."""
        return self._needs_key

    @property
    def size_bytes(self) -> int:
        """What the ring holds, encoded data plus a flat cost for each unit."""
        return self._bytes

    def __len__(self) -> int:
        return sum(len(chain) for chain in list(self._chains))

    def add(self, unit: AccessUnit) -> str:
        """Take one unit, in order of arrival. Returns "" or the reason why it was refused."""
        reason = self._why_not(unit)
        if reason:
            self.refused[reason] += 1
            if reason in (TOO_LARGE, CODEC_CHANGED):
                self._needs_key = True  # what follows would refer to a unit that is not here
            return reason
        if unit.key or unit.codec == "jpeg":
            self._chains.append([unit])
            self._needs_key = False
        else:
            self._chains[-1].append(unit)
        self._bytes += _cost(unit)
        self._let_go(unit.media_ns)
        return "" if self._chains else OUTGROWN

    def interrupted(self) -> None:
        """What comes next is another stream: it begins with its first key frame."""
        self._needs_key = True

    def _why_not(self, unit: AccessUnit) -> str:
        if not unit.data:
            return EMPTY
        if _cost(unit) > self._max_bytes:
            return TOO_LARGE
        if unit.key or unit.codec == "jpeg":
            return ""
        if self._needs_key or not self._chains:
            return NO_KEY_FRAME
        return "" if self._chains[-1][0].codec == unit.codec else CODEC_CHANGED

    def _let_go(self, now_ns: int) -> None:
        """Drop the oldest chains while the next one alone covers the time span, or while the bytes are too many."""
        while len(self._chains) > 1:
            covered = now_ns - self._chains[1][0].media_ns >= self._span_ns
            if not covered and self._bytes <= self._max_bytes:
                return
            self._drop_oldest()
        if self._bytes > self._max_bytes:
            self.refused[OUTGROWN] += len(self._chains[0])
            self._drop_oldest()
            self._needs_key = True

    def _drop_oldest(self) -> None:
        self._bytes -= sum(_cost(unit) for unit in self._chains.pop(0))

    def between(self, start_ns: int, end_ns: int) -> list[AccessUnit]:
        """Units captured in [start_ns, end_ns), oldest capture first; equal stamps in order of arrival."""
        inside = [unit for unit in self._all() if start_ns <= unit.media_ns < end_ns]
        return sorted(inside, key=lambda unit: unit.media_ns)

    def before(self, moment_ns: int) -> AccessUnit | None:
        """The unit captured last before `moment_ns`."""
        earlier = [unit for unit in self._all() if unit.media_ns < moment_ns]
        return max(earlier, key=lambda unit: unit.media_ns, default=None)

    def latest(self) -> AccessUnit | None:
        """The unit that arrived last."""
        chains = list(self._chains)
        return chains[-1][-1] if chains else None

    def chain(self, frame_id: int) -> list[AccessUnit]:
        """What must be decoded to see this frame: from its key frame up to it. [] if it is not (or no longer) here."""
        for chain in reversed(list(self._chains)):
            units = list(chain)
            for index, unit in enumerate(units):
                if unit.frame_id == frame_id:
                    return units[: index + 1]
        return []

    def chains(self) -> list[list[AccessUnit]]:
        """All that is held, as chains in order of arrival."""
        return [list(chain) for chain in list(self._chains)]

    def _all(self) -> list[AccessUnit]:
        return [unit for chain in list(self._chains) for unit in list(chain)]


def _cost(unit: AccessUnit) -> int:
    return len(unit.data) + UNIT_OVERHEAD_BYTES
