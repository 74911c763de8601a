"""Which moment the wearer meant, from the words and their times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import MS, NS, Word
from pipelines.seeing.moment import MEMORY_NS, POINTING, Moment, meant

START, END = 10 * NS, 12 * NS


def said(text: str, purpose: str = "describe", timed: bool = True) -> Moment:
    """The words of a text spread evenly over two seconds."""
    parts = text.split()
    step = (END - START) // len(parts)
    words = [Word(part, START + i * step, START + (i + 1) * step) for i, part in enumerate(parts)]
    return meant(text, words if timed else [Word(part) for part in parts], START, END, purpose)


def word_meant(text: str) -> str:
    moment = said(text)
    if "at the word" not in moment.rule:
        return ""
    parts = text.split()
    return parts[int((moment.around_ns - START) // ((END - START) // len(parts)))].strip("?,.").lower()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("What does this say?", "this"),
        ("what's this", "this"),
        ("what is that", "that"),
        ("Is that my bus?", "that"),
        ("what does that sign say", "that"),
        ("can you read these instructions please", "these"),
        ("how much are those", "those"),
        ("is there anything to eat here", "here"),
        ("read it", "it"),
        ("what does it say", "it"),
        ("what colour is it?", "it"),
        ("That is nice, who made it", "that"),
    ],
)
def test_a_pointing_word_is_found(text: str, word: str) -> None:
    assert word_meant(text) == word


@pytest.mark.parametrize(
    "text",
    [
        "what time is it in tokyo",
        "is it raining",
        "remind me that the train leaves at nine",
        "what is the weather this afternoon",
        "how far is the station from here",
        "is there a pharmacy near here",
        "I think that you are right",
        "read the sign",
        "who wrote the book that won the prize",
    ],
)
def test_words_that_only_look_like_pointing_are_not(text: str) -> None:
    assert "no pointing word" in said(text).rule


def test_the_moment_is_the_middle_of_the_word_and_the_window_lies_around_it() -> None:
    moment = said("what does this say", "read")
    assert moment.around_ns == START + 1250 * MS and moment.frames == 1 and moment.span_ns == 0
    assert (moment.start_ns, moment.end_ns) == (moment.around_ns - NS, moment.around_ns + NS)


def test_reading_without_pointing_means_the_whole_utterance() -> None:
    moment = said("read the sign", "read")
    assert moment.around_ns - moment.span_ns == START and moment.around_ns + moment.span_ns == END


def test_anything_else_means_the_onset() -> None:
    assert said("where are my keys").around_ns == START


@pytest.mark.parametrize(
    "text",
    ["what changed", "What's different?", "what has changed here", "compare now and before", "has anything moved"],
)
def test_what_changed_takes_two_frames(text: str) -> None:
    moment = said(text)
    assert moment.frames == 2 and moment.around_ns == END
    assert moment.start_ns == END - MEMORY_NS and moment.before_ns == 0


def test_two_things_pointed_at_take_two_frames() -> None:
    moment = said("is this cheaper than the one over here")
    assert moment.frames == 2 and moment.before_ns < moment.around_ns
    assert "two frames" in moment.rule


@pytest.mark.parametrize(("start_ns", "end_ns"), [(0, 0), (3 * NS, 4 * NS), (11 * NS, 11 * NS), (19 * NS, 20 * NS)])
def test_a_word_with_an_impossible_time_is_placed_by_its_letters(start_ns: int, end_ns: int) -> None:
    words = [Word("what"), Word("does"), Word("this", start_ns, end_ns), Word("say")]
    moment = meant("What does this say?", words, START, END, "read")
    assert "guessed" in moment.rule
    assert abs(moment.around_ns - (START + 1250 * MS)) < 100 * MS


def test_words_that_are_missing_are_taken_from_the_text() -> None:
    moment = meant("What does this say?", [], START, END, "read")
    assert "guessed" in moment.rule and START < moment.around_ns < END


def test_words_as_a_recogniser_writes_them() -> None:
    words = [Word(" What's", START, START + 300 * MS), Word(" this,", START + 300 * MS, START + 500 * MS)]
    assert meant("What's this,", words, START, END, "describe").around_ns == START + 400 * MS


def test_what_is_typed_means_now() -> None:
    moment = meant("what is this", [], END, END, "describe")
    assert (moment.around_ns, moment.rule) == (END, "typed: now")


def test_a_language_without_a_table_falls_back() -> None:
    assert "xx" not in POINTING
    assert meant("this", [Word("this", START, END)], START, END, "describe", "xx").around_ns == START


@given(
    st.text(max_size=60),
    st.lists(st.builds(Word, st.text(max_size=9), st.integers(-NS, 20 * NS), st.integers(-NS, 20 * NS)), max_size=8),
    st.integers(0, 20 * NS),
    st.integers(0, 8 * NS),
    st.sampled_from(["read", "code", "describe"]),
)
def test_whatever_was_heard_the_moment_lies_in_the_utterance(text, words, start_ns, long_ns, purpose) -> None:
    end_ns = start_ns + long_ns
    moment = meant(text, words, start_ns, end_ns, purpose)
    assert start_ns - NS <= moment.around_ns <= end_ns + NS
    assert 0 <= moment.start_ns <= moment.end_ns
    assert moment.frames in (1, 2) and moment.rule
