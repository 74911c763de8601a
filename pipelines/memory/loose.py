"""A statement that no grammar of `passing` parses, told to a companion without a model: nobody would take it up, so it
is offered to be remembered in the wearer's own words, if there is something in it that could be asked for later.

Left out: what asks, bids, supposes or reports; how something is just now; what is in the picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pipelines.memory.chatter import specific
from pipelines.memory.cleaning import clean
from pipelines.memory.facts import is_time, numeric
from pipelines.memory.passing_words import (
    ASKING,
    BEING,
    BIDDING,
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
LITTLE, MUCH = 2, 3  # words of it that could be asked for
_LEADING: Final = frozenset({"if", "when", "once", "did", "though", "since", "come", "my"})
_ADDRESSED: Final = re.compile(
    r"\b(?:your|please|sir|madam|maybe|perhaps|whether|(?:can|could|do|are|will|would|have|should|shall|may|thank) "
    r"(?:you|i|we|"
    r"somebody|someone)|could|might|shall|i(?:'ll| will)|we'll|let's|hopefully|suppose|wonder|wish|"
    r"(?:i|we)(?:'m|'re|'ve|'d)? (?:really |still |just )?(?:need|have|ought|got|going|gonna|gotta)(?: to)?(?= (?:go|"
    r"get|buy|"
    r"find|be|sit|check|make|do|see|look|take|eat|ask|call|wait)\b)|"
    r"(?:don't|do not|stop) (?:keep|save|store|remember|record|listen)\w*|(?:forget|delete|erase|wipe)|never "
    r"happened|(?:he|she|they|who|it|that|nobody|somebody) (?:said|says|told|thinks|thought|asked)|"
    r"would(?! (?:love|like|be|suit|want)))\b",
    re.IGNORECASE,
)
_JUST_DOING: Final = re.compile(
    r"(?:(?:i|we|he|she|they|it|you)(?:'m|'re|'s| am| are| is)|\S+ (?:is|are)) (?:just |still )?(?:look|walk|stand|"
    r"wait|try|"
    r"think|watch|sit|wonder|hold|feel|com|go|runn|gett|mak|talk|listen|freez|boil|rain|kill|driv)ing\b",
    re.IGNORECASE,
)
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
    if low[-2:] == ["for", "me"] or (low[1:2] == ["me"] and low[0] not in {"for", "between", "took", "got"}):  # bids
        return None
    much = specific(said)
    if _tells(said, low, much):
        return Statement(said, False)
    asks = set(_MAY.sub(" ", " ".join(low)).split()) & _NOT_SAID_SO
    if not SHORTEST <= len(low) <= LONGEST or asks or low[0] in NO_STATEMENT | _SHOWN | BIDDING:
        return None
    lasting = _JUST_NOW.sub(" ", " ".join(low))
    anchored = numeric(lasting) or is_time(lasting) or _WHEN.search(lasting) is not None
    if low[0] in _SPEAKER:
        told = anchored or bool({"my", "our"} & set(low[1:]) and set(low[2:]) & PREPOSITIONS)
    elif low[0] in PRONOUNS or low[0].partition("'")[0] in PRONOUNS:
        told = len(low) > SHORTEST and (anchored or bool(_OURS & set(low)) or "for" in low)
    else:
        told = _of_a_thing(low, anchored)
    return Statement(said, False) if told and much >= (LITTLE - anchored) else None


def _tells(said: str, low: Sequence[str], much: int) -> bool:
    """So much in it could be asked for later that it is no chatter, whatever its grammar."""
    if not SHORTEST <= len(low) <= LONGEST or low[0] in (NO_STATEMENT - _LEADING) | _SHOWN | BIDDING:
        return False
    if (set(low[1:3]) & SCENE and not _OURS & set(low[:2])) or _ADDRESSED.search(said) or _JUST_DOING.match(said):
        return False
    doubtful = low[0] in _LEADING | PRONOUNS or "you" in low or bool(set(low) & REPORTED)
    return much >= MUCH + doubtful


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
