"""OpenAI's Responses (and "Open Responses"): `POST /v1/responses`.

Streams named events with sequence numbers, item by item: reasoning, message, function calls. Nothing is stored, so
reasoning comes back only as `encrypted_content`, and a call that was reasoned about wants its reasoning in front.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from device_sim.answers import REASONED, Answer
from device_sim.asked import Asked, Call, RefusedError, Result, Tool, Turn, asked_of
from device_sim.wires.body import At, not_stored, streamed
from device_sim.wires.chat import DETAILS
from device_sim.wires.wire import MODEL_ID, Wire, event, parts

FIELDS = (
    *("model", "input", "instructions", "stream", "stream_options", "store", "max_output_tokens", "temperature"),
    *("top_p", "tools", "tool_choice", "parallel_tool_calls", "max_tool_calls", "reasoning", "include", "text"),
    *("truncation", "metadata", "user", "service_tier", "safety_identifier", "prompt_cache_key"),
    *("prompt_cache_retention", "prompt_cache_options", "background", "top_logprobs", "context_management"),
)
SEALED = "sealed by the stand-in: "  # what encrypted reasoning holds, once opened


def read(body: Mapping[str, Any], headers: Mapping[str, str], query: Mapping[str, str]) -> Asked:
    at = At(body)
    if at.has("previous_response_id") or at.has("conversation"):
        raise RefusedError("previous_response_id: nothing is stored here; send the whole input", "previous_response_id")
    at.known(*FIELDS, "previous_response_id", "conversation").get("model").filled()
    not_stored(at)
    streamed(at)
    for name in at.get("include").items() if at.has("include") else ():
        name.text()
    turns, system = _turns(at.get("input"))
    if at.has("instructions"):
        system.insert(0, at.get("instructions").text())
    tools = tuple(map(_tool, at.get("tools").items())) if at.has("tools") else ()
    reasoning = (
        at.get("reasoning").known("effort", "summary", "context", "mode").object() if at.has("reasoning") else {}
    )
    return asked_of(
        turns,
        "\n".join(system),
        tools=tools,
        effort=str(reasoning.get("effort") or "").lower(),
        max_tokens=at.get("max_output_tokens").number(16) if at.has("max_output_tokens") else 0,
        may_call=bool(tools) and at.object().get("tool_choice") != "none",
        parallel=not at.has("parallel_tool_calls") or at.get("parallel_tool_calls").flag(),
    )


def _turns(given: At) -> tuple[list[Turn], list[str]]:
    if isinstance(given.value, str):
        return [Turn("user", given.value)], []
    turns: list[Turn] = []
    system: list[str] = []
    reasoned = False
    for item in given.items():
        kind = item.get("type").text() if item.has("type") else "message"
        if kind == "reasoning":
            _check_seal(item)
        elif kind == "function_call":
            turns.append(_call(item, reasoned))
        elif kind == "function_call_output":
            item.known("type", "id", "call_id", "output", "status")
            turns.append(Turn("tool", results=(Result(item.get("call_id").filled(), _output(item.get("output"))),)))
        elif kind == "message":
            turn = _message(item)
            if turn.role == "system":
                system.append(turn.text)
            else:
                turns.append(turn)
        else:
            raise item.refused(f"{kind!r} is no item that can be given")
        # One piece of reasoning stands for all of its response: words, then calls.
        reasoned = kind == "reasoning" or (reasoned and bool(turns) and turns[-1].role == "assistant")
    return _calls_together(turns), system


def _calls_together(turns: list[Turn]) -> list[Turn]:
    """Calls that stand side by side, and the message in front of them, were made at once."""
    out: list[Turn] = []
    for turn in turns:
        if turn.calls and out and out[-1].role == "assistant":
            before = out.pop()
            turn = Turn("assistant", before.text, calls=(*before.calls, *turn.calls))
        out.append(turn)
    return out


def _message(item: At) -> Turn:
    role = item.get("role").one_of(("user", "assistant", "system", "developer"))
    item.known("type", "role", "content", "id", "status", "phase")
    content = item.get("content")
    if isinstance(content.value, str):
        return Turn("system" if role == "developer" else role, content.value)
    whole = item.has("id") and item.has("status") and item.has("type")  # an output item given back as it came
    texts: list[str] = []
    pictures: list[bytes] = []
    for part in content.items():
        kind = part.get("type").one_of(("input_text", "input_image", "output_text", "refusal"))
        if kind == "input_image":
            if role != "user":
                raise part.refused(f"a picture in a message of the {role}'s; only the user's may have one")
            pictures.append(_picture(part))
        elif (kind == "input_text") == (role == "assistant") or (role == "assistant" and not whole):
            raise part.refused(f"{kind!r} in a message of the {role}'s; an assistant's content is a string")
        else:
            texts.append(part.get("refusal" if kind == "refusal" else "text").text())
    return Turn("system" if role == "developer" else role, "\n".join(texts), tuple(pictures))


def _picture(part: At) -> bytes:
    part.known("type", "image_url", "detail")
    if part.has("detail"):
        part.get("detail").one_of(DETAILS)
    return part.get("image_url").data_url()


def _call(item: At, reasoned: bool) -> Turn:
    item.known("type", "id", "call_id", "name", "arguments", "status")
    call = Call(item.get("call_id").filled(), item.get("name").filled(), item.get("arguments").text())
    if item.has("id") and call.call_id.endswith(REASONED) and not reasoned:
        raise item.refused("a 'function_call' was provided without its required 'reasoning' item")
    return Turn("assistant", calls=(call,))


def _output(output: At) -> str:
    if isinstance(output.value, str):
        return output.value
    texts = []
    for part in output.items():
        if part.get("type").text() != "input_text":
            raise part.refused("a picture in a tool's result; only the user's messages may have one")
        texts.append(part.get("text").text())
    return "\n".join(texts)


def _check_seal(item: At) -> None:
    item.known("type", "id", "summary", "content", "encrypted_content", "status")
    for part in item.get("summary").items():
        part.get("text").text()
    if not item.has("encrypted_content"):
        raise item.refused("items are not persisted when `store` is false; give back `encrypted_content`")
    sealed = item.get("encrypted_content").base64()
    if not sealed.startswith(SEALED.encode()):
        raise item.refused("the encrypted content could not be verified")


def _tool(tool: At) -> Tool:
    tool.known("type", "name", "description", "parameters", "strict").get("type").one_of(("function",))
    schema = tool.get("parameters")
    return Tool(tool.get("name").filled(), schema.object() if schema.value is not None else {})


def _error(status: int, why: str, param: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status == 400 else None
    return {"error": {"message": why, "type": kind, "param": param or None, "code": None}}


class _Writer:
    """One item is open at a time; opening the next closes it."""

    def __init__(self, answer: Answer, summary: bool, sealed: bool) -> None:
        self._answer, self._summary, self._sealed = answer, summary, sealed
        self._number = 0
        self._output: list[dict[str, Any]] = []  # items that are complete
        self._open = ""  # "reasoning", "message"
        self._text = ""  # of the open item

    def beat(self) -> bytes:
        return b": still thinking\n\n"

    def begin(self) -> bytes:
        about = self._response("in_progress")
        return self._event("response.created", response=about) + self._event("response.in_progress", response=about)

    def thought(self, piece: str) -> bytes:
        """As a summary if one was asked for; else in full, as servers of open models do."""
        begun = b""
        if not self._open:
            self._open = "reasoning"
            begun = self._added({"id": "rs_1", "type": "reasoning", "summary": []})
            begun += self._event(f"{self._thinking[0]}.added", **self._thought_at(), part=self._thought_part(""))
        self._text += piece
        return begun + self._event(f"{self._thinking[1]}.delta", **self._thought_at(), delta=piece)

    @property
    def _thinking(self) -> tuple[str, str]:
        if self._summary:
            return "response.reasoning_summary_part", "response.reasoning_summary_text"
        return "response.content_part", "response.reasoning_text"

    def _thought_at(self) -> dict[str, Any]:
        return {"item_id": "rs_1", "output_index": 0, "summary_index" if self._summary else "content_index": 0}

    def _thought_part(self, text: str) -> dict[str, str]:
        return {"type": "summary_text" if self._summary else "reasoning_text", "text": text}

    def text(self, piece: str) -> bytes:
        begun = b""
        if self._open != "message":
            begun = self._close()
            self._open = "message"
            begun += self._added(self._message("in_progress", []))
            begun += self._event("response.content_part.added", **self._text_at(), part=_text_part(""))
        self._text += piece
        return begun + self._event("response.output_text.delta", **self._text_at(), delta=piece, logprobs=[])

    def _text_at(self) -> dict[str, Any]:
        return {"item_id": "msg_1", "output_index": len(self._output), "content_index": 0}

    def _message(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}

    def call(self, call: Call) -> bytes:
        at = {"item_id": f"fc_{call.call_id}", "output_index": len(self._output) + bool(self._open)}
        begun = self._close() + self._begin_call(call)
        told = [
            self._event("response.function_call_arguments.delta", **at, delta=piece) for piece in parts(call.arguments)
        ]
        whole = {"arguments": call.arguments, "name": call.name}
        told.append(self._event("response.function_call_arguments.done", **at, **whole))
        return b"".join((begun, *told, self._done(_call_item(call, call.arguments, "completed"))))

    def half_call(self, call: Call) -> bytes:
        begun = self._close() + self._begin_call(call)
        at = {"item_id": f"fc_{call.call_id}", "output_index": len(self._output)}
        half = call.arguments[: len(call.arguments) // 2]
        return begun + self._event("response.function_call_arguments.delta", **at, delta=half)

    def _begin_call(self, call: Call) -> bytes:
        return self._added(_call_item(call, "", "in_progress"))

    def end(self, bare: bool) -> bytes:
        closed = self._close()
        if self._answer.finish not in ("length", "refusal"):
            return closed + self._event("response.completed", response=self._response("completed"))
        reason = "max_output_tokens" if self._answer.finish == "length" else "content_filter"
        about = {**self._response("incomplete"), "incomplete_details": {"reason": reason}}
        return closed + self._event("response.incomplete", response=about)

    def fail(self, why: str) -> bytes:
        return self._event("error", code="server_is_overloaded", message=why, param=None)

    def _close(self) -> bytes:
        """The open item's last events."""
        kind, text, self._open, self._text = self._open, self._text, "", ""
        if kind == "reasoning":
            part = self._thought_part(text)
            done = self._event(f"{self._thinking[1]}.done", **self._thought_at(), text=text)
            done += self._event(f"{self._thinking[0]}.done", **self._thought_at(), part=part)
            item: dict[str, Any] = {"id": "rs_1", "type": "reasoning", "summary": [part] if self._summary else []}
            if not self._summary:
                item["content"] = [part]
            if self._sealed:
                item["encrypted_content"] = base64.b64encode((SEALED + text).encode()).decode()
            return done + self._done(item)
        if kind == "message":
            done = self._event("response.output_text.done", **self._text_at(), text=text, logprobs=[])
            done += self._event("response.content_part.done", **self._text_at(), part=_text_part(text))
            return done + self._done(self._message("completed", [_text_part(text)]))
        return b""

    def _added(self, item: dict[str, Any]) -> bytes:
        return self._event("response.output_item.added", output_index=len(self._output), item=item)

    def _done(self, item: dict[str, Any]) -> bytes:
        self._output.append(item)
        return self._event("response.output_item.done", output_index=len(self._output) - 1, item=item)

    def _response(self, status: str) -> dict[str, Any]:
        about = {"id": "resp_stand_in_1", "object": "response", "created_at": 0, "status": status, "model": MODEL_ID}
        rest: dict[str, Any] = {
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "store": False,
        }
        loose = {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0}
        usage = None if status == "in_progress" else self._usage()
        return {**about, **rest, **loose, "output": list(self._output), "usage": usage}

    def _usage(self) -> dict[str, Any]:
        usage = self._answer.usage
        return {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        }

    def _event(self, kind: str, **about: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return event({"type": kind, "sequence_number": number, **about}, kind)


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call_item(call: Call, arguments: str, status: str) -> dict[str, Any]:
    about = {"id": f"fc_{call.call_id}", "type": "function_call", "status": status}
    return {**about, "call_id": call.call_id, "name": call.name, "arguments": arguments}


def _writer(body: Mapping[str, Any], answer: Answer) -> _Writer:
    summary = bool((body.get("reasoning") or {}).get("summary"))
    return _Writer(answer, summary, "reasoning.encrypted_content" in (body.get("include") or ()))


WIRE = Wire("responses", ("/v1/responses",), read, _writer, _error)
