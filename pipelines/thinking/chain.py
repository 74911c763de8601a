"""Which model is asked next: the first of an ordered list that may be asked and is not known to fail.

A circuit breaker stands before each model. What a failure says of the model is in three tables:

* PASSING: it may be over soon. Two in a row keep the model from being asked for 30 s; then one question is let through
  as a trial, and if that fails as well, the wait doubles, up to 5 min.
* LASTING: it will be the same next time. Not asked for 10 min.
* ANSWERED: the model is there, it just could not or would not answer *this*. A row of failures ends.

Anything else (the picture was lost, nothing may leave) says nothing about the model. `FAILOVER` tells for each kind
whether another model is worth asking: not after a refusal, for instance, since that would be looking for somebody less
careful.

A private turn goes to no model whose vendor learns from it, or may.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from pipelines.events import NS, ModelInfo, Trip

PASSING: Final = frozenset({"network", "stalled", "overloaded", "rate_limit", "truncated", "protocol", "portal"})
LASTING: Final = frozenset({"auth", "no_key", "quota", "unknown_model", "opt_in"})
ANSWERED: Final = frozenset({"bad_request", "too_large", "refused", "empty"})

OPENS_AFTER: Final = 2  # failures in a row: one may be chance, and retries came before it
WAIT_NS: Final = 30 * NS
LONGEST_WAIT_NS: Final = 300 * NS
LASTING_WAIT_NS: Final = 600 * NS

# Whether to ask another model after this kind of failure, as long as nothing of an answer was spoken.
FAILOVER: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "no_model": False,
        "no_picture": False,  # it is lost for every model
        "refused": False,  # never shop around for somebody who says yes
        "private": False,  # whoever may be asked was found already
        "no_key": True,
        "opt_in": True,
        "local_only": True,  # a model on this machine may still answer
        "private_mode": True,
        "withheld": False,  # it is, whoever asks for it
        "network": True,
        "portal": True,
        "stalled": True,
        "truncated": True,
        "protocol": True,
        "auth": True,
        "quota": True,
        "rate_limit": True,
        "overloaded": True,
        "bad_request": True,  # vendors differ in what they take
        "too_large": True,
        "no_vision": True,
        "too_many": True,
        "unknown_model": True,
        "empty": True,
        "budget_turn": True,  # a cheaper one may be within it
        "budget_day": True,
    }
)


@dataclass(frozen=True, slots=True)
class Pick:
    """The model to ask, or None with the `kind` of failure to tell the wearer: "no_model", "local_only", "private",
    what the preferred model failed with last, or "" if all have been asked in this turn: then the last failure is the
    one to tell. `reason`: for the log."""

    model: ModelInfo | None
    reason: str
    kind: str = ""


def keeps_private(info: ModelInfo) -> bool:
    """Whether what this model is sent teaches nobody. Not known counts as no, but on this machine it stays anyway."""
    return info.trains == "no" or (info.local and info.trains == "unknown")


class Chain:
    """The models of a session, the preferred one first, and what is known of each."""

    def __init__(self, models: Sequence[ModelInfo]) -> None:
        self.models = tuple(models)
        self._trips: dict[str, Trip] = {}
        self._trials: set[str] = set()  # let through though not proven; while one is under way no other is

    def find(self, name: str) -> ModelInfo:
        """The model of this name. Raises ValueError if it is not in the chain."""
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(m.name for m in self.models) or "none"
        raise ValueError(f"the chain has no model {name!r}; it has: {known}")

    def called(self, name: str) -> str:
        """What a model is called aloud."""
        found = next((m.spoken for m in self.models if m.name == name), "")
        return found or spoken_name(name)

    def pick(
        self, now_ns: int, private: bool = False, vision: bool = False, skip: Collection[str] = (), local: bool = False
    ) -> Pick:
        """Whom to ask. `private`: nothing may be learnt from it; `vision`: a picture goes along, so models without
        eyes come last; `skip`: names already tried in this turn; `local`: only on this machine. A model that is let
        through on trial is remembered as such: pick only what is then asked."""
        if not self.models:
            return Pick(None, "no model is configured", "no_model")
        left = [m for m in self.models if m.name not in skip]
        if not left:
            return Pick(None, "every model has been asked in this turn")
        if local and not (left := [m for m in left if m.local]):
            return Pick(None, "none of the models runs on this machine", "local_only")
        if private and not (left := [m for m in left if keeps_private(m)]):
            return Pick(None, "a private turn, and every model that is left learns from it, or may", "private")
        if vision:
            left.sort(key=_blind)
        return self._first(left, now_ns, vision)

    def _first(self, left: Sequence[ModelInfo], now_ns: int, vision: bool) -> Pick:
        for model in left:
            if now_ns >= self._waits_until(model.name):
                return self._picked(model, now_ns, vision)
        for model in left:  # nobody else can answer either, so a long wait spares the wearer nothing
            trip = self._trips[model.name]
            if trip.kind in PASSING and now_ns >= trip.until_ns - _wait_ns(trip) + WAIT_NS:
                return self._picked(model, now_ns, vision)
        trip = self._trips[left[0].name]
        wait_s = (trip.until_ns - now_ns) / NS
        return Pick(None, f"{trip.model} is not asked for another {wait_s:.1f} s: {trip.kind}", trip.kind)

    def _picked(self, model: ModelInfo, now_ns: int, vision: bool) -> Pick:
        trip = self._trips.get(model.name)
        reason = "preferred" if model is self.models[0] else "the first that may be asked now"
        if trip is not None and trip.until_ns:
            # If nobody tells how the trial went (the turn was stopped), the same wait stands before the next one.
            self._trips[model.name] = replace(trip, until_ns=now_ns + _wait_ns(trip))
            self._trials.add(model.name)
            reason = f"on trial: it failed before ({trip.kind})"
        if vision and not model.vision:
            reason += ", without the picture: none that sees can be asked"
        return Pick(model, reason)

    def _waits_until(self, name: str) -> int:
        trip = self._trips.get(name)
        return trip.until_ns if trip is not None else 0

    def failed(self, name: str, kind: str, now_ns: int) -> None:
        """What was asked of this model came to nothing. Raises ValueError for a model that is not in the chain."""
        self.find(name)
        if kind in ANSWERED:
            self.succeeded(name)
        if kind not in PASSING | LASTING:
            return
        trip = self._trips.get(name, Trip(name))
        on_trial = name in self._trials
        self._trials.discard(name)
        if kind in PASSING and now_ns < trip.until_ns and not on_trial:
            return  # asked beside others before it was known: the same trouble, not more of it
        trip = Trip(name, trip.failures + 1, 0, kind)
        if kind in LASTING or trip.failures >= OPENS_AFTER:
            trip = replace(trip, until_ns=now_ns + _wait_ns(trip))
        self._trips[name] = trip

    def succeeded(self, name: str) -> None:
        """It began to answer: all is forgiven."""
        self._trips.pop(name, None)
        self._trials.discard(name)

    def trips(self) -> tuple[Trip, ...]:
        """What is held against models, in the chain's order."""
        return tuple(self._trips[m.name] for m in self.models if m.name in self._trips)

    def resume(self, trips: Sequence[Trip]) -> None:
        """Hold exactly this against them."""
        self._trips = {trip.model: trip for trip in trips}
        self._trials.clear()


