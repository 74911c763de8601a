"""OpenAI Responses, and the servers that took it over: our messages to a request body, bytes to an answer.

Nothing is kept by the server (`store` is always false), so every query holds the whole conversation. A reasoning model
then wants its own reasoning back with its tool calls, encrypted: it travels with the call before which it came.
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

WIRE = "responses"
ENCRYPTED = "reasoning.encrypted_content"


class ResponsesDialect:
    """`POST /responses`; see `query.Dialect`."""

    name = WIRE

    def path(self, model: str) -> str:
        return "/responses"

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    def body(self, query: Query, quirks: Quirks) -> dict[str, Any]:
        body: dict[str, Any] = {"model": query.model}
        system = [m.text for m in query.messages if m.role == "system"]
        if system:
            body["instructions"] = "\n\n".join(system)
        body["input"] = [item for m in query.messages for item in _items(m, query, quirks)]
        body |= {"stream": True, "store": False}
        if query.max_tokens > 0:
            body["max_output_tokens"] = query.max_tokens
        if query.effort:
            body["reasoning"] = {"effort": query.effort}
        if quirks.encrypted_reasoning:
            body["include"] = [ENCRYPTED]
        if query.tools:
            # `strict` is on where it is not sent, and then a schema must name every field as required.
            body["tools"] = [
                {
                    "type": "function",
                    "name": t.name,
                    "description": t.description,
                    "parameters": schema_of(t),
                    "strict": False,
                }
                for t in query.tools
            ]
            if not quirks.parallel_calls:
                body["parallel_tool_calls"] = False
        return with_extra(body, quirks.extra)

    def parser(self) -> ResponsesParser:
        return ResponsesParser()


def _items(message: Message, query: Query, quirks: Quirks) -> list[dict[str, Any]]:
    attached = pictures(message, query)
    if message.role == "system":
        return []
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.call_id, "output": result_text(message)}]
    if message.role == "assistant":
        said = [{"role": "assistant", "content": message.text}] if message.text else []
        return [*said, *(item for call in message.calls for item in _call(call, quirks))]
    if not attached:
        return [{"role": "user", "content": message.text}]
    parts: list[dict[str, Any]] = []
    for name, data in attached:  # the picture first, see chat
        parts += [{"type": "input_text", "text": f"{name}:"}] if name else []
        detail = quirks.image_detail or "high"  # this wire requires one
        parts.append({"type": "input_image", "image_url": data_url(data), "detail": detail})
    parts += [{"type": "input_text", "text": message.text}] if message.text else []
    return [{"role": "user", "content": parts}]


def _call(call: ToolCall, quirks: Quirks) -> list[dict[str, Any]]:
    reasoning = dicts_in(carry_of(WIRE, call.carry)) if quirks.encrypted_reasoning else []
    called = {
        "type": "function_call",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": arguments_text(call),
    }
    return [*reasoning, called]


class ResponsesParser(AnswerParser):
    """Events named by their `type`; see `query.Parser`."""

    ENDINGS: ClassVar[Mapping[str, str]] = {
        "max_output_tokens": CAPPED,
        "content_filter": "refused",
        "incomplete": "truncated",
        "cancelled": "truncated",
        "failed": "overloaded",
    }

    def __init__(self) -> None:
        super().__init__()
        self._spoken_items: set[int | None] = set()  # whose text came in deltas; None: of one that was not named
        self._items = 0
        self._reasoning: list[dict[str, Any]] = []  # since the last call
        self._reasoning_chars = 0

    def _take(self, name: str, event: dict[str, Any]) -> None:
        kind = text_in(event.get("type")) or name
        if kind == "response.output_text.delta":
            self._spoken_items.add(_index(event))
            self._add_text(text_in(event.get("delta")))
        elif kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            self._add_thought(text_in(event.get("delta")))
        elif kind == "response.refusal.delta":
            self._spoken_items.add(_index(event))
            self._add_refusal(text_in(event.get("delta")))
        elif kind == "response.output_item.done":
            self._item(dict_in(event.get("item")), _index(event))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            self._close(dict_in(event.get("response")), kind.removeprefix("response."))

    def _take_whole(self, answer: dict[str, Any]) -> bool:
        if not isinstance(answer.get("output"), list):
            return False
        self._close(answer, text_in(answer.get("status")) or "completed")
        return True

    def _item(self, item: dict[str, Any], index: int | None) -> None:
        """A part of the answer, whole. Its text is taken only if it has not come in deltas before."""
        self._items += 1
        kind = item.get("type")
        if kind == "function_call" and item.get("status") != "incomplete":
            key = f"#{len(self._calls)}"
            call_id = text_in(item.get("call_id")) or text_in(item.get("id"))
            self._calls.begin(key, text_in(item.get("name")), call_id, self._carried_reasoning())
            self._calls.add(key, item.get("arguments"))
        elif kind == "reasoning":
            self._keep_reasoning(item)
        elif kind == "message" and not self._spoken_items & {index, None}:
            for part in dicts_in(item.get("content")):
                self._add_text(text_in(part.get("text")) if part.get("type") == "output_text" else "")
                self._add_refusal(text_in(part.get("refusal")))

    def _close(self, response: dict[str, Any], status: str) -> None:
        """The response as a whole: counts, the reason, and the parts if they came in no event of their own."""
        if error := response.get("error"):
            return self._refused_by_server(error)
        if not self._items and not self._spoken_items:
            for index, item in enumerate(dicts_in(response.get("output"))):
                self._item(item, index)
        self._count(dict_in(response.get("usage")))
        why = text_in(dict_in(response.get("incomplete_details")).get("reason"))
        self._stop(why or status)
        self._end()

    def _keep_reasoning(self, item: dict[str, Any]) -> None:
        if not (encrypted := text_in(item.get("encrypted_content"))):
            return  # without storing, its id alone means nothing to the server
        self._reasoning_chars += len(encrypted)
        if self._reasoning_chars > MAX_CARRY_CHARS:
            return self._fail("protocol", f"more than {MAX_CARRY_CHARS} characters of encrypted reasoning")
        summary = [
            {"type": "summary_text", "text": text_in(part.get("text"))} for part in dicts_in(item.get("summary"))
        ]
        kept = {"type": "reasoning", "id": text_in(item.get("id")), "summary": summary, "encrypted_content": encrypted}
        self._reasoning.append(kept)

    def _carried_reasoning(self) -> str:
        kept, self._reasoning = self._reasoning, []
        return carried(WIRE, kept)

    def _count(self, usage: dict[str, Any]) -> None:
        self._usage = Usage(
            count_of(usage.get("input_tokens")),
            count_of(usage.get("output_tokens")),
            count_of(dict_in(usage.get("input_tokens_details")).get("cached_tokens")),
            count_of(dict_in(usage.get("output_tokens_details")).get("reasoning_tokens")),
        )


def _index(event: dict[str, Any]) -> int | None:
    index = event.get("output_index")
    return index if isinstance(index, int) else None
