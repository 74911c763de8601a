"""The door for devices: an HTTP server that shows the page and turns a WebRTC offer into a session.

    GET  /            the page (token)
    POST /api/offer   {"sdp", "type": "offer", "echo", "resume"} → {"sdp", "type": "answer", "session"} (token)
    GET  /health      {"ok": true, "version"} (no token, says nothing else)

Whatever is refused is refused with a JSON body of `error`, `detail` and `hint`, before any session is built.
"""

from __future__ import annotations

import asyncio
import html
import ipaddress
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from importlib import metadata
from typing import Any

from aiohttp import web
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from companion.link.errors import Refused
from companion.link.guard import EVERYWHERE, SECURITY_HEADERS, Guard
from companion.link.offer import WORKING_CODECS, Offer, read_offer
from companion.link.page import PAGE, page_file
from companion.link.session import DeviceSession
from companion.link.settings import LinkSettings
from companion.link.wearer import NewSession, Wearer

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Doors = Callable[["LinkServer"], Iterable[web.RouteDef]]
RETRY_AFTER_S = 5
ECHO = ("none", "cancelled", "open")  # of the companion's own sound in a device's microphone
UNANSWERABLE = (OperationError, InvalidStateError, InvalidAccessError, ValueError, KeyError)
FAULT = Refused(500, "fault", "the companion met a fault of its own", "look in its log, and report it, please")


