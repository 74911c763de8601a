"""What is answered with neither a look nor a model: a timer, the wearer's own notes, moving about in a text.

A reminder that outlives the session is promised when it is stored.
"""

from __future__ import annotations

import json

from pipelines.events import Memorised, RunTool, ToolDone
from pipelines.memory.reminder_store import NOT_STORED
from pipelines.thinking import wording
from pipelines.thinking.holding import Holding
from pipelines.thinking.question import Question
from pipelines.thinking.reading_words import Command
from pipelines.thinking.tools.policy import dictated
from pipelines.thinking.world import World

KINDS = frozenset({"alarm", "note", "reading"})


class Errand:
    """One question of these kinds. It changes something, so nothing is done before the turn is certain."""

    def __init__(self, world: World, question: Question, holding: Holding) -> None:
        self._world = world
        self._question = question
        self._holding = holding
        self._request = 0
        self._promise = ""  # is said once these have stored it
        self._storing: frozenset[int] = frozenset()
        self._stored = True

    def begin(self) -> None:
        acts = {"alarm": self._alarm, "note": self._note, "reading": self._move_about}
        self._holding.when_certain(acts[self._question.intent.kind])

    @property
    def open(self) -> tuple[int, ...]:
        """The request that is under way; not those that store a reminder, which is set whatever becomes of the turn."""
        return (self._request,) if self._request else ()

    def waits_for(self, request: int) -> bool:
        return request in self._storing or request == self._request != 0

    def forget(self) -> None:
        """Nothing that comes of it matters any more."""
        self._request, self._storing = 0, frozenset()

    def take(self, event: ToolDone | Memorised) -> None:
        """What came of a note, or of storing a reminder."""
        if isinstance(event, Memorised):
            self._storing -= {event.request}
            self._stored = self._stored and not event.trouble
            if not self._storing:
                self._promised()
            return
        self._request = 0
        add = self._question.intent.name == "add"
        if event.failed:
            self._holding.say(wording.NOT_NOTED if add else wording.NO_NOTES, "failure")
        elif add:
            self._holding.say(wording.NOTED, "status")
        else:
            self._holding.say_in_chunks(wording.notes(event.text), "status")

    def _alarm(self) -> None:
        world, now_ns = self._world, self._world.scribe.now_ns
        promise = world.reminders.from_words(self._question.text, world.private, self._question.turn)
        if promise is None:
            said = world.alarms.from_words(self._question.text, now_ns, world.wall_clock)
            self._holding.say(said or wording.NOT_UNDERSTOOD, "status")
            return
        self._promise, self._storing = promise.words, frozenset(promise.waits_for)
        if not self._storing:
            self._promised()

    def _promised(self) -> None:
        if self._stored:
            self._holding.say(self._promise, "status")
        else:
            self._holding.say(f"{self._promise} {NOT_STORED}", "failure")

    def _note(self) -> None:
        """The wearer's own notes need no model: these words are dictated, or ask for what was."""
        question, scribe = self._question, self._world.scribe
        add = question.intent.name == "add"
        name = "add_note" if add else "list_notes"
        if not any(tool.name == name for tool in self._world.tools):
            self._holding.say(wording.NO_NOTES, "status")
            return
        self._request = scribe.number()
        wanted = {"text": dictated(question.text)} if add else {}
        arguments = json.dumps(wanted, ensure_ascii=False)
        reason = "the wearer's own words" if add else "the wearer's own notes"
        scribe.emit(RunTool, reason, request=self._request, turn=question.turn, name=name, arguments=arguments)

    def _move_about(self) -> None:
        """In a text that was read before."""
        intent = self._question.intent
        reply = self._world.read_aloud.answer(Command(intent.name, intent.subject))
        for i, text in enumerate(reply.said):
            self._holding.say(text, reply.kind, last=i == len(reply.said) - 1)
