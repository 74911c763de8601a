"""Which question is typed when: words, a moment before them, and what a person goes on to type."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from companion.clip.skipping import real
from companion.settings import SettingsError

_AT: Final = re.compile(r"\s*(?:(\d+):(?=\d\d\b))?(\d+(?:\.\d+)?)\s*:\s*(\S.*)", re.DOTALL)  # 12.5: words, 1:05: words
MORE: Final = "-"  # in the place of a question: those on standard input too


@dataclass(frozen=True, slots=True)
class Asked:
    """`at`: seconds of a video, or the number of a picture; None: when all has been shown."""

    words: str
    at: float | None = None


def asked(words: Sequence[str], at: Sequence[float]) -> list[Asked]:
    """The questions of a command line; each of `at` belongs to the next question that does not say its moment itself.

    Raises:
        SettingsError: empty words, or more moments than questions.
    """
    found, moments = [], list(at)
    for text in words:
        match = _AT.fullmatch(text)
        if match is not None:
            found.append(Asked(match[3].strip(), 60 * float(match[1] or 0) + float(match[2])))
        elif text.strip():
            found.append(Asked(text.strip(), moments.pop(0) if moments else None))
        else:
            raise SettingsError("a question is empty; ask in words, e.g. companion ask 'what does this say'")
    if moments:
        raise SettingsError(f"--at {moments[0]:g}: there is no question for it; write it before or behind the question")
    return found


async def typed(source: TextIO) -> AsyncIterator[str]:
    """What a person or a program types, line by line, to an empty line or the end. The thread that reads is left to the
    process's end: it cannot be called back."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    shows = source.isatty()

    def read() -> None:
        for line in _lines(source):
            loop.call_soon_threadsafe(lines.put_nowait, line)
            if not line:
                return

    threading.Thread(target=read, name="clip-typed", daemon=True).start()
    while True:
        if shows:
            print("> ", end="", flush=True)
        with real():
            line = await lines.get()
        if not line:
            return
        yield line


def _lines(source: TextIO) -> Iterator[str]:
    """Each line that says something, then ""."""
    try:
        descriptor = source.fileno()
    except OSError:  # no file, but something like one
        yield from (line.strip() for line in source if line.strip())
        yield ""
        return
    rest = b""
    while data := os.read(descriptor, 4096):  # not by way of `source`: its lock would be held at the process's end
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").strip()
    if rest.strip():
        yield rest.decode(errors="replace").strip()
    yield ""
