"""The timeline of a scene: each kind of step as a dataclass, and how it is read from YAML.

A reader knows the scene's folder (for relative paths) and what every drawn name could have been (for decoys).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device_sim.yamlnode import Place

SPEECH = Path(__file__).parent / "speech"
MAX_STEPS = 2000  # repeats unrolled; beyond it a scene is a mistake, not a test
MAX_DECOYS = 6  # a closed choice among 7: chance is 14 %, and judging stays under a second

# Card -> its keys, all text. Every card but `image` is drawn by cards.py.
CARDS: dict[str, tuple[str, ...]] = {
    "sign": ("platform", "destination", "time"),
    "qr": ("payload",),
    "label": ("name", "weight", "price"),
    "door": ("colour",),
    "room": (),
    "black": (),
    "image": ("path",),
}
DOOR_COLOURS = ("red", "green", "blue", "yellow", "white", "black", "brown", "orange", "purple")
MOTIONS = ("settle", "glance", "hold")
ACTIONS = ("see", "say", "tap", "wait", "expect", "lose_network", "repeat")
EXTRAS = {
    "within_s": "wait",
    "level_db": "say",
    "pause": "say",
    "meanwhile": "say",
    "resumes": "lose_network",
}  # key -> the step that takes it
MAX_PAUSE_MS = 10_000


@dataclass(frozen=True)
class See:
    """Turn the eyes to a card. `motion`: "settle" (the head turns there first), "glance" (quickly) or "hold"."""

    line: int
    card: str
    values: tuple[tuple[str, str], ...] = ()
    motion: str = "settle"


@dataclass(frozen=True)
class Tap:
    line: int
    kind: str = "tap"


@dataclass(frozen=True)
class Pause:
    """Silence put into a phrase, `at_ms` after the clip's first sample, `ms` long."""

    at_ms: int
    ms: int


@dataclass(frozen=True)
class Meanwhile:
    """What the wearer does `at_ms` after the first speech sample of a phrase."""

    at_ms: int
    step: See | Tap


@dataclass(frozen=True)
class Say:
    """Speak a bundled phrase or a file (16 kHz mono PCM16). Opens a new turn."""

    line: int
    words: str
    wav: Path
    level_db: float = 0.0
    pause: Pause | None = None
    meanwhile: tuple[Meanwhile, ...] = ()


@dataclass(frozen=True)
class Wait:
    """`until`: "" (just `seconds`), "answer" (an answer can be heard) or "quiet" (the companion has finished)."""

    line: int
    until: str
    seconds: float


@dataclass(frozen=True)
class Expect:
    """What must be true of the turn that the last `say` opened. Absent expectations are None or empty."""

    line: int
    hears: str = ""
    not_hears: str = ""
    decoys: tuple[str, ...] = ()
    caption: str = ""
    speaks: bool | None = None
    answers_within_ms: float | None = None
    silence_within_ms: float | None = None


@dataclass(frozen=True)
class LoseNetwork:
    """Nothing gets through for so long; then the device comes back over another connection. 0: it changes over while
    the old connection still works. `resumes`: whether it is expected to find its session again."""

    line: int
    seconds: float
    resumes: bool = True


Step = See | Say | Tap | Wait | Expect | LoseNetwork


# -------------------------------------------------------------------------------------------------------------- reading


