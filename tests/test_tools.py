"""The tools that deciders answer: arguments checked, time told, sums and prices exact, timers set by plain words."""

from __future__ import annotations

import copy
import datetime
import json
from fractions import Fraction
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import NS, Alarm
from pipelines.thinking.tools import calculator, clock, pure, spoken_time
from pipelines.thinking.tools.alarm_words import understood
from pipelines.thinking.tools.alarms import AlarmError, Alarms
from pipelines.thinking.tools.built_in import BUILT_IN, OWN, TIMERS, built_in
from pipelines.thinking.tools.schema import read_arguments

NOON = "2026-11-21T14:05:00+01:00"
NOW = clock.Now(0, NOON)

# ---------------------------------------------------------------------------------------------------------- arguments


def test_every_tool_has_strict_parameters_and_a_short_description() -> None:
    for tool in BUILT_IN:
        schema = json.loads(tool.parameters)
        assert schema["type"] == "object" and schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])
        assert 10 < len(tool.description) <= 130, tool.name
        assert read_arguments(tool.parameters, '{"surprise": 1}')[1]
    assert len({tool.name for tool in BUILT_IN}) == len(BUILT_IN)
    assert set(OWN) >= {*pure.NAMES, *TIMERS}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("time_now", "", {}),
        ("time_now", " {} ", {}),
        ("set_timer", '{"seconds": 300}', {"seconds": 300}),
        ("set_timer", '{"seconds": 300.0}', {"seconds": 300}),
        ("look_closer", '{"frame": 1, "box": [0, 0, 500, 500]}', {"frame": 1, "box": [0, 0, 500, 500]}),
        ("scan_code", "{}", {}),
    ],
)
def test_right_arguments_come_back_as_an_object(name: str, arguments: str, expected: dict[str, Any]) -> None:
    found, problem = read_arguments(built_in(name).parameters, arguments)
    assert (found, problem) == (expected, "")
    assert all(type(found[key]) is type(expected[key]) for key in expected)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("calculate", "{}", 'The argument "expression" is missing.'),
        ("calculate", '{"expression": 3}', 'The argument "expression" must be a string, not 3.'),
        ("calculate", '{"expression": "1", "x": 1}', 'There is no argument "x"; there are: "expression".'),
        ("calculate", '{"expression": ""}', "at least 1 characters, not 0"),
        ("calculate", '"1+1"', "must be one JSON object, not"),
        ("calculate", '{"expression": "1"', "not valid JSON"),
        ("calculate", '{"expression": "1", "expression": "2"}', 'The key "expression" stands twice'),
        ("calculate", '{"expression": "\\ud800"}', "half a character"),
        ("set_timer", '{"seconds": true}', "must be a whole number, not true"),
        ("set_timer", '{"seconds": 0}', "must be from 1 to 86400, not 0"),
        ("set_timer", '{"seconds": 1.5}', "must be a whole number, not 1.5"),
        ("set_timer", '{"seconds": NaN}', "NaN, which is no JSON"),
        ("set_timer", '{"seconds": 1e999}', "too large"),
        ("set_timer", '{"seconds": ' + "9" * 5000 + "}", "not valid JSON"),
        ("look_closer", '{"frame": 1, "box": [0, 0, 1]}', 'The argument "box" must have at least 4 values, not 3.'),
        (
            "look_closer",
            '{"frame": 1, "box": [0, 0, 1, "9"]}',
            'The argument "box[3]" must be a whole number, not "9".',
        ),
        ("look_closer", '{"frame": 1, "box": [0, 0, 1, 1001]}', "from 0 to 1000"),
        ("compare_unit_prices", '{"items": [{"name": "A"}]}', 'The argument "items[0].price" is missing.'),
        ("calculate", "[" * 100_000, "at most 32768 are allowed"),
        ("calculate", "[" * 20_000, "not valid JSON"),
        ("calculate", '{"expression": ' + "[" * 20 + "]" * 20 + "}", "nested"),
    ],
)
def test_wrong_arguments_are_told_what_is_right(name: str, arguments: str, says: str) -> None:
    found, problem = read_arguments(built_in(name).parameters, arguments)
    assert found == {} and says in problem and len(problem) < 500


