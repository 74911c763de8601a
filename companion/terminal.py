"""What a terminal can show: how wide it is, whether it has colours, and text that cannot do anything but be read.

Texts in a recording come from signs, models and strangers. A terminal obeys what it prints, so control characters and
direction marks never reach it.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

Colours = Literal["none", "grey", "256", "full"]


@dataclass(frozen=True, slots=True)
class Screen:
    """`colours`: "none" = plain text for a file or a pipe; "grey" = a terminal without colours; "256"; "full" = 24 bit.
    80 x 40 is what fits beside an editor, and what a bug report quotes well."""

    width: int = 80
    lines: int = 40
    colours: Colours = "none"

    def styled(self, text: str, code: str) -> str:
        """The text in an SGR style ("1" bold, "36" cyan …), if there are colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours in ("256", "full") and text else text


def screen_of(stream: TextIO, environment: Mapping[str, str] | None = None) -> Screen:
    """What `stream` leads to. https://no-color.org and COLORTERM are honoured; at most 100 columns are used."""
    env = os.environ if environment is None else environment
    if not stream.isatty():
        return Screen()
    width = max(60, min(100, shutil.get_terminal_size((80, 40)).columns))
    return Screen(width, colours=_colours(env))


def _colours(env: Mapping[str, str]) -> Colours:
    term = env.get("TERM", "")
    if term == "dumb":
        return "none"
    if env.get("NO_COLOR"):
        return "grey"
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "full"
    return "256" if "256color" in term else "grey"


def safe(text: str) -> str:
    """One line that only shows: white space is a blank, what a terminal would obey or hide is "�"."""
    blank = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in blank)


def harmless(text: str) -> str:
    """The text with its blanks; what a terminal would obey or hide is "�"."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def columns(text: str) -> int:
    """How many columns a text without control characters takes: 2 for wide East Asian letters, 0 for accents."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns; what was cut is an ellipsis."""
    if len(text) <= 8 * width and columns(text) <= width:
        return text
    taken, used = [], 0
    for c in text:
        used += columns(c)
        if used > width - 1:
            break
        taken.append(c)
    return "".join(taken).rstrip() + "…"


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """The text in at most `lines` lines of at most `width` columns; what does not fit is an ellipsis."""
    rows = [""]
    room = 8 * (lines + 1) * width  # letters that are looked at: a recording may hold a text without end
    for word in safe(text if len(text) <= room else f"{text[:room]} …").split(" "):
        joined = f"{rows[-1]} {word}" if rows[-1] else word
        if columns(joined) <= width:
            rows[-1] = joined
            continue
        if rows[-1]:
            rows.append("")
        while columns(word) > width:
            head = cut(word, width)[:-1]
            rows[-1], word = head, word[len(head) :]
            rows.append("")
        rows[-1] = word
    if len(rows) > lines:
        rows = [*rows[: lines - 1], cut(f"{rows[lines - 1]} …", width)]
    return rows
