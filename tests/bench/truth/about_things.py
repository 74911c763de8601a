"""Questions about colours, light and movement, about roads, and about what only a model could know."""

from __future__ import annotations

import cv2
import numpy as np

from tests.bench.pictures import nothing
from tests.bench.truth.question import Question, ask
from tests.bench.truth.scenes import Scene, doc, lit, paper, still
from tests.test_colours import bgr, room, scene, view

SODIUM, NEON = (0.15, 0.55, 1.0), (0.15, 0.12, 1.0)  # blue, green, red of a lamp that nothing balances
THINGS = (  # thing, wall, question, names it may be given, yes or no if that was asked
    ("d0021b", "c8c4bc", "what colour is this", ("red",), ""),
    ("2050c8", "9a7b4f", "what colour is this shirt", ("blue",), ""),
    ("f2c80f", "6f6a64", "what colour is it", ("yellow", "dark yellow"), ""),
    ("1e7b34", "c8c4bc", "is this green", ("green", "dark green"), "yes"),
    ("2050c8", "c8c4bc", "is this red", ("blue",), "no"),
    ("fbfbfb", "5c7f92", "is this white", ("white", "light grey"), "yes"),
    ("ff7a00", "e8e8e6", "what colour are these", ("orange",), ""),
    ("ff8fc0", "3a2f28", "what colour is this cup", ("pink", "light pink"), ""),
    ("6f2c91", "c8c4bc", "is this purple or brown", ("purple", "dark purple"), ""),
    ("6a3d1c", "c8c4bc", "is this brown", ("brown", "dark brown"), "yes"),
    ("0a1238", "c8c4bc", "is this black or navy", ("navy", "dark blue"), ""),
    ("14b8a6", "9a7b4f", "what colour is this", ("turquoise", "dark turquoise"), ""),
    ("7a0c16", "6f6a64", "what colour is that", ("dark red", "red", "brown"), ""),
    ("9b9b9b", "e8e8e6", "what colour is this jacket", ("grey", "light grey", "dark grey"), ""),
)


def questions(seed: int) -> list[Question]:
    return [*_colours(seed), *_light(seed), *_movement(seed), *_roads(seed), *_beyond(seed)]


def _colours(seed: int) -> list[Question]:
    out = []
    for number, (thing, back, words, names, sure) in enumerate(THINGS):
        there = still(scene(thing, back, seed * 100 + number))
        never = {"yes": ("no",), "no": ("yes",)}.get(sure, ())
        out.append(ask("colour", words, there, f"{words}: {'/'.join(names)}", colours=names, never=never))
    two = scene("d0021b", seed=seed)
    cv2.rectangle(two, (461, 360), (819, 575), bgr("fbfbfb"), -1)
    red, shirt = scene("d0021b", seed=seed), scene("f0e0d0", "909090", seed)
    what = "what colour is this"
    return [
        *out,
        ask("colour", what, still(two), "red and white", must=("red", "white")),
        ask("colour", what, still(lit(red, 0.3)), "red in dim light", colours=("red", "dark red")),
        ask("colour", what, still(lit(red, 0.05)), "in the dark", open=True),
        ask("colour", what, still(lit(shirt, *SODIUM)), "under a sodium lamp", open=True),
        ask(
            "colour",
            "is this white",
            still(lit(shirt, *SODIUM)),
            "white under a sodium lamp",
            open=True,
            never=("yes", "no"),
        ),
        ask(
            "colour",
            "is this blue",
            still(lit(scene("2050c8", "909090", seed), *NEON)),
            "blue under red neon",
            open=True,
            never=("yes", "no"),
        ),
        ask("colour", what, still(lit(red, *NEON)), "red under red neon", open=True),
        ask("colour", what, still(np.full((720, 1280, 3), 2, np.uint8)), "covered", open=True),
    ]


