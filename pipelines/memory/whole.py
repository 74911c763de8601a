"""Questions about memory itself, whatever their words: all that there is, all that was told at a time, all about
somebody, when and how a thing was told, and what was before.

By what such a question needs: a word that asks, words for what was told or kept (`held_words`), and a time, a person or
nothing. What is left over has to be a name, or there must be nothing left.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory import earlier
from pipelines.memory.dates import time_words
from pipelines.memory.held_words import (
    EVERYTHING,
    I_TOLD,
    LIFE,
    LIST,
    YOU_HAVE,
    YOU_STORE,
    names_nothing,
    plain,
    without,
    words_in,
)
from pipelines.thinking.intent import Intent

LONGEST: Final = 5  # words in a name

_WHEN: Final = re.compile(r"\b(?:since when|when|(?:what|which) (?:day|date|time)|how long ago)\b")
_KNOWN: Final = re.compile(
    r"\b(?:(?:how(?: come)?|where(?: from)?|from where) (?:is it )?(?:that )?(?=.*\byou\b.*\b(?:know|get|got|"
    r"have|hear)\w*\b)|"
    r"who told you|who did you (?:get|hear|have)|what makes you (?:say|think|believe|know))\b"
)
_POINTED: Final = frozenset(["that", "this", "it", "so"])
_OF_SOURCE: Final = words_in("""
that this it so to you me from on exactly again was is the first ever did i us really who say know get got have even
and but has it's days about be if
""")


_ORDER: Final = re.compile(
    r"(?:(?:please|so|and|now|ok|okay|hey|just|can you|could you|will you) )*(?:do not|never|remember|keep|note|"
    r"save|store|"
    r"memori[sz]e|forget|make|take|write|set|put|add|send)\b"
)


_KEEP_IT: Final = re.compile(
    r"\b(?:keep|remember|save|store|note|do not forget|hold on to) (?:it|that|this|them|all of it)$"
)

_STATED: Final = re.compile(r"(?:you (?:know|have|remember|told|heard)|(?:that|this|it) is|i (?:know|think|hope))\b")


def asked(text: str) -> Intent | None:
    """What these words ask about memory itself; None if they ask nothing of the kind."""
    words = plain(text)
    if _ORDER.match(words) or _KEEP_IT.search(words) or _STATED.match(words):
        return None
    return _source(words) or earlier.asked(words) or _of_all(words) or _about(words)


def _source(words: str) -> Intent | None:
    """When or how a thing just answered was told."""
    told = I_TOLD.search(words) or YOU_HAVE.search(words)
    if _WHEN.search(words) and told and (I_TOLD.search(words) or "from me" in words or "since when" in words):
        rest = set(without(words, _WHEN, I_TOLD, YOU_HAVE).split())
    elif match := _KNOWN.search(words):
        rest = set(without(words[: match.start()] + " " + words[match.end() :], I_TOLD, YOU_HAVE).split())
    else:
        return None
    if time_words(words) or rest - _OF_SOURCE or not rest & _POINTED:
        return None
    return Intent("recall", "source")


def _of_all(words: str) -> Intent | None:
    """All that there is, or that was told at a time."""
    when = time_words(words)
    bare = " ".join(words.replace(when, " ").split()) if when else words
    if not LIST.search(bare):
        return None
    told, stored, has = I_TOLD.search(bare), YOU_STORE.search(bare), YOU_HAVE.search(bare)
    if not (told or stored or has):
        return None
    if not names_nothing(without(bare, LIFE, I_TOLD, YOU_STORE, YOU_HAVE, LIST), _AROUND):
        return None
    if when:
        meant = told or stored or (has and has["me"])
    else:
        meant = (LIFE.search(bare) and (stored or has)) or (stored and (EVERYTHING.search(bare) or "what all" in bare))
    return Intent("recall", "overview") if meant else None


_AROUND: Final = words_in("""
total so far sum save store noted talking home way during since between
""")
_MEETING: Final = re.compile(
    r"(?:.*\b)?i (?:am|will|have) (?:just |now )?(?:about to |going to |off to |got to |to )*(?:be )?"
    r"(?:see|seeing|meet|meeting|catch up with|catching up with|visit|visiting|having (?:lunch|dinner|coffee) with|"
    r"meeting up with|call|calling|ring|ringing) (?P<s>.+?)(?: (?:in|at) (?:an?|\w+|half an) (?:minutes?|hours?|"
    r"moment|sec)"
    r"| soon| now| later| shortly)? (?:so |and )?(?P<ask>(?:fill me in|give me|what|remind me|tell me|catch me "
    r"up|brief me|"
    r"anything|run me|everything|let me)\b.*)"
)
_WHOLE: Final = re.compile(
    r"\b(?:fill me in|catch me up|brief me|(?:give me|remind me of|tell me|let me have) (?:it all|all|everything|"
    r"the (?:lot|rundown|"
    r"whole lot|run down))|all there is|everything|what should i (?:know|have in my head|remember))\b"
)
_OF: Final = r"(?:about|on|of|regarding|concerning|(?:that has |that is )?to do with|relating to)"
_NAMED: Final = re.compile(
    r"(?P<said>.+?)(?: (?:let us hear it|let me hear it|go on|then|please|again|so far|at all|if you would|"
    r"would you|will you|could you|can you|right now|thanks|in (?:your|the) memory))*"
)
_TELLING: Final = re.compile(r"\b(?:tell|give|remind|fill) (?:me\b|us\b)?")
_CALLED: Final = words_in("stop listen look mate love dear man dude honey darling sorry wait tell hang")
_UNNAMED: Final = words_in("""
it that this them him her me us you all one what the a an mine my life world everything anything
""")


def _about(words: str) -> Intent | None:
    """All about somebody or something."""
    if time_words(words):
        return None
    if met := _MEETING.fullmatch(words):
        rest = met["ask"]
        again = re.sub(rf"\b{_OF} (?:{re.escape(met['s'])}|them|him|her)\b", "", rest)
        held = I_TOLD.search(again) or YOU_STORE.search(again) or YOU_HAVE.search(again) or _WHOLE.search(again)
        left = without(again, I_TOLD, YOU_STORE, YOU_HAVE, _WHOLE, LIST)
        return _named(met["s"]) if held and names_nothing(left) else None
    if first := re.fullmatch(
        r"(?P<s>[\w'-]+(?: [\w'-]+){0,2}?) (?P<ask>what (?:all )?(?:have|did|do) (?:i|you) .+)", words
    ):
        left = without(first["ask"], I_TOLD, YOU_STORE, YOU_HAVE, LIST)
        return _named(first["s"]) if names_nothing(left) and not names_nothing(first["s"], _CALLED) else None
    ends = re.fullmatch(_NAMED, words)
    said = ends["said"] if ends else words
    for match in re.finditer(rf" {_OF} (?=\w)", said):
        if _asks_all(said[: match.start()], said[match.end() :]):
            return _named(said[match.end() :])
    return None


def _asks_all(front: str, name: str) -> bool:
    """What stands before a name asks for all about it."""
    held = [I_TOLD, YOU_STORE, YOU_HAVE, _WE_HAVE]
    whole = re.search(r"\b(?:everything|all|the lot|rundown)$", front) and _TELLING.search(front)
    if whole and re.match(r"(?:the|this|that|these|those|an?|how|what|why)\b", name):
        whole = None
    asks = LIST.search(front) and not re.search(r"\b(?:when|where|who|why|how)\b", front)
    if re.search(r"\b(?:hear|heard|learn|learned|pick(?:ed)? up)$", front) and not I_TOLD.search(front):
        return False
    meant = whole or any(pattern.search(front) for pattern in held)
    return bool(asks and meant and names_nothing(without(front, *held, LIST)))


_WE_HAVE: Final = re.compile(r"\bhave we got$")
_MORE: Final = re.compile(r"(?: (?:so far|all in all|all told|until now|up to now|these days|already|anyway))+$")


def _named(subject: str) -> Intent | None:
    subject = _MORE.sub("", subject)
    words = subject.split()
    if subject in {"me", "mine", "my life", "myself"}:
        return Intent("recall", "overview")
    if len(words) > LONGEST or not set(words) - _UNNAMED or words[0] in {"how", "what", "where", "when", "who", "why"}:
        return None
    return Intent("recall", "about", subject)