def _blind(model: ModelInfo) -> bool:
    return not model.vision


def _wait_ns(trip: Trip) -> int:
    if trip.kind in LASTING:
        return LASTING_WAIT_NS
    doublings = min(max(trip.failures - OPENS_AFTER, 0), 10)
    return min(WAIT_NS << doublings, LONGEST_WAIT_NS)


# --------------------------------------------------------------------------------------------------------- in words

_WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "network": "I can't reach {old}",
        "portal": "I can't reach {old}",
        "stalled": "{old} does not answer",
        "truncated": "{old} broke off",
        "protocol": "I don't understand {old}",
        "auth": "{old} refused my key",
        "no_key": "I have no key for {old}",
        "quota": "My account with {old} is used up",
        "rate_limit": "I have asked {old} too often",
        "overloaded": "{old} is busy",
        "unknown_model": "{old} is not there",
        "opt_in": "{old} would learn from this",
        "private": "{old} may learn from this",
        "local_only": "{old} is not on this machine",
        "private_mode": "{old} is not on this machine",
        "bad_request": "{old} could not take that",
        "too_large": "That was too much for {old}",
        "too_many": "That was too much for {old}",
        "no_vision": "{old} can't see pictures",
        "empty": "{old} gave no answer",
        "budget_turn": "{old} costs too much for one question",
        "budget_day": "Today's money for {old} is spent",
    }
)


def switched(old: str, new: str, kind: str = "") -> str:
    """What the wearer hears when another model is asked: one sentence, why first. `old`, `new`: names of models."""
    old, new = spoken_name(old), spoken_name(new)
    if kind not in _WHY:
        return f"I ask {new} instead of {old}."
    return f"{_WHY[kind].format(old=old)}, I ask {new}."


def spoken_name(name: str) -> str:
    """The name of a profile as people say it: "muse-spark" is Muse Spark."""
    words = re.split(r"[\s_:/@-]+", name)
    return " ".join(word[:1].upper() + word[1:] for word in words if word) or "the model"
