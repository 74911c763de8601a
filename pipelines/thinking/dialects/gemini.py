"""Gemini's generateContent: our messages to a request body, bytes to an answer.

Tool calls come whole. Beside a call may stand a thought signature, which newer models want back with it or refuse the
query; and an id, which is given back only where the vendor gave one. The stream has no end of its own: the last chunk
says why it is the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

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
from pipelines.thinking.dialects.parts import arguments_of, carried, carry_of, pictures, schema_of, with_extra
from pipelines.thinking.dialects.query import Query, Quirks

WIRE = "gemini"
# The vendor's own word for calls that its model did not make, as after another vendor's model was asked first.
FOREIGN = "skip_thought_signature_validator"


class GeminiDialect:
    """`POST /models/MODEL:streamGenerateContent`; see `query.Dialect`."""

    name = WIRE

    def path(self, model: str) -> str:
        return f"/models/{quote(model.removeprefix('models/'), safe='')}:streamGenerateContent?alt=sse"

    def headers(self, key: str) -> dict[str, str]:
        return {"x-goog-api-key": key} if key else {}

    def body(self, query: Query, quirks: Quirks) -> dict[str, Any]:
        body: dict[str, Any] = {}
        system = [{"text": m.text} for m in query.messages if m.role == "system" and m.text]
        if system:
            body["systemInstruction"] = {"parts": system}
        if query.tools:
            body["tools"] = [
                {
                    "functionDeclarations": [
                        {"name": t.name, "description": t.description, "parametersJsonSchema": schema_of(t)}
                        for t in query.tools
                    ]
                }
            ]
        body["contents"] = _contents(query)
        config: dict[str, Any] = {}
        if query.max_tokens > 0:
            config["maxOutputTokens"] = query.max_tokens
        if query.effort:
            config["thinkingConfig"] = {"thinkingLevel": query.effort.upper()}
        if quirks.media_resolution:
            config["mediaResolution"] = f"MEDIA_RESOLUTION_{quirks.media_resolution.upper()}"
        if config:
            body["generationConfig"] = config
        return with_extra(body, quirks.extra)

    def parser(self) -> GeminiParser:
        return GeminiParser()


def _contents(query: Query) -> list[dict[str, Any]]:
    """The turns. Results of calls that were made together stand together, in one turn of their own."""
    contents: list[dict[str, Any]] = []
    made: dict[str, ToolCall] = {}
    answering = False
    for message in query.messages:
        attached = pictures(message, query)
        made |= {call.call_id: call for call in message.calls}
        if message.role == "tool":
            result = _result(message, made.get(message.call_id))
            if not answering:
                contents.append({"role": "user", "parts": []})
            contents[-1]["parts"].append(result)
        elif message.role != "system" and (parts := _parts(message, attached)):
            contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})
        answering = message.role == "tool"
    return contents


def _parts(message: Message, attached: list[tuple[str, str]]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for name, data in attached:  # the picture first, see chat
        parts += [{"text": f"{name}:"}] if name else []
        parts.append({"inlineData": {"mimeType": "image/jpeg", "data": data}})
    parts += [{"text": message.text}] if message.text else []
    return parts + [_call(call, first=number == 0) for number, call in enumerate(message.calls)]


def _call(call: ToolCall, first: bool) -> dict[str, Any]:
    own = carry_of(WIRE, call.carry)
    function: dict[str, Any] = {"name": call.name, "args": arguments_of(call)}
    if not isinstance(own, dict):
        return {"functionCall": function} | ({"thoughtSignature": FOREIGN} if first else {})
    if "id" in own:
        function = {"id": own["id"], **function}
    signature = {"thoughtSignature": own["thoughtSignature"]} if "thoughtSignature" in own else {}
    return {"functionCall": function, **signature}


def _result(message: Message, call: ToolCall | None) -> dict[str, Any]:
    own = dict_in(carry_of(WIRE, call.carry)) if call else {}
    response: dict[str, Any] = {"id": own["id"]} if "id" in own else {}
    response["name"] = message.name or (call.name if call else "")
    response["response"] = {"error" if message.failed else "output": message.text}
    return {"functionResponse": response}


class GeminiParser(AnswerParser):
    """Chunks with `candidates`; see `query.Parser`."""

    ENDINGS: ClassVar[Mapping[str, str]] = {
        "MAX_TOKENS": CAPPED,
        "SAFETY": "refused",
        "PROHIBITED_CONTENT": "refused",
        "BLOCKLIST": "refused",
        "SPII": "refused",
        "RECITATION": "refused",
        "LANGUAGE": "refused",
        "IMAGE_SAFETY": "refused",
        "MALFORMED_FUNCTION_CALL": "protocol",
        "UNEXPECTED_TOOL_CALL": "protocol",
        "TOO_MANY_TOOL_CALLS": "protocol",
        "MISSING_THOUGHT_SIGNATURE": "bad_request",
        "MALFORMED_RESPONSE": "protocol",
    }

    def __init__(self) -> None:
        super().__init__()
        self._signature_chars = 0

    def _take(self, name: str, event: dict[str, Any]) -> None:
        self._count(dict_in(event.get("usageMetadata")))
        if blocked := text_in(dict_in(event.get("promptFeedback")).get("blockReason")):
            return self._fail("refused", f"the question was blocked: {blocked[:200]}")
        candidates = event.get("candidates")
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        if not isinstance(first, dict) or first.get("index", 0) != 0:
            return
        for part in dicts_in(dict_in(first.get("content")).get("parts")):
            self._part(part)
        if reason := text_in(first.get("finishReason")):
            self._stop(reason, text_in(first.get("finishMessage")))

    def _take_whole(self, answer: dict[str, Any]) -> bool:
        self._take("", answer)
        return isinstance(answer.get("candidates"), list)

    def _part(self, part: dict[str, Any]) -> None:
        if part.get("thought") is True:
            self._add_thought(text_in(part.get("text")))
        elif isinstance(part.get("functionCall"), dict):
            self._call(part["functionCall"], text_in(part.get("thoughtSignature")))
        else:
            self._add_text(text_in(part.get("text")))

    def _call(self, call: dict[str, Any], signature: str) -> None:
        """`carry` is never empty, so that a call of this wire is known as such."""
        call_id, key = text_in(call.get("id")), f"#{len(self._calls)}"
        self._signature_chars += len(signature)
        if self._signature_chars > MAX_CARRY_CHARS:
            return self._fail("protocol", f"more than {MAX_CARRY_CHARS} characters of thought signatures")
        own = {"wire": WIRE} | ({"id": call_id} if call_id else {})
        own |= {"thoughtSignature": signature} if signature else {}
        self._calls.begin(key, text_in(call.get("name")), call_id, carried(WIRE, own))
        self._calls.add(key, call.get("args"))

    def _count(self, usage: dict[str, Any]) -> None:
        """Thoughts are counted apart from the text here, and billed like it."""
        if not usage:
            return
        thoughts = count_of(usage.get("thoughtsTokenCount"))
        self._usage = Usage(
            count_of(usage.get("promptTokenCount")),
            count_of(usage.get("candidatesTokenCount")) + thoughts,
            count_of(usage.get("cachedContentTokenCount")),
            thoughts,
        )
