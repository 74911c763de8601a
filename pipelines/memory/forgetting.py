"""What the wearer wants forgotten: from the words over the database to the words for it.

It is said to be forgotten when it is gone, from the database and from what this session remembers of its turns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipelines.events import Forget, Forgotten, Happening, Memory, Recalled, Remembered, ToolInfo
from pipelines.memory import fitting, likely, wording
from pipelines.memory.dates import at_s, span_of
from pipelines.memory.facts import content, fact_of
from pipelines.thinking.intent import normal

if TYPE_CHECKING:
    from pipelines.thinking.question import Question
    from pipelines.thinking.world import World

SOME: Final = 32
EVERYTHING: Final = ToolInfo("forget_everything", "", "{}", "write", "built in")  # no model is offered it
Then = Callable[[Any], None]


class Forgetting:
    """One question of an errand, with its ways of saying, of looking for, and of asking the wearer. `wait(request,
    then)`: what comes of this request is for `then`."""

    def __init__(
        self,
        world: World,
        say: Callable[..., None],
        recall: Callable[..., None],
        wait: Callable[[int, Then], None],
        wants: Callable[[ToolInfo, dict[str, str], str], None],
    ) -> None:
        self._world, self._mind = world, world.mind
        self._say, self._recall, self._wait, self._wants = say, recall, wait, wants
        self._gone: tuple[Memory, ...] = ()
        self._subject = self._asked = ""
        self._turn = 0

    def begin(self, question: Question) -> None:
        """Do it, or ask."""
        name, self._subject, self._turn = question.intent.name, question.intent.subject, question.turn
        subject, self._asked = self._subject, question.text
        if name == "everything":
            self._wants(EVERYTHING, {}, "it cannot be taken back")
        elif name == "forget_since":
            span = span_of(normal(question.text), self._world.scribe.now_ns, self._world.wall_clock)
            self._now("the wearer wants that time forgotten", since_s=span.since_s, until_s=span.until_s)
        elif name == "forget_that" and not self._mind.last:
            self._say(wording.NOTHING_MEANT, "status")
        elif name == "forget_that":
            self._ids(list(self._mind.last))
        elif name == "forget_meant":
            self._recall(
                "which is meant?",
                fitting.query(subject),
                self._likely_found,
                what=("fact",),
                limit=SOME,
                replaced=True,
                question=question.text,
            )
        elif name == "forget_fact" or re.match(r"(?:where|what|who|when)\b", subject):
            self._recall(
                "which is meant?",
                fitting.query(subject),
                self._meant_found,
                what=(),
                limit=SOME,
                replaced=True,
                question=question.text,
            )
        else:
            self._now("the wearer wants all of this forgotten", subject=subject)

    def everything(self, turn: int) -> None:
        """The wearer has said, in this turn, that they mean it."""
        self._turn = turn
        self._now("the wearer allowed exactly this", everything=True)

    def _meant_found(self, event: Happening) -> None:
        found = event.memories if isinstance(event, Recalled) else ()
        subject = self._subject
        wanted = content(subject)
        standing = [m for m in found if not m.replaced_s]
        asked = (f"{before}{subject}" for before in ("", "what is my ", "where is my ", "what is ", "where is "))
        meant = next((m for words in asked if (m := fitting.answering(words, standing))), []) or [
            m for m in found if m.what == "fact" and wanted and wanted <= fact_of(m.text).all
        ]
        self._chosen(meant or likely.answering(found), found)

    def _likely_found(self, event: Happening) -> None:
        found = event.memories if isinstance(event, Recalled) else ()
        self._chosen(likely.answering(found), found)

    def _chosen(self, meant: list[Memory], found: Sequence[Memory]) -> None:
        if not meant:
            unsure = likely.perhaps(found)
            self._mind.means(*unsure)
            self._say(wording.meant(unsure[0]) if unsure else wording.NOTHING_FORGOTTEN)
            return
        self._ids(meant)

    def _ids(self, memories: list[Memory]) -> None:
        self._gone = tuple(memories)
        ids = tuple(dict.fromkeys(m.id for m in memories if m.id))
        self._now("the wearer wants just this forgotten", ids=ids)

    def _now(self, reason: str, **fields: Any) -> None:
        scribe = self._world.scribe
        request = scribe.number()
        scribe.emit(Forget, reason, request=request, turn=self._turn, **fields)
        self._wait(request, partial(self._forgotten, fields))

    def _forgotten(self, fields: dict[str, Any], event: Happening) -> None:
        self._world.history.forget(partial(self._of_it, fields))
        self._mind.means()
        self._mind.leave(())
        if not isinstance(event, Forgotten) or event.trouble:
            self._say(wording.NOT_FORGOTTEN, "failure")
        elif event.count:
            self._say(wording.forgotten(event.count, event.files))
        elif fields.get("everything"):
            self._say(wording.NOTHING_AT_ALL)
        elif fields.get("subject"):  # not by its own words: by what it is
            query = fitting.query(f"what is my {fields['subject']}")
            self._recall(
                "which is meant?", query, self._meant_found, what=(), limit=SOME, replaced=True, question=self._asked
            )
        else:
            self._say(wording.NOTHING_IN_TIME if fields.get("since_s") else wording.NOTHING_FORGOTTEN)

    def _of_it(self, fields: dict[str, Any], entry: Remembered) -> bool:
        """Whether this turn of the session holds what was forgotten."""
        if fields.get("everything"):
            return True
        if since_s := fields.get("since_s"):
            return at_s(entry.t_ns, self._world.wall_clock) >= float(since_s)
        said = content(" ".join([entry.question, entry.heard, entry.shown, entry.caption]))
        if subject := fields.get("subject"):
            return content(str(subject)) <= said
        return any(fact_of(m.text).all <= said for m in self._gone)
