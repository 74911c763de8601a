"""The life of one MCP server: connect, list its tools, watch for changes and for its end, start it once more.

One task lives through all of it, since the SDK wants a connection closed by the task that opened it; calls come from
other tasks. This and `mcp.py` are the named exception to the one door out (`companion.net`): the SDK opens its own
connections, and only to the servers that the settings name.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from companion.tools.mcp_wire import LastWords, watched
from companion.tools.place import Place

log = logging.getLogger("companion.tools.mcp")

MAX_TOOLS: Final = 64  # of one server; a model drowns in more
MAX_PAGES: Final = 16
# A traceback for each line of noise, a line for each request.
_NOISY: Final = ("mcp.client.stdio", "mcp.client.streamable_http", "client", "httpx2")


@dataclass(frozen=True, slots=True)
class Server:
    """One server from the settings: a command, or an address. `key_env`: a variable that a command is given, or whose
    value goes to an address as its bearer token."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    key_env: str = ""

    @property
    def origin(self) -> str:
        """What makes it this server and no other."""
        return self.url or "\0".join(self.command)


@dataclass(frozen=True, slots=True)
class McpOptions:
    """How servers are waited for."""

    start_wait_s: float = 10.0  # the companion starts without those that need longer; they come later
    connect_s: float = 60.0  # `npx` may have to fetch its package first
    list_s: float = 15.0
    back_off_s: float = 1.0  # before a server that ended is started again
    settled_s: float = 60.0  # one that ran this long may be started once more; another one ended for good
    relist_s: float = 0.2  # between two looks at a server's list, however often it says that it changed


DEFAULT: Final = McpOptions()


class ServerDied(Exception):  # noqa: N818 - not an error of ours
    """The server ended before it answered, or is not there."""


def load_sdk() -> Any:
    """The official SDK, half a second of import. Raises ImportError naming the extra."""
    try:
        return importlib.import_module("mcp")
    except ImportError as why:
        raise ImportError(f"MCP servers need pip install 'earshot-companion[mcp]' ({why})") from why


