"""A fact, told with the request to keep it: before it ("do us a favour and keep in mind …", "save for me that …"),
behind it ("…, log that for the doctor") or around it ("just so I'm respectful remember …"). The fact stays in the
wearer's words; what only asks for it to be kept goes.

No request: what somebody else remembers or keeps, what is to be done later, and a question without its answer.
"""

from __future__ import annotations

import re
from typing import Final

_OBJ: Final = (
    r"(?:(?:the|this|that) (?:name|idea|date|thought|number|thing)(?! (?:of|for|is)\b)|"
    r"this one|that one|this|that|it|these|those|them)"
)
_WHERE_TO: Final = r"(?:(?:in|into|to|on) (?:your |the |my )?(?:mind|memory|head|brain|file|records?))"
_AWAY: Final = (
    r"(?:(?: (?:down|away|by|up|aside|handy|safe|saved|straight|somewhere(?: safe)?|under your hat))+"
    rf"|(?: somewhere)? {_WHERE_TO})"
)
# Asks by itself, or with what it is about.
_REMEMBER: Final = (
    rf"(?:remember|memori[sz]e|(?:keep|bear|have|put|store|hold|get)(?: {_OBJ})? {_WHERE_TO}|"
    rf"(?:don't|do not|never) (?:ever )?(?:let me )?forget|remind yourself|keep (?:track|tabs|a note|a record)|"
    rf"you might have to remind me(?: one day)?(?= that)|"
    r"if i (?:ever )?ask,? remind me|remind me of (?:that|it)(?= if\b)|i(?:'d like|'d love| want| would like) to "
    r"remember|remind me if i (?:ever )?ask|make (?:yourself )?a (?:mental )?note(?= (?:that|the|my)\b)|"
    r"write (?:it )?(?:for me|somewhere)(?= that))"
)
_KEEP: Final = (
    rf"(?:{_REMEMBER}(?: (?:of |on )?{_OBJ})?|"
    rf"(?:save|store|retain|record|log|file|mark|stash|note|jot|write|put|take|keep|hold|get|have)"
    rf" (?:{_OBJ}{_AWAY}?|down {_OBJ})|"
    rf"(?:hang|hold|keep hold|keep track|keep tabs)(?: on ?to| on| of) {_OBJ}|hold me to {_OBJ}|lock {_OBJ} in|"
    rf"(?:don't|do not|never)(?: you)? (?:ever )?(?:let (?:me|us) )?(?:lose|mislay) {_OBJ}|(?:don't|do not) let "
    rf"{_OBJ} slip"
    r"(?: my mind)?|look after (?:this|that)|make (?:yourself )?a note(?: of (?:this|that|it))?)"
)
_ASKING: Final = (
    r"(?:please|kindly|do(?! you)|just|now|so|and|but|then|also|ok|okay|oh|hey|eh|right|this is important|important|"
    r"(?:can|could|would|will|might) (?:you|we)(?: please| ever| just| kindly| maybe)*|would you mind|"
    r"i(?:'d| would)? (?:want|need|like|love) (?:you to|that you)|"
    r"you(?:'ve got to|'d better|'re to| (?:should|must|have to|need to|might have to|better|can|are to))|"
    r"you(?= (?:note|write|keep (?:it|this|that)|mark|store|save|remember (?:it|that)|hold on)\b)|"
    r"(?:do|be) (?:us|me|a) (?:a )?(?:favou?r|dear|love|pal|sweetheart)(?: and)?|make sure (?:you|to)|be sure to|try "
    r"to|"
    r"go ahead and|help me(?: to)?|it's (?:very )?important (?:that )?you|for (?:me|us)|quick|one thing|"
    r"i(?:'d| would) be (?:obliged|grateful|glad|happy) if you(?:'d| would)?|(?:do|remember) one thing|"
    r"for (?:the )?(?:later|record|future|(?:future )?reference)|no|yes|next)"
)
_SEP: Final = r"[\s,.;:!?–—-]+"
_FOR: Final = (
    rf"(?:{_SEP}(?:for (?:me|us|later|reference|(?:the )?(?:record|future|future reference))|please|will you|would you|"
    r"dear|won't you|somewhere(?: safe)?|carefully|thanks|now))*"
)
_FRONT: Final = re.compile(
    rf"(?:{_ASKING}{_SEP})*(?:(?P<full>{_KEEP})|"
    r"(?P<part>keep (?:hold|track) of|save|store|keep|log|record|jot down|note down|hold on to|hang on to|put down|"
    r"put away|mark|memorise|take down|file|mind(?= (?:where|what|which|who)\b)))"
    rf"{_FOR}(?:{_SEP}(?P<that>that))?{_SEP}(?P<said>.+)",
    re.IGNORECASE | re.DOTALL,
)
_TAIL: Final = (
    rf"(?:{_SEP}(?:for me|for us|please|will you|would you|could you|can you|won't you|too|as well|ok|okay|right|"
    rf"yeah|now|"
    r"today|this (?:year|time|week)|again|safe|somewhere|properly|carefully|always|exactly|well|on us|no\?|"
    r"(?:for|so|in case|because|cause|cos|when|while|till|until|next time|before|since|if|or|as|it matters|nobody|"
    r"i (?:always|get so|won't|can't|never|keep|forget|lose)|i'm (?:proud|bound|hopeless|useless|always|forever)|"
    r"i'll|we'll|it's|that's|thanks|otherwise|before)\b.{0,70}))?"
)
_BEHIND: Final = re.compile(
    rf"(?P<said>.+?){_SEP}(?:{_ASKING}{_SEP})*{_KEEP}{_TAIL}[\s.!?]*", re.IGNORECASE | re.DOTALL
)
_YOU_MUST: Final = re.compile(  # "I won't remember that, so you must"
    rf"(?P<said>.+?){_SEP}(?:so )?(?:i(?: shall not| won't| will not| can't| shan't|'ll never) remember(?: (?:it|"
    rf"that))?{_SEP}(?:so )?)?"
    r"(?:so )?you(?:'ll have to| must| have to| remember(?: it)?)(?:,? i won't)?[\s.!]*",
    re.IGNORECASE | re.DOTALL,
)
_AMID: Final = re.compile(
    rf"(?P<before>.+?){_SEP}(?:{_ASKING}{_SEP})*(?:{_REMEMBER}|(?:keep|save|store|mark) (?:this|it)(?=[,:])|"
    rf"(?:note|log|save) it(?: down)?|"
    rf"note(?= that))"
    rf"{_FOR}(?:{_SEP}that)?{_SEP}(?P<said>.+)",
    re.IGNORECASE | re.DOTALL,
)
# What is said before a request, and is its reason.
_REASON: Final = re.compile(
    r"(?:just |and |but |now |ok |well |eh |oh |really |very )*(?:so\b|that i\b|in case\b|before\b|if\b|when\b|for\b|"
    r"handy\b|i (?:always|keep|know|"
    r"never|daren't|can't|dozed)\b|don't tell\b|keep (?:it|this)\b|this is\b|it (?:might|may|could|will|should)\b|"
    r"guess what|"
    r"to be\b|now this\b|important|listen|between\b|not a word|whatever\b|worth\b|useful\b)",
    re.IGNORECASE,
)
_OTHER_WORDS: Final = """
always barely can can't cannot children could couldn't dad did didn't does doesn't don't ever everybody everyone had
hardly has have he he'd he'll i i'd i'll kids may might mum must never nobody not or parents people she she'd she'll
should somebody still they they'd they'll to used usually we we'd we'll who will won't would wouldn't you you've
"""
# Before a verb these make it another's, or no request: "he couldn't remember that …", "I always keep it safe".
_OTHERS: Final = frozenset(_OTHER_WORDS.split())
_NOTHING: Final = re.compile(  # "remember to buy milk", "remember when …", "keep it down", "save this page"
    r"(?:to|me|us|if you|when (?:we|you|he|she|they|it|i was|i were|i had)|the time|this|that|it|him|her|them|"
    r"whatever|everything|what (?:i|you) (?:just )?(?:said|told|read|say)|an eye|going|on|off|up|quiet|still|calm|"
    r"away)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_LATER: Final = re.compile(
    r"(?:(?:do|don't|please|not) )*(?:to|me to|remind me|ask|wake|tell me|ring|call)\b", re.IGNORECASE
)
_ASKS: Final = re.compile(
    r"(?:what|where|who|whom|whose|which|when|how|why|what's|where's|who's|how's|whether)\b", re.IGNORECASE
)
_OPEN: Final = re.compile(
    r"(?:what(?! (?:i|my|we|makes|works|keeps|gets|helps|brings)\b)|where|who|whom|whose|which|why|how|do|does|did|"
    r"is|are|am|was|were|should|shall|may|have|has|"
    r"what's|where's|who's|when's|how's|when (?:do|does|did|is|are|was|will)|"
    r"(?:go on,? (?:then,? )?)?(?:tell|list|show|read|give|forget|delete|let me|let's|run|go|"
    r"recap|summarise|everything|anything|i(?:'d like| want) to (?:hear|know))\b)\b",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(
    rf"(?P<of>.+?)(?:{_SEP}(?:which|that|it|they|he|she)(?:'s| is| are|'re)|[,.;:]|{_SEP}(?:is|are|"
    rf"namely))\s+(?P<value>.+)",
    re.IGNORECASE | re.DOTALL,
)
_AS: Final = re.compile(r"(?P<value>.+?) as (?P<of>(?:my|our|the|\S+'s) .+)", re.IGNORECASE | re.DOTALL)
_THEN: Final = re.compile(
    r"(?P<of>.+? (?:is|are|was|were|goes|lives)) (?P<value>(?:i|we|he|she|they)\b.+)", re.IGNORECASE
)
_IT_IS: Final = re.compile(r"[,.;:]? *\b(?:it's|it is|that's|they're)\b *", re.IGNORECASE)
_IS_IS: Final = re.compile(r"\b(?:is|are) (is|are)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|got|takes?|i|we|i'm|i've|\w+'s (?:in|on|at|under|behind))\b", re.I
)
_NAMED: Final = re.compile(r"(?:(?:my|our|the) |\S+'s )(?:(?!it's|that's)\S+ ?){1,6}", re.IGNORECASE)
_BIDS: Final = re.compile(r"\b(?:can|could|will|would|won't) you\b|\bmind\b|[?.] \S", re.IGNORECASE)
_COUNTED: Final = re.compile(
    r"\b(?:\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty|first|\w+th)\b", re.IGNORECASE
)
ORDER: Final = re.compile(  # something else is asked for too
    r"(?:please )?(?:take an? |set an? |turn |read |call |play |stop |open |send |find |search |translate |describe |"
    r"wake )",
    re.IGNORECASE,
)
LONGEST: Final = 400  # letters of a sentence in which a request may stand anywhere but at its beginning
LEAST: Final = 3  # words that tell something


def asked_to_keep(text: str) -> str:
    """What these words ask to be kept, without the request; "" if they ask for nothing to be kept, or tell nothing."""
    said = " ".join(text.replace("’", "'").split())
    if len(said) > LONGEST:
        return ""
    said = re.sub(r"^did you (?:know|hear)(?: that)? ", "", said, flags=re.IGNORECASE)
    if said.endswith("?") and not _BIDS.search(said):
        return ""
    if (match := _FRONT.fullmatch(said)) and (found := _in_front(match)):
        return found
    if _OPEN.match(said):
        return ""
    for pattern in (_YOU_MUST, _BEHIND):
        match = pattern.fullmatch(said)
        if match and _told(match["said"]) and (found := _trimmed(match["said"])):
            return found
    if (match := _AMID.fullmatch(said)) and _anybody(match["before"]):
        before, fact = match["before"].strip(" ,;"), match["said"].strip(" ,.!;")
        reason = bool(_REASON.match(before))
        fact = re.sub(r"^(?:this|it)[,:]? (?=\S+ \S)", "", fact) if reason else fact
        if _LATER.match(fact) or _NOTHING.fullmatch(fact) or len(fact.split()) < 1 + reason or said.endswith("?"):
            return ""
        return fact if reason else f"{before}, {fact}"
    return ""


def _in_front(asked: re.Match[str]) -> str:
    said, that = unaddressed(asked["said"].strip(" ,.!;:")), asked["that"]
    if _LATER.match(said) or len(said.split()) < 2:
        return ""
    if _ASKS.match(said):
        if re.match(r"when\b", said, re.IGNORECASE):
            match = re.fullmatch(r"(when i(?:'m)? .+?) that (.+)", said, re.IGNORECASE)
            return f"{match[1]}, {match[2]}" if match else ""
        return _valued(said)
    if asked["part"] and not that:
        as_what = _AS.fullmatch(said)
        if as_what:
            return f"{as_what['of']} is {as_what['value']}"
        if re.match(
            r"(?:this|that|it|these|those|a|an|me|in|into|out|on|off|up|down|for later|quiet|\w+ing)\b", said, re.I
        ):
            return ""
        listed = asked["part"].lower() in {"jot down", "note down"} or re.match(r"(?:my|our|the)\b|\S+'s ", said, re.I)
        return _valued(said) or (said if listed and _COUNTED.search(said) else "")
    if _NOTHING.fullmatch(said) and not re.match(r"(?:that|it|this)(?:'s| is)\b", said, re.IGNORECASE):
        return ""
    return said if _told(said) or len(said.split()) >= 2 else ""


def _valued(said: str) -> str:
    """“Which shelf is mine, it's the second”: with what it is; "" if nothing is told."""
    found = _VALUE.fullmatch(said) or _THEN.fullmatch(said)
    if (
        found is None
        or said.endswith("?")
        or re.fullmatch(r"(?:please|will you|would you|for me|ok|thanks|thank you|will|and)\b.*", found["value"], re.I)
    ):
        return ""
    if _NAMED.fullmatch(found["of"]) and not _SENTENCE.search(found["value"]) and re.search(r"[,.;:]", said):
        return f"{found['of']} is {found['value']}"
    if _IT_IS.search(said) and not _SENTENCE.search(found["value"]):
        return _IS_IS.sub(
            r"\1", _IT_IS.sub(" is ", re.sub(r",? (?:will|won't|would) you(?=[\s,.])", "", said), count=1)
        )
    return said


def unaddressed(said: str) -> str:
    """Without whom or what it is kept for."""
    said = re.sub(r"^one thing(?: for me)?[,:]? |^(?:be)?cause (?=i|we)", "", said, flags=re.IGNORECASE)
    said = re.sub(r"^for (?:me|us|later|reference)[,:]?(?: that)? (?=\S+ \S)", "", said, flags=re.IGNORECASE)
    said = re.sub(r" for me(?= (?:it's|that's|is|are)\b|[,.:])", "", said, flags=re.IGNORECASE)
    return re.sub(r"^(for (?:\S+ ){1,3}?)that (?!is\b)", r"\1", said, flags=re.IGNORECASE)


def _told(said: str) -> bool:
    said = said.strip(" ,;:.")
    return len(said.split()) >= LEAST and _anybody(said) and not _OPEN.match(said) and not ORDER.match(said)


def _anybody(said: str) -> bool:
    """The request behind these words is the wearer's to the companion."""
    return said.split()[-1].lower() not in _OTHERS


def _trimmed(said: str) -> str:
    return re.sub(
        rf"(?:{_SEP}(?:and|so|but|then|now|please|ok|okay|that's(?: important)?|i mean it))+$", "", said.strip(" ,;:.!")
    )
