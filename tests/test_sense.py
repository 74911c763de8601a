"""Lines as a person would say them: what belongs together, what was misread for sure, and what is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import TextLine
from pipelines.seeing.sense import Sensed, sensible


def below(*texts: str, height: int = 40) -> list[TextLine]:
    """One under the other, left aligned, as wide as they are long."""
    return [TextLine(t, 0.95, (100, 100 + round(1.5 * height) * i, 20 * len(t), height)) for i, t in enumerate(texts)]


def row(*cells: tuple[str, int], top: int = 100) -> list[TextLine]:
    return [TextLine(text, 0.95, (left, top, 20 * len(text), 40)) for text, left in cells]


def said(lines: list[TextLine]) -> list[str]:
    return [line.text for line in sensible(lines).lines]


class TestTheSmallToOfASign:
    @pytest.mark.parametrize(
        "read",
        [
            ("8 A.M.", "10", "3 P.M."),
            ("8 A.M.", "10 3 P.M."),
            ("8 A.M.", "T0", "3 P.M."),
            ("8 A.M. 10 3 P.M.",),
            ("8 A.M. TQ 3 P.M.",),
        ],
    )
    def test_it_is_said_as_to_and_named(self, read: tuple[str, ...]) -> None:
        sensed = sensible(below(*read))
        assert [line.text for line in sensed.lines] == ["8 A.M. to 3 P.M."]
        (repair,) = sensed.repairs
        assert "8 A.M." in repair and "3 P.M." in repair

    def test_squeezed_times_come_apart(self) -> None:
        assert said(below("3PMT07PM")) == ["3PM to 7PM"]

    def test_a_to_that_was_read_as_such_is_verbatim_and_no_repair(self) -> None:
        sensed = sensible(below("8 A.M.", "TO", "3 P.M."))
        assert sensed == Sensed(sensed.lines, ()) and sensed.lines[0].text == "8 A.M. TO 3 P.M."

    @pytest.mark.parametrize(
        "read", [("Room 4", "10", "Exit"), ("10 8 A.M.",), ("7P.M. 10P.M.",), ("8 A.M.", "10 ROOMS")]
    )
    def test_a_ten_that_does_not_stand_between_two_times_stays_a_ten(self, read: tuple[str, ...]) -> None:
        assert said(below(*read)) == list(read)


class TestNumbers:
    @pytest.mark.parametrize(
        ("read", "meant"),
        [
            ("5OO mg tablets", "500 mg tablets"),
            ("l0 ml every 6 hours", "10 ml every 6 hours"),
            ("Start l8:2O", "Start 18:20"),
            ("08:1509:40", "08:15 09:40"),
        ],
    )
    def test_letters_among_digits_before_a_unit_or_in_a_time(self, read: str, meant: str) -> None:
        sensed = sensible(below(read))
        assert [line.text for line in sensed.lines] == [meant] and len(sensed.repairs) == 1

    def test_a_time_that_lost_its_colon_is_one_only_among_times(self) -> None:
        assert said(below("08:15 Leeds", "09 40 York")) == ["08:15 Leeds", "09:40 York"]
        assert said(below("Leeds", "09 40 York")) == ["Leeds", "09 40 York"]

    @pytest.mark.parametrize(
        "text",
        [
            "Call 0412 10 33 07",
            "Best before 08 2027",
            "Milk 1l",
            "Code O0lI10",
            "IBAN DE10 1010 0808 1515",
            "4.20",
            "£1O",
            "Take 10 20 mg tablets",
            "10:30 call 08 15 44 20",
            "NOTICE",
        ],
    )
    def test_what_is_never_touched(self, text: str) -> None:
        assert sensible(below("at 10:30", text)) == Sensed(tuple(below("at 10:30", text)))

    @given(st.lists(st.text("0123456789 .,-:/mgAPMTO$", min_size=1, max_size=20), min_size=1, max_size=5))
    def test_no_digit_is_ever_changed_but_in_the_small_to(self, texts: list[str]) -> None:
        sensed = sensible(below(*texts))
        if not any('taken for "to"' in repair or " to " in repair for repair in sensed.repairs):
            before = [c for text in texts for c in text.replace("O", "0") if c.isdigit()]
            after = [c for line in sensed.lines for c in line.text.replace("O", "0") if c.isdigit()]
            assert before == after

    @given(st.lists(st.text(max_size=25), max_size=6))
    def test_any_text_at_all_is_survived_and_never_becomes_more_lines(self, texts: list[str]) -> None:
        once = sensible(below(*texts))
        assert len(once.lines) <= len(texts)
        assert len(sensible(once.lines).lines) <= len(once.lines)


class TestWhatBelongsTogether:
    def test_a_price_goes_with_its_item_across_the_row(self) -> None:
        menu = row(("Tomato soup", 100), ("4.20", 700)) + row(("Apple cake", 100), ("3.50", 700), top=170)
        sensed = sensible(menu)
        assert [line.text for line in sensed.lines] == ["Tomato soup, 4.20", "Apple cake, 3.50"]
        assert sensed.repairs == () and sensed.lines[0].box == (100, 100, 680, 40)

    def test_the_words_of_a_sign_stand_near_and_two_shops_do_not(self) -> None:
        assert said(row(("MON", 100), ("THRU", 200), ("SAT", 330))) == ["MON THRU SAT"]
        assert said(row(("CAFE", 100), ("BANK", 900))) == ["CAFE", "BANK"]

    def test_a_letter_is_read_in_sentences(self) -> None:
        letter = below("Your appointment is on Tuesday", "the 4th of May at 10:30.", "Kind regards", "Dr Amelia Stone")
        assert said(letter) == [
            "Your appointment is on Tuesday the 4th of May at 10:30.",
            "Kind regards",
            "Dr Amelia Stone",
        ]

    def test_a_word_broken_at_the_end_of_a_line_is_whole_again_and_that_is_named(self) -> None:
        sensed = sensible(below("Please bring your own medi-", "cines on Tuesday"))
        assert sensed.lines[0].text == "Please bring your own medicines on Tuesday"
        assert len(sensed.repairs) == 1

    def test_lines_of_a_label_or_a_sign_stay_lines(self) -> None:
        for lines in (("Take one tablet", "twice a day", "after food"), ("TOW AWAY ZONE", "MONDAY TO FRIDAY")):
            assert said(below(*lines)) == list(lines)

    def test_nothing_is_nothing(self) -> None:
        assert sensible(()) == Sensed(())
