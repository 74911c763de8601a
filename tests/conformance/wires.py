"""Asking through our real client, in each of the four wire formats, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np

from companion.model.client import ModelClient
from companion.model.profile import ModelProfile, ModeRule
from companion.net import Net, NetOptions
from pipelines.events import AskModel, Message, ToolCall, ToolInfo, View
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.query import Picture, Quirks, pictures_of

WIRES = ("chat", "responses", "anthropic", "gemini")
BASE = {"chat": "/v1", "responses": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
# What a server of a wire is asked for beyond the wire's common ground: its reasoning, to be given back with calls.
QUIRKS = {"responses": Quirks(encrypted_reasoning=True), "anthropic": Quirks(thinking="adaptive")}
MODEL = "some-model"
KEY = "sk-test-0123456789abcdef"
PATIENCE_S = 30  # only ends a test that would hang

# Every word for why an answer ended, as one of three.
FINISHES = {
    "stopped": ("stop", "completed", "end_turn", "STOP"),
    "calls": ("tool_calls", "tool_use", "FUNCTION_CALL"),
    "cut": ("length", "max_output_tokens", "incomplete", "max_tokens", "MAX_TOKENS"),
}

WEATHER = ToolInfo(
    "weather",
    "What the weather is like in a place.",
    '{"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},'
    ' "required": ["place"]}',
)
CLOCK = ToolInfo("clock", "What time it is.")
TOOLS = (WEATHER, CLOCK)

T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    async def patiently() -> T:
        async with asyncio.timeout(PATIENCE_S):
            return await work

    return asyncio.run(patiently())


def picture(colour_bgr: tuple[int, int, int] = (40, 40, 200)) -> bytes:
    """A grey wall with a coloured door in the middle, as JPEG."""
    image = np.full((360, 640, 3), 128, np.uint8)
    image[60:320, 230:410] = colour_bgr
    return cv2.imencode(".jpg", image)[1].tobytes()


def question(*messages: Message | str, tools: tuple[str, ...] = (), max_tokens: int = 1024) -> AskModel:
    """A question as deciders ask it. A text is what the wearer said."""
    said = tuple(m if isinstance(m, Message) else Message("user", m) for m in messages)
    if said[0].role != "system":
        said = (Message("system", "Be short."), *said)
    return AskModel(0, request=1, turn=1, messages=said, max_tokens=max_tokens, image_px=768, tools=tools)


def offered(asked: AskModel) -> tuple[ToolInfo, ...]:
    """The tools that a question names, whole."""
    return tuple(tool for tool in TOOLS if tool.name in asked.tools)


def pictures_for(asked: AskModel, jpeg: bytes) -> Mapping[View, Picture]:
    """The same picture for every view that a question attaches."""
    views = [v for m in asked.messages for v in pictures_of(m, asked.image_px, asked.image_quality)]
    return dict.fromkeys(views, jpeg)


@dataclass
class Heard:
    """What a question brought."""

    events: list[ModelEvent] = field(default_factory=list)
    text: str = ""
    ending: Finished | Failed | None = None

    @property
    def finished(self) -> Finished:
        assert isinstance(self.ending, Finished), self.ending
        return self.ending

    @property
    def failed(self) -> Failed:
        assert isinstance(self.ending, Failed), self.ending
        return self.ending

    @property
    def why(self) -> str:
        """Why it ended, in a word of FINISHES. A wire that says "stop" before calls means the calls."""
        if self.finished.calls:
            return "calls"
        [word] = [why for why, words in FINISHES.items() if self.finished.finish in words]
        return word

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Names and arguments of the calls; their ids are each wire's own affair."""
        return [(c.name, c.arguments) for c in self.finished.calls]

    def take(self, event: ModelEvent) -> None:
        assert self.ending is None, f"{event} came after the ending"
        self.events.append(event)
        if isinstance(event, TextDelta):
            self.text += event.text
        else:
            self.ending = event


def profile(
    wire: str, url: str, model: str = MODEL, first_text_s: float = 20.0, between_text_s: float = 8.0
) -> ModelProfile:
    """A profile of a server at `url`, which is given without what stands behind the port."""
    return ModelProfile(
        name=f"a {wire} server",
        base_url=url + BASE[wire],
        model=model,
        dialect=wire,
        key_env="KEY",
        instant=ModeRule(first_text_s=first_text_s),
        between_text_s=between_text_s,
        quirks=QUIRKS.get(wire, Quirks()),
    )


async def ask(who: ModelProfile, asked: AskModel, jpeg: bytes = b"", key: str = KEY) -> Heard:
    """One question, over a connection of its own."""
    net = Net(NetOptions(local_only=True))
    try:
        return await ask_over(net, who, asked, jpeg, key)
    finally:
        await net.aclose()


async def ask_over(
    net: Net,
    who: ModelProfile,
    asked: AskModel,
    jpeg: bytes = b"",
    key: str = KEY,
    on_event: Callable[[ModelEvent], None] = lambda event: None,
) -> Heard:
    """One question, over connections that stay with `net`."""
    heard = Heard()

    def take(event: ModelEvent) -> None:
        heard.take(event)
        on_event(event)

    client = ModelClient(net, who, environ={"KEY": key})
    ending = await client.ask(asked, offered(asked), pictures_for(asked, jpeg), take, "one")
    assert ending == heard.ending
    return heard


def answered(question: Message, heard: Heard, results: Mapping[str, str]) -> tuple[Message, ...]:
    """The conversation after tools were used: the question, the model's calls, and a result for each."""
    calls: tuple[ToolCall, ...] = heard.finished.calls
    said = Message("assistant", heard.text, calls=calls, carry=heard.finished.carry)
    given = (Message("tool", results[c.name], call_id=c.call_id, name=c.name) for c in calls)
    return (question, said, *given)
