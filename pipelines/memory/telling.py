"""What the wearer tells to be remembered: with "remember", as a plain statement about what is theirs, or about
somebody, which is asked back first."""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory import speech
from pipelines.memory.clauses import in_order, last_clause
from pipelines.memory.facts import cleaned, fact_of
from pipelines.memory.open_questions import asks_within
from pipelines.memory.phrasing import as_fact, as_told
from pipelines.thinking.intent import normal

PLEASE: Final = re.compile(
    r"^(?:(?:please|hey|okay|ok|earshot|and|so|well|now|also|(?:can|could|will|would) you(?: please)?|i "
    r"want you to|"
    r"i'd like you to|you should|you must) )+| (?:please|thanks|thank you|for me|again)$"
)

_NOTED: Final = re.compile(  # without "that" it is a note, as "note: buy milk" is
    r"\s*(?:(?:please|hey|okay|ok|earshot|(?:can|could|would|will) you(?: please)?|and|also),?\s+)*"
    r"(?:note(?! to self)(?: down)?|make a note|take a note|write down)"
    r"(?P<that>,? (?:for me )?that)?[\s:,]+(?P<text>.+)",
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
    r"(?:[\w-]+ ){0,2}?(?:locker|passport|scooter|lock|medicines?|medication|pills?|tablets?|coffee|"
    r"dose|room|seat|row|gate|platform|track|table|desk|office|floor|apartment|flat|house|car|bike|"
    r"bicycle|"
    r"bag|suitcase|luggage|coat|jacket|umbrella|keys?|wallet|phone|glasses|hotel|flight|train|bus|"
    r"appointment|meeting|"
    r"address|birthday|anniversary|name|number|plate|license plate|shoe size|size|password|pass ?code|pin|code|"
    r"combination|wifi|doctor|dentist|lawyer|landlord|boss|teacher|blood type|blood group|spot|parking (?:spot|"
    r"space|place)|"
    r"booking|reservation|ticket|order|(?:favou?rite|preferred) \w+(?: \w+)?|\w+ (?:number|code|"
    r"password|size|address|birthday))"
)
_PERSON: Final = (
    r"(?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|aunt|uncle|neighbou?r|friend|"
    r"girlfriend|boyfriend|dog|cat|baby)"
)
_VALUE: Final = (
    r"(?!(?:not |so |too |very )?(?:\w+ing|broken|hurt|great|good|nice|lovely|beautiful|fine|bad|terrible|cold|hot|"
    r"big|heavy|expensive|cheap|slow|amazing|dirty|wet|here|there|over|dead|gone|lost|late|wrong|ready|full|empty|"
    r"sore)\b).+"
)
_ABED: Final = (
    r"(?:on|at|in|under|behind|beside|next to|near|by|inside|outside|upstairs|downstairs|level|floor|row|deck|"
    r"opposite|above|below|between|around|over|in front of|on top of|across from)"
)
_TO: Final = r"(?: (?:on|at|in|for|of|to) (?:the |my |our )?\w+)?"  # "my seat on the flight"
_LOST: Final = (  # of these it is worth telling where they are, also as "the"
    r"(?:car|bike|van|scooter|motorbike|keys?|wallet|passport|umbrella|phone|glasses|bag|suitcase|backpack|laptop|"
    r"charger|tickets?)"
)
_SPOT: Final = (
    rf"(?:{_ABED}\b.+|(?:now |still )?(?:the \w+ (?:zone|street|road|lane|garage|side|place|corner)|"
    r"[\w-]+ (?:street|road|avenue|lane|square|garage|station))\b.*)"
)
_BODY: Final = r"(?:head|foot|feet|leg|back|arm|hand|knee|heart|stomach|battery|mind|life|day|eyes?|hair|train|bus)"
EVENT: Final = (
    r"(?:[\w-]+ )?(?:lecture|class|course|seminar|lesson|exam|interview|"
    r"appointment|meeting|rehearsal|practice|training)"
)
_DIGIT: Final = (
    r"(?:[a-z]?\d+[a-z]?|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)"
)
_DATED: Final = (
    r"(?:on |at |now )*(?:(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:the )?\w+(?:th|"
    r"st|nd|rd|first|second)\b|"
    r"tomorrow|(?:january|february|march|april|may|june|july|august|september|october|november|december))\b.*"
)
_STATED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:my|our) {_THINGS}(?:'s (?:number|name))?{_TO} (?:is|are) (?:now )?{_VALUE}",
        (
            rf"(?:my|our) (?!{_BODY}\b)[\w'-]+(?: [\w'-]+){{0,3}}? (?:is|are) (?:now |still )?"
            rf"(?:(?:called|named) .+|{_ABED} (?:the|my|our|a|an)\b.+|(?:number )?{_DIGIT}(?: {_DIGIT})+)"
        ),
        r"(?:the|my|our) (?:dog|cat|baby|puppy|kitten)(?:'s name is| is (?:called|named)) .+",
        rf"(?:the|my|our) {_LOST} (?:is|are) (?:now |still )?{_SPOT}",
        rf"(?:the|my|our) {EVENT} (?:is|are) (?:now |still )?{_ABED} .+",
        rf"(?:house |car )?(?:keys|glasses|tickets) are (?:now |still )?{_SPOT}",
        (
            r"the (?:[\w-]+ ){0,2}(?:code|pass ?word|pass ?code|pin|combination)(?: (?:for|of|to) .+?)? "
            r"(?:is|are) .+"
        ),
        rf"the (?:room|locker|seat|gate|table|flight|platform)(?: number)?{_TO} is (?:now )?(?:\w+ )?{_DIGIT}\b.*",
        rf"(?:the|my|our) (?:[\w-]+ )?(?:appointment|meeting|exam|interview|check ?up) (?:is|was) {_DATED}",
        rf"(?:my|our) (?:new )?{_PERSON}(?:'s name is|(?:'s)? birthday is| is called| is named| lives in) .+",
        rf"(?:my|our) (?:new )?{_PERSON} (?:\w+ )?(?:is|'s) (?:not |no longer )?allergic to .+",
        rf"(?:i|we) (?:have |just |'ve )*parked(?: (?:the|my|our) \w+| it)? (?:{_SPOT}|the .+)",
        (
            rf"(?:i|we) (?:have |just |'ve )*(?:put|left|hid|stored|locked|placed|keep|laid) (?:up )?(?:my|our|"
            rf"the) .+? {_ABED}\b.+"
        ),
        rf"(?:my|our|the) \w+ is parked {_SPOT}",
        r"(?:i'm|i am|we are|we're) (?:not |no longer )?allergic to .+",
        r"(?:i|we) (?:live|moved) (?:in|at|to) .+|i work (?:at|for) .+|i am staying (?:at|in) .+",
    )
)
_NAME: Final = (
    r"(?:(?:my|our) )?(?!(?:i|it|this|that|there|here|he|she|they|we|you|who|what|the|a|an|"
    r"and)\b)[\w-]+(?: [\w-]+)?"
)
# Said of somebody, and not told to be remembered: asked back.
_OFFERED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NAME} (?:is|are) (?:also |now )?(?:not |no longer )?allergic to .+",
        (
            r"i take [\w-]+(?: [\w-]+)? (?:in the (?:morning|evening)|at night|every \w+|daily|twice a "
            r"day|for my .+|"
            r"with (?:meals|food))|(?:my|the) doctor (?:has )?(?:put|switched) me (?:on|to) .+"
        ),
        rf"{_NAME}'s (?:birthday|(?:phone |mobile |room |flat |apartment )?number|address|name) is (?:not )?.+",
        (
            rf"{_NAME} (?:lives (?:in|on|at|near|with)|has moved to|moved to|works (?:at|for|as)|no longer "
            rf"lives in) .+"
        ),
        rf"{_NAME} (?:does not|doesn't|no longer|never) (?:eats?|drinks?|likes?) .+",
    )
)
_QUESTION: Final = re.compile(
    r"\?\s*$|^(?:is|are|am|was|were|do|does|did|has|have|will)\b|"
    r"\b(?:what|why|how|should|can you|could you|do you|where is|tell me)\b",
    re.IGNORECASE,
)


