"""A scene: what the wearer sees, says and expects, as a timeline read from a YAML file with a seed.

Everything drawn is drawn here, once, before anything plays: a `Scene` holds no hole and no chance any more, so the same
file and seed give the same scene on every machine. docs/scenes.md is the format's manual.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device_sim.errors import SceneError
from device_sim.yamlnode import Place

BUNDLED = Path(__file__).parent / "scenes"
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
MOTIONS = ("settle", "hold")
ACTIONS = ("see", "say", "tap", "wait", "expect", "repeat")


@dataclass(frozen=True)
class Camera:
    width: int = 1280
    height: int = 720
    fps: int = 15
    kbps: int = 1000  # what a phone hop gives a pair of glasses


@dataclass(frozen=True)
class Microphone:
    noise_dbfs: float = -50.0  # the room noise that the bundled phrases were rendered with


@dataclass(frozen=True)
class See:
    """Turn the eyes to a card. `motion`: "settle" (the head turns there first) or "hold"."""

    line: int
    card: str
    values: tuple[tuple[str, str], ...] = ()
    motion: str = "settle"


@dataclass(frozen=True)
class Say:
    """Speak a bundled phrase or a file (16 kHz mono PCM16). Opens a new turn."""

    line: int
    words: str
    wav: Path
    level_db: float = 0.0


@dataclass(frozen=True)
class Tap:
    line: int
    kind: str = "tap"


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


Step = See | Say | Tap | Wait | Expect


@dataclass(frozen=True)
class Scene:
    name: str
    about: str
    file: Path
    seed: int
    camera: Camera | None
    microphone: Microphone | None
    steps: tuple[Step, ...]
    drawn: Mapping[str, str] = field(default_factory=dict)


def bundled() -> list[str]:
    return sorted(path.stem for path in BUNDLED.glob("*.yaml"))


def find(name: str) -> Path:
    """A path as it is, or a bundled scene by its name."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        if not path.is_file():
            raise SceneError(f"{name}: no such file; bundled scenes: {', '.join(bundled())}")
        return path
    if name not in bundled():
        raise SceneError(f"{name}: no such scene; bundled: {', '.join(bundled())}; or give a path that ends in .yaml")
    return BUNDLED / f"{name}.yaml"


def load(path: Path, seed: int = 0, fixed: Mapping[str, str] | None = None) -> Scene:
    """Read, check and draw. `fixed` overrides drawn values. Raises SceneError with file, line, key and way out."""
    top = Place.of_file(path)
    parts = top.fields(("name", "about", "device", "draw", "steps"), required=("steps",))
    choices = _choices(parts["draw"]) if "draw" in parts else {}
    drawn = {name: random.Random(f"{seed}:{name}").choice(values) for name, values in choices.items()}
    for name, value in (fixed or {}).items():
        if name not in drawn:
            raise SceneError(f"{path}: --set {name}={value}: nothing of that name is drawn; drawn: {', '.join(drawn)}")
        drawn[name] = value
    camera, microphone = _device(parts["device"]) if "device" in parts else (Camera(), Microphone())
    reader = _Steps(path.parent, drawn, choices)
    steps = reader.read(parts["steps"].with_values(drawn))
    for step in steps:
        if isinstance(step, Say) and microphone is None:
            raise SceneError(f"{path}:{step.line}: say: the device has no microphone; remove `microphone: none`")
        if isinstance(step, See) and camera is None:
            raise SceneError(f"{path}:{step.line}: see: the device has no camera; remove `camera: none`")
    name = parts["name"].text() if "name" in parts else path.stem
    about = parts["about"].text().strip() if "about" in parts else ""
    return Scene(name, about, path, seed, camera, microphone, tuple(steps), drawn)


# ------------------------------------------------------------------------------------------------------------- sections


