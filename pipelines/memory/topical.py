"""Which of the recalled facts is about what a question asks for, by its grammar and not by its wording; and whether what
another rule found is of the kind that is asked for at all.

A fact answers if what it is about is named, if nothing is left of the question that it says nothing of, and if it holds
the kind of answer: a place, a time, a number, somebody, a name, or what somebody does. Everything else was not told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.events import Memory
from pipelines.memory.cleaning import clean
from pipelines.memory.dates import time_words
from pipelines.memory.english import KIN
from pipelines.memory.facts import content, fact_of, is_time, numeric, stem, timely, words_of
from pipelines.memory.passing_words import HEALTH, PREPOSITIONS
from pipelines.memory.phrasing import as_question
from pipelines.thinking.intent import normal

MOST: Final = 3  # facts in one answer


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


# The same predicate in other words, in questions and facts alike.
_PREDICATES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\b(?:can't|cannot|can not|doesn't|don't|do not|does not|not|never) (?P<s>[\w' ]+? )?(?:stand|like|bear|love|want|"
         r"enjoy)s?\b", r"\g<s>dislikes"),
        (r"\b(?:can't|cannot|can not|doesn't|don't|do not|does not) (?P<s>[\w' ]+? )?(?:eat|have)\b", r"\g<s>allergic"),
        (r"\b(?:hates?|detests?|loathes?)\b", "dislikes"),
        (r"\b(?:loves?|adores?|enjoys?|prefers?|preferred|favourites?|favorites?|likes?|fond of|keen on)\b", "likes"),
        (r"\b(?:brolly)\b", "umbrella"), (r"\b(?:telly)\b", "tv"), (r"\b(?:wi ?fi|wifi)(?: password| network| name)?\b", "wifi"),
        (r"\b(?:shuts?|shut)\b", "closes"), (r"\b(?:begins?)\b", "starts"), (r"\b(?:born|birthday|turns)\b", "birthday"),
        (r"\bmoved to\b", "lives in"), (r"\bblood group\b", "blood type"),
        (r"\b(?:costs?|charges?|price|pay|fee)\b", "cost"), (r"\bowes?\b", "owe"),
        (r"\b(?:surgery|practice|clinic)\b(?=.*\b(?:doctor|dentist|vet)\b)", ""),
        (r"\b(?:stuck|stashed|hid|hidden|tucked|shoved|popped|chucked|left|dropped|kept|stored|laid|chained|parked|park|"
         r"hang|hangs|hung|lives?(?= (?:on|in|under|behind|by|at|next|inside|above|below|with))|sits|goes|packed|stowed)\b", "put"),
    )
)  # fmt: skip
_PLACING: Final = _stems("put leave keep hide find see stick stash live go sit stand lie be end have store get place drop "
                         "park chain hang lock located situated kept stuck")  # fmt: skip
_EATING: Final = _stems("food eat meal dish")
_VAGUE: Final = _stems(
    "thing stuff one exactly again remind know idea tell remember mention happen please supposed usually usual normally "
    "called name get got have use set day days these those lately nowadays currently right way best kind sort type bit "
    "you any there it mine own need let really end find out up on off whole actual exact is was been being"
)
_PLACE_WORDS: Final = _stems("side place spot street town city village building address corner end area location room "
                             "drawer shelf pocket level floor row hall")  # fmt: skip
_TIME_WORDS: Final = _stems("time day date year month hour late early long")
_NUMBER_WORDS: Final = _stems("number code many much size")
_PERSON_WORDS: Final = _stems("who whom whose person somebody")
_MANNER: Final = _stems("take like drink dislikes order prefer have")
_ME: Final = frozenset({"i", "me", "my", "mine", "we", "us", "our", "ours", "i'm", "we're", "i've"})
_ADVICE: Final = re.compile(
    r"\b(?:where|how)\b.* (?:can|could|should|would|might|shall|may|ought) (?:i|we|one)\b"
    r"(?! (?:have |be |possibly |probably )*(?:find|put|leave|left|keep|kept|look|go looking|reach|call|see|know|expect|get hold))|"
    r"\bhow (?:to|do (?:i|we|you) (?:get (?:to|there|from|back|home)|go|come|fix|make|use|turn|clean|cook))\b|\bwhy\b|"
    r"\bwhere (?:to|do (?:i|we|you) (?:buy|get (?!off|on|out|in)))\b"
)
_OF_THIRD: Final = re.compile(
    r"\bwhat (?:did|does|has|have|do) (?!i\b|we\b)[\w' ]+? (?:say|said|tell|told|think|thought|mean|meant|want|wanted)\b"
)
_DOING: Final = re.compile(r"\bwhat (?:did|does|do|is|are|was|were|have|has)\b.*\b(?:do|doing|done|did)\b")
_WITHIN: Final = re.compile(r"\bhow (?P<how>old|long|far|tall|heavy|big|fast|deep|high|wide|often|hot|cold)\b")
_AGED: Final = re.compile(
    r"\b(?:years?|old|aged?|turns|months?|weeks?|hours?|minutes?|metres?|meters?|miles?|kilos?|km|cm|kg)\b"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind`: "where", "when", "who", "number", "how", "why", "what", or "" for yes or no; `words`: what it names, in
    stems; `after`: the noun behind what or which; `mine`: it says "my" or "I"; `said`: in plain words."""

    kind: str
    words: frozenset[str]
    after: str
    mine: bool
    said: str


