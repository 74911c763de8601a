"""A scene: what the wearer sees, says and expects, as a timeline read from a YAML file with a seed.

Everything drawn is drawn here, once, before anything plays: a `Scene` holds no hole and no chance any more, so the same
file and seed give the same scene on every machine. docs/scenes.md is the format's manual.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device_sim import profile as profiles
from device_sim.behaviour import Rule, read_rules
from device_sim.device import Camera, Device, Lens, Microphone, Network, read_device
from device_sim.errors import SceneError
from device_sim.expects import Expect
from device_sim.open_speaker import OpenSpeaker
from device_sim.steps import (
    DOOR_COLOURS,
    SPEECH,
    Ask,
    Change,
    Event,
    LoseNetwork,
    Meanwhile,
    Over,
    Pause,
    Reader,
    Say,
    See,
    Step,
    Tap,
    Wait,
)
from device_sim.yamlnode import Place

__all__ = [
    "BUNDLED",
    "DOOR_COLOURS",
    "SPEECH",
    "Ask",
    "Camera",
    "Change",
    "Device",
    "Event",
    "Expect",
    "Lens",
    "LoseNetwork",
    "Meanwhile",
    "Microphone",
    "Network",
    "OpenSpeaker",
    "Over",
    "Pause",
    "Say",
    "Scene",
    "See",
    "Step",
    "Tap",
    "Wait",
    "bundled",
    "find",
    "load",
]

BUNDLED = Path(__file__).parent / "scenes"


@dataclass(frozen=True)
class Scene:
    name: str
    about: str
    file: Path
    seed: int
    device: Device
    steps: tuple[Step, ...]
    drawn: Mapping[str, str] = field(default_factory=dict)
    model: tuple[Rule, ...] = ()  # how the stand-in model answers in this scene
    companion: Mapping[str, str] = field(default_factory=dict)  # settings that a recording of it is made with
    after: str = ""  # the scene that this wearer's companion was in before, and was then ended

    @property
    def camera(self) -> Camera | None:
        return self.device.camera

    @property
    def microphone(self) -> Microphone | None:
        return self.device.microphone

    @property
    def network(self) -> Network:
        return self.device.network

    @property
    def open_speaker(self) -> OpenSpeaker | None:
        return self.device.open_speaker

    @property
    def spoils_network(self) -> bool:
        """At some time in it the network is not as good as it could be."""
        changes = (step.to for step in self.moments() if isinstance(step, Change))
        return self.network != Network() or any(isinstance(to, Network) and to != Network() for to in changes)

    def moments(self) -> Iterator[Step]:
        """Every step in the order of time, with what happens in the middle of a phrase behind it."""
        for step in self.steps:
            yield step
            if isinstance(step, Say):
                yield from (act.step for act in step.meanwhile)

    def sees(self) -> list[See]:
        """Every picture of the scene, those that come in the middle of a phrase included."""
        return [step for step in self.moments() if isinstance(step, See)]


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


def load(
    path: Path, seed: int = 0, fixed: Mapping[str, str] | None = None, profile: str = "", speech: Path | None = None
) -> Scene:
    """Read, check and draw. `fixed` overrides drawn values; `profile` takes the device's place; where the wearer is
    stays. `speech`: what is asked is spoken, and the sound of it lies there. Raises SceneError with file, line, key
    and way out."""
    top = Place.of_file(path)
    parts = top.fields(("name", "about", "device", "model", "companion", "after", "draw", "steps"), required=("steps",))
    choices = _choices(parts["draw"]) if "draw" in parts else {}
    drawn = {name: random.Random(f"{seed}:{name}").choice(values) for name, values in choices.items()}
    for name, value in (fixed or {}).items():
        if name not in drawn:
            raise SceneError(f"{path}: --set {name}={value}: nothing of that name is drawn; drawn: {', '.join(drawn)}")
        drawn[name] = value
    device = _device(parts.get("device"), profile)
    steps = Reader(path.parent, drawn, choices, device, speech).read(parts["steps"].with_values(drawn))
    scene = Scene(
        name=parts["name"].text() if "name" in parts else path.stem,
        about=parts["about"].text().strip() if "about" in parts else "",
        file=path,
        seed=seed,
        device=device,
        steps=tuple(steps),
        drawn=drawn,
        model=read_rules(parts["model"]) if "model" in parts else (),
        companion=_companion(parts["companion"]) if "companion" in parts else {},
        after=_after(parts["after"]) if "after" in parts else "",
    )
    _check_device(scene)
    return scene


def _check_device(scene: Scene) -> None:
    """Nothing may be said without a microphone, nor seen without a camera."""
    if scene.microphone is None:
        if scene.open_speaker is not None:
            raise SceneError(f"{scene.file}: open_speaker: nothing hears it; remove it, or `microphone: none`")
        for say in (step for step in scene.steps if isinstance(step, Say)):
            raise SceneError(
                f"{scene.file}:{say.line}: say: the device has no microphone; {_way_out(scene, 'microphone')}"
            )
    if scene.camera is None:
        for see in scene.sees():
            raise SceneError(f"{scene.file}:{see.line}: see: the device has no camera; {_way_out(scene, 'camera')}")


def _way_out(scene: Scene, part: str) -> str:
    return f"take another profile than {scene.device.profile}" if scene.device.profile else f"remove `{part}: none`"


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


def _after(place: Place) -> str:
    """A bundled scene's name."""
    return place.one_of(bundled())


def _companion(place: Place) -> dict[str, str]:
    """`section.key: value` as for `--set`. What they mean is the companion's business."""
    out: dict[str, str] = {}
    for name, entry in place.fields().items():
        if not re.fullmatch(r"[a-z_]+\.[a-z_.]+", name):
            raise entry.error("a setting is written section.key", "such as `turn.open_silence_ms: 500`")
        out[name] = entry.text()
    return out


def _device(place: Place | None, profile: str) -> Device:
    """What the scene says, on top of the profile it names; or the `profile` asked for, in the scene's place."""
    named = place.fields().get("profile") if place is not None else None
    if profile:
        base = profiles.profile(profile)
        return base if place is None else read_device(place, base, only_the_place=True)
    base = Device()
    if named is not None:
        try:
            base = profiles.profile(named.text())
        except SceneError as error:
            if named.text() in profiles.profiles():
                raise
            raise SceneError(f"{named.file}:{named.node.start_mark.line + 1}: {named.key}: {error}") from None
    return base if place is None else read_device(place, base)
