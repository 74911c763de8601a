"""Two runs compared: what differs is found where it is, named as what it is, and told with its cause."""

from __future__ import annotations

import json
import pickle
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.replay_report.junit import junit
from companion.replay_report.text import COLUMNS, text
from pipelines import events as ev
from pipelines.director import Director, DirectorOptions
from pipelines.events import MS
from pipelines.thinking.options import Options, TurnOptions
from recordings.compare import Comparison, Difference, compare
from recordings.field_changes import word_error_rate
from recordings.rules import FieldRule, Rules, RulesError, load_rules
from recordings.run import ADDED, Event, Miss, Run, Step, run_of
from recordings.timing import Budget
from tests.scripted import ScriptedSession, World

DOCS = Path(__file__).parent.parent / "docs" / "replay-report.md"
SILENCE_MS = 700


# ----------------------------------------------------------------------------------------------------------- the script


def accepted(tape: list[ev.Happening], options: DirectorOptions, heard: bool = True) -> list[Event]:
    """A tape with its decisions in the order of acceptance: what a deadline caused stands before what came after it.
    `heard`: with the device's word on when each answer reached the ear."""
    director = Director(options)
    out: list[Event] = []
    for event in tape:
        out += [*director.wake(event.t_ns), event]
        out += director.feed(event)
        if heard and isinstance(event, ev.PlayMark) and event.mark == "started" and event.chunk == 0:
            out.append(ev.HeardMark(event.t_ns + 30 * MS, event.utterance, "first", event.t_ns + 25 * MS))
    return out


def played(name: str = "recorded", silence_ms: int = SILENCE_MS, world: World | None = None) -> Run:
    """Three turns: a sign is read, the model is asked, a sign is read again."""
    options = DirectorOptions(Options(turn=TurnOptions(open_silence_ms=silence_ms, speculate=False)))
    s = ScriptedSession(world or World(), options)
    s.say("what does this sign say", at_ms=500)
    s.say("what colour is the door", at_ms=8_000)
    s.say("what does this sign say", at_ms=16_000)
    s.run_until(24_000)
    return run_of(name, accepted(s.tape, options), {"turn": {"open_silence_ms": silence_ms}, "hearing": {"threads": 1}})


@cache
def recorded() -> Run:
    return played()


def altered(change: Callable[[Step], Step | None], run: Run | None = None, name: str = "altered") -> Run:
    """A run with steps changed or (None) taken out; causes go on pointing at what they pointed at."""
    run = run or recorded()
    kept: dict[int, int] = {-1: -1}
    steps: list[Step] = []
    for index, step in enumerate(run.steps):
        changed = change(step)
        if changed is not None:
            kept[index] = len(steps)
            steps.append(changed)
    steps = [replace(step, cause=kept.get(step.cause, -1)) for step in steps]
    return replace(run, name=name, steps=tuple(steps))


def with_event(kind: type[ev.Decision], turn: int, **fields: object) -> Run:
    """The recorded run with the first decision of a kind in a turn decided otherwise."""
    done: list[Step] = []

    def change(step: Step) -> Step:
        if type(step.event) is kind and step.turn == turn and not done:
            done.append(step)
            return replace(step, event=replace(step.event, **fields))  # type: ignore[arg-type]
        return step

    run = altered(change)
    assert done, f"turn {turn} has no {kind.__name__}"
    return run


def only(comparison: Comparison) -> Difference:
    (difference,) = comparison.differences
    assert comparison.first == difference and not comparison.same
    return difference


def rules_from(tmp_path: Path, toml: str) -> Rules:
    path = tmp_path / "replay.toml"
    path.write_text(toml, encoding="utf-8")
    return load_rules(path)


# ----------------------------------------------------------------------------------------------------- what is the same


def test_two_replays_of_the_same_script_are_the_same() -> None:
    comparison = compare(played("one"), played("two"))
    assert comparison.same and comparison.held and comparison.first is None
    assert comparison.decisions == len(recorded().decisions)
    assert [turn.turn for turn in comparison.turns if turn.turn] == [1, 2, 3]
    assert text(comparison).splitlines()[:2] == ["one → two", f"same: {comparison.decisions} decisions in 3 turns"]


