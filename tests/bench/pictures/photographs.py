"""What is written on the photographs of ../shared/data/photos, as a person reads it. The files are not shipped.

`lines`: legible at the size the picture has, in reading order. `also`: there, but a person would hesitate or could as
well leave it out; saying it is right, not saying it is no fault.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ.get("EARSHOT_PHOTOS", Path(__file__).resolve().parents[4] / "shared" / "data" / "photos"))

PHOTOGRAPHS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "book_atomic_habits": (
        (
            "#1 NEW YORK TIMES BESTSELLER",
            "Tiny Changes,",
            "Remarkable Results",
            "Atomic",
            "Habits",
            "An Easy & Proven Way",
            "to Build Good Habits",
            "& Break Bad Ones",
            "James Clear",
        ),
        ("OVER", "1 MILLION", "COPIES", "SOLD"),
        "label",
    ),
    "en_page": (
        (
            "3 MovieShots Dataset",
            "To facilitate the shot type analysis in videos, we collect MovieShots, a large-scale",
            "shot type annotation set that contains 46K shots from 7858 movies. The details",
            "of this dataset are specified as follows.",
        ),
        (),
        "letter",
    ),
    "img_exif_orientation": (("我是中国人",), (), "sign"),
    "motivational_sign": (("Little By Little", "Day By Day"), (), "sign"),
    "parking_sign": (
        (
            "NO STOPPING",
            "3PM TO 7PM",
            "NO PARKING",
            "7A.M. TO 8A.M.",
            "TUESDAY",
            "STREET CLEANING",
            "2 HOUR",
            "PARKING",
            "8 A.M. TO 3 P.M.",
            "7 P.M. TO 10P.M.",
            "MON THRU SAT",
        ),
        (
            "EXCEPT SATURDAY & SUNDAY",
            "TOWED? 415-553-1235",
            "EXCEPT VEHICLES WITH",
            "AREA C PERMITS",
            "THRU",
            "C",
            "RENT",
            "421-1899",
        ),
        "sign",
    ),
    "eggs_banana_avocado": ((), ("即食牛油果", "RIPE AVOCADO"), "none"),
    "sample_rotated": ((), (), "none"),
    "staircase": ((), (), "none"),
    "Shelves_Blurry_1": ((), (), "none"),
    "Window_Overexposed": ((), (), "none"),
    "Fingers_Overexposed_1": ((), (), "none"),
    "Laptop_Discord_1": ((), (), "none"),
}
