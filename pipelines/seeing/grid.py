"""Which units are looked at: one in each fifteenth of a second. Scores then mean the same at 15 and at 60 frames/s.

Each of them is compared with the one before it: how much moved in 67 ms. A key frame of a film is compared with what
follows it, for the chain before it may be gone or broken, and decoding all of it for one number is too much. So the
grid, and every score on it, follows from the chain alone, whether it was decoded along or is decoded later.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipelines.events import NS
from pipelines.seeing.ring import AccessUnit

STEP_NS = NS // 15
MOST_SKIPPED = 8  # stamps that stand still would hide all that follows


class Place(NamedTuple):
    """A unit on the grid, and the one whose picture it is compared with; None if there is none."""

    unit: AccessUnit
    beside: AccessUnit | None


def on_grid(chains: Sequence[Sequence[AccessUnit]]) -> list[Place]:
    """The places of all chains, in order of arrival. A JPEG is a chain of one, and is compared with the JPEG before."""
    places: list[Place] = []
    before: AccessUnit | None = None  # the last JPEG on the grid, if JPEGs are what comes
    for chain in chains:
        if chain[0].codec == "jpeg":
            if before is not None and _slot(before) == _slot(chain[0]):
                before = places.pop().beside  # of two in one slot the newer: it may be the last that ever comes
            places.append(Place(chain[0], before))
            before = chain[0]
            continue
        before = None
        places += _of_film(chain)
    return places


def _of_film(chain: Sequence[AccessUnit]) -> list[Place]:
    kept = [chain[0]]
    for index in range(1, len(chain)):
        if _slot(chain[index]) != _slot(chain[index - 1]) or index % MOST_SKIPPED == 0:
            kept.append(chain[index])
    first = Place(kept[0], kept[1] if kept[1:] else None)
    return [first, *(Place(unit, before) for before, unit in pairwise(kept))]


def _slot(unit: AccessUnit) -> int:
    return unit.media_ns // STEP_NS
