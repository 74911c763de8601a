"""A fact that the wearer states in passing, about their own world: "so um the car's behind the baths, just so I find it
later", "spare key under the flowerpot", "Jonas works at the bank now".

Told by grammar: a subject that can be asked for later, a verb, and what it says of it: a place, a number, a time, a name,
a person's ways. Talk of how something is just now, of what is in the picture, of what others said or what may be is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.memory.clauses import PLACED as NUMBERED
from pipelines.memory.clauses import in_order
from pipelines.memory.cleaning import clean
from pipelines.memory.english import CODES, COLOURS, KIN
from pipelines.memory.facts import is_time, numeric
from pipelines.memory.passing_words import (
    BEING, COSTING, HEALTH, LIVING, NO_STATEMENT, PASSING, POSSESSIONS, PREPOSITIONS, PRONOUNS, PUTTING, REPORTED, SCENE,
    TELLING, TIMING,
)  # fmt: skip

LONGEST: Final = 28  # words
_IT: Final = r"(?:it's|it is|that's|that is|he's|he is|she's|she is|they're|they are|there's)"
_NOW: Final = frozenset({"now", "still", "just", "always", "usually", "normally", "actually", "currently", "also", "only",
                         "really", "already", "mostly", "generally", "apparently", "both", "all"})  # fmt: skip
_DETERMINERS: Final = frozenset({"my", "our", "the", "a", "an", "that", "this", "these", "those", "another", "any"})
_OWN: Final = frozenset({"my", "our"})
_ME: Final = frozenset({"i", "we"})
_ASKING: Final = frozenset({"what", "where", "when", "which", "whose", "whom", "any", "anything", "how", "why", "should", "could", "would", "might", "shall", "please", "you", "your",
                            "you're", "you'll", "you've", "yours", "if", "sir", "madam", "maybe", "perhaps"})  # fmt: skip
_HINDERED: Final = frozenset({"can't", "cannot", "doesn't", "don't", "never", "won't", "didn't"})
_STATES: Final = frozenset({"called", "named", "kept", "parked", "hidden", "stored", "locked", "due", "staying", "living",
                            "hanging", "sitting", "left", "meeting", "flying", "leaving", "arriving", "seeing", "booked",
                            "working", "chained", "based", "born", "coming", "buried", "tucked", "getting"})  # fmt: skip
_LIKES: Final = frozenset({"like", "love", "hate", "adore", "enjoy"})
_HABITS: Final = frozenset({"take", "drink", "eat", "use", "wear", "catch", "sit", "park", "need", "have", "order", "get",
                            "see", "go", "work", "live", "play", "drive", "own", "sleep", "swim", "run"})  # fmt: skip
_GIVES: Final = frozenset({"lent", "gave", "owe", "borrowed", "lend", "promised"})
_BODY: Final = frozenset(
    "head foot feet leg back arm hand hands knee heart stomach mind life day eyes hair god turn".split()
)
_PEOPLE: Final = KIN | frozenset(
    "lady man woman guy kids granddad grandad gran granny nan nephew landlord landlady roommate flatmate manager "
    "dentist doctor vet plumber physio therapist lawyer accountant builder gardener cleaner teacher tutor coach".split()
)
_CODED: Final = CODES | frozenset("number size wifi locker seat room gate platform row ward table desk".split())


@dataclass(frozen=True, slots=True)
class Statement:
    """`text`: as it is kept, in the usual order of words; `sure`: plainly a fact of the wearer's to be kept, and not
    talk that a model might be meant to take up."""

    text: str
    sure: bool


@lru_cache(maxsize=512)
def statement(text: str) -> Statement | None:
    """What these words state; None if nothing that could be asked for later."""
    if text.rstrip().endswith("?"):
        return None
    cleaned = clean(text)
    said = re.sub(r"[,;]\s", " ", re.split(r",? (?:but|and then|and so)\b", cleaned.text)[0])
    words = said.lower().split()
    if not 2 <= len(words) <= LONGEST or set(words) & _ASKING or _WHO.search(said.lower()) or words[-1] == "again":
        return None
    for order in _orders(said):
        found = _parsed(order.split(), cleaned.meant)
        if found is not None:
            return found
    return None


_WHO: Final = re.compile(r"^(?!it's |it is ).*\bwho(?:'s)?\b")


def _orders(said: str) -> Iterator[str]:
    """The sentence in the orders that speech may have turned it from."""
    noun = r"(?P<s>(?:[\w'-]+ ){0,5}?[\w'-]+)"
    rows = (
        (rf"(?:(?:they|we|i)(?:'ve| have)? )?(?:got )?(?:changed|a new|an? other|new|another|switched|swapped)"
         rf"(?: (?:the|my|our))? {noun} (?:so |and |now )*{_IT} (?:now )?(?P<r>.+)", r"the \g<s> is \g<r>"),
        (rf"(?:got |we've got |i've got |they gave (?:me|us) )?(?:a |the )?new {noun} (?:is )?(?P<r>{_VALUED})",
         r"my \g<s> is \g<r>"),
        (rf"(?P<s>(?:my|our|the) [\w'-]+(?: [\w'-]+)? (?:for|of|to|on|at) (?:my |our |the )?[\w'-]+(?: [\w'-]+)?) {_IT} (?P<r>.+)",
         r"\g<s> is \g<r>"),
        (rf"(?:.*? )?(?P<s>(?:my|our|the) [\w'-]+(?: [\w'-]+)?) (?:so |and |now |but )*{_IT} (?:now )?(?P<r>.+)",
         r"\g<s> is \g<r>"),
        (rf"{noun}(?: isn't| is not|'s not| aren't) .+? (?:any ?more|any longer|now) {_IT} (?:now )?(?P<r>.+)",
         r"\g<s> is \g<r>"),
        (rf"(?P<s>(?:[\w'-]+ ){{0,2}}[\w'-]+) {_IT} (?:now )?(?P<r>.+)", r"\g<s> is \g<r>"),
        (r"it(?:'s| is) (?P<s>.+?) (?:that|who|which) (?P<r>.+)", r"\g<s> \g<r>"),
        (r"it(?:'s| is) (?P<r>.+?) (?P<s>i|we) (?P<v>take|wear|need|have|use|drink)(?P<w> (?:in|for) \w+)?",
         r"\g<s> \g<v> \g<r>\g<w>"),
        (rf"they(?:'ve| have)? (?:just )?(?:put|moved|sat|booked|placed|got) (?:me|us) (?:in|into|to|on|at) "
         rf"(?:the )?(?P<s>{NUMBERED}|block|class|group|bay|house|hall|carriage|car) (?P<r>[\w -]+)", r"my \g<s> is \g<r>"),
        (rf"(?:i'm|i am|we're|we are) (?:now )?(?:in|on|at) (?P<s>{NUMBERED}|block|class|group) (?:number )?(?P<r>[\w -]+)",
         r"my \g<s> is \g<r>"),
        (rf"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?(?:moved|pushed|shifted|put back|changed|"
         rf"switched|brought forward|postponed)(?: back| forward)? (?:to|into) (?P<r>(?:the )?{_VALUED})", r"\g<s> is \g<r>"),
        (rf"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?(?:moved|pushed|shifted|put back|changed|"
         rf"switched|brought forward|postponed)(?: back| forward)? (?:to|into) (?P<r>.*{_TIME}.*)", r"\g<s> is on \g<r>"),
        (r"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?moved (?:again )?(?:to|into) (?P<r>.+)",
         r"\g<s> moved to \g<r>"),
        (r"(?P<s>.+?)(?:'s| has| have)* moved (?:again )?(?P<r>[\w-]+(?: [\w-]+)?) (?:this time|now)", r"\g<s> moved to \g<r>"),
        (rf"i (?:now )?(?:take|catch|get|ride|use) the (?P<n>{_VALUED[:-4]}) (?P<s>bus|tram|train|line)(?P<r>.*)",
         r"my \g<s> is the \g<n>\g<r>"),
        (r"i (?:have|'ve got|got)? ?(?:an? |my )?(?P<s>appointment|meeting) (?:with|at) (?:the |my )?(?P<w>[\w-]+) (?P<r>.+)",
         r"my \g<w> \g<s> is \g<r>"),
        (r"(?:not there (?:any ?more|now) )?(?:i )?(?:re-?parked|moved) (?:it|the car) (?P<r>(?:to|by|in|on|at|near|behind|"
         r"next|outside|under|over|round|opposite)\b.+)", r"i parked \g<r>"),
    )  # fmt: skip
    for pattern, plain in rows:
        if match := re.fullmatch(pattern, said, re.IGNORECASE):
            yield match.expand(plain)
    yield said
    if (again := in_order(said)) != said:
        yield again


_TIME: Final = (
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|tomorrow|noon|midnight|tonight|half past|quarter (?:past|to)|o'clock)\b"
)
_VALUED: Final = r"(?:\d[\w-]*|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]+\d+)\b.*"


def _parsed(words: Sequence[str], meant: bool) -> Statement | None:
    low = [word.lower().strip(",.;:!") for word in words]
    if low[0] in _ME | {"i'm", "we're", "i've", "we've", "i'd"}:
        return _of_me(words, low, meant)
    if low[0] in PUTTING and low[0] not in {"leave", "store", "hide", "put", "lock", "keep", "hang", "moved"}:
        return _placed(["I", *words], ["i", *low], 1, meant)
    if low[0] in {"put", "moved"} and len(low) > 1 and low[1] in {"my", "our", "the"} and low[0] == "moved":
        return _placed(["I", *words], ["i", *low], 1, meant)
    if low[0] in NO_STATEMENT or low[0] in PRONOUNS and not (low[0] in {"that", "this"} and "belongs" in low):
        return None
    at, how = _verb(low)
    if at < 0:
        return _fragment(words, low, meant)
    subject, low_subject = list(words[:at]), low[:at]
    if how == "'s":
        subject, low_subject = [*words[:at], words[at][:-2]], [*low[:at], low[at][:-2]]
    if not low_subject or len(low_subject) > 7 or set(low_subject) & (REPORTED | {"not", "and", "there"}):
        return None
    rest, low_rest = list(words[at + 1 :]), low[at + 1 :]
    if how == "is" or how == "'s":
        return _is(subject, low_subject, words[at] if how == "is" else "", rest, low_rest, meant)
    return _does(subject, low_subject, [words[at], *rest], [low[at], *low_rest], meant)


def _verb(low: Sequence[str]) -> tuple[int, str]:
    """Where the verb is, and which: "is", "'s" (ends the subject), "does"; -1: none."""
    being = next((i for i, word in enumerate(low) if word in BEING and i), -1)
    acting = next((i for i, word in enumerate(low) if i and _acts(low, i)), -1)
    short = next((i for i, word in enumerate(low) if word.endswith("'s") and word not in PRONOUNS), -1)
    found = [i for i in (being, acting) if i > 0]
    first = min(found) if found else -1
    if short >= 0 and (first < 0 or (short + 1 < len(low) and low[short + 1] in _AFTER_IS and short < first)):
        return short, "'s"
    if first < 0:
        return -1, ""
    return first, "is" if first == being else "does"


_AFTER_IS: Final = (
    PREPOSITIONS
    | _NOW
    | HEALTH
    | _STATES
    | {"got", "been", "not", "moved", "gone", "the", "a", "an", "my", "our", "due"}
)
_LEXICAL: Final = TELLING | LIVING | TIMING | COSTING | _HINDERED | {"was", "gave"}


def _acts(low: Sequence[str], at: int) -> bool:
    """The word is a verb here: of a singular subject, or of one in the plural."""
    word, before = low[at], low[at - 1]
    if word not in _LEXICAL or before in _DETERMINERS | PREPOSITIONS | _OWN | {"of", "to", "new"} or at + 1 >= len(low):
        return False
    if word in _HINDERED or word in {"has", "had", "moved", "married", "borrowed", "lent", "gave", "got"}:
        return True
    if word.endswith("s") and not word.endswith("ss"):
        return True
    return before.endswith("s") and not before.endswith("'s") or before in {"kids", "children", "people", "parents"}


# ------------------------------------------------------------------------------------------------- who, and what of it


def _owned(low: Sequence[str]) -> bool:
    return bool(low) and (low[0] in _OWN or any(word.endswith("'s") or word.endswith("s'") for word in low))


def _nominal(low: Sequence[str]) -> str:
    """The word that says what it is: of "lady downstairs" and "code for the shed" lady, code; "" if there is none."""
    words = [word for word in low if word not in _DETERMINERS]
    for i, word in enumerate(words):
        if i and (word in PREPOSITIONS or word in {"for", "to", "of", "here"}):
            words = words[:i]
            break
    return words[-1] if words and words[-1] not in PRONOUNS else ""


def _somebody(low: Sequence[str]) -> bool:
    """A name, or a person by what they are to the wearer."""
    nominal = _nominal(low)
    if nominal in _PEOPLE or (nominal.endswith("s") and nominal[:-1] in _PEOPLE):
        return True
    named = low[0] not in _DETERMINERS and len(low) <= 2 and nominal not in SCENE | POSSESSIONS | PASSING
    return named and not nominal.endswith("ing")


def _known(low: Sequence[str], meant: bool) -> bool:
    """What is worth keeping: the wearer's own, or what everybody has to find again."""
    return meant or _owned(low) or bool({*low} & (POSSESSIONS | _CODED)) or _somebody_of_ours(low)


