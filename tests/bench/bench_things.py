"""What colours, light and movement cost at 720p, and how often they are right on drawn scenes and on photographs.

    python tests/bench/bench_things.py [--photos FOLDER]

A colour counts as right if its family is (dark red for red), abstained if nothing or doubt is told. The drawn scenes
have shading, grain and JPEG; the light of a lamp is a factor a channel, so it says what happens where the camera does
not balance white at all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.seeing.colours import NAMES
from pipelines.seeing.measure import measure
from pipelines.thinking.things import MOVES
from tests.test_colours import HELD, room, scene, view

WALLS = ("c8c4bc", "6f6a64", "e8e8e6", "5c7f92", "9a7b4f", "3a2f28")
LAMPS = {
    "daylight": (1.0, 1.0, 1.0),
    "warm, half balanced": (0.82, 0.93, 1.0),
    "bulb, unbalanced": (0.45, 0.72, 1.0),
    "sodium": (0.15, 0.55, 1.0),
    "red neon": (0.15, 0.12, 1.0),
    "cool shade": (1.0, 0.95, 0.85),
}


def colours() -> None:
    print(f"{'light':22s} right  wrong  doubt told   of")
    for lamp, factors in LAMPS.items():
        for gain in (1.0, 0.3) if lamp == "daylight" else (1.0,):
            counts: Counter[str] = Counter()
            for thing, names in HELD.items():
                for wall in WALLS:
                    picture = scene(thing, wall).astype(np.float32) * np.array(factors) * gain
                    found = measure(np.clip(picture, 0, 255).astype(np.uint8))
                    families = {NAMES[name][0] for name in names.split("/")}
                    if not found.colours or found.light in {"coloured", "dim", "bright"}:
                        counts["doubt"] += 1
                    else:
                        counts["right" if NAMES[found.colours[0].name][0] in families else "wrong"] += 1
            name = lamp + ("" if gain == 1 else f" at {gain}")
            print(
                f"{name:22s} {counts['right']:5d} {counts['wrong']:6d} {counts['doubt']:11d} {sum(counts.values()):4d}"
            )


def movement() -> None:
    random = np.random.default_rng(7)
    print("\nmovement: head shifts up to 100 px and tilts up to 1.5 degrees, 20 rooms each")
    for size in (None, 0.15, 0.25, 0.5, 1.0):
        for by in (0,) if size is None else (20, 60, 120):
            counts: Counter[str] = Counter()
            for seed in range(20):
                there = room(seed)
                dx, dy, tilt = random.uniform(-100, 100), random.uniform(-60, 60), random.uniform(-1.5, 1.5)
                kind = {} if size is None else {"size": size}
                before = view(there, seed=1, blob=None if size is None else 760, **kind)
                now = view(there, dx, dy, tilt, random.uniform(0.9, 1.1), 2, None if size is None else 760 + by, **kind)
                share = measure(now, before).moving
                counts["unknown" if share < 0 else "moves" if share >= MOVES else "still"] += 1
            what = "nothing moves" if size is None else f"a person {round(520 * size)} px high moves {by} px"
            print(
                f"  {what:42s} moves {counts['moves']:2d}  still {counts['still']:2d}  unknown {counts['unknown']:2d}"
            )


def cost() -> None:
    there = room(3)
    before, now = view(there, seed=1, blob=700), view(there, 30, 10, 0.5, 1, 2, 780)
    start = perf_counter()
    measure(now, before)
    first = (perf_counter() - start) * 1e3
    spent = []
    for _ in range(60):
        start = perf_counter()
        measure(now, before)
        spent.append((perf_counter() - start) * 1e3)
    p95 = statistics.quantiles(spent, n=20)[-1]
    print(
        f"\nmeasure at 720p: median {statistics.median(spent):.1f} ms, p95 {p95:.1f} ms, the first time {first:.0f} ms"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=Path, help="also measure every JPEG of this folder")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    cost()
    colours()
    movement()
    for path in sorted(given.photos.glob("*.jpg")) if given.photos else ():
        found = measure(cv2.imread(str(path)))
        told = ", ".join(f"{colour.name} {colour.share:.2f}" for colour in found.colours)
        print(f"{path.name:28s} {found.light:9s} {told}")


if __name__ == "__main__":
    main()
