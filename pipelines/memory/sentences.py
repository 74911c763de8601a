"""What the wearer's words ask of memory: tables of patterns, first match wins; no model is asked.

Told:   "remember that Anna is allergic to nuts", "my locker is 214", "I parked on level 3", "note that …" with a fact
Asked:  "where did I park", "what was my locker before", "what did I ask you yesterday about the train",
        "what do you know about me", "where do you know that from"
Forget: "forget that", "forget what I told you about Anna", "forget the last hour", "forget everything"
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory import other_words, riddance, speech, whole
from pipelines.memory.dates import time_words
from pipelines.memory.phrasing import as_question
from pipelines.memory.telling import EVENT, PLEASE, keep_said, offered, told
from pipelines.thinking.intent import Intent, normal

# ---------------------------------------------------------------------------------------------------------------- asked

_ABOUT: Final = r"(?P<about>.+)"
_SAID: Final = r"(?:tell|told|say|said|mention|mentioned|explain|explained)"
_ASKED: Final[tuple[tuple[str, str], ...]] = (
    (
        (
            r"(?:and )?(?:where|how) (?:do|did) you know(?: (?:that|this|it))?(?: from)?|"
            r"who (?:told|said) (?:you )?(?:that|this|"
            r"it)(?: to you)?|since when do you know (?:that|this|it)|"
            r"(?:when|how long ago|what (?:day|time)|since when)(?: was it)?(?: exactly)? (?:did|have|"
            r"had)? ?i (?:tell|told|say|"
            r"said|mention|mentioned) (?:you)?(?: ?(?:that|this|it))?(?: to you)?|says who|how (?:come|is it) "
            r"(?:that )?you know "
            r"(?:that|this|it)|where (?:is|was|comes|does) (?:that|this|it) (?:come )?from|"
            r"what makes you (?:say|think|so sure of) (?:that|this|so)|are you sure(?: about that)?|did "
            r"i (?:tell you|say) (?:that|this)|who (?:says|said) so|where do you have that from|"
            r"where did you get that from"
        ),
        "source",
    ),
    (
        (
            r"what (?:all )?(?:do|did|have) you (?:all )?(?:got|have|know|remember|remembered|stored?|"
            r"learn|learned?|keep|"
            r"kept)(?: stored| saved)?(?: (?:of|about|on) (?:me|us))?|"
            r"what (?:was|is) (?:it|(?:that|the) (?:thing|one)) (?:that )?i (?:told you|asked you to remember)|"
            r"i (?:told you|asked you to remember) something what was (?:it|that)|(?:list|tell me) what "
            r"you remember|"
            r"what (?:have|did)? ?i (?:told|tell|ask(?:ed)?) you(?: to remember| so far| to keep)*|"
            r"what did i say (?:that )?you should remember|what is in your memory|(?:tell me|show me|"
            r"list) (?:everything|all|"
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
    (
        (
            rf"(?:what|when|did) (?:did |have |had )?you (?:already |ever )?remind(?:ed)? me"
            rf"(?: (?:of|about|to) {_ABOUT}| of| about| to do)?|"
            r"(?:what|which) reminders (?:did|have|had) (?:i|you) (?:have|had|get|got|give me|told me)|"
            r"(?:what|which) reminders (?:were|have been) (?:there|said|told)(?: to me)?"
        ),
        "reminded",
    ),
    (
        (
            r"(?:and )?(?:what (?:was|is) (?:it|that) before(?: that)?|before that|what did it used? to be|"
            r"what was the "
            r"(?:old|previous|last|former) one|what did i (?:say|tell you) before(?: that)?)"
        ),
        "before_that",
    ),
    (rf"what did we (?:talk|speak|chat)(?: about)?(?: {_ABOUT})?", "turns"),
    (
        (
            rf"what (?:did|have) i (?:ever )?{_SAID}(?: to)?(?: you)?(?: all)? (?:about|of|on|regarding) "
            rf"{_ABOUT}"
        ),
        "about",
    ),
    (
        (
            rf"(?:what do (?:you|i|we) (?:know|remember|have)|(?:tell me )?(?:what|everything|all(?: that)?) you "
            rf"(?:know|remember)|"
            rf"do you (?:know|remember) anything|what is (?:there )?in your memory|what have you (?:stored|"
            rf"remembered|got)|what do you have|tell me (?:everything|all)|(?:do you have |you got |"
            rf"have you got )?(?:anything|something)|"
            rf"what else do you know) (?:about|of|on) {_ABOUT}"
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
    (
        (
            r"(?:where|what|when|who|which|how)\b.* (?:did|have|had) i (?:tell|told|say|said|mention|"
            r"mentioned)\b.*"
        ),
        "only",
    ),
    (r"do you (?:still )?(?:remember|know|recall) (?:what|where|when|who|which|how|my|our) ?.+", "only"),
    (r"(?:remind me|tell me again) (?:what|where|who|which|when) .+", "only"),
)
_ASKED_PATTERNS: Final = tuple((re.compile(pattern), name) for pattern, name in _ASKED)
# What is the wearer's own: the picture may show it too.
_OF_WEARER: Final = re.compile(
    "|".join(
        (
            r"(?:what|who|when|which|where)(?:'s| is| are|'re| was| were) (?:my|our) .+",
            r"(?:which|what) [\w-]+(?: [\w-]+)? (?:do|does|did|is|are|was|were) (?:my|our) .+",
            (
                r"(?:when|where|who|how (?:old|tall|much|many|big|heavy)) (?:do|does|did|is|are|was|were|"
                r"will|has|have) "
                r"(?:my|our|i|we) .+"
            ),
            r"(?:what|which) \w+ (?:is|are|was|were) (?:my|our)\b.*",
            r"(?:what|which) \w+ (?:do|did|have) (?:i|we)\b.*",
            (
                r"what(?:'s| is) the (?:[\w-]+ )?(?:pass ?word|pass ?code|pin|combination|(?:alarm|door|"
                r"gate|safe|lock) code)"
                r"(?: (?:at|in|of|for|to) .+)?"
            ),
            r"who am i|where do (?:i|we) live|where (?:am i|are we) staying|what am i allergic to|how old am i",
        )
    )
)
# What somebody who stands beside the wearer, or a device, could tell: no model of the world knows it.
_OF_PERSON: Final = re.compile(
    r"(?:what(?:'s| is)|when(?:'s| is)|where(?:'s| is)) [\w-]+'s (?:\w+ )?(?:birthday|number|phone|address|email|"
    r"name|favou?rite.*|partner|wife|husband|kids?|child|dog|cat|"
    r"job|allergy|allergies|coat|room|seat|size|desk|office|code|car)\b.*|what (?:is|are|"
    r"isn't) [\w-]+(?: [\w-]+)? allergic to|what colou?r (?:is|are) [\w-]+'s \w+|"
    r"(?:where|what) does [\w-]+(?: [\w-]+)? (?:live|work|like|love|hate|eat|drink|prefer|want|need|do)\b.*|"
    r"how old is (?:my )?[\w-]+|who(?:'s| is) [\w-]+(?:'s (?:partner|wife|husband|kid|boss|friend)| married to)|"
    r"what(?:'s| is) the (?:name|number|phone number|address) of "
    r"(?!the |an? |this |that )(?:[\w-]+ )?[\w-]+(?:'s [\w-]+)?|what could i get [\w-]+\b.*|"
    r"what does (?:he|she) like|is (?:[\w-]+ )?[\w-]+ anything .*\bknow|what (?:is|was) it with (?:[\w-]+ )?[\w-]+|"
    r"(?:which|what) (?:town|city|village|street) is (?!the |an? |this |that )(?:[\w-]+ )?[\w-]+ in|"
    r"(?:is|are|am) (?:[\w-]+|my [\w-]+) (?:still )?allergic to .+|what (?:can|can't|shouldn't|should) [\w-]+ eat|"
    r"(?:does|did) [\w-]+ (?:like|eat|drink|live|work|have|prefer|own)\b.*"
)


def asked(text: str) -> Intent | None:
    """What these words ask of memory; None if they may be about anything. `subject`: what it is about, "" = all."""
    return _asked(normal(text)) or _asked(normal(speech.bare(text))) or _asked(as_question(text))


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


_MINE_TOO: Final = (
    r"(?:car|van|scooter|keys?|wallet|passport|umbrella|dog|cat|dentist|doctor|landlord|room|locker|"
    r"seat|appointment|meeting|"
    rf"code|pass ?word|{EVENT})(?: name| number)?"
)


def personal(text: str) -> bool:
    """A question that names something of the wearer's or of a person: who asks it does not mean the world."""
    words = as_question(text)
    return re.match(r"(?:what|where|who|when|which)\b", words) is not None and bool(
        re.search(
            r"\b(?:my|our|mine|ours|(?:did|do|am|have|had) (?:i|we)|(?:i|we) (?:left|put|parked|kept|"
            r"have|had|take|said|told))\b|\b(?!(?:what|where|who|when|it|that|there|here|today)'s)\w+'s\b",
            words,
        )
        or re.fullmatch(rf"(?:what|where|who|when) (?:is|are) the (?:[\w-]+ )?{_MINE_TOO}", words)
    )


