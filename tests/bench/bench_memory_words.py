"""Is what was told found when it is asked for in other words: every topic of a set of wordings stored once, every
question asked of all of them, and questions that nothing answers.

    python -m tests.bench.bench_memory_words [--set "fresh 3"] [--seed 5]

"recalled": the fact is among what a question to a model carries; "sure" and "unsure": without a model it is told as the
answer, or with the words that it may not be meant; "wrong": another one is. "before" is recalled without the judge.

Then what each utterance of the set is taken for by the encoder alone: how many of them are taken for what they are, so
likely that it counts, and how many of the others are.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from companion.memory.embed import HashedGrams
from companion.memory.meaning.purpose import PURPOSES, purpose
from companion.memory.settings import MemorySettings
from companion.memory.store import Store, open_store
from pipelines.events import Memory
from pipelines.memory import along, fitting, likely
from pipelines.memory.dates import Span
from pipelines.memory.errand import fact
from pipelines.memory.offering import stated
from pipelines.memory.purposes import LIKELY
from pipelines.memory.telling import told
from tests.bench.memory.held_out import SETS
from training.memory import utterances

FIRST_S = 1_793_574_000.0
PEOPLE = 3  # for each topic of people
NOTHING = ("near", "unknown", "other", "small_talk")


class Found:
    """One set in a database of its own."""

    def __init__(self, data: Mapping[str, Any], store: Store, chance: random.Random) -> None:
        self.data, self.store, self.chance = data, store, chance
        self.asked: list[tuple[str, int]] = []
        self.count: Counter[str] = Counter()

    def fill(self) -> None:
        names = self.data["people"]["names"]
        topics = [(topic, "") for topic in self.data["mine"]]
        topics += [(t, n) for t in self.data["people"]["topics"] for n in self.chance.sample(names, PEOPLE)]
        for topic, who in topics:
            value = self.chance.choice(topic["values"]).split(" = ")[0].strip()
            said = self.chance.choice(topic["tell"]).format(v=value, n=who)
            kept, _ = self.store.memorise(fact(told(said) or stated(said), FIRST_S + len(self.asked)))
            self.asked += [(question.replace("{n}", who), kept.id) for question in topic["ask"]]
            self.nothing("near", [question.replace("{n}", who) for question in topic.get("near", ())])
        for kind in NOTHING[1:]:
            self.nothing(kind, self.data.get(kind, ()))
        while self.store.digest():
            pass

    def nothing(self, kind: str, questions: Any) -> None:
        self.asked += [(question, -1 - NOTHING.index(kind)) for question in questions]

    def ask(self) -> None:
        for question, wanted in self.asked:
            query = fitting.query(question)
            found = self.store.recall(query, limit=along.LIMIT, question=question)
            sure, unsure = self._answer(question, found)
            answer = (sure or unsure)[:1]
            if wanted < 0:
                kind = NOTHING[-1 - wanted]
                self.count[kind] += 1
                self.count[f"{kind} sure"] += bool(sure)
                self.count[f"{kind} unsure"] += bool(unsure)
                continue
            self.count["asked"] += 1
            self.count["before"] += wanted in {m.id for m in self.store.recall(query, limit=along.LIMIT)}
            self.count["recalled"] += wanted in {m.id for m in found}
            right = bool(answer) and wanted in {m.id for m in sure or unsure}
            self.count["sure"] += right and bool(sure)
            self.count["unsure"] += right and bool(unsure)
            self.count["wrong"] += bool(answer) and not right

    def _answer(self, question: str, found: tuple[Memory, ...]) -> tuple[list[Memory], list[Memory]]:
        sure = along.answers(question, found, Span()) or likely.answering(found)
        return sure, [] if sure else likely.perhaps(found)


def taken(file: Path, seed: int) -> dict[str, tuple[float, float]]:
    """Of each purpose: the share of its utterances that are likely to be for it, and that of all others."""
    said = [(PURPOSES[one.purpose], *purpose(one.text)) for one in dict.fromkeys(utterances.purposes(file, seed))]
    out = {}
    for of in PURPOSES:
        right = [found == of and surely >= LIKELY for was, found, surely in said if was == of]
        wrong = [found == of and surely >= LIKELY for was, found, surely in said if was != of]
        out[of] = sum(right) / max(1, len(right)), sum(wrong) / len(wrong)
    return out


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=5)
    arguments.add_argument("--set", choices=SETS, help="one set of wordings instead of all")
    args = arguments.parse_args()
    print(f"{'set':<12}{'facts':>7}{'asked':>7}{'before':>8}{'recalled':>10}{'sure':>7}{'unsure':>8}{'wrong':>7}"
          f"{'near':>12}{'unknown':>12}{'other':>12}{'talk':>12}")  # fmt: skip
    figures: dict[str, Any] = {"bench": "memory_words", "seed": args.seed}
    for name in [args.set] if args.set else SETS:
        data = yaml.safe_load(Path(__file__).with_name("memory").joinpath(SETS[name]).read_text())
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(MemorySettings(), Path(folder), HashedGrams())
            found = Found(data, store, random.Random(args.seed))
            found.fill()
            facts = sum(1 for _ in store.all())
            found.ask()
            store.close()
        c, asked = found.count, found.count["asked"]
        shares = {key: c[key] / asked for key in ("before", "recalled", "sure", "unsure", "wrong")}
        told_so = [f"{c[f'{kind} sure']}+{c[f'{kind} unsure']}/{c[kind]}" for kind in NOTHING]
        widths = {"before": 8, "recalled": 10, "sure": 7, "unsure": 8, "wrong": 7}
        row = "".join(f"{shares[key]:>{width}.0%}" for key, width in widths.items())
        print(f"{name:<12}{facts:>7}{asked:>7}{row}" + "".join(f"{one:>12}" for one in told_so))
        false = {k: (c[f"{k} sure"] + c[f"{k} unsure"]) / max(1, c[k]) for k in NOTHING}
        figures[name] = {key: round(value, 3) for key, value in (shares | false).items()}
    print(f"\n{'set':<12}" + "".join(f"{f'{of}: right, wrong':>24}" for of in PURPOSES))
    for name in [args.set] if args.set else SETS:
        them = taken(Path(__file__).with_name("memory").joinpath(SETS[name]), args.seed)
        print(f"{name:<12}" + "".join(f"{f'{right:.0%}, {wrong:.1%}':>24}" for right, wrong in them.values()))
        figures[name]["taken"] = {of: [round(share, 4) for share in pair] for of, pair in them.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
