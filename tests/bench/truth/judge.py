"""Whether an answer is right, abstains or is wrong, from its words.

Right: every fact is in it and nothing false. Abstained: it says nothing, or says truthfully that it cannot tell or not
all. Wrong: a false fact; or a fact is missing and nothing is said about that, since who hears a list takes it for all
of it. Where nobody can tell, saying so is right, and so is reading without a fault what a person could not. Words are
compared as they are spoken; letters of printed lines with at most one error in twelve, figures without any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.speaking.speakable import speakable
from tests.bench.pictures.judge import nearest
from tests.bench.truth.question import Question

RIGHT, ABSTAINED, WRONG = "right", "abstained", "wrong"
LETTERS_AN_ERROR = 12
HONEST = re.compile(
    r"\b(?:can't|cannot|can not|could not|not sure|may be|may have|too dark|too bright|blurred|"
    r"too old|no picture|black or blank|i find no|do not find|find neither|have not read|not in your table|no table|"
    r"nothing in|no amount|no price|needs a model|runs off|shining on it|escapes me|did not understand|no line|"
    r"is wrong)\b",
    re.IGNORECASE,
)
# What the companion says of its own accord around printed words.
OWN = re.compile(
    r"\bI am reading\.|\bI am looking\.|\bThe text runs off the [^.]*\.|\bIt begins: |"
    r"\bA?n? ?\w+ of (?:more than )?\d+ lines\.|\b(?:Here|At the top|In between there|After “[^”]*” there) (?:is|are) "
    r"[^.]* that I cannot read\.|\bThere may be writing, but none that I can read\.|\bI can see, but I find [^.]*\.|"
    r"\bAnd there (?:is|are) [^.]* that I cannot read\."
)
COUNTED = re.compile(r"\b\d+ parts that I cannot read\.")  # how many is our own count, and no figure that was read
COLOUR = re.compile(r"\blooks (?:mostly )?([a-z-]+(?: [a-z-]+)??)(?=[.,]| and\b)", re.IGNORECASE)


def tokens(text: str) -> list[str]:
    """Words and figures as they are spoken, in small letters."""
    return re.findall(r"[^\W_]+(?:[.:,](?=\d)\d+)*", speakable(text, verbatim=True).casefold())


def holds(said: str, fact: str) -> bool:
    """Is one way of saying the fact in it, word for word?"""
    words = tokens(said)
    for one in fact.split("|"):
        wanted = tokens(one)
        if any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)):
            return True
    return False


def letters(text: str) -> str:
    return "".join(char for char in speakable(text, verbatim=True).casefold() if char.isalnum())


def figures_of(text: str) -> set[str]:
    return set(re.findall(r"\d+", speakable(text, verbatim=True)))


def like(one: str, all_of: str, slack: int = 0) -> bool:
    """Do the letters stand in the other text, with one error in twelve, and figures without any? `slack`: so many
    letters may be wrong besides, and figures may be the beginning or the end of others: the picture cuts them."""
    wrong = nearest(letters(one), letters(all_of))[0]
    there = figures_of(all_of) | set(re.findall(r"\d+", all_of))
    cut = {
        figure for figure in figures_of(one) if slack and any(t.startswith(figure) or t.endswith(figure) for t in there)
    }
    return max(0, wrong - slack) * LETTERS_AN_ERROR <= len(letters(one)) and figures_of(one) - cut <= there


def made_up(question: Question, printed: Sequence[str]) -> str:
    """The first thing read out that is not in the picture, "" if there is none."""
    lines = (*question.lines, *question.also)
    truth = "\n".join(question.order or lines)
    for said in printed:
        rest = OWN.sub(" ", said).strip(" .")
        whole = like(rest, truth, question.slack)
        parts = [part for part in re.split(r"[,;] |\. ", rest) if letters(part)]
        if not letters(rest) or whole or all(like(part, truth, question.slack) for part in parts) or glued(rest, lines):
            continue
        return rest
    return ""


def glued(said: str, lines: Sequence[str]) -> bool:
    """Are these two whole lines, one after the other? What stands side by side may be read so."""
    words = said.split()
    whole = {letters(line) for line in lines}
    halves = ((" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words)))
    return any(letters(one) in whole and letters(other) in whole for one, other in halves)


def judged(question: Question, said: str, printed: Sequence[str]) -> tuple[str, str]:
    """(verdict, why) of an answer: all of `said`, and the part of it that are `printed` words, a sentence each."""
    false = next((fact for fact in question.never if holds(said, fact)), "")
    if not false and (question.lines or question.also):
        false = made_up(question, printed)
    if not false and question.figures:
        extra = figures_of(COUNTED.sub(" ", said)) - {
            figure for line in question.figures for figure in figures_of(line)
        }
        false = ", ".join(sorted(extra))
    if false:
        return WRONG, f"says {false!r}"
    honest = not said.strip() or bool(HONEST.search(said))
    if question.or_else and holds(said, question.or_else):
        return RIGHT, "as good"
    missing = [fact for fact in question.must if not holds(said, fact)]
    missing += [line for line in question.lines if not like(line, said, question.slack)]
    if question.colours:
        named = COLOUR.search(said)
        if named is None or named[1].casefold() not in question.colours:
            missing.append("/".join(question.colours))
    if question.open:
        if not said.strip():
            return ABSTAINED, "says nothing"
        if printed and question.also and all(like(line, said) for line in question.also):
            return RIGHT, "reads all of it"
        return (RIGHT, "says so") if honest and not missing else (WRONG, f"does not say {missing or 'that it cannot'}")
    if not missing:
        return RIGHT, "all there"
    return (ABSTAINED if honest else WRONG), f"not said: {missing}"
