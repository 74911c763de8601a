"""Which of the recalled facts is about what a question asks for, by its grammar and not by its wording; and whether
what another rule found is of the kind that is asked for at all.

A fact answers if what it is about is named, if nothing is left of the question that it says nothing of, and if it holds
the kind of answer: a place, a time, a number, somebody, a name, or what somebody does. Everything else was not told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory
from pipelines.memory.asked_for import TIME_WORDS, VAGUE, WITHIN, Asked, asked, refers, said_of, stems
from pipelines.memory.english import KIN
from pipelines.memory.facts import content, fact_of, is_time, numeric, stem, timely, words_of
from pipelines.memory.passing_words import HEALTH, PREPOSITIONS
from pipelines.thinking.intent import normal

MOST: Final = 3  # facts in one answer


_PLACING: Final = stems("put leave keep hide find see stick stash live go sit stand lie be end have store get "
                         "place drop "
                         "park chain hang lock located situated kept stuck")  # fmt: skip
_EATING: Final = stems("food eat meal dish")
_PLACE_WORDS: Final = stems("side place spot street town city village building address corner end area location room "
                             "drawer shelf pocket level floor row hall")  # fmt: skip
_NUMBER_WORDS: Final = stems("number code many much size")
_PERSON_WORDS: Final = stems("who whom whose person somebody")
_MANNER: Final = stems("take like drink dislikes order prefer have")
_ADVICE: Final = re.compile(
    r"\b(?:where|how)\b.* (?:can|could|should|would|might|shall|may|ought) (?:i|we|one)\b"
    r"(?! (?:have |be |possibly |probably )*(?:find|put|leave|left|keep|kept|look|go looking|reach|call|see|"
    r"know|expect|get hold))|"
    r"\bhow (?:to|do (?:i|we|you) (?:get (?:to|there|from|back|home)|go|come|fix|make|use|turn|clean|cook))\b|\bwhy\b|"
    r"\bwhere (?:to|do (?:i|we|you) (?:buy|get (?!off|on|out|in)))\b"
)
_OF_THIRD: Final = re.compile(
    r"\bwhat (?:did|does|has|have|do) (?!i\b|we\b)[\w' ]+? (?:say|said|tell|told|think|thought|mean|meant|want|"
    r"wanted)\b"
)
_DOING: Final = re.compile(r"\bwhat (?:did|does|do|is|are|was|were|have|has)\b.*\b(?:do|doing|done|did)\b")
_AGED: Final = re.compile(
    r"\b(?:years?|old|aged?|turns|months?|weeks?|hours?|minutes?|metres?|meters?|miles?|kilos?|km|cm|kg)\b"
)


def answering(question: str, memories: Sequence[Memory]) -> list[Memory]:
    """The standing facts that answer it, the newest first; none if it is not certain which is meant."""
    wanted = asked(question)
    if not wanted.words or not refers(question):
        return []
    found = [
        m for m in memories if m.what == "fact" and not m.replaced_s and _answers(wanted, m) and allowed(question, m)
    ]
    if len({_subject(m) for m in found}) > 1:
        most = max(len(_subject(m) & wanted.words) for m in found)
        found = [m for m in found if len(_subject(m) & wanted.words) == most]
        if len({_subject(m) for m in found}) > 1 and any(not _subject(m) <= wanted.words for m in found):
            return []
    return sorted(found, key=lambda m: (-m.at_s, -m.id))[:MOST]


def _subject(memory: Memory) -> frozenset[str]:
    return fact_of(memory.text).subject


def _answers(wanted: Asked, memory: Memory) -> bool:
    fact, text = fact_of(memory.text), normal(memory.text)
    whole = said_of(text) | fact.implied | _stems_of_relation(fact.relation)
    left = wanted.words - whole
    kind = wanted.kind
    if kind == "where" or left & _PLACE_WORDS:
        left -= _PLACING | _PLACE_WORDS
        kind = "where" if kind in {"what", "where"} else kind
    if kind == "when":
        left -= TIME_WORDS | stems("due have go come happen fall take run meet see collect pick")
    if kind in {"number", "what"} and fact.relation in {"number", "code"}:
        left -= _NUMBER_WORDS
    named = wanted.words & whole
    subject = said_of(" ".join([*_named_subject(text)])) - VAGUE or fact.subject
    mine = fact.about == "me" or re.match(r"(?:i|we)\b", text) is not None
    if wanted.after in whole and kind == "what":
        left -= stems("go leave depart come run stay sit catch need wear")  # "which platform does my train go from"
    if kind == "how":
        left -= _MANNER
    if kind == "what" and set(text.split()) & HEALTH:
        left -= _EATING
    if wanted.after and left == {wanted.after} and named - subject and (named & subject or (mine and wanted.mine)):
        left = frozenset()  # "what instrument does Carla play"
    if left or not named:
        return False
    if mine:
        if not wanted.mine:
            return False
    elif not (subject & wanted.words and (_head(text) in wanted.words or subject <= wanted.words)):
        return (
            kind == "who" and wanted.words <= whole and not named & subject and _has_person(memory.text, wanted.words)
        )
    return _holds(kind, wanted, memory, named, subject)


def _stems_of_relation(relation: str) -> frozenset[str]:
    return stems("call name") if relation == "name" else frozenset()


def _named_subject(text: str) -> list[str]:
    """The words before the verb."""
    match = re.match(r"(.+?) (?:is|are|was|were|has|have|does|doesn't|can't|cannot|\w+s|moved|got|put|lent)\b", text)
    return match[1].split() if match else []


def _head(text: str) -> str:
    words: list[str] = []
    for word in _named_subject(text):
        if words and (word in PREPOSITIONS or word in {"for", "to", "of"}):
            break
        words.append(word)
    return stem(words[-1]) if words else ""


def _holds(kind: str, wanted: Asked, memory: Memory, named: frozenset[str], subject: frozenset[str]) -> bool:
    """The kind of answer is in the fact, and not in the question already."""
    text, fact = memory.text, fact_of(memory.text)
    more = bool(said_of(normal(text)) - wanted.words)
    match kind:
        case "where":
            return has_place(text) and more
        case "when":
            return timely(text) and (fact.relation not in {"code", "number"} or is_time(text)) and more
        case "who":
            return _has_person(text, wanted.words) and more
        case "number":
            return numeric(text) or any(map(str.isdigit, text))
        case "how":
            return bool(said_of(normal(text)) & _MANNER) and bool(wanted.words & _MANNER) and more
        case "what":
            if fact.relation in {"where", "parked", "when", "lives"} and not wanted.after:
                return bool(named - subject)
            return more
    return True


def has_place(text: str) -> bool:
    """It says where: after a preposition stands something that is neither a time nor a price."""
    words = normal(text).split()
    if fact_of(text).relation == "of" or "called" in words:
        return False
    for i, word in enumerate(words):
        if word in {"upstairs", "downstairs", "outside", "opposite"} and i:
            return True
        if i and word in PREPOSITIONS and i + 1 < len(words):
            behind = " ".join(words[i + 1 : i + 4])
            if (
                not is_time(behind)
                and not is_time(f"{word} {behind}")
                and not (word in {"at", "on", "by"} and numeric(words[i + 1]))
                and words[i + 1] != "case"
            ):
                return True
    return fact_of(text).relation in {"where", "parked", "lives", "works"}


_GIVEN: Final = re.compile(
    r"\b(?:with|belongs? to|lent .+? to|gave .+? to|borrowed|called|named|by|from) (?:the |my |our )?([\w'-]+)|"
    r"\b(?:has|have)\b"
)


def _has_person(text: str, named: frozenset[str]) -> bool:
    """It tells of somebody whom the question does not name already."""
    fact, said = fact_of(text), normal(text)
    if fact.relation in {"name", "is"} or any(content(behind[1] or "") - named for behind in _GIVEN.finditer(said)):
        return True
    others = {stem(word) for word in set(words_of(text)) & KIN} - named
    return bool(others) or any(
        word[:1].isupper() and not content(word) <= named for word in text.split()[1:] if word[:2] != "I'"
    )


# ------------------------------------------------------------------------------------------------------------ the guard


_UNNAMED: Final = frozenset({"where", "parked", "when", "lives", "colour", "of", ""}) | stems(
    "like love hate prefer eat drink speak need own play want wear use drive collect study teach"
)


def allowed(question: str, memory: Memory) -> bool:
    """Whether the fact is of the kind that is asked for, whatever found it: a question for advice, for what somebody
    said or did, or for another side of a thing is not answered by what happens to be known of it."""
    wanted, fact = asked(question), fact_of(memory.text)
    said, text = wanted.said, normal(memory.text)
    if _ADVICE.search(said) or _OF_THIRD.search(said):
        return False
    if _DOING.search(said) and fact.relation in {
        "where",
        "when",
        "number",
        "code",
        "name",
        "colour",
        "parked",
        "lives",
    }:
        return False
    if re.search(r"\bwhose\b", said):
        return re.search(r"\bbelongs?\b|'s\b", text) is not None or fact.relation == "name"
    if (match := WITHIN.search(said)) is not None:
        return numeric(memory.text) and _AGED.search(text) is not None and match["how"] not in {"often"}
    if wanted.kind == "who" and fact.relation in {"where", "parked", "when", "number", "code"}:
        return _GIVEN.search(text) is not None or _asks_for_subject(wanted, fact.subject)
    if re.search(r"\b(?:name|called|surname)\b", said) and not re.search(r"\bpass|\bwifi\b", said):
        return fact.relation not in _UNNAMED or re.search(r" name|\bstay|\b(?:called|named)\b", text) is not None
    if wanted.kind == "number" and not (numeric(memory.text) or any(map(str.isdigit, text))):
        return False
    if wanted.kind == "when" and not timely(memory.text):
        return False
    if wanted.kind == "where" and (sought := re.search(r"\b(live|work)s?\b", said)) is not None and fact.about != "me":
        return {"live": "works", "work": "lives"}[sought[1]] != fact.relation
    return not (stem("number") in wanted.words and not numeric(memory.text) and not any(map(str.isdigit, text))
                and fact.relation not in {"code", "is", "number"})  # fmt: skip


def _asks_for_subject(wanted: Asked, subject: frozenset[str]) -> bool:
    return bool(subject) and not subject & wanted.words
