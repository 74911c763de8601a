"""A look: the frames of a time window, decoded and scored. The engine behind the `Look` decision.

All frames on the grid (`pipelines.seeing.grid`) are scored; if they are more than `limit`, some are left out, and each
that stays tells of the most that moved since the last one that stays, so that no turn of the head is lost between two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pipelines.events import NS, FrameScore
from pipelines.seeing.decode import Pictures
from pipelines.seeing.grid import Place, on_grid
from pipelines.seeing.quality import motion, scene
from pipelines.seeing.ring import FrameRing

LIMIT = 32  # two seconds of the grid: what lies within reach of a word, before and after it
SELDOM_NS, SELDOM = 2 * NS, 2  # so many pictures in that time at most: any stream gives more

T = TypeVar("T")


def look(ring: FrameRing, pictures: Pictures, start_ns: int, end_ns: int, limit: int = LIMIT) -> tuple[FrameScore, ...]:
    """Scores of at most `limit` frames captured in [start_ns, end_ns), evenly spread, oldest first.

    If none was captured inside, the one captured last before it. Frames that cannot be decoded are left out, so the
    answer may be empty. Raises ValueError for a limit below one.
    """
    if limit < 1:
        raise ValueError(f"look: limit={limit}; at least one frame must be looked at")
    inside = _joined([p for p in on_grid(ring.chains()) if start_ns <= p.unit.media_ns < end_ns])
    inside.sort(key=lambda place: place.unit.media_ns)
    if inside and inside[0].unit.codec == "jpeg":  # each is decoded by itself: what is left out costs nothing
        inside = evenly(inside, limit)
    if scores := _scored(pictures, inside):
        return _thinned(scores, limit)
    # Nothing on the grid, or all of that is broken: whatever there is.
    units = ring.between(start_ns, end_ns) or [unit for unit in [ring.before(start_ns)] if unit is not None]
    return _thinned(_scored(pictures, [Place(unit, None) for unit in evenly(units, limit)]), limit)


def seldom(ring: FrameRing) -> bool:
    """Whether the camera takes a picture now and then: that nothing has come since its last one is its way, while a
    stream that has stopped left many close together. Where the first one is placed in time is known roughly only."""
    last = ring.latest()
    return last is not None and len(ring.between(last.media_ns - SELDOM_NS, last.media_ns + 1)) <= SELDOM


def glimpse(ring: FrameRing, pictures: Pictures, start_ns: int, end_ns: int) -> tuple[FrameScore, ...]:
    """The score and the scene of the latest frame captured in [start_ns, end_ns) that can be decoded by itself, so that
    no other has to be; empty if there is none, or it is broken."""
    keys = [chain[0] for chain in ring.chains() if start_ns <= chain[0].media_ns < end_ns]
    if not keys:
        return ()
    found = pictures.measures([keys[-1].frame_id]).get(keys[-1].frame_id)
    return (replace(found.score, scene=scene(found.coarse)),) if found is not None else ()


def _joined(places: Sequence[Place]) -> list[Place]:
    """A key frame beside the last picture of the chain before it, if that one is looked at too."""
    return [
        Place(place.unit, before.unit if place.unit.key and before is not None else place.beside)
        for before, place in zip((None, *places), places, strict=False)
    ]


def _scored(pictures: Pictures, places: Sequence[Place]) -> list[FrameScore]:
    """The scores of the places, without those that cannot be decoded."""
    found = pictures.measures(sorted({unit.frame_id for place in places for unit in place if unit is not None}))
    scores = []
    for unit, beside in places:
        if unit.frame_id in found:
            score, now = found[unit.frame_id]
            other = found.get(beside.frame_id) if beside is not None else None
            scores.append(replace(score, motion=motion(now, other.coarse if other is not None else None)))
    return scores


def _thinned(scores: Sequence[FrameScore], limit: int) -> tuple[FrameScore, ...]:
    kept, at = [], 0
    for index in evenly(range(len(scores)), limit):
        peak = max(score.motion for score in scores[at : index + 1])
        kept.append(replace(scores[index], motion=peak))
        at = index + 1
    return tuple(kept)


def evenly(items: Sequence[T], limit: int) -> list[T]:
    """At most `limit` of the items, the last always among them, the rest spread evenly over the sequence."""
    if len(items) <= limit:
        return list(items)
    if limit == 1:
        return [items[-1]]
    step = (len(items) - 1) / (limit - 1)
    return [items[round(index * step)] for index in range(limit)]
