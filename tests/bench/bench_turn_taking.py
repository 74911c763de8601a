"""When a turn ends, when the companion falls silent, and when it stays silent: on an audio clock, by a seed.

People who do not exist talk to the real session: rendered voices, noise, rooms and echo; the real voice activity, echo
canceller, deciders and playout; a recogniser by script (true words and times, 80 ms of jitter, 5 % wrong words, the
cost of base.en), a model by script (200 ms to its first token, 50 tokens a second). Virtual time: two runs with one
seed give the same figures on any machine.

    python -m tests.bench.bench_turn_taking [--dialogues 500] [--seed 5] [--jobs 2] [--only PART ...] [--show 3]

Parts: turns, overlap, echo, noise, others, wake, real, embedded. The last line is JSON. Needs the extras `espeak` and
`aec`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.bench.turns import overlap_parts, quiet_parts, report, turn_parts
from tests.bench.turns.policies import OURS, Policy, fixed, stretched
from tests.bench.turns.recorded import RECORDED, SPEECH, there

Task = tuple[Callable[..., Any], tuple[Any, ...]]
OVERLAPS, ALONE, NOISES, OTHERS, GATED, WOKEN, EMBEDDED = 24, 12, 30, 3, 5, 8, 6  # sessions of each
PARTS = ("turns", "overlap", "echo", "noise", "others", "wake", "real", "embedded")
WITH = {"others": ("others", "gated"), "real": ("real", "people")}  # computed for one table


def tasks(part: str, seed: int, dialogues: int) -> list[Task]:
    """What a part computes, in pieces that may run anywhere."""
    all_policies: tuple[Policy, ...] = (OURS, *fixed(), *stretched())
    sessions = -(-dialogues // turn_parts.LINES)
    listed: dict[str, list[Task]] = {
        "turns": [(turn_parts.turns, (seed, i, all_policies)) for i in range(sessions)],
        "overlap": [(overlap_parts.overlaps, (seed, i, OURS)) for i in range(OVERLAPS)],
        "echo": [(overlap_parts.alone, (seed, i, OURS)) for i in range(ALONE)],
        "noise": [(quiet_parts.noise, (seed, i, OURS)) for i in range(NOISES)],
        "others": [
            (quiet_parts.others, (seed, i, kind, below, False, OURS))
            for kind in ("tv", "talkers")
            for below in quiet_parts.BELOW_DB
            for i in range(OTHERS)
        ],
        "gated": [
            (quiet_parts.others, (seed, i, kind, 0.0, True, OURS)) for kind in ("tv", "talkers") for i in range(GATED)
        ],
        "wake": [(quiet_parts.woken, (seed, i, OURS)) for i in range(WOKEN)],
        "real": [(turn_parts.real, (seed, name, (OURS, *fixed()))) for name in RECORDED if there()],
        "people": [(overlap_parts.people, (seed, i, OURS)) for i in range(5) if there()],
        "embedded": [(turn_parts.embedded, (seed, i, OURS)) for i in range(EMBEDDED)],
    }
    return listed[part]


@dataclass(frozen=True, slots=True)
class Broken:
    """A session that ended with an error, which is a fault of the companion's or of the bench's."""

    what: str


def attempt(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """What the function gives, or how it failed; in a process of the pool."""
    try:
        return function(*given)
    except Exception:
        place = traceback.format_exc().strip().splitlines()
        return Broken(f"{function.__name__}{given[1:]}: {' / '.join(line.strip() for line in place[-5:])}"[:900])


def fresh_processes(jobs: int) -> ProcessPoolExecutor:
    """Each session in a process of its own: espeak-ng renders a text differently after others than at first, so what a
    session sounds like must not depend on which ones a process has played before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([part.__name__ for part in (overlap_parts, quiet_parts, turn_parts)])
    return ProcessPoolExecutor(max_workers=max(1, jobs), mp_context=context, max_tasks_per_child=1)


def flat(found: list[list[Any]]) -> list[Any]:
    return [one for some in found for one in some]


def told(part: str, found: dict[str, list[Any]], out: report.Report, show: int) -> None:
    """Print a part's table, and put its figures into the report."""
    mine = found[part]
    if part == "turns":
        together: dict[str, list[turn_parts.Outcome]] = {}
        for session in mine:
            for name, outcomes in session.items():
                together.setdefault(name, []).extend(outcomes)
        report.turn_ends(out, together, show)
    elif part == "overlap":
        report.overlapping(out, flat(mine), show)
    elif part == "echo":
        report.by_itself(out, mine, show)
    elif part == "noise":
        report.nothing_happens(out, mine, show)
    elif part == "others":
        report.other_people(out, mine, found["gated"], show)
    elif part == "wake":
        report.gate_opens(out, flat(mine), show)
    elif part == "embedded":
        report.small_model(out, flat(mine), show)
    elif part == "real":
        out.title("What people said into other microphones")
        if not mine:
            print(f"  left out: {SPEECH} has not all of {', '.join(RECORDED)}")
        for name, got in zip(RECORDED, mine, strict=False):
            report.recordings(out, name, got, name.startswith("LJ"))
        report.people(out, flat(found["people"]), show)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--dialogues", type=int, default=500, help="in the part `turns`")
    asked.add_argument("--seed", type=int, default=5)
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    asked.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    asked.add_argument("--show", type=int, default=3, metavar="N", help="failing cases listed for each claim")
    options = asked.parse_args()
    for module, extra in (("espeakng_loader", "espeak"), ("pywebrtc_audio", "aec")):
        if importlib.util.find_spec(module) is None:
            raise SystemExit(f"this bench needs the extra '{extra}': pip install 'earshot-companion[{extra}]'")
    parts = [p for p in PARTS if not options.only or p in options.only]
    began = time.perf_counter()
    with fresh_processes(options.jobs) as pool:
        waiting: dict[str, list[Future[Any]]] = {}
        for name in (name for part in parts for name in WITH.get(part, (part,))):
            listed = tasks(name, options.seed, options.dialogues)
            waiting[name] = [pool.submit(attempt, function, given) for function, given in listed]
        out, found, errors = report.Report(), dict[str, list[Any]](), list[str]()
        for part in parts:
            for name in WITH.get(part, (part,)):
                results = [done.result() for done in waiting[name]]
                errors += [r.what for r in results if isinstance(r, Broken)]
                found[name] = [r for r in results if not isinstance(r, Broken)]
            told(part, found, out, options.show)
        report.broken(out, errors, options.show)
    wall_s = time.perf_counter() - began
    held = sum(out.bars.values())
    missed = [name for name, holds in out.bars.items() if not holds]
    print(f"\n{held} of {len(out.bars)} bars hold; missed: {', '.join(missed) or 'none'}; {wall_s:.0f} s")
    figures = {"bench": "turn-taking", "seed": options.seed, "dialogues": options.dialogues}
    print(json.dumps({**figures, "figures": out.figures, "bars": out.bars}))


if __name__ == "__main__":
    main()
