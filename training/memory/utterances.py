"""Wordings -> utterances and what each is for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from companion.memory.meaning.purpose import PURPOSES

PURPOSE_OF: Final = {
    "tell": "tell",
    "change": "tell",
    "ask": "ask",
    "near": "ask",
    "unknown": "ask",
    "before": "ask",
    "forget": "forget",
    "wipe_last": "forget",
    "wipe_hour": "forget",
    "wipe_today": "forget",
    "when_told": "about",
    "how_known": "about",
    "overview": "about",
    "what_told": "about",
    "other": "other",
    "small_talk": "chat",
}
TIMES: Final = {"forget": 2, "about": 4, "other": 3, "chat": 3}  # so often is each taken, that the shares are fairer


@dataclass(frozen=True)
class Purpose:
    """`kind`: the part of the file that it is from; `purpose`: which of PURPOSES."""

    text: str
    kind: str
    purpose: int


def purposes(file: Path, seed: int) -> list[Purpose]:
    """All of one file, each with some value and name; those that are few are there more than once."""
    data, chance = yaml.safe_load(file.read_text()), random.Random(seed)
    found = []
    for kind, text in _lines(data, chance):
        purpose = PURPOSE_OF[kind]
        found += [Purpose(text, kind, PURPOSES.index(purpose))] * TIMES.get(purpose, 1)
    return found


def _lines(data: Any, chance: random.Random) -> Iterator[tuple[str, str]]:
    topics = [(topic, "") for topic in data["mine"]]
    topics += [(topic, chance.choice(data["people"]["names"])) for topic in data["people"]["topics"]]
    for topic, who in topics:
        for kind in ("tell", "ask", "near", "change", "forget"):
            for text in topic.get(kind, ()):
                value = chance.choice(topic["values"]).split(" = ")[0].strip()
                yield kind, text.replace("{v}", value).replace("{n}", who)
    for kind in ("unknown", "other", "small_talk", "before", "when_told", "how_known", "overview"):
        for text in data.get(kind, ()):
            yield kind, text.replace("{t}", chance.choice(data["mine"])["name"])
    for kind in ("wipe_last", "wipe_hour", "wipe_today"):
        yield from ((kind, text) for text in data.get(kind, ()))
    for day in data.get("what_told", {}).values():
        yield from (("what_told", text) for text in day)
