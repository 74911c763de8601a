"""Who may talk to the server at all: the right host name, the right page, the right token, in this order.

A server on loopback is reachable from every web page that its user opens. Against that: the Host header must name this
machine (a name that an attacker's DNS points at 127.0.0.1 does not pass), a request that carries an Origin must come
from our own page, and everything but `/health` and the page's own script and style needs the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from companion.link.errors import Refused
from companion.link.page import OPEN_FILES
from companion.link.settings import LinkSettings

EVERYWHERE = ("", "0.0.0.0", "::")
OPEN_PATHS = ("/health", *OPEN_FILES)
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; "
        "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",  # the token is in the page's address
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Guard:
    """`check(request)` returns for a request that may pass, and raises `Refused` for any other."""

    def __init__(self, settings: LinkSettings) -> None:
        self._token = settings.token.encode()
        self._everywhere = settings.host in EVERYWHERE
        hosts = ("localhost", *settings.allowed_hosts, *([] if self._everywhere else [settings.host]))
        self._hosts = {h.lower() for h in hosts}

    def check(self, request: web.Request) -> None:
        host = request.headers.get("Host", "")
        if not self._host_allowed(_name(host)):
            raise Refused(
                403,
                "wrong_host",
                f"the Host header says {host[:80]!r}, which is not a name of this companion",
                "open the address that `companion run` printed, or add the name to the setting server.allowed_hosts",
            )
        origin = request.headers.get("Origin")
        if origin is not None and not _same_origin(origin, host):
            raise Refused(
                403,
                "wrong_origin",
                f"the request comes from the page {origin[:80]!r}",
                "only the companion's own page may use it from a browser; other programs send no Origin header",
            )
        if request.path not in OPEN_PATHS:
            self._check_token(request)

    def _host_allowed(self, name: str) -> bool:
        if name in self._hosts:
            return True
        try:
            # An address cannot be rebound as a name can, so one that listens everywhere may be called by any.
            address = ipaddress.ip_address(name)
            return address.is_loopback or (self._everywhere and not address.is_unspecified)
        except ValueError:
            return False

    def _check_token(self, request: web.Request) -> None:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._token):
            raise Refused(
                401,
                "wrong_token",
                "the token is wrong" if given else "a token is needed",
                "open the whole address that `companion run` printed, or send `Authorization: Bearer TOKEN`",
            )


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    try:
        return (urlsplit("//" + host).hostname or "").lower()
    except ValueError:
        return ""


def _same_origin(origin: str, host: str) -> bool:
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.lower()
