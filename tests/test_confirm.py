"""Asking the wearer: only the plan's own words, said by the wearer after hearing it, allow it. Silence is a no."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import MS, NS, ToolInfo
from pipelines.thinking.options import ToolOptions
from pipelines.thinking.tools.built_in import built_in
from pipelines.thinking.tools.confirm import MARGIN_NS, Confirmation, plan_text
from tests.bench import bench_permission as corpus

MESSAGE = corpus.MESSAGE
TO_ANNA = {"to": "Anna", "text": "running late"}
END_NS = 10 * NS  # of the read-back


def asked(tool: ToolInfo = MESSAGE, args: dict[str, object] | None = None, read: bool = True) -> Confirmation:
    confirmation = Confirmation(ToolOptions(confirm_ms=15_000))
    confirmation.ask(3, tool, TO_ANNA if args is None else args, 5 * NS)
    if read:
        confirmation.spoken_until(END_NS)
    return confirmation


def say(confirmation: Confirmation, text: str, after_ms: int = 1_000, accepted: bool = True, own: str = "") -> str:
    """Words that begin so long after the read-back's end."""
    start_ns = END_NS + after_ms * MS
    return confirmation.hear(
        text, accepted, start_ns, start_ns + 800 * MS, start_ns + 1_100 * MS, (own,) if own else ()
    )


# ------------------------------------------------------------------------------------------------- what is read back


def test_a_message_is_read_back_with_whom_and_what() -> None:
    text, phrase = plan_text(MESSAGE, TO_ANNA)
    assert text == (
        "I would send this to Anna with the messages tool: running late. To allow it, say: yes, send to Anna."
    )
    assert phrase == "yes, send to Anna"


@pytest.mark.parametrize(
    ("tool", "args", "phrase", "says"),
    [
        (
            built_in("web_search"),
            {"query": "museum hours"},
            "yes, search for museum",
            "search the web for: museum hours.",
        ),
        (built_in("web_search"), {"query": "42"}, "yes, search the web", "search the web for: 42."),
        (built_in("add_note"), {"text": "buy milk."}, "yes, add the note", "write in your notes: buy milk."),
        (corpus.CALENDAR, {"title": "Dinner"}, "yes, create event with calendar", "calendar tool to create event"),
        (corpus.LAMPS, {}, "yes, turn off with lamps", "use the lamps tool to turn off."),
        (MESSAGE, {"to": "anna@x.org"}, "yes, send to anna at x dot org", "to anna at x dot org with"),
        (MESSAGE, {"to": "+49 1701234567"}, "yes, send to the number ending in 5 6 7", "plus 4 9 1 7 0 1 2 3 4 5 6 7"),
        (MESSAGE, {"to": ["Anna", "Bob"]}, "yes, send to Anna and Bob", "send this to Anna and Bob"),
        (MESSAGE, {"to": list("ABCDE")}, "yes, send to 5 recipients", "send this to A, B, C, D and E"),
        (
            ToolInfo("delete_contact", "", permission="send", source="phone book"),
            {"contact": "Anna"},
            "yes, delete contact with phone book",
            "with contact: Anna",
        ),
    ],
)
def test_the_phrase_holds_what_is_done_and_with_whom(
    tool: ToolInfo, args: dict[str, object], phrase: str, says: str
) -> None:
    text, found = plan_text(tool, args)
    assert found == phrase
    assert says in text and text.endswith(f"To allow it, say: {phrase}.")


def test_different_plans_have_different_phrases() -> None:
    phrases = [plan_text(*plan)[1] for plan in corpus.PLANS]
    assert len(set(phrases)) == len(phrases)


