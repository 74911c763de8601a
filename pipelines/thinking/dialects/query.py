"""What every wire format is given, and what it has to offer: the one seam between our words and a vendor's.

A dialect is pure: a query to a JSON body, bytes of a response to events. No socket, no clock, no key kept; so recorded
bytes are read again to the same events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipelines.events import Message, ToolInfo, View
from pipelines.thinking.dialects.answer import ModelEvent

# JPEG bytes; or, in a replay, which reads no pictures, the text that stands where their base64 would.
Picture = bytes | str


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one model. `images`: every picture that the messages attach (`pictures_of`), by its view;
    `effort`: the wire's own word for how hard to think, "" = say nothing; `max_tokens` 0 leaves the cap to the
    server where the wire allows that; `image_px`, `image_quality`: of the pictures attached by `Message.frame_id`."""

    model: str
    messages: tuple[Message, ...]
    images: Mapping[View, Picture] = field(default_factory=dict)
    max_tokens: int = 0
    effort: str = ""
    tools: tuple[ToolInfo, ...] = ()
    image_px: int = 0
    image_quality: int = 85


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where servers of one dialect differ; the data of a profile. Each dialect reads those that concern it."""

    # chat: OpenAI's reasoning models want `max_completion_tokens` instead.
    max_tokens_field: str = "max_tokens"
    # chat, responses: always sent, since some models take (and bill) a picture at its full size without it; "" = never.
    image_detail: str = "high"
    # Ask the server not to keep the exchange; only where the field is known, others reject unknown fields.
    store_false: bool = False
    # chat: token counts at the end of the stream.
    include_usage: bool = True
    # chat: where the effort goes: "reasoning_effort", "reasoning" (OpenRouter's object), "enable_thinking" (Qwen:
    # "on"/"off" as a boolean), "chat_template_kwargs" (llama.cpp, vLLM: the same inside that object), "" = nowhere.
    effort_field: str = "reasoning_effort"
    # anthropic: "adaptive", "disabled", "" = not sent; the effort goes into `output_config.effort`.
    thinking: str = ""
    # responses: ask for the encrypted reasoning, so that it can be given back with tool results while storing is off.
    encrypted_reasoning: bool = False
    # chat: send `reasoning_content` back with an assistant's tool calls (DeepSeek wants it inside a tool loop).
    reasoning_back: bool = False
    # chat: `image_url` as a bare string (old Mistral).
    image_as_string: bool = False
    # chat, responses: allow several tool calls at once; sent as `parallel_tool_calls` only if False.
    parallel_calls: bool = True
    # gemini: `mediaResolution` for the whole request: "", "low", "medium", "high".
    media_resolution: str = ""
    # Further fields of the body as they are. No temperature by default: newer models refuse it.
    extra: Mapping[str, Any] = field(default_factory=dict)


class Parser(Protocol):
    """Bytes of a 200 response in, the answer out; after a Finished or a Failed nothing more comes.

    `finishing`: the model has said why it stopped; only usage and the end of the stream may still come.
    """

    @property
    def finishing(self) -> bool: ...

    def feed(self, data: bytes) -> list[ModelEvent]:
        """What these bytes add. How the bytes are cut changes nothing."""
        ...

    def finish(self) -> list[ModelEvent]:
        """The response ended: what was held back, and exactly one ending if none has come."""
        ...


class Dialect(Protocol):
    """One wire format."""

    name: str

    def path(self, model: str) -> str:
        """What stands behind a profile's base URL, with its query: "/chat/completions"."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """Headers of this wire; the key ("" = none) is in one of them and nowhere else."""
        ...

    def body(self, query: Query, quirks: Quirks) -> dict[str, Any]:
        """The JSON body. Raises ValueError naming a picture that is missing, or one in a message that may have none."""
        ...

    def parser(self) -> Parser: ...


def pictures_of(message: Message, image_px: int, image_quality: int) -> tuple[View, ...]:
    """The pictures that a message attaches, in order. Raises ValueError if it is not the user's and has some."""
    main = (View(message.frame_id, px=image_px, quality=image_quality),) if message.frame_id > 0 else ()
    views = (*main, *message.views)
    if views and message.role != "user":
        raise ValueError(f"a {message.role!r} message attaches frame {views[0].frame_id}: only the user's may")
    return views
