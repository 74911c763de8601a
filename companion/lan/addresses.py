"""The addresses of this machine in its local networks, likeliest first. Nobody is asked: the system's list is read."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path

import ifaddr

# Interfaces of containers, virtual machines and tunnels: there, but not where a phone is.
VIRTUAL = re.compile(
    r"docker|veth|br-|virbr|vmnet|vbox|lxc|lxd|cni|flannel|podman|tun|tap|wg|zt|tailscale|utun|awdl|llw"
)
NOWHERE = "127.0.0.1"  # where a machine without a network is
ROUTES = Path("/proc/net/route")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_ORDER = ("192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12")  # home networks, then larger ones


def lan_addresses() -> tuple[str, ...]:
    """Addresses that a device in the same network can reach, the likeliest first; none if there is no network."""
    way_out = _interface_of_the_way_out()
    found: list[tuple[tuple[bool, bool, int, str], str]] = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            if is_lan(text):
                order = (adapter.name != way_out, bool(VIRTUAL.match(adapter.name)), _rank(text), text)
                found.append((order, text))
    return tuple(dict.fromkeys(text for _, text in sorted(found)))


def is_lan(text: str) -> bool:
    """Whether it is an address of a local network: not of the whole Internet, not this machine's own to itself, and
    not one that means nothing without the name of an interface (fe80::)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    own = address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local
    return not (address.is_global or own)


def names() -> tuple[str, ...]:
    """What this machine is called: plainly, and as multicast DNS knows it."""
    given = socket.gethostname().rstrip(".").lower()
    short = given.split(".")[0]
    return tuple(dict.fromkeys(name for name in (f"{short}.local", given, short) if is_name(name)))


def is_name(name: str) -> bool:
    """Whether a certificate and a Host header may carry it."""
    return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))


def _rank(text: str) -> int:
    address = ipaddress.ip_address(text)
    if address.version == 6:
        return len(_ORDER) + 1
    return next((i for i, net in enumerate(_ORDER) if address in ipaddress.ip_network(net)), len(_ORDER))


def _interface_of_the_way_out() -> str:
    """The interface that the default route goes through, "" if there is none or this system does not say it so."""
    try:
        lines = ROUTES.read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return ""
    routes = [line.split() for line in lines]
    ways = [(int(r[6]), r[0]) for r in routes if len(r) > 7 and r[1] == r[7] == "00000000" and r[6].isdigit()]
    return min(ways, default=(0, ""))[1]
