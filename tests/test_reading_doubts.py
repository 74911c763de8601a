"""What is set aside, not said: letters in a reflection, in blur, or that may be an l; and rows seen only faintly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.seeing import closer
from pipelines.seeing.deskew import cut_out
from pipelines.seeing.reading import TextReader
from pipelines.seeing.trust import Found, TrustOptions, doubted
from tests.bench.pictures import EACH, TROUBLES, spoil
from tests.bench.pictures.judge import plain
from tests.bench.truth import about_text
from tests.test_seeing import card

OPTIONS = TrustOptions()


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


def picture(seed: int, trouble: str, number: int) -> spoil.Spoilt:
    """As `tests.bench.pictures` draws it."""
    which = TROUBLES.index(trouble)
    random = np.random.default_rng((seed, which, number))
    return spoil.SPOILERS[trouble](random, 5 * number + which, number / (EACH - 1))


def found(text: str, sure: float, *unsure: tuple[str, float]) -> Found:
    """Every letter `sure` but for those named."""
    less = dict(unsure)
    letters = tuple((char, less.get(char, sure)) for char in text if not char.isspace())
    return Found(text, 0.96, min(value for _, value in letters), letters)


@pytest.mark.parametrize(("seed", "number"), [(5, 12), (7, 12), (7, 9), (13, 2)])
def test_a_line_that_a_reflection_eats_into_is_named_and_not_said(reader: TextReader, seed: int, number: int) -> None:
    one = picture(seed, "glare", number)
    reading = reader.read_all(one.picture)
    said = {plain(line.text) for line in reading.lines}
    assert said <= set(map(plain, (*one.lines, *one.also))) and set(map(plain, one.lines)) <= said
    assert reading.doubtful


def test_a_wide_gap_between_two_words_is_no_reflection(reader: TextReader) -> None:
    heading = np.full((720, 1280, 3), 255, np.uint8)
    cv2.putText(heading, "3", (300, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 4, cv2.LINE_AA)
    cv2.putText(heading, "Platforms", (400, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 4, cv2.LINE_AA)
    around = np.array([[290, 240], [720, 240], [720, 320], [290, 320]], np.float32)
    assert not closer.fades(cut_out(heading, around))


def test_a_shadow_across_a_line_takes_nothing_from_it(reader: TextReader) -> None:
    shaded = card().astype(np.float32)
    shaded[:, 600:] *= 0.35
    shaded[650:, 1000:] = 255  # and somewhere else a light
    said = [line.text for line in reader.read(shaded.astype(np.uint8))]
    assert said == [line.text for line in reader.read(card())] and said


@pytest.mark.parametrize(
    ("seed", "number", "edge"), [(5, 12, "top"), (7, 12, "top"), (11, 12, "top"), (7, 3, "bottom")]
)
def test_a_row_that_an_edge_cuts_along_its_length_is_told(
    reader: TextReader, seed: int, number: int, edge: str
) -> None:
    assert reader.read_all(picture(seed, "cut", number).picture).cut == (edge,)


def test_rows_that_the_first_look_took_for_one_block_are_read(reader: TextReader) -> None:
    one = picture(11, "small", 9)
    assert [line.text for line in reader.read(one.picture)] == list(one.lines)


def test_a_smeared_sign_is_not_read_as_one_strange_letter(reader: TextReader) -> None:
    (asked,) = [q for q in about_text.questions(7) if q.name == "blurred sign"]
    assert reader.read(asked.turns[0][1].loop[0]) == ()


def test_a_blurred_row_that_was_only_faintly_seen_is_named(reader: TextReader) -> None:
    reading = reader.read_all(picture(7, "blur", 12).picture)
    assert [line.text for line in reading.lines] == ["Whole milk"] and reading.doubtful


class TestLetterByLetter:
    def test_a_figure_in_a_line_of_words_must_be_sure_itself(self) -> None:
        assert doubted(found("need help, ring 8412", 0.97, ("8", 0.56)), sharp, OPTIONS)
        assert not doubted(found("need help, ring 8412", 0.97, ("d", 0.85)), sharp, OPTIONS)

    def test_ones_may_be_a_small_l(self) -> None:
        assert doubted(found("Milk 11", 0.99, ("1", 0.90)), sharp, OPTIONS)
        assert doubted(found("Milk 1 1", 0.99, ("1", 0.90)), sharp, OPTIONS)
        assert not doubted(found("Platform 11", 0.99), sharp, OPTIONS)
        assert not doubted(found("11:40 Leeds", 0.99, ("1", 0.90)), sharp, OPTIONS)

    def test_a_mark_over_a_letter_must_be_sure(self) -> None:
        assert doubted(found("Pízza", 0.99, ("í", 0.95)), sharp, OPTIONS)
        assert not doubted(found("für Kinder", 0.99), sharp, OPTIONS)

    def test_blur_asks_for_more(self) -> None:
        for unsure in (found("Koop shun", 0.99, ("K", 0.78)), found("340", 0.98), found("8", 0.99)):
            assert not doubted(unsure, sharp, OPTIONS)
            assert doubted(unsure, soft, OPTIONS)

    def test_it_is_looked_for_blur_only_where_that_would_decide(self) -> None:
        assert not doubted(found("Keep shut", 0.98), never, OPTIONS)


def sharp() -> bool:
    return False


def soft() -> bool:
    return True


def never() -> bool:
    raise AssertionError("looked closer without need")
