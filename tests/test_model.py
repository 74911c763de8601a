"""Asking a model: the wire format read however it is cut, every failure named and spoken, nothing leaving unseen.

The clients here talk over loopback to the stand-in of `device_sim`, or to a server that answers with fixed bytes. Tests
wait for events (an answer, a disconnect), never for durations; timers are tiny where a timer is the subject.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import companion
from companion.blanker import Blanker
from companion.model.client import ClientOptions, ModelClient
from companion.model.models import Models
from companion.model.profile import ModelProfile, ModeRule, Privacy
from companion.net import HIDDEN, Net, NetError, NetOptions, Outgoing, Timers, is_loopback
from device_sim import stand_in_model
from device_sim.behaviour import Wanted
from device_sim.stand_in_model import Behaviour, Seen
from pipelines.events import AskModel, Message, ToolInfo, View
from pipelines.thinking import failures
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.chat import ChatParser
from pipelines.thinking.dialects.sse import SseEvent, SseParser

KEY = "sk-test-0123456789abcdef"
PATIENCE_S = 10  # only ends a test that would hang


# ------------------------------------------------------------------------------------------------------ small helpers


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(a % (len(data) + 1) for a in at), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def read_sse(*chunks: bytes, limit: int = 1 << 20) -> tuple[list[SseEvent], str]:
    parser = SseParser(limit)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish(), parser.problem


def read_chat(*chunks: bytes) -> list[ModelEvent]:
    parser = ChatParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish()


def text_of(events: list[ModelEvent]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def ending_of(events: list[ModelEvent]) -> Finished | Failed:
    assert [e for e in events if not isinstance(e, TextDelta)] == events[-1:], "one ending, and it comes last"
    assert not isinstance(events[-1], TextDelta)
    return events[-1]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": choices, **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 460, "completion_tokens": 5, "total_tokens": 465}
WELL = (
    chunk({"role": "assistant", "content": ""})
    + chunk({"content": "The door"})
    + chunk({"content": " is red."})
    + chunk({}, "stop")
    + chunk(usage=USAGE)
    + DONE
)


def picture(colour_bgr: tuple[int, int, int]) -> bytes:
    """A grey wall with a coloured door in the middle, as JPEG."""
    image = np.full((360, 640, 3), 128, np.uint8)
    image[60:320, 230:410] = colour_bgr
    return cv2.imencode(".jpg", image)[1].tobytes()


# ------------------------------------------------------------------------------------------------ server-sent events


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b": a comment\n\n:\n\ndata:a\n\n", ["a"]),
        (b"data: one\ndata: two\n\n", ["one\ntwo"]),
        (b"data:  a\n\n", [" a"]),
        (b"data\n\n", [""]),
        (b"id: 7\nretry: 10\n\ndata: a\n\n", ["a"]),
        ("data: a\u2028b\u0085c\x0bd\n\n".encode(), ["a\u2028b\u0085c\x0bd"]),
        (b"data: no blank line\n", ["no blank line"]),
        (b"data: no end", ["no end"]),
        (b"data: \xff\n\n", ["\ufffd"]),
    ],
)
def test_events_are_read_whatever_the_line_ends(stream: bytes, expected: list[str]) -> None:
    whole, _ = read_sse(stream)
    by_bytes, _ = read_sse(*(bytes([b]) for b in stream))
    assert [e.data for e in whole] == expected
    assert by_bytes == whole


def test_an_event_keeps_its_name() -> None:
    assert read_sse(b"event: error\ndata: x\n\ndata: y\n\n")[0] == [SseEvent("x", "error"), SseEvent("y")]


SSE_PIECES = st.sampled_from(
    [
        b"data: x",
        b"data:",
        b"\n",
        b"\r",
        b"\r\n",
        b":c",
        b"event: e",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"data: \xf0\x9f",
    ]
)


@given(st.lists(SSE_PIECES, max_size=30), st.lists(st.integers(0, 400), max_size=12), st.integers(4, 60))
@settings(max_examples=200, deadline=None)
def test_where_the_bytes_are_cut_changes_nothing(pieces: list[bytes], at: list[int], limit: int) -> None:
    data = b"".join(pieces)
    assert read_sse(*cut(data, at), limit=limit) == read_sse(data, limit=limit)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20), max_size=6))
@settings(max_examples=100, deadline=None)
def test_what_was_sent_is_what_is_read(texts: list[str]) -> None:
    data = b"".join(b"data: " + text.encode() + b"\r\n\r\n" for text in texts)
    assert [e.data for e in read_sse(data)[0]] == texts


def test_an_endless_line_ends_the_stream_and_names_the_limit() -> None:
    parser = SseParser(max_event_bytes=1000)
    events = parser.feed(b"data: kept\n\ndata: ")
    for _ in range(100):
        events += parser.feed(b"x" * 100)
    assert [e.data for e in events + parser.finish()] == ["kept"]
    assert "1000 bytes" in parser.problem


# -------------------------------------------------------------------------------------------------- the chat dialect


def test_an_answer_is_read() -> None:
    events = read_chat(WELL)
    assert events == [TextDelta("The door"), TextDelta(" is red."), Finished("stop", 460, 5)]


@given(st.lists(st.integers(0, 2000), max_size=20))
@settings(max_examples=60, deadline=None)
def test_an_answer_does_not_depend_on_the_cuts(at: list[int]) -> None:
    assert read_chat(*cut(WELL, at)) == read_chat(WELL)


THINKING = chunk({"reasoning_content": "hmm, "}) + chunk({"reasoning": "red"})
ANSWERS = {
    "no [DONE], usage with the finish (transformers serve)": (
        chunk({"content": "Red."}) + chunk({}, "stop", usage=USAGE),
        "Red.",
        Finished("stop", 460, 5),
    ),
    "no usage at all": (chunk({"content": "Red."}, "stop") + DONE, "Red.", Finished("stop")),
    "[DONE] without a finish": (chunk({"content": "Red."}) + DONE, "Red.", Finished("")),
    "comments in between (OpenRouter, llama.cpp)": (
        b": PROCESSING\n\n" + chunk({"content": "Red."}, "stop"),
        "Red.",
        Finished("stop"),
    ),
    "reasoning is counted, not spoken": (
        THINKING + chunk({"content": "Red."}, "stop") + DONE,
        "Red.",
        Finished("stop", reasoning_chars=8),
    ),
    "thinking in the text": (
        chunk({"content": "<thi"})
        + chunk({"content": "nk>hmm</th"})
        + chunk({"content": "ink>\n\nRed."}, "stop")
        + DONE,
        "Red.",
        Finished("stop", reasoning_chars=3),
    ),
    "something that only looks like thinking": (
        chunk({"content": "<th"}) + chunk({"content": "e end>"}, "stop"),
        "<the end>",
        Finished("stop"),
    ),
    "content in parts": (
        chunk({"content": [{"type": "thinking", "text": "x"}, {"type": "text", "text": "Red."}]}, "stop"),
        "Red.",
        Finished("stop"),
    ),
    "a character cut in two": (
        chunk({"content": "ok \ud83d"}) + chunk({"content": "\ude00"}, "stop"),
        "ok \U0001f600",
        Finished("stop"),
    ),
    "half a character": (chunk({"content": "ok \ud83d"}, "stop"), "ok \ufffd", Finished("stop")),
    "line separators inside the text": (
        'data: {"choices":[{"index":0,"delta":{"content":"a\u2028b\u0085c"},"finish_reason":"stop"}]}\n\n'.encode(),
        "a\u2028b\u0085c",
        Finished("stop"),
    ),
    "another choice": (
        chunk({"content": "no"}).replace(b'"index": 0', b'"index": 1') + WELL,
        "The door is red.",
        Finished("stop", 460, 5),
    ),
    "the cap was reached": (chunk({"content": "The do"}, "length") + DONE, "The do", Finished("length")),
    "a server that does not stream": (
        json.dumps(
            {"choices": [{"index": 0, "message": {"content": "Red."}, "finish_reason": "stop"}], "usage": USAGE}
        ).encode(),
        "Red.",
        Finished("stop", 460, 5),
    ),
    "no blank line at the end": ((chunk({"content": "Red."}) + chunk({}, "stop")).rstrip(), "Red.", Finished("stop")),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_servers_do_is_read(case: str) -> None:
    data, text, ending = ANSWERS[case]
    for events in (read_chat(data), read_chat(*(bytes([b]) for b in data))):
        assert text_of(events) == text
        assert ending_of(events) == ending


TROUBLE = {
    "nothing": (b"", "", "truncated"),
    "cut before a word": (chunk({"role": "assistant", "content": ""}), "", "truncated"),
    "cut in the text": (chunk({"content": "The do"}), "The do", "truncated"),
    "cut in an event": (chunk({"content": "The do"}) + b'data: {"choices":[{"del', "The do", "truncated"),
    "an error inside a 200": (
        chunk({"content": "The"}) + b'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n',
        "The",
        "overloaded",
    ),
    "a numeric error inside a 200": (b'data: {"error":{"message":"slow down","code":429}}\n\n', "", "rate_limit"),
    "an error event without the wrapper": (
        b'data: {"object":"error","message":"x","code":404}\n\n',
        "",
        "unknown_model",
    ),
    "a login page": (b"\n <!DOCTYPE html><html>Log in</html>", "", "portal"),
    "noise": (bytes(range(1, 250)), "", "protocol"),
    "a text that is no stream": (b"Internal Server Error", "", "protocol"),
    "an event that is not JSON": (chunk({"content": "The"}) + b"data: {oops\n\n", "The", "protocol"),
    "an event that is a list": (b"data: [1]\n\n", "", "protocol"),
    "brackets without end": (b"data: " + b"[" * 100_000 + b"\n\n", "", "protocol"),
    "JSON of something else": (b'{"hello": "world"}', "", "protocol"),
    "a JSON error": (b'{"error": {"message": "no", "type": "insufficient_quota"}}', "", "quota"),
    "broken JSON": (b'{"choices": [', "", "protocol"),
    "only thinking": (THINKING + chunk({}, "length") + DONE, "", "empty"),
    "a refusal": (chunk({"refusal": "I can't help."}) + chunk({}, "stop") + DONE, "", "refused"),
    "the filter": (chunk({"content": "Well"}) + chunk({}, "content_filter") + DONE, "Well", "refused"),
    "an answer without end": (chunk({"content": "x" * 60_000}) * 2, "x" * 60_000, "protocol"),
    "a giant line": (b"data: " + b"x" * (1 << 21), "", "protocol"),
    "odd shapes": (b'data: {"choices":[7],"usage":3}\n\ndata: {"choices":{},"x":null}\n\n', "", "truncated"),
    "odd fields": (chunk({"content": 5, "reasoning": []}) + chunk({"content": [7, {"text": 8}]}), "", "truncated"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_has_a_name_and_loses_no_word(case: str) -> None:
    data, text, kind = TROUBLE[case]
    events = read_chat(*[data[i : i + 997] for i in range(0, len(data), 997)])
    ending = ending_of(events)
    assert text_of(events) == text
    assert isinstance(ending, Failed) and ending.kind == kind, ending
    assert ending.detail and len(ending.detail) < 400


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_parser_fall(noise: bytes, at: list[int]) -> None:
    for stream in (noise, b"data: " + noise + b"\n\n" + WELL):
        ending = ending_of(read_chat(*cut(stream, at)))
        assert isinstance(ending, Finished | Failed), "whatever came, the answer has one ending"


# ---------------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":{"message":"bad","type":"invalid_request_error","code":null}}', "bad_request"),
        (400, b'[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]', "auth"),
        (400, b'{"error":{"message":"too long","code":"context_length_exceeded"}}', "too_large"),
        (401, b'{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}', "auth"),
        (401, b"", "auth"),
        (402, b"", "quota"),
        (403, b'{"error":"forbidden"}', "auth"),
        (403, b"<html>blocked</html>", "portal"),
        (404, b'{"error":{"code":"model_not_found","message":"no such model"}}', "unknown_model"),
        (404, b"404 page not found", "unknown_model"),
        (413, b"", "too_large"),
        (429, b'{"error":{"type":"rate_limit_exceeded"}}', "rate_limit"),
        (429, b'{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}', "quota"),
        (429, b'{"error":{"details":{"error_code":"enforced_spend_limit_reached"}}}', "quota"),
        (429, b'{"error":{"code":429,"message":"check your plan and billing","status":"RESOURCE_EXHAUSTED"}}', "quota"),
        (
            429,
            b'{"error":{"message":"check your plan and billing","details":[{"@type":"Q"},{"retryDelay":"12s"}]}}',
            "rate_limit",
        ),
        (400, b'{"code":"invalid argument","error":"Incorrect API key provided: a***b"}', "auth"),
        (400, b'{"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000"}}', "too_large"),
        (402, b'{"error":{"message":"Insufficient Balance"}}', "quota"),
        (500, b"Internal Server Error", "overloaded"),
        (503, b'{"error":{"message":"Loading model","code":503}}', "overloaded"),
        (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "overloaded"),
        (302, b"", "portal"),
        (511, b"<html>", "portal"),
        (418, b"[" * 100_000, "bad_request"),
    ],
)
def test_what_a_server_says_has_a_kind(status: int, body: bytes, kind: str) -> None:
    failure = failures.of_status(status, body)
    assert failure.kind == kind
    assert str(status) in failure.detail and "\n" not in failure.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("", None), ("Fri, 01 Jan 2027 00:00:00 GMT", None), ("nan", None)],
)
def test_how_long_to_wait(header: str, seconds: float | None) -> None:
    assert failures.of_status(429, b"", header).retry_after_s == seconds


def test_gemini_says_how_long_to_wait_in_its_body() -> None:
    body = b'{"error":{"status":"RESOURCE_EXHAUSTED","details":[7,{"retryDelay":"1.5s"}]}}'
    assert failures.of_status(429, body).retry_after_s == 1.5
    assert failures.of_status(429, body, "4").retry_after_s == 4, "the header is the nearer word"
    assert failures.of_status(429, body.replace(b"1.5s", b"soon")).retry_after_s is None


def test_every_kind_can_be_spoken() -> None:
    for name, kind in failures.KINDS.items():
        assert kind.spoken.endswith(".") and len(kind.spoken.split()) <= 20, name
        assert not set(kind.spoken) & set("_*/<>{}0123456789"), name
        assert kind.hint, name
    assert failures.spoken("a kind of the future") == failures.KINDS["protocol"].spoken
    assert "signs, labels and codes" in failures.spoken("network")


# --------------------------------------------------------------------------------------------- asking, over loopback


class Witness:
    """An observer that writes down what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []
        self.heads: list[tuple[str, int, dict[str, str]]] = []
        self.ended = asyncio.Event()

    def begin(self, exchange: str, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        self.seen.append(("begin", exchange, (method, url, headers, body)))

    def head(self, exchange: str, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        self.heads.append((exchange, status, dict(headers)))

    def chunk(self, exchange: str, data: bytes) -> None:
        self.seen.append(("chunk", exchange, data))

    def end(self, exchange: str, status: int, error: str) -> None:
        self.seen.append(("end", exchange, (status, error)))
        self.ended.set()

    def body(self, exchange: str) -> bytes:
        return b"".join(data for what, name, data in self.seen if what == "chunk" and name == exchange)

    def ends(self) -> list[tuple[int, str]]:
        return [data for what, _, data in self.seen if what == "end"]


WIRES = ("chat", "responses", "anthropic", "gemini")


def profile_at(url: str, first_text_s: float = 5.0, **fields: Any) -> ModelProfile:
    """The stand-in, asked with short timers. `url`: with /v1, as the stand-in gives it."""
    rule = ModeRule("", first_text_s, 300)
    if fields.get("dialect") == "gemini":
        url = url.removesuffix("/v1") + "/v1beta"
    usual = {
        "instant": rule,
        "thinking": rule,
        "contemplating": rule,
        "between_text_s": 5.0,
        "connect_s": 2.0,
        "key_env": "TEST_KEY",
    }
    return ModelProfile("the stand-in", url, "stand-in", **{**usual, **fields})


class Asking:
    """A client with short timers against one server, what it was told, and what passed on the wire."""

    def __init__(self, url: str, net: Net, **profile: Any) -> None:
        self.profile = profile_at(url, **profile)
        self.witness = Witness()
        self.events: list[ModelEvent] = []
        self.spoke = asyncio.Event()
        options = ClientOptions(retry_wait_s=0.01, after_finish_s=0.5)
        self.client = ModelClient(net, self.profile, self.witness, options, environ={"TEST_KEY": f" {KEY}\n"})

    def _on_event(self, event: ModelEvent) -> None:
        self.events.append(event)
        if isinstance(event, TextDelta):
            self.spoke.set()

    async def ask(
        self, text: str = "What colour is the door?", jpeg: bytes | None = None, tools: int = 0, **asked: Any
    ) -> Finished | Failed:
        messages = (Message("system", "Be short."), Message("user", text, frame_id=7 if jpeg else 0))
        ask = AskModel(0, messages=messages, image_px=640, **asked)
        offered = tuple(ToolInfo(f"tool_{n}", "Does nothing.") for n in range(tools))
        images = {View(7, px=640): jpeg} if jpeg else {}
        async with asyncio.timeout(PATIENCE_S):
            ending = await self.client.ask(ask, offered, images, self._on_event, "turn-1")
        assert ending_of(self.events) == ending, "the ending that is returned is the one that was told"
        return ending

    @property
    def text(self) -> str:
        return text_of(self.events)


@asynccontextmanager
async def standing_in(behaviour: Behaviour, **profile: Any) -> AsyncIterator[tuple[Asking, Seen]]:
    app = stand_in_model.make_app(behaviour)
    runner, url = await stand_in_model.start(app)
    net = Net(NetOptions(local_only=True))
    try:
        yield Asking(url, net, **profile), app[stand_in_model.SEEN]
    finally:
        await net.aclose()
        await runner.cleanup()


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers its n-th connection with the n-th of these bytes and hangs up; gives what it was sent."""
    left, got = list(answers), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0
        )
        got.append(head + await reader.readexactly(length))
        writer.write(left.pop(0) if left else b"")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", got
    finally:
        server.close()


def scenario(coroutine: Awaitable[None]) -> None:
    async def whole() -> None:
        await coroutine
        for _ in range(10):  # turns of the loop, in which abandoned generators are closed
            await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, f"left running: {others}"

    asyncio.run(whole())


FAST = Behaviour(first_text_s=0.0, words_per_s=1000, story_words_per_s=1000)


def fast(**changes: Any) -> Behaviour:
    return Behaviour(first_text_s=0.0, words_per_s=1000, story_words_per_s=1000, **changes)


@pytest.mark.parametrize(
    ("colour", "bgr"),
    [
        ("red", (30, 30, 200)),
        ("blue", (200, 60, 20)),
        ("green", (40, 160, 30)),
        ("yellow", (20, 210, 230)),
        ("purple", (160, 30, 120)),
    ],
)
def test_the_answer_depends_on_the_pixels(colour: str, bgr: tuple[int, int, int]) -> None:
    async def run() -> None:
        async with standing_in(FAST) as (asking, seen):
            ending = await asking.ask("What colour is the door?", picture(bgr))
            assert asking.text == f"The door is {colour}."
            assert isinstance(ending, Finished) and ending.finish == "stop" and ending.output_tokens == 4
            assert seen.headers[0]["Authorization"] == f"Bearer {KEY}"
            assert len(asking.events) == 5, "word by word, not at once"

    scenario(run())


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_carries_picture_key_cap_and_answer(wire: str) -> None:
    async def run() -> None:
        async with standing_in(FAST, dialect=wire) as (asking, seen):
            ending = await asking.ask("What colour is the door?", picture((30, 30, 200)), max_tokens=77)
            assert isinstance(ending, Finished) and asking.text == "The door is red."
            assert seen.wires == [wire] and seen.refused == []
            assert KEY in repr(seen.headers[0]) and "77" in json.dumps(seen.requests[0])

    scenario(run())


@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_of_nothing_but_a_tool_call_is_whole(wire: str) -> None:
    async def run() -> None:
        wants = fast(tools=((Wanted("tool_0", '{"x": 1}'),),), then="Done.")
        async with standing_in(wants, dialect=wire) as (asking, seen):
            ending = await asking.ask(tools=2)
            assert isinstance(ending, Finished), ending
            assert [(c.name, json.loads(c.arguments)) for c in ending.calls] == [("tool_0", {"x": 1})]
            assert asking.text == "" and len(seen.requests) == 1

    scenario(run())


def test_a_mode_brings_its_effort_and_its_cap() -> None:
    rules = {
        "instant": ModeRule("minimal", 5, 300),
        "thinking": ModeRule("high", 5, 900),
        "contemplating": ModeRule("", 5, 999),
    }

    async def run() -> None:
        async with standing_in(FAST, **rules) as (asking, seen):
            for mode, cap in (("", 0), ("thinking", 0), ("contemplating", 55), ("thinking", 2000)):
                asking.events.clear()
                await asking.ask(mode=mode, max_tokens=cap)
            sent = [(body.get("reasoning_effort"), body["max_tokens"]) for body in seen.requests]
            assert sent == [("minimal", 300), ("high", 900), (None, 55), ("high", 2000)]

    scenario(run())


def test_a_model_that_always_reasons_keeps_room_to_speak() -> None:
    async def run() -> None:
        async with standing_in(FAST, min_output_tokens=1024) as (asking, seen):
            await asking.ask(max_tokens=50)
            assert seen.requests[0]["max_tokens"] == 1024

    scenario(run())


def test_a_model_without_tools_is_offered_none() -> None:
    async def run() -> None:
        async with standing_in(FAST, tools=False) as (asking, seen):
            assert isinstance(await asking.ask(tools=2), Finished) and "tools" not in seen.requests[0]

    scenario(run())


@pytest.mark.parametrize(
    ("question", "jpeg", "answer"),
    [
        ("What is this?", picture((30, 30, 200)), "I see something red."),
        ("What is this?", None, "I got no picture."),
        ("What is this?", b"no jpeg", "I got a picture that I cannot open."),
        (
            "What is this?",
            cv2.imencode(".jpg", np.full((90, 160, 3), 250, np.uint8))[1].tobytes(),
            "I see something white.",
        ),
        ("What colour is my bottle?", picture((200, 60, 20)), "The bottle is blue."),
        ("Tell me a story.", None, stand_in_model.STORY),
    ],
)
def test_the_stand_in_answers(question: str, jpeg: bytes | None, answer: str) -> None:
    async def run() -> None:
        async with standing_in(FAST) as (asking, _):
            await asking.ask(question, jpeg)
            assert asking.text == answer

    scenario(run())


def test_the_stand_in_says_that_it_is_one() -> None:
    async def run() -> None:
        async with standing_in(FAST) as (asking, _):
            root = asking.profile.base_url.removesuffix("/v1")
            net = Net()
            for path, words in (("/", b"not a language model"), ("/v1/models", b'"stand-in"')):
                async with net.stream(Outgoing("about", "GET", root + path)) as incoming:
                    assert words in b"".join([data async for data in incoming])
            await net.aclose()

    scenario(run())


def test_a_bare_ending_is_an_ending() -> None:
    async def run() -> None:
        async with standing_in(fast(bare_end=True)) as (asking, _):
            assert await asking.ask() == Finished("stop", 100, 4)

    scenario(run())


FAILURES: dict[str, tuple[Behaviour, dict[str, float], str, int]] = {
    # behaviour, of the profile, kind, how often the server was asked
    "a refused key": (fast(status=401), {}, "auth", 1),
    "too often": (fast(status=429), {}, "rate_limit", 2),
    "too often, and a long wait": (fast(status=429, retry_after="60"), {}, "rate_limit", 1),
    "busy and still busy": (fast(status=503), {}, "overloaded", 2),
    "too large": (fast(status=413), {}, "too_large", 1),
    "a bad request": (fast(status=400), {}, "bad_request", 1),
    "noise": (fast(garbage=True), {}, "protocol", 1),
    "a login page": (fast(portal=True), {}, "portal", 1),
    "reasoning and never a word": (
        fast(reasoning=10_000),
        {"first_text_s": 0.4, "min_output_tokens": 20_000},
        "stalled",
        1,
    ),
    "a hang": (fast(hang="headers"), {"first_text_s": 0.4}, "stalled", 1),
    "a hang kept warm by comments": (fast(hang="comments"), {"first_text_s": 0.4}, "stalled", 1),
    "cut before a word": (fast(cut_after=0), {}, "truncated", 2),
    "an error before a word": (fast(error_after=0), {}, "overloaded", 2),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_before_the_first_word(case: str) -> None:
    behaviour, timers, kind, asked = FAILURES[case]

    async def run() -> None:
        async with standing_in(behaviour, **timers) as (asking, seen):
            ending = await asking.ask()
            assert isinstance(ending, Failed) and ending.kind == kind, ending
            assert asking.text == "" and len(seen.requests) == asked == len(asking.witness.ends())
            assert len({name for _, name, _ in asking.witness.seen}) == asked, "each attempt is an exchange of its own"

    scenario(run())


@pytest.mark.parametrize(
    ("behaviour", "timers", "kind"),
    [
        (fast(cut_after=3), {}, "truncated"),
        (fast(error_after=3), {}, "overloaded"),
        (fast(stall_after=3), {"between_text_s": 0.1}, "stalled"),
    ],
    ids=["cut", "error", "silence"],
)
def test_a_failure_after_the_first_word_is_never_begun_again(
    behaviour: Behaviour, timers: dict[str, float], kind: str
) -> None:
    async def run() -> None:
        async with standing_in(behaviour, **timers) as (asking, seen):
            ending = await asking.ask("Tell me a story.")
            assert isinstance(ending, Failed) and ending.kind == kind, ending
            assert len(seen.requests) == 1
            assert asking.text == "Once there was"

    scenario(run())


def test_busy_once_is_asked_once_more() -> None:
    async def run() -> None:
        async with standing_in(fast(status=503, status_times=1, retry_after="0")) as (asking, seen):
            assert isinstance(await asking.ask(), Finished)
            assert asking.text == "I got no picture." and len(seen.requests) == 2
            assert [status for status, _ in asking.witness.ends()] == [503, 200]

    scenario(run())


def test_a_port_that_refuses() -> None:
    async def run() -> None:
        async with answering() as (url, _):
            pass
        net = Net()
        asking = Asking(url, net)
        ending = await asking.ask()
        await net.aclose()
        assert isinstance(ending, Failed) and ending.kind == "network"
        assert [(status, error.split(":")[0]) for status, error in asking.witness.ends()] == [(0, "network")] * 2

    scenario(run())


@pytest.mark.parametrize(
    ("answer", "kind", "asked"),
    [
        (b"", "network", 2),
        (b"220 mail.example ESMTP\r\n\r\n", "protocol", 1),
        (b"HTTP/1.1 302 Found\r\nlocation: http://login.example/\r\ncontent-length: 0\r\n\r\n", "portal", 1),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + chunk({"role": "assistant"}), "truncated", 2),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nnot gzip", "protocol", 1),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "truncated", 2),
    ],
    ids=["hangs up", "not HTTP", "redirect", "short body", "bad encoding", "nothing"],
)
def test_servers_that_are_no_model(answer: bytes, kind: str, asked: int) -> None:
    async def run() -> None:
        async with answering(answer, answer, answer) as (url, got):
            net = Net()
            asking = Asking(url, net)
            ending = await asking.ask()
            await net.aclose()
            assert isinstance(ending, Failed) and ending.kind == kind, ending
            assert len(got) == asked

    scenario(run())


def test_a_key_that_is_missing_is_said_before_anything_is_sent() -> None:
    async def run() -> None:
        async with standing_in(FAST, key_env="NOT_SET") as (asking, seen):
            ending = await asking.ask()
            assert isinstance(ending, Failed) and ending.kind == "no_key" and "NOT_SET" in ending.detail
            assert not seen.requests and not asking.witness.seen

    scenario(run())


BROUGHT = {View(9): b"jpeg", View(9, (0, 0, 5, 5)): b"jpeg"}


@pytest.mark.parametrize(
    ("message", "images", "profile", "kind"),
    [
        (Message("user", "this?", frame_id=9), {}, {}, "no_picture"),
        (Message("user", "this?", views=(View(9, (0, 0, 5, 5)),)), {View(9): b"jpeg"}, {}, "no_picture"),
        (Message("user", "this?", views=tuple(BROUGHT)), BROUGHT, {"max_images": 1}, "too_many"),
        (Message("user", "this?", views=(View(9),)), BROUGHT, {"vision": False}, "no_vision"),
        (Message("assistant", "this?", views=(View(9),)), BROUGHT, {}, "bad_request"),
    ],
)
def test_a_question_that_cannot_be_sent_is_said_before_anything_is(
    message: Message, images: dict[View, bytes], profile: dict[str, Any], kind: str
) -> None:
    async def run() -> None:
        async with standing_in(FAST, **profile) as (asking, seen):
            told: list[ModelEvent] = []
            ending = await asking.client.ask(AskModel(0, messages=(message,)), (), images, told.append, "turn-1")
            assert isinstance(ending, Failed) and ending.kind == kind and told == [ending]
            assert not seen.requests and not asking.witness.seen

    scenario(run())


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("behaviour", [fast(hang="headers"), fast(stall_after=3), Behaviour(first_text_s=0.0)])
def test_cancelling_closes_the_socket_and_says_nothing_more(behaviour: Behaviour, wire: str) -> None:
    async def run() -> None:
        async with standing_in(behaviour, dialect=wire) as (asking, seen):
            task = asyncio.ensure_future(asking.ask("Tell me a story."))
            await (seen.arrived if behaviour.hang else asking.spoke).wait()
            told = len(asking.events)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asking.witness.ended.is_set(), "the socket is closed by the time that the task is over"
            await asyncio.wait_for(seen.gone.wait(), PATIENCE_S)
            assert len(asking.events) == told
            assert "cancelled" in asking.witness.ends()[0][1]

    scenario(run())


def test_between_words_a_call_may_take_as_long_as_the_first_word() -> None:
    """What follows the words of an answer with tools may be reasoning or a call: no text, and yet not dead."""

    async def run() -> None:
        slow_call = fast(before="Let me look.", tools=((Wanted("tool_0"),),), stall_after=3)
        timers = {"between_text_s": 0.05, "first_text_s": 0.4}
        async with standing_in(slow_call, **timers) as (asking, _):
            ending = await asking.ask(tools=1)
            assert isinstance(ending, Failed) and ending.kind == "stalled" and "0.4 s" in ending.detail
            asking.events.clear()
        async with standing_in(fast(stall_after=3), **timers) as (asking, _):
            ending = await asking.ask("Tell me a story.")
            assert isinstance(ending, Failed) and "0.05 s" in ending.detail

    scenario(run())


def test_the_models_of_a_session_are_asked_by_name() -> None:
    async def run() -> None:
        async with answering() as (url, _):
            net = Net()
            first = profile_at(url)
            second = profile_at("https://example.com/v1", key_env="OTHER")
            second = replace(second, name="other", privacy=Privacy("discount"))
            models = Models(net, (first, second), environ={"TEST_KEY": " abcdefgh\n", "OTHER": ""})
            assert models.get() is models.get("the stand-in") and models.get("nobody") is None
            found = models.get("other")
            assert found is not None and found.profile is second
            assert [(i.name, i.trains) for i in models.infos()] == [("the stand-in", "unknown"), ("other", "discount")]
            assert models.keys() == ("abcdefgh",) and models and not Models(net, ()) and Models(net, ()).get() is None
            await net.aclose()

    scenario(run())


def test_a_connection_is_used_again_after_a_whole_answer() -> None:
    async def run() -> None:
        async with standing_in(FAST) as (asking, seen):
            await asking.ask()
            asking.events.clear()
            await asking.ask()
            assert len(seen.peers) == 2 and len(set(seen.peers)) == 1

    scenario(run())


def test_three_questions_at_once_do_not_mix() -> None:
    async def run() -> None:
        async with standing_in(FAST) as (asking, _):
            told: dict[str, list[ModelEvent]] = {"red": [], "blue": [], "green": []}
            colours = {"red": (30, 30, 200), "blue": (200, 60, 20), "green": (40, 160, 30)}
            question = AskModel(0, messages=(Message("user", "the door?", 1),), image_px=64)
            await asyncio.gather(
                *(
                    asking.client.ask(question, (), {View(1, px=64): picture(bgr)}, told[name].append, name)
                    for name, bgr in colours.items()
                )
            )
            assert {name: text_of(events) for name, events in told.items()} == {n: f"The door is {n}." for n in told}
            for name in told:
                assert f'" {name}."'.encode() in asking.witness.body(name)

    scenario(run())


# ----------------------------------------------------------------------------------------------- what the door holds


def test_the_observer_sees_the_very_bytes() -> None:
    body = WELL + b": the end\n\n"

    async def run() -> None:
        async with answering(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + body) as (url, got):
            net = Net()
            asking = Asking(url, net)
            await asking.ask(jpeg=picture((0, 0, 255)))
            await net.aclose()
            what, name, (method, seen_url, _, sent) = asking.witness.seen[0]
            assert (what, name, method, seen_url) == ("begin", "turn-1", "POST", url + "/chat/completions")
            assert got[0].endswith(sent) and json.loads(sent)["messages"][1]["content"][0]["type"] == "image_url"
            assert asking.witness.body("turn-1") == body
            assert asking.witness.seen[-1] == ("end", "turn-1", (200, ""))

    scenario(run())


def test_no_key_reaches_recording_log_or_event(caplog: pytest.LogCaptureFixture) -> None:
    """Even from a server that sends back what it was sent, split over two packets or in an error."""
    caplog.set_level(logging.DEBUG)
    echo = b'{"error":{"message":"wrong key ' + KEY.encode() + b'","type":"invalid_api_key"}}'
    head = b"HTTP/1.1 401 No\r\ncontent-length: %d\r\n\r\n" % len(echo)

    async def run() -> None:
        async with answering(head + echo) as (url, got):
            net = Net()
            asking = Asking(url, net)
            ending = await asking.ask(f"my key is {KEY}")
            await net.aclose()
            assert KEY.encode() in got[0], "the server got it"
            assert isinstance(ending, Failed) and ending.kind == "auth" and KEY not in ending.detail
            assert KEY not in repr(asking.witness.seen) and HIDDEN in repr(asking.witness.seen)
            assert len(asking.witness.body("turn-1")) == len(echo)

    scenario(run())
    assert KEY not in caplog.text


@given(
    st.lists(st.sampled_from([KEY.encode(), b"sk-", b"sk-test-", b"x", b"0123456789abcdef"]), max_size=12),
    st.lists(st.integers(0, 300)),
)
@settings(max_examples=150, deadline=None)
def test_a_secret_is_blanked_wherever_it_is_cut(pieces: list[bytes], at: list[int]) -> None:
    data = b"".join(pieces)
    blanker = Blanker([KEY.encode()])
    shown = b"".join([*(blanker.feed(part) for part in cut(data, at)), blanker.finish()])
    assert shown == data.replace(KEY.encode(), b"*" * len(KEY))


def test_addresses_are_shown_without_their_secrets() -> None:
    async def run() -> None:
        async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (url, _):
            net, witness = Net(), Witness()
            address = url.replace("http://", "http://me:hunter2hunter2@") + "?key=abcdefghij&size=3"
            async with net.stream(Outgoing("pull", "GET", address), observer=witness) as incoming:
                assert [data async for data in incoming] == []
            await net.aclose()
            shown = repr(witness.seen)
            assert "hunter2" not in shown and "abcdefghij" not in shown and "size=3" in shown

    scenario(run())


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://192.168.1.5/v1",
        "http://0.0.0.0:1/",
        "http://2130706433/",
        "http://a.localhost.evil.example/",
    ],
)
def test_local_only_lets_nothing_out_not_even_a_look_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        looked_up: list[Any] = []
        monkeypatch.setattr("socket.getaddrinfo", lambda *a, **k: looked_up.append(a))  # of every loop
        net, witness = Net(NetOptions(local_only=True)), Witness()
        with pytest.raises(NetError, match="local_only is on") as raised:
            async with net.stream(Outgoing("x", "GET", url), observer=witness):
                pass
        await net.aclose()
        assert raised.value.kind == "local_only" and not looked_up and not witness.seen

    scenario(run())


def test_local_only_is_spoken_by_the_client() -> None:
    async def run() -> None:
        net = Net(NetOptions(local_only=True))
        asking = Asking("https://api.example.com/v1", net)
        ending = await asking.ask()
        await net.aclose()
        assert isinstance(ending, Failed) and ending.kind == "local_only" and not asking.witness.seen

    scenario(run())


def test_local_only_reaches_localhost_by_name() -> None:
    async def run() -> None:
        async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as (url, got):
            net = Net(NetOptions(local_only=True))
            async with net.stream(Outgoing("x", "GET", url.replace("127.0.0.1", "localhost"))) as incoming:
                assert b"".join([data async for data in incoming]) == b"ok"
            await net.aclose()
            assert b"localhost:" in got[0].lower()

    scenario(run())


def test_local_only_and_a_proxy_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="local_only"):
        Net(NetOptions(local_only=True, proxy="http://proxy.example:3128"))


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("10.0.0.1", False),
        ("example.com", False),
        ("", False),
        ("localhost.example", False),
        ("0.0.0.0", False),
    ],
)
def test_what_counts_as_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with (
            answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (url, got),
            answering() as (proxy, asked_proxy),
        ):
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy)
            net = Net()
            async with net.stream(Outgoing("x", "GET", url)) as incoming:
                assert incoming.status == 200
            await net.aclose()
            assert got and not asked_proxy

    scenario(run())


@pytest.mark.parametrize("url", ["", "no-scheme", "ftp://127.0.0.1/", "http://[", "http://exa mple/"])
def test_an_address_that_is_none_is_an_error_of_ours(url: str) -> None:
    async def run() -> None:
        net = Net()
        with pytest.raises(NetError):
            async with net.stream(Outgoing("x", "GET", url), Timers(connect_s=0.5, first_byte_s=0.5)):
                pass
        await net.aclose()

    scenario(run())


def test_only_the_door_knows_httpx() -> None:
    root = Path(companion.__file__).parent.parent
    sources = [
        p for room in ("companion", "pipelines", "recordings", "device_sim") for p in (root / room).rglob("*.py")
    ]
    users = [p.relative_to(root) for p in sources if "import httpx" in p.read_text() or "from httpx" in p.read_text()]
    assert users == [Path("companion/net_httpx.py")]


def test_the_command_line_prints_its_address_and_stops_when_told() -> None:
    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "device_sim.stand_in_model", "--port", "0", "--refuse", stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        line = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        net = Net(NetOptions(local_only=True))
        asking = Asking(line["url"], net)
        ending = await asking.ask()
        await net.aclose()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
        assert isinstance(ending, Failed) and ending.kind == "auth" and line["model"] == "stand-in"

    scenario(run())
