"""What each fault of the lens costs a frame, beside a frame without any: pictures of a scene must not take the machine
that is being judged. Processor time of one thread, so that a busy machine makes no difference.

    python -m tests.bench.bench_lens [--width 504 --height 896] [--frames 60]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from statistics import median, quantiles

import cv2
import numpy as np

from device_sim.cards import draw
from device_sim.device import Camera, Lens
from device_sim.lens import Optics
from device_sim.picture import _grain, _shot

CASES = {
    "none": Lens(),
    "shake": Lens(shake=12),
    "blur": Lens(blur=60),
    "defocus, a little": Lens(defocus=4),
    "defocus, much": Lens(defocus=16),
    "dark": Lens(light=0.1),
    "glare": Lens(glare=0.8),
    "turned 90": Lens(turned=90),
    "turned 17": Lens(turned=17),
    "finger": Lens(finger=0.3),
    "all at once": Lens(shake=12, blur=30, defocus=4, light=0.3, glare=0.5, turned=17, finger=0.2),
}


def milliseconds(lens: Lens, camera: Camera, frames: int) -> list[float]:
    """Of each frame, from the card to the picture that is encoded."""
    rng = np.random.default_rng(1)
    values = {"name": "Green tea", "weight": "400 g", "price": "EUR 4.45"}
    card = draw("label", values, camera.width, camera.height, rng)
    noise = rng.normal(0, 4, (camera.height + 64, camera.width + 64)).astype(np.int8)
    optics, roll = Optics(lens, camera.width, camera.height, rng), np.array([5, 9])
    took = []
    for i in range(frames + 3):
        begin_s = time.process_time()
        _grain(optics.shot(_shot(card, camera, optics, i % 5, 2.5, 0)), noise, roll)
        took.append(1000 * (time.process_time() - begin_s))
    return took[3:]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.bench_lens", description="what faults of the lens cost"
    )
    parser.add_argument("--width", type=int, default=504)
    parser.add_argument("--height", type=int, default=896)
    parser.add_argument("--frames", type=int, default=60)
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    camera = Camera(args.width, args.height)
    print(f"{f'{args.width} x {args.height}, ms a frame':<40}{'median':>8}{'95 %':>8}")
    figures = {}
    for name, lens in CASES.items():
        took = milliseconds(lens, camera, args.frames)
        figures[name] = {"median_ms": round(median(took), 2), "p95_ms": round(quantiles(took, n=20)[-1], 2)}
        print(f"{name:<40}{figures[name]['median_ms']:>8.2f}{figures[name]['p95_ms']:>8.2f}")
    print(json.dumps({"bench": "lens", "width": args.width, "height": args.height, **figures}))


if __name__ == "__main__":
    main()
