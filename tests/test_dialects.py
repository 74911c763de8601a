"""The four wire formats: the same conversation becomes each vendor's request, each vendor's stream the same answer."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest

from pipelines.events import Message, ToolCall, ToolInfo, View
from pipelines.thinking.dialects import DIALECTS
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.query import Query, Quirks
from tests.wire_scripts import COUNTS, WIRES, Event, Script, error, events_of, sse, stream, whole

JPEG = b"\xff\xd8jpeg"
DATA = base64.b64encode(JPEG).decode()
SYSTEM = Message("system", "Be short.")
CLOCK = ToolInfo("clock", "What time it is.")
WEATHER = ToolInfo("weather", "The weather.", '{"type": "object", "properties": {"place": {"type": "string"}}}')
SCHEMAS = [json.loads(CLOCK.parameters), json.loads(WEATHER.parameters)]
PLAIN = Quirks()
TWO_CALLS = (("id_1", "clock", "{}"), ("id_2", "weather", '{"place": "Leeds"}'))


def body_of(wire: str, *messages: Message, quirks: Quirks = PLAIN, **more: Any) -> dict[str, Any]:
    return DIALECTS[wire].body(Query("some-model", messages, **more), quirks)


def read(wire: str, *chunks: bytes) -> list[ModelEvent]:
    parser = DIALECTS[wire].parser()
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.finish()


def text_of(events: list[ModelEvent]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def finished(events: list[ModelEvent]) -> Finished:
    assert isinstance(events[-1], Finished), events[-1]
    return events[-1]


def failed(events: list[ModelEvent]) -> Failed:
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1]


def calls_of(events: list[ModelEvent]) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each call; the arguments as the same JSON text whatever the wire made of blanks."""
    return [(c.call_id, c.name, json.dumps(json.loads(c.arguments))) for c in finished(events).calls]


# ------------------------------------------------------------------------------------------------- the way to a model

# What one question with a picture and two tools is in each format.
GOLDEN: dict[str, dict[str, Any]] = {
    "chat": {
        "model": "some-model",
        "messages": [
            {"role": "system", "content": "Be short."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{DATA}", "detail": "high"}},
                    {"type": "text", "text": "What colour?"},
                ],
            },
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 300,
        "reasoning_effort": "low",
        "tools": [
            {
                "type": "function",
                "function": {"name": "clock", "description": "What time it is.", "parameters": SCHEMAS[0]},
            },
            {
                "type": "function",
                "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMAS[1]},
            },
        ],
    },
    "responses": {
        "model": "some-model",
        "instructions": "Be short.",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": f"data:image/jpeg;base64,{DATA}", "detail": "high"},
                    {"type": "input_text", "text": "What colour?"},
                ],
            }
        ],
        "stream": True,
        "store": False,
        "max_output_tokens": 300,
        "reasoning": {"effort": "low"},
        "tools": [
            {
                "type": "function",
                "name": "clock",
                "description": "What time it is.",
                "parameters": SCHEMAS[0],
                "strict": False,
            },
            {
                "type": "function",
                "name": "weather",
                "description": "The weather.",
                "parameters": SCHEMAS[1],
                "strict": False,
            },
        ],
    },
    "anthropic": {
        "model": "some-model",
        "tools": [
            {"name": "clock", "description": "What time it is.", "input_schema": SCHEMAS[0]},
            {"name": "weather", "description": "The weather.", "input_schema": SCHEMAS[1]},
        ],
        "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": DATA}},
                    {"type": "text", "text": "What colour?"},
                ],
            }
        ],
        "max_tokens": 300,
        "stream": True,
        "output_config": {"effort": "low"},
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "Be short."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {"name": "clock", "description": "What time it is.", "parametersJsonSchema": SCHEMAS[0]},
                    {"name": "weather", "description": "The weather.", "parametersJsonSchema": SCHEMAS[1]},
                ]
            }
        ],
        "contents": [
            {
                "role": "user",
                "parts": [{"inlineData": {"mimeType": "image/jpeg", "data": DATA}}, {"text": "What colour?"}],
            }
        ],
        "generationConfig": {"maxOutputTokens": 300, "thinkingConfig": {"thinkingLevel": "LOW"}},
    },
}


