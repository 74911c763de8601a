"""The chain of models: who is asked when the preferred one fails, and who is never asked a private thing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import NS, ModelInfo, Trip
from pipelines.thinking import failures
from pipelines.thinking.chain import ANSWERED, FAILOVER, LASTING, PASSING, Chain, keeps_private, spoken_name, switched

MUSE = ModelInfo("muse-spark", trains="no")
GEMINI = ModelInfo("gemini", trains="opt-out")
GLIMMER = ModelInfo("muse-glimmer", local=True, trains="unknown")
THREE = (MUSE, GEMINI, GLIMMER)


def asked(chain: Chain, at_s: float, **how: bool | tuple[str, ...]) -> str:
    picked = chain.pick(int(at_s * NS), **how)  # type: ignore[arg-type]
    assert picked.reason
    assert picked.model is None or not picked.kind
    return picked.model.name if picked.model else f"nobody: {picked.kind}"


def fail(chain: Chain, name: str, at_s: float, *kinds: str) -> None:
    for kind in kinds:
        chain.failed(name, kind, int(at_s * NS))


def test_the_preferred_model_is_asked_until_it_has_failed_twice_in_a_row() -> None:
    chain = Chain(THREE)
    assert asked(chain, 0) == "muse-spark"
    fail(chain, "muse-spark", 1, "overloaded")
    assert asked(chain, 1) == "muse-spark"
    fail(chain, "muse-spark", 2, "stalled")
    assert asked(chain, 2) == "gemini"
    assert asked(chain, 31.9) == "gemini"
    assert asked(chain, 32) == "muse-spark"


def test_an_answer_in_between_ends_the_row() -> None:
    chain = Chain(THREE)
    for at_s in range(5):
        fail(chain, "muse-spark", at_s, "network")
        chain.succeeded("muse-spark")
    assert asked(chain, 5) == "muse-spark"
    assert chain.trips() == ()


def test_one_trial_at_a_time_and_each_that_fails_doubles_the_wait_up_to_five_minutes() -> None:
    chain = Chain(THREE)
    fail(chain, "muse-spark", 0, "network", "network")
    at_s, waits = 0, []
    for wait_s in (30, 60, 120, 240, 300, 300):
        assert asked(chain, at_s + wait_s - 0.001) == "gemini"
        at_s += wait_s
        assert asked(chain, at_s) == "muse-spark"
        assert asked(chain, at_s) == "gemini"  # the trial is under way
        fail(chain, "muse-spark", at_s, "network")
        waits.append(wait_s)
    assert asked(chain, at_s + 300) == "muse-spark"
    chain.succeeded("muse-spark")
    assert asked(chain, at_s + 301) == "muse-spark"
    assert chain.trips() == ()


def test_a_trial_that_nobody_reports_on_does_not_lock_the_model_out_for_ever() -> None:
    chain = Chain(THREE)
    fail(chain, "muse-spark", 0, "network", "network")
    assert asked(chain, 30) == "muse-spark"  # and the wearer says stop
    assert asked(chain, 59) == "gemini"
    assert asked(chain, 60) == "muse-spark"


def test_workers_that_fail_together_are_one_trouble() -> None:
    chain = Chain(THREE)
    fail(chain, "muse-spark", 0, "overloaded", "overloaded", "overloaded", "overloaded")
    assert asked(chain, 30) == "muse-spark"


@pytest.mark.parametrize("kind", sorted(LASTING))
def test_what_will_not_change_by_itself_is_not_tried_for_ten_minutes(kind: str) -> None:
    chain = Chain(THREE)
    fail(chain, "muse-spark", 0, kind)
    assert asked(chain, 599) == "gemini"
    assert asked(chain, 600) == "muse-spark"
    fail(chain, "muse-spark", 600, kind)
    assert asked(chain, 1199) == "gemini"


@pytest.mark.parametrize("kind", sorted(set(failures.KINDS) - PASSING - LASTING))
def test_what_is_no_fault_of_the_model_is_not_held_against_it(kind: str) -> None:
    chain = Chain(THREE)
    fail(chain, "muse-spark", 0, kind, kind, kind)
    assert asked(chain, 0) == "muse-spark"
    fail(chain, "muse-spark", 0, "network", kind, "network")
    assert asked(chain, 0) == ("muse-spark" if kind in ANSWERED else "gemini")


def test_who_was_asked_in_this_turn_is_not_asked_again() -> None:
    chain = Chain(THREE)
    assert asked(chain, 0, skip=("muse-spark",)) == "gemini"
    assert asked(chain, 0, skip=("muse-spark", "gemini")) == "muse-glimmer"
    assert asked(chain, 0, skip=tuple(m.name for m in THREE)) == "nobody: "
    assert asked(Chain(()), 0) == "nobody: no_model"


def test_when_everybody_fails_the_wearer_hears_why_and_waits_half_a_minute_at_most() -> None:
    chain = Chain(THREE)
    for m in THREE:
        fail(chain, m.name, 0, "network", "network")
    assert asked(chain, 10) == "nobody: network"
    for at_s in (30, 60, 90):
        assert [asked(chain, at_s) for _ in THREE] == [m.name for m in THREE]
        assert asked(chain, at_s + 29) == "nobody: network"
        for m in THREE:
            fail(chain, m.name, at_s, "network")
    alone = Chain((MUSE,))
    fail(alone, "muse-spark", 0, "auth")
    assert asked(alone, 60) == "nobody: auth"


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("trains", ["no", "opt-out", "discount", "unknown"])
def test_a_private_turn_goes_to_no_vendor_that_learns_from_it(trains: str, local: bool) -> None:
    info = ModelInfo("m", local=local, trains=trains)
    may = trains == "no" or (local and trains == "unknown")
    assert keeps_private(info) is may
    assert asked(Chain((info,)), 0, private=True) == ("m" if may else "nobody: private")


def test_a_private_turn_passes_over_the_preferred_model_and_never_falls_back_on_it() -> None:
    chain = Chain((GEMINI, ModelInfo("cheap", trains="discount"), MUSE))
    assert asked(chain, 0, private=True) == "muse-spark"
    assert asked(chain, 0, private=True, skip=("muse-spark",)) == "nobody: private"
    fail(chain, "muse-spark", 0, "overloaded", "overloaded")
    assert asked(chain, 0, private=True) == "nobody: overloaded"


@given(
    st.lists(
        st.tuples(st.sampled_from(["no", "opt-out", "discount", "unknown"]), st.booleans(), st.booleans()), max_size=5
    ),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(sorted(failures.KINDS)), st.integers(0, 200)), max_size=20),
    st.booleans(),
)
def test_whatever_failed_before_a_private_turn_stays_private(
    models: list[tuple[str, bool, bool]], failed: list[tuple[int, str, int]], vision: bool
) -> None:
    chain = Chain(tuple(ModelInfo(f"m{i}", local, sees, trains=t) for i, (t, local, sees) in enumerate(models)))
    now_s = 0
    for which, kind, later_s in failed:
        now_s += later_s
        picked = chain.pick(now_s * NS, private=True, vision=vision).model
        assert picked is None or keeps_private(picked)
        if which < len(models):
            chain.failed(f"m{which}", kind, now_s * NS)


def test_a_picture_goes_to_a_model_with_eyes_and_only_in_need_are_the_words_sent_without_it() -> None:
    blind = ModelInfo("deepseek", vision=False, trains="no")
    chain = Chain((blind, MUSE))
    assert asked(chain, 0) == "deepseek"
    assert asked(chain, 0, vision=True) == "muse-spark"
    fail(chain, "muse-spark", 0, "network", "network")
    without = chain.pick(0, vision=True)
    assert without.model == blind
    assert "without the picture" in without.reason
    assert asked(Chain((blind,)), 0, vision=True) == "deepseek"


def test_only_on_this_machine() -> None:
    assert asked(Chain(THREE), 0, local=True) == "muse-glimmer"
    assert asked(Chain((MUSE, GEMINI)), 0, local=True) == "nobody: local_only"


def test_a_session_that_is_taken_up_again_holds_the_same_against_the_same_models() -> None:
    chain = Chain(THREE)
    fail(chain, "gemini", 0, "auth")
    fail(chain, "muse-spark", 0, "network", "network")
    fail(chain, "muse-glimmer", 3, "network")
    again = Chain(THREE)
    again.resume(chain.trips())
    assert again.trips() == chain.trips() == copy.deepcopy(chain).trips()
    assert chain.trips() == (
        Trip("muse-spark", 2, 30 * NS, "network"),
        Trip("gemini", 1, 600 * NS, "auth"),
        Trip("muse-glimmer", 1, 0, "network"),
    )
    for at_s in range(0, 700, 7):
        assert asked(again, at_s) == asked(chain, at_s)
        if at_s % 3 == 0:
            fail(chain, "muse-glimmer", at_s, "network")
            fail(again, "muse-glimmer", at_s, "network")
    fewer = Chain((GEMINI,))
    fewer.resume(chain.trips())
    assert [t.model for t in fewer.trips()] == ["gemini"]


def test_every_kind_of_failure_has_its_place_in_the_tables() -> None:
    assert not PASSING & LASTING and not PASSING & ANSWERED and not LASTING & ANSWERED
    assert set(failures.KINDS) <= set(FAILOVER)
    assert set(FAILOVER) >= PASSING | LASTING | ANSWERED
    assert all(FAILOVER[kind] for kind in PASSING | LASTING)
    ends = ["no_model", "no_picture", "refused", "private", "withheld"]
    assert [kind for kind in FAILOVER if not FAILOVER[kind]] == ends


def test_a_model_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="no model 'grok'; it has: muse-spark, gemini, muse-glimmer"):
        Chain(THREE).failed("grok", "network", 0)
    assert Chain(THREE).find("gemini") is GEMINI
    assert Chain(THREE).models == THREE


def test_the_wearer_hears_in_one_short_sentence_why_another_model_is_asked() -> None:
    assert switched("muse-spark", "gemini", "overloaded") == "Muse Spark is busy, I ask Gemini."
    assert switched("muse-spark", "gemini", "network") == "I can't reach Muse Spark, I ask Gemini."
    assert switched("muse-spark", "gemini", "what's this") == "I ask Gemini instead of Muse Spark."
    for kind, useful in FAILOVER.items():
        said = switched("meta:muse_spark", "gemini", kind)
        assert "Muse Spark" in said and said.endswith(".") and len(said.split()) <= 13
        assert not useful or "instead" not in said
    assert spoken_name("") == "the model"