def test_a_second_recipient_cannot_hide() -> None:
    for args in (
        {"to": "Anna", "text": "hi", "bcc": "mallory@evil.example"},
        {"to": "Anna", "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "cc": ["mallory@evil.example"]},
        {"message": {"text": "hi", "to": ["Anna", {"email": "mallory@evil.example"}]}},
    ):
        text, phrase = plan_text(MESSAGE, args)
        assert "mallory at evil dot example" in text and "Anna" in text
        assert "mallory at evil dot example" in phrase


def test_what_is_too_long_is_shortened_and_said_to_be() -> None:
    text, _ = plan_text(MESSAGE, {"to": "Anna", "text": "so " * 120})
    assert "120 words starting with: so so" in text and len(text) < 250
    text, _ = plan_text(corpus.CALENDAR, {f"field{n}": n for n in range(7)})
    assert "and 3 more fields" in text
    text, _ = plan_text(MESSAGE, {"to": "Anna", "text": "look " + "x" * 90})
    assert "90 characters without a blank" in text
    text, _ = plan_text(MESSAGE, {"to": "Anna", "text": "see https://evil.example/" + "s" * 90})
    assert "evil dot example" in text and "more characters" in text
    text, _ = plan_text(MESSAGE, {"to": "Anna", "text": "a 😀 b"})
    assert "1 sign that I can't say" in text


def test_an_argument_that_prompts_the_wearer_is_not_read_aloud() -> None:
    text, _ = plan_text(MESSAGE, {"to": "Anna", "text": "hello. To refuse, say: yes, send to Anna"})
    assert "refuse" not in text and "8 words that I do not read aloud, because they tell you what to say" in text


@given(
    st.text(max_size=60),
    st.text(max_size=30),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
        max_leaves=20,
    ),
)
def test_any_plan_can_be_spoken(name: str, source: str, value: object) -> None:
    tool = ToolInfo(name, "", permission="send", source=source)
    text, phrase = plan_text(tool, {"to": value, "x": value})
    assert phrase.startswith("yes, ") and text.endswith(f". To allow it, say: {phrase}.")
    assert len(text) < 6_000 and "\n" not in text


# ------------------------------------------------------------------------------------------------- the wearer's answer


@pytest.mark.parametrize(
    "answer",
    [
        "yes, send to Anna",
        "Yes, send to Anna.",
        "Yes please, send to Anna.",
        "yes send it to anna",
        "Please, yes, send this to Anna, please",
        "YES SEND TO ÁNNA",
    ],
)
def test_the_whole_phrase_allows_it(answer: str) -> None:
    confirmation = asked()
    assert say(confirmation, answer) == "allowed"
    assert confirmation.plan is None and confirmation.deadline_ns is None


@pytest.mark.parametrize("answer", ["yes send to 567", "yes, send to the number ending in five six seven"])
def test_digits_may_be_said_or_written(answer: str) -> None:
    confirmation = asked(args={"to": "+49 170 1234567"})
    assert say(confirmation, answer) == ("allowed" if "ending" in answer else "")


def test_an_address_may_come_written_from_the_recogniser() -> None:
    assert say(asked(args={"to": "anna@example.org"}), "Yes, send to anna@example.org.") == "allowed"


@pytest.mark.parametrize(
    "answer", ["no", "No!", "stop", "cancel", "don't", "no, don't send that", "never mind", "wait"]
)
def test_a_no_ends_it_at_any_time(answer: str) -> None:
    assert say(asked(), answer) == "refused"
    assert say(asked(), answer, accepted=False) == "refused"
    if len(answer.split()) < 3:
        reading = asked(read=False)
        assert say(reading, answer, after_ms=-3_000) == "refused"


def test_a_bare_yes_is_told_the_words_once() -> None:
    confirmation = asked()
    assert say(confirmation, "yeah") == ""
    assert confirmation.take_reprompt() == "Please say: yes, send to Anna."
    assert confirmation.take_reprompt() == ""
    confirmation.spoken_until(END_NS + 4 * NS)
    assert say(confirmation, "yes, send to Anna", 5_000) == "allowed"


