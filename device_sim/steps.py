"""The timeline of a scene: each kind of step as a dataclass, and how it is read from YAML (expectations: expects.py).

A reader knows the scene's folder (for relative paths) and what every drawn name could have been (for decoys).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device_sim.device import Device, Lens, Microphone, Network, read_lens, read_microphone, read_network
from device_sim.espeak import NoVoiceError
from device_sim.expects import Expect, read_expect
from device_sim.rendered import render
from device_sim.yamlnode import Place

SPEECH = Path(__file__).parent / "speech"
MAX_STEPS = 2000  # repeats unrolled; beyond it a scene is a mistake, not a test

# Card -> its keys, all text. Every card but `image` is drawn by cards.py.
CARDS: dict[str, tuple[str, ...]] = {
    "sign": ("platform", "destination", "time"),
    "qr": ("payload",),
    "label": ("name", "weight", "price"),
    "letter": ("text",),
    "door": ("colour",),
    "room": (),
    "black": (),
    "image": ("path",),
}
DOOR_COLOURS = ("red", "green", "blue", "yellow", "white", "black", "brown", "orange", "purple")
MOTIONS = ("settle", "glance", "hold")
CHANGES = ("camera", "microphone", "network")
ACTIONS = ("see", "say", "ask", "bystander", *CHANGES, "tap", "event", "wait", "expect", "lose_network", "repeat")
EXTRAS: dict[str, tuple[str, ...]] = {
    "within_s": ("wait",),
    "level_db": ("say", "bystander"),
    "pause": ("say",),
    "over": ("say",),
    "meanwhile": ("say",),
    "resumes": ("lose_network",),
}  # key -> the steps that take it
BYSTANDER_DB = -12.0  # somebody two metres away, beside a mouth that is close to the microphone
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
class Event:
    """The device tells of something, such as its battery."""

    line: int
    kind: str
    value: float | str


@dataclass(frozen=True)
class Pause:
    """Silence put into a phrase, `at_ms` after the clip's first sample, `ms` long."""

    at_ms: int
    ms: int


@dataclass(frozen=True)
class Change:
    """From now on the lens, the microphone or the network is like this."""

    line: int
    to: Lens | Microphone | Network


@dataclass(frozen=True)
class Meanwhile:
    """What happens `at_ms` after the first speech sample of a phrase."""

    at_ms: int
    step: See | Tap | Change


@dataclass(frozen=True)
class Over:
    """What somebody else says into a phrase, `at_ms` after the clip's first sample."""

    at_ms: int
    words: str
    wav: Path
    level_db: float = BYSTANDER_DB


@dataclass(frozen=True)
class Say:
    """Speak a bundled phrase or a file (16 kHz mono PCM16). Opens a new turn. `other`: it is not the wearer who says
    it, but somebody else in the room."""

    line: int
    words: str
    wav: Path
    level_db: float = 0.0
    pause: Pause | None = None
    meanwhile: tuple[Meanwhile, ...] = ()
    over: Over | None = None
    other: bool = False


@dataclass(frozen=True)
class Ask:
    """Any words at all, typed on the device. Opens a new turn. Where they are to be spoken, a `Say` stands instead."""

    line: int
    words: str


@dataclass(frozen=True)
class Wait:
    """`until`: "" (just `seconds`), "answer" (an answer can be heard) or "quiet" (the companion has finished)."""

    line: int
    until: str
    seconds: float


@dataclass(frozen=True)
class LoseNetwork:
    """Nothing gets through for so long; then the device comes back over another connection. 0: it changes over while
    the old connection still works. `resumes`: whether it is expected to find its session again."""

    line: int
    seconds: float
    resumes: bool = True


Step = See | Say | Ask | Tap | Event | Wait | Expect | Change | LoseNetwork


# -------------------------------------------------------------------------------------------------------------- reading


