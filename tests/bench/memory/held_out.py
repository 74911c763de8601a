"""Dialogues of wordings that no rule was written for (held_out.yaml, untouched.yaml), by seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.bench.memory.dialogue import Script, Step

SETS = {"held out": "held_out.yaml", "untouched": "untouched.yaml", "fresh": "fresh.yaml"}
SETS |= {f"fresh {n}": f"fresh_{n}.yaml" for n in (2, 3, 4, 5, 6)}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SECRET = (
    "bike lock",
    "wifi",
    "alarm code",
    "medicine",
    "blood type",
    "phone",
    "passport",
)  # an overview does not say these


@dataclass(frozen=True)
class Fact:
    """Something told. `value`: as it is spoken; `words`: what an answer has to have, alternatives apart by "|"."""

    topic: Mapping[str, Any]
    who: str
    value: str
    words: str

    @property
    def never(self) -> tuple[str, ...]:
        """What no other answer may have; not what might be the time at which something was told."""
        parts = self.words.split("|")
        return tuple(part for part in parts if part not in DAYS and not (part.isdigit() and len(part) < 3))

    @property
    def bytes(self) -> tuple[str, ...]:
        """What would be in a file of it and of nothing else."""
        return tuple(part for part in self.words.split("|") if len(part) > 4)


class Wordings:
    """One set. Each list of wordings is gone through in a shuffled order, so that all come up."""

    def __init__(self, file: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.data = _read(file)
        self._left: dict[str, list[Any]] = {}

    def one(self, name: str, among: Sequence[Any]) -> Any:
        left = self._left.setdefault(name, [])
        if not left:
            left.extend(self.random.sample(among, len(among)))
        return left.pop()

    def fact(self, needs: str = "tell", without: Sequence[str] = (), who: str = "") -> Fact:
        """One whose topic has wordings to `needs`; of nobody in particular, or of `who`."""
        people = self.data["people"]
        topics = people["topics"] if who else self.data["mine"]
        found = [topic for topic in topics if needs in topic and topic["name"] not in without]
        topic = self.one(f"{bool(who)} {needs} {sorted(without)}", found)
        return self.valued(topic, who)

    def valued(self, topic: Mapping[str, Any], who: str = "", but: str = "") -> Fact:
        value = self.random.choice([value for value in topic["values"] if value.split(" = ")[0] != but])
        spoken, _, words = value.partition(" = ")
        return Fact(topic, who, spoken, words or spoken)

    def person(self, but: str = "") -> str:
        return str(self.random.choice([name for name in self.data["people"]["names"] if name != but]))

    def tell(self, fact: Fact, how: str = "tell") -> Step:
        return Step("tell", self._of(fact, how))

    def ask(self, fact: Fact, never: tuple[str, ...] = ()) -> Step:
        return Step("ask", self._of(fact, "ask"), (fact.words,), never)

    def unknown(self, fact: Fact, never: tuple[str, ...] = ()) -> Step:
        return Step("none", self._of(fact, "ask"), never=never)

    def forget(self, fact: Fact) -> Step:
        return Step("say", self._of(fact, "forget"))

    def _of(self, fact: Fact, how: str) -> str:
        text = self.one(f"{how} {bool(fact.who)} {fact.topic['name']}", fact.topic[how])
        return str(text.format(v=fact.value, n=fact.who))

    def line(self, name: str, among: Sequence[str] = (), **slots: str) -> str:
        return str(self.one(name, among or self.data[name])).format(**slots)

    def talk(self) -> list[Step]:
        return [Step("say", self.line("small_talk")) for _ in range(self.random.randrange(3))]


@cache
def _read(file: Path) -> Mapping[str, Any]:
    data: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return data


def day(days: int, hour: float) -> Step:
    return Step("day", days=days, hour=hour)


def extraction(w: Wordings, n: int) -> list[Step]:
    first = w.fact()
    other = w.fact(who=w.person())
    steps = [w.tell(first), *w.talk(), w.tell(other), *w.talk()]
    steps += [w.ask(first, other.never), w.ask(other, first.never)]
    return [*steps, day(1, 10), *w.talk(), w.ask(first), w.ask(other)]


def sessions(w: Wordings, n: int) -> list[Step]:
    who = w.person()
    foreign = w.person(who)
    first = w.fact(who=who)
    second = w.fact(who=who, without=(first.topic["name"],))
    other = w.valued(first.topic, foreign, first.value)
    mine = w.fact()
    about = Step("ask", w.line("about", w.data["people"]["about"], n=who), (first.words, second.words), other.never)
    steps = [w.tell(first), *w.talk(), day(1, 9), w.tell(other), w.tell(mine), *w.talk(), day(2, 12), w.tell(second)]
    steps += [day(4, 12), *w.talk(), about, w.ask(other, first.never), w.ask(mine), w.ask(first, other.never)]
    if n % 2:
        kept = w.fact(without=(*SECRET, mine.topic["name"]))
        steps += [w.tell(kept), Step("ask", w.line("overview"), (kept.words,))]
    return steps


def time(w: Wordings, n: int) -> list[Step]:
    first = w.fact(without=SECRET)
    second = w.fact(without=(*SECRET, first.topic["name"]))
    steps = [day(0, 9), w.tell(first), *w.talk(), day(1, 10), w.tell(second), *w.talk()]
    when = ("yesterday", "monday", "today", "told", "source")[n % 5]
    if when in {"told", "source"}:
        back = w.line("when_told" if when == "told" else "how_known")
        said = ("yesterday|tuesday|a day ago|day ago",) if when == "told" else ("you told", "yesterday|tuesday")
        return [*steps, day(2, 15), w.ask(second), Step("ask", back, said)]
    if when == "today":
        wanted, others = second, first
    else:
        steps.append(day(2, 15))
        wanted, others = (second, first) if when == "yesterday" else (first, second)
    back = w.line(f"what_told {when}", w.data["what_told"][when])
    return [*steps, Step("ask", back, (wanted.words,), others.never)]


def update(w: Wordings, n: int) -> list[Step]:
    old = w.fact("change", who=w.person() if n % 4 == 3 and _changing(w) else "")
    new = w.valued(old.topic, old.who, old.value)
    other = w.fact(without=(old.topic["name"],))
    steps = [
        w.tell(old),
        w.tell(other),
        w.ask(old),
        day(1, 14),
        *w.talk(),
        w.tell(new, "change"),
        w.ask(new, old.never),
    ]
    steps += [day(2, 9), *w.talk(), w.ask(new, old.never)]
    befores = [text for text in w.data["before"] if "{t}" not in text or not _place(old)]
    if n % 2:
        before = w.line(f"before {_place(old)}", befores, t=f"{old.topic['name']}")
        steps += [Step("ask", before, (old.words,), new.never)] if not old.who else []
    return [*steps, w.ask(other)]


def _changing(w: Wordings) -> bool:
    return any("change" in topic for topic in w.data["people"]["topics"])


def _place(fact: Fact) -> bool:
    return any(text.startswith("where") for text in fact.topic["ask"])


def abstention(w: Wordings, n: int) -> list[Step]:
    told, who = w.fact(), w.person()
    of = w.fact(who=who)
    words = (*told.never, *of.never)
    stranger = w.valued(of.topic, w.person(who))
    untold = w.fact(without=(told.topic["name"],))
    else_of = w.fact(who=who, without=(of.topic["name"],))
    steps = [w.tell(told), *w.talk(), w.tell(of), day(1, 11)]
    steps += [Step("none", w.line("unknown"), never=words), w.unknown(stranger, words), w.unknown(untold, words)]
    return [*steps, w.unknown(else_of, words), Step("none", w.line("unknown"), never=words), w.ask(told), w.ask(of)]


def forgetting(w: Wordings, n: int) -> list[Step]:
    kept = w.fact(without=("appointment",))
    gone = w.fact("forget", without=(kept.topic["name"],))
    how = ("last", "thing", "person", "hour", "of", "today")[n % 6]
    if how in {"person", "of"}:
        gone = w.fact("forget", who=w.person())
    told = w.tell(gone)
    if how == "last":
        steps = [w.tell(kept), *w.talk(), told, Step("say", w.line("wipe_last"))]
    elif how in {"hour", "today"}:
        again = day(0, 14) if how == "hour" else day(1, 9)
        steps = [w.tell(kept), again, *w.talk(), told, w.ask(gone), Step("say", w.line(f"wipe_{how}"))]
    elif how == "person":
        wish = w.line("forget", w.data["people"]["forget"], n=gone.who)
        steps = [told, w.tell(kept), day(1, 9), w.ask(gone), Step("say", wish)]
    else:
        steps = [told, w.tell(kept), day(1, 9), *w.talk(), w.forget(gone)]
    left = Step("gone", words=(*gone.bytes, *([gone.who] if how == "person" else [])))
    steps += [left, w.unknown(gone, gone.never), w.ask(kept)]
    return [*steps, day(2, 9), w.unknown(gone, gone.never), w.ask(kept), Step("gone", words=gone.bytes)]


CATEGORIES: Mapping[str, Callable[[Wordings, int], list[Step]]] = {
    "extraction": extraction,
    "sessions": sessions,
    "time": time,
    "update": update,
    "abstention": abstention,
    "forgetting": forgetting,
}


def scripts(which: str, seed: int, each: int) -> list[Script]:
    """`each` dialogues of every category, in the wordings of one set."""
    wordings = Wordings(Path(__file__).with_name(SETS[which]), seed)
    out = []
    for category, make in CATEGORIES.items():
        out += [Script(f"{which} {category}-{n}", category, tuple(make(wordings, n))) for n in range(each)]
    return out