def test_request_and_utterance_numbers_may_shift() -> None:
    """One look more or less early in a session renumbers everything behind it."""

    def renumber(step: Step) -> Step:
        fields = {
            name: getattr(step.event, name, 0) + 40 for name in ("request", "utterance") if hasattr(step.event, name)
        }
        return replace(step, event=replace(step.event, **fields))  # type: ignore[arg-type]

    assert compare(recorded(), altered(renumber)).same


def test_reasons_are_for_people() -> None:
    run = with_event(ev.TurnOpened, 2, reason="said otherwise")
    assert compare(recorded(), run).same
    strict = Rules(fields={("TurnOpened", "reason"): FieldRule(ignore=False)})
    assert [c.name for c in only(compare(recorded(), run, strict)).fields] == ["reason"]


def test_what_a_turn_replayed_by_itself_went_on_to_do_is_no_part_of_the_session() -> None:
    more = (*recorded().steps, Step(ev.Noted(99 * 1000 * MS, "went on", what="beside"), -1))
    assert compare(recorded(), replace(recorded(), steps=more)).same


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 1500), st.booleans())
def test_a_run_is_the_same_as_itself(transcribe: int, look: int, model: int, fails: bool) -> None:
    world = World(transcribe, look, model_first_ms=model, model_failure="quota" if fails else "")
    run = played(world=world)
    run.misses, run.merged = (Miss(2, 5, "model", "asked", "stopped here"),), {3: 2}
    assert compare(run, run).same


# --------------------------------------------------------------------------------------------------- moved, by how much


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([0, 1, 2, 3]), st.integers(-20_000 * MS, 20_000 * MS).filter(bool))
def test_a_turn_that_moved_has_moved_and_nothing_else(turn: int, by_ns: int) -> None:
    def move(step: Step) -> Step:
        return replace(step, event=replace(step.event, t_ns=step.event.t_ns + by_ns)) if step.turn == turn else step

    comparison = compare(recorded(), altered(move))
    decisions = [s for s in recorded().steps if s.turn == turn and isinstance(s.event, ev.Decision)]
    assert [(d.cls, d.turn, d.shift_ns) for d in comparison.differences] == [("time", turn, by_ns)] * len(decisions)
    (summary,) = [t for t in comparison.turns if not t.same]
    (shift,) = summary.shifts
    assert (shift.shift_ns, shift.decisions, shift.whole, shift.to_end) == (by_ns, len(decisions), True, True)


def test_a_longer_silence_moves_the_turn_that_it_ends_and_says_why() -> None:
    comparison = compare(recorded(), played("--set turn.open_silence_ms=900", silence_ms=900))
    assert {(d.cls, d.turn, d.shift_ns) for d in comparison.differences} == {("time", 2, 200 * MS)}
    first = comparison.first
    assert first is not None and first.kind == "TurnOpened"
    assert "a timer caused it" in first.cause
    assert "settings that differ: turn.open_silence_ms 700 → 900" in first.cause
    assert "after 700 ms of silence" in first.cause and "after 900 ms of silence" in first.cause
    shown = text(comparison)
    count = len(comparison.differences)
    assert f"everything from TurnOpened on is 200 ms later ({count} decisions)" in shown
    assert shown.count("TurnOpened") == 2  # the first divergence, and the row that moved


def test_what_follows_names_what_it_followed_from() -> None:
    comparison = compare(recorded(), played("slow model", world=World(model_first_ms=500)))
    first = comparison.first
    assert first is not None and (first.turn, first.kind, first.cls) == (2, "Speak", "time")
    assert "it followed from the model's answer “The door is red.”" in first.cause
    assert "in the new run that came 300 ms later" in first.cause


def test_a_tolerance_lets_small_moves_pass(tmp_path: Path) -> None:
    run = with_event(
        ev.TurnClosed, 1, t_ns=next(d.t_ns for d in recorded().decisions if isinstance(d, ev.TurnClosed)) + 3
    )
    assert only(compare(recorded(), run)).shift_ns == 3
    assert compare(recorded(), run, rules_from(tmp_path, "[time]\ntolerance_ms = 0.000003")).same
    assert not compare(recorded(), run, rules_from(tmp_path, "[time]\ntolerance_ms = 0.000002")).same


def test_an_older_frame_with_the_same_number_is_a_matter_of_time() -> None:
    chosen = next(d for d in recorded().decisions if isinstance(d, ev.FrameChosen))
    run = with_event(ev.FrameChosen, 1, age_ms=chosen.age_ms + 30)
    difference = only(compare(recorded(), run))
    assert (difference.cls, difference.shift_ns) == ("time", 0)
    assert [(c.name, c.new) for c in difference.fields] == [("age_ms", chosen.age_ms + 30)]
    assert "age_ms" in text(compare(recorded(), run))


