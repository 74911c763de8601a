"""Work under way, by the number of its request; what fails is told as `WorkFailed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from companion.compute import Asked, Job
from pipelines import events as ev

if TYPE_CHECKING:
    from companion.session import Session


class Work:
    """One session's, shared by its hands."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.jobs: dict[int, Job] = {}

    def close(self) -> None:
        for job in self.jobs.values():
            job.cancel()

    def cancel(self, request: int) -> None:
        if job := self.jobs.pop(request, None):
            job.cancel()

    def run(self, kind: str, d: Any, work: Callable[[], ev.Happening]) -> None:
        """Through the door; the happening that `work` makes is stamped when it comes back."""
        session, request = self._session, d.request

        def done(result: Any, cost_ns: int) -> None:
            self.jobs.pop(request, None)
            session.deliver(replace(result, t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self.failed(kind, request, error)

        self.jobs[request] = session.parts.door.compute(kind, work, done, failed, Asked(d))

    def failed(self, kind: str, request: int, error: Exception) -> None:
        session = self._session
        self.jobs.pop(request, None)
        session.log("ERROR", f"{kind} failed: {error!r}")
        session.deliver(ev.WorkFailed(session.clock.now_ns(), request, kind, str(error)[:500]))