def test_a_second_bare_yes_is_a_no() -> None:
    confirmation = asked()
    assert say(confirmation, "okay") == ""
    confirmation.spoken_until(END_NS + 4 * NS)
    assert say(confirmation, "okay", 5_000) == "other words"
    assert say(confirmation, "yes, send to Anna", 8_000) == ""


def test_our_own_reprompt_does_not_allow_it() -> None:
    confirmation = asked()
    say(confirmation, "yes")
    reprompt = confirmation.take_reprompt()
    assert say(confirmation, "yes send to Anna", 3_000, own=reprompt) == "", "it is still being spoken"
    confirmation.spoken_until(END_NS + 4 * NS)
    assert say(confirmation, "please say yes send to Anna", 4_500, own=reprompt) == ""
    assert say(confirmation, "yes send to Anna", 5_500, own=reprompt) == "allowed"


def test_reading_it_again_closes_the_ear_until_it_is_over() -> None:
    confirmation = asked()
    confirmation.reading(END_NS + 2 * NS)
    assert say(confirmation, "yes send to Anna", 3_000) == ""
    confirmation.spoken_until(END_NS + 6 * NS)
    assert say(confirmation, "yes send to Anna", 7_000) == "allowed"


def test_our_voice_saying_the_phrase_elsewhere_does_not_allow_it() -> None:
    assert say(asked(), "yes send to Anna", own="You could answer yes, send to Anna, or wait.") == ""


def test_a_question_of_another_kind_drops_the_plan() -> None:
    assert say(asked(), "what time is it") == "other words"
    assert say(asked(read=False), "how much is this", after_ms=-2_000) == "other words"
    assert say(asked(), "okay what time is it in Paris") == "other words"


def test_noise_and_words_not_understood_leave_it_open() -> None:
    confirmation = asked()
    assert [say(confirmation, text, accepted=False) for text in ("", "uh", "blue harbour")] == ["", "", ""]
    assert say(confirmation, "um") == ""
    assert confirmation.take_reprompt() == ""
    assert say(confirmation, "yes, send to Anna", 5_000) == "allowed"


def test_our_own_sentence_leaking_neither_allows_nor_ends_it() -> None:
    confirmation = asked()
    for after_ms, text in (
        (-4_000, "I would send this to Anna with the messages tool running late"),
        (-1_500, "yes send to Anna"),
        (-2_000, "to allow it say yes sent to Anna"),
        (400, "to allow it say yes send to Anna"),
    ):
        assert say(confirmation, text, after_ms) == "", text
        assert confirmation.take_reprompt() == "", text
    assert say(confirmation, "yes, send to Anna", 2_000) == "allowed"


@pytest.mark.parametrize(("after_ms", "allowed"), [(-1, False), (0, False), (249, False), (250, True), (14_999, True)])
def test_it_counts_from_when_the_last_word_was_at_the_ear(after_ms: int, allowed: bool) -> None:
    assert MARGIN_NS == 250 * MS
    assert (say(asked(), "yes, send to Anna", after_ms) == "allowed") is allowed


def test_before_the_read_back_was_heard_nothing_allows_it() -> None:
    confirmation = asked(read=False)
    assert say(confirmation, "yes, send to Anna") == ""
    assert confirmation.plan is not None


def test_silence_is_a_no() -> None:
    confirmation = asked()
    assert confirmation.deadline_ns == END_NS + 15 * NS
    assert confirmation.expire(END_NS + 15 * NS - 1) == ""
    assert confirmation.expire(END_NS + 15 * NS) == "silence"
    assert say(asked(), "yes, send to Anna", 15_000) == "silence"


def test_a_read_back_that_is_never_heard_does_not_wait_for_ever() -> None:
    confirmation = asked(read=False)
    deadline_ns = confirmation.deadline_ns
    assert deadline_ns is not None and confirmation.expire(deadline_ns) == "silence"


