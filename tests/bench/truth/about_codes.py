"""Questions about QR codes and bar codes, with and without a table of the wearer's own."""

from __future__ import annotations

import cv2
import numpy as np

from tests.bench.pictures import nothing
from tests.bench.truth.question import Question, ask
from tests.bench.truth.scenes import lit, on_a_wall, still
from tests.test_seeing import ean, qr

MARKER, TISSUES = "4006381333931", "0036000291452"
TABLE = f"number,name,note\n{MARKER},yellow text marker,in the desk\n"


def questions(seed: int) -> list[Question]:
    random = np.random.default_rng((seed, 21))
    what, article, kind = "what is this code", "what article is this", "code"
    room = on_a_wall(random, qr("Room 214 second floor"))
    marker, other = on_a_wall(random, ean(MARKER)), on_a_wall(random, ean(TISSUES))
    wifi = on_a_wall(random, qr("WIFI:S:Harbour guest;T:WPA;P:sea-gull-44;;"))
    liar = on_a_wall(random, qr("https://bank.example@evil.example/login"))
    turned = cv2.warpAffine(room, cv2.getRotationMatrix2D((230, 310), 33, 1), (1280, 720))
    number = " ".join(TISSUES)
    return [
        ask(kind, what, still(room), "text", must=("room 214 second floor",)),
        ask(kind, "scan this", still(turned), "turned", must=("room 214 second floor",)),
        ask(
            kind,
            "scan this",
            still(on_a_wall(random, qr("https://example.org/menu?t=7"))),
            "address",
            must=("example dot org slash menu", "not opened"),
        ),
        ask(kind, what, still(wifi), "wireless", must=("harbour guest", "password"), never=("sea-gull", "gull", "44")),
        ask(kind, what, still(liar), "an address that lies", must=("evil dot example", "careful")),
        ask(
            kind,
            what,
            still(on_a_wall(random, qr("Lunch"), qr("Dinner"))),
            "two codes",
            must=("lunch", "dinner", "2 codes"),
        ),
        ask(kind, what, still(on_a_wall(random, qr("gate 12", 84))), "small", must=("gate 12",)),
        ask(kind, what, still(other), "a bar code", must=(f"{number}|{number[2:]}",)),
        ask(kind, article, still(marker), "in the table", must=("yellow text marker",), table=TABLE),
        ask(kind, what, still(marker), "in the table, as a code", must=("yellow text marker",), table=TABLE),
        # nobody can tell
        ask(
            kind,
            article,
            still(other),
            "not in the table",
            must=("not in your table",),
            never=("text marker",),
            open=True,
            table=TABLE,
        ),
        ask(kind, article, still(other), "no table", must=("no table",), open=True),
        ask(
            kind,
            what,
            still(nothing.stripes_like_a_barcode(random)),
            "only stripes",
            open=True,
            never=("number", "qr code"),
        ),
        ask(
            kind,
            what,
            still(on_a_wall(random, ean("4006381333938"))),
            "a wrong check digit",
            open=True,
            never=("number", "marker"),
            table=TABLE,
        ),
        ask(kind, what, still(cv2.GaussianBlur(room, (0, 0), 7)), "blurred", open=True, never=("room",)),
        ask(kind, what, still(lit(room, 0.01)), "dark", open=True, never=("room",)),
        ask(kind, what, still(np.ascontiguousarray(room[:, :230])), "cut in half", open=True, never=("room",)),
    ]
