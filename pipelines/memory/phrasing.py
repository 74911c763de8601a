# tables, a row a line
"""The same thing in other words: what people say in many ways, as the tables of facts and questions know it.

Only for understanding. What is stored and said stays in the wearer's own words. Each row rewrites normal words (lower
case, no punctuation); all rows are tried, in order, so the result of one may be what another knows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pipelines.memory.asking_words import plainly
from pipelines.memory.clauses import in_order
from pipelines.memory.speech import bare
from pipelines.thinking.intent import normal
from pipelines.thinking.tools.clock import MONTHS, WEEKDAYS

_TIME = (
    rf"\b(?:{'|'.join(d.lower() for d in (*WEEKDAYS, *MONTHS))}|o'clock|noon|midnight|tomorrow|"
    rf"\d{{1,2}} \d\d)\b"
)
_COLOUR = (
    r"(?:(?:light |dark )?(?:red|green|blue|yellow|orange|brown|black|white|gr[ae]y|pink|purple|beige|"
    r"silver|gold|navy|"
    r"turquoise))"
)
_DOING: Final = {
    "putting": "put", "leaving": "left", "parking": "parked", "hiding": "hid", "storing": "stored", "keeping": "keep",
    "placing": "placed", "laying": "laid", "locking": "locked",
}  # fmt: skip
_NOT_EAT = (
    r"(?:can't|cannot|can not|can never|mustn't|must not|may not|shouldn't|should not|isn't allowed to) "
    r"(?:eat|have)"
)
_WHERE_SAID = r"(?:room|seat|row|gate|carriage|coach|cabin|ward|locker|platform)"

# Statements, and questions about them: pattern on normal words, what it is in plain ones.
_FACTS: Final[tuple[tuple[str, str], ...]] = (
    (r"\bwi fi\b", "wifi"),
    (r"\b(?:phone|mobile|telephone|cell) number\b", "number"),
    (r"\bthe (number|name|address|birthday) of ([\w-]+)$", r"\2's \1"),
    (r"^i (?:think|guess|believe|suppose)(?: that)? (?=(?:i|we|my|our|the)\b)", ""),
    (r"\b(i|we|you|they)'ve\b", r"\1 have"),
    (r"\b(my|our|the) (?:new|current|present) (?=\w)", r"\1 "),
    (r"\bhotel room\b", "room"),
    (r"\b(?:the )?name of ((?:my|our) \w+)(?= is\b|$)", r"\1's name"),
    (r"\b(i|we) have (?:just |now )?(?=(?:parked|put|left|hid|hidden|stored|placed|laid|locked|moved)\b)", r"\1 "),
    (r"\bi just (?=(?:parked|put|left|hid|stored|placed|laid|locked)\b)", "i "),
    (r"\b(?:has|have) an? (?:\w+ )?allergy (?:to|against)\b", "is allergic to"),
    (rf"\b{_NOT_EAT}\b(?= \w)", "is allergic to"),
    (r"\b(?:loves|adores|enjoys|is fond of|is (?:really |totally )?into|really likes)\b", "likes"),
    (
        (
            r"(is allergic to .+?)(?: and| because| since)? (?:she|he|they)(?:'s| is|'re| are) allergic(?: "
            r"to (?:it|them|those))?$"
        ),
        r"\1",
    ),
    (r"^(?:my|the) doctor (?:has |have )?(?:put|switched|started) me (?:on|to) ", "i take "),
    (r"^(i|we)(?: am|'m| are|'re) taking ", r"\1 take "),
    (
        (
            r"^(?:i|we) (?:have|got|have got) (?:a|an|my|another) (?P<s>(?:[\w-]+ ){0,2}(?:appointment|"
            r"meeting|exam|class|"
            r"flight|interview|check ?up|lesson)) (?:is )?(?:on |at )?(?P<v>.+)$"
        ),
        r"my \g<s> is on \g<v>",
    ),
    (r"\b(?:is|are) living (?=in|on|at|near|with)", "lives "),
    (r"^(?P<s>[\w-]+|my \w+) is (?P<v>an? .+?) by (?:trade|profession)$", r"\g<s> works as \g<v>"),
    (r"\b(?:love|adore|enjoy)\b", "like"),
    (
        rf"^(?P<s>.+?) (?:(?:has |have |just )*(?:been |got )|was |is |has |have )?moved to (?P<v>.*{_TIME}.*)$",
        r"\g<s> is on \g<v>",
    ),
    (r"^(?P<s>.+?) (?:has|have) (?:been )?moved to (?P<v>.+)$", r"\g<s> lives in \g<v>"),
    (r"\b(?:has|have) (?:his |her |their |a )?birthday (?=on\b)", "birthday is "),
    (r"^(?P<s>[\w-]+) birthday is ", r"\g<s>'s birthday is "),
    (rf"^(?P<s>[\w-]+|my \w+) (?:has|wears|owns) an? (?P<c>{_COLOUR}) (?P<v>\w+)$", r"\g<s>'s \g<v> is \g<c>"),
    (rf"^the colou?r of (?P<s>.+?) is (?P<c>{_COLOUR})$", r"\g<s> is \g<c>"),
    (
        rf"^(?:i'm|i am|we are|we're) (?:staying |sitting )?(?:in|at|on) (?P<s>{_WHERE_SAID}) (?P<v>[\w-]+)$",
        r"my \g<s> is \g<v>",
    ),
    (
        (
            r"\bthe (pass ?word|pass ?code|pin|code|key) (?:for|of|to) (?:the |our |my )?([\w-]+(?: "
            r"[\w-]+)?)(?= is\b|$)"
        ),
        r"the \2 \1",
    ),
)
_QUESTIONS: Final[tuple[tuple[str, str], ...]] = (
    (r"^(?:can|could|would) you (?:please )?(?:tell me|say)(?: again)? (?=what|where|who|when|which|how)", ""),
    (
        (
            r"^(?:tell me|do you (?:still )?(?:know|remember|recall))(?: again)? (the|my|our) (?!way\b|"
            r"time\b|story\b|news\b)"
        ),
        r"what is \1 ",
    ),
    (r"^where have (i|we) (?:just )?(park|place|store|lock)e?d\b", r"where did \1 \2"),
    (r"^where have (i|we) (?:just )?left\b", r"where did \1 leave"),
    (r"^where have (i|we) (?:just )?(put|hid)(?:den)?\b", r"where did \1 \2"),
    (r"^(?:what|which) was it that (?:i|we) ", "what did i "),
    (rf"^what (?:is|was) it that (.+?) {_NOT_EAT}$", r"what is \1 allergic to"),
    (r"^what (?:is|was) it that (.+?) (like|love|eat|drink|want|need|collect|play)s?$", r"what does \1 \2"),
    (rf"^(?:do you (?:still )?(?:know|remember) )?what (.+?) {_NOT_EAT}$", r"what is \1 allergic to"),
    (
        r"^what (?:can't|cannot|can|may|must|should|mustn't|shouldn't) (.+?) (?:not )?(?:eat|have)$",
        r"what is \1 allergic to",
    ),
    (
        (
            r"^(?:which|what) (?:kind of |sort of )?(?:food|foods|nuts?|thing|things|medicines?) (is|are|"
            r"am) (.+?) allergic to$"
        ),
        r"what \1 \2 allergic to",
    ),
    (r"^is there (?:any food|anything) (?:that )?(.+?) is allergic to$", r"what is \1 allergic to"),
    (
        (
            r"^(?:in |at )?(?:which|what) (?:town|city|country|village|street|place|part of town) (do|"
            r"does|did) (.+?) live(?: in)?(?P<r>.*)$"
        ),
        r"where \1 \2 live\g<r>",
    ),
    (
        (
            r"^(?:for |at )?(?:which|what|who|whom) (?:company|firm|employer|business|place|office)? ?(do|"
            r"does|did) (.+?) work(?: for| at| in)?(?P<r>.*)$"
        ),
        r"where \1 \2 work\g<r>",
    ),
    (r"^(?:which|what) colou?r (?:do|does|has) (.+?) have$", r"what colour is \1"),
    (r"^what day is (?=.*\b(?:birthday|anniversary|appointment|meeting)\b)", "when is "),
    (
        (
            r"^(do you (?:still )?(?:know|remember) )?when (?:do |does )?(.+?) (?:has|have) (?:his |her |"
            r"their |a )?birthday$"
        ),
        r"when is \2's birthday",
    ),
    (
        (
            r"^when (?:do|must|should) (?:i|we) (?:have to |need to )?(?:be at|go to|see|be with|"
            r"meet) (?:the|my|our) ([\w-]+)$"
        ),
        r"when is my \1 appointment",
    ),
    (
        rf"^(?:which|what) ({_WHERE_SAID}) (?:am i|are we|do i have|have i got|is mine|was mine)(?: in| at| on)?$",
        r"what is my \1",
    ),
)
_COMPILED_FACTS: Final = tuple((re.compile(pattern), plain) for pattern, plain in _FACTS)
_COMPILED_QUESTIONS: Final = tuple((re.compile(pattern), plain) for pattern, plain in _QUESTIONS)

_PROGRESSIVE: Final = re.compile(rf"^(i|we)(?:'m| am|'re| are) (?:now |just )?({'|'.join(_DOING)}) ", re.IGNORECASE)


@lru_cache(maxsize=4096)
def as_fact(text: str) -> str:
    """A statement in plain words: "Zelda has an allergy to nuts" -> "zelda is allergic to nuts"."""
    return _plain(normal(in_order(normal(text))))


def _plain(words: str) -> str:
    for pattern, plain in _COMPILED_FACTS:
        words = pattern.sub(plain, words)
    return " ".join(words.split())


@lru_cache(maxsize=1024)
def as_question(text: str) -> str:
    """A question in plain words: "in which town does Zelda live" -> "where does zelda live"."""
    words = plainly(normal(bare(text)))
    for pattern, plain in _COMPILED_QUESTIONS:
        words = pattern.sub(plain, words)
    return _plain(words)


def as_told(text: str) -> str:
    """A thing that is being done as one that was: "I'm putting my keys on the piano" -> "I put my keys …". Case and
    punctuation stay."""
    said = _PROGRESSIVE.sub(lambda m: f"{m[1]} {_DOING[m[2].lower()]} ", text.strip())
    return re.sub(r"^(i|we)'ve (?:just )?", r"\1 have ", said, flags=re.IGNORECASE)
