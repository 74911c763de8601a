"""Where a recording was at rest, for cutting a slice out of it that replays by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from companion.replay.segments import observe, stretches
from companion.replay.tape import read_tape
from companion.settings import Settings
from pipelines.events import Resumed
from recordings.session import RecordingError


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a slice for one turn begins and ends: sequence numbers of the messages, `first` to `last`, both included,
    and the state to begin from; `resumed` None: the slice begins with the session."""

    first: int
    last: int
    resumed: Resumed | None
    turns: tuple[int, ...]  # all that lie in between: a turn that was interrupted brings the one that did it


def rest_before(path: Path, turn: int) -> Cut:
    """The stretch of the session that this turn lies in. Raises RecordingError, naming the turns there are."""
    tape = read_tape(path)
    observer, played = observe(tape, Settings.from_plain(tape.settings, f"{path}: settings.json"))
    found = stretches(tape, observer, played)
    for stretch in found:
        if turn in (t.number for t in stretch.turns):
            return Cut(stretch.first, stretch.last, stretch.begin, tuple(t.number for t in stretch.turns))
    numbers = [t.number for s in found for t in s.turns]
    there = f"turns {numbers[0]} to {numbers[-1]}" if numbers else "no turns"
    raise RecordingError(f"{path} has no turn {turn}; it has {there}. `companion sessions show {path}` tells of them.")
