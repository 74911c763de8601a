"""A told sentence as what it is about, what of that, and the value: a table of patterns, no model.

Two facts with the same subject and relation are about the same thing. Of some relations there is one value at a time
("my locker is 214"), and a newer one takes the older one's place; of others there are many ("Anna likes tea").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.memory.english import CODES, COLOURS, EMPTY, KIN, SAME
from pipelines.memory.phrasing import as_fact
from pipelines.thinking.intent import normal
from pipelines.thinking.tools.clock import MONTHS, WEEKDAYS
from pipelines.thinking.tools.spoken_time import SMALL, TENS


@dataclass(frozen=True, slots=True)
class Fact:
    """`about`: the subject in the words that were used, without article or "my"; `subject`, `value`: their content
    words, stemmed; `relation`: a class ("where", "number", "is", "allergic" …), "" = a sentence of no known shape;
    `single`: there is one value at a time; `no`: it says that it is not so; `all`: every content word;
    `implied`: words that it need not have to answer them ("lives" is about a city); `head`: the thing itself, of "bike
    lock code" and of "seat on the flight" code and seat, stemmed."""

    about: str
    subject: frozenset[str]
    relation: str
    value: frozenset[str]
    single: bool
    no: bool
    all: frozenset[str]
    implied: frozenset[str] = frozenset()
    head: str = ""


_NUMBERS: Final = frozenset({*SMALL, *TENS, "hundred", "thousand"} - {""})
_TIMES: Final = frozenset(
    {
        *(day.lower() for day in WEEKDAYS),
        *(f"{day.lower()}s" for day in WEEKDAYS),
        *(month.lower() for month in MONTHS),
        "o'clock",
        "am",
        "pm",
        "noon",
        "midnight",
    }
    | {"morning", "evening", "afternoon", "tomorrow", "today", "tonight", "half", "quarter"}
)
_PLACE: Final = (
    r"(?:in|on|at|under|underneath|behind|beside|by|near|inside|outside|above|below|over|between|round|with|"
    r"against|next "
    r"to|in front of|"
    r"on top of|upstairs|downstairs|to the (?:left|right)|across from|opposite|around|level|floor|deck|row|spot|"
    r"space|(?:the )?[\w-]+ (?:street|road|avenue|lane|square|zone|garage|station))\b.*"
)
_DAYS: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|noon|midnight|tomorrow|tonight|weekends?"
_HOURS: Final = r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|quarter)\b"
_PUT: Final = r"(?:put|left|leave|placed|laid|hid|hide|keep|kept|store|stored|packed|dropped|locked)"
_HAVE: Final = r"(?:(?:have|had|'ve) (?:just )?|just )?"

