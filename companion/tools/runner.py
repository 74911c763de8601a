"""The one entrance to tools that reach outside the deciders: which of them there are, and running one.

Built once for the whole companion and started before the first turn, so that no turn waits for a server or a library.
Whatever goes wrong in a tool is a ToolResult that says so; only a cancellation comes out of `run`, and takes the work
with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from companion.tools.notes import Notes
from companion.tools.place import Place
from companion.tools.result import Failure, ToolFailure, ToolResult, bounded
from pipelines.events import ToolInfo
from pipelines.thinking.tools.built_in import built_in
from pipelines.thinking.tools.schema import read_arguments

if TYPE_CHECKING:
    from companion.net import Observer
    from companion.settings import ToolSettings
    from companion.tools.mcp import McpServers
    from companion.tools.sandbox import Sandbox
    from companion.tools.search import Search

log = logging.getLogger("companion.tools")

OnChange = Callable[[str, tuple[ToolInfo, ...], str], None]


def key_names(settings: ToolSettings) -> list[str]:
    """Names of the environment variables that the tools' settings take keys from."""
    first = [words.split()[0] for words in settings.mcp.values() if words.split()]
    names = [word.removeprefix("key_env=") for word in first if word.startswith("key_env=")]
    return [settings.search_key_env, *names] if settings.search_key_env else names


class ToolRunner:
    """`on_change(source, tools, detail)`: the tools of a source are these from now on; called on the loop, only after
    `start`. `notice`: a line for whoever started the companion. Raises ValueError for settings that cannot be right,
    naming setting, value and way out."""

    def __init__(
        self,
        settings: ToolSettings,
        place: Place,
        on_change: OnChange = lambda source, tools, detail: None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.on_change = on_change
        self._settings = settings
        self._place = place
        self._notice = notice
        self._notes = Notes(place.folder) if settings.on and settings.notes else None
        self._search = self._make_search() if settings.on and settings.search_url else None
        self._mcp = self._make_mcp() if settings.on and settings.mcp else None
        self._sandbox: Sandbox | None = None

    def _make_search(self) -> Search:
        from companion.tools.search import Search, SearchOptions

        s = self._settings
        options = SearchOptions(s.search_url, s.search_key_env, s.search_key_header)
        return Search(self._place.net, options, self._place.environ)

    def _make_mcp(self) -> McpServers:
        from companion.tools.mcp import McpServers, servers_of

        servers = servers_of(self._settings.mcp, self._settings.mcp_permission)
        return McpServers(servers, self._settings.mcp_permission, self._place, self._changed, self._notice)

    def _changed(self, source: str, tools: tuple[ToolInfo, ...], detail: str) -> None:
        self.on_change(source, tools, detail)

    async def start(self) -> None:
        """Starts the sandbox and connects the servers, in parallel. What cannot be had is a notice, not an error."""
        await asyncio.gather(self._start_sandbox(), self._start_mcp())

    async def _start_sandbox(self) -> None:
        from companion.tools import sandbox

        if not (self._settings.on and self._settings.sandbox and sandbox.installed()):
            return
        made = sandbox.Sandbox()
        try:
            await made.start()
        except (ImportError, OSError, RuntimeError) as why:
            self._notice(f"small programs cannot be run: {why}")
        else:
            self._sandbox = made

    async def _start_mcp(self) -> None:
        if self._mcp is None:
            return
        from companion.tools.pins import PinsError

        try:
            await self._mcp.start()
        except (ImportError, PinsError) as why:
            self._notice(f"no MCP server is used: {why}")

    async def aclose(self) -> None:
        """Ends every server and worker."""
        if self._mcp is not None:
            await self._mcp.aclose()
        if self._sandbox is not None:
            await self._sandbox.aclose()

    def infos(self) -> tuple[ToolInfo, ...]:
        """The tools that can be used here now."""
        names = (
            *(("add_note", "list_notes") if self._notes else ()),
            *(("web_search",) if self._search else ()),
            *(("run_program",) if self._sandbox else ()),
        )
        return (*map(built_in, names), *(self._mcp.infos() if self._mcp else ()))

    async def run(
        self, name: str, arguments: str, limit_s: float, exchange: str = "", observer: Observer | None = None
    ) -> ToolResult:
        """Runs one tool. `arguments`: JSON text; `exchange`, `observer`: for what goes out by our door ("turn-3-17"),
        so that the recording and the ledger have it. Cancelling the task cancels the work."""
        try:
            async with asyncio.timeout(limit_s) as deadline:
                result = await self._run(name, arguments, exchange, observer)
        except ToolFailure as failure:
            result = ToolResult(failure.text, failure.failed)
        except TimeoutError as error:
            if deadline.expired():
                result = ToolResult(f"There was no result within {limit_s:g} s.", "too slow")
            else:
                result = self._broken(name, error)
        except Exception as error:  # a library's own; the wearer is told, the log has the cause
            result = self._broken(name, error)
        return ToolResult(bounded(result.text), result.failed, result.sources)

    def _broken(self, name: str, error: Exception) -> ToolResult:
        log.warning("%s failed", name, exc_info=error)
        failed: Failure = "failed"
        return ToolResult(f"The tool broke: {type(error).__name__}.", failed)

    async def _run(self, name: str, arguments: str, exchange: str, observer: Observer | None) -> ToolResult:
        if self._mcp is not None and self._mcp.owner(name):
            return await self._mcp.run(name, self._checked(name, arguments))
        args = self._checked(name, arguments)
        if name == "add_note" and self._notes:
            return await self._notes.add(args["text"])
        if name == "list_notes" and self._notes:
            return await self._notes.listed(args.get("about", ""))
        if name == "web_search" and self._search:
            return await self._search.find(args["query"], exchange, observer)
        if name == "run_program" and self._sandbox:
            return await self._sandbox.run(args["code"])
        raise ToolFailure("failed", f"There is no tool {name!r} here.")

    def _checked(self, name: str, arguments: str) -> dict[str, Any]:
        """The arguments as an object that fits the tool's parameters; those of a tool that is gone are only parsed."""
        parameters = next((info.parameters for info in self.infos() if info.name == name), "{}")
        args, wrong = read_arguments(parameters, arguments)
        if wrong:
            raise ToolFailure("bad arguments", wrong)
        return args
