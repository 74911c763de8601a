"""Options of the link, each with its default and the reason for it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How devices may reach the companion."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback, so that nobody else on the network is let in by default."""
    port: int = 8484
    """0 takes a free one."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    """Needed on loopback too: any web page that the user opens can reach a port of this machine."""
    allowed_hosts: tuple[str, ...] = ()
    """More names that a Host header may carry, such as a name in the local DNS. Loopback names always may."""
    max_sessions: int = 4
    """One wearer has one device; a few more for a second tab and for the simulator."""
    connect_timeout_s: float = 15.0
    """An offer whose connection has not come up by then is dropped, so that its place is free again."""
    lost_after_s: float = 5.0
    """Nothing at all received for this long: the device is "lost" (ICE itself notices only after half a minute)."""
    resume_within_s: float = 30.0
    """A device that was lost finds its session again for so long: a lift, a tunnel, another network. 0: no longer than
    ICE, about half a minute, and only if the network path itself comes back."""
    push_origins: tuple[str, ...] = ()
    """Other web pages that may push sound and pictures here (WHIP), by origin: "https://camera.example"."""
    recording: bool = False
    """Told to the device in "hello", so that it can show it."""
    max_offer_bytes: int = 256 * 1024
    """A browser's offer is under 10 kB; one with every candidate of a large machine under 50."""
