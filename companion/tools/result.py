"""What comes of running a tool: text for the model, or why there is none. A failure is a value, not an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MAX_TEXT_BYTES: Final = 16 << 10  # of UTF-8; about 4000 tokens, more than an answer that is spoken can use
Failure = Literal["", "stopped", "too slow", "refused", "bad arguments", "failed"]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """As `ToolDone` carries it. `failed`: "" or why there is no result; `text` then says more, for the model.
    `sources`: web addresses that the text is from."""

    text: str = ""
    failed: Failure = ""
    sources: tuple[str, ...] = ()


class ToolFailure(Exception):  # noqa: N818 - a value on its way to becoming a ToolResult
    """Ends a tool from wherever it is; the runner turns it into a result. `failed`: never ""."""

    def __init__(self, failed: Failure, text: str) -> None:
        super().__init__(text)
        self.failed = failed
        self.text = text


def bounded(text: str, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Text that a recording can hold: valid UTF-8 of at most `max_bytes`. What was cut off is said at its end."""
    data = text.encode("utf-8", "replace")
    if len(data) <= max_bytes:
        return data.decode()
    note = f"\n[cut off here: only the first {max_bytes >> 10} KiB are shown]"
    return data[: max_bytes - len(note)].decode("utf-8", "ignore") + note
