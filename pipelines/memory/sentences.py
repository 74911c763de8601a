"""What the wearer's words ask of memory: tables of patterns, first match wins; no model is asked.

Told:   "remember that Anna is allergic to nuts", "my locker is 214", "I parked on level 3", "note that …" with a fact
Asked:  "where did I park", "what was my locker before", "what did I ask you yesterday about the train",
        "what do you know about me", "where do you know that from"
Forget: "forget that", "forget what I told you about Anna", "forget the last hour", "forget everything"
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.dates import time_words
from pipelines.memory.phrasing import as_question
from pipelines.memory.telling import PLEASE, keep_said, offered, told
from pipelines.thinking.intent import Intent, normal

# ---------------------------------------------------------------------------------------------------------------- asked

_ABOUT: Final = r"(?P<about>.+)"
_SAID: Final = r"(?:tell|told|say|said|mention|mentioned|explain|explained)"
_ASKED: Final[tuple[tuple[str, str], ...]] = (
    (
        (
            r"(?:where|how) (?:do|did) you know (?:that|this|it)(?: from)?|who (?:told|said) (?:you )?(?:that|this|"
            r"it)(?: to you)?|since when do you know (?:that|this|it)|when did i (?:tell|say) (?:you )?(?:that|this|"
            r"it)(?: to you)?|did i (?:tell you|say) (?:that|this)|who (?:says|said) so|where do you have that from|"
            r"where did you get that from"
        ),
        "source",
    ),
    (
        (
            r"what (?:do|did|have) you (?:know|remember|remembered|stored?|learned?|keep|kept)(?: (?:of|about) (?:me|"
            r"us))?|what have i (?:told|asked) you(?: to remember| so far)?|what did i (?:tell you|"
            r"ask you to remember)(?: so far)?|what is in your memory|(?:tell me|show me|list) (?:everything|all|"
            r"what) you (?:know|remember)(?: about me)?|do you know anything about me"
        ),
        "overview",
    ),
    (
        (
            r"(?:what else|(?:and )?(?:tell me )?more|anything else|go on|the rest|"
            r"what else do you know(?: about me)?)"
        ),
        "more",
    ),
    (
        (
            rf"(?:what|when|did) (?:did )?i (?:already )?(?:ask|asked) you(?: \w+)?(?: (?:about|regarding|on|"
            rf"to do with) {_ABOUT})?"
        ),
        "turns",
    ),
    (
        (
            rf"(?:what (?:did|was|have) (?:you|your) (?:answer|answered|say|said|tell me|told me|reply|"
            rf"replied)) ?(?:to me )?(?:about|regarding|on|when i asked (?:you )?about) {_ABOUT}"
        ),
        "turns",
    ),
    (rf"what did we (?:talk|speak|chat)(?: about)?(?: {_ABOUT})?", "turns"),
    (rf"what (?:did|have) i (?:ever )?{_SAID}(?: to)?(?: you)?(?: all)? (?:about|of|on|regarding) {_ABOUT}", "about"),
    (
        (
            rf"(?:what do you (?:know|remember)|(?:tell me )?(?:what|everything|all(?: that)?) you (?:know|remember)|"
            rf"do you (?:know|remember) anything|what is (?:there )?in your memory|what have you (?:stored|"
            rf"remembered)) (?:about|of|on) {_ABOUT}"
        ),
        "about",
    ),
    (
        (
            rf"(?:what|where|who|which|when) (?:was|were|did|is) {_ABOUT} (?:before(?: that)?|last time|previously|"
            rf"earlier|in the past|until now)"
        ),
        "before",
    ),
    (r"what (?:was|were|is) (?P<old>(?:my|our|the|\w+'s) (?:old|former|previous|last) .+)", "before"),
    (r"where did (?:i|we) (?:park|leave|put|place|hide|store|keep|lay|lock|see|last see|have)\b.*", "only"),
    (r"(?:where|what|when|who|which|how)\b.* (?:did|have|had) i (?:tell|told|say|said|mention|mentioned)\b.*", "only"),
    (r"do you (?:still )?(?:remember|know|recall) (?:what|where|when|who|which|how|my|our) ?.+", "only"),
    (r"(?:remind me|tell me again) (?:what|where|who|which|when) .+", "only"),
)
_ASKED_PATTERNS: Final = tuple((re.compile(pattern), name) for pattern, name in _ASKED)
# What is the wearer's own: the picture may show it too.
_OF_WEARER: Final = re.compile(
    "|".join(
        (
            r"(?:what|who|when|which|where)(?:'s| is| are|'re| was| were) (?:my|our) .+",
            r"(?:what|which) \w+ (?:is|are|was|were) (?:my|our)\b.*",
            r"(?:what|which) \w+ (?:do|did|have) (?:i|we)\b.*",
            r"what(?:'s| is) the (?:[\w-]+ )?(?:pass ?word|pass ?code|pin|combination|alarm code|door code|gate code)",
            r"who am i|where do (?:i|we) live|where (?:am i|are we) staying|what am i allergic to|how old am i",
        )
    )
)
# What somebody who stands beside the wearer, or a device, could tell: no model of the world knows it.
_OF_PERSON: Final = re.compile(
    r"(?:what(?:'s| is)|when(?:'s| is)|where(?:'s| is)) [\w-]+'s (?:\w+ )?(?:birthday|number|phone|address|email|"
    r"name|favou?rite.*|"
    r"job|allergy|allergies|coat|room|seat|size|desk|office|code|car)\b.*|what (?:is|are|"
    r"isn't) [\w-]+(?: [\w-]+)? allergic to|what colou?r (?:is|are) [\w-]+'s \w+|"
    r"(?:where|what) does [\w-]+ (?:live|work|like|love|hate|eat|drink|prefer|want|need|do)\b.*|"
    r"how old is (?:my )?[\w-]+|"
    r"(?:is|are|am) (?:[\w-]+|my [\w-]+) (?:still )?allergic to .+|what (?:can|can't|shouldn't|should) [\w-]+ eat|"
    r"(?:does|did) [\w-]+ (?:like|eat|drink|live|work|have|prefer|own)\b.*"
)


def asked(text: str) -> Intent | None:
    """What these words ask of memory; None if they may be about anything. `subject`: what it is about, "" = all."""
    return _asked(normal(text)) or _asked(as_question(text))


def _asked(words: str) -> Intent | None:
    words = PLEASE.sub("", words).strip()
    when = time_words(words)
    bare = " ".join(words.replace(when, " ").split()) if when else words
    for pattern, name in _ASKED_PATTERNS:
        match = pattern.fullmatch(bare) or (pattern.fullmatch(words) if when else None)
        if match is None:
            continue
        found = match.groupdict()
        about = found.get("about") or found.get("old") or ""
        if name == "source" and when:
            continue
        return Intent("recall", name, about or (when if name == "turns" and not about else ""))
    return None


def of_wearer(text: str) -> bool:
    """A question about something of the wearer's own."""
    return _any_of(_OF_WEARER, text)


