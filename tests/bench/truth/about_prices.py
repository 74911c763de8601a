"""Questions about prices: as printed, and worked out for a kilo, a litre or a piece; and where that cannot be."""

from __future__ import annotations

import cv2
import numpy as np

from tests.bench.truth.question import Question, ask
from tests.bench.truth.scenes import doc, lit, paper, run_off, still


def questions(seed: int) -> list[Question]:
    return [*_printed(seed), *_worked_out(seed)]


def _printed(seed: int) -> list[Question]:
    random = np.random.default_rng((seed, 11))

    def label(*rows: str, letter_px: float = 38) -> np.ndarray:
        return paper(doc("label", *rows), random, letter_px)

    much, kind = "how much is this", "price"
    chair = run_off(doc("label", "#Chair $149"), random, 0.9)
    coffee = label("#Coffee", "$4.20")
    return [
        ask(kind, much, still(coffee), "$4.20", must=("$4.20",), figures=("$4.20",)),
        ask(
            kind,
            "what does this cost",
            still(label("#Sponge", "EUR 2.49")),
            "EUR 2.49",
            must=("EUR 2.49",),
            figures=("EUR 2.49",),
        ),
        ask(
            kind,
            much,
            still(label("#Green tea", "20 bags", "$3.05", letter_px=24)),
            "small",
            must=("$3.05",),
            never=("$20",),
        ),
        ask(
            kind,
            much,
            still(lit(label("#Olive oil", "$7.40"), 0.3)),
            "in the dusk",
            must=("$7.40",),
            figures=("$7.40",),
        ),
        ask(
            kind,
            "only the prices",
            still(paper(doc("menu", "#Breakfast", "Two eggs | $6.50", "Porridge | $4.75", "Coffee | $2.90"), random)),
            "a menu",
            must=("$6.50", "$4.75", "$2.90"),
            figures=("$6.50", "$4.75", "$2.90"),
        ),
        ask(
            kind,
            much,
            still(label("#Jam", "was $3.20", "now $2.40")),
            "was and now",
            must=("$2.40",),
            never=("the price is $3.20",),
        ),
        ask(
            kind,
            much,
            still(label("#Tent", "$1,299.00")),
            "over a thousand",
            must=("$1,299.00|$1299.00|1,299 dollars",),
            never=("$1", "$1.29", "$299.00", "the price is 1 dollar"),
        ),
        # nobody can tell
        ask(kind, much, still(label("#Fresh bread", "baked today")), "no price", open=True, never=("the price is",)),
        ask(kind, much, still(cv2.GaussianBlur(coffee, (0, 0), 9)), "blurred", open=True, never=("the price is",)),
        ask(kind, much, still(lit(coffee, 0.015)), "dark", open=True, never=("the price is",)),
        ask(
            kind,
            much,
            still(chair),
            "cut through",
            open=True,
        ),
        ask(
            kind,
            much,
            still(label("#Platform 4", "08:15 09:40")),
            "times and no price",
            open=True,
            never=("the price is",),
        ),
    ]


def _worked_out(seed: int) -> list[Question]:
    random = np.random.default_rng((seed, 12))
    kilo, litre, each = "how much is that per kilo", "how much is this per litre", "how much are these each"

    def of(words: str, *rows: str, **truth: object) -> Question:
        scene = still(paper(doc("label", *rows), random))
        return ask("unit price", words, scene, f"{words}: {' / '.join(rows)}", **truth)

    return [
        of(kilo, "#Coffee", "500 g", "$4.98", must=("9.96 $",)),
        of(litre, "#Orange juice", "1.5 l", "$1.80", must=("1.20 $",)),
        of(litre, "#Lemonade", "6 x 330 ml", "$3.96", must=("2.00 $|2 dollars",)),
        of(each, "#Fresh eggs", "10 eggs", "$2.90", must=("0.29 $|29 cents",)),
        of("how much is this per 100 grams", "#Cheese", "250 g", "$3.50", must=("1.40 $",)),
        of(kilo, "#Pasta", "500 g", "$1.50", "$3.00/kg", must=("3.00 $|3 dollars",)),
        of(each, "#Soap", "3 for $2.00", must=("0.67 $|67 cents",)),
        of(kilo, "#Rice", "EUR 2.19", "750 g", must=("2.92 EUR|2.92 €",)),
        # nobody can tell
        of(kilo, "#Ground coffee", "$4.98", open=True, never=("makes",)),
        of(kilo, "#Red lentils", "500 g", open=True, never=("makes",)),
        of(litre, "#Milk $1.29", "Oat drink $2.10", "1 l", open=True, never=("makes",)),
        of(litre, "#Sugar", "500 g", "$1.10", open=True, never=("makes",)),
        of(kilo, "#Pasta", "500 g", "$1.50", "$4.00/kg", must=("misread",), open=True),
        of(kilo, "#Platform 7", "Trains to Leeds", open=True, never=("makes",)),
    ]
