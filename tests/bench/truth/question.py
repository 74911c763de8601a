"""One question of the quiz, and what is true about it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.truth.scenes import Scene


@dataclass(frozen=True, slots=True)
class Question:
    """`turns`: what is said, each with what the camera sees meanwhile; the answer to the last is judged.

    A fact is printed or plain words, compared as they are spoken, "a|b" = either. `must`: facts that a right answer
    holds, all of them. `never`: facts that make it wrong. `colours`: names that the thing may be given. `lines`: must
    be read, `also` may be; with either given, whatever else is read out is false. `order`: those lines as they stand
    on the paper. `figures`: lines; any figure that is not in them is false. `open`: nobody can tell, so saying so is
    right. `or_else`: a fact that is right as well. `slack`: letters that may be wrong in a line because one is cut
    through. `table`: the wearer's own articles, as CSV.
    """

    kind: str
    name: str
    turns: tuple[tuple[str, Scene], ...]
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    open: bool = False
    or_else: str = ""
    slack: int = 0
    table: str = ""


def ask(kind: str, words: str, scene: Scene, name: str = "", **truth: object) -> Question:
    """A question in one turn."""
    return Question(kind, name or words, ((words, scene),), **truth)  # type: ignore[arg-type]