# Pattern on normal words, relation, whether there is one value at a time, what it is about if the words do not say.
# {s} and {v} stand for the subject and the value; the first pattern that fits the whole sentence counts.
_TABLE: Final[tuple[tuple[str, str, bool, str], ...]] = (
    (
        (
            rf"(?:i|we) ?{_HAVE}(?:parked|park)(?: (?P<s>(?:the|my|our) (?:\w+ )?(?:car|bike|bicycle|van|motorbike|"
            rf"scooter|truck))| it)?(?: today)? (?P<v>.+)"
        ),
        "parked",
        True,
        "car",
    ),
    (r"(?P<s>.+?) (?:is|are) parked (?P<v>.+)", "parked", True, ""),
    (
        rf"(?:i|we) ?{_HAVE}{_PUT}(?: up| away| down)? (?P<s>(?:my|the|our|a|an|\w+'s) .+?) (?P<v>{_PLACE})",
        "where",
        True,
        "",
    ),
    (
        (
            r"(?P<s>.+?) (?:(?:is|are|am|was|were) )?(?P<no>not|"
            r"no longer )? ?(?:any ?more )?allergic to (?P<v>.+)"
        ),
        "allergic",
        False,
        "",
    ),
    (r"(?P<s>.+?) (?:has|have) an? (?P<v>.+) allergy", "allergic", False, ""),
    (r"(?:the )?(?:name of (?P<s>.+?)|(?P<s2>.+?)(?:'s)? name) is (?P<v>.+)", "name", True, ""),
    (r"(?P<s>.+?) (?:is|are|am) (?:called|named) (?P<v>.+)", "name", True, ""),
    (r"(?P<s>.+?) (?:lives?|has moved|have moved|moved) (?:in|at|to|on|near|with) (?P<v>.+)", "lives", True, ""),
    (r"(?P<s>.+?) works? (?:at|for|in|as) (?P<v>.+)", "works", True, ""),
    (
        (
            r"(?P<s>.+?) (?P<no>does not |do not |doesn't |don't |can't |cannot |can not |no longer |never )?"
            r"(?P<verb>likes?|loves?|hates?|prefers?|eats?|drinks?|speaks?|takes?|needs?|owns?|plays?|"
            r"wants?|wears?|uses?|"
            r"drives?|collects?|knows?|studies|teaches|has|have) (?P<v>.+)"
        ),
        "verb",
        False,
        "",
    ),
    (
        rf"(?P<s>.+?) (?:is|are|was|were|am) (?:now |still )*(?:kept |stored |hidden |in )?(?P<v>{_PLACE})",
        "where",
        True,
        "",
    ),
    (
        (
            r"(?P<s>.+?) (?P<verb>opens?|closes?|shuts?|starts?|begins?|ends?|finish(?:es)?|leaves?|departs?|arrives?|"
            r"lands?|expires?|runs out|run out|is due|are due) (?P<v>(?:at|on|in|from|until|till|by|next|every|"
            r"before) .+)"
        ),
        "when",
        True,
        "",
    ),
    (
        (
            r"(?P<s>.+?) (?:goes|go|comes|come|gets|get|meets|meet|happens|falls|runs|run)(?: \w+){0,2}? "
            rf"(?P<v>(?:at|on|every|until|till|by|from|next) .*(?:{_DAYS}|\d|{_HOURS}).*)"
        ),
        "when",
        True,
        "",
    ),
    (r"(?P<s>.+?) (?:is|are|was|were|am) (?P<no>not |no longer )?(?:now |still )*(?P<v>.+)", "is", True, ""),
    (r"(?P<s>.+?) belongs? to (?P<v>.+)", "of", True, ""),
    (
        r"(?P<s>.+?) (?:sits?|hangs?|stands?|lies?|stays?|goes|go|belongs?) (?:\w+ )?(?P<v>" + _PLACE + ")",
        "where",
        True,
        "",
    ),
    (r"(?P<s>.+?) (?:costs?|weighs?|measures?|charges?|owes me) (?P<v>.+)", "number", True, ""),
)
_PATTERNS: Final = tuple((re.compile(p), relation, single, about) for p, relation, single, about in _TABLE)

_LEADS = re.compile(
    r"^(?:(?:no(?= (?:wait|well|actually|sorry|i|it|it's|that's|my|our|the|we|he|she|they|not|don't|do)\b)|well|so|"
    r"okay|ok|please|actually|also|and|but|now|hey|earshot|by the way|fyi|today|from now on) )+"
)
_TAILS = re.compile(
    r"(?: (?:now|today|any ?more|actually|please|again|by the way|instead|these days|"
    r"from now on))+$"
)
OPTIONAL: Final = frozenset(
    {
        "number",
        "name",
        "call",
        "kind",
        "type",
        "sort",
        "time",
        "day",
        "date",
        "place",
        "old",
        "order",
        "usual",
        "usually",
        "regular",
        "always",
    }
)


