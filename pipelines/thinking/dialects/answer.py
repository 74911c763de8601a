"""What a model's answer is made of, in every wire format: pieces of text, then exactly one ending."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events import ToolCall


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer as it came; pieces joined are the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole. `finish`: the wire's own word for why ("stop", "length", …; "" if it gave none).
    Token counts are 0 where the server counted none; `input_tokens` counts the cached ones, `output_tokens` the
    reasoning. `reasoning_chars`: thinking that came along, never spoken. `calls`: tools that the model wants used
    before it goes on, whole, in the order it gave them; `carry`: JSON text that the same wire wants back in the
    assistant's message that holds these calls (`Message.carry`), "" if nothing."""

    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_chars: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    calls: tuple[ToolCall, ...] = ()
    carry: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no answer, or only the part that came before this. `kind`: a key of `pipelines.thinking.failures.KINDS`.
    `retry_after_s`: how long the server asked us to wait, if it did."""

    kind: str
    detail: str = ""
    retry_after_s: float | None = None


ModelEvent = TextDelta | Finished | Failed
