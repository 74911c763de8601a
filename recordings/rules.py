"""What counts as a difference between two runs: which kinds and fields are left out, which may differ and by how much,
and the budgets that timing is held to. Out of a TOML file, or the defaults; every rule is data.

    [time]
    tolerance_ms = 0                     # how far a decision may move and still be the same

    [kinds]
    ignore = ["Caption"]

    [fields.Speak]                       # a kind of decision, or "*" for all
    text = { wer = 0.1 }                 # ignore, abs, rel, wer or pattern

    [budgets]
    end_of_turn_to_first_audio.p50_ms = 900
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from pipelines.events import MS, Kinds
from recordings.session import RecordingError
from recordings.timing import NAMES, STATISTICS, Budget

ANY_KIND: Final = "*"

# Left out unless a rule says { ignore = false }. Requests and utterances are numbered from one counter, so one decision
# more or less shifts all later ones; a reason is there for people: it quotes numbers and words found elsewhere; and how
# long a silence is waited for shows in when the turn ends.
IGNORED: Final[frozenset[str]] = frozenset({"reason", "request", "utterance", "wait_ms", "learned"})
CHECKS: Final[tuple[str, ...]] = ("ignore", "abs", "rel", "wer", "pattern")
_INDEX = re.compile(r"\[\d+\]")


class RulesError(RecordingError):
    """A rules file is wrong. The message names the file, the key and its value, and what would be right."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """When two values of one field count as the same. Several checks in one rule: any of them is enough.

    `abs`, `rel`: numbers, in the field's own unit and as a share of the old value. `wer`: texts, word error rate of the
    new one against the old one. `pattern`: texts, a regular expression that is found in both.
    """

    ignore: bool = False
    abs: float | None = None
    rel: float | None = None
    wer: float | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """`fields`: by (kind or "*", path), a path being names joined by dots ("frame.sharpness"), items of a list without
    their number ("messages.text"). The exact kind goes before "*", and both before the defaults."""

    fields: Mapping[tuple[str, str], FieldRule] = field(default_factory=dict)
    ignored_kinds: frozenset[str] = frozenset()
    time_tolerance_ns: int = 0  # two runs of the same tape agree to the nanosecond; anything else is worth a line
    budgets: tuple[Budget, ...] = ()

    def of(self, kind: str, path: str) -> FieldRule | None:
        """The rule that a file gives for one field, if it gives one."""
        path = _INDEX.sub("", path)
        return self.fields.get((kind, path)) or self.fields.get((ANY_KIND, path))

    def ignores(self, kind: str, path: str) -> bool:
        """True if this field, with all that is in it, is left out."""
        rule = self.of(kind, path)
        return rule.ignore if rule is not None else path.rpartition(".")[2] in IGNORED

    def plain(self) -> dict[str, Any]:
        """As nested dicts, lists and scalars; equal rules give equal output."""
        return {
            "time_tolerance_ns": self.time_tolerance_ns,
            "ignored_kinds": sorted(self.ignored_kinds),
            "fields": {f"{kind}.{path}": asdict(rule) for (kind, path), rule in sorted(self.fields.items())},
            "budgets": [asdict(budget) for budget in self.budgets],
        }


def load_rules(path: Path) -> Rules:
    """Rules out of a TOML file.

    Raises:
        RulesError: the file cannot be read or is no TOML; a key, kind or field that there is not; a value out of place.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise RulesError(f"{path}: these rules cannot be read: {why}. Give another file with --rules FILE") from why
    except tomllib.TOMLDecodeError as why:
        raise RulesError(f"{path}: this is not TOML: {why}. docs/replay-report.md shows a whole rules file") from why
    return _File(path).rules(data)


