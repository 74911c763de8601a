"""Tools of MCP servers: the servers that the settings name, each tool under "server__tool", pinned when first seen.

What a server says of its tools goes to a model, so it is shortened, and a tool that says something else than at first
is taken away. What a server says a tool may do is not asked: the settings say so, and "send" (ask the wearer each
time) stands for whatever they do not mention.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from companion.net import is_loopback
from companion.tools.mcp_server import DEFAULT, MAX_TOOLS, Connection, McpOptions, Server, ServerDied, load_sdk
from companion.tools.pins import Pins, PinsError
from companion.tools.place import Place
from companion.tools.result import MAX_TEXT_BYTES, Failure, ToolFailure, ToolResult
from pipelines.events import ToolInfo

PERMISSIONS: Final = ("local read", "net read", "write", "send")
DESCRIPTION_CHARS: Final = 1000
PARAMETERS_CHARS: Final = 16_000
NAME_CHARS: Final = 64  # what vendors take
_BAD_ARGUMENTS = re.compile(r"validation error|invalid (?:argument|param|input)|missing required", re.IGNORECASE)

OnChange = Callable[[str, tuple[ToolInfo, ...], str], None]


@dataclass(slots=True)
class _Tools:
    """What one server offers now. `infos` by their public names; `real`: the server's own names; `withheld`: why."""

    infos: dict[str, ToolInfo] = field(default_factory=dict)
    real: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)


