"""Plays a source into a session as a device would, 20 ms at a time, and takes the answer's sound as one would.

The clip has a position of its own: while it is held (`companion.clip.hold`) and after its end, the session's time goes
on with silence and the picture that stands. Sound and pictures are stamped with the moment at which they would have
been captured, so what the loop is late by moves nothing.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from companion.clip.hold import Hold
from companion.clip.skipping import frozen
from companion.clip.source import Pcm, Source
from companion.ingest import Pictures, Sounds
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ
from companion.session import Session
from companion.upright import Bgr
from pipelines.conversation import LISTENING
from pipelines.events import MS, NS

# A clip begins at a multiple of this: it holds whole steps of 20 ms and of the grid on which pictures are looked at
# (`pipelines.seeing.grid`), so the same pictures of a clip are looked at however long the session took to begin.
BEGINS_NS = 200 * MS
QUALITY = 15  # of pictures that were encoded before: twice over, small letters blur at what a camera is given
AGAIN_NS = 200 * MS  # a picture that stands is seen again so often
STILL_AGAIN_NS = 500 * MS  # a photograph is shown again at a question, if it was shown longer ago than that
REPEATED = 10  # blocks, 200 ms: heard again after a hold, in case it began in the middle of a word
STALLED_NS = NS  # later than that: the file is too much for this machine, and the clip waits for it
SLACK_NS = 100 * MS  # so long after its end a question is still asked at its end
QUIET_NS = 500 * MS  # nobody speaks and nothing is under way for so long: all is said
GIVE_UP_NS = 180 * NS  # nothing has been decided for so long
_SILENCE: Pcm = np.zeros(FRAME_SAMPLES, np.int16)


@dataclass(frozen=True, slots=True)
class Timed:
    """A question that is typed when the clip has come to `at_ns`."""

    at_ns: int
    words: str


@dataclass(frozen=True, slots=True)
class Program:
    """What is played, what is typed meanwhile, and how much of it is played at most."""

    source: Source
    timed: Sequence[Timed] = ()
    limit_ns: int = 1 << 62


class Player:
    """`run()` plays until it is cancelled; `end` is set when the source is over."""

    def __init__(
        self,
        session: Session,
        program: Program,
        hold: Hold,
        heard: Callable[[bytes, int], None],
        news: Callable[[], int],
        late: Callable[[Timed, int], None] = lambda question, end_ns: None,
    ) -> None:
        """`heard(packet, utterance)`: each 20 ms of the answer; `news()`: grows when something was decided;
        `late(question, end_ns)`: the source was over before it was due, and it is asked now."""
        self._session, self._source, self._hold, self._heard = session, program.source, hold, heard
        self._pictures = Pictures(session, session.clock, itertools.count(1).__next__, QUALITY)
        self._sounds = Sounds(session, session.clock)
        self._news, self._late = news, late
        self._timed = deque(sorted(program.timed, key=lambda question: question.at_ns))
        self._limit_ns = program.limit_ns
        self._stands: Bgr | bytes | None = None
        self._shown_ns = 0
        self._again: deque[Pcm] = deque()
        self._last: deque[Pcm] = deque(maxlen=REPEATED)
        self._quiet_since_ns: int | None = None
        self.position_ns = 0
        self.cut_short = False  # by the program's `limit_ns`
        self.end = asyncio.Event()

    @property
    def listens(self) -> bool:
        """Whether there is sound in it that counts."""
        return self._source.microphone

    async def run(self) -> None:
        loop, clock = asyncio.get_running_loop(), self._session.clock
        now_ns = clock.now_ns()
        wait_ns = -now_ns % BEGINS_NS
        due_s, now_ns = loop.time() + wait_ns / NS, now_ns + wait_ns
        try:
            while True:
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                late_ns = round((loop.time() - due_s) * NS)
                if late_ns > STALLED_NS:
                    due_s, now_ns = due_s + late_ns / NS, now_ns + late_ns
                await self._step(now_ns)
                due_s, now_ns = due_s + FRAME_NS / NS, now_ns + FRAME_NS
        finally:
            self._source.close()

    async def settled(self, wholly: bool = False) -> None:
        """Until nobody speaks and nothing is being answered any more; or so long that nothing will come. `wholly`:
        nothing is thought about behind the conversation either, and no plan waits for its words."""
        clock, seen, seen_ns = self._session.clock, self._news(), self._session.clock.now_ns()
        while not self._rested(wholly):
            await asyncio.sleep(FRAME_NS / NS)
            if self._news() != seen:
                seen, seen_ns = self._news(), clock.now_ns()
            if clock.now_ns() - seen_ns > GIVE_UP_NS:
                return

    def _rested(self, wholly: bool) -> bool:
        since_ns = self._quiet_since_ns
        long = since_ns is not None and self._session.clock.now_ns() - since_ns >= QUIET_NS
        return long and (self._session.director.quiet or not wholly)

    async def ask(self, words: str) -> None:
        """Type a question, about what is seen now."""
        now_ns = self._session.clock.now_ns()
        if isinstance(self._stands, bytes) and now_ns - self._shown_ns > STILL_AGAIN_NS:
            await self._show(self._stands, now_ns)
        self._quiet_since_ns = None
        self._session.on_message({"type": "typed", "text": words})

    # ------------------------------------------------------------------------------------------ 20 ms of a session

    async def _step(self, now_ns: int) -> None:
        session = self._session
        answering = session.director.turn_open or not session.playout.idle
        held = self._hold.on
        self._hold.feed(now_ns, session.director.state, answering)
        if held and not self._hold.on:
            self._again.extend(self._last)
        from_ns = now_ns - FRAME_NS
        if self._hold.on or self.end.is_set():
            await self._wait(from_ns)
        else:
            await self._play(from_ns)
        self._heard(*session.next_answer())
        director = session.director
        rests = director.state == LISTENING and not director.turn_open and session.playout.idle
        self._quiet_since_ns = (self._quiet_since_ns or now_ns) if rests else None

    async def _play(self, from_ns: int) -> None:
        """The clip's next 20 ms, captured from `from_ns` on."""
        while self._timed and self._timed[0].at_ns <= self.position_ns:
            await self.ask(self._timed.popleft().words)
            self._hold.feed(from_ns + FRAME_NS, self._session.director.state, self._session.director.turn_open)
            if self._hold.on:
                return
        if self._again:
            self._hear(self._again.popleft(), from_ns)
            await self._stand(from_ns)
            return
        until_ns = self.position_ns + FRAME_NS
        for shown in await self._source.pictures(until_ns):
            await self._show(shown.picture, from_ns + max(0, shown.at_ns - self.position_ns))
        await self._stand(from_ns)
        block = await self._source.sound()
        if block is not None:
            self._last.append(block)
        self._hear(_SILENCE if block is None else block, from_ns)
        self.position_ns = until_ns
        self.cut_short = until_ns >= self._limit_ns
        if not (self.cut_short or await self._source.over()):
            return
        if not self._timed:
            self.end.set()
            return
        question = self._timed.popleft()
        if question.at_ns > self.position_ns + SLACK_NS:
            self._late(question, self.position_ns)
        await self.ask(question.words)

    async def _wait(self, from_ns: int) -> None:
        self._hear(_SILENCE, from_ns)
        await self._stand(from_ns)

    def _hear(self, block: Pcm, from_ns: int) -> None:
        if self._source.microphone:
            self._sounds.pcm(block, RATE_HZ, from_ns)

    async def _stand(self, from_ns: int) -> None:
        if self._stands is not None and not isinstance(self._stands, bytes) and from_ns - self._shown_ns >= AGAIN_NS:
            await self._show(self._stands, from_ns)

    async def _show(self, picture: Bgr | bytes, at_ns: int) -> None:
        self._stands, self._shown_ns = picture, at_ns
        if isinstance(picture, bytes):
            self._pictures.jpeg(picture, at_ns)
            return
        with frozen():
            units = await asyncio.get_running_loop().run_in_executor(None, self._pictures.encoded, picture)
        for unit in units:
            self._pictures.h264(unit, at_ns)