def _plain(words: str) -> str:
    for pattern, plain in _PREDICATES:
        words = pattern.sub(
            lambda m, to=plain: m.expand(to) if "\\g" not in to or m["s"] else to.replace(r"\g<s>", ""), words
        )
    return words


@lru_cache(maxsize=1024)
def asked(question: str) -> Asked:
    """What the question asks for."""
    words = normal(clean(question).text)
    words = re.sub(r"\b(what|where|who|when|how|which)'?(?:s|re|d)\b(?! (?:for)\b)", r"\1 is", words)
    if when := time_words(words):
        words = " ".join(words.replace(when, " ").split())
    found = words_of(words)
    kind = next((word for word in found if word in {"where", "when", "who", "whom", "whose", "how", "why"}), "")
    which = re.search(r"\b(?:what|which) ([\w-]+)", words)
    after = (
        stem(which[1])
        if which and which[1] not in {"is", "are", "was", "were", "do", "does", "did", "has", "have"}
        else ""
    )
    kind = {"whom": "who", "whose": "who"}.get(kind, kind) or (
        "what" if re.search(r"\b(?:what|which)\b", words) else ""
    )
    if kind == "how" and re.search(r"\bhow (?:many|much)\b", words):
        kind = "number"
    elif kind == "how" and re.search(r"\bhow (?:late|early|soon)\b|\btill when\b", words):
        kind = "when"
    elif kind == "how" and _WITHIN.search(words):
        kind = "number"
    elif kind == "how" and re.search(r"\bhow (?:do|can) i find\b|\bhow (?:is|are) .* called\b", words):
        kind = "where" if "find" in found else "what"
    elif kind == "what" and after in _TIME_WORDS:
        kind = "when"
    return Asked(kind, _of(words) - _VAGUE, after, bool(set(found) & _ME), words)


@lru_cache(maxsize=4096)
def _of(words: str) -> frozenset[str]:
    return content(_plain(words))


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


def refers(question: str) -> bool:
    """It asks, as far as words show: with a question's word, or by naming something alone ("gate code please")."""
    words = normal(clean(question).text)
    asks = re.search(r"\b(?:what|where|who|whom|whose|which|when|how|any|anything|remind|tell|read)\b|^(?:is|are|am|was|"
                     r"do|does|did|has|have|had|can)\b|\?", words) is not None  # fmt: skip
    return (
        asks
        or question.rstrip().endswith("?")
        or (len(words.split()) <= 4 and question.rstrip().lower().endswith("please"))
    )