class Reader:
    """Reads the timeline. Knows the folder (for relative paths), what each name could have been (for decoys), the
    device (for what a change leaves as it is), and, if what is asked is to be spoken, a folder for the sound of it."""

    def __init__(
        self,
        folder: Path,
        drawn: Mapping[str, str],
        choices: Mapping[str, list[str]],
        device: Device | None = None,
        speech: Path | None = None,
    ) -> None:
        self._folder, self._drawn, self._choices, self._speech = folder, drawn, choices, speech
        self._device = device or Device()

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
        for extra, owners in EXTRAS.items():
            if extra in fields and action not in owners:
                takes = " and ".join(f"`{owner}`" for owner in owners)
                raise fields[extra].error(f"only {takes} takes it", f"remove it from this `{action}`")
        body = fields[action]
        if action == "repeat":
            parts = body.fields(("times", "steps"), required=("times", "steps"))
            return self.read(parts["steps"]) * int(parts["times"].number(1, MAX_STEPS))
        if action == "tap":
            return [_tap(line, body)]
        if action == "event":
            return [_event(line, body)]
        if action == "wait":
            return [_wait(line, body, fields.get("within_s"))]
        if action == "lose_network":
            resumes = fields["resumes"].flag() if "resumes" in fields else True
            return [LoseNetwork(line, body.number(0, 600), resumes)]
        if action == "ask":
            return [self._ask(line, body)]
        if action in ("say", "bystander"):
            return [self._say(line, body, fields, action == "bystander")]
        if action in CHANGES:
            return [self._change(line, action, body)]
        return [self._see(line, body) if action == "see" else read_expect(line, body, self._drawn, self._choices)]

    def _change(self, line: int, part: str, body: Place) -> Change:
        if part == "camera":
            return Change(line, read_lens(body, self._device))
        if part == "microphone":
            return Change(line, read_microphone(body, self._device))
        return Change(line, read_network(body, self._device))

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

    def _say(self, line: int, place: Place, fields: Mapping[str, Place], other: bool) -> Say:
        words, wav = self._words(place)
        usual_db = BYSTANDER_DB if other else 0.0
        level_db = fields["level_db"].number(-40, 20) if "level_db" in fields else usual_db
        over = self._over(fields["over"]) if "over" in fields else None
        pause = _pause(fields["pause"]) if "pause" in fields else None
        meanwhile = [self._meanwhile(item) for item in fields["meanwhile"].items()] if "meanwhile" in fields else []
        return Say(line, words, wav, level_db, pause, tuple(sorted(meanwhile, key=lambda m: m.at_ms)), over, other)

    def _ask(self, line: int, place: Place) -> Ask | Say:
        words = place.text()
        if self._speech is None:
            return Ask(line, words)
        try:
            return Say(line, words, render(words, self._speech))
        except NoVoiceError as why:
            raise place.error(
                f"it cannot be spoken: {why}", "install that, or leave out --speak: then it is typed"
            ) from why

    def _over(self, place: Place) -> Over:
        keys = place.fields(("at_ms", "says", "level_db"), required=("says",))
        words, wav = self._words(keys["says"])
        at_ms = int(keys["at_ms"].number(0, 60_000)) if "at_ms" in keys else 0
        return Over(at_ms, words, wav, keys["level_db"].number(-40, 20) if "level_db" in keys else BYSTANDER_DB)

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
        fields = item.fields(("at_ms", "see", "tap", *CHANGES), required=("at_ms",))
        if len(fields) != 2:
            raise item.error(
                "one thing at a time", f"give `at_ms` and either `see` or `tap` or one of {', '.join(CHANGES)}"
            )
        line, (action, body) = item.node.start_mark.line + 1, next(f for f in fields.items() if f[0] != "at_ms")
        at_ms = int(fields["at_ms"].number(0, 60_000))
        if action in CHANGES:
            return Meanwhile(at_ms, self._change(line, action, body))
        return Meanwhile(at_ms, self._see(line, body) if action == "see" else _tap(line, body))

    def _file(self, place: Place, what: str) -> Path:
        path = self._folder / place.text()
        if not path.is_file():
            raise place.error(f"no file {path}", f"give {what}, relative to the scene's folder")
        return path


def _tap(line: int, place: Place) -> Tap:
    return Tap(line, place.one_of(["tap", "double_tap", "long_press"]))


def _event(line: int, place: Place) -> Event:
    keys = place.fields(("kind", "value"), required=("kind", "value"))
    value = keys["value"]
    return Event(line, keys["kind"].text(), value.number(-1e9, 1e9) if value.kind() == "number" else value.text())


def _pause(place: Place) -> Pause:
    keys = place.fields(("at_ms", "ms"), required=("at_ms", "ms"))
    return Pause(int(keys["at_ms"].number(20, 60_000)), int(keys["ms"].number(20, MAX_PAUSE_MS)))


def _wait(line: int, place: Place, within: Place | None) -> Wait:
    """`wait: 2` seconds, or `wait: quiet` / `wait: answer`, which give up (and fail) after `within_s`."""
    if re.fullmatch(r"[\d.]+", place.text()):
        if within is not None:
            raise within.error("a wait in seconds has no time-out", "remove it")
        return Wait(line, "", place.number(0, 3600))
    until = place.one_of(["quiet", "answer"])
    return Wait(line, until, within.number(0.1, 600) if within is not None else 20.0)
