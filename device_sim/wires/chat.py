"""OpenAI's Chat Completions, and what its many compatible servers add: `POST /v1/chat/completions`.

Streams `chat.completion.chunk` objects and ends with `[DONE]`. Thoughts come as `reasoning_content` (DeepSeek,
llama.cpp), or as `reasoning` if the request asks as OpenRouter does, with a `reasoning` object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_sim.answers import Answer
from device_sim.asked import Asked, Call, RefusedError, Result, Tool, Turn, asked_of
from device_sim.wires.body import At, not_stored, streamed
from device_sim.wires.wire import MODEL_ID, Wire, event, parts

# Of OpenAI's own reference, and behind them those of compatible servers (OpenRouter, Qwen, llama.cpp, Mistral …).
FIELDS = (
    *("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p"),
    *("stop", "n", "seed", "user", "metadata", "store", "tools", "tool_choice", "parallel_tool_calls"),
    *("reasoning_effort", "response_format", "frequency_penalty", "presence_penalty", "logit_bias", "verbosity"),
    *("modalities", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"),
    *("prompt_cache_options",),
    *("reasoning", "provider", "models", "plugins", "transforms", "usage", "enable_thinking", "thinking_budget"),
    *("thinking", "chat_template_kwargs", "top_k", "min_p", "cache_prompt", "reasoning_format", "reasoning_control"),
    *("timings_per_token", "safe_prompt", "prompt_mode", "keep_alive", "options", "think", "search_parameters"),
)
DETAILS = ("auto", "low", "high", "original")


def read(body: Mapping[str, Any], headers: Mapping[str, str], query: Mapping[str, str]) -> Asked:
    at = At(body).known(*FIELDS)
    at.get("model").filled()
    not_stored(at)
    streamed(at)
    if at.has("stream_options"):
        at.get("stream_options").known("include_usage", "include_obfuscation")
    if at.has("n") and at.get("n").number(1) != 1:
        raise RefusedError("n: must be 1", "n")
    turns, system = [], []
    for message in at.get("messages").items():
        turn = _turn(message)
        if turn.role == "system":
            system.append(turn.text)
        else:
            turns.append(turn)
    tools = _tools(at)
    caps = [at.get(name).number(1) for name in ("max_tokens", "max_completion_tokens") if at.has(name)]
    if len(caps) > 1:
        raise RefusedError("give either max_tokens or max_completion_tokens", "max_tokens")
    return asked_of(
        turns,
        "\n".join(system),
        tools=tools,
        effort=_effort(at),
        max_tokens=caps[0] if caps else 0,
        may_call=bool(tools) and at.object().get("tool_choice") != "none",
        parallel=not at.has("parallel_tool_calls") or at.get("parallel_tool_calls").flag(),
    )


def _turn(message: At) -> Turn:
    role = message.get("role").one_of(("system", "developer", "user", "assistant", "tool"))
    if role == "assistant":
        message.known("role", "content", "tool_calls", "name", "refusal", "reasoning_content", "reasoning")
        calls = tuple(map(_call, message.get("tool_calls").items())) if message.has("tool_calls") else ()
        if not calls and not message.has("content"):
            raise message.refused("an assistant's message needs content or tool_calls")
        return Turn("assistant", _content(message, role)[0] if message.has("content") else "", calls=calls)
    if role == "tool":
        message.known("role", "content", "tool_call_id", "name")
        result = Result(message.get("tool_call_id").filled(), _content(message, role)[0])
        return Turn("tool", results=(result,))
    message.known("role", "content", "name")
    text, pictures = _content(message, role)
    return Turn("user" if role == "user" else "system", text, pictures)


def _content(message: At, role: str) -> tuple[str, tuple[bytes, ...]]:
    content = message.get("content")
    if isinstance(content.value, str):
        return content.value, ()
    texts: list[str] = []
    pictures: list[bytes] = []
    for part in content.items():
        kind = part.get("type").one_of(("text", "image_url"))
        if kind == "text":
            texts.append(part.known("type", "text").get("text").text())
        elif role != "user":
            raise part.refused(f"a picture in a message of the {role}'s; only the user's may have one")
        else:
            pictures.append(_picture(part.known("type", "image_url").get("image_url")))
    return "\n".join(texts), tuple(pictures)


def _picture(image: At) -> bytes:
    """`{"url": …, "detail": …}`; some servers want the bare string."""
    if isinstance(image.value, str):
        return image.data_url()
    image.known("url", "detail")
    if image.has("detail"):
        image.get("detail").one_of(DETAILS)
    return image.get("url").data_url()


def _call(call: At) -> Call:
    call.known("id", "type", "function", "index")
    call.get("type").one_of(("function",))
    function = call.get("function").known("name", "arguments")
    return Call(call.get("id").filled(), function.get("name").filled(), function.get("arguments").text())


def _tools(at: At) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for tool in at.get("tools").items() if at.has("tools") else ():
        tool.known("type", "function").get("type").one_of(("function",))
        function = tool.get("function").known("name", "description", "parameters", "strict")
        schema = function.get("parameters").object() if function.has("parameters") else {}
        tools.append(Tool(function.get("name").filled(), schema))
    if at.has("tools") and not tools:
        raise RefusedError("tools: an empty list; leave it out", "tools")
    return tuple(tools)


def _effort(at: At) -> str:
    """How hard to think, in any of the words that compatible servers use for it."""
    if at.has("reasoning_effort"):
        return at.get("reasoning_effort").text().lower()
    if at.has("reasoning"):
        return str(at.get("reasoning").object().get("effort", "")).lower()
    kwargs = at.get("chat_template_kwargs").object() if at.has("chat_template_kwargs") else at.object()
    return "none" if kwargs.get("enable_thinking") is False else ""


def _error(status: int, why: str, param: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status == 400 else None
    return {"error": {"message": why, "type": kind, "param": param or None, "code": None}}


class _Writer:
    def __init__(self, answer: Answer, thoughts_in: str, says_usage: bool) -> None:
        self._answer, self._thoughts_in, self._says_usage = answer, thoughts_in, says_usage
        self._calls = 0

    def beat(self) -> bytes:
        return b": still thinking\n\n"

    def begin(self) -> bytes:
        return _chunk({"role": "assistant", "content": ""})

    def thought(self, piece: str) -> bytes:
        return _chunk({self._thoughts_in: piece})

    def text(self, piece: str) -> bytes:
        return _chunk({"content": piece})

    def call(self, call: Call) -> bytes:
        pieces = [self._arguments(piece) for piece in parts(call.arguments)]
        begun = self._begin_call(call)
        self._calls += 1
        return b"".join((begun, *pieces))

    def half_call(self, call: Call) -> bytes:
        return self._begin_call(call) + self._arguments(call.arguments[: len(call.arguments) // 2])

    def _begin_call(self, call: Call) -> bytes:
        function = {"name": call.name, "arguments": ""}
        about = {"index": self._calls, "id": call.call_id, "type": "function", "function": function}
        return _chunk({"tool_calls": [about]})

    def _arguments(self, piece: str) -> bytes:
        return _chunk({"tool_calls": [{"index": self._calls, "function": {"arguments": piece}}]})

    def end(self, bare: bool) -> bytes:
        finish = {"calls": "tool_calls", "refusal": "content_filter"}.get(self._answer.finish, self._answer.finish)
        if bare:
            return _chunk({}, finish, self._usage())
        usage = _chunk(None, usage=self._usage()) if self._says_usage else b""
        return _chunk({}, finish) + usage + b"data: [DONE]\n\n"

    def fail(self, why: str) -> bytes:
        return event({"error": {"message": why, "type": "overloaded_error", "code": 503}})

    def _usage(self) -> dict[str, Any]:
        usage = self._answer.usage
        return {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        }


def _chunk(delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, Any] | None = None) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {"id": "stand-in-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL_ID}
    return event({**chunk, "choices": choices, **({"usage": usage} if usage else {})})


def _writer(body: Mapping[str, Any], answer: Answer) -> _Writer:
    options = body.get("stream_options") or {}
    return _Writer(
        answer, "reasoning" if "reasoning" in body else "reasoning_content", bool(options.get("include_usage"))
    )


WIRE = Wire("chat", ("/v1/chat/completions",), read, _writer, _error)
