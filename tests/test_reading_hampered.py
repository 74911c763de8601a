"""What of a picture keeps its writing from being read, told by the reader: a lamp, or that nothing in it is sharp."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.events import TextLine
from pipelines.seeing import strokes
from pipelines.seeing.quality import luma, out_of_focus
from pipelines.seeing.reading import TextReader
from pipelines.seeing.sense import is_to, may_be_to, repaired, sensible
from pipelines.seeing.trust import Found, TrustOptions, doubted, trusted
from pipelines.thinking.sheet import sheet
from tests.bench.pictures import nothing
from tests.test_reading_doubts import found, never, picture, sharp
from tests.test_seeing import card

OPTIONS = TrustOptions()


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


def label(*lines: str) -> np.ndarray:
    """White paper that fills most of the picture, (360, 640, 3) uint8."""
    shown = np.full((360, 640, 3), 120, np.uint8)
    cv2.rectangle(shown, (90, 30), (550, 310), (248, 248, 248), -1)
    for index, text in enumerate(lines):
        cv2.putText(shown, text, (150, 120 + 130 * index), cv2.FONT_HERSHEY_DUPLEX, 1.7, (40, 40, 60), 4, cv2.LINE_AA)
    return shown


def line(text: str, x: int, y: int, width: int) -> TextLine:
    return TextLine(text, 0.99, (x, y, width, 30))


def lamp(shown: np.ndarray, x: int, y: int) -> np.ndarray:
    """Light added to it: a spot that fades to its rim, and a veil over all."""
    rows, columns = np.indices(shown.shape[:2], dtype=np.float32)
    far = ((columns - x) / 128) ** 2 + ((rows - y) / 72) ** 2
    light = 230 * (1.6 * np.exp(-far) + 0.12)
    return np.clip(shown + light[..., None], 0, 255).astype(np.uint8)


def grained(shown: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 1.6, shown.shape)
    return np.clip(shown + noise, 0, 255).astype(np.uint8)


def test_a_lamp_on_white_paper_is_told_and_the_price_in_it_is_not_guessed(reader: TextReader) -> None:
    plain = reader.read_all(label("Tomato soup", "EUR 4.45"))
    assert [one.text for one in plain.lines] == ["Tomato soup", "EUR 4.45"] and not plain.hampered
    lit = reader.read_all(lamp(label("Tomato soup", "EUR 4.45"), 330, 225))
    assert lit.hampered == "glare"
    assert {one.text for one in lit.lines} <= {"Tomato soup"} and lit.doubtful


def test_a_picture_without_a_sharp_edge_is_told_to_be_blurred_though_grain_makes_it_look_sharp(
    reader: TextReader,
) -> None:
    soft = grained(cv2.GaussianBlur(label("Platform 12", "Leeds"), (0, 0), 15))
    reading = reader.read_all(soft)
    assert reading.lines == () and reading.hampered == "blurred"


def test_a_sharp_picture_is_never_called_out_of_focus() -> None:
    for trouble in ("none", "dark", "glare", "small", "cut"):
        assert not any(out_of_focus(luma(picture(7, trouble, number).picture)) for number in (0, 6, 13))
    random = np.random.default_rng(1)
    assert not any(out_of_focus(luma(kind(random))) for kind in nothing.KINDS)
    assert not out_of_focus(luma(grained(card())))


def test_letters_that_blur_makes_alike_are_not_told_apart(reader: TextReader) -> None:
    for seed, number in ((7, 8), (11, 8)):
        said = [one.text for one in reader.read(picture(seed, "blur", number).picture)]
        assert not any("Mondey" in text for text in said)


class TestLetters:
    def test_the_more_it_is_blurred_the_surer_a_letter_must_be(self) -> None:
        dover = found("Dever", 0.99, ("v", 0.86))
        assert doubted(dover, lambda: 0.26, OPTIONS)
        assert not doubted(dover, lambda: 0.1, OPTIONS)
        assert not doubted(found("Dover", 0.95), never, OPTIONS)

    def test_a_short_word_must_be_sure_since_no_more_of_it_makes_up_for_a_letter(self) -> None:
        assert doubted(found("FI NEW YORK TIMES", 0.99, ("F", 0.6)), sharp, OPTIONS)
        assert doubted(found("FI NEW YORK TIMES", 0.99, ("F", 0.97)), lambda: 0.1, OPTIONS), "no word, and blurred"
        assert not doubted(found("FI NEW YORK TIMES", 0.99, ("F", 0.97)), sharp, OPTIONS)
        assert not doubted(found("TO NEW YORK TIMES", 0.99, ("T", 0.97)), lambda: 0.1, OPTIONS)
        assert not doubted(found("MY NEW FORK", 0.99, ("F", 0.7)), sharp, OPTIONS)
        letters = (*(("M", 1.0), ("o", 0.6)), *((char, 1.0) for char in "nday"))
        assert not doubted(Found("Monday", 0.95, 0.6, letters), sharp, OPTIONS), "its word makes up for it"


class TestPassedOver:
    def test_a_small_word_that_the_recogniser_passed_over_is_noticed(self) -> None:
        shown = np.full((48, 400, 3), 240, np.uint8)
        cv2.putText(shown, "8AM", (10, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 90, 20), 3, cv2.LINE_AA)
        cv2.putText(shown, "3PM", (260, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 90, 20), 3, cv2.LINE_AA)
        gap = ((0.2, 0.69),)
        assert not strokes.passed_over(shown, gap) and not strokes.passed_over(shown, ())
        dots = shown.copy()
        for x in range(130, 250, 12):
            cv2.circle(dots, (x, 36), 2, (20, 90, 20), -1)
        assert not strokes.passed_over(dots, gap), "dots that lead to a price are no word"
        cv2.putText(shown, "TO", (165, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (20, 90, 20), 2, cv2.LINE_AA)
        assert strokes.passed_over(shown, gap)
        assert doubted(replace(found("8AM 3PM", 0.99), skipped=True), never, OPTIONS)

    def test_a_small_word_that_the_finder_passed_over_is_noticed(self) -> None:
        shown = np.full((80, 420, 3), 240, np.uint8)
        for text, x in (("8AM", 20), ("3PM", 240)):
            cv2.putText(shown, text, (x, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 90, 20), 3, cv2.LINE_AA)
        left, right = (np.array([[x, 20], [x + 100, 20], [x + 100, 66], [x, 66]], np.float32) for x in (14, 232))
        assert not strokes.between(shown, left, 0.85, right, 0.2)
        cv2.putText(shown, "TO", (150, 46), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 90, 20), 2, cv2.LINE_AA)
        assert strokes.between(shown, left, 0.85, right, 0.2)

    def test_a_small_word_is_noticed_though_the_box_behind_it_begins_before_it(self) -> None:
        shown = np.full((80, 420, 3), 240, np.uint8)
        for text, x in (("8AM", 20), ("3PM", 240)):
            cv2.putText(shown, text, (x, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 90, 20), 3, cv2.LINE_AA)
        left, right = (np.array([[a, 20], [b, 20], [b, 66], [a, 66]], np.float32) for a, b in ((14, 114), (160, 332)))
        assert not strokes.between(shown, left, 0.85, right, 0.55), "the box is only too wide"
        cv2.putText(shown, "TO", (155, 46), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (90, 150, 90), 2, cv2.LINE_AA)
        assert strokes.between(shown, left, 0.85, right, 0.55), "fainter than the letters around it, too"

    def test_a_letter_before_or_after_those_that_were_read_is_noticed(self) -> None:
        shown = np.full((48, 300, 3), 240, np.uint8)
        cv2.putText(shown, "MILLION", (90, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 3, cv2.LINE_AA)
        reach = (0.36, 0.85)
        assert strokes.beyond(shown, reach) == (False, False)
        assert strokes.beyond(shown[:, 76:], (0.14, 0.8)) == (False, False)
        cv2.circle(shown, (40, 24), 5, (20, 20, 20), -1)
        assert strokes.beyond(shown, reach) == (False, False), "a bullet is no letter"
        cv2.putText(shown, "1", (30, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (90, 90, 90), 3, cv2.LINE_AA)
        assert strokes.beyond(shown, reach) == (True, False)
        assert strokes.beyond(np.ascontiguousarray(shown[:, ::-1]), (0.15, 0.64)) == (False, True)

    def test_an_hour_that_no_clock_has_is_not_said(self) -> None:
        for text, said in (
            ("103P.M.", False),
            ("25 AM", False),
            ("10P.M.", True),
            ("12:30 PM", True),
            ("8 A.M.", True),
        ):
            assert (trusted(line(text, 0, 0, 90), OPTIONS) == "") is said, text

    def test_a_part_of_a_number_is_not_said(self) -> None:
        for text, said in (
            ("-1899", False),
            ("421-", False),
            ("-5 degrees", True),
            ("421-1899", True),
            ("PAGE 12-14", True),
        ):
            assert (trusted(line(text, 0, 0, 90), OPTIONS) == "") is said, text

    def test_figures_up_and_down_a_page_that_are_others_on_their_heads_are_not_said(self) -> None:
        assert doubted(replace(found("668", 0.99), turned=True), sharp, OPTIONS)
        assert not doubted(found("668", 0.99), sharp, OPTIONS)
        assert not doubted(replace(found("421", 0.99), turned=True), sharp, OPTIONS)


class TestBetweenTimes:
    def test_a_small_to_between_two_times_is_known_by_its_place(self) -> None:
        assert is_to("8 A.M.", "TO", "3 P.M.") and is_to("7P.M.", "T0", "10P.M.")
        assert not is_to("8 A.M.", "10", "3 P.M.") and not is_to("MON", "TO", "SAT") and not is_to("8", "OR", "3")

    def test_what_may_be_one_and_has_no_time_behind_it_is_doubted(self) -> None:
        assert may_be_to("8 A.M.", "10", "") and may_be_to("8A.M.", "T0", "Tuesday")
        assert (
            not may_be_to("8 A.M.", "10", "3 P.M.")
            and not may_be_to("Bus", "10", "")
            and not may_be_to("8 AM", "12", "")
        )

    def test_what_stands_on_both_sides_of_something_unread_is_not_run_together(self) -> None:
        first, second = line("8 AM", 100, 100, 80), line("3 PM", 280, 100, 80)
        apart = replace(second, apart=True)
        for join in (sensible, repaired):
            assert [one.text for one in join((first, apart)).lines] == ["8 AM", "3 PM"]
        assert "8 AM 3 PM" not in " ".join(sheet((first, apart)).spoken)
        assert sheet((first, second)).spoken == ("8 AM, 3 PM.",), "else they may be"
