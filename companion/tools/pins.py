"""What each tool of an MCP server said of itself when it was first seen, as a hash, in one file of the data folder.

A server that is harmless when it is set up may later describe a tool anew, with words meant for the model. So a tool
whose description or parameters are no longer the first ones is not offered until the wearer takes its pins away.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final, Literal

FILE_NAME: Final = "mcp-pins.json"


class PinsError(Exception):
    """The file is there and cannot be used. Nothing is trusted anew because of that."""


class Pins:
    """Raises PinsError from the constructor if the file cannot be read, and from `save` if it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._servers: dict[str, dict[str, Any]] = self._load()
        self._dirty = False

    def check(self, server: str, origin: str, tool: str, said: str) -> Literal["new", "known", "changed"]:
        """Compares with the pin, and sets one for a new tool. `origin`: the server's command or address; when the
        wearer changes that, it is another server."""
        of = _hash(origin)
        entry = self._servers.get(server)
        if entry is None or entry["of"] != of:
            entry = self._servers[server] = {"of": of, "tools": {}}
            self._dirty = True
        pinned = entry["tools"].get(tool)
        if pinned is None:
            entry["tools"][tool] = _hash(said)
            self._dirty = True
            return "new"
        return "known" if pinned == _hash(said) else "changed"

    def save(self) -> None:
        """Writes the file if something was pinned; a crash leaves the old one or the new one."""
        if not self._dirty:
            return
        beside = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump(self._servers, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as why:
            raise PinsError(f"{self.path} cannot be written ({why.strerror or why})") from why
        self._dirty = False

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            servers = json.loads(self.path.read_text(encoding="utf-8"))
            for entry in servers.values():
                if not isinstance(entry["of"], str) or not isinstance(entry["tools"], dict):
                    raise ValueError("not the shape that is written here")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError, KeyError) as why:
            raise PinsError(
                f"{self.path} cannot be read ({why}). Delete it to trust the servers' tools as they are now"
            ) from why
        known: dict[str, dict[str, Any]] = servers
        return known


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
