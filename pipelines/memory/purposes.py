"""What words are for that no rule of wording knows, by how likely the shell says it is (`Transcribed.purpose`).

Behind the rules. Words that want something forgotten are taken for it, whatever else they seem to be; which fact they
mean is for `forgetting`, which tells what it is not sure of instead of forgetting it. What is told is offered to be
kept, and a question, or talk for nobody to keep, is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipelines.memory import likely, offering
from pipelines.memory.fitting import is_question
from pipelines.memory.passing import statement
from pipelines.thinking import rules
from pipelines.thinking.intent import Intent

if TYPE_CHECKING:
    from pipelines.room import Room

LIKELY: Final = 0.8
SURE: Final = 0.9  # against what a rule holds
_TALK: Final = frozenset({"ask", "look", "talk"})
_FORGOT: Final = re.compile(r"\b(?:i|we|i've|we've|i'd|have|had|keep|always) (?:\w+ )?(?:forget|forgot|forgotten)\b")


def instead(room: Room, text: str, plain: Intent, offered: Intent) -> Intent:
    """The intent of these words. `plain`: by the rules; `offered`: the same, or that they are offered to be kept."""
    if plain.kind != "model" or plain.name not in _TALK or rules.before(text):
        return offered
    is_for = room.mind.is_for
    if is_for(text, "forget", LIKELY if offered is plain else SURE) and _may_be_an_order(text, offered is not plain):
        return Intent("memory", "forget_meant", text)
    if offered is plain:
        return offering.PASSING if is_for(text, "tell", LIKELY) and offering.may_be_told(room, text) else plain
    unasked = any(is_for(text, purpose, SURE) for purpose in ("ask", "about", "other", "chat"))
    found = statement(text)
    return plain if unasked and not (found and found.sure) else offered


def _may_be_an_order(text: str, stated: bool) -> bool:
    """Nothing is forgotten on a question, because the wearer forgot it, or on words that tell what is so instead."""
    low = text.lower()
    return not (is_question(text) or _FORGOT.search(low) or (stated and likely.changed(low)))
