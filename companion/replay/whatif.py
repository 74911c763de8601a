"""What if: the recorded session with something changed, turn by turn from the recorded state, or let run freely.

The wearer's later words answered the *old* companion. So by default every turn begins from the state that was recorded
before it, and lives on from there until nothing is under way; what it would have changed for later turns is not
guessed. `free_run` lets the changed companion go on by itself instead; everything behind the first audible difference
is then counterfactual, and marked so. So are, in a turn by itself, words that the wearer said after such a difference.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from companion.replay.exact import check_there_is_something
from companion.replay.fetch import fetcher
from companion.replay.media import LiveEngines, RecordedMedia
from companion.replay.segments import Stretch, Turn, observe, stretches
from companion.replay.stage import Played, Ports, Scene, Stage, profiles_of
from companion.replay.tape import Event, Tape, read_tape
from companion.settings import ModelSettings, Settings, SettingsError, changed
from pipelines import events as ev
from recordings.run import ADDED, Miss, Run, Step, run_of, steps_of
from recordings.session import RecordingError

AUDIBLE_NS = 150 * ev.MS  # an answer that begins this much earlier or later is another answer to the ear


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed. `sets`: "section.key=value"; `model`: the name of a profile, or a TOML file with the keys of
    [model]; `prompt`: a file with the system prompt; `cassette`: see `companion.replay.cassette`; `compute`: let
    engines do what the tape does not have."""

    sets: tuple[str, ...] = ()
    model: Path | str | None = None
    prompt: Path | None = None
    cassette: str = "strict"
    free_run: bool = False
    compute: bool = True

    @property
    def nothing(self) -> bool:
        return not (self.sets or self.model or self.prompt or self.free_run or self.cassette != "strict")

    @property
    def name(self) -> str:
        said = [f"--set {s}" for s in self.sets]
        said += [f"--model {self.model}"] if self.model else []
        said += [f"--prompt {self.prompt}"] if self.prompt else []
        said += ["--free-run"] if self.free_run else []
        return " ".join(said) or "as recorded"


def what_if(path: Path, changes: Changes) -> tuple[Run, Run]:
    """The recorded run and the changed one.

    Raises:
        RecordingError, SettingsError: the file or what is to be changed is not right.
        Undeclared: something asked what another run would not be told again.
    """
    tape = read_tape(path)
    check_there_is_something(tape)
    if not tape.pulls and any(isinstance(r.event, ev.PlayMark) for r in tape.events):
        raise RecordingError(
            f"{path} was recorded before it was written down when the device took sound: it can be replayed as it is, "
            f"and not be asked what if. Record the session again with this version"
        )
    old = Settings.from_plain(tape.settings, f"{path}: settings.json")
    new = apply(old, changes, f"{path}: settings.json")
    recorded = run_of("recorded", (r.event for r in tape.events), old.plain())
    ports = _ports(tape, new, changes)
    if changes.free_run:
        played = Stage(tape, new, Scene(follow=True), ports).play()
        steps = _marked(steps_of(played.events), recorded.steps)
        return recorded, Run(changes.name, steps, new.plain(), tuple(_placed(played.misses, steps, 0)))
    return recorded, _by_turns(tape, old, new, ports, changes.name, recorded)


def apply(settings: Settings, changes: Changes, source: str) -> Settings:
    """The settings with the changes made. Raises SettingsError that names what is wrong and what would be right."""
    if changes.model is not None:
        settings = replace(settings, model=_model_of(changes.model, settings))
    if changes.prompt is not None:
        try:
            prompt = changes.prompt.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as why:
            raise SettingsError(f"--prompt {changes.prompt}: cannot be read: {why}") from why
        settings = replace(settings, thinking=replace(settings.thinking, system_prompt=prompt))
    return changed(settings, changes.sets, source)


def _model_of(model: Path | str, settings: Settings) -> Any:
    """[model] with this profile, or as the file says."""
    if isinstance(model, str):
        return replace(ModelSettings(), use=(model,), profiles=settings.model.profiles)
    path = model
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise SettingsError(f"--model {path}: cannot be read as TOML: {why}") from why
    plain = settings.plain() | {"model": table.get("model", table)}
    return Settings.from_plain(plain, f"--model {path}").model


