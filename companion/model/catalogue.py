"""Which profiles there are: ours (`profiles.toml`), and the user's file over them, key by key.

In the user's file a table of the same name changes some keys of ours; a new name adds a profile, which may say
`like = "ollama"` to start from another. Every value remembers which file it came from.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from companion.model.profile import ModelProfile
from companion.settings import SettingsError

FILE_NAME = "models.toml"
SHIPPED = "Earshot"  # what is said of a value that no file of the user's changed
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One profile. `sources`: for each key that a file gave ("instant.effort"), which file that was."""

    profile: ModelProfile
    sources: Mapping[str, str] = field(default_factory=dict)


class Catalogue:
    """Profiles by name, ours first, in the order of the files."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def entry(self, name: str) -> Entry:
        """Raises SettingsError that names those that are like it."""
        if name not in self._entries:
            near = get_close_matches(name, self._entries, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SettingsError(f"there is no model profile {name!r}: {meant}There are: {', '.join(self._entries)}")
        return self._entries[name]

    def profile(self, name: str) -> ModelProfile:
        """Raises SettingsError that names those that are like it."""
        return self.entry(name).profile


def users_file(given: str = "", environ: Mapping[str, str] = os.environ) -> Path | None:
    """The user's own file: the setting `model.profiles`, else $EARSHOT_MODELS, else models.toml in the configuration
    folder if it is there."""
    if named := given or environ.get("EARSHOT_MODELS", ""):
        return Path(named).expanduser()
    folder = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = folder / "earshot" / FILE_NAME
    return path if path.is_file() else None


def load(file: Path | None = None) -> Catalogue:
    """Our profiles with the user's file over them.

    Raises:
        SettingsError: names the file, the profile and the key.
    """
    tables = _shipped()
    sources = {name: dict.fromkeys(_keys(table), SHIPPED) for name, table in tables.items()}
    if file is not None:
        _overlay(tables, sources, _read(file), file)
    return Catalogue({name: _entry(name, table, sources[name], file) for name, table in tables.items()})


def _shipped() -> dict[str, Table]:
    return tomllib.loads(resources.files("companion.model").joinpath("profiles.toml").read_text(encoding="utf-8"))


def _read(file: Path) -> dict[str, Table]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{file}: the model profiles cannot be read: {why}") from why
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{file}: this is not TOML: {why}") from why
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{file}: {name} = {table!r} stands outside a profile; write [NAME] above it")
    return tables


def _overlay(tables: dict[str, Table], sources: dict[str, dict[str, str]], own: dict[str, Table], file: Path) -> None:
    """Lays the user's tables over `tables`, those that others start from before the others."""
    waiting = dict(own)
    while waiting:
        ready = [name for name, table in waiting.items() if table.get("like", name) not in waiting.keys() - {name}]
        if not ready:
            raise SettingsError(f"{file}: {', '.join(waiting)}: `like` goes in a circle; one must stand by itself")
        for name in ready:
            table = dict(waiting.pop(name))
            like = table.pop("like", name)
            if like not in tables and like != name:
                raise SettingsError(
                    f"{file}: [{name}] like = {like!r}: no such profile. There are: {', '.join(tables)}"
                )
            begun = sources.get(like, {})
            tables[name] = _merged(tables.get(like, {}), table)
            sources[name] = {**begun, **dict.fromkeys(_keys(table), str(file))}


def _merged(below: Table, above: Table) -> Table:
    out = dict(below)
    for key, value in above.items():
        kept = out.get(key)
        out[key] = _merged(kept, value) if isinstance(kept, dict) and isinstance(value, dict) else value
    return out


def _keys(table: Mapping[str, Any], path: str = "") -> list[str]:
    """The keys of a table and of those inside it, joined by dots."""
    keys = []
    for key, value in table.items():
        keys += _keys(value, f"{path}{key}.") if isinstance(value, dict) else [f"{path}{key}"]
    return keys


def _entry(name: str, table: Table, sources: Mapping[str, str], file: Path | None) -> Entry:
    try:
        return Entry(ModelProfile.of_table(name, table), sources)
    except ValueError as why:
        where = file if file is not None and str(file) in sources.values() else "profiles.toml of Earshot"
        raise SettingsError(f"{where}: {why}") from why
