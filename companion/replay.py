"""Thin replay: a recorded session's happenings go through fresh deciders, and every decision must come out the same.

What happened outside (voice activity, words, scores, a model's text, marks, timers' lateness) comes from the tape; what
was decided is decided again, with the recorded settings. No media is decoded and no engine is loaded. The two decision
logs are compared by their digest; for a recording torn by a crash, the live log may end earlier than the replay's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from companion.settings import Settings
from pipelines.director import Director
from pipelines.events import Decision, Happening, SessionEnded
from recordings.digest import digest, line
from recordings.reader import Recording

SHOWN = 5  # differing decisions printed


@dataclass(frozen=True, slots=True)
class Replayed:
    """`line` is the one-line result; `differences` names the first decisions that differ, live then replayed."""

    same: bool
    line: str
    differences: tuple[str, ...]


def decide_again(settings: Settings, happenings: list[Happening], until_ns: int) -> list[Decision]:
    """The decisions that follow from the happenings; deadlines up to `until_ns` are delivered at the end."""
    director = Director(settings.director())
    decisions = [d for event in happenings for d in director.feed(event)]
    return decisions + director.wake(until_ns)


def replay(path: Path) -> Replayed:
    """Replay one recording.

    Raises:
        RecordingError: the file is not a session of ours or cannot be read.
        SettingsError: it was made with settings that this version does not know.
    """
    began = time.perf_counter()
    recording = Recording(path)
    happenings: list[Happening] = []
    live: list[Decision] = []
    for event in recording.events():
        (live if isinstance(event, Decision) else happenings).append(event)  # type: ignore[arg-type]
    settings = Settings.from_plain(recording.settings, f"{path}: settings.json")
    whole = bool(happenings) and isinstance(happenings[-1], SessionEnded)
    last_ns = max([e.t_ns for e in happenings[-1:]] + [d.t_ns for d in live[-1:]], default=0)
    again = decide_again(settings, happenings, last_ns)
    if not whole:
        again = again[: len(live)]
    same = digest(live) == digest(again)
    wall_s = time.perf_counter() - began
    text = (
        f"{'same' if same else 'DIFFERENT'} {digest(again)[:16]} {path.name}: {len(live)} decisions from "
        f"{len(happenings)} happenings, {last_ns / 1e9:.1f} s in {wall_s:.2f} s "
        f"({last_ns / 1e9 / max(wall_s, 1e-9):.0f}x){'' if whole else ', torn: compared up to the tear'}"
    )
    if not same:
        text += f"; live was {digest(live)[:16]}"
    return Replayed(same, text, () if same else tuple(_first_differences(live, again)))


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
