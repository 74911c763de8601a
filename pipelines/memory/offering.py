"""Whether a fact that the wearer told in passing is offered to be remembered: “Shall I remember: …?”

It must not get in the way of a conversation. So it is offered once a session, whatever the wearer said to it; never in
private mode; and never if it is what was just read or answered, which may be a stranger's words. With a model set only
what is plainly a fact to be kept is: the rest is talk, and the model's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.events import Memory, ToolInfo
from pipelines.memory.facts import content
from pipelines.memory.fitting import is_question
from pipelines.memory.loose import loosely
from pipelines.memory.open_questions import asks_within
from pipelines.memory.passing import statement
from pipelines.memory.telling import offer
from pipelines.memory.wording import turned
from pipelines.thinking import rules
from pipelines.thinking.intent import Intent

if TYPE_CHECKING:
    from pipelines.room import Room

OFFERED: Final = ToolInfo("offer_memory", "", "{}", "write", "built in")  # no model is offered it
PASSING: Final = Intent("memory", "passing")
NOTE: Final = Intent("note", "add")
TELL: Final = Intent("memory", "tell")
_IS: Final = re.compile(r"'s (?!number|name|address|code)|\b(?:is|are|isn't|aren't)\b")
LATELY: Final = 4  # turns whose words are not the wearer's own if they say them again


def instead(room: Room, text: str, intent: Intent) -> Intent:
    """The intent of these words: to be offered, if that is what they are for; a note where nobody takes notes is
    remembered."""
    if intent == NOTE and room.mind.offers and not any(t.name == "add_note" for ts in room.tools.values() for t in ts):
        return TELL
    talk = intent.kind == "model" and intent.name in {"ask", "look"}
    return PASSING if talk and not rules.before(text) and may_offer(room, text) else intent


def may_offer(room: Room, text: str) -> bool:
    """Whether the wearer is asked about it, here and now."""
    asks = is_question(text) and (text.rstrip().endswith("?") or asks_within(text) or not _IS.search(text.lower()))
    found = None if asks else statement(text)
    if not (asks or found or room.chain.models):
        found = loosely(text)
    if found is None or room.private or not room.mind.offers or not (found.sure or not room.chain.models):
        return False
    return not old_hat(room, found.text)


def may_be_told(room: Room, text: str) -> bool:
    """Whether the wearer is asked about words that no rule knows, where no model is there to answer them."""
    asks = text.rstrip().endswith("?") or asks_within(text)
    return not (asks or room.private or room.chain.models or not room.mind.offers or old_hat(room, stated(text)))


def old_hat(room: Room, said: str) -> bool:
    """The wearer was asked about it, or it repeats what was read or answered."""
    return key(said) in room.mind.offered or _of_others(room, said)


def _of_others(room: Room, said: str) -> bool:
    """It repeats what was read, or answered by a model, a moment ago."""
    words = content(said)
    lately = [entry for entry in room.history.entries[-LATELY:] if entry.kind not in {"memory", "recall"}]
    return any(
        words <= content(" ".join([entry.heard, entry.shown, entry.caption, *(line.text for line in entry.lines)]))
        for entry in lately
    )


def key(text: str) -> str:
    """The same for the same fact, however it is said."""
    return " ".join(sorted(content(text)))


def stated(text: str) -> str:
    """The fact in these words, as it is kept."""
    found = statement(text) or loosely(text)
    return found.text if found is not None else offer(text)


def aloud(memory: Memory) -> str:
    """As the wearer is asked about it: a secret is not said once more."""
    return "that, which never leaves this device" if memory.sensitivity == "secret" else turned(memory.text)