# ------------------------------------------------------------------------------------------------------- missing, added


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_decision_less_is_one_missing_and_one_more_is_one_added(data: st.DataObject) -> None:
    steps = [s for s in recorded().steps if isinstance(s.event, ev.Decision)]
    lost = data.draw(st.sampled_from(steps))
    run = altered(lambda step: None if step is lost else step)
    missing, added = only(compare(recorded(), run)), only(compare(run, recorded()))
    for difference, cls in ((missing, "missing"), (added, "added")):
        assert (difference.cls, difference.turn, difference.kind) == (cls, lost.turn, type(lost.event).__name__)
        assert difference.shift_ns is None and difference.cause
    assert missing.t_old_ns == added.t_new_ns == lost.event.t_ns


def test_a_missing_decision_says_what_it_followed_from() -> None:
    run = altered(lambda step: None if isinstance(step.event, ev.Speak) and step.turn == 1 else step)
    first = compare(recorded(), run).first
    assert first is not None and (first.cls, first.kind) == ("missing", "Speak")
    assert "in the old run it followed from text read from frame 7, “PLATFORM 7 / BASEL / 14:05”" in first.cause
    assert "which came alike in the new run" in first.cause
    assert "no setting differs and it followed from the same: the code decides otherwise" in first.cause


def test_the_first_divergence_is_the_earliest_in_the_old_run() -> None:
    def change(step: Step) -> Step | None:
        if isinstance(step.event, ev.TurnClosed) and step.turn == 1:
            return None
        if isinstance(step.event, ev.Speak) and step.turn == 3:
            return replace(step, event=replace(step.event, text="Something else."))
        return step

    run = altered(change)
    extra = Step(ev.Noted(1, "out of the blue", what="extra"), 0)
    comparison = compare(recorded(), replace(run, steps=(run.steps[0], extra, *run.steps[1:])))
    classes = [(d.turn, d.kind, d.cls) for d in comparison.differences]
    assert classes[:2] == [(0, "Noted", "added"), (1, "TurnClosed", "missing")]
    assert {c[1:] for c in classes[2:]} == {("Speak", "changed")}


def test_a_turn_that_only_the_new_run_has_stands_behind_the_one_it_came_after() -> None:
    again = [replace(s, turn=2 * ADDED + 1) for s in recorded().steps if s.turn == 3]
    run = replace(recorded(), steps=(*recorded().steps, *again))
    comparison = compare(recorded(), run)
    assert [t.turn for t in comparison.turns if t.turn] == [1, 2, 2 * ADDED + 1, 3]
    (summary,) = [t for t in comparison.turns if not t.same]
    assert summary.only_in == "new" and summary.counts.added == summary.counts.total
    assert "turn 2+1  “what does this sign say”\n  only in the new run" in text(comparison)


def test_a_turn_whose_words_became_part_of_another_is_one_difference() -> None:
    """What the absorbing turn took over just so is no difference either."""
    taken = [s for s in recorded().steps if s.turn == 3 and isinstance(s.event, ev.SpeechStarted | ev.Transcribe)]

    def absorb(step: Step) -> Step | None:
        return replace(step, turn=2) if step in taken else None if step.turn == 3 else step

    run = altered(absorb)
    assert len(compare(recorded(), run).differences) > 5
    run.merged = {3: 2}
    difference = only(compare(recorded(), run))
    assert (difference.turn, difference.kind, difference.cls) == (3, "TurnOpened", "missing")
    assert difference.cause == "its words became part of turn 2"
    assert "its words became part of turn 2" in text(compare(recorded(), run))


def test_the_same_sound_counted_to_another_turn_is_no_difference() -> None:
    """No turn came of it in one run, and it is listed under the turn before; in the other a turn did."""
    paused = next(s for s in recorded().steps if isinstance(s.event, ev.SpeechPaused) and s.turn == 2)
    run = altered(lambda step: replace(step, turn=1) if step is paused else step)
    assert compare(recorded(), run).same and compare(run, recorded()).same
    moved = replace(paused, turn=1, event=replace(paused.event, t_ns=paused.event.t_ns + 1))
    assert len(compare(recorded(), altered(lambda step: moved if step is paused else step)).differences) == 2