_KEEP: Final = re.compile(
    r"(?:(?:remember|memori[sz]e|keep|save|store)(?: all)?(?: of)? (?:this|that|it)|(?:don't|do not) "
    r"forget (?:this|that|it)|"
    r"keep (?:this|that|it) in mind|remember what you (?:just )?(?:said|read)(?: to me)?|"
    r"remember what (?:it|that|this|the (?:sign|label|page|menu|letter|notice|model)) (?:says?|said)|"
    r"remember (?:this|that|the|your) (?:answer|sign|text|number|price|label|page))(?: (?:for me|for "
    r"later|in mind|answer|now))*"
)


_OF_SOMEBODY: Final = frozenset({"lives", "works", "allergic"})
_CHANGED: Final = re.compile(r"\b(?:now|not|instead|actually|remember)\b")


_NO_FACT: Final = re.compile(  # "keep it down", "save this page", "put it in your memory"
    r"(?:down|up|on|off|going|quiet|away|clean|simple|safe|short|page|for later|for me|in (?:your |the )?(?:mind|"
    r"memory|head)"
    r"|somewhere|handy|private|secret|between us)(?: please| now)*"
)
_LEFT_OVER: Final = re.compile(
    r"(?:[\s,.;]+(?:but|and|so|(?:so )?you|keep (?:it|this) (?:to yourself|between us)|won't you))+$", re.IGNORECASE
)
_CLAUSE: Final = re.compile(r"(?:when|if|for|to|before|after|next|in|on|at|where|what|which|who)\b", re.IGNORECASE)


