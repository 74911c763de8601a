"""Asking the wearer before something leaves or changes: which plan is open, and which answer waits for it.

The plan is read aloud by our own template, which ends the turn; the next words decide it. `Confirmation` judges words;
this file knows the turns around them. One plan is open at a time, the others of the same answer wait behind it.
"""

from __future__ import annotations

import json

from pipelines.events import MS, ConfirmAsked, ConfirmEnded, Happening
from pipelines.room import Room
from pipelines.thinking.answer import Answer
from pipelines.thinking.talk import Plan
from pipelines.thinking.tools.confirm import MARGIN_NS, Confirmation

PATIENCE_NS = 1_000 * MS


class Permission:
    """Owns the open plan, the answer that waits for it, and the timer `confirm`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._confirmation = Confirmation(room.options.general.tools)
        self._waiting: list[Plan] = []
        self.plan: Plan | None = None
        self.answer: Answer | None = None  # parked: its turn is over, it goes on when the wearer has decided

    @property
    def at_rest(self) -> bool:
        return self.plan is None

    def waits_for(self, request: int) -> bool:
        return self.answer is not None and self.answer.waits_for(request)

    def take(self, event: Happening) -> None:
        assert self.answer is not None
        self.answer.take(event)

    def ask(self, plan: Plan, turn: int) -> str:
        """Open a plan; the words that read it back, "" if another one is open and this one waits."""
        if self.plan is not None:
            self._waiting.append(plan)
            return ""
        self.plan = plan
        text, phrase = self._confirmation.ask(plan.number, plan.tool, plan.arguments, self._room.now_ns)
        self._room.scribe.emit(
            ConfirmAsked,
            plan.reason,
            plan=plan.number,
            turn=turn,
            tool=plan.tool.name,
            arguments=json.dumps(plan.arguments, ensure_ascii=False, sort_keys=True),
            text=text,
            phrase=phrase,
        )
        self._arm()
        return text

    def _arm(self) -> None:
        if (due_ns := self._confirmation.deadline_ns) is not None:
            self._room.deadlines.set("confirm", due_ns)

    def read_back(self, answer: Answer | None) -> None:
        """The plan (or how to allow it) has been said to the end: from now on the wearer has time to allow it.
        `answer`: the one that waits, if its turn has just ended."""
        self.answer = answer or self.answer
        self._confirmation.spoken_until(self._room.now_ns)
        self._arm()

    def reading(self) -> None:
        """The plan is said once more: until that is over nothing allows it."""
        self._confirmation.reading(self._room.now_ns)
        self._arm()

    def heard(self, media_ns: int) -> None:
        """The device's word on when the read-back's last sound was at the ear."""
        if self.plan is not None and self.answer is not None:
            self._confirmation.spoken_until(media_ns)
            self._arm()

    def wait(self) -> None:
        """The time is over, but the wearer is speaking: their words decide, by when they began."""
        self._room.deadlines.set("confirm", self._room.now_ns + PATIENCE_NS)

    def expired(self) -> bool:
        """Whether the time to allow it is over."""
        return self._confirmation.expire(self._room.now_ns) == "silence"

    def hear(self, text: str, accepted: bool, start_ns: int, end_ns: int, own_words: tuple[str, ...]) -> str:
        """What these words mean for the open plan: an outcome, or "" if they leave it open. `end_ns` 0: they were
        typed, and typed words are nobody's echo."""
        if self.plan is None:
            return ""
        now_ns = self._room.now_ns
        if not end_ns:
            start_ns = end_ns = now_ns = now_ns + MARGIN_NS
        return self._confirmation.hear(text, accepted, start_ns, end_ns, now_ns, own_words)

    @property
    def reprompt(self) -> str:
        """What to say if words were nearly the right ones; "" if they were not, or that was said already."""
        return self._confirmation.take_reprompt()

    def end(self, outcome: str, turn: int = 0) -> tuple[Plan, Answer | None]:
        """The plan is decided, in that turn (0 = that of its question); the next one of the same answer, if any, is
        `next_plan`."""
        assert self.plan is not None
        plan, answer = self.plan, self.answer
        turn = turn or (answer.question.turn if answer is not None else 0)
        self._room.scribe.emit(ConfirmEnded, _WHY[outcome], plan=plan.number, turn=turn, outcome=outcome)
        self._confirmation.end()
        self._room.deadlines.clear("confirm")
        self.plan, self.answer = None, None
        return plan, answer

    def next_plan(self) -> Plan | None:
        return self._waiting.pop(0) if self._waiting else None

    def drop(self, outcome: str, reason: str, turn: int = 0) -> bool:
        """No plan is open any more, since that turn; the answer that waited is forgotten. True if there was one."""
        self._waiting.clear()
        if self.plan is None:
            return False
        _, answer = self.end(outcome, turn)
        if answer is not None:
            answer.cancel(reason)
        return True


_WHY = {
    "allowed": "the wearer said exactly this plan's words",
    "refused": "the wearer said no",
    "silence": "nobody allowed it in time: that is a no",
    "other words": "the wearer spoke of something else: that is a no",
    "stale": "another plan took its place",
    "dropped": "what it was for is over",
}
