"""What a wearer hears when something fails, by kind: the table failures.yaml, and a choice among it for the ear."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device_sim.errors import SceneError
from device_sim.yamlnode import Place

TABLE = Path(__file__).parent / "failures.yaml"
DECOYS = 6
_HEARD = re.compile(r"\[(.+?)\]")


@dataclass(frozen=True)
class Spoken:
    """`sentence` as it is spoken; `heard`: those of its words that the ear listens for."""

    sentence: str
    heard: str


@functools.cache
def failures() -> Mapping[str, Spoken]:
    """Kind -> what is heard of it."""
    return {kind: _spoken(place) for kind, place in Place.of_file(TABLE).fields().items()}


def others(kind: str) -> tuple[str, ...]:
    """What is heard of other kinds, as decoys: the same ones each time."""
    words = sorted({spoken.heard for name, spoken in failures().items() if name != kind})
    random.Random(kind).shuffle(words)
    return tuple(word for word in words if word != failures()[kind].heard)[:DECOYS]


def _spoken(place: Place) -> Spoken:
    text = place.text()
    found = _HEARD.search(text)
    if found is None:
        raise SceneError(f"{place.file}: {place.key}: nothing in brackets; mark the words that tell it from the others")
    return Spoken(_HEARD.sub(r"\1", text), found[1])
