"""Where a stream is pulled from: what the address may be, and whether it may be connected to at all.

FFmpeg opens these connections, in a process of its own, so they do not cross `companion.net`. Its rule holds all the
same: the check is made here, before that process is started, and what it may open beyond the address is kept shut
(`companion.push.pull_child`). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from companion.net import NetError, is_loopback

NO_SUCH = {
    "srt": "the FFmpeg inside PyAV has no SRT (“Protocol not found”). Let the sender push by RTMP or WHIP instead",
    "rtmp": "an RTMP stream is not fetched, it is pushed to us: set push.rtmp_port, and give the encoder that address",
    "whip": "a WHIP client pushes to us: give it the address that `companion run` prints, with /whip/at/NAME",
}
NETWORK = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
WORKS = "rtsp:// or rtsps:// (over TCP), http:// or https:// with motion JPEG, or a file"


class AddressError(ValueError):
    """This address cannot be pulled from. The message says why, and what works."""


@dataclass(frozen=True, slots=True)
class Address:
    """`url`: for FFmpeg, with its password. `shown`: for people and the recording, without one. `live`: it goes on by
    itself and may break; else it is a file that has an end."""

    url: str
    shown: str
    host: str
    live: bool


def address(text: str, local_only: bool) -> Address:
    """Raises AddressError for what is none, and NetError ("local_only") for one that may not be connected to."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as why:
        raise AddressError(f"{text[:80]!r} is no address: {why}. What works: {WORKS}") from why
    if "://" not in text:
        return _file(text)
    scheme = parts.scheme.lower()
    if scheme in NO_SUCH:
        raise AddressError(f"{_shown(parts)}: {NO_SUCH[scheme]}")
    if scheme not in NETWORK or not parts.hostname:
        raise AddressError(f"{_shown(parts)}: {scheme!r} cannot be pulled. What works: {WORKS}")
    host = parts.hostname
    if local_only and not is_loopback(host):
        raise NetError("local_only", f"{_shown(parts)}: privacy.local_only is set, and {host} is not this machine")
    where = f"{scheme}://{host}:{port or NETWORK[scheme]}{parts.path}"
    return Address(text, where, host, live=True)


def _file(text: str) -> Address:
    path = Path(text).expanduser()
    if not path.is_file():
        raise AddressError(f"{text[:200]!r}: there is no such file. What works: {WORKS}")
    return Address(f"file:{path.resolve()}", path.name, "", live=False)


def _shown(parts: SplitResult) -> str:
    """Without user, password and query, which may be secret."""
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