def words_of(text: str) -> list[str]:
    """Lower-case words, possessives and contractions apart: "Anna's" -> anna, 's."""
    return re.findall(r"'\w+|n't|[^\W_]+(?:-[^\W_]+)*", re.sub(r"n't\b", " n't", normal(text)))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Words that mean the same thing for finding, as one: "keys" -> key, "parked" -> park."""
    word = SAME.get(word, word)
    if not word.isalpha() or len(word) <= 3:
        return word
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aels":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def content(text: str) -> frozenset[str]:
    """The words that say something, stemmed."""
    return frozenset(stem(word) for word in words_of(text) if word not in EMPTY)


def cleaned(text: str) -> str:
    """The sentence itself: without "actually" before it and "now" behind it, and without its stop."""
    said = " ".join(text.split()).strip(" .,;:!?")
    low = said.lower().replace(",", " ")
    lead = _LEADS.match(low)
    said = said[lead.end() :] if lead and lead.end() < len(said) else said
    tail = _TAILS.search(said.lower())
    return said[: tail.start()].strip(" ,") if tail and tail.start() > 0 else said.strip(" ,")


@lru_cache(maxsize=4096)
def fact_of(text: str) -> Fact:
    """What a told sentence says, as far as its shape is known."""
    said = as_fact(cleaned(text))
    for pattern, relation, single, about in _PATTERNS:
        if (match := pattern.fullmatch(said)) is None:
            continue
        found = match.groupdict()
        value = found["v"]
        subject = found.get("s") or found.get("s2") or about
        if relation == "is":
            relation, single = _of_value(subject, value)
        elif relation == "where" and is_time(value):
            relation = "when"
        if relation == "verb":
            relation = stem(found["verb"])
        about_me = _about(subject) == "me"
        return Fact(
            _about(subject),
            (content(subject) - OPTIONAL) or content(subject),
            relation,
            content(value),
            single,
            bool(found.get("no")),
            content(said) | content(subject),
            implied(relation, about_me, _head(subject), value),
            _head(subject),
        )
    return Fact("", frozenset(), "", frozenset(), False, False, content(said))


_IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    relation: frozenset(map(stem, words.split()))
    for relation, words in {
        "lives": "live city town country village address home street",
        "allergic": "eat food",
        "works": "job profession",
        stem("like"): "gift present hobby interest",
        "parked": "car park",
        "name": "called",
    }.items()
}
_VEHICLES: Final = frozenset(map(stem, ["car", "bike", "van", "scooter", "motorbike", "truck"]))
_LOCKS: Final = frozenset(map(stem, ["lock", "safe", "alarm", "keypad", "padlock"]))
_JOB: Final = re.compile(
    r"an? (?:[\w-]+ )?\w+(?:er|or|ist|ian|eer|ant|man|woman|chef|nurse|cook|pilot|judge|vet|guard)"
)
_NO_JOB: Final = frozenset(
    [
        "vegetarian",
        "smoker",
        "twin",
        "beginner",
        "foreigner",
        "member",
        "stranger",
        "christian",
        "italian",
        "brazilian",
        "canadian",
    ]
)


def implied(relation: str, about_me: bool, head: str, value: str) -> frozenset[str]:
    """What else somebody asks with who means this fact."""
    if relation == "is" and _JOB.fullmatch(value) and not set(value.split()) & (_NO_JOB | KIN):
        relation = "works"
    if relation == "where" and head in _VEHICLES:
        relation = "parked"
    if relation == stem("take") and about_me and not numeric(value) and not re.match(r"(?:the|an?|my) ", value):
        return frozenset({stem("medicine")})
    return _IMPLIED.get(relation, frozenset())


def _head(subject: str) -> str:
    """The word that says what kind of thing it is."""
    thing = re.split(r" (?:to|for|on|at|in|from|of|with|by) | home\b", subject)[0]
    words = [word for word in words_of(thing) if word not in EMPTY]
    return stem(words[-1]) if words else ""


_ONE: Final = frozenset(map(stem, ["boss", "teacher"]))  # of these people have one at a time


def _of_value(subject: str, value: str) -> tuple[str, bool]:
    """What kind of thing “X is …” tells, and whether there is one at a time."""
    if CODES & set(words_of(subject)):
        return "code", True
    if numeric(value):
        return ("code" if _head(subject) in _LOCKS else "number"), True
    if is_time(value):
        return "when", True
    if set(value.split()) & COLOURS and not re.match(r"an? ", value):
        return "colour", True
    owned = re.match(r"(?:my|our|the) |.*'s ", subject) is not None
    kin = bool(content(subject) & {stem(word) for word in KIN})
    return "is", owned and (not kin or _head(subject) in _ONE)


def numeric(text: str) -> bool:
    """It holds a number, and no time of day or date."""
    found = set(words_of(text))
    return (any(map(str.isdigit, text)) or bool(found & (_NUMBERS - {"one"}))) and not found & _TIMES


_ORDINAL: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth|(?:twenty|thirty) (?:first|second|third|fourth|"
    r"fifth|sixth|seventh|eighth|ninth))"
)
_DATE: Final = re.compile(
    rf"\b\d{{1,2}}[: ]\d\d\b(?! ?\d)|\b(?:on|by|until|till|from|is|for) the {_ORDINAL}(?= (?:at|of|in|to)\b|$)|"
    r"\bin (?:19|20)\d\d\b|\b(?:next|this|every|each) (?:week|month|year|weekend|day)\b|\bat the weekend\b"
)


def is_time(text: str) -> bool:
    """It names a day, a month or a time of day."""
    return bool(set(words_of(text)) & _TIMES) or _DATE.search(normal(text)) is not None


def timely(text: str) -> bool:
    """It names a day or a time."""
    return is_time(text) or any(map(str.isdigit, text)) or bool(set(words_of(text)) & _NUMBERS)


def _about(subject: str) -> str:
    """Whom or what it is about: of “Anna's birthday” Anna, of “my locker” locker, of “I” me."""
    if match := re.match(r"(.+?)'s ", subject):
        subject = match[1]
    subject = re.sub(r"^(?:my|our|the|a|an|your|this|that) ", "", subject)
    subject = re.sub(r"(?<=\w) (?:number|name)$", "", subject)
    return "me" if subject in {"i", "me", "we", "my", "i'm"} else subject


