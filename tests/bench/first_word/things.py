"""What a wearer reads: signs, a door, a menu, a shelf, a receipt, drawn with their truth, other words each time.

A picture is (720, 1280, 3) uint8 BGR, as a camera at arm's length would give it: nothing fills the view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tests.bench.pictures import nothing
from tests.bench.pictures.render import placed, wall, write
from tests.bench.truth.scenes import NO_TILT, doc, grained, paper

PLACES: Final = ("Leeds", "Oxford", "Dover", "Bristol", "Cardiff", "Glasgow")
NAMES: Final = ("Amelia Stone", "Peter Hall", "Nora Brook", "Simon Field", "Clara Wood")
DISHES: Final = (
    "Tomato soup", "Garlic bread", "Green salad", "Fish and chips", "Roast chicken", "Mushroom pie", "Cheese omelette",
    "Apple cake", "Ice cream", "Lemonade", "Black coffee", "Orange juice",
)  # fmt: skip
GOODS: Final = (
    "Oat biscuits", "Green tea", "Brown rice", "Dark honey", "Olive oil", "Red lentils", "Corn flakes", "Peanut butter",
    "Tomato sauce", "Sea salt", "Ground coffee", "Apple juice",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One picture. `first`: the first word of the answer that comes from the picture, as it is spoken; any of them;
    none if there is nothing to read."""

    picture: np.ndarray
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of picture and what the wearer says to it. `long`: the answer is tapped away once it has begun."""

    name: str
    words: str
    draw: Callable[[np.random.Generator], Shown]
    long: bool = False


def sign(random: np.random.Generator, degrees: float | None = None) -> Shown:
    platform, place = int(random.integers(2, 20)), _one(PLACES, random)
    rows = (f"#PLATFORM {platform}", f"Trains to {place}", "Mind the gap")
    return Shown(paper(doc("sign", *rows), random, degrees=degrees), ("platform",))


def turned(random: np.random.Generator) -> Shown:
    return sign(random, degrees=20.0 if random.random() < 0.5 else -20.0)


def door(random: np.random.Generator) -> Shown:
    rows = (f"#Room {int(random.integers(101, 420))}", f"Dr {_one(NAMES, random)}")
    return Shown(paper(doc("label", *rows), random, letter_px=30), ("room",))


def menu(random: np.random.Generator) -> Shown:
    dishes = [DISHES[int(i)] for i in random.permutation(len(DISHES))[:9]]
    rows = ("#TODAY", *(f"{dish} | {_amount(random)}" for dish in dishes))
    return Shown(paper(doc("menu", *rows), random, letter_px=30), ("today",))


def receipt(random: np.random.Generator) -> Shown:
    goods = [GOODS[int(i)] for i in random.permutation(len(GOODS))[:5]]
    rows = ("#CORNER SHOP", *(f"{name} | {_amount(random)}" for name in goods), "TOTAL | 24.60", "CARD | 24.60")
    return Shown(paper(doc("receipt", *rows, "Thank you"), random, letter_px=26), ("corner",))


def tag(random: np.random.Generator) -> Shown:
    price = _amount(random)
    rows = (f"#{_one(GOODS, random)}", f"EUR {price}")
    return Shown(paper(doc("label", *rows), random), (price.split(".")[0],))


def shelf(random: np.random.Generator) -> Shown:
    """Six goods in two rows, each on its packet, with its price below; nobody can tell which one is meant."""
    picture, first = wall(random), []
    for number, which in enumerate(random.permutation(len(GOODS))[:6]):
        price = _amount(random)
        at = (230 + 410 * (number % 3), 180 + 350 * (number // 3))
        packet = (f"#{GOODS[int(which)]}", "500 g")
        for rows, family, below, letter_px in ((packet, "sign", 0, 28), ((f"#EUR {price}",), "label", 145, 20)):
            written = write(doc(family, *rows), random)
            size = min(letter_px, 56 * 350 / written.paper.shape[1])
            picture, _ = placed(written, picture, size, float(random.uniform(-2, 2)), NO_TILT, (at[0], at[1] + below))
        first.append(price.split(".")[0])
    return Shown(grained(picture, random), tuple(first))


def no_text(random: np.random.Generator) -> Shown:
    kinds = (nothing.plaster, nothing.fence, nothing.chain)
    return Shown(grained(kinds[int(random.integers(len(kinds)))](random), random), ())


THINGS: Final = (
    Thing("short sign", "read the sign", sign),
    Thing("sign turned by 20 degrees", "what does this sign say", turned),
    Thing("door label", "read the label", door),
    Thing("menu of ten lines", "read the menu", menu, long=True),
    Thing("receipt", "what does this say", receipt, long=True),
    Thing("price tag", "what is the price", tag),
    Thing("busy shelf", "what is the price", shelf),
    Thing("no text", "read the sign", no_text),
)


def _amount(random: np.random.Generator) -> str:
    return f"{int(random.integers(2, 10))}.{5 * int(random.integers(3, 20)):02d}"


def _one(of: Sequence[str], random: np.random.Generator) -> str:
    return of[int(random.integers(len(of)))]
