"""Words for what passed between the wearer and memory ("what I gave you to remember", "what you've picked up from me"),
and for nothing in particular: what is left of a wish without them is what it is about."""

from __future__ import annotations

import re
from typing import Final

from pipelines.thinking.intent import normal

_SHORT: Final = tuple(
    (re.compile(pattern), whole)
    for pattern, whole in (
        (r"\bcan't\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"\bdont\b", "do not"),
        (r"'ve\b", " have"),
        (r"'re\b", " are"),
        (r"'m\b", " am"),
        (r"'ll\b", " will"),
        (r"\b(i|you|we)'d\b", r"\1 had"),
        (r"\b(how|where|who|when|what)'?d\b", r"\1 did"),
        (r"\b(it|that|what|where|who|when|how|there|today|yesterday|\w+day)'s\b", r"\1 is"),
        (r"\blet's\b", "let us"),
        (r"\bwhats\b", "what is"),
    )
)


def words_in(text: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(text.split())


KEEP: Final = (
    r"(?:remember|keep in mind|bear in mind|keep hold of|keep track of|keep|mind|note down|note|make a note of|"
    r"write down|hold on ?to|hang on ?to|know|save|store|retain|memori[sz]e)"
)
_I: Final = (
    r"(?:(?:have|had|did|do|was) )?i (?:(?:have|had|did|was|been|already|ever|just|only|even|all|first|once|also) )*"
)
_TELL: Final = (
    r"(?:tell|told|telling|say|said|saying|mention|mentioned|mentioning|give|gave|given|giving|talking|chatting|"
    r"nattering(?: away)?)"
)
_ASK: Final = r"(?:ask|asked|want|wanted|get|got|had|have|made|make|tell|told|give|gave|given|said)"
_THINGS: Final = (
    r"(?: (?:some|a few|a couple of|several|any|a lot of))?(?: (?:things?|stuff|bits?|information|facts?|something))?"
)
_YOU: Final = (
    r"(?:(?:have|had|did|do|are) )?you (?:(?:have|had|are|been|all|already|actually|do|did|really|currently|still|"
    r"even|now) )*"
)
_STORE: Final = (
    r"(?:remember(?:ed|ing)?|stor(?:e|ed|ing)|keep(?:ing)?|kept|sav(?:e|ed|ing)|not(?:e|ed|ing)(?: down)?|"
    r"ma[dk]e a note of|hold(?:ing)?|held|retain(?:ed|ing)?|written down|write down|collected|gathered)"
)
_HAVE: Final = r"(?:got|have|know|knowing|known|learn(?:ed|t|ing)?|pick(?:ed)? up|hear|heard)"
_PLACE: Final = r"(?: (?:stored|saved|kept|noted|down|on file|away|in (?:your|the) (?:head|memory|mind)))*"

I_TOLD: Final = re.compile(
    rf"\b{_I}(?:(?!ha(?:ve|d) to\b){_ASK}{_THINGS}(?: (?:to )?you)?{_THINGS} (?:to |for )*{KEEP}\b|"
    rf"{_TELL}\b{_THINGS}(?: (?:to |with )?you\b)?{_THINGS}(?: to {KEEP}\b)?)"
)
YOU_STORE: Final = re.compile(
    rf"\b{_YOU}{_STORE}\b{_PLACE}(?: (?:from|off|for|of) me\b)?|\bis in your (?:memory|head|mind)\b"
)
YOU_HAVE: Final = re.compile(rf"\b{_YOU}{_HAVE}\b{_PLACE}(?P<me> (?:from|off) me\b)?")

LIST: Final = re.compile(
    r"\b(?:list|go (?:over|through|back(?: over| to)?)|(?:run|walk|talk|take) (?:me )?(?:through|over)|"
    r"read (?:me )?(?:back|out)?|give me|tell me|let me (?:hear|have|know)|let us hear|remind me|show me|catch me up|"
    r"fill me in|recap|sum up|recite|what|which|how much|(?:is|was|were|are) there|anything|everything|whatever)\b"
)
EVERYTHING: Final = re.compile(
    r"\b(?:everything|all|whole|list|summary|overview|rundown|run down|sort of things|kinds? of things|idea|so far)\b"
)
LIFE: Final = re.compile(
    r"\b(?:(?:about|on|of|from|for|regarding|concerning) (?:me|us|myself|mine)\b|(?:about|of|on|from) my life)\b"
)
NOTHING: Final = words_in("""
a about actually again ah all already an and any anything are as at away back been bit bits blur by can certain come
could did do down dump each earshot else even every everything exactly exact facts few first for from full get give go
going got had has have hear hello hey how i idea if in information is it item items just kind kinds kindly know lately
let life list long lot lots may me mention mine much my new no now of oh ok okay on once one ones only or out over
overview part far please point quick read recap remind remember right run rundown say short show so some something
sort sorts stuff summary sum take tell than thank thanks that the them then there these they thing things this those
through till to told until up us was way well were what whatever when which whole will with wish would yes you your
memory head mind bring
""")


def plain(text: str) -> str:
    """In lower case, without punctuation and short forms."""
    words = normal(text.replace("’", "'"))
    for pattern, whole in _SHORT:
        words = pattern.sub(whole, words)
    return " ".join(words.split())


def without(words: str, *patterns: re.Pattern[str]) -> str:
    """The words, without what matches."""
    for pattern in patterns:
        words = pattern.sub(" ", words)
    return " ".join(words.split())


def names_nothing(words: str, more: frozenset[str] = frozenset()) -> bool:
    """No word of these says what it is about."""
    return not set(words.split()) - NOTHING - more
