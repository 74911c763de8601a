"""What can be wrong with a request, said so that its sender can put it right: the thing, the value, the way out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused(Exception):  # noqa: N818  (it is an answer, not a fault of ours)
    """A request that we answer with `status` and a JSON body of `error` (stable name), `detail` and `hint`."""

    status: int
    error: str
    detail: str
    hint: str
    retry_after_s: int = 0
    allowed: str = ""
    """Methods that work here, of a 405."""

    def __str__(self) -> str:
        return f"{self.error}: {self.detail} ({self.hint})"

    def body(self) -> dict[str, str]:
        return {"error": self.error, "detail": self.detail, "hint": self.hint}


@contextmanager
def surviving(what: str) -> Iterator[None]:
    """A fault in here is logged with its trace and stays in here: one bad packet, or a fault in a session's code, must
    not end the connection, as an exception in aiortc's receive loop does."""
    try:
        yield
    except Exception:
        log.exception("%s; the connection goes on", what)
