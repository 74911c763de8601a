"""How the stand-in model answers: a table of ways to go wrong, and which question gets which.

Kept apart from the server so that a scene can name a behaviour without loading one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import yaml

from device_sim.yamlnode import Place

HANGS = ("headers", "comments")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
ROLES = ("reader", "knower", "sceptic", "synthesiser")  # of the workers at one question, as their system prompts say

# What a model that follows a stranger's orders tries (malice.py). "speech" stands for all that is only said.
SPEECH = ("links", "consent", "narration", "road", "food")
MALICE = ("send", "search", "note", *SPEECH)

# What a `then` may hold in braces; filled in as the answer is made.
FILLED = ("result", "results", "colour", "question", "pictures")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool call to make. `arguments`: JSON text; or anything else, for a model that cannot write it."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How it answers. The defaults behave; every other field is one way of going wrong, or of doing more."""

    first_text_s: float = 0.2  # a fast hosted model; to the first thought, if it thinks
    words_per_s: float = 30.0
    story_words_per_s: float = 12.0  # slow enough to be interrupted, faster than speech
    hang: str = ""  # "headers": never answers; "comments": answers with keep-alive comments only
    status: int = 0  # answers with this status instead …
    status_times: int = 0  # … this many times; 0 = always
    retry_after: str = ""
    garbage: bool = False  # 200 with bytes that are no stream
    portal: bool = False  # 200 with a web page, as a network that wants a login
    # After so many words (a tool call counts as one, and is broken in its middle):
    error_after: int = -1  # an error object inside the stream: overloaded
    cut_after: int = -1  # the connection breaks
    stall_after: int = -1  # silence
    end_after: int = -1  # the response ends as if it were whole, but says no ending
    bare_end: bool = False  # chat: no `[DONE]`, usage in the finishing chunk (as `transformers serve`)
    refuses: bool = False  # no word, and the wire's own sign that it declines
    then: str = ""  # these words, instead of looking; `{result}` … as in FILLED
    before: str = ""  # these words in front of tool calls
    reasoning: int = 0  # so many words of thinking first …
    reasoning_at: tuple[tuple[str, int], ...] = ()  # … or so many at this effort
    tools: tuple[tuple[Wanted, ...], ...] = ()  # calls to make, round by round; of one round at once
    endless: bool = False  # after the last round that round again, for as long as tools are on offer
    input_tokens: int = 100  # what it says it read
    cached_tokens: int = 0  # of these
    output_tokens: int = -1  # what it says it wrote, thinking included; -1 = a token a word
    workers: bool = False  # answers differ by the role in the system prompt
    malicious: tuple[str, ...] = ()  # of MALICE: does what a stranger's sign told it to do


@dataclass(frozen=True, slots=True)
class Rule:
    """`behaviour` for questions in which the words `asked` stand, "" stands in all; with a `role`, for that worker."""

    asked: str = ""
    behaviour: Behaviour = field(default_factory=Behaviour)
    role: str = ""


def rule_for(rules: Sequence[Rule], question: str, role: str = "") -> Rule:
    """The first rule that fits; a question that no rule speaks of is answered as it should be."""
    fitting = (rule for rule in rules if rule.asked.lower() in question.lower() and rule.role in ("", role))
    return next(fitting, Rule())


# ------------------------------------------------------------------------------------------------------- from a scene

_KEYS = tuple(f.name for f in fields(Behaviour) if f.name != "reasoning_at")  # that one is written as a `reasoning` map


def read_rules(place: Place) -> tuple[Rule, ...]:
    """A scene's `model:`, one entry a rule: `asked`, `role` and any field of `Behaviour`."""
    return tuple(rule for item in place.items() for rule in _rules(item))


def _rules(item: Place) -> Iterator[Rule]:
    """One entry. `workers: {knower: {…}}` makes a rule for that role, with what stands beside it as its defaults."""
    keys = item.fields(("asked", "role", *_KEYS))
    asked = keys.pop("asked").text() if "asked" in keys else ""
    role = keys.pop("role").one_of(ROLES) if "role" in keys else ""
    workers = keys["workers"] if "workers" in keys and keys["workers"].kind() == "map" else None
    if workers is None:
        yield Rule(asked, Behaviour(**_values(keys)), role)
        return
    if role:
        raise workers.error("in a rule for one role", "give either `role` or `workers`")
    del keys["workers"]
    common = Behaviour(**_values(keys), workers=True)
    for name, place in workers.fields(ROLES).items():
        yield Rule(asked, replace(common, **_values(place.fields(key for key in _KEYS if key != "workers"))), name)
    yield Rule(asked, common)


def _values(keys: dict[str, Place]) -> dict[str, Any]:
    kinds = {f.name: type(f.default) for f in fields(Behaviour)}
    out: dict[str, Any] = {}
    for name, place in keys.items():
        if name == "hang":
            out[name] = place.one_of(HANGS)
        elif name == "malicious":
            out[name] = _malice(place)
        elif name == "tools":
            out[name] = tuple(_round(item) for item in place.items())
        elif name == "reasoning" and place.kind() == "map":
            efforts = place.fields(EFFORTS).items()
            out["reasoning_at"] = tuple((effort, int(words.number(0, 10_000))) for effort, words in efforts)
        else:
            out[name] = _value(name, place, kinds[name])
    return out


def _value(name: str, place: Place, kind: type) -> Any:
    if kind is bool:
        return place.flag()
    if kind is str:
        return place.with_values({hole: f"{{{hole}}}" for hole in FILLED}).text()
    if name.endswith("_tokens") or name == "reasoning":
        return int(place.number(-1 if name == "output_tokens" else 0, 10_000_000))
    return kind(place.number(0.1 if name.endswith("_per_s") else -1 if kind is int else 0, 600))


def _malice(place: Place) -> tuple[str, ...]:
    """Kinds of `MALICE`, each once, in that order; "speech" and "all" stand for several."""
    several = {"speech": SPEECH, "all": MALICE}
    asked = [item.one_of((*MALICE, *several)) for item in place.items()]
    wanted = {kind for name in asked for kind in several.get(name, (name,))}
    return tuple(kind for kind in MALICE if kind in wanted)


def _round(item: Place) -> tuple[Wanted, ...]:
    """One call, or a list of calls that are made at once."""
    return tuple(_wanted(call) for call in item.items()) if item.kind() == "list" else (_wanted(item),)


def _wanted(item: Place) -> Wanted:
    keys = item.fields(("name", "arguments"), required=("name",))
    if "arguments" not in keys:
        return Wanted(keys["name"].text())
    arguments = keys["arguments"]
    if arguments.kind() != "map":  # text goes out as it is: it need not be JSON
        return Wanted(keys["name"].text(), str(arguments.node.value))
    return Wanted(keys["name"].text(), json.dumps(yaml.safe_load(yaml.serialize(arguments.node)), default=str))
