"""The user's own table of articles, and the check digits of bar codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.articles import ArticlesError, load_articles
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.codes_gtin import check_digit, checks, expanded, gtin
from pipelines.thinking.things import Article, described
from tests.test_seeing import ean, on_wall

TABLE = "number,name,note\n4006381333931,yellow text marker,in the desk\n036000291452,paper tissues\n96385074,mints\n"


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "articles.csv"
    path.write_bytes(text.encode(encoding))
    return path


class TestTable:
    def test_an_article_is_found_by_its_number(self, tmp_path: Path) -> None:
        articles = load_articles(table(tmp_path, TABLE))
        assert articles.find("4006381333931") == Article("4006381333931", "yellow text marker", "in the desk")
        assert articles.find("96385074") == Article("96385074", "mints")
        assert articles.find("5901234123457") is None and articles.find("no number") is None and len(articles) == 3

    def test_upc_a_and_ean_13_are_one_number(self, tmp_path: Path) -> None:
        articles = load_articles(table(tmp_path, TABLE))
        assert (
            articles.find("036000291452") == articles.find("0036000291452") == Article("036000291452", "paper tissues")
        )

    def test_a_misread_number_is_nobodys(self, tmp_path: Path) -> None:
        assert load_articles(table(tmp_path, TABLE)).find("4006381333930") is None

    @pytest.mark.parametrize(
        "text",
        [
            "4006381333931,yellow text marker",  # no heading, no end of line
            "\ufeffnumber;name\r\n4006381333931;yellow text marker\r\n\r\n",  # as a spreadsheet writes it
            '# mine\n"4006381333931","yellow text marker",\n',
            "4 006381 333931, yellow  text marker ,\n",
        ],
    )
    def test_forms_that_people_and_spreadsheets_write(self, tmp_path: Path, text: str) -> None:
        found = load_articles(table(tmp_path, text)).find("4006381333931")
        assert found is not None and (found.name, found.note) == ("yellow text marker", "")

    def test_an_empty_table_is_a_table(self, tmp_path: Path) -> None:
        assert len(load_articles(table(tmp_path, "number,name\n"))) == 0

    @pytest.mark.parametrize(
        ("text", "line", "named"),
        [
            ("number,name\n4006381333932,pen\n", 2, r"'4006381333932' has a wrong digit: the last would be 1"),
            ("4.00638E+12,pen\n", 1, r"'4.00638E\+12' is no bar code number .*as text"),
            ("36000291452,tissues\n", 1, r"drops zeros"),
            ("4006381333931\n", 1, r"1 columns; give number,name"),
            ("4006381333931,a,b,c\n", 1, r"4 columns"),
            ("4006381333931,\n", 1, r"the name ''"),
            ("4006381333931,pen\n036000291452,a\n4006381333931,pencil\n", 3, r"4006381333931 is in line 1 too"),
            ("0036000291452,a\n036000291452,b\n", 2, r"is in line 1 too"),
            ('4006381333931,"pen\n', 1, r"put names with quotes or commas in quotes"),
            ("4006381333931," + "x" * 500 + "\n", 1, r"1 to 120 characters"),
        ],
    )
    def test_what_cannot_be_used_is_named_with_its_line(self, tmp_path: Path, text: str, line: int, named: str) -> None:
        with pytest.raises(ArticlesError, match=rf"articles\.csv, line {line}: .*{named}"):
            load_articles(table(tmp_path, text))

    def test_a_table_that_is_not_there_or_is_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ArticlesError, match=r"none\.csv: No such file.*codes\.table"):
            load_articles(tmp_path / "none.csv")
        with pytest.raises(ArticlesError, match=r"codes\.table"):
            load_articles(tmp_path)

    def test_another_encoding_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ArticlesError, match=r"line 2: .*not UTF-8"):
            load_articles(table(tmp_path, "number,name\n4006381333931,café\n", "latin-1"))

    def test_a_huge_table_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "articles.csv"
        with path.open("wb") as file:
            file.truncate(1 << 30)
        with pytest.raises(ArticlesError, match="1073741824 bytes"):
            load_articles(path)

    @given(data=st.binary(max_size=300))
    def test_any_bytes_are_a_table_or_a_named_error(
        self, tmp_path_factory: pytest.TempPathFactory, data: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("any") / "articles.csv"
        path.write_bytes(data)
        try:
            load_articles(path)
        except ArticlesError as error:
            assert "articles.csv" in str(error)


class TestCheckDigits:
    @pytest.mark.parametrize("digits", ["4006381333931", "96385074", "036000291452", "0036000291452", "00012345600012"])
    def test_right_ones(self, digits: str) -> None:
        assert checks(digits) and len(gtin(digits)) == 14

    @given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
    def test_one_wrong_digit_always_shows(self, rest: str, place: int, by: int) -> None:
        digits = rest + check_digit(rest)
        wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
        assert checks(digits) and not checks(wrong)

    @pytest.mark.parametrize(
        ("short", "full"),
        [("04252614", "042100005264"), ("01234565", "012345000065"), ("01200003", "012000000003"),
         ("01234531", "012300000451")],
    )  # fmt: skip
    def test_upc_e_is_a_upc_a(self, short: str, full: str) -> None:
        assert expanded(short)[:-1] == full[:-1]

    def test_upc_e_and_upc_a_meet(self) -> None:
        assert gtin("04252614", "upce") == gtin("042100005264") == "00042100005264"
        assert gtin("04252615", "upce") == ""

    @pytest.mark.parametrize("digits", ["", "1", "12345678", "x" * 13, "٤٠٠٦٣٨١٣٣٣٩٣١"])
    def test_anything_else_is_no_number(self, digits: str) -> None:
        assert not checks(digits) and gtin(digits) == ""


def test_a_bar_code_with_a_wrong_check_digit_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = CodeReader()
    reader._load()
    corners = np.zeros((2, 4, 2), np.float32)

    class Detector:
        def detectAndDecodeWithType(self, picture: object) -> object:  # noqa: N802, the name is OpenCV's
            return True, ("4006381333932", "4006381333931"), ("EAN_13", "EAN_13"), corners

    monkeypatch.setattr(reader, "_bars", Detector())
    found = reader.read(np.full((200, 300, 3), 255, np.uint8))
    assert [code.payload for code in found] == ["4006381333931"]


def test_from_the_picture_to_the_name_in_the_users_table(tmp_path: Path) -> None:
    (code,) = CodeReader().read(on_wall(ean("4006381333931")))
    article = load_articles(table(tmp_path, TABLE)).find(code.payload, code.kind)
    assert described(code, article) == "In your table: yellow text marker. in the desk."
