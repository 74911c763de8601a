"""Questions about real photographs, where they are at hand. They are not shipped; see `tests.bench.pictures`."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.pictures import Case, pictures
from tests.bench.truth.question import Question, ask
from tests.bench.truth.scenes import Scene, still

READ = {
    "book_atomic_habits": "read this book",
    "en_page": "read this page",
    "motivational_sign": "what does this sign say",
    "parking_sign": "what does this sign say",
    "img_exif_orientation": "what does this say",
}
# As it stands there, sign below sign; `photographs` lists what must be read and what may be, apart.
PARKING = (
    "NO STOPPING", "3PM TO 7PM", "EXCEPT SATURDAY & SUNDAY", "TOWED? 415-553-1235",
    "NO PARKING", "7A.M. TO 8A.M.", "TUESDAY", "STREET CLEANING",
    "2 HOUR", "PARKING", "8 A.M. TO 3 P.M.", "7 P.M. TO 10P.M.", "MON THRU SAT",
    "EXCEPT VEHICLES WITH", "AREA C PERMITS", "RENT", "421-1899",
)  # fmt: skip
NOTHING = (
    "sample_rotated",
    "staircase",
    "Shelves_Blurry_1",
    "Window_Overexposed",
    "Fingers_Overexposed_1",
    "Laptop_Discord_1",
)
KIND = "photograph"


def questions(seed: int) -> list[Question]:
    cases = {case.name.removeprefix("photo-"): case for case in pictures(seed) if case.kind == "photo"}
    if len(cases) < 12:
        return []
    scenes = {name: still(case.picture) for name, case in cases.items()}
    return [*_read(cases, scenes), *_nothing(scenes), *_asked_of(cases, scenes)]


def _read(cases: dict[str, Case], scenes: dict[str, Scene]) -> list[Question]:
    asked = {
        name: ask(KIND, words, scenes[name], f"{words}: {name}", lines=cases[name].lines, also=cases[name].also)
        for name, words in READ.items()
    }
    asked["parking_sign"] = replace(asked["parking_sign"], order=PARKING)
    return list(asked.values())


def _nothing(scenes: dict[str, Scene]) -> list[Question]:
    avocado = ("即食牛油果", "RIPE AVOCADO")
    return [
        *(
            ask(KIND, "what does this say", scenes[n], f"what does this say: {n}", open=True, also=("",))
            for n in NOTHING
        ),
        ask(
            KIND,
            "what does this say",
            scenes["eggs_banana_avocado"],
            "eggs and bananas",
            open=True,
            also=avocado,
            or_else="ripe avocado|即食牛油果",
        ),
        ask(
            KIND,
            "how much is this",
            scenes["eggs_banana_avocado"],
            "no price on eggs",
            open=True,
            never=("the price is",),
        ),
        ask(KIND, "is there any text here", scenes["staircase"], "no text on the stairs", open=True, never=("yes",)),
        ask(KIND, "scan this", scenes["staircase"], "no code on the stairs", open=True, never=("number",)),
        ask(KIND, "how bright is it", scenes["Window_Overexposed"], "into a window", must=("bright",)),
    ]


def _asked_of(cases: dict[str, Case], scenes: dict[str, Scene]) -> list[Question]:
    def then(first: str, words: str, name: str, **truth: object) -> Question:
        return Question(KIND, f"{words}: {name}", ((first, scenes[name]), (words, scenes[name])), **truth)  # type: ignore[arg-type]

    parking = cases["parking_sign"]
    return [
        then("read this book", "spell Clear", "book_atomic_habits", must=("C L E A R",)),
        then("read this book", "what was the price", "book_atomic_habits", must=("not read any",), open=True),
        then("read this page", "only the numbers", "en_page", must=("46K", "7858"), figures=cases["en_page"].lines),
        then(
            "what does this sign say",
            "only the times",
            "parking_sign",
            must=("3PM to 7PM",),
            figures=(*parking.lines, *parking.also),
        ),
        then("what does this sign say", "where does it say tuesday", "parking_sign", must=("tuesday",)),
        then(
            "what does this sign say",
            "where does it say sunday morning",
            "motivational_sign",
            must=("do not find",),
            open=True,
        ),
    ]
