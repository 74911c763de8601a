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
from pipelines.memory.facts import cleaned, fact_of
from pipelines.memory.phrasing import as_question, as_told
from pipelines.thinking.intent import Intent, normal

_PLEASE: Final = re.compile(
    r"^(?:(?:please|hey|okay|ok|earshot|and|so|well|now|also|(?:can|could|will|would) you(?: please)?|i want you to|"
    r"i'd like you to|you should|you must) )+| (?:please|thanks|thank you|for me|again)$"
)

# ----------------------------------------------------------------------------------------------------------------- told

_REMEMBER: Final = re.compile(
    r"\s*(?:(?:please|hey|okay|ok|earshot|(?:can|could|will|would) you(?: please)?|i want you to|and|also),?\s+)*"
    r"(?:remember|memori[sz]e|keep in mind|bear in mind|don['’]t forget|do not forget|never forget|"
    r"(?P<note>note(?: down)?|make a note|take a note|write down))(?P<that> that|,? for me(?: that)?)?[\s:,]+(?P<text>.+)",
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
    r"(?:\w+ )?(?:locker|room|seat|row|gate|platform|track|table|desk|office|floor|apartment|flat|house|car|bike|bicycle|"
    r"bag|suitcase|luggage|coat|jacket|umbrella|keys?|wallet|phone|glasses|hotel|flight|train|bus|appointment|meeting|"
    r"address|birthday|anniversary|name|number|plate|license plate|shoe size|size|password|pass ?code|pin|code|"
    r"combination|wifi|doctor|dentist|lawyer|landlord|boss|teacher|blood type|blood group|spot|parking (?:spot|space|place)|"
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
        rf"(?:i|we) (?:have |just |'ve )*(?:put|left|hid|stored|locked|placed|keep|laid) (?:my|our|the) .+? {_ABED}\b.+",
        r"(?:i'm|i am|we are|we're) (?:not |no longer )?allergic to .+",
        r"(?:i|we) (?:live|moved) (?:in|at|to) .+|i work (?:at|for) .+|i am staying (?:at|in) .+",
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


def keep_said(words: str) -> bool:
    """“Remember that”: what was just said. `words`: normal."""
    plain = _PLEASE.sub("", words)
    return bool(
        re.fullmatch(
            r"(?:remember|memori[sz]e|keep|save) (?:this|that|it)(?: (?:for me|for later|in mind|answer))*", plain
        )
    )


# ---------------------------------------------------------------------------------------------------------------- asked

_ABOUT: Final = r"(?P<about>.+)"
_SAID: Final = r"(?:tell|told|say|said|mention|mentioned|explain|explained)"
_ASKED: Final[tuple[tuple[str, str], ...]] = (
    (r"(?:where|how) (?:do|did) you know (?:that|this|it)(?: from)?|who (?:told|said) (?:you )?(?:that|this|it)(?: to you)?|since when do you know (?:that|this|it)|when did i (?:tell|say) (?:you )?(?:that|this|it)(?: to you)?|did i (?:tell you|say) (?:that|this)|who (?:says|said) so|where do you have that from|where did you get that from", "source"),
    (r"what (?:do|did|have) you (?:know|remember|remembered|stored?|learned?|keep|kept)(?: (?:of|about) (?:me|us))?|what have i (?:told|asked) you(?: to remember| so far)?|what did i (?:tell you|ask you to remember)(?: so far)?|what is in your memory|(?:tell me|show me|list) (?:everything|all|what) you (?:know|remember)(?: about me)?|do you know anything about me", "overview"),
    (r"(?:what else|(?:and )?(?:tell me )?more|anything else|go on|the rest|what else do you know(?: about me)?)", "more"),
    (rf"(?:what|when|did) (?:did )?i (?:already )?(?:ask|asked) you(?: \w+)?(?: (?:about|regarding|on|to do with) {_ABOUT})?", "turns"),
    (rf"(?:what (?:did|was|have) (?:you|your) (?:answer|answered|say|said|tell me|told me|reply|replied)) ?(?:to me )?(?:about|regarding|on|when i asked (?:you )?about) {_ABOUT}", "turns"),
    (rf"what did we (?:talk|speak|chat)(?: about)?(?: {_ABOUT})?", "turns"),
    (rf"what (?:did|have) i (?:ever )?{_SAID}(?: to)?(?: you)?(?: all)? (?:about|of|on|regarding) {_ABOUT}", "about"),
    (rf"(?:what do you (?:know|remember)|(?:tell me )?(?:what|everything|all(?: that)?) you (?:know|remember)|do you (?:know|remember) anything|what is (?:there )?in your memory|what have you (?:stored|remembered)) (?:about|of|on) {_ABOUT}", "about"),
    (rf"(?:what|where|who|which|when) (?:was|were|did|is) {_ABOUT} (?:before(?: that)?|last time|previously|earlier|in the past|until now)", "before"),
    (rf"what (?:was|were|is) (?P<old>(?:my|our|the|\w+'s) (?:old|former|previous|last) .+)", "before"),
    (r"where did (?:i|we) (?:park|leave|put|place|hide|store|keep|lay|lock|see|last see|have)\b.*", "only"),
    (r"(?:where|what|when|who|which|how)\b.* (?:did|have|had) i (?:tell|told|say|said|mention|mentioned)\b.*", "only"),
    (r"do you (?:still )?(?:remember|know|recall) (?:what|where|when|who|which|how|my|our) ?.+", "only"),
    (r"(?:remind me|tell me again) (?:what|where|who|which|when) .+", "only"),
)  # fmt: skip
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
    r"(?:what(?:'s| is)|when(?:'s| is)|where(?:'s| is)) [\w-]+'s (?:\w+ )?(?:birthday|number|phone|address|email|name|favou?rite.*|"
    r"job|allergy|allergies|coat|room|seat|size|desk|office|code|car)\b.*|what (?:is|are|isn't) [\w-]+(?: [\w-]+)? allergic to|"
    r"what colou?r (?:is|are) [\w-]+'s \w+|"
    r"(?:where|what) does [\w-]+ (?:live|work|like|love|hate|eat|drink|prefer|want|need|do)\b.*|how old is [\w-]+|"
    r"(?:is|are|am) (?:[\w-]+|my [\w-]+) (?:still )?allergic to .+|what (?:can|can't|shouldn't|should) [\w-]+ eat|"
    r"(?:does|did) [\w-]+ (?:like|eat|drink|live|work|have|prefer|own)\b.*"
)


