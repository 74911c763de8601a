"""Our client against aimock, which speaks all four wire formats and misbehaves to order: everything in each of them."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from companion.net import Net, NetOptions
from pipelines.events import Message
from tests.conformance.conftest import tell
from tests.conformance.doubles import Aimock, Judge
from tests.conformance.tap import Tap, tapped
from tests.conformance.wires import WIRES, Heard, answered, ask, ask_over, picture, profile, question, run

pytestmark = pytest.mark.conformance
every_wire = pytest.mark.parametrize("wire", WIRES)

TEXT = (
    "The door is red, and the handle is made of brass. Dr. Åse’s 日本 plate 🙂 hangs beside it; that is all I can see."
)
USAGE = {"prompt_tokens": 460, "completion_tokens": 25, "total_tokens": 485}
CLOSED_MS = 200  # what a wearer who says "stop" may wait for the socket to be gone


def retries(double: Aimock) -> int:
    return len(double.journal()) - 1


# ------------------------------------------------------------------------------------------------------------- answers


@every_wire
def test_a_text_streams_in_pieces_and_is_whole(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": TEXT, "usage": USAGE})
    heard = run(ask(profile(wire, aimock.url), question("What do you see?")))
    assert heard.text == TEXT
    assert len(heard.events) > 4, "it came in pieces"
    assert heard.why == "stopped"
    assert (heard.finished.input_tokens, heard.finished.output_tokens) == (460, 25)


@every_wire
def test_the_conversation_arrives_as_it_was_held(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": "Blue."})
    talk = (
        Message("system", "Be short."),
        Message("user", "What colour is the door?"),
        Message("assistant", "Red."),
        Message("user", "And the wall?"),
    )
    run(ask(profile(wire, aimock.url), question(*talk)))
    [entry] = aimock.journal()
    said = [(m["role"], text_of(m["content"])) for m in entry["body"]["messages"]]
    assert said == [(m.role, m.text) for m in talk]
    assert entry["body"]["model"] == "some-model"


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire != "responses"])
def test_an_answer_cut_by_the_cap_says_so(aimock: Aimock, wire: str) -> None:
    """Of Responses aimock has no true form of this: it says that the answer was completed, and gives no reason."""
    aimock.answers({"content": "The door is", "finishReason": "length"})
    heard = run(ask(profile(wire, aimock.url), question("What do you see?")))
    assert (heard.text, heard.why) == ("The door is", "cut")


@every_wire
def test_a_picture_is_in_the_request(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": "Red."})
    jpeg = picture()

    async def look() -> Tap:
        async with tapped(aimock.url) as tap:
            await ask(profile(wire, tap.url), question(Message("user", "What colour?", frame_id=7)), jpeg=jpeg)
        return tap

    sent = run(look()).sent
    assert base64.b64encode(jpeg) in sent, "its bytes are on the wire"
    if wire == "chat":  # of the other wires aimock keeps the words only
        [entry] = aimock.journal()
        parts = entry["body"]["messages"][-1]["content"]
        [shown] = [p["image_url"]["url"] for p in parts if p["type"] == "image_url"]
        assert base64.b64decode(shown.removeprefix("data:image/jpeg;base64,")) == jpeg


@every_wire
def test_reasoning_is_counted_and_never_said(aimock: Aimock, wire: str) -> None:
    thought = "The wearer asks about the door. It looks red to me."
    aimock.answers({"content": "It is red.", "reasoning": thought})
    heard = run(ask(profile(wire, aimock.url), question("What colour?")))
    assert heard.text == "It is red."
    assert heard.finished.reasoning_chars == len(thought)


@every_wire
def test_a_connection_serves_the_next_question_too(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": "Red."})

    async def twice() -> int:
        net = Net(NetOptions(local_only=True))
        async with tapped(aimock.url) as tap:
            for _ in range(2):
                heard = await ask_over(net, profile(wire, tap.url), question("What colour?"))
                assert heard.text == "Red."
            await net.aclose()
            return tap.connections

    assert run(twice()) == 1


# --------------------------------------------------------------------------------------------------------------- tools


@every_wire
def test_two_tools_at_once_and_the_answer_after_them(aimock: Aimock, wire: str) -> None:
    asks = [("weather", '{"place":"Oslo","days":2}'), ("clock", "{}")]
    calls = [{"id": f"call_{n}", "name": name, "arguments": args} for n, (name, args) in enumerate(asks)]
    aimock.answers_by_turn({"toolCalls": calls}, {"content": "Rain, and it is noon."})
    start = Message("user", "Weather in Oslo, and the time?")
    who = profile(wire, aimock.url)
    heard = run(ask(who, question(start, tools=("weather", "clock"))))
    assert (heard.text, heard.why) == ("", "calls")
    assert [(name, json.loads(args)) for name, args in heard.calls] == [(name, json.loads(a)) for name, a in asks]

    results = {"weather": "rain, 4 degrees", "clock": "12:00"}
    after = answered(start, heard, results)
    assert run(ask(who, question(*after, tools=("weather", "clock")))).text == "Rain, and it is noon."
    offered, then = (entry["body"] for entry in aimock.journal())
    assert [t["function"]["name"] for t in offered["tools"]] == ["weather", "clock"]
    made = {c["id"]: c["function"] for m in then["messages"] for c in m.get("tool_calls") or ()}
    assert {f["name"]: json.loads(f["arguments"]) for f in made.values()} == {name: json.loads(a) for name, a in asks}
    assert_each_result_answers_its_call(then["messages"], {i: f["name"] for i, f in made.items()}, results)


def assert_each_result_answers_its_call(
    messages: list[dict[str, Any]], made: dict[str, str], results: dict[str, str]
) -> None:
    """`made`: names of the tools that were called, by the id of the call."""
    given = {made[m["tool_call_id"]]: m["content"] for m in messages if m["role"] == "tool"}
    assert given.keys() == results.keys()
    assert all(results[name] in content for name, content in given.items())


@every_wire
def test_words_before_a_call_are_said_and_the_call_is_whole(aimock: Aimock, wire: str) -> None:
    call = {"id": "call_1", "name": "weather", "arguments": '{"place":"Tromsø"}'}
    aimock.answers({"content": "Let me look.", "toolCalls": [call]})
    heard = run(ask(profile(wire, aimock.url), question("Weather?", tools=("weather",))))
    assert (heard.text, heard.why) == ("Let me look.", "calls")
    assert [(name, json.loads(args)) for name, args in heard.calls] == [("weather", {"place": "Tromsø"})]


@every_wire
def test_reasoning_before_a_call_goes_back_with_its_result(aimock: Aimock, judge: Judge, wire: str) -> None:
    """As it came, and in a place where the vendor's types have it: aimock itself takes anything back."""
    call = {"id": "call_1", "name": "clock", "arguments": "{}"}
    first = {"toolCalls": [call], "reasoning": "I need the clock.", "reasoningSignature": "c2lnbmVk"}
    aimock.answers_by_turn(first, {"content": "Noon."})
    start = Message("user", "What time is it?")

    async def both() -> tuple[Heard, Heard, Tap]:
        async with tapped(aimock.url) as tap:
            who = profile(wire, tap.url)
            one = await ask(who, question(start, tools=("clock",)))
            tap.sent.clear()
            after = question(*answered(start, one, {"clock": "12:00"}), tools=("clock",))
            return one, await ask(who, after), tap

    one, two, tap = run(both())
    assert (one.text, two.text) == ("", "Noon.")
    assert one.finished.reasoning_chars == len("I need the clock.")
    body = tap.last_body()
    assert judge.problems(wire, body) == []
    back = {"responses": "encrypted_content", "anthropic": "c2lnbmVk"}
    assert back.get(wire, "") in json.dumps(body)