def _somebody_of_ours(low: Sequence[str]) -> bool:
    return _somebody(low) and low[0] not in {"a", "an", "this", "that", "these", "those"}


def _scenery(low: Sequence[str]) -> bool:
    """Of the picture, and nobody's."""
    return (
        low[0] in {"this", "these", "those", "a", "an"}
        or (_nominal(low) in SCENE and not _owned(low))
        or not _nominal(low)
    )


def _thing(subject: Sequence[str], low: Sequence[str]) -> str:
    """As a subject: a bare noun gets its article."""
    said = " ".join(subject)
    said = re.sub(r"^the (?:new|current) ", "the ", said, flags=re.IGNORECASE)
    if low[0] in _DETERMINERS or _owned(low) or any(word[:1].isupper() for word in subject[1:]):
        return said
    if set(low) & (POSSESSIONS | _CODED):
        return f"{'my' if _nominal(low) in _CODED and len(low) == 1 else 'the'} {said[:1].lower() + said[1:]}"
    return said


def _unless_now(rest: Sequence[str], low: Sequence[str]) -> tuple[list[str], list[str]]:
    """Without "now" and "still" before and behind it."""
    out, low_out = list(rest), list(low)
    while low_out and low_out[0] in _NOW:
        out, low_out = out[1:], low_out[1:]
    while low_out and (low_out[-1] in {"now", "actually", "instead", "nowadays", "again", "today"} or
                       low_out[-2:] in (["these", "days"], ["any", "more"], ["this", "time"])):  # fmt: skip
        cut = 2 if low_out[-2:] in (["these", "days"], ["any", "more"], ["this", "time"]) else 1
        out, low_out = out[:-cut], low_out[:-cut]
    return out, low_out


