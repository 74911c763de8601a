"""What a person sees who is to pair a device: the link, the code for its camera, and the fingerprint to compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from companion.lan.addresses import NOWHERE
from companion.lan.pairing import Device
from companion.lan.qr import QrError, lines, modules


def invitation(
    address: str, port: int, others: Sequence[str], code: str, name: str, minutes: int, fingerprint: str, colours: bool
) -> list[str]:
    """Lines for the terminal. `others`: more addresses of this machine."""
    link = f"{url_of(address, port)}pair?code={code}"
    try:
        drawn = lines(modules(link), colours)
    except QrError as why:
        drawn = [f"({why})"]
    half = len(fingerprint) // 2
    out = [
        f'To pair a device, which will be called "{name}": open this once, within {minutes} minutes',
        *drawn,
        link,
        "The phone warns that it does not know this companion's certificate. Its SHA-256 fingerprint must be:",
        f"    {fingerprint[:half].strip()}",
        f"    {fingerprint[half:].strip()}",
    ]
    if others:
        out.append(f"If it does not open: {', '.join(url_of(o, port) for o in others)}")
    if address == NOWHERE:
        out.append("This machine is in no network, so no phone finds it: join one (is Wi-Fi on?), then: companion pair")
    return out


def url_of(address: str, port: int) -> str:
    return f"https://{f'[{address}]' if ':' in address else address}:{port}/"


def table(devices: Sequence[Device]) -> str:
    """Who was paired when, came last when, and was revoked when."""
    if not devices:
        return "no device is paired; companion run --lan shows a code for one"
    rows = [("NAME", "PAIRED", "LAST HERE", "")]
    for d in devices:
        rows.append((d.name, _when(d.created), _when(d.used), f"revoked {_when(d.revoked)}" if d.revoked else ""))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    shown = ("  ".join((*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3])) for row in rows)
    return "\n".join(line.rstrip() for line in shown)


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M") if seconds else "never"