# ------------------------------------------------------------------------------------------------------------ refusals


@every_wire
def test_a_key_is_sent_where_the_wire_wants_it(locked_aimock: Aimock, wire: str) -> None:
    locked_aimock.answers({"content": "Come in."})
    who = profile(wire, locked_aimock.url)
    assert run(ask(who, question("Hello?"))).text == "Come in."
    refused = run(ask(who, question("Hello?"), key="sk-wrong-0123456789"))
    assert (refused.text, refused.failed.kind) == ("", "auth")
    assert "sk-wrong" not in refused.failed.detail


@every_wire
@pytest.mark.parametrize(
    ("status", "type_", "kind", "tries"),
    [
        (400, "invalid_request_error", "bad_request", 1),
        (404, "not_found_error", "unknown_model", 1),
        (413, "request_too_large", "too_large", 1),
        (500, "api_error", "overloaded", 2),
        (503, "service_unavailable", "overloaded", 2),
        (529, "overloaded_error", "overloaded", 2),
    ],
)
def test_a_refusal_has_its_kind(aimock: Aimock, wire: str, status: int, type_: str, kind: str, tries: int) -> None:
    aimock.answers({"error": {"message": "No.", "type": type_}, "status": status})
    heard = run(ask(profile(wire, aimock.url), question("Hello?")))
    assert (heard.text, heard.failed.kind) == ("", kind)
    assert str(status) in heard.failed.detail
    assert retries(aimock) + 1 == tries


@every_wire
def test_too_many_requests_says_how_long_to_wait(aimock: Aimock, wire: str) -> None:
    aimock.answers({"error": {"message": "Slow down.", "type": "rate_limit_error"}, "status": 429, "retryAfter": 30})
    heard = run(ask(profile(wire, aimock.url), question("Hello?")))
    assert (heard.failed.kind, heard.failed.retry_after_s) == ("rate_limit", 30)
    assert retries(aimock) == 0, "nobody waits half a minute"


@every_wire
@pytest.mark.parametrize("status", [429, 503])
def test_a_moment_of_trouble_is_not_noticed(aimock: Aimock, wire: str, status: int) -> None:
    trouble = {"error": {"message": "One moment.", "type": "server_error"}, "status": status, "retryAfter": 0}
    aimock.answers_by_request(trouble, {"content": "Here I am."})
    heard = run(ask(profile(wire, aimock.url), question("Hello?")))
    assert (heard.text, heard.why) == ("Here I am.", "stopped")
    assert retries(aimock) == 1


