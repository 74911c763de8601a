"""Wordings -> episodes: a question, some facts that are remembered, and which of them answers, if any does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.memory.offering import stated
from pipelines.memory.telling import told

FOLDER = Path(__file__).with_name("wordings")
STRANGERS = ("unknown", "other", "small_talk")  # what no fact answers
ASKED, UNTOLD, NEAR, AGAIN, FORGET = 0.43, 0.24, 0.08, 0.12, 0.05  # shares; the rest: what no fact answers
CHANGED = 0.15  # of facts are told as a change of it


@dataclass(frozen=True)
class Episode:
    """`right`: which of `facts` answers, -1 = none. `kind`: "ask", "forget", "untold", "near" or one of STRANGERS;
    "again" and "new": told, and which of them it takes the place of."""

    question: str
    kind: str
    facts: tuple[str, ...]
    right: int


@dataclass
class Wordings:
    """One file."""

    data: Mapping[str, Any]
    random: random.Random
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def mine(self) -> Sequence[Mapping[str, Any]]:
        return list(self.data["mine"])

    @property
    def people(self) -> Sequence[Mapping[str, Any]]:
        return list(self.data["people"]["topics"])

    @property
    def names(self) -> Sequence[str]:
        return list(self.data["people"]["names"])

    def fact(self, topic: Mapping[str, Any], who: str = "", changed: float = CHANGED) -> str:
        """The topic as it is kept, in some wording and with some value. `changed`: how often as a change."""
        changes = "change" in topic and self.random.random() < changed
        wording = self.random.choice(topic["change" if changes else "tell"])
        value = self.random.choice(topic["values"]).split(" = ")[0].strip()
        said = wording.format(v=value, n=who)
        if said not in self.kept:
            self.kept[said] = told(said) or stated(said)
        return self.kept[said]

    def some(self, topics: Sequence[Mapping[str, Any]], but: Mapping[str, Any] | None, count: int) -> list[Any]:
        among = [topic for topic in topics if topic is not but]
        return self.random.sample(among, min(count, len(among)))

    def others(self, topic: Mapping[str, Any] | None, who: str) -> list[str]:
        """Facts that might be taken for it: of the same person, the same of others, and more of the wearer's."""
        if not who:
            return [self.fact(t) for t in self.some(self.mine, topic, 8)] + [
                self.fact(t, self.random.choice(self.names)) for t in self.some(self.people, None, 3)
            ]
        found = [self.fact(t, who) for t in self.some(self.people, topic, 4)]
        strangers = [name for name in self.names if name != who]
        for name in self.random.sample(strangers, min(3, len(strangers))):
            found.append(self.fact(topic or self.random.choice(self.people), name))
        return found + [self.fact(t) for t in self.some(self.mine, None, 4)]

    def episode(self) -> Episode:
        of_person = self.random.random() < 0.45
        topic = self.random.choice(self.people if of_person else self.mine)
        who = self.random.choice(self.names) if of_person else ""
        dice = self.random.random()
        if dice < ASKED:
            kind = "ask"
        elif dice < ASKED + UNTOLD:
            kind = "untold"
        elif dice < ASKED + UNTOLD + NEAR and topic.get("near"):
            kind = "near"
        elif ASKED + UNTOLD + NEAR < dice < ASKED + UNTOLD + NEAR + AGAIN and "change" in topic:
            kind = "again" if self.random.random() < 0.6 else "new"
        elif dice > 1 - FORGET and topic.get("forget"):
            kind = "forget"
        else:
            kind = self.random.choice([name for name in STRANGERS for _ in self.data[name]])
            facts = self.others(None, self.random.choice(self.names))
            return Episode(self.random.choice(self.data[kind]), kind, tuple(facts), -1)
        facts, right = self.others(topic, who), -1
        if kind not in {"untold", "new"}:
            at = self.random.randrange(len(facts) + 1)
            facts.insert(at, self.fact(topic, who))
            right = -1 if kind == "near" else at
        if kind in {"again", "new"}:
            return Episode(self.fact(topic, who, 0.6), kind, tuple(facts), right)
        question = self.random.choice(topic[kind if kind in {"near", "forget"} else "ask"])
        return Episode(question.replace("{n}", who), kind, tuple(facts), right)


def episodes(file: Path, seed: int, count: int) -> Iterator[Episode]:
    """`count` of one file."""
    wordings = Wordings(yaml.safe_load(file.read_text()), random.Random(seed))
    return (wordings.episode() for _ in range(count))
