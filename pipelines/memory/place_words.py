"""What the wearer's words say of places: where they are, and what they ask of what was seen. A table, no model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.thinking.intent import normal

_MINE = r"(?:the|my|our|this|a|an)"
_AT = r"(?:in|at|on|inside|near|by|outside|upstairs in|back in|back at|in front of)"
_NO_PLACE = r"(?:the |my |our |a |an )?(?:trouble|hurry|love|pain|going|sure|not|it|what|who|how|so|very|too)\b"
_ON = r"(?:and|but|because|with|to|now|looking)"
_HERE = re.compile(
    rf"(?:(?:i'm|i am|we're|we are|i just (?:came|got)|now i'm) (?:now |here |back |standing |sitting )*{_AT}"
    rf"|(?:this|here) is|welcome to|i (?:just )?(?:arrived|am arriving) (?:in|at)|we (?:arrived|are) (?:in|at))"
    rf" (?P<place>(?!{_NO_PLACE})(?:the |my |our |a |an )?[\w'-]+(?: (?!{_ON}\b)[\w'-]+){{0,3}})(?: {_ON}\b.*)?"
)
_SIGNS = r"(?:sign|label|notice|board|poster|screen|paper|note|door|page|menu|plate|text|letters?|code|qr code|writing)"
_TO_ME = r"(?: (?:again|before|earlier|yesterday|today|this morning|last time))*"

_THAT = rf"(?:{_MINE} |that )?"
_I = r"(?:i|we|you)"
_NEAR = rf"(?:{_AT}|next to|of)"
_STOOD = r"(?:was|stood|was written|did it say|did (?:i|we|you) (?:read|see))"
_SEEN = r"(?:see|saw|seen|read|notice|noticed|come across)"

# Pattern on normal words; `thing`: what is looked for, `place`: where it was.
_ASKED: Final[tuple[str, ...]] = (
    rf"what did {_THAT}(?P<thing>{_SIGNS}) {_NEAR} (?P<place>.+?) say{_TO_ME}",
    rf"what {_STOOD} (?:on |at )?{_THAT}(?P<thing>{_SIGNS}) {_NEAR} (?P<place>.+?)",
    rf"what {_STOOD} (?:on |at |in )(?P<place>(?:the|my|our) [\w' -]+?){_TO_ME}",
    rf"where (?:did|have) {_I} (?:last |already |ever )*{_SEEN} (?P<thing>.+?)(?: last)?{_TO_ME}",
    r"where (?:was|were) (?P<thing>.+?) (?:the last time|last|when (?:i|you) (?:last )?saw (?:it|them))",
    rf"when (?:did|have) {_I} (?:last )?{_SEEN} (?P<thing>.+?)(?: last)?{_TO_ME}",
    rf"(?:did|have) {_I} (?:ever |already )?{_SEEN} (?P<thing>.+?)(?: anywhere| somewhere){_TO_ME}",
)
_PATTERNS: Final = tuple(re.compile(pattern) for pattern in _ASKED)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked of what was seen. `thing`: looked for, "" = whatever was read there; `place`: where, "" = anywhere;
    `text`: what was written on it is meant."""

    thing: str = ""
    place: str = ""
    text: bool = False

    @property
    def query(self) -> str:
        return f"{self.thing} {self.place}".strip()


def place_told(text: str) -> str:
    """ "I'm in the kitchen" -> "kitchen"; "" if the words name no place where the wearer is."""
    match = _HERE.fullmatch(normal(text))
    return bare(match["place"]) if match else ""


def sought(text: str) -> Sought | None:
    """What these words ask of what was seen; None if they are about something else."""
    words = normal(text)
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(words):
            found = match.groupdict()
            thing, place = bare(found.get("thing") or ""), bare(found.get("place") or "")
            text_meant = not thing or re.fullmatch(_SIGNS, thing) is not None
            return Sought("" if text_meant else thing, place, text_meant)
    return None


def bare(words: str) -> str:
    """Without article."""
    return re.sub(rf"^(?:{_MINE}|that|those|these|any|some) ", "", words)
