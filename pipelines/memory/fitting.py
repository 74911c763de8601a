"""Which of the recalled facts answers a question, or none: by whom it is about and what is asked of them.

A fact answers if every word of the question that says something stands in it, if what it is about is named, and if it
is of the kind that the question wants: a place for "where", a time for "when", a number for "how many". What nothing
answers is abstained from; a guess would be worse than "I don't know".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import Memory
from pipelines.memory.dates import time_words
from pipelines.memory.english import COLOURS, KIN
from pipelines.memory.facts import OPTIONAL, Fact, content, fact_of, numeric, repeats, stem, timely, words_of
from pipelines.memory.open_questions import asks_within
from pipelines.memory.phrasing import as_question
from pipelines.thinking.intent import normal

MOST: Final = 4  # facts in one answer

_PLACING: Final = frozenset(
    stem(word)
    for word in [
        "leave",
        "put",
        "place",
        "keep",
        "park",
        "hide",
        "store",
        "lay",
        "lock",
        "see",
        "drop",
        "find",
        "located",
        "stand",
    ]
)
_ATTRIBUTES: Final = (
    frozenset(stem(word) for word in OPTIONAL)
    | {"own"}
    | frozenset(
        stem(word) for word in ["colour", "level", "before", "last", "previous", "former", "currently", "new", "spot"]
    )
)
_WHERE: Final = frozenset({"where", "parked", "lives", "works"})
_ASKS = re.compile(
    r"^(?:(?:and|so|but|then|please|hey|okay|ok|earshot|well|also|now|in|on|at|to|for|from|with|by) )*"
    r"(?:what|where|who|whom|whose|which|when|how|why|what's|where's|who's|when's|how's|tell me|remind me)\b"
)
_YES_NO = re.compile(r"^(?:is|are|am|was|were|do|does|did|can|could|has|have|had|will|should|must)\b")


def is_question(text: str) -> bool:
    """It asks, and does not tell."""
    said = normal(text)
    plain = as_question(text)
    begins = any(_YES_NO.match(words) or _ASKS.match(words) for words in (said, plain))
    return text.rstrip().endswith("?") or begins or asks_within(text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks for. `words`: content words; `wh`: "where", "when", "who", "number", "colour", "what", or ""
    for yes or no."""

    words: frozenset[str]
    wh: str
    mine: bool = False


def wanted(question: str) -> Wanted:
    """What the question asks for, without the words that say when."""
    said = as_question(question)
    if when := time_words(said):
        said = " ".join(said.replace(when, " ").split())
    words = words_of(said)
    found = set(words)
    if "where" in found or re.search(r"\b(?:what|which) (?:place|level|floor|row|spot|shelf|drawer)\b", said):
        wh = "where"
    elif "when" in found or re.search(r"\b(?:what|which) (?:time|day|date)\b", said):
        wh = "when"
    elif re.search(r"\bhow (?:many|much|old|tall|heavy|big|long)\b|\bwhat (?:number|size)\b", said):
        wh = "number"
    elif re.search(r"\b(?:what|which) colou?r\b", said):
        wh = "colour"
    elif _YES_NO.match(said):
        wh = ""
    else:
        wh = "who" if found & {"who", "whose"} else "what"
    return Wanted(content(said), wh, bool(found & {"my", "i", "me", "mine", "our", "we"}))


def query(question: str) -> str:
    """What to look for in the database: the question in plain words, and those that a fact about it may have instead,
    without the words that say when: those are in no memory."""
    said = as_question(question)
    when = time_words(said)
    said = said.replace(when, " ") if when else said
    words = [word for word in words_of(said) if "'" not in word]
    others = [other for word in words for other in _INSTEAD.get(stem(word), ())]
    return " ".join([*words, *others])


def about_query(fact: Fact) -> str:
    """What to look for, to find all that is told of the same thing; "" if it is about the wearer."""
    about = "" if fact.about == "me" else fact.about
    return f"{about} parked" if about and fact.all | fact.implied >= _PARK else about


_INSTEAD: Final = {
    stem(word): tuple(others.split())
    for word, others in {
        "medicine": "take",
        "eat": "allergic",
        "park": "car",
    }.items()
}


