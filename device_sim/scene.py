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

from device_sim.behaviour import Rule, read_rules
from device_sim.errors import SceneError
from device_sim.open_speaker import OpenSpeaker
from device_sim.steps import (
    DOOR_COLOURS,
    SPEECH,
    Expect,
    LoseNetwork,
    Meanwhile,
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
    "Camera",
    "Expect",
    "LoseNetwork",
    "Meanwhile",
    "Microphone",
    "Network",
    "OpenSpeaker",
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
class Camera:
    width: int = 1280
    height: int = 720
    fps: int = 15
    kbps: int = 1000  # what a phone hop gives a pair of glasses


@dataclass(frozen=True)
class Microphone:
    noise_dbfs: float = -50.0  # the room noise that the bundled phrases were rendered with
    radio_dbfs: float | None = None  # somebody else talks every now and then, this loud; None = nobody


@dataclass(frozen=True)
class Network:
    """What happens to this device's media packets on their way. Nothing, unless a scene says so."""

    loss: float = 0.0  # share that never arrives
    duplicate: float = 0.0  # share that arrives twice
    jitter_ms: float = 0.0  # each packet is late by 0 to so much: above 20 ms sound arrives out of order


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
    network: Network = Network()
    open_speaker: OpenSpeaker | None = None  # None: in the ear
    model: tuple[Rule, ...] = ()  # how the stand-in model answers in this scene
    companion: Mapping[str, str] = field(default_factory=dict)  # settings that a recording of it is made with

    def sees(self) -> list[See]:
        """Every picture of the scene, those that come in the middle of a phrase included."""
        out: list[See] = []
        for step in self.steps:
            if isinstance(step, Say):
                out += [m.step for m in step.meanwhile if isinstance(m.step, See)]
            elif isinstance(step, See):
                out.append(step)
        return out


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
    parts = top.fields(("name", "about", "device", "model", "companion", "draw", "steps"), required=("steps",))
    choices = _choices(parts["draw"]) if "draw" in parts else {}
    drawn = {name: random.Random(f"{seed}:{name}").choice(values) for name, values in choices.items()}
    for name, value in (fixed or {}).items():
        if name not in drawn:
            raise SceneError(f"{path}: --set {name}={value}: nothing of that name is drawn; drawn: {', '.join(drawn)}")
        drawn[name] = value
    device = parts.get("device")
    camera, microphone, network = _device(device) if device is not None else (Camera(), Microphone(), Network())
    steps = Reader(path.parent, drawn, choices).read(parts["steps"].with_values(drawn))
    scene = Scene(
        name=parts["name"].text() if "name" in parts else path.stem,
        about=parts["about"].text().strip() if "about" in parts else "",
        file=path,
        seed=seed,
        camera=camera,
        microphone=microphone,
        steps=tuple(steps),
        drawn=drawn,
        network=network,
        open_speaker=_open_speaker(device) if device is not None else None,
        model=read_rules(parts["model"]) if "model" in parts else (),
        companion=_companion(parts["companion"]) if "companion" in parts else {},
    )
    _check_device(scene)
    return scene


def _check_device(scene: Scene) -> None:
    """Nothing may be said without a microphone, nor seen without a camera."""
    if scene.microphone is None:
        if scene.open_speaker is not None:
            raise SceneError(f"{scene.file}: open_speaker: nothing hears it; remove it, or `microphone: none`")
        for say in (step for step in scene.steps if isinstance(step, Say)):
            raise SceneError(f"{scene.file}:{say.line}: say: the device has no microphone; remove `microphone: none`")
    if scene.camera is None:
        for see in scene.sees():
            raise SceneError(f"{scene.file}:{see.line}: see: the device has no camera; remove `camera: none`")


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


def _companion(place: Place) -> dict[str, str]:
    """`section.key: value` as for `--set`. What they mean is the companion's business."""
    out: dict[str, str] = {}
    for name, entry in place.fields().items():
        if not re.fullmatch(r"[a-z_]+\.[a-z_.]+", name):
            raise entry.error("a setting is written section.key", "such as `turn.open_silence_ms: 500`")
        out[name] = entry.text()
    return out


def _device(place: Place) -> tuple[Camera | None, Microphone | None, Network]:
    camera: Camera | None = Camera()
    microphone: Microphone | None = Microphone()
    fields = place.fields(("camera", "microphone", "network", "open_speaker"))
    if "camera" in fields:
        camera = None if _is_none(fields["camera"]) else _camera(fields["camera"])
    if "microphone" in fields:
        microphone = None if _is_none(fields["microphone"]) else _microphone(fields["microphone"])
    if camera is None and microphone is None:
        raise place.error("neither camera nor microphone", "leave the device at least one of them")
    return camera, microphone, _network(fields["network"]) if "network" in fields else Network()


def _microphone(place: Place) -> Microphone:
    keys = place.fields(("noise_dbfs", "radio_dbfs"))
    return Microphone(**{name: keys[name].number(-96, -10) for name in keys})


def _network(place: Place) -> Network:
    limits = {"loss": (0, 0.9), "duplicate": (0, 0.9), "jitter_ms": (0, 2000)}
    keys = place.fields(limits)
    return Network(**{name: keys[name].number(*limits[name]) for name in keys})


def _open_speaker(device: Place) -> OpenSpeaker | None:
    place = device.fields().get("open_speaker")
    if place is None:
        return None
    limits = {"delay_ms": (20, 1000), "level_db": (-60, 6), "room_ms": (0, 1000)}
    keys = place.fields(limits)
    given = {name: keys[name].number(*limits[name]) for name in keys}
    usual = OpenSpeaker()
    return OpenSpeaker(
        int(given.get("delay_ms", usual.delay_ms)),
        given.get("level_db", usual.level_db),
        int(given.get("room_ms", usual.room_ms)),
    )


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
