"""How well one picture was read: which legible lines, with how many wrong letters, what was made up, in which order.

Letters are compared without white space and case. A true line counts as read if it stands somewhere in what was said,
across line breaks, with at most one error in twelve letters. A said line is *invented* if nothing like it is in the
picture (more than two in five letters differ from the nearest stretch of the truth), *misread* if it is there with more
than one error in twelve. In a picture that a person cannot read, nothing is required and the same rules hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.pictures import Case

LETTERS_AN_ERROR = 12
INVENTED = 0.4


@dataclass(frozen=True, slots=True)
class Judged:
    case: Case
    wanted: int
    read: int
    letters: int  # of the legible lines
    errors: int  # in them; a line not said costs all its letters
    said: int  # lines
    misread: tuple[str, ...]
    invented: tuple[str, ...]
    in_order: bool


def plain(text: str) -> str:
    return "".join(text.casefold().split()).replace("’", "'").replace("–", "-").replace("×", "x")


def nearest(needle: str, stack: str) -> tuple[int, int]:
    """Fewest edits that turn some stretch of `stack` into `needle`, and where that stretch ends."""
    row = [0] * (len(stack) + 1)
    for i, a in enumerate(needle, 1):
        row, before = [i], row
        for j, b in enumerate(stack, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    best = min(row)
    return best, row.index(best)


def judge(case: Case, said: Sequence[str]) -> Judged:
    stack = "".join(map(plain, said))
    truth = "\n".join(map(plain, case.lines)) + "\n" + "\n".join(map(plain, case.also))
    read = errors = letters = 0
    ends = []
    for line in map(plain, case.lines):
        wrong, end = nearest(line, stack)
        letters += len(line)
        errors += min(wrong, len(line))
        if wrong * LETTERS_AN_ERROR <= len(line):
            read += 1
            ends.append(end)
    misread, invented = [], []
    across = truth.replace("\n", "")
    for text in said:
        line = plain(text)
        wrong = max(0, min(nearest(line, truth)[0], nearest(line, across)[0]) - case.slack)
        if wrong > INVENTED * len(line):
            invented.append(text)
        elif wrong * LETTERS_AN_ERROR > len(line):
            misread.append(text)
    return Judged(
        case, len(case.lines), read, letters, errors, len(said), tuple(misread), tuple(invented), ends == sorted(ends)
    )
