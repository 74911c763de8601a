"""How well pictures are read, what is made up, and what each step costs.

    python -m tests.bench.bench_reading [--seed 5] [--show N] [--plain] [--times]

The pictures are those of `tests.bench.pictures`: drawn in code with their truth, and the photographs where they are. A
legible line counts as read with at most one wrong letter in twelve; what is said of a picture without text is invented.
Beside it plain RapidOCR: the same models, its own pipeline, its own threshold of 0.5. `--times` measures steps only.
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
from pipelines.seeing.decode import Pictures
from pipelines.seeing.deskew import cut_out
from pipelines.seeing.encode import jpeg
from pipelines.seeing.look import look
from pipelines.seeing.quality import luma, score
from pipelines.seeing.reading import TextReader
from pipelines.seeing.ring import AccessUnit, FrameRing
from pipelines.seeing.sense import sensible
from tests.bench.pictures import Case, pictures
from tests.bench.pictures.judge import Judged, judge

SIGN = ("PLATFORM 7", "Trains to Leeds", "Mind the gap", "08:15 09:40")
FIGURES: dict[str, object] = {"bench": "reading"}  # what the last line says, gathered as it is printed


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


def timed(name: str, work: Callable[[], object], rounds: int = 9) -> float:
    """Median in milliseconds, after one round that does not count."""
    work()
    walls, cores = [], []
    for _ in range(rounds):
        wall, core = perf_counter(), process_time()
        work()
        walls.append((perf_counter() - wall) * 1e3)
        cores.append((process_time() - core) * 1e3)
    FIGURES[name] = {"median_ms": round(statistics.median(walls), 1), "core_ms": round(min(cores), 1)}
    print(f"{name:44s} median {statistics.median(walls):7.1f} ms   best {min(walls):7.1f}   core {min(cores):7.1f}")
    return statistics.median(walls)


def steps(reader: TextReader) -> None:
    """Where the time of a 720p sign goes, and the costs of the other eyes."""
    codes, sign = CodeReader(), card(SIGN)
    before = luma(sign)
    whole = timed("read a 720p sign of 4 lines", lambda: reader.read(sign))
    timed("  its first part", lambda: next(iter(reader.parts(sign))))
    quads = reader._finder.first(sign).sure
    finding = timed("  find the boxes", lambda: reader._finder.first(sign))
    crops = [cut_out(sign, quad) for quad in quads]
    letters = timed("  recognise them", lambda: [reader._engine.text(crop) for crop in crops])
    lines = reader.read(sign)
    timed("  make sense of them", lambda: sensible(lines))
    rest = max(0.0, whole - finding - letters)
    print(f"  shares: finding {finding / whole:.0%}, recognising {letters / whole:.0%}, the rest {rest / whole:.0%}")
    timed("read a 720p wall without text", lambda: reader.read(np.full_like(sign, 125)), 5)
    timed("QR code, 720p", lambda: codes.read(qr_on_wall(220)))
    timed("no code, 720p, all tries", lambda: codes.read(sign), 5)
    timed("score one 720p picture", lambda: score(1, 0, sign, before))
    timed("JPEG at 768 px", lambda: jpeg(sign, 768, 80))
    for codec in ("h264", "vp8"):
        ring = filmed(codec)
        timed(f"look at 5 of 30 frames, {codec}, one GOP", lambda r=ring: look(r, Pictures(r), NS, 2 * NS))


def row(name: str, judged: Sequence[Judged]) -> dict[str, object]:
    """One line of the table, and its figures."""
    wanted, read = sum(j.wanted for j in judged), sum(j.read for j in judged)
    letters, errors = sum(j.letters for j in judged), sum(j.errors for j in judged)
    said = sum(j.said for j in judged)
    misread, invented = sum(len(j.misread) for j in judged), sum(len(j.invented) for j in judged)
    silent = sum(j.said == 0 for j in judged)
    share, wrong = (f"{read / wanted:6.1%}", f"{errors / letters:6.1%}") if wanted else ("     -", "     -")
    order = sum(not j.in_order for j in judged)
    print(
        f"{name:14s} {len(judged):4d} {wanted:6d} {share} {wrong}"
        f" {said:6d} {misread:7d} {invented:8d} {silent:7d} {order:6d}"
    )
    return {
        "pictures": len(judged),
        "lines": wanted,
        "read_percent": round(100 * read / wanted, 1) if wanted else None,
        "character_error_percent": round(100 * errors / letters, 1) if letters else None,
        "said": said,
        "misread": misread,
        "invented": invented,
        "silent": silent,
    }


def table(title: str, judged: Sequence[Judged]) -> dict[str, object]:
    print(f"\n{title}\n{'':14s} pict.  lines   read  chars   said misread invented  silent  order")

    found: dict[str, object] = {}
    with_text = [j for j in judged if j.case.family != "none" and j.case.kind == "drawn"]
    for key in (lambda j: j.case.degradation, lambda j: j.case.family):
        names = list(dict.fromkeys(key(j) for j in with_text))
        found |= {n: row(n, [j for j in with_text if key(j) == n]) for n in names}
        print()
    found["illegible"] = row("illegible", [j for j in with_text if not j.case.legible])
    photos = [j for j in judged if j.case.kind == "photo" and j.case.family != "none"]
    if photos:
        found["photographs"] = row("photographs", photos)
    found["no text"] = row("no text", [j for j in judged if j.case.family == "none"])
    found["all"] = row("all", judged)
    return found


def plainly(reader: TextReader, case: Case) -> list[str]:
    """What RapidOCR's own pipeline says, with the same models at its own threshold."""
    engine = reader._engine._loaded()
    said = engine(case.picture, use_det=True, use_cls=True, use_rec=True, text_score=0.5, return_word_box=False)
    engine.update_params(text_score=0.0)
    return list(getattr(said, "txts", None) or ())


