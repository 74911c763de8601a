"""The tokens of the book, as the link asks for them; when each was shown is noted on the way."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable

from companion.lan.pairing import Book, PairingError
from companion.link.tokens import OF_THE_SETTINGS

log = logging.getLogger(__name__)


class DeviceTokens:
    """Implements `companion.link.tokens.Tokens`. A book that cannot be read is a book without devices."""

    def __init__(self, book: Book, extra: str) -> None:
        """`extra`: a token out of the settings, "" = none."""
        self._book, self._extra = book, extra.encode()
        self._seen: dict[str, int] = {}
        self._complained = False

    def holder(self, token: str) -> str | None:
        if not token:
            return None
        extra = hmac.compare_digest(token.encode(errors="surrogatepass"), self._extra) and bool(self._extra)
        try:
            holder = self._book.holder(token)
        except (PairingError, OSError) as why:
            self._complain(why)
            holder = None
        if holder is not None:
            self.are_here((holder,))
        return OF_THE_SETTINGS if extra else holder

    def expects(self, code: str) -> bool:
        try:
            return self._book.expects(code)
        except (PairingError, OSError) as why:
            self._complain(why)
            return False

    def may_stay(self, holder: str) -> bool:
        """Whether a session that this device began may go on."""
        if holder == OF_THE_SETTINGS:
            return True
        try:
            return bool(self._book.named(holder))
        except (PairingError, OSError) as why:
            self._complain(why)
            return False

    def are_here(self, holders: Iterable[str]) -> None:
        now = int(self._book.now())
        self._seen.update(dict.fromkeys(holders, now))

    def taken_seen(self) -> dict[str, int]:
        """Who was here, and when last, since this was asked before."""
        seen, self._seen = self._seen, {}
        return seen

    def _complain(self, why: Exception) -> None:
        if not self._complained:
            self._complained = True
            log.error("nobody is let in: %s", why)
