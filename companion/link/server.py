"""The door for devices: an HTTP server that shows the page and turns a WebRTC offer into a session.

    GET  /            the page (token)
    POST /api/offer   {"sdp", "type": "offer", "echo", "device", "resume"} → {"sdp", "type": "answer", "session"}
                      (token); with "listen": a session's or a place's name, to play that one's answers only
    GET  /health      {"ok": true, "version"} (no token on loopback, says nothing else)

Whatever is refused is refused with a JSON body of `error`, `detail` and `hint`, before any session is built. With TLS,
who has no token is refused by a bare status. Off loopback there is no server without TLS.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from importlib import metadata

from aiohttp import web

from companion.link.errors import Refused
from companion.link.guard import EVERYWHERE, SECURITY_HEADERS, Guard, to_the_page
from companion.link.limits import Limits
from companion.link.listener import Listener
from companion.link.offer import Offer, read_offer
from companion.link.page import PAGE, page_file
from companion.link.places import Places
from companion.link.posted import UNANSWERABLE, read_body, read_device, read_echo, unanswerable
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.refusals import bare, plain_http, refusal
from companion.link.session import DeviceSession
from companion.link.settings import LinkSettings
from companion.link.tokens import ASKED_BY, OneToken, Tokens
from companion.link.wearer import NewSession, Wearer

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Inner = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Doors = Callable[["LinkServer"], Iterable[web.RouteDef]]
UNKNOWN = Refused(401, "wrong_token", "a token is needed", "")
FAULT = Refused(500, "fault", "the companion met a fault of its own", "look in its log, and report it, please")


class LinkServer:
    """Serves devices until `stop()`. `new_session(link, clock)` is called once for each accepted offer that does not go
    on with an earlier session, and returns the handler that the device's media and messages go to."""

    def __init__(
        self,
        settings: LinkSettings,
        new_session: NewSession,
        doors: Iterable[Doors] = (),
        tls: ssl.SSLContext | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        """`doors`: each gives more ways in, as routes behind the same guard; see `place` and `known`. `tls`: speak
        nothing else. `tokens`: whose tokens are good (default: the one of the settings)."""
        self.settings, self._doors = settings, tuple(doors)
        self._tls = tls
        self._limits = Limits(settings.requests_per_minute, settings.connections_per_minute)
        self._guard = Guard(settings, tokens or OneToken(settings.token), self._limits, _now_s, tls is not None)
        self._places = Places(settings, new_session, tls is not None)
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._version = _version()
        self.port = settings.port

    @property
    def url(self) -> str:
        """What to open in a browser, token included."""
        host = "127.0.0.1" if self.settings.host in EVERYWHERE else self.settings.host
        host = f"[{host}]" if ":" in host else host
        token = f"?token={self.settings.token}" if self.settings.token else ""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/{token}"

    @property
    def sessions(self) -> int:
        """Those whose device is connected, and those that wait for theirs to come back."""
        return len(self._places)

    async def start(self) -> str:
        """Listen; returns `url`. Raises OSError with the address in its message if the port is taken, and ValueError
        if others could reach us and there is no TLS."""
        app = web.Application(middlewares=[self._protect], client_max_size=self.settings.max_offer_bytes)
        app.router.add_get("/health", self._health)
        app.router.add_post("/api/offer", self._offer)
        for path in PAGE:
            app.router.add_get(path, self._page)
        for door in self._doors:
            app.add_routes(door(self))
        # No access log: the token is in the address of the page.
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        server.request_handler = partial(self._let_pass, server.request_handler)
        self._listener = Listener(server, self.settings, self._limits, self._tls)
        try:
            self._listener.start()
            self._check_reach(self._listener)
        except (OSError, ValueError):
            await self._listener.stop()
            await self._runner.cleanup()
            raise
        self.port = self._listener.addresses[0][1]
        self._listener.accept()
        return self.url

    async def stop(self) -> None:
        """Say goodbye to every device, close every connection, and stop listening."""
        await self._places.stop("the companion stops")
        if self._listener is not None:
            await self._listener.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    # --------------------------------------------------------------------------------------------------------- places

    def place(self, resume: object = None) -> Wearer:
        """The place of a device that comes: in its earlier session, or a new one. Raises `Refused` if there is none."""
        return self._places.place(resume)

    def at(self, name: str) -> Wearer:
        """The wearer at this named place: for devices that know an address and no session's name. Whoever comes to a
        name goes on with the session that is there. Raises `Refused` if there is no room for a new one."""
        return self._places.at(name)

    def known(self, name: object) -> Wearer | None:
        """The session that a device wants to go on with; None if it names none. Raises `Refused` if it is over."""
        return self._places.known(name)

    @property
    def holders(self) -> set[str]:
        """Whose sessions there are, as `Tokens.holder` names them."""
        return self._places.holders

    async def dismiss(self, holder: str, reason: str) -> None:
        """End this device's sessions."""
        await self._places.dismiss(holder, reason)

    # --------------------------------------------------------------------------------------------------------- requests

    def _check_reach(self, listener: Listener) -> None:
        beyond = [host for host, _ in listener.addresses if not ipaddress.ip_address(host).is_loopback]
        if beyond and self._tls is None:
            raise ValueError(f"others can reach {beyond[0]}: there, nothing is served without TLS")

    async def _let_pass(self, handle: Inner, request: web.BaseRequest) -> web.StreamResponse:
        """Everything that comes, before anything else looks at it or answers: not even 100 Continue."""
        try:
            ASKED_BY.set(self._guard.check(request))
        except Refused as refused:
            return refusal(request, refused) if self._tls is None else bare(request, refused)
        except Exception:
            log.exception("the guard met a fault, and let nobody in")
            return bare(request, FAULT)
        return await handle(request)

    @web.middleware
    async def _protect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            await self._whole_body(request)
            response = await handler(request)
        except Refused as refused:
            return self._refusal(request, refused)
        except web.HTTPException as error:
            return self._refusal(request, plain_http(error, self.settings))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return self._refusal(request, FAULT)
        response.headers.update(SECURITY_HEADERS)
        return response

    def _refusal(self, request: web.Request, refused: Refused) -> web.Response:
        """What a browser asks before it pushes (OPTIONS) carries no token; off loopback it is told no more than others
        without one."""
        if self._tls is not None and request.method == "OPTIONS" and not ASKED_BY.get():
            return bare(request, UNKNOWN)
        return refusal(request, refused)

    async def _whole_body(self, request: web.Request) -> None:
        """Bodies are small and come at once; whoever takes his time is not waited for."""
        try:
            async with asyncio.timeout(self.settings.body_s):
                await request.read()
        except TimeoutError as late:
            slow = f"the body did not come within {self.settings.body_s:g} s"
            raise Refused(408, "too_slow", slow, "send it at once") from late
        except (web.RequestPayloadError, ConnectionError) as torn:
            raise Refused(400, "bad_body", "the body broke off, or is not coded as its header says", "") from torn

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "version": self._version})

    async def _page(self, request: web.Request) -> web.Response:
        if self._tls is not None and (token := request.query.get("token")):
            return to_the_page(token)  # the browser keeps it, and neither its address line nor its history does
        return page_file(request.path)

    async def _offer(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise Refused(
                415,
                "wrong_content_type",
                f"the Content-Type is {request.content_type!r}",
                'send JSON: Content-Type application/json, body {"sdp": …, "type": "offer"}',
            )
        body = read_body(await request.read())
        echo, said, offer = read_echo(body), read_device(body), read_offer(str(body["sdp"]), self.loopback_only)
        listen = body.get("listen")
        wearer = self._places.listened(listen) if listen else self.place(body.get("resume"))
        assert wearer is not None, "listened() gives None for no name alone"
        _, sdp = await self.answer(wearer, offer, echo, listens=bool(listen), said=said)
        return web.json_response({"sdp": sdp, "type": "answer", "session": wearer.session})

    @property
    def loopback_only(self) -> bool:
        """Nobody but this machine can reach us, so nothing beyond it is told or asked."""
        return _is_loopback(self.settings.host)

    async def answer(
        self,
        wearer: Wearer,
        offer: Offer,
        echo: str = "",
        kind: str = "webrtc",
        listens: bool = False,
        said: DeviceRecord = NOT_SAID,
    ) -> tuple[DeviceSession, str]:
        """A WebRTC connection for this wearer, and our SDP. `listens`: one that only plays. `said`: what the device
        says of itself beside the offer. Raises `Refused` for what
        aiortc holds against the offer; then nothing of the connection is left."""
        if listens and not offer.speaker:
            raise Refused(400, "bad_sdp", "the offer is to listen and receives no sound", "offer audio as recvonly")

        def make(resumed: bool) -> DeviceSession:
            return DeviceSession(wearer, offer, self.settings, self.loopback_only, echo, resumed, kind, said)

        connection = wearer.listen(make) if listens else wearer.place(make)
        try:
            return connection, await connection.answer()
        except BaseException as error:
            await connection.close("the offer could not be answered")
            if isinstance(error, UNANSWERABLE):
                raise unanswerable(error) from error
            raise


def _now_s() -> float:
    return asyncio.get_running_loop().time()


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
