"""Questions about writing: read it, move about in it, remember it; and all that cannot be read."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tests.bench.pictures import Case, nothing, pictures
from tests.bench.pictures.render import wall
from tests.bench.pictures.texts import DOCS
from tests.bench.truth.question import Question, ask
from tests.bench.truth.scenes import Scene, doc, lit, paper, smeared, still

PLATFORM = ("#PLATFORM 7", "Trains to Leeds", "Mind the gap", "08:15 09:40")
HOURS = (
    "#Corner Library",
    "Monday 9 A.M. to 5 P.M.",
    "Tuesday closed",
    "Saturday 10 A.M. to 1 P.M.",
    "Tel. 0113 496 0412",
)
MENU = ("#TODAY", "Tomato soup | 4.20", "Pasta with pesto | 9.80", "Apple cake | 3.50")
RECEIPT = ("#CORNER SHOP", "Milk 1 l | 1.29", "Bread | 2.45", "Butter 250 g | 2.99", "TOTAL | 6.73")
PICKED = (1, 5, 9, 12)  # of the fourteen pictures of a trouble, mild to hard
ASKING = {
    "sign": "what does this sign say",
    "label": "what does this label say",
    "menu": "read this menu",
    "letter": "read this letter to me",
    "screen": "read this to me",
    "receipt": "read this please",
}


def questions(seed: int) -> list[Question]:
    return [*_corpus(seed), *_moving_about(seed), *_not_to_be_read(seed), *_moments(seed), *_memory(seed)]


def _plain(rows: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row.lstrip("#").replace(" |", "") for row in rows)


def _corpus(seed: int) -> list[Question]:
    """Four pictures of each trouble of the corpus that reading is measured on, whatever became of them there."""
    cases: dict[str, list[Case]] = {}
    for case in pictures(seed):
        cases.setdefault(case.degradation if case.family != "none" and case.kind == "drawn" else "", []).append(case)
    out = []
    for trouble, found in cases.items():
        for case in [found[index] for index in PICKED] if trouble else []:
            kind = "text" if trouble == "none" else f"text, {trouble}"
            asked = ask(kind, ASKING[case.family], still(case.picture), case.name, lines=case.lines, also=case.also)
            asked = replace(asked, slack=case.slack, open=not case.legible)
            rows = next(d.rows for d in DOCS if set(d.lines) == {*case.lines, *case.also})
            asked = replace(asked, order=tuple(" ".join(row) for row in rows))
            if any(len(row) == 1 and row[0] in case.also for row in rows) and case.cut:
                asked = replace(asked, must=("runs off|cannot read",))  # of a table, whole cells may be out of sight
            out.append(asked)
    return out


def _moving_about(seed: int) -> list[Question]:
    """A text is read, then asked about."""
    random = np.random.default_rng((seed, 1))
    sign = still(paper(doc("sign", *PLATFORM), random))
    hours = still(paper(doc("sign", *HOURS), random))
    menu, receipt = (still(paper(doc(f, *rows), random)) for f, rows in (("menu", MENU), ("receipt", RECEIPT)))
    read = "what does this sign say"

    def then(words: str, scene: Scene, first: str = read, **truth: object) -> Question:
        return Question("in a text", words, ((first, scene), (words, scene)), **truth)  # type: ignore[arg-type]

    return [
        then("read the second line", sign, lines=("Trains to Leeds",)),
        then("read the last line", sign, lines=("08:15 09:40",)),
        then("spell Leeds", sign, must=("L E E D S",)),
        then("only the times", hours, must=("9 A.M. to 5 P.M.", "10 A.M. to 1 P.M."), figures=HOURS),
        then("what is the phone number", hours, must=("0113 496 0412|0 1 1 3 4 9 6 0 4 1 2|0113, 496, 0412",)),
        then("what does it say about tuesday", hours, lines=("Tuesday closed",)),
        then("how many lines are there", sign, must=("four lines",)),
        then("only the prices", menu, "read this menu", must=("4.20", "9.80", "3.50"), figures=MENU),
        then("where does it say pasta", menu, "read this menu", lines=("Pasta with pesto 9.80",)),
        then("where does it say total", receipt, "read this please", lines=("TOTAL 6.73",)),
        # what is asked for is not there
        then("where does it say Paris", sign, must=("do not find",), never=("the nearest word",), open=True),
        then("read line nine", sign, must=("no line",), open=True),
        then("only the prices", hours, open=True, never=("the price is",)),
        then("what is the phone number", sign, open=True, never=("08", "15")),
        ask("in a text", "next line", sign, "next line, nothing read", must=("not read any text",), open=True),
    ]


def _not_to_be_read(seed: int) -> list[Question]:
    random = np.random.default_rng((seed, 2))
    sign = paper(doc("sign", *PLATFORM), random)
    lines = _plain(PLATFORM)
    out = []
    for kind in (
        nothing.fence,
        nothing.keys,
        nothing.faces,
        nothing.clock,
        nothing.leaves,
        nothing.stripes_like_a_barcode,
    ):
        scene = still(kind(random))
        out.append(
            ask("no text", "what does this say", scene, f"what does this say, {kind.__name__}", open=True, also=("",))
        )
    for kind in (nothing.buttons, nothing.stairs, nothing.chain):
        scene = still(kind(random))
        name = f"is there any text here, {kind.__name__}"
        out.append(ask("no text", "is there any text here", scene, name, open=True, never=("yes",)))
    read = "what does this sign say"
    troubles = (
        ("blurred", smeared(cv2.GaussianBlur(sign, (0, 0), 6), 61)),
        ("dark", lit(sign, 0.02)),
        ("covered", np.full_like(sign, 3)),
        ("a finger before it", cv2.GaussianBlur(lit(np.full_like(sign, 90), 0.3, 0.5, 1.2), (0, 0), 9)),
        ("overexposed", lit(sign, 20.0)),
        ("half of every line cut off", sign[:, :560].copy()),
        ("very small", paper(doc("sign", *PLATFORM), random, 5)),
    )
    for name, picture in troubles:
        out.append(
            ask("not to be seen", read, still(picture), f"{name} sign", open=True, also=lines, slack="cut" in name)
        )
    out += [
        ask(
            "not to be seen",
            "read this to me",
            Scene((sign,), camera=False),
            "no camera",
            must=("no picture",),
            open=True,
        ),
        ask("not to be seen", read, still(sign, until_ms=-4000), "stale by 4 s", must=("too old",), open=True),
        ask(
            "not to be seen",
            "what colour is this",
            still(sign, until_ms=-6000),
            "colour, stale",
            must=("too old",),
            open=True,
        ),
        ask("text", "is there any text here", still(sign), must=("yes",)),
        ask("text", "how many lines of text are there", still(sign), must=("4 lines|four lines",)),
    ]
    return out


def _moments(seed: int) -> list[Question]:
    """What was meant is what was seen at the word."""
    random = np.random.default_rng((seed, 3))
    one, other = paper(doc("sign", *PLATFORM), random), paper(doc("sign", "#EXIT", "Fire door", "Keep shut"), random)
    blank = wall(random)
    read, lines = "what does this sign say", _plain(PLATFORM)
    return [
        ask("moment", read, still(one, 1300, blank), "looks away at the end", lines=lines),
        ask("moment", read, still(one, 1100, other), "looks at another sign at the end", lines=lines),
        ask("moment", read, still(blank, 200, one), "comes to the sign at the word", lines=lines),
        ask("moment", read, still(one, -300), "the camera stopped just now", lines=lines),
        ask("moment", read, Scene((one, smeared(one, 90)), each_ms=300), "trembles", lines=lines),
    ]


def _memory(seed: int) -> list[Question]:
    random = np.random.default_rng((seed, 4))
    sign, label = (
        still(paper(doc("sign", *PLATFORM), random)),
        still(paper(doc("label", "#Olive oil", "$7.40"), random)),
    )
    shop, blank = still(paper(doc("receipt", *RECEIPT), random)), still(wall(random))
    read = "what does this sign say"

    def later(words: str, first: str, scene: Scene, **truth: object) -> Question:
        name = f"{words}, after {first!r}"
        return Question("memory", name, ((first, scene), (words, blank)), **truth)  # type: ignore[arg-type]

    never_read: dict[str, object] = {"must": ("not read any",), "open": True}
    return [
        later("what was the platform", read, sign, must=("platform 7",)),
        later("what did the sign say", read, sign, must=("platform 7", "trains to leeds", "mind the gap")),
        later("what was the total", "read this please", shop, must=("6.73",)),
        later("what was the price", "how much is this", label, must=("$7.40",)),
        later("what was the gate", read, sign, **never_read),
        later("what was the price again", read, sign, **never_read),
        later("what was the room number", "how much is this", label, **never_read),
        ask("memory", "what was the platform", blank, "what was the platform, nothing read", **never_read),
    ]
