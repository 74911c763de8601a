"""What speech puts around a sentence: hedges before it, courtesies behind it, and that it is to be remembered, before,
behind or in the middle. The words of the sentence itself stay as they were said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.memory.asked_to_keep import LONGEST, ORDER, asked_to_keep

_END: Final = r"(?=[\s,.;:!?]|$)"
_GAP: Final = r"[\s,.;:!]+"
_HEDGES: Final = (
    r"u[mh]+|er+m?|o+h+|a+h+|u+gh+|e+h|hey|hi|hello|okay|ok|so|well|right|al(?:l |l)?right|now|and|also|but|then|"
    r"please|"
    r"actually|no(?=[,.;:!]|\s+(?:wait|actually|sorry|i|it|it's|that's|my|our|the|we|he|she|they|not|don't|do)\b)|wait|"
    r"anyway|listen|look|earshot|quick question|sorry|actually|by the way|fyi|btw|like|"
    r"just so (?:that )?you know|for (?:the )?(?:record|later|(?:future )?reference)|before i forget|in "
    r"case i forget|"
    r"(?:i (?:should|must|have to) )?tell you(?: that)?|you (?:should |must |have to )?know(?: that)?|"
    r"it(?:'s| is) (?:quite |very )?important(?: to know)?(?: that)?|the thing is(?: that)?|apparently|"
    r"(?:it )?turns out|"
    r"i got (?:it|that) wrong|i was wrong|scratch that|correction|update|i mean|let me see|for what it's worth|"
    r"i (?:want|need|would like) to tell you(?: that)?|never ?mind"
)
_LEAD: Final = re.compile(rf"^(?:(?:{_HEDGES}){_END}[\s,.;:!?]*)+", re.IGNORECASE)
_TAIL: Final = re.compile(
    rf"(?:{_GAP}(?:please|okay|ok|right|yeah|thanks|thank you|you know|by the way|for me|"
    rf"just so (?:that )?(?:you know|i (?:don't|do not) \w+ (?:it|that|them))|(?:just )?in case i "
    rf"(?:need|ask|forget)"
    rf"(?: (?:it|you|for it))?|not (?:the (?:one|thing|place)|what|where|as|like) i (?:said|told you)(?: before)?|"
    rf"(?:would|will|could|can|won't) you|for (?:later|the record|future reference|christmas)))+[\s.!?]*$",
    re.IGNORECASE,
)

_KEEP: Final = (
    r"(?:remember|memori[sz]e|(?:keep|bear)(?: (?:it|this|that))? in (?:your )?(?:mind|memory)|"
    r"(?:do not|don't|never)(?: let me)? forget|note to self|make a mental note|"
    r"(?:save|keep|store|retain|(?:hold|hang) on ?to) (?:this|that|it)(?: (?:one|in mind))?)"
)
_ASKING: Final = (
    r"(?:please|(?:can|could|would|will) you(?: please)?|i(?:'d| would) (?:like|love) you to|i (?:want|"
    r"need) you to|"
    r"you (?:should|must|have to)|(?:please )?make sure(?: (?:you|to))*|be sure to|try to|and|so|now|also)"
)
_BEFORE: Final = re.compile(
    rf"(?:{_ASKING}\s+)*{_KEEP}(?:[\s,]+for (?:(?:a|the|my) )?\w+)*(?:[\s,:]+(?:that|at(?= (?:my|our|the|i)\b)))?"
    rf"[\s,:]+(?P<said>.+)",
    re.IGNORECASE | re.DOTALL,
)
_BEHIND: Final = re.compile(
    rf"(?P<said>.+?){_GAP}(?:{_ASKING}\s+)*{_KEEP}(?:\s+(?:this|that|it))?"
    rf"(?:\s+(?:for me|for \w+|please|would you|will you|could you|can you|too|okay|right|yeah))*[\s.!?]*",
    re.IGNORECASE | re.DOTALL,
)
_AMID: Final = re.compile(  # "I always have a flat white, so remember that's my coffee"
    rf"(?P<said>.+?){_GAP}(?:{_ASKING}\s+)*{_KEEP}(?:\s+that)?(?P<rest>\s+(?:that|it)(?:'s| is) .+)",
    re.IGNORECASE | re.DOTALL,
)
_EVENT: Final = re.compile(
    rf"(?!{_KEEP})[^.;]{{3,80}}?[,;.]\s*(?:{_ASKING}\s+)*{_KEEP} that (?!(?:for|when|so|in case|till|"
    rf"until)\b)(?P<said>.+)",
    re.IGNORECASE | re.DOTALL,
)
_ASKS: Final = re.compile(
    r"(?:what|where|who|whom|whose|which|when|how|why|do|does|did|is|are|am|was|were|should|shall|may|"
    r"what's|where's|"
    r"who's|when's|how's|if|whether|to|list|show|"
    r"tell|give|read)\b",
    re.IGNORECASE,
)

_NEVER: Final = re.compile(
    r"\b(?:not|don't|never|didn't|can't|couldn't|won't|wouldn't|can|could|should|must|would|to|i|he|she|we|they)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """`text`: the sentence without what is around it; `kept`: it was said that it is to be remembered."""

    text: str
    kept: bool = False
    whole: bool = False  # in the wearer's own words, whatever it begins with


def bare(text: str) -> str:
    """Without hedges before it and courtesies behind it; the whole if nothing else would be left."""
    said = text.replace("’", "'").strip()
    said = said[_leads(said) :]
    tail = _TAIL.search(said)
    return said[: tail.start()].strip(" ,;:") if tail and tail.start() > 0 else said.strip()


def _leads(text: str) -> int:
    match = _LEAD.match(text)
    return match.end() if match and match.end() < len(text) else 0


def said(text: str) -> Said:
    """The sentence, and whether it is to be remembered. "So my seat is 9F, can you remember that" -> my seat is 9F."""
    plain = bare(text)
    if match := _EVENT.fullmatch(plain):  # "they moved me, remember that my room is 5"
        return Said(bare(match["said"]), True)
    if match := _BEFORE.fullmatch(plain):
        inner = bare(match["said"])
        again = _BEFORE.fullmatch(inner) or (_BEHIND.fullmatch(inner) if len(inner) <= LONGEST else None)
        return Said(bare(again["said"]) if again else inner, True)
    if len(plain) > LONGEST:
        return Said(plain)
    if _ASKS.match(plain):
        return asked_for(text)
    if match := _AMID.fullmatch(plain):
        return Said(bare(match["said"]) + match["rest"].rstrip(" .!"), True)
    if match := _BEHIND.fullmatch(text.replace("’", "'").strip()) or _BEHIND.fullmatch(plain):
        inner = bare(match["said"])
        if len(inner.split()) >= 3 and not _ASKS.match(inner) and not (_NEVER.search(inner) or ORDER.match(inner)):
            return Said(inner, True)
    return asked_for(text)


def asked_for(text: str) -> Said:
    """The sentence that is to be kept, however that is asked; the whole if it is not."""
    plain = bare(text)
    found = asked_to_keep(text) or asked_to_keep(plain)
    return Said(bare(found), True, True) if found else Said(plain)
