"""The book of devices that may come in: who was given a token, when it was used last, and whose was revoked.

    invite ──> a pairing code, once and for a few minutes ──redeem──> a token of the device's own ──revoke──> nothing

Tokens and codes are random (192 and 96 bits) and are kept only as salted SHA-256, so the file lets nobody in. It is
read and written by the companion that runs and by `companion pair` beside it: each change is made under a lock and
replaces the file as a whole, and a reader looks whether it is a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from companion.lan.files import locked, write_private

DEVICES_LIMIT = 50
CODES_LIMIT = 10
REVOKED_KEPT = 50
NAME_LIMIT = 40
NEW_NAME = "phone"


class PairingError(ValueError):
    """A device cannot be paired, found or revoked; the message says which and the way out."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What is kept of a token or a code. A digest of "" is no secret's."""

    salt: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Secret:
        salt = secrets.token_hex(16)
        return cls(salt, _digest(salt, text))

    def is_(self, text: str) -> bool:
        """In the same time whatever the text is."""
        return hmac.compare_digest(_digest(self.salt, text), self.digest)


@dataclass(frozen=True, slots=True)
class Device:
    """One device. Times in seconds of the wall clock, 0 = never. `id` is never given to another."""

    id: str
    name: str
    secret: Secret
    created: int
    used: int = 0
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """One pairing code that was not used yet. `name`: what its device will be called."""

    name: str
    secret: Secret
    expires: int


@dataclass(frozen=True, slots=True)
class Page:
    """All that the book holds at one moment."""

    devices: tuple[Device, ...] = ()
    codes: tuple[Code, ...] = ()

    @property
    def active(self) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if not device.revoked)


