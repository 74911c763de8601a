"""Takes connections and hands them to the HTTP server: so many in all, so many of one address, TLS first.

aiohttp listens by itself, but it counts nothing, waits a minute for a TLS handshake, and answers what is no HTTP with
words about itself. So connections are accepted here, and a stranger who does not speak is gone after a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter

from aiohttp import web

from companion.link.limits import Limits, network_of
from companion.link.settings import LinkSettings

log = logging.getLogger(__name__)

BACKLOG = 128
TROUBLE_S = 0.2  # without file descriptors, nobody is let in for so long


class HttpHandler(web.RequestHandler):
    """aiohttp's, with fewer words: over TLS, what is no HTTP ends the connection, and tells a stranger nothing."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        log.debug("what %s sent is no HTTP: %s", request.remote, message or exc)
        if self.ssl_context is not None:
            self.force_close()
        response = web.Response(status=status, text="this is no HTTP that can be read", headers={"Server": ""})
        response.force_close()
        return response


class Listener:
    """Listens from `start` to `stop`."""

    def __init__(self, server: web.Server, settings: LinkSettings, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self._server, self._settings, self._limits, self._tls = server, settings, limits, tls
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._coming: Counter[str] = Counter()  # accepted, and still in their TLS handshake

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [s.getsockname()[:2] for s in self._sockets]

    def start(self) -> None:
        """Raises OSError if the address cannot be listened on."""
        host, port = self._settings.host or None, self._settings.port
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                self._sockets.append(_listening(family, address))
        except OSError:
            self._close_sockets()
            raise

    def accept(self) -> None:
        """From now on connections are taken."""
        for listening in self._sockets:
            self._run(self._accept(listening))

    async def stop(self) -> None:
        """Listen no more; connections that stand are the HTTP server's to close."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close_sockets()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(listening)
            except OSError as why:
                log.warning("a connection could not be taken: %s", why)
                await asyncio.sleep(TROUBLE_S)
                continue
            if self._may_come(str(peer[0])):
                self._run(self._let_in(connection, str(peer[0])))
            else:
                connection.close()

    def _may_come(self, address: str) -> bool:
        own = network_of(address)
        standing = Counter(network_of(str(peer[0])) for c in self._server.connections if (peer := c.peername))
        here = standing[own] + self._coming[own]
        if here >= self._settings.connections_of_one or standing.total() + self._coming.total() >= (
            self._settings.max_connections
        ):
            log.debug("%s has %d connections: no more", address, here)
            return False
        return self._limits.connection(address, asyncio.get_running_loop().time())

    async def _let_in(self, connection: socket.socket, address: str) -> None:
        own, wait_s = network_of(address), self._settings.header_s
        self._coming[own] += 1
        try:
            tls = {"ssl": self._tls, "ssl_handshake_timeout": wait_s, "ssl_shutdown_timeout": 1.0} if self._tls else {}
            await asyncio.get_running_loop().connect_accepted_socket(self._handler, connection, **tls)  # type: ignore[arg-type]
        except (OSError, TimeoutError) as why:  # no TLS, a certificate that was not believed, gone again
            log.debug("%s did not get through the handshake: %s", address, why)
            connection.close()
        except BaseException:
            connection.close()
            raise
        finally:
            self._coming[own] -= 1
            if not self._coming[own]:
                del self._coming[own]

    def _handler(self) -> HttpHandler:
        return HttpHandler(
            self._server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._settings.header_s,
            lingering_time=1.0,
            max_line_size=self._settings.max_line_bytes,
            max_field_size=self._settings.max_line_bytes,
            max_headers=self._settings.max_headers,
            auto_decompress=False,  # nothing that we are sent is worth packing
            access_log=None,  # type: ignore[arg-type]  # the token may be in an address
        )

    def _run(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close_sockets(self) -> None:
        while self._sockets:
            self._sockets.pop().close()


def _listening(family: int, address: object) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setblocking(False)
        listening.bind(address)  # type: ignore[arg-type]
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
