"""What a device can do, as it said itself: one record for each connection, for whoever has to act by it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events import Device


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """Empty text and zero mean "has none", or "did not say"."""

    name: str = ""
    camera: str = ""
    """Codec of its pictures: "h264" or "jpeg"; "" = no camera."""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    """Pictures a second, while it streams."""
    idle_fps: float = 0.0
    """So few a second are enough while nobody needs more, it says; 0 = it does not change."""
    photo_only: bool = False
    """It sends no stream: one picture each time it is asked for one."""
    photo_delay_ms: int = 0
    """From being asked to the picture's arrival, as the device knows itself."""
    microphone: str = ""
    """Codec of its sound: "opus" or "pcm16"; "" = no microphone."""
    microphone_hz: int = 0
    """Twice the highest frequency that it hears: 8000 for a headset's telephone profile, 16000 for wide band."""
    speaker: bool = False
    echo: str = ""
    """Our own sound in its microphone: "none", "cancelled" or "open"."""
    rests_for_speaker: bool = False
    """Its microphone rests while its loudspeaker works."""
    rests_for_camera: bool = False
    """Its microphone rests while its camera works."""
    inputs: tuple[str, ...] = ()
    """Kinds of events that it can send: "tap", "press", …"""

    @property
    def deciding(self) -> Device:
        """What of it the deciders act by."""
        return Device(
            self.name,
            self.rests_for_speaker and self.rests_for_camera,
            self.photo_only,
            self.photo_delay_ms,
            self.microphone_hz,
            self.rests_for_speaker,
            self.rests_for_camera,
            self.idle_fps,
        )


NOT_SAID = DeviceRecord()
