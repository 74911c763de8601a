"""What seeing costs and how well it reads: times of each step at 720p, then errors and abstentions on drawn cards.

    python tests/bench/bench_reading.py [--photos FOLDER]

Character error rate is counted over what was said; text set aside as doubtful counts as abstention, apart. The cards
are drawn in code, one font, so they say how the reader degrades with blur, dark and size, not how it does in a street.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.events import NS
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.decode import Pictures, from_jpeg
from pipelines.seeing.encode import jpeg
from pipelines.seeing.look import look
from pipelines.seeing.quality import QualityOptions, luma, problem_of, score
from pipelines.seeing.reading import TextReader
from pipelines.seeing.ring import AccessUnit, FrameRing

SIGN = ("PLATFORM 7", "Trains to Leeds", "Mind the gap", "08:15 09:40")
MENUS = (SIGN, ("TODAY", "Soup 4.20", "Pasta 9.80"), ("Take one tablet", "twice a day", "after food"))


def card(lines: Sequence[str], size: float = 2.0) -> np.ndarray:
    picture = np.full((720, 1280, 3), 125, np.uint8)
    cv2.rectangle(picture, (240, 100), (1060, 620), (250, 250, 250), -1)
    for index, text in enumerate(lines):
        at = (290, 200 + round(index * 55 * size))
        thickness = max(1, round(2.2 * size))
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (20, 20, 20), thickness, cv2.LINE_AA)
    return picture


def qr_on_wall(side: int) -> np.ndarray:
    modules = cv2.QRCodeEncoder.create().encode("https://example.org/menu?t=7")
    modules = cv2.copyMakeBorder(modules, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    picture = np.full((720, 1280, 3), 125, np.uint8)
    patch = cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST)
    picture[200 : 200 + side, 500 : 500 + side] = patch[:, :, None]
    return picture


def filmed(codec: str, seconds: int = 2) -> FrameRing:
    """A ring with a 720p30 film of a sign that shakes a little."""
    import av

    encoder: Any = av.CodecContext.create({"h264": "libx264", "vp8": "libvpx"}[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = 1280, 720, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 30), Fraction(30), 60
    encoder.bit_rate = 1_500_000
    live = {"preset": "ultrafast", "tune": "zerolatency"}
    encoder.options = live if codec == "h264" else {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    ring, sign, packets = FrameRing(), card(SIGN), []
    for index in range(30 * seconds):
        frame = av.VideoFrame.from_ndarray(np.roll(sign, index % 5 - 2, axis=1), format="bgr24")
        frame.pts = index
        packets += encoder.encode(frame)
    for index, packet in enumerate(packets + encoder.encode(None)):
        ring.add(AccessUnit(index + 1, index * NS // 30, packet.is_keyframe, codec, bytes(packet)))  # type: ignore[arg-type]
    return ring


FIGURES: dict[str, object] = {"bench": "reading"}  # what the last line says, gathered as it is printed


def timed(name: str, work: Callable[[], object], rounds: int = 9) -> None:
    work()
    walls, cores = [], []
    for _ in range(rounds):
        wall, core = perf_counter(), process_time()
        work()
        walls.append((perf_counter() - wall) * 1e3)
        cores.append((process_time() - core) * 1e3)
    FIGURES[name] = {"median_ms": round(statistics.median(walls), 1), "core_ms": round(min(cores), 1)}
    print(f"{name:44s} median {statistics.median(walls):7.1f} ms   best {min(walls):7.1f}   core {min(cores):7.1f}")


def edits(said: str, true: str) -> int:
    """Levenshtein distance in characters."""
    row = list(range(len(true) + 1))
    for i, a in enumerate(said, 1):
        row, before = [i], row
        for j, b in enumerate(true, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def judged(reader: TextReader, name: str, change: Callable[[np.ndarray], np.ndarray], size: float) -> None:
    """One row: how much of the cards was said, and how wrong what was said is."""
    wrong = said_letters = true_letters = 0
    problems: list[str] = []
    for number, lines in enumerate(MENUS):
        picture = change(card(lines, size))
        problems.append(problem_of(score(number, 0, picture, None), QualityOptions()) or "-")
        true_letters += sum(map(len, lines))
        for line in reader.read(picture):
            said_letters += len(line.text)
            wrong += min(edits(line.text, true) for true in lines)
    error = f"{wrong / said_letters:6.1%}" if said_letters else "     -"
    share = said_letters / true_letters
    FIGURES[name] = {"said_percent": round(100 * share, 1), "errors": error}
    print(f"{name:44s} said {share:6.1%}   errors in it {error}   quality {', '.join(problems)}")


def accuracy(reader: TextReader) -> None:
    random = np.random.default_rng(1)

    def dim(picture: np.ndarray, gain: float) -> np.ndarray:
        return np.clip(picture * gain + random.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)

    for size in (2.0, 1.0, 0.6, 0.4):
        judged(reader, f"letters {round(22 * size)} px high", lambda p: p, size)
    for sigma in (2, 4, 6, 8):
        judged(
            reader, f"blurred, sigma {sigma} px, letters 44 px", lambda p, s=sigma: cv2.GaussianBlur(p, (0, 0), s), 2.0
        )
    for gain in (0.3, 0.1, 0.04):
        judged(reader, f"light x {gain}, noise 4 steps", lambda p, g=gain: dim(p, g), 2.0)
    for degrees in (5, 15, 30, 90, 180):
        turn = cv2.getRotationMatrix2D((640, 360), degrees, 0.6)
        judged(reader, f"turned by {degrees} degrees", lambda p, m=turn: cv2.warpAffine(p, m, (1280, 720)), 2.0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=Path, help="also read every JPEG of this folder, and print what was said")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    reader, codes, sign = TextReader(), CodeReader(), card(SIGN)
    before = luma(sign)
    start = perf_counter()
    reader.warm()
    print(f"{'load the reader':44s} once   {(perf_counter() - start) * 1e3:7.0f} ms")
    timed("read a 720p sign of 4 lines", lambda: reader.read(sign))
    timed("read a 720p wall without text", lambda: reader.read(np.full_like(sign, 125)), 5)
    timed("QR code, 720p", lambda: codes.read(qr_on_wall(220)))
    timed("no code, 720p, all tries", lambda: codes.read(sign), 5)
    timed("score one 720p picture", lambda: score(1, 0, sign, before))
    timed("JPEG at 768 px", lambda: jpeg(sign, 768, 80))
    for codec in ("h264", "vp8"):
        ring = filmed(codec)
        timed(f"look at 5 of 30 frames, {codec}, one GOP", lambda r=ring: look(r, Pictures(r), NS, 2 * NS))
    accuracy(reader)
    for path in sorted(given.photos.glob("*.jpg")) if given.photos else ():
        picture = from_jpeg(path.read_bytes())
        if picture is not None:
            said = " / ".join(line.text for line in reader.read(picture)) or "(nothing)"
            print(f"{path.name:28s} {problem_of(score(1, 0, picture, None), QualityOptions()) or '-':12s} {said}")
    print(json.dumps(FIGURES))


if __name__ == "__main__":
    main()
