"""One session, four wire formats: the same questions and answers, and what we make of them does not differ.

The questions are decisions of recorded sessions, and of one written here in which tools are used; the answers are
aimock's, to the same script in every format. Only the bytes on the wire may differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from companion.replay.tape import Asking, read_tape
from pipelines.events import AskModel, Message, ModelDone, ModelFailed, ModelText, View
from pipelines.thinking.dialects.answer import Failed
from tests.conformance.conftest import tell
from tests.conformance.doubles import Aimock
from tests.conformance.tap import tapped
from tests.conformance.wires import TOOLS, WIRES, Heard, answered, ask, picture, profile, question, run

pytestmark = pytest.mark.conformance

SAMPLES = sorted((Path(__file__).parents[2] / "recordings" / "samples").glob("*.mcap"))
JPEG = picture()


@dataclass(frozen=True)
class Turn:
    """A question and its answer, in nobody's format. `how`: what aimock does to the stream."""

    asked: AskModel
    answer: dict[str, Any]
    how: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What we made of an answer: all that the deciders are told of it, and nothing of the wire."""

    text: str
    ending: str
    calls: tuple[tuple[str, str], ...] = ()
    tokens: tuple[int, int] = (0, 0)


def outcome(heard: Heard) -> Outcome:
    if isinstance(heard.ending, Failed):
        return Outcome(heard.text, heard.failed.kind)
    done = heard.finished
    calls = tuple((name, json.dumps(json.loads(args), sort_keys=True)) for name, args in heard.calls)
    return Outcome(heard.text, heard.why, calls, (done.input_tokens, done.output_tokens))


# ------------------------------------------------------------------------------------------------------- the sessions


CUT = (("truncateAfterChunks", 9), ("latency", 15))


def recorded() -> tuple[Turn, ...]:
    """The questions that recorded sessions put to a model, with what came of each: an answer, half of one, or none."""
    return tuple(turn for path in SAMPLES for asking in read_tape(path).askings.values() for turn in _turns(asking))


def _turns(asking: Asking) -> Iterator[Turn]:
    came = [happening for _, _, happening in asking.came]
    text = "".join(h.text for h in came if isinstance(h, ModelText))
    for end in came:
        if isinstance(end, ModelDone):
            usage = {"prompt_tokens": end.input_tokens, "completion_tokens": end.output_tokens}
            yield Turn(asking.ask, {"content": text, "finishReason": end.finish, "usage": usage})
        elif isinstance(end, ModelFailed) and text:
            yield Turn(asking.ask, {"content": f"{text} {'and so on ' * 20}"}, CUT)
        elif isinstance(end, ModelFailed):
            refusal = {"error": {"message": "The service is busy.", "type": "server_error"}, "status": 503}
            yield Turn(asking.ask, refusal)


def with_tools() -> tuple[Turn, ...]:
    """A session in which the model thinks, uses two tools at once, is shown a crop, and is once cut off."""
    names = tuple(t.name for t in TOOLS)
    label = Message("user", "What does the label say?", frame_id=3)
    crop = View(3, box=(200, 100, 240, 240), px=1024, quality=92, name="crop 1 of frame 3")
    calls = [
        {"id": "call_a", "name": "weather", "arguments": '{"place":"Tromsø","days":3}'},
        {"id": "call_b", "name": "clock", "arguments": "{}"},
    ]
    usage = {"prompt_tokens": 900, "completion_tokens": 30}
    return (
        Turn(question(label, tools=names), {"toolCalls": calls, "reasoning": "Two tools will do.", "usage": usage}),
        Turn(question(label), {"content": "It says “50 % off”, in red.", "usage": usage}),
        Turn(
            question(label, Message("assistant", "It says 50 % off."), Message("user", "And below?", views=(crop,))),
            {"content": "Below it stands a price.", "usage": usage},
        ),
        Turn(question("Say something long."), {"content": "This goes on and on, " * 9}, CUT),
    )


SESSIONS: dict[str, Callable[[], tuple[Turn, ...]]] = {"recorded": recorded, "with tools": with_tools}


# ---------------------------------------------------------------------------------------------------------- the tests


async def one_turn(double: Aimock, wire: str, turn: Turn) -> tuple[Outcome, bytes, bytes]:
    """What we made of it, the request, and the response."""
    double.answers(turn.answer, **dict(turn.how))
    async with tapped(double.url) as tap:
        heard = await ask(profile(wire, tap.url), turn.asked, jpeg=JPEG)
    return outcome(heard), bytes(tap.sent), bytes(tap.came)


@pytest.mark.parametrize("session", SESSIONS)
def test_a_session_is_the_same_in_every_wire_format(aimock: Aimock, session: str, pytestconfig: pytest.Config) -> None:
    turns = SESSIONS[session]()
    assert len(turns) >= 4
    for at, turn in enumerate(turns):
        made = {wire: run(one_turn(aimock, wire, turn)) for wire in WIRES}
        outcomes = {wire: out for wire, (out, _, _) in made.items()}
        if turn.how:  # where exactly a stream was cut depends on its chunks, and those on the format
            assert len({out.ending for out in outcomes.values()}) == 1, f"turn {at + 1}: {outcomes}"
            assert all(turn.answer["content"].startswith(out.text) for out in outcomes.values())
        else:
            assert len(set(outcomes.values())) == 1, f"turn {at + 1}: {outcomes}"
        for part in (1, 2):
            assert len({out[part] for out in made.values()}) == len(WIRES), "the bytes are each format's own"
    tell(pytestconfig, f"session {session!r}: {len(turns)} questions, each in {len(WIRES)} formats")


def test_a_conversation_with_tools_goes_on_the_same_in_every_wire_format(aimock: Aimock) -> None:
    """A call goes back in its own format, with what the format wants beside it, and the next answer is the same."""
    first, *_ = with_tools()
    start = first.asked.messages[-1]
    told = {"weather": "snow, minus 8", "clock": "13:05"}

    async def both(wire: str) -> tuple[Outcome, Outcome]:
        who = profile(wire, aimock.url)
        last = {"content": "Snow, and it is five past one.", "usage": first.answer["usage"]}
        aimock.answers_by_turn(first.answer, last)
        one = await ask(who, first.asked, jpeg=JPEG)
        after = question(*answered(start, one, told), tools=first.asked.tools)
        return outcome(one), outcome(await ask(who, after, jpeg=JPEG))

    made = {wire: run(both(wire)) for wire in WIRES}
    assert len(set(made.values())) == 1, made
    assert made["chat"][1].text == "Snow, and it is five past one."
