"""What is remembered, looked for and forgotten, in the lane "memory": one thing after the other, off the loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from companion.compute import Asked
from companion.hands.eyes import Eyes
from companion.hands.work import Work
from companion.memory.shape import MemoryError_, MemoryStore
from pipelines import events as ev
from pipelines.seeing.covering import covered
from pipelines.seeing.regions import Cover

if TYPE_CHECKING:
    from companion.session import Session

logger = logging.getLogger(__name__)
R = TypeVar("R", ev.Memorised, ev.Recalled, ev.Forgotten)
NO_STORE = "off"  # it could not be opened
BROKEN = "broken"


class Remembering:
    """Each decision becomes one call of the store, and each failure a trouble that the wearer can be told of."""

    def __init__(self, session: Session, work: Work, eyes: Eyes) -> None:
        self._session = session
        self._work = work
        self._eyes = eyes

    def memorise(self, d: ev.Memorise) -> None:
        memory = replace(d.memory, session=d.memory.session or self._session.link.session)

        def work(store: MemoryStore) -> ev.Memorised:
            stored, replaced = store.memorise(memory, d.replaces, self._picture(d) if d.frame_id > 0 else None)
            if stored.what == "fact":
                self._session.parts.door.ahead("memory", store.digest)
            return ev.Memorised(0, d.request, stored, replaced)

        self._run(d, work, ev.Memorised(0, d.request, memory))

    def _picture(self, d: ev.Memorise) -> Any:
        """The frame with what is hidden in black, (h, w, 3) uint8; None if it is gone: then without it."""
        try:
            picture = self._eyes.picture(d.frame_id)
        except LookupError as why:
            logger.warning("a place is kept without a picture: %s", why)
            return None
        boxes = tuple(((x, y, w, h), "black") for x, y, w, h in zip(*(d.hide[i::4] for i in range(4)), strict=True))
        return covered(picture, Cover((picture.shape[1], picture.shape[0]), boxes))

    def recall(self, d: ev.Recall) -> None:
        def work(store: MemoryStore) -> ev.Recalled:
            found = store.recall(d.query, d.what, d.subject, d.limit, d.since_s, d.until_s, d.replaced, d.question)
            return ev.Recalled(0, d.request, found)

        self._run(d, work, ev.Recalled(0, d.request))

    def forget(self, d: ev.Forget) -> None:
        def work(store: MemoryStore) -> ev.Forgotten:
            gone = store.forget(d.ids, d.subject, d.since_s, d.until_s, d.everything)
            return ev.Forgotten(0, d.request, gone.count, gone.files)

        self._run(d, work, ev.Forgotten(0, d.request))

    def _run(self, d: Any, work: Callable[[MemoryStore], R], failed: R) -> None:
        session = self._session
        store = session.parts.memory

        def guarded() -> R:
            if store is None:
                return replace(failed, trouble=NO_STORE)
            try:
                return work(store)
            except MemoryError_ as why:
                logger.warning("%s: %s", type(d).__name__, why)
                return replace(failed, trouble=why.trouble)

        def done(result: R, cost_ns: int) -> None:
            self._work.jobs.pop(d.request, None)
            session.deliver(replace(result, t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def broke(error: Exception) -> None:
            self._work.jobs.pop(d.request, None)
            session.log("ERROR", f"{type(d).__name__} failed: {error!r}")
            session.deliver(replace(failed, t_ns=session.clock.now_ns(), trouble=BROKEN))

        self._work.jobs[d.request] = session.parts.door.compute("memory", guarded, done, broke, Asked(d))
