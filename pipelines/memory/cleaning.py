"""A sentence as somebody says it in passing, without what is around it: hesitations, what announces it ("just so you
know"), what it is said for ("so I find it later"), and words that were taken back ("under, no wait, behind …")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_END: Final = r"(?=[\s,.;:!?-]|$)"
_HESITATION: Final = re.compile(
    r"\b(?:u+h*m+|u+h+|er+m*|e+h+|h+m+|m+h*m+)\b[\s,.]*|\s*\.\.\.+\s*|\s+[–—-]+\s+", re.IGNORECASE
)
_MEANT: Final = (  # who says so wants it kept
    r"(?:just )?so (?:that )?(?:you|we|i) (?:know|remember|have it)|by the way|btw|fyi|heads up|"
    r"(?:just )?for (?:the )?(?:record|later(?: on)?|next time|(?:future )?reference|your (?:info|information)|info)|"
    r"before i forget|in case (?:i|we|you) (?:forget|need|ask)(?: (?:it|this|that))?|note to self|reminder|"
    r"(?:(?:i )?(?:should|better|ought to|must|have to|need to|want(?:ed)? to) |let me |lemme |i'd better )"
    r"(?:mention|tell you|say|note)(?: that)?|(?:you )?(?:should|might want to|need to|ought to) know(?: that)?|"
    r"useful to know|good to know|worth (?:knowing|remembering|noting)(?: that)?|one for (?:later|the memory)|"
    r"i(?:'ve| have)? decided(?: that)?(?! (?:to|on)\b)|for your memory|something to (?:remember|keep)|to remember"
)
_ASIDE: Final = (
    r"o+h+|a+h+|aha|u+gh+|oof|brr+|phew|wow|gosh|blimey|geez|ha(?:ha)*|cheers|ta|righto|goodness|my goodness|"
    r"(?:oh )?for (?:heaven|goodness|god|pete)(?:'?s'?)? sake|hey|hi|okay|ok|so|well|right|al ?right|now|and|also|"
    r"but|then|please|actually|anyway|anyhow|look(?! (?:up|for|at|out)\b)|listen|"
    r"earshot|yeah|yes|yep|basically|sorry|apparently|turns out(?: that)?|it turns out(?: that)?|"
    r"the thing is(?: that)?|quick (?:one|thing|note|update)|(?:one|another)(?: more)? thing|update|correction|"
    r"dear|love|mate|darling|honey|you know(?: what)?|i mean|like|let me think|let me see|there we go|right then|"
    r"wait|no(?=[,.;:!]|\s+(?:wait|actually|sorry|i|it|it's|that's|my|our|the|we|he|she|they|not|don't|do)\b)|nope|"
    r"hang on|hold on|i (?:think|guess|reckon|believe|suppose)(?: that)?|just"
)
_LEADS: Final = re.compile(rf"(?:(?P<meant>{_MEANT})|{_ASIDE}){_END}[\s,.;:!-]*", re.IGNORECASE)
_TAIL_MEANT: Final = (
    r"(?:just )?so (?:that )?(?:i|we|you) (?:don't|do not|can|know|find|have|remember|won't|never|always|get)\b.*|"
    r"(?:just )?for (?:the )?(?:record|later(?: on)?|next time|(?:future )?reference|your (?:info|information))|"
    r"(?:just )?in case\b.*|if (?:anyone|anybody|somebody|they|you|i|we) (?:ever )?(?:asks?|needs?|wonders?|"
    r"forget)\b.*|"
    r"(?:(?:because|cause|cos|since|and|which) )?i(?:'ll| will)? (?:always|keep|never|only|just|keep on) "
    r"(?:forget|forgetting|remember|lose|losing|get|mix)\b.*|before i forget|by the way|btw|fyi|"
    r"just so (?:that )?(?:you|we) know|(?:so )?don't let me (?:forget\b.*|\w+ (?:that|it|this))|heads up|to "
    r"remember|worth (?:knowing|remembering)"
)
_TAIL: Final = re.compile(
    rf"[\s,.;:-]+(?:(?P<meant>{_TAIL_MEANT})|got (?:it|that|this)|okay|ok|right|yeah|alright|please|thanks|"
    rf"thank you|cheers|"
    r"you know|you see|just saying|i (?:think|guess|reckon|believe|suppose)|actually|by now|anyway|though|of course|"
    r"sorry|haha|lol|basically|oh well|thank (?:god|goodness)|would you believe(?: it)?|believe it or not|"
    r"would you know|dear|love|mate|darling|honey|and (?:that's|so on|stuff)|or something|and everything|"
    r"if i remember right(?:ly)?)[\s.!?,]*$",
    re.IGNORECASE,
)
_TAKEN_BACK: Final = re.compile(
    r"(?:[\s,.;-]+|(?<=,))(?:no,? wait,? no|no,? wait|wait,? no|wait|no,? sorry|sorry,? no|sorry|i mean|"
    r"or rather|make that|scratch that|"
    r"no,? actually|actually,? no|correction|no,? hang on|oops|hang on|(?<=,)\s?no(?=,))[\s,.-]+(?:(?:it's|"
    r"that's|i mean|it is) )?",
    re.IGNORECASE,
)
_PREPOSITIONS: Final = [
    "in",
    "on",
    "at",
    "under",
    "underneath",
    "behind",
    "beside",
    "by",
    "near",
    "inside",
    "outside",
    "above",
    "below",
    "over",
    "between",
    "opposite",
    "with",
]
_SPELT: Final = (  # said twice they are meant twice: "two two eight oh"
    r"zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand|"
    r"[b-hj-z]|double|triple|st|nd|rd|th"
)
_STUTTER: Final = re.compile(rf"\b(?!(?:{_SPELT})\b)([a-z]+)((?:[\s,]+\1)+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`text`: the sentence itself, case as it was; `meant`: something around it says that it is for later."""

    text: str
    meant: bool = False


