"""The wearer's word on a plan: it is read back, and the words after it, or silence, decide.

`Permission` knows which plan is open and what words mean for it; here is what becomes of the turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import conversation as floor
from pipelines.memory.offering import OFFERED
from pipelines.room import Room
from pipelines.thinking import wording
from pipelines.thinking.intent import Intent
from pipelines.thinking.question import Question
from pipelines.thinking.talk import Plan

if TYPE_CHECKING:
    from pipelines.answerer import Answerer


class Consent:
    """Asks for it, and lets the answer that waited go on."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._permission = answerer.permission

    def ask(self, plan: Plan, turn: int) -> None:
        """Read a plan back; that ends the turn, and the wearer's next words decide."""
        if text := self._permission.ask(plan, turn):
            self._answerer.say_answer(text, "confirm", True)

    def decide(self, text: str, start_ns: int, end_ns: int) -> bool:
        """Words while a plan is open (`end_ns` 0: typed). True if they were about it."""
        answerer, permission = self._answerer, self._permission
        outcome = permission.hear(text, True, start_ns, end_ns, (answerer.last_said[0],))
        if outcome == "refused" and answerer.busy:  # while the plan is still being read
            answerer.stop("the wearer said no")
            return True
        if outcome in {"allowed", "refused"}:
            self._decided(outcome, text, start_ns, end_ns)
            return True
        if outcome:
            permission.drop(outcome, "the wearer did not allow it", answerer.next_turn)
            return False
        if reprompt := permission.reprompt:
            answerer.nothing_said("nearly the words of the plan")
            answerer.say(reprompt, "confirm", True, turn=0)
            return True
        if permission.plan is not None:  # our own voice, or noise: neither a yes nor a question
            answerer.nothing_said("not the wearer's words")
            return True
        return False

    def _decided(self, outcome: str, text: str, start_ns: int, end_ns: int) -> None:
        """The answer that waited goes on, as the answer to these words."""
        answerer = self._answerer
        if answerer.busy:
            answerer.drop("the wearer decided", "interrupted")
        turn = answerer.next_turn
        question = Question(turn, text, Intent("confirm", outcome), start_ns, end_ns)
        answerer.begin_turn(question, "the wearer's word on the plan")
        plan, answer = self._permission.end(outcome, turn)
        if answer is None:
            answerer.say(wording.DROPPED, "status", True, turn)
            return
        answerer.answer = answer
        answer.go_on(turn, text, plan, outcome)
        if (waiting := self._permission.next_plan()) is not None:
            answerer.ask_wearer(waiting)

    def late(self) -> None:
        """Silence is a no."""
        if self._room.floor.state in {floor.HEARING, floor.SETTLING}:
            self._permission.wait()  # perhaps they are saying it just now
        elif (plan := self._permission.plan) is not None and self._permission.expired():
            self._permission.drop("silence", "nobody allowed it in time")
            if plan.tool.name != OFFERED.name:  # of what was only offered nothing is said
                self._answerer.announcing.announce(wording.NOT_ALLOWED, "status")
