"""A fact that the wearer states in passing, about their own world: "so um the car's behind the baths, just so I find
it later", "spare key under the flowerpot", "Jonas works at the bank now".

Told by grammar: a subject that can be asked for later, a verb, and what it says of it: a place, a number, a time, a
name, a person's ways. Talk of how something is just now, of what is in the picture, of what others said or what may be
is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pipelines.memory.chatter import specific
from pipelines.memory.cleaning import clean
from pipelines.memory.english import COLOURS
from pipelines.memory.facts import is_time, numeric
from pipelines.memory.of_oneself import of_me, placed
from pipelines.memory.passing_words import (
    ASKING,
    BEING,
    BODY,
    CODED,
    COSTING,
    DETERMINERS,
    HEALTH,
    HINDERED,
    LIVING,
    ME,
    NO_STATEMENT,
    NOW,
    OWN,
    PASSING,
    POSSESSIONS,
    PREPOSITIONS,
    PRONOUNS,
    PUTTING,
    REPORTED,
    SCENE,
    STATES,
    TELLING,
    TIMING,
)
from pipelines.memory.subjects import (
    Statement,
    known,
    nominal,
    owned,
    place,
    scenery,
    somebody,
    subject_said,
    unless_now,
)
from pipelines.memory.turned_round import orders

LONGEST: Final = 28  # words
_WHO: Final = re.compile(r"^(?!it's |it is ).*\bwho(?:'s)?\b")


@lru_cache(maxsize=512)
def statement(text: str) -> Statement | None:
    """What these words state; None if nothing that could be asked for later."""
    if text.rstrip().endswith("?"):
        return None
    cleaned = clean(text)
    said = re.sub(r"[,;]\s", " ", re.split(r",? (?:but|and then|and so)\b", cleaned.text)[0])
    words = said.lower().split()
    if not 2 <= len(words) <= LONGEST or set(words) & ASKING or _WHO.search(said.lower()) or words[-1] == "again":
        return None
    for order in orders(said):
        found = _parsed(order.split(), cleaned.meant)
        if found is not None:
            return found if specific(found.text) > (not found.sure) else None
    return None


def _parsed(words: Sequence[str], meant: bool) -> Statement | None:
    low = [word.lower().strip(",.;:!") for word in words]
    if low[0] in ME | {"i'm", "we're", "i've", "we've", "i'd"}:
        return of_me(words, low, meant)
    if low[0] in PUTTING and low[0] not in {"leave", "store", "hide", "put", "lock", "keep", "hang", "moved"}:
        return placed(["I", *words], ["i", *low], 1, meant)
    if low[0] in {"put", "moved"} and len(low) > 1 and low[1] in {"my", "our", "the"} and low[0] == "moved":
        return placed(["I", *words], ["i", *low], 1, meant)
    if low[0] in NO_STATEMENT or (low[0] in PRONOUNS and not (low[0] in {"that", "this"} and "belongs" in low)):
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
    PREPOSITIONS | NOW | HEALTH | STATES | {"got", "been", "not", "moved", "gone", "the", "a", "an", "my", "our", "due"}
)
_LEXICAL: Final = TELLING | LIVING | TIMING | COSTING | HINDERED | {"was", "gave"}


def _acts(low: Sequence[str], at: int) -> bool:
    """The word is a verb here: of a singular subject, or of one in the plural."""
    word, before = low[at], low[at - 1]
    if word not in _LEXICAL or before in DETERMINERS | PREPOSITIONS | OWN | {"of", "to", "new"} or at + 1 >= len(low):
        return False
    if word in HINDERED or word in {"has", "had", "moved", "married", "borrowed", "lent", "gave", "got"}:
        return True
    if word.endswith("s") and not word.endswith("ss"):
        return True
    return (before.endswith("s") and not before.endswith("'s")) or before in {"kids", "children", "people", "parents"}


def _is(
    subject: list[str], low: list[str], verb: str, rest: list[str], low_rest: list[str], meant: bool
) -> Statement | None:
    rest, low_rest = unless_now(rest, low_rest)
    if not low_rest or (scenery(low) and not (meant and nominal(low))):
        return None
    plural = verb or ("are" if nominal(low).endswith("s") and not nominal(low).endswith("ss") else "is")
    plural = "is" if plural in {"was", "am"} and "born" not in low_rest else plural
    said = f"{subject_said(subject, low)} {plural} {' '.join(rest)}"
    ours = known(low, meant)
    if low_rest[0] in {"got", "been", "moved"} and not verb:  # "'s" was "has"
        kept = " ".join(rest)
        if low_rest[0] == "got" and (low_rest[1:2] or [""])[0] in {"a", "an", "the", "my"} and somebody(low):
            return Statement(f"{subject_said(subject, low)} has {' '.join(rest[1:])}", ours and numeric(kept))
        return (
            Statement(f"{subject_said(subject, low)} {kept}", True)
            if low_rest[0] == "moved" and "to" in low_rest
            else None
        )
    head = low_rest[0]
    if head in {"called", "named"}:
        return Statement(said, ours) if len(low_rest) > 1 else None
    if set(low_rest[:2]) & HEALTH:
        return Statement(said, True) if somebody(low) or owned(low) else None
    if head in {"with", "at"} and len(low_rest) == 1:
        return None
    if place(low_rest) and not is_time(" ".join(low_rest[:4])):
        return Statement(said, ours)
    if head in STATES and (
        place(low_rest[1:]) or low_rest[1:2] == ["to"] or is_time(" ".join(low_rest)) or numeric(" ".join(low_rest))
    ):
        return Statement(said, ours)
    if head in STATES or head.endswith("ing") or head in {"not", "so", "too", "very", "really", "quite", "such", "no"}:
        return None
    if set(low_rest) & {"ahead", "behind"} and len(low_rest) < 3:
        return None
    value = " ".join(low_rest)
    if is_time(value):
        return Statement(said, ours) if not somebody(low) or owned(low) or ours else None
    if head in PASSING or low_rest[-1] in PASSING or nominal(low) in BODY:
        return None
    if numeric(value) or any(letter.isdigit() for letter in value):
        return Statement(said, ours) if ours else None
    if set(low_rest) & COLOURS and len(low_rest) <= 2:
        return Statement(said, True) if owned(low) else None
    if head in PRONOUNS or not ours or (somebody(low) and not owned(low) and low[0] != "the" and not meant):
        return None
    named = len(rest) > 1 or rest[0][:1].isupper() or bool(set(low) & (POSSESSIONS | CODED))
    return Statement(said, named or meant)


def _does(subject: list[str], low: list[str], rest: list[str], low_rest: list[str], meant: bool) -> Statement | None:
    verb, value = low_rest[0], " ".join(low_rest[1:])
    kept, _ = unless_now(rest[1:], low_rest[1:])
    said = f"{subject_said(subject, low)} {' '.join([rest[0], *kept])}"
    if not kept or low_rest[-1] in {"it", "that", "this"}:
        return None
    ours, person = known(low, meant), somebody(low)
    if verb == "belongs" or verb == "belong":
        return Statement(said, True)
    if low[0] in {"this", "these", "those", "that", "a", "an"} or not nominal(low):
        return None
    if verb in HINDERED:
        return Statement(said, ours) if person and low_rest[1] in TELLING | {"stand", "eat", "drink", "bear"} else None
    if verb in LIVING and place(low_rest[1:]) and not scenery(low):
        return Statement(said, ours)
    if verb in TIMING and (is_time(value) or numeric(value)) and not set(low_rest) & {"minutes", "seconds"}:
        return Statement(said, ours or low[0] in {"the", "our"})
    if verb in COSTING and numeric(value):
        return Statement(said, ours)
    if verb == "moved" and low_rest[1] == "to":
        return Statement(said, person)
    if (
        verb in TELLING | LIVING
        and (person or owned(low))
        and low_rest[1] not in PRONOUNS | {"to", "been", "just", "me", "us"}
    ):
        return Statement(said, ours and nominal(low) not in BODY)
    return None


def _fragment(words: Sequence[str], low: Sequence[str], meant: bool) -> Statement | None:
    """No verb: "spare key under the flowerpot", "locker 214", "dentist Thursday at four"."""
    words, low = unless_now(words, low)
    for at in range(1, len(low)):
        thing, rest = low[:at], low[at:]
        if len(thing) > 5 or thing[-1] in DETERMINERS | PREPOSITIONS or set(thing) & (PRONOUNS - {"that"}):
            continue
        ours = bool({thing[-1], thing[0]} & (POSSESSIONS | CODED)) or (owned(thing) and thing[-1] not in OWN)
        if not ours or thing == ["number"] or nominal(thing) in SCENE:
            continue
        said = f"{subject_said(words[:at], thing)} is {' '.join(words[at:])}"
        counted = any(numeric(word) or any(map(str.isdigit, word)) for word in rest[:2])
        if (thing[-1] in CODED | POSSESSIONS or owned(thing)) and counted and rest[0] not in PREPOSITIONS:
            return Statement(said, thing[-1] in CODED or meant) if len(thing) > 1 or thing[0] in CODED else None
        if thing[-1] in {"password", "passcode", "code", "pin", "wifi", "combination"} and rest[0] not in PREPOSITIONS:
            return Statement(said, True) if not set(rest) & {"please", "lock", "for"} and len(rest) <= 5 else None
        if is_time(" ".join(rest[:3])) and rest[0] not in POSSESSIONS:
            return Statement(said, True)
        if place(rest) and len(rest) >= 2 and rest[0] != "with":
            plural = thing[-1].endswith("s") and not thing[-1].endswith("ss")
            said = said.replace(" is ", " are ", 1) if plural else said
            return Statement(said, meant or bool(set(thing) & POSSESSIONS))
    return None