# ----------------------------------------------------------------------------------------------------- broken streams


@every_wire
@pytest.mark.parametrize("how", [{"truncateAfterChunks": 9}, {"disconnectAfterMs": 330}], ids=["cut", "disconnect"])
def test_a_stream_that_breaks_off_keeps_what_was_said(aimock: Aimock, wire: str, how: dict[str, int]) -> None:
    aimock.answers({"content": TEXT}, latency=30, **how)
    heard = run(ask(profile(wire, aimock.url), question("What do you see?")))
    assert heard.text, "something had been said"
    assert TEXT.startswith(heard.text) and heard.text != TEXT
    assert heard.failed.kind == "truncated"
    assert retries(aimock) == 0, "a sentence is never begun twice"


@every_wire
def test_a_call_that_is_cut_off_is_no_call(aimock: Aimock, wire: str) -> None:
    call = {"id": "call_1", "name": "weather", "arguments": json.dumps({"place": "Llanfairpwllgwyngyll " * 4})}
    aimock.answers({"content": "Let me look.", "toolCalls": [call]}, latency=30, truncateAfterChunks=9)
    if wire == "gemini":  # there a call is one piece: cut before it
        aimock.answers({"content": "Let me look.", "toolCalls": [call]}, latency=30, truncateAfterChunks=2)
    heard = run(ask(profile(wire, aimock.url), question("Weather?", tools=("weather",))))
    assert heard.failed.kind == "truncated"


@every_wire
@pytest.mark.parametrize(
    ("chaos", "kinds"),
    [("drop", {"overloaded"}), ("malformed", {"protocol"}), ("disconnect", {"network", "truncated"})],
)
def test_chaos_has_a_name(aimock: Aimock, wire: str, chaos: str, kinds: set[str]) -> None:
    aimock.answers({"content": TEXT})

    async def suffer() -> Heard:
        async with tapped(aimock.url, header=f"x-aimock-chaos-{chaos}: 1.0") as tap:
            return await ask(profile(wire, tap.url), question("What do you see?"))

    heard = run(suffer())
    assert heard.text == ""
    assert heard.failed.kind in kinds


# -------------------------------------------------------------------------------------------------------------- timing


@every_wire
def test_a_model_that_says_nothing_is_given_up(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": TEXT}, streamingProfile={"ttft": 20_000, "tps": 100})
    heard = run(ask(profile(wire, aimock.url, first_text_s=0.3), question("Hello?")))
    assert (heard.text, heard.failed.kind) == ("", "stalled")
    assert "0.3 s" in heard.failed.detail


@every_wire
def test_a_model_that_falls_silent_is_given_up(aimock: Aimock, wire: str) -> None:
    """Four pieces a second, and the first texts may take their time: the second comes too late."""
    aimock.answers({"content": TEXT}, streamingProfile={"ttft": 0, "tps": 4})
    heard = run(ask(profile(wire, aimock.url, first_text_s=10.0, between_text_s=0.1), question("Hello?")))
    assert TEXT.startswith(heard.text) and 0 < len(heard.text) < len(TEXT)
    assert heard.failed.kind == "stalled"
    assert "0.1 s" in heard.failed.detail


@every_wire
def test_a_slow_model_is_heard_to_the_end(aimock: Aimock, wire: str) -> None:
    aimock.answers({"content": TEXT}, streamingProfile={"ttft": 400, "tps": 20})
    heard = run(ask(profile(wire, aimock.url, first_text_s=5.0, between_text_s=2.0), question("Hello?")))
    assert (heard.text, heard.why) == (TEXT, "stopped")


@every_wire
@pytest.mark.parametrize("when", ["before a byte", "in the middle"])
def test_stop_closes_the_socket_at_once(aimock: Aimock, wire: str, when: str, pytestconfig: pytest.Config) -> None:
    wait_ms = 20_000 if when == "before a byte" else 0
    aimock.answers({"content": TEXT}, streamingProfile={"ttft": wait_ms, "tps": 20})

    async def stop() -> float:
        net, spoke = Net(NetOptions(local_only=True)), asyncio.Event()
        async with tapped(aimock.url) as tap:
            who = profile(wire, tap.url)
            asking = asyncio.create_task(ask_over(net, who, question("Hello?"), on_event=lambda _: spoke.set()))
            await (tap.asked.wait() if when == "before a byte" else spoke.wait())
            cancelled_s = asyncio.get_running_loop().time()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            took_s = await tap.closed_at() - cancelled_s  # the session, and with it `net`, lives on
        await net.aclose()
        return took_s

    took_ms = run(stop()) * 1000
    tell(pytestconfig, f"cancel, {wire}, {when}: socket closed after {took_ms:.1f} ms")
    assert took_ms < CLOSED_MS


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())