@pytest.mark.parametrize("wire", WIRES)
def test_a_question_with_a_picture_and_tools_becomes_the_vendors_request(wire: str) -> None:
    messages = (SYSTEM, Message("user", "What colour?", frame_id=7))
    images = {View(7, px=768): JPEG}
    more: dict[str, Any] = {"max_tokens": 300, "effort": "low", "tools": (CLOCK, WEATHER), "image_px": 768}
    body = body_of(wire, *messages, images=images, **more)
    assert body == GOLDEN[wire]
    assert list(body) == list(GOLDEN[wire]), "the order is what a vendor's cache sees"
    assert body_of(wire, *messages, images={View(7, px=768): DATA}, **more) == body, "in a replay the base64 is given"


# The same after two tools were called and answered, and the wearer asked on.
ROUND = (
    Message("user", "Time and weather?"),
    Message(
        "assistant", "Let me look.", calls=(ToolCall("a", "clock"), ToolCall("b", "weather", '{"place": "Leeds"}'))
    ),
    Message("tool", "Nine.", call_id="a", name="clock"),
    Message("tool", "no network", call_id="b", name="weather", failed=True),
    Message("user", "And this?", views=(View(3, (0, 0, 9, 9), name="crop 1 of frame 3"),)),
)
ROUND_GOLDEN: dict[str, list[dict[str, Any]]] = {
    "chat": [
        {"role": "user", "content": "Time and weather?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
                {"id": "b", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Leeds"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "Nine."},
        {"role": "tool", "tool_call_id": "b", "content": "Error: no network"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "crop 1 of frame 3:"},
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{DATA}", "detail": "high"}},
                {"type": "text", "text": "And this?"},
            ],
        },
    ],
    "responses": [
        {"role": "user", "content": "Time and weather?"},
        {"role": "assistant", "content": "Let me look."},
        {"type": "function_call", "call_id": "a", "name": "clock", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "weather", "arguments": '{"place": "Leeds"}'},
        {"type": "function_call_output", "call_id": "a", "output": "Nine."},
        {"type": "function_call_output", "call_id": "b", "output": "Error: no network"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "crop 1 of frame 3:"},
                {"type": "input_image", "image_url": f"data:image/jpeg;base64,{DATA}", "detail": "high"},
                {"type": "input_text", "text": "And this?"},
            ],
        },
    ],
    "anthropic": [
        {"role": "user", "content": [{"type": "text", "text": "Time and weather?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "a", "name": "clock", "input": {}},
                {"type": "tool_use", "id": "b", "name": "weather", "input": {"place": "Leeds"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "Nine."},
                {"type": "tool_result", "tool_use_id": "b", "content": "no network", "is_error": True},
                {"type": "text", "text": "crop 1 of frame 3:"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": DATA}},
                {"type": "text", "text": "And this?"},
            ],
        },
    ],
    "gemini": [
        {"role": "user", "parts": [{"text": "Time and weather?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Let me look."},
                {
                    "functionCall": {"name": "clock", "args": {}},
                    "thoughtSignature": "skip_thought_signature_validator",
                },
                {"functionCall": {"name": "weather", "args": {"place": "Leeds"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "clock", "response": {"output": "Nine."}}},
                {"functionResponse": {"name": "weather", "response": {"error": "no network"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"text": "crop 1 of frame 3:"},
                {"inlineData": {"mimeType": "image/jpeg", "data": DATA}},
                {"text": "And this?"},
            ],
        },
    ],
}
TURNS = {"chat": "messages", "responses": "input", "anthropic": "messages", "gemini": "contents"}


@pytest.mark.parametrize("wire", WIRES)
def test_a_conversation_with_tools_made_elsewhere_becomes_the_vendors_turns(wire: str) -> None:
    body = body_of(wire, *ROUND, images={ROUND[-1].views[0]: JPEG}, tools=(CLOCK, WEATHER))
    assert body[TURNS[wire]] == ROUND_GOLDEN[wire]


@pytest.mark.parametrize("wire", WIRES)
def test_the_next_question_begins_like_the_last_so_that_a_cache_knows_it(wire: str) -> None:
    images = {ROUND[-1].views[0]: JPEG}
    first = body_of(wire, SYSTEM, *ROUND[:1], tools=(CLOCK,))
    later = body_of(wire, SYSTEM, *ROUND, images=images, tools=(CLOCK,))
    turns = TURNS[wire]
    assert later[turns][: len(first[turns])] == first[turns]
    assert {k: v for k, v in later.items() if k != turns} == {k: v for k, v in first.items() if k != turns}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("message", "names"),
    [
        (Message("user", "x", 3), "frame 3"),
        (Message("system", "x", 7), "'system'"),
        (Message("tool", "x", 7), "'tool'"),
    ],
)
def test_a_picture_that_cannot_be_sent_is_named(wire: str, message: Message, names: str) -> None:
    with pytest.raises(ValueError, match=names):
        body_of(wire, message, images={View(7): b"x"})


@pytest.mark.parametrize("wire", WIRES)
def test_by_default_nothing_is_sent_that_some_server_refuses(wire: str) -> None:
    body = body_of(wire, Message("user", "Hello"))
    assert (
        set(body)
        == {
            "chat": {"model", "messages", "stream", "stream_options"},
            "responses": {"model", "input", "stream", "store"},
            "anthropic": {"model", "messages", "stream", "max_tokens"},
            "gemini": {"contents"},
        }[wire]
    )
    assert body.get("max_tokens", 4096) == 4096 and body.get("store") in (None, False)


@pytest.mark.parametrize("wire", WIRES)
def test_a_tool_without_a_schema_is_named(wire: str) -> None:
    with pytest.raises(ValueError, match="'clock'"):
        body_of(wire, Message("user", "x"), tools=(ToolInfo("clock", "", "no JSON"),))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("arguments", ["{oops", "[1]", "", "7"])
def test_arguments_that_a_vendor_would_refuse_are_not_sent_back(wire: str, arguments: str) -> None:
    called = Message("assistant", "", calls=(ToolCall("a", "clock", arguments),))
    text = json.dumps(body_of(wire, Message("user", "x"), called, Message("tool", "?", call_id="a"))[TURNS[wire]][1])
    assert '": {}' in text or '"{}"' in text
    assert "oops" not in text


@pytest.mark.parametrize("wire", WIRES)
def test_half_a_character_in_arguments_or_thoughts_can_be_sent_back(wire: str) -> None:
    script = Script((), ("hm \ud83d",), (("a", "clock", '{"of": "\\ud83d"}'),))
    end = finished(read(wire, stream(wire, script)))
    again = Message("assistant", "", calls=end.calls, carry=end.carry)
    quirks = Quirks(reasoning_back=True, encrypted_reasoning=True)
    body = body_of(wire, Message("user", "x"), again, quirks=quirks)
    assert json.dumps(body, ensure_ascii=False).encode()


HEADERS = {
    "chat": {"authorization": "Bearer sk-1"},
    "responses": {"authorization": "Bearer sk-1"},
    "anthropic": {"x-api-key": "sk-1", "anthropic-version": "2023-06-01"},
    "gemini": {"x-goog-api-key": "sk-1"},
}
PATHS = {
    "chat": "/chat/completions",
    "responses": "/responses",
    "anthropic": "/messages",
    "gemini": "/models/a%3Fb:streamGenerateContent?alt=sse",
}


@pytest.mark.parametrize("wire", WIRES)
def test_the_key_is_in_one_header_and_the_model_cannot_break_the_path(wire: str) -> None:
    dialect = DIALECTS[wire]
    assert dialect.name == wire
    assert dialect.headers("sk-1") == HEADERS[wire]
    assert not any("key" in name or "auth" in name for name in dialect.headers(""))
    assert dialect.path("a?b") == PATHS[wire]


@pytest.mark.parametrize(
    ("quirks", "effort", "has"),
    [
        (Quirks(max_tokens_field="max_completion_tokens"), "", {"max_completion_tokens": 9}),
        (Quirks(store_false=True), "", {"store": False}),
        (Quirks(effort_field="reasoning"), "high", {"reasoning": {"effort": "high"}}),
        (Quirks(effort_field="enable_thinking"), "on", {"enable_thinking": True}),
        (Quirks(effort_field="enable_thinking"), "off", {"enable_thinking": False}),
        (
            Quirks(effort_field="chat_template_kwargs", extra={"chat_template_kwargs": {"a": 1}}),
            "none",
            {"chat_template_kwargs": {"enable_thinking": False, "a": 1}},
        ),
        (Quirks(effort_field=""), "high", {}),
        (Quirks(parallel_calls=False), "", {"parallel_tool_calls": False}),
        (Quirks(extra={"seed": 1}), "", {"seed": 1}),
    ],
)
def test_chat_servers_differ(quirks: Quirks, effort: str, has: dict[str, Any]) -> None:
    body = body_of("chat", Message("user", "x"), quirks=quirks, effort=effort, max_tokens=9, tools=(CLOCK,))
    usual = {"model", "messages", "stream", "stream_options", "tools"}
    assert {k: v for k, v in body.items() if k not in usual | {"max_tokens"} - has.keys()} == has


def test_chat_calls_without_a_word_have_no_content() -> None:
    called = Message("assistant", "", calls=(ToolCall("a", "clock"),))
    assert body_of("chat", Message("user", "x"), called)["messages"][1]["content"] is None


def test_chat_pictures_differ() -> None:
    def image(quirks: Quirks) -> object:
        body = body_of("chat", Message("user", "x", 7), images={View(7): JPEG}, quirks=quirks)
        return body["messages"][0]["content"][0]["image_url"]

    assert image(Quirks(image_as_string=True)) == f"data:image/jpeg;base64,{DATA}"
    assert image(Quirks(image_detail="")) == {"url": f"data:image/jpeg;base64,{DATA}"}


def test_responses_always_names_a_detail_and_never_stores() -> None:
    quirks = Quirks(image_detail="", store_false=False, encrypted_reasoning=True, parallel_calls=False)
    body = body_of("responses", Message("user", "x", 7), images={View(7): JPEG}, quirks=quirks, tools=(CLOCK,))
    assert body["input"][0]["content"][0]["detail"] == "high"
    assert body["store"] is False and body["parallel_tool_calls"] is False
    assert body["include"] == ["reasoning.encrypted_content"]


def test_anthropic_thinks_as_told_and_marks_tools_where_there_is_no_system() -> None:
    body = body_of("anthropic", Message("user", "x"), quirks=Quirks(thinking="adaptive"), tools=(CLOCK, WEATHER))
    assert body["thinking"] == {"type": "adaptive"}
    assert ["cache_control" in tool for tool in body["tools"]] == [False, True]


def test_anthropic_turns_alternate_and_results_come_first() -> None:
    messages = [
        Message("user", "one"),
        Message("user", "two"),
        Message("assistant", "", calls=(ToolCall("functions.clock:0", "clock"),)),
        Message("user", "three"),
        Message("tool", "Nine.", call_id="functions.clock:0"),
        Message("assistant", ""),
    ]
    turns = body_of("anthropic", *messages)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["type"] for block in turns[2]["content"]] == ["tool_result", "text"]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"] == "functions_clock_0"


def test_gemini_pictures_can_be_cheaper() -> None:
    quirks = Quirks(media_resolution="low", extra={"generationConfig": {"seed": 1}})
    body = body_of("gemini", Message("user", "x"), quirks=quirks, max_tokens=5)
    resolution = "MEDIA_RESOLUTION_LOW"
    assert body["generationConfig"] == {"maxOutputTokens": 5, "mediaResolution": resolution, "seed": 1}


# ------------------------------------------------------------------------------------------------------- the way back


@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_is_the_same_in_every_format(wire: str) -> None:
    events = read(wire, stream(wire, Script(thoughts=("hmm, ", "red"))))
    assert events[:-1] == [TextDelta("The door"), TextDelta(" is red.")], "thoughts are not spoken"
    end = finished(events)
    assert (end.input_tokens, end.output_tokens, end.cached_tokens) == COUNTS[:3]
    assert end.reasoning_tokens == (0 if wire == "anthropic" else COUNTS[3]), "Anthropic does not count them apart"
    assert end.reasoning_chars == 8 and end.calls == () and end.carry == ""


@pytest.mark.parametrize("wire", WIRES)
def test_calls_come_whole_with_the_end_and_without_a_word_if_there_is_none(wire: str) -> None:
    events = read(wire, stream(wire, Script((), (), TWO_CALLS)))
    assert calls_of(events) == [*TWO_CALLS]
    assert text_of(events) == ""
    parser = DIALECTS[wire].parser()
    for event in events_of(wire, Script(("Let me look.",), (), TWO_CALLS, stop="")):
        assert all(isinstance(e, TextDelta) for e in parser.feed(sse([event]))), "no call before the end"
    assert parser.finish()[-1] == Failed("truncated", "the stream ended without an ending, after 12 characters")


@pytest.mark.parametrize("wire", WIRES)
def test_calls_of_an_answer_that_reached_the_cap_are_not_made(wire: str) -> None:
    events = read(wire, stream(wire, Script(("Well",), (), TWO_CALLS, stop="cut")))
    assert text_of(events) == "Well" and finished(events).calls == ()
    assert failed(read(wire, stream(wire, Script((), (), TWO_CALLS, stop="cut")))).kind == "empty"


@pytest.mark.parametrize("wire", WIRES)
def test_a_filter_that_stops_the_answer_is_a_refusal_after_what_was_said(wire: str) -> None:
    events = read(wire, stream(wire, Script(("Well",), stop="filter")))
    assert text_of(events) == "Well" and failed(events).kind == "refused"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("said", "kind"),
    [("overloaded_error", "overloaded"), ("rate_limit_exceeded", "rate_limit"), ("insufficient_quota", "quota")],
)
def test_an_error_in_the_stream_is_named_after_what_was_said(wire: str, said: str, kind: str) -> None:
    begun = events_of(wire, Script(("Well",), (), TWO_CALLS, stop=""))
    events = read(wire, sse([*begun, error(wire, said, "see " + said), *events_of(wire, Script())]))
    assert text_of(events) == "Well" and failed(events).kind == kind


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("script", [Script(), Script((), (), TWO_CALLS), Script(("Look.",), (), TWO_CALLS)])
def test_a_server_that_does_not_stream_is_understood(wire: str, script: Script) -> None:
    events = read(wire, whole(wire, script))
    assert text_of(events) == "".join(script.texts)
    assert calls_of(events) == [*script.calls]
    assert (finished(events).input_tokens, finished(events).output_tokens) == COUNTS[:2]


@pytest.mark.parametrize("wire", WIRES)
def test_errors_and_other_json_in_place_of_a_stream_are_told_apart(wire: str) -> None:
    assert failed(read(wire, b'{"error": {"message": "no", "type": "insufficient_quota"}}')).kind == "quota"
    assert failed(read(wire, b'[{"error": {"code": 429, "message": "slow down"}}]')).kind == "rate_limit"
    for other in (b'{"hello": "world"}', b"[]", b"[7]", b'{"choices": 7, "output": 7, "content": 7, "candidates": 7}'):
        assert failed(read(wire, other)).kind == "protocol"


@pytest.mark.parametrize("wire", WIRES)
def test_after_the_reason_only_the_end_is_waited_for(wire: str) -> None:
    parser = DIALECTS[wire].parser()
    parser.feed(sse(events_of(wire, Script(stop=""))))
    assert not parser.finishing
    reason = {"chat": -3, "anthropic": -2, "gemini": -1}.get(wire)
    if reason is None:
        return  # its last event says everything
    parser.feed(sse([events_of(wire, Script())[reason]]))
    assert parser.finishing
    assert finished(parser.finish()), "a server that forgets the end has said it all"
    assert not parser.finishing


@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_of_blanks_is_no_answer(wire: str) -> None:
    assert failed(read(wire, stream(wire, Script((" \n", " "))))).kind == "empty"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("event", [("error", {"message": "x"}), ("", {"type": "error"}), ("", {"object": "error"})])
def test_an_error_without_its_wrapper_is_one(wire: str, event: Event) -> None:
    events = read(wire, sse([*events_of(wire, Script(("Well",), stop="")), event, *events_of(wire, Script())]))
    assert text_of(events) == "Well" and failed(events).kind == "overloaded"


def test_whole_json_and_a_closed_message_need_no_reason() -> None:
    assert finished(read("chat", b'{"choices": [{"message": {"content": "Red."}}]}')).finish == ""
    assert finished(read("gemini", b'{"candidates": [{"content": {"parts": [{"text": "Red."}]}}]}')).finish == ""
    unexplained = [e for e in events_of("anthropic", Script()) if e[0] != "message_delta"]
    assert finished(read("anthropic", sse(unexplained))).finish == ""


def test_a_call_that_the_server_calls_incomplete_is_not_made() -> None:
    item = {"type": "function_call", "call_id": "a", "name": "clock", "arguments": "{", "status": "incomplete"}
    done: Event = ("", {"type": "response.output_item.done", "item": item})
    assert failed(read("responses", sse([done, ("", {"type": "response.completed", "response": {}})]))).kind == "empty"


# ------------------------------------------------------------------------------------------------- a call's way round


@pytest.mark.parametrize("wire", WIRES)
def test_what_a_vendor_wants_back_goes_back_and_to_no_other(wire: str) -> None:
    quirks = Quirks(reasoning_back=True, encrypted_reasoning=True)
    end = finished(read(wire, stream(wire, Script(("Look.",), ("hmm",), TWO_CALLS))))
    assert all(not text or json.loads(text) for text in (end.carry, *(c.carry for c in end.calls)))
    called = Message("assistant", "Look.", calls=end.calls, carry=end.carry)
    results = [Message("tool", "Nine.", call_id=c.call_id, name=c.name) for c in end.calls]
    messages = (Message("user", "x"), called, *results)
    sent = json.dumps(body_of(wire, *messages, quirks=quirks))
    for mark in {
        "chat": ['"reasoning_content": "hmm"', '"tool_call_id": "id_2"'],
        "responses": ['"encrypted_content": "c2VhbGVk"', '"call_id": "id_2"'],
        "anthropic": ['"thinking": "hmm", "signature": "c2VhbGVk"', '"tool_use_id": "id_2"'],
        "gemini": ['"thoughtSignature": "c2VhbGVk"', '"functionResponse": {"id": "id_2"'],
    }[wire]:
        assert mark in sent
    for other in WIRES:
        if other != wire:
            assert "c2VhbGVk" not in (elsewhere := json.dumps(body_of(other, *messages, quirks=quirks)))
            assert "hmm" not in elsewhere
    if wire in ("chat", "responses"):
        assert "hmm" not in (plain := json.dumps(body_of(wire, *messages))) and "c2VhbGVk" not in plain


def test_anthropic_thinking_stands_where_it_came_and_is_not_asked_back_without_calls() -> None:
    def block(kind: str, **more: str) -> Event:
        return "", {"type": "content_block_start", "index": more.pop("at"), "content_block": {"type": kind, **more}}

    end = finished(
        read(
            "anthropic",
            sse(
                [
                    block("thinking", at="0", thinking="one", signature="s1"),
                    block("redacted_thinking", at="1", data="r"),
                    block("tool_use", at="2", id="a", name="clock"),
                    block("thinking", at="3", thinking="two", signature="s2"),
                    block("tool_use", at="4", id="b", name="clock"),
                    ("", {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
                    ("", {"type": "message_stop"}),
                ]
            ),
        )
    )
    turn = body_of("anthropic", Message("user", "x"), Message("assistant", "", calls=end.calls, carry=end.carry))
    assert [(b["type"], b.get("signature") or b.get("id")) for b in turn["messages"][1]["content"]] == [
        ("thinking", "s1"),
        ("redacted_thinking", None),
        ("tool_use", "a"),
        ("thinking", "s2"),
        ("tool_use", "b"),
    ]
    assert finished(read("anthropic", stream("anthropic", Script(thoughts=("hmm",))))).carry == ""


def test_gemini_calls_without_an_id_are_answered_without_one() -> None:
    chunk = {"candidates": [{"content": {"parts": [{"functionCall": {"name": "clock"}}] * 2}, "finishReason": "STOP"}]}
    end = finished(read("gemini", sse([("", chunk)])))
    assert [(c.call_id, c.arguments) for c in end.calls] == [("call_0", "{}"), ("call_1", "{}")]
    called = Message("assistant", "", calls=end.calls)
    body = body_of("gemini", Message("user", "x"), called, Message("tool", "Nine.", call_id="call_1"))
    assert body["contents"][1]["parts"] == [{"functionCall": {"name": "clock", "args": {}}}] * 2
    assert body["contents"][2]["parts"][0]["functionResponse"] == {"name": "clock", "response": {"output": "Nine."}}


def test_gemini_says_why_there_is_nothing() -> None:
    def why(**candidate: Any) -> Failed:
        return failed(read("gemini", sse([("", {"candidates": [candidate]})])))

    assert why(finishReason="PROHIBITED_CONTENT").kind == "refused"
    malformed = why(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="Malformed call: clock(")
    assert malformed.kind == "protocol" and "clock(" in malformed.detail
    blocked = failed(read("gemini", sse([("", {"promptFeedback": {"blockReason": "SAFETY"}})])))
    assert blocked.kind == "refused" and "SAFETY" in blocked.detail
    assert failed(read("gemini", b'{"promptFeedback": {"blockReason": "OTHER"}}')).kind == "refused"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("refusal", "refused"), ("pause_turn", "truncated"), ("model_context_window_exceeded", "too_large")],
)
def test_anthropic_reasons_that_are_no_end(reason: str, kind: str) -> None:
    events = [*events_of("anthropic", Script(("Well",), stop="")), *_stopped(reason)]
    assert text_of(read("anthropic", sse(events))) == "Well"
    assert failed(read("anthropic", sse(events))).kind == kind


def _stopped(reason: str) -> list[Event]:
    return [("", {"type": "message_delta", "delta": {"stop_reason": reason}}), ("", {"type": "message_stop"})]


RESPONSE_ENDINGS = {
    "failed": ({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}}, "rate_limit"),
    "failed without a word": ({"type": "response.failed", "response": {}}, "overloaded"),
    "filtered": (
        {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}},
        "refused",
    ),
    "incomplete without a reason": ({"type": "response.incomplete", "response": {}}, "truncated"),
    "an error with a wrapper": ({"type": "error", "error": {"code": "server_error", "message": "x"}}, "overloaded"),
    "only [DONE]": ("[DONE]", "truncated"),
}