def _light(seed: int) -> list[Question]:
    there = scene("2050c8", seed=seed)
    return [
        ask("light", "is it dark in here", still(lit(there, 0.05)), "dark", must=("dark",), never=("light enough",)),
        ask("light", "how bright is it", still(there), "by day", must=("light enough",), never=("dark", "dim")),
        ask("light", "is it dark in here", still(lit(there, 0.3)), "dusk", must=("dim|dark",), never=("light enough",)),
        ask(
            "light",
            "how bright is it in here",
            still(lit(there, 2.5)),
            "into the light",
            must=("bright",),
            never=("dark",),
        ),
        ask(
            "light",
            "is it dark here",
            still(lit(scene("fbfbfb", "2c2826", seed), 1.0)),
            "a black table by day",
            must=("light enough",),
            never=("dark",),
        ),
        ask("light", "is the lamp on", still(there), "a lamp or the day", must=("can't tell",), open=True),
        ask(
            "light",
            "did i leave the light on",
            still(lit(there, 1.2)),
            "the light left on",
            must=("can't tell",),
            open=True,
        ),
    ]


def _movement(seed: int) -> list[Question]:
    there, other = room(seed), room(seed + 1)

    def walks(by: int, size: float = 1.0, jerk: int = 0) -> Scene:
        return Scene(tuple(
            view(there, jerk * (-1) ** i, 0, 0, 1, 10 * seed + i, 620 + by * i, size) for i in range(4)
        ))  # fmt: skip

    def rests(jerk: float = 0, tilt: float = 0) -> Scene:
        return Scene(tuple(view(other, jerk * (-1) ** i, jerk / 3, tilt * i, 1, 20 * seed + i) for i in range(4)))

    moves = ("something moves|large part of the picture moves|it moves",)
    ask_any = "is anything moving"
    return [
        ask("movement", ask_any, walks(70), "a person walks by", must=moves),
        ask("movement", "is somebody moving there", walks(50, 0.7), "a person further off", must=moves),
        ask("movement", "does anything move", walks(60, 1.0, 12), "a person, and the head sways", must=moves),
        ask("movement", ask_any, walks(14, 0.15), "a small slow thing", must=moves),
        ask("movement", ask_any, rests(), "nothing moves", must=("nothing move",), never=moves),
        ask("movement", ask_any, rests(20), "nothing moves, the head sways", must=("nothing move",), never=moves),
        ask(
            "movement",
            "is there any movement",
            rests(8, 0.3),
            "nothing moves, the head tilts",
            must=("nothing move",),
            never=moves,
        ),
        ask(
            "movement",
            ask_any,
            still(view(other, seed=1), until_ms=None),
            "a picture that stands still",
            must=("nothing move",),
            never=moves,
        ),
        ask(
            "movement",
            ask_any,
            Scene(tuple(lit(p, 0.03) for p in walks(70).loop)),
            "in the dark",
            open=True,
            never=moves,
        ),
        ask("movement", "who is moving there", walks(70), "who moves", open=True),
    ]


def _roads(seed: int) -> list[Question]:
    street = still(room(seed + 5))
    lamp = room(seed + 6)
    cv2.circle(lamp, (640, 360), 60, (60, 200, 40), -1)
    never = ("green", "red", "it is safe", "yes", "no")
    return [
        ask("roads", words, still(lamp) if "light" in words or "it" in words else street, words, open=True, never=never)
        for words in ("is the light green", "has it turned green yet", "what colour is the traffic light",
                      "can i cross now", "is the road clear", "is the light red or green")
    ]  # fmt: skip


def _beyond(seed: int) -> list[Question]:
    """Only a model could say something to these, and none is set."""
    random = np.random.default_rng((seed, 31))
    fruit, faces = still(nothing.fruit(random)), still(nothing.faces(random))
    milk = still(paper(doc("label", "#Whole milk", "Use by 12 March", "Keep below 5 C"), random))
    return [
        ask("beyond", "what fruit is on the table", fruit, open=True),
        ask("beyond", "who is this", faces, open=True),
        ask("beyond", "is this milk still good", milk, open=True, never=("yes", "no")),
        ask("beyond", "what changed", fruit, open=True),
    ]
