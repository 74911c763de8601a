"""Why a decision differs between two runs: what it followed from in each, what differed in that, what its reason said,
and which settings are not the same.

A cause is told in lines, most telling first. It goes one step back from the decision; the first divergence of a
comparison is where that is enough, because everything before it is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipelines.events import Happening, ModelText, VoiceWindow
from recordings.align import Pair, Place
from recordings.field_changes import FieldChange, changes, jsonable
from recordings.rules import Rules
from recordings.run import Run
from recordings.saying import change, happening, later, moment, quoted

_PLAIN_RULES: Final = Rules()  # what a happening's fields are compared by; tolerances are for decisions
_NOT_TOLD: Final = frozenset({"cost_ns", "t_ns"})
_SETTINGS_SHOWN: Final = 8
_FIELDS_SHOWN: Final = 3


def settings_that_differ(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Dotted names of the settings that are not the same, sorted; None where one run does not have it. Nothing, if one
    of the runs does not say what its settings were."""
    if not old or not new:
        return ()
    before, after = _flat(old), _flat(new)
    names = sorted(before.keys() | after.keys())
    return tuple(FieldChange(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n))


def _flat(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, given in settings.items():
        full = f"{path}{name}"
        if isinstance(given, Mapping):
            out |= _flat(given, f"{full}.")
        else:
            out[full] = jsonable(given)
    return out


@dataclass(slots=True)
class _Happenings:
    """The happenings of one run, as they can be asked for: by place, and a model's text whole for its request."""

    run: Run
    places: dict[tuple[object, ...], int]
    ordinals: dict[int, int]
    texts: dict[int, str]

    @classmethod
    def of(cls, run: Run) -> _Happenings:
        places: dict[tuple[object, ...], int] = {}
        ordinals: dict[int, int] = {}
        counts: dict[tuple[int, str], int] = {}
        texts: dict[int, list[str]] = {}
        for index, step in enumerate(run.steps):
            event, key = step.event, (step.turn, type(step.event).__name__)
            if step.turn < 0:
                continue
            if isinstance(event, VoiceWindow):  # a sound has its moment, whatever turn it is counted to
                places[event.media_ns, "VoiceWindow"] = index
            elif isinstance(event, Happening):
                ordinals[index] = counts.get(key, 0)
                counts[key] = ordinals[index] + 1
                places[(*key, ordinals[index])] = index
            if isinstance(event, ModelText):
                texts.setdefault(event.request, []).append(event.text)
        return cls(run, places, ordinals, {request: "".join(pieces) for request, pieces in texts.items()})

    def at(self, index: int) -> Happening | None:
        event = self.run.steps[index].event if 0 <= index < len(self.run.steps) else None
        return event if isinstance(event, Happening) else None

    def like(self, other: _Happenings, index: int) -> Happening | None:
        """The happening here that answers to another run's: the same place in the same turn."""
        event = other.at(index)
        if isinstance(event, VoiceWindow):
            return self.at(self.places.get((event.media_ns, "VoiceWindow"), -1))
        key = (other.run.steps[index].turn, type(event).__name__, other.ordinals.get(index, -1))
        return self.at(self.places.get(key, -1))

    def said(self, event: Happening) -> str:
        if isinstance(event, ModelText):
            return f"the model's answer {quoted(self.texts.get(event.request, event.text))}"
        return happening(event)


class Causes:
    """Made for two runs once; then asked for each difference."""

    def __init__(self, old: Run, new: Run, settings: tuple[FieldChange, ...]) -> None:
        self._old, self._new = _Happenings.of(old), _Happenings.of(new)
        self._settings = settings
        self._settings_known = bool(old.settings and new.settings)

    def of(self, pair: Pair, earlier: Pair | None = None, first: bool = False) -> str:
        """Why the two sides differ. `earlier`: a pair before it in the same turn whose reasons differ, if they do.
        `first`: nothing differs before it, so settings are told as well, and also that nothing explains it."""
        lines, alike = self._followed(pair)
        lines += _reasons(pair)
        if earlier is not None and earlier.old is not None and earlier.new is not None:
            reasons = change("reason", earlier.old.event.reason, earlier.new.event.reason, 90, ", now ")
            lines.append(f"before that, the reason of {earlier.old.kind} was {reasons}")
        if first:
            lines += self.settings_line()
            if alike and self._settings_known and not self._settings and earlier is None:
                lines.append("no setting differs and it followed from the same: the code decides otherwise")
        return "\n".join(lines)

    def settings_line(self) -> list[str]:
        if not self._settings:
            return []
        shown = [f"{c.name} {_setting(c)}" for c in self._settings[:_SETTINGS_SHOWN]]
        more = len(self._settings) - _SETTINGS_SHOWN
        return [f"settings that differ: {', '.join(shown)}" + (f" and {more} more" if more > 0 else "")]

    def _followed(self, pair: Pair) -> tuple[list[str], bool]:
        """What it followed from, in lines, and True if that is alike in both runs."""
        if pair.old is not None and pair.new is not None:
            return self._both(pair.old, pair.new)
        if pair.old is not None:
            return self._one(pair.old, self._old, self._new, "the old run", "the new run")
        assert pair.new is not None
        return self._one(pair.new, self._new, self._old, "the new run", "the old run")

    def _both(self, old: Place, new: Place) -> tuple[list[str], bool]:
        a, b = self._old.at(old.step.cause), self._new.at(new.step.cause)
        if a is None and b is None:
            at = f"a timer caused it, in the old run at {moment(old.event.t_ns)}"
            return [f"{at}, in the new run at {moment(new.event.t_ns)}"], old.event.t_ns == new.event.t_ns
        if a is None or b is None or type(a) is not type(b):
            before, after = (self._said(run, e) for run, e in ((self._old, a), (self._new, b)))
            return [f"in the old run it followed from {before}", f"in the new run from {after}"], False
        what = self._differs(a, b)
        return [f"it followed from {self._said(self._old, a)}", what or "which came alike in the new run"], not what

    def _one(self, place: Place, own: _Happenings, other: _Happenings, here: str, there: str) -> tuple[list[str], bool]:
        event = own.at(place.step.cause)
        if event is None:
            return [f"a timer caused it in {here}, at {moment(place.event.t_ns)}"], True
        line = f"in {here} it followed from {self._said(own, event)}"
        twin = other.like(own, place.step.cause)
        if twin is None:
            return [line, f"nothing like that came in {there}"], False
        what = self._differs(event, twin) if own is self._old else self._differs(twin, event)
        return [line, what or f"which came alike in {there}"], not what

    def _said(self, run: _Happenings, event: Happening | None) -> str:
        return "a timer" if event is None else f"{run.said(event)}, at {moment(event.t_ns)}"

    def _differs(self, old: Happening, new: Happening) -> str:
        """What differs between the happening of the old run and the one of the new run; "" if nothing does."""
        parts = []
        if new.t_ns != old.t_ns:
            parts.append(f"in the new run that came {later(new.t_ns - old.t_ns)}")
        if isinstance(old, ModelText) and isinstance(new, ModelText):
            before, after = self._old.texts.get(old.request, ""), self._new.texts.get(new.request, "")
            if before != after:
                parts.append(f"the model answered {change('text', before, after, between=', now ')}")
        else:
            found = changes(old, new, _PLAIN_RULES)
            told = [c for c in (*found.content, *found.times) if c.name not in _NOT_TOLD and "[" not in c.name]
            parts += [f"its {c.name} was {change(c.name, c.old, c.new, between=', now ')}" for c in told]
            inner = [c for c in found.content if "[" in c.name]
            parts += [f"{c.name} {change(c.name, c.old, c.new)}" for c in inner][:_FIELDS_SHOWN]
        return "; ".join(parts)


def _reasons(pair: Pair) -> list[str]:
    old, new = ("" if p is None else p.event.reason for p in (pair.old, pair.new))
    if pair.old is None or pair.new is None:
        return [f"its reason: {quoted(old or new, 90)}"] if old or new else []
    return [f"its reason was {change('reason', old, new, 90, ', now ')}"] if old != new else []


def _setting(given: FieldChange) -> str:
    """As a settings file has it: numbers as they are, texts quoted."""
    if isinstance(given.old, str) and isinstance(given.new, str):
        return change(given.name, given.old, given.new, 40)
    return " → ".join(_set_to(side) for side in (given.old, given.new))


def _set_to(given: Any) -> str:
    return "(not set)" if given is None else quoted(given, 40) if isinstance(given, str) else str(given)[:60]


def reason_differs(pair: Pair) -> bool:
    """Both are there, and say why in other words."""
    return pair.old is not None and pair.new is not None and pair.old.event.reason != pair.new.event.reason