@dataclass(slots=True)
class Book:
    """The book in a file. `now()` is the wall clock in seconds."""

    file: Path
    now: Callable[[], float]
    _page: Page = field(default_factory=Page)
    _read_as: tuple[int, int, int] | None = None

    def page(self) -> Page:
        """What it holds now. Raises PairingError if the file is no book."""
        try:
            state = self.file.stat()
        except FileNotFoundError:
            self._page, self._read_as = Page(), None
            return self._page
        version = (state.st_ino, state.st_mtime_ns, state.st_size)
        if version != self._read_as:
            self._page, self._read_as = _parsed(self.file), version
        return self._page

    def holder(self, token: str) -> str | None:
        """The id of the device whose token this is; all are compared, whichever it is."""
        found = [device.id for device in self.page().active if device.secret.is_(token)]
        return found[0] if found else None

    def expects(self, code: str) -> bool:
        """Whether a device may be paired by this code now."""
        return bool([c for c in self._open(self.page()) if c.secret.is_(code)])

    def named(self, id_: str) -> str:
        """What a device is called, "" if it may not come in (any more)."""
        return next((device.name for device in self.page().active if device.id == id_), "")

    # --------------------------------------------------------------------------------------------------------- changes

    def invite(self, name: str, minutes: int) -> str:
        """A code by which one device may be paired under this name. Raises PairingError."""
        code = secrets.token_urlsafe(12)
        with self._changing() as page:
            self._check(name, page)
            others = [c for c in self._open(page) if c.name != name][-(CODES_LIMIT - 1) :]
            made = Code(name, Secret.of(code), int(self.now()) + 60 * minutes)
            self._write(replace(page, codes=(*others, made)))
        return code

    def redeem(self, code: str) -> tuple[Device, str] | None:
        """The device that this code makes, and its token; the code is used up. None if it is none, or not any more."""
        with self._changing() as page:
            found = [c for c in self._open(page) if c.secret.is_(code)]
            if not found or any(d.name == found[0].name for d in page.active):
                return None
            rest = tuple(c for c in self._open(page) if c != found[0])
            return self._enter(replace(page, codes=rest), found[0].name)

    def spend(self, code: str) -> None:
        """This code is not good any more."""
        with self._changing() as page:
            rest = tuple(c for c in self._open(page) if not c.secret.is_(code))
            if rest != page.codes:
                self._write(replace(page, codes=rest))

    def issue(self, name: str) -> str:
        """A token at once, for a program that cannot be paired. Raises PairingError."""
        with self._changing() as page:
            self._check(name, page)
            return self._enter(page, name)[1]

    def revoke(self, name: str) -> Device:
        """This device may not come in any more, and codes for its name are void. Raises PairingError."""
        with self._changing() as page:
            found = next((device for device in page.active if device.name == name), None)
            if found is None:
                here = ", ".join(device.name for device in page.active) or "none"
                raise PairingError(f"no device is paired as {name!r}; paired: {here}")
            gone = replace(found, revoked=int(self.now()), secret=Secret("", ""))
            devices = tuple(gone if device is found else device for device in page.devices)
            self._write(Page(devices, tuple(c for c in page.codes if c.name != name)))
        return gone

    def seen(self, when: Mapping[str, int]) -> None:
        """These devices (by id) were here at these times."""
        with self._changing() as page:
            devices = tuple(replace(d, used=max(d.used, when.get(d.id, 0))) for d in page.devices)
            if devices != page.devices:
                self._write(replace(page, devices=devices))

    def free_name(self) -> str:
        """A name for a device of which nobody said how it is called."""
        taken = {device.name for device in self.page().active}
        return next(n for i in range(1, 100) if (n := NEW_NAME if i == 1 else f"{NEW_NAME} {i}") not in taken)

    def _enter(self, page: Page, name: str) -> tuple[Device, str]:
        token = secrets.token_urlsafe(24)
        made = Device(secrets.token_hex(6), name, Secret.of(token), int(self.now()))
        gone = [device for device in page.devices if device.revoked][-REVOKED_KEPT:]
        self._write(replace(page, devices=(*gone, *page.active, made)))
        return made, token

    def _check(self, name: str, page: Page) -> None:
        if not name.strip() or name != name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
            raise PairingError(f"{name[:NAME_LIMIT]!r} is no name for a device: 1 to {NAME_LIMIT} letters")
        if any(device.name == name for device in page.active):
            raise PairingError(
                f"a device is paired as {name!r} already: take another name, or revoke that one first "
                f"(companion pair --revoke {name!r})"
            )
        if len(page.active) >= DEVICES_LIMIT:
            raise PairingError(f"{DEVICES_LIMIT} devices are paired; revoke one (companion pair --list)")

    def _open(self, page: Page) -> tuple[Code, ...]:
        now = self.now()
        return tuple(code for code in page.codes if code.expires > now)

    @contextmanager
    def _changing(self) -> Iterator[Page]:
        """What the book holds, and nobody else changes it meanwhile."""
        with locked(self.file.with_suffix(".lock")):
            yield self.page()

    def _write(self, page: Page) -> None:
        write_private(self.file, json.dumps({"version": 1, **asdict(page)}, indent=1).encode())
        self._read_as = None


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + text.encode(errors="surrogatepass")).hexdigest()


def _parsed(file: Path) -> Page:
    try:
        data = json.loads(file.read_text("utf-8"))
        if data["version"] != 1:
            raise ValueError(f"version {data['version']}")
        return Page(
            tuple(_device(d) for d in data["devices"]),
            tuple(Code(str(c["name"]), _secret(c["secret"]), int(c["expires"])) for c in data["codes"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as why:
        raise PairingError(
            f"{file}: this is no list of paired devices ({why}); delete it, and pair them again"
        ) from why


def _device(data: Mapping[str, Any]) -> Device:
    times = (int(data[key]) for key in ("created", "used", "revoked"))
    return Device(str(data["id"]), str(data["name"]), _secret(data["secret"]), *times)


def _secret(data: Mapping[str, Any]) -> Secret:
    bytes.fromhex(data["salt"])
    return Secret(str(data["salt"]), str(data["digest"]))