def told(text: str) -> str:
    """What these words want remembered, as it was said; "" if they tell nothing to be kept."""
    if match := _NOTED.fullmatch(text):
        said = cleaned(match["text"])
        return said if match["that"] and fact_of(said).relation else ""
    heard = speech.said(text)
    said = cleaned(as_told(heard.text))
    said = said if heard.whole and _CLAUSE.match(said) else in_order(said)
    if heard.kept:
        inner = in_order(said[5:]) if said.lower().startswith("this ") else ""
        said = (
            inner if inner and (inner[0].isupper() or fact_of(inner).relation in _OF_SOMEBODY) else said
        )  # "remember this: …"
        if _NO_FACT.fullmatch(normal(said)):
            return ""
        said = _LEFT_OVER.sub("", said)
        if said and (heard.whole or not _NOT_TOLD.fullmatch(normal(said))):
            return said
        return cleaned(as_told(speech.asked_for(text).text)) if speech.asked_for(text).kept else ""
    if re.match(r"it(?:'s| is) ", heard.text.lower()) and not _CHANGED.search(text.lower()):
        return ""  # "it's gate 5" may be said to anybody
    if text.rstrip().endswith("?") or _QUESTION.search(heard.text) or asks_within(heard.text) or len(said.split()) > 30:
        return ""
    if _stated(said):
        return said
    now = last_clause(said)
    return in_order(now) if now and _stated(in_order(now)) else ""


def _stated(said: str) -> bool:
    """A plain statement about something of the wearer's."""
    return any(pattern.fullmatch(low) for low in (normal(said), as_fact(said)) for pattern in _STATED)


def offered(text: str) -> bool:
    """A statement about somebody that may be worth remembering."""
    if text.rstrip().endswith("?") or _QUESTION.search(text):
        return False
    low = normal(offer(text))
    return len(low.split()) <= 20 and any(p.fullmatch(low) for p in _OFFERED)


def offer(text: str) -> str:
    """That statement, without what is around it."""
    return in_order(cleaned(as_told(speech.bare(text))))


def keep_said(words: str) -> bool:
    """“Remember that”: what was just said. `words`: normal."""
    return bool(_KEEP.fullmatch(speech.bare(PLEASE.sub("", words))))
