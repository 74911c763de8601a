"""The one door out: every connection that this companion opens by itself goes through `Net`, and nothing else imports
httpx (an import contract holds that).

What the door guarantees:

* `local_only` lets nothing pass but this machine's loopback. Names other than localhost are refused *without being
  looked up*, since a look-up leaves the machine too, and localhost is never looked up at all.
* An observer is shown each exchange as it crosses the transport: the bytes, cut as they came, when they came. Keys are
  blanked on the way to it, in headers, address and bodies.
* The environment is not asked for proxies, `.netrc` or certificates (`trust_env=False`): a variable left over in a
  shell would send pictures elsewhere. A proxy is a setting, or there is none. Redirects are not followed and cookies
  not sent back.
* Leaving `stream`, by its end, an error or a cancellation, closes the socket unless the response was read to its end.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from companion.blanker import Blanker


class NetError(Exception):
    """A connection could not be made or broke. `kind`: a key of `pipelines.thinking.failures.KINDS`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class NetOptions:
    """How the door behaves, for the whole process."""

    # True: nothing but loopback. The settings' `local_only`.
    local_only: bool = False
    # "http://host:port" of a proxy that the settings name; "" = connect directly.
    proxy: str = ""
    # One wearer asks one model; three workers at once is the most that is planned.
    max_connections: int = 8
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
    """A recorded response. Iterating gives its chunks when they are due, and raises NetError where it broke off."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Tape(Protocol):
    """Stands in for the network in a replay."""

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Reply | None:
        """The recorded response to this request, or None: it shall really be sent. Raises NetError as recorded."""
        ...


HIDDEN = "[hidden]"
_CLOSED_EARLY = "closed by us before the end"
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "set-cookie"}
)
_SECRET_QUERY = frozenset({"key", "api_key", "apikey", "token", "access_token", "sig", "signature"})


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
    """The opener of outgoing connections: one pool for the process; `aclose` at the end."""

    def __init__(self, options: NetOptions = NetOptions(), tape: Tape | None = None) -> None:
        if options.local_only and options.proxy:
            raise ValueError(
                f"proxy = {options.proxy!r} cannot work with local_only: everything would go to the proxy. "
                "Drop one of the two"
            )
        self.options = options
        door = _Lazy(options) if tape is None else _Taped(tape, _Lazy(options))
        self._client = httpx.AsyncClient(
            transport=_Watched(door, options.local_only), trust_env=False, follow_redirects=False
        )

    @asynccontextmanager
    async def stream(
        self,
        outgoing: Outgoing,
        timers: Timers = Timers(),
        observer: Observer | None = None,
    ) -> AsyncIterator[Incoming]:
        """Sends the request and gives the response as soon as its headers are there. Raises NetError."""
        exchange = _Exchange(outgoing.name, observer)
        response: httpx.Response | None = None
        try:
            response = await self._send(outgoing, timers, exchange)
            incoming = Incoming(response, timers)
            yield incoming
            exchange.error = "" if incoming.complete else _CLOSED_EARLY
        except NetError as error:
            exchange.error = f"{error.kind}: {error.detail}"
            raise
        except asyncio.CancelledError:
            exchange.error = "closed by us: cancelled, or out of time"
            raise
        finally:
            try:
                if response is not None:
                    await response.aclose()
            finally:
                exchange.end()

    async def _send(self, outgoing: Outgoing, timers: Timers, exchange: _Exchange) -> httpx.Response:
        slowest_s = max(timers.first_byte_s, timers.between_chunks_s)
        timeout = httpx.Timeout(slowest_s, connect=timers.connect_s, pool=timers.connect_s)
        try:
            # Built by hand, not by the client: so no cookie of an earlier response goes along.
            request = httpx.Request(
                outgoing.method,
                outgoing.url,
                headers={"user-agent": "earshot-companion", "accept-encoding": "identity", **outgoing.headers},
                content=outgoing.body or None,
                extensions={"timeout": timeout.as_dict(), "exchange": exchange},
            )
            async with asyncio.timeout(timers.connect_s + timers.first_byte_s):
                return await self._client.send(request, stream=True)
        except TimeoutError as error:
            raise NetError("stalled", f"{_where(outgoing.url)}: no answer in {timers.first_byte_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise _as_net_error(error, _where(outgoing.url), in_body=False) from error

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._client.aclose()


class Incoming:
    """A response: `status`, `headers` (names in lower case), and its body as an async iterator of chunks as they come.

    Iterating raises NetError: "stalled" if a chunk takes too long, "truncated" if the connection ends before the body.
    """

    def __init__(self, response: httpx.Response, timers: Timers) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self.complete = False
        self._chunks = response.aiter_bytes()
        self._where = _where(str(response.request.url))
        self._wait_s = timers.first_byte_s
        self._between_s = timers.between_chunks_s

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> bytes:
        try:
            async with asyncio.timeout(self._wait_s):
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self.complete = True
            raise
        except TimeoutError as error:
            raise NetError("stalled", f"{self._where}: silent for {self._wait_s:g} s in its answer") from error
        except httpx.HTTPError as error:
            raise _as_net_error(error, self._where, in_body=True) from error
        self._wait_s = self._between_s
        return chunk


class _Watched(httpx.AsyncBaseTransport):
    """The transport with a guard before it (`local_only`) and a window in it (the observer)."""

    def __init__(self, door: httpx.AsyncBaseTransport, local_only: bool) -> None:
        self._door = door
        self._local_only = local_only

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ways = self._ways(request)
        exchange: _Exchange = request.extensions["exchange"]
        exchange.begin(request)
        try:
            response = await self._door.handle_async_request(ways[0])
        except httpx.ConnectError:
            if len(ways) == 1:
                raise
            response = await self._door.handle_async_request(ways[1])  # localhost may mean ::1 only
        exchange.head(response)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Window(response.stream, exchange),
            extensions=response.extensions,
        )

    def _ways(self, request: httpx.Request) -> list[httpx.Request]:
        """The request itself; under `local_only`, with its name replaced by the loopback addresses, or refused."""
        if not self._local_only:
            return [request]
        host = request.url.host
        if not is_loopback(host):
            raise NetError(
                "local_only",
                f"local_only is on and {host!r} is not this machine's loopback: nothing was sent, not even a look-up "
                "of the name. Use 127.0.0.1 or localhost, or turn local_only off",
            )
        addresses = ("127.0.0.1", "::1") if host.rstrip(".").lower().endswith("localhost") else (host,)
        return [
            httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            for address in addresses
        ]

    async def aclose(self) -> None:
        await self._door.aclose()


class _Lazy(httpx.AsyncBaseTransport):
    """The real transport, built when first used: loading the certificates costs more than a whole replay."""

    def __init__(self, options: NetOptions) -> None:
        self._options = options
        self._door: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._door is None:
            o = self._options
            limits = httpx.Limits(max_connections=o.max_connections, keepalive_expiry=o.keep_alive_s)
            self._door = httpx.AsyncHTTPTransport(limits=limits, proxy=o.proxy or None, trust_env=False)
        return await self._door.handle_async_request(request)

    async def aclose(self) -> None:
        if self._door is not None:
            await self._door.aclose()


class _Taped(httpx.AsyncBaseTransport):
    """Answers from a tape; what the tape wants to be really sent goes on to the real transport."""

    def __init__(self, tape: Tape, door: httpx.AsyncBaseTransport) -> None:
        self._tape = tape
        self._door = door

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange: _Exchange = request.extensions["exchange"]
        reply = await self._tape.answer(exchange.name, request.method, _clean(request.url), request.content)
        if reply is None:
            return await self._door.handle_async_request(request)
        return httpx.Response(reply.status, headers=list(reply.headers), stream=_TapedBody(reply))

    async def aclose(self) -> None:
        await self._door.aclose()


class _TapedBody(httpx.AsyncByteStream):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._reply:
            yield chunk


class _Window(httpx.AsyncByteStream):
    """A response body that shows each chunk to the observer before it is given on."""

    def __init__(self, body: httpx.AsyncByteStream, exchange: _Exchange) -> None:
        self._body = body
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            self._exchange.chunk(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


class _Exchange:
    """What the observer is shown of one request, secrets blanked. `begin` may never come; `end` comes once after it."""

    def __init__(self, name: str, observer: Observer | None) -> None:
        self.status = 0
        self.error = _CLOSED_EARLY
        self.name = name
        self._observer = observer
        self._begun = False
        self._blank = Blanker(())

    def begin(self, request: httpx.Request) -> None:
        if self._observer is None:
            return
        secrets = [v.split()[-1] for k, v in request.headers.items() if k.lower() in _SECRET_HEADERS and v.split()]
        self._blank = Blanker([s.encode() for s in secrets])
        headers = tuple((k, HIDDEN if k.lower() in _SECRET_HEADERS else v) for k, v in request.headers.items())
        body = Blanker([s.encode() for s in secrets]).whole(request.content)
        self._begun = True
        self._observer.begin(self.name, request.method, _clean(request.url), headers, body)

    def head(self, response: httpx.Response) -> None:
        self.status = response.status_code
        if self._observer is not None and self._begun:
            shown = tuple((k, v) for k, v in response.headers.items() if k.lower() not in _SECRET_HEADERS)
            self._observer.head(self.name, self.status, shown)

    def chunk(self, data: bytes) -> None:
        if self._observer and (shown := self._blank.feed(data)):
            self._observer.chunk(self.name, shown)

    def end(self) -> None:
        if self._observer is None or not self._begun:
            return
        if rest := self._blank.finish():
            self._observer.chunk(self.name, rest)
        self._observer.end(self.name, self.status, self._blank.whole(self.error.encode()).decode("utf-8", "replace"))


def _clean(url: httpx.URL) -> str:
    """An address without a password and without the values of key-like parameters."""
    url = url.copy_with(username=None, password=None) if url.userinfo else url
    for name in url.params:
        if name.lower() in _SECRET_QUERY:
            url = url.copy_set_param(name, HIDDEN)
    return str(url)


def _where(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return "the address"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}"


def _as_net_error(error: Exception, where: str, in_body: bool) -> NetError:
    """httpx's exceptions in our kinds. A broken connection is "truncated" in the body and "network" before it."""
    said = f"{where}: {type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return NetError("network", said)
    if isinstance(error, httpx.TimeoutException):
        return NetError("stalled", said)
    if isinstance(error, httpx.RemoteProtocolError) and not in_body and "disconnected" not in str(error):
        return NetError("protocol", said)  # what answered does not speak HTTP
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return NetError("truncated" if in_body else "network", said)
    if isinstance(error, httpx.DecodingError):
        return NetError("protocol", said)
    return NetError("bad_request", said)  # an address or a header that cannot be sent
