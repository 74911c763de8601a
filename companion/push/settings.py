"""Options of the push room, each with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PushSettings:
    """Camera apps and encoders."""

    rtmp_port: int = 0  # 0 = no RTMP: it knows no encryption, and most programs can do WHIP
    rtmp_key: str = ""  # "" = a new one at each start; printed, stands in the address behind /live/
    rtmp_plain: bool = (
        False  # True: RTMP also where others reach us; sound, pictures and key cross the network readable
    )
    origins: tuple[str, ...] = ()  # other web pages that may push by WHIP, e.g. "https://camera.example"
    echo: str = ""  # of our sound in a pushing device's microphone: "none", "cancelled", "open"; "" = not known
