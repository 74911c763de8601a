"""Anthropic Messages: our messages to a request body, bytes to an answer.

The wire wants turns that alternate, so messages of one side are joined; a tool's results stand before whatever else the
user's turn holds. Thinking comes back signed, and must be given back, as it came, with the calls that followed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipelines.events import Message
from pipelines.thinking.dialects.parser import (
    CAPPED,
    MAX_CARRY_CHARS,
    AnswerParser,
    Usage,
    count_of,
    dict_in,
    dicts_in,
    text_in,
)
from pipelines.thinking.dialects.parts import arguments_of, carried, carry_of, pictures, schema_of, with_extra
from pipelines.thinking.dialects.query import Query, Quirks

WIRE = "anthropic"
VERSION = "2023-06-01"
MAX_TOKENS = 4096  # this wire wants a cap; room for some thinking and a spoken answer
_CACHED = {"type": "ephemeral"}
_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")  # ids of other vendors' calls are refused for other characters


class AnthropicDialect:
    """`POST /messages`; see `query.Dialect`."""

    name = WIRE

    def path(self, model: str) -> str:
        return "/messages"

    def headers(self, key: str) -> dict[str, str]:
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def body(self, query: Query, quirks: Quirks) -> dict[str, Any]:
        """Tools, then system, then messages: the order in which the vendor caches. What stays the same from turn to
        turn ends with the last system block, or else with the last tool, and is marked there."""
        body: dict[str, Any] = {"model": query.model}
        tools: list[dict[str, Any]] = [
            {"name": t.name, "description": t.description, "input_schema": schema_of(t)} for t in query.tools
        ]
        system: list[dict[str, Any]] = [
            {"type": "text", "text": m.text} for m in query.messages if m.role == "system" and m.text
        ]
        for stable in (system or tools)[-1:]:
            stable["cache_control"] = _CACHED
        if tools:
            body["tools"] = tools
        if system:
            body["system"] = system
        body["messages"] = _turns(query)
        body |= {"max_tokens": query.max_tokens if query.max_tokens > 0 else MAX_TOKENS, "stream": True}
        if quirks.thinking:
            body["thinking"] = {"type": quirks.thinking}
        if query.effort:
            body["output_config"] = {"effort": query.effort}
        return with_extra(body, quirks.extra)

    def parser(self) -> AnthropicParser:
        return AnthropicParser()


def _turns(query: Query) -> list[dict[str, Any]]:
    """Alternating turns, in each of the user's the tools' results first."""
    turns: list[dict[str, Any]] = []
    for message in query.messages:
        role = "assistant" if message.role == "assistant" else "user"
        if not (blocks := _blocks(message, query)):
            continue  # empty ones are refused
        if not turns or turns[-1]["role"] != role:
            turns.append({"role": role, "content": []})
        turns[-1]["content"] += blocks
    for turn in turns:
        if turn["role"] == "user":
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    return turns


def _blocks(message: Message, query: Query) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for name, data in pictures(message, query):  # the picture first, see chat
        out += [{"type": "text", "text": f"{name}:"}] if name else []
        out.append({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": data}})
    if message.role == "system":
        return []
    if message.role == "tool":
        return [_result(message)]
    if message.calls:
        out += dicts_in(carry_of(WIRE, message.carry))
    if message.text.strip():
        out.append({"type": "text", "text": message.text})
    for call in message.calls:
        out += dicts_in(carry_of(WIRE, call.carry))
        out.append({"type": "tool_use", "id": _id(call.call_id), "name": call.name, "input": arguments_of(call)})
    return out


def _result(message: Message) -> dict[str, Any]:
    out: dict[str, Any] = {"type": "tool_result", "tool_use_id": _id(message.call_id)}
    if message.text:
        out["content"] = message.text
    return out | ({"is_error": True} if message.failed else {})


def _id(call_id: str) -> str:
    return _NOT_IN_ID.sub("_", call_id)


@dataclass(slots=True)
class _Thinking:
    """One block of thinking as it came. `redacted`: what stands in its place where the vendor shows none."""

    thought: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    redacted: str = ""

    def block(self) -> dict[str, Any]:
        if self.redacted:
            return {"type": "redacted_thinking", "data": self.redacted}
        return {"type": "thinking", "thinking": "".join(self.thought), "signature": "".join(self.signature)}


class AnthropicParser(AnswerParser):
    """Blocks that begin, grow and stop, one after another, then the reason; see `query.Parser`."""

    ENDINGS: ClassVar[Mapping[str, str]] = {
        "max_tokens": CAPPED,
        "refusal": "refused",
        "pause_turn": "truncated",  # only the vendor's own tools pause, and we ask for none
        "model_context_window_exceeded": "too_large",
    }

    def __init__(self) -> None:
        super().__init__()
        self._thinking: list[_Thinking] = []  # since the last call
        self._thinking_chars = 0
        self._before_calls = ""  # what is carried of the thinking before the first call

    def _take(self, name: str, event: dict[str, Any]) -> None:
        kind = text_in(event.get("type")) or name
        key = str(event.get("index"))
        if kind == "content_block_delta":
            self._grow(key, dict_in(event.get("delta")))
        elif kind == "content_block_start":
            self._begin(key, dict_in(event.get("content_block")))
        elif kind == "message_start":
            self._count(dict_in(dict_in(event.get("message")).get("usage")))
        elif kind == "message_delta":
            self._count(dict_in(event.get("usage")))
            if reason := text_in(dict_in(event.get("delta")).get("stop_reason")):
                self._stop(reason)
        elif kind == "message_stop":
            self._stop(self._finish or "")
            self._end()

    def _take_whole(self, answer: dict[str, Any]) -> bool:
        for number, block in enumerate(dicts_in(answer.get("content"))):
            self._begin(str(number), block)
        self._count(dict_in(answer.get("usage")))
        self._stop(text_in(answer.get("stop_reason")))
        return isinstance(answer.get("content"), list)

    def _begin(self, key: str, block: dict[str, Any]) -> None:
        """A block, whole or only its beginning."""
        kind = block.get("type")
        if kind == "text":
            self._add_text(text_in(block.get("text")))
        elif kind == "thinking":
            self._thinking.append(_Thinking())
            self._think(text_in(block.get("thinking")), text_in(block.get("signature")))
        elif kind == "redacted_thinking":
            self._thinking.append(_Thinking(redacted=text_in(block.get("data"))))
            self._bound(len(self._thinking[-1].redacted))
        elif kind == "tool_use":
            carry = self._carried_thinking()
            first = not len(self._calls)
            self._before_calls = carry if first else self._before_calls
            self._calls.begin(key, text_in(block.get("name")), text_in(block.get("id")), "" if first else carry)
            self._calls.add(key, block.get("input") or None)  # {} here: the arguments follow in pieces

    def _grow(self, key: str, delta: dict[str, Any]) -> None:
        kind = delta.get("type")
        if kind == "text_delta":
            self._add_text(text_in(delta.get("text")))
        elif kind == "input_json_delta":
            self._calls.add(key, text_in(delta.get("partial_json")))
        elif kind == "thinking_delta":
            self._think(text_in(delta.get("thinking")), "")
        elif kind == "signature_delta":
            self._think("", text_in(delta.get("signature")))

    def _think(self, thought: str, signature: str) -> None:
        self._add_thought(thought)
        if not self._thinking:
            self._thinking.append(_Thinking())
        self._thinking[-1].thought.append(thought)
        self._thinking[-1].signature.append(signature)
        self._bound(len(thought) + len(signature))

    def _bound(self, chars: int) -> None:
        self._thinking_chars += chars
        if self._thinking_chars > MAX_CARRY_CHARS:
            self._fail("protocol", f"more than {MAX_CARRY_CHARS} characters of thinking")

    def _carried_thinking(self) -> str:
        blocks, self._thinking = [t.block() for t in self._thinking], []
        return carried(WIRE, blocks)

    def _carry(self) -> str:
        return self._before_calls

    def _count(self, usage: dict[str, Any]) -> None:
        """Each event counts what it knows; the numbers of a later one are totals, not more."""
        was = self._usage
        given, cached, total = was.output_tokens, was.cached_tokens, was.input_tokens
        if "input_tokens" in usage:  # without those that were read from a cache or written to it
            cached = count_of(usage.get("cache_read_input_tokens"))
            written = count_of(usage.get("cache_creation_input_tokens"))
            total = count_of(usage["input_tokens"]) + cached + written
        if "output_tokens" in usage:
            given = count_of(usage["output_tokens"])
        self._usage = Usage(total, given, cached)