@pytest.mark.parametrize("case", RESPONSE_ENDINGS)
def test_responses_that_end_badly(case: str) -> None:
    event, kind = RESPONSE_ENDINGS[case]
    events = read("responses", sse([*events_of("responses", Script(("Well",), stop="")), ("", event)]))
    assert text_of(events) == "Well" and failed(events).kind == kind


def test_responses_refuses_in_deltas() -> None:
    deltas: list[Event] = [("", {"type": "response.refusal.delta", "delta": d}) for d in ("I can't", " help.")]
    ending = failed(read("responses", sse([*deltas, events_of("responses", Script())[-1]])))
    assert ending.kind == "refused" and "I can't help." in ending.detail


@pytest.mark.parametrize("name_of_place", ["output_index", ""])
def test_responses_text_is_spoken_once_however_it_comes(name_of_place: str) -> None:
    place = {name_of_place: 1} if name_of_place else {}
    delta: Event = ("", {"type": "response.output_text.delta", "delta": "Red.", **place})
    item = {"type": "message", "content": [{"type": "output_text", "text": "Red."}]}
    done: Event = ("", {"type": "response.output_item.done", "output_index": 1, "item": item})
    end: Event = ("", {"type": "response.completed", "response": {"output": [item]}})
    for events in ([delta, done, end], [delta, end], [done, end], [end]):
        assert text_of(read("responses", sse(events))) == "Red."


