"""More than one code in a picture: each is read, and one that cannot be read is told, not left out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.events import Code
from pipelines.seeing.codes import CodeReader
from pipelines.thinking.things.codes import all_described
from tests.bench.pictures import nothing
from tests.test_seeing import card, noisy, on_wall, qr


@pytest.fixture(scope="module")
def reader() -> CodeReader:
    return CodeReader()


def hidden(code: np.ndarray) -> np.ndarray:
    """A code with its data torn off; the three corners are left."""
    torn = code.copy()
    side = code.shape[0]
    torn[side * 2 // 5 : side * 3 // 5, side // 8 : -side // 8] = 255
    torn[side // 8 : -side // 8, side * 2 // 5 : side * 3 // 5] = 255
    return torn


@pytest.mark.parametrize("size", [160, 220, 261])
@pytest.mark.parametrize("words", [("Lunch", "Dinner"), ("platform 4", "https://example.org/menu?t=7")])
def test_both_codes_of_a_picture_are_read(reader: CodeReader, size: int, words: tuple[str, str]) -> None:
    seen = reader.read_all(on_wall(*(qr(each, size) for each in words)))
    assert [code.payload for code in seen.codes] == list(words) and seen.unread == 0


def test_a_turned_and_a_slanted_code_beside_a_straight_one(reader: CodeReader) -> None:
    picture = on_wall(qr("Lunch"), qr("Dinner"))
    picture = cv2.warpAffine(picture, cv2.getRotationMatrix2D((640, 360), 14, 0.8), (1280, 720))
    assert {code.payload for code in reader.read(picture)} == {"Lunch", "Dinner"}


def test_a_code_beside_a_torn_one_is_not_told_as_if_it_were_all(reader: CodeReader) -> None:
    seen = reader.read_all(on_wall(qr("Lunch"), hidden(qr("Dinner"))))
    assert [code.payload for code in seen.codes] == ["Lunch"] and seen.unread == 1
    assert all_described(seen.codes, (), seen.unread).startswith("I see 2 codes, and can read 1 of them. ")


def test_a_torn_code_alone_is_told(reader: CodeReader) -> None:
    seen = reader.read_all(on_wall(hidden(qr("Dinner"))))
    assert seen.codes == () and seen.unread == 1
    assert all_described((), (), 1) == "I see a QR code, but I cannot read it. Come closer, or hold it flat and still."


def test_a_code_too_small_for_the_detector_is_read_where_its_corners_are(reader: CodeReader) -> None:
    assert [code.payload for code in reader.read(on_wall(qr("gate 12", 84)))] == ["gate 12"]


def test_no_code_is_told_where_there_is_none(reader: CodeReader) -> None:
    random = np.random.default_rng(3)
    for picture in (card(), noisy(card(), 20), *(kind(random) for kind in nothing.KINDS)):
        seen = reader.read_all(picture)
        assert seen.codes == () and seen.unread == 0


def test_codes_that_are_all_read_are_only_counted() -> None:
    told = all_described([Code("qr", "hi"), Code("qr", "ho")])
    assert told == "I see 2 codes. A QR code with the text: hi. A QR code with the text: ho."