def test_a_run_that_ended_early_is_told_in_one_line() -> None:
    comparison = compare(recorded(), altered(lambda step: step if step.turn < 2 else None))
    assert f"turns 2 to 3\n  only in the old run ({len(comparison.differences)} differences)" in text(comparison)


def test_long_rows_of_one_kind_are_matched_in_bounded_work() -> None:
    def run(name: str, count: int, what: str) -> Run:
        return run_of(name, [ev.Noted(i * MS, what=f"{what} {i % 7}") for i in range(count)])

    comparison = compare(run("a", 3000, "cough"), run("b", 2900, "sneeze"))
    assert (comparison.counts.changed, comparison.counts.missing) == (2900, 100)


# -------------------------------------------------------------------------------------------------------------- changed


def test_another_answer_is_told_with_both_answers() -> None:
    comparison = compare(recorded(), played("other model", world=World(model_answer="The door is blue.")))
    first = comparison.first
    assert first is not None and (first.turn, first.kind, first.cls, first.shift_ns) == (2, "Speak", "changed", 0)
    assert [(c.name, c.old, c.new) for c in first.fields] == [("text", "The door is red.", "The door is blue.")]
    assert "the model answered “The door is red.”, now “The door is blue.”" in first.cause


def test_other_words_recognised_are_the_cause_of_another_turn() -> None:
    def mishear(event: Event) -> Event:
        asked = isinstance(event, ev.Transcribed) and event.text == "what colour is the door"
        return replace(event, text="what colour is the floor") if asked else event  # type: ignore[call-arg]

    tape = [mishear(e) for e in recorded().events if isinstance(e, ev.Happening)]
    options = DirectorOptions(Options(turn=TurnOptions(open_silence_ms=SILENCE_MS, speculate=False)))
    comparison = compare(recorded(), run_of("misheard", accepted(tape, options, heard=False)))  # type: ignore[arg-type]
    changed = next(d for d in comparison.differences if d.kind == "AskModel")
    assert changed.cls == "changed" and changed.fields[-1].new == "what colour is the floor"
    assert comparison.first is not None and comparison.first.kind == "TurnOpened"
    assert "what colour is the floor" in text(comparison)


def test_of_long_texts_the_place_is_shown_where_they_part() -> None:
    prompt = "You are Earshot, a voice companion on camera glasses. " * 5
    asked = [ev.AskModel(5, "", 3, 1, (ev.Message("system", prompt + end),)) for end in ("Be short.", "Be kind.")]
    old = run_of("a", [asked[0]], {"thinking": {"system_prompt": prompt + "Be short."}})
    comparison = compare(old, run_of("b", [asked[1]], {"thinking": {"system_prompt": prompt + "Be kind."}}))
    assert "Be short.” → “…" in text(comparison).replace("\n    ", " ") and "Be kind.”" in text(comparison)
    assert comparison.first is not None
    assert re.search(r"system_prompt “….*Be short\.” → “….*Be kind\.”", comparison.first.cause)


def test_a_decision_that_moved_and_changed_is_changed_with_its_shift() -> None:
    opened = next(d for d in recorded().decisions if isinstance(d, ev.TurnOpened) and d.turn == 2)
    run = with_event(ev.TurnOpened, 2, intent="read", t_ns=opened.t_ns + 5 * MS)
    difference = only(compare(recorded(), run))
    assert (difference.cls, difference.shift_ns) == ("changed", 5 * MS)
    assert [c.name for c in difference.fields] == ["intent"]
    assert "(5 ms later)" in text(compare(recorded(), run))


def test_a_cancel_of_another_kind_is_another_decision_and_a_list_that_grew_is_one_field() -> None:
    cancel = ev.Cancel(5, "", 3, "look")
    assert (
        only(compare(run_of("a", [cancel]), run_of("b", [replace(cancel, request=8, kind="model")]))).cls == "changed"
    )
    ask = ev.AskModel(5, "", 3, 1, (ev.Message("user", "one"),))
    more = replace(ask, messages=(*ask.messages, ev.Message("user", "two")))
    (change,) = only(compare(run_of("a", [ask]), run_of("b", [more]))).fields
    assert change.name == "messages" and len(change.old) == 1 and len(change.new) == 2


