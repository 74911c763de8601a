"""What the wearer asked for by voice, from session to session: one small file beside the recordings.

    preferences.json    {"version": 1, "rate_change_wpm": 25, "gain_db": 0.0, "verbosity": "short", …}

It is replaced in one step, so that it is whole at any moment. A file that cannot be used is set aside under another
name and said; then everything is as the settings say. Several companions of one user share it: the last word counts.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pipelines.events import Preferences

log = logging.getLogger(__name__)

FILE_NAME = "preferences.json"
VERSION = 1
VERBOSITIES = ("", "short", "long")


class PreferencesFile:
    """Loads and saves; about 1 ms each. `notice` is told what a person should know, each trouble once."""

    def __init__(self, file: Path, notice: Callable[[str], None] = log.warning) -> None:
        self.file = file
        self._notice = notice
        self._told = ""

    def load(self) -> Preferences:
        """What is remembered; the defaults if there is nothing, or nothing usable."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Preferences()
        except UnicodeDecodeError as why:
            return self._set_aside(str(why))
        except OSError as why:
            self._tell(f"{self.file} cannot be read ({why}): everything is as the settings say")
            return Preferences()
        try:
            return read(json.loads(text))
        except (ValueError, RecursionError) as why:
            return self._set_aside(str(why))

    def save(self, preferences: Preferences) -> None:
        """Remember these. A folder that cannot be written to is a notice: they hold for this session."""
        part = self.file.with_suffix(f".{os.getpid()}.part")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
                json.dump({"version": VERSION, **asdict(preferences)}, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.file)
        except OSError as why:
            with contextlib.suppress(OSError):
                part.unlink()
            self._tell(f"{self.file} cannot be written ({why}): what you ask for holds for this session only")
            return
        self._told = ""

    def _set_aside(self, why: str) -> Preferences:
        """Kept for whoever wants to look, under a name that no other file has."""
        aside = self.file.with_suffix(".damaged.json")
        number = 1
        while aside.exists():
            number += 1
            aside = self.file.with_suffix(f".damaged-{number}.json")
        try:
            self.file.replace(aside)
            kept = f"it is now {aside.name}"
        except OSError as trouble:
            kept = f"it could not be set aside: {trouble}"
        self._tell(f"{self.file} cannot be used ({why}); {kept}. Voice, pace and length are as the settings say")
        return Preferences()

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._notice(text)


def read(data: Any) -> Preferences:
    """What a file holds. Fields that are missing are as by default. Raises ValueError for what is no such file."""
    if not isinstance(data, dict):
        raise ValueError("not a table")
    if data.get("version") != VERSION:
        raise ValueError(f"version {data.get('version')!r}, this companion knows version {VERSION}")
    known = {field.name: field.default for field in fields(Preferences)}
    if unknown := sorted(set(data) - set(known) - {"version"}):
        raise ValueError(f"{unknown[0]!r} is no preference")
    values = {name: _checked(name, value, known[name]) for name, value in data.items() if name != "version"}
    return Preferences(**values)


def _checked(name: str, value: Any, default: Any) -> Any:
    wanted = type(default)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
        raise ValueError(f"{name} = {value!r} is no {wanted.__name__}")
    if name == "verbosity" and value not in VERBOSITIES:
        raise ValueError(f"verbosity = {value!r}; there are: {', '.join(repr(v) for v in VERBOSITIES)}")
    return value
