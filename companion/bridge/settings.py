"""Options of the bridge, each with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """The way in for phone apps, BLE bridges and firmware (docs/bridge.md)."""

    on: bool = True
    """It is behind the same token as the page, and listens nowhere else."""
    hello_within_s: float = 10.0
    """Who has connected and not said what it is by then is sent away, so that nobody holds a place by silence."""

    def __post_init__(self) -> None:
        if not 0 < self.hello_within_s <= 600:
            raise ValueError(f"bridge.hello_within_s = {self.hello_within_s:g}: seconds above 0, at most 600")
