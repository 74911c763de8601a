"""`companion pair`: another code, a token for a program, the list of devices, and how one is shut out."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from companion.lan.addresses import NOWHERE
from companion.lan.front_door import addresses_of, book_in
from companion.lan.pairing import Book, PairingError
from companion.lan.shown import invitation, table
from companion.settings import Settings, SettingsError


def colours_wanted() -> bool:
    """Whether the terminal shall be told colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def pair(settings: Settings, folder: Path, new: str, token: bool, listed: bool, revoked: str) -> str:
    """What to print. `folder`: where the running companion keeps its book. Raises SettingsError."""
    book = book_in(folder)
    try:
        if listed:
            return table(book.page().devices)
        if revoked:
            gone = book.revoke(revoked)
            return f"{gone.name} is shut out; if it is connected, its session ends now"
        if token:
            name = new or book.free_name()
            return f"{book.issue(name)}\nThe token of {name!r}, shown this once. Send it as `Authorization: Bearer …`"
        return _invite(settings, folder, book, new)
    except (PairingError, ValueError) as why:
        raise SettingsError(str(why)) from why


def _invite(settings: Settings, folder: Path, book: Book, new: str) -> str:
    running = _running(folder)
    addresses = addresses_of(running.host)
    address = settings.lan.address or next(iter(addresses), NOWHERE)
    name, minutes = new or book.free_name(), settings.lan.pair_minutes
    code = book.invite(name, minutes)
    others = [a for a in addresses if a != address]
    shown = invitation(address, running.port, others, code, name, minutes, running.fingerprint, colours_wanted())
    return "\n".join(shown)


@dataclass(frozen=True, slots=True)
class Running:
    """A companion that devices of the network can reach."""

    host: str
    port: int
    fingerprint: str


def _running(folder: Path) -> Running:
    """Raises SettingsError if none runs."""
    try:
        said = json.loads((folder / "running.json").read_text("utf-8"))
        os.kill(int(said["pid"]), 0)
        return Running(str(said["host"]), int(said["port"]), str(said["fingerprint"]))
    except PermissionError:
        raise SettingsError("the companion that runs here belongs to another user") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(
            "no companion runs here that a phone could reach: start it with companion run --lan"
        ) from None
