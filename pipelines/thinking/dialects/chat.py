"""OpenAI Chat Completions and the many servers that speak it: our messages to a request body, bytes to an answer.

Pure: no socket and no clock, so a recorded answer can be read again byte for byte. Tolerated, because servers in the
field do it: no `[DONE]`, usage in the finishing chunk or in none, `content` as a list of parts, thinking inside
`<think>` at the start of the text, a whole JSON answer where a stream was asked for, an error inside a 200 stream, tool
calls whole or in pieces, with or without an index or an id, their arguments as text or as an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pipelines.events import Message, ToolCall
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
from pipelines.thinking.dialects.parts import (
    arguments_text,
    carried,
    carry_of,
    data_url,
    pictures,
    result_text,
    schema_of,
    with_extra,
)
from pipelines.thinking.dialects.query import Query, Quirks

WIRE = "chat"


class ChatDialect:
    """`POST /chat/completions`; see `query.Dialect`."""

    name = WIRE

    def path(self, model: str) -> str:
        return "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    def body(self, query: Query, quirks: Quirks) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": query.model,
            "messages": [_message(m, query, quirks) for m in query.messages],
            "stream": True,
        }
        if quirks.include_usage:
            body["stream_options"] = {"include_usage": True}
        if query.max_tokens > 0:
            body[quirks.max_tokens_field] = query.max_tokens
        if quirks.store_false:
            body["store"] = False
        body |= _effort(query.effort, quirks.effort_field)
        if query.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": schema_of(t)},
                }
                for t in query.tools
            ]
            if not quirks.parallel_calls:
                body["parallel_tool_calls"] = False
        return with_extra(body, quirks.extra)

    def parser(self) -> ChatParser:
        return ChatParser()


def _effort(effort: str, where: str) -> dict[str, Any]:
    if not effort or not where:
        return {}
    if where == "reasoning":
        return {"reasoning": {"effort": effort}}
    thinks = effort not in ("off", "none")
    if where == "enable_thinking":
        return {"enable_thinking": thinks}
    if where == "chat_template_kwargs":
        return {"chat_template_kwargs": {"enable_thinking": thinks}}
    return {where: effort}


def _message(message: Message, query: Query, quirks: Quirks) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for name, data in pictures(message, query):
        parts += [{"type": "text", "text": f"{name}:"}] if name else []
        parts.append({"type": "image_url", "image_url": _image(data, quirks)})
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": result_text(message)}
    if message.calls:
        return _calling(message, quirks)
    if not parts:
        return {"role": message.role, "content": message.text}
    # The picture first: the same picture with another question then shares a cached beginning.
    return {"role": "user", "content": [*parts, *([{"type": "text", "text": message.text}] if message.text else [])]}


def _image(data: str, quirks: Quirks) -> object:
    if quirks.image_as_string:
        return data_url(data)
    return {"url": data_url(data)} | ({"detail": quirks.image_detail} if quirks.image_detail else {})


def _calling(message: Message, quirks: Quirks) -> dict[str, Any]:
    """An assistant's message that asks for tools."""
    out: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    thought = carry_of(WIRE, message.carry)
    if quirks.reasoning_back and isinstance(thought, str):
        out["reasoning_content"] = thought
    out["tool_calls"] = [_call(c) for c in message.calls]
    return out


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments_text(call)}
    return {"id": call.call_id, "type": "function", "function": function}


class ChatParser(AnswerParser):
    """Chunks with `choices`; see `query.Parser`."""

    ENDINGS: ClassVar[Mapping[str, str]] = {"length": CAPPED, "content_filter": "refused", "error": "overloaded"}

    def __init__(self) -> None:
        super().__init__()
        self._thoughts: list[str] = []
        self._latest = ""  # the key of the call to which a piece without an index belongs

    def _take(self, name: str, event: dict[str, Any]) -> None:
        self._count(dict_in(event.get("usage")))
        choices = event.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict) or first.get("index", 0) != 0:
            return
        self._delta(dict_in(first.get("delta") or first.get("message")))
        if reason := text_in(first.get("finish_reason")):
            self._stop(reason)

    def _take_whole(self, answer: dict[str, Any]) -> bool:
        """The same shape with `message` in place of `delta`."""
        self._take("", answer)
        return isinstance(answer.get("choices"), list)

    def _done(self) -> None:
        self._stop(self._finish or "")  # many servers give no reason
        self._end()

    def _delta(self, delta: dict[str, Any]) -> None:
        for name in ("reasoning_content", "reasoning"):
            if isinstance(thought := delta.get(name), str):
                self._add_thought(thought)
                if self._thought_chars <= MAX_CARRY_CHARS:
                    self._thoughts.append(thought)
                break
        self._add_refusal(text_in(delta.get("refusal")))
        self._add_text(_text_of(delta.get("content")))
        for piece in dicts_in(delta.get("tool_calls")):
            self._piece(piece)

    def _piece(self, piece: dict[str, Any]) -> None:
        """Part of a tool call. Pieces belong together by index. Where servers give none, or 0 to all, another id begins
        another call; without an id, another name does."""
        function = dict_in(piece.get("function"))
        call_id, name, index = text_in(piece.get("id")), text_in(function.get("name")), piece.get("index")
        key = str(index) if isinstance(index, int) else self._latest
        known_id = self._calls.id_of(key)
        if (
            known_id is None
            or (call_id and known_id and call_id != known_id)
            or (name and index is None and not (call_id and known_id))
        ):
            key = key if isinstance(index, int) else f"#{len(self._calls)}"
            self._calls.begin(key, name, call_id)
        else:
            self._calls.identify(key, name, call_id)
        self._latest = key
        self._calls.add(key, function.get("arguments"))

    def _count(self, usage: dict[str, Any]) -> None:
        if not usage:
            return
        cached = dict_in(usage.get("prompt_tokens_details")).get("cached_tokens")
        reasoned = dict_in(usage.get("completion_tokens_details")).get("reasoning_tokens")
        self._usage = Usage(
            count_of(usage.get("prompt_tokens")),
            count_of(usage.get("completion_tokens")),
            count_of(cached if cached is not None else usage.get("prompt_cache_hit_tokens")),  # DeepSeek's name
            count_of(reasoned),
        )

    def _carry(self) -> str:
        whole = self._thought_chars <= MAX_CARRY_CHARS
        return carried(WIRE, "".join(self._thoughts)) if whole else ""


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    # parts, as some servers stream them; thinking parts have another type
    return "".join(text_in(p.get("text")) for p in dicts_in(content) if p.get("type", "text") == "text")
