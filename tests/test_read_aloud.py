"""Moving about in a text that was read: the place follows the ear, and what is answered stands in the text."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import TextLine
from pipelines.thinking.read_aloud import NOTHING_READ, ReadAloud, Reply
from pipelines.thinking.reading_words import Command, reading_command
from pipelines.thinking.sheet import sheet
from pipelines.thinking.spelling import spelled

SIGN = ("Platform 7", "Leeds", "14:05", "Calling at York and Selby", "Please mind the gap.")
MENU = ("Lunch menu", "Soup of the day|£4.50", "Salad|£5", "Fish and chips|12.80", "Open 8 A.M. to 3 P.M.")
LETTER = (
    "Dear Mrs Smith,",
    "your order 4711 was sent on 14 June. It will",
    "reach you on Monday. Call 0113 496 0000 for",
    "questions.",
)


def page(rows: Sequence[str]) -> list[TextLine]:
    out = []
    for number, row in enumerate(rows):
        x = 100
        for cell in row.split("|"):
            out.append(TextLine(cell, 0.99, (x, 50 + 42 * number, 14 * len(cell), 30)))
            x += 14 * len(cell) + 120
    return out


def reader(rows: Sequence[str] = SIGN, heard: int | None = None) -> ReadAloud:
    """Somebody to whom this was read; `heard`: how many sentences the ear got, None = all."""
    out = ReadAloud()
    out.take(3, sheet(page(rows)), page(rows))
    if heard is not None:
        out.heard(heard)
    return out


def asked(to: ReadAloud, words: str) -> Reply:
    command = reading_command(words)
    assert command is not None, f"{words!r} is no command"
    return to.answer(command)


def said(to: ReadAloud, words: str) -> str:
    return " ".join(asked(to, words).said)


# --------------------------------------------------------------------------------------------------------- the place


def test_next_line_goes_on_after_what_the_ear_got() -> None:
    to = reader(heard=2)
    assert said(to, "next line") == "14 oh 5."
    assert said(to, "next line") == "Calling at York and Selby."
    assert said(to, "previous line") == "14 oh 5."


def test_a_line_that_was_cut_short_is_the_line_one_is_at() -> None:
    to = reader()
    to.ear_got("Platform 7. Leeds. 14 oh 5. Calling at")
    assert said(to, "read that line again") == "Calling at York and Selby."
    assert said(to, "next line") == "Please mind the gap."


def test_words_that_were_never_spoken_are_not_heard() -> None:
    to = reader()
    to.ear_got("Platform")
    assert to.state() == (3, -1), "one word of a line is not the line"
    to = reader()
    to.ear_got("Platform 7")
    assert to.state() == (3, 0)
    to = reader()
    to.ear_got("I am reading.")
    assert to.state() == (3, -1)
    assert said(to, "next line") == "Platform 7."


def test_words_before_the_text_are_not_taken_for_it() -> None:
    to = reader()
    to.ear_got("I am reading. Platform 7. Leeds. 14 oh")
    assert said(to, "read that line again") == "14 oh 5."


def test_the_lead_of_a_long_text_is_not_taken_for_it() -> None:
    to = reader([f"Line number {n}" for n in range(14)])
    to.ear_got("A sign of 14 lines. It begins:")
    assert to.state() == (3, -1), "those are our words, not the text's"


@pytest.mark.parametrize("heard", ["I am reading.", "I am", "I am looking. I am reading."])
def test_what_is_said_while_reading_is_not_taken_for_a_sign_of_the_same_words(heard: str) -> None:
    to = reader(["Reading", "Platform 7"])
    to.ear_got(heard)
    assert to.state() == (3, -1) and said(to, "next line") == "Reading."
    to = reader(["Reading", "Platform 7"])
    to.ear_got("I am reading. Reading. Platform 7.")
    assert to.state() == (3, 1)


def test_what_was_heard_of_another_answer_moves_nothing() -> None:
    to = reader()
    to.ear_got("Platform 7. Leeds.")
    to.ear_got("It is too dark for me to see.")
    to.heard(5)
    assert to.state() == (3, 1)


def test_a_picture_without_text_leaves_the_text_before_it() -> None:
    to = reader(heard=2)
    to.take(4, sheet([], [TextLine("?", 0.3, (0, 0, 9, 9))]), [])
    assert said(to, "next line") == "14 oh 5."


def test_a_command_that_was_not_heard_does_not_move_the_place() -> None:
    to = reader(heard=1)
    assert said(to, "next line") == "Leeds."
    to.heard(0)  # a lorry went by, and the wearer stopped it
    assert said(to, "next line") == "Leeds."


def test_at_both_ends_it_says_so() -> None:
    to = reader()
    assert asked(to, "next line") == Reply(("That was the last line.",), "status")
    assert said(to, "read the last line") == "Please mind the gap."
    to = reader(heard=1)
    assert said(to, "previous line") == "That was the first line."


def test_from_the_top_reads_all_of_it_as_the_first_time() -> None:
    to = reader(heard=4)
    assert asked(to, "from the top").said == sheet(page(SIGN)).spoken
    to.heard(1)
    assert said(to, "next line") == "Leeds."


def test_the_rest_is_what_the_ear_did_not_get() -> None:
    to = reader(heard=3)
    assert asked(to, "read the rest").said == ("Calling at York and Selby.", "Please mind the gap.")
    assert said(to, "read the rest") == "That was all of it."


def test_a_line_by_its_number() -> None:
    to = reader(heard=5)
    assert said(to, "read line two") == "Leeds."
    assert said(to, "next line") == "14 oh 5."
    assert said(to, "read line nine") == "There are five lines, and no line 9."
    assert said(reader(MENU), "read the second line") == "Soup of the day, 4 pounds 50."


def test_an_unreadable_line_is_a_place_of_its_own() -> None:
    lines = [line for line in page(("Platform 7", "", "Leeds")) if line.text]
    to = ReadAloud()
    to.take(3, sheet(lines, [TextLine("?", 0.3, (100, 92, 200, 30))]), lines)
    to.heard(1)
    assert said(to, "next line") == "Here is one line that I cannot read."
    assert said(to, "spell that") == "That was not a line of the text."
    assert to.state() == (3, 0)
    assert said(to, "next line") == "Leeds."
    assert said(to, "how many lines are there") == "There are two lines, and one part that I cannot read."


def test_in_a_letter_lines_are_its_sentences() -> None:
    to = reader(LETTER, heard=2)
    assert said(to, "next line") == "It will reach you on Monday."
    assert said(to, "next line").startswith("Call 0 1 1 3")


# ------------------------------------------------------------------------------------------------------ counting


def test_lines_are_counted() -> None:
    to = reader(heard=2)
    assert said(to, "how many lines are there") == "There are five lines."
    assert said(to, "how many lines are left") == "There are three lines left."
    assert said(reader(MENU), "how many lines are there") == "There are five lines."
    assert said(reader(MENU, heard=2), "how many lines are left") == "There are three lines left."
    assert said(reader(), "is there more") == "That was all of it."
    assert said(reader(("Exit",)), "how many lines") == "There is one line."


# ------------------------------------------------------------------------------------------------ picking figures out


@pytest.mark.parametrize(
    ("rows", "words", "answer"),
    [
        (MENU, "only the prices", "Three prices: 4 pounds 50, 5 pounds, 12.80."),
        (MENU, "only the times", "The time is 8 AM to 3 PM."),
        (LETTER, "what is the phone number", "The phone number is 0 1 1 3, 4 9 6, 0 0 0 0."),
        (LETTER, "only the dates", "The date is 14 June."),
        (SIGN, "only the numbers", "Two numbers: 7, 14 oh 5."),
        (SIGN, "only the prices", "I find no price in what I read."),
        (("8 A.M.", "TO", "3 P.M."), "only the times", "The time is 8 AM to 3 PM."),
    ],
)
def test_figures_of_one_sort_are_picked_out(rows: Sequence[str], words: str, answer: str) -> None:
    assert said(reader(rows), words) == answer


def test_picking_out_leaves_the_place_where_it_is() -> None:
    to = reader(MENU, heard=2)
    for words in ("only the prices", "how many lines", "spell that", "only the dates"):
        asked(to, words)
        to.heard(1)
    assert said(to, "next line") == "Salad, 5 pounds."


# ------------------------------------------------------------------------------------------------------------ finding


def test_a_word_is_found_and_its_line_read() -> None:
    to = reader()
    assert said(to, "where does it say platform") == "Platform 7."
    assert said(to, "next line") == "Leeds."
    assert said(to, "does it mention york and selby") == "Calling at York and Selby."


def test_what_does_not_stand_there_is_not_found() -> None:
    assert asked(reader(), "does it mention nuts") == Reply(("I do not find nuts in what I read.",), "status")


def test_a_word_is_not_found_inside_another() -> None:
    assert said(reader(("Information",)), "where does it say form") == "I do not find form in what I read."


def test_a_word_that_was_heard_otherwise_is_offered_as_the_nearest() -> None:
    assert said(reader(), "where does it say leads") == "The nearest word is leeds. Leeds."


def test_many_lines_with_the_word_are_counted() -> None:
    answer = said(reader([f"Gate {n}" for n in range(5)]), "which line says gate")
    assert answer == "Gate 0. Gate 1. Gate 2. And two more."


def test_a_phrase_is_found_over_the_end_of_a_line() -> None:
    assert said(reader(LETTER), "where does it say reach you on Monday") == "It will reach you on Monday."


# ----------------------------------------------------------------------------------------------------------- spelling


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("Leeds", "L, E, E, D, S."),
        ("LEEDS", "L, E, E, D, S."),
        ("Platform 7", "P, L, A, T, F, O, R, M. 7."),
        ("Marylebone", "M, A, R, Y; L, E, B, O; N, E."),
        ("Worcestershire", "W, O, R, C; E, S, T, E; R, S, H, I; R, E."),
        ("something", "S, O, M, E; T, H, I, N, G."),
        ("aB3x", "small A, capital B, 3, small X."),
        ("O'Neill-7/2", "O, apostrophe, N, E; I, L, L, dash; 7, slash, 2."),
        ("a@b.org", "A, at sign, B, dot, O, R, G."),
        ("£4.50", "pound sign, 4, dot, 5, 0."),
    ],
)
def test_words_are_spelled_as_on_the_telephone(text: str, letters: str) -> None:
    assert spelled(text) == letters


@given(st.text(alphabet=st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=40))
def test_spelling_gives_every_letter_once_and_in_order(word: str) -> None:
    told = spelled(word).replace("capital ", "").replace("small ", "")
    assert "".join(char for char in told if char.isalnum()) == word.upper()


def test_spell_that_spells_the_line_heard_last() -> None:
    assert said(reader(heard=2), "spell that") == "L, E, E, D, S."
    assert said(reader(heard=1), "spell the last word") == "7."
    assert said(reader(heard=4), "spell the first word") == "C, A, L, L, I, N, G."


def test_a_word_of_the_text_is_spelled_as_printed() -> None:
    assert said(reader(("Wi-Fi code: aB3x",)), "spell ab3x") == "small A, capital B, 3, small X."


def test_a_word_that_was_heard_otherwise_is_spelled_as_printed_and_named() -> None:
    assert said(reader(), "how do you spell leads") == "The nearest word is leeds: L, E, E, D, S."


def test_a_word_that_does_not_stand_there_is_spelled_as_heard_and_says_so() -> None:
    assert said(reader(), "spell banana") == "I have not read banana. As I heard it: B, A, N, A, N, A."
    assert said(ReadAloud(), "spell banana") == "As I heard it: B, A, N, A, N, A."


def test_a_long_line_is_not_spelled_whole() -> None:
    to = reader(("Passengers are reminded that smoking is not permitted",))
    assert said(to, "spell that") == "That line is long. Say spell, and the word you want."


# -------------------------------------------------------------------------------------------------------------- state


def test_before_anything_was_read_it_says_so() -> None:
    for name in ("next_line", "spell", "only", "find", "from_the_top", "how_many_lines"):
        assert ReadAloud().answer(Command(name)) == Reply((NOTHING_READ,), "status")
    assert ReadAloud().state() == (0, -1) and not ReadAloud().has_text


def test_an_unknown_command_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no such reading command: 'dance'"):
        ReadAloud().answer(Command("dance"))


@pytest.mark.parametrize("rows", [SIGN, MENU, LETTER])
def test_it_stands_again_where_it_stood(rows: Sequence[str]) -> None:
    for heard in range(len(sheet(page(rows)).said) + 1):
        before = reader(rows, heard)
        after = ReadAloud()
        after.stand(before.state(), page(rows))
        assert after.state() == before.state()
        assert said(after, "from the top") == said(before, "from the top")


def test_a_place_without_its_text_is_no_place() -> None:
    to = reader()
    to.stand((3, 1), ())
    assert to.state() == (0, -1) and said(to, "next line") == NOTHING_READ


def test_a_place_before_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line -1 or more; got \(3, -2\)"):
        ReadAloud().stand((3, -2), page(SIGN))


NAMES = ["next_line", "previous_line", "this_line", "last_line", "rest", "from_the_top", "lines_left", "spell"]
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 9)), max_size=12)


@given(STEPS, st.sampled_from([SIGN, MENU, LETTER]))
def test_wherever_one_goes_the_place_is_in_the_text_and_a_copy_answers_alike(
    steps: list[tuple[str, int]], rows: Sequence[str]
) -> None:
    to = reader(rows)
    lines = page(rows)
    printed = set(sheet(lines).spoken)
    for name, heard in steps:
        twin = copy.deepcopy(to)
        reply = to.answer(Command(name))
        assert twin.answer(Command(name)) == reply
        if reply.kind == "reading" and name != "spell":
            assert set(reply.said) <= printed
        to.heard(heard)
        assert -1 <= to.state()[1] < len(lines)


@given(st.sampled_from([SIGN, MENU, LETTER]), st.data())
def test_the_ear_can_be_told_by_words_or_by_sentences(rows: Sequence[str], data: st.DataObject) -> None:
    by_words, by_count = reader(rows), reader(rows)
    spoken = sheet(page(rows)).spoken
    count = data.draw(st.integers(0, len(spoken)))
    by_words.ear_got(" ".join(spoken[:count]))
    by_count.heard(count)
    assert by_words.state() == by_count.state()
