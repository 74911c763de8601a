"""Where a pairing code becomes a device's own token.

    GET  /pair?code=…   a browser: the token goes into its cookie, and the page opens
    POST /pair?code=…   a program: {"device", "token"}

The guard has looked at the code before. Whoever has a token already keeps it, and the code is used up all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from aiohttp import web

from companion.lan.pairing import Book
from companion.link.errors import Refused
from companion.link.guard import PAIR_PATH, to_the_page, token_of


def pairing_door(book: Book, notice: Callable[[str], None]) -> Iterable[web.RouteDef]:
    """The routes. `notice(text)` tells of each device that was paired."""
    handler = partial(_pair, book, notice)
    return [web.get(PAIR_PATH, handler, allow_head=False), web.post(PAIR_PATH, handler)]


async def _pair(book: Book, notice: Callable[[str], None], request: web.Request) -> web.StreamResponse:
    code, paired = request.query.get("code", ""), book.holder(token_of(request)) is not None
    if paired and request.method == "GET":
        book.spend(code)
        return to_the_page()
    made = book.redeem(code)
    if made is None:
        raise Refused(401, "wrong_code", "this pairing code is not good any more", "get another one: companion pair")
    device, token = made
    notice(f"paired: {device.name}, from {request.remote}. Not yours? companion pair --revoke {device.name!r}")
    if request.method == "POST":
        return web.json_response({"device": device.name, "token": token})
    return to_the_page(token)