def test_what_is_not_a_number_is_the_same_as_itself() -> None:
    def dark(sharpness: float) -> Run:
        return run_of("x", [ev.FrameChosen(5, "", 1, ev.FrameScore(7, 4, sharpness=sharpness))])

    assert compare(dark(float("nan")), dark(float("nan"))).same
    difference = only(compare(dark(float("nan")), dark(float("inf"))))
    assert [(c.name, c.old, c.new) for c in difference.fields] == [("frame.sharpness", "nan", "inf")]


# ---------------------------------------------------------------------------------- what was not on the tape, not heard


DIFF = '--- recorded\n+++ asked\n@@ -1 +1 @@\n-  "text": "one"\n+  "text": "two"'


def test_a_miss_stands_behind_the_decision_that_asked_with_its_diff() -> None:
    asked = next(d for d in recorded().decisions if isinstance(d, ev.AskModel))
    closed = next(d for d in recorded().decisions if isinstance(d, ev.TurnClosed) and d.turn == 2)
    run = with_event(ev.TurnClosed, 2, outcome="failed")
    run.misses = (Miss(2, asked.t_ns, "model", "POST https://model.example/v1", "stopped here", DIFF),)
    comparison = compare(recorded(), run)
    miss, changed = comparison.differences
    assert (miss.cls, miss.kind, miss.t_new_ns, miss.detail) == ("miss", "model", asked.t_ns, DIFF)
    assert changed.t_old_ns == closed.t_ns
    assert miss.cause == "the tape does not have it: POST https://model.example/v1\nstopped here"
    shown = text(comparison)
    assert "    | --- recorded\n    | +++ asked" in shown and "1 miss" in shown.splitlines()[1]


def test_a_miss_that_both_runs_have_is_no_difference() -> None:
    miss = Miss(2, 5, "read_text", "frame 7", "estimated")
    old, new = replace(recorded(), misses=(miss,)), replace(recorded(), misses=(miss, replace(miss, t_ns=9)))
    assert only(compare(old, new)).cls == "miss" and compare(old, old).same


def test_counterfactual_differences_are_marked_and_counted_apart() -> None:
    def change(step: Step) -> Step:
        if isinstance(step.event, ev.Speak) and step.turn > 1:
            step = replace(step, event=replace(step.event, text="Something else."))
        return replace(step, counterfactual=step.turn == 3)

    comparison = compare(recorded(), altered(change))
    assert comparison.counts.total == comparison.counts.changed > 0
    assert comparison.counterfactual.total == comparison.counterfactual.changed > 0
    assert {d.turn for d in comparison.differences if d.counterfactual} == {3}
    assert f"{comparison.counterfactual.total} more counterfactual" in text(comparison).replace("\n  ", " ")
    assert "in 1 of 3 turns" in text(comparison)
    suite = ET.fromstring(junit(comparison, "x"))
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")


# ---------------------------------------------------------------------------------------------------------------- rules


def test_rules_say_what_may_differ(tmp_path: Path) -> None:
    other = played("other", world=World(model_answer="The door is blue."))
    held = rules_from(
        tmp_path,
        '[kinds]\nignore = ["Caption"]\n'
        "[fields.Speak]\ntext = { wer = 0.25 }\n"
        '[fields.TurnClosed]\nsaid = { pattern = "^The door is" }\nheard = { ignore = true }\n',
    )
    assert not compare(recorded(), other).same
    assert compare(recorded(), other, held).same
    tight = replace(held, fields={**held.fields, ("Speak", "text"): FieldRule(wer=0.2)})
    assert {d.kind for d in compare(recorded(), other, tight).differences} == {"Speak"}


def test_numbers_may_differ_by_so_much_or_by_a_share(tmp_path: Path) -> None:
    def frame(sharpness: float, media_ns: int) -> Run:
        return run_of("x", [ev.FrameChosen(5, "", 1, ev.FrameScore(7, media_ns, sharpness=sharpness))])

    toml = "[fields.FrameChosen]\nframe.sharpness = { rel = 0.02 }\nframe.media_ns = { abs = 40 }"
    rules = rules_from(tmp_path, toml)
    assert compare(frame(100.0, 1000), frame(102.0, 1040), rules).same
    assert only(compare(frame(100.0, 1000), frame(102.1, 1000), rules)).cls == "changed"
    assert only(compare(frame(100.0, 1000), frame(100.0, 1041), rules)).cls == "time"


