"""What differs between two events of one kind, field by field down to the last scalar, under the rules.

Two sorts of change are kept apart: of content, and of times. A decision whose times alone differ has moved; nothing
else about it has changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pipelines.events import MS, plain
from recordings.rules import FieldRule, Rules

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_TEXT_LIMIT = 2000  # words of a text that are compared; an answer has some dozens, a hostile file any number


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`name`: path of the field ("frame.frame_id", "messages[3].text"); `old` and `new`: plain JSON values, None where
    one side has nothing."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Changes:
    """`content` and `times`: the changes that count. `t_ns`, the moment of the event itself, is among the times."""

    content: tuple[FieldChange, ...] = ()
    times: tuple[FieldChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.content or self.times)


def is_time(path: str) -> bool:
    """A field that holds a moment or an age, not something decided."""
    return path.endswith("_ns") or path.rpartition(".")[2] == "age_ms"


def changes(old: Any, new: Any, rules: Rules) -> Changes:
    """What differs between two events of the same kind."""
    if old == new:
        return Changes()
    kind = type(old).__name__
    found = [c for c in _walk("", old, new, lambda path: rules.ignores(kind, path)) if not _same(kind, c, rules)]
    shown = [(c.name, FieldChange(c.name, jsonable(c.old), jsonable(c.new))) for c in found]
    return Changes(tuple(c for n, c in shown if not is_time(n)), tuple(c for n, c in shown if is_time(n)))


def _walk(path: str, old: Any, new: Any, ignored: Callable[[str], bool]) -> Iterator[FieldChange]:
    """Every leaf that is not equal, in field order; a list that grew or shrank is one leaf."""
    if path and ignored(path):
        return
    if is_dataclass(old) and type(old) is type(new):
        for f in fields(old):
            inner = f"{path}.{f.name}" if path else f.name
            yield from _walk(inner, getattr(old, f.name), getattr(new, f.name), ignored)
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _walk(f"{path}[{i}]", a, b, ignored)
    elif old != new and (old == old or new == new):  # a value that is not equal to itself is "not a number"
        yield FieldChange(path, old, new)


def _same(kind: str, change: FieldChange, rules: Rules) -> bool:
    """True if the rule for this field, or the tolerance for times, lets the two values pass as the same."""
    rule, old, new = rules.of(kind, change.name), change.old, change.new
    if _is_number(old) and _is_number(new):
        off = abs(new - old)
        if rule is not None and (rule.abs is not None or rule.rel is not None):
            return bool(off <= (rule.abs or 0.0) or off <= (rule.rel or 0.0) * abs(old))
        unit_ns = MS if change.name.endswith("age_ms") else 1
        return is_time(change.name) and bool(off * unit_ns <= rules.time_tolerance_ns)
    return rule is not None and isinstance(old, str) and isinstance(new, str) and _same_text(rule, old, new)


def _same_text(rule: FieldRule, old: str, new: str) -> bool:
    if rule.wer is not None and word_error_rate(old, new) <= rule.wer:
        return True
    return rule.pattern is not None and all(re.search(rule.pattern, text) for text in (old, new))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def word_error_rate(reference: str, other: str) -> float:
    """Words to put in, take out or replace, per word of the reference; case and punctuation do not count.

    Word-level Levenshtein distance over the number of reference words, as in speech recognition (NIST sclite). An empty
    reference counts as one word. 0.0 = the same words; more than 1.0 is possible.
    """
    a, b = (_WORD.findall(text.casefold().replace("’", "'"))[:_TEXT_LIMIT] for text in (reference, other))
    row = list(range(len(b) + 1))  # distance from the first i words of a to the first j words of b
    for i, word in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, candidate in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != candidate))
    return row[-1] / max(1, len(a))


def jsonable(value: Any) -> Any:
    """A field's value as any JSON file can hold it; numbers that JSON does not have become words ("nan", "inf")."""
    if is_dataclass(value) and not isinstance(value, type):
        return jsonable(plain(value))
    if isinstance(value, dict):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):  # half a surrogate pair has no form in UTF-8
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if value is None or isinstance(value, int | float) else jsonable(str(value))