def _place(low: Sequence[str]) -> bool:
    """It begins with a place that can be found again: none that moves with who speaks."""
    if not low or low[0] not in PREPOSITIONS or (len(low) == 1 and low[0] not in {"upstairs", "downstairs"}):
        return False
    return not (set(low) & {"me", "us", "it", "them", "him", "her"}) or "where" in low


# ---------------------------------------------------------------------------------------------------------- what it is


def _is(
    subject: list[str], low: list[str], verb: str, rest: list[str], low_rest: list[str], meant: bool
) -> Statement | None:
    rest, low_rest = _unless_now(rest, low_rest)
    if not low_rest or (_scenery(low) and not (meant and _nominal(low))):
        return None
    plural = verb or ("are" if _nominal(low).endswith("s") and not _nominal(low).endswith("ss") else "is")
    plural = "is" if plural in {"was", "am"} and "born" not in low_rest else plural
    said = f"{_thing(subject, low)} {plural} {' '.join(rest)}"
    known = _known(low, meant)
    if low_rest[0] in {"got", "been", "moved"} and not verb:  # "'s" was "has"
        kept = " ".join(rest)
        if low_rest[0] == "got" and (low_rest[1:2] or [""])[0] in {"a", "an", "the", "my"} and _somebody(low):
            return Statement(f"{_thing(subject, low)} has {' '.join(rest[1:])}", known and numeric(kept))
        return (
            Statement(f"{_thing(subject, low)} {kept}", True) if low_rest[0] == "moved" and "to" in low_rest else None
        )
    head = low_rest[0]
    if head in {"called", "named"}:
        return Statement(said, known) if len(low_rest) > 1 else None
    if set(low_rest[:2]) & HEALTH:
        return Statement(said, True) if _somebody(low) or _owned(low) else None
    if head in {"with", "at"} and len(low_rest) == 1:
        return None
    if _place(low_rest) and not is_time(" ".join(low_rest[:4])):
        return Statement(said, known)
    if head in _STATES and (
        _place(low_rest[1:]) or low_rest[1:2] == ["to"] or is_time(" ".join(low_rest)) or numeric(" ".join(low_rest))
    ):
        return Statement(said, known)
    if head in _STATES or head.endswith("ing") or head in {"not", "so", "too", "very", "really", "quite", "such", "no"}:
        return None
    if set(low_rest) & {"ahead", "behind"} and len(low_rest) < 3:
        return None
    value = " ".join(low_rest)
    if is_time(value):
        return Statement(said, known) if not _somebody(low) or _owned(low) or known else None
    if head in PASSING or low_rest[-1] in PASSING or _nominal(low) in _BODY:
        return None
    if numeric(value) or any(letter.isdigit() for letter in value):
        return Statement(said, known) if known else None
    if set(low_rest) & COLOURS and len(low_rest) <= 2:
        return Statement(said, True) if _owned(low) else None
    if head in PRONOUNS or not known or (_somebody(low) and not _owned(low) and low[0] != "the" and not meant):
        return None
    named = len(rest) > 1 or rest[0][:1].isupper() or bool(set(low) & (POSSESSIONS | _CODED))
    return Statement(said, named or meant)


