"""The half of the door (`companion.net`) that knows httpx: requests out, responses in, each shown to its observer.

A transport inside a transport: the guard and the window (`_Watched`) stand before the tape of a replay (`_Taped`), and
that before the real one (`_Real`). What httpx raises leaves here as NetError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import httpx

from companion.blanker import Blanker
from companion.net import HIDDEN, Limit, NetError, NetOptions, Observer, Outgoing, Reply, Tape, Timers, is_loopback
from companion.net_thread import Crossing, NetThread

Limits = Callable[[float], AbstractAsyncContextManager[Limit]]  # by seconds
_CLOSED_EARLY = "closed by us before the end"
_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-subscription-token",
        "cookie",
        "set-cookie",
    }
)
_SECRET_QUERY = frozenset({"key", "api_key", "apikey", "token", "access_token", "sig", "signature"})


class Connections:
    """What `Net` opens: one pool, the guard and the window before it."""

    def __init__(self, options: NetOptions, tape: Tape | None, limit: Limits) -> None:
        self._limit = limit
        door = _Real(options) if tape is None else _Taped(tape, _Real(options))
        self._client = httpx.AsyncClient(
            transport=_Watched(door, options.local_only), trust_env=False, follow_redirects=False
        )

    @asynccontextmanager
    async def stream(self, outgoing: Outgoing, timers: Timers, observer: Observer | None) -> AsyncIterator[_Incoming]:
        """As `Net.stream`."""
        exchange = _Exchange(outgoing.name, observer)
        response: httpx.Response | None = None
        try:
            response = await self._send(outgoing, timers, exchange)
            incoming = _Incoming(response, timers, self._limit)
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
            async with self._limit(timers.connect_s + timers.first_byte_s):
                return await self._client.send(request, stream=True)
        except TimeoutError as error:
            raise NetError("stalled", f"{_where(outgoing.url)}: no answer in {timers.first_byte_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise _as_net_error(error, _where(outgoing.url), in_body=False) from error

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._client.aclose()


class _Incoming:
    """Implements `Incoming`. `complete`: the body was read to its end."""

    def __init__(self, response: httpx.Response, timers: Timers, limit: Limits) -> None:
        self._limit = limit
        self.status = response.status_code
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self.complete = False
        self._chunks = response.aiter_bytes()
        self._where = _where(str(response.request.url))
        self._wait_s = timers.first_byte_s
        self._between_s = timers.between_chunks_s

    def __aiter__(self) -> _Incoming:
        return self

    async def __anext__(self) -> bytes:
        try:
            async with self._limit(self._wait_s):
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


class _Real(httpx.AsyncBaseTransport):
    """The real transport, in a thread of its own (`companion.net_thread`)."""

    def __init__(self, options: NetOptions) -> None:
        self._options = options
        self._thread = NetThread(self._last)
        self._door: httpx.AsyncHTTPTransport | None = None  # the thread's

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = _Body(self._thread.begin(partial(self._exchange, request)))
        try:
            head = await anext(body.crossing)
            assert isinstance(head, httpx.Response)
        except BaseException:
            await body.aclose()
            raise
        return httpx.Response(head.status_code, headers=head.headers, stream=body)

    async def _exchange(self, request: httpx.Request) -> AsyncGenerator[httpx.Response | bytes, None]:
        """The head of the response, then its body. Runs in the thread."""
        if self._door is None:  # loading the certificates takes long
            o = self._options
            limits = httpx.Limits(max_connections=o.max_connections, keepalive_expiry=o.keep_alive_s)
            self._door = httpx.AsyncHTTPTransport(limits=limits, proxy=o.proxy or None, trust_env=False)
        try:
            response = await self._door.handle_async_request(request)
        except asyncio.CancelledError:
            await _close_orphans(self._door)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            yield response
            async for chunk in response.stream:
                yield chunk
        finally:
            await response.stream.aclose()

    async def aclose(self) -> None:
        await self._thread.aclose()

    async def _last(self) -> None:
        if self._door is not None:
            await self._door.aclose()


async def _close_orphans(door: httpx.AsyncHTTPTransport) -> None:
    """Who is cancelled between two steps of httpcore 1.0 leaves behind a connection that its pool neither gives to
    anybody nor closes (its issue 1093): a place lost for good, and perhaps a socket."""
    pool = door._pool
    wanted = {id(request.connection) for request in pool._requests}
    for one in pool.connections:
        if id(one) not in wanted and not one.is_idle() and not one.is_closed():
            pool._connections.remove(one)
            await one.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, crossing: Crossing[httpx.Response | bytes]) -> None:
        self.crossing = crossing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.crossing:
            assert isinstance(chunk, bytes)
            yield chunk

    async def aclose(self) -> None:
        self.crossing.close()


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
