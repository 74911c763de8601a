"""The budget: what is spent is what providers reported, and no limit is passed however many are asked at once."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import ImageRule, Message, ModelDone, ModelInfo, Spent, ToolCall, ToolInfo, View
from pipelines.thinking.budget import Budget, cost_usd, dollars, estimate, number_words, text_tokens
from pipelines.thinking.options import BudgetOptions

MUSE = ModelInfo("muse-spark", input_usd=1.25, output_usd=4.25, cached_usd=0.15)
GLIMMER = ModelInfo("muse-glimmer", local=True, input_usd=0.0, output_usd=0.0)
UNPRICED = ModelInfo("somebody")
REASONER = ModelInfo("reasoner", input_usd=1.0, output_usd=10.0, min_output_tokens=1024)
MODELS = [MUSE, GLIMMER, UNPRICED, REASONER]
TODAY = "2026-11-20"


def budget(**options: float) -> Budget:
    return Budget(BudgetOptions(**options), TODAY)  # type: ignore[arg-type]


def used(tokens_in: int = 0, tokens_out: int = 0, cached: int = 0) -> ModelDone:
    return ModelDone(0, 1, "stop", tokens_in, tokens_out, cached)


usages = st.lists(
    st.tuples(st.sampled_from(MODELS), st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000)), max_size=30
)


@given(usages, st.integers(0, 1000), st.booleans())
def test_what_is_spent_is_the_sum_of_what_providers_reported(
    usage: list[tuple[ModelInfo, int, int, int]], earlier: int, reserved: bool
) -> None:
    account = Budget(BudgetOptions(), TODAY, earlier, earlier / 1000)
    total = 0.0
    for request, (info, tokens_in, tokens_out, cached) in enumerate(usage):
        if reserved:
            account.reserve(1, request, 50_000, info, 20_000)
            account.release(request)
        total += account.spend(1, info, used(tokens_in, tokens_out, cached))
    day, tokens, usd = account.state()
    assert (day, tokens) == (TODAY, earlier + sum(i + o for _, i, o, _ in usage))
    assert usd == pytest.approx(earlier / 1000 + total)
    assert account.spent_in(1)[0] == sum(i + o for _, i, o, _ in usage)
    assert account.spent_in(1)[1] == pytest.approx(total)


def test_a_million_tokens_cost_the_listed_price_and_cached_ones_less() -> None:
    assert cost_usd(MUSE, 1_000_000, 0, 0) == 1.25
    assert cost_usd(MUSE, 0, 1_000_000, 0) == 4.25
    assert cost_usd(MUSE, 1_000_000, 0, 1_000_000) == 0.15
    assert cost_usd(MUSE, 1_000_000, 0, 400_000) == pytest.approx(0.81)
    assert cost_usd(REASONER, 1_000_000, 0, 400_000) == 1.0  # nothing is known of cached ones: as other input
    assert cost_usd(UNPRICED, 10**6, 10**6, 0) == cost_usd(GLIMMER, 10**6, 10**6, 0) == 0
    assert cost_usd(MUSE, 100, 0, 500) == cost_usd(MUSE, 100, 0, 100)


def test_a_question_over_the_limit_of_a_turn_is_not_asked_and_the_next_turn_begins_anew() -> None:
    account = budget(turn_tokens=10_000, turn_usd=0)
    assert account.refusal(1, MUSE, 9_000) == ""
    assert account.refusal(1, MUSE, 9_900) == "budget_turn"
    account.spend(1, MUSE, used(8_000, 1_500))
    assert account.refusal(1, MUSE, 1_000) == "budget_turn"
    assert account.refusal(2, MUSE, 1_000) == ""
    assert account.refusal(1, MUSE, 1_000) == "budget_turn"


def test_money_binds_only_models_that_cost() -> None:
    account = budget(turn_usd=0.01, turn_tokens=0, day_usd=1.0)
    account.spend(1, MUSE, used(8_000))
    assert account.refusal(1, MUSE, 1_000) == "budget_turn"
    assert account.refusal(1, GLIMMER, 1_000) == account.refusal(1, UNPRICED, 1_000) == ""
    account.spend(2, MUSE, used(0, 250_000))
    assert account.refusal(3, MUSE, 1_000) == "budget_day"
    assert account.refusal(3, GLIMMER, 1_000) == ""


def test_an_answer_is_capped_to_what_is_left_and_a_model_that_needs_more_is_not_asked() -> None:
    account = budget(turn_tokens=10_000, turn_usd=0)
    assert account.cap(1, MUSE, 0, 1024) == 1024
    assert account.cap(1, MUSE, 8_000, 4096) == 2_000
    assert account.cap(1, REASONER, 0, 300) == 1024  # with less it would think and say nothing
    assert account.refusal(1, REASONER, 9_000) == "budget_turn"
    assert account.refusal(1, MUSE, 9_000) == ""
    account.spend(1, MUSE, used(20_000))
    assert account.cap(1, MUSE, 0, 1024) == 0
    by_money = budget(turn_tokens=0, turn_usd=0.0425)
    assert by_money.cap(1, MUSE, 0, 50_000) == 10_000
    assert by_money.cap(1, MUSE, 17_000, 50_000) == 5_000
    assert budget(turn_tokens=0, turn_usd=0, day_usd=0).cap(1, MUSE, 10**9, 123_456) == 123_456


@given(
    st.lists(
        st.tuples(
            st.sampled_from(MODELS),
            st.integers(1, 12_000),  # input
            st.integers(1, 8_000),  # wanted
            st.floats(0, 1),  # how much of it was used
            st.sampled_from(["ask", "ask", "ask", "end"]),
            st.integers(1, 4),  # turn
        ),
        max_size=40,
    )
)
def test_no_limit_is_passed_however_many_are_asked_at_once(
    steps: list[tuple[ModelInfo, int, int, float, str, int]],
) -> None:
    account = Budget(BudgetOptions(turn_tokens=30_000, turn_usd=0.05, day_tokens=90_000, day_usd=0.12), TODAY)
    under_way: list[tuple[int, int, ModelInfo, ModelDone]] = []
    spent = {turn: [0.0, 0.0] for turn in range(1, 5)}

    def end() -> None:
        request, turn, info, done = under_way.pop(0)
        account.release(request)
        spent[turn][0] += done.input_tokens + done.output_tokens
        spent[turn][1] += account.spend(turn, info, done)

    for request, (info, tokens_in, wanted, share, step, turn) in enumerate(steps):
        if step == "end" and under_way:
            end()
        elif step == "ask" and not account.refusal(turn, info, tokens_in):
            cap = account.cap(turn, info, tokens_in, wanted)
            assert min(wanted, 256) <= cap <= max(wanted, info.min_output_tokens)
            account.reserve(turn, request, tokens_in + cap, info, cap)
            under_way.append((request, turn, info, used(tokens_in, int(cap * share))))
    while under_way:
        end()
    assert all(tokens <= 30_000 and usd <= 0.05 + 1e-9 for tokens, usd in spent.values())
    _, tokens, usd = account.state()
    assert tokens <= 90_000 and usd <= 0.12 + 1e-9
    assert tokens == sum(t for t, _ in spent.values())


def test_three_workers_share_what_one_turn_has() -> None:
    account = budget(turn_tokens=20_000, turn_usd=0)
    caps = []
    for request in range(4):
        if account.refusal(1, MUSE, 5_000):
            break
        caps.append(account.cap(1, MUSE, 5_000, 1_500))
        account.reserve(1, request, 5_000 + caps[-1], MUSE, caps[-1])
    assert caps == [1_500, 1_500, 1_500]
    assert account.refusal(1, MUSE, 5_000) == "budget_turn"
    account.release(0)  # it failed, and nobody charged for it
    assert account.refusal(1, MUSE, 5_000) == ""
    assert account.spent_in(1) == (0, 0.0)


def test_they_share_its_money_too() -> None:
    account = budget(turn_tokens=0, turn_usd=0.01)
    account.reserve(1, 7, 2_200, MUSE, 2_000)
    assert account.cap(1, MUSE, 0, 9_000) == 294  # of the cent, 0.875 are set aside; the rest at 4.25 dollars a million
    account.reserve(1, 8, 294, MUSE, 294)
    assert account.refusal(1, MUSE, 0) == "budget_turn"
    assert account.refusal(2, MUSE, 0) == ""


def test_a_turn_that_thinks_in_the_background_pays_for_itself() -> None:
    account = budget(turn_tokens=10_000, turn_usd=0)
    account.reserve(1, 7, 9_000, MUSE, 1_000)
    assert account.refusal(2, MUSE, 8_000) == ""
    assert account.refusal(1, MUSE, 8_000) == "budget_turn"
    account.release(7)
    account.spend(1, MUSE, used(8_000, 900))
    assert account.spent_in(1)[0] == 8_900
    assert account.spent_in(2) == (0, 0.0)
    assert account.refusal(1, MUSE, 8_000) == "budget_turn"


def test_a_long_session_keeps_few_accounts_but_each_that_is_under_way() -> None:
    account = budget()
    account.reserve(1, 7, 9_000, MUSE, 1_000)
    account.spend(1, MUSE, used(50))
    for turn in range(2, 500):
        account.spend(turn, MUSE, used(1))
    assert account.spent_in(499)[0] == account.spent_in(480)[0] == 1
    assert account.spent_in(2)[0] == 0
    account.release(7)
    account.spend(1, MUSE, used(100))
    assert account.spent_in(1)[0] == 150


def test_what_a_turn_in_the_background_has_set_aside_is_gone_from_the_day() -> None:
    account = budget(day_tokens=20_000, day_usd=0, turn_tokens=0, turn_usd=0)
    account.reserve(1, 7, 15_000, MUSE, 1_000)
    assert account.cap(2, MUSE, 1_000, 9_000) == 4_000
    assert account.refusal(2, MUSE, 4_900) == "budget_day"
    account.release(7)
    assert account.refusal(2, MUSE, 4_900) == ""


def test_the_day_counts_every_session_and_never_forgets_what_was_spent_here() -> None:
    account = Budget(BudgetOptions(), TODAY, 100, 0.5)
    account.spend(1, GLIMMER, used(50, 50))
    account.on_spent(Spent(0, TODAY, 150, 0.75))  # this session's last hundred are not in there yet
    assert account.state() == (TODAY, 200, 0.75)
    account.on_spent(Spent(0, "2026-11-19", 9_999, 9.0))  # late news of yesterday
    assert account.state() == (TODAY, 200, 0.75)
    account.on_spent(Spent(0, "2026-11-21", 0, 0.0))
    assert account.state() == ("2026-11-21", 0, 0.0)


def test_the_wearer_is_warned_once_a_day_in_words() -> None:
    account = budget(day_usd=5.0)
    assert account.warning() == ""
    account.spend(1, MUSE, used(3_000_000))
    assert account.warning() == ""
    account.spend(1, MUSE, used(200_000))
    assert account.warning() == "I have used eighty percent of today's five dollars for models."
    account.spend(1, MUSE, used(200_000))
    assert account.warning() == ""
    account.on_spent(Spent(0, "2026-11-21", 0, 0.0))
    account.spend(1, MUSE, used(3_500_000))
    assert "eighty percent" in account.warning()


def test_whose_session_it_was_warns_and_one_begun_later_does_not_repeat_it() -> None:
    begun_late = Budget(BudgetOptions(day_usd=5.0), TODAY, 0, 4.5)
    begun_late.spend(1, MUSE, used(1_000))
    assert begun_late.warning() == ""
    beside = budget(day_usd=5.0)
    beside.on_spent(Spent(0, TODAY, 0, 4.5))
    assert beside.warning() == ""
    unlimited = budget(day_usd=0)
    unlimited.spend(1, MUSE, used(10**8, 10**8))
    assert unlimited.warning() == ""


def test_a_limit_in_tokens_is_spoken_as_one() -> None:
    account = budget(day_usd=0, day_tokens=1_250_000)
    account.spend(1, UNPRICED, used(1_000_000, 100))
    assert (
        account.warning()
        == "I have used eighty percent of today's one million two hundred fifty thousand tokens for models."
    )
    both = budget(day_usd=5.0, day_tokens=1_000)
    both.spend(1, UNPRICED, used(900))
    assert "one thousand tokens" in both.warning()


def test_refusals_name_the_limit_as_people_say_it() -> None:
    account = budget()
    assert account.spoken("budget_day") == "I have used today's five dollars for models."
    assert account.spoken("budget_turn") == (
        "That would take more than the fifty cents or sixty thousand tokens for one question."
    )
    assert budget(turn_usd=0).spoken("budget_turn").count(" or ") == 0


def test_a_session_that_is_taken_up_again_has_spent_the_same() -> None:
    account = budget()
    account.spend(1, MUSE, used(1234, 567, 89))
    again = budget()
    again.resume(*account.state())
    assert again.state() == account.state() == copy.deepcopy(account).state()
    assert again.refusal(1, MUSE, 50_000) == ""


class TestEstimate:
    def test_words_and_tools_all_count(self) -> None:
        asked = (Message("user", "a" * 400),)
        words = estimate(asked)
        assert 100 <= words <= 110
        tool = ToolInfo("calculate", "Reckons.", '{"type": "object"}')
        assert estimate(asked, (tool,)) > words
        called = Message("assistant", "", calls=(ToolCall("c1", "calculate", "1+1" * 40, carry="x" * 400),))
        assert estimate((called,)) > 120

    def test_a_picture_counts_as_the_vendor_counts_it(self) -> None:
        words = estimate((Message("user", "a" * 400),))
        rule = ImageRule("patches", patch_px=28)
        shown = Message("user", "a" * 400, 7, views=(View(7, (10, 10, 200, 100), px=560),))
        assert estimate((shown,), (), rule, 768) == words + 28 * 21 + 20 * 10
        assert estimate((shown,), (), rule, 1280) > estimate((shown,), (), rule, 768)
        assert estimate((shown,), (), ImageRule("fixed", low=70, medium=280, high=560)) == words + 2 * 280
        as_it_is = Message("user", "a" * 400, views=(View(7),))
        assert estimate((as_it_is,), (), rule) >= words + 1196  # a frame of 720p glasses

    def test_scripts_with_a_token_a_letter_are_not_underrated(self) -> None:
        assert text_tokens("日本語の文章") == 6
        assert text_tokens("") == 0
        assert text_tokens("abc") == 1

    @given(st.lists(st.text(max_size=50), max_size=5))
    def test_more_words_never_cost_less(self, texts: list[str]) -> None:
        messages = tuple(Message("user", text) for text in texts)
        sums = [estimate(messages[:n]) for n in range(len(messages) + 1)]
        assert sums == sorted(sums)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "zero"),
        (7, "seven"),
        (13, "thirteen"),
        (20, "twenty"),
        (42, "forty-two"),
        (100, "one hundred"),
        (119, "one hundred nineteen"),
        (60_000, "sixty thousand"),
        (1_200_034, "one million two hundred thousand thirty-four"),
        (5_000_000_000, "five billion"),
        (-3, "minus three"),
    ],
)
def test_numbers_as_they_are_said(number: int, said: str) -> None:
    assert number_words(number) == said


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (5.0, "five dollars"),
        (1.0, "one dollar"),
        (0.5, "fifty cents"),
        (0.01, "one cent"),
        (2.5, "two dollars fifty"),
        (12.05, "twelve dollars five"),
        (0.999, "one dollar"),
    ],
)
def test_money_as_it_is_said(usd: float, said: str) -> None:
    assert dollars(usd) == said
