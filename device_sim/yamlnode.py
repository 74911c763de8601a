"""A place in a YAML file that knows its line: the reading half of the scene format's errors.

PyYAML's composer gives nodes with marks; a plain `yaml.load` throws them away. `Place` keeps the node, the path of keys
that led to it and the drawn values, so that every complaint can say where, what was found and what would be right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from device_sim.errors import SceneError

_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Place:
    """One node of the file. `key` is its dotted path ("steps[3].see.card"); `values` fill `{name}` in any scalar."""

    file: str
    key: str
    node: yaml.Node
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path) -> Place:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SceneError(f"{path}: cannot be read as text: {error}") from error
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise SceneError(f"{path}:{line}: not YAML: {error.problem}; check indentation, colons, quotes") from error
        except yaml.YAMLError as error:
            raise SceneError(f"{path}: not YAML: {error}") from error
        if node is None:
            raise SceneError(f"{path}:1: the file is empty; a scene needs at least `steps:` (see docs/scenes.md)")
        return cls(str(path), "", node)

    def with_values(self, values: Mapping[str, str]) -> Place:
        return replace(self, values=values)

    def error(self, what: str, way_out: str) -> SceneError:
        where = f"{self.file}:{self.node.start_mark.line + 1}"
        return SceneError(f"{where}: {self.key or 'the file'}: {what}; {way_out}")

    def kind(self) -> str:
        """ "map", "list", "text", "number", "flag" or "nothing"."""
        if isinstance(self.node, yaml.MappingNode):
            return "map"
        if isinstance(self.node, yaml.SequenceNode):
            return "list"
        kinds = {"int": "number", "float": "number", "bool": "flag", "null": "nothing"}
        return kinds.get(self.node.tag.rpartition(":")[2], "text")

    def fields(self, allowed: Iterable[str] | None = None, required: Iterable[str] = ()) -> dict[str, Place]:
        """The entries of a map; keys outside `allowed` and missing `required` ones are errors."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected `key: value` pairs, found {self._found()}", "indent the keys under it")
        known = None if allowed is None else list(allowed)
        out: dict[str, Place] = {}
        for key_node, value_node in self.node.value:
            name = str(key_node.value)
            place = replace(self, key=f"{self.key}.{name}".lstrip("."), node=value_node)
            if known is not None and name not in known:
                raise replace(place, node=key_node).error("no such key here", _suggest(name, known))
            if name in out:
                raise replace(place, node=key_node).error("given twice", "keep one of the two")
            out[name] = place
        for name in required:
            if name not in out:
                raise self.error(f"`{name}` is missing", f"add `{name}: …`")
        return out

    def items(self) -> Iterator[Place]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"expected a list, found {self._found()}", "write one entry a line, each after `- `")
        for i, node in enumerate(self.node.value):
            yield replace(self, key=f"{self.key}[{i}]", node=node)

    def text(self) -> str:
        """A scalar as it is written (12:30 stays 12:30), with every `{name}` filled in."""
        if not isinstance(self.node, yaml.ScalarNode) or self.kind() == "nothing":
            raise self.error(f"expected text, found {self._found()}", 'write words, in "quotes" if they hold a colon')
        raw = str(self.node.value)
        for name in _HOLE.findall(raw):
            if name not in self.values:
                raise self.error(f"{{{name}}} was never drawn", _suggest(name, self.values, "add it under `draw:`"))
        return _HOLE.sub(lambda m: self.values[m[1]], raw)

    def raw(self) -> str:
        """A scalar as it is written, holes left open."""
        self.text()
        return str(self.node.value)

    def number(self, low: float, high: float) -> float:
        text = self.text()
        try:
            value = float(text)
        except ValueError:
            raise self.error(f"{text!r} is not a number", f"write one from {low:g} to {high:g}") from None
        if not low <= value <= high:
            raise self.error(f"{text} is out of range", f"write a number from {low:g} to {high:g}")
        return value

    def flag(self) -> bool:
        if self.kind() != "flag":
            raise self.error(f"expected true or false, found {self._found()}", "write `true` or `false`")
        return self.text().lower() in ("true", "yes", "on")

    def one_of(self, choices: Iterable[str]) -> str:
        text, known = self.text(), list(choices)
        if text not in known:
            raise self.error(f"{text!r} is not known", _suggest(text, known))
        return text

    def _found(self) -> str:
        return repr(str(self.node.value)) if isinstance(self.node, yaml.ScalarNode) else f"a {self.kind()}"


def _suggest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1, 0.6)
    if near:
        return f"did you mean {near[0]!r}? (known: {', '.join(names)})"
    return otherwise or f"use one of: {', '.join(names)}"
