"""The truth quiz: questions about pictures, what a truthful answer to each says, and what none may say.

`questions(seed)` gives the same list for the same seed. Every question is put in words;
the answer is judged by `judge`.
"""

from __future__ import annotations

from tests.bench.truth.question import Question
from tests.bench.truth.scenes import Scene

__all__ = ["Question", "Scene", "questions"]


def questions(seed: int) -> tuple[Question, ...]:
    """All questions of a seed: drawn scenes first, then the photographs that are there."""
    from tests.bench.truth import about_codes, about_photographs, about_prices, about_text, about_things

    modules = (about_text, about_prices, about_codes, about_things, about_photographs)
    return tuple(question for module in modules for question in module.questions(seed))