def of_person(text: str) -> bool:
    """A question about somebody whom only the wearer knows, as far as words show."""
    return _any_of(_OF_PERSON, text)


def _any_of(pattern: re.Pattern[str], text: str) -> bool:
    """As it was said, or in plain words."""
    said = (PLEASE.sub("", words).strip() for words in (normal(text), normal(speech.bare(text)), as_question(text)))
    return any(pattern.fullmatch(words) for words in said)


# --------------------------------------------------------------------------------------------------------------- forget

_NOT_KEEP: Final = re.compile(
    r"^(?:i (?:don't|do not|no longer) (?:want|need) you to|you (?:don't|do not|no longer) (?:need|have) to) "
    r"(?:remember|know|keep|store) (?P<what>.+?)(?: any ?more| any longer)?$"
)
_YOU_MAY: Final = re.compile(
    r"^(?:you (?:can|may|should|could)|i want you to|let's|do|no|actually|never ?mind|oh|now|please) "
    r"(?=(?:please )?"
    r"(?:forget|delete|erase|remove|wipe)\b)"
)
_TO_END: Final = re.compile(r"(?: (?:(?<!just )now|any ?more|again|please|completely|entirely|for good|altogether))+$")
_FORGET: Final = r"(?:forget|delete|erase|remove|don't remember|do not remember|stop remembering|unlearn|wipe)"
_ALL: Final = r"(?:everything|all(?: of (?:it|that|this))?|it all|anything)"
_SINCE: Final = (
    r"(?:the |this )?(?:last|past) (?:[\w-]+ ){0,3}?(?:minute|hour|day|week|month)s?|today|yesterday|this (?:morning|"
    r"afternoon|"
    r"evening|week)|last (?:night|week)"
)
_FORGETS: Final[tuple[tuple[str, str], ...]] = (
    (
        (
            rf"{_FORGET} (?:{_ALL}|me|us|your (?:whole |entire )?memory)(?: (?:that )?(?:you (?:know|"
            rf"remember|stored|"
            rf"have)|i (?:ever )?(?:told|asked|said))(?: (?:to )?(?:you|me))?)?(?: (?:about|of) (?:me|"
            rf"us))?(?: (?:now|"
            rf"for good|forever))?"
        ),
        "everything",
    ),
    (
        (
            rf"{_FORGET} (?:what|all|everything|anything)?"
            rf"(?: (?:that )?i(?:'ve| have)? (?:told|asked|said)(?: to)?(?: you)?|"
            rf" (?:that )?you (?:know|heard|saw|remember)| of| from| in)*(?: (?:in|from|of|"
            rf"during))? ?(?P<since>{_SINCE})"
        ),
        "since",
    ),
    (
        (
            rf"{_FORGET} (?:that|this|it|(?:that )?i (?:just )?said (?:that|this|it|so)|what i (?:have "
            rf")?just (?:said|told "
            rf"you|asked)|what i (?:said|told you)(?: just now)?|(?:the|that) last (?:thing|one|"
            rf"fact)(?: i (?:said|told you))?|that again)"
        ),
        "that",
    ),
    (
        (
            rf"{_FORGET} (?:(?:what|everything|all|anything)(?: (?:that )?(?:i (?:have )?(?:ever )?(?:told|said|"
            rf"asked)(?: to)?(?: you)?|you (?:know|remember|stored|have)))? |(?:the|that) (?:thing|one|"
            rf"stuff|bit) )?"
            rf"(?:about|of|on|regarding) (?P<about>.+)"
        ),
        "about",
    ),
    (
        rf"{_FORGET} that (?P<text>.+ (?:is|are|was|were|likes?|lives?|works?|eats?|has|have|parked|left|put)\b.*)",
        "fact",
    ),
    (
        (
            rf"{_FORGET} (?P<about>(?:my|our|where|what|who|which|when|how) .+|[\w-]+'s .+|the "
            rf"(?!(?:timer|alarm|reminder)s?$)[\w-]+(?: [\w'-]+){{0,3}}|"
            rf"(?:the )?(?!about\b|to\b|timer|alarm|"
            rf"reminder)[\w'-]+(?: [\w'-]+)?)"
        ),
        "about",
    ),
)
_FORGET_PATTERNS: Final = tuple((re.compile(pattern), name) for pattern, name in _FORGETS)
_WHO = re.compile(
    r"^(?:(?:where|what|who|when) (?:is|are|was|were|did i (?:park|put|leave)|i (?:parked|put|left)) )|"
    r"^(?:my|our|the) "
)


def forgetting(text: str) -> Intent | None:
    """What these words want forgotten; None if they want nothing forgotten. `subject`: what it is about."""
    if (wanted := riddance.wanted(text)) is not None:
        return wanted
    words = PLEASE.sub("", normal(speech.bare(text))).strip()
    words = _YOU_MAY.sub("", _NOT_KEEP.sub(r"forget \g<what>", words))
    words = PLEASE.sub("", _TO_END.sub("", words)).strip()
    words = re.sub(rf"^{_FORGET} (.+) from (?:your )?memory$", r"forget everything about \1", words)
    words = re.sub(r"^(forget|delete|erase|remove|wipe) anything (?=about|of|on)", r"\1 everything ", words)
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
    if (wanted := forgetting(text) or other_words.forgetting_lately(text)) is not None:
        return wanted
    if not told(text) and (wanted := other_words.forgetting(text)) is not None:
        return wanted
    if keep_said(words):
        return Intent("memory", "keep")
    if (wanted := whole.asked(text)) is not None:
        return wanted
    if told(text):
        return Intent("memory", "tell")
    if (wanted := asked(text)) is not None:
        return wanted
    if offered(text):
        return Intent("memory", "offer")
    return other_words.asked(text) or other_words.stored_about(text)
