"""When a turn is over: the table, what looks unfinished, learned pauses, the seat of audio turn models."""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from types import SimpleNamespace

import numpy as np
import pytest

from companion.compute import Asked
from companion.hands import Hands
from companion.replay.tape import lane_of, work_key
from pipelines import events as ev
from pipelines.thinking.intent import Intent, complete, understand
from pipelines.thinking.options import TurnOptions
from pipelines.turns import audio
from pipelines.turns.finished import finished, goes_on, grammar
from pipelines.turns.grammar import Grammar
from pipelines.turns.languages import LANGUAGES
from pipelines.turns.pauses import KEPT, LEAST, MOST, Pauses
from pipelines.turns.policy import POLICIES, Said, Verdict, policy
from tests.turn_pauses import prefixes, sentences, trial

OPTIONS = TurnOptions()


def judged(text: str, options: TurnOptions = OPTIONS, **more: object) -> Verdict:
    return policy(options).judge(replace(Said(text, understand(text), True), **more))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize(
    ("text", "rule", "wait_ms"),
    [
        ("what does this say", "command", OPTIONS.complete_silence_ms),
        ("set a timer for five minutes", "command", OPTIONS.complete_silence_ms),
        ("louder", "steers", OPTIONS.complete_silence_ms),
        ("what wood is the door", "question", OPTIONS.open_silence_ms),
        ("read this", "this or more", OPTIONS.extendable_silence_ms),
        ("stop", "command or more", OPTIONS.open_silence_ms),
        ("remind me to call anna", "open-ended command", OPTIONS.extendable_silence_ms),
        ("remind me to call anna at six", "command or more", OPTIONS.open_silence_ms),
        ("remind me to call anna at six thirty", "command", OPTIONS.complete_silence_ms),
        ("remind me to call anna in twenty minutes", "command", OPTIONS.complete_silence_ms),
        ("set an alarm for half past six", "command", OPTIONS.complete_silence_ms),
        ("turn the volume up", "steers", OPTIONS.complete_silence_ms),
        ("read this to me", "command", OPTIONS.complete_silence_ms),
        ("is there anything", "often longer", OPTIONS.extendable_silence_ms),
        ("what does this", "unfinished", OPTIONS.unfinished_silence_ms),
        ("set a timer for", "unfinished", OPTIONS.unfinished_silence_ms),
        ("set a timer for five", "unfinished", OPTIONS.unfinished_silence_ms),
        ("what was the best", "unfinished", OPTIONS.unfinished_silence_ms),  # the table of intents would take it
    ],
)
def test_the_words_choose_the_silence(text: str, rule: str, wait_ms: int) -> None:
    verdict = judged(text)
    assert (verdict.rule, verdict.wait_ms, verdict.learned) == (rule, wait_ms, 1.0)
    assert verdict.reason


def test_what_is_to_be_remembered_is_as_long_as_the_wearer_likes() -> None:
    for text in ("remember that anna is allergic to nuts", "my locker is 214"):
        told = policy(OPTIONS).judge(Said(text, Intent("memory", "tell"), True))
        assert (told.rule, told.wait_ms) == ("open-ended command", OPTIONS.extendable_silence_ms)
    forgotten = policy(OPTIONS).judge(Said("forget what i told you about anna", Intent("memory", "forget_fact"), True))
    assert forgotten.wait_ms == OPTIONS.complete_silence_ms


def test_the_reason_says_what_was_found() -> None:
    assert judged("what is the").reason == "not finished: an article or a possessive is waiting for its noun"
    assert judged("what does it say").reason == "a whole command: read:read"


def test_what_was_not_understood_waits_its_own_time() -> None:
    verdict = policy(OPTIONS).judge(Said("", Intent("none", "unknown"), False, why="no speech"))
    assert (verdict.rule, verdict.wait_ms) == ("not understood", OPTIONS.unknown_silence_ms)
    assert verdict.reason == "not understood: no speech"


def test_a_word_about_a_plan_waits_as_long_as_a_question() -> None:
    assert judged("yes", steering=True).wait_ms == OPTIONS.open_silence_ms


def test_no_silence_is_longer_than_the_hard_maximum() -> None:
    patient = TurnOptions(unfinished_silence_ms=5000, silence_max_ms=2000)
    assert judged("what is the", patient, pauses_ms=(2500,) * KEPT).wait_ms == 2000


