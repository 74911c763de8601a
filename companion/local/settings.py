"""Settings of what is plugged into this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Which camera, microphone and loudspeaker `companion run --local` takes: a name as `companion devices` lists it,
    a part of it that fits one alone, or its number. "" = the system's own choice at the start, kept from then on;
    "none" = none."""

    camera: str = ""
    microphone: str = ""
    loudspeaker: str = ""
    headset: bool = False  # the loudspeaker is at the ear: its sound is not in the microphone
    width: int = 1280
    height: int = 720
    fps: int = 30
