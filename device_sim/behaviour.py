"""How the stand-in model answers: a table of ways to go wrong, and which question gets which.

Kept apart from the server so that a scene can name a behaviour without loading one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from device_sim.yamlnode import Place

HANGS = ("headers", "comments")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How it answers. The defaults behave; every other field is one way of going wrong."""

    first_text_s: float = 0.2  # a fast hosted model
    words_per_s: float = 30.0
    story_words_per_s: float = 12.0  # slow enough to be interrupted, faster than speech
    hang: str = ""  # "headers": never answers; "comments": answers with keep-alive comments only
    status: int = 0  # answers with this status instead …
    status_times: int = 0  # … this many times; 0 = always
    retry_after: str = ""
    garbage: bool = False  # 200 with bytes that are no stream
    portal: bool = False  # 200 with a web page, as a network that wants a login
    error_after: int = -1  # after so many words, an error object inside the stream
    cut_after: int = -1  # after so many words, the connection breaks
    stall_after: int = -1  # after so many words, silence
    bare_end: bool = False  # no `[DONE]`, usage in the finishing chunk (as `transformers serve`)


@dataclass(frozen=True, slots=True)
class Rule:
    """`behaviour` for questions in which the words `asked` stand; "" stands in all."""

    asked: str = ""
    behaviour: Behaviour = field(default_factory=Behaviour)


def rule_for(rules: Sequence[Rule], question: str) -> Rule:
    """The first rule that fits; a question that no rule speaks of is answered as it should be."""
    return next((rule for rule in rules if rule.asked.lower() in question.lower()), Rule())


def read_rules(place: Place) -> tuple[Rule, ...]:
    """A scene's `model:`, one entry a rule: `asked` and any field of `Behaviour`."""
    return tuple(_rule(item) for item in place.items())


def _rule(item: Place) -> Rule:
    kinds = {f.name: type(f.default) for f in fields(Behaviour)}
    keys = item.fields(("asked", *kinds))
    values: dict[str, Any] = {name: _value(name, keys[name], kinds[name]) for name in keys if name != "asked"}
    if "hang" in keys:
        values["hang"] = keys["hang"].one_of(HANGS)
    return Rule(keys["asked"].text() if "asked" in keys else "", Behaviour(**values))


def _value(name: str, place: Place, kind: type) -> Any:
    if kind is bool:
        return place.flag()
    if kind is str:
        return place.text()
    return kind(place.number(0.1 if name.endswith("_per_s") else -1 if kind is int else 0, 600))
