"""Devices that people own, as data: one YAML file each, whose keys are those of a scene's `device:`."""

from __future__ import annotations

import difflib
from pathlib import Path

from device_sim.device import Device, read_device
from device_sim.errors import SceneError
from device_sim.yamlnode import Place

PROFILES = Path(__file__).parent / "profiles"


def profiles() -> list[str]:
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def profile(name: str, folder: Path = PROFILES) -> Device:
    """The device of that name. Raises SceneError that names the known ones, or the line and key of a mistake in it."""
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        suggestion = f"did you mean {near[0]!r}? " if near else ""
        raise SceneError(f"{name!r} is no profile; {suggestion}known: {', '.join(known)}")
    return read_device(Place.of_file(folder / f"{name}.yaml"), Device(profile=name))


def about(name: str) -> str:
    """What the profile says of itself."""
    keys = Place.of_file(PROFILES / f"{name}.yaml").fields()
    return " ".join(keys["about"].text().split()) if "about" in keys else ""
