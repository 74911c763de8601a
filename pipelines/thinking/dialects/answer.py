"""What a model's answer is made of, in every wire format: pieces of text, then exactly one ending."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer as it came; pieces joined are the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole. `finish`: the wire's own word for why ("stop", "length", …; "" if it gave none).
    Token counts are 0 where the server counted none. `reasoning_chars`: thinking that came along, never spoken."""

    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_chars: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no answer, or only the part that came before this. `kind`: a key of `pipelines.thinking.failures.KINDS`.
    `retry_after_s`: how long the server asked us to wait, if it did."""

    kind: str
    detail: str = ""
    retry_after_s: float | None = None


ModelEvent = TextDelta | Finished | Failed
