"""Which of several things is cheaper for what is in it: exact arithmetic, and never a guess at what was not read.

Things are compared by the price for 100 g, 100 ml or a piece, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

# unit: (what it is measured in, how much of that). An ounce of fluid is not here: it differs by country.
UNITS: Final[Mapping[str, tuple[str, Fraction]]] = {
    "mg": ("g", Fraction(1, 1000)), "g": ("g", Fraction(1)), "kg": ("g", Fraction(1000)),
    "oz": ("g", Fraction("28.349523125")), "lb": ("g", Fraction("453.59237")),
    "ml": ("ml", Fraction(1)), "cl": ("ml", Fraction(10)), "dl": ("ml", Fraction(100)), "l": ("ml", Fraction(1000)),
    "piece": ("piece", Fraction(1)),
}  # fmt: skip
_ALSO: Final[Mapping[str, str]] = {
    "gram": "g", "grams": "g", "gr": "g", "kilogram": "kg", "kilograms": "kg", "kilo": "kg", "kilos": "kg",
    "milligram": "mg", "milligrams": "mg", "ounce": "oz", "ounces": "oz", "pound": "lb", "pounds": "lb", "lbs": "lb",
    "millilitre": "ml", "millilitres": "ml", "milliliter": "ml", "milliliters": "ml", "centilitre": "cl",
    "centilitres": "cl", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "ltr": "l",
    "pieces": "piece", "pc": "piece", "pcs": "piece", "item": "piece", "items": "piece", "each": "piece",
}  # fmt: skip
_KINDS: Final = {"g": "weight", "ml": "volume", "piece": "number"}
_PER: Final = {"g": (100, "100 g"), "ml": (100, "100 ml"), "piece": (1, "piece")}
_CURRENCIES: Final = {"€": "EUR", "$": "USD", "£": "GBP", "EURO": "EUR", "EUROS": "EUR"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing, as far as its label was read. `problem`: the sentence that says what was not."""

    name: str
    problem: str = ""
    currency: str = ""
    measure: str = ""
    price: Fraction = Fraction(0)  # for 100 g, 100 ml or one piece


def compare(items: Sequence[Mapping[str, Any]]) -> str:
    """Sentences: each unit price, then the cheapest; or why there is none. `items` fit the tool's schema."""
    read = [_item(number, item) for number, item in enumerate(items, 1)]
    good = [item for item in read if not item.problem]
    said = [item.problem for item in read if item.problem]
    if difference := _difference(good):
        return " ".join([*said, difference])
    said += [f"{item.name}: {_price(item, good)} {item.currency} per {_PER[item.measure][1]}." for item in good]
    if len(good) > 1:
        said.append(_cheapest(good, all_read=len(good) == len(read)))
    elif len(read) > 1:
        said.append("So I can't compare them.")
    return " ".join(said)


def _item(number: int, item: Mapping[str, Any]) -> Item:
    name = " ".join(str(item.get("name") or "").split()) or f"Number {number}"
    for key in ("price", "amount", "unit", "currency"):
        if item.get(key) in (None, ""):
            return Item(name, f"I can't read the {key} of {name}.")
    unit = str(item["unit"]).strip().lower().rstrip(".")
    unit = _ALSO.get(unit, unit)
    if unit not in UNITS:
        return Item(name, f"I can't compare {name}: I don't know the unit \"{str(item['unit'])[:20]}\".")
    measure, factor = UNITS[unit]
    amount = Fraction(Decimal(repr(item["amount"]))) * factor
    if amount <= 0:
        return Item(name, f"I can't compare {name}: its amount is zero.")
    currency = str(item["currency"]).strip().upper()
    price = Fraction(Decimal(repr(item["price"]))) / amount * _PER[measure][0]
    return Item(name, "", _CURRENCIES.get(currency, currency), measure, price)


def _difference(items: Sequence[Item]) -> str:
    """Why these can't be compared with each other, if they can't."""
    for other in items[1:]:
        first = items[0]
        if other.measure != first.measure:
            return (
                f"I can't compare them: {first.name} is sold by {_KINDS[first.measure]}, "
                f"{other.name} by {_KINDS[other.measure]}."
            )
        if other.currency != first.currency:
            return (
                f"I can't compare them: {first.name} is priced in {first.currency}, {other.name} in {other.currency}."
            )
    return ""


def _cheapest(items: Sequence[Item], all_read: bool) -> str:
    lowest = min(item.price for item in items)
    names = [item.name for item in items if item.price == lowest]
    scope = "" if all_read else "Of those that I can read, "
    if len(names) == len(items):
        return (scope + ("both" if len(names) == 2 else "all") + " cost the same.").capitalize()
    verb = "is" if len(names) == 1 else "are"
    return f"{scope}{' and '.join(names)} {verb} the cheapest."


def _price(item: Item, items: Sequence[Item]) -> str:
    """To cents; finer where cents would make two different prices look the same."""
    for digits in (2, 3, 4, 6):
        written = _rounded(item.price, digits)
        if all(_rounded(other.price, digits) != written for other in items if other.price != item.price):
            return written
    return written


def _rounded(number: Fraction, digits: int) -> str:
    scaled = round(number * 10**digits)
    return f"{scaled // 10**digits}.{scaled % 10**digits:0{digits}}"
