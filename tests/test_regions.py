"""What the wearer's rules cover never leaves: in no view, not as words, and not when a rule cannot be applied."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from companion.settings import Settings, SettingsError, load
from pipelines.events import Code, TextLine, View
from pipelines.seeing.covering import CELL_PX, Picture, Withheld, cover_of, covered
from pipelines.seeing.decode import from_jpeg
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.regions import Cover, Region, SendRules, cover_for, private_lines, uncovered

Read = tuple[tuple[TextLine, ...], tuple[TextLine, ...]]
IBAN = TextLine("DE89 3704 0044 0532 0130 00", 0.9, (100, 100, 300, 24))
MENU = TextLine("Soup of the day", 0.9, (100, 600, 200, 24))


def noise(seed: int, width: int = 320, height: int = 180) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def rules(*box: int, do: str = "black") -> SendRules:
    return SendRules((Region(box, do),))


boxes = st.tuples(st.integers(0, 950), st.integers(0, 950), st.integers(1, 1000), st.integers(1, 1000)).map(
    lambda b: (b[0], b[1], min(b[2], 1000 - b[0]), min(b[3], 1000 - b[1]))
)
views = st.builds(
    View,
    st.just(1),
    st.one_of(
        st.just((0, 0, 0, 0)),
        st.tuples(st.integers(0, 300), st.integers(0, 160), st.integers(8, 320), st.integers(8, 180)),
    ),
    st.sampled_from([0, 64, 200, 512]),
    st.integers(30, 95),
)


# ----------------------------------------------------------------------------------------------------- nothing is left


@settings(max_examples=150, deadline=None)
@given(box=boxes, view=views, seed=st.integers(0, 999))
def test_no_view_depends_on_a_single_pixel_of_a_black_region(
    box: tuple[int, int, int, int], view: View, seed: int
) -> None:
    """Whatever is in the region: whole, crop and enlarged crop are the same to the last byte."""
    one = noise(seed)
    cover = cover_for(rules(*box), 320, 180, None)
    (x, y, w, h), _ = cover.boxes[0]
    other = one.copy()
    other[y : y + h, x : x + w] = noise(seed + 1)[y : y + h, x : x + w]
    assert jpeg_view(one, view, cover) == jpeg_view(other, view, cover)


@settings(max_examples=60, deadline=None)
@given(box=boxes, seed=st.integers(0, 999))
def test_a_covered_region_holds_every_pixel_that_the_rule_touches(box: tuple[int, int, int, int], seed: int) -> None:
    out = covered(np.maximum(noise(seed), 1), cover_for(rules(*box), 320, 180, None))
    x, y, w, h = box
    for px, py in ((x, y), (x + w - 1, y + h - 1), (x + w // 2, y + h // 2)):
        assert not out[min(179, py * 180 // 1000), min(319, px * 320 // 1000)].any()


@settings(max_examples=80, deadline=None)
@given(box=boxes, view=views, seed=st.integers(0, 999))
@example(box=(154, 156, 156, 228), view=View(1, (0, 0, 0, 0), 0, 30), seed=232)  # two cells of the same colour
def test_a_blurred_region_keeps_at_most_eight_cells_along_its_longer_side(
    box: tuple[int, int, int, int], view: View, seed: int
) -> None:
    cover = cover_for(rules(*box, do="blur"), 320, 180, None)
    (x, y, w, h), _ = cover.boxes[0]
    part = covered(noise(seed), cover)[y : y + h, x : x + w]
    assert len(np.unique(part.reshape(-1, 3), axis=0)) <= 64
    assert len(np.unique(part[0], axis=0)) <= 8 and len(np.unique(part[:, 0], axis=0)) <= 8
    turned = noise(seed)  # half a turn of each cell leaves its mean as it is: nothing finer may be seen
    turned[y : y + h, x : x + w] = cell_by_cell(turned[y : y + h, x : x + w], part)
    assert jpeg_view(noise(seed), view, cover) == jpeg_view(turned, view, cover)


def cell_by_cell(part: Picture, coarse: Picture) -> Picture:
    """The same cells with their pixels in another order. Cells lie in rows and columns, so where one ends shows where
    any two neighbours differ in colour; of two alike that nothing parts, none is touched: no cell is that long."""
    out = part.copy()
    rows, columns = edges(coarse), edges(coarse.swapaxes(0, 1))
    tall, wide = min(b - a for a, b in rows), min(b - a for a, b in columns)
    for top, bottom in rows:
        for left, right in columns:
            if bottom - top <= tall + 1 and right - left <= wide + 1 and max(bottom - top, right - left) < 2 * CELL_PX:
                cell = part[top:bottom, left:right]
                out[top:bottom, left:right] = cell.reshape(-1, 3)[::-1].reshape(cell.shape)
    return out


def edges(coarse: Picture) -> list[tuple[int, int]]:
    """From where to where each row of cells goes."""
    changes = np.flatnonzero((coarse[1:] != coarse[:-1]).any(axis=(1, 2))) + 1
    return list(pairwise([0, *map(int, changes), len(coarse)]))


def test_print_in_a_blurred_region_is_gone() -> None:
    """Two words of the same length look alike afterwards, up to the shade of the paper."""
    import cv2

    def page(word: str) -> Picture:
        picture = np.full((180, 320, 3), 255, np.uint8)
        cv2.putText(picture, word, (90, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
        return picture

    cover = cover_for(rules(250, 350, 500, 300, do="blur"), 320, 180, None)
    a, b = (covered(page(word), cover).astype(int) for word in ("4711", "9038"))
    assert np.abs(a - b).max() < 40 < np.abs(page("4711").astype(int) - page("9038")).max()
    tones = covered(page("4711"), cover)[63:117, 80:240]
    assert len(np.unique(tones)) <= 24 and int(tones.min()) > 90, "no stroke is left"


def test_what_is_not_covered_stays_as_it_is_and_the_frame_itself_is_not_touched() -> None:
    frame = noise(4)
    before = frame.copy()
    out = covered(frame, cover_for(rules(500, 0, 500, 1000), 320, 180, None))
    assert (frame == before).all() and (out[:, :160] == frame[:, :160]).all() and not out[:, 160:].any()
    assert covered(frame, cover_for(SendRules(), 320, 180, None)) is frame
    assert jpeg_view(frame, View(1), None) == jpeg_view(frame, View(1), Cover((320, 180)))


# ---------------------------------------------------------------------------------------------------------------- text


def test_a_private_line_is_black_with_what_stands_beside_and_below_it_and_the_menu_is_not() -> None:
    name = TextLine("Anna Example", 0.9, (420, 102, 160, 20))
    lines = (IBAN, name, TextLine("Balance 12.40", 0.9, (100, 140, 200, 24)), TextLine("EXIT", 0.9, (100, 400, 90, 24)))
    assert private_lines((*lines, MENU)) == lines[:3]
    cover = cover_for(SendRules(blur_text="private"), 1280, 720, (*lines, MENU))
    assert cover.texts == 3 and not cover.withheld
    above = tuple(replace(MENU, box=(100, 10 + 30 * i, 200, 24)) for i in range(3))
    assert private_lines((*above, IBAN)) == (IBAN,), "what stands above it is not secret"
    out = covered(np.full((720, 1280, 3), 200, np.uint8), cover)
    for line in lines[:3]:
        x, y, w, h = line.box
        assert not out[y - 2 : y + h + 2, x - 2 : x + w + 2].any(), line
    assert out[600:624, 100:300].all() and out[400:424, 100:190].all()


def test_a_card_number_in_pieces_is_found_and_what_could_not_be_read_beside_it_is_covered_too() -> None:
    pieces = tuple(TextLine(part, 0.9, (100, 100 + 30 * i, 90, 24)) for i, part in enumerate(["4111", "1111"] * 2))
    assert private_lines(pieces) == pieces
    smudge = TextLine("", 0.2, (100, 300, 200, 20))
    assert cover_for(SendRules(blur_text="private"), 640, 480, pieces, (smudge,)).texts == 5
    assert cover_for(SendRules(blur_text="private"), 640, 480, (MENU,), (smudge,)).boxes == ()
    assert cover_for(SendRules(blur_text="all"), 1280, 720, (MENU,), (smudge,)).texts == 2
    unsure = cover_for(SendRules(blur_text="private"), 1280, 720, (MENU,), (IBAN,))
    assert unsure.texts == 1 and uncovered((MENU, IBAN), unsure) == (MENU,), "not sure enough to say, enough to hide"


def test_a_rule_for_text_covers_only_where_there_is_some() -> None:
    box = (0, 0, 500, 500)
    for when, lines, hit in (
        ("text", (IBAN,), True),
        ("text", (MENU,), False),
        ("private", (IBAN,), True),
        ("private", (TextLine("EXIT", 0.9, (100, 100, 90, 24)),), False),
        ("text", (TextLine("where?", 0.9),), True),  # a text of unknown place may be anywhere
    ):
        assert bool(cover_for(SendRules((Region(box, when=when),)), 1280, 720, lines).boxes) is hit, (when, lines)


def test_what_is_covered_in_the_picture_does_not_leave_as_words_either() -> None:
    cover = cover_for(SendRules(blur_text="private"), 1280, 720, (IBAN, MENU))
    assert uncovered((IBAN, MENU, TextLine("nowhere", 0.9)), cover) == (MENU,)
    right = cover_for(rules(500, 0, 500, 1000), 1280, 720, None)
    assert uncovered((Code("qr", "WIFI:secret", (700, 100, 90, 90)),), right) == ()
    assert uncovered((IBAN,), Cover((1, 1), withheld="dropped")) == ()
    assert uncovered((IBAN,), Cover((1280, 720))) == (IBAN,)


# -------------------------------------------------------------------------------------------------------- fails closed


def test_whatever_goes_wrong_nothing_is_sent() -> None:
    def broken(bgr: Picture) -> Read:
        raise RuntimeError("the reader stumbled")

    wanted = SendRules(blur_text="private")
    frame = noise(1)
    for cover, why in (
        (cover_of(frame, wanted, broken), "the reader stumbled"),
        (cover_for(wanted, 320, 180, None), "was not read"),
        (cover_for(wanted, 320, 180, (TextLine("IBAN", 0.9),)), "not known where"),
        (cover_for(rules(0, 0, 10, 10), 0, 0, None), "0x0"),
        (cover_for(rules(0, 0, 10, 10, do="drop"), 320, 180, None), "drops"),
        (cover_for(rules(0, 0, 10, 10), 640, 360, None), "was judged"),  # of another size than the picture
    ):
        with pytest.raises(Withheld, match=why):
            jpeg_view(frame, View(1), cover)


def test_the_reader_is_asked_only_if_a_rule_asks_for_text() -> None:
    def never(bgr: Picture) -> Read:
        raise AssertionError("reading takes 300 ms, and no rule needs it")

    assert not cover_of(noise(1), rules(0, 0, 100, 100), never).withheld
    assert cover_of(noise(1), SendRules(), never).boxes == ()
    read = cover_of(noise(1, 1280, 720), SendRules(blur_text="all"), lambda bgr: ((IBAN,), ()))
    assert read.texts == 1


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (lambda: Region((0, 0, 100)), "four numbers"),
        (lambda: Region((900, 0, 200, 100)), "not inside the picture"),
        (lambda: Region((0, 0, 0, 100)), "not inside the picture"),
        (lambda: Region((0, 0, 10, 10), "pixelate"), "black, blur, drop"),
        (lambda: Region((0, 0, 10, 10), when="at night"), "always, text, private"),
        (lambda: SendRules(blur_text="some"), "off, private, all"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_name(bad: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bad()  # type: ignore[operator]


def test_a_covered_view_is_still_a_picture() -> None:
    cover = cover_for(rules(0, 0, 1000, 1000), 320, 180, None)
    out = from_jpeg(jpeg_view(noise(1), View(1, (10, 10, 50, 50), px=200), cover))
    assert out is not None and out.shape == (200, 200, 3) and int(out.max()) < 3


# ------------------------------------------------------------------------------------------------------- in earnest


def test_an_account_number_on_a_page_cannot_be_read_in_what_is_sent_and_the_rest_can() -> None:
    import cv2

    from pipelines.seeing.reading import TextReader

    page = np.full((720, 1280, 3), 245, np.uint8)
    written = {120: "Table for two at eight", 300: "DE89 3704 0044 0532 0130 00", 600: "Soup of the day"}
    for y, line in written.items():
        cv2.putText(page, line, (120, y), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    reader = TextReader()
    cover = cover_of(page, SendRules(blur_text="private"), lambda bgr: (reader.read(bgr), ()))
    for view in (View(1, px=1280), View(1, (80, 200, 1000, 200), px=1280)):
        sent = from_jpeg(jpeg_view(page, view, cover))
        assert sent is not None
        assert not any(char.isdigit() for line in reader.read(sent) for char in line.text)
    whole = from_jpeg(jpeg_view(page, View(1), cover))
    assert whole is not None and "soup" in " ".join(line.text for line in reader.read(whole)).lower()


def test_the_settings_take_rules_as_the_file_has_them_and_name_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "earshot.toml"
    file.write_text('[privacy]\nregions = [\n  { box = [0, 800, 250, 200] },\n]\nblur_text = "private"\n')
    loaded = load(file, env={})
    assert loaded.privacy.rules == SendRules((Region((0, 800, 250, 200)),), "private")
    assert Settings.from_plain(json.loads(json.dumps(loaded.plain()))) == loaded, "a recording keeps them"
    flag = load(None, ['privacy.regions=[{box=[0,0,9,9], do="drop"}]'], {})
    assert flag.privacy.regions == (Region((0, 0, 9, 9), "drop"),)
    assert load(None, (), {}).privacy.rules.none
    for wrong, why in (
        ("privacy.regions=[{box=[0,0,9]}]", "four numbers"),
        ("privacy.regions=[{bix=[0,0,9,9]}]", "no 'bix' in it; known here: box, do, when"),
        ('privacy.regions=[{do="blur"}]', "'box' is missing"),
        ("privacy.regions=[{", "as in a TOML file"),
        ("privacy.regions=7", "a list of tables"),
        ("privacy.blur_text=some", "off, private, all"),
    ):
        with pytest.raises(SettingsError, match=re.escape(why)):
            load(None, [wrong], {})
