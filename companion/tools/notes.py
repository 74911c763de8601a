"""The wearer's notes: one file in the data folder, one JSON line a note, added at the end and never rewritten.

A note is on the disk before it is said to be written. A line that cannot be read is skipped, and that is said.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from companion.tools.result import ToolFailure, ToolResult

FILE_NAME: Final = "notes.jsonl"
MAX_CHARS: Final = 1000  # of one note: nobody dictates more
SHOWN: Final = 20  # notes in one answer
READ_BYTES: Final = 1 << 20  # from the end of the file; some 10 000 notes


def _local_now() -> datetime:
    return datetime.now().astimezone()


class Notes:
    """`folder`: is made if it is not there. `now`: what is written as a note's time."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _local_now) -> None:
        self.path = folder / FILE_NAME
        self._now = now
        self._writing = threading.Lock()

    async def add(self, text: str) -> ToolResult:
        """Writes the note down. Raises ToolFailure if it is empty, too long, or the disk does not take it."""
        text = text.strip()
        if not 0 < len(text) <= MAX_CHARS:
            raise ToolFailure("bad arguments", f"A note has 1 to {MAX_CHARS} characters; this one has {len(text)}.")
        line = json.dumps({"at": self._now().isoformat(timespec="seconds"), "text": text}) + "\n"
        await self._off_loop(lambda: self._append(line.encode()))
        return ToolResult("Noted.")

    async def listed(self, about: str = "") -> ToolResult:
        """The latest notes, latest first; only those that hold every word of `about`. Raises ToolFailure."""
        data, whole = await self._off_loop(self._tail)
        notes, broken = _read(data)
        words = about.casefold().split()
        fitting = [n for n in reversed(notes) if all(word in n[1].casefold() for word in words)]
        return ToolResult("\n".join([*_said(fitting, about), *_left_out(len(fitting), broken, whole)]))

    async def _off_loop(self, work: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(work)
        except OSError as why:
            raise ToolFailure("failed", f"The notes cannot be reached: {why.strerror or why}.") from why

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._writing:
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.fchmod(handle, 0o600)  # also where the file came from a backup
                size = os.fstat(handle).st_size
                torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # a crash in the middle of a line
                _write_all(handle, (b"\n" if torn else b"") + line)
                os.fsync(handle)
            finally:
                os.close(handle)

    def _tail(self) -> tuple[bytes, bool]:
        """The end of the file, from the beginning of a line, and whether that is all of it."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - READ_BYTES))
                data = file.read(READ_BYTES)
        except FileNotFoundError:
            return b"", True
        return (data, True) if size <= READ_BYTES else (data.partition(b"\n")[2], False)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _read(data: bytes) -> tuple[list[tuple[str, str]], int]:
    """Time and text of each note, oldest first, and how many lines could not be read."""
    notes, broken = [], 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            note = json.loads(line)
            at, text = note["at"], note["text"]
            if not (isinstance(at, str) and isinstance(text, str)):
                raise ValueError("not text")
        except (ValueError, TypeError, KeyError, RecursionError):
            broken += 1
        else:
            notes.append((at[:16].replace("T", " "), text[:MAX_CHARS]))
    return notes, broken


def _said(notes: list[tuple[str, str]], about: str) -> list[str]:
    if not notes:
        return [f"There are no notes about {about.strip()!r}." if about.strip() else "There are no notes."]
    return [f"{at}: {text}" for at, text in notes[:SHOWN]]


def _left_out(count: int, broken: int, whole: bool) -> list[str]:
    said = []
    if count > SHOWN:
        said.append(f"[{count - SHOWN} older ones are not listed]")
    if not whole:
        said.append("[there are still older ones, which were not looked at]")
    if broken:
        said.append(f"[{broken} {'line' if broken == 1 else 'lines'} of the notes file cannot be read]")
    return said