def clean(text: str) -> Cleaned:
    """Without what is around it; never empty unless `text` is."""
    said = _HESITATION.sub(" ", text.replace("’", "'"))
    said = _STUTTER.sub(r"\1", " ".join(said.split())) if not re.search(r"\d", said) else " ".join(said.split())
    said, meant = _trimmed(said)
    said = _corrected(said)
    said, again = _trimmed(said)
    return Cleaned(said.strip(" ,;:.!"), meant or again)


def _trimmed(said: str) -> tuple[str, bool]:
    """Without leads and tails, as long as two words are left."""
    meant = False
    while (lead := _LEADS.match(said)) and len(said[lead.end() :].split()) >= 2:
        meant, said = meant or bool(lead["meant"]), said[lead.end() :]
    while (tail := _TAIL.search(said)) and len(said[: tail.start()].split()) >= 2:
        meant, said = meant or bool(tail["meant"]), said[: tail.start()]
    return said.strip(" ,;:"), meant


def _corrected(said: str) -> str:
    """With the last correction in place of what it corrects."""
    matches = list(_TAKEN_BACK.finditer(said))
    if not matches or matches[-1].end() >= len(said) or not matches[-1].start():
        return said
    head, tail = said[: matches[-1].start()].strip(" ,"), said[matches[-1].end() :].strip(" ,")
    head = _corrected(head)
    words, new = head.split(), tail.split()
    if re.match(
        r"(?:my|our|the|i|we)\b.* (?:is|are|was|left|put|parked)\b|(?:my|our|the) [\w -]+'s ", tail, re.IGNORECASE
    ):
        return tail
    if new[0].lower() in _PREPOSITIONS:
        at = max((i for i, word in enumerate(words) if word.lower().strip(",") in _PREPOSITIONS), default=len(words))
        return " ".join([*words[:at], *new])
    keep = max(1, len(words) - len(new))
    return " ".join([*words[:keep], *new])
