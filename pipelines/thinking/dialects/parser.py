"""What the parsers of all wire formats share: from the bytes of a response to one answer with exactly one ending.

A dialect's parser tells what one event of its wire says (`_take`), and what a whole answer looks like where a stream
was asked for (`_take_whole`). Here stands everything else: whether this is a stream at all, what of the text may be
spoken, how much is too much, and when an answer is whole, refused, empty or cut off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pipelines.events import ToolCall
from pipelines.thinking import failures
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.calls import CallPieces
from pipelines.thinking.dialects.sse import SseParser
from pipelines.thinking.dialects.text import SpokenText, mended

MAX_JSON_BYTES = 4 << 20  # a whole answer where a stream was asked for
MAX_PAGE_BYTES = 1 << 10  # of a web page: enough to tell what it is
MAX_ANSWER_CHARS = 100_000  # two hours of speech: an answer beyond that is a fault
MAX_CARRY_CHARS = 1 << 20  # of reasoning that is only carried
MAX_WORDS_CHARS = 200  # of a server's words for the log

CAPPED = "capped"  # an ending: what came is the answer, but a tool call in it may lack its end


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them, as `Finished` wants them: cached ones are part of the input, reasoning ones
    part of the output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


class AnswerParser:
    """The bytes of a 200 response in, the answer out; see `query.Parser`.

    `ENDINGS`: of the wire's words for why it stopped those that are no plain end: to a kind of failure, or to CAPPED.
    """

    ENDINGS: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.over = False
        self._out: list[ModelEvent] = []
        self._sse = SseParser()
        self._head = bytearray()  # the first bytes, until it is clear what they are
        self._form = ""  # "", "stream", "json" or "page"
        self._spoken = SpokenText()
        self._chars = 0
        self._said = False  # anything but blanks
        self._thought_chars = 0
        self._refusal = ""
        self._finish: str | None = None
        self._why = ""
        self._usage = Usage()
        self._calls = CallPieces()
        self._events = 0

    @property
    def finishing(self) -> bool:
        return self._finish is not None and not self.over

    def feed(self, data: bytes) -> list[ModelEvent]:
        """What these bytes add to the answer."""
        if self.over:
            return []
        if self._form == "stream":
            self._read_stream(data)
        else:
            self._read_head(data)
        return self._given()

    def finish(self) -> list[ModelEvent]:
        """The response ended."""
        if self.over:
            return []
        if self._form == "json":
            self._read_json(bytes(self._head))
        elif self._form == "page":
            self._portal()
        else:
            for event in self._sse.finish():  # a server that forgot its last blank line
                self._read_event(event.name, event.data, at_end=True)
        self._end()
        return self._given()

    def _given(self) -> list[ModelEvent]:
        out, self._out = self._out, []
        return out

    # ------------------------------------------------------------------------------------- what a wire format tells

    def _take(self, name: str, event: dict[str, Any]) -> None:
        """One event that is no error. `name`: its SSE name, "message" if it had none."""
        raise NotImplementedError

    def _take_whole(self, answer: dict[str, Any]) -> bool:
        """A whole answer; False if it is none of this wire."""
        raise NotImplementedError

    def _done(self) -> None:
        """`[DONE]` came."""
        self._end()

    def _carry(self) -> str:
        """`Finished.carry` of an answer with calls."""
        return ""

    # --------------------------------------------------------------------------------- what came, told by a dialect

    def _add_text(self, text: str) -> None:
        if text:
            self._give(self._spoken.feed(text))

    def _add_thought(self, text: str) -> None:
        self._thought_chars += len(text)

    def _add_refusal(self, text: str) -> None:
        self._refusal = (self._refusal + text)[:MAX_WORDS_CHARS]

    def _stop(self, finish: str, why: str = "") -> None:
        """The model has said why it stopped, perhaps in words too; `_end` when nothing can follow."""
        if not self.over:
            self._finish, self._why = mended(finish)[:MAX_WORDS_CHARS], why[:MAX_WORDS_CHARS]

    def _end(self) -> None:
        """No more will come: whether that is an answer depends on what came."""
        if self.over or not self._give(self._spoken.finish()):
            return
        kind = self.ENDINGS.get(self._finish or "", "")
        calls = self._calls.whole() if kind != CAPPED else ()
        if self._finish is None:
            self._no_ending()
        elif self._refusal or kind == "refused":
            said = self._refusal or self._why or "the filter stopped it"
            self._fail("refused", f"finish {self._finish!r}: {said}")
        elif kind and kind != CAPPED:
            self._fail(kind, f"the server ended the answer with {self._finish!r} {self._why}".rstrip())
        elif self._calls.problem:
            self._fail("protocol", self._calls.problem)
        elif not self._said and not calls:
            self._fail("empty", self._why_empty())
        else:
            self._finished(calls)

    def _fail(self, kind: str, detail: str, retry_after_s: float | None = None) -> None:
        """No word that came before the fault is lost."""
        if self.over or not self._give(self._spoken.finish()):
            return
        self.over = True
        self._out.append(Failed(kind, mended(detail), retry_after_s))

    # ------------------------------------------------------------------------------------------------ from the bytes

    def _read_head(self, data: bytes) -> None:
        self._head += data
        self._form = self._form or _form_of(bytes(self._head[:64]))
        if self._form == "stream":
            head, self._head = bytes(self._head), bytearray()
            self._read_stream(head)
        elif self._form == "page" and len(self._head) >= MAX_PAGE_BYTES:
            self._portal()
        elif len(self._head) > MAX_JSON_BYTES:
            self._fail("protocol", f"a body that is no stream is larger than {MAX_JSON_BYTES} bytes")

    def _read_stream(self, data: bytes) -> None:
        for event in self._sse.feed(data):
            self._read_event(event.name, event.data)
            if self.over:
                return
        if self._sse.problem:
            self._fail("protocol", self._sse.problem)

    def _read_event(self, name: str, data: str, at_end: bool = False) -> None:
        stripped = data.strip()
        if self.over or not stripped:
            return
        if stripped == "[DONE]":
            return self._done()
        event = _json(stripped)
        if isinstance(event, dict):
            self._read_object(name, event)
        elif not at_end:  # there it is half an event, and `_end` says that the stream was cut
            what = "JSON" if event is None else "an object"
            self._fail("protocol", f"an event that is not {what}: {failures.excerpt(data.encode())}")

    def _read_object(self, name: str, event: dict[str, Any]) -> None:
        self._events += 1
        if error := _error_in(name, event):
            return self._refused_by_server(error)
        self._take(name, event)
        if self._calls.problem:
            self._fail("protocol", self._calls.problem)

    def _refused_by_server(self, error: object) -> None:
        try:
            failure = failures.of_error(error)
        except RecursionError:
            return self._fail("protocol", "an error of the server that is nested too deeply to be read")
        self._fail(failure.kind, failure.detail, failure.retry_after_s)

    def _read_json(self, body: bytes) -> None:
        """A server that does not stream. A list holds events that were not sent as such (Gemini), or wraps an error."""
        value = _json(body)
        if value is None:
            return self._fail("protocol", f"a body that is neither a stream nor JSON: {failures.excerpt(body)}")
        found = False
        for answer in value if isinstance(value, list) else [value]:
            if isinstance(answer, dict) and not self.over:
                found = self._read_answer(answer) or found
        if not found:
            return self._fail("protocol", f"JSON that is no answer: {failures.excerpt(body)}")
        if self._finish is None:  # the JSON is whole, and so the answer is
            self._stop("")

    def _read_answer(self, answer: dict[str, Any]) -> bool:
        error = _error_in("", answer)
        if error:
            self._refused_by_server(error)
        return bool(error) or self._take_whole(answer)

    # ---------------------------------------------------------------------------------------------------- to the end

    def _give(self, text: str) -> bool:
        """Gives out text; False if the answer is over by now, because that was too much."""
        self._chars += len(text)
        if self._chars > MAX_ANSWER_CHARS and not self.over:
            self.over = True
            self._out.append(Failed("protocol", f"the answer is longer than {MAX_ANSWER_CHARS} characters"))
        if text and not self.over:
            self._said = self._said or not text.isspace()
            self._out.append(TextDelta(text))
        return not self.over

    def _portal(self) -> None:
        self._fail("portal", f"a web page in the model's place: {failures.excerpt(bytes(self._head[:MAX_PAGE_BYTES]))}")

    def _no_ending(self) -> None:
        if self._form == "stream" and not self._events:
            self._fail("protocol", "the response held no event of an answer")
        else:
            self._fail("truncated", f"the stream ended without an ending, after {self._chars} characters")

    def _why_empty(self) -> str:
        cut = f" and {len(self._calls)} tool calls that may lack their end" if len(self._calls) else ""
        return f"finish {self._finish!r} after {self._thought()} characters of reasoning{cut}, no text"

    def _thought(self) -> int:
        return self._thought_chars + self._spoken.dropped_chars

    def _finished(self, calls: tuple[ToolCall, ...]) -> None:
        self.over = True
        u = self._usage
        counts = (u.input_tokens, u.output_tokens, self._thought(), u.cached_tokens, u.reasoning_tokens)
        self._out.append(Finished(self._finish or "", *counts, calls, self._carry() if calls else ""))


def count_of(value: object) -> int:
    """A count of tokens, 0 for whatever is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else 0


def text_in(value: object) -> str:
    """The value if it is text, else ""."""
    return value if isinstance(value, str) else ""


def dict_in(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def dicts_in(value: object) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _json(text: str | bytes) -> Any:
    """What the text says, None if that is not JSON (or nothing)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _error_in(name: str, event: dict[str, Any]) -> object:
    """The error that an event tells of, in each of the ways in which servers put one into a stream; else nothing."""
    if error := event.get("error"):
        return error
    bare = name == "error" or event.get("type") == "error" or event.get("object") == "error"
    return {k: v for k, v in event.items() if k != "type"} or "error" if bare else None


def _form_of(head: bytes) -> str:
    """What a response is, by its first byte that is not blank: content types lie, and no stream begins like this."""
    bom = b"\xef\xbb\xbf"
    if bom.startswith(head):
        return ""
    first = head.removeprefix(bom).lstrip()[:1]
    if not first:
        return "stream" if len(head) >= 64 else ""
    return {b"{": "json", b"[": "json", b"<": "page"}.get(first, "stream")
