"""What the wearer states in passing of themselves: what they put where, what they like and use, where they stay."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.memory.facts import is_time, numeric
from pipelines.memory.passing_words import (
    DETERMINERS,
    GIVING,
    HABITS,
    HEALTH,
    LIKING,
    NOW,
    OWN,
    POSSESSIONS,
    PREPOSITIONS,
    PRONOUNS,
    PUTTING,
)
from pipelines.memory.subjects import Statement, owned, place, unless_now


def of_me(words: Sequence[str], low: Sequence[str], meant: bool) -> Statement | None:
    short = low[0] in {"i'm", "we're"}
    who = words[0].split("'")[0]
    at = 1
    usual = False
    while at < len(low) and (low[at] in NOW or (low[at] in {"have", "had", "'ve"} and low[at + 1 : at + 2] and
                             low[at + 1] in PUTTING | GIVING | NOW)):  # fmt: skip
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
        found = placed([who, *words[at:]], [low[0], *low[at:]], 1, meant)
        if found is not None:
            return found
    if not rest or rest[0] in PRONOUNS | {"to", "you", "me", "him", "her", "them", "got"}:
        return None
    if verb in GIVING:
        return Statement(" ".join([who, *words[at:]]), True)
    if verb in {"prefer"}:
        return Statement(" ".join([who, *words[at:]]), True)
    if verb in LIKING:
        return Statement(" ".join([who, *words[at:]]), meant) if rest[0] not in DETERMINERS | {"your", "how"} else None
    if verb in HABITS:
        timed = is_time(" ".join(rest))
        own = verb in {"take", "catch", "drink", "wear", "use"} and (
            rest[0] in OWN | {"the", "size"} or numeric(rest[0])
        )
        if (own or timed or usual or meant) and not set(low) & {"minutes", "later", "want", "need", "soon"}:
            return Statement(
                " ".join([who, *(["usually"] if usual else []), *words[at:]]), own or usual or meant or timed
            )
    return None


def _i_am(words: Sequence[str], low: Sequence[str], at: int, who: str, meant: bool) -> Statement | None:
    rest, low_rest = unless_now(words[at:], low[at:])
    if not low_rest:
        return None
    said = f"{who} {'am' if who.lower() == 'i' else 'are'} {' '.join(rest)}"
    head = low_rest[0]
    if head in HEALTH:
        return Statement(said, True)
    if head == "parked" and place(low_rest[1:]):
        return Statement(f"{who} parked {' '.join(rest[1:])}", True)
    if head in {"staying", "living", "working", "based"} and place(low_rest[1:]):
        return Statement(said, True)
    if head in {"meeting", "seeing", "flying", "leaving", "arriving", "booked", "due"} and is_time(" ".join(low_rest)):
        return Statement(said, True)
    return Statement(said, True) if meant and place(low_rest) and numeric(" ".join(low_rest)) else None


def placed(words: Sequence[str], low: Sequence[str], at: int, meant: bool) -> Statement | None:
    """“I (put) my keys on the piano”: something that can be named, somewhere that can be found."""
    verb, rest = low[at], list(low[at + 1 :])
    rest_words = list(words[at + 1 :])
    rest_words, rest = unless_now(rest_words, rest)
    if not rest:
        return None
    if verb in {"parked", "park", "reparked"} and place(rest):
        return (
            Statement(f"{words[0]} parked {' '.join(rest_words)}", True)
            if verb != "park"
            else Statement(" ".join(words), True)
        )
    where = next((i for i, word in enumerate(rest) if i and word in PREPOSITIONS | {"off", "to"} and
                  (place(rest[i:]) or word in {"off", "to"})), -1)  # fmt: skip
    if where < 1 or rest[0] in PRONOUNS | {"a", "me", "him", "her", "them", "at", "some", "behind", "right"}:
        return None
    verb = "put" if verb in {"moved", "leave"} else words[at]
    thing = rest[:where]
    ours = bool(set(thing) & POSSESSIONS) or owned(thing) or thing[0] in {"the", "half"} or meant
    if not ours and thing[0] not in {"mum's", "dad's"} and not any(word.endswith("'s") for word in thing):
        return None
    article = "" if thing[0] in DETERMINERS or owned(thing) or thing[0] == "half" else "the "
    to = " ".join(rest_words[where:])
    to = re.sub(r"^to (?=\w)", "in ", to) if verb == "put" else re.sub(r"^off (?=at|with)", "", to)
    return Statement(f"{words[0]} {verb} {article}{' '.join(rest_words[:where])} {to}", True)