_ENDS: Final = frozenset(
    map(stem, ["open", "close", "start", "end", "finish", "leave", "depart", "arrive"])
)  # not at one time
_TOLD_OF: Final = frozenset({"number", "name"})
_VALUES: Final = frozenset({"is", "number", "code", "name", "when"})  # "my dentist is called X", "my dentist is Y"


def same(a: Fact, b: Fact) -> bool:
    """They tell of the same thing: subject and relation are the same, and the relation is known."""
    mine = a.about == "me", b.about == "me"
    if not a.relation or mine[0] != mine[1]:
        return False
    if a.relation == b.relation and a.subject == b.subject:
        return not (a.all & _ENDS and b.all & _ENDS and a.all & _ENDS != b.all & _ENDS)
    # "my bus is the 16" after "my bus to work is the 42"; of a thing its place, whichever way it was told
    nearer = a.relation == b.relation and a.head == b.head != "" and a.subject < b.subject
    code = stem("code")
    coded = a.relation == b.relation == "code" and a.subject - {code} == b.subject - {code}
    works = a.relation == "works" and stem("job") in b.implied and a.subject == b.subject
    placed = {a.relation, b.relation} == {"where", "parked"} and a.subject == b.subject
    return nearer or coded or works or placed or _one_value(a, b)


def _one_value(a: Fact, b: Fact) -> bool:
    """They give the same thing a value in two ways; of one thing its name and its number are two things, and what
    somebody is, is none of both."""
    kinds = {a.relation, b.relation}
    if not kinds <= _VALUES or a.subject != b.subject or not a.subject or not (a.single and b.single):
        return False
    return "number" not in kinds or not kinds & {"name", "is"} or not (a.all | b.all) & _TOLD_OF


def replaces(new: Fact, old: Fact) -> bool:
    """The new one takes the old one's place."""
    if not same(new, old):
        return False
    if new.no != old.no:
        return new.single or new.value == old.value
    return new.single


def repeats(new: Fact, old: Fact) -> bool:
    """They say the same."""
    return new.all == old.all and new.no == old.no and new.relation == old.relation