def _subject(memory: Memory) -> frozenset[str]:
    return fact_of(memory.text).subject


def _answers(wanted: Asked, memory: Memory) -> bool:
    fact, text = fact_of(memory.text), normal(memory.text)
    whole = _of(text) | fact.implied | _stems_of_relation(fact.relation)
    left = wanted.words - whole
    kind = wanted.kind
    if kind == "where" or left & _PLACE_WORDS:
        left -= _PLACING | _PLACE_WORDS
        kind = "where" if kind in {"what", "where"} else kind
    if kind == "when":
        left -= _TIME_WORDS | _stems("due have go come happen fall take run meet see collect pick")
    if kind in {"number", "what"} and fact.relation in {"number", "code"}:
        left -= _NUMBER_WORDS
    named = wanted.words & whole
    subject = _of(" ".join([*_named_subject(text)])) - _VAGUE or fact.subject
    mine = fact.about == "me" or re.match(r"(?:i|we)\b", text) is not None
    if wanted.after in whole and kind == "what":
        left -= _stems("go leave depart come run stay sit catch need wear")  # "which platform does my train go from"
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
    return _stems("call name") if relation == "name" else frozenset()


def _named_subject(text: str) -> list[str]:
    """The words before the verb."""
    match = re.match(r"(.+?) (?:is|are|was|were|has|have|does|doesn't|can't|cannot|\w+s|moved|got|put|lent)\b", text)
    return match[1].split() if match else []


def _head(text: str) -> str:
    words = []
    for word in _named_subject(text):
        if words and (word in PREPOSITIONS or word in {"for", "to", "of"}):
            break
        words.append(word)
    return stem(words[-1]) if words else ""


def _holds(kind: str, wanted: Asked, memory: Memory, named: frozenset[str], subject: frozenset[str]) -> bool:
    """The kind of answer is in the fact, and not in the question already."""
    text, fact = memory.text, fact_of(memory.text)
    more = bool(_of(normal(text)) - wanted.words)
    match kind:
        case "where":
            return _has_place(text) and more
        case "when":
            return timely(text) and (fact.relation not in {"code", "number"} or is_time(text)) and more
        case "who":
            return _has_person(text, wanted.words) and more
        case "number":
            return numeric(text) or any(map(str.isdigit, text))
        case "how":
            return bool(_of(normal(text)) & _MANNER) and bool(wanted.words & _MANNER) and more
        case "what":
            if fact.relation in {"where", "parked", "when", "lives"} and not wanted.after:
                return bool(named - subject)
            return more
    return True


def _has_place(text: str) -> bool:
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


# ------------------------------------------------------------------------------------------------------------- the guard


_UNNAMED: Final = frozenset({"where", "parked", "when", "lives", "colour", "of"}) | _stems(
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
    if (match := _WITHIN.search(said)) is not None:
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


_LOOKS: Final = re.compile(r"\b(?:this|these|here|see|look|looking|front|picture|show|describe|read|sign|label)\b")


def of_ones_own(question: str) -> bool:
    """It asks about something that a person may have told, and no book has: theirs, somebody's, or a certain thing."""
    words = normal(clean(question).text)
    if not refers(question) or re.match(
        r"(?:why|how come)\b|(?:what|who) (?:is|are|was|were) an? |tell me (?:a|about)\b", words
    ):
        return False
    if _LOOKS.search(words):
        return False
    told = asked(question).kind in {"where", "when", "who", "number"}
    return told or bool(set(words.split()) & _ME) or re.search(r"\b(?:the|his|her|their)\b|(?<!what)(?<!where)(?<!who)(?<!that)(?<!how)"
                                                       r"(?<!when)(?<!it)'s\b", words) is not None  # fmt: skip
