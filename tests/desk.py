"""A session without a wire: the real shell, the real engines, a picture and typed words in, sound and events out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from companion.app import App
from companion.ask import Desk
from companion.clock import SessionClock
from companion.session import Session
from companion.settings import Settings, load
from pipelines import events as ev
from pipelines.seeing.encode import jpeg
from pipelines.seeing.ring import AccessUnit

E = TypeVar("E", bound=ev.Happening | ev.Decision)
PATIENCE_S = 60.0  # far more than anything takes: a test that fails should say so, not hang


@dataclass
class DeskSession:
    """One session at a desk. Everything that happened or was decided is in `events`."""

    session: Session
    events: list[ev.Happening | ev.Decision]
    news: asyncio.Event
    frames: int = 0
    sound: list[NDArray[np.int16]] = field(default_factory=list)

    def show(self, picture: NDArray[np.uint8]) -> None:
        self.frames += 1
        now_ns = self.session.clock.now_ns()
        data = jpeg(picture, max(picture.shape[:2]), 92)
        self.session.on_camera(AccessUnit(self.frames, now_ns, True, "jpeg", data), 0, now_ns)

    def type(self, text: str) -> None:
        self.session.on_message({"type": "typed", "text": text})

    def all(self, kind: type[E]) -> list[E]:
        return [e for e in self.events if type(e) is kind]  # type: ignore[misc]

    async def until(self, kind: type[E], count: int = 1) -> list[E]:
        """Wait until so many events of this kind have come; sound is pulled meanwhile, as a device would."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := self.all(kind)) < count:
                while (pcm := self.session.pull()) is not None:
                    self.sound.append(pcm)
                    await asyncio.sleep(0)
                self.news.clear()
                try:
                    await asyncio.wait_for(self.news.wait(), 0.01)
                except TimeoutError:
                    continue
        return found

    async def ask(self, text: str) -> str:
        """Type a question, wait for the turn to end; what was said."""
        turns = len(self.all(ev.TurnClosed))
        self.type(text)
        closed = await self.until(ev.TurnClosed, turns + 1)
        return closed[-1].said


@asynccontextmanager
async def desk(folder: Path, *sets: str, settings: Settings | None = None) -> AsyncIterator[DeskSession]:
    """A session that records into `folder`; `sets` are `section.key=value` settings."""
    settings = settings or load(
        sets=[f"recording.folder={folder}", "speaking.voice=espeak", "hearing.model=embedded", *sets], env={}
    )
    events: list[ev.Happening | ev.Decision] = []
    news = asyncio.Event()

    def watch(event: ev.Happening | ev.Decision) -> None:
        events.append(event)
        news.set()

    app = App(settings, watch=lambda session: watch)
    try:
        await app.start(serve=False)
        session = app.new_session(Desk(), SessionClock())
        session.on_state("connected", False, True, False, "desk")
        yield DeskSession(session, events, news)
        session.end("the test is over")
    finally:
        await app.stop()
