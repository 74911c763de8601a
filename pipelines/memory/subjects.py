"""Of whom or what a statement made in passing is: the wearer's own, somebody, scenery; and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.memory.passing_words import (
    CODED,
    DETERMINERS,
    NOW,
    OWN,
    PASSING,
    PEOPLE,
    POSSESSIONS,
    PREPOSITIONS,
    PRONOUNS,
    SCENE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`text`: as it is kept, in the usual order of words; `sure`: plainly a fact of the wearer's to be kept, and not
    talk that a model might be meant to take up."""

    text: str
    sure: bool


def owned(low: Sequence[str]) -> bool:
    return bool(low) and (low[0] in OWN or any(word.endswith("'s") or word.endswith("s'") for word in low))


def nominal(low: Sequence[str]) -> str:
    """The word that says what it is: of "lady downstairs" and "code for the shed" lady, code; "" if there is none."""
    words = [word for word in low if word not in DETERMINERS]
    for i, word in enumerate(words):
        if i and (word in PREPOSITIONS or word in {"for", "to", "of", "here"}):
            words = words[:i]
            break
    return words[-1] if words and words[-1] not in PRONOUNS else ""


def somebody(low: Sequence[str]) -> bool:
    """A name, or a person by what they are to the wearer."""
    head = nominal(low)
    if head in PEOPLE or (head.endswith("s") and head[:-1] in PEOPLE):
        return True
    named = low[0] not in DETERMINERS and len(low) <= 2 and head not in SCENE | POSSESSIONS | PASSING
    return named and not head.endswith("ing")


def known(low: Sequence[str], meant: bool) -> bool:
    """What is worth keeping: the wearer's own, or what everybody has to find again."""
    return meant or owned(low) or bool({*low} & (POSSESSIONS | CODED)) or _ours(low)


def _ours(low: Sequence[str]) -> bool:
    return somebody(low) and low[0] not in {"a", "an", "this", "that", "these", "those"}


def scenery(low: Sequence[str]) -> bool:
    """Of the picture, and nobody's."""
    return (
        low[0] in {"this", "these", "those", "a", "an"}
        or (nominal(low) in SCENE and not owned(low))
        or not nominal(low)
    )


def subject_said(subject: Sequence[str], low: Sequence[str]) -> str:
    """As a subject: a bare noun gets its article."""
    said = " ".join(subject)
    said = re.sub(r"^the (?:new|current) ", "the ", said, flags=re.IGNORECASE)
    if low[0] in DETERMINERS or owned(low) or any(word[:1].isupper() for word in subject[1:]):
        return said
    if set(low) & (POSSESSIONS | CODED):
        return f"{'my' if nominal(low) in CODED and len(low) == 1 else 'the'} {said[:1].lower() + said[1:]}"
    return said


def unless_now(rest: Sequence[str], low: Sequence[str]) -> tuple[list[str], list[str]]:
    """Without "now" and "still" before and behind it."""
    out, low_out = list(rest), list(low)
    while low_out and low_out[0] in NOW:
        out, low_out = out[1:], low_out[1:]
    while low_out and (low_out[-1] in {"now", "actually", "instead", "nowadays", "again", "today"} or
                       low_out[-2:] in (["these", "days"], ["any", "more"], ["this", "time"])):  # fmt: skip
        cut = 2 if low_out[-2:] in (["these", "days"], ["any", "more"], ["this", "time"]) else 1
        out, low_out = out[:-cut], low_out[:-cut]
    return out, low_out


def place(low: Sequence[str]) -> bool:
    """It begins with a place that can be found again: none that moves with who speaks."""
    if not low or low[0] not in PREPOSITIONS or (len(low) == 1 and low[0] not in {"upstairs", "downstairs"}):
        return False
    return not (set(low) & {"me", "us", "it", "them", "him", "her"}) or "where" in low
