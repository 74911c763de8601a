"""Google's Gemini: `POST /v1beta/models/{model}:streamGenerateContent?alt=sse`.

Each event is a `GenerateContentResponse`. A call's `thoughtSignature` has to come back beside it, or the request is
refused; a call whose arguments are no JSON object never leaves the server (`MALFORMED_FUNCTION_CALL`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from device_sim.answers import Answer
from device_sim.asked import Asked, Call, RefusedError, Result, Tool, Turn, asked_of
from device_sim.wires.body import IMAGE_TYPES, At, not_stored
from device_sim.wires.wire import MODEL_ID, Wire, event

FIELDS = (
    *("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent"),
    *("store", "labels", "serviceTier", "model"),
)
CONFIG = (
    *("maxOutputTokens", "temperature", "topP", "topK", "candidateCount", "stopSequences", "seed", "responseMimeType"),
    *("responseSchema", "responseJsonSchema", "thinkingConfig", "mediaResolution", "presencePenalty"),
    *("frequencyPenalty", "responseModalities"),
)
AS_IT_IS = ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema")
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
RESOLUTIONS = tuple(f"MEDIA_RESOLUTION_{level}" for level in ("UNSPECIFIED", "LOW", "MEDIUM", "HIGH", "ULTRA_HIGH"))


def read(body: Mapping[str, Any], headers: Mapping[str, str], query: Mapping[str, str]) -> Asked:
    if query.get("alt") != "sse":
        raise RefusedError("alt: this stand-in streams events only; ask with ?alt=sse", "alt")
    if "key" in query:
        raise RefusedError("key: a key does not belong into an address; send x-goog-api-key", "key")
    at = At(_camel(body)).known(*FIELDS)
    not_stored(at)
    turns: list[Turn] = []
    for content in at.get("contents").items():
        turns += _turns(content, turns)
    tools = tuple(tool for group in at.get("tools").items() for tool in _tools(group)) if at.has("tools") else ()
    config = at.get("generationConfig").known(*CONFIG) if at.has("generationConfig") else At({}, "generationConfig")
    if config.has("mediaResolution"):
        config.get("mediaResolution").one_of(RESOLUTIONS)
    thinking = config.get("thinkingConfig") if config.has("thinkingConfig") else At({}, "thinkingConfig")
    thinking.known("thinkingLevel", "thinkingBudget", "includeThoughts")
    return asked_of(
        turns,
        _system(at.get("systemInstruction")) if at.has("systemInstruction") else "",
        tools=tools,
        effort=_effort(thinking),
        max_tokens=config.get("maxOutputTokens").number(1) if config.has("maxOutputTokens") else 0,
        thoughts=not thinking.has("includeThoughts") or thinking.get("includeThoughts").flag(),
        may_call=bool(tools) and _mode(at) != "NONE",
    )


def _camel(value: Any) -> Any:
    """Field names as this file writes them: the server takes `inline_data` for `inlineData`, as its own SDK sends it.
    What is not the wire's own, arguments, results and schemas, stays as it is."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): inner for name, inner in value.items()}
    return {name: inner if name in AS_IT_IS else _camel(inner) for name, inner in named.items()}


def _system(instruction: At) -> str:
    instruction.known("parts", "role")
    return "\n".join(part.known("text").get("text").text() for part in instruction.get("parts").items())


def _effort(thinking: At) -> str:
    if thinking.has("thinkingLevel"):
        return thinking.get("thinkingLevel").one_of(("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")).lower()
    return "none" if thinking.object().get("thinkingBudget") == 0 else ""


def _mode(at: At) -> str:
    if not at.has("toolConfig"):
        return "AUTO"
    config = at.get("toolConfig").get("functionCallingConfig").known("mode", "allowedFunctionNames")
    return config.get("mode").one_of(("AUTO", "ANY", "NONE", "VALIDATED"))


def _turns(content: At, before: list[Turn]) -> list[Turn]:
    """One content; the user's function responses are a turn of their own, before words and pictures."""
    content.known("role", "parts")
    role = content.get("role").one_of(("user", "model"))
    given = list(content.get("parts").items())
    if not given:
        raise content.get("parts").refused("must not be empty")
    if role == "model":
        return [_model(given)]
    waiting = list(before[-1].calls) if before else []
    results: list[Result] = []
    texts: list[str] = []
    pictures: list[bytes] = []
    for part in given:
        if part.has("functionResponse"):
            results.append(_result(part.get("functionResponse"), waiting))
        elif part.has("inlineData"):
            pictures.append(_picture(part))
        else:
            texts.append(part.known("text").get("text").text())
    told = [Turn("tool", results=tuple(results))] if results else []
    return [*told, *([Turn("user", "\n".join(texts), tuple(pictures))] if texts or pictures else [])]


def _model(given: list[At]) -> Turn:
    texts: list[str] = []
    calls: list[Call] = []
    for part in given:
        part.known("text", "thought", "thoughtSignature", "functionCall", "inlineData")
        if part.has("inlineData"):
            raise part.refused("a picture in a message of the model's; only the user's may have one")
        if part.has("functionCall"):
            calls.append(_call(part, first=not calls, number=len(calls)))
        elif not part.object().get("thought"):
            texts.append(part.get("text").text())
    return Turn("assistant", "\n".join(texts), calls=tuple(calls))


