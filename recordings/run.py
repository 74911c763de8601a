"""One run of a session, live or replayed, as steps in the order in which they were accepted: what two runs are compared
by, and what a page shows beside a recording.

Every step knows the turn that it belongs to. What comes before a turn is certain (voice, words, a look) is listed under
the turn that came of it; what no turn came of is listed under the turn before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.conversation import SETTLING
from pipelines.events import Decision, Happening, SpeechStarted, StateChanged, TurnClosed, TurnOpened

Event = Happening | Decision
ADDED = 1_000_000  # a turn that only the new run has: the recorded turn before it, times this, and its place


@dataclass(frozen=True, slots=True)
class Step:
    """`cause`: index in `Run.steps` of the happening that a decision followed from, -1 for a happening and for what a
    timer caused. `counterfactual`: it follows something audible that the wearer of the recording never heard."""

    event: Event
    turn: int
    cause: int = -1
    counterfactual: bool = False


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that a replay needed and that the tape does not have. `kind`: "model" or a lane of the compute door;
    `answer`: what was done about it ("stopped here", "computed anew", "estimated", "asked live"); `diff`: for a request
    to a model, the unified diff from the nearest recorded one."""

    turn: int
    t_ns: int
    kind: str
    what: str
    answer: str
    diff: str = ""


@dataclass(slots=True)
class Run:
    """`name`: what a person calls it ("recorded", "--set turn.open_silence_ms=900"). `merged`: recorded turns whose
    words became part of an earlier turn in this run, and of which. `settings`: as nested plain dicts."""

    name: str
    steps: tuple[Step, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    misses: tuple[Miss, ...] = ()
    merged: Mapping[int, int] = field(default_factory=dict)

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(step.event for step in self.steps)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return tuple(step.event for step in self.steps if isinstance(step.event, Decision))

    @property
    def last_ns(self) -> int:
        return max((step.event.t_ns for step in self.steps), default=0)


def run_of(name: str, events: Iterable[Event], settings: Mapping[str, Any] | None = None) -> Run:
    """A run out of events in the order of acceptance, as `Recording.events()` gives them."""
    return Run(name, steps_of(events), settings or {})


def turn_name(number: int) -> str:
    """As a person reads it: "7", or "7+1" for a turn that came in after it."""
    return str(number) if number < ADDED else f"{number // ADDED}+{number % ADDED}"


def steps_of(events: Iterable[Event], turn: int = 0) -> tuple[Step, ...]:
    """Each event with its turn and its cause. `turn`: the turn before the first event."""
    steps: list[Step] = []
    pending = 0  # index of the first step that a turn to come may claim
    opened, open_turn, happening, happening_t = turn, 0, -1, -1
    going_on = False  # the wearer paused and may go on: what is said next is of the same turn
    for event in events:
        index = len(steps)
        if isinstance(event, TurnOpened):
            for i in range(pending, index):
                if getattr(steps[i].event, "turn", 0) in (0, event.turn):
                    steps[i] = replace(steps[i], turn=event.turn)
            turn = opened = open_turn = event.turn
            pending = index + 1
        own = getattr(event, "turn", 0)
        home = own if 0 < own <= opened else turn  # what a turn to come prepares is its own once it is certain
        if isinstance(event, Happening):
            happening, happening_t = index, event.t_ns
            steps.append(Step(event, home))
            continue
        cause = happening if event.t_ns == happening_t else -1
        if isinstance(event, TurnClosed):
            open_turn = 0 if event.turn == open_turn else open_turn
            pending = index + 1
        elif isinstance(event, SpeechStarted) and not open_turn and not going_on:
            pending = happening if happening >= 0 else index
        elif isinstance(event, StateChanged):
            going_on = event.new == SETTLING
        steps.append(Step(event, home, cause))
    return tuple(steps)