def fits(question: Wanted, memory: Memory) -> bool:
    """Whether this fact answers the question."""
    if not question.words and not question.mine:
        return False
    fact = fact_of(memory.text)
    asked = question.words
    core = asked - _ATTRIBUTES
    if fact.relation in _WHERE and question.wh in {"where", ""}:
        core -= _PLACING
    if fact.relation == "parked" and question.wh == "where":
        core -= {"level", "floor", "row", "spot", "place"}
    if not core and not (asked & (fact.all | fact.implied)) and not (question.mine and fact.about == "me"):
        return False
    if not _of_kind(question, fact, memory.text) or _another_side(question, fact, memory.text):
        return False
    if not core and fact.relation == "parked" and question.wh == "where" and question.mine:
        return True  # "where did I park": what is parked need not be named
    if fact.about == "me" and not question.mine:
        return False
    if asked & _ASKED_FOR and len(core) == len(core & fact.subject) and not _has_that(asked & _ASKED_FOR, fact):
        return False  # "Anna's number" is not that Anna is vegan
    if fact.relation == "code":  # "my bike lock is 4419"
        core -= {stem("code")} - fact.all
    if core <= fact.all | fact.implied:
        return _names(question, core, fact)
    if question.wh == "" and fact.single and fact.subject and fact.subject <= core:
        left = core - fact.subject
        return (fact.relation == "number" and numeric(" ".join(left))) or (
            fact.relation == "colour" and bool(left & _COLOURS)
        )
    return False


def _at_number(said: str) -> bool:
    """ "At nine" may be a time, "in hall four" is none."""
    match = re.search(r"\b(?:at|on|from) (.+)$", said)
    return match is not None and all(numeric(word) for word in match[1].split())


def _another_side(question: Wanted, fact: Fact, text: str) -> bool:
    """Somebody was named, and nothing asked but what they are: not where they live, and not their number."""
    numbered = fact.relation == "number" and stem("number") in fact.all
    if numbered and question.words & _MEASURES:
        return True
    if question.wh not in {"what", ""} or question.words != content(fact.about):
        return False
    return (numbered or fact.relation in _SIDES) and not re.match(r"(?:my|our|the|i|we)\b", normal(text))


_MEASURES: Final = frozenset(map(stem, ["old", "tall", "heavy", "big", "long"]))
_SIDES: Final = frozenset({"lives", stem("have"), stem("has")})
_PARK: Final = frozenset({stem("park")})
_COLOURS: Final = frozenset(stem(word) for word in COLOURS)


def _names(question: Wanted, core: frozenset[str], fact: Fact) -> bool:
    """The question names what the fact is about, or asks for just that and names the value."""
    if question.wh == "where" and question.words & _PARK and fact.all | fact.implied >= _PARK and core <= fact.all:
        return True  # "where did I park" needs no car
    subject = fact.subject - _ATTRIBUTES
    if (
        len(subject) > 1
        and fact.head in core
        and (question.mine or len(core) > 1)
        and core & subject
        and not _OWNER.search(fact.about)
    ):
        return True  # "my seat", of the seat on the flight; "the code for my bike", of its lock
    if fact.relation == "code" and stem("code") in question.words and core & subject:
        return True
    if subject <= core and (core or fact.about == "me" or not fact.relation):
        return bool(fact.subject) or fact.about == "me" or bool(core)
    value_known = question.wh in {"who", "what"} and not core & fact.subject and bool(core & fact.value)
    return value_known and (len(core) > 1 or fact.relation in {"is", "name"})


_ASKED_FOR: Final = frozenset(map(stem, ["number", "name", "call", "time", "day", "date"]))


def _has_that(asked: frozenset[str], fact: Fact) -> bool:
    """What is asked for is what the fact tells: its number, its name, its day."""
    if asked & fact.all:
        return True
    if stem("number") in asked:
        return fact.relation in {"number", "code"} or numeric(" ".join(fact.value))
    if fact.relation in {"is", "code"} and fact.single:
        return True
    if asked & {stem("name"), stem("call")}:
        return fact.relation == "name"
    return fact.relation == "when" or bool(asked & fact.implied)


