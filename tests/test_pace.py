"""What happens in the pauses: questions that leave early, turns that were not over, words that are not for us."""

from __future__ import annotations

from dataclasses import replace

from pipelines import conversation as floor
from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS
from pipelines.thinking.options import Options, TurnOptions
from tests.scripted import Reply, ScriptedSession, World

STORY = "Once upon a time there was a lamp, and it was lit. " * 4


def turn(**changes: object) -> DirectorOptions:
    return DirectorOptions(Options(turn=replace(TurnOptions(), **changes)))  # type: ignore[arg-type]


def outcomes(s: ScriptedSession) -> list[str]:
    return [d.outcome for d in s.all(ev.Speculation)]


# ------------------------------------------------------------------------------------------------ before it is certain


def test_the_question_leaves_in_the_pause_and_is_not_asked_twice() -> None:
    s = ScriptedSession()
    end = s.say("what colour is the door", 500)
    s.run_until(9_000)
    (ask,), (opened,) = s.all(ev.AskModel), s.all(ev.TurnOpened)
    assert ask.speculative and ask.turn == opened.turn
    assert ask.t_ns - end * MS < 250 * MS < opened.t_ns - end * MS
    assert outcomes(s) == ["kept"]
    assert s.spoken(1) == "The door is red."


def test_nothing_of_an_early_answer_is_heard_before_the_turn_is_certain() -> None:
    s = ScriptedSession(World(model_first_ms=10, model_words_ms=5))
    s.say("what colour is the door", 500)
    s.run_until(9_000)
    (opened,) = s.all(ev.TurnOpened)
    assert all(d.t_ns >= opened.t_ns for d in s.all(ev.Speak) if d.text)
    assert s.all(ev.ModelText)[0].t_ns < opened.t_ns, "it was there before"


def test_a_wearer_who_goes_on_leaves_no_trace_in_history_and_the_ledger_tells_of_it() -> None:
    s = ScriptedSession(options=turn(open_silence_ms=600))
    s.say("what wood is it", 500)
    s.say("and who made it", 2_100)  # after 400 ms
    s.run_until(15_000)
    first, second = s.all(ev.AskModel)
    assert outcomes(s) == ["dropped", "kept"]
    assert [c.request for c in s.all(ev.Cancel) if c.kind == "answer"] == [first.request]
    assert [o.text for o in s.all(ev.TurnOpened)] == ["what wood is it and who made it"]
    assert [m.text for m in second.messages if m.role == "user"] == [second.messages[-1].text], "no earlier question"
    s.say("what did you send", 16_000)
    s.run_until(22_000)
    assert "two questions" in s.spoken(2), "both have left"


def test_early_questions_that_were_in_vain_are_bounded() -> None:
    s = ScriptedSession(options=turn(open_silence_ms=600, speculate_per_minute=2))
    at = 500
    for _ in range(5):
        at = s.say("what wood is it", at) + 350
    s.run_until(at + 9_000)
    assert outcomes(s).count("dropped") == 2
    assert sum(a.speculative for a in s.all(ev.AskModel)) == 2
    assert len(s.all(ev.TurnOpened)) == 1 and s.spoken(1)


def test_without_speculation_nothing_leaves_before_the_turn() -> None:
    s = ScriptedSession(options=turn(speculate=False))
    s.say("what colour is the door", 500)
    s.run_until(9_000)
    (ask,), (opened,) = s.all(ev.AskModel), s.all(ev.TurnOpened)
    assert not ask.speculative and ask.t_ns >= opened.t_ns and not outcomes(s)


def test_a_tool_is_used_only_when_the_question_stands() -> None:
    tool = ev.ToolInfo("search", "Search.", "{}", "free", "test")
    call = ev.ToolCall("c1", "search", "{}")
    replies = iter([Reply(calls=(call,), first_ms=5), Reply("It is oak.")])
    world = World(tools=(tool,), reply=lambda ask: next(replies), models=(ev.ModelInfo("m", tools=True),))
    s = ScriptedSession(world, turn(open_silence_ms=900))
    s.say("what wood is this table", 500)
    s.run_until(12_000)
    (opened,) = s.all(ev.TurnOpened)
    used = [*s.all(ev.RunTool), *s.all(ev.ToolUsed), *s.all(ev.ConfirmAsked)]
    assert used and all(d.t_ns >= opened.t_ns for d in used)


def test_an_early_question_that_fails_is_told_only_when_the_turn_is_certain() -> None:
    s = ScriptedSession(World(model_failure="unreachable", model_first_ms=5), turn(open_silence_ms=900))
    s.say("what colour is the door", 500)
    s.run_until(12_000)
    (opened,) = s.all(ev.TurnOpened)
    assert len(s.all(ev.TurnClosed)) == 1 and s.all(ev.TurnClosed)[0].outcome == "failed"
    assert all(d.t_ns >= opened.t_ns for d in s.all(ev.Speak) if d.text)


