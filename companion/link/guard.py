"""Who may talk to the server at all: the right host name, the right page, the right token, in this order.

A server on loopback is reachable from every web page that its user opens. Against that: the Host header must name this
machine (a name that an attacker's DNS points at 127.0.0.1 does not pass), a request that another page makes is refused,
and everything but `/health` and the page's own script and style needs the token. Only the door for camera apps may be
used by other pages, those that the settings name; what a browser asks before that (OPTIONS) cannot carry a token, and
is told nothing.

Off loopback (`strict`) everything needs one, and who has none is told nothing but the status. A browser keeps its token
in a cookie that no script can read; programs send it as a bearer. Who shows wrong ones is not heard for a while.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web

from companion.link.errors import Refused
from companion.link.limits import Limits
from companion.link.page import OPEN_FILES
from companion.link.settings import LinkSettings
from companion.link.tokens import Tokens

log = logging.getLogger(__name__)

EVERYWHERE = ("", "0.0.0.0", "::")
OPEN_PATHS = ("/health", *OPEN_FILES)
PUSH_PATH = "/whip"
PAIR_PATH = "/pair"
COOKIE = "__Host-earshot"  # browsers keep this prefix to https, to this host, and to whole sites
COOKIE_S = 400 * 24 * 3600  # as long as browsers allow
FREE_METHODS = ("GET", "HEAD", "OPTIONS")
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
    "Server": "",
}


class Guard:
    """`check(request)` returns for a request that may pass, and raises `Refused` for any other."""

    def __init__(
        self, settings: LinkSettings, tokens: Tokens, limits: Limits, now: Callable[[], float], strict: bool
    ) -> None:
        """`now`: seconds, for the limits. `strict`: as off loopback."""
        self._tokens, self._limits, self._now, self._strict = tokens, limits, now, strict
        self._everywhere = settings.host in EVERYWHERE
        hosts = ("localhost", *settings.allowed_hosts, *([] if self._everywhere else [settings.host]))
        self._hosts = {h.lower() for h in hosts}
        self._push_origins = frozenset(settings.push_origins)

    def check(self, request: web.BaseRequest) -> str:
        """Whose token came along; "" where none was needed."""
        host = request.headers.get("Host", "")
        if not self._host_allowed(_name(host)):
            raise Refused(
                403,
                "wrong_host",
                f"the Host header says {host[:80]!r}, which is not a name of this companion",
                "open the address that `companion run` printed, or add the name to the setting server.allowed_hosts",
            )
        self._check_page(request, host)
        if request.path in OPEN_PATHS and not self._strict:
            return ""
        address = request.remote or ""
        if request.method == "OPTIONS" and _pushes(request):
            self._may_ask(self._limits.request(address, self._now()))
            return ""
        self._may_ask(self._limits.locked(address, self._now()))
        holder = self._holder(request, address)
        if request.method not in FREE_METHODS or "Upgrade" in request.headers:
            self._may_ask(self._limits.request(address, self._now()))
        return holder

    def _may_push(self, request: web.BaseRequest, origin: str) -> bool:
        """Another page that the settings name may push to us, and no more; it still needs the token."""
        return _pushes(request) and origin in self._push_origins

    def _host_allowed(self, name: str) -> bool:
        if name in self._hosts:
            return True
        try:
            # An address cannot be rebound as a name can, so one that listens everywhere may be called by any.
            address = ipaddress.ip_address(name)
            return address.is_loopback or (self._everywhere and not address.is_unspecified)
        except ValueError:
            return False

    def _check_page(self, request: web.BaseRequest, host: str) -> None:
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "none")
        if origin is not None and self._may_push(request, origin):
            return
        opened = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"
        if origin is not None and not _same_origin(origin, host):
            another = repr(origin[:80])
        elif site not in ("none", "same-origin") and not opened:  # browsers say it, and no page can forge it
            another = f"of another place ({site[:20]})"
        else:
            return
        raise Refused(
            403,
            "wrong_origin",
            f"the request comes from the page {another}",
            "only the companion's own page may use it from a browser; other programs send no Origin header",
        )

    def _holder(self, request: web.BaseRequest, address: str) -> str:
        """Whose token came along. Raises `Refused` if it is nobody's."""
        given = token_of(request)
        holder = self._tokens.holder(given) if given else None
        if holder is not None:
            self._limits.right(address)
            return holder
        code = request.query.get("code", "") if request.path == PAIR_PATH else ""
        if code and self._tokens.expects(code):
            return ""
        if given or code:
            wait_s = self._limits.wrong(address, self._now())
            if wait_s:
                log.warning("%s shows wrong tokens and is not heard for %d s", address, wait_s)
        raise Refused(
            401,
            "wrong_token",
            "the token is wrong" if given else "a token is needed",
            "open the whole address that `companion run` printed, or send `Authorization: Bearer TOKEN`",
        )

    def _may_ask(self, wait_s: float) -> None:
        if wait_s > 0:
            raise Refused(
                429,
                "too_often",
                "this address asks too often, or has shown too many wrong tokens",
                "wait for as many seconds as Retry-After says",
                retry_after_s=max(1, math.ceil(wait_s)),
            )


def token_of(request: web.BaseRequest) -> str:
    """The token that came along: as a bearer, in the address, or in the browser's cookie; "" if there is none."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return request.query.get("token", "") or request.cookies.get(COOKIE, "")


def to_the_page(token: str = "") -> web.Response:
    """Lead a browser on to the page, with a token that it shall keep, and show to us and nobody else."""
    response = web.Response(status=303, headers={"Location": "/"})
    if token:
        response.set_cookie(COOKIE, token, max_age=COOKIE_S, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    try:
        return (urlsplit("//" + host).hostname or "").lower()
    except ValueError:
        return ""


def _pushes(request: web.BaseRequest) -> bool:
    return request.path == PUSH_PATH or request.path.startswith(PUSH_PATH + "/")


def _same_origin(origin: str, host: str) -> bool:
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.lower()
