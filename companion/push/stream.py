"""A connection whose media come from a process of ours: pieces in, sound and pictures to the wearer's session.

It can tell the device nothing and play nothing: the answer is taken in time all the same, so that captions and history
go on, unless somebody listens (`companion.link.wearer`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from companion.ingest import Pictures, Sounds
from companion.link.connection import Host
from companion.link.errors import surviving
from companion.link.handler import Message
from companion.link.media_clock import DeviceClock, MediaClock
from companion.link.record import NOT_SAID
from companion.link.speaker import Answers, play_to_nobody
from companion.push.pipe import Piece

log = logging.getLogger(__name__)

US = 1_000_000
WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of where a stream comes from. `detail`: for the recording, without its secrets."""

    kind: str
    detail: str
    microphone: bool = True
    camera: bool = True
    echo: str = ""


class StreamConnection:
    """Implements `Connection`. `begin`, then `take` each piece, then `end` if the stream ends before it is closed."""

    record = NOT_SAID
    arrived_ns = 0  # nobody is told anything

    def __init__(self, host: Host, source: Source, lost_after_s: float, closed: Callable[[], None]) -> None:
        """`closed()`: the companion wants no more of it."""
        self.kind, self.echo = source.kind, source.echo
        self.sends = (source.microphone, source.camera, False)
        self._host, self._source, self._lost_after_s, self._closed = host, source, lost_after_s, closed
        # Sound and pictures of one stream share its clock, so the fastest piece of either says most of both.
        self._media_clock = MediaClock(US, DeviceClock())
        self._tasks: list[asyncio.Task[None]] = []
        self.heard_ns = host.clock.now_ns()
        self._last_ns: dict[str, int] = {}  # by kind: no track's times run backwards
        self._lost = False
        self._over = False

    def begin(self) -> None:
        """It stands."""
        gate = self._host.gate(self)
        self._sounds = Sounds(gate, self._host.clock)
        self._pictures = Pictures(gate, self._host.clock, self._host.next_frame)
        self._answers = Answers(gate.next_answer, _to_nobody, _nowhere)
        self._host.connected(self, self._source.detail)
        self._tasks = [asyncio.ensure_future(work) for work in (play_to_nobody(self._answers), self._watch())]

    def take(self, piece: Piece) -> None:
        """One piece of media."""
        if self._over:
            return
        clock = self._host.clock
        now_ns = self.heard_ns = clock.now_ns()
        waited_ns = round(asyncio.get_running_loop().time() * 1e9) - piece.seen_ns
        media_ns = self._media_clock.media_ns(piece.at_us, max(0, now_ns - max(0, waited_ns)))
        media_ns = self._last_ns[piece.kind] = max(media_ns, self._last_ns.get(piece.kind, 0))
        with surviving("a piece of a stream could not be taken"):
            if piece.kind == "p":
                pcm, rate_hz = piece.sound
                self._sounds.pcm(pcm, rate_hz, media_ns - len(pcm) * 1_000_000_000 // rate_hz)
            elif piece.kind == "v":
                self._pictures.h264(piece.data, media_ns)
            elif piece.kind == "i":
                self._pictures.jpeg(piece.data, media_ns)

    def end(self, reason: str, goodbye: bool) -> None:
        """The stream is over. `goodbye`: it was ended on purpose."""
        if not self._over:
            self._over = True
            for task in self._tasks:
                task.cancel()
            log.info("a %s stream of session %s ends: %s", self.kind, self._host.session, reason)
            self._host.ended(self, reason, goodbye)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            silent_s = (self._host.clock.now_ns() - self.heard_ns) / 1e9
            if silent_s > self._lost_after_s and not self._lost:
                self._lost = True
                self._host.lost(self, f"nothing received for {silent_s:.0f} s")
            elif self._lost and silent_s < WATCH_S:
                self._lost = False
                self._host.connected(self, self._source.detail)

    # ------------------------------------------------------------------------------------------------- asked of it

    def send_message(self, message: Message) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None:
        self._answers.cut(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        self._answers.at(utterance, position_ns)

    async def close(self, reason: str = "") -> None:
        if not self._over:
            self._closed()
        self.end(reason or "the companion closed the stream", goodbye=True)


def _to_nobody(message: dict[str, object]) -> None: ...


def _nowhere(stamp: int) -> int | None:
    return None