def test_one_silence_for_everything() -> None:
    for text in ("stop", "what is the", "what wood is the door"):
        assert judged(text, TurnOptions(end_silence_ms=450)).wait_ms == 450
        assert judged(text, TurnOptions(policy="fixed", open_silence_ms=700)).wait_ms == 700


def test_a_policy_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no turn policy 'guess': choose one of words, fixed"):
        policy(TurnOptions(policy="guess"))
    with pytest.raises(ValueError, match="no rules for the language 'xx': choose one of de, en, es, fr"):
        policy(TurnOptions(language="xx"))


def test_every_row_of_the_table_names_an_option() -> None:
    for table in POLICIES.values():
        assert all(hasattr(OPTIONS, rule.option) and rule.why for rule in table)
        assert len({rule.name for rule in table}) == len(table)


def test_a_judgement_costs_nothing_to_speak_of() -> None:
    judge = policy(OPTIONS)
    said = [Said(text, understand(text), True, pauses_ms=(500,) * KEPT) for text in sentences("questions tune")]
    costs = []
    for one in said:
        began = time.perf_counter()
        judge.judge(one)
        costs.append(time.perf_counter() - began)
    assert sorted(costs)[len(costs) // 2] < 0.0005


def test_a_policy_can_be_copied_with_the_decider_that_holds_it() -> None:
    assert copy.deepcopy(policy(OPTIONS)).judge(Said("what is the", Intent("model", "ask"), True)).rule == "unfinished"


def test_a_replay_may_put_other_options_in_their_place() -> None:
    """As companion.replay.swap does: a copy with the old options standing for the new ones."""
    judge, fixed = policy(OPTIONS), TurnOptions(policy="fixed", open_silence_ms=610)
    swapped = copy.deepcopy(judge, {id(OPTIONS): fixed})
    assert (judge.name, swapped.name) == ("words", "fixed")
    assert swapped.judge(Said("what is the", Intent("model", "ask"), True)).wait_ms == 610


# ---------------------------------------------------------------------------------------------------- is it finished?


def share(said: list[str], language: str = "en") -> float:
    return sum(bool(finished(text, language)) for text in said) / len(said)


@pytest.mark.parametrize(
    ("kind", "part"),
    [("questions", "tune"), ("questions", "held"), ("commands", "tune"), ("commands", "held"), ("commands", "later")],
)
def test_beginnings_look_unfinished_and_whole_sentences_do_not(kind: str, part: str) -> None:
    """Looking only at whether the last word is a function word flags 62 % of beginnings."""
    said = sentences(f"{kind} {part}")
    begun = [p for p in prefixes(said) if p not in said]
    assert share(begun) >= 0.76
    longer = sum(not finished(p) and bool(goes_on(p)) for p in begun) / len(begun)
    assert share(begun) + longer >= 0.84, "what is not held to be unfinished should often be known to be often longer"
    assert share(said) <= 0.05
    if kind == "questions":
        assert sum(not finished(p) and bool(goes_on(p)) for p in said) / len(said) <= 0.15


ONLY_BEGUN = """
please, hey um, okay so, how many are, how many of them were, remember that, note that my uncle, scan this bar,
write down that the roses at the gate need, note that my uncle lost, what was the phone, read the serial, which tickets,
which two alarms, set an alarm, start a tea timer, set a timer for one and a half
"""
ALL_THERE = """
yes please, how many are left, note that my uncle lost his keys, where is the phone, remember that number,
what did i note down, set a ten minute timer, turn the page, which timers are running
"""


def test_what_only_begins_and_what_only_looks_so() -> None:
    begun, there = ([" ".join(text.split()) for text in many.split(",")] for many in (ONLY_BEGUN, ALL_THERE))
    assert [text for text in begun if not finished(text)] == []
    assert [text for text in there if finished(text)] == []


@pytest.mark.parametrize(("language", "least"), [("de", 0.75), ("es", 0.65), ("fr", 0.65)])
def test_other_languages(language: str, least: float) -> None:
    said = sentences(language, "others")
    assert share(list(prefixes(said)), language) >= least
    assert share(said, language) <= 0.05


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_rule_holds_for_its_own_examples(language: str) -> None:
    rules = grammar(language)
    for name in ("finished", "unfinished", "goes_on"):
        for rule in getattr(rules, name):
            assert rule.like, f"{language}: {rule.why} has no example"
            for example in rule.like:
                assert rule.holds(rules.letters(example)), f"{language}: {rule.why}: {example}"
                assert bool(finished(example, language)) == (name == "unfinished"), f"{language}: {example}"


@pytest.mark.parametrize("text", ["What is this…", "I want to know,", "it is the one -", "What is um"])
def test_a_voice_that_trails_off_is_not_finished(text: str) -> None:
    assert finished(text)


@pytest.mark.parametrize(
    "text", ["", "   ", "?", "…", "12", "ß", "ﬃ 🙂", "a" * 5000, "the door " * 3000, "x's's", "'s"]
)
def test_odd_words_do_no_harm(text: str) -> None:
    for language in LANGUAGES:
        assert {type(finished(text, language)), type(goes_on(text, language))} == {str}
    verdict = policy(TurnOptions()).judge(Said(text, understand(text), True))
    assert 0 < verdict.wait_ms <= TurnOptions().silence_max_ms and verdict.reason


def test_punctuation_and_capitals_do_not_matter() -> None:
    assert finished("What is the?") == finished("what is the") != ""
    assert finished("What’s the") == finished("what is the")


def test_a_rule_file_with_a_mistake_is_told_of_with_its_place() -> None:
    bad = {"words": {"article": "the"}, "unfinished": [{"when": "artikel $", "why": "x"}]}
    with pytest.raises(ValueError, match=r"'artikel' in rule 1 of \[\[unfinished\]\] of the language 'xy' is no class"):
        Grammar("xy", bad)
    with pytest.raises(ValueError, match="has no `when`"):
        Grammar("xy", {"words": {"article": "the"}, "unfinished": [{"why": "x"}]})


# --------------------------------------------------------------------------------------------------- in human company


def test_questions_with_human_pauses_are_cut_off_seldom_and_answered_soon() -> None:
    judge = policy(OPTIONS)
    for part in ("questions tune", "questions held"):
        got = trial(sentences(part), judge)
        assert got.cut <= 0.06
        assert got.decided_ms <= 470
    fixed = trial(
        sentences("questions held"), policy(TurnOptions(policy="fixed", open_silence_ms=OPTIONS.open_silence_ms))
    )
    assert fixed.cut > 0.2, "the same silence for everything cuts off one in four at this pace"


def test_commands_with_human_pauses_are_cut_off_seldom_and_act_at_once() -> None:
    said = [text for part in ("tune", "held", "later") for text in sentences(f"commands {part}")]
    got = trial([text for text in said if complete(understand(text))], policy(OPTIONS))
    assert got.cut <= 0.035
    assert got.decided_ms <= 300


# ------------------------------------------------------------------------------------------------------ learned pauses


def test_who_pauses_long_is_given_longer_and_who_pauses_short_a_little_less() -> None:
    patient, brisk = (900,) * KEPT, (250,) * KEPT
    assert judged("what wood is the door", pauses_ms=patient).wait_ms > OPTIONS.open_silence_ms
    assert judged("what wood is the door", pauses_ms=brisk).wait_ms < OPTIONS.open_silence_ms
    assert judged("what does this say", pauses_ms=patient).wait_ms == OPTIONS.complete_silence_ms
    off = TurnOptions(learn_pauses=False)
    assert judged("what wood is the door", off, pauses_ms=patient).wait_ms == OPTIONS.open_silence_ms


def test_what_is_learned_stays_within_bounds_and_comes_slowly() -> None:
    pauses = Pauses()
    assert pauses.stretch == 1.0
    pauses.inside(3000)
    assert pauses.stretch < MOST, "one long pause says little"
    for _ in range(200):
        pauses.inside(3000)
    assert pauses.stretch == MOST
    assert len(pauses.kept) == KEPT
    for _ in range(200):
        pauses.inside(200)
    assert pauses.stretch == LEAST


def test_what_is_no_pause_is_not_learned() -> None:
    pauses = Pauses()
    for ms in (-5, 0, 90, 60_000):
        pauses.inside(ms)
    assert pauses.kept == ()


def test_what_was_learned_stands_again() -> None:
    pauses = Pauses()
    for ms in range(200, 1400, 37):
        pauses.inside(ms)
    again = Pauses(pauses.kept)
    assert (again.kept, again.stretch) == (pauses.kept, pauses.stretch)


def test_learning_helps_a_slow_speaker_and_leaves_others_alone() -> None:
    judge, said = policy(OPTIONS), sentences("questions tune")
    usual, learned = trial(said, judge, rounds=6), trial(said, judge, rounds=6, learn=True)
    assert abs(learned.decided_ms - usual.decided_ms) <= 40
    assert learned.cut <= 0.08
    slow, known = (trial(said, judge, rounds=6, slowness=1.8, learn=on) for on in (False, True))
    assert known.cut < slow.cut * 0.9


# ---------------------------------------------------------------------------------------------- audio turn models' seat


def test_how_it_sounded_shifts_the_wait_but_the_words_keep_their_say() -> None:
    whole, begun = "what wood is the door", "what colour is the"
    assert judged(whole, audio=0.95).wait_ms == OPTIONS.complete_silence_ms
    assert judged(whole, audio=0.5) == judged(whole)
    assert judged(whole, audio=0.05).wait_ms == OPTIONS.extendable_silence_ms
    assert judged(begun, audio=0.95).wait_ms == OPTIONS.extendable_silence_ms
    assert judged(begun, audio=0.05).wait_ms == OPTIONS.unfinished_silence_ms


class Falling:
    """Takes a voice that fades for finished."""

    name = "falling"

    def __init__(self, held: float = 0.75) -> None:
        self.held = held
        self.given = 0

    def finished(self, pcm: np.ndarray) -> float:
        self.given = len(pcm)
        return self.held


def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("falling", f"{__name__}:Falling", audio.GROUP)
    monkeypatch.setattr(audio, "entry_points", lambda group: EntryPoints([entry] if group == audio.GROUP else []))


def test_a_plug_in_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch)
    model = audio.load_turn_model("falling")
    assert audio.score(model, np.zeros(16_000, np.float32)) == 0.75
    with pytest.raises(ValueError, match=r"no audio turn model 'rising' \(falling\)"):
        audio.load_turn_model("rising")


