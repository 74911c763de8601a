"""Orders to forget, whatever their words: what was said last, all of a time, all about somebody.

By what such an order needs: words for getting rid of something or for not keeping it, words for all or for what was
said, and a time, a name, or nothing. Never from a question, and never where any other word is left over.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.dates import time_words
from pipelines.memory.held_words import I_TOLD, YOU_HAVE, YOU_STORE, names_nothing, plain, without, words_in
from pipelines.thinking.intent import Intent

LONGEST: Final = 4  # words in a name

_OUT: Final = (
    r"(?:forget|delete|erase|wipe(?: out)?|unlearn|purge|expunge|scrub|scrap|clear(?: out)?|remove|get rid of|throw "
    r"(?:out|away))"
)
_LOOSE: Final = r"(?:scratch|strike|drop|bin|lose|dump|undo|discard|take back)"
_KEEP: Final = (
    r"(?:keep(?:ing)?|kept|save|saving|saved|stor(?:e|ing|ed)|remember(?:ing)?|remembered|retain(?:ing)?|"
    r"hold(?:ing)?(?: on to)?|note|noted|record(?:ed)?)"
)
_GO: Final = re.compile(rf"\b(?:{_OUT}|{_LOOSE})(?: of)?\b")
_NOT_KEEP: Final = re.compile(  # bidden; not told of somebody
    rf"(?<!\bi )(?<!\bwe )(?<!\byou )(?<!\bthey )\bdo not {_KEEP}\b|"
    rf"(?<!\bi )(?<!\bwe )\b(?:you )?(?:should|shall|must|need) not {_KEEP}\b|"
    rf"\bi (?:do not|never|no longer)(?: ever)? (?:want|need|like) you (?:to )?(?:{_KEEP}|know(?:ing)?|have|having)\b|"
    rf"\bi would rather you did not {_KEEP}\b"
)
_GONE: Final = re.compile(
    r"\bi(?: would| had)? (?:want|like) (?=.*\bgone\b)|\b(?:it |that )?(?:never happened|did not (?:happen|exist))\b|"
    r"\bpretend (?:that )?(?=.*\bnever\b)|"
    r"\bact (?:as if|like) (?=.*\bnever\b)|\b(?:i want )?nothing (?=.*\b(?:kept|stay|stored|saved|remembered|noted)\b)|"
    r"\bi do not want (?:any|a single|anything|one)\b(?=.*\b(?:kept|stored|saved|remembered|in (?:there|your "
    r"memory|your head|memory))\b)|"
    r"\bi want (?=.*\b(?:wiped|deleted|erased|forgotten|removed)\b)"
)
_NOT_AN_ORDER: Final = re.compile(
    r"\b(?:forgot|forgotten to|forgetting|forget to)\b|\b(?:do not|never|can not|will not|not) (?:ever )?(?:let "
    r"me )?(?:forget|delete|erase|"
    r"remove|wipe|lose|drop|scrap|clear)\b|\b(?:he|she|they|nobody|somebody|someone|doctor|boss|teacher)\b|"
    r"\b(?:timer|alarm|reminder|note|app|account|photo|picture|file|message|email)s?\b|\bwhat if\b|\bhow (?:do|"
    r"can|to)\b|"
    rf"(?<!\byou )\bto {_GO.pattern[2:]}|\b(?:i|we|they|people) (?:(?:can|could|would|will|just|really|may|might|"
    rf"must|should|do|"
    rf"did|often|always|already|have|had|also|even) )*{_GO.pattern[2:]}"
)
_QUESTION: Final = re.compile(
    r"(?:and |so |but )*(?:what (?!i\b|you\b)|where|who|when|which|how|why|do|does|did|is|are|was|were|have|has|"
    r"had|should)\b(?! not)"
)
_ALL: Final = re.compile(
    r"\b(?:everything|all|any(?:thing)?|whatever|nothing|whole|entire|the lot|single thing|every)\b"
)
_ALL_OF: Final = re.compile(
    r"\b(?:everything|anything|whatever|nothing|(?:a )?single thing|(?:the )?(?:whole )?lot|all of it|it all|all "
    r"that|every single thing|"
    r"(?:the )?whole (?:person|thing)|all|what|the (?:stuff|things|bits)|any)\b"
)
_LAST: Final = re.compile(
    r"\b(?:(?:that|the|my) )?(?:last|latest) (?:bit|thing|one|part|sentence|remark|fact)\b|\bjust now\b|"
    r"\b(?:just|right) (?:told|said|mentioned|now)\b|"
    r"\b(?:just|only|only just) (?:told|said|mentioned)\b|\ba (?:moment|second|minute) ago\b|\b(?:that|this|it)\b"
)
_UNSAID: Final = re.compile(
    r"\bi (?:should not have|did not|never|would rather have not) (?:\w+ )?(?:say|said|tell|told|mention|"
    r"mentioned)(?: (?:you|that|this|it|so|anything))*|"
    r"\byou never heard (?:that|it|this)\b|\b(?:that|it|this)?(?: last (?:thing|bit|one))? ?(?:was|is) not "
    r"(?:meant )?for you(?:r ears)?\b"
)
_AROUND: Final = words_in("""
act ago altogether any anymore anything be chatted clean completely conversation day dear deleted entirely erased
ever exist for forever forgotten gone good hang happen happened heard hour kept kindly meant minutes moment must
never no not nothing of pretend remember remembered rid saved scratch shall should single sorry stay stored talk
talked understood us wait want wanted we whatsoever wiped would
""")


def wanted(text: str) -> Intent | None:
    """What these words want forgotten; None if it is not certain that they do."""
    words = plain(text)
    order = _GO.search(words) or _NOT_KEEP.search(words) or _GONE.search(words) or _UNSAID.search(words)
    if not order or text.rstrip().endswith("?") or _QUESTION.match(words) or _NOT_AN_ORDER.search(words):
        return None
    return _of_a_time(words) or _of_somebody(words) or _the_last(words)


def _of_a_time(words: str) -> Intent | None:
    """All of a time."""
    when = time_words(words)
    if not when or not (_GO.search(words) or _NOT_KEEP.search(words) or _GONE.search(words)):
        return None
    rest = " ".join(words.replace(when, " ").split())
    while again := time_words(rest):
        rest = " ".join(rest.replace(again, " ").split())
    held = I_TOLD.search(rest) or YOU_STORE.search(rest) or YOU_HAVE.search(rest)
    plainly = re.search(rf"\b{_OUT} {re.escape(when)}(?: clean| from (?:your )?memory|$)", words)
    never = re.search(rf"\b{re.escape(when)} never happened\b", words) and re.search(r"hour|minute", when)
    if not (_ALL.search(rest) or held or plainly or never or "gone" in rest or _NOT_KEEP.search(rest)):
        return None
    left = without(rest, _NOT_KEEP, _GONE, I_TOLD, YOU_STORE, YOU_HAVE, _GO)
    span = re.sub(r"^(?:in|within|during|from) ", "", when)
    return Intent("memory", "forget_since", span) if names_nothing(left, _AROUND) else None


_ABOUT: Final = r"(?:about|on|of|regarding|concerning|(?:that has |that is )?to do with)"
_TAIL: Final = re.compile(
    r"(?: (?:any ?more|any longer|ever again|again|in there|kept|stored|at all|please|now|completely|entirely|"
    r"altogether|for good|"
    r"kindly|gone|whatsoever|in (?:your )?(?:memory|head)|(?:from|out of) (?:your )?(?:memory|head|mind)|i want "
    r"(?:it|that)(?: all)?|"
    r"(?:and |so |just )*(?:get rid of|remove|delete|erase|wipe|forget)(?: (?:it|all|that|everything|the lot|all "
    r"of it))*|"
    r"(?:do not|never) (?:keep|remember|save) (?:it|that|any of it)|the whole lot|all of it|the lot|has to go|"
    r"can go|must go))+$"
)
_DONE: Final = re.compile(
    r"(?:.*\b)?(?:done|finished|fallen out|broken up|split up|had it|through|talk|speak|talking|speaking|hear|"
    r"nothing to do|over) "
    r"(?:with|to|of|about|from) (?P<s>.+?)(?: (?:any ?more|any longer|ever again|ever|again))*(?: (?:so|and|so "
    r"just|just))*"
)
_NO_LONGER: Final = re.compile(
    r"as far as you are concerned (?P<s>.+?) (?:does not exist|never existed|is gone|is dead)"
)
_FROM: Final = re.compile(
    rf"(?:.*\b)?(?:{_OUT}|i(?: would| had)? (?:want|like)) (?P<s>.+?) (?:gone )?(?:completely |altogether "
    rf")?(?:from|out of) (?:your |the )?(?:memory|head|mind)(?: .*)?"
)
_UNNAMED: Final = words_in("""
a all an any anything day everything her him hour i it just last lot me memory minute my nothing now one said that
the them these this those timer today told us what whole you
""")


def _of_somebody(words: str) -> Intent | None:
    """All about somebody or something that is named."""
    if match := _FROM.fullmatch(words):
        subject = re.sub(
            rf"^(?:everything|anything|all|whatever)(?: (?:that )?(?:i|you) (?:\w+ )?\w+)?(?: you)? {_ABOUT} ",
            "",
            match["s"],
        )
        return _named(_TAIL.sub("", subject))
    order = _NOT_KEEP.search(words) or _GO.search(words) or _GONE.search(words)
    if order is None:
        return None
    if found := re.fullmatch(rf"(?P<front>.*?\b{_ALL_OF.pattern}.*?) (?P<of>{_ABOUT}) (?P<s>.+)", words):
        front = without(found["front"], _NOT_KEEP, _GONE, I_TOLD, YOU_STORE, YOU_HAVE, _GO, _ALL_OF)
        subject = _TAIL.sub("", found["s"])
        said = any(pattern.search(found["front"]) for pattern in (I_TOLD, YOU_STORE, YOU_HAVE))
        whole = said or re.search(rf"\b(?!what\b){_ALL_OF.pattern[2:]}", found["front"])
        sure = said or _NOT_KEEP.search(words) or re.search(r"\b(?:forget|delete|erase|unlearn|purge|expunge)\b", words)
        about = found["of"] not in {"on", "of"}
        if (
            whole
            and (sure or about)
            and names_nothing(front, _AROUND)
            and subject not in {"it", "that", "this", "them"}
        ):
            return _named(subject)
    parted = re.fullmatch(
        r"(?P<front>.+?) (?P<order>(?:i (?:do not )?want|do not keep|wipe|erase|delete|forget|get rid of|remove|"
        r"clear)\b.*)",
        words,
    )
    if parted is not None:
        who = _DONE.fullmatch(parted["front"]) or _NO_LONGER.fullmatch(parted["front"])
        left = without(parted["order"], _NOT_KEEP, _GONE, _GO, _ALL_OF)
        if who and _ALL_OF.search(parted["order"]) and names_nothing(left, _AROUND):
            return _named(who["s"])
    return None


_NO_NAME: Final = (_UNNAMED - {"my", "the", "last"}) | {"where", "when", "who", "how", "which"}


def _named(subject: str) -> Intent | None:
    words = subject.split()
    if not words or len(words) > LONGEST or not set(words) - _UNNAMED or words[0] in _NO_NAME:
        return None
    if time_words(subject) or {"i", "you", "want"} & set(words):
        return None
    return Intent("memory", "forget_about", re.sub(r"^(?:my|our|the) ", "", subject))


_SAID: Final = re.compile(
    r"\b(?:said|say|told|tell|mentioned|heard|last (?:bit|thing|one|part)|just now|a moment ago|for you)\b"
)


def _the_last(words: str) -> Intent | None:
    """What was said last."""
    if time_words(words):
        return None
    meant = _SAID.search(words) or _NOT_KEEP.search(words)
    away = _GO.search(words) or _NOT_KEEP.search(words) or (_UNSAID.search(words) and re.search(r"\bpretend\b", words))
    if not meant or not away or not (_LAST.search(words) or _UNSAID.search(words)):
        return None
    if re.search(r"\b(?:everything|anything (?!$)|all|whatever|ever)\b", without(words, _UNSAID)):
        return None
    left = without(words, _UNSAID, _NOT_KEEP, _GONE, _LAST, I_TOLD, YOU_HAVE, _GO)
    return Intent("memory", "forget_that") if names_nothing(left, _AROUND) else None
