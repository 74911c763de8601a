"""Which fact answers though it was told in other words, by how likely the store says it is (`Memory.fits`).

Behind the rules of `along.answers`, which find what they know by grammar. Over `SURE` it is told as a fact; over
`MAYBE` it is told with the words that it may not be what is meant; under it, nothing was told. A new fact that says
that something has changed takes the place of the one that it most likely tells of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory
from pipelines.memory.dates import WHENEVER, Span
from pipelines.memory.facts import Fact, content, fact_of, stem

SURE: Final = 0.85  # of a hundred questions that nothing answers two are this likely (training/memory/train.py)
MAYBE: Final = 0.6
LIKELY: Final = 0.3  # so likely it must be to be recalled, or to go along, though it shares no telling word
_NOW: Final = re.compile(
    r"\b(?:now|instead|moved|changed?|changes|switched|swapped|shifted|no longer|any ?more|from now on|"
    r"not .+ but|rather than|renewed|extended|replaced|after all|back from)\b"
)
_PLACED: Final = frozenset(map(stem, ["where", "parked", "leave", "put", "hide", "keep"])) | {"where", "parked"}
_AS_GOOD: Final = 0.6  # of the best one's odds: then what was told last counts


def answering(memories: Sequence[Memory], span: Span = WHENEVER) -> list[Memory]:
    """The standing fact that answers, if one surely does."""
    found = best(memories, span)
    return [found] if found is not None and found.fits >= SURE else []


def perhaps(memories: Sequence[Memory], span: Span = WHENEVER) -> list[Memory]:
    """The standing fact that may answer. A secret is told to who asks for it, and not on suspicion."""
    found = best([m for m in memories if m.sensitivity != "secret"], span)
    return [found] if found is not None and MAYBE <= found.fits < SURE else []


def newer(found: Sequence[Memory], memories: Sequence[Memory]) -> list[Memory]:
    """Instead of what was found: what was told later of the same, and says that it has changed; [] if nothing was."""
    last = best([m for m in memories if changed(m.text)])
    if last is None or last.fits < SURE or any(m.id == last.id or m.at_s >= last.at_s for m in found):
        return []
    return [last] if all(content(m.text) & content(last.text) for m in found) else []


def replaced(said: str, new: Fact, memories: Sequence[Memory]) -> list[int]:
    """Of what the new fact takes the place: of the likeliest, if the words say that something is so now. Where somebody
    lives is not in place of what they like."""
    alike = [memory for memory in memories if not _apart(new, fact_of(memory.text))]
    found = best(alike) if changed(said) else None
    return [found.id] if found is not None and found.fits >= SURE else []


def best(memories: Sequence[Memory], span: Span = WHENEVER) -> Memory | None:
    """The likeliest standing fact; of two about the same that are nearly as likely the one that was told last."""
    standing = [m for m in memories if m.what == "fact" and m.fits and not m.replaced_s and span.holds(m.at_s)]
    if not standing:
        return None
    first = max(standing, key=lambda m: (m.fits, m.at_s, m.id))
    rivals = [m for m in standing if _odds(m) >= _AS_GOOD * _odds(first) and content(m.text) & content(first.text)]
    return max(rivals, key=lambda m: (m.at_s, m.id))


def changed(text: str) -> bool:
    """It says that something is so now."""
    return _NOW.search(text.lower()) is not None


def _apart(new: Fact, old: Fact) -> bool:
    """It is known what both tell of their things, and it is not the same."""
    kinds = {new.relation, old.relation}
    return "" not in kinds and len(kinds) > 1 and not kinds <= _PLACED


def _odds(memory: Memory) -> float:
    return memory.fits / max(1e-4, 1 - memory.fits)
