"""One answer written down in each of the four wire formats: what a model says, as the bytes of a server that says it.

Written from the vendors' documents, and knowing nothing of the parsers. A `Script` is the same answer in every format.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

WIRES = ("chat", "responses", "anthropic", "gemini")

Event = tuple[str, Any]  # its name ("" = none), and what it holds


@dataclass(frozen=True)
class Script:
    """What a model says. `calls`: id, name, arguments as JSON text; `stop`: "stop", "cut", "filter" or "" (no end)."""

    texts: tuple[str, ...] = ("The door", " is red.")
    thoughts: tuple[str, ...] = ()
    calls: tuple[tuple[str, str, str], ...] = ()
    stop: str = "stop"


# 460 tokens in, of which 400 cached; 25 out, of which 20 reasoning.
COUNTS = (460, 25, 400, 20)


def events_of(wire: str, script: Script) -> list[Event]:
    """The events of a stream, in order."""
    return _WRITERS[wire](script)


def stream(wire: str, script: Script = Script(), end: bytes = b"\n") -> bytes:
    """The bytes of a stream whose lines end with `end`."""
    return sse(events_of(wire, script), end)


def sse(events: Iterable[Event], end: bytes = b"\n") -> bytes:
    out = b""
    for name, event in events:
        text = event if isinstance(event, str) else json.dumps(event)
        out += (b"event: " + name.encode() + end if name else b"") + b"data: " + text.encode() + end + end
    return out


def _chat(script: Script) -> list[Event]:
    out: list[Event] = [("", _choice({"role": "assistant", "content": ""}))]
    out += [("", _choice({"reasoning_content": thought})) for thought in script.thoughts]
    out += [("", _choice({"content": text})) for text in script.texts]
    for number, (call_id, name, arguments) in enumerate(script.calls):
        begin = {"index": number, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        out.append(("", _choice({"tool_calls": [begin]})))
        for piece in halves(arguments):
            out.append(("", _choice({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})))
    if script.stop:
        stop = "tool_calls" if script.calls and script.stop == "stop" else script.stop
        word = {"cut": "length", "filter": "content_filter"}.get(stop, stop)
        out.append(("", _choice({}, word)))
        usage = {
            "prompt_tokens": 460,
            "completion_tokens": 25,
            "prompt_tokens_details": {"cached_tokens": 400},
            "completion_tokens_details": {"reasoning_tokens": 20},
        }
        out += [("", {"choices": [], "usage": usage}), ("", "[DONE]")]
    return out


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _responses(script: Script) -> list[Event]:
    out: list[dict[str, Any]] = [{"type": "response.created", "response": {"status": "in_progress", "error": None}}]
    items: list[dict[str, Any]] = []
    if script.thoughts:
        out += [{"type": "response.reasoning_summary_text.delta", "delta": t} for t in script.thoughts]
        items.append({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VhbGVk"})
        out.append({"type": "response.output_item.done", "output_index": 0, "item": items[0]})
    if script.texts:
        at = len(items)
        for text in script.texts:
            out.append({"type": "response.output_text.delta", "output_index": at, "content_index": 0, "delta": text})
        content = [{"type": "output_text", "text": "".join(script.texts), "annotations": []}]
        items.append({"type": "message", "id": "msg_1", "role": "assistant", "content": content})
        out.append({"type": "response.output_item.done", "output_index": at, "item": items[at]})
    for call_id, name, arguments in script.calls:
        at = len(items)
        for piece in halves(arguments):
            out.append({"type": "response.function_call_arguments.delta", "output_index": at, "delta": piece})
        items.append({"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments})
        out.append({"type": "response.output_item.done", "output_index": at, "item": items[at]})
    usage = {
        "input_tokens": 460,
        "output_tokens": 25,
        "input_tokens_details": {"cached_tokens": 400},
        "output_tokens_details": {"reasoning_tokens": 20},
    }
    if script.stop:
        why = {"cut": "max_output_tokens", "filter": "content_filter"}.get(script.stop)
        status = "incomplete" if why else "completed"
        response = {"object": "response", "status": status, "output": items, "usage": usage, "error": None}
        response["incomplete_details"] = {"reason": why} if why else None
        out.append({"type": f"response.{status}", "response": response})
    return [(event["type"], event) for event in out]


def _anthropic(script: Script) -> list[Event]:
    begin = {"input_tokens": 50, "cache_read_input_tokens": 400, "cache_creation_input_tokens": 10, "output_tokens": 1}
    out: list[dict[str, Any]] = [{"type": "message_start", "message": {"role": "assistant", "usage": begin}}]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if script.thoughts:
        deltas = [{"type": "thinking_delta", "thinking": t} for t in script.thoughts]
        deltas.append({"type": "signature_delta", "signature": "c2VhbGVk"})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if script.texts:
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in script.texts]))
    for call_id, name, arguments in script.calls:
        pieces = [{"type": "input_json_delta", "partial_json": p} for p in ("", *halves(arguments))]
        blocks.append(({"type": "tool_use", "id": call_id, "name": name, "input": {}}, pieces))
    for index, (block, deltas) in enumerate(blocks):
        out.append({"type": "content_block_start", "index": index, "content_block": block})
        out += [{"type": "ping"}] if index == 0 else []
        out += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        out.append({"type": "content_block_stop", "index": index})
    if script.stop:
        stop = "tool_use" if script.calls and script.stop == "stop" else script.stop
        word = {"cut": "max_tokens", "filter": "refusal", "stop": "end_turn"}.get(stop, stop)
        out.append({"type": "message_delta", "delta": {"stop_reason": word}, "usage": {"output_tokens": 25}})
        out.append({"type": "message_stop"})
    return [(event["type"], event) for event in out]


def _gemini(script: Script) -> list[Event]:
    parts: list[dict[str, Any]] = [{"text": t, "thought": True} for t in script.thoughts]
    parts += [{"text": t} for t in script.texts]
    for number, (call_id, name, arguments) in enumerate(script.calls):
        signature = {"thoughtSignature": "c2VhbGVk"} if number == 0 else {}
        parts.append({"functionCall": {"id": call_id, "name": name, "args": json.loads(arguments)}, **signature})
    chunks: list[dict[str, Any]] = [{"candidates": [{"content": {"role": "model", "parts": [p]}}]} for p in parts]
    if script.stop:
        word = {"cut": "MAX_TOKENS", "filter": "SAFETY", "stop": "STOP"}[script.stop]
        chunks.append({"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": word}]})
        counts = {"promptTokenCount": 460, "candidatesTokenCount": 5, "thoughtsTokenCount": 20}
        chunks[-1]["usageMetadata"] = {**counts, "cachedContentTokenCount": 400}
    return [("", chunk) for chunk in chunks]


_WRITERS: dict[str, Callable[[Script], list[Event]]] = {
    "chat": _chat,
    "responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
}


def whole(wire: str, script: Script = Script()) -> bytes:
    """The same answer as one JSON, as a server sends it that does not stream."""
    text = "".join(script.texts)
    events = events_of(wire, script)
    answer: Any
    if wire == "chat":
        calls = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in script.calls]
        message = {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}
        finish = "tool_calls" if calls else "stop"
        answer = {
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": events[-2][1]["usage"],
        }
    elif wire == "responses":
        answer = events[-1][1]["response"]
    elif wire == "anthropic":
        content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        content += [{"type": "tool_use", "id": i, "name": n, "input": json.loads(a)} for i, n, a in script.calls]
        usage = {**events[0][1]["message"]["usage"], "output_tokens": 25}
        stop = "tool_use" if script.calls else "end_turn"
        answer = {"type": "message", "content": content, "stop_reason": stop, "usage": usage}
    else:
        answer = [chunk for _, chunk in events]
    return json.dumps(answer).encode()


def error(wire: str, kind: str = "overloaded_error", message: str = "Overloaded") -> Event:
    """An error as the vendor puts it into a stream that began well."""
    if wire == "chat":
        return "", {"error": {"message": message, "type": kind, "code": None}}
    if wire == "responses":
        return "error", {"type": "error", "code": kind, "message": message, "param": None}
    if wire == "anthropic":
        return "error", {"type": "error", "error": {"type": kind, "message": message}}
    return "", {"error": {"code": 503, "message": message, "status": kind}}


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]