def _choices(place: Place) -> dict[str, list[str]]:
    """`name: [a, b]` or `name: {from: 1, to: 9, step: 1}` (whole numbers) -> every value the name can take."""
    out: dict[str, list[str]] = {}
    for name, entry in place.fields().items():
        if not re.fullmatch(r"\w+", name):
            raise entry.error("a drawn name is letters, digits and _", "rename it")
        if entry.kind() == "list":
            out[name] = [item.text() for item in entry.items()]
        else:
            bounds = entry.fields(("from", "to", "step"), required=("from", "to"))
            low, high = (int(bounds[key].number(-1e6, 1e6)) for key in ("from", "to"))
            step = int(bounds["step"].number(1, 1e6)) if "step" in bounds else 1
            out[name] = [str(value) for value in range(low, high + 1, step)]
        if not 0 < len(out[name]) <= 10_000:
            raise entry.error(f"{len(out[name])} values to draw from", "give 1 to 10000")
    return out


def _device(place: Place) -> tuple[Camera | None, Microphone | None]:
    camera: Camera | None = Camera()
    microphone: Microphone | None = Microphone()
    fields = place.fields(("camera", "microphone"))
    if "camera" in fields:
        camera = None if _is_none(fields["camera"]) else _camera(fields["camera"])
    if "microphone" in fields:
        mic = fields["microphone"]
        keys = {} if _is_none(mic) else mic.fields(("noise_dbfs",))
        microphone = None if _is_none(mic) else Microphone()
        if "noise_dbfs" in keys:
            microphone = Microphone(keys["noise_dbfs"].number(-96, -20))
    if camera is None and microphone is None:
        raise place.error("neither camera nor microphone", "leave the device at least one of them")
    return camera, microphone


def _is_none(place: Place) -> bool:
    return place.kind() != "map" and place.one_of(["none"]) == "none"


def _camera(place: Place) -> Camera:
    limits = {"width": (160, 1920), "height": (120, 1920), "fps": (1, 30), "kbps": (100, 8000)}
    keys = place.fields(limits)
    camera = Camera(**{name: int(keys[name].number(*limits[name])) for name in keys})
    for name in ("width", "height"):
        if getattr(camera, name) % 2:
            raise keys[name].error(f"{getattr(camera, name)} is odd", "H.264 needs even sizes")
    return camera


# ---------------------------------------------------------------------------------------------------------------- steps


class _Steps:
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
        fields = item.fields((*ACTIONS, "within_s", "level_db"))
        actions = [name for name in fields if name in ACTIONS]
        if len(actions) != 1:
            raise item.error(f"{len(actions)} actions in one step", f"give exactly one of: {', '.join(ACTIONS)}")
        action, line = actions[0], item.node.start_mark.line + 1
        for extra, owner in (("within_s", "wait"), ("level_db", "say")):
            if extra in fields and action != owner:
                raise fields[extra].error(f"only `{owner}` takes it", f"remove it from this `{action}`")
        body = fields[action]
        if action == "repeat":
            parts = body.fields(("times", "steps"), required=("times", "steps"))
            return self.read(parts["steps"]) * int(parts["times"].number(1, MAX_STEPS))
        if action == "tap":
            return [Tap(line, body.one_of(["tap", "double_tap", "long_press"]))]
        if action == "wait":
            return [_wait(line, body, fields.get("within_s"))]
        if action == "say":
            level_db = fields["level_db"].number(-40, 20) if "level_db" in fields else 0.0
            return [self._say(line, body, level_db)]
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

    def _say(self, line: int, place: Place, level_db: float) -> Say:
        words = place.text()
        if words.endswith(".wav"):
            return Say(line, Path(words).stem.replace("_", " "), self._file(place, "a wav file"), level_db)
        wav = SPEECH / (re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") + ".wav")
        if not wav.exists():
            near = sorted(p.stem.replace("_", " ") for p in SPEECH.glob("*.wav"))
            way = "say one of the bundled phrases (`device-sim phrases`) or give a .wav path"
            raise place.error(f"{words!r} is not among the {len(near)} bundled phrases", way)
        return Say(line, words, wav, level_db)

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
