"""Anthropic's Messages: `POST /v1/messages`.

Streams content blocks, each begun, filled by deltas and stopped: thinking (with a signature that has to come back
unchanged), text, tool use. An `error` event may follow a 200.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from device_sim.answers import REASONED, Answer
from device_sim.asked import Asked, Call, RefusedError, Result, Tool, Turn, asked_of
from device_sim.wires.body import IMAGE_TYPES, At, not_stored, streamed
from device_sim.wires.wire import MODEL_ID, Wire, event, parts

# No temperature, top_p or top_k: newer models refuse them.
FIELDS = (
    *("model", "messages", "max_tokens", "system", "stream", "tools", "tool_choice", "thinking", "output_config"),
    *("metadata", "stop_sequences", "service_tier", "cache_control", "inference_geo", "speed", "container"),
    *("context_management", "store"),  # the last is no field of theirs, and refused by its name
)
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def read(body: Mapping[str, Any], headers: Mapping[str, str], query: Mapping[str, str]) -> Asked:
    if "anthropic-version" not in headers:
        raise RefusedError("anthropic-version: header is required", "anthropic-version")
    at = At(body).known(*FIELDS)
    at.get("model").filled()
    not_stored(at)
    if at.has("store"):
        raise RefusedError("store: unknown field 'store'", "store")
    streamed(at)
    cap = at.get("max_tokens").number(1)
    turns = [turn for message in at.get("messages").items() for turn in _turns(message)]
    tools = tuple(map(_tool, at.get("tools").items())) if at.has("tools") else ()
    choice = at.get("tool_choice").object() if at.has("tool_choice") else {}
    return asked_of(
        turns,
        _system(at.get("system")) if at.has("system") else "",
        tools=tools,
        effort=_effort(at, cap),
        max_tokens=cap,
        may_call=bool(tools) and choice.get("type") != "none",
        parallel=not choice.get("disable_parallel_tool_use"),
    )


def _system(system: At) -> str:
    if isinstance(system.value, str):
        return system.value
    return "\n".join(_text(block) for block in system.items())


def _effort(at: At, cap: int) -> str:
    """ "none" where thinking is switched off."""
    if at.has("thinking"):
        kind = at.get("thinking").get("type").one_of(("adaptive", "between_tools", "disabled", "enabled"))
        if kind == "disabled":
            return "none"
        if kind == "enabled" and at.get("thinking").get("budget_tokens").number(1024) >= cap:
            raise RefusedError("max_tokens: must be more than thinking.budget_tokens", "max_tokens")
    if not at.has("output_config"):
        return ""
    config = at.get("output_config").known("effort", "format")
    return config.get("effort").one_of(("low", "medium", "high", "xhigh", "max")) if config.has("effort") else ""


def _turns(message: At) -> list[Turn]:
    """One message; the user's tool results are a turn of their own, before the words and pictures behind them."""
    message.known("role", "content")
    role = message.get("role").one_of(("user", "assistant"))
    content = message.get("content")
    if isinstance(content.value, str):
        return [Turn(role, content.filled())]
    if role == "assistant":
        return [_assistant(list(content.items()))]
    results: list[Result] = []
    texts: list[str] = []
    pictures: list[bytes] = []
    for block in content.items():
        kind = block.get("type").one_of(("text", "image", "tool_result"))
        if kind == "tool_result":
            if texts or pictures:
                raise block.refused("tool_result blocks must come first in a message")
            results.append(_result(block))
        elif kind == "image":
            pictures.append(_picture(block))
        else:
            texts.append(_text(block))
    if not (results or texts or pictures):
        raise content.refused("must not be empty")
    told = [Turn("tool", results=tuple(results))] if results else []
    return [*told, *([Turn("user", "\n".join(texts), tuple(pictures))] if texts or pictures else [])]


def _assistant(blocks: list[At]) -> Turn:
    texts: list[str] = []
    calls: list[Call] = []
    thought = False
    for block in blocks:
        kind = block.get("type").text()
        if kind == "image":
            raise block.refused("a picture in a message of the assistant's; only the user's may have one")
        if kind in ("thinking", "redacted_thinking"):
            thought = True
            _check_signature(block)
        elif kind == "tool_use":
            calls.append(_call(block, thought))
        else:
            texts.append(_text(block))
    return Turn("assistant", "\n".join(texts), calls=tuple(calls))


def _check_signature(block: At) -> None:
    if block.get("type").text() == "redacted_thinking":
        raise block.get("data").refused("this stand-in redacts nothing")
    thinking = block.known("type", "thinking", "signature").get("thinking").text()
    if block.get("signature").text() != signature(thinking):
        raise block.refused("Invalid `signature` in `thinking` block")


def signature(thinking: str) -> str:
    return base64.b64encode(hashlib.sha256(f"the stand-in thought: {thinking}".encode()).digest()).decode()


