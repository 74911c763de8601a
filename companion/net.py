"""The one door out: every connection that this companion opens by itself goes through `Net`, and nothing but its other
half, `companion.net_httpx`, imports httpx (an import contract holds that).

What the door guarantees:

* `local_only` lets nothing pass but this machine's loopback. Names other than localhost are refused *without being
  looked up*, since a look-up leaves the machine too, and localhost is never looked up at all.
* An observer is shown each exchange as it crosses the transport: the bytes, cut as they came, when they came. Keys are
  blanked on the way to it, in headers, address and bodies.
* The environment is not asked for proxies, `.netrc` or certificates (`trust_env=False`): a variable left over in a
  shell would send pictures elsewhere. A proxy is a setting, or there is none. Redirects are not followed and cookies
  not sent back.
* Leaving `stream`, by its end, an error or a cancellation, closes the socket unless the response was read to its end.
* Connecting, sending and receiving happen in a thread of their own (`companion.net_thread`), which begins with the
  first request that is really sent. The guard, the observer and a replay's tape stay on the loop that asks.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


class NetError(Exception):
    """A connection could not be made or broke. `kind`: a key of `pipelines.thinking.failures.KINDS`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class OutOfTimeError(Exception):
    """In a replay: here the recorded companion had waited for long enough."""


@dataclass(frozen=True, slots=True)
class NetOptions:
    """How the door behaves, for the whole process."""

    # True: nothing but loopback. The settings' `local_only`.
    local_only: bool = False
    # "http://host:port" of a proxy that the settings name; "" = connect directly.
    proxy: str = ""
    # Of a process: 16 wearers, each with a question that goes ahead of its end, or three workers. One that waits for
    # a place here waits as for a server that does not answer.
    max_connections: int = 64
    # Kept open between turns, so that a question does not wait for another TLS handshake.
    keep_alive_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Timers:
    """How long each step may take before it counts as dead."""

    connect_s: float = 5.0  # a phone's network answers in well under a second, or not at all
    first_byte_s: float = 30.0  # from the request sent to headers, and from headers to the first byte
    between_chunks_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. `name`: what the observer and the recording call this exchange."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Observer(Protocol):
    """Is shown what passes, on the loop, as it passes; must be quick and must not raise. `end` comes exactly once for
    each `begin`; `status` is 0 if no response came, `error` is "" if the response was read to its end."""

    def begin(
        self, exchange: str, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> None: ...

    def head(self, exchange: str, status: int, headers: tuple[tuple[str, str], ...]) -> None: ...

    def chunk(self, exchange: str, data: bytes) -> None: ...

    def end(self, exchange: str, status: int, error: str) -> None: ...


class Reply(Protocol):
    """A recorded response. Iterating gives its chunks when they are due, and raises NetError where it broke off, or
    OutOfTimeError where nobody waited any longer."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Limit(Protocol):
    """How long something may take, as `asyncio.timeout` bounds it: TimeoutError when time is up."""

    def reschedule(self, when: float) -> None: ...


class _Untimed:
    """A limit that is never reached by itself."""

    async def __aenter__(self) -> Limit:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def reschedule(self, when: float) -> None: ...


class Tape(Protocol):
    """Stands in for the network in a replay."""

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Reply | None:
        """The recorded response to this request, or None: it shall really be sent. Raises NetError as recorded."""
        ...


class Incoming(Protocol):
    """A response: `status`, `headers` (names in lower case), and its body as an async iterator of chunks as they come.

    Iterating raises NetError: "stalled" if a chunk takes too long, "truncated" if the connection ends before the body.
    """

    status: int
    headers: Mapping[str, str]

    def __aiter__(self) -> AsyncIterator[bytes]: ...


HIDDEN = "[hidden]"  # stands where a key was


def is_loopback(host: str) -> bool:
    """Whether this host is this machine, without asking anybody: a loopback address or (RFC 6761) localhost.

    Any other name is not, whatever it may resolve to.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Net:
    """The opener of outgoing connections: one pool for the process; `aclose` at the end. `timed`: False if the tape
    says when a wait was over. A timer that rang late on a busy machine must not ring in time when it is replayed."""

    def __init__(self, options: NetOptions = NetOptions(), tape: Tape | None = None, timed: bool = True) -> None:
        if options.local_only and options.proxy:
            raise ValueError(
                f"proxy = {options.proxy!r} cannot work with local_only: everything would go to the proxy. "
                "Drop one of the two"
            )
        # Loaded by who opens a door, not by who only names its shapes: httpx takes as long as all else beside a model.
        from companion.net_httpx import Connections

        self.options = options
        self._timed = timed
        self._connections = Connections(options, tape, self.limit)

    def limit(self, seconds: float) -> AbstractAsyncContextManager[Limit]:
        """As `asyncio.timeout(seconds)`, for waits on what comes from the network."""
        return asyncio.timeout(seconds) if self._timed else _Untimed()

    def stream(
        self,
        outgoing: Outgoing,
        timers: Timers = Timers(),
        observer: Observer | None = None,
    ) -> AbstractAsyncContextManager[Incoming]:
        """Sends the request and gives the response as soon as its headers are there. Raises NetError."""
        return self._connections.stream(outgoing, timers, observer)

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._connections.aclose()