def test_a_pattern_must_be_found_in_both(tmp_path: Path) -> None:
    def said(words: str) -> Run:
        return run_of("x", [ev.Speak(5, "", 1, 0, 1, words)])

    rules = rules_from(tmp_path, '[fields."*"]\ntext = { pattern = "[Pp]latform" }')
    assert compare(said("Platform 7."), said("It says platform seven."), rules).same
    assert not compare(said("Platform 7."), said("It says nothing."), rules).same
    exact = replace(rules, fields={**rules.fields, ("Speak", "text"): FieldRule(wer=0.0)})
    assert not compare(said("Platform 7."), said("It says platform seven."), exact).same  # the kind goes before "*"


def test_the_rules_file_in_the_docs_is_right(tmp_path: Path) -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    rules = rules_from(tmp_path, toml)
    assert rules.ignored_kinds == {"Caption"}
    assert rules.of("AskModel", "messages[3].text") == FieldRule(pattern="sign")
    assert rules.of("FrameChosen", "frame.media_ns") == FieldRule(abs=40_000_000)
    assert Budget("end of turn to first audio", "p95_ms", 1500) in rules.budgets and len(rules.budgets) == 4
    assert pickle.loads(pickle.dumps(rules)) == rules
    assert json.loads(json.dumps(rules.plain())) == rules.plain() and rules.plain() != Rules().plain()
    assert tomllib.loads(toml).keys() == {"time", "kinds", "fields", "budgets"}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[tolerance]\nms = 3", r"tolerance = {'ms': 3}: 'tolerance' is not a section of a rules file"),
        ("[time]\ntolerance_ns = 3", r"time.tolerance_ns = 3: .*did you mean tolerance_ms"),
        ("[time]\ntolerance_ms = '3'", r"time.tolerance_ms = '3': write a number"),
        ("[time]\ntolerance_ms = nan", r"time.tolerance_ms = nan: write a number"),
        ("[kinds]\nignore = 'Caption'", r"kinds.ignore = 'Caption': write a list"),
        ("[kinds]\nignore = ['Captoin']", r"kinds.ignore = 'Captoin': .*did you mean Caption"),
        ("[kinds]\nignore = [['Caption']]", r"kinds.ignore = \['Caption'\]: .*not a kind of decision"),
        ("[fields.Speek]\ntext = { wer = 1 }", r"fields.Speek = .*did you mean Speak"),
        ("[fields.Speak]\ntxt = { wer = 1 }", r"fields.Speak.txt = .*Speak has no field 'txt'; near it: text"),
        ("[fields.Speak]\ntext = 0.1", r"fields.Speak.text = 0.1: a rule is a table"),
        ("[fields.Speak]\ntext = { werr = 0.1 }", r"fields.Speak.text.werr = 0.1: .*did you mean wer"),
        ("[fields.Speak]\ntext = {}", r"fields.Speak.text = {}: say what holds"),
        ("[fields.Speak]\ntext = { abs = 1 }", r"fields.Speak.text.abs = 1: text is no number"),
        ("[fields.Speak]\nchunk = { wer = 1 }", r"fields.Speak.chunk.wer = 1: chunk is no text"),
        ("[fields.Speak]\ntext = { pattern = '(' }", r"fields.Speak.text.pattern = '\(': this is not a regular"),
        ("[fields.Speak]\ntext = { ignore = 1 }", r"fields.Speak.text.ignore = 1: write true or false"),
        ("[budgets]\nrecognize.p50_ms = 3", r"budgets.recognize = .*did you mean recognise"),
        ("[budgets]\nrecognise.p51_ms = 3", r"budgets.recognise.p51_ms = 3: .*did you mean .*p50_ms"),
        ("[budgets]\nrecognise.p50_ms = -3", r"budgets.recognise.p50_ms = -3: write a number, 0 or more"),
        ("[budgets]\nrecognise = 3", r"budgets.recognise = 3: say of which statistic"),
        ("budgets = 3", r"budgets = 3: budgets is a section"),
        ("[budgets", r"this is not TOML"),
    ],
)
def test_a_wrong_rule_is_named_with_the_way_out(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(RulesError, match=said) as raised:
        rules_from(tmp_path, toml)
    assert str(raised.value).startswith(str(tmp_path / "replay.toml"))


def test_rules_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.toml: these rules cannot be read.*--rules FILE"):
        load_rules(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("reference", "other", "rate"),
    [
        ("", "", 0.0),
        ("The door is red.", "the door is RED", 0.0),
        ("the door is red", "the door is blue", 0.25),
        ("the door is red", "the red", 0.5),
        ("the door", "the big old door", 1.0),
        ("the door", "", 1.0),
        ("", "the door", 2.0),
        ("it's Ärger", "it’s ärger!", 0.0),
    ],
)
def test_word_error_rate(reference: str, other: str, rate: float) -> None:
    assert word_error_rate(reference, other) == rate


WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


@given(WORDS, WORDS, WORDS)
def test_word_errors_are_a_distance(a: list[str], b: list[str], c: list[str]) -> None:
    def errors(x: list[str], y: list[str]) -> int:
        return round(word_error_rate(" ".join(x), " ".join(y)) * max(1, len(x)))

    assert errors(a, b) == errors(b, a) and (errors(a, b) == 0) == (a == b)
    assert errors(a, c) <= errors(a, b) + errors(b, c)


# -------------------------------------------------------------------------------------------------------------- budgets


def test_budgets_judge_the_new_run_apart_from_whether_it_is_the_same(tmp_path: Path) -> None:
    slow = played("slow", world=World(model_first_ms=600))
    toml = "[budgets]\nend_of_turn_to_first_audio.p95_ms = 600\nrecognise.p50_ms = 60\nlink_down.max_ms = 25"
    comparison = compare(recorded(), slow, rules_from(tmp_path, toml))
    by_name = {(r.name, r.statistic): r for r in comparison.timing}
    broken = by_name["end of turn to first audio", "p95_ms"]
    assert not broken.held and not comparison.held and broken.turns == 3
    assert broken.old_ms is not None and broken.new_ms == pytest.approx(broken.old_ms + 400)
    assert by_name["recognise", "p50_ms"].held and by_name["link down", "max_ms"].new_ms == 25
    assert "budget 600 ms: BROKEN" in text(comparison) and "Timing: 1 of 3 budgets broken" in text(comparison)
    same = compare(slow, slow, rules_from(tmp_path, toml))
    assert same.same and not same.held
    assert ET.fromstring(junit(same, "x")).get("failures") == "1"


def test_a_wait_that_no_turn_had_breaks_nothing(tmp_path: Path) -> None:
    silent = run_of("silent", [ev.SessionStarted(0)])
    comparison = compare(silent, silent, rules_from(tmp_path, "[budgets]\nmodel.p50_ms = 1"))
    (result,) = comparison.timing
    assert result.held and result.new_ms is None and "no turn to judge" in text(comparison)


def test_the_usual_waits_are_shown_without_a_budget() -> None:
    timing = compare(recorded(), recorded()).timing
    assert [(r.name, r.statistic, r.limit_ms) for r in timing] == [
        ("end of turn to first audio", "p50_ms", None),
        ("end of turn to first audio", "p95_ms", None),
        ("total", "p50_ms", None),
    ]
    assert all(r.old_ms == r.new_ms and r.held for r in timing)


# ----------------------------------------------------------------------------------------------- reports, of anything


ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
MOMENTS = st.integers(-(10**12), 10**12)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
FRAMES = st.builds(ev.FrameScore, st.integers(0, 9), MOMENTS, sharpness=FLOATS)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(ev.TurnOpened, MOMENTS, ANY_TEXT, st.integers(0, 3), ANY_TEXT, ANY_TEXT, MOMENTS, MOMENTS),
    st.builds(ev.Speak, MOMENTS, ANY_TEXT, st.integers(0, 9), st.integers(0, 2), st.integers(0, 3), ANY_TEXT, ANY_TEXT),
    st.builds(ev.FrameChosen, MOMENTS, ANY_TEXT, st.integers(0, 3), st.none() | FRAMES, st.integers(0, 99)),
    st.builds(
        ev.AskModel,
        MOMENTS,
        turn=st.integers(0, 3),
        messages=st.lists(st.builds(ev.Message, ANY_TEXT, ANY_TEXT), max_size=3).map(tuple),
    ),
    st.builds(ev.Noted, MOMENTS, ANY_TEXT, ANY_TEXT),
    st.builds(ev.Transcribed, MOMENTS, st.integers(0, 9), ANY_TEXT, st.booleans(), ANY_TEXT),
    st.builds(ev.ModelText, MOMENTS, st.integers(0, 3), ANY_TEXT),
    st.builds(ev.DeviceEvent, MOMENTS, ANY_TEXT, ANY_TEXT),
)
MISSES = st.builds(Miss, st.integers(0, 3), MOMENTS, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    run = run_of(draw(ANY_TEXT), draw(st.lists(EVENTS, max_size=12)), {"a": {"b": draw(ANY_TEXT), "c": draw(FLOATS)}})
    marked = tuple(replace(step, counterfactual=draw(st.booleans())) for step in run.steps)
    merged = draw(st.dictionaries(st.integers(0, 3), st.integers(0, 3), max_size=2))
    return replace(run, steps=marked, misses=tuple(draw(st.lists(MISSES, max_size=2))), merged=merged)


@settings(max_examples=150, deadline=None)
@given(runs(), runs(), ANY_TEXT)
def test_any_two_runs_give_a_report_that_tools_and_terminals_can_take(old: Run, new: Run, name: str) -> None:
    comparison = compare(old, new)
    plain = comparison.plain()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert json.dumps(plain, ensure_ascii=False).encode("utf-8")
    suites = ET.fromstring(junit(comparison, name).encode("utf-8"))
    assert len(suites.findall("testsuite/testcase")) == len(comparison.turns)
    assert comparison.same == (suites.get("failures") == suites.get("skipped") == "0")
    for verbose in (False, True):
        lines = text(comparison, verbose).split("\n")
        assert all(line.isprintable() and len(line) <= COLUMNS for line in lines)
    assert compare(old, old).same


@settings(max_examples=100, deadline=None)
@given(runs(), runs())
def test_every_decision_is_accounted_for_once(old: Run, new: Run) -> None:
    comparison = compare(replace(old, misses=()), replace(new, merged={}, misses=()))
    count = {c: sum(d.cls == c for d in comparison.differences) for c in ("missing", "added")}
    assert len(old.decisions) - count["missing"] == len(new.decisions) - count["added"] >= 0
    there = compare(replace(new, merged={}, misses=()), replace(old, merged={}, misses=()))
    assert len(there.differences) == len(comparison.differences)


def test_control_characters_of_a_recording_never_reach_the_terminal() -> None:
    run = with_event(ev.Speak, 1, text="\x1b]0;owned\x07 \x1b[31mred\u2028next")
    shown = text(compare(recorded(), run))
    assert "\x1b" not in shown and "\\x1b]0;owned\\x07" in shown


def test_the_json_report_is_the_one_in_the_docs() -> None:
    plain = compare(recorded(), played("slow", world=World(model_first_ms=600))).plain()
    documented = DOCS.read_text(encoding="utf-8").partition("## JSON")[2].partition("## JUnit")[0]
    names = set(re.findall(r"`([a-z_]+)`", documented))
    keys = {*plain, *plain["differences"][0], *plain["turns"][0], *plain["timing"][0], *plain["counts"]}
    keys |= {key for turn in plain["turns"] for shift in turn["shifts"] for key in shift}
    assert plain["report"] == 1 and keys <= names
    assert plain["first"] == plain["differences"][0]


def test_junit_has_a_case_for_each_turn_and_the_failure_holds_what_differs(tmp_path: Path) -> None:
    rules = rules_from(tmp_path, "[budgets]\ntotal.p50_ms = 60000")
    slower = played("slower", silence_ms=900)
    root = ET.fromstring(junit(compare(recorded(), slower, rules), "a <b> & c.mcap"))
    turns, budgets = root.findall("testsuite")
    assert (turns.get("name"), budgets.get("tests"), budgets.get("failures")) == ("a <b> & c.mcap: decisions", "1", "0")
    failed = [case for case in turns.findall("testcase") if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["turn 2 “what colour is the door”"]
    assert "moved: TurnOpened" in (failed[0].findtext("failure") or "")


def test_a_turn_with_much_in_it_is_cut_short_unless_all_is_asked_for() -> None:
    def run(name: str, word: str) -> Run:
        return run_of(name, [ev.Noted(i * MS, what=f"{word} {i}") for i in range(40)])

    comparison = compare(run("a", "cough"), run("b", "sneeze"))
    assert "more differences; --verbose shows them" in text(comparison)
    assert text(comparison, verbose=True).count("changed: Noted") >= 40 > text(comparison).count("changed: Noted")
    assert asdict(comparison.counts) == {"missing": 0, "added": 0, "changed": 40, "time": 0, "miss": 0}
