"""A look: a few frames of a time window, decoded and scored. The engine behind the `Look` decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.events import FrameScore
from pipelines.seeing.decode import Pictures
from pipelines.seeing.quality import Luma, luma, motion, score_luma
from pipelines.seeing.ring import AccessUnit, FrameRing


def look(ring: FrameRing, pictures: Pictures, start_ns: int, end_ns: int, limit: int = 5) -> tuple[FrameScore, ...]:
    """Scores of at most `limit` frames captured in [start_ns, end_ns), evenly spread, oldest first.

    If none was captured inside, the one captured last before it. Frames that cannot be decoded are left out, so the
    answer may be empty. Raises ValueError for a limit below one.
    """
    if limit < 1:
        raise ValueError(f"look: limit={limit}; at least one frame must be looked at")
    units = evenly(ring.between(start_ns, end_ns), limit)
    if not units:
        earlier = ring.before(start_ns)
        units = [earlier] if earlier else []
    found = pictures.pictures([unit.frame_id for unit in units])
    scores: list[FrameScore] = []
    lumas: list[Luma] = []
    for unit in units:
        bgr = found.get(unit.frame_id)
        if bgr is None:
            continue
        lumas.append(luma(bgr))
        size = (bgr.shape[1], bgr.shape[0])
        scores.append(score_luma(unit.frame_id, unit.media_ns, size, lumas[-1], lumas[-2] if lumas[1:] else None))
    if len(scores) > 1:  # nothing before the first one: what follows it says as much, and 0 would flatter it
        scores[0] = replace(scores[0], motion=motion(lumas[0], lumas[1]))
    return tuple(scores)


def evenly(units: Sequence[AccessUnit], limit: int) -> list[AccessUnit]:
    """At most `limit` units, the last always among them, the rest spread evenly over the sequence."""
    if len(units) <= limit:
        return list(units)
    if limit == 1:
        return [units[-1]]
    step = (len(units) - 1) / (limit - 1)
    return [units[round(index * step)] for index in range(limit)]
