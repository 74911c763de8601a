"""What a model was asked, whatever wire it came on: the one shape that the four wires are read into.

A wire gives its conversation as `Turn`s; `asked_of` checks what holds on every wire (each tool call is answered, and
answered once) and finds the question: a tool that yields a picture is followed by a user's message with that picture,
which is no new question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from device_sim.behaviour import ROLES

__all__ = ["Asked", "Call", "RefusedError", "Result", "Tool", "Turn", "asked_of"]


class RefusedError(Exception):
    """The request is not one that the vendor would take. `param`: the field that is wrong, where one is."""

    def __init__(self, why: str, param: str = "", status: int = 400) -> None:
        super().__init__(why)
        self.why, self.param, self.status = why, param, status


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the model made. `arguments`: JSON text, or what else a model may write."""

    call_id: str
    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is on offer. `parameters`: its JSON schema."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A piece of the conversation by one role: "user", "assistant" or "tool". `pictures`: bytes of image files."""

    role: str
    text: str = ""
    pictures: tuple[bytes, ...] = ()
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request without its wire. `pictures`: of the question, or of what followed a tool's result, if any came there;
    `results` and `rounds`: of tools since the question; `said`: all texts of the conversation, in order; `calls`: tool
    calls in all of it; `effort`: in lower case, "" = not said; `max_tokens` 0 = no cap; `thoughts`: wants to see them;
    `may_call`: tools are on offer and not forbidden; `parallel`: several calls at once are welcome."""

    system: str
    question: str
    pictures: tuple[bytes, ...]
    results: tuple[Result, ...]
    rounds: int
    said: tuple[str, ...]
    calls: int
    tools: tuple[Tool, ...] = ()
    effort: str = ""
    max_tokens: int = 0
    thoughts: bool = True
    may_call: bool = False
    parallel: bool = True

    @property
    def role(self) -> str:
        """Which of several workers at one question this is, by the system prompt or the last message; "" if none."""
        roles = "|".join(ROLES)
        addressed = rf"\b(?:you are|your role is|role:)\s+(?:the |a |an )?[\"'“]?({roles})\b"
        named = re.search(addressed, f"{self.system}\n{self.question}".lower())
        named = named or re.search(rf"\b({roles})\b", self.system.lower())
        return named[1] if named else ""


def asked_of(turns: Sequence[Turn], system: str, **about: Any) -> Asked:
    """The request behind a conversation; `about`: the other fields of `Asked`. Raises RefusedError."""
    turns = _joined(turns)
    _check_calls(turns)
    starts = [i for i, turn in enumerate(turns) if turn.role == "user" and (i == 0 or turns[i - 1].role != "tool")]
    if not starts:
        raise RefusedError("there is no user's message")
    if turns[-1].role == "assistant":
        raise RefusedError("the conversation must end with a user's message or with tool results")
    current = turns[starts[-1] :]
    return Asked(
        system=system,
        question=current[0].text,
        pictures=next((turn.pictures for turn in reversed(current) if turn.pictures), ()),
        results=tuple(result for turn in current for result in turn.results),
        rounds=sum(bool(turn.calls) for turn in current),
        said=tuple(text for turn in turns for text in (turn.text, *(r.text for r in turn.results)) if text),
        calls=sum(len(turn.calls) for turn in turns),
        **about,
    )


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    """Neighbours of one role as one turn: some wires want them so, and it must not matter."""
    out: list[Turn] = []
    for turn in turns:
        if out and out[-1].role == turn.role and not (turn.role == "assistant" and out[-1].calls):
            last = out.pop()
            text = "\n".join(text for text in (last.text, turn.text) if text)
            pictures, calls = (*last.pictures, *turn.pictures), (*last.calls, *turn.calls)
            turn = Turn(turn.role, text, pictures, calls, (*last.results, *turn.results))
        out.append(turn)
    return out


def _check_calls(turns: Sequence[Turn]) -> None:
    """Every call has its result right behind it, and every result its call right before it."""
    waiting: list[str] = []
    for turn in turns:
        if waiting and turn.role != "tool":
            raise RefusedError(f"tool calls without a result right behind them: {', '.join(waiting)}")
        for result in turn.results:
            if result.call_id not in waiting:
                raise RefusedError(f"a tool result for {result.call_id!r}, which is no call right before it")
            waiting.remove(result.call_id)
        waiting += [call.call_id for call in turn.calls]
    if waiting:
        raise RefusedError(f"tool calls without a result right behind them: {', '.join(waiting)}")
