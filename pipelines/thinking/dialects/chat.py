"""OpenAI Chat Completions and the many servers that speak it: our messages to a request body, bytes to an answer.

Pure: no socket and no clock, so a recorded answer can be read again byte for byte. Tolerated, because servers in the
field do it: no `[DONE]`, usage in the finishing chunk or in none, `content` as a list of parts, thinking inside
`<think>` at the start of the text, a whole JSON answer where a stream was asked for, an error inside a 200 stream.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.events import Message
from pipelines.thinking import failures
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.sse import SseParser
from pipelines.thinking.dialects.text import ThinkFilter, WholeCharacters

__all__ = ["ChatOptions", "ChatParser", "Failed", "Finished", "ModelEvent", "TextDelta", "request_body"]


# JPEG bytes; or, in a replay, which reads no pictures, the text that stands where their base64 would.
Picture = bytes | str


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Where servers of this dialect differ."""

    # Understood by every compatible server; OpenAI's reasoning models want `max_completion_tokens` instead.
    max_tokens_field: str = "max_tokens"
    # Always sent: without it some models take the picture at its full size, and bill for it.
    image_detail: str = "high"
    # Ask the server not to keep the exchange; only where the field is known, others reject unknown fields.
    store_false: bool = False
    # Token counts at the end of the stream.
    include_usage: bool = True
    # Further fields of the body as they are (`reasoning_effort`, …). No temperature by default: newer models refuse it.
    extra: Mapping[str, Any] = field(default_factory=dict)


