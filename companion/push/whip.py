"""WHIP (RFC 9725): a camera app sends one WebRTC offer and then sound and pictures.

    POST    /whip           an offer → 201, the answer, and the address of what was made
    POST    /whip/at/NAME   the same at a named place: whoever comes back to it goes on with its session
    PATCH   /whip/ID        more addresses of the device (trickle) → 204
    DELETE  /whip/ID        the end → 200
    GET, OPTIONS            200, and nothing of interest

The answer only receives, as the RFC wants it: who shall hear the companion listens at the same session another way.
The token is checked before all of this (`companion.link.guard`), where every refusal gets its form, too.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from companion.link.errors import Refused
from companion.link.guard import PUSH_PATH
from companion.link.offer import Offer, read_offer
from companion.link.places import RETRY_AFTER_S
from companion.link.said import ECHO
from companion.link.server import LinkServer
from companion.link.session import DeviceSession
from companion.link.trickle import read_fragment
from companion.link.wearer import Wearer

log = logging.getLogger(__name__)

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
BUSY_S = 1.0  # a publisher that was silent for so long may be replaced: its app has crashed, or changed its network
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
ALLOWED = "POST, PATCH, DELETE, GET, OPTIONS"


@dataclass(frozen=True, slots=True)
class Resource:
    """What one POST made. `etag` names its ICE session, which is the only one that it will ever have."""

    wearer: Wearer
    connection: DeviceSession
    offer: Offer
    etag: str


class Whip:
    """The door; give `Whip(…).routes` to a `LinkServer`."""

    def __init__(self, echo: str = "") -> None:
        """`echo`: what is known of our own sound in the microphones of those that come; raises ValueError."""
        if echo and echo not in ECHO:
            raise ValueError(f"push.echo = {echo!r}: one of {', '.join(ECHO)}, or nothing")
        self._echo = echo
        self._resources: dict[str, Resource] = {}
        self._server: LinkServer | None = None

    def routes(self, server: LinkServer) -> Iterable[web.RouteDef]:
        self._server = server
        for path in (PUSH_PATH, PUSH_PATH + "/at/{name}"):
            yield web.post(path, self._post)
            yield web.get(path, self._nothing)
            yield web.options(path, self._options)
        path = PUSH_PATH + "/{id}"
        yield web.patch(path, self._patch)
        yield web.delete(path, self._delete)
        yield web.get(path, self._nothing)
        yield web.options(path, self._options)

    # --------------------------------------------------------------------------------------------------------- requests

    async def _post(self, request: web.Request) -> web.Response:
        assert self._server is not None
        _want_type(request, SDP)
        body = await request.read()
        offer = publishing(read_offer(_text(body), self._server.loopback_only))
        place = request.match_info.get("name", "")
        wearer = self._at(place) if place else self._server.place()
        connection, sdp = await self._server.answer(wearer, offer, self._echo, "whip")
        name, etag = secrets.token_urlsafe(18), f'"{secrets.token_urlsafe(9)}"'
        self._resources[name] = Resource(wearer, connection, offer, etag)
        if not wearer.heard:
            _say_that_nobody_hears(wearer, place)
        query = f"?{request.query_string}" if request.query_string else ""  # with the token, if it came that way
        headers = {"Location": f"{PUSH_PATH}/{name}{query}", "ETag": etag, **_cors(request)}
        return web.Response(status=201, body=sdp.encode(), content_type=SDP, headers=headers)

    async def _patch(self, request: web.Request) -> web.Response:
        resource = self._resource(request)
        _want_type(request, FRAGMENT)
        fragment = read_fragment(_text(await request.read()))
        match = request.headers.get("If-Match", "")
        if not match:
            raise Refused(428, "no_if_match", "there is no If-Match header", f"send If-Match: {resource.etag}")
        if match.strip() == "*" or not fragment.of(resource.offer.sdp):
            raise Refused(
                422,
                "no_ice_restart",
                "this asks for an ICE restart, which is not done here; the connection goes on as it is",
                "after a change of network: DELETE, and POST a new offer to the same named place, as /whip/at/me",
            )
        if match.strip() != resource.etag:
            raise Refused(412, "wrong_etag", f"If-Match is {match[:40]}", f"send If-Match: {resource.etag}")
        await resource.connection.reach(fragment.candidates)
        return web.Response(status=204, headers=_cors(request))

    async def _delete(self, request: web.Request) -> web.Response:
        resource = self._resource(request)
        await resource.connection.close("the device ended its push")
        return web.Response(headers=_cors(request))

    async def _nothing(self, request: web.Request) -> web.Response:
        if "id" in request.match_info:
            self._resource(request)
        return web.Response(headers=_cors(request))

    async def _options(self, request: web.Request) -> web.Response:
        return web.Response(headers={"Accept-Post": SDP, "Accept-Patch": FRAGMENT, "Allow": ALLOWED, **_cors(request)})

    # --------------------------------------------------------------------------------------------------------- places

    def _at(self, place: str) -> Wearer:
        """The wearer at a named place. Raises `Refused` if somebody publishes there."""
        assert self._server is not None
        if not NAME.fullmatch(place):
            raise Refused(400, "bad_name", f"a place cannot be called {place[:60]!r}", "1 to 40 of A-Z a-z 0-9 _ -")
        wearer = self._server.at(place)
        there = [r for r in self._alive().values() if r.wearer is wearer and r.connection.silent_s() < BUSY_S]
        if there:
            raise Refused(
                409,
                "place_taken",
                f"somebody pushes to /whip/at/{place} already",
                f"end that one, or take another name; once it has been silent for {BUSY_S:g} s, another may go on",
                retry_after_s=RETRY_AFTER_S,
            )
        return wearer

    def _resource(self, request: web.Request) -> Resource:
        """Whoever has somebody else's address, from a log or over a shoulder, finds nothing there."""
        assert self._server is not None
        found = self._alive().get(request.match_info["id"])
        with suppress(Refused):
            if found is not None and self._server.known(found.wearer.session):
                return found
        raise Refused(404, "no_such_push", "there is no push at this address any more", "POST a new offer")

    def _alive(self) -> dict[str, Resource]:
        self._resources = {name: r for name, r in self._resources.items() if not r.connection.over}
        return self._resources


def _want_type(request: web.Request, wanted: str) -> None:
    if request.content_type != wanted:
        raise Refused(
            415, "wrong_content_type", f"the Content-Type is {request.content_type!r}", f"send Content-Type: {wanted}"
        )


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as why:
        raise Refused(400, "bad_sdp", f"the body is no text: {why}", "SDP is UTF-8") from why


def publishing(offer: Offer) -> Offer:
    """The same without a way back for sound: a WHIP answer only receives. Raises `Refused` if it sends nothing."""
    if not (offer.microphone or offer.camera):
        raise Refused(400, "bad_sdp", "the offer sends neither sound nor pictures", "offer them as sendonly")
    for section in (offer.audio, offer.video):
        if section is not None and section.direction == "sendrecv":
            section.direction = "sendonly"
    return offer


def _cors(request: web.Request) -> dict[str, str]:
    """For a page of another origin that the guard has let pass: only those of the settings get here."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ALLOWED,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Expose-Headers": "Location, ETag, Accept-Post, Accept-Patch",
        "Vary": "Origin",
    }


def _say_that_nobody_hears(wearer: Wearer, place: str) -> None:
    log.warning(
        "what pushes to /whip%s has no loudspeaker: its answers are captions only until somebody listens to %r",
        f"/at/{place}" if place else "",
        place or wearer.session,
    )
