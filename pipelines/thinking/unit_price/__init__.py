"""What a thing costs per kilo, litre, metre or piece.

label.py    prices and amounts found in the text of a label, and divided exactly
spoken.py   the figure and what it was made of, or what is missing
"""

from __future__ import annotations

from pipelines.thinking.unit_price.label import (
    AMOUNTS,
    NO_AMOUNT,
    NO_PRICE,
    OTHER_UNIT,
    PRICES,
    UnitPrices,
    unit_prices,
)
from pipelines.thinking.unit_price.spoken import words

__all__ = [
    "AMOUNTS",
    "NO_AMOUNT",
    "NO_PRICE",
    "OTHER_UNIT",
    "PRICES",
    "UnitPrices",
    "unit_prices",
    "words",
]