class Reader:
    """Reads the timeline. Knows the folder (for relative paths) and what each name could have been (for decoys)."""

    def __init__(self, folder: Path, drawn: Mapping[str, str], choices: Mapping[str, list[str]]) -> None:
        self._folder, self._drawn, self._choices = folder, drawn, choices

    def read(self, place: Place) -> list[Step]:
        steps: list[Step] = []
        for item in place.items():
            steps += self._step(item)
            if len(steps) > MAX_STEPS:
                raise item.error(f"more than {MAX_STEPS} steps", "lower `times`")
        if not steps:
            raise place.error("no steps", "add at least one, such as `- wait: 5`")
        return steps

    def _step(self, item: Place) -> list[Step]:
        fields = item.fields((*ACTIONS, *EXTRAS))
        actions = [name for name in fields if name in ACTIONS]
        if len(actions) != 1:
            raise item.error(f"{len(actions)} actions in one step", f"give exactly one of: {', '.join(ACTIONS)}")
        action, line = actions[0], item.node.start_mark.line + 1
        for extra, owner in EXTRAS.items():
            if extra in fields and action != owner:
                raise fields[extra].error(f"only `{owner}` takes it", f"remove it from this `{action}`")
        body = fields[action]
        if action == "repeat":
            parts = body.fields(("times", "steps"), required=("times", "steps"))
            return self.read(parts["steps"]) * int(parts["times"].number(1, MAX_STEPS))
        if action == "tap":
            return [_tap(line, body)]
        if action == "wait":
            return [_wait(line, body, fields.get("within_s"))]
        if action == "lose_network":
            resumes = fields["resumes"].flag() if "resumes" in fields else True
            return [LoseNetwork(line, body.number(0, 600), resumes)]
        if action == "say":
            return [self._say(line, body, fields)]
        return [self._see(line, body) if action == "see" else self._expect(line, body)]

    def _see(self, line: int, place: Place) -> See:
        if place.kind() == "text":
            return See(line, place.one_of([name for name, keys in CARDS.items() if not keys]))
        card = place.fields(required=("card",))["card"].one_of(CARDS)
        keys = place.fields(("card", "motion", *CARDS[card]), required=CARDS[card])
        values = {name: keys[name].text() for name in CARDS[card]}
        if card == "door":
            keys["colour"].one_of(DOOR_COLOURS)
        if card == "image":
            values["path"] = str(self._file(keys["path"], "a picture"))
        motion = keys["motion"].one_of(MOTIONS) if "motion" in keys else "settle"
        return See(line, card, tuple(values.items()), motion)

    def _say(self, line: int, place: Place, fields: Mapping[str, Place]) -> Say:
        words, wav = self._words(place)
        level_db = fields["level_db"].number(-40, 20) if "level_db" in fields else 0.0
        pause = _pause(fields["pause"]) if "pause" in fields else None
        meanwhile = [self._meanwhile(item) for item in fields["meanwhile"].items()] if "meanwhile" in fields else []
        return Say(line, words, wav, level_db, pause, tuple(sorted(meanwhile, key=lambda m: m.at_ms)))

    def _words(self, place: Place) -> tuple[str, Path]:
        """What is said, and the sound of it."""
        words = place.text()
        if words.endswith(".wav"):
            return Path(words).stem.replace("_", " "), self._file(place, "a wav file")
        wav = SPEECH / (re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") + ".wav")
        if not wav.exists():
            near = sorted(p.stem.replace("_", " ") for p in SPEECH.glob("*.wav"))
            way = "say one of the bundled phrases (`device-sim phrases`) or give a .wav path"
            raise place.error(f"{words!r} is not among the {len(near)} bundled phrases", way)
        return words, wav

    def _meanwhile(self, item: Place) -> Meanwhile:
        fields = item.fields(("at_ms", "see", "tap"), required=("at_ms",))
        if len(fields) != 2:
            raise item.error("one thing at a time", "give `at_ms` and either `see` or `tap`")
        line = item.node.start_mark.line + 1
        step = self._see(line, fields["see"]) if "see" in fields else _tap(line, fields["tap"])
        return Meanwhile(int(fields["at_ms"].number(0, 60_000)), step)

    def _file(self, place: Place, what: str) -> Path:
        path = self._folder / place.text()
        if not path.is_file():
            raise place.error(f"no file {path}", f"give {what}, relative to the scene's folder")
        return path

    def _expect(self, line: int, place: Place) -> Expect:
        names = ("hears", "not_hears", "decoys", "decoys_from", "caption", "speaks", "answers_within_ms")
        keys = place.fields((*names, "silence_within_ms"))
        if not set(keys) - {"decoys", "decoys_from"}:
            raise place.error("nothing is expected", "give hears, not_hears, caption, speaks, answers_within_ms, …")
        decoys: list[str] = [item.text() for item in keys["decoys"].items()] if "decoys" in keys else []
        if "decoys_from" in keys:
            decoys += self._drawn_decoys(keys)
        if "hears" in keys and not decoys:
            raise keys["hears"].error("nothing to tell it from", "add `decoys: […]` or `decoys_from: name`")
        if "caption" in keys:
            _check_pattern(keys["caption"])
        return Expect(
            line,
            hears=keys["hears"].text() if "hears" in keys else "",
            not_hears=keys["not_hears"].text() if "not_hears" in keys else "",
            decoys=tuple(decoys[:MAX_DECOYS]),
            caption=keys["caption"].text() if "caption" in keys else "",
            speaks=keys["speaks"].flag() if "speaks" in keys else None,
            answers_within_ms=_milliseconds(keys, "answers_within_ms"),
            silence_within_ms=_milliseconds(keys, "silence_within_ms"),
        )

    def _drawn_decoys(self, keys: Mapping[str, Place]) -> list[str]:
        """The `hears` phrase with what else the seed could have drawn for one name, in an order the seed fixes."""
        if "hears" not in keys:
            raise keys["decoys_from"].error("there is no `hears` to make decoys of", "add `hears: …`")
        name = keys["decoys_from"].one_of(self._choices)
        raw = keys["hears"].raw()
        if f"{{{name}}}" not in raw:
            raise keys["hears"].error(f"{{{name}}} is not in it, but decoys are drawn from it", f"write {{{name}}}")
        others = [value for value in self._choices[name] if value != self._drawn[name]]
        random.Random(f"{self._drawn[name]}:{name}").shuffle(others)
        place = keys["hears"]
        return [place.with_values({**self._drawn, name: value}).text() for value in others[:MAX_DECOYS]]


def _tap(line: int, place: Place) -> Tap:
    return Tap(line, place.one_of(["tap", "double_tap", "long_press"]))


def _pause(place: Place) -> Pause:
    keys = place.fields(("at_ms", "ms"), required=("at_ms", "ms"))
    return Pause(int(keys["at_ms"].number(20, 60_000)), int(keys["ms"].number(20, MAX_PAUSE_MS)))


def _milliseconds(keys: Mapping[str, Place], name: str) -> float | None:
    return keys[name].number(0, 60_000) if name in keys else None


def _check_pattern(place: Place) -> None:
    try:
        re.compile(place.text())
    except re.error as error:
        raise place.error(f"not a regular expression: {error}", "escape ( ) [ ] . * + ? with a backslash") from None


def _wait(line: int, place: Place, within: Place | None) -> Wait:
    """`wait: 2` seconds, or `wait: quiet` / `wait: answer`, which give up (and fail) after `within_s`."""
    if re.fullmatch(r"[\d.]+", place.text()):
        if within is not None:
            raise within.error("a wait in seconds has no time-out", "remove it")
        return Wait(line, "", place.number(0, 3600))
    until = place.one_of(["quiet", "answer"])
    return Wait(line, until, within.number(0.1, 600) if within is not None else 20.0)
