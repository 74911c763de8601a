"""Exact replay: a recorded session runs again, shell and deciders, and every decision must come out the same.

Only happenings from outside are fed in (voice activity, the link, the wearer's taps, what the ear got); results of
work, a model's words and play marks are made again from the tape by the code that made them live. No media is read and
no engine loaded. The decision logs are compared by their digest; one torn by a crash is compared up to the tear.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from companion.replay.stage import Ports, Scene, Stage
from companion.replay.tape import Event, Tape, read_tape
from companion.settings import Settings
from pipelines.events import Decision
from recordings.digest import digest, line
from recordings.session import RecordingError

SHOWN = 5  # differing decisions printed


@dataclass(frozen=True, slots=True)
class Replayed:
    """`line` is the one-line result; `differences` names the first decisions that differ, live then replayed; `seconds`
    is the session's length."""

    same: bool
    line: str
    differences: tuple[str, ...]
    digest: str
    events: tuple[Event, ...]
    seconds: float


def run_again(tape: Tape) -> list[Event]:
    """Everything that happens and is decided when the tape is run with its own settings."""
    settings = Settings.from_plain(tape.settings, f"{tape.path}: settings.json")
    return Stage(tape, settings, Scene(), Ports()).play().events


def check_there_is_something(tape: Tape) -> None:
    """Raises RecordingError for a damaged file of which nothing can be read. A session that was killed before anything
    happened is no such file: it replays to nothing."""
    if not tape.events and tape.torn:
        raise RecordingError(
            f"{tape.path} holds no session to replay ({tape.torn}). `companion sessions verify {tape.path}` checks it."
        )


def replay(path: Path) -> Replayed:
    """Replay one recording.

    Raises:
        RecordingError: the file is not a session of ours or cannot be read.
        SettingsError: it was made with settings that this version does not know.
        Undeclared: something asked what another run would not be told again; the message names the place.
    """
    began = time.perf_counter()
    tape = read_tape(path)
    live = tape.decisions
    check_there_is_something(tape)
    events = run_again(tape)
    again = [e for e in events if isinstance(e, Decision)]
    whole = tape.ended
    if not whole:
        again = again[: len(live)]
    same = digest(live) == digest(again)
    wall_s, seconds = time.perf_counter() - began, tape.last_ns / 1e9
    text = (
        f"{'same' if same else 'DIFFERENT'} {digest(again)[:16]} {path.name}: {len(live)} decisions from "
        f"{len(tape.outside)} happenings, {seconds:.1f} s in {wall_s:.2f} s "
        f"({seconds / max(wall_s, 1e-9):.0f}x){'' if whole else ', torn: compared up to the tear'}"
    )
    if not same:
        text += f"; live was {digest(live)[:16]}"
    differences = () if same else tuple(_first_differences(live, again))
    return Replayed(same, text, differences, digest(again), tuple(events), seconds)


def _first_differences(live: list[Decision], again: list[Decision]) -> list[str]:
    out: list[str] = []
    for i in range(max(len(live), len(again))):
        a = line(live[i]) if i < len(live) else "(nothing)"
        b = line(again[i]) if i < len(again) else "(nothing)"
        if a != b:
            out += [f"decision {i}: live   {a}", f"decision {i}: replay {b}"]
            if len(out) >= 2 * SHOWN:
                break
    return out
