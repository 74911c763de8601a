"""A question of the wearer's, and who its answer belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipelines.events import Guide, Word
from pipelines.thinking.intent import Intent
from pipelines.thinking.talk import Ask, Plan


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and when: the moments decide which frame was meant. `guide`: the task it is a step of; `said`:
    the wearer's words if they only pointed back to an earlier question, and `mode` what they asked for it; `words`:
    the words one by one, with their times, where the recogniser gave them."""

    turn: int
    text: str
    intent: Intent
    start_ns: int
    end_ns: int
    guide: Guide | None = None
    said: str = ""
    mode: str = ""
    words: tuple[Word, ...] = ()


class Asker(Protocol):
    """Who an answer belongs to."""

    def say_answer(self, text: str, kind: str, last: bool) -> None:
        """Words of the answer, in order."""
        ...

    def contemplate(self, ask: Ask, question: str, shot: tuple[int, int]) -> str:
        """Let several models work at it in the background; what to say to that now."""
        ...

    def ask_wearer(self, plan: Plan) -> None:
        """The wearer must allow this."""
        ...
