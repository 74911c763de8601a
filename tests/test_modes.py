"""How hard a question is thought about: what is asked, what is said meanwhile, what another model does if one fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.thinking import wording
from pipelines.thinking.options import BudgetOptions, ModeOptions, Options, SpeakingOptions
from pipelines.thinking.tools.built_in import BUILT_IN
from tests.scripted import Reply, ScriptedSession, World

A = ev.ModelInfo("first-model", trains="no", input_usd=1.0, output_usd=2.0, profile="{}")
B = ev.ModelInfo("second-model", trains="no", input_usd=10.0, output_usd=20.0, profile="{}")
LEARNS = ev.ModelInfo("learner", trains="discount", profile="{}")
HERE = ev.ModelInfo("mine", local=True, trains="no", profile="{}")


def session(world: World, **options: object) -> ScriptedSession:
    return ScriptedSession(world, DirectorOptions(Options(**options)))  # type: ignore[arg-type]


def says(text: str, **how: object) -> Callable[[ev.AskModel], Reply]:
    return lambda ask: Reply(text, **how)  # type: ignore[arg-type]


def ask(s: ScriptedSession) -> ev.AskModel:
    return s.all(ev.AskModel)[-1]


# ------------------------------------------------------------------------------------------------------------ instant


def test_a_plain_question_is_answered_instantly_with_one_small_picture_and_nothing_that_leaves() -> None:
    search = ev.ToolInfo("web_search", "", '{"type": "object"}', "net read")
    s = session(World(models=(A,), tools=(search,)))
    s.say("what wood is this door", 1000)
    s.run_until(9000)
    sent = ask(s)
    assert (sent.mode, sent.tools, sent.model) == ("instant", (), "first-model")
    assert sent.image_px <= 768 and sum(len(m.views) for m in sent.messages) == 0
    assert "red" in s.spoken(1)


def test_the_first_clause_is_spoken_while_the_model_still_talks() -> None:
    s = session(World(models=(A,), reply=says("It is a red door, " + "and so on " * 40 + "indeed.")))
    s.say("what wood is this door", 1000)
    s.run_until(9000)
    first = next(d for d in s.all(ev.Speak) if d.kind == "model")
    assert first.t_ns < s.all(ev.ModelDone)[0].t_ns - 1_000_000_000 if s.all(ev.ModelDone) else True


def test_an_instant_answer_that_is_late_is_acknowledged_in_two_words() -> None:
    s = session(World(models=(A,), reply=says("Red.", first_ms=3000)))
    s.say("what wood is this door", 1000)
    s.run_until(9000)
    assert s.spoken(1) == "One moment. Red."


# ----------------------------------------------------------------------------------------------------------- thinking


def test_thinking_acknowledges_only_if_nothing_came_in_900_ms() -> None:
    slow = session(World(models=(A,), reply=says("It is oak.", first_ms=2500)))
    slow.say("think about it what wood is this", 1000)
    slow.run_until(15000)
    assert slow.spoken(1) == "Let me think about that. It is oak."
    quick = session(World(models=(A,), reply=says("It is oak, I am sure of it.", first_ms=300)))
    quick.say("think about it what wood is this", 1000)
    quick.run_until(15000)
    assert quick.spoken(1) == "It is oak, I am sure of it."
    opened, acknowledged = slow.all(ev.TurnOpened)[0], next(d for d in slow.all(ev.Speak) if d.text.startswith("Let"))
    assert (acknowledged.t_ns - opened.t_ns) // 1_000_000 == 900


def test_thinking_asks_with_more_effort_and_the_words_without_the_mode() -> None:
    s = session(World(models=(A,)))
    s.say("think about it what wood is this", 1000)
    s.run_until(9000)
    sent = ask(s)
    assert (sent.mode, sent.max_tokens) == ("thinking", ModeOptions().thinking_tokens)
    assert "think about it" not in sent.messages[-1].text and "what wood is this" in sent.messages[-1].text
    assert sent.image_px > 768


def test_answer_now_ends_the_thinking_with_an_instant_answer() -> None:
    def reply(asked: ev.AskModel) -> Reply:
        return Reply("Probably oak.") if asked.mode == "instant" else Reply(hangs=True)

    s = session(World(models=(A,), reply=reply))
    s.say("think about it what wood is this", 1000)
    s.say("answer now", 6000)
    s.run_until(14000)
    first, second = s.all(ev.AskModel)
    assert first.request in {c.request for c in s.all(ev.Cancel)}
    assert second.tools == () and second.turn == first.turn
    assert "Probably oak." in s.spoken(1)
    assert s.all(ev.TurnClosed)[0].outcome == "answered"


def test_answer_now_with_nothing_under_way_says_so() -> None:
    s = session(World(models=(A,)))
    s.say("answer now", 1000)
    s.run_until(5000)
    assert s.spoken() == wording.NOT_THINKING


def test_think_about_it_asks_the_last_question_again_with_more_effort() -> None:
    s = session(World(models=(A,)))
    s.say("what wood is this", 1000)
    s.say("think about it", 9000)
    s.run_until(18000)
    first, second = s.all(ev.AskModel)
    assert (first.mode, second.mode) == ("instant", "thinking")
    assert "what wood is this" in second.messages[-1].text
    assert s.all(ev.TurnOpened)[1].text == "think about it"


def test_a_mode_can_stand_until_further_notice_and_its_price_is_said() -> None:
    s = session(World(models=(A,)))
    s.say("thinking mode", 1000)
    s.say("what wood is this", 12000)
    s.run_until(20000)
    assert "costs more" in s.spoken(1)
    assert ask(s).mode == "thinking"


@pytest.mark.parametrize("models", [(A,), (A, B)])
def test_a_hard_question_never_costs_more_unasked(models: tuple[ev.ModelInfo, ...]) -> None:
    s = session(World(models=models))
    s.say("explain step by step how do I fix this", 1000)
    s.run_until(12000)
    assert ask(s).mode == "instant"
    assert wording.OFFER in s.spoken(1)


def test_a_hard_question_is_thought_about_where_thinking_costs_nothing() -> None:
    s = session(World(models=(HERE,)))
    s.say("explain step by step how do I fix this", 1000)
    s.run_until(12000)
    assert ask(s).mode == "thinking"


def test_reasoning_and_tool_narration_are_not_spoken() -> None:
    s = session(
        World(models=(A,), reply=says("Let me look closer at the image. **It** is oak, see https://wood.example/oak"))
    )
    s.say("what wood is this", 1000)
    s.run_until(9000)
    assert "look closer" not in s.spoken(1) and "*" not in s.spoken(1) and "example" not in s.spoken(1)
    assert [a.text for a in s.all(ev.Aside)] == ["https://wood.example/oak"]


# ----------------------------------------------------------------------------------------------------------- failover


def test_another_model_answers_if_the_first_fails_before_its_first_word_and_the_wearer_hears_of_it() -> None:
    def reply(asked: ev.AskModel) -> Reply:
        return Reply(failure="overloaded") if asked.model == "first-model" else Reply("It is oak.")

    s = session(World(models=(A, B), reply=reply))
    s.say("what wood is this", 1000)
    s.run_until(12000)
    assert [a.model for a in s.all(ev.AskModel)] == ["first-model", "second-model"]
    assert s.spoken(1) == "First Model is busy, I ask Second Model. It is oak."


def test_no_restart_in_mid_sentence() -> None:
    s = session(World(models=(A, B), reply=says("It is oak, and", failure="truncated")))
    s.say("what wood is this", 1000)
    s.run_until(12000)
    assert len(s.all(ev.AskModel)) == 1
    assert "cut off" in s.spoken(1) and s.all(ev.TurnClosed)[0].outcome == "failed"


def test_a_model_that_keeps_failing_is_not_asked_first_for_a_while() -> None:
    def reply(asked: ev.AskModel) -> Reply:
        return Reply(failure="overloaded") if asked.model == "first-model" else Reply("Oak.")

    s = session(World(models=(A, B), reply=reply))
    for i in range(3):
        s.say("what wood is this", 1000 + i * 8000)
    s.run_until(26000)
    assert [a.model for a in s.all(ev.AskModel)][-1] == "second-model"
    assert sum(a.model == "first-model" for a in s.all(ev.AskModel)) == 2


def test_a_refusal_is_not_shopped_around() -> None:
    s = session(World(models=(A, B), reply=says("", failure="refused")))
    s.say("what wood is this", 1000)
    s.run_until(12000)
    assert len(s.all(ev.AskModel)) == 1


def test_too_much_is_asked_once_more_with_less() -> None:
    asked: list[ev.AskModel] = []

    def reply(a: ev.AskModel) -> Reply:
        asked.append(a)
        return Reply(failure="too_large") if len(asked) == 1 else Reply("Oak.")

    s = session(World(models=(A,), reply=reply))
    s.say("think about it what wood is this", 1000)
    s.run_until(12000)
    first, second = (a.image_px for a in asked)
    assert first > second
    assert "Oak." in s.spoken(1)


# ------------------------------------------------------------------------------------------------- privacy and budget


def test_a_health_question_never_goes_to_a_model_that_learns_and_says_so() -> None:
    s = session(World(models=(LEARNS,)))
    s.say("are these pills for high blood pressure", 1000)
    s.run_until(9000)
    assert not s.all(ev.AskModel)
    assert "learn" in s.spoken(1)
    t = session(World(models=(LEARNS, A)))
    t.say("are these pills for high blood pressure", 1000)
    t.run_until(9000)
    assert [a.model for a in t.all(ev.AskModel)] == ["first-model"]


def test_the_budget_of_the_day_ends_the_asking_aloud() -> None:
    s = session(World(models=(A,), spent_usd=5.0), budget=BudgetOptions(day_usd=5.0))
    s.say("what wood is this", 1000)
    s.run_until(9000)
    assert not s.all(ev.AskModel)
    assert "today" in s.spoken(1) and s.all(ev.TurnClosed)[0].outcome == "failed"


def test_what_models_report_is_what_is_counted() -> None:
    s = session(World(models=(A,), reply=says("Oak.", tokens=(1000, 500))))
    for i in range(3):
        s.say("what wood is this", 1000 + i * 8000)
    s.run_until(26000)
    entries = s.director.history.entries
    assert sum(e.tokens for e in entries) == 4500
    assert sum(e.usd for e in entries) == pytest.approx(3 * (1000 * 1.0 + 500 * 2.0) / 1e6)
    s.say("what did you send", 27000)
    s.run_until(32000)
    assert "three questions" in s.spoken(4) and "cent" in s.spoken(4)


def test_a_prepared_question_sends_nothing_if_the_wearer_goes_on() -> None:
    s = session(World(models=(A,)))
    s.say("think about it what wood", 1000)
    s.say("is this table made of", 2700)
    s.run_until(12000)
    assert len(s.all(ev.AskModel)) == 1
    assert len({a.request for a in s.all(ev.AskModel)}) == 1


def test_an_emergency_is_answered_here_before_any_model() -> None:
    s = session(World(models=(A,), reply=says("Sit down.", first_ms=4000)))
    s.say("help I can't breathe", 1000)
    s.run_until(12000)
    first = next(d for d in s.all(ev.Speak) if d.turn == 1)
    assert "emergency" in first.text and first.t_ns <= s.all(ev.AskModel)[0].t_ns


def test_the_road_is_never_called_clear() -> None:
    s = session(World(models=(A,), reply=says("The road is clear, you can cross now.")))
    s.say("can I cross the road here", 1000)
    s.run_until(9000)
    assert "clear" not in s.spoken(1) and "can't tell" in s.spoken(1)


def test_rest_and_standing_keep_what_was_asked_for() -> None:
    s = session(World(models=(A, B)))
    s.say("thinking mode", 1000)
    s.say("set a timer for ten minutes", 14000)
    s.run_until(24000)
    resumed = s.director.rest(s.now_ns)
    assert resumed.mode == "thinking" and len(resumed.alarms) == 1
    other = ScriptedSession(replace(s.world))
    other.feed(replace(resumed, t_ns=other.now_ns))
    assert other.director.rest(other.now_ns).alarms == resumed.alarms


def test_a_timer_rings_aloud() -> None:
    s = session(World(models=()))
    s.say("set a timer for one minute", 1000)
    s.run_until(75_000)
    assert "Timer set for one minute." in s.spoken()
    rung = [d for d in s.all(ev.Speak) if "over" in d.text]
    assert len(rung) == 1 and 61 < rung[0].t_ns / 1e9 < 66


def test_normal_mode_ends_a_standing_mode() -> None:
    s = session(World(models=(A,)))
    s.say("thinking mode", 1000)
    s.say("normal mode", 14000)
    s.say("what wood is this", 22000)
    s.run_until(30000)
    assert s.spoken(2) == wording.MODES["normal"] and ask(s).mode == "instant"


def test_how_far_are_you_does_not_drop_the_thought() -> None:
    s = session(World(models=(A,), reply=says("It is oak.", first_ms=9000)))
    s.say("think about it what wood is this", 1000)
    s.say("how far are you", 7000)
    s.run_until(22000)
    assert len(s.all(ev.AskModel)) == 1 and not [c for c in s.all(ev.Cancel) if c.kind == "answer"]
    assert s.spoken(1).count(wording.doing("asking")) == 2 and s.spoken(1).endswith("It is oak.")


@pytest.mark.parametrize("said", ["quick read this", "quickly what does this sign say"])
def test_quick_reading_is_done_here(said: str) -> None:
    s = session(World(models=(A,)))
    s.say(said, 1000)
    s.run_until(9000)
    assert not s.all(ev.AskModel) and "Platform" in s.spoken(1)


def test_a_question_that_could_not_be_sent_was_not_sent() -> None:
    s = session(World(models=(A,), reply=says("", failure="no_key")))
    s.say("what wood is this", 1000)
    s.say("what did you send", 10000)
    s.run_until(18000)
    assert s.spoken(2) == "Nothing has left this device."


def test_an_answer_of_links_only_is_said_to_be_on_the_page() -> None:
    s = session(World(models=(A,), reply=says("https://wood.example/oak")))
    s.say("what wood is this", 1000)
    s.run_until(9000)
    assert s.spoken(1) == wording.UNSAYABLE
    assert [a.text for a in s.all(ev.Aside)] == ["https://wood.example/oak"]


def test_a_dictated_note_needs_no_model_and_no_yes() -> None:
    add = next(t for t in BUILT_IN if t.name == "add_note")
    s = session(World(models=(), tools=(add,)))
    s.say("note that my locker is 214", 1000)
    s.run_until(9000)
    (run,) = s.all(ev.RunTool)
    assert run.name == "add_note" and "my locker is 214" in run.arguments
    assert s.spoken(1) == wording.NOTED


def test_notes_are_read_back_without_their_times() -> None:
    tool = next(t for t in BUILT_IN if t.name == "list_notes")
    told = ev.ToolDone(0, 0, "2026-11-21 14:05: my locker is 214\n2026-11-20 09:00: buy bread")
    s = session(World(models=(), tools=(tool,), used=lambda run: replace(told, request=run.request)))
    s.say("read my notes", 1000)
    s.run_until(9000)
    assert s.spoken(1) == "My locker is 214. Buy bread."


def test_answers_after_an_acknowledgement_keep_the_voice_for_models() -> None:
    voices = SpeakingOptions(voice_for={"model": "pyttsx3"})
    s = session(World(models=(A,), reply=says("It is oak.", first_ms=2500)), speaking=voices)
    s.say("think about it what wood is this", 1000)
    s.run_until(12000)
    assert [(d.kind, d.voice) for d in s.all(ev.Speak) if d.text] == [("status", "auto"), ("model", "pyttsx3")]


def test_think_about_it_with_nothing_asked_says_so() -> None:
    s = session(World(models=(A,)))
    s.say("think about it", 1000)
    s.run_until(7000)
    assert s.spoken(1) == wording.NOTHING_ASKED and not s.all(ev.AskModel)


def test_an_answer_of_which_nothing_can_be_said_is_told_as_such() -> None:
    s = session(World(models=(A,), reply=says("\U0001f600 **")))
    s.say("what wood is this", 1000)
    s.run_until(9000)
    assert s.spoken(1) == "The model won't answer that."


def test_a_timer_that_is_due_while_somebody_speaks_waits_for_silence() -> None:
    s = session(World(models=()))
    s.say("set a timer for ten seconds", 1000)
    s.say("hello there can you hear me and is all well with you", 11500, 4000)
    s.run_until(30_000)
    rung = next(d for d in s.all(ev.Speak) if "over" in d.text)
    assert rung.t_ns > 15_500_000_000


def test_a_session_of_a_hundred_turns_keeps_its_questions_small_alike_and_within_the_budget() -> None:
    model = replace(A, cached_usd=0.1)
    answer = "It is oak, planed by hand and oiled, as far as I can tell from here; the grain runs along the board."
    limits = BudgetOptions(turn_tokens=20_000, day_usd=0.5, turn_usd=0)
    s = session(World(models=(model,), word_ms=40, reply=says(answer, tokens=(1500, 200))), budget=limits)
    for i in range(100):
        s.say("what wood is this here" if i % 2 else "and what is that over there", 1000 + i * 8000)
    s.run_until(1000 + 100 * 8000)
    sent = s.all(ev.AskModel)
    assert len(sent) == 100
    sizes = [sum(len(m.text) for m in a.messages) for a in sent]
    assert max(sizes[50:]) <= max(sizes[:50]) and max(sizes) < 4 * 4000 + 3000
    alike = [b.messages[: len(a.messages) - 1] == a.messages[:-1] for a, b in pairwise(sent)]
    assert sum(alike) >= 80, "most questions begin with all of what the one before began with, so a vendor's cache pays"
    assert all(sum((m.frame_id > 0) + len(m.views) for m in a.messages) == 1 for a in sent), "pictures are not repeated"
    assert any("[picture:" in m.text for m in sent[-1].messages)
    tokens, usd = _spent(s)
    assert tokens == 100 * 1700 and usd == pytest.approx(100 * (1500 * 1.0 + 200 * 2.0) / 1e6)


def _spent(s: ScriptedSession) -> tuple[int, float]:
    resumed = s.director.rest(s.now_ns)
    return resumed.spent_tokens, resumed.spent_usd


def test_a_session_stops_asking_when_the_days_money_is_spent_and_never_goes_over() -> None:
    s = session(
        World(models=(A,), word_ms=40, reply=says("Oak.", tokens=(1500, 200))), budget=BudgetOptions(day_usd=0.02)
    )
    for i in range(40):
        s.say("what wood is this here", 1000 + i * 8000)
    s.run_until(1000 + 40 * 8000)
    _, usd = _spent(s)
    assert 0 < usd <= 0.02 and len(s.all(ev.AskModel)) < 40
    assert "today" in s.spoken(40)


def test_a_new_day_begins_with_the_whole_budget() -> None:
    late = World(models=(A,), wall_clock="2026-12-31T23:59:30+01:00", spent_usd=5.0, reply=says("Oak."))
    s = session(late, budget=BudgetOptions(day_usd=5.0))
    s.say("what wood is this", 1000)
    s.say("what wood is this", 40_000)
    s.run_until(50_000)
    assert len(s.all(ev.AskModel)) == 1 and "today" in s.spoken(1) and "Oak." in s.spoken(2)
    assert s.director.rest(s.now_ns).spent_day == "2027-01-01"