def _does(subject: list[str], low: list[str], rest: list[str], low_rest: list[str], meant: bool) -> Statement | None:
    verb, value = low_rest[0], " ".join(low_rest[1:])
    kept, _ = _unless_now(rest[1:], low_rest[1:])
    said = f"{_thing(subject, low)} {' '.join([rest[0], *kept])}"
    if not kept or low_rest[-1] in {"it", "that", "this"}:
        return None
    known, somebody = _known(low, meant), _somebody(low)
    if verb == "belongs" or verb == "belong":
        return Statement(said, True)
    if low[0] in {"this", "these", "those", "that", "a", "an"} or not _nominal(low):
        return None
    if verb in _HINDERED:
        return (
            Statement(said, known) if somebody and low_rest[1] in TELLING | {"stand", "eat", "drink", "bear"} else None
        )
    if verb in LIVING and _place(low_rest[1:]) and not _scenery(low):
        return Statement(said, known)
    if verb in TIMING and (is_time(value) or numeric(value)) and not set(low_rest) & {"minutes", "seconds"}:
        return Statement(said, known or low[0] in {"the", "our"})
    if verb in COSTING and numeric(value):
        return Statement(said, known)
    if verb == "moved" and low_rest[1] == "to":
        return Statement(said, somebody)
    if (
        verb in TELLING | LIVING
        and (somebody or _owned(low))
        and low_rest[1] not in PRONOUNS | {"to", "been", "just", "me", "us"}
    ):
        return Statement(said, known and _nominal(low) not in _BODY)
    return None


