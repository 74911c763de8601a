"""Which of what was found may answer a question, though it was told in other words (`companion.memory.meaning`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.finding import FLOOR
from companion.memory.meaning.judge import judge
from pipelines.events import Memory
from pipelines.memory.likely import LIKELY

LOOSELY: Final = 0.1  # the floor for what is judged: one word in common may be enough
JUDGED: Final = 16  # so many of those that share a word are
NEAR: Final = 8  # and so many of those that mean something close to the question
MORE: Final = 6  # so many of these


def judged(
    question: str,
    found: Sequence[tuple[Memory, float]],
    limit: int,
    meant: Callable[[Sequence[Memory]], NDArray[np.float32]],
) -> tuple[Memory, ...]:
    """What fits by itself, at most `limit`, and then what is likely to answer; facts with how likely each does.
    `meant`: their vectors."""
    facts = [memory for memory, _ in found if memory.what == "fact"]
    fits = judge().judge(question, [memory.text for memory in facts], meant(facts))
    likely = dict(zip((memory.id for memory in facts), fits, strict=True))
    them = [(replace(memory, fits=round(likely.get(memory.id, 0.0), 4)), fit) for memory, fit in found]
    fitting = [memory for memory, fit in them if fit >= FLOOR][:limit]
    kept = {memory.id for memory in fitting}
    others = [memory for memory, _ in them if memory.id not in kept and memory.fits >= LIKELY]
    others.sort(key=lambda m: (-m.fits, -m.at_s, -m.id))
    return (*fitting, *others[:MORE])
