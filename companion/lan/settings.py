"""Options of the front door: what `companion run --lan` opens, each with its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanSettings:
    """How devices of the local network find and believe the companion. Raises ValueError for what cannot be."""

    address: str = ""  # what the pairing link says; "" = this machine's likeliest address in the local network
    certificate: str = ""  # PEM file of a certificate of your own, which phones believe already; "" = one is made
    key: str = ""  # PEM file of its key
    pair_minutes: int = 10  # a pairing code that nobody used by then is void

    def __post_init__(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("lan.certificate and lan.key belong together: set both, or none to have one made")
        if not 1 <= self.pair_minutes <= 24 * 60:
            raise ValueError(f"lan.pair_minutes = {self.pair_minutes}: from 1 to 1440")
