"""A statement that no grammar of `passing` parses, told to a companion without a model: nobody would take it up, so it
is offered to be remembered in the wearer's own words, if there is something in it that could be asked for later.

Left out: what asks, bids, supposes or reports; how something is just now; what is in the picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pipelines.memory.cleaning import clean
from pipelines.memory.facts import is_time, numeric
from pipelines.memory.passing_words import (
    ASKING,
    BEING,
    COSTING,
    HINDERED,
    LIVING,
    NO_STATEMENT,
    PASSING,
    PREPOSITIONS,
    PRONOUNS,
    REPORTED,
    SCENE,
    TELLING,
    TIMING,
)
from pipelines.memory.subjects import Statement, nominal, owned

SHORTEST, LONGEST = 3, 28  # words
_JUST_NOW: Final = re.compile(
    r"\b(?:today|tonight|now|this (?:morning|afternoon|evening|minute)|at the moment|a minute|a second|once|one)\b"
)
_WHEN: Final = re.compile(r"\b(?:next|every|each|last|this) (?:week|month|year|term|time|weekend)s?\b")
_MAY: Final = re.compile(r"\b(?:in|of|since|until|till|by|next|last|this) may\b")  # the month
_SPEAKER: Final = frozenset({"i", "we", "i'm", "i've", "we're", "we've", "i'd", "we'd", "i'll", "we'll"})
_OURS: Final = frozenset({"my", "our", "me", "us"})
_SHOWN: Final = frozenset({"wear", "there", "there's", "there're", "here", "here's", "this"})
_VERBS: Final = BEING | LIVING | TIMING | COSTING | TELLING | HINDERED
_NOT_SAID_SO: Final = (REPORTED - {"said", "told"}) | ASKING


@lru_cache(maxsize=512)
def loosely(text: str) -> Statement | None:
    """What these words may tell; None if nothing that could be asked for later."""
    if text.rstrip().endswith("?"):
        return None
    said = clean(text).text
    low = [word.lower().strip(",.;:!") for word in said.split()]
    asks = set(_MAY.sub(" ", " ".join(low)).split()) & _NOT_SAID_SO
    if not SHORTEST <= len(low) <= LONGEST or asks or low[0] in NO_STATEMENT | _SHOWN:
        return None
    lasting = _JUST_NOW.sub(" ", " ".join(low))
    anchored = numeric(lasting) or is_time(lasting) or _WHEN.search(lasting) is not None
    if low[0] in _SPEAKER:
        told = anchored or bool({"my", "our"} & set(low[1:]) and set(low[2:]) & PREPOSITIONS)
    elif low[0] in PRONOUNS or low[0].partition("'")[0] in PRONOUNS:
        told = len(low) > SHORTEST and (anchored or bool(_OURS & set(low)) or "for" in low)
    else:
        told = _of_a_thing(low, anchored)
    return Statement(said, False) if told else None


def _of_a_thing(low: Sequence[str], anchored: bool) -> bool:
    """It begins with what it is about, which is in no picture."""
    at = next((i for i, word in enumerate(low) if _verb(word, i)), -1)
    if at < 0:
        return anchored and not set(low[:2]) & SCENE
    subject = [*low[:at], low[at].partition("'")[0]] if "'" in low[at] else list(low[:at])
    seen = nominal(subject) in SCENE and not owned(subject)
    return not seen and low[0] not in {"this", "these", "those"} and (anchored or low[-1] not in PASSING)


def _verb(word: str, at: int) -> bool:
    return (at > 0 and word in _VERBS) or word.endswith(("'s", "'re", "n't"))
