"""Which of the recalled facts answers a question by what it names, in whatever order its words come: "gate number, what
was it", "which building is my lecture in", "what do I have to know about Felix's food".

A fact answers if the question names what it is about, if it is of the kind that is asked for, and if nothing is left of
the question that it says nothing of. A word that is left asks for something that was not told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from pipelines.events import Memory
from pipelines.memory import speech
from pipelines.memory.dates import time_words
from pipelines.memory.facts import Fact, content, fact_of, numeric, stem, timely, words_of
from pipelines.memory.phrasing import as_question
from pipelines.thinking.intent import normal
from pipelines.turns.languages import LANGUAGES

_OWN: Final = frozenset({"my", "our", "i", "we", "me", "mine", "ours", "us"})
_ASKS: Final = re.compile(
    r"\b(?:what|where|who|whom|which|when)\b|^(?:is|are|am|was|were|do|does|did|has|have|had|can|give|tell|any|"
    r"anything)\b"
)

_ALL_OF: Final = re.compile(r"(?:tell me|what is there(?: to say)?) (?:\w+ )?(?:about|of) (?P<about>.+)")
_ADVICE: Final = re.compile(
    r"\b(?:should|could|can|would|may|shall) (?:i|we)\b(?! know)|\bhow (?:do|does|did|can|could)\b"
)
MOST: Final = 4  # facts in one answer


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


_PLACES: Final = _stems(
    "town city country village street district building hall floor level shelf drawer pocket box bag place spot part "
    "house area neighbourhood side corner"
)
_FOOD: Final = _stems("food eat diet meal dinner lunch cook menu drink dish")
_DIETS: Final = _stems(
    "vegan vegetarian coeliac celiac diabetic pescatarian halal kosher intolerant lactose gluten allergic"
)
_AT_ALL: Final = re.compile(r"\banything\b|\bwhat (?:is|was) it with\b")
_NUMBER: Final = _stems("number")
_NAME: Final = _stems("name call")
_TIME: Final = _stems("time day date")
_GENERAL: Final = _stems("know special important mind aware again")
_BEING: Final = frozenset({"is", "allergic"})
_PLACED: Final = frozenset({"where", "parked", "lives", "leave"})
# Verbs that ask for something of their own: "what does it cost" is not where it is.
_ASKING_VERBS: Final = _stems(
    "cost weigh measure phone ring name age pay bear born colour price size wear say mean like love hate work job "
    "enjoy prefer collect play study teach speak drive work live own marry"
)


@cache
def _verbs() -> frozenset[str]:
    """English verbs, stemmed, that ask for nothing but what they are said of."""
    words = LANGUAGES["en"]["words"]
    found = (
        word for kind in ("trans", "intrans", "past", "participle", "ing", "third") for word in words[kind].split()
    )
    return frozenset(map(stem, found)) - _ASKING_VERBS - _FOOD | _stems("stick stash")


def asks(text: str) -> bool:
    """It may ask, with its words in any order."""
    return text.rstrip().endswith("?") or bool(_ASKS.search(normal(speech.bare(text))))


def all_of(question: str, memories: Sequence[Memory]) -> list[Memory]:
    """What is remembered of somebody of whom everything is asked: "tell me about Anna"; the newest first."""
    match = _ALL_OF.fullmatch(as_question(question))
    about = content(match["about"]) if match else frozenset()
    facts = [m for m in memories if m.what == "fact" and not m.replaced_s]
    return _newest([m for m in facts if about and content(fact_of(m.text).about) == about])[:MOST]


def answering(question: str, memories: Sequence[Memory]) -> list[Memory]:
    """The standing facts that answer it, the newest first; several only if they tell different things of one."""
    if not asks(question):
        return []
    said = as_question(question)
    if when := time_words(said):
        said = said.replace(when, " ")
    facts = [(m, fact_of(m.text)) for m in memories if m.what == "fact" and not m.replaced_s]
    found = [(m, fact) for m, fact in facts if fact.relation and not fact.no and _answers(said, fact)]
    if len({fact.subject for _, fact in found}) > 1:
        most = max(len(fact.subject & content(said)) for _, fact in found)
        found = [(m, fact) for m, fact in found if len(fact.subject & content(said)) == most]
        if len({fact.subject for _, fact in found}) > 1:
            return []  # which one is meant, nobody said
    single = bool(found) and all(fact.single for _, fact in found)
    return _newest([m for m, _ in found])[: 1 if single else 2]


def _newest(memories: list[Memory]) -> list[Memory]:
    return sorted(memories, key=lambda m: (-m.at_s, -m.id))


def about_somebody_known(question: str, memories: Sequence[Memory]) -> bool:
    """It asks about somebody or something that something is remembered of, and so means no other."""
    words = content(as_question(question))
    facts = (fact_of(m.text) for m in memories if m.what == "fact")
    return asks(question) and any(
        about and about <= words for about in (content(f.about) for f in facts if f.about != "me")
    )


def _answers(said: str, fact: Fact) -> bool:
    words = content(said)
    if not _named(said, words, fact):
        return False
    if _does(said, fact) or _ADVICE.search(said):
        return False
    mine = re.search(
        rf"\b(?:my|our|the|which|what) (?:[\w-]+ )?{re.escape(fact.head)}|\b{re.escape(fact.head)}\b.* (?:of )?mine",
        said,
    )
    left = words - fact.subject - {fact.head} - (_verbs() if mine else frozenset())
    owner = content(fact.about)
    if words & _FOOD:
        return (fact.relation == "allergic" or bool(fact.value & _DIETS)) and left <= _FOOD | _GENERAL | fact.all
    if (not left - _GENERAL and _GENERAL & words) or re.search(
        r"\banything\b|\bwhat is it with\b|\bwas it with\b", said
    ):
        return fact.relation in _BEING and fact.subject == owner and left <= _GENERAL
    wants_place = "where" in said.split() or bool(left & _PLACES)
    if wants_place:
        return fact.relation in _PLACED and left <= _PLACES | fact.all | fact.implied
    if re.search(r"\bwhen\b", said) or left & _TIME:
        return (
            fact.relation == "when" or (fact.relation in {"is", "name"} and timely(_value(fact)))
        ) and left <= _TIME | fact.all
    if left & _NUMBER:
        return (fact.relation in {"number", "code"} or numeric(_value(fact))) and left <= _NUMBER | fact.all
    if left & _NAME:
        return fact.relation == "name" or (fact.relation == "is" and fact.single and left <= _NAME | fact.all)
    if fact.subject == owner and not _OWN & set(words_of(said)) and left == frozenset() and fact.relation not in _BEING:
        return False  # of somebody nothing but the name was said
    return left <= fact.all | fact.implied and fact.relation not in _PLACED


def _does(said: str, fact: Fact) -> bool:
    """It asks what somebody or something did or does: a fact of it that holds no such verb is no answer."""
    doing = re.search(
        rf"\b(?:did|does|will|would|has|had) (?:my |our |the )?(?:[\w-]+ )?{re.escape(fact.head)}\w*(?P<v> .+)", said
    )
    return doing is not None and not content(doing["v"]) & (fact.all | fact.implied)


def _value(fact: Fact) -> str:
    """What is told of it."""
    return " ".join(fact.value)


def _named(said: str, words: frozenset[str], fact: Fact) -> bool:
    """The question names what the fact is about: all of it, or of the wearer's own the thing itself."""
    if fact.about == "me" or not fact.subject:
        return False
    if fact.subject <= words:
        return True
    owned = content(fact.about) != fact.subject and not fact.subject <= content(fact.about)
    mine = bool(_OWN & set(words_of(said))) or re.search(rf"\bthe (?:[\w-]+ )?{re.escape(fact.head)}", said) is not None
    return not owned and bool(fact.head) and fact.head in words and mine
