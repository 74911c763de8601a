"""What is said about a unit price: the figure and what it was made of, or what is missing. See `label`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pipelines.speaking.speakable import speakable
from pipelines.thinking.unit_price.label import (
    AMOUNTS,
    ASKED,
    CENT,
    NO_AMOUNT,
    OTHER_UNIT,
    PRICES,
    UnitPrice,
    UnitPrices,
)

_PLURAL: Final = {"kg": "kilos", "l": "litres", "m": "metres", "piece": "pieces"}


def words(found: UnitPrices, wanted: str = "") -> str:
    """What is said. `wanted` as in `unit_prices`."""
    told = _words(found, wanted)
    return speakable(told, verbatim=True)


def _words(found: UnitPrices, wanted: str) -> str:
    computed = [_amount_words(c, wanted) for c in found.computed]
    printed = [_amount_words(p, wanted) for p in found.printed if not wanted or ASKED[wanted][0] == p.base]
    if computed and found.disagree:
        return f"It prints {_or(printed)}, but {_made_of(found)} makes {_or(computed)}. I may have misread one of them."
    if printed and len(set(printed)) == 1:
        return f"It prints {printed[0]}."
    if len(printed) > 1:
        return f"It prints several: {_or(printed)}. I can't tell which is for this."
    if computed:
        return f"{_made_of(found)} makes {_or(computed)}."
    return _missing(found, wanted)


def _amount_words(unit_price: UnitPrice, wanted: str) -> str:
    base, size, per = ASKED[wanted or unit_price.base]
    value = unit_price.value if base != unit_price.base else unit_price.value * size
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    about = "" if unit_price.exact and rounded == value else "about "
    bundle = f" if you take {unit_price.pieces}" if unit_price.pieces > 1 else ""
    if rounded < CENT:
        return f"less than a hundredth {per}{bundle}"
    return f"{about}{_money(rounded, unit_price.currency)} {per}{bundle}"


def _money(value: Decimal, currency: str) -> str:
    return f"{value.quantize(CENT)} {currency}".strip()


def _made_of(found: UnitPrices) -> str:
    first = found.prices[0]
    price = f"{first.pieces} for " if first.pieces > 1 else ""
    price += _money(first.value, first.currency)
    return f"{price} for {found.amounts[0].text}" if found.amounts and first.pieces == 1 else price


def _missing(found: UnitPrices, wanted: str) -> str:
    prices = ", ".join(_money(p.value, p.currency) for p in found.prices[:4] if p.pieces == 1)
    amounts = ", ".join(amount.text for amount in found.amounts[:4])
    if found.problem == PRICES:
        return f"I read several prices: {prices}. I can't tell which belongs to it."
    if found.problem == AMOUNTS:
        return f"I read several amounts: {amounts}. I can't tell which counts."
    if found.problem == NO_AMOUNT:
        return f"I read the price {prices}, but no amount. Show me where it says how much is in it."
    if found.problem == OTHER_UNIT:
        unit = _PLURAL[ASKED[wanted][0]] if wanted else ""
        return f"I read {prices} for {amounts}, and nothing in {unit}."
    if amounts:
        return f"I read {amounts}, but no price. Show me the price."
    return "I find neither a price nor an amount that I can read."


def _or(told: Sequence[str]) -> str:
    return ", or ".join(dict.fromkeys(told))
