"""What the device tells the companion about what was heard: `heard` messages, made from announcements and arrivals.

    speaking {utterance, rtp}  ─►  first     the first audible sample at or after that timestamp has arrived
                                   progress  every 200 ms from there on
    spoken {utterance, rtp}    ─►  last      everything before that timestamp has arrived

Announcements travel on the data channel and may come before or after the packets they speak of; both are handled. Pure:
messages out, no clock, no socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from device_sim.ear import Ear

PROGRESS_NS = 200_000_000
Message = dict[str, Any]


@dataclass
class _Utterance:
    number: int
    rtp: int
    end_rtp: int | None = None
    told_ns: int = 0  # when the last mark was made; 0 = not even the first


class Marks:
    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._open: list[_Utterance] = []

    @property
    def speaking(self) -> bool:
        """An utterance was announced and its end was not."""
        return any(u.end_rtp is None for u in self._open)

    def announce(self, message: Message, now_ns: int) -> list[Message]:
        """A `speaking` or `spoken` message of the companion."""
        number, rtp = message.get("utterance"), message.get("rtp")
        if not isinstance(number, int) or not isinstance(rtp, int):
            return []
        if message["type"] == "speaking":
            if all(u.number != number for u in self._open):
                self._open.append(_Utterance(number, rtp % 2**32))
        else:
            for utterance in self._open:
                if utterance.number == number:
                    utterance.end_rtp = rtp % 2**32
        return self.arrived(now_ns)

    def arrived(self, now_ns: int) -> list[Message]:
        """Packets arrived: what there is to tell now."""
        out: list[Message] = []
        for utterance in self._open:
            out += self._tell(utterance, now_ns)
        self._open = [u for u in self._open if u.end_rtp is None or not self._reached(u.end_rtp)]
        return out

    def _tell(self, utterance: _Utterance, now_ns: int) -> list[Message]:
        out: list[Message] = []
        end = utterance.end_rtp
        if not utterance.told_ns:
            first = self._ear.first_audible(utterance.rtp)
            if first is not None and (end is None or _ahead(end, first[0]) > 0):
                out.append(_heard(utterance, "first", *first))
                utterance.told_ns = now_ns
        elif now_ns - utterance.told_ns >= PROGRESS_NS and (end is None or not self._reached(end)):
            out.append(_heard(utterance, "progress", self._ear.received_rtp, now_ns))
            utterance.told_ns = now_ns
        if end is not None and self._reached(end) and utterance.told_ns:
            out.append(_heard(utterance, "last", end, now_ns))
        return out

    def _reached(self, rtp: int) -> bool:
        return bool(self._ear.packets) and _ahead(self._ear.received_rtp, rtp) >= 0


def _heard(utterance: _Utterance, mark: str, rtp: int, device_ns: int) -> Message:
    return {"type": "heard", "utterance": utterance.number, "mark": mark, "rtp": rtp, "device_ns": device_ns}


def _ahead(a: int, b: int) -> int:
    """a - b on a clock that wraps at 2**32."""
    return (a - b + 2**31) % 2**32 - 2**31
