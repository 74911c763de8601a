"""How often what is said is true: a quiz over drawn scenes and photographs, without any model.

    python -m tests.bench.bench_truth [--seed 5] [--show N]

Each question is put in words to the real deciders, in virtual time; the pictures are looked at, read, scanned and
measured by the real engines. A right answer counts +1, an abstention 0, a wrong one -1; where nobody could tell (dark,
stale, cut off, no amount on the label, a traffic light), saying so is right. The bars: 80 in 100, and at most 2 wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.truth import Question, questions
from tests.bench.truth.judge import ABSTAINED, RIGHT, WRONG, judged
from tests.bench.truth.played import Eyes, Played

BAR, MOST_WRONG = 80.0, 2
POINTS = {RIGHT: 1, ABSTAINED: 0, WRONG: -1}


def row(name: str, verdicts: Counter[str]) -> dict[str, int | float]:
    """One line of the table, and its figures."""
    n = verdicts.total()
    score = round(100 * sum(POINTS[verdict] * count for verdict, count in verdicts.items()) / max(1, n), 1)
    print(f"{name:20s} {n:4d} {verdicts[RIGHT]:6d} {verdicts[ABSTAINED]:10d} {verdicts[WRONG]:6d} {score:8.1f}")
    return {
        "n": n,
        "right": verdicts[RIGHT],
        "abstained": verdicts[ABSTAINED],
        "wrong": verdicts[WRONG],
        "score": score,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=5)
    arguments.add_argument(
        "--show", type=int, default=0, metavar="N", help="print N answers that are not right, wrong first"
    )
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    start = perf_counter()
    asked, eyes = questions(given.seed), Eyes()
    verdicts: dict[str, Counter[str]] = {}
    open_ones: Counter[str] = Counter()
    failed: list[tuple[str, str, str, Question]] = []
    for question in asked:
        said, printed = Played(question, eyes).answer()
        verdict, why = judged(question, said, printed)
        verdicts.setdefault(question.kind, Counter())[verdict] += 1
        open_ones[verdict] += question.open
        if verdict != RIGHT:
            failed.append((verdict, why, said, question))
    print(f"{len(asked)} questions of seed {given.seed} in {perf_counter() - start:.0f} s")
    print(f"\n{'kind':20s}    n  right  abstained  wrong    score")
    kinds = {name: row(name, counted) for name, counted in verdicts.items()}
    print()
    row("nobody can tell", open_ones)
    whole = row("all", sum(verdicts.values(), Counter()))
    for verdict, why, said, question in sorted(failed, key=lambda f: f[0], reverse=True)[: given.show]:
        print(f"\n{verdict}: {question.kind}: {question.name}\n  {why}\n  said: {said!r}")
    passed = whole["score"] >= BAR and whole["wrong"] <= MOST_WRONG
    print(f"\nThe bars, {BAR:.0f} in 100 and at most {MOST_WRONG} wrong: {'kept' if passed else 'missed'}.")
    if not any(question.kind == "photograph" for question in asked):
        print("The photographs are not there, so nothing was asked about them.")
    print(json.dumps({"bench": "truth", "seed": given.seed, "kept": passed, **whole, "kinds": kinds}))


if __name__ == "__main__":
    main()
