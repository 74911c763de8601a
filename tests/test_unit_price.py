"""Unit prices: labels as they are printed, exact figures, and silence where a figure would be a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import TextLine
from pipelines.thinking.unit_price import (
    AMOUNTS,
    NO_AMOUNT,
    NO_PRICE,
    OTHER_UNIT,
    PRICES,
    UnitPrices,
    unit_prices,
    words,
)


def label(text: str) -> list[TextLine]:
    return [TextLine(line, 0.9) for line in text.split("|")]


def told(text: str, wanted: str = "") -> str:
    return words(unit_prices(label(text), wanted), wanted)


COMPUTED = [
    ("500 g 2.49 €", "", "4.98", "kg", True),
    ("Coffee|500 g|2.49 €", "", "4.98", "kg", True),
    ("Kaffee|500g|2,49 €", "", "4.98", "kg", True),
    ("€2.49|0,5 kg", "", "4.98", "kg", True),
    ("Orange juice|1,5 L|1,80 €", "", "1.20", "l", True),
    ("Cola 6 x 330 ml £3.96", "", "2.00", "l", True),
    ("Cola 6x330ml|3.96", "", "2.00", "l", True),
    ("330 ml x 6|$3.96", "", "2.00", "l", True),
    ("Milk 1 litre 85p", "", "0.85", "l", True),
    ("Wine 75 cl 5.99", "", "7.99", "l", False),
    ("Rice 1,000 g CHF 3.20", "", "3.20", "kg", True),
    ("Cheese 0.350 kg 4.20 €", "", "12.00", "kg", True),
    ("10 eggs|2.50 €", "", "0.25", "piece", True),
    ("Tea|3 for 2.00", "piece", "0.67", "piece", False),
    ("Soup 3 for £2.10|400 g", "", "1.75", "kg", True),
    ("Butter|250 g|was 2.99 €|1.99 €", "", "7.96", "kg", True),
    ("1.299,00 €|10 kg", "", "129.90", "kg", True),
    ("Cola 6 x 330 ml £3.96", "piece", "0.66", "piece", True),
    ("Paper 8 rolls 2.40 €", "piece", "0.30", "piece", True),
    ("Cable 5 m 4.50 €", "m", "0.90", "m", True),
    ("Best before 12.05.2026|500 g|2.49", "", "4.98", "kg", True),
]


class TestComputed:
    @pytest.mark.parametrize(("text", "wanted", "value", "base", "exact"), COMPUTED)
    def test_a_price_and_an_amount(self, text: str, wanted: str, value: str, base: str, exact: bool) -> None:
        found = unit_prices(label(text), wanted)
        assert found.problem == ""
        (one,) = found.computed
        assert (one.value, one.base, one.exact) == (Decimal(value), base, exact)

    @given(st.integers(1, 99_999), st.integers(1, 20_000))
    def test_the_figure_is_the_nearest_hundredth(self, cents: int, grams: int) -> None:
        found = unit_prices(label(f"{grams} g|{cents // 100}.{cents % 100:02d} €"))
        (one,) = found.computed
        assert abs(one.value * grams - Decimal(cents * 10)) <= Decimal("0.005") * grams
        assert one.exact == (one.value * grams == cents * 10)

    def test_single_and_bundle(self) -> None:
        answer = told("Soup 400 g|0.80 €|3 for 2.10 €", "kg")
        assert answer == "80 cents for 400 grams makes 2 euros a kilo, or 1 euro 75 a kilo if you take 3."


class TestWords:
    def test_the_figure_comes_with_what_it_was_made_of(self) -> None:
        assert told("500 g 2.49 €") == "2 euros 49 for 500 grams makes 4 euros 98 a kilo."
        assert told("500 g 2.49 €", "100 g") == "2 euros 49 for 500 grams makes about 50 cents for 100 grams."
        assert told("500 g|2.49") == "2.49 for 500 grams makes 4.98 a kilo."
        assert told("Wine 75 cl 5.99 €") == "5 euros 99 for 75 centilitres makes about 7 euros 99 a litre."

    def test_a_printed_unit_price_is_told_as_printed(self) -> None:
        for text in ("500 g 2.49 €|1 kg = 4.98 €", "500 g|2,49 €|4,98 €/kg", "500 g 2.49 €|per kg 4.98",
                     "500 g 2.49 €|(1 kg 4.98 €)", "2.49 €|500 g|4.98 € per kg", "500g 2.49€|4.98€/kg"):  # fmt: skip
            found = unit_prices(label(text), "kg")
            assert [p.value for p in found.printed] == [Decimal("4.98")], text
            assert not found.disagree
            assert words(found, "kg").startswith("It prints 4")

    def test_printed_for_a_hundred_grams_asked_for_a_kilo(self) -> None:
        assert told("per 100 g 0.50 €", "kg") == "It prints 5 euros a kilo."

    def test_a_printed_unit_price_alone(self) -> None:
        assert told("Tomatoes|4.98 €/kg", "kg") == "It prints 4 euros 98 a kilo."

    def test_where_it_disagrees_both_are_told(self) -> None:
        assert told("500 g 2.49 €|5.20 €/kg", "kg") == (
            "It prints 5 euros 20 a kilo, but 2 euros 49 for 500 grams makes 4 euros 98 a kilo. "
            "I may have misread one of them."
        )


class TestAbstaining:
    @pytest.mark.parametrize(
        ("text", "wanted", "problem", "say"),
        [
            ("500 g", "", NO_PRICE, "I read 500 grams, but no price. Show me the price."),
            ("2.49 €", "", NO_AMOUNT,
             "I read the price 2 euros 49, but no amount. Show me where it says how much is in it."),
            ("500 g|2.49 €|3.99 €", "", PRICES,
             "I read several prices: 2 euros 49, 3 euros 99. I can't tell which belongs to it."),
            ("500 g|drained 240 g|2.49 €", "", AMOUNTS,
             "I read several amounts: 500 grams, 240 grams. I can't tell which counts."),
            ("500 ml|2.49 €", "kg", OTHER_UNIT, "I read 2 euros 49 for 500 millilitres, and nothing in kilos."),
            ("hello|world", "", NO_PRICE, "I find neither a price nor an amount that I can read."),
            ("", "kg", NO_PRICE, "I find neither a price nor an amount that I can read."),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_told(self, text: str, wanted: str, problem: str, say: str) -> None:
        found = unit_prices(label(text), wanted)
        assert (found.problem, found.computed) == (problem, ())
        assert words(found, wanted) == say

    @pytest.mark.parametrize(
        "text",
        [
            "Open 8.00 - 18.00|500 g",  # hours
            "Open 8.30|500 g",
            "Best before 12.05.26|500 g",  # a date
            "Version 2.10 500 g",
            "Fat 3.50|500 g",
            "Tel 030 12 34 56|500 g",
            "0.00 €|500 g",
            "25%|500 g",
        ],
    )
    def test_other_figures_are_no_prices(self, text: str) -> None:
        assert unit_prices(label(text)).computed == ()

    def test_a_table_of_nutrition_is_no_amount(self) -> None:
        found = unit_prices(label("Rice 500 g|2.49 €|Protein 7 g|Fat 1.2 g|Salt 0.1 g|of which sugars 0.3 g"))
        assert [one.value for one in found.computed] == [Decimal("4.98")]

    def test_an_unknown_unit_is_named(self) -> None:
        with pytest.raises(ValueError, match="'stone'"):
            unit_prices([], "stone")

    @given(
        st.lists(st.text("0123456789.,€£$ xgkml/=forp er×()%|", max_size=80), max_size=12),
        st.sampled_from(["", "kg", "100 g", "l", "piece"]),
    )
    def test_no_text_breaks_it(self, texts: list[str], wanted: str) -> None:
        found = unit_prices([TextLine(text, 0.9) for text in texts], wanted)
        assert isinstance(found, UnitPrices) and words(found, wanted)

    def test_much_text_is_bounded(self) -> None:
        found = unit_prices([TextLine("1 x 1 x " * 10_000, 0.9)] * 1000, "kg")
        assert found.problem and not found.computed