def request_body(
    messages: tuple[Message, ...],
    images: Mapping[int, Picture],
    model: str,
    max_tokens: int,
    options: ChatOptions = ChatOptions(),
) -> dict[str, Any]:
    """The JSON body. `images`: frame id to picture; `max_tokens` 0 leaves the cap to the server.

    Raises ValueError if a message attaches a picture that is not in `images`, or if it is not the user's.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(m, images, options) for m in messages],
        "stream": True,
    }
    if options.include_usage:
        body["stream_options"] = {"include_usage": True}
    if max_tokens > 0:
        body[options.max_tokens_field] = max_tokens
    if options.store_false:
        body["store"] = False
    body.update(options.extra)
    return body


def _message(message: Message, images: Mapping[int, Picture], options: ChatOptions) -> dict[str, Any]:
    if message.frame_id <= 0:
        return {"role": message.role, "content": message.text}
    if message.role != "user":
        raise ValueError(f"a {message.role!r} message attaches frame {message.frame_id}: only the user's may")
    if message.frame_id not in images:
        raise ValueError(f"frame {message.frame_id} is attached to a message, but its picture was not given")
    image = images[message.frame_id]
    data = image if isinstance(image, str) else base64.b64encode(image).decode("ascii")
    picture = {"url": f"data:image/jpeg;base64,{data}", "detail": options.image_detail}
    # The picture first: the same picture with another question then shares a cached beginning.
    return {
        "role": "user",
        "content": [{"type": "image_url", "image_url": picture}, {"type": "text", "text": message.text}],
    }


MAX_JSON_BYTES = 4 << 20  # a whole answer where a stream was asked for
MAX_ANSWER_CHARS = 100_000  # two hours of speech: an answer beyond that is a fault


class ChatParser:
    """The bytes of a 200 response in, the answer out; after a Finished or a Failed nothing more comes.

    `finishing`: the model has said why it stopped, and only usage and `[DONE]` may still come.
    """

    def __init__(self, max_answer_chars: int = MAX_ANSWER_CHARS) -> None:
        self.over = False
        self._sse = SseParser()
        self._head = bytearray()  # the first bytes, until it is clear what they are
        self._form = ""  # "", "stream", "json" or "page"
        self._whole = WholeCharacters()
        self._think = ThinkFilter()
        self._max_chars = max_answer_chars
        self._chars = 0
        self._thought_chars = 0
        self._refusal = ""
        self._finish: str | None = None
        self._usage = (0, 0)
        self._chunks = 0

    @property
    def finishing(self) -> bool:
        return self._finish is not None and not self.over

    def feed(self, data: bytes) -> list[ModelEvent]:
        """What these bytes add to the answer."""
        if self.over:
            return []
        if self._form == "stream":
            return self._stream(data)
        self._head += data
        if not self._form:
            self._form = _form_of(bytes(self._head[:64]))
            if self._form == "stream":
                return self._stream(bytes(self._head))
        if len(self._head) > MAX_JSON_BYTES:
            return self._fail("protocol", f"a body that is no stream is larger than {MAX_JSON_BYTES} bytes")
        return []

    def finish(self) -> list[ModelEvent]:
        """The response ended."""
        if self.over:
            return []
        head = bytes(self._head)
        if self._form == "json":
            return self._json(head)
        if self._form == "page":
            return self._fail("portal", f"a web page in the model's place: {failures.excerpt(head)}")
        out: list[ModelEvent] = []
        for event in self._sse.finish():  # a server that forgot its last blank line
            out += self._event(event.data, at_end=True)
        return out + ([] if self.over else self._end())

    def _stream(self, data: bytes) -> list[ModelEvent]:
        out: list[ModelEvent] = []
        for event in self._sse.feed(data):
            out += self._event(event.data)
            if self.over:
                return out
        if self._sse.problem:
            out += self._fail("protocol", self._sse.problem)
        return out

    def _event(self, data: str, at_end: bool = False) -> list[ModelEvent]:
        if self.over or not data.strip():
            return []
        if data.strip() == "[DONE]":
            self._finish = self._finish or ""
            return self._end()
        try:
            chunk: Any = json.loads(data)
        except (ValueError, RecursionError):
            if at_end:
                return []  # half an event: `_end` says that the stream was cut
            return self._fail("protocol", f"an event that is not JSON: {failures.excerpt(data.encode())}")
        if not isinstance(chunk, dict):
            return self._fail("protocol", f"an event that is not an object: {failures.excerpt(data.encode())}")
        self._chunks += 1
        return self._chunk(chunk)

    def _chunk(self, chunk: dict[str, Any]) -> list[ModelEvent]:
        if error := chunk.get("error") or (chunk if chunk.get("object") == "error" else None):
            failure = failures.of_error(error)
            return [*self._rest_of_text(), *self._fail(failure.kind, failure.detail)]
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = (_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
        choices = chunk.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict) or first.get("index", 0) != 0:
            return []
        delta = first.get("delta") or first.get("message")
        out = self._delta(delta) if isinstance(delta, dict) else []
        if isinstance(reason := first.get("finish_reason"), str) and reason and not self.over:
            self._finish = reason
        return out

    def _delta(self, delta: dict[str, Any]) -> list[ModelEvent]:
        for name in ("reasoning_content", "reasoning"):
            if isinstance(thought := delta.get(name), str):
                self._thought_chars += len(thought)
                break
        if isinstance(refusal := delta.get("refusal"), str):
            self._refusal = (self._refusal + refusal)[:1000]
        text = self._think.feed(self._whole.feed(_text_of(delta.get("content"))))
        return self._text(text)

    def _text(self, text: str) -> list[ModelEvent]:
        if not text:
            return []
        self._chars += len(text)
        if self._chars > self._max_chars:
            return self._fail("protocol", f"the answer is longer than {self._max_chars} characters")
        return [TextDelta(text)]

    def _rest_of_text(self) -> list[ModelEvent]:
        return self._text(self._think.feed(self._whole.finish()) + self._think.finish())

    def _end(self) -> list[ModelEvent]:
        """No more will come: whether that is an answer depends on what came."""
        out = self._rest_of_text()
        if self.over:
            return out
        if self._finish is None:
            return out + self._no_finish()
        if self._refusal or self._finish == "content_filter":
            return out + self._fail("refused", f"finish {self._finish!r}: {self._refusal or 'the filter stopped it'}")
        if self._finish == "error":
            return out + self._fail("overloaded", "the server ended the answer with finish_reason 'error'")
        if not self._chars:
            thought = self._thought_chars + self._think.dropped_chars
            return out + self._fail(
                "empty", f"finish {self._finish!r} after {thought} characters of reasoning, no text"
            )
        self.over = True
        thought = self._thought_chars + self._think.dropped_chars
        return [*out, Finished(self._finish, *self._usage, thought)]

    def _no_finish(self) -> list[ModelEvent]:
        if self._form == "stream" and not self._chunks:
            return self._fail("protocol", "the response held no event of an answer")
        return self._fail("truncated", f"the stream ended without an ending, after {self._chars} characters")

    def _json(self, body: bytes) -> list[ModelEvent]:
        """A server that does not stream: the same shape with `message` in place of `delta`."""
        try:
            value: Any = json.loads(body)
        except (ValueError, RecursionError):
            return self._fail("protocol", f"a body that is neither a stream nor JSON: {failures.excerpt(body)}")
        out = self._chunk(value) if isinstance(value, dict) else []
        if not self.over and not isinstance(value.get("choices") if isinstance(value, dict) else None, list):
            return self._fail("protocol", f"JSON without choices: {failures.excerpt(body)}")
        return out if self.over else out + self._end()

    def _fail(self, kind: str, detail: str) -> list[ModelEvent]:
        self.over = True
        return [Failed(kind, detail)]


def _form_of(head: bytes) -> str:
    """What a response is, by its first byte that is not blank: content types lie, and no stream begins like this."""
    bom = b"\xef\xbb\xbf"
    if bom.startswith(head):
        return ""
    first = head.removeprefix(bom).lstrip()[:1]
    if not first:
        return "stream" if len(head) >= 64 else ""
    return {b"{": "json", b"[": "json", b"<": "page"}.get(first, "stream")


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, as some servers stream them; thinking parts have another type
        parts = [p.get("text") for p in content if isinstance(p, dict) and p.get("type", "text") == "text"]
        return "".join(p for p in parts if isinstance(p, str))
    return ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else 0