# -------------------------------------------------------------------------------------- calls as chat servers give them


def chat_calls(*pieces: Any) -> list[ModelEvent]:
    chunks: list[Event] = [
        ("", {"choices": [{"delta": {"tool_calls": p if isinstance(p, list) else [p]}}]}) for p in pieces
    ]
    return read("chat", sse([*chunks, ("", {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})]))


def piece(arguments: Any = None, name: str = "", **more: Any) -> dict[str, Any]:
    return {"function": {**({"name": name} if name else {}), "arguments": arguments}, **more}


CHAT_CALLS = {
    "interleaved by index": (
        [
            piece("", "f", id="a", index=0),
            piece("", "g", id="b", index=1),
            piece("[1", index=0),
            piece("2", index=1),
            piece("]", index=0),
        ],
        [("a", "f", "[1]"), ("b", "g", "2")],
    ),
    "whole, without index or id": (
        [[piece("{}", "f"), piece('{"x": 1}', "g")], piece("", "f")],
        [("call_0", "f", "{}"), ("call_1", "g", '{"x": 1}'), ("call_2", "f", "{}")],
    ),
    "pieces without an index": (
        [piece('{"x"', "f", id="a"), piece(": 1}"), piece("{}", "g", id="b")],
        [("a", "f", '{"x": 1}'), ("b", "g", "{}")],
    ),
    "every index is 0": (
        [piece("{}", "f", id="a", index=0), piece("{", "g", id="b", index=0), piece("}", index=0)],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "id and name in every piece": (
        [piece("{", "f", id="a", index=0), piece("}", "f", id="a", index=0)],
        [("a", "f", "{}")],
    ),
    "id and name in every piece, without an index": (
        [piece("{", "f", id="a"), piece("}", "f", id="a")],
        [("a", "f", "{}")],
    ),
    "the name comes later": ([piece("", index=3), piece("{}", "f", id="a", index=3)], [("a", "f", "{}")]),
    "arguments as an object": ([piece({"of": "naïve"}, "f", id="a")], [("a", "f", '{"of": "naïve"}')]),
    "no arguments": (
        [piece(None, "f", id="a"), {"id": "b", "function": {"name": "g"}}],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "an id given twice, and one that we might make up": (
        [piece("{}", "f", id="call_0", index=0), piece("{}", "g", id="call_0", index=1), piece("{}", "h", index=2)],
        [("call_0", "f", "{}"), ("call_1", "g", "{}"), ("call_2", "h", "{}")],
    ),
    "not valid, and for the tools to say so": ([piece("{oops", "f", id="a")], [("a", "f", "{oops")]),
}


@pytest.mark.parametrize("case", CHAT_CALLS)
def test_calls_as_chat_servers_give_them(case: str) -> None:
    pieces, calls = CHAT_CALLS[case]
    assert [(c.call_id, c.name, c.arguments) for c in finished(chat_calls(*pieces)).calls] == calls


def test_a_call_of_nothing_is_a_fault() -> None:
    ending = failed(chat_calls(piece("{}", id="a")))
    assert ending.kind == "protocol" and "name" in ending.detail


@pytest.mark.parametrize("wire", WIRES)
def test_too_many_or_too_long_calls_are_a_fault(wire: str) -> None:
    many = tuple((f"id_{n}", "clock", "{}") for n in range(33))
    assert len(finished(read(wire, stream(wire, Script((), (), many[:32])))).calls) == 32
    assert "32" in failed(read(wire, stream(wire, Script(("Well",), (), many)))).detail
    long = json.dumps({"x": "y" * (64 << 10)})
    events = read(wire, stream(wire, Script(("Well",), (), (("a", "clock", long),))))
    assert text_of(events) == "Well" and failed(events).kind == "protocol"
    assert "'clock'" in failed(events).detail and "65536" in failed(events).detail
    name = read(wire, stream(wire, Script((), (), (("a", "n" * 1001, "{}"),))))
    assert failed(name).kind == "protocol"


# -------------------------------------------------------------------------------------- what must not be spoken in text

WRITTEN = {
    "at the start": (["<tool_call>\n{}\n</tool_call>", "Red."], "Red."),
    "after thinking": (["<think>hm</think>\n\n<tool_", "call>{}</tool_call>\nRed."], "\nRed."),
    "a line of its own": (["Let me look.\n", " <tool", "_call>{}</tool", "_call>\nRed."], "Let me look.\n \nRed."),
    "two in a row": (["A\n<tool_call>1</tool_call><tool_call>2</tool_call>B"], "A\nB"),
    "never closed": (["A\n<tool_call>{} and so on", " for ever"], "A\n"),
    "in the middle of a line": (
        ["Write <tool_call> there, ", "or <tool_call>."],
        "Write <tool_call> there, or <tool_call>.",
    ),
    "something like it": (["<tool", "s> and <", "tool_call", ">\n<tool"], "<tools> and <tool_call>\n<tool"),
    "a comparison": (["1 <", " 2\n", "<", " 3"], "1 < 2\n< 3"),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("case", WRITTEN)
def test_calls_written_as_text_are_neither_made_nor_spoken(wire: str, case: str) -> None:
    texts, spoken = WRITTEN[case]
    for cut in (texts, list("".join(texts))):
        events = read(wire, stream(wire, Script(tuple(cut))))
        assert text_of(events) == spoken
        assert finished(events).calls == ()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("texts", [("1 <",), ("Write ", "<tool_"), ("A\nB ", "<tool_call"), (" " * 5000,)])
def test_what_cannot_become_a_tag_is_not_waited_for(wire: str, texts: tuple[str, ...]) -> None:
    parser = DIALECTS[wire].parser()
    assert text_of(parser.feed(stream(wire, Script(texts, stop="")))) == "".join(texts)


def test_a_call_written_as_text_and_nothing_else_is_no_answer() -> None:
    ending = failed(read("chat", stream("chat", Script(("<tool_call>{}</tool_call>\n",)))))
    assert ending.kind == "empty" and "characters" in ending.detail


def test_a_parser_can_be_copied_in_the_middle_of_an_answer() -> None:
    for wire in WIRES:
        data = stream(wire, Script(("<think>a</think>Red",), ("hm",), TWO_CALLS))
        parser = DIALECTS[wire].parser()
        begun = parser.feed(data[: len(data) // 2])
        twin = copy.deepcopy(parser)
        rest = [p.feed(data[len(data) // 2 :]) + p.finish() for p in (parser, twin)]
        assert rest[0] == rest[1] and begun + rest[0] == read(wire, data)
