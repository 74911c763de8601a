"""What a companion opens off loopback: its certificate, the book of its devices, and a watch over both."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from aiohttp import web

from companion.lan.addresses import NOWHERE, is_name, lan_addresses, names
from companion.lan.certificate import Certificate, CertificateError, ensure, own
from companion.lan.door import pairing_door
from companion.lan.files import write_private
from companion.lan.pairing import Book, PairingError
from companion.lan.settings import LanSettings
from companion.lan.shown import invitation, url_of
from companion.lan.tokens import DeviceTokens
from companion.link.guard import EVERYWHERE
from companion.link.server import LinkServer

log = logging.getLogger(__name__)

WATCH_S = 0.5  # so long a revoked device's session may still go on
ADDRESSES_EVERY, SEEN_EVERY, CERTIFICATE_EVERY = 10, 60, 7200  # looks
TOKEN_LENGTH = 16
REVOKED = "this device was revoked"


class FrontDoor:
    """Made before the server, which takes `context`, `tokens`, `door` and `hosts` from it; started when it listens."""

    def __init__(
        self,
        options: LanSettings,
        host: str,
        token: str,
        folder: Path,
        notice: Callable[[str], None],
        more_names: Iterable[str] = (),
    ) -> None:
        """`host`: listened on. `token`: one more that is good, "" = none. Raises CertificateError, PairingError and
        OSError for what is wrong in `folder` or the options."""
        if token and len(token) < TOKEN_LENGTH:
            raise PairingError(
                f"server.token has {len(token)} characters, and others can reach this: take {TOKEN_LENGTH} or more, "
                "or leave it out and pair each device (companion pair)"
            )
        self._options, self._host, self._folder, self._notice = options, host, folder, notice
        self._names = tuple(n for n in (options.address, *more_names, *names()) if is_name(n))
        self.addresses = addresses_of(host)
        self.certificate = self._certificate()
        self.context: ssl.SSLContext = self.certificate.context()
        self.book = book_in(folder)
        self.book.page()
        self.tokens = DeviceTokens(self.book, token)
        self.port = 0
        self._watching: asyncio.Task[None] | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names that a Host header may carry."""
        return self._names

    @property
    def address(self) -> str:
        """Where a phone finds this machine; NOWHERE if it is in no network."""
        return self._options.address or next(iter(self.addresses), NOWHERE)

    @property
    def url(self) -> str:
        return url_of(self.address, self.port)

    def door(self, server: LinkServer) -> Iterable[web.RouteDef]:
        return pairing_door(self.book, self._notice)

    def start(self, server: LinkServer) -> None:
        """The server listens: tell `companion pair` of it, and keep watch."""
        self.port = server.port
        self._tell()
        self._watching = asyncio.get_running_loop().create_task(self._watch(server))

    def invite(self, colours: bool) -> list[str]:
        """Lines that show a new code. Raises PairingError if no more devices can be paired."""
        name, minutes = self.book.free_name(), self._options.pair_minutes
        code = self.book.invite(name, minutes)
        others = [a for a in self.addresses if a != self.address]
        print_ = self.certificate.fingerprint
        return invitation(self.address, self.port, others, code, name, minutes, print_, colours)

    def _tell(self) -> None:
        """Where we are to be found, for `companion pair`."""
        told = {"pid": os.getpid(), "port": self.port, "host": self._host, "fingerprint": self.certificate.fingerprint}
        write_private(self._running, json.dumps(told).encode())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._running.unlink(missing_ok=True)
        self._write_seen()

    @property
    def _running(self) -> Path:
        return self._folder / "running.json"

    async def _watch(self, server: LinkServer) -> None:
        looks = 0
        while True:
            await asyncio.sleep(WATCH_S)
            looks += 1
            try:
                await self._dismiss(server)
                if looks % ADDRESSES_EVERY == 0:
                    self._look_around(looks % CERTIFICATE_EVERY == 0)
                if looks % SEEN_EVERY == 0:
                    self.tokens.are_here(server.holders)
                    self._write_seen()
            except (OSError, CertificateError) as why:
                log.warning("the watch over the front door: %s", why)

    async def _dismiss(self, server: LinkServer) -> None:
        for holder in server.holders:
            if not self.tokens.may_stay(holder):
                await server.dismiss(holder, REVOKED)
                self._notice("a revoked device's session was ended")

    def _look_around(self, certificate: bool) -> None:
        """Another network, or a certificate near its end: it must be for the new address and time too."""
        found, url = addresses_of(self._host), self.url
        if found == self.addresses and not certificate:
            return
        self.addresses = found
        before, self.certificate = self.certificate, self._certificate()
        if self.url != url:
            self._notice(f"this machine's address changed: {self.url}")
        if self.certificate.fingerprint != before.fingerprint:
            self.certificate.load_into(self.context)
            self._tell()
            self._notice(f"the certificate was renewed; its fingerprint is {self.certificate.fingerprint}")

    def _certificate(self) -> Certificate:
        return certificate_in(self._folder, self._options, (*self._names, *self.addresses))

    def _write_seen(self) -> None:
        try:
            self.book.seen(self.tokens.taken_seen())
        except (OSError, PairingError) as why:
            log.warning("who was here is not written down: %s", why)


def book_in(folder: Path) -> Book:
    return Book(folder / "devices.json", time.time)


def certificate_in(folder: Path, options: LanSettings, subjects: Iterable[str]) -> Certificate:
    """The user's own, or the one that is made here. Raises CertificateError and OSError."""
    if options.certificate:
        return own(Path(options.certificate).expanduser(), Path(options.key).expanduser())
    return ensure(folder, tuple(subjects))


def addresses_of(host: str) -> tuple[str, ...]:
    """Where a server that listens on `host` can be reached from the network, the likeliest first."""
    if host not in EVERYWHERE:
        return (host,)
    return tuple(a for a in lan_addresses() if host == "" or (":" in a) == (host == "::"))
