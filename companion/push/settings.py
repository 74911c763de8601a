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

    def __post_init__(self) -> None:
        check_port("push.rtmp_port", self.rtmp_port)


def check_port(name: str, port: int) -> None:
    """Raises ValueError. (What is larger would be taken modulo 65536, and listened on in silence.)"""
    if not 0 <= port <= 65_535:
        raise ValueError(f"{name} = {port}: a port is a number from 0 to 65535")
