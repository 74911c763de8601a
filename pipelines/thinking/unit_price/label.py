"""What a thing costs per kilo, litre, metre or piece, from the text on its label: parsed here and divided exactly.

Nothing is guessed. Two prices or two amounts that could be meant, or one that is missing, give no figure but a problem
that says which. A unit price that is printed is told as printed; where it disagrees with the arithmetic, both are told,
since one of the three figures was misread or is wrong.

"1,5 L", "500 g", "6 x 330 ml" are amounts; "2.49 €", "£1.20", "85p", and "2,49" alone are prices; "3 for 2.00" is an
offer; "4.98 €/kg", "1 kg = 4,98", "per 100 g 0.50" are printed unit prices. Figures are Decimals, never floats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from pipelines.events import TextLine

CENT: Final = Decimal("0.01")
MAX_LINES: Final = 200
MAX_LINE_CHARS: Final = 300

NO_PRICE, NO_AMOUNT, PRICES, AMOUNTS, OTHER_UNIT = "no price", "no amount", "several prices", "several amounts", "unit"

# unit as printed: (base unit, how many of it)
_UNITS: Final[dict[str, tuple[str, Decimal]]] = {
    "kg": ("kg", Decimal(1)), "kilo": ("kg", Decimal(1)), "kilogram": ("kg", Decimal(1)),
    "g": ("kg", Decimal("0.001")), "gr": ("kg", Decimal("0.001")), "gram": ("kg", Decimal("0.001")),
    "grams": ("kg", Decimal("0.001")), "mg": ("kg", Decimal("0.000001")),
    "lb": ("kg", Decimal("0.45359237")), "lbs": ("kg", Decimal("0.45359237")),  # NIST SP 811, exact
    "oz": ("kg", Decimal("0.028349523125")),
    "l": ("l", Decimal(1)), "ltr": ("l", Decimal(1)), "liter": ("l", Decimal(1)), "litre": ("l", Decimal(1)),
    "dl": ("l", Decimal("0.1")), "cl": ("l", Decimal("0.01")), "ml": ("l", Decimal("0.001")),
    "m": ("m", Decimal(1)), "metre": ("m", Decimal(1)), "meter": ("m", Decimal(1)),
    "pcs": ("piece", Decimal(1)), "pc": ("piece", Decimal(1)), "pieces": ("piece", Decimal(1)),
    "piece": ("piece", Decimal(1)), "st": ("piece", Decimal(1)), "stk": ("piece", Decimal(1)),
    "stück": ("piece", Decimal(1)), "eggs": ("piece", Decimal(1)), "rolls": ("piece", Decimal(1)),
    "tabs": ("piece", Decimal(1)), "bags": ("piece", Decimal(1)), "each": ("piece", Decimal(1)),
}  # fmt: skip
ASKED: Final[dict[str, tuple[str, Decimal, str]]] = {  # how it is asked: base unit, how many of it, in words
    "kg": ("kg", Decimal(1), "a kilo"), "100 g": ("kg", Decimal("0.1"), "for 100 grams"),
    "l": ("l", Decimal(1), "a litre"), "100 ml": ("l", Decimal("0.1"), "for 100 millilitres"),
    "m": ("m", Decimal(1), "a metre"), "piece": ("piece", Decimal(1), "each"),
}  # fmt: skip
_SIGNS: Final = {"€": "€", "EUR": "€", "EURO": "€", "£": "£", "GBP": "£", "$": "$", "USD": "$", "CHF": "CHF"}


@dataclass(frozen=True, slots=True)
class Amount:
    """`total` of `base` ("kg", "l", "m", "piece"), in `count` pieces; `text` as printed."""

    base: str
    total: Decimal
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Price:
    """`value` in `currency` ("€", "" = none printed) for `pieces` packs; `text` as printed."""

    value: Decimal
    currency: str
    pieces: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """`value` for one `base`; `exact` False: rounded half up to a hundredth. `pieces`: for so many packs at once."""

    value: Decimal
    currency: str
    base: str
    exact: bool = True
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """What the lines say. `problem`: "" or why nothing could be computed; `prices`, `amounts`: what was read."""

    computed: tuple[UnitPrice, ...] = ()
    printed: tuple[UnitPrice, ...] = ()
    problem: str = ""
    prices: tuple[Price, ...] = ()
    amounts: tuple[Amount, ...] = ()

    @property
    def disagree(self) -> bool:
        """A printed unit price is off by more than a cent and by more than one in a hundred."""
        for printed in self.printed:
            same = [c.value for c in self.computed if c.base == printed.base]
            if same and all(abs(v - printed.value) > max(CENT, printed.value / 100) for v in same):
                return True
        return False


_N: Final = r"\d{1,3}(?:[.' ]\d{3})+,\d{1,2}|\d{1,3}(?:[,'’]\d{3})+\.\d{1,2}|\d{1,6}(?:[.,]\d{1,3})?"
_SIGN: Final = r"€|£|\$|EURO?\b|GBP\b|USD\b|CHF\b"
_UNIT: Final = "|".join(sorted(_UNITS, key=len, reverse=True))
_MONEY: Final = (
    rf"(?:(?P<s1>{_SIGN})\s?(?P<n1>{_N})|(?P<n2>{_N})\s?(?P<s2>{_SIGN})|(?P<n3>\d{{1,3}})\s?(?P<s3>p\b|ct\b|¢))"
)
_BARE: Final = r"(?P<n4>\d{1,4}[.,]\d{2})"
_OF: Final = rf"(?P<per>1|100|10|250|500|1000)?\s?(?P<unit>{_UNIT})(?![^\W_])"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ANY_MONEY: Final = rf"(?:{_MONEY}|{_BARE})"
_PRINTED: Final = (
    _re(rf"{_ANY_MONEY}\s?(?:{_SIGN})?\s?(?:/|per\b|pro\b|je\b|a\b)\s?{_OF}"),
    _re(rf"(?:\bper|\bpro|\bje|/)\s?{_OF}\s?[:=]?\s?{_ANY_MONEY}"),
    _re(rf"(?<![\d.,])(?P<per>1|100|1000)\s?(?P<unit>{_UNIT})(?![^\W_])\s?=\s?{_ANY_MONEY}"),
    _re(rf"\((?P<per>1|100|1000)\s?(?P<unit>{_UNIT})\s{_ANY_MONEY}\s?\)"),
)
_OFFER: Final = _re(rf"(?<![\d.,])(?P<pieces>[2-9]|1\d)\s?(?:for|für|/)\s?(?P<money>{_ANY_MONEY})(?![\d%])")
_OLD: Final = _re(rf"\b(?:was|before|statt|instead of|rrp|uvp|save|you save|deposit|pfand)\b\W{{0,3}}{_ANY_MONEY}")
_PRICE: Final = _re(rf"(?<![\w.,]){_MONEY}(?![\w%])")
_BARE_PRICE: Final = _re(rf"(?<![\w.,:/-]){_BARE}(?![\w%:/-]|[.,]\d)")
_AMOUNT: Final = _re(
    rf"(?<![\w.,])(?:(?P<count>\d{{1,3}})\s?[x×*]\s?)?(?P<n>{_N})\s?(?P<unit>{_UNIT})(?![^\W_])(?!\s?(?:/|protein|fat|"
    r"sugars?|salt|carb|fibre|fiber))"
)
_TIMES: Final = _re(r"(?<![\w.,])[x×]\s?(?P<count>\d{1,3})(?![\w.,])")
_NUTRITION: Final = _re(
    r"\b(?:energy|protein|fat|saturates|sugars?|carbohydrates?|salt|fibre|fiber|serving|portion|kcal|kj|eiweiß|fett|"
    r"zucker|salz|kohlenhydrate|brennwert)\b"
)


def unit_prices(lines: Sequence[TextLine], wanted: str = "") -> UnitPrices:
    """Unit prices out of lines in reading order. `wanted`: "kg", "100 g", "l", "100 ml", "m", "piece", "" = any.

    Raises ValueError for another unit.
    """
    if wanted and wanted not in ASKED:
        raise ValueError(f"unit_prices: unit {wanted!r}; known are {', '.join(ASKED)} and ''")
    texts = [line.text[:MAX_LINE_CHARS] for line in lines[:MAX_LINES]]
    printed: list[UnitPrice] = []
    offers: list[Price] = []
    rest = []
    for text in texts:
        rest.append(_take_offers(_OLD.sub(" ", _take_printed(text, printed)), offers))
    plain = [price for text in rest for match in _PRICE.finditer(text) if (price := _price(match)) is not None]
    if not plain and not offers:
        plain = [p for text in rest for match in _bare(text) if (p := _price(match)) is not None]
    prices = tuple(dict.fromkeys([*plain, *offers]))
    amounts = _amounts([_PRICE.sub(" ", text) for text in rest if not _NUTRITION.search(text)], wanted)
    known = tuple(dict.fromkeys(printed))
    problem = _problem(prices, amounts, wanted)
    if problem:
        return UnitPrices((), known, problem, prices, amounts)
    amount = amounts[0] if amounts else Amount("piece", Decimal(1), 1, "")
    if wanted == "piece" and amount.base != "piece":
        amount = Amount("piece", Decimal(amount.count), amount.count, amount.text)
    computed = tuple(_divided(price, amount) for price in prices)
    return UnitPrices(computed, known, "", prices, amounts)


def _problem(prices: Sequence[Price], amounts: Sequence[Amount], wanted: str) -> str:
    if not prices:
        return NO_PRICE
    if len({price.pieces for price in prices}) < len(prices) or len(prices) > 2:
        return PRICES
    several = any(price.pieces > 1 for price in prices)
    if len(amounts) > 1:
        return AMOUNTS
    if not amounts:
        return "" if several and wanted in {"", "piece"} else NO_AMOUNT
    if wanted and wanted != "piece" and ASKED[wanted][0] != amounts[0].base:
        return OTHER_UNIT
    if wanted == "piece" and amounts[0].base != "piece" and amounts[0].count == 1 and not several:
        return OTHER_UNIT
    return ""


def _divided(price: Price, amount: Amount) -> UnitPrice:
    exact = Fraction(price.value) / (Fraction(amount.total) * price.pieces)
    value = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(CENT, ROUND_HALF_UP)
    return UnitPrice(value, price.currency, amount.base, Fraction(value) == exact, price.pieces)


# -------------------------------------------------------------------------------------------------------------- reading


def _number(text: str, grouped: bool = False) -> Decimal:
    """ "1.299,00", "2,49", "1,5" -> a Decimal. `grouped`: three digits after a mark are thousands ("1,000 g")."""
    text = text.replace("'", "").replace("’", "").replace(" ", "")
    whole, mark, part = text, "", ""
    if match := re.fullmatch(r"(.*)([.,])(\d+)", text):
        whole, mark, part = match[1], match[2], match[3]
    whole = re.sub(r"[.,]", "", whole)
    if mark and len(part) == 3 and grouped:
        return Decimal(whole + part)
    return Decimal(f"{whole}.{part}" if mark else whole)


def _price(match: re.Match[str], pieces: int = 1) -> Price | None:
    groups = match.groupdict()
    if small := groups.get("n3"):
        currency = "£" if str(groups["s3"]).lower() == "p" else "$" if groups["s3"] == "¢" else "€"
        value = Decimal(small) / 100
    else:
        figure = groups.get("n1") or groups.get("n2") or groups.get("n4")
        sign = (groups.get("s1") or groups.get("s2") or "").upper()
        value, currency = _number(str(figure)), _SIGNS.get(sign, "")
    if value <= 0:
        return None
    return Price(value, currency, pieces, match.group().strip() if pieces == 1 else f"{pieces} for {value}")


def _take_printed(text: str, found: list[UnitPrice]) -> str:
    for pattern in _PRINTED:
        for match in pattern.finditer(text):
            base, size = _UNITS[match["unit"].lower()]
            price = _price(match)
            if price is not None:
                value = price.value / (Decimal(match["per"] or 1) * size)
                found.append(UnitPrice(value.quantize(CENT, ROUND_HALF_UP), price.currency, base))
        text = pattern.sub(" ", text)
    return text


def _take_offers(text: str, found: list[Price]) -> str:
    for match in _OFFER.finditer(text):
        price = _price(match, int(match["pieces"]))
        if price is not None:
            found.append(price)
    return _OFFER.sub(" ", text)


def _bare(text: str) -> list[re.Match[str]]:
    """Figures like "2.49" that can only be a price: alone in their line, or right after an amount at its end."""
    found = list(_BARE_PRICE.finditer(_AMOUNT.sub(lambda amount: " " * len(amount.group()), text)))
    if len(found) != 1:
        return []
    before, after = text[: found[0].start()], text[found[0].end() :]
    alone = not re.sub(r"[\d.,\s*-]", "", _AMOUNT.sub(" ", before + after))
    ends = list(_AMOUNT.finditer(before))
    follows = bool(ends) and not before[ends[-1].end() :].strip() and not after.strip()
    return found if alone or follows else []


def _amounts(texts: Sequence[str], wanted: str) -> tuple[Amount, ...]:
    found: dict[tuple[str, Decimal], Amount] = {}
    for text in texts:
        times = _TIMES.search(text)
        for match in _AMOUNT.finditer(text):
            unit = match["unit"].lower()
            base, size = _UNITS[unit]
            if unit == "m" and match["unit"] == "M":
                continue
            one = _number(match["n"], grouped=unit in {"g", "gr", "ml"}) * size
            count = int(match["count"] or (times["count"] if times else 1))
            if one <= 0 or count <= 0:
                continue
            found.setdefault((base, one * count), Amount(base, one * count, count, match.group().strip()))
    amounts = list(found.values())
    if len({amount.base for amount in amounts}) > 1:  # "10 rolls", "1.5 kg": what was asked for tells which counts
        base = ASKED[wanted][0] if wanted else ""
        amounts = [amount for amount in amounts if amount.base == base] or amounts
    return tuple(amounts)