class McpServers:
    """All servers of the settings. `on_change`: after the start, a server's tools as they are from now on."""

    def __init__(
        self,
        servers: Sequence[Server],
        permissions: Mapping[str, str],
        place: Place,
        on_change: OnChange,
        notice: Callable[[str], None],
        options: McpOptions = DEFAULT,
    ) -> None:
        self._permissions = permissions
        self._folder = place.folder
        self._on_change = on_change
        self._notice = notice
        self._options = options
        self._pins: Pins | None = None
        self._tools = {server.name: _Tools() for server in servers}
        self._started = False
        self._connections: dict[str, Connection] = {}
        for server in servers:
            if server.url and place.local_only and not is_loopback(urlsplit(server.url).hostname or ""):
                notice(f"tools.mcp.{server.name}: local_only is on and {server.url} is not this machine: not connected")
                continue
            on_tools = partial(self._changed, server)
            self._connections[server.name] = Connection(server, on_tools, options, place)

    async def start(self) -> None:
        """Connects all of them at once, and waits for as long as the options say; later ones come by `on_change`.

        Raises ImportError naming the extra, PinsError if the pins cannot be read.
        """
        await asyncio.to_thread(load_sdk)
        self._pins = Pins(self._folder)
        for connection in self._connections.values():
            connection.start()
        waits = [asyncio.ensure_future(c.decided.wait()) for c in self._connections.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=self._options.start_wait_s)
            for wait in late:
                wait.cancel()
        for name, connection in self._connections.items():
            if not connection.decided.is_set():
                self._notice(f"MCP server {name}: not ready yet; its tools come when it is")
        self._started = True

    async def aclose(self) -> None:
        await asyncio.gather(*(c.aclose() for c in self._connections.values()))

    def infos(self) -> tuple[ToolInfo, ...]:
        return tuple(info for tools in self._tools.values() for info in tools.infos.values())

    def owner(self, name: str) -> str:
        """The server that a public tool name belongs to, whether or not it is there now; "" if none."""
        server = name.partition("__")[0]
        return server if server in self._tools and "__" in name else ""

    async def run(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Uses a tool by its public name. Raises ToolFailure."""
        server = self.owner(name)
        tools = self._tools.get(server, _Tools())
        if name in tools.withheld and name not in tools.infos:
            raise ToolFailure("refused", f"{name} is not used: {tools.withheld[name]}.")
        connection = self._connections.get(server)
        if connection is None:
            raise ToolFailure("refused", f"{server or name} is not a server that may be used here.")
        if name not in tools.infos:
            if tools.infos:
                raise ToolFailure("failed", f"{server} has no tool {name}.")
            raise ToolFailure("stopped", f"{server} is not running.")
        try:
            return _result(await connection.call(tools.real[name], arguments))
        except ServerDied as died:
            raise ToolFailure("stopped", f"{died}.") from died
        except load_sdk().MCPError as error:
            bad = error.code == importlib.import_module("mcp.types").INVALID_PARAMS
            raise ToolFailure("bad arguments" if bad else "failed", f"{server} says: {error.message[:1000]}") from error

    # --------------------------------------------------------------------------------------------- what a server offers

    def _changed(self, server: Server, offered: list[Any] | None, why: str) -> None:
        """A server came up, changed its list, or went (`offered` None)."""
        before = self._tools[server.name]
        now, remarks = (_Tools(withheld=before.withheld), []) if offered is None else self._taken(server, offered)
        self._tools[server.name] = now
        for said in [why] if why else remarks:
            self._notice(f"MCP server {server.name}: {said}")
        if self._started and now.infos != before.infos:
            other = "its list of tools changed" if before.infos else "it runs"
            self._on_change(server.name, tuple(now.infos.values()), why or "; ".join((other, *remarks)))

    def _taken(self, server: Server, offered: list[Any]) -> tuple[_Tools, list[str]]:
        """The tools that are taken of those offered, and what the wearer should know."""
        tools, remarks = _Tools(), []
        for tool in offered[:MAX_TOOLS]:
            public = _public_name(server.name, tool.name)
            info = self._info(server, tool, public)
            why = self._why_not(server, tool, info, tools)
            if why:
                tools.withheld[public] = why
                remarks.append(f"the tool {_shown(tool.name)} is not used: {why}")
            else:
                tools.infos[public], tools.real[public] = info, tool.name
        if len(offered) > MAX_TOOLS:
            remarks.append(f"it offers more than {MAX_TOOLS} tools; the rest is not used")
        missing = [key for key in self._permissions if _names_missing(key, server.name, offered)]
        remarks += [f"tools.mcp_permission names {key!r}, and it has no such tool" for key in missing]
        try:
            if self._pins is not None:
                self._pins.save()
        except PinsError as why_not:
            remarks.append(f"{why_not}; its tools are pinned only until the companion ends")
        return tools, remarks

    def _info(self, server: Server, tool: Any, public: str) -> ToolInfo:
        granted = self._permissions.get(f"{server.name}.{tool.name}") or self._permissions.get(server.name, "send")
        description = _visible(tool.description or "")
        if len(description) > DESCRIPTION_CHARS:
            description = description[: DESCRIPTION_CHARS - 1] + "…"
        return ToolInfo(public, description, _schema(tool), granted, server.name)

    def _why_not(self, server: Server, tool: Any, info: ToolInfo, tools: _Tools) -> str:
        if len(info.name) > NAME_CHARS:
            return f"its name is longer than {NAME_CHARS} characters"
        if info.name in tools.infos or info.name in tools.withheld:
            return "another tool has the same name"
        if len(info.parameters) > PARAMETERS_CHARS:
            return f"its parameters take more than {PARAMETERS_CHARS} characters"
        said = json.dumps([tool.description or "", tool.input_schema], sort_keys=True)
        if self._pins is not None and self._pins.check(server.name, server.origin, tool.name, said) == "changed":
            return (
                "it no longer says of itself what it said when it was first seen; if you expected that, "
                f"take {server.name!r} out of {self._pins.path}"
            )
        return ""


def servers_of(mcp: Mapping[str, str], permissions: Mapping[str, str]) -> tuple[Server, ...]:
    """The servers of the settings [tools] mcp and mcp_permission. Raises ValueError naming setting, value, way out."""
    for key, value in permissions.items():
        if value not in PERMISSIONS:
            raise ValueError(f"tools.mcp_permission.{key} = {value!r}: it takes one of {', '.join(PERMISSIONS)}")
        if key.partition(".")[0] not in mcp:
            raise ValueError(f"tools.mcp_permission.{key}: tools.mcp has no server {key.partition('.')[0]!r}")
    return tuple(_server(name, text) for name, text in mcp.items())


def _server(name: str, text: str) -> Server:
    place = f"tools.mcp.{name} = {text!r}"
    if not re.fullmatch(r"[A-Za-z0-9](?:_?[A-Za-z0-9-])*", name, re.ASCII) or len(name) > 32:
        raise ValueError(
            f"{place}: a server's name has up to 32 letters, digits, - or single _, and begins with a letter"
        )
    try:
        words = shlex.split(text)
    except ValueError as why:
        raise ValueError(f"{place}: this is no command line ({why})") from why
    key_env = words.pop(0).removeprefix("key_env=") if words and words[0].startswith("key_env=") else ""
    if not words:
        raise ValueError(f"{place}: it takes a command line, or an address that begins with http:// or https://")
    if not re.match(r"https?://", words[0]):
        return Server(name, command=tuple(words), key_env=key_env)
    host = urlsplit(words[0]).hostname
    if len(words) > 1 or not host:
        raise ValueError(f"{place}: an address stands alone, or behind key_env=NAME")
    if key_env and words[0].startswith("http://") and not is_loopback(host):
        raise ValueError(f"{place}: a key would go over plain http, readable on the way. Use https")
    return Server(name, url=words[0], key_env=key_env)


def _names_missing(key: str, server: str, offered: list[Any]) -> bool:
    owner, _, tool = key.partition(".")
    return owner == server and bool(tool) and tool not in [t.name for t in offered]


def _public_name(server: str, tool: str) -> str:
    return f"{server}__{re.sub(r'[^A-Za-z0-9_-]', '_', tool)}"


def _schema(tool: Any) -> str:
    schema = tool.input_schema if isinstance(tool.input_schema, dict) else {}
    return json.dumps({"type": "object", "properties": {}, **schema})


def _visible(text: str) -> str:
    """Without characters that a person would not see and a model would read."""
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()


def _shown(name: str) -> str:
    return repr(_visible(name)[:NAME_CHARS])


# ------------------------------------------------------------------------------------------------ what a server answers


def _result(answer: Any) -> ToolResult:
    """The SDK's CallToolResult as text. Raises ToolFailure where the server says that it is an error."""
    pieces, sources, room = [], [], MAX_TEXT_BYTES + 1
    for content in answer.content:
        text, source = _piece(content)
        pieces.append(text[:room])
        room -= len(pieces[-1])
        sources += [source] if source else []
    if not pieces and answer.structured_content is not None:
        pieces = [json.dumps(answer.structured_content, ensure_ascii=False)]
    text = "\n".join(piece for piece in pieces if piece)
    if answer.is_error:
        failed: Failure = "bad arguments" if _BAD_ARGUMENTS.search(text[:500]) else "failed"
        raise ToolFailure(failed, text or "The tool failed and does not say why.")
    return ToolResult(text or "The tool is done and says nothing.", sources=tuple(sources[:20]))


def _piece(content: Any) -> tuple[str, str]:
    """The text of one part of an answer, and the web address it is from, if any."""
    if content.type == "text":
        return content.text, ""
    if content.type == "resource_link":
        address = str(content.uri)
        return f"[{content.name}: {address}]", address if address.startswith(("http://", "https://")) else ""
    if content.type == "resource" and hasattr(content.resource, "text"):
        return content.resource.text, ""
    kind = {"image": "a picture", "audio": "a sound"}.get(content.type, "a file")
    mime = getattr(content, "mime_type", None) or getattr(getattr(content, "resource", None), "mime_type", None) or "?"
    return f"[{kind} ({_visible(str(mime))[:40]}) was left out: tools give text here]", ""
