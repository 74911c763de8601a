"""Everything that is remembered as one JSON file, for whoever it belongs to (docs/memory.md, "Export")."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pipelines.events import Memory

FORMAT: Final = "earshot-memory/1"


def write_export(file: Path, memories: Iterable[Memory], picture: Callable[[str], bytes]) -> int:
    """How many were written. The file is for its owner only, and there whole or not at all. Raises OSError."""
    part = file.with_name(f".{file.name}.part")
    count = 0
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write('{"format": "' + FORMAT + '", "memories": [')
            for memory in memories:
                out.write((",\n " if count else "\n ") + _line(memory, picture))
                count += 1
            out.write("\n]}\n")
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return count


def _line(memory: Memory, picture: Callable[[str], bytes]) -> str:
    table = asdict(memory)
    del table["score"], table["fits"]
    if memory.thumb and (jpeg := picture(memory.thumb)):
        table["picture"] = base64.b64encode(jpeg).decode()
    return json.dumps(table, ensure_ascii=False)
