"""How long until a wearer hears the first word of what they asked to have read?

A real companion, fresh for each kind of picture, and the simulated glasses that look at it, as processes of their own
over WebRTC on loopback, in real time, on two cores. It counts from the end of the wearer's last word: to the first
sound of the answer, and to the first word that stands in the picture; what lies between the two is the lead, words of
our own. All times come from the recordings, as `companion why` has them; "unexplained" is how far they are from what
the glasses measured to the first sound by themselves. The first question to each companion is shown apart, as "cold".

    python -m tests.bench.bench_first_word [--turns 6] [--seed 5] [--only "busy shelf"] [--show]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipelines.spans import SPANS
from recordings.reader import Recording
from tests.bench.bench_turns import quantile
from tests.bench.first_word.things import THINGS, Shown, Thing
from tests.bench.first_word.told import Told, matched, told
from tests.companions import companion, simulator

BAR_MS = 700
CORES = 2
SOUNDS_S = 1.8  # of an answer, before it is tapped away


@dataclass(frozen=True, slots=True)
class Turn:
    """One question: what came of it, None if it got no answer. `outside_ms`: by the glasses' own clock."""

    thing: Thing
    shown: Shown
    cold: bool
    told: Told | None
    outside_ms: float | None

    @property
    def lead_ms(self) -> float | None:
        return self.told.lead_ms(self.shown.first) if self.told is not None else None

    @property
    def word_ms(self) -> float | None:
        """To the first printed word; None if there is none to be read, or it was not said."""
        return self.told.sound_ms + self.lead_ms if self.told is not None and self.lead_ms is not None else None

    @property
    def right(self) -> bool:
        """What stands there was begun; or it was said that there is nothing to read."""
        if self.told is None:
            return False
        return self.word_ms is not None if self.shown.first else self.told.owned and not self.told.read


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--turns", type=int, default=6, help="questions to each kind of picture, the cold one included")
    args.add_argument("--seed", type=int, default=5)
    args.add_argument("--only", action="append", choices=[thing.name for thing in THINGS], help="these kinds")
    args.add_argument("--show", action="store_true", help="print what was said each time")
    options = args.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # companion and glasses inherit it
    turns: list[Turn] = []
    for thing in THINGS:
        if not options.only or thing.name in options.only:
            turns += (found := played(thing, options.turns, options.seed))
            if options.show:
                show(found)
    report(turns)