def _call(part: At, first: bool, number: int) -> Call:
    call = part.get("functionCall").known("id", "name", "args")
    name = call.get("name").filled()
    if call.has("args"):
        call.get("args").object()
    if first and not part.has("thoughtSignature"):
        raise part.refused("Function call is missing a thought_signature in functionCall parts")
    if part.has("thoughtSignature") and part.get("thoughtSignature").text() != signature(name):
        raise part.refused("Thought signature is not valid")
    return Call(call.get("id").filled() if call.has("id") else f"{name}#{number}", name)


def signature(name: str) -> str:
    return base64.b64encode(f"the stand-in thought of {name}".encode()).decode()


def _result(response: At, waiting: list[Call]) -> Result:
    """By its id; without one, the first call of that name that still waits."""
    response.known("id", "name", "response")
    name = response.get("name").filled()
    answer = response.get("response").object()
    wanted = response.object().get("id")
    found = [call for call in waiting if call.name == name and wanted in (None, call.call_id)]
    if not found:
        raise response.refused(f"a functionResponse for {name!r}, which is no functionCall right before it")
    waiting.remove(found[0])
    said = next((answer[key] for key in ("result", "output", "content", "error") if key in answer), answer)
    return Result(found[0].call_id, said if isinstance(said, str) else json.dumps(said))


def _picture(part: At) -> bytes:
    part.known("inlineData", "mediaResolution")
    data = part.get("inlineData").known("mimeType", "data")
    data.get("mimeType").one_of(IMAGE_TYPES)
    text = data.get("data").text().replace("-", "+").replace("_", "/")  # both alphabets are taken
    return At(text, data.get("data").path).base64()


def _tools(group: At) -> list[Tool]:
    tools = []
    for tool in group.known("functionDeclarations").get("functionDeclarations").items():
        tool.known("name", "description", "parameters", "parametersJsonSchema", "behavior")
        if tool.has("parameters") and tool.has("parametersJsonSchema"):
            raise tool.refused("give either parameters or parametersJsonSchema")
        name = next((key for key in ("parameters", "parametersJsonSchema") if tool.has(key)), "")
        tools.append(Tool(tool.get("name").filled(), tool.get(name).object() if name else {}))
    return tools


def _error(status: int, why: str, param: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": why, "status": STATUSES.get(status, "INTERNAL")}}


class _Writer:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._calls = 0
        self._malformed = False

    def beat(self) -> bytes:
        return b": still thinking\n\n"

    def begin(self) -> bytes:
        return b""  # nothing comes before the first part

    def thought(self, piece: str) -> bytes:
        return self._parts({"text": piece, "thought": True}) if self._answer.shows_thoughts else b""

    def text(self, piece: str) -> bytes:
        return self._parts({"text": piece})

    def call(self, call: Call) -> bytes:
        args = _arguments(call)
        if args is None:
            self._malformed = True
            return b""
        part: dict[str, Any] = {"functionCall": {"id": call.call_id, "name": call.name, "args": args}}
        if self._calls == 0:  # of calls made at once, only the first is signed
            part["thoughtSignature"] = signature(call.name)
        self._calls += 1
        return self._parts(part)

    def half_call(self, call: Call) -> bytes:
        return b""  # a call comes whole, or not at all

    def end(self, bare: bool) -> bytes:
        reasons = {"length": "MAX_TOKENS", "refusal": "SAFETY"}
        reason = "MALFORMED_FUNCTION_CALL" if self._malformed else reasons.get(self._answer.finish, "STOP")
        last = {"text": "", "thoughtSignature": signature("the answer")}  # a text's signature may come alone
        return self._parts(*([last] if self._answer.words and not self._calls else []), finish=reason)

    def fail(self, why: str) -> bytes:
        return event(_error(503, why, ""))

    def _parts(self, *given: dict[str, Any], finish: str = "") -> bytes:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(given)}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        about = {"modelVersion": MODEL_ID, "responseId": "stand-in-1"}
        return event({"candidates": [candidate], "usageMetadata": self._usage(bool(finish)), **about})

    def _usage(self, whole: bool) -> dict[str, int]:
        """Thinking is counted beside the words, not among them."""
        usage = self._answer.usage
        counts = {"promptTokenCount": usage.input, "totalTokenCount": usage.input}
        if usage.cached:
            counts["cachedContentTokenCount"] = usage.cached
        if whole:
            wrote = {"candidatesTokenCount": usage.output - usage.reasoning, "thoughtsTokenCount": usage.reasoning}
            counts |= {**wrote, "totalTokenCount": usage.input + usage.output}
        return counts


def _arguments(call: Call) -> dict[str, Any] | None:
    try:
        args = json.loads(call.arguments)
    except ValueError:
        return None
    return args if isinstance(args, dict) else None


def _writer(body: Mapping[str, Any], answer: Answer) -> _Writer:
    return _Writer(answer)


WIRE = Wire(
    "gemini",
    tuple(f"/{version}/models/{{model:[^/:]+}}:streamGenerateContent" for version in ("v1beta", "v1")),
    read,
    _writer,
    _error,
)
