"""What a recording is expected to do, as its `.expect.yaml` says it: read with the line of every complaint.

recording: turn-7.mcap
set: {turn.open_silence_ms: 900}     # changed for the run; leave out to expect it of the recording as it is
same: true                           # every decision as recorded
turns:
- turn: 7
  asked: what does this sign say     # a text, /a regular expression/, or {text: …, wer: 0.2}
  outcome: answered
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from companion.settings import Settings, SettingsError, changed
from recordings.field_changes import word_error_rate

SUFFIX = ".expect.yaml"
FILE_BYTES = 1_000_000
OUTCOMES = ("answered", "stopped", "interrupted", "failed")


class ExpectError(ValueError):
    """An expectation cannot be understood. The message names file, line, key, value, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words to compare with: equal but for capitals, punctuation and spacing; a `pattern` to be found in them; or at
    most `wer` of them wrong."""

    text: str = ""
    pattern: str = ""
    wer: float = 0.0

    def fits(self, came: str) -> bool:
        if self.pattern:
            return re.search(self.pattern, " ".join(came.split()), re.IGNORECASE) is not None
        mine, theirs = _plain(self.text), _plain(came)
        return word_error_rate(mine, theirs) <= self.wer if self.wer else mine == theirs

    def within(self, came: str) -> bool:
        """Whether they are part of a longer text."""
        return self.fits(came) if self.pattern else f" {_plain(self.text)} " in f" {_plain(came)} "

    def __str__(self) -> str:
        if self.pattern:
            return f"/{self.pattern}/"
        return f"“{self.text}”" + (f" with at most {self.wer:.0%} of the words wrong" if self.wer else "")


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame that is to be chosen. None: not looked at. `there` False: no picture is expected."""

    there: bool = True
    frame_id: int | None = None
    problem: str | None = None
    max_age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TurnExpectation:
    """One turn; None: anything will do. `lines`: where each key stands in the file. `absent`: there is no such turn."""

    turn: int
    lines: Mapping[str, int]
    absent: bool = False
    asked: Words | None = None
    intent: str | None = None
    frame: Frame | None = None
    request_contains: tuple[Words, ...] = ()
    says: Words | None = None
    heard: Words | None = None
    outcome: str | None = None
    budget_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One file. `sets`: as `--set` takes them."""

    file: Path
    recording: Path
    lines: Mapping[str, int]
    sets: tuple[str, ...] = ()
    same: bool = False
    turns: tuple[TurnExpectation, ...] = ()


def load_expectation(file: Path) -> Expectation:
    """Read a file. Raises ExpectError."""
    file = Path(file)
    top = _Place(file, "the file", _composed(file))
    keys = top.mapping({"recording", "set", "same", "turns"})
    if "recording" not in keys:
        raise top.wrong("it names no recording", "write `recording: NAME.mcap`, a file beside this one")
    recording = file.parent / keys["recording"].text()
    turns = tuple(_turn(place) for place in keys["turns"].sequence()) if "turns" in keys else ()
    numbers = [turn.turn for turn in turns]
    if twice := next((turn for turn in turns if numbers.count(turn.turn) > 1), None):
        raise keys["turns"].wrong(f"turn {twice.turn} is there twice", "put all of a turn in one entry")
    same = keys["same"].flag() if "same" in keys else False
    if not turns and not same:
        raise top.wrong("it expects nothing", "write `same: true`, or `turns:` and what is expected of each")
    sets = tuple(_sets(keys["set"])) if "set" in keys else ()
    return Expectation(file, recording, {key: place.line for key, place in keys.items()}, sets, same, turns)


def _sets(place: _Place) -> Iterator[str]:
    for key, value in place.mapping(None).items():
        one = f"{key}={value.scalar()}"
        try:
            changed(Settings(), (one,))
        except SettingsError as why:
            raise ExpectError(f"{place.file}:{value.line}: {why}") from why
        yield one


_TURN: Mapping[str, Callable[[_Place], Any]] = {
    "absent": lambda place: place.flag(),
    "asked": lambda place: place.words(),
    "intent": lambda place: place.text(),
    "frame": lambda place: _frame(place),
    "request_contains": lambda place: tuple(one.words() for one in place.sequence()),
    "says": lambda place: place.words(),
    "heard": lambda place: place.words(),
    "outcome": lambda place: place.one_of(OUTCOMES),
    "budget_ms": lambda place: place.number(),
}


def _turn(place: _Place) -> TurnExpectation:
    keys = place.mapping({"turn", "tool", *_TURN})
    if "tool" in keys:
        way_out = "leave it out; what the turn says and asks can be expected already"
        raise keys["tool"].wrong("the companion calls no tools yet, so there is nothing to compare with", way_out)
    if "turn" not in keys:
        raise place.wrong(
            "it does not say which turn it is of", "write `turn: N`; `companion sessions show` lists them"
        )
    number = keys["turn"].number(whole=True)
    if number < 1:
        raise keys["turn"].wrong(f"there is no turn {number:g}", "turns count from 1")
    values = {key: read(keys[key]) for key, read in _TURN.items() if key in keys}
    if values.get("absent") and len(values) > 1:
        raise keys["absent"].wrong("a turn that is absent can do nothing", "leave out the other keys of this turn")
    return TurnExpectation(int(number), {key: found.line for key, found in keys.items()}, **values)


def _frame(place: _Place) -> Frame:
    if place.is_scalar:
        place.one_of(("none",))
        return Frame(there=False)
    keys = place.mapping({"id", "problem", "max_age_ms"})
    return Frame(
        True,
        int(keys["id"].number(whole=True)) if "id" in keys else None,
        keys["problem"].text() if "problem" in keys else None,
        int(keys["max_age_ms"].number()) if "max_age_ms" in keys else None,
    )


# ------------------------------------------------------------------------------------------------------------ reading


def _composed(file: Path) -> yaml.Node:
    try:
        if file.stat().st_size > FILE_BYTES:
            raise ExpectError(f"{file}: larger than {FILE_BYTES:,} bytes, which no expectation is")
        node = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as why:
        raise ExpectError(f"{file}: cannot be read: {why}") from why
    except yaml.MarkedYAMLError as why:
        line = why.problem_mark.line + 1 if why.problem_mark else 1
        raise ExpectError(f"{file}:{line}: this is not YAML: {why.problem}; check indentation, colons, quotes") from why
    except (yaml.YAMLError, RecursionError) as why:
        raise ExpectError(f"{file}: this is not YAML: {why}") from why
    if node is None:
        raise ExpectError(f"{file}:1: the file is empty; docs/goldens.md shows what stands in one")
    return node


@dataclass(frozen=True, slots=True)
class _Place:
    """One node of the file, under its key."""

    file: Path
    key: str
    node: yaml.Node

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode)

    def wrong(self, what: str, way_out: str) -> ExpectError:
        return ExpectError(f"{self.file}:{self.line}: {self.key}: {what}; {way_out}")

    def mapping(self, allowed: set[str] | None) -> dict[str, _Place]:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"{self._value} is no table", "write `key: value` pairs, indented under it")
        found: dict[str, _Place] = {}
        for key_node, value in self.node.value:
            key = str(key_node.value)
            place = _Place(self.file, key if self.key == "the file" else f"{self.key}.{key}", value)
            if allowed is not None and key not in allowed:
                at = _Place(self.file, place.key, key_node)
                raise at.wrong("this key is not known", f"known here: {', '.join(sorted(allowed))}")
            if key in found:
                raise place.wrong("it is there twice", "keep one of the two")
            found[key] = place
        return found

    def sequence(self) -> list[_Place]:
        if not isinstance(self.node, yaml.SequenceNode):
            return [self]
        return [_Place(self.file, f"{self.key}[{i}]", node) for i, node in enumerate(self.node.value)]

    def scalar(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong(f"{self._value} is not one value", "write one value")
        return str(self.node.value)

    def text(self) -> str:
        text = self.scalar()
        if self.node.tag == "tag:yaml.org,2002:null":
            raise self.wrong("it is empty", 'write a text; "" for none')
        return text

    def flag(self) -> bool:
        if self.node.tag != "tag:yaml.org,2002:bool":
            raise self.wrong(f"{self._value} is not right", "true or false")
        return self.scalar().casefold() in ("true", "yes", "on")

    def number(self, whole: bool = False) -> float:
        text = self.scalar()
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise self.wrong(f"{self._value} is not right", "a whole number" if whole else "a number") from None
        if not 0 <= value < 1e12:
            raise self.wrong(f"{self._value} is not right", "a number from 0 on")
        return value

    def one_of(self, allowed: tuple[str, ...]) -> str:
        text = self.scalar()
        if text not in allowed:
            raise self.wrong(f"{text!r} is not right", f"one of: {', '.join(allowed)}")
        return text

    def words(self) -> Words:
        if isinstance(self.node, yaml.MappingNode):
            keys = self.mapping({"text", "wer"})
            if "text" not in keys:
                raise self.wrong("it has no text", "write {text: …, wer: 0.2}")
            return Words(keys["text"].text(), wer=keys["wer"].number() if "wer" in keys else 0.0)
        text = self.text()
        if not (len(text) > 2 and text.startswith("/") and text.endswith("/")):
            return Words(text)
        try:
            re.compile(text[1:-1])
        except re.error as why:
            raise self.wrong(f"{text!r} is no regular expression ({why})", "or leave out the slashes") from why
        return Words(pattern=text[1:-1])

    @property
    def _value(self) -> str:
        return repr(self.node.value) if isinstance(self.node, yaml.ScalarNode) else "this"
