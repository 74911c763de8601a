"""Cameras, microphones and loudspeakers of this machine: which there are, and which one a name means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.settings import SettingsError

NONE = "none"
CAMERA, MICROPHONE, LOUDSPEAKER = "camera", "microphone", "loudspeaker"


class LocalError(SettingsError):
    """A device of this machine cannot be used: which, what was found, and the way out."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name`: as people know it; `address`: as its driver does; `can`: what it can do, in words; `usual`: the system
    would take it."""

    kind: str
    number: int
    name: str
    address: str
    can: str = ""
    usual: bool = False


def pick(kind: str, found: Sequence[Device], wanted: str) -> Device | None:
    """The device of a kind that is wanted: by number, by name, or by a part of a name that fits one alone; "" = what
    the system would take; "none" = None.

    Raises:
        LocalError: there is none like that, or there are several.
    """
    if wanted.strip().lower() == NONE:
        return None
    setting = f"local.{kind} = {wanted!r}"
    if not found:
        raise LocalError(f"{setting}: this machine has no {kind}; plug one in, or do without: --set local.{kind}=none")
    if not wanted.strip():
        return next((device for device in found if device.usual), found[0])
    if wanted.strip().isdecimal():
        fits = [device for device in found if device.number == int(wanted)]
    else:
        plain = wanted.strip().casefold()
        fits = [device for device in found if device.name.casefold() == plain or device.address == wanted]
        fits = fits or [device for device in found if plain in device.name.casefold()]
    if len(fits) == 1:
        return fits[0]
    listed = "; ".join(f"{device.number} {device.name}" for device in fits or found)
    why = "fits several" if fits else f"there is no such {kind}"
    raise LocalError(f"{setting}: {why}: {listed}. Name it as `companion devices` does, or by its number")


def again(found: Sequence[Device], lost: Device) -> Device | None:
    """The same device, come back: the one of its name, never another."""
    same = [device for device in found if device.name == lost.name]
    return next((device for device in same if device.address == lost.address), same[0] if same else None)


def listed(kind: str, found: Sequence[Device]) -> list[str]:
    """A line for each, for a person."""
    mark = {True: "*", False: " "}
    return [f" {mark[d.usual]}{d.number:3}  {d.name}" + (f"  ({d.can})" if d.can else "") for d in found] or [
        f"     no {kind} found; plug one in"
    ]
