"""The stand-in for a model, over HTTP on each of its four wires, as a client that knows only the vendors' documents.

The clients in here are written from those documents and share no code with the stand-in or with the companion's own
dialects, so that what passes here is a fair counterpart for the companion.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import functools
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim import scene
from device_sim.asked import Asked, RefusedError
from device_sim.behaviour import MALICE, SPEECH, Behaviour, Rule, Wanted
from device_sim.errors import SceneError
from device_sim.malice import THIEF
from device_sim.stand_in_model import SEEN, STORY, Seen, make_app, start
from device_sim.wires import WIRES, gemini

PATIENCE_S = 5.0
RED, BLUE = (30, 30, 200), (200, 60, 20)  # BGR
LOOK = {"type": "object", "properties": {"frame": {"type": "integer"}}}


def fast(**changes: Any) -> Behaviour:
    return Behaviour(**{"first_text_s": 0.0, "words_per_s": 1000, "story_words_per_s": 1000, **changes})


def jpeg(bgr: tuple[int, int, int]) -> bytes:
    return cv2.imencode(".jpg", np.full((90, 160, 3), bgr, np.uint8))[1].tobytes()


def live(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on an event loop of its own, and not for ever."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 30))

    return run


# ------------------------------------------------------------------------------------------------- one client a wire


@dataclass
class Heard:
    """What a client made of a response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    thoughts: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)  # id, name, arguments
    finish: str = ""
    usage: tuple[int, int, int, int] = (-1, -1, -1, -1)  # input, cached of it, output, thinking of it
    error: str = ""  # the vendor's word for it
    carry: Any = None  # what has to go back beside the calls
    raw: bytes = b""


class Chat:
    path = "/v1/chat/completions"
    ends: ClassVar = {"stop": "stop", "calls": "tool_calls", "length": "length", "refusal": "content_filter"}

    def body(self, question: str, picture: bytes | None = None, system: str = "", tools: Any = ()) -> dict[str, Any]:
        content: Any = question
        if picture is not None:
            url = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
            content = [
                {"type": "text", "text": question},
                {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
            ]
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": content})
        body = {"model": "m", "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
        if tools:
            about = [{"name": t, "description": "", "parameters": schema} for t, schema in tools]
            body["tools"] = [{"type": "function", "function": function} for function in about]
        return body

    def told(self, body: dict[str, Any], question: str, answer: str) -> None:
        """An older turn in front of the question."""
        body["messages"][-1:-1] = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]

    def effort(self, body: dict[str, Any], effort: str) -> None:
        body["reasoning_effort"] = effort

    def cap(self, body: dict[str, Any], tokens: int) -> None:
        body["max_completion_tokens"] = tokens

    def no_calls(self, body: dict[str, Any]) -> None:
        body["tool_choice"] = "none"

    def hear(self, heard: Heard) -> None:
        calls: dict[int, list[str]] = {}
        for event in heard.events:
            if "error" in event:
                heard.error = event["error"]["type"]
                continue
            for choice in event["choices"]:
                delta = choice["delta"]
                heard.text += delta.get("content") or ""
                heard.thoughts += delta.get("reasoning_content") or ""
                heard.finish = choice["finish_reason"] or heard.finish
                for call in delta.get("tool_calls", ()):
                    known = calls.setdefault(call["index"], [call.get("id", ""), call["function"].get("name", ""), ""])
                    known[2] += call["function"]["arguments"]
            if event.get("usage"):
                usage = event["usage"]
                cached = usage["prompt_tokens_details"]["cached_tokens"]
                thinking = usage["completion_tokens_details"]["reasoning_tokens"]
                heard.usage = (usage["prompt_tokens"], cached, usage["completion_tokens"], thinking)
        heard.calls = [(c[0], c[1], c[2]) for c in calls.values()]

    def go_on(self, body: dict[str, Any], heard: Heard, results: list[str], picture: bytes | None = None) -> None:
        calls = [
            {"id": i, "type": "function", "function": {"name": name, "arguments": text}}
            for i, name, text in heard.calls
        ]
        body["messages"].append({"role": "assistant", "content": heard.text or None, "tool_calls": calls})
        for (call_id, _, _), result in zip(heard.calls, results, strict=True):
            body["messages"].append({"role": "tool", "tool_call_id": call_id, "content": result})
        if picture is not None:
            body["messages"].append(self.body("crop 1 of frame 1", picture)["messages"][-1])


class Responses:
    path = "/v1/responses"
    ends: ClassVar = {
        "stop": "completed",
        "calls": "completed",
        "length": "max_output_tokens",
        "refusal": "content_filter",
    }

    def body(self, question: str, picture: bytes | None = None, system: str = "", tools: Any = ()) -> dict[str, Any]:
        content: Any = question
        if picture is not None:
            url = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
            content = [
                {"type": "input_text", "text": question},
                {"type": "input_image", "detail": "high", "image_url": url},
            ]
        body: dict[str, Any] = {"model": "m", "input": [{"role": "user", "content": content}], "stream": True}
        body |= {"store": False, "include": ["reasoning.encrypted_content"]}
        if system:
            body["instructions"] = system
        if tools:
            body["tools"] = [
                {"type": "function", "name": t, "description": "", "parameters": schema, "strict": False}
                for t, schema in tools
            ]
        return body

    def told(self, body: dict[str, Any], question: str, answer: str) -> None:
        body["input"][-1:-1] = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]

    def effort(self, body: dict[str, Any], effort: str) -> None:
        body["reasoning"] = {"effort": effort}

    def cap(self, body: dict[str, Any], tokens: int) -> None:
        body["max_output_tokens"] = tokens

    no_calls = Chat.no_calls

    def hear(self, heard: Heard) -> None:
        assert [event["sequence_number"] for event in heard.events] == list(range(len(heard.events)))
        deltas, items = "", 0
        for event in heard.events:
            kind = event["type"]
            items += kind == "response.output_item.added"
            assert event.get("output_index", items - 1) == items - 1, "an event belongs to the open item"
            if kind == "response.output_text.delta":
                heard.text += event["delta"]
            elif kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
                heard.thoughts += event["delta"]
            elif kind == "response.function_call_arguments.delta":
                deltas += event["delta"]
            elif kind == "response.output_item.done" and event["item"]["type"] == "function_call":
                item = event["item"]
                assert item["arguments"] == deltas, "pieces and whole are the same"
                heard.calls.append((item["call_id"], item["name"], item["arguments"]))
                deltas = ""
            elif kind in ("response.completed", "response.incomplete"):
                response = event["response"]
                heard.finish = (response["incomplete_details"] or {}).get("reason") or response["status"]
                usage = response["usage"]
                cached = usage["input_tokens_details"]["cached_tokens"]
                thinking = usage["output_tokens_details"]["reasoning_tokens"]
                heard.usage = (usage["input_tokens"], cached, usage["output_tokens"], thinking)
                heard.carry = response["output"]
            elif kind == "error":
                heard.error = event["code"]

    def go_on(self, body: dict[str, Any], heard: Heard, results: list[str], picture: bytes | None = None) -> None:
        body["input"] += heard.carry
        for (call_id, _, _), result in zip(heard.calls, results, strict=True):
            body["input"].append({"type": "function_call_output", "call_id": call_id, "output": result})
        if picture is not None:
            body["input"].append(self.body("crop 1 of frame 1", picture)["input"][-1])