def test_schemas_of_servers_may_hold_anything() -> None:
    nested = '{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"integer"}}}}'
    assert read_arguments(nested, '{"a": {"x": 1}}')[1] == ""
    assert '"a.x" must be a whole number' in read_arguments(nested, '{"a": {"x": "1"}}')[1]
    assert read_arguments('{"properties": {"k": {"enum": ["b", 1]}}}', '{"k": true}')[1].startswith('The argument "k"')
    assert read_arguments('{"properties": {"k": {"const": 2}}}', '{"k": 2}')[1] == ""
    for schema in ("", "null", "[", '{"properties": 3, "required": [1, {}], "type": 9}', '{"properties": {"a": 3}}'):
        assert read_arguments(schema, '{"a": 1}') == ({"a": 1}, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = ["type", "enum", "required", "properties", "items", "additionalProperties", "minItems", "maximum", "minimum"]


@given(st.text() | JSON.map(json.dumps), st.text() | st.dictionaries(st.sampled_from(KEYWORDS), JSON).map(json.dumps))
def test_whatever_model_and_server_write_nothing_is_raised(arguments: str, parameters: str) -> None:
    found, problem = read_arguments(parameters, arguments)
    assert isinstance(found, dict) and (not problem or found == {})


# --------------------------------------------------------------------------------------------------------------- time


def test_the_time_is_the_start_and_what_has_passed() -> None:
    text, failed = pure.answer("time_now", {}, clock.Now(3_930 * NS, NOON))
    assert (text, failed) == ("Saturday, 21 November 2026, 15:10:30, UTC+01:00", "")
    assert pure.answer("time_now", {}, clock.Now(0, ""))[1] == "failed"
    for broken in ("yesterday", "2026-13-01T00:00:00", "2026-11-31T24:00:00", "2026-11-21"):
        assert clock.moment(clock.Now(0, broken)) is None


@given(st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9000, 1, 1)), st.integers(0, 10**9), st.booleans())
def test_dates_are_those_of_the_calendar(start: datetime.datetime, seconds: int, zone: bool) -> None:
    start = start.replace(microsecond=0)
    at = clock.moment(clock.Now(seconds * NS + NS // 2, start.isoformat() + ("-05:30" if zone else "")))
    then = start + datetime.timedelta(seconds=seconds)
    assert at is not None
    assert (at.year, at.month, at.day, at.hour, at.minute, at.second) == then.timetuple()[:6]
    assert at.weekday == then.weekday() and at.offset == ("-05:30" if zone else "")


# --------------------------------------------------------------------------------------------------------------- sums


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("0.1 + 0.2", "0.3"),
        ("15% of 80", "12"),
        ("200 + 10%", "220"),
        ("200 - 10%", "180"),
        ("200 * 10%", "20"),
        ("17 % 5", "2"),
        ("17 mod 5", "2"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("2^-1", "0.5"),
        ("(3 + 4) × 2 ÷ 7", "2"),
        ("9 ** 0.5", "3"),
        ("2 ** 0.5", "about 1.414213562"),
        ("1/3", "about 0.3333333333"),
        ("1/3*3", "1"),
        ("1e3 * 1.50", "1500"),
        ("2 ** 200", "about 1.606938044e+60"),
        ("1 / 8 =", "0.125"),
        ("1000000 * 1000000", "1000000000000"),
        ("0", "0"),
    ],
)
def test_sums_are_exact_or_say_about(expression: str, result: str) -> None:
    assert calculator.calculate(expression) == result
    answer, failed = pure.answer("calculate", {"expression": expression}, NOW)
    assert answer.endswith(f"= {result}") and not failed


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("1 / 0", "divide by zero"),
        ("0 ** -1", "divide by zero"),
        ("5 mod 0", "divide by zero"),
        ("9 ** 9 ** 9", "too large"),
        ("2 ** 1e99", "too large"),
        ("2 ** 0.5 ** 99999", "too large"),
        ("(-1) ** 0.5", "root of a number below zero"),
        ("(" * 60 + "1" + ")" * 60, "nested deeper"),
        ("-" * 60 + "1", "nested deeper"),
        ("1 +", "ends too early"),
        ("(1", "bracket"),
        ("1)", "don't understand"),
        ("1,000 + 1", "comma"),
        ("__import__('os')", "don't understand"),
        ("1 2", "don't understand"),
        ("", "nothing to calculate"),
        ("1" * 201, "longer than"),
    ],
)
def test_what_cannot_be_calculated_is_said(expression: str, says: str) -> None:
    text, failed = pure.answer("calculate", {"expression": expression}, NOW)
    assert says in text and failed == "failed"


