"""How a refusal is said: in full to who may come in, and hardly at all to who may not."""

from __future__ import annotations

import html

from aiohttp import web

from companion.link.errors import Refused
from companion.link.guard import SECURITY_HEADERS
from companion.link.settings import LinkSettings

STRANGER = (
    '<!doctype html><html lang="en"><title>Not paired</title><p>This device is not paired. '
    "Where the companion runs, type: companion pair"
)
FOR_STRANGERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'", "Server": ""}


def plain_http(error: web.HTTPException, settings: LinkSettings) -> Refused:
    """aiohttp's own refusals in our words."""
    if error.status == 413:
        limit = f"the body is larger than {settings.max_offer_bytes // 1024} KiB"
        return Refused(413, "too_large", limit, "an offer is a few kB; send nothing else along")
    if isinstance(error, web.HTTPMethodNotAllowed):
        works = ", ".join(sorted(error.allowed_methods))
        return Refused(405, "wrong_method", f"{error.method} does not work here", f"what works: {works}", allowed=works)
    what = {404: "not_found"}.get(error.status, "refused")
    return Refused(error.status, what, error.reason, "there are GET /, POST /api/offer, POST /whip and GET /health")


def refusal(request: web.BaseRequest, refused: Refused) -> web.Response:
    """JSON for programs; for somebody who opened the page by hand, words."""
    headers = _of_refusal(refused) | SECURITY_HEADERS
    if request.path == "/" and "text/html" in request.headers.get("Accept", ""):
        text = f"<!doctype html><title>Earshot</title><p>{html.escape(refused.detail)}<p>{html.escape(refused.hint)}"
        return web.Response(text=text, status=refused.status, content_type="text/html", headers=headers)
    return web.json_response(refused.body(), status=refused.status, headers=headers)


def bare(request: web.BaseRequest, refused: Refused) -> web.Response:
    """To strangers: the status, and one line that is always the same for a person who opened the page by hand."""
    person = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    text = STRANGER if person and refused.status == 401 else None
    kind = "text/html" if text else None
    headers = {**_of_refusal(refused), **FOR_STRANGERS}
    response = web.Response(status=refused.status, text=text, content_type=kind, headers=headers)
    response.force_close()
    return response


def _of_refusal(refused: Refused) -> dict[str, str]:
    headers = {}
    if refused.retry_after_s:
        headers["Retry-After"] = str(refused.retry_after_s)
    if refused.allowed:
        headers["Allow"] = refused.allowed
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers
