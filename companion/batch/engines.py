"""Where jobs run, behind one method: each task is answered exactly once, whatever becomes of the process that had it.

`inline` runs them here, one after another: for a debugger. `process` runs each in one of N processes. `dask`, in a file
of its own, sends them to N processes on any machines. A task whose process died, or that met trouble with disk or
memory, is tried again at the end of the queue, up to `retries` times; then it is answered with what went wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import Protocol

from companion.batch.child import Child
from companion.batch.jobs import Answer, Task, carry_out

ENGINES = ("process", "inline", "dask")

OnAnswer = Callable[[Answer], None]


class Executor(Protocol):
    """Carries tasks out. `on_answer` is called on the caller's thread, once for each task, in the order of completion;
    what it raises, and KeyboardInterrupt, end the map, and nothing is left running."""

    def map(self, tasks: Sequence[Task], on_answer: OnAnswer, retries: int) -> None: ...


class Inline:
    """In this process. No time limit, and a job that takes the process down takes everything down."""

    def map(self, tasks: Sequence[Task], on_answer: OnAnswer, retries: int) -> None:
        for task in tasks:
            on_answer(persistently(lambda task=task: carry_out(task), retries))  # type: ignore[misc]


@dataclass(frozen=True)
class ProcessPool:
    """On `jobs` processes of this machine; a job that takes longer than `limit_s` is ended with its process."""

    jobs: int
    limit_s: float
    on_start: Callable[[int], None] = lambda pid: None  # a seam: tests want to know whom to kill

    def map(self, tasks: Sequence[Task], on_answer: OnAnswer, retries: int) -> None:
        waiting: deque[tuple[Task, int]] = deque((task, 1) for task in tasks)  # with the number of its attempt
        attempts: dict[int, int] = {}
        children: list[Child] = []
        try:
            while waiting or any(child.task for child in children):
                self._hand_out(waiting, attempts, children)
                for task, answer in _next_answers(children):
                    attempt = attempts[task.number]
                    if answer.again and attempt <= retries:
                        waiting.append((task, attempt + 1))
                    else:
                        on_answer(replace(answer, attempts=attempt))
        finally:
            for child in children:
                child.end()

    def _hand_out(self, waiting: deque[tuple[Task, int]], attempts: dict[int, int], children: list[Child]) -> None:
        children[:] = [child for child in children if child.alive]
        idle = [child for child in children if child.task is None]
        while waiting and (idle or len(children) < self.jobs):
            if not idle:
                idle.append(Child())
                children.append(idle[-1])
                self.on_start(idle[-1].pid)
            task, attempt = waiting[0]
            child = idle.pop()
            try:
                child.give(task, self.limit_s)
            except OSError:  # somebody ended it while it had nothing to do
                child.end()
                children.remove(child)
                continue
            waiting.popleft()
            attempts[task.number] = attempt


def _next_answers(children: list[Child]) -> list[tuple[Task, Answer]]:
    """What comes next: at least one answer, or none if only time passed."""
    busy = {child.rope: (child, child.task) for child in children if child.task is not None}
    soonest_s = min(child.overdue_in_s() for child, _ in busy.values())
    ready = wait(list(busy), timeout=max(soonest_s, 0.0))
    out = []
    for rope, (child, task) in busy.items():
        if rope in ready:
            out.append((task, child.take()))
        elif child.overdue_in_s() <= 0:
            out.append((task, child.give_up()))
    return out


def persistently(attempt: Callable[[], Answer], retries: int) -> Answer:
    """Try until it is answered for good."""
    attempts, answer = 1, attempt()
    while answer.again and attempts <= retries:
        attempts, answer = attempts + 1, attempt()
    return replace(answer, attempts=attempts)