@given(st.text("0123456789.+-*/%() ofmde^", max_size=200))
def test_any_expression_is_quick_and_never_crashes(expression: str) -> None:
    start = perf_counter()
    try:
        assert calculator.calculate(expression)
    except calculator.CannotCalculate as problem:
        assert str(problem)
    assert perf_counter() - start < 2


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.sampled_from("+-*/"))
def test_sums_agree_with_fractions(a: int, b: int, sign: str) -> None:
    x, y = Fraction(a, 100), Fraction(b, 4)
    if sign == "/" and not y:
        return
    expected = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else x}[sign]
    got = calculator.calculate(f"({float(x)}) {sign} ({float(y)})")
    value = Fraction(got.removeprefix("about "))
    assert value == expected or (got.startswith("about") and abs(value - expected) <= abs(expected) / 10**9)


# -------------------------------------------------------------------------------------------------------- unit prices


def item(name: str, price: object, amount: object, unit: object = "g", currency: object = "EUR") -> dict[str, object]:
    return {"name": name, "price": price, "currency": currency, "amount": amount, "unit": unit}


def compared(*items: dict[str, object]) -> str:
    found, problem = read_arguments(built_in("compare_unit_prices").parameters, json.dumps({"items": items}))
    assert not problem
    return pure.answer("compare_unit_prices", found, NOW)[0]


def test_the_cheapest_for_100_g_is_named_exactly() -> None:
    assert compared(item("Oats A", 2.49, 500), item("Oats B", 4.5, 1, "kg")) == (
        "Oats A: 0.50 EUR per 100 g. Oats B: 0.45 EUR per 100 g. Oats B is the cheapest."
    )
    assert "per 100 ml. Juice is the cheapest." in compared(item("Cola", 1, 33, "cl"), item("Juice", 2, 1, "L"))
    assert "0.25 EUR per piece" in compared(item("Eggs", 2.5, 10, "pieces"), item("More eggs", 4, 12, "pcs"))
    assert compared(item("A", 1, 100), item("B", 2, 200)).endswith("Both cost the same.")


def test_prices_that_differ_by_less_than_a_cent_are_told_apart() -> None:
    said = compared(item("A", 1.001, 100), item("B", 1.002, 100))
    assert "A: 1.001 EUR" in said and "B: 1.002 EUR" in said and said.endswith("A is the cheapest.")


def test_what_was_not_read_is_named_and_never_guessed() -> None:
    said = compared(item("A", None, 500), item("B", 4.5, 1, "kg"), item("C", 1, 100))
    assert said.startswith("I can't read the price of A.")
    assert said.endswith("Of those that I can read, B is the cheapest.")
    assert compared(item("A", 1, None), item("B", 1, 100)).endswith("So I can't compare them.")
    for missing in ("price", "amount", "unit", "currency"):
        assert f"I can't read the {missing} of A." in compared({**item("A", 1, 1), missing: None}, item("B", 1, 100))


def test_what_cannot_be_compared_says_why() -> None:
    assert compared(item("A", 1, 100), item("B", 1, 100, "ml")) == (
        "I can't compare them: A is sold by weight, B by volume."
    )
    assert "A is priced in EUR, B in USD" in compared(item("A", 1, 100), item("B", 1, 100, "g", "$"))
    assert 'I don\'t know the unit "fl oz"' in compared(item("A", 1, 1, "fl oz"))
    assert "its amount is zero" in compared(item("A", 1, 0))


# ------------------------------------------------------------------------------------------------ timers by plain words