def played(thing: Thing, count: int, seed: int) -> list[Turn]:
    """So many questions to a fresh companion, each about another picture of this kind."""
    shown = [thing.draw(np.random.default_rng((seed, THINGS.index(thing), number))) for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        scene = written(thing, shown, out)
        with companion(out / "rec", "--quiet") as c:
            subprocess.run(simulator(scene, c.url, out), stdout=subprocess.DEVNULL)
            c.stop()
        verdict = json.loads((out / "verdict.json").read_text())
        (recording,) = (out / "rec").glob("*.mcap")
        answers = told(Recording(recording).events())
    asked = [turn for turn in verdict["turns"] if turn["turn"]]
    if len(asked) < count:
        raise RuntimeError(f"{thing.name}: only {len(asked)} of {count} questions were asked: {verdict['notes']}")
    found = matched([turn["at_s"] for turn in asked], [one.begins_s for one in answers])
    return [
        Turn(thing, picture, number == 0, answers[at] if at is not None else None, times["from_mouth_ms"])
        for number, (picture, times, at) in enumerate(zip(shown, asked, found, strict=True))
    ]


def show(turns: Sequence[Turn]) -> None:
    """What was said each time."""
    for turn in turns:
        said = turn.told.said if turn.told is not None else "(no answer)"
        print(
            f"{turn.thing.name:<26}{'cold' if turn.cold else '':<5}{_ms(turn.word_ms):>6} ms  {said[:80]}", flush=True
        )


def written(thing: Thing, shown: Sequence[Shown], folder: Path) -> Path:
    """The scene's file, its pictures beside it."""
    steps: list[dict[str, object]] = [{"see": "room"}, {"wait": "answer", "within_s": 12}, {"wait": "quiet"}]
    for number, picture in enumerate(shown):
        name = f"{number}.png"
        cv2.imwrite(str(folder / name), picture.picture)
        steps += [{"see": {"card": "image", "path": name}}, {"wait": 1}, {"say": thing.words}, {"wait": "answer"}]
        steps += [{"wait": SOUNDS_S}, {"tap": "tap"}] if thing.long else []
        steps += [{"wait": "quiet", "within_s": 30}]
    path = folder / "scene.yaml"
    path.write_text(json.dumps({"name": "first-word", "about": thing.name, "steps": steps}), "utf-8")  # is YAML, too
    return path


# --------------------------------------------------------------------------------------------------------- the table


def report(turns: Sequence[Turn]) -> None:
    """Two tables, and the figures as one line of JSON."""
    kinds = {name: [t for t in turns if t.thing.name == name] for name in dict.fromkeys(t.thing.name for t in turns)}
    print(f"\n{'from the last word, ms':<26}{'':>8}{'first sound':>16}{'first word':>16}{'cold':>14}")
    print(f"{'':<26}{'right':>8}{'median':>9}{'p95':>7}{'median':>9}{'p95':>7}{'sound':>7}{'word':>7}")
    rows = {name: row(name, found) for name, found in kinds.items()}
    rows["all"] = row("all", turns)
    read = [turn for turn in turns if turn.shown.first]
    print(f"\n{'where it goes, median ms':<26}" + "".join(f"{label:>12}" for label in _labels(turns)))
    shares = {name: spans_row(name, found, _labels(turns)) for name, found in kinds.items()}
    total = sum(sum(one.values()) for one in shares.values())
    parts = {label: sum(one[label] for one in shares.values()) / total for label in _labels(turns)}
    print(f"{'share of it':<26}" + "".join(f"{share:>12.0%}" for share in parts.values()))
    figures = {"sound": _median(_sounds(read)), "word": _median(_words(read))}
    for what, median in figures.items():
        verdict = "kept" if median is not None and median <= BAR_MS else "missed"
        print(
            f"The bar, {BAR_MS} ms at the median of all that has text, by its first {what}: {verdict}, {_ms(median)}."
        )
    outside = [abs(t.outside_ms - t.told.sound_ms) for t in turns if t.outside_ms and t.told is not None]
    print(
        json.dumps(
            {
                "bench": "first_word",
                "cores": len(os.sched_getaffinity(0)),
                "load": round(os.getloadavg()[0], 1),
                "bar_ms": BAR_MS,
                "sound_median_ms": figures["sound"],
                "word_median_ms": figures["word"],
                "unexplained_median_ms": _median(outside),
                "kinds": rows,
                "stages_median_ms": shares,
                "shares_percent": {label: round(100 * share) for label, share in parts.items()},
            }
        )
    )


def row(name: str, turns: Sequence[Turn]) -> dict[str, float | None]:
    """One line of the first table, and its figures."""
    warm, cold = [t for t in turns if not t.cold], [t for t in turns if t.cold]
    figures: dict[str, float | None] = {
        "asked": len(turns),
        "right": sum(turn.right for turn in turns),
        "sound_median_ms": _median(_sounds(warm)),
        "sound_p95_ms": _p95(_sounds(warm)),
        "word_median_ms": _median(_words(warm)),
        "word_p95_ms": _p95(_words(warm)),
        "cold_sound_ms": _median(_sounds(cold)),
        "cold_word_ms": _median(_words(cold)),
    }
    asked, right, *times = figures.values()
    widths = (9, 7, 9, 7, 7, 7)
    cells = "".join(f"{_ms(value):>{width}}" for value, width in zip(times, widths, strict=True))
    print(f"{name:<26}{f'{right}/{asked}':>8}{cells}")
    return figures


def spans_row(name: str, turns: Sequence[Turn], labels: Sequence[str]) -> dict[str, float]:
    """One line of the second table: each span of the wait, and at the end the lead."""
    warm = [t for t in turns if not t.cold and t.told is not None] or [t for t in turns if t.told is not None]
    found: dict[str, float] = {}
    for label in labels:
        times = [t.lead_ms or 0.0 if label == "lead" else _span(t, label) for t in warm]
        found[label] = round(statistics.median(times), 1) if times else 0.0
    print(f"{name:<26}" + "".join(f"{ms:>12.0f}" for ms in found.values()))
    return found


def _labels(turns: Sequence[Turn]) -> list[str]:
    """The spans that took any time, in their order, and the lead."""
    return [name for name, _ in SPANS if any(_span(turn, name) for turn in turns)] + ["lead"]


def _span(turn: Turn, name: str) -> float:
    return sum(span.ms for span in turn.told.spans.spans if span.name == name) if turn.told is not None else 0.0


def _sounds(turns: Sequence[Turn]) -> list[float]:
    return [turn.told.sound_ms for turn in turns if turn.told is not None]


def _words(turns: Sequence[Turn]) -> list[float]:
    return [turn.word_ms for turn in turns if turn.word_ms is not None]


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 1) if values else None


def _p95(values: Sequence[float]) -> float | None:
    return round(quantile(list(values), 0.95), 1) if values else None


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    main()
