"""Sessions with modes, tools, plans, several models and timers replay to the same decisions, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from companion.replay.exact import replay
from companion.replay.whatif import Changes, what_if
from pipelines import events as ev
from recordings.compare import compare
from recordings.reader import Recording
from recordings.rules import Rules
from tests.scripted import Reply, World
from tests.studio import Studio

SEND = ev.ToolInfo(
    "mail__send",
    "Send a mail.",
    '{"type": "object", "properties": {"to": {"type": "string"}, "text": {"type": "string"}}}',
    "send",
    "mail",
)


def call(name: str, **arguments: object) -> ev.ToolCall:
    return ev.ToolCall("call_1", name, json.dumps(arguments))


def by_stage(ask: ev.AskModel) -> Reply:
    """Looks closer when it thinks, mails when it is told to, and otherwise answers."""
    words = next(m.text for m in reversed(ask.messages) if m.role == "user" and not m.text.startswith("Here:"))
    used = any(m.role == "tool" for m in ask.messages)
    if ask.worker:
        return Reply(f"Notes of the {ask.worker}, at some length.")
    if "tell Anna" in words and not used:
        return Reply(calls=(call("mail__send", to="Anna", text="running late"),))
    if ask.mode == "thinking" and not used:
        return Reply("Hm.", calls=(call("look_closer", frame=1, box=[300, 300, 200, 200]), call("look_again")))
    return Reply("It is oak, I am fairly sure of it. It was planed by hand.")


SCRIPTS: dict[str, tuple[tuple[str, float], ...]] = {
    "thinking": (("think about it what wood is this", 2), ("what did you look at", 16), ("what did you send", 24)),
    "stopped": (("think about it what wood is this", 2), ("stop", 6), ("what wood is this", 14)),
    "contemplating": (
        ("take your time which drill is best", 2),
        ("what does this sign say", 7),
        ("how far are you", 14),
    ),
    "dropped": (("take your time which drill is best", 2), ("stop", 7.5), ("who are you", 14)),
    "allowed": (("think about it tell Anna that I am late", 2), ("yes send to Anna", 18), ("who are you", 30)),
    "not allowed": (("think about it tell Anna that I am late", 2), ("no", 18), ("who are you", 30)),
    "timer": (("set a timer for ten seconds", 2), ("what wood is this", 8), ("thinking mode", 22)),
    "led": (("guide me through changing the battery", 2), ("next", 12), ("it does not fit", 22)),
    "answer now": (("think about it what wood is this", 2), ("answer now", 5.2), ("what wood is this", 14)),
}


def recorded(folder: Path, script: str, seed: int, reply: Callable[[ev.AskModel], Reply] = by_stage) -> Path:
    world = World(tools=(SEND,), reply=reply, closed_vocabulary=False)
    studio = Studio(folder, seed, world)
    for words, at_s in SCRIPTS[script]:
        studio.say(words, int(at_s * 1000))
    return studio.record(SCRIPTS[script][-1][1] + 14)


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_is_decided_again_alike(tmp_path: Path, script: str) -> None:
    for seed in (1, 2, 3):
        path = recorded(tmp_path / str(seed), script, seed)
        result = replay(path)
        assert result.same, "\n".join(result.differences[:6])


@pytest.mark.parametrize("script", SCRIPTS)
def test_with_nothing_changed_each_turn_by_itself_is_the_same_too(tmp_path: Path, script: str) -> None:
    path = recorded(tmp_path, script, 4)
    old, new = what_if(path, Changes(sets=("recording.keep_days=31",), compute=False))
    found = compare(old, new, Rules())
    assert found.same and not new.misses, (found.plain(), new.misses)


def test_what_each_model_saw_and_used_is_in_the_file(tmp_path: Path) -> None:
    recording = Recording(recorded(tmp_path, "thinking", 5))
    crops = [still for still in recording.stills() if still.box and still.sent_to]
    assert len(crops) == 1 and crops[0].request
    used = [e for e in recording.events() if isinstance(e, ev.ToolUsed)]
    assert [u.name for u in used] == ["look_closer", "look_again"]


def test_a_tool_with_effects_is_not_used_again_by_a_replay(tmp_path: Path) -> None:
    path = recorded(tmp_path, "allowed", 6)
    _, new = what_if(path, Changes(sets=("thinking.max_tokens=900",), cassette="turn", compute=False))
    runs = [e for e in new.events if isinstance(e, ev.RunTool)]
    done = [e for e in new.events if isinstance(e, ev.ToolDone)]
    assert len(runs) == len(done) <= 1