TIMER_WORDS = (
    "set", "a", "timer", "for", "and", "half", "an", "hour", "minutes", "five", "remind", "me", "to", "at", "six", "in",
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Set a timer for five minutes.", "Timer set for five minutes."),
        ("could you set a 5-minute timer please", "Timer set for five minutes."),
        ("timer ten minutes", "Timer set for ten minutes."),
        ("start a timer for an hour and a half", "Timer set for one hour and thirty minutes."),
        ("set a timer for two and a half hours", "Timer set for two hours and thirty minutes."),
        ("set a timer for 1.5 hours", "Timer set for one hour and thirty minutes."),
        ("set a timer for half an hour", "Timer set for thirty minutes."),
        ("set a timer for a quarter of an hour", "Timer set for fifteen minutes."),
        ("set a timer for three quarters of an hour", "Timer set for forty-five minutes."),
        ("set a timer for one minute and thirty seconds", "Timer set for one minute and thirty seconds."),
        ("set a timer for twenty-five seconds", "Timer set for twenty-five seconds."),
        ("set a pasta timer for ten minutes", "Pasta timer set for ten minutes."),
        ("set a timer for five minutes for the eggs", "Eggs timer set for five minutes."),
        ("set a timer", "For how long? Say: set a timer for five minutes."),
        ("set a timer for thirty hours", "I can only remember that for 24 hours."),
        ("remind me in an hour to take the bread out", "I will remind you in one hour: take the bread out."),
        ("Remind me to take two pills in half an hour", "I will remind you in thirty minutes: take two pills."),
        ("remind me at half past six to call Anna", "I will remind you at 18:30: call Anna."),
        ("remind me to call Anna at six", "I will remind you at 18:00: call Anna."),
        ("remind me at quarter to three to leave", "I will remind you at 14:45: leave."),
        ("remind me at ten past two to leave", "I will remind you at 14:10: leave."),
        ("remind me at two to leave", "I will remind you at 2:00: leave."),
        ("remind me at 6:30 a.m. to get up", "I will remind you at 6:30: get up."),
        ("remind me at 18.30 to cook", "I will remind you at 18:30: cook."),
        ("remind me at noon to eat", "I will remind you at 12:00: eat."),
        ("remind me at midnight", "I will remind you at 0:00."),
        ("remind me tomorrow at nine in the morning to pay", "I will remind you at 9:00: pay."),
        ("remind me tomorrow at eight in the evening to pay", "I can only remember that for 24 hours."),
        ("wake me at seven tomorrow", "I will remind you at 7:00."),
        ("set an alarm for 6:30 pm", "I will remind you at 18:30."),
        ("remind me to water the plants", "When? Say: remind me in ten minutes."),
        ("how long is left", "No timer is set."),
        ("cancel the timer", "No timer and no reminder is set."),
        ("what timers are set", "No timer and no reminder is set."),
    ],
)
def test_timers_are_set_by_plain_words(words: str, answer: str) -> None:
    assert Alarms().from_words(words, 0, NOON) == answer


@pytest.mark.parametrize(
    "words",
    ["", "stop", "cancel", "what time is it", "how long is the bridge", "set two timers", "remind", "what is a timer",
     "what does this timer say", "read this", "the timer is broken", "set a timer for a while", "x " * 200],
)  # fmt: skip
def test_other_words_are_left_to_others(words: str) -> None:
    assert Alarms().from_words(words, 0, NOON) is None


def test_a_talk_about_timers() -> None:
    alarms = Alarms()

    def say(words: str, at_s: int) -> str | None:
        return alarms.from_words(words, at_s * NS, NOON)

    say("set a timer for five minutes", 0)
    assert say("how long is left", 10) == "Four minutes and fifty seconds left."
    say("set a pasta timer for twenty minutes", 60)
    say("remind me in an hour to call Anna", 60)
    assert say("how much time is left on the pasta timer", 60) == "Twenty minutes left."
    assert say("how long is left", 60) == (
        "Four minutes left on the five-minute timer. Twenty minutes left on the pasta timer."
    )
    assert say("what timers do I have", 60) == (
        "The five-minute timer: four minutes left. The pasta timer: twenty minutes left. "
        "In one hour, the reminder: call Anna."
    )
    assert say("cancel the timer", 60) == "There are two: the five-minute timer and the pasta timer. Say which one."
    assert say("cancel the five minute timer", 60) == "The five-minute timer is cancelled."
    assert say("cancel the rice timer", 60) == "There is no rice timer."
    assert say("cancel the reminder to call Anna", 60) == "The reminder: call Anna is cancelled."
    assert say("stop the timer", 60) == "The pasta timer is cancelled."
    assert alarms.entries == ()


