"""The rules of each language, read once when this is imported: the deciders that use them open no file.

A language is every file whose name begins with its code: `de.toml`, or `en.toml` with `en.words.toml` beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final


def _read() -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            _join(found.setdefault(file.name.partition(".")[0], {}), tomllib.loads(file.read_text("utf-8")))
    return found


def _join(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict):
            whole[key] = {**whole.get(key, {}), **value}
        elif isinstance(value, list):
            whole[key] = [*whole.get(key, ()), *value]
        else:
            whole[key] = value


LANGUAGES: Final[Mapping[str, Mapping[str, Any]]] = _read()
