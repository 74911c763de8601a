"""Server-sent events out of bytes, however the bytes are cut.

Lines end at CR, LF or CRLF and nowhere else: U+2028 and U+0085 are legal inside JSON strings, and a reader that splits
text into lines breaks answers in two there. Source: the "Server-sent events" chapter of the HTML standard; the one
deviation is `finish`, which gives out an event whose closing blank line never came, because servers forget it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"

MAX_EVENT_BYTES = 1 << 20  # a delta is some hundred bytes; a line without end must not fill the memory


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. `data`: its data lines joined by LF; `name`: "message" unless the server named it."""

    data: str
    name: str = "message"


class SseParser:
    """Bytes in, whole events out; the events do not depend on where the bytes were cut.

    An event over `max_event_bytes` ends the stream: `problem` then says so, naming the limit, and nothing more comes.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.problem = ""
        self._limit = max_event_bytes
        self._line = bytearray()  # the line whose end has not come yet
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = ""
        self._first_line = True
        self._after_cr = False  # a LF at the start of the next chunk belongs to the CR at the end of this one

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that this chunk completes."""
        events: list[SseEvent] = []
        at = 0
        if self._after_cr and chunk:
            self._after_cr = False
            at = 1 if chunk.startswith(b"\n") else 0
        while not self.problem and (end := _LINE_END.search(chunk, at)):
            self._add(chunk, at, end.start())
            at = end.end()
            self._after_cr = at == len(chunk) and end.group() == b"\r"
            events += self._end_of_line()
        if not self.problem:
            self._add(chunk, at, len(chunk))
            self._check_size()
        return events

    def _add(self, chunk: bytes, start: int, end: int) -> None:
        """More of the line; of what is beyond the limit only enough to see that it is."""
        self._line += chunk[start : min(end, start + self._limit + 1)]

    def finish(self) -> list[SseEvent]:
        """The stream ended: what is left, though its end of line or its closing blank line is missing."""
        if self.problem:
            return []
        return self._end_of_line() + self._dispatch()

    def _end_of_line(self) -> list[SseEvent]:
        self._check_size()
        if self.problem:
            return []
        line = bytes(self._line)
        self._line.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")  # a comment has an empty field name
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        return []

    def _dispatch(self) -> list[SseEvent]:
        data, name = self._data, self._name or "message"
        self._data, self._data_bytes, self._name = [], 0, ""
        return [SseEvent(b"\n".join(data).decode("utf-8", "replace"), name)] if data else []

    def _check_size(self) -> None:
        if self._data_bytes + len(self._line) > self._limit:
            self.problem = f"one event of the stream is larger than the limit of {self._limit} bytes"
            self._line.clear()
            self._data.clear()