def test_without_plug_ins_the_way_out_is_named() -> None:
    with pytest.raises(ValueError, match=r"none is installed.*set turn.audio_model to ''"):
        audio.load_turn_model("falling")


def test_a_model_is_given_the_end_of_the_sound_and_must_give_a_probability() -> None:
    model = Falling()
    audio.score(model, np.zeros(30 * audio.HZ, np.float32))
    assert model.given == 8 * audio.HZ
    for wrong in (float("nan"), 1.5, -0.1):
        with pytest.raises(ValueError, match=r"'falling' gave .*no probability"):
            audio.score(Falling(wrong), np.zeros(16_000, np.float32))


class _DoorAtOnce:
    """Does the work where it is asked for."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def held(self, take):  # type: ignore[no-untyped-def]
        return take

    def compute(self, kind, work, done, failed, asked: Asked) -> None:  # type: ignore[no-untyped-def]
        self.lanes.append(kind)
        try:
            result = work()
        except Exception as error:
            failed(error)
        else:
            done(result, 7)


@pytest.mark.parametrize("model", [Falling(), None])
def test_the_model_is_asked_through_its_own_lane(model: Falling | None) -> None:
    door, delivered = _DoorAtOnce(), []
    session = SimpleNamespace(
        frames=None,
        clock=SimpleNamespace(now_ns=lambda: 11),
        sound=SimpleNamespace(cut=lambda start_ns, end_ns: np.full((end_ns - start_ns) // 62_500, 100, np.int16)),
        parts=SimpleNamespace(door=door, engines=SimpleNamespace(turn_model=model), preferences=ev.Preferences()),
        deliver=delivered.append,
        log=lambda level, text: None,
    )
    asked = ev.ScoreTurn(5, "a pause", request=3, start_ns=0, end_ns=2 * ev.NS)
    Hands(session).carry_out(asked)  # type: ignore[arg-type]
    assert door.lanes == ["turn"] == [lane_of(asked)]
    assert work_key(asked) == work_key(replace(asked, request=9)), "a replay knows the work by its sound"
    if model is not None:
        assert delivered == [ev.TurnScored(11, 3, 0.75, 7)]
        assert model.given == 2 * audio.HZ
    else:
        assert isinstance(delivered[0], ev.WorkFailed)
        assert "turn.audio_model" in delivered[0].detail
