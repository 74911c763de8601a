"""How often the beginning of a sentence is taken for all of it, at every place where people pause.

    python -m tests.turn_boundaries [--show N]

Each sentence of `data/turns/boundaries.txt` is cut between any two words, as often as people pause there: mostly before
a phrase or a clause, seldom between an article and its noun. One word in twenty is misheard by a letter. What comes out
is what a wearer feels: how many turns are cut off if 44 % have a pause inside, and the silence after a whole sentence.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from pipelines.thinking.intent import understand
from pipelines.thinking.options import TurnOptions
from pipelines.turns.policy import Said, TurnPolicy, Verdict, policy
from tests.turn_pauses import AFTER_FILLER, LONGER, PAUSED, WORD_ERRORS, sentences

# How often people pause before a word, beside other words.
PHRASE: Final = 3.0
PHRASES: Final = """
of in on at by for with from to into onto about under over behind between through against during without along
around towards near inside outside like than until after before beside across above below down up next beyond
instead and or but if when that because while whether where how what which who together
"""
OBJECT: Final = 1.5
OBJECTS: Final = "the a an my your his her our their this these those some any another two three it"
INSIDE: Final = 0.4  # between an article and its noun
ELSEWHERE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Boundary:
    """`begun`, and what is missing. `weight`: how often people pause there; `either`: what was begun could be all."""

    begun: str
    rest: str
    weight: float
    either: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    boundaries: tuple[Boundary, ...]


def marked(line: str) -> Sentence:
    """A line of the file, with its marks."""
    words: list[str] = []
    either = set()
    for word in line.split():
        if word == "|":
            either.add(len(words))
        else:
            words.append(word)
    return Sentence(
        " ".join(words),
        tuple(
            Boundary(" ".join(words[:n]), " ".join(words[n:]), _weight(words[n - 1], words[n]), n in either)
            for n in range(1, len(words))
        ),
    )


def _weight(last: str, then: str) -> float:
    phrases, objects = PHRASES.split(), OBJECTS.split()
    if last in objects or last in phrases:
        return INSIDE
    return PHRASE if then in phrases else OBJECT if then in objects else ELSEWHERE


def spoken(part: str) -> list[Sentence]:
    return [marked(line) for line in sentences(part, "boundaries")]


def longer_than(wait_ms: float) -> float:
    """The share of people's pauses inside a turn that last longer."""
    for (short, above), (long, below) in pairwise(LONGER):
        if wait_ms <= long:
            return above - (above - below) * max(0.0, wait_ms - short) / (long - short)
    return 0.0


def misheard(text: str, dice: random.Random) -> str:
    return " ".join(_slip(word, dice) if dice.random() < WORD_ERRORS else word for word in text.split())


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word))
    return word[:at] + dice.choice("abdegilmnoprstu") + word[at + 1 :]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`cut`: share of the turns ended inside; `only_begun`: the same if people paused only where the words plainly
    begin; `whole_ms`: the middle silence after whole sentences; `slow`: share of these that wait longer than 500 ms."""

    cut: float
    only_begun: float
    whole_ms: float
    slow: float


def judged(judge: TurnPolicy, text: str) -> Verdict:
    return judge.judge(Said(text, understand(text), True))


def outcome(said: Sequence[Sentence], judge: TurnPolicy, *, rounds: int = 4, seed: int = 3) -> Outcome:
    dice = random.Random(seed)
    cut, begun, whole = [], [], []
    for sentence in [one for one in said for _ in range(rounds)]:
        whole.append(judged(judge, misheard(sentence.text, dice)).wait_ms)
        if not sentence.boundaries:
            cut.append(0.0)
            continue
        lost = [(b, longer_than(judged(judge, misheard(b.begun, dice)).wait_ms)) for b in sentence.boundaries]
        share = PAUSED * (1 - AFTER_FILLER)  # after “um” everybody is waited for
        cut.append(share * sum(b.weight * p for b, p in lost) / sum(b.weight for b, _ in lost))
        plain = [(b.weight, p) for b, p in lost if not b.either]
        begun.append(share * sum(w * p for w, p in plain) / max(1e-9, sum(w for w, _ in plain)))
    return Outcome(_mean(cut), _mean(begun), median(whole), sum(ms > 500 for ms in whole) / len(whole))


def _mean(of: Sequence[float]) -> float:
    return sum(of) / max(1, len(of))


def taken_for_whole(said: Sequence[Sentence], judge: TurnPolicy) -> Iterator[tuple[float, str, Boundary]]:
    """Beginnings that would be ended soon, with what that costs."""
    for sentence in said:
        total = sum(b.weight for b in sentence.boundaries)
        for boundary in sentence.boundaries:
            verdict = judged(judge, boundary.begun)
            if (lost := longer_than(verdict.wait_ms)) > 0:
                yield boundary.weight * lost / total, verdict.rule, boundary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", type=int, default=0, help="the worst of the sentences that the rules were tuned on")
    show = parser.parse_args().show
    judge = policy(TurnOptions())
    for part in ("questions", "commands"):
        said = spoken(part)
        for name, some in (("tuned on", said[::2]), ("not seen", said[1::2])):
            got = outcome(some, judge)
            print(
                f"{part:9} {name} ({len(some):3}) cut off {got.cut:5.1%}, at plain beginnings {got.only_begun:5.1%}, "
                f"whole after {got.whole_ms:.0f} ms, {got.slow:4.0%} after more than half a second"
            )
        by_rule: defaultdict[str, float] = defaultdict(float)
        worst = sorted(taken_for_whole(said[::2], judge), key=lambda one: -one[0])
        for lost, rule, _ in worst:
            by_rule[rule] += lost
        print("  cut by rule:", ", ".join(f"{r} {v / sum(by_rule.values()):.0%}" for r, v in by_rule.items()))
        whole = Counter(judged(judge, one.text).rule for one in said)
        print("  whole by rule:", ", ".join(f"{r} {n / len(said):.0%}" for r, n in whole.most_common()))
        for lost, rule, boundary in worst[:show]:
            print(f"  {lost:.3f} {rule:18} {boundary.begun} {'|' if boundary.either else '…'} {boundary.rest}")
        for one in said[::2] if show else ():
            if (verdict := judged(judge, one.text)).wait_ms > 500:
                print(f"  {verdict.wait_ms:5} {one.text}: {verdict.reason}")


if __name__ == "__main__":
    main()
