"""150 dialogues over several days, with restarts in between: the real deciders and the real database, in virtual time,
without a model. An answer is right if it has the essential words and none that belong to something else. Then as many
in held-out wordings, which no rule was written for.

    python -m tests.bench.bench_memory_days [--seed 5] [--each 25] [--only update] [--show 10] [--set "held out"]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.memory import held_out, scripts
from tests.bench.memory.dialogue import Played, Script, play
from tests.bench.memory.held_out import SETS
from tests.bench.memory.scripts import CATEGORIES, EACH

BARS = {"right": 0.95, "abstention": 0.98}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=5)
    arguments.add_argument("--each", type=int, default=EACH, help="dialogues of each category")
    arguments.add_argument("--only", choices=CATEGORIES, help="one category")
    arguments.add_argument("--set", choices=("own", *SETS), help="one set of wordings instead of own and held out")
    arguments.add_argument("--show", type=int, default=0, help="print so many of the dialogues that went wrong")
    args = arguments.parse_args()
    for which in [args.set] if args.set else ["own", "held out"]:
        _hold(which, args)


def _hold(which: str, args: argparse.Namespace) -> None:
    """All dialogues of one set of wordings, and what came of them."""
    began, played = time.monotonic(), []
    for script in _scripts(which, args.seed, args.each):
        if args.only in {None, script.category}:
            with tempfile.TemporaryDirectory() as folder:
                played.append(play(script, Path(folder)))
    for one in [one for one in played if not one.right][: args.show]:
        print(f"\n{one.script.name}", *one.log, sep="\n")
    report(which, args.seed, played, time.monotonic() - began)


def _scripts(which: str, seed: int, each: int) -> list[Script]:
    return scripts.scripts(seed, each) if which == "own" else held_out.scripts(which, seed, each)


def report(which: str, seed: int, played: Sequence[Played], seconds: float) -> None:
    print(f"\nwordings: {which}")
    print(f"{'category':<14}{'dialogues':>10}{'right':>8}{'answers':>16}{'nothing':>14}{'forgotten':>14}")
    for category in [name for name in CATEGORIES if any(p.script.category == name for p in played)]:
        _row(category, [one for one in played if one.script.category == category])
    _row("all", played)
    checks = [check for one in played for check in one.checks]
    nothing = [check for check in checks if check.kind == "nothing"]
    figures = {
        "right": sum(one.right for one in played) / max(1, len(played)),
        "answers": _share([check.right for check in checks if check.kind == "answer"]),
        "abstention": _share([check.right for check in nothing]),
        "forgotten_found": sum(not check.right for check in checks if check.kind == "gone"),
    }
    failed = [name for name, bar in BARS.items() if figures[name] < bar]
    failed += ["forgotten_found"] if figures["forgotten_found"] else []
    for name, bar in BARS.items():
        print(f"{name:<28}{figures[name]:>8.1%}   bar >= {bar:.0%}{'   FAILED' if name in failed else ''}")
    print(f"{'forgotten words found':<28}{figures['forgotten_found']:>8}   bar <= 0")
    rounded = {name: round(value, 4) for name, value in figures.items()}
    print(
        json.dumps(
            {"bench": "memory_days", "set": which, "seed": seed, "dialogues": len(played), **rounded}
            | {"checks": len(checks), "seconds": round(seconds, 1), "failed": failed}
        )
    )


def _row(name: str, played: Sequence[Played]) -> None:
    checks = [check for one in played for check in one.checks]
    parts = [[check.right for check in checks if check.kind == kind] for kind in ("answer", "nothing", "gone")]
    shown = [f"{sum(part)} of {len(part)}" if part else "" for part in parts]
    print(f"{name:<14}{len(played):>10}{sum(p.right for p in played):>8}{shown[0]:>16}{shown[1]:>14}{shown[2]:>14}")


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 1.0


if __name__ == "__main__":
    main()
