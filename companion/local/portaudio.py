"""PortAudio, where it is installed: microphones and loudspeakers by name. It comes with the extra `local`."""

from __future__ import annotations

import sys
from typing import Any

from companion.local.devices import LOUDSPEAKER, MICROPHONE, Device, LocalError

EXTRA = "pip install 'earshot-companion[local]'"
_LIBRARY = {"linux": "apt-get install libportaudio2 (or your system's package of PortAudio)"}


def portaudio() -> Any:
    """The module `sounddevice`. Raises LocalError if it, or the library below it, is not there."""
    try:
        import sounddevice
    except ImportError as why:
        raise LocalError(f"microphones and loudspeakers need PortAudio, which comes with an extra: {EXTRA}") from why
    except OSError as why:  # the package is there, and the library it wraps is not
        way_out = _LIBRARY.get(sys.platform, f"install it again: {EXTRA}")
        raise LocalError(f"PortAudio's library cannot be loaded ({why}): {way_out}") from why
    return sounddevice


def microphones() -> list[Device]:
    return _devices(MICROPHONE, "max_input_channels", 0)


def loudspeakers() -> list[Device]:
    return _devices(LOUDSPEAKER, "max_output_channels", 1)


def look_again() -> None:
    """PortAudio looks at what is plugged in once, as it starts; nothing may be open meanwhile."""
    sd = portaudio()
    sd._terminate()
    sd._initialize()


def _devices(kind: str, channels: str, usual: int) -> list[Device]:
    sd = portaudio()
    hosts = [host["name"] for host in sd.query_hostapis()]
    return [
        Device(
            kind,
            info["index"],
            info["name"],
            str(info["index"]),
            f"{hosts[info['hostapi']]}, {info[channels]} channels, {info['default_samplerate']:.0f} Hz",
            info["index"] == sd.default.device[usual],
        )
        for info in sd.query_devices()
        if info[channels] > 0
    ]