# --------------------------------------------------------------------------------------------------------- of oneself


def _of_me(words: Sequence[str], low: Sequence[str], meant: bool) -> Statement | None:
    short = low[0] in {"i'm", "we're"}
    who = words[0].split("'")[0]
    at = 1
    usual = False
    while at < len(low) and (low[at] in _NOW or low[at] in {"have", "had", "'ve"} and low[at + 1 : at + 2] and
                             low[at + 1] in PUTTING | _GIVES | _NOW):  # fmt: skip
        usual = usual or low[at] in {"always", "usually", "normally", "mostly", "generally"}
        at += 1
    if at >= len(low):
        return None
    if short or low[at] in {"am", "are", "was"}:
        return _i_am(words, low, at if short else at + 1, who, meant)
    verb, rest = low[at], list(low[at + 1 :])
    if (
        verb in {"can't", "cannot"}
        and rest[:1]
        and rest[0] in {"stand", "eat", "drink", "bear", "have"}
        and len(rest) > 1
    ):
        return Statement(" ".join(words), True) if rest[1] not in PRONOUNS else None
    if verb in PUTTING and (usual or verb not in {"keep", "park", "leave", "hide", "put"} or verb in {"put", "keep"}):
        found = _placed([who, *words[at:]], [low[0], *low[at:]], 1, meant)
        if found is not None:
            return found
    if not rest or rest[0] in PRONOUNS | {"to", "you", "me", "him", "her", "them", "got"}:
        return None
    if verb in _GIVES:
        return Statement(" ".join([who, *words[at:]]), True)
    if verb in {"prefer"}:
        return Statement(" ".join([who, *words[at:]]), True)
    if verb in _LIKES:
        return Statement(" ".join([who, *words[at:]]), meant) if rest[0] not in _DETERMINERS | {"your", "how"} else None
    if verb in _HABITS:
        timed = is_time(" ".join(rest))
        own = verb in {"take", "catch", "drink", "wear", "use"} and (
            rest[0] in _OWN | {"the", "size"} or numeric(rest[0])
        )
        if (own or timed or usual or meant) and not set(low) & {"minutes", "later", "want", "need", "soon"}:
            return Statement(
                " ".join([who, *(["usually"] if usual else []), *words[at:]]), own or usual or meant or timed
            )
    return None