def test_alarms_are_due_once_in_order_and_say_what_they_are() -> None:
    alarms = Alarms()
    for words in (
        "set a timer for five minutes",
        "remind me in one minute to take the bread out",
        "remind me in 1 minute",
    ):
        alarms.from_words(words, 0, "")
    assert alarms.next_ns() == 60 * NS and alarms.due(60 * NS - 1) == []
    assert [alarms.spoken(alarm) for alarm in alarms.due(60 * NS)] == [
        "Reminder: take the bread out.",
        "You asked me to remind you now.",
    ]
    assert alarms.next_ns() == 300 * NS
    twin = copy.deepcopy(alarms)
    assert [twin.spoken(alarm) for alarm in twin.due(10**15)] == ["Your five-minute timer is over."]
    assert twin.next_ns() is None and len(alarms.entries) == 1


def test_alarms_go_on_where_a_recording_is_cut() -> None:
    alarms = Alarms()
    for words in ("set a timer for one minute", "set a timer for two minutes", "set a timer for three minutes"):
        alarms.from_words(words, 0, NOON)
    alarms.due(60 * NS)
    cut = Alarms()
    cut.resume(alarms.entries)
    for both in (alarms, cut):
        both.from_words("remind me in ten minutes to go", 61 * NS, NOON)
    assert cut.entries == alarms.entries and [a.number for a in cut.entries] == [2, 3, 1]


def test_without_a_wall_clock_no_time_of_day_is_promised() -> None:
    assert "I don't know what time it is" in (Alarms().from_words("remind me at six to go", 0, "") or "")


def test_a_model_sets_lists_and_cancels() -> None:
    alarms = Alarms()
    assert alarms.use("set_timer", {"seconds": 90}, 0, NOON) == ("Timer set for one minute and thirty seconds.", "")
    assert (
        alarms.use("set_timer", {"at": "06:30", "text": "get up"}, 0, NOON)[0] == "I will remind you at 6:30: get up."
    )
    listed, failed = alarms.use("list_timers", {}, 0, NOON)
    assert listed.startswith("Number 1 is the ninety-second timer: one minute and thirty seconds left. Number 2")
    assert alarms.use("cancel_timer", {"number": 2}, 0, NOON) == ("The reminder: get up is cancelled.", "")
    for args in ({}, {"seconds": 5, "at": "10:00"}, {"at": "25:00"}, {"at": "six"}, {"seconds": 90_000}):
        text, failed = alarms.use("set_timer", args, 0, NOON)
        assert failed == "failed" and text
    assert alarms.use("cancel_timer", {"number": 9}, 0, NOON) == (
        "There is no timer or reminder with number 9.",
        "failed",
    )
    with pytest.raises(KeyError):
        alarms.use("web_search", {}, 0, NOON)


def test_there_is_a_limit_to_what_is_kept() -> None:
    alarms = Alarms()
    for _ in range(20):
        alarms.set(NOW, seconds=60)
    with pytest.raises(AlarmError, match="Twenty are set already"):
        alarms.set(NOW, seconds=60)
    assert "And fifteen more." in alarms.list(NOW)
    assert alarms.from_words("cancel all timers", 0, NOON) == "All twenty are cancelled."
    with pytest.raises(AlarmError, match="too long"):
        alarms.set(NOW, seconds=60, text="x" * 201)


@given(st.integers(1, 86_400))
def test_a_duration_that_is_spoken_is_understood_again(seconds: int) -> None:
    assert spoken_time.seconds_of(spoken_time.in_words(seconds)) == seconds


@given(st.integers(0, 1439), st.integers(0, 86_399))
def test_a_time_of_day_is_the_next_one(minutes: int, now_s: int) -> None:
    alarms = Alarms()
    alarms.set(clock.Now(now_s * NS, "2026-11-21T00:00:00"), at=f"{minutes // 60:02}:{minutes % 60:02}")
    due_s = (alarms.next_ns() or 0) // NS
    assert due_s % 86_400 == minutes * 60 and 0 < due_s - now_s <= 86_400


@given(st.lists(st.sampled_from(TIMER_WORDS)))
def test_any_words_about_timers_are_quick(words: list[str]) -> None:
    start = perf_counter()
    understood(" ".join(words))
    assert perf_counter() - start < 2


def test_alarms_resume_sorted() -> None:
    alarms = Alarms((Alarm(2, 9 * NS), Alarm(1, 5 * NS, "reminder", "x")))
    assert [alarm.number for alarm in alarms.entries] == [1, 2]
    assert alarms.spoken(alarms.entries[1]) == "Your timer is over."
