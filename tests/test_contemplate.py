"""Several models at one question: in the background, stoppable, telling only what is true, and an answer in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS
from pipelines.thinking import wording
from pipelines.thinking.options import BudgetOptions, ModeOptions, Options
from tests.scripted import Reply, ScriptedSession, World

A = ev.ModelInfo("first-model", trains="no", input_usd=1.0, output_usd=2.0, profile="{}")
B = ev.ModelInfo("second-model", trains="no", profile="{}")
C = ev.ModelInfo("third-model", trains="no", profile="{}")
ASKED = "take your time which of these two drills should I buy"


def by_role(**replies: Reply) -> Callable[[ev.AskModel], Reply]:
    return lambda ask: replies.get(ask.worker, Reply(f"Notes of the {ask.worker}.", first_ms=2000))


def contemplating(
    reply: Callable[[ev.AskModel], Reply], models: tuple[ev.ModelInfo, ...] = (A,), **options: object
) -> ScriptedSession:
    s = ScriptedSession(World(models=models, reply=reply), DirectorOptions(Options(**options)))  # type: ignore[arg-type]
    s.say(ASKED, 1000, 3000)
    return s


def states(s: ScriptedSession) -> list[tuple[str, str]]:
    return [(w.worker, w.state) for w in s.all(ev.WorkerChanged)]


def test_three_workers_at_once_and_one_answer_that_is_announced() -> None:
    s = contemplating(by_role(synthesiser=Reply("Take the blue one. It is lighter.", first_ms=1000)))
    s.run_until(30000)
    asks = s.all(ev.AskModel)
    assert [a.worker for a in asks] == ["reader", "knower", "sceptic", "synthesiser"]
    assert len({a.t_ns for a in asks[:3]}) == 1
    assert s.spoken(1) == wording.CONTEMPLATING
    assert "You asked: which of these two drills should I buy. Take the blue one." in s.spoken(2)
    one = max(e.t_ns for e in s.all(ev.ModelDone)[:3]) - asks[0].t_ns
    whole = s.all(ev.ModelDone)[3].t_ns - asks[0].t_ns
    synthesis = s.all(ev.ModelDone)[3].t_ns - asks[3].t_ns
    assert whole < 1.5 * one + synthesis


def test_all_workers_see_the_same_beginning_so_that_a_vendor_caches_it() -> None:
    s = contemplating(by_role())
    s.run_until(20000)
    first, second, third, _ = s.all(ev.AskModel)
    assert first.messages[:-1] == second.messages[:-1] == third.messages[:-1]
    assert len({a.messages[-1].text for a in (first, second, third)}) == 3


def test_workers_are_different_models_where_there_are_several() -> None:
    s = contemplating(by_role(), (A, B, C))
    s.run_until(20000)
    assert [a.model for a in s.all(ev.AskModel)][:3] == ["first-model", "second-model", "third-model"]


@pytest.mark.parametrize("lost", ["reader", "knower", "sceptic"])
def test_one_worker_that_fails_still_leaves_an_answer_and_the_trace_says_so(lost: str) -> None:
    s = contemplating(by_role(**{lost: Reply(failure="refused"), "synthesiser": Reply("The blue one.")}))
    s.run_until(30000)
    assert "The blue one." in s.spoken(2)
    assert (lost, "failed") in states(s)
    assert f"{lost} failed" in s.all(ev.TurnOpened)[1].reason
    assert f"Nothing came from the {lost}" in s.all(ev.AskModel)[-1].messages[-1].text


def test_one_worker_that_hangs_is_left_out_at_the_deadline() -> None:
    s = contemplating(by_role(sceptic=Reply(hangs=True), synthesiser=Reply("The blue one.")))
    s.run_until(60000)
    assert ("sceptic", "too slow") in states(s)
    hung = next(a for a in s.all(ev.AskModel) if a.worker == "sceptic")
    assert hung.request in {c.request for c in s.all(ev.Cancel)}
    assert "The blue one." in s.spoken(2)


def test_a_synthesis_that_fails_or_hangs_leaves_the_best_worker_to_speak() -> None:
    for lost in (Reply(failure="overloaded"), Reply(hangs=True)):
        s = contemplating(by_role(knower=Reply("I know that the blue one lasts."), synthesiser=lost))
        s.run_until(70000)
        assert "I know that the blue one lasts." in s.spoken(2)
        assert "synthesis" in s.all(ev.TurnOpened)[1].reason


def test_if_all_fail_it_says_why() -> None:
    s = contemplating(lambda ask: Reply(failure="overloaded"))
    s.run_until(60000)
    assert "busy" in s.spoken(2) and s.all(ev.TurnClosed)[-1].outcome == "failed"


def test_the_wearer_can_go_on_talking_meanwhile() -> None:
    def reply(ask: ev.AskModel) -> Reply:
        return Reply("The blue one.", first_ms=6000) if ask.worker else Reply("Half past two.")

    s = contemplating(reply)
    s.say("what does this sign say", 9000)
    s.run_until(40000)
    assert "PLATFORM" in s.spoken(2).upper()
    assert "The blue one." in s.spoken(3)
    announced, read = s.all(ev.TurnOpened)[2], s.all(ev.TurnClosed)[1]
    assert announced.t_ns >= read.t_ns


def test_progress_is_the_state_of_the_workers() -> None:
    slow = ModeOptions(progress_ms=5000)
    s = contemplating(by_role(sceptic=Reply("Hm.", first_ms=20000)), modes=slow)
    s.run_until(18000)
    lines = [d.text for d in s.all(ev.Speak) if d.turn == 0 and "done" in d.text]
    assert lines and all(line == "Two of three are done." for line in lines)


def test_how_far_are_you_is_answered_at_any_time() -> None:
    s = contemplating(by_role(sceptic=Reply("Hm.", first_ms=20000)))
    s.say("how far are you", 12000)
    s.run_until(18000)
    assert "Two of three are done." in s.spoken(2)


def test_stop_drops_all_of_it_at_once() -> None:
    s = contemplating(lambda ask: Reply(hangs=True))
    s.say("stop", 12000)
    s.run_until(20000)
    running = {a.request for a in s.all(ev.AskModel)}
    cancelled = {c.request: c.t_ns for c in s.all(ev.Cancel)}
    assert running <= cancelled.keys()
    heard = next(t for t in s.all(ev.Transcribed) if t.text == "stop")
    over_ns = max(cancelled[r] for r in running)
    assert over_ns - heard.t_ns <= 500 * MS  # the silence that ends a command; the sockets close with the decision
    assert s.director.at_rest
    assert wording.DROPPED in s.spoken()


def test_answer_now_takes_what_is_there() -> None:
    s = contemplating(by_role(sceptic=Reply(hangs=True), synthesiser=Reply("The blue one.")))
    s.say("answer now", 12000)
    s.run_until(22000)
    assert ("sceptic", "too slow") in states(s)
    assert s.spoken(2) == wording.ANSWERING and "The blue one." in s.spoken(3)


def test_answer_now_said_twice_does_not_wait_for_the_synthesis_either() -> None:
    s = contemplating(by_role(sceptic=Reply(hangs=True), knower=Reply("The blue one."), synthesiser=Reply(hangs=True)))
    s.say("answer now", 12000)
    s.say("answer now", 17000)
    s.run_until(30000)
    assert "The blue one." in s.spoken() and ("synthesiser", "too slow") in states(s)


def test_what_was_sent_is_told_though_it_was_stopped() -> None:
    s = contemplating(lambda ask: Reply(hangs=True))
    s.say("stop", 12000)
    s.say("what did you send", 18000)
    s.run_until(26000)
    assert "one question and one picture to First Model" in s.spoken()


def test_what_was_sent_counts_one_question_with_its_picture() -> None:
    s = contemplating(by_role(synthesiser=Reply("The blue one.")))
    s.say("what did you send", 30000)
    s.run_until(40000)
    assert "one question and one picture to First Model" in s.spoken()


def test_an_emergency_is_never_put_off() -> None:
    s = ScriptedSession(World(models=(A,), reply=lambda ask: Reply("Sit down.")))
    s.say("contemplating mode", 1000)
    s.say("help I can't breathe", 16000)
    s.run_until(30000)
    assert [a.mode for a in s.all(ev.AskModel)] == ["instant"]
    assert "emergency" in s.spoken(2) and "Sit down." in s.spoken(2)


def test_a_second_one_waits_for_the_first() -> None:
    s = contemplating(lambda ask: Reply(hangs=True))
    s.say("take your time what is the best bread", 12000, 2500)
    s.run_until(20000)
    assert wording.STILL_CONTEMPLATING in s.spoken(2)
    assert len(s.all(ev.AskModel)) == 3


def test_the_budget_holds_for_all_of_them_together() -> None:
    s = contemplating(by_role(), budget=BudgetOptions(turn_tokens=9000))
    s.run_until(60000)
    entry = s.director.history.entries[-1]
    assert entry.tokens <= 9000
    assert sum(a.max_tokens for a in s.all(ev.AskModel)) <= 9000
