"""What a person reads of a session with a clip: each question, and what was answered."""

from __future__ import annotations

import sys
from typing import TextIO

from pipelines import events as ev
from pipelines.events import NS

GOOD = frozenset({"answered", "asked"})
NOT_HEARD = frozenset({"status:not_understood", "status:hearing_failed"})  # something was said, nobody knows what


class Telling:
    """Feed it every event. `news` counts what was decided."""

    def __init__(self, questions: bool, out: TextIO | None = None) -> None:
        """`questions`: print them too, each with its moment."""
        self._questions, self._out = questions, out or sys.stdout
        self.news = 0
        self.outcomes: dict[int, str] = {}  # of each turn
        self._lost: set[int] = set()

    def __call__(self, event: ev.Happening | ev.Decision) -> None:
        if isinstance(event, ev.VoiceWindow):
            return
        self.news += 1
        if isinstance(event, ev.TurnOpened):
            self.outcomes[event.turn] = ""
            if event.intent in NOT_HEARD:
                self._lost.add(event.turn)
            if self._questions:
                words = f"“{event.text}”" if event.text else "(words that were not understood)"
                self._print(f"{event.t_ns / NS:7.1f} s  {words}")
        elif isinstance(event, ev.Caption) and event.who == "companion":
            self._print(f"{'':11}{event.text}" if self._questions else event.text)
        elif isinstance(event, ev.TurnClosed):
            if event.outcome == "continued":
                self.outcomes.pop(event.turn, None)
            else:
                self.outcomes[event.turn] = "not heard" if event.turn in self._lost else event.outcome

    @property
    def asked(self) -> bool:
        """Whether there was any question."""
        return bool(self.outcomes)

    @property
    def all_answered(self) -> bool:
        return self.asked and all(outcome in GOOD for outcome in self.outcomes.values())

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)