def _i_am(words: Sequence[str], low: Sequence[str], at: int, who: str, meant: bool) -> Statement | None:
    rest, low_rest = _unless_now(words[at:], low[at:])
    if not low_rest:
        return None
    said = f"{who} {'am' if who.lower() == 'i' else 'are'} {' '.join(rest)}"
    head = low_rest[0]
    if head in HEALTH:
        return Statement(said, True)
    if head == "parked" and _place(low_rest[1:]):
        return Statement(f"{who} parked {' '.join(rest[1:])}", True)
    if head in {"staying", "living", "working", "based"} and _place(low_rest[1:]):
        return Statement(said, True)
    if head in {"meeting", "seeing", "flying", "leaving", "arriving", "booked", "due"} and is_time(" ".join(low_rest)):
        return Statement(said, True)
    return Statement(said, True) if meant and _place(low_rest) and numeric(" ".join(low_rest)) else None


def _placed(words: Sequence[str], low: Sequence[str], at: int, meant: bool) -> Statement | None:
    """“I (put) my keys on the piano”: something that can be named, somewhere that can be found."""
    verb, rest = low[at], list(low[at + 1 :])
    rest_words = list(words[at + 1 :])
    _, rest = (rest_words, rest) if not rest else _unless_now(rest_words, rest)
    rest_words = rest_words[: len(rest)]
    if not rest:
        return None
    if verb in {"parked", "park", "reparked"} and _place(rest):
        return (
            Statement(f"{words[0]} parked {' '.join(rest_words)}", True)
            if verb != "park"
            else Statement(" ".join(words), True)
        )
    where = next((i for i, word in enumerate(rest) if i and word in PREPOSITIONS | {"off", "to"} and
                  (_place(rest[i:]) or word in {"off", "to"})), -1)  # fmt: skip
    if where < 1 or rest[0] in PRONOUNS | {"a", "me", "him", "her", "them", "at", "some", "behind", "right"}:
        return None
    verb = "put" if verb in {"moved", "leave"} else words[at]
    thing = rest[:where]
    known = bool(set(thing) & POSSESSIONS) or _owned(thing) or thing[0] in {"the", "half"} or meant
    if not known and thing[0] not in {"mum's", "dad's"} and not any(word.endswith("'s") for word in thing):
        return None
    article = "" if thing[0] in _DETERMINERS or _owned(thing) or thing[0] == "half" else "the "
    to = " ".join(rest_words[where:])
    to = re.sub(r"^to (?=\w)", "in ", to) if verb == "put" else re.sub(r"^off (?=at|with)", "", to)
    return Statement(f"{words[0]} {verb} {article}{' '.join(rest_words[:where])} {to}", True)


# ----------------------------------------------------------------------------------------------------------- fragments


def _fragment(words: Sequence[str], low: Sequence[str], meant: bool) -> Statement | None:
    """No verb: "spare key under the flowerpot", "locker 214", "dentist Thursday at four"."""
    words, low = _unless_now(words, low)
    for at in range(1, len(low)):
        thing, rest = low[:at], low[at:]
        value = " ".join(rest)
        if len(thing) > 5 or thing[-1] in _DETERMINERS | PREPOSITIONS or set(thing) & (PRONOUNS - {"that"}):
            continue
        ours = bool({thing[-1], thing[0]} & (POSSESSIONS | _CODED)) or (_owned(thing) and thing[-1] not in _OWN)
        if not ours or thing == ["number"] or _nominal(thing) in SCENE:
            continue
        said = f"{_thing(words[:at], thing)} is {' '.join(words[at:])}"
        counted = any(numeric(word) or any(map(str.isdigit, word)) for word in rest[:2])
        if (thing[-1] in _CODED | POSSESSIONS or _owned(thing)) and counted and rest[0] not in PREPOSITIONS:
            return Statement(said, thing[-1] in _CODED or meant) if len(thing) > 1 or thing[0] in _CODED else None
        if thing[-1] in {"password", "passcode", "code", "pin", "wifi", "combination"} and rest[0] not in PREPOSITIONS:
            return Statement(said, True) if not set(rest) & {"please", "lock", "for"} and len(rest) <= 5 else None
        if is_time(" ".join(rest[:3])) and rest[0] not in POSSESSIONS:
            return Statement(said, True)
        if _place(rest) and len(rest) >= 2 and rest[0] != "with":
            return Statement(said.replace(" is ", " are ") if thing[-1].endswith("s") and not thing[-1].endswith("ss") else said,
                             meant or bool(set(thing) & POSSESSIONS))  # fmt: skip
    return None