class Connection:
    """Keeps one server. `on_tools` gets its tools as the SDK gives them, or None and why, each time that changes."""

    def __init__(
        self,
        server: Server,
        on_tools: Callable[[list[Any] | None, str], None],
        options: McpOptions,
        place: Place,
    ) -> None:
        self.server = server
        self.decided = asyncio.Event()  # the first try has succeeded or failed
        self._on_tools = on_tools
        self._options = options
        self._place = place
        self._client: Any = None
        self._signals: asyncio.Queue[str] = asyncio.Queue()  # "changed", "lost", "close"
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._live(), name=f"mcp {self.server.name}")

    async def aclose(self) -> None:
        """Ends the server, by force if it does not end itself (the SDK waits 2 s for each step)."""
        if self._task is None:
            return
        self._closing = True
        self._signals.put_nowait("close")
        if self._client is None:  # not there yet, or no more
            self._task.cancel()
        _, late = await asyncio.wait({self._task}, timeout=8.0)
        for task in late:
            task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """The SDK's CallToolResult. Raises ServerDied, or what the SDK raises for an answer that is none."""
        client = self._client
        if client is None:
            raise ServerDied(f"{self.server.name} is not running")
        sdk = load_sdk()
        try:
            return await client.call_tool(tool, arguments)
        except sdk.MCPError as error:
            if not _means_lost(error):
                raise
            self._signals.put_nowait("lost")
            raise ServerDied(f"{self.server.name} ended before it answered") from error

    async def _live(self) -> None:
        clock_s = asyncio.get_running_loop().time
        again = True
        while True:
            began_s = clock_s()
            why = await self._once()
            if self._closing:
                return
            again = again or clock_s() - began_s >= self._options.settled_s
            self._on_tools(None, why + ("; it is tried once more" if again else "; it stays off until the next start"))
            self.decided.set()
            if not again:
                return
            again = False
            await self._pause(self._options.back_off_s)

    async def _pause(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                while await self._signals.get() != "close":
                    pass
        except TimeoutError:
            pass

    async def _once(self) -> str:
        """One connection from beginning to end; why it ended."""
        self._signals = asyncio.Queue()
        if self._closing:
            return ""
        words = LastWords()
        try:
            async with asyncio.timeout(self._options.connect_s) as deadline, self._connected(words) as client:
                tools = await self._listed(client)
                deadline.reschedule(None)
                self._client = client
                self._on_tools(tools, "")
                self.decided.set()
                await self._watch(client)
            why = "it ended"
        except TimeoutError:
            why = f"it was not ready within {self._options.connect_s:g} s"
        except (OSError, ValueError) as error:
            why = str(error)
        except Exception as error:  # an SDK's group of whatever broke inside
            log.debug("%s", self.server.name, exc_info=error)
            why = _first_cause(error)
        finally:
            self._client = None
            words.close()
        return f"{why[:300]}{words.said()}"

    @asynccontextmanager
    async def _connected(self, words: LastWords) -> AsyncIterator[Any]:
        sdk = load_sdk()
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        transport = self._by_address() if self.server.url else self._by_command(words)
        async with sdk.Client(
            watched(transport, lambda: self._signals.put_nowait("lost")),
            message_handler=self._heard,
            client_info=importlib.import_module("mcp.types").Implementation(name="earshot-companion", version="1"),
            cache=None,
        ) as client:
            yield client

    def _key(self) -> str:
        key = self._place.environ.get(self.server.key_env, "").strip()
        if not (key and key.isascii() and key.isprintable()):
            raise ValueError(f"the variable {self.server.key_env}, which its setting names, is not set")
        return key

    def _by_command(self, words: LastWords) -> Any:
        """The SDK hands down only a few variables of our environment (PATH, HOME …), and what is named here."""
        stdio = importlib.import_module("mcp.client.stdio")
        command, *args = self.server.command
        given = {self.server.key_env: self._key()} if self.server.key_env else {}
        parameters = stdio.StdioServerParameters(
            command=command, args=args, env=given, encoding_error_handler="replace"
        )
        return stdio.stdio_client(parameters, errlog=words.open())

    @asynccontextmanager
    async def _by_address(self) -> AsyncIterator[Any]:
        """As at our own door: no proxy, certificate or password out of the environment, no redirect elsewhere."""
        http = importlib.import_module("httpx2")
        streamable = importlib.import_module("mcp.client.streamable_http")
        headers = {"authorization": f"Bearer {self._key()}"} if self.server.key_env else {}
        url = http.URL(self.server.url)
        if self._place.local_only and url.host.rstrip(".").lower().endswith("localhost"):
            url = url.copy_with(host="127.0.0.1")  # not even asking what localhost is
        patience = http.Timeout(30.0, connect=5.0, read=None)  # a stream of changes may be silent for hours
        async with (
            http.AsyncClient(headers=headers, timeout=patience, trust_env=False, follow_redirects=False) as client,
            streamable.streamable_http_client(str(url), http_client=client) as streams,
        ):
            yield streams

    async def _heard(self, message: Any) -> None:
        """Word that the list changed, in every protocol; noise on a server's output comes here too."""
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            self._signals.put_nowait("changed")

    async def _listed(self, client: Any) -> list[Any]:
        async with asyncio.timeout(self._options.list_s):
            tools: list[Any] = []
            cursor = None
            for _ in range(MAX_PAGES):
                page = await client.list_tools(cursor=cursor)
                tools += page.tools
                cursor = page.next_cursor
                if cursor is None or len(tools) > MAX_TOOLS:
                    break
            return tools

    async def _watch(self, client: Any) -> None:
        """Until the server is lost or we close: its list again, each time that it says it changed."""
        listening = asyncio.get_running_loop().create_task(self._listen(client))
        try:
            while await self._signals.get() == "changed":
                await self._pause_for_more()
                self._on_tools(await self._listed(client), "")
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _pause_for_more(self) -> None:
        """A server may say it a hundred times; its list is looked at once, and its end is not overheard."""
        await asyncio.sleep(self._options.relist_s)
        kept = []
        while not self._signals.empty():
            if (signal := self._signals.get_nowait()) != "changed":
                kept.append(signal)
        for signal in kept:
            self._signals.put_nowait(signal)

    async def _listen(self, client: Any) -> None:
        """Keeps the stream of changes open that servers have since 2026-07-28; older ones need none.

        When it breaks off, the list is asked for: that tells whether the server is still there.
        """
        subscriptions = importlib.import_module("mcp.client.subscriptions")
        sdk = load_sdk()
        wait_s = self._options.back_off_s
        while True:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:  # each of them has come to `_heard` already
                        pass
            except subscriptions.SubscriptionLost:
                self._signals.put_nowait("changed")
            except (subscriptions.ListenNotSupportedError, sdk.MCPError):
                return
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, 60.0)


def _means_lost(error: Any) -> bool:
    """The connection is gone, or the server no longer knows it (it was started anew)."""
    types = importlib.import_module("mcp.types")
    return bool(error.code == types.CONNECTION_CLOSED or error.message == "Session terminated")


def _first_cause(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".rstrip(": ")
