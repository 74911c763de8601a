"""Every body that a shipped profile can send, held against the types that the vendors publish.

The bodies are those of our real client, caught at the network's door. Fields that a server of an OpenAI-like wire has
beyond OpenAI's are taken out first, each only where the profile's data says that it is sent.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from companion.model.catalogue import load
from companion.model.client import ModelClient
from companion.model.profile import MODES, ModelProfile
from companion.net import Net, NetError
from pipelines.events import AskModel, Message, ToolCall, View
from tests.conformance.doubles import Judge
from tests.conformance.wires import KEY, TOOLS, WIRES, offered, picture, pictures_for, question, run

pytestmark = pytest.mark.conformance

PROFILES = {name: load().profile(name) for name in load().names}
JPEG = picture()
CROP = View(7, box=(10, 20, 300, 200), px=1024, quality=92, name="crop 1 of frame 7")
CALLS = (ToolCall("call_1", "weather", '{"place": "Oslo", "days": 2}'), ToolCall("call_2", "clock", "{}"))
ASKED = Message("user", "Weather, and the time?", frame_id=7)
NAMES = tuple(t.name for t in TOOLS)


def _calls(*calls: ToolCall, text: str = "") -> Message:
    return Message("assistant", text, calls=calls)


def _result(call: ToolCall, text: str, failed: bool = False) -> Message:
    return Message("tool", text, call_id=call.call_id, name=call.name, failed=failed)


QUESTIONS: dict[str, AskModel] = {
    "text": question("What is a heron?"),
    "no system": AskModel(0, request=1, messages=(Message("user", "Hello"),)),
    "a picture": question(Message("user", "What colour?", frame_id=7)),
    "several pictures": question(Message("user", "Compare.", frame_id=7, views=(CROP, View(9, px=512)))),
    "a history": question(
        Message("user", "What is it?"), Message("assistant", "A heron."), Message("user", "And now?", frame_id=9)
    ),
    "tools offered": question("What time is it?", tools=NAMES),
    "a call and its result": question(ASKED, _calls(CALLS[0]), _result(CALLS[0], "rain"), tools=NAMES),
    "words, then a call": question(
        ASKED, _calls(CALLS[1], text="Let me look."), _result(CALLS[1], "12:00"), tools=NAMES
    ),
    "two results, one failed": question(
        ASKED, _calls(*CALLS), _result(CALLS[0], "too slow", True), _result(CALLS[1], "12:00"), tools=NAMES
    ),
    "a crop after a result": question(
        ASKED,
        _calls(CALLS[1]),
        _result(CALLS[1], "the crop follows"),
        Message("user", "Here is the crop.", views=(CROP,)),
        tools=NAMES,
    ),
    "arguments that are no JSON": question(
        ASKED,
        _calls(ToolCall("call_1", "weather", '{"place": "Os')),
        _result(CALLS[0], "bad arguments", True),
        tools=NAMES,
    ),
}


class Caught:
    """The network's door in a replay: keeps the body, and lets nothing out."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> None:
        self.body = json.loads(body)
        raise NetError("auth", "nothing is really asked")


def body_of(profile: ModelProfile, asked: AskModel) -> dict[str, Any]:
    """What our client would send."""
    caught = Caught()
    client = ModelClient(Net(tape=caught), profile, environ={profile.key_env: KEY})
    run(client.ask(asked, offered(asked), pictures_for(asked, JPEG), lambda event: None, "one"))
    assert caught.body, "the client refused to ask"
    return caught.body


def fits(profile: ModelProfile, asked: AskModel) -> bool:
    """Whether deciders would put this question to this model."""
    pictures = any(m.frame_id or m.views for m in asked.messages)
    return (profile.vision or not pictures) and (profile.tools or not asked.tools)


def without_extensions(profile: ModelProfile, body: dict[str, Any]) -> dict[str, Any]:
    """The body as OpenAI's own server would be sent it. What is taken out must be there by the profile's word."""
    quirks, plain = profile.quirks, copy.deepcopy(body)
    for name in quirks.extra:
        plain.pop(name)
    if profile.dialect != "chat":
        return plain
    if quirks.effort_field in ("reasoning", "enable_thinking", "chat_template_kwargs"):
        plain.pop(quirks.effort_field, None)
    if quirks.reasoning_back:
        for message in plain["messages"]:
            message.pop("reasoning_content", None)
    if quirks.image_as_string:
        for message in plain["messages"]:
            _picture_objects(message)
    return plain


def _picture_objects(message: dict[str, Any]) -> None:
    for part in message["content"] if isinstance(message["content"], list) else ():
        if part.get("type") == "image_url":
            assert isinstance(part["image_url"], str)
            part["image_url"] = {"url": part["image_url"]}


