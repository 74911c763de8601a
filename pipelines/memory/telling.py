"""What the wearer tells to be remembered: with "remember", as a plain statement about what is theirs, or about
somebody, which is asked back first."""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.facts import cleaned, fact_of
from pipelines.memory.phrasing import as_told
from pipelines.thinking.intent import normal

PLEASE: Final = re.compile(
    r"^(?:(?:please|hey|okay|ok|earshot|and|so|well|now|also|(?:can|could|will|would) you(?: please)?|i want you to|"
    r"i'd like you to|you should|you must) )+| (?:please|thanks|thank you|for me|again)$"
)

_REMEMBER: Final = re.compile(
    r"\s*(?:(?:please|hey|okay|ok|earshot|(?:can|could|will|would) you(?: please)?|i want you to|and|also),?\s+)*"
    r"(?:remember|memori[sz]e|keep in mind|bear in mind|don['’]t forget|do not forget|never forget|"
    r"(?P<note>note(?: down)?|make a note|take a note|write down))(?P<that> that|"
    r",? for me(?: that)?)?[\s:,]+(?P<text>.+)",
    re.IGNORECASE | re.DOTALL,
)
_NOT_TOLD: Final = (
    re.compile(  # "remember to buy milk" is a thing to do, "remember when …" is talk, "remember this" looks
        r"(?:to|me|when|how|if|the time|what|where|who|which|why|whether)\b.*|(?:this|that|it|him|her|them|us)"
        r"(?: (?:for me|please|too|as well|for later|place|spot|sign|number|page|picture|one|moment|face|person))*"
    )
)
# Things of the wearer's that have a value which is asked for later: "my locker is 214".
_THINGS: Final = (
    r"(?:\w+ )?(?:locker|room|seat|row|gate|platform|track|table|desk|office|floor|apartment|flat|house|car|bike|"
    r"bicycle|"
    r"bag|suitcase|luggage|coat|jacket|umbrella|keys?|wallet|phone|glasses|hotel|flight|train|bus|appointment|meeting|"
    r"address|birthday|anniversary|name|number|plate|license plate|shoe size|size|password|pass ?code|pin|code|"
    r"combination|wifi|doctor|dentist|lawyer|landlord|boss|teacher|blood type|blood group|spot|parking (?:spot|"
    r"space|place)|"
    r"locker (?:number|code)|booking|reservation|ticket|order|(?:favou?rite|preferred) \w+(?: \w+)?|\w+ (?:number|code|"
    r"password|size|address|birthday))"
)
_PERSON: Final = (
    r"(?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|aunt|uncle|neighbou?r|friend|"
    r"girlfriend|boyfriend|dog|cat|baby)"
)
_VALUE: Final = (
    r"(?!(?:not |so |too |very )?(?:\w+ing|broken|hurt|dead|gone|lost|late|wrong|ready|full|empty|sore)\b).+"
)
_ABED: Final = (
    r"(?:on|at|in|under|behind|beside|next to|near|by|inside|outside|upstairs|downstairs|level|floor|row|deck|"
    r"opposite|above|below|between|around|over|in front of|on top of|across from)"
)
_STATED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:my|our) {_THINGS}(?:'s (?:number|name))? (?:is|are) (?:now )?{_VALUE}",
        rf"(?:my|our) (?:new )?{_PERSON}(?:'s name is|(?:'s)? birthday is| is called| is named| lives in) .+",
        rf"(?:my|our) (?:new )?{_PERSON} (?:\w+ )?(?:is|'s) (?:not |no longer )?allergic to .+",
        rf"(?:i|we) (?:have |just |'ve )*parked(?: (?:the|my|our) \w+| it)? {_ABED}\b.+",
        (
            rf"(?:i|we) (?:have |just |'ve )*(?:put|left|hid|stored|locked|placed|keep|laid) (?:my|our|"
            rf"the) .+? {_ABED}\b.+"
        ),
        r"(?:i'm|i am|we are|we're) (?:not |no longer )?allergic to .+",
        r"(?:i|we) (?:live|moved) (?:in|at|to) .+|i work (?:at|for) .+|i am staying (?:at|in) .+",
    )
)
_NAME: Final = (
    r"(?:(?:my|our) )?(?!(?:i|it|this|that|there|here|he|she|they|we|you|who|what|the|a|an|and)\b)[\w-]+(?: [\w-]+)?"
)
# Said of somebody, and not told to be remembered: asked back.
_OFFERED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NAME} (?:is|are) (?:also |now )?(?:not |no longer )?allergic to .+",
        rf"{_NAME}'s (?:birthday|(?:phone |mobile |room |flat |apartment )?number|address|name) is (?:not )?.+",
        rf"{_NAME} (?:lives in|has moved to|moved to|works (?:at|for)|no longer lives in) .+",
        rf"{_NAME} (?:does not|doesn't|no longer|never) (?:eats?|drinks?|likes?) .+",
    )
)
_QUESTION: Final = re.compile(
    r"\?\s*$|\b(?:what|why|how|should|can you|could you|do you|where is|tell me)\b", re.IGNORECASE
)


def told(text: str) -> str:
    """What these words want remembered, as it was said; "" if they tell nothing to be kept."""
    text = as_told(text)
    if match := _REMEMBER.fullmatch(text.strip()):
        said = cleaned(match["text"])
        if not said or _NOT_TOLD.fullmatch(normal(said)):
            return ""
        if match["note"] and not (match["that"] and fact_of(said).relation):
            return ""  # a note
        return said
    said = cleaned(text)
    if _QUESTION.search(text) or len(said.split()) > 30:
        return ""
    low = normal(said)
    return said if any(pattern.fullmatch(low) for pattern in _STATED) else ""


def offered(text: str) -> bool:
    """A statement about somebody that may be worth remembering."""
    low = normal(cleaned(text))
    return not _QUESTION.search(text) and len(low.split()) <= 20 and any(p.fullmatch(low) for p in _OFFERED)


def keep_said(words: str) -> bool:
    """“Remember that”: what was just said. `words`: normal."""
    plain = PLEASE.sub("", words)
    return bool(
        re.fullmatch(
            r"(?:remember|memori[sz]e|keep|save) (?:this|that|it)(?: (?:for me|for later|in mind|answer))*", plain
        )
    )
