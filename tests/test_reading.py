"""Reading one picture: askew, small, dark, cut off, part by part, and silence where nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.seeing import deskew
from pipelines.seeing.decode import from_jpeg
from pipelines.seeing.lift import lifted, sharpened
from pipelines.seeing.reading import Reading, TextReader
from pipelines.seeing.trust import Found, TrustOptions, odd, same, settled, weighed
from recordings.reader import Recording
from tests.bench.pictures import Case, nothing, spoil
from tests.bench.pictures.judge import judge, nearest

OPTIONS = TrustOptions()
SAMPLES = Path(__file__).parents[1] / "recordings" / "samples"


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


def spoilt(trouble: str, number: int, hard: float) -> spoil.Spoilt:
    return spoil.SPOILERS[trouble](np.random.default_rng((11, number)), number, hard)


def case_of(one: spoil.Spoilt) -> Case:
    return Case("", "drawn", one.picture, one.lines, also=one.also, cut=one.cut, slack=int(bool(one.cut)))


def words(reading: Reading) -> list[str]:
    return [line.text for line in reading.lines]


class TestWhatIsHardToRead:
    @pytest.mark.parametrize("hard", [0.0, 0.16, 0.31, 0.47, 0.62, 0.78, 0.93])
    def test_a_sign_at_any_angle(self, reader: TextReader, hard: float) -> None:
        one = spoilt("rotated", 0, hard)
        reading = reader.read_all(one.picture)
        assert judge(case_of(one), words(reading)).read == len(one.lines), (one.degrees, reading)
        for line in reading.lines:
            x, y, width, height = line.box
            assert x >= 0 and y >= 0 and x + width <= 1280 and y + height <= 720
            assert np.ptp(one.picture[y : y + height, x : x + width]) > 60  # ink and paper: the box is on the text

    @pytest.mark.parametrize(("trouble", "hard"), [("perspective", 1.0), ("small", 0.6), ("dark", 0.5), ("blur", 0.4)])
    def test_turned_away_small_dark_or_soft(self, reader: TextReader, trouble: str, hard: float) -> None:
        one = spoilt(trouble, 1, hard)
        judged = judge(case_of(one), words(reader.read_all(one.picture)))
        assert judged.read >= len(one.lines) - 1 and not judged.invented

    @pytest.mark.parametrize("kind", nothing.KINDS, ids=lambda kind: kind.__name__)
    def test_nothing_is_said_of_a_picture_without_a_letter(
        self, reader: TextReader, kind: Callable[[np.random.Generator], np.ndarray]
    ) -> None:
        assert words(reader.read_all(kind(np.random.default_rng(21)))) == []


class TestEdges:
    @pytest.mark.parametrize(("number", "edge"), [(0, "right"), (1, "left"), (16, "right"), (17, "left")])
    def test_the_edge_where_the_writing_runs_off_is_named(self, reader: TextReader, number: int, edge: str) -> None:
        one = spoilt("cut", number, 0.5)
        assert one.cut == (edge,)
        assert reader.read_all(one.picture).cut == one.cut

    def test_writing_that_is_all_there_is_not_called_cut(self, reader: TextReader) -> None:
        one = spoilt("none", 3, 0.2)
        assert reader.read_all(one.picture).cut == ()

    def test_the_edge_is_the_wearers_edge_when_the_page_lies_on_its_side(self, reader: TextReader) -> None:
        one = spoilt("cut", 0, 0.5)  # runs off to the right; turned counter-clockwise that is the top
        assert reader.read_all(np.ascontiguousarray(np.rot90(one.picture))).cut == ("top",)


class TestParts:
    def test_a_figure_that_the_box_cut_off_is_found_again(self, reader: TextReader) -> None:
        """The detector's box of this sign ends in the middle of its last figure."""
        stills = [m.data for m in Recording(SAMPLES / "platform.mcap").messages() if m.topic == "/camera/still"]
        picture = from_jpeg(stills[0][stills[0].index(b"\xff\xd8") :])
        assert picture is not None
        assert words(reader.read_all(picture))[0].split()[-1].isdigit()

    def test_the_parts_are_the_whole_in_the_same_order(self, reader: TextReader) -> None:
        picture = spoilt("none", 4, 0.2).picture
        parts, whole = list(reader.parts(picture)), reader.read_all(picture)
        assert tuple(line for part in parts for line in part.lines) == whole.lines
        assert [part.more for part in parts] == [True] * (len(parts) - 1) + [False]
        assert all(part.lines for part in parts[:-1]) and all(not part.doubtful for part in parts[:-1])
        assert parts[-1].doubtful == whole.doubtful and parts[-1].cut == whole.cut

    def test_the_first_part_comes_before_the_last_line_was_recognised(
        self, reader: TextReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        picture = spoilt("none", 16, 0.2).picture  # a letter of seven lines
        plain, count = reader._engine.text, [0]

        def counted(crop: np.ndarray) -> Found:
            count[0] += 1
            return plain(crop)

        monkeypatch.setattr(reader._engine, "text", counted)
        parts = reader.parts(picture)
        first = next(parts)
        after_first = count[0]
        list(parts)
        assert first.more and first.lines and after_first <= count[0] - 4

    def test_a_picture_without_text_is_one_empty_part(self, reader: TextReader) -> None:
        assert list(reader.parts(np.full((720, 1280, 3), 125, np.uint8))) == [Reading(())]

    def test_a_wrong_shape_is_an_error_that_names_it(self, reader: TextReader) -> None:
        with pytest.raises(ValueError, match=r"\(5, 5\)"):
            next(reader.parts(np.zeros((5, 5), np.uint8)))


class TestTrust:
    def test_a_sure_reading_needs_no_second(self) -> None:
        assert settled([Found("Keep shut", 0.99, 0.97)], OPTIONS)
        assert not settled([Found("Stert 19:20", 0.89, 0.37)], OPTIONS)
        assert not settled([Found("O", 0.99, 0.99)], OPTIONS)  # a ring

    def test_two_readings_that_agree_are_believed_and_a_weak_letter_is_not(self) -> None:
        alike = [Found("8A.M.", 0.9, 0.7), Found("8 AM.", 0.9, 0.6)]
        assert weighed(alike, OPTIONS)[1] == ""
        assert "0.49" in weighed([Found("Stert 19:20", 0.89, 0.37), Found("Stert 19:20", 0.93, 0.49)], OPTIONS)[1]

    def test_readings_that_differ_are_set_aside_unless_one_is_sure(self) -> None:
        vague = [Found("Sun", 0.9, 0.8), Found("Sum", 0.9, 0.8), Found("Sur", 0.9, 0.8)]
        assert weighed(vague, OPTIONS)[1] == "read differently each time"
        better = [Found("after fod", 0.9, 0.6), Found("after food", 0.99, 0.98), Found("afer food", 0.96, 0.8)]
        assert weighed(better, OPTIONS) == (better[1], "")

    def test_a_line_found_too_short_gives_way_to_the_longer_one(self) -> None:
        longer = [Found("W YORK", 0.97, 0.8), Found("EW YORK", 0.97, 0.8), Found("NEW YORK", 0.97, 0.8)]
        assert weighed(longer, OPTIONS)[0].text == "NEW YORK"

    def test_a_point_inside_a_number_counts(self) -> None:
        assert same("8 A.M.", "8 am") and not same("4.20", "420") and not same("1,29", "1.29")

    def test_figures_among_letters_are_odd(self) -> None:
        assert odd("3PMT07PM") and odd("Slat1a20") and not odd("10ml 8AM") and not odd("08:15")


class TestGeometry:
    @pytest.mark.parametrize("degrees", [-80.0, -45.0, -10.0, 0.0, 33.0, 90.0])
    def test_the_direction_of_a_page_is_that_of_most_of_its_lines(self, degrees: float) -> None:
        line = np.array([[0, 0], [300, 0], [300, 30], [0, 30]], np.float32)
        odd_one = np.array([[0, 0], [40, 60], [20, 75], [-20, 15]], np.float32)
        page = [deskew.moved(line + np.float32([0, 50 * n]), deskew.rotation(degrees)) for n in range(3)]
        assert abs((deskew.direction([*page, odd_one]) - degrees + 90) % 180 - 90) < 0.5

    def test_a_box_begins_where_its_text_begins(self) -> None:
        box = np.array([[10, 10], [110, 10], [110, 40], [10, 40]], np.float32)
        assert deskew.oriented(box, 180)[0].tolist() == [110, 40]
        assert deskew.oriented(np.roll(box, 1, axis=0), 0).tolist() == box.tolist()

    def test_what_is_found_in_a_level_view_is_carried_back_to_where_it_was(self) -> None:
        box = deskew.moved(np.array([[300, 90], [600, 90], [600, 120], [300, 120]], np.float32), deskew.rotation(25))
        view = deskew.level_view(np.zeros((720, 1280, 3), np.uint8), [box], 25, 32, 736)
        assert np.allclose(view.carried_back(deskew.moved(box, view.matrix)), box, atol=0.01)
        assert max(view.picture.shape) <= 736


class TestLight:
    def test_a_good_picture_is_handed_back_as_it_came(self) -> None:
        picture = spoilt("none", 0, 0.0).picture
        assert lifted(picture) is picture and sharpened(picture) is picture

    def test_a_dark_one_is_lifted_and_a_black_one_left_alone(self) -> None:
        assert np.ptp(lifted(spoilt("dark", 2, 0.4).picture)) > 180
        black = np.zeros((64, 64, 3), np.uint8)
        assert lifted(black) is black


class TestThePictures:
    def test_the_same_seed_gives_the_same_picture(self) -> None:
        assert (spoilt("perspective", 3, 0.5).picture == spoilt("perspective", 3, 0.5).picture).all()

    def test_a_judge_who_can_say_no(self) -> None:
        case = Case("", "drawn", np.zeros((1, 1, 3), np.uint8), ("Keep shut", "Fire door"), also=("EXIT",))
        judged = judge(case, ["KEEP SHUT", "Fira doon", "Exit", "Bananas"])
        assert (judged.read, judged.misread, judged.invented) == (1, ("Fira doon",), ("Bananas",))
        assert judge(case, ["Fire", "door", "Keep shut"]).in_order is False
        assert nearest("door", "the doar is")[0] == 1


def test_the_finder_is_given_the_same_numbers_as_by_its_makers(reader: TextReader) -> None:
    from rapidocr.ch_ppocr_det.utils import DetPreProcess

    picture = np.random.default_rng(5).integers(0, 256, (333, 517, 3), np.uint8)
    finder = reader._engine._loaded().text_det
    makers = DetPreProcess(finder.limit_side_len, finder.limit_type, finder.mean, finder.std)
    ours, theirs = finder.get_preprocess()(picture), makers(picture)
    assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