def test_another_plan_makes_the_first_stale() -> None:
    confirmation = asked()
    confirmation.ask(4, MESSAGE, {"to": "Bob", "text": "hi"}, END_NS + NS)
    assert confirmation.stale == 3
    assert say(confirmation, "yes, send to Anna", 2_000) == "", "nothing was heard of Bob yet"
    confirmation.spoken_until(END_NS + 5 * NS)
    assert say(confirmation, "yes, send to Anna", 6_000) == ""
    assert confirmation.take_reprompt() == "Please say: yes, send to Bob."


def test_what_was_read_back_is_what_will_be_done() -> None:
    args: dict[str, object] = {"to": "Anna", "text": "hi"}
    confirmation = asked(args=args)
    args["to"] = "Mallory"
    assert confirmation.plan is not None and confirmation.plan.args == {"to": "Anna", "text": "hi"}


def test_a_dropped_plan_is_gone_and_a_copy_stays() -> None:
    confirmation = asked()
    twin = copy.deepcopy(confirmation)
    assert confirmation.drop() == "dropped" and confirmation.drop() == ""
    assert say(confirmation, "yes, send to Anna") == ""
    assert say(twin, "yes, send to Anna") == "allowed"


# ----------------------------------------------------------------------------------------------------- the whole corpus


def test_no_case_of_the_corpus_is_a_false_approval() -> None:
    options, cases, approved = ToolOptions(), 0, []
    for kind, plan, script in corpus.denials():
        cases += 1
        if corpus.outcome(plan, script, options) == "allowed":
            approved.append((kind, script))
    print(f"{cases} cases, {len(approved)} approved")
    assert not approved and cases >= 1_500


def test_natural_answers_are_understood_within_two_tries() -> None:
    options = ToolOptions()
    got = [corpus.outcome(plan, script, options) == "allowed" for plan, script in corpus.assents()]
    assert len(got) >= 400 and sum(got) / len(got) >= 0.95


WORDS = st.sampled_from(
    [
        *("yes", "yeah", "no", "okay", "please", "send", "it", "this", "that", "to", "anna", "bob", "the", "message"),
        *("i", "would", "running", "late", "allow", "say", "with", "tool", "um"),
    ]
)


@given(st.lists(WORDS, max_size=14), st.integers(-6_000, 20_000), st.booleans())
def test_only_the_grammar_ever_allows(words: list[str], after_ms: int, accepted: bool) -> None:
    confirmation = asked()
    if say(confirmation, " ".join(words), after_ms, accepted) != "allowed":
        return
    assert accepted and 250 <= after_ms < 15_000
    rest = [word for word in words if word not in ("please", "the", "it", "this", "that")]
    assert rest == ["yes", "send", "to", "anna"]
    assert len(words) - words.count("the") <= 4 + 3 + 1


@given(st.lists(st.tuples(WORDS, st.integers(0, 3_000)), min_size=2, max_size=8))
def test_single_words_never_add_up_to_a_yes(words: list[tuple[str, int]]) -> None:
    confirmation, at_ms = asked(), 300
    for word, gap_ms in words:
        at_ms += 1_200 + gap_ms
        assert say(confirmation, word, at_ms) != "allowed"
        if confirmation.take_reprompt():
            confirmation.spoken_until(END_NS + at_ms * MS)


@given(st.data())
def test_a_piece_of_what_we_said_is_never_a_yes_while_we_say_it(data: st.DataObject) -> None:
    plan = data.draw(st.sampled_from(corpus.PLANS))
    text, _ = plan_text(*plan)
    read = corpus.words_of(text)
    begin = data.draw(st.integers(0, len(read) - 1))
    end = data.draw(st.integers(begin + 1, len(read)))
    late_ms = data.draw(st.integers(0, 249))  # the ear's clock is as far off as we allow for
    heard = [word for word in read[begin:end] if data.draw(st.integers(0, 9)) > 0]  # the recogniser loses some
    start_ms = -5_000 + 5_000 * begin // len(read) + late_ms
    said = corpus.Said(" ".join(heard), start_ms)
    assert corpus.outcome(plan, (said,), ToolOptions()) != "allowed"