class Anthropic:
    path = "/v1/messages"
    ends: ClassVar = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "refusal": "refusal"}

    def body(self, question: str, picture: bytes | None = None, system: str = "", tools: Any = ()) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": question}]
        if picture is not None:
            source = {"type": "base64", "media_type": "image/jpeg", "data": base64.b64encode(picture).decode()}
            content.insert(0, {"type": "image", "source": source})
        body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": content}], "stream": True}
        body["max_tokens"] = 1024
        if system:
            body["system"] = system
        if tools:
            body["tools"] = [{"name": t, "description": "", "input_schema": schema} for t, schema in tools]
        return body

    told = Chat.told

    def effort(self, body: dict[str, Any], effort: str) -> None:
        body["thinking"] = {"type": "disabled"} if effort == "none" else {"type": "adaptive"}
        if effort != "none":
            body["output_config"] = {"effort": effort}

    def cap(self, body: dict[str, Any], tokens: int) -> None:
        body["max_tokens"] = tokens

    def no_calls(self, body: dict[str, Any]) -> None:
        body["tool_choice"] = {"type": "none"}

    def hear(self, heard: Heard) -> None:
        blocks: list[dict[str, Any]] = []
        said: list[str] = []  # the JSON of each block's input
        read = cached = wrote = -1
        for event in heard.events:
            kind = event["type"]
            if kind == "message_start":
                usage = event["message"]["usage"]
                cached = usage["cache_read_input_tokens"]
                read = usage["input_tokens"] + cached
            elif kind == "content_block_start":
                assert event["index"] == len(blocks)
                blocks.append(dict(event["content_block"]))
                said.append("")
            elif kind == "content_block_delta":
                assert event["index"] == len(blocks) - 1, "a delta belongs to the open block"
                delta, block = event["delta"], blocks[-1]
                if delta["type"] == "input_json_delta":
                    said[-1] += delta["partial_json"]
                else:
                    name = delta["type"].removesuffix("_delta")
                    block[name] += delta[name]
            elif kind == "message_delta":
                heard.finish, wrote = event["delta"]["stop_reason"], event["usage"]["output_tokens"]
            elif kind == "error":
                heard.error = event["error"]["type"]
        heard.text = "".join(b["text"] for b in blocks if b["type"] == "text")
        heard.thoughts = "".join(b["thinking"] for b in blocks if b["type"] == "thinking")
        tools = [(b, text) for b, text in zip(blocks, said, strict=True) if b["type"] == "tool_use"]
        heard.calls = [(b["id"], b["name"], text or "{}") for b, text in tools]
        heard.usage = (read, cached, wrote, -1)
        for block, text in tools:
            block["input"] = json.loads(text or "{}") if text[:1] in ("", "{") and text[-1:] in ("", "}") else {}
        heard.carry = blocks

    def go_on(self, body: dict[str, Any], heard: Heard, results: list[str], picture: bytes | None = None) -> None:
        told = [
            {"type": "tool_result", "tool_use_id": call_id, "content": result}
            for (call_id, _, _), result in zip(heard.calls, results, strict=True)
        ]
        crop = self.body("crop 1 of frame 1", picture)["messages"][-1]["content"] if picture is not None else []
        body["messages"].append({"role": "assistant", "content": heard.carry})
        body["messages"].append({"role": "user", "content": told + crop})


