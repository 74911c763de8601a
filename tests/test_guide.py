"""Being led through a task: a step at a time, each with its own look, across turns."""

from __future__ import annotations

import pytest

from pipelines import events as ev
from pipelines.thinking import guide, wording
from tests.scripted import Reply, ScriptedSession, World

A = ev.ModelInfo("first-model", trains="no", profile="{}")
SAYS = [
    "Loosen the four screws.",
    "Now lift the cover.",
    "Turn the cover around, then lift it.",
    "Take the battery out.",
]


def led(*said: tuple[str, int]) -> ScriptedSession:
    left = iter(SAYS)
    s = ScriptedSession(World(models=(A,), reply=lambda ask: Reply(next(left, "Done."))))
    for text, at_ms in said:
        s.say(text, at_ms)
    s.run_until(said[-1][1] + 9000)
    return s


def briefs(s: ScriptedSession) -> list[str]:
    return [a.messages[-1].text for a in s.all(ev.AskModel)]


def test_each_step_has_its_number_its_own_look_and_a_caption_of_the_last() -> None:
    s = led(
        ("guide me through changing the battery", 1000), ("next", 10000), ("it does not fit", 19000), ("next", 28000)
    )
    first, second, third, fourth = briefs(s)
    assert "The task: changing the battery. Step 1 is due." in first
    assert "Step 2 is due." in second and "Loosen the four screws." in second and "you saw:" in second
    assert "Step 2 is due." in third and "it does not fit" in third and "stay at this step" in third
    assert "Step 3 is due." in fourth
    looks = [f.frame.media_ns for f in s.all(ev.FrameChosen) if f.frame]
    assert len(looks) == 4 and looks == sorted(set(looks))
    assert all(a.messages[-1].frame_id for a in s.all(ev.AskModel))
    assert s.spoken(2) == "Now lift the cover."


def test_another_question_in_between_does_not_lose_the_step() -> None:
    s = led(("help me replace the battery", 1000), ("what does this sign say", 10000), ("next", 20000))
    assert "Step 2 is due." in briefs(s)[-1]


def test_back_goes_back_and_again_says_it_again() -> None:
    s = led(
        ("guide me through changing the battery", 1000), ("next", 10000), ("say that again", 19000), ("back", 28000)
    )
    assert s.spoken(3) == "Now lift the cover."
    assert "Step 1 is due." in briefs(s)[-1]


def test_it_ends_when_the_wearer_says_so() -> None:
    s = led(("guide me through changing the battery", 1000), ("we're done", 10000), ("what wood is this", 20000))
    assert s.spoken(2) == wording.GUIDE_ENDED
    assert "Step" not in briefs(s)[-1]


def test_the_step_survives_rest() -> None:
    s = led(("guide me through changing the battery", 1000), ("next", 10000))
    resumed = s.director.rest(s.now_ns)
    assert resumed.guide is not None and resumed.guide.step == 2 and "lift the cover" in resumed.guide.said


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("Guide me through assembling this shelf.", "assembling this shelf"),
        ("please walk me through it", "it"),
        ("help me install the lamp", "install the lamp"),
        ("show me step by step how to tie a tie", "tie a tie"),
        ("help me", ""),
        ("help me read this", ""),
        ("what does this guide say", ""),
    ],
)
def test_what_begins_a_task(text: str, goal: str) -> None:
    assert guide.goal_of(text) == goal


def test_wait_and_go_on_hold_the_step_and_do_not_leave_it() -> None:
    s = led(("guide me through changing the battery", 1000), ("wait", 4100), ("go on", 9000))
    assert len(s.all(ev.AskModel)) == 1 and s.spoken(1) == "Loosen the four screws."


def test_think_about_it_thinks_about_the_step() -> None:
    s = led(("guide me through changing the battery", 1000), ("next", 10000), ("think about it", 20000))
    assert "Step 2 is due." in briefs(s)[-1] and s.all(ev.AskModel)[-1].mode == "thinking"
