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
    max_sessions_of_one: int = 3
    """Of one device, where each has a token of its own: a second tab, and a lost one. The others keep their places."""
    header_s: float = 10.0
    """TLS handshake, and then the head of each request, take no longer; so long a connection may also idle."""
    body_s: float = 10.0
    """The body of a request takes no longer."""
    max_line_bytes: int = 4096
    """Of an HTTP header or request line; a token or cookie has under 100."""
    max_headers: int = 64
    """In a request; browsers send about 20."""
    max_connections: int = 128
    """At once. A browser opens six; each may keep `max_headers` x `max_line_bytes` busy before it is known."""
    connections_of_one: int = 32
    """Of these, from one address (of IPv6: one network of 64 bits)."""
    connections_per_minute: float = 600.0
    """New ones of one address: a TLS handshake costs a millisecond of the core that the sound needs."""
    requests_per_minute: float = 120.0
    """Of one address, of those that change something: an offer costs 20 ms."""
