"""Names, things, places and numbers: words that stand in no template and in no sentence of the companion's own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

PEOPLE = (
    "Zelda", "Orsolya", "Bartholomew", "Ingeborg", "Quentin", "Marisol", "Tadeusz", "Philippa", "Anselm", "Yevgenia",
    "Leopold", "Winifred", "Caspian", "Rosalind", "Desmond", "Ludmila",
)  # fmt: skip
FOODS = ("lupins", "celeriac", "walnuts", "mustard", "shellfish", "sesame", "kiwi", "buckwheat", "peaches", "mango")
LIKES = (
    "rhubarb",
    "sauerkraut",
    "polka",
    "origami",
    "fennel",
    "cribbage",
    "badminton",
    "gooseberries",
    "archery",
    "sudoku",
)
CITIES = (
    "Trondheim",
    "Ljubljana",
    "Salamanca",
    "Dundee",
    "Tampere",
    "Coimbra",
    "Wroclaw",
    "Bergamo",
    "Aarhus",
    "Limerick",
)
COMPANIES = ("Brightwater", "Fernhill", "Osterling", "Harrowgate", "Quillfoot", "Marlstone", "Pinecroft", "Tidewell")
SPOTS = (
    "on the windowsill", "in the blue drawer", "under the piano", "behind the toaster", "on the top shelf",
    "in the wicker basket", "next to the aquarium", "inside the teapot", "on the ironing board", "in the garage",
)  # fmt: skip
THINGS = ("passport", "umbrella", "scissors", "charger", "keys", "reading glasses", "wallet", "headphones", "notebook")
PARKED = (
    "on level three", "on level minus two", "in Harbour Street", "behind the cinema", "next to the bakery",
    "in row eleven", "opposite the town hall", "under the bridge",
)  # fmt: skip
DATES = (
    "the third of March",
    "the ninth of June",
    "the twelfth of August",
    "the first of May",
    "the thirtieth of October",
)
DAYS = ("Tuesday", "Wednesday", "Thursday", "Friday")
COLOURS = ("turquoise", "purple", "orange", "silver", "pink")
CODES = ("falcon88", "mulberry52", "otter31", "crimson17", "walrus64")
TASKS = (
    "water the ferns", "defrost the chicken", "post the parcel", "ring the plumber", "renew the library card",
    "feed the tortoise", "bleed the radiators", "return the ladder",
)  # fmt: skip
RELATIONS = ("neighbour", "dentist", "boss", "landlord", "doctor")


@dataclass
class Draw:
    """Each value once in a dialogue."""

    seed: int
    random: random.Random = field(init=False)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def one(self, pool: tuple[str, ...]) -> str:
        value = self.random.choice([value for value in pool if value not in self._taken])
        self._taken.add(value)
        return value

    def number(self, low: int = 112, high: int = 989) -> str:
        value = str(self.random.randrange(low, high))
        return value if value not in self._taken and not self._taken.add(value) else self.number(low, high)  # type: ignore[func-returns-value]

    def choice(self, items: tuple[str, ...]) -> str:
        return self.random.choice(items)
