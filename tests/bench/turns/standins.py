"""What stands around a session in the bench: link, model, voice, and the door for slow work.

Work runs for real where it is called, and its result is delivered at a cost in virtual time: one lane a kind, in order,
as `companion.compute.ComputeDoor` does with threads.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.compute import Asked, Job, Stream
from companion.link.record import NOT_SAID
from companion.replay.loop import VirtualLoop
from pipelines import events as ev
from pipelines.events import MS
from pipelines.hearing.voice_activity import SileroModel
from pipelines.speaking.espeak import EspeakVoice
from pipelines.speaking.voice import Rendered
from pipelines.thinking.dialects.answer import Finished, ModelEvent, TextDelta

FIRST_TOKEN_MS = 200
TOKEN_MS = 20  # 50 a second
VOICE_FIRST_MS, VOICE_BLOCK_MS = 3.0, 0.3  # espeak: to the first block, between blocks (docs/benches.md, voices)

Steps = Iterator[tuple[float, Callable[[], None]]]  # (ms, what is done then)


class SameSound:
    """Voice activity of one sound, for several runs over it: a window that comes again is not computed again.

    Stands where `SileroModel` does, for one stream at a time; `again` begins the next run."""

    def __init__(self) -> None:
        self._model = SileroModel.load()
        self._tape: list[tuple[NDArray[np.float32], Any]] = []
        self._at = 0
        self.computed = 0

    def again(self) -> SameSound:
        self._at = 0
        return self

    def run(self, windows: NDArray[np.float32], state: Any) -> Any:
        at, self._at = self._at, self._at + 1
        if at < len(self._tape):
            if np.array_equal(self._tape[at][0], windows):
                return self._tape[at][1]
            del self._tape[at:]
        self.computed += 1
        found = self._model.run(windows, state)
        self._tape.append((windows.copy(), found))
        return found


class Link:
    """Stands where the device's link does."""

    session = "bench"
    record = NOT_SAID

    def __init__(self, echo: str) -> None:
        self.echo = echo

    def send_message(self, message: Any) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None: ...

    def answer_at(self, utterance: int, position_ns: int) -> None: ...

    async def close(self, reason: str = "") -> None: ...


class StandInModel:
    """Stands where `Models` does: one model, 200 ms to its first token, 50 tokens a second."""

    def __init__(self, next_answer: Callable[[], str]) -> None:
        self._next_answer = next_answer
        self.profile = SimpleNamespace(name="stand-in")
        self.profiles = (self.profile,)

    def infos(self) -> tuple[ev.ModelInfo, ...]:
        return (ev.ModelInfo("stand-in", local=True, vision=False, tools=False, trains="no"),)

    def get(self, name: str = "") -> StandInModel:
        return self

    def keys(self) -> tuple[str, ...]:
        return ()

    async def ask(
        self, asked: ev.AskModel, tools: Any, images: Any, heard: Callable[[ModelEvent], None], name: str
    ) -> None:
        await asyncio.sleep(FIRST_TOKEN_MS / 1000)
        for token in tokens(self._next_answer()):
            heard(TextDelta(token))
            await asyncio.sleep(TOKEN_MS / 1000)
        heard(Finished("stop", 100, 60))


def tokens(text: str) -> Iterator[str]:
    """Words with the blank before them, long ones in two: about what a tokenizer makes of English."""
    for i, word in enumerate(text.split()):
        piece = word if i == 0 else f" {word}"
        if len(piece) > 8:
            yield piece[:5]
            piece = piece[5:]
        yield piece


class RememberedVoice:
    """The voice "espeak", which speaks each text once and remembers it."""

    name = "espeak"

    def render(self, text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
        for block in _rendered(text, rate_wpm):
            if cancelled():
                return
            yield block


@functools.lru_cache(maxsize=512)
def _rendered(text: str, rate_wpm: int) -> tuple[Rendered, ...]:
    return tuple(EspeakVoice().render(text, rate_wpm, lambda: False))


class LaneDoor:
    """Stands where `ComputeDoor` does. `cost_ms(decision)`: what recognition or looking costs, asked before it runs."""

    def __init__(self, loop: VirtualLoop, cost_ms: Callable[[ev.Decision], float]) -> None:
        self._loop, self._cost_ms = loop, cost_ms
        self._lanes: dict[str, deque[tuple[Job, Callable[[], Steps]]]] = {}
        self._running: set[str] = set()

    def held(self, take: Callable[[], Any]) -> Callable[[], Any]:
        value = take()
        return lambda: value

    def compute(self, kind: str, work: Any, done: Any, failed: Any, asked: Asked) -> Job:
        def steps() -> Steps:
            cost_ms = self._cost_ms(asked.decision)
            try:
                result = work()
            except Exception as error:
                yield cost_ms, functools.partial(failed, error)
            else:
                yield cost_ms, functools.partial(done, result, int(cost_ms * MS))

        return self._put(kind, Job(), steps)

    def stream(
        self, stream: Stream[Any], each: Any, done: Any, failed: Any, asked: Asked, job: Job | None = None
    ) -> Job:
        def steps() -> Steps:
            cost_ms = VOICE_FIRST_MS
            try:
                for piece in stream.items():
                    while not stream.room():
                        yield 100.0, _nothing
                    yield cost_ms, functools.partial(each, piece)
                    cost_ms = VOICE_BLOCK_MS
            except Exception as error:
                yield 0.1, functools.partial(failed, error)
            else:
                yield 0.1, functools.partial(done, int(VOICE_FIRST_MS * MS))

        return self._put(stream.kind, job or Job(), steps)

    def ahead(self, kind: str, work: Any) -> None: ...

    def task(self, kind: str, work: Any, done: Any, failed: Any, asked: Asked) -> Job:
        raise NotImplementedError("the bench's sessions have no tools")

    def _put(self, kind: str, job: Job, steps: Callable[[], Steps]) -> Job:
        self._lanes.setdefault(kind, deque()).append((job, steps))
        if kind not in self._running:
            self._next(kind)
        return job

    def _next(self, kind: str) -> None:
        lane = self._lanes[kind]
        while lane and lane[0][0].cancelled():
            lane.popleft()
        if not lane:
            self._running.discard(kind)
            return
        self._running.add(kind)
        job, steps = lane.popleft()
        self._step(kind, job, steps())

    def _step(self, kind: str, job: Job, steps: Steps) -> None:
        found = None if job.cancelled() else next(steps, None)
        if found is None:
            self._next(kind)
            return
        cost_ms, act = found

        def then() -> None:
            if not job.cancelled():
                act()
            self._step(kind, job, steps)

        self._loop.call_at_ns(self._loop.now_ns + int(cost_ms * MS), then)


def _nothing() -> None: ...