def _call(block: At, thought: bool) -> Call:
    block.known("type", "id", "name", "input", "cache_control")
    call_id = block.get("id").filled()
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", call_id):
        raise block.refused(f"id {call_id!r} should match ^[a-zA-Z0-9_-]+$")
    if call_id.endswith(REASONED) and not thought:
        raise block.refused("Expected `thinking` or `redacted_thinking`, but found `tool_use`")
    block.get("input").object()
    return Call(call_id, block.get("name").filled())


def _result(block: At) -> Result:
    block.known("type", "tool_use_id", "content", "is_error", "cache_control")
    call_id = block.get("tool_use_id").filled()
    if not block.has("content"):
        return Result(call_id, "")
    content = block.get("content")
    if isinstance(content.value, str):
        return Result(call_id, content.value)
    for part in content.items():
        if part.get("type").text() == "image":
            raise part.refused("a picture in a tool's result; here only the user's messages may have one")
    return Result(call_id, "\n".join(_text(part) for part in content.items()))


def _text(block: At) -> str:
    block.known("type", "text", "cache_control", "citations").get("type").one_of(("text",))
    return block.get("text").filled()


def _picture(block: At) -> bytes:
    block.known("type", "source", "cache_control", "transformations")
    source = block.get("source").known("type", "media_type", "data")
    source.get("type").one_of(("base64",))
    source.get("media_type").one_of(IMAGE_TYPES)
    return source.get("data").base64()


def _tool(tool: At) -> Tool:
    tool.known("type", "name", "description", "input_schema", "cache_control", "strict")
    if tool.has("type"):
        tool.get("type").one_of(("custom",))
    schema = tool.get("input_schema")
    schema.get("type").one_of(("object",))
    return Tool(tool.get("name").filled(), schema.object())


def _error(status: int, why: str, param: str) -> dict[str, Any]:
    kind = ERRORS.get(status, "overloaded_error" if status == 503 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": why}, "request_id": "req_stand_in"}


class _Writer:
    """One block is open at a time; opening the next stops it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._index = -1
        self._open = ""
        self._thinking = ""

    def beat(self) -> bytes:
        return _event("ping")

    def begin(self) -> bytes:
        usage = self._answer.usage
        message = {"id": "msg_stand_in", "type": "message", "role": "assistant", "content": [], "model": MODEL_ID}
        counts = {"input_tokens": usage.input - usage.cached, "cache_read_input_tokens": usage.cached}
        ends = {"stop_reason": None, "stop_sequence": None}
        usages = {**counts, "cache_creation_input_tokens": 0, "output_tokens": 1}
        return _event("message_start", message={**message, **ends, "usage": usages}) + _event("ping")

    def thought(self, piece: str) -> bytes:
        begun = self._begin("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        self._thinking += piece
        return begun + self._delta({"type": "thinking_delta", "thinking": piece})

    def text(self, piece: str) -> bytes:
        return self._begin("text", {"type": "text", "text": ""}) + self._delta({"type": "text_delta", "text": piece})

    def call(self, call: Call) -> bytes:
        pieces = ["", *parts(call.arguments)] if call.arguments != "{}" else [""]  # no arguments: never a delta of them
        begun = self._begin_call(call)
        return begun + b"".join(self._delta({"type": "input_json_delta", "partial_json": piece}) for piece in pieces)

    def half_call(self, call: Call) -> bytes:
        half = call.arguments[: len(call.arguments) // 2]
        return self._begin_call(call) + self._delta({"type": "input_json_delta", "partial_json": half})

    def _begin_call(self, call: Call) -> bytes:
        return self._begin(call.call_id, {"type": "tool_use", "id": call.call_id, "name": call.name, "input": {}})

    def end(self, bare: bool) -> bytes:
        reasons = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "refusal": "refusal"}
        delta = {"stop_reason": reasons[self._answer.finish], "stop_sequence": None}
        told = _event("message_delta", delta=delta, usage={"output_tokens": self._answer.usage.output})
        return self._stop() + told + _event("message_stop")

    def fail(self, why: str) -> bytes:
        return event(_error(529, why, ""), "error")

    def _begin(self, name: str, block: dict[str, Any]) -> bytes:
        if self._open == name:
            return b""
        stopped = self._stop()
        self._open = name
        self._index += 1
        return stopped + _event("content_block_start", index=self._index, content_block=block)

    def _stop(self) -> bytes:
        opened, self._open = self._open, ""
        if not opened:
            return b""
        signed = b""
        if opened == "thinking":
            signed = _event(
                "content_block_delta",
                index=self._index,
                delta={"type": "signature_delta", "signature": signature(self._thinking)},
            )
        return signed + _event("content_block_stop", index=self._index)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)


def _event(kind: str, **about: Any) -> bytes:
    return event({"type": kind, **about}, kind)


def _writer(body: Mapping[str, Any], answer: Answer) -> _Writer:
    return _Writer(answer)


WIRE = Wire("anthropic", ("/v1/messages",), read, _writer, _error)
