# tables, a row a line
"""Questions as speech asks them, as the tables of questions know them: without what is around them, and in the usual
order. "I can't remember where I parked" -> where i parked; "my locker what number was it" -> what is my locker.

Rows: a pattern on normal words (lower case, no punctuation), and what it is; all rows are tried, in order.
"""

from __future__ import annotations

import re
from typing import Final

_WH: Final = r"(?:what|where|who|when|which|how)"
_OWN: Final = r"(?:my|our|the|that|those)"
_THING: Final = r"[\w'-]+(?: [\w'-]+){0,3}?"
_TAKE: Final = r"(?:take|need|have|use|wear|drink|get|see|want|eat|catch|order|do)"
_ING: Final = r"(?:taking|needing|having|using|wearing|drinking|seeing|eating|catching|on|in|at)"

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    # slips of recognition
    (r"^(what|where|who|when|how)s\b", r"\1 is"),
    (r"^(?:were|wear|ware) (?=(?:did|is|are|do|does|have|was)\b)", "where "),
    (r"^wears (?=my|the|our)", "where is "),
    (r"^(what|where|who|when|how|which)'s\b", r"\1 is"),
    (r"^(what|where|who|when|how|which)'re\b", r"\1 are"),
    # before it
    (
        (
            rf"^(?:(?:do |would )?you (?:still |happen to )?(?:remember|know|recall|have)|(?:have you "
            rf"(?:got )?|got |"
            rf"do you have )?any idea|i (?:forgot|forget|can't remember|cannot remember|don't "
            rf"(?:remember|know|recall)|"
            rf"do not (?:remember|know)|can't recall|wonder|(?:need|want) to know)|(?:please )?(?:tell|"
            rf"give|remind) me|"
            rf"(?:(?:can|could|would|will) you )(?:please )?(?:tell|give|remind) me|let me know)(?: "
            rf"again| please)* "
            rf"(?=(?:{_WH})\b)"
        ),
        "",
    ),
    (
        (
            rf"^(?:(?:do |would )?you (?:still |happen to )?(?:remember|know|recall|have)|i (?:forgot|forget|can't "
            rf"remember|cannot remember|don't (?:remember|know|recall)|do not (?:remember|know)|can't "
            rf"recall)|(?:please )?"
            rf"(?:tell|give|remind) me|(?:(?:can|could|would|will) you )(?:please )?(?:tell|give|remind) me)"
            rf"(?: again| please)* (?=(?:{_OWN}|(?:[\w-]+ )?[\w-]+'s)\b)(?!the (?:way|time|story|news|truth|joke)\b)"
        ),
        "what is ",
    ),
    ((rf"^(?:i(?:'m| am) looking for|i can't find|i cannot find|have you seen|i(?:'ve| have)? lost) "
     rf"(?P<s>{_OWN} .+)$"), r"where is \g<s>"),
    # behind it
    (
        (r"(?: (?:again|right|please|though|already|by the way|these days|nowadays|at the moment|currently|so much|"
        r"the most|best|usually))+$"),
        "",
    ),
    (rf"^({_WH}(?: [\w-]+)?) (do|did) (i|we) (?:usually|normally|always|typically) ", r"\1 \2 \3 "),
    # what it is about said first, or last
    (r"\b(?:that|this|those|these|the) (?P<s>[\w-]+(?: [\w-]+)?) of (?:mine|ours)\b", r"my \g<s>"),
    ((rf"^(?P<s>{_OWN} {_THING}|[\w-]+(?: [\w-]+)?) (?:what|which)(?:'s| is| was| are| were) (?:his|her|its|their) "
     r"(?P<w>name|number|address|size|code|birthday|job)$"), r"what is \g<s>'s \g<w>"),
    (r"^(?P<s>[\w-]+ (?:number|code|name|size|type)) (?:what|which)(?:'s| is| was| are| were) (?:it|that)(?: called)?$",
     r"what is my \g<s>"),
    ((r"^(?:what|which) (?P<w>code|number|password|pin|name|size) (?:is|was) (?:it|that) (?:for|of|to) "
     r"(?P<s>(?:my|our|the) .+)$"), r"what is \g<s> \g<w>"),
    ((r"^(?:what|which) (?:town|city|country|village|street|place|building|hall|district|part of town) "
     r"(?:is|are|was|were) (?P<s>.+?) (?:in|at|on)$"), r"where is \g<s>"),
    (
        (rf"^(?P<s>{_OWN} {_THING}|[\w-]+'s {_THING}) (?P<w>where|who|when)(?:'s| is| was| are| were)? "
        rf"?(?:did (?:i|we) (?:put|leave|park|"
        rf"keep|lock) )?(?:it|that|he|she|they|them)(?: called)?(?: again)?$"),
        r"\g<w> is \g<s>",
    ),
    (
        (rf"^(?P<s>{_OWN} {_THING}|[\w-]+'s {_THING}) (?:what|which)(?: [\w-]+)?(?:'s| is| was| are| "
        rf"were) (?:it|that|he|she|they)"
        rf"(?: called)?(?: again)?$"),
        r"what is \g<s>",
    ),
    (rf"^.*?\b{_OWN} (?P<s>[\w-]+(?: [\w-]+)?) what(?:'s| is| was) the (?P<w>\w+)$", r"what is the \g<s> \g<w>"),
    # as a plain question would be
    (r"^(where|when|what|who) (?:is|was) it (?:that )?(?=\w)", r"\1 "),
    (
        (r"^(what|where) (?P<s>[\w-]+|(?:my|our) [\w-]+) (?P<v>like|love|eat|drink|want|need|collect|"
        r"play|live|work|do)(?:e?s)?"
        r"(?P<r>(?: (?:for|as|in|at)\b.*)?)$"),
        r"\1 does \g<s> \g<v>\g<r>",
    ),
    ((r"^(what|where|who|when) was (?=(?:my|our|the|[\w-]+'s)\b)(?!.*\b(?:before|old|previous|last|"
     r"then)\b)"), r"\1 is "),
    (r"^what was (?P<s>[\w-]+|(?:my|our) \w+) allergic to$", r"what is \g<s> allergic to"),
    (r"^where is (?P<s>[\w-]+(?: [\w-]+)?|(?:my|our) \w+) (?:live|living|staying)$", r"where does \g<s> live"),
    ((r"^(?:what|which) (?P<s>[\w-]+(?: (?:size|number|code))?) (?:i|we)(?: {_TAKE}| {_ING}| am| have| "
     r"got)+$").replace("{_TAKE}", _TAKE).replace("{_ING}", _ING), r"what is my \g<s>"),
    ((r"^(?:what|how) (?P<s>(?:my|our|the|[\w-]+'s) [\w-]+(?: [\w-]+)?) (?:is|are) (?:called|"
     r"named)$"), r"what is \g<s> name"),
    (r"^(where|when|what|who|which \w+) ((?:[\w-]+'s|my|our) [\w-]+(?: [\w-]+)?)$", r"\1 is \2"),
    (rf"^({_WH}(?: \w+)?) did i (?:say|tell you|mention)(?: that)? (?=\w+ )", r"\1 "),
    (rf"^(where|who|when|what) (?P<s>{_OWN} {_THING}|[\w-]+'s {_THING}) (?:is|are|was|were)$", r"\1 is \g<s>"),
    (r"^where (?:could|would|can|might|should) (?:i|we) find (?P<s>.+)$", r"where is \g<s>"),
    (rf"^where (?:could|would|can|might|should) (?P<s>{_OWN} .+?) be$", r"where is \g<s>"),
    ((r"^where (?:do|did|have) (?:i|we) (?:keep|kept|stick|stuck|stash|stashed|leave|left|put|got) "
     r"(?P<s>(?:that|those) .+)$"), r"where did i put my \g<s>"),
    (r"\b(?:that|those) (?=[\w-]+(?: of mine)?$)(?<=put my that |ut my those )", ""),
    (r"^where (?:am i|are we|was i) sitting$", "what is my seat"),
    (rf"^(?:what|which) size (?P<s>[\w-]+) (?:do|am|did) (?:i|we)(?: {_TAKE}| {_ING})?$", r"what is my \g<s> size"),
    (r"^(?:what|which) size (?:is|are) (?P<s>(?:my|our) .+)$", r"what is \g<s> size"),
    (r"^(?:what|which) (?P<s>[\w-]+(?: [\w-]+)?) (?:is|was|are|were) (?:mine|ours)$", r"what is my \g<s>"),
    ((r"^(?:what|which) (?P<s>(?!time\b|day\b|date\b|year\b)[\w-]+(?: [\w-]+)?) (?:is|was) (?:it|"
     r"that)$"), r"what is my \g<s>"),
    ((rf"^(?:what|which) (?P<s>(?!colou?r\b|kind\b)[\w-]+(?: (?!do\b|am\b|are\b|have\b)[\w-]+)?) (?:do|"
     rf"did|am|are|have) (?:i|we)(?: {_TAKE}| got| {_ING})?$"), r"what is my \g<s>"),
    ((rf"^what (?:do|did|am|are) (?:i|we) (?:{_TAKE}|{_ING})(?: again)? for (?:my |the "
     rf")?(?P<s>[\w-]+)$"), r"what is my \g<s>"),
    ((r"^(?:what|how) (?:is|are|was|were) (?P<s>(?:my|our|the|[\w-]+'s) [\w-]+(?: [\w-]+)?) (?:called|"
     r"named)$"), r"what is \g<s> name"),
    (r"^(?:what|how) (?:do|did) (?:i|we) (?:call|name) (?P<s>(?:my|our|the) [\w-]+)$", r"what is \g<s> name"),
    (r"^when (?:do|did|will) (?:i|we) have (?:my|our|that|the|an?) (?P<s>.+)$", r"when is my \g<s>"),
    ((r"^what (?:does|did) (?P<s>[\w-]+(?: [\w-]+)?) do for (?:work|a living|his job|her "
     r"job)$"), r"what is \g<s>'s job"),
    (r"^what (?:does|did) (?P<s>[\w-]+(?: [\w-]+)?) work as$", r"what is \g<s>'s job"),
    (r"^what is (?P<s>[\w-]+(?: [\w-]+)?)(?:'s)? (?:by )?(?:profession|trade|occupation)$", r"what is \g<s>'s job"),
    (r"^what is (?P<s>[\w-]+(?: [\w-]+)?) into$", r"what does \g<s> like"),
    (rf"^({_OWN} (?:[\w-]+ ){{0,3}}(?:number|code|name|password|size|address|birthday|pin|order))$", r"what is \1"),
    (r"^((?:my|our) [\w'-]+(?: [\w-]+)?|[\w-]+'s [\w-]+(?: [\w-]+)?)$", r"what is \1"),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern), plain) for pattern, plain in _TABLE)


def plainly(words: str) -> str:
    """A question without what is around it and in the usual order; other words as they are. `words`: normal, without
    hedges."""
    for pattern, plain in _PATTERNS:
        words = pattern.sub(plain, words)
    return " ".join(words.split())
