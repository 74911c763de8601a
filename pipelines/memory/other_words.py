"""Wishes about memory in other words than the tables of `sentences` have: what is to be forgotten ("you can let go of
my locker number", "the umbrella thing, delete it"), where something is known from, and what was before.

By what such a wish needs: a word for getting rid of it, and something that it names; whose words are left out, and
which verb it is, does not matter. Verbs that are said of other things as well ("drop") need a word for memory.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.cleaning import clean
from pipelines.thinking.intent import Intent, normal

_SPARED: Final = re.compile(r"\b(?:don't|dont|do not|never|not|won't|can't|didn't|mustn't) (?:forget|delete|"
                            r"erase|remove|wipe|lose|"
                            r"drop)\b|\b(?:he|she|they|we|it|nobody|somebody) (?:\w+ )?(?:forgot|deleted?|wiped?)\b|"
                            r"\b(?:timer|alarm|reminder|note|app|account|photo|picture|file|message|email)s?\b|"
                            r"\?$")  # fmt: skip
_PURE: Final = r"forget|delete|erase|unlearn|wipe|expunge|purge"
_LOOSE: Final = (
    r"get rid of|drop|lose|bin|scratch|strike|clear|scrub|remove|dump|bury|scrap|cancel|take|get|throw (?:out|"
    r"away)|cross|"
    r"let go of|(?:stop|quit) (?:keeping track of|remembering|knowing|storing|keeping|tracking|holding (?:on )?to)|"
    r"(?:don't|do not|no need to|needn't|you don't (?:need|have) to|you needn't|you no longer (?:need|have) to|"
    r"i (?:don't|no longer) (?:want|need) you(?: to)?|i'd rather you didn't) "
    r"(?:remember|know|knowing|keep|store|hold on to|hang on to|keep track of|bother (?:with|about|remembering)|"
    r"worry about|retain|track|have)"
)
_ABOUT_MEMORY: Final = re.compile(
    r"\b(?:i (?:ever |just )?(?:said|told|mentioned|gave)|you(?:'ve| have)? (?:got|know|have|remember|stored?|"
    r"kept|keep)|memory|"
    r"that (?:bit|thing|stuff|part)|the (?:bit|thing|stuff|part)|(?:bit|thing|stuff|part|info|fact|entry|"
    r"record|detail)s? "
    r"(?:about|on|with|of)|your (?:head|mind|memory|brain)|keeping track|track of|remember(?:ing)?|knowing|"
    r"know|storing|"
    r"store|hold(?:ing)? on|hang on|let go of|retain|number|code|password|pin|size|address|birthday|name|"
    r"combination|type)\b"
)
_TAIL: Final = re.compile(
    r"(?: (?:out|off|away|up|from|of|in|your (?:head|mind|memory|brain|records?|list)|please|now|any ?more|any longer|"
    r"again|would you|will you|could you|can you|for me|completely|altogether|it|that|forget|delete|erase|okay|"
    r"ok|thanks|"
    r"for good|entry|info|information|thing|stuff|bit|part))+$"
)
_FRONT: Final = re.compile(
    r"^(?:(?:all|everything|anything|whatever|what|that|this|the|those|bit|thing|stuff|part|things|info|information|"
    r"facts?|details?|record|entry|about|on|with|of|regarding|concerning|to do with|me|"
    r"i (?:have |ever |just )?(?:said|told|mentioned|gave)(?: you)?|you(?:'ve| have)? (?:got|know|have|"
    r"remember|stored?|kept|keep)"
    r"|you|knowing|out|off|away|up|(?:your )?(?:memory|mind|head) of)\b ?)+"
)
_WHERE: Final = re.compile(
    r"^(?:(?:where|what|who|when|how) )?(?:my|our|the)? ?(?P<s>.+?)(?: (?:is|are|was|were|lives?|goes))?$"
)
_ASKS: Final = re.compile(r"^(?:what|where|who|when|which|how|why|do|does|did|is|are)\b")


def forgetting(text: str) -> Intent | None:
    """What is to be forgotten, by name; None if it is not certain that anything is."""
    words = normal(clean(text).text)
    words = re.sub(r"^(?:(?:you (?:can|may|could|might|should)|i (?:want|need|would like|'d like) you to|"
                   r"i'd like you to|"
                   r"(?:can|could|would|will) you|please|just|go ahead and|let's|feel free to|actually|"
                   r"i never want you to "
                   r"bring up) )+", "", words)  # fmt: skip
    if _SPARED.search(re.sub(r"^(?:don't|do not|you needn't|no need to)\b", "", words)) or text.rstrip().endswith("?"):
        return None
    pure = re.match(rf"(?:{_PURE})\b (?P<what>.+)", words)
    loose = re.match(rf"(?:{_LOOSE})\b (?P<what>.+)", words)
    behind = re.match(rf"(?P<what>.+?) (?:(?:you can|please|just|can you|could you) )*(?:{_PURE}|get rid of|"
                      rf"drop|lose|scrap|"
                      rf"remove|bin)(?: (?:it|that|them|this|all|all of it|all that))?$", words)  # fmt: skip
    match = pure or loose or behind
    if match is None or (_ASKS.match(words) and match is not behind):
        return None
    if match is loose and not _ABOUT_MEMORY.search(words):
        return None
    if match is behind and pure is None and not (_ABOUT_MEMORY.search(words) or re.search(r"\bthing\b", words)):
        return None
    subject = _TAIL.sub("", _FRONT.sub("", match["what"])).strip()
    placed = _WHERE.fullmatch(subject)
    subject = placed["s"] if placed is not None else subject
    subject = _FRONT.sub("", _TAIL.sub("", subject)).strip() or subject
    if not subject or len(subject.split()) > 5 or subject in _NOTHING:
        return None
    return Intent("memory", "forget_about", subject)


_NOTHING: Final = frozenset(
    ["it", "that", "this", "them", "all", "everything", "anything", "me", "you", "one", "last", "so", "about"]
)

_LAST: Final = re.compile(
    r"(?:please |just |actually |no |okay |oh )*(?:(?:scrap|undo|scratch|strike|drop|wipe|erase|delete|remove|"
    r"forget|lose|bin|"
    r"take back|unsay|cancel|get rid of|discard|throw out) "
    r"(?:that|this|it|(?:that|the|my) (?:last|latest|previous)(?: (?:one|bit|thing|fact|part|entry|statement|"
    r"sentence))?"
    r"|(?:that|this) (?:one|bit|thing|fact|part|entry))"
    r"(?: (?:i (?:just )?(?:said|told you|mentioned)|again|please|one|bit|thing|back|out))*|"
    r"take (?:that|it)(?: (?:one|bit|last bit))? (?:back(?: out)?|out(?: again)?|off)|"
    r"(?:that|the)(?: last)? (?:one|bit|thing|part) (?:please )?(?:scrap|delete|erase|forget|wipe|remove|"
    r"drop) (?:it|that)|"
    r"(?:don't|do not) (?:remember|keep|store|save) (?:that|this|it)(?: (?:one|last (?:one|bit|thing)|bit|after all))?|"
    r"(?:forget|pretend) (?:that )?i (?:ever |just )?(?:said|never said|didn't say|mentioned|"
    r"told you)(?: (?:that|it|this|so|"
    r"anything))?|i (?:didn't mean|take) (?:that|it)(?: back)?(?: (?:forget|delete|scrap) (?:it|"
    r"that))?)(?: (?:please|again|okay))*"
)


def forgetting_lately(text: str) -> Intent | None:
    """The last thing."""
    words = normal(clean(text).text)
    if _SPARED.search(re.sub(r"^(?:don't|do not)\b", "", words)):
        return None
    if _LAST.fullmatch(words) and words not in {
        "drop it",
        "lose it",
        "cancel that",
        "cancel it",
        "take that",
        "forget it",
    }:
        return Intent("memory", "forget_that")
    return None


_SOURCE: Final = re.compile(
    r"(?:and |so |but )*(?:(?:how|where|from where|since when|how long)\b.*\byou\b.* ?(?:know|known|get|got|"
    r"getting|hear|heard|learn|"
    r"learned|learnt|find|found|have|had)(?: (?:that|this|it))?(?: (?:out|from|then))?|"
    r"(?:when|what day|which day|how long ago|what time)\b.*\bi (?:first )?(?:tell|told|say|said|mention|"
    r"mentioned)(?: you)?"
    r"(?: (?:that|this|it|so|about (?:that|this|it)))?|who (?:told|tells) you(?: (?:that|this|so))?|"
    r"did (?:i|you)\b.*\b(?:tell|say|told|said|make|made|guess)\b.*\b(?:that|it|this)(?: up)?(?: or .*)?|"
    r"(?:what's|what is|whats) (?:your|the) source.*|says who.*|(?:is|was) that (?:something )?(?:from me|"
    r"i told you).*)"
)
_BEFORE: Final = re.compile(
    r"(?:and )?(?P<q>what|where|which|who|when)(?:'s| is| was| were| did| had| used to be| used to)? ?(?P<s>.*?) ?"
    r"(?:used to (?:be|have)|before(?: that| then| this| now)?|previously|originally|at first|formerly|"
    r"prior(?: to that)?|"
    r"earlier(?: on)?|the time before|beforehand|in the past)"
)
_USED: Final = re.compile(
    r"(?P<q>what|where|which|who|when) (?:did )?(?:used? to be|was (?:originally|formerly|previously)) (?P<s>.+)"
)
_PRONOUN: Final = frozenset(["", "it", "that", "this", "one", "it be", "they", "was it", "i", "it at", "he", "she"])


def asked(text: str) -> Intent | None:
    """Where it is known from, or what was before."""
    words = re.sub(r"\b(how|where|who|when|what)'?d\b", r"\1 did", normal(clean(text).text))
    if _SOURCE.fullmatch(words) and not re.search(
        r"\b(?:my|the|our|about (?!that|this|it))\b", words.replace("the source", "")
    ):
        return Intent("recall", "source")
    match = _BEFORE.fullmatch(words) or _USED.fullmatch(words)
    if match is None:
        return None
    subject = re.sub(r"^(?:did|do|was|were|is) ", "", match["s"].strip())
    if subject in _PRONOUN:
        return Intent("recall", "before_that")
    subject = re.sub(r"^(?P<n>[\w-]+(?: number)?) (?:did )?(?:i|we) (?:have|use|had|take)$", r"my \g<n>", subject)
    return Intent("recall", "before", subject)


_STORED: Final = re.compile(
    r"(?:(?:so |and |okay )*(?:what(?: else| all)?(?:'s| is)?|anything|everything|all(?: that)?|whatever|something)\b.*"
    r"\b(?:you(?:'ve| have)?(?: \w+)? (?:got|know|have|remember|stored?|kept)(?: stored| saved| kept| noted)?|"
    r"stored|saved|noted|"
    r"in (?:your |the )?memory)|fill me in|catch me up|run me through what you (?:know|have|remember)|"
    r"remind me what you (?:know|have|remember)|give me (?:everything|all|what)(?: (?:that )?you (?:know|have|"
    r"remember|'ve got))?|everything|tell me (?:what|all|everything)(?: that)? you (?:remember|know|have|'ve got))"
    r" (?:about|on|of|regarding|for) (?P<s>(?!me\b|us\b).+?)(?: please)?"
)


def stored_about(text: str) -> Intent | None:
    """All that is remembered of somebody or something."""
    match = _STORED.fullmatch(normal(clean(text).text))
    return Intent("recall", "about", match["s"]) if match else None