def edges(told: Sequence[tuple[Case, tuple[str, ...]]]) -> None:
    cut = [(case, seen) for case, seen in told if case.cut]
    named = sum(set(case.cut) <= set(seen) for case, seen in cut)
    false = sum(bool(seen) for case, seen in told if not case.cut and case.kind == "drawn")
    FIGURES["edges"] = {"cut": len(cut), "named": named, "false": false}
    print(f"\nWriting that runs off: named in {named} of {len(cut)} cut pictures, {false} false alarms in the others.")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=5)
    arguments.add_argument(
        "--show", type=int, default=0, metavar="N", help="print what was said of the N worst pictures"
    )
    arguments.add_argument("--plain", action="store_true", help="also plain RapidOCR, about as long again")
    arguments.add_argument("--times", action="store_true", help="times only")
    given = arguments.parse_args()
    cv2.setNumThreads(1)
    reader, start = TextReader(), perf_counter()
    reader.warm()
    print(f"{'load the reader':44s} once   {(perf_counter() - start) * 1e3:7.0f} ms")
    steps(reader)
    if not given.times:
        start = perf_counter()
        cases = pictures(given.seed)
        print(f"\n{len(cases)} pictures of seed {given.seed} in {perf_counter() - start:.1f} s")
        judged, told, took = [], [], []
        for case in cases:
            start = perf_counter()
            reading = reader.read_all(case.picture)
            took.append((perf_counter() - start) * 1e3)
            judged.append(judge(case, [line.text for line in reading.lines]))
            told.append((case, reading.cut))
        FIGURES["accuracy"] = table("Read by Earshot", judged)
        edges(told)
        print(f"A picture took {statistics.median(took):.0f} ms (median), {np.percentile(took, 95):.0f} ms (p95).")
        FIGURES["picture_ms"] = {"median": round(statistics.median(took)), "p95": round(float(np.percentile(took, 95)))}
        if given.plain:
            FIGURES["plain"] = table("Read by plain RapidOCR", [judge(case, plainly(reader, case)) for case in cases])
        worst = sorted(judged, key=lambda j: (len(j.invented), len(j.misread), j.wanted - j.read), reverse=True)
        for one in worst[: given.show]:
            print(f"{one.case.name:26s} {one.read}/{one.wanted}  misread {one.misread}  invented {one.invented}")
    print(json.dumps(FIGURES))


if __name__ == "__main__":
    main()