CASES = [(name, asked) for name, profile in PROFILES.items() for asked, q in QUESTIONS.items() if fits(profile, q)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "asked"), CASES)
def test_a_body_is_what_the_vendor_says_it_takes(judge: Judge, name: str, asked: str, mode: str) -> None:
    profile = PROFILES[name]
    body = body_of(profile, _in_mode(QUESTIONS[asked], mode))
    assert judge.problems(profile.dialect, without_extensions(profile, body)) == []
    assert body.get("store") in ((False,) if profile.dialect == "responses" else (None, False))


def test_every_profile_and_every_wire_is_in_the_table() -> None:
    assert {name for name, _ in CASES} == set(PROFILES)
    assert {PROFILES[name].dialect for name, _ in CASES} == set(WIRES)


def _in_mode(asked: AskModel, mode: str) -> AskModel:
    return AskModel(asked.t_ns, messages=asked.messages, mode=mode, tools=asked.tools, image_px=asked.image_px)


# ------------------------------------------------------------------------------------------------- is the judge strict?

RICHEST = "a crop after a result"
# Under these anything may stand: a tool's schema, what a model calls it with, and what it gave.
FREE = ("parameters", "parametersJsonSchema", "input_schema", "args", "input", "response", "metadata")


def _of_each_wire() -> list[ModelProfile]:
    return list({p.dialect: p for p in PROFILES.values() if p.vision and p.tools}.values())


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value that its type fixes."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in steps:
        if not (step in FREE and isinstance(inside, dict)):
            yield from _places(inside, (*path, step))


def _at(body: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def _changed(body: dict[str, Any], path: tuple[str | int, ...], change: Callable[[Any, Any], None]) -> dict[str, Any]:
    mutant = copy.deepcopy(body)
    change(_at(mutant, path[:-1]), path[-1])
    return mutant


def _wrong_kind(holder: Any, step: Any) -> None:
    holder[step] = {"no": "such thing"} if not isinstance(holder[step], dict) else 7


@pytest.mark.parametrize("profile", _of_each_wire(), ids=lambda p: p.dialect)
def test_an_unknown_field_anywhere_is_refused(judge: Judge, profile: ModelProfile) -> None:
    body = without_extensions(profile, body_of(profile, QUESTIONS[RICHEST]))
    objects = [path for path in _places(body) if isinstance(_at(body, path), dict)]
    assert len(objects) > 10
    for path in objects:
        mutant = copy.deepcopy(body)
        _at(mutant, path)["nobody_knows_this"] = 1
        assert judge.problems(profile.dialect, mutant), f"a new field at {path} passed"


@pytest.mark.parametrize("profile", _of_each_wire(), ids=lambda p: p.dialect)
def test_a_value_of_the_wrong_kind_anywhere_is_refused(judge: Judge, profile: ModelProfile) -> None:
    body = without_extensions(profile, body_of(profile, QUESTIONS[RICHEST]))
    places = [path for path in _places(body) if path]
    assert len(places) > 30
    for path in places:
        assert judge.problems(profile.dialect, _changed(body, path, _wrong_kind)), f"nonsense at {path} passed"


# Without these fields no vendor takes a body; each is a mutant of the richest one.
REQUIRED = {
    "chat": ("model", "messages", "messages.1.role", "messages.2.tool_calls.0.id", "messages.3.tool_call_id"),
    "responses": ("input.0.content.0.type", "input.1.call_id", "input.1.arguments", "input.2.output", "tools.0.name"),
    "anthropic": ("max_tokens", "model", "messages.0.role", "messages.1.content.0.id", "tools.0.input_schema"),
    "gemini": ("contents",),
}


@pytest.mark.parametrize("profile", _of_each_wire(), ids=lambda p: p.dialect)
def test_a_missing_field_is_refused(judge: Judge, profile: ModelProfile) -> None:
    body = without_extensions(profile, body_of(profile, QUESTIONS[RICHEST]))
    for place in REQUIRED[profile.dialect]:
        path = tuple(int(step) if step.isdecimal() else step for step in place.split("."))
        mutant = _changed(body, path, lambda holder, step: holder.pop(step))
        assert judge.problems(profile.dialect, mutant), f"a body without {place} passed"


def test_a_word_that_no_vendor_knows_is_refused(judge: Judge) -> None:
    """Google's own enumerations take any word in any case."""
    [gemini] = [p for p in _of_each_wire() if p.dialect == "gemini"]
    body = body_of(gemini, QUESTIONS["text"])
    for word in ("low", "SOMEWHAT", 3):
        body["generationConfig"]["thinkingConfig"] = {"thinkingLevel": word}
        assert judge.problems("gemini", body), f"thinkingLevel {word!r} passed"
    body["generationConfig"]["thinkingConfig"] = {"thinkingLevel": "LOW"}
    assert judge.problems("gemini", body) == []