def asked(text: str) -> Intent | None:
    """What these words ask of memory; None if they may be about anything. `subject`: what it is about, "" = all."""
    return _asked(normal(text)) or _asked(as_question(text))


def _asked(words: str) -> Intent | None:
    words = _PLEASE.sub("", words).strip()
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
    said = (_PLEASE.sub("", words).strip() for words in (normal(text), as_question(text)))
    return any(pattern.fullmatch(words) for words in said)


# --------------------------------------------------------------------------------------------------------------- forget

_FORGET: Final = r"(?:forget|delete|erase|remove|don't remember|do not remember|stop remembering|unlearn|wipe)"
_ALL: Final = r"(?:everything|all(?: of (?:it|that|this))?|it all|anything)"
_SINCE: Final = (
    r"(?:the )?(?:last|past) (?:[\w-]+ ){0,3}?(?:minute|hour|day|week|month)s?|today|yesterday|this (?:morning|afternoon|"
    r"evening|week)|last (?:night|week)"
)
_FORGETS: Final[tuple[tuple[str, str], ...]] = (
    (rf"{_FORGET} (?:{_ALL}|me|us|your (?:whole |entire )?memory)(?: (?:that )?(?:you (?:know|remember|stored|have)|i (?:ever )?(?:told|asked|said))(?: (?:to )?(?:you|me))?)?(?: (?:about|of) (?:me|us))?(?: (?:now|for good|forever))?", "everything"),
    (rf"{_FORGET} (?:what|all|everything|anything)?(?: (?:that )?i (?:told|asked|said)(?: to)?(?: you)?| (?:that )?you (?:know|heard|saw|remember)| of| from| in)*(?: (?:in|from|of|during))? ?(?P<since>{_SINCE})", "since"),
    (rf"{_FORGET} (?:that|this|it|what i (?:have )?just (?:said|told you|asked)|what i (?:said|told you)(?: just now)?|the last (?:thing|one|fact)(?: i (?:said|told you))?|that again)", "that"),
    (rf"{_FORGET} (?:(?:what|everything|all|anything)(?: (?:that )?(?:i (?:have )?(?:ever )?(?:told|said|asked)(?: to)?(?: you)?|you (?:know|remember|stored|have)))? )?(?:about|of|on|regarding) (?P<about>.+)", "about"),
    (rf"{_FORGET} that (?P<text>.+ (?:is|are|was|were|likes?|lives?|works?|eats?|has|have|parked|left|put)\b.*)", "fact"),
    (rf"{_FORGET} (?P<about>(?:my|our|where|what|who) .+|(?:the )?(?!about\b|to\b|timer|alarm|reminder)[\w'-]+(?: [\w'-]+)?)", "about"),
)  # fmt: skip
_FORGET_PATTERNS: Final = tuple((re.compile(pattern), name) for pattern, name in _FORGETS)
_WHO = re.compile(
    r"^(?:(?:where|what|who|when) (?:is|are|was|were|did i (?:park|put|leave)|i (?:parked|put|left)) )|^(?:my|our|the) "
)


def forgetting(text: str) -> Intent | None:
    """What these words want forgotten; None if they want nothing forgotten. `subject`: what it is about."""
    words = _PLEASE.sub("", normal(text)).strip()
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
    return asked(text)
