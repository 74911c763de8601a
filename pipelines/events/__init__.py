"""Everything that can happen in a session, and everything that can be decided in it.

Two families of frozen dataclasses, and no third place that lists them:

* a **Happening** comes from outside the deciders: the wearer's voice, a picture's scores, words recognised, text read,
  a model's words, the device's acknowledgement, a timer. `t_ns` is the moment at which it was accepted.
* a **Decision** is what the deciders answer: open a turn, look, read, ask, speak, fall silent. `t_ns` is the moment at
  which it was decided: the happening's own, or the deadline's when a timer caused it. `reason` says why, in words.

Times are nanoseconds of the session clock, counted from the session's start. `media_ns` is when something was
*captured* by the device, on the same clock; it is never later than the `t_ns` of the event that carries it.

The stored schema of every event is derived from its dataclass (`recordings.schema`). To add a field, give it a
default; never rename or reuse one. Field types are limited to: int, float, bool, str, bytes, another dataclass of
`shapes`, a tuple of these, or one of these `| None`.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, TypeVar

from pipelines.events.decisions import *  # noqa: F403
from pipelines.events.decisions import Decision
from pipelines.events.happenings import *  # noqa: F403
from pipelines.events.happenings import Happening
from pipelines.events.shapes import *  # noqa: F403

NS = 1_000_000_000
MS = 1_000_000


K = TypeVar("K", Happening, Decision)


def _family(base: type[K]) -> dict[str, type[K]]:
    """The direct subclasses by name. `slots` makes each class twice; the later one is the one in use."""
    return {cls.__name__: cls for cls in base.__subclasses__()}


class Kinds:
    """Every event of this package by name, in one table made from the classes themselves."""

    HAPPENINGS: ClassVar[dict[str, type[Happening]]] = _family(Happening)
    DECISIONS: ClassVar[dict[str, type[Decision]]] = _family(Decision)


def plain(event: object) -> dict[str, Any]:
    """An event as nested dicts, lists and scalars, in field order; equal events give equal output on any machine.

    Floats are given as they are: deciders take them from events, so live and replay see the same bits.
    """
    out: dict[str, Any] = {"event": type(event).__name__} if isinstance(event, Happening | Decision) else {}
    for f in fields(event):  # type: ignore[arg-type]
        out[f.name] = _plain_value(getattr(event, f.name))
    return out


def _plain_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value)
    if isinstance(value, tuple):
        return [_plain_value(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    return value
