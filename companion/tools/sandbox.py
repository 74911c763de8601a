"""Small programs that a model wrote, run in pydantic-monty: its own Python in a process of its own, without a door out.

A program gets text in and gives text out. It has no files, network, environment or clock of this machine; beside the
language it has `calculate(text)` and `now()`, answered here, and Monty's own few pure modules (math, re, json,
datetime …). Time, memory, depth and the number of questions to us are limited; a worker that dies is replaced.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from companion.tools.result import MAX_TEXT_BYTES, ToolFailure, ToolResult
from pipelines.thinking.tools.calculator import calculate

EXTRA: Final = "sandbox"
MAX_CODE_CHARS: Final = 8000
_WRITTEN: Final = (int, float, complex, Decimal, date, time, timedelta, type(None))  # what has a short `repr`


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What one program may use. Its own time counts, not that of our answers to it."""

    time_s: float = 1.0  # the arithmetic that a spoken answer needs takes milliseconds
    memory_bytes: int = 64 << 20
    depth: int = 200
    questions: int = 100  # calls of `calculate` and `now` together
    printed_bytes: int = 64 << 10
    workers: int = 2  # processes, at most; one is kept warm
    dead_after_s: float = 3.0  # a worker that has not come back by then is killed from outside


def installed() -> bool:
    """Whether the extra is there, without loading it."""
    return importlib.util.find_spec("pydantic_monty") is not None


class Sandbox:
    """Owns the workers from `start` to `aclose`. `now`: local time, for programs that ask."""

    def __init__(
        self,
        options: SandboxOptions = SandboxOptions(),
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._options = options
        self._now = now
        self._monty: Any = None
        self._pool: Any = None
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Loads the library and starts a worker, about 40 ms. Raises ImportError naming the extra, or what Monty raises
        where its program cannot be started."""
        try:
            self._monty = importlib.import_module("pydantic_monty")
        except ImportError as why:
            raise ImportError(f"small programs need pip install 'earshot-companion[{EXTRA}]' ({why})") from why
        o = self._options
        pool = self._monty.AsyncMonty(min_processes=1, max_processes=o.workers, request_timeout=o.dead_after_s)
        self._pool = await self._stack.enter_async_context(pool)

    async def aclose(self) -> None:
        """Ends the workers."""
        self._pool = None
        await self._stack.aclose()

    async def run(self, code: str) -> ToolResult:
        """Runs the program: what it prints, then the value of its last line. Raises ToolFailure.

        Cancelling the task kills the worker.
        """
        if len(code) > MAX_CODE_CHARS:
            raise ToolFailure("bad arguments", f"A program has at most {MAX_CODE_CHARS} characters.")
        if self._pool is None:
            raise ToolFailure("stopped", "Small programs cannot be run: the sandbox is not running.")
        printed = self._monty.CollectString(self._options.printed_bytes)
        now = self._now()
        lookup = {"calculate": _calculate, "now": lambda: now.isoformat(timespec="seconds")}
        try:
            async with self._checkout(now) as session:
                value = await session.feed_run(code, external_lookup=lookup, print_callback=printed)
        except self._monty.MontyError as error:
            raise self._failure(error, printed.output) from error
        said = printed.output + ("" if value is None else in_text(value))
        return ToolResult(said.strip() or "The program ran and printed nothing.")

    def _checkout(self, now: datetime) -> Any:
        """A fresh session, whose clock stands still at `now` and whose pauses take no time."""
        o = self._options
        return self._pool.checkout(
            script_name="program.py",
            limits={
                "max_feed_duration_secs": o.time_s,
                "max_memory": o.memory_bytes,
                "max_recursion_depth": o.depth,
                "max_suspensions": o.questions,
            },
            os_policy={"sleep": "zero", "datetime": now},
        )

    def _failure(self, error: Any, printed: str) -> ToolFailure:
        monty, o = self._monty, self._options
        if isinstance(error, monty.MontyCrashedError):
            return ToolFailure(
                "too slow" if error.timed_out else "failed", "The program broke its sandbox and was ended."
            )
        said = str(error)[:500]
        if isinstance(error, monty.MontySyntaxError):
            return ToolFailure("bad arguments", f"This is no program: {said}")
        if said.startswith("TimeoutError: feed time limit"):
            return ToolFailure("too slow", f"The program was stopped after {o.time_s:g} s.")
        if said.startswith("MemoryError:"):
            limits = f"{o.memory_bytes >> 20} MiB of memory, {o.printed_bytes >> 10} KiB of print"
            return ToolFailure("failed", f"The program was stopped: it used too much ({limits}).")
        before = f"{printed[:2000].strip()}\n" if printed.strip() else ""
        return ToolFailure("failed", f"{before}The program failed: {said}")


def _calculate(expression: object) -> str:
    if not isinstance(expression, str):
        raise TypeError("calculate takes text, as calculate('15% of 80')")
    return calculate(expression)


def in_text(value: object, room: int = MAX_TEXT_BYTES) -> str:
    """A value as Python writes it, given up ("…") after about `room` characters.

    `repr` would not do: a few lines make a list that shares its parts and would fill the memory when written out.
    """
    if isinstance(value, str):
        return value[: room + 1]
    pieces: list[str] = []
    _write(value, pieces, room, depth=0)
    return "".join(pieces)


def _write(value: object, pieces: list[str], room: int, depth: int) -> int:
    """Adds the value's pieces; returns the room that is left, below 0 once it was given up."""
    if isinstance(value, list | tuple | set | frozenset | dict) and depth < 20:
        begin, end = ("[", "]") if isinstance(value, list) else ("(", ")") if isinstance(value, tuple) else ("{", "}")
        pieces.append(begin)
        for number, item in enumerate(value):
            pieces.append(", " if number else "")
            room = _write(item, pieces, room - 2, depth + 1)
            if isinstance(value, dict) and room >= 0:
                pieces.append(": ")
                room = _write(value[item], pieces, room, depth + 1)
            if room < 0:
                return room
        pieces.append(end)
        return room
    written = _scalar(value)
    pieces.append(written[: max(room, 0)])
    if len(written) > room:
        pieces.append("…")
    return room - len(written)


def _scalar(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset | dict):
        return "…"
    if isinstance(value, str | bytes):
        return repr(value[:MAX_TEXT_BYTES])
    if not isinstance(value, _WRITTEN):
        return f"<{type(value).__name__}>"
    try:
        return repr(value)
    except ValueError:  # an integer of more than 4300 digits
        return "a number too long to write"
