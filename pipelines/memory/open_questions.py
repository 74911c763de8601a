"""A question inside a sentence that begins as a statement does: "my drill, who has it", "our anniversary, it's when
exactly", "I'm sending her a parcel, what's the address". It asks, and tells nothing."""

from __future__ import annotations

import re
from typing import Final

from pipelines.thinking.intent import normal

_BE: Final = r"(?:is|are|was|were|did|do|does|has|have|had|can|could|should|would|will|am|'s|'re|'d)"
_THAT: Final = r"(?:it|that|this|them|they|he|she|him|her)"
_END: Final = (  # "put them where", "it's when exactly"
    r"(?:where|when|who|what|how much|how many)(?: (?:exactly|again|now|then|please|was|is|are))*$"
)
_NAMED: Final = rf"(?:what|who|where|when|which)(?:'s| is| was| are| were| has| had| did) {_THAT}(?: \w+){{0,2}}$"
# Behind these a clause is told: "I know what's in the box", "that's where it is".
_TOLD: Final = (
    r"(?:know|knows|knew|remember|remembers|that|that's|is|was|are|it's|tell|tells|told|say|says|said|see|sees|decide|"
    r"decided|forget|forgot|care|cares|wonder|ask|asked|asks|about|of|to|on|for|matter|sure|no|and|guess|show|from|like|"
    r"explain|just|idea|exactly|than|except)"
)
_INSIDE: Final = re.compile(
    rf"(?:^|(?P<before>[\w']+) )(?:(?:what|where|when|how|which \w+|what \w+|how \w+)(?: |(?=')){_BE}\b|"
    rf"(?P<end>{_END}|{_NAMED}))"
)
_BEGINS: Final = re.compile(
    r"^(?:whereabouts|which|whose|"
    r"(?!for when)(?:until|since|till|from|by|for|at|in|on|to|with|behind) (?:when|what|where|which|whom?)) (?!ever\b)"
)
_ANSWERED: Final = re.compile(r" (?:is|are|was|were|it's|they're|he's|she's|that's|there's)(?: now)? (?!it\b|that\b)\w")
_CLEFT: Final = re.compile(r"\b(?:it's|it is|it was|that's)\b.* $")


def asks_within(text: str) -> bool:
    """There is an open question in it, not behind a word that tells what was asked."""
    said = normal(text)
    if _BEGINS.match(said):
        return True
    for match in _INSIDE.finditer(said):
        before = match["before"]
        cleft = (match["end"] or "").startswith("who") and _CLEFT.search(said[: match.start("end")])
        if cleft or _ANSWERED.search(said, match.end()):
            continue  # "what she can't eat is gluten", "it's Tasha who has it now"
        if before is None or not re.fullmatch(_TOLD, before) or (match["end"] and before in {"it's", "is", "was"}):
            return True
    return False