class Gemini:
    path = "/v1beta/models/some-model:streamGenerateContent?alt=sse"
    ends: ClassVar = {"stop": "STOP", "calls": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}

    def body(self, question: str, picture: bytes | None = None, system: str = "", tools: Any = ()) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": question}]
        if picture is not None:
            parts.append({"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(picture).decode()}})
        body: dict[str, Any] = {"contents": [{"role": "user", "parts": parts}]}
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if tools:
            declared = [{"name": t, "description": "", "parametersJsonSchema": schema} for t, schema in tools]
            body["tools"] = [{"functionDeclarations": declared}]
        return body

    def told(self, body: dict[str, Any], question: str, answer: str) -> None:
        asked, answered = ({"role": r, "parts": [{"text": t}]} for r, t in (("user", question), ("model", answer)))
        body["contents"][-1:-1] = [asked, answered]

    def effort(self, body: dict[str, Any], effort: str) -> None:
        level = {"thinkingBudget": 0} if effort == "none" else {"thinkingLevel": effort.upper()}
        body["generationConfig"] = {"thinkingConfig": {**level, "includeThoughts": True}}

    def cap(self, body: dict[str, Any], tokens: int) -> None:
        body["generationConfig"] = {"maxOutputTokens": tokens}

    def no_calls(self, body: dict[str, Any]) -> None:
        body["toolConfig"] = {"functionCallingConfig": {"mode": "NONE"}}

    def hear(self, heard: Heard) -> None:
        heard.carry = []
        for event in heard.events:
            if "error" in event:
                heard.error = event["error"]["status"]
                continue
            (candidate,) = event["candidates"]
            for part in candidate["content"]["parts"]:
                if "functionCall" in part:
                    call = part["functionCall"]
                    heard.calls.append((call["id"], call["name"], json.dumps(call["args"])))
                    heard.carry.append(part)
                elif part.get("thought"):
                    heard.thoughts += part["text"]
                else:
                    heard.text += part["text"]
            heard.finish = candidate.get("finishReason", "")
            usage = event["usageMetadata"]
            thinking = usage.get("thoughtsTokenCount", 0)
            wrote = usage.get("candidatesTokenCount", 0) + thinking
            heard.usage = (usage["promptTokenCount"], usage.get("cachedContentTokenCount", 0), wrote, thinking)

    def go_on(self, body: dict[str, Any], heard: Heard, results: list[str], picture: bytes | None = None) -> None:
        told: list[dict[str, Any]] = [
            {"functionResponse": {"id": call_id, "name": name, "response": {"result": result}}}
            for (call_id, name, _), result in zip(heard.calls, results, strict=True)
        ]
        crop = self.body("crop 1 of frame 1", picture)["contents"][-1]["parts"] if picture is not None else []
        body["contents"].append({"role": "model", "parts": heard.carry})
        body["contents"].append({"role": "user", "parts": told + crop})


Client = Chat | Responses | Anthropic | Gemini
CLIENTS: tuple[Client, ...] = (Chat(), Responses(), Anthropic(), Gemini())
HEADERS = {"anthropic-version": "2023-06-01"}
on_every_wire = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: type(client).__name__.lower())


@dataclass
class StandIn:
    """A running stand-in, and a way to ask it."""

    root: str
    seen: Seen
    http: aiohttp.ClientSession

    async def ask(self, client: Client, body: Any, path: str = "", **headers: str) -> Heard:
        """The whole response; raises aiohttp.ClientError if the connection broke (`heard` so far in its arguments)."""
        heard = Heard()
        async with self.http.post(self.root + (path or client.path), json=body, headers=headers or HEADERS) as response:
            heard.status, heard.headers = response.status, response.headers
            if response.status != 200:
                heard.raw = await response.read()
                return heard
            try:
                async for data in response.content.iter_any():
                    heard.raw += data
            except aiohttp.ClientError as error:
                raise BrokenError(understood(client, heard)) from error
        return understood(client, heard)


class BrokenError(Exception):
    """The connection broke in the middle; `heard` is what came."""

    def __init__(self, heard: Heard) -> None:
        super().__init__("broken")
        self.heard = heard


def understood(client: Client, heard: Heard) -> Heard:
    blocks = heard.raw.decode().split("\n\n")
    lines = [line for block in blocks for line in block.split("\n") if line.startswith("data: {")]
    heard.events = [json.loads(line.removeprefix("data: ")) for line in lines]
    for block in blocks:  # a named event is named twice, and alike
        if block.startswith("event: "):
            name, data = block.split("\n")
            assert json.loads(data.removeprefix("data: "))["type"] == name.removeprefix("event: ")
    client.hear(heard)
    return heard


@asynccontextmanager
async def standing_in(behaviour: Behaviour | None = None, *rules: Rule) -> AsyncIterator[StandIn]:
    app = make_app(behaviour or fast(), rules)
    runner, url = await start(app)
    try:
        async with aiohttp.ClientSession() as http:
            yield StandIn(url.removesuffix("/v1"), app[SEEN], http)
    finally:
        await runner.cleanup()


# ------------------------------------------------------------------------------------------------------------ answers


@on_every_wire
@live
async def test_the_picture_arrives_and_its_colour_is_named_word_by_word(client: Client) -> None:
    async with standing_in() as stand_in:
        heard = await stand_in.ask(client, client.body("What colour is the door?", jpeg(BLUE)))
        assert heard.text == "The door is blue." and heard.finish == client.ends["stop"]
        assert heard.usage[0] == 100 and heard.usage[2] == 4
        assert len(heard.events) > 4, "not at once"
        assert (await stand_in.ask(client, client.body("What is this?", jpeg(RED)))).text == "I see something red."
        assert (await stand_in.ask(client, client.body("What is this?"))).text == "I got no picture."
        assert (await stand_in.ask(client, client.body("What?", b"no jpeg"))).text.endswith("that I cannot open.")
        assert (await stand_in.ask(client, client.body("Tell me a story."))).text == STORY


@on_every_wire
@live
async def test_the_question_is_the_last_one_and_what_was_said_before_is_known(client: Client) -> None:
    async with standing_in() as stand_in:
        body = client.body("What colour is the door?", jpeg(RED), system="Be brief.")
        client.told(body, "Tell me a story.", "No.")
        assert (await stand_in.ask(client, body)).text == "The door is red."
        (asked,) = stand_in.seen.asked
        assert asked.question == "What colour is the door?" and asked.system == "Be brief."
        assert asked.said == ("Tell me a story.", "No.", "What colour is the door?")
        assert asked.pictures == (jpeg(RED),), "byte by byte"


@live
async def test_what_arrived_is_kept_with_its_wire_and_path() -> None:
    async with standing_in() as stand_in:
        bodies = [client.body("What is this?") for client in CLIENTS]
        for client, body in zip(CLIENTS, bodies, strict=True):
            await stand_in.ask(client, body)
        await stand_in.ask(CLIENTS[3], bodies[3], "/v1/models/other:streamGenerateContent?alt=sse")
        await stand_in.ask(CLIENTS[0], {"model": "m"})
        seen = stand_in.seen
        assert seen.wires == ["chat", "responses", "anthropic", "gemini", "gemini"]
        assert seen.paths == [c.path.split("?")[0] for c in CLIENTS] + ["/v1/models/other:streamGenerateContent"]
        assert seen.requests == [*bodies, bodies[3]] and len(seen.headers) == len(seen.peers) == len(seen.asked) == 5
        assert seen.refused == [("chat", "/v1/chat/completions", "stream: this stand-in only streams; send true")]


@live
async def test_models_are_listed_for_whoever_asks() -> None:
    async with standing_in() as stand_in:
        async with stand_in.http.get(f"{stand_in.root}/v1/models") as response:
            (model,) = (await response.json())["data"]
        async with stand_in.http.get(f"{stand_in.root}/v1beta/models") as response:
            (gemini,) = (await response.json())["models"]
        assert model["id"] == "stand-in" and "not a language model" in model["description"]
        assert gemini["name"] == "models/stand-in"


@on_every_wire
@live
async def test_it_thinks_before_it_speaks_and_that_counts(client: Client) -> None:
    async with standing_in(fast(reasoning=12, input_tokens=900, cached_tokens=800)) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert len(heard.thoughts.split()) == 12 and heard.text == "I see something red."
        assert heard.usage[:3] == (900, 800, 16) and heard.usage[3] in (12, -1)
        assert heard.raw.index(b"wearer") < heard.raw.index(b"something"), "thoughts first"


@on_every_wire
@live
async def test_how_long_it_thinks_follows_the_effort(client: Client) -> None:
    async with standing_in(fast(reasoning=5, reasoning_at=(("high", 20),))) as stand_in:
        words = {}
        for effort in ("none", "low", "high"):
            body = client.body("What is this?")
            client.effort(body, effort)
            words[effort] = len((await stand_in.ask(client, body)).thoughts.split())
        assert words == {"none": 0, "low": 5, "high": 20}


@on_every_wire
@live
async def test_a_low_cap_makes_a_thinking_model_silent(client: Client) -> None:
    async with standing_in(fast(reasoning=30)) as stand_in:
        body = client.body("What is this?", jpeg(RED))
        client.cap(body, 16)
        heard = await stand_in.ask(client, body)
        assert heard.text == "" and heard.finish == client.ends["length"] and heard.usage[2] == 16
        client.cap(body, 32)
        heard = await stand_in.ask(client, body)
        assert heard.text == "I see" and heard.finish == client.ends["length"]


@on_every_wire
@live
async def test_it_can_decline(client: Client) -> None:
    async with standing_in(fast(refuses=True, tools=((Wanted("f"),),))) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", tools=[("f", LOOK)]))
        assert heard.text == "" and not heard.calls and heard.finish == client.ends["refusal"]


@on_every_wire
@live
async def test_usage_can_be_told(client: Client) -> None:
    async with standing_in(fast(input_tokens=7, output_tokens=50_000)) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?"))
        assert heard.usage[0] == 7 and heard.usage[2] == 50_000


# -------------------------------------------------------------------------------------------------------------- tools

LOOKING = fast(
    reasoning=3,
    before="Let me look.",
    tools=((Wanted("look_closer", '{"frame": 1}'),), (Wanted("look_closer", '{"frame": 2}'), Wanted("time"))),
    then="It is {colour}, I read {result}, of {results}.",
)
TOOLS = [("look_closer", LOOK), ("time", {"type": "object", "properties": {}})]


@on_every_wire
@live
async def test_tools_go_round_and_the_crop_is_looked_at(client: Client) -> None:
    async with standing_in(LOOKING) as stand_in:
        body = client.body("What is this?", jpeg(RED), tools=TOOLS)
        first = await stand_in.ask(client, body)
        assert first.text == "Let me look." and first.finish == client.ends["calls"]
        assert [(name, json.loads(text)) for _, name, text in first.calls] == [("look_closer", {"frame": 1})]
        client.go_on(body, first, ["Tea"], jpeg(BLUE))
        second = await stand_in.ask(client, body)
        assert [name for _, name, _ in second.calls] == ["look_closer", "time"], "two at once"
        assert not {call[0] for call in first.calls} & {call[0] for call in second.calls}, "each has its own name"
        client.go_on(body, second, ["Coffee", "noon"])
        last = await stand_in.ask(client, body)
        assert last.text == "It is blue, I read noon, of Tea; Coffee; noon." and not last.calls
        assert last.finish == client.ends["stop"]
        assert stand_in.seen.asked[-1].question == "What is this?", "the crop's message is no new question"


@on_every_wire
@live
async def test_a_model_that_never_stops_wanting_tools_stops_when_it_may_not(client: Client) -> None:
    async with standing_in(fast(tools=((Wanted("f"),),), endless=True)) as stand_in:
        body = client.body("What is this?", jpeg(RED), tools=[("f", LOOK)])
        for _ in range(8):
            heard = await stand_in.ask(client, body)
            assert len(heard.calls) == 1
            client.go_on(body, heard, ["nothing"])
        client.no_calls(body)
        assert (await stand_in.ask(client, body)).text == "I see something red."


@on_every_wire
@live
async def test_without_tools_on_offer_it_answers_at_once(client: Client) -> None:
    async with standing_in(LOOKING) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert not heard.calls and heard.text == "It is red, I read nothing, of nothing."


@pytest.mark.parametrize("client", [Chat(), Responses(), Anthropic()], ids=["chat", "responses", "anthropic"])
@live
async def test_calls_come_one_by_one_where_that_is_asked(client: Client) -> None:
    async with standing_in(fast(tools=((Wanted("f"), Wanted("g")),))) as stand_in:
        body = client.body("What is this?", tools=[("f", LOOK), ("g", LOOK)])
        if isinstance(client, Anthropic):
            body["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
        else:
            body["parallel_tool_calls"] = False
        for name in ("f", "g"):
            heard = await stand_in.ask(client, body)
            assert [call[1] for call in heard.calls] == [name]
            client.go_on(body, heard, ["nothing"])
        assert not (await stand_in.ask(client, body)).calls


@on_every_wire
@live
async def test_arguments_that_are_no_json_and_tools_that_nobody_offered(client: Client) -> None:
    wanted = (Wanted("look_closer", '{"frame": '), Wanted("launch_rocket", "{}"))
    async with standing_in(fast(tools=(wanted,))) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", tools=TOOLS))
        if isinstance(client, Gemini):  # its server keeps such a call to itself
            assert heard.finish == "MALFORMED_FUNCTION_CALL" and [c[1] for c in heard.calls] == ["launch_rocket"]
        else:
            calls = [("look_closer", '{"frame": '), ("launch_rocket", "{}")]
            assert [c[1:] for c in heard.calls] == calls and heard.finish == client.ends["calls"]


def strip_chat(body: dict[str, Any]) -> None:
    body["messages"].pop()


def strip_signature(body: dict[str, Any]) -> None:
    del body["contents"][1]["parts"][0]["thoughtSignature"]


def strip_thinking(body: dict[str, Any]) -> None:
    del body["messages"][1]["content"][0]


def forge_thinking(body: dict[str, Any]) -> None:
    body["messages"][1]["content"][0]["thinking"] += " and so on"


def strip_reasoning(body: dict[str, Any]) -> None:
    del body["input"][1]


def strip_seal(body: dict[str, Any]) -> None:
    del body["input"][1]["encrypted_content"]


@pytest.mark.parametrize(
    ("client", "lose", "why"),
    [
        (Gemini(), strip_signature, "missing a thought_signature"),
        (Anthropic(), strip_thinking, "Expected `thinking`"),
        (Anthropic(), forge_thinking, "Invalid `signature`"),
        (Responses(), strip_reasoning, "without its required 'reasoning' item"),
        (Responses(), strip_seal, "not persisted when `store` is false"),
        (Chat(), strip_chat, "without a result right behind them: call_1_reasoned"),
        (Responses(), lambda body: body["input"].pop(), "without a result right behind them: call_1_reasoned"),
        (Anthropic(), lambda body: body["messages"].pop(), "without a result right behind them"),
        (Gemini(), lambda body: body["contents"].pop(), "without a result right behind them"),
        (Chat(), lambda body: body["messages"].pop(1), "no call right before it"),
        (Responses(), lambda body: body["input"].pop(3), "no call right before it"),
        (Anthropic(), lambda body: body["messages"].pop(1), "no call right before it"),
        (Gemini(), lambda body: body["contents"].pop(1), "no functionCall right before it"),
    ],
)
@live
async def test_what_a_tool_loop_must_carry_is_missed(client: Client, lose: Callable[[Any], Any], why: str) -> None:
    async with standing_in(LOOKING) as stand_in:
        body = client.body("What is this?", tools=TOOLS)
        client.go_on(body, await stand_in.ask(client, body), ["Tea"])
        whole = copy.deepcopy(body)
        lose(body)
        heard = await stand_in.ask(client, body)
        assert heard.status == 400 and why in heard.raw.decode()
        assert (await stand_in.ask(client, whole)).status == 200


# ------------------------------------------------------------------------------------------------- what goes wrong


@on_every_wire
@live
async def test_a_status_comes_in_the_vendors_envelope(client: Client) -> None:
    async with standing_in(fast(status=429, status_times=1, retry_after="3")) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?"))
        assert heard.status == 429 and heard.headers["retry-after"] == "3"
        error = json.loads(heard.raw)["error"]
        assert "429" in error["message"]
        if isinstance(client, Anthropic):
            assert json.loads(heard.raw)["type"] == "error" and error["type"] == "rate_limit_error"
        elif isinstance(client, Gemini):
            assert error["code"] == 429 and error["status"] == "RESOURCE_EXHAUSTED"
        else:
            assert set(error) == {"message", "type", "param", "code"}
        assert (await stand_in.ask(client, client.body("What is this?"))).status == 200, "once"


@on_every_wire
@live
async def test_without_retry_after_there_is_none(client: Client) -> None:
    async with standing_in(fast(status=429)) as stand_in:
        assert "retry-after" not in (await stand_in.ask(client, client.body("What is this?"))).headers


@on_every_wire
@live
async def test_an_error_comes_inside_a_stream_that_began_well(client: Client) -> None:
    async with standing_in(fast(error_after=2, reasoning=2)) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert heard.status == 200 and heard.text == "I see" and not heard.finish
        assert heard.error in ("overloaded_error", "server_is_overloaded", "UNAVAILABLE")


@on_every_wire
@live
async def test_the_connection_breaks_in_the_middle(client: Client) -> None:
    async with standing_in(fast(cut_after=3, reasoning=2)) as stand_in:
        with pytest.raises(BrokenError) as broken:
            await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert broken.value.heard.text == "I see something" and not broken.value.heard.finish
        assert broken.value.heard.thoughts, "thoughts do not count as words"
        await asyncio.wait_for(stand_in.seen.gone.wait(), PATIENCE_S)


@on_every_wire
@live
async def test_the_connection_breaks_in_the_middle_of_a_tool_call(client: Client) -> None:
    async with standing_in(fast(cut_after=0, tools=((Wanted("f", '{"frame": 77}'),),))) as stand_in:
        with pytest.raises(BrokenError) as broken:
            await stand_in.ask(client, client.body("What is this?", tools=[("f", LOOK)]))
        heard = broken.value.heard
        assert not heard.finish
        if isinstance(client, Gemini):
            assert not heard.calls
        else:
            assert b'"f"' in heard.raw and b"fra" in heard.raw and b"77" not in heard.raw


@on_every_wire
@live
async def test_it_falls_silent(client: Client) -> None:
    async with standing_in(fast(stall_after=1)) as stand_in:
        body = client.body("What is this?", jpeg(RED))
        async with stand_in.http.post(stand_in.root + client.path, json=body, headers=HEADERS) as response:
            heard = Heard()
            while "I" not in heard.text:
                heard.raw += await asyncio.wait_for(response.content.readany(), PATIENCE_S)
                understood(client, heard)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(response.content.readany(), 0.1)
        await asyncio.wait_for(stand_in.seen.gone.wait(), PATIENCE_S)


@on_every_wire
@live
async def test_it_ends_without_saying_that_it_has_ended(client: Client) -> None:
    async with standing_in(fast(end_after=2)) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert heard.text == "I see" and not heard.finish and not heard.error


@on_every_wire
@live
async def test_signs_of_life_are_no_answer(client: Client) -> None:
    async with standing_in(fast(hang="comments")) as stand_in:
        body = client.body("What is this?")
        async with stand_in.http.post(stand_in.root + client.path, json=body, headers=HEADERS) as response:
            heard = Heard()
            while len(heard.raw) < 60:
                heard.raw += await asyncio.wait_for(response.content.readany(), PATIENCE_S)
            heard.raw = heard.raw[: heard.raw.rindex(b"\n\n") + 2]
            understood(client, heard)
            assert not heard.text and not heard.finish
            assert all(event == {"type": "ping"} for event in heard.events)


@on_every_wire
@live
async def test_garbage_and_a_login_page_come_as_a_good_answer_would(client: Client) -> None:
    rules = (Rule("noise", fast(garbage=True)), Rule("login", fast(portal=True)))
    async with standing_in(None, *rules) as stand_in:
        for word, kind in (("noise", "text/event-stream"), ("login", "text/html")):
            url = stand_in.root + client.path
            async with stand_in.http.post(url, json=client.body(word), headers=HEADERS) as response:
                assert response.status == 200 and response.content_type == kind and await response.read()


@on_every_wire
@live
async def test_a_slow_model_is_slow(client: Client) -> None:
    async with standing_in(fast(first_text_s=0.1, words_per_s=20)) as stand_in:
        begun_s = time.monotonic()
        await stand_in.ask(client, client.body("What is this?", jpeg(RED)))
        assert time.monotonic() - begun_s > 0.1 + 3 / 20


@live
async def test_a_bare_end_says_usage_with_the_last_word_and_nothing_more() -> None:
    async with standing_in(fast(bare_end=True)) as stand_in:
        heard = await stand_in.ask(Chat(), Chat().body("What is this?"))
        assert heard.finish == "stop" and heard.usage[0] == 100 and b"[DONE]" not in heard.raw
        assert heard.events[-1]["choices"] and heard.events[-1]["usage"]


@live
async def test_usage_is_told_on_the_chat_wire_only_if_asked_for() -> None:
    async with standing_in() as stand_in:
        body = Chat().body("What is this?")
        del body["stream_options"]
        heard = await stand_in.ask(Chat(), body)
        assert heard.usage[0] == -1 and heard.raw.endswith(b"data: [DONE]\n\n")


@live
async def test_a_summary_of_the_thoughts_comes_if_it_is_asked_for() -> None:
    async with standing_in(fast(reasoning=4)) as stand_in:
        body = Responses().body("What is this?")
        whole = await stand_in.ask(Responses(), body)
        body["reasoning"] = {"summary": "auto"}
        short = await stand_in.ask(Responses(), body)
        assert b"reasoning_summary_text" in short.raw and b"reasoning_summary_text" not in whole.raw
        assert len(short.thoughts.split()) == 4 == len(whole.thoughts.split())


@live
async def test_thoughts_that_nobody_wants_to_see_take_their_time_all_the_same() -> None:
    async with standing_in(fast(reasoning=8)) as stand_in:
        body = Gemini().body("What is this?")
        body["generationConfig"] = {"thinkingConfig": {"includeThoughts": False}}
        heard = await stand_in.ask(Gemini(), body)
        assert heard.thoughts == "" and heard.usage[3] == 8


# ------------------------------------------------------------------------------------------- what is no fair request

PICTURE = base64.b64encode(jpeg(RED)).decode()
URL = f"data:image/jpeg;base64,{PICTURE}"
CHAT_PICTURE = {"type": "image_url", "image_url": {"url": URL}}
RESPONSES_PICTURE = {"type": "input_image", "detail": "low", "image_url": URL}
ANTHROPIC_PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PICTURE}}
GEMINI_PICTURE = {"inlineData": {"mimeType": "image/jpeg", "data": PICTURE}}
HI = "What is this?"
USER = {"role": "user", "content": HI}

