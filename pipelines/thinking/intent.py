"""What the wearer wants, from the words alone. A table of patterns, first match wins; no model is asked.

An intent names who can answer: the device itself (`read`, `reading` in what was read, `price`, `code`, `thing`,
`history`, `alarm`, `note`, `status`, `control`) or a model (`model`). Words that only steer the companion are
`control`, and act the moment they are understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.thinking.private_words import private_command
from pipelines.thinking.reading_words import reading_command
from pipelines.thinking.steering_words import steers
from pipelines.thinking.things import TRAFFIC, thing_asked
from pipelines.thinking.tools import alarm_words
from pipelines.thinking.tools.policy import dictated


@dataclass(frozen=True, slots=True)
class Intent:
    """`kind` as above, `subject` the word it is about ("platform"), `visual`: needs a look."""

    kind: str
    name: str
    subject: str = ""

    @property
    def visual(self) -> bool:
        if self.kind == "thing":
            return self.subject != TRAFFIC
        return self.kind in {"read", "price", "code"} or (self.kind == "model" and self.name != "talk")

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.name}"


_SEEN = r"(?:this|the|that|it)(?: (?:sign|label|page|menu|letter|screen|book|text))?"

_TABLE: Final[tuple[tuple[str, str, str], ...]] = (
    # pattern on normalised words, kind, name
    (
        r"(?:mm ?hm+|mhm+|hm+|mm+|uh ?huh|uh+|um+|ah|oh|aha|yep|i see|sure|okay|ok|yes|yeah|no|right|thanks|thank you)",
        "backchannel",
        "acknowledge",
    ),
    (r"(?:hello|hi|hey)(?: there)?|(?:hey|okay|ok) earshot", "status", "hello"),
    (r"what can i say|help|what can you do", "status", "help"),
    (r"who are you|what are you", "status", "who"),
    (r"can you hear me", "status", "hear"),
    (r"can you see(?: this| me| anything)?|is the picture sharp", "status", "see"),
    (r"(?:read (?:me )?my notes|what (?:are|did i put in) my notes|what did i note(?: down)?)", "note", "list"),
    (r"what did you send|what have you sent(?: (?:today|so far|in this session))?", "status", "sent"),
    (r"what did you (?:just )?send(?: just)?(?: now| for that)?|what left(?: just now)?", "status", "sent_last"),
    (
        r"who did you send (?:that|this|it) to|who (?:got|has) (?:that|it)|where did (?:that|it) go",
        "status",
        "sent_whom",
    ),
    (r"what did you (?:look at|see)|which picture was that", "status", "looked"),
    (r"why did you (?:say|answer) that|how do you know that", "status", "why"),
    (
        r"what (?:are|were) (?:your|the) sources|where (?:do|did) you (?:have|get|find) that(?: from)?",
        "status",
        "sources",
    ),
    (r"what (?:was|were) the (?P<subject>\w+)(?: again| number)?", "history", "what_was"),
    (r"what did (?:this|the|that) (?P<subject>sign|label|menu|page|code|letter) say", "history", "what_was"),
    (r"what (?:is|does) (?:this|the|that) (?:qr |bar ?)?code(?: say| hold| mean)?", "code", "code"),
    (r"(?:please )?scan (?:this|the|that|it)(?: (?:qr |bar ?)?code)?", "code", "code"),
    (
        r"how much (?:is|does|are) (?:this|it|that|these)(?: cost)?|what (?:does|do) (?:it|this|that) cost",
        "price",
        "price",
    ),
    (r"what is the price|only the prices", "price", "price"),
    (rf"what does {_SEEN} say", "read", "read"),
    (rf"(?:please )?read (?:{_SEEN}|to me|aloud)(?: to me| aloud)?(?: please)?", "read", "read"),
    (r"tell me a (?:story|joke)", "model", "talk"),
)
_PATTERNS: Final = tuple((re.compile(p), kind, name) for p, kind, name in _TABLE)
_LOOKING: Final = re.compile(r"\b(this|that|these|those|here|see|look|looking|front|colou?rs?|picture|show|describe)\b")


def normal(text: str) -> str:
    """Lower case, no punctuation, single spaces: what the patterns are written for."""
    return " ".join(re.sub(r"[^\w\s']", " ", text.lower().replace("’", "'")).split())


def understand(text: str, reading: bool = True) -> Intent:
    """The wearer's words -> what to do with them. Words that match no pattern are a question for a model. `reading`:
    they may be about a text that was read."""
    words = normal(text)
    if not words:
        return Intent("none", "empty")
    if alarm_words.understood(text) is not None:
        return Intent("alarm", "alarm")
    if dictated(text):
        return Intent("note", "add")
    if name := steers(words):
        return Intent("control", name)
    if meant := private_command(text):
        return Intent("control", f"private_{meant}")
    if reading and (command := reading_command(text)):
        return Intent("reading", command.name, command.subject)
    if asked := thing_asked(text):
        return Intent("thing", asked.name, asked.subject)
    for pattern, kind, name in _PATTERNS:
        if match := pattern.fullmatch(words):
            return Intent(kind, name, match.groupdict().get("subject") or "")
    return Intent("model", "look" if _LOOKING.search(words) else "ask")


def complete(intent: Intent) -> bool:
    """True if nothing more needs to be said: the words are a whole command already, so the turn can end early."""
    if intent == Intent("memory", "passing"):  # talk, until it turns out to be over
        return False
    return intent.kind not in {"none", "model"} or intent.name == "talk" or intent.subject in {"next", "back"}