_OWNER: Final = re.compile(rf"\b(?:{'|'.join(sorted(KIN))})\b")


def _of_kind(question: Wanted, fact: Fact, text: str) -> bool:
    said = normal(text)
    place = re.search(r"\b(?:in|on|at|under|behind|next to|near|beside|inside|above|below|by)\b", said) is not None
    match question.wh:
        case "where":
            return fact.relation in _WHERE or (fact.relation in {"", "leave"} and place)
        case "when":
            numbered = fact.relation in {"number", "code"} or (fact.relation == "where" and not _at_number(said))
            return fact.relation == "when" or (not numbered and timely(text))
        case "number":
            return numeric(text)
        case "colour":
            return fact.relation == "colour" or bool(content(text) & _COLOURS)
    return not (question.wh == "what" and fact.relation == "where" and not question.words & _PLACING)


def answering(question: str, memories: Sequence[Memory], since_s: float = 0.0, until_s: float = 0.0) -> list[Memory]:
    """The facts that answer it, the best first; of what has one value at a time only the newest. `since_s`, `until_s`:
    told in between, 0 = whenever."""
    asked = wanted(question)
    facts = [m for m in memories if m.what == "fact" and _within(m, since_s, until_s) and fits(asked, m)]
    standing = [m for m in facts if not m.replaced_s] or facts
    if asked.wh:  # what is not so is said only if nothing is
        standing = [m for m in standing if not fact_of(m.text).no] or standing
    standing.sort(key=lambda m: (-_closeness(asked, m), -m.at_s, -m.id))
    out: list[Memory] = []
    taken: set[tuple[str, frozenset[str]]] = set()
    closest = _closeness(asked, standing[0]) if standing else 0
    for memory in standing:
        fact = fact_of(memory.text)
        key = fact.relation, fact.subject
        if (fact.single and key in taken) or _closeness(asked, memory) < closest:
            continue
        if any(repeats(fact, fact_of(other.text)) for other in out):
            continue
        taken.add(key)
        out.append(memory)
    return out[:MOST]


def before(question: str, memories: Sequence[Memory]) -> list[Memory]:
    """What was replaced and would have answered it, the latest replaced first: one."""
    asked = wanted(question)
    old = [m for m in memories if m.what == "fact" and m.replaced_s and fits(asked, m)]
    return sorted(old, key=lambda m: (-m.replaced_s, -m.id))[:1]


def before_of(subject: str, memories: Sequence[Memory]) -> list[Memory]:
    """What was replaced and names it, the latest replaced first: one."""
    words = content(subject) - _ATTRIBUTES
    old = [
        m for m in memories if m.what == "fact" and m.replaced_s and words and words <= content(f"{m.subject} {m.text}")
    ]
    return sorted(old, key=lambda m: (-m.replaced_s, -m.id))[:1]


def about(subject: str, memories: Sequence[Memory]) -> list[Memory]:
    """Standing facts that name it, the newest first."""
    words = content(subject)
    mine = subject in {"me", "myself", "us"}
    found = [
        m
        for m in memories
        if m.what == "fact"
        and not m.replaced_s
        and ((words and words <= content(f"{m.subject} {m.text}")) or (mine and fact_of(m.text).about == "me"))
    ]
    return sorted(found, key=lambda m: (-m.at_s, -m.id))


def turns(subject: str, memories: Sequence[Memory], since_s: float, until_s: float) -> list[Memory]:
    """Questions and answers that name it, the newest first."""
    words = content(subject)
    found = [
        m
        for m in memories
        if m.what == "turn" and _within(m, since_s, until_s) and words <= content(f"{m.text} {m.answer}")
    ]
    return sorted(found, key=lambda m: (-m.at_s, -m.id))


def _closeness(question: Wanted, memory: Memory) -> int:
    """How much of what the fact is about, and how it says it, stands in the question."""
    fact = fact_of(memory.text)
    return 2 * len(question.words & fact.subject) + len(question.words & fact.all) - 3 * (fact.relation == "")


def _within(memory: Memory, since_s: float, until_s: float) -> bool:
    return (not since_s or memory.at_s >= since_s) and (not until_s or memory.at_s <= until_s)