class LinkServer:
    """Serves devices until `stop()`. `new_session(link, clock)` is called once for each accepted offer that does not go
    on with an earlier session, and returns the handler that the device's media and messages go to."""

    def __init__(self, settings: LinkSettings, new_session: NewSession, doors: Iterable[Doors] = ()) -> None:
        """`doors`: each gives more ways in, as routes behind the same guard; see `place` and `known`."""
        self.settings, self._new_session, self._doors = settings, new_session, tuple(doors)
        self._guard = Guard(settings)
        self._sessions: dict[str, Wearer] = {}
        self._runner: web.AppRunner | None = None
        self._version = _version()
        self._stopping = False
        self.port = settings.port

    @property
    def url(self) -> str:
        """What to open in a browser, token included."""
        host = "127.0.0.1" if self.settings.host in EVERYWHERE else self.settings.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/?token={self.settings.token}"

    @property
    def sessions(self) -> int:
        """Those whose device is connected, and those that wait for theirs to come back."""
        return len(self._sessions)

    async def start(self) -> str:
        """Listen; returns `url`. Raises OSError with the address in its message if the port is taken."""
        app = web.Application(middlewares=[self._protect], client_max_size=self.settings.max_offer_bytes)
        app.router.add_get("/health", self._health)
        app.router.add_post("/api/offer", self._offer)
        for path in PAGE:
            app.router.add_get(path, self._page)
        for door in self._doors:
            app.add_routes(door(self))
        # No access log: the token is in the address of the page.
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, shutdown_timeout=1.0)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]
        return self.url

    async def stop(self) -> None:
        """Say goodbye to every device, close every connection, and stop listening."""
        self._stopping = True
        await asyncio.gather(*(s.close("the companion stops") for s in self._sessions.values()))
        if self._runner is not None:
            await self._runner.cleanup()

    # --------------------------------------------------------------------------------------------------------- requests

    @web.middleware
    async def _protect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._guard.check(request)
            response = await handler(request)
        except Refused as refused:
            response = _refusal(request, refused)
        except web.HTTPException as error:
            response = _refusal(request, _plain_http(error, self.settings))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = _refusal(request, FAULT)
        response.headers.update(SECURITY_HEADERS)
        return response

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "version": self._version})

    async def _page(self, request: web.Request) -> web.Response:
        return page_file(request.path)

    async def _offer(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise Refused(
                415,
                "wrong_content_type",
                f"the Content-Type is {request.content_type!r}",
                'send JSON: Content-Type application/json, body {"sdp": …, "type": "offer"}',
            )
        body = _body(await request.read())
        echo, offer = _echo(body), read_offer(str(body["sdp"]), self.loopback_only)
        wearer = self.place(body.get("resume"))
        _, sdp = await self.answer(wearer, offer, echo)
        return web.json_response({"sdp": sdp, "type": "answer", "session": wearer.session})

    @property
    def loopback_only(self) -> bool:
        """Nobody but this machine can reach us, so nothing beyond it is told or asked."""
        return _is_loopback(self.settings.host)

    async def answer(self, wearer: Wearer, offer: Offer, echo: str = "") -> tuple[DeviceSession, str]:
        """A WebRTC connection for this wearer, and our SDP. Raises `Refused` for what aiortc holds against the offer;
        then nothing of the connection is left."""

        def make(resumed: bool) -> DeviceSession:
            return DeviceSession(wearer, offer, self.settings, self.loopback_only, echo, resumed)

        connection = wearer.place(make)
        try:
            return connection, await connection.answer()
        except BaseException as error:
            await connection.close("the offer could not be answered")
            if isinstance(error, UNANSWERABLE):
                raise _unanswerable(error) from error
            raise

    def place(self, resume: object = None) -> Wearer:
        """The place of a device that comes: in its earlier session, or a new one. Raises `Refused` if there is none."""
        if self._stopping:
            raise Refused(503, "stopping", "the companion is stopping", "start it again", retry_after_s=RETRY_AFTER_S)
        return self.known(resume) or self._another()

    def known(self, name: object) -> Wearer | None:
        """The session that a device wants to go on with; None if it names none. Raises `Refused` if it is over."""
        if name is None or name == "":
            return None
        wearer = self._sessions.get(name) if isinstance(name, str) else None
        if wearer is None or wearer.over:
            raise Refused(
                404,
                "no_such_session",
                f"there is no session {str(name)[:40]!r} any more",
                f"it ended, or its device was away for more than {self.settings.resume_within_s:g} s "
                "(server.resume_within_s): offer without the field resume for a new one",
            )
        return wearer

    def _another(self) -> Wearer:
        """A new session's place. Raises `Refused` if there is none."""
        if len(self._sessions) >= self.settings.max_sessions:
            raise Refused(
                503,
                "too_many_sessions",
                f"{len(self._sessions)} devices are here or expected back, and {self.settings.max_sessions} may be",
                "close one (another tab?), try again, or raise max_sessions in the settings",
                retry_after_s=RETRY_AFTER_S,
            )
        name = secrets.token_urlsafe(9)
        wearer = self._sessions[name] = Wearer(name, self.settings, self._new_session, self._gone)
        return wearer

    def _gone(self, name: str) -> None:
        self._sessions.pop(name, None)


def _body(body: bytes) -> dict[str, Any]:
    """What a request's body says, with an SDP in it. Raises `Refused` if there is none."""
    shape = 'the body must be {"sdp": "v=0…", "type": "offer"}'
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_json", f"the body is not JSON: {str(error)[:120]}", shape) from error
    if not isinstance(data, dict) or not isinstance(data.get("sdp"), str):
        raise Refused(400, "bad_json", "the body has no text field sdp", shape)
    if data.get("type") != "offer":
        raise Refused(400, "bad_json", f"the field type is {str(data.get('type'))[:40]!r}, not 'offer'", shape)
    return data


def _echo(body: dict[str, Any]) -> str:
    """What the device says of its own sound in its microphone, "" = nothing. Raises `Refused` for unknown words."""
    said = body.get("echo") or ""
    if said and said not in ECHO:
        raise Refused(
            400, "bad_echo", f"the field echo is {str(said)[:40]!r}", f"one of {', '.join(ECHO)}, or leave it out"
        )
    return str(said)


def _unanswerable(error: Exception) -> Refused:
    """What aiortc held against an offer that had passed our own check."""
    detail = f"{type(error).__name__}: {str(error)[:200]}"
    if isinstance(error, OperationError):
        works = "; ".join(f"{kind}: {codecs}" for kind, codecs in WORKING_CODECS.items())
        return Refused(422, "no_usable_codec", detail, f"what works: {works}")
    return Refused(400, "bad_sdp", f"this offer cannot be used: {detail}", "send what createOffer() gave, unchanged")


def _plain_http(error: web.HTTPException, settings: LinkSettings) -> Refused:
    """aiohttp's own refusals in our words."""
    if error.status == 413:
        limit = f"the body is larger than {settings.max_offer_bytes // 1024} KiB"
        return Refused(413, "too_large", limit, "an offer is a few kB; send nothing else along")
    what = {404: "not_found", 405: "wrong_method"}.get(error.status, "refused")
    return Refused(error.status, what, error.reason, "there are GET /, POST /api/offer and GET /health")


def _refusal(request: web.Request, refused: Refused) -> web.Response:
    """JSON for programs; for somebody who opened the page by hand, words."""
    headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if request.path == "/" and "text/html" in request.headers.get("Accept", ""):
        text = f"<!doctype html><title>Earshot</title><p>{html.escape(refused.detail)}<p>{html.escape(refused.hint)}"
        return web.Response(text=text, status=refused.status, content_type="text/html", headers=headers)
    return web.json_response(refused.body(), status=refused.status, headers=headers)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _version() -> str:
    try:
        return metadata.version("earshot-companion")
    except metadata.PackageNotFoundError:
        return "not installed"