def of_person(text: str) -> bool:
    """A question about somebody whom only the wearer knows, as far as words show."""
    return _any_of(_OF_PERSON, text)


def _any_of(pattern: re.Pattern[str], text: str) -> bool:
    """As it was said, or in plain words."""
    said = (PLEASE.sub("", words).strip() for words in (normal(text), as_question(text)))
    return any(pattern.fullmatch(words) for words in said)


# --------------------------------------------------------------------------------------------------------------- forget

_FORGET: Final = r"(?:forget|delete|erase|remove|don't remember|do not remember|stop remembering|unlearn|wipe)"
_ALL: Final = r"(?:everything|all(?: of (?:it|that|this))?|it all|anything)"
_SINCE: Final = (
    r"(?:the )?(?:last|past) (?:[\w-]+ ){0,3}?(?:minute|hour|day|week|month)s?|today|yesterday|this (?:morning|"
    r"afternoon|"
    r"evening|week)|last (?:night|week)"
)
_FORGETS: Final[tuple[tuple[str, str], ...]] = (
    (
        (
            rf"{_FORGET} (?:{_ALL}|me|us|your (?:whole |entire )?memory)(?: (?:that )?(?:you (?:know|remember|stored|"
            rf"have)|i (?:ever )?(?:told|asked|said))(?: (?:to )?(?:you|me))?)?(?: (?:about|of) (?:me|us))?(?: (?:now|"
            rf"for good|forever))?"
        ),
        "everything",
    ),
    (
        (
            rf"{_FORGET} (?:what|all|everything|anything)?(?: (?:that )?i (?:told|asked|said)(?: to)?(?: you)?|"
            rf" (?:that )?you (?:know|heard|saw|remember)| of| from| in)*(?: (?:in|from|of|"
            rf"during))? ?(?P<since>{_SINCE})"
        ),
        "since",
    ),
    (
        (
            rf"{_FORGET} (?:that|this|it|what i (?:have )?just (?:said|told you|asked)|what i (?:said|"
            rf"told you)(?: just now)?|the last (?:thing|one|fact)(?: i (?:said|told you))?|that again)"
        ),
        "that",
    ),
    (
        (
            rf"{_FORGET} (?:(?:what|everything|all|anything)(?: (?:that )?(?:i (?:have )?(?:ever )?(?:told|said|"
            rf"asked)(?: to)?(?: you)?|you (?:know|remember|stored|have)))? )?(?:about|of|on|regarding) (?P<about>.+)"
        ),
        "about",
    ),
    (
        rf"{_FORGET} that (?P<text>.+ (?:is|are|was|were|likes?|lives?|works?|eats?|has|have|parked|left|put)\b.*)",
        "fact",
    ),
    (
        (
            rf"{_FORGET} (?P<about>(?:my|our|where|what|who) .+|(?:the )?(?!about\b|to\b|timer|alarm|"
            rf"reminder)[\w'-]+(?: [\w'-]+)?)"
        ),
        "about",
    ),
)
_FORGET_PATTERNS: Final = tuple((re.compile(pattern), name) for pattern, name in _FORGETS)
_WHO = re.compile(
    r"^(?:(?:where|what|who|when) (?:is|are|was|were|did i (?:park|put|leave)|i (?:parked|put|left)) )|^(?:my|our|the) "
)


def forgetting(text: str) -> Intent | None:
    """What these words want forgotten; None if they want nothing forgotten. `subject`: what it is about."""
    words = PLEASE.sub("", normal(text)).strip()
    for pattern, name in _FORGET_PATTERNS:
        if match := pattern.fullmatch(words):
            found = match.groupdict()
            subject = found.get("about") or found.get("since") or found.get("text") or ""
            if name == "about" and subject in {"me", "myself", "us"}:
                return Intent("memory", "everything")
            return Intent("memory", f"forget_{name}" if name != "everything" else name, _bare(subject, name))
    return None


def _bare(subject: str, name: str) -> str:
    return _WHO.sub("", subject).strip() or subject if name == "about" else subject


def understood(text: str) -> Intent | None:
    """What these words ask of memory; None if they are about something else."""
    words = normal(text)
    if (wanted := forgetting(text)) is not None:
        return wanted
    if keep_said(words):
        return Intent("memory", "keep")
    if told(text):
        return Intent("memory", "tell")
    return asked(text) or (Intent("memory", "offer") if offered(text) else None)
