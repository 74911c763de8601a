"""What a question asks for: which kind of answer, and what it names, whatever its words and what is around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from pipelines.memory.cleaning import clean
from pipelines.memory.dates import time_words
from pipelines.memory.facts import content, stem, words_of
from pipelines.thinking.intent import normal


def stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


# The same predicate in other words, in questions and facts alike.
_PREDICATES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        ((r"\b(?:can't|cannot|can not|doesn't|don't|do not|does not|not|never) (?P<s>[\w' ]+? )?(?:stand|like|"
         r"bear|love|want|"
         r"enjoy)s?\b"), r"\g<s>dislikes"),
        (r"\b(?:can't|cannot|can not|doesn't|don't|do not|does not) (?P<s>[\w' ]+? )?(?:eat|have)\b", r"\g<s>allergic"),
        (r"\b(?:hates?|detests?|loathes?)\b", "dislikes"),
        (r"\b(?:loves?|adores?|enjoys?|prefers?|preferred|favourites?|favorites?|likes?|fond of|keen on)\b", "likes"),
        (r"\b(?:brolly)\b", "umbrella"), (r"\b(?:telly)\b", "tv"), ((r"\b(?:wi ?fi|wifi)(?: password| network|"
                                                                    r" name)?\b"), "wifi"),
        (r"\b(?:shuts?|shut)\b", "closes"), (r"\b(?:begins?)\b", "starts"), ((r"\b(?:born|birthday|"
                                                                             r"turns)\b"), "birthday"),
        (r"\bmoved to\b", "lives in"), (r"\bblood group\b", "blood type"),
        (r"\b(?:costs?|charges?|price|pay|fee)\b", "cost"), (r"\bowes?\b", "owe"),
        (r"\b(?:surgery|practice|clinic)\b(?=.*\b(?:doctor|dentist|vet)\b)", ""),
        ((r"\b(?:stuck|stashed|hid|hidden|tucked|shoved|popped|chucked|left|dropped|kept|stored|laid|chained|"
         r"parked|park|"
         r"hang|hangs|hung|lives?(?= (?:on|in|under|behind|by|at|next|inside|above|below|with))|sits|goes|"
         r"packed|stowed)\b"), "put"),
    )
)  # fmt: skip
VAGUE: Final = stems(
    "thing stuff one exactly again remind know idea tell remember mention happen please supposed usually usual "
    "normally "
    "called name get got have use set day days these those lately nowadays currently right way best kind sort type bit "
    "you any there it mine own need let really end find out up on off whole actual exact is was been being"
)
TIME_WORDS: Final = stems("time day date year month hour late early long")
_ME: Final = frozenset({"i", "me", "my", "mine", "we", "us", "our", "ours", "i'm", "we're", "i've"})
WITHIN: Final = re.compile(r"\bhow (?P<how>old|long|far|tall|heavy|big|fast|deep|high|wide|often|hot|cold)\b")


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
        words = pattern.sub(partial(_put_plain, plain), words)
    return words


def _put_plain(plain: str, match: re.Match[str]) -> str:
    return plain.replace(r"\g<s>", match.groupdict().get("s") or "")


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
    elif kind == "how" and WITHIN.search(words):
        kind = "number"
    elif kind == "how" and re.search(r"\bhow (?:do|can) i find\b|\bhow (?:is|are) .* called\b", words):
        kind = "where" if "find" in found else "what"
    elif kind == "what" and after in TIME_WORDS:
        kind = "when"
    return Asked(kind, said_of(words) - VAGUE, after, bool(set(found) & _ME), words)


@lru_cache(maxsize=4096)
def said_of(words: str) -> frozenset[str]:
    return content(_plain(words))


def refers(question: str) -> bool:
    """It asks, as far as words show: with a question's word, or by naming something alone ("gate code please")."""
    words = normal(clean(question).text)
    asks = re.search(r"\b(?:what|where|who|whom|whose|which|when|how|any|anything|remind|tell|read)\b|^(?:is|"
                     r"are|am|was|"
                     r"do|does|did|has|have|had|can)\b|\?", words) is not None  # fmt: skip
    return (
        asks
        or question.rstrip().endswith("?")
        or (len(words.split()) <= 4 and question.rstrip().lower().endswith("please"))
    )


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
    return told or bool(set(words.split()) & _ME) or re.search(r"\b(?:the|his|her|their)\b|"
                                                               r"(?<!what)(?<!where)(?<!who)(?<!that)(?<!how)"
                                                       r"(?<!when)(?<!it)'s\b", words) is not None  # fmt: skip
