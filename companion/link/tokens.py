"""Whose token is shown: on loopback everybody has the same; off it each device one of its own (`companion.lan`)."""

from __future__ import annotations

import hmac
from contextvars import ContextVar
from typing import Protocol

EVERYBODY = "everybody"
OF_THE_SETTINGS = "server.token"
OWNERS = (EVERYBODY, OF_THE_SETTINGS)  # whoever has the token that the companion's owner set or was shown

ASKED_BY: ContextVar[str | None] = ContextVar("asked_by", default=None)
"""Who makes the request that is being handled: what `Tokens.holder` said, "" where nothing was asked of it. None: no
request, but our own code."""


class Tokens(Protocol):
    """Every answer takes the same time, whatever is shown."""

    def holder(self, token: str) -> str | None:
        """Who was given this token; None: nobody, or not any more. "" is nobody's token."""

    def expects(self, code: str) -> bool:
        """Whether this is a pairing code that may be used now."""


class OneToken:
    """The same for everybody."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def holder(self, token: str) -> str | None:
        good = hmac.compare_digest(token.encode(errors="surrogatepass"), self._token)
        return EVERYBODY if good and self._token else None

    def expects(self, code: str) -> bool:
        return False