def _ports(tape: Tape, settings: Settings, changes: Changes) -> Ports:
    ports = Ports(changes.cassette)
    if changes.compute:
        ports.media = RecordedMedia(tape.path).prepare
        ports.engines = LiveEngines(settings, tape)  # type: ignore[assignment]
    if changes.cassette == "live":
        ports.fetch = fetcher(settings, profiles_of(tape, settings), tape.path)
        ports.keys = dict(os.environ)
    return ports


# ------------------------------------------------------------------------------------------------------- turn by turn


def _by_turns(tape: Tape, old: Settings, new: Settings, ports: Ports, name: str, recorded: Run) -> Run:
    """Each stretch of the session by itself, put together again."""
    observer, baseline = observe(tape, old)
    known = _Known(recorded)
    steps: list[Step] = []
    misses: list[Miss] = []
    merged: dict[int, int] = {}
    for stretch in stretches(tape, observer, baseline):
        for scene, keep in _scenes(stretch, old, new):
            if keep and keep[0] in merged:
                continue
            settings = old if scene.swap else new
            played = Stage(tape, settings, scene, ports).play()
            own = _own(played, stretch, keep, known)
            merged |= _merged(own, known)
            offset = len(steps)
            own = _reactions_marked(own, known)
            steps += [replace(s, cause=s.cause + offset) if s.cause >= 0 else s for s in own]
            misses += _placed(played.misses, own, stretch.begin.turn if stretch.begin else 0)
    return Run(name, tuple(steps), new.plain(), tuple(misses), merged)


def _scenes(stretch: Stretch, old: Settings, new: Settings) -> Iterable[tuple[Scene, tuple[int, ...]]]:
    """One scene for a stretch; of several turns one for each. With each scene the turns that are taken from it, () all.

    A later turn begins in the middle of an earlier one: up to there the recorded settings hold.
    """
    whole = Scene(stretch.begin, stretch.first, stretch.last, follow=True, until_rest=stretch.last < 1 << 62)
    turns = stretch.turns
    if len(turns) < 2:
        yield whole, ()
        return
    for i, turn in enumerate(turns):
        last = stretch.last if i == len(turns) - 1 else turn.closed
        swap = (turn.first, new) if i else None
        yield (
            replace(
                whole,
                last=last,
                until_rest=last < 1 << 62,
                swap=swap,
                limit=stretch.last,
                until_closed=turn.number if i < len(turns) - 1 else 0,
            ),
            (turn.number, *(_before(turns, i))),
        )


def _before(turns: list[Turn], i: int) -> tuple[int, ...]:
    """The first turn's scene also has what came before it, the last one's what comes after."""
    first = (-1,) if i == 0 else ()
    return (*first, -2) if i == len(turns) - 1 else first


class _Known:
    """What every scene is held against, looked up once: the recorded steps by turn, when each turn's words began, and
    the turns to which the decisions right behind their closing were counted (and not to the turn that broke in)."""

    def __init__(self, recorded: Run) -> None:
        self.by_turn: dict[int, list[Step]] = {}
        self.began_ns: dict[int, int] = {}
        self.own_ending: set[int] = set()
        closed = 0
        for step in recorded.steps:
            self.by_turn.setdefault(step.turn, []).append(step)
            if closed and step.turn == closed:
                self.own_ending.add(closed)
            closed = step.event.turn if isinstance(step.event, ev.TurnClosed) else 0
            if isinstance(step.event, ev.TurnOpened):
                self.began_ns[step.event.turn] = step.event.speech_start_ns


def _own(played: Played, stretch: Stretch, keep: tuple[int, ...], known: _Known) -> tuple[Step, ...]:
    """The scene's steps, with turns that the recording does not have named as such."""
    before = stretch.begin.turn if stretch.begin else 0
    steps = steps_of((e for e in played.events if not isinstance(e, ev.Resumed)), before)
    if stretch.begin is not None and steps and isinstance(steps[0].event, ev.SessionStarted):
        steps = tuple(replace(s, cause=max(s.cause - 1, -1)) for s in steps[1:])
    if not keep:
        numbers = {t.number for t in stretch.turns} | {before}
        last = max(numbers)
        return tuple(s if s.turn in numbers else replace(s, turn=last * ADDED + s.turn - last) for s in steps)
    number = keep[0]
    if -2 not in keep and number not in known.own_ending:  # then what comes after it is the next turn's
        ends = (i for i, s in enumerate(steps) if isinstance(s.event, ev.TurnClosed) and s.event.turn == number)
        steps = steps[: next(ends, len(steps)) + 1]
    return _only(steps, lambda turn: _kept(turn, number, keep))


def _only(steps: tuple[Step, ...], wanted: Callable[[int], bool]) -> tuple[Step, ...]:
    """The steps of these turns, with their causes, as far as those are kept, where they are then."""
    kept = [i for i, s in enumerate(steps) if wanted(s.turn)]
    place = {old: new for new, old in enumerate(kept)}
    return tuple(replace(steps[i], cause=place.get(steps[i].cause, -1)) for i in kept)


def _kept(turn: int, number: int, keep: tuple[int, ...]) -> bool:
    return turn == number or (turn < number and -1 in keep) or (turn > number and -2 in keep)


def _placed(misses: list[Miss], own: tuple[Step, ...], before: int) -> list[Miss]:
    """Each miss with the turn that came of it: what is missed while words are being heard is of the turn to come."""
    opened = [(s.event.t_ns, s.turn) for s in own if isinstance(s.event, ev.TurnOpened)]
    placed = []
    for miss in misses:
        if miss.turn <= before:
            later = [turn for t_ns, turn in opened if t_ns >= miss.t_ns]
            miss = replace(miss, turn=later[0] if later else max(before, miss.turn))
        placed.append(miss)
    return placed


def _merged(own: tuple[Step, ...], known: _Known) -> dict[int, int]:
    """Recorded turns whose words another, earlier turn now listened to, and which one that is."""
    found: dict[int, int] = {}
    for event in (step.event for step in own):
        if isinstance(event, ev.Transcribe):
            heard = [n for n, at in known.began_ns.items() if event.start_ns <= at < event.end_ns]
            found |= {n: min(heard) for n in heard if n != min(heard)}
    return found


# ---------------------------------------------------------------------------------------------------- counterfactual


def _marked(steps: tuple[Step, ...], recorded: tuple[Step, ...]) -> tuple[Step, ...]:
    """Everything behind the first audible difference."""
    at = first_audible(steps, recorded)
    if at is None:
        return steps
    return tuple(replace(s, counterfactual=True) if i > at else s for i, s in enumerate(steps))


def _reactions_marked(steps: tuple[Step, ...], known: _Known) -> tuple[Step, ...]:
    """Within one scene: what follows the wearer's first words after an audible difference."""
    turns = {s.turn for s in steps}
    theirs = tuple(s for turn in sorted(turns) for s in known.by_turn.get(turn, ()))
    at = first_audible(steps, theirs, whole=False)
    if at is None:
        return steps
    spoke = (i for i, s in enumerate(steps) if i > at and isinstance(s.event, ev.SpeechStarted))
    first = next(spoke, None)
    if first is None:
        return steps
    return tuple(replace(s, counterfactual=True) if i >= first else s for i, s in enumerate(steps))


def first_audible(steps: tuple[Step, ...], recorded: tuple[Step, ...], whole: bool = True) -> int | None:
    """Index of the first step by which the ear hears something else, or hears it AUDIBLE_NS earlier or later."""
    theirs = _audible(recorded)
    mine = _audible(steps)
    for key, (index, text, t_ns) in mine.items():
        other = theirs.get(key)
        if other is None or other[1] != text or abs(other[2] - t_ns) > AUDIBLE_NS:
            return index
    missing = [value for key, value in theirs.items() if key not in mine] if whole else []
    if not missing:
        return None
    at_ns = min(t_ns for _, _, t_ns in missing)
    return next((i for i, s in enumerate(steps) if s.event.t_ns >= at_ns), None)


def _audible(steps: tuple[Step, ...]) -> dict[tuple[int, int], tuple[int, str, int]]:
    """By turn and place: the index of the play mark that begins each spoken chunk, its words, and its time."""
    said: dict[tuple[int, int], str] = {}
    count: dict[int, int] = {}
    found: dict[tuple[int, int], tuple[int, str, int]] = {}
    for i, step in enumerate(steps):
        event: Event = step.event
        if isinstance(event, ev.Speak):
            said[(event.utterance, event.chunk)] = event.text
        elif isinstance(event, ev.PlayMark) and event.mark == "started":
            place = count[step.turn] = count.get(step.turn, 0) + 1
            found[(step.turn, place)] = i, said.get((event.utterance, event.chunk), ""), event.t_ns
    return found