# --------------------------------------------------------------------------------------------------- it was not over


def test_who_goes_on_right_after_the_turn_had_not_finished() -> None:
    s = ScriptedSession(World(model_first_ms=1500))
    s.say("what wood is it", 500)
    s.say("and who made it", 2_400)  # after 700 ms: the turn was over
    s.run_until(15_000)
    first, second = s.all(ev.TurnOpened)
    assert second.text == "what wood is it and who made it"
    assert second.speech_start_ns == first.speech_start_ns
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["continued", "answered"]
    assert [e.question for e in s.director.history.entries if e.question] == [second.text]
    assert s.all(ev.TurnClosed)[0].heard == "" and s.spoken(2).endswith("The door is red.")


def test_a_cough_after_the_turn_changes_nothing() -> None:
    s = ScriptedSession(World(model_first_ms=1500))
    s.say("what wood is it", 500)
    s.say("", 2_400, ms=150)
    s.run_until(15_000)
    assert len(s.all(ev.TurnOpened)) == 1
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


def test_stop_right_after_the_turn_stops_it() -> None:
    s = ScriptedSession(World(model_first_ms=1500))
    s.say("what wood is it", 500)
    end = s.say("stop", 2_400)
    s.run_until(15_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.outcome == "stopped" and closed.t_ns - end * MS < 600 * MS
    assert len(s.all(ev.TurnOpened)) == 1 and s.state == floor.LISTENING


def test_words_after_the_answer_began_to_sound_are_a_turn_of_their_own() -> None:
    s = ScriptedSession(World(model_answer=STORY, model_first_ms=50))
    s.say("what wood is it", 500)
    s.say("and who made it", 2_700)
    s.run_until(40_000)
    assert [o.text for o in s.all(ev.TurnOpened)] == ["what wood is it", "and who made it"]
    assert s.all(ev.TurnClosed)[0].outcome == "interrupted"


def test_a_question_may_be_typed_in_the_middle_of_speaking() -> None:
    s = ScriptedSession()
    s.say("tell me a story about a lamp", 500)
    s.type("what did you send", 1_200)
    s.run_until(15_000)
    assert s.all(ev.TurnOpened)[0].text == "what did you send" and s.state == floor.LISTENING


def test_a_tap_while_words_over_an_answer_are_weighed_ends_it_for_good() -> None:
    for tap_ms in range(4_350, 4_750, 20):
        s = ScriptedSession(World(model_answer=STORY, transcribe_ms=200))
        s.say("tell me a story", 500)
        s.say("stop", 4_000)
        s.tap(tap_ms)
        s.run_until(12_000)
        assert s.state == floor.LISTENING and [c.outcome for c in s.all(ev.TurnClosed)] == ["stopped"]


# ------------------------------------------------------------------------------------------------------ acknowledging


def test_a_short_word_comes_if_nothing_came_by_900_ms_and_only_then() -> None:
    late, soon = (ScriptedSession(World(model_first_ms=ms)) for ms in (3_000, 300))
    for s in (late, soon):
        s.say("what colour is the door", 500)
        s.run_until(12_000)
    (opened,) = late.all(ev.TurnOpened)
    first = next(d for d in late.all(ev.Speak) if d.turn == 1)
    assert first.text == "One moment." and first.t_ns - opened.t_ns == 900 * MS
    assert late.spoken(1) == "One moment. The door is red."
    assert soon.spoken(1) == "The door is red."


def test_no_word_is_put_before_a_sentence_that_is_already_coming() -> None:
    s = ScriptedSession(World(model_first_ms=1_000, model_words_ms=700))
    s.say("what colour is the door", 500)
    s.run_until(12_000)
    assert s.spoken(1) == "The door is red."


def test_reading_that_takes_long_is_acknowledged_too() -> None:
    s = ScriptedSession(World(read_ms=2_500))
    s.say("what does this sign say", 500)
    s.run_until(12_000)
    assert s.spoken(1).startswith("I am reading.")


# ---------------------------------------------------------------------------------------------------------- the longest


def test_a_wearer_who_speaks_for_very_long_is_heard_up_to_there() -> None:
    s = ScriptedSession(options=turn(utterance_max_ms=6_000, unfinished_silence_ms=900))
    at = 500
    for _ in range(6):
        at = s.say("tell me what the", at) + 400
    s.run_until(20_000)
    opened = s.all(ev.TurnOpened)
    assert opened and opened[0].text.startswith("tell me what the tell me")


def test_a_fan_is_no_question_however_long_it_runs() -> None:
    s = ScriptedSession(World(understands=False))
    s.say("", 500, ms=40_000)
    s.run_until(60_000)
    assert not s.all(ev.TurnOpened)