class _File:
    """One rules file being read; knows its name for the messages."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rules(self, data: Mapping[str, Any]) -> Rules:
        for key in data:
            self._known(key, key, data[key], ("time", "kinds", "fields", "budgets"), "a section of a rules file")
        time, kinds = self._section(data, "time"), self._section(data, "kinds")
        for section, table, keys in (("time", time, ("tolerance_ms",)), ("kinds", kinds, ("ignore",))):
            for key, value in table.items():
                self._known(f"{section}.{key}", key, value, keys, f"something that [{section}] has")
        tolerance_ms = self._number("time.tolerance_ms", time.get("tolerance_ms", 0))
        return Rules(
            self._fields(self._section(data, "fields")),
            self._kinds(kinds.get("ignore", [])),
            round(tolerance_ms * MS),
            self._budgets(self._section(data, "budgets")),
        )

    # -------------------------------------------------------------------------------------------------------- sections

    def _kinds(self, names: Any) -> frozenset[str]:
        if not isinstance(names, list):
            raise self._wrong("kinds.ignore", names, 'write a list of kinds, e.g. ["Caption"]')
        for name in names:
            self._known("kinds.ignore", name, name, Kinds.DECISIONS, "a kind of decision")
        return frozenset(names)

    def _fields(self, tables: Mapping[str, Any]) -> dict[tuple[str, str], FieldRule]:
        found: dict[tuple[str, str], FieldRule] = {}
        for kind, table in tables.items():
            key = f"fields.{kind}"
            self._known(key, kind, table, (ANY_KIND, *Kinds.DECISIONS), 'a kind of decision, nor "*"')
            if not isinstance(table, dict):
                raise self._wrong(key, table, f"write [{key}] and one rule a line below it")
            for path, rule in self._leaves(key, table):
                found[kind, path] = self._rule(f"{key}.{path}", kind, path, rule)
        return found

    def _leaves(self, key: str, table: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Mapping[str, Any]]]:
        """A rule is a table of checks; any other table is one more name of the path."""
        for name, value in table.items():
            full = f"{path}.{name}" if path else name
            if not isinstance(value, dict):
                raise self._wrong(f"{key}.{full}", value, f"a rule is a table of {', '.join(CHECKS)}: {{ abs = 2 }}")
            if value and not set(value) & set(CHECKS) and all(isinstance(v, dict) for v in value.values()):
                yield from self._leaves(key, value, full)
            else:
                yield full, value

    def _rule(self, key: str, kind: str, path: str, checks: Mapping[str, Any]) -> FieldRule:
        types_here = _types_at(kind, path)
        if not types_here:
            near = difflib.get_close_matches(path, _paths(kind), 3)
            hint = f"; near it: {', '.join(near)}" if near else f"; there are {', '.join(_paths(kind)[:12])}"
            raise self._wrong(key, dict(checks), f"{kind} has no field {path!r}{hint}")
        if not checks:
            raise self._wrong(key, {}, f"say what holds: {', '.join(CHECKS)}")
        for check, value in checks.items():
            at = f"{key}.{check}"
            self._known(at, check, value, CHECKS, "a check")
            if check == "ignore" and not isinstance(value, bool):
                raise self._wrong(at, value, "write true or false")
            if check in {"abs", "rel", "wer"}:
                self._number(at, value)
            if check == "pattern":
                self._pattern(at, value)
            if check in {"abs", "rel"} and not types_here & {int, float}:
                raise self._wrong(at, value, f"{path} is no number; use ignore, or wer or pattern for a text")
            if check in {"wer", "pattern"} and str not in types_here:
                raise self._wrong(at, value, f"{path} is no text; use ignore, or abs or rel for a number")
        return FieldRule(**checks)

    def _budgets(self, tables: Mapping[str, Any]) -> tuple[Budget, ...]:
        found = []
        for name, table in tables.items():
            key, wait = f"budgets.{name}", name.replace("_", " ")
            self._known(key, wait, table, NAMES, "a wait that is measured")
            if not isinstance(table, dict):
                raise self._wrong(key, table, f"say of which statistic: {name}.p50_ms = 900")
            for statistic, limit_ms in table.items():
                at = f"{key}.{statistic}"
                self._known(at, statistic, limit_ms, tuple(STATISTICS), "a statistic")
                found.append(Budget(wait, statistic, self._number(at, limit_ms)))
        return tuple(found)

    # ---------------------------------------------------------------------------------------------------------- values

    def _section(self, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        section = data.get(name, {})
        if not isinstance(section, dict):
            raise self._wrong(name, section, f"{name} is a section: write [{name}] and its keys below")
        return section

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise self._wrong(key, value, "write a number, 0 or more, without quotes")
        return value

    def _pattern(self, key: str, value: Any) -> None:
        if not isinstance(value, str):
            raise self._wrong(key, value, "write a regular expression in quotes")
        try:
            re.compile(value)
        except re.error as why:
            raise self._wrong(key, value, f"this is not a regular expression: {why}") from why

    def _known(self, key: str, name: Any, value: Any, known: Iterable[str], what: str) -> None:
        known = tuple(known)
        if name in known:
            return
        near = difflib.get_close_matches(str(name), known, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise self._wrong(key, value, f"{name!r} is not {what}; {hint}")

    def _wrong(self, key: str, value: Any, way_out: str) -> RulesError:
        shown = repr(value)
        return RulesError(f"{self._path}: {key} = {shown if len(shown) <= 60 else shown[:57] + '…'}: {way_out}")


# ------------------------------------------------------------------------------------------------- what decisions hold


def _types_at(kind: str, path: str) -> set[Any]:
    """The types that a field of this kind has ("*": of any kind that has it); none if there is no such field."""
    found: set[Any] = set()
    for cls in Kinds.DECISIONS.values() if kind == ANY_KIND else (Kinds.DECISIONS[kind],):
        at: set[Any] = {cls}
        for name in path.split("."):
            at = {t for owner in at if is_dataclass(owner) for t in _inner(get_type_hints(owner).get(name))}
        found |= at
    return found


def _inner(hint: Any) -> set[Any]:
    """The types that a hint is made of: X | None gives X, tuple[X, ...] gives X."""
    if get_origin(hint) in (Union, types.UnionType, tuple):
        return {t for arg in get_args(hint) for t in _inner(arg)}
    return set() if hint in (None, type(None), Ellipsis) else {hint}


def _paths(kind: str) -> list[str]:
    """The names of a kind's own fields, for a message."""
    kinds = Kinds.DECISIONS.values() if kind == ANY_KIND else (Kinds.DECISIONS[kind],)
    return list(dict.fromkeys(f.name for cls in kinds for f in fields(cls)))