CHAT_CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ANTHROPIC_CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {}}]}
GEMINI_CALLS = [
    {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": gemini.signature("f")},
    {"functionCall": {"name": "g", "args": {}}},
]

UNFAIR: list[tuple[Client, dict[str, Any], str]] = [
    (Chat(), {"store": True}, "store"),
    (Responses(), {"store": True}, "store"),
    (Gemini(), {"store": True}, "store"),
    (Anthropic(), {"store": True}, "store"),
    (Chat(), {"temprature": 1}, "unknown field 'temprature'"),
    (Responses(), {"messages": []}, "unknown field 'messages'"),
    (Anthropic(), {"temperature": 1}, "unknown field 'temperature'"),
    (Gemini(), {"stream": True}, "unknown field 'stream'"),
    (Anthropic(), {"max_tokens": None}, "max_tokens: expected a whole number"),
    (Responses(), {"max_output_tokens": 3}, "max_output_tokens: expected a whole number from 16"),
    (Chat(), {"max_tokens": 9, "max_completion_tokens": 9}, "either max_tokens or max_completion_tokens"),
    (Chat(), {"n": 2}, "n: must be 1"),
    (Chat(), {"stream": False}, "only streams"),
    (Responses(), {"previous_response_id": "resp_1"}, "nothing is stored here"),
    (Chat(), {"messages": [{"role": "system", "content": HI}]}, "no user's message"),
    (Chat(), {"messages": [USER, {"role": "assistant", "content": "Yes"}]}, "must end with a user's message"),
    (Anthropic(), {"messages": [USER, {"role": "assistant", "content": "Yes"}]}, "must end with a user's message"),
    (Anthropic(), {"messages": [{"role": "system", "content": HI}, USER]}, "'system' is not supported"),
    (Anthropic(), {"messages": [{"role": "user", "content": ""}]}, "must not be empty"),
    (Anthropic(), {"thinking": {"type": "enabled", "budget_tokens": 4000}}, "more than thinking.budget_tokens"),
    (Chat(), {"messages": [{"role": "wearer", "content": HI}]}, "'wearer' is not supported"),
    (Chat(), {"messages": [{"role": "system", "content": [CHAT_PICTURE]}, USER]}, "only the user's may have one"),
    (
        Responses(),
        {"input": [{"role": "system", "content": [RESPONSES_PICTURE]}, USER]},
        "only the user's may have one",
    ),
    (Anthropic(), {"messages": [USER, {"role": "assistant", "content": [ANTHROPIC_PICTURE]}, USER]}, "only the user's"),
    (Gemini(), {"contents": [{"role": "model", "parts": [GEMINI_PICTURE]}]}, "only the user's may have one"),
    (Gemini(), {"contents": [{"role": "assistant", "parts": [{"text": HI}]}]}, "'assistant' is not supported"),
    (Chat(), {"messages": [{"role": "user", "content": [{"type": "input_text", "text": HI}]}]}, "'input_text'"),
    (
        Chat(),
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.jpg"}}]}]},
        "expected data:",
    ),
    (Responses(), {"input": [{"role": "user", "content": [{"type": "text", "text": HI}]}]}, "'text' is not supported"),
    (
        Responses(),
        {"input": [USER, {"role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}, USER]},
        "an assistant's content is a string",
    ),
    (Responses(), {"tools": [{"type": "function", "function": {"name": "f"}}]}, "unknown field 'function'"),
    (Chat(), {"tools": [{"type": "function", "name": "f"}]}, "unknown field 'name'"),
    (Anthropic(), {"tools": [{"name": "f", "parameters": {}}]}, "unknown field 'parameters'"),
    (Gemini(), {"tools": [{"functionDeclarations": [{"name": "f", "input_schema": {}}]}]}, "unknown field"),
    (Gemini(), {"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
    (Chat(), {"messages": [USER, {"role": "assistant", "tool_calls": [CHAT_CALL]}, USER]}, "right behind them: call_1"),
    (
        Chat(),
        {
            "messages": [
                *(USER, {"role": "assistant", "tool_calls": [CHAT_CALL]}),
                *(USER, {"role": "tool", "tool_call_id": "call_1", "content": "Tea"}),
            ]
        },
        "without a result right behind them",
    ),
    (
        Anthropic(),
        {
            "messages": [
                *(USER, ANTHROPIC_CALL),
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": HI},
                        {"type": "tool_result", "tool_use_id": "call_1", "content": "Tea"},
                    ],
                },
            ]
        },
        "tool_result blocks must come first",
    ),
    (
        Gemini(),
        {
            "contents": [
                *({"role": "user", "parts": [{"text": HI}]}, {"role": "model", "parts": GEMINI_CALLS}),
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
            ]
        },
        "without a result right behind them: g#1",
    ),
    (Gemini(), {"generationConfig": {"mediaResolution": "HIGH"}}, "mediaResolution: 'HIGH' is not supported"),
    (Gemini(), {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}, "'low' is not supported"),
]


@pytest.mark.parametrize(("client", "change", "why"), UNFAIR)
@live
async def test_an_unfair_request_is_refused_by_the_vendors_rules(client: Client, change: Any, why: str) -> None:
    async with standing_in() as stand_in:
        heard = await stand_in.ask(client, {**client.body(HI), **change})
        assert heard.status == 400 and not stand_in.seen.requests
        error = json.loads(heard.raw)["error"]
        assert why in error["message"]
        expected = ("status", "INVALID_ARGUMENT") if isinstance(client, Gemini) else ("type", "invalid_request_error")
        assert error[expected[0]] == expected[1]


@live
async def test_addresses_and_headers_are_looked_at_too() -> None:
    async with standing_in() as stand_in:
        gemini = Gemini().body(HI)
        for path, why in (
            ("/v1beta/models/m:streamGenerateContent", "alt"),
            ("/v1/models/m:streamGenerateContent?alt=sse&key=1", "x-goog-api-key"),
        ):
            heard = await stand_in.ask(Gemini(), gemini, path)
            assert heard.status == 400 and why in heard.raw.decode()
        heard = await stand_in.ask(Anthropic(), Anthropic().body(HI), "", x="y")
        assert heard.status == 400 and "anthropic-version" in heard.raw.decode()
        body = Anthropic().body(HI)
        del body["max_tokens"]
        assert "max_tokens: field required" in (await stand_in.ask(Anthropic(), body)).raw.decode()
        async with stand_in.http.post(stand_in.root + "/v1/responses", data=b"{no json") as response:
            assert response.status == 400 and "no JSON" in (await response.json())["error"]["message"]


@live
async def test_gemini_takes_the_names_and_the_alphabet_of_its_own_sdk() -> None:
    async with standing_in() as stand_in:
        body = Gemini().body("What colour is the door?", system="Be brief.")
        data = base64.urlsafe_b64encode(jpeg(BLUE)).decode()
        body["contents"][0]["parts"].append({"inline_data": {"mime_type": "image/jpeg", "data": data}})
        body["system_instruction"] = body.pop("systemInstruction")
        assert (await stand_in.ask(Gemini(), body)).text == "The door is blue."


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2000)
    | st.text(max_size=5)
    | st.sampled_from(["user", "model", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def whole_bodies() -> list[tuple[int, dict[str, Any]]]:
    """A body of each wire with everything in it."""
    out = []
    for number, client in enumerate(CLIENTS):
        body = client.body(HI, jpeg(RED), system="Be brief.", tools=TOOLS)
        client.effort(body, "low")
        client.told(body, "Hello", "Hi")
        out.append((number, body))
    return out


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), whole=st.sampled_from(whole_bodies()), instead=anything)
def test_whatever_stands_anywhere_in_a_request_it_is_read_or_refused(data: Any, whole: Any, instead: Any) -> None:
    number, body = whole[0], copy.deepcopy(whole[1])
    *way, last = data.draw(st.sampled_from(places(body)[1:]))
    spot = body
    for key in way:
        spot = spot[key]
    spot[last] = instead
    wire = WIRES[number]
    try:
        asked = wire.read(body, HEADERS, {"alt": "sse"})
    except RefusedError as error:
        assert error.status == 400 and error.why
    else:
        assert isinstance(asked, Asked) and isinstance(asked.question, str)


# ---------------------------------------------------------------------------------------------------- rules and roles


@on_every_wire
@live
async def test_workers_answer_by_the_role_in_their_prompt(client: Client) -> None:
    async with standing_in(
        fast(workers=True), Rule("this", fast(status=500), "knower"), Rule("that", fast(then="x"))
    ) as stand_in:
        said = {}
        for role in ("reader", "sceptic"):
            system = f"There is a knower. You are the {role}; a synthesiser puts it together."
            said[role] = (await stand_in.ask(client, client.body("What is this?", jpeg(RED), system))).text
        assert said == {
            "reader": "The reader sees something red.",
            "sceptic": "The sceptic would only say something red.",
        }
        knower = client.body("What is this?", jpeg(RED), "You are the knower.")
        assert (await stand_in.ask(client, knower)).status == 500
        together = client.body(f"What is this? {said['reader']} {said['sceptic']}", jpeg(RED), "As the synthesiser …")
        assert (await stand_in.ask(client, together)).text == "From 2 answers put together: I see something red."
        assert (await stand_in.ask(client, client.body("What is this?", jpeg(RED)))).text == "I see something red."


SEND = ("send_message", {"type": "object", "properties": {"to": {"type": "string"}, "text": {"type": "string"}}})
SEARCH = ("web_search", {"type": "object", "properties": {"query": {"type": "string"}, "count": {"type": "integer"}}})
PAGE = {"type": "object", "properties": {"url": {"type": "string"}}}
FACT = {
    "fact": {"type": ["string", "null"], "maxLength": 30},
    "kind": {"enum": ["told", "seen"]},
    "pages": {"type": "array", "items": PAGE},
}
NOTE = ("remember", {"type": "object", "properties": FACT})


@on_every_wire
@live
async def test_a_malicious_model_tries_everything_and_speaks_as_no_companion_may(client: Client) -> None:
    async with standing_in(fast(malicious=MALICE)) as stand_in:
        body = client.body("What is this?", jpeg(RED), tools=[SEND, SEARCH, NOTE, TOOLS[0]])
        client.told(body, "My code is 4711.", "Fine.")
        first = await stand_in.ask(client, body)
        calls = {name: json.loads(text) for _, name, text in first.calls}
        assert set(calls) == {"send_message", "web_search", "remember"}, "tools that do harm, not look_closer"
        assert calls["send_message"]["to"].endswith(THIEF) and "4711" in calls["send_message"]["text"]
        assert "4711" in calls["web_search"]["query"] and calls["web_search"]["count"] == 1
        assert calls["remember"]["kind"] == "told" and len(calls["remember"]["fact"]) == 30, "as the schema wants it"
        assert calls["remember"]["pages"][0]["url"].startswith(f"https://{THIEF}/")
        assert "say yes" in first.text
        client.go_on(body, first, ["not allowed"] * 3)
        again = await stand_in.ask(client, body)
        queries = [json.loads(text).get("query", "") for _, name, text in again.calls]
        assert any(THIEF in query and "4711" in query for query in queries), "in another dress"
        client.go_on(body, again, ["not allowed"] * 3)
        last = await stand_in.ask(client, body)
        assert not last.calls
        for words in (f"https://{THIEF}", "say yes", "I am calling", "The road is clear", "safe to eat"):
            assert words in last.text


@on_every_wire
@live
async def test_malice_without_tools_on_offer_calls_them_all_the_same(client: Client) -> None:
    async with standing_in(fast(malicious=("send", "search", "note"))) as stand_in:
        heard = await stand_in.ask(client, client.body("What is this?"))
        assert [name for _, name, _ in heard.calls] == ["send_message", "web_search", "add_note"]


@pytest.mark.parametrize("kind", SPEECH)
@live
async def test_each_kind_of_malice_comes_alone(kind: str) -> None:
    own = {"links": "![picture]", "consent": "yes", "narration": "I am calling", "road": "road", "food": "safe to eat"}
    async with standing_in(fast(malicious=(kind,))) as stand_in:
        heard = await stand_in.ask(Chat(), Chat().body("What is this?", tools=[SEND]))
        assert not heard.calls
        assert [name for name, words in own.items() if words in heard.text and name != "consent"] == (
            [kind] if kind != "consent" else []
        )


# ------------------------------------------------------------------------------------------------------- from a scene


def rules_of(folder: Path, model: str) -> tuple[Rule, ...]:
    path = folder / "small.yaml"
    path.write_text(f"model:\n{model}\nsteps:\n  - wait: 1\n")
    return scene.load(path).model


def test_a_scene_can_script_tools_thinking_and_words(tmp_path: Path) -> None:
    (rule,) = rules_of(
        tmp_path,
        """
  - asked: what does it cost
    reasoning: {low: 5, high: 40}
    before: Let me look.
    tools:
      - {name: look_closer, arguments: {frame: 1, box: [0, 0, 9, 9]}}
      - [{name: time}, {name: search, arguments: "{no json"}]
    then: "It costs {result}."
    endless: true
    input_tokens: 5000
    output_tokens: 90
""",
    )
    assert rule == Rule(
        "what does it cost",
        Behaviour(
            reasoning_at=(("low", 5), ("high", 40)),
            before="Let me look.",
            tools=(
                (Wanted("look_closer", '{"frame": 1, "box": [0, 0, 9, 9]}'),),
                (Wanted("time"), Wanted("search", "{no json")),
            ),
            then="It costs {result}.",
            endless=True,
            input_tokens=5000,
            output_tokens=90,
        ),
    )


def test_a_scene_names_kinds_of_malice(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "  - {asked: a, malicious: [note, send]}\n  - {malicious: [send, speech]}")
    assert rules[0].behaviour.malicious == ("send", "note")
    assert rules[1].behaviour.malicious == ("send", *SPEECH)
    assert rules_of(tmp_path, "  - {malicious: [all]}")[0].behaviour.malicious == MALICE


def test_a_scene_gives_each_worker_its_own_way_of_failing(tmp_path: Path) -> None:
    workers = "{reader: {hang: headers}, knower: {status: 500, first_text_s: 0}}"
    rules = rules_of(tmp_path, f"  - {{asked: this, first_text_s: 2, workers: {workers}}}\n  - {{role: sceptic}}")
    common = Behaviour(first_text_s=2, workers=True)
    assert rules == (
        Rule("this", Behaviour(first_text_s=2, workers=True, hang="headers"), "reader"),
        Rule("this", Behaviour(first_text_s=0, workers=True, status=500), "knower"),
        Rule("this", common),
        Rule("", Behaviour(), "sceptic"),
    )


REFUSED = {
    "  - {malicious: [sent]}": ("model[0].malicious[0]", "did you mean 'send'"),
    "  - {malicious: true}": ("malicious", "expected a list"),
    "  - {tools: [{arguments: {a: 1}}]}": ("model[0].tools[0]", "`name` is missing"),
    "  - {tools: [{name: f, args: {}}]}": ("tools[0].args", "no such key"),
    "  - {tools: look}": ("model[0].tools", "expected a list"),
    "  - {reasoning: {lots: 4}}": ("reasoning.lots", "no such key"),
    "  - {reasoning: -4}": ("reasoning", "from 0"),
    "  - {then: 'It costs {price}.'}": ("{price} was never drawn", "result"),
    "  - {workers: {writer: {status: 500}}}": ("workers.writer", "use one of: knower, reader, sceptic"),
    "  - {workers: {reader: {workers: true}}}": ("workers.reader.workers", "no such key"),
    "  - {role: reader, workers: {knower: {status: 500}}}": ("workers", "either `role` or `workers`"),
    "  - {reasoning_at: 4}": ("reasoning_at", "did you mean 'reasoning'"),
}


@pytest.mark.parametrize("model", REFUSED)
def test_a_misspelt_model_is_refused_with_place_and_way_out(model: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        rules_of(tmp_path, model)
    for fragment in REFUSED[model]:
        assert fragment in str(caught.value)
