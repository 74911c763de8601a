"""An event loop whose time is the tape's: it never waits, and nothing reaches it but what the tape declares.

Time stands still while anything is ready to run; then it jumps to whatever is due next: a timer, or the next thing of a
feed (the tape's happenings, the device taking sound). What is due at the same nanosecond runs in the order of its rank:
its place on the tape, or the order in which it was asked for. So a run is the same on any machine, at any speed.

A thread that calls back, a socket, a pool: whatever would bring in time of another kind stops the run, with the place.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from companion.guard import Undeclared
from companion.guard_sources import Source

NS = 1_000_000_000
UNRANKED = 1 << 62  # after everything that has a place on the tape


class Feed(Protocol):
    """Something that happens by itself. `due()`: when its next thing is due, and its rank; None: nothing more."""

    def due(self) -> tuple[int, int] | None: ...

    def step(self) -> None:
        """Let the next thing happen, now."""
        ...


class _Timer(asyncio.TimerHandle):
    """A timer that knows its nanosecond and its rank."""

    __slots__ = ("due_ns", "rank")

    due_ns: int
    rank: int

    def __lt__(self, other: object) -> bool:
        assert isinstance(other, _Timer)
        return (self.due_ns, self.rank) < (other.due_ns, other.rank)


class VirtualLoop(asyncio.BaseEventLoop):
    """`now_ns` is its time. `feeds` are set by whoever runs a session on it; `stepped` is called after each thing."""

    def __init__(self, start_ns: int = 0) -> None:
        super().__init__()
        self.now_ns = start_ns
        self.feeds: list[Feed] = []
        self.stepped: Callable[[], None] | None = None
        self._heap: list[_Timer] = []
        self._order = UNRANKED
        self._owner = threading.get_ident()
        self._found: BaseException | None = None

    def time(self) -> float:
        return self.now_ns / NS

    def call_at_ns(self, due_ns: int, callback: Callable[..., Any], *args: Any, rank: int = 0) -> asyncio.TimerHandle:
        """Call back at that nanosecond; `rank` 0: after everything of the tape, in the order of asking."""
        self._order += 1
        timer = _Timer(due_ns / NS, callback, args, self)
        timer.due_ns, timer.rank = max(due_ns, self.now_ns), rank or self._order
        heapq.heappush(self._heap, timer)
        return timer

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at_ns(round(when * NS), callback, *args)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are dropped when they come up."""

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        if not ready:
            self._advance(ready)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
        if self._found is not None:
            raise self._found
        if self.stepped is not None:
            self.stepped()

    def _advance(self, ready: Any) -> None:
        """Jump to what is due next, and let it happen; on and on, as long as nothing needs the loop."""
        while not ready and not self._stopping:  # type: ignore[attr-defined]
            heap = self._heap
            while heap and heap[0]._cancelled:
                heapq.heappop(heap)
            due = (heap[0].due_ns, heap[0].rank) if heap else None
            chosen: Feed | None = None
            for feed in self.feeds:
                at = feed.due()
                if at is not None and (due is None or at < due):
                    due, chosen = at, feed
            if due is None:
                raise RuntimeError("the replay waits for something that will never come")
            self.now_ns = max(self.now_ns, due[0])
            if chosen is None:
                ready.append(heapq.heappop(heap))
            else:
                chosen.step()
                if self.stepped is not None:
                    self.stepped()

    def quiet(self) -> None:
        """Nothing more happens by itself."""
        self.feeds, self.stepped, self._found = [], None, None

    def settle(self) -> None:
        """End every task that is left, however the run ended."""
        self.quiet()
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a callback raises is the end of the run: live it would be a line in the log and a session gone wrong."""
        error = context.get("exception")
        if "handle" in context and isinstance(error, Exception):
            self._found = self._found or error
        else:
            super().call_exception_handler(context)

    # ------------------------------------------------------------------------------- what would not be the same again

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        if threading.get_ident() == self._owner:
            return self.call_soon(callback, *args, context=context)
        self._found = self._found or self._undeclared("call_soon_threadsafe", "results of threads come in any order")
        raise self._found

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        raise self._undeclared("run_in_executor", "slow work goes through the compute door")

    async def create_connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self._undeclared("create_connection", "what comes from the network goes through `companion.net`")

    async def create_server(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self._undeclared("create_server", "a replay serves nobody")

    async def create_datagram_endpoint(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self._undeclared("create_datagram_endpoint", "media reaches the session through its link")

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self._undeclared("getaddrinfo", "what comes from the network goes through `companion.net`")

    def add_reader(self, *args: Any) -> NoReturn:  # type: ignore[override]
        raise self._undeclared("add_reader", "what comes from outside is a happening on the tape")

    def _undeclared(self, called: str, way_out: str) -> Undeclared:
        place = next(
            (f for f in reversed(traceback.extract_stack()) if not any(part in f.filename for part in _PASSED)),
            traceback.extract_stack()[0],
        )
        source = Source(self, called, f"the loop's {called}", way_out[0].upper() + way_out[1:] + ".")
        return Undeclared(source, place.filename, place.lineno or 0, place.name)


_PASSED = ("/asyncio/", "replay/loop.py", "/concurrent/", "/threading.py")
