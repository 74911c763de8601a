"""Voice to voice beside pipecat, LiveKit and FastRTC: the same clips, stand-in model, client and machine, in one run.

A neutral WebRTC client plays speech and a camera into each server and times the sound that comes back: from the last
speech sample sent to the first audible packet. The model is our stand-in for all (first token after 200 ms, then 50
tokens a second; also 0 and 800 ms). The others' recogniser and voice are stubs with fixed delays (100 and 80 ms); ours
are the real ones. The client and the others are no part of this repository: see `peers/places.py`.

    python -m tests.bench.bench_peers                      # everything, about half an hour
    python -m tests.bench.bench_peers --quick              # few turns, to see that it works
    python -m tests.bench.bench_peers --only earshot --rows questions,commands
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.bench.peers import clips
from tests.bench.peers.places import CLIENT_PACKAGES, AbsentError, Places, find, make_environment
from tests.bench.peers.runs import Figures, Run, measure
from tests.bench.peers.servers import EARSHOT, SERVERS, Server
from tests.bench.peers.table import ROWS, bars, plain, table

OURS_ONLY = ("commands", "reading", "sessions-8")  # the others know no commands, and break at 8 sessions in a process
LOSS_PERCENT, JITTER_MS = 3.0, 20.0


def plan(servers: tuple[Server, ...], rows: tuple[str, ...], folder: Path, turns: int) -> list[Run]:
    """All runs, row by row, so that the columns of a row are measured close together."""
    questions = tuple(clips.write(clips.QUESTIONS, folder))
    commands = tuple(clips.write(clips.COMMANDS, folder))
    readings = tuple(clips.write(clips.READINGS, folder))
    (barge,) = clips.write((clips.BARGE,), folder)
    fewer = max(3, turns * 2 // 3)
    runs: list[Run] = []
    for row in rows:
        for server in servers:
            if row in OURS_ONLY and server is not EARSHOT:
                continue
            runs.append(
                {
                    "questions": Run(server, row, questions, turns),
                    "first-0": Run(server, row, questions, fewer, first_ms=0),
                    "first-800": Run(server, row, questions, fewer, first_ms=800),
                    "commands": Run(server, row, commands, turns),
                    "reading": Run(server, row, readings, fewer),
                    "loss": Run(server, row, questions, turns, loss=LOSS_PERCENT, jitter_ms=JITTER_MS),
                    "sessions-8": Run(server, row, questions, max(3, turns // 3), sessions=8),
                    "barge": Run(server, row, questions, fewer, barge=barge, barge_every=1),
                }[row]
            )
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="5 turns a run instead of 21, and fewer rows")
    parser.add_argument("--turns", type=int, default=0, help="turns a run, the first of which is left out as cold")
    parser.add_argument("--only", default="", metavar="NAMES", help="of: " + ", ".join(s.name for s in SERVERS))
    parser.add_argument("--rows", default="", metavar="NAMES", help="of: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--harness", type=Path, help="folder of the neutral client (else EARSHOT_BENCH)")
    parser.add_argument("--work", type=Path, help="where environments, sounds and results go (else .peers)")
    parser.add_argument("--realtime", action="store_true", help="under `chrt -r 10`, where other work disturbs")
    args = parser.parse_args()
    servers = tuple(server for server in SERVERS if server.name in _names(parser, args.only, [s.name for s in SERVERS]))
    quick_rows = ["questions", "commands", "barge"] if args.quick else [row.name for row in ROWS]
    rows = _names(parser, args.rows, [row.name for row in ROWS]) if args.rows else tuple(quick_rows)
    try:
        places = find(args.harness, args.work)
        make_environment(places, "base", CLIENT_PACKAGES, "aiortc, aiohttp, numpy, PIL")
    except AbsentError as absent:
        print(f"bench-peers was skipped: {absent}")
        print(json.dumps({"bench": "peers", "skipped": {"all": str(absent)}}))
        return
    there, skipped = _there(servers, places)
    turns = args.turns or (5 if args.quick else 21)
    results: dict[tuple[str, str], Figures] = {}
    for run in plan(there, rows, places.results / "clips", turns):
        figures = measure(run, places, args.realtime)
        results[run.row, run.server.name] = figures
        told = figures.problem or f"median {figures.median or 0:.0f} ms of {len(figures.v2v)}"
        print(f"  {run.row:<12}{run.server.name:<10}{told}; host busy {figures.host_busy_percent:.0f} %", flush=True)
    print(table(results, [server.name for server in there], skipped))
    for bar in bars(results):
        if bar.value is not None:
            print(f"{'met' if bar.met else 'MISSED':<8}{bar.name}: {bar.value:.0f} ms, at most {bar.most:.0f}")
    print(json.dumps(plain(results, skipped, args.quick)))


def _names(parser: argparse.ArgumentParser, given: str, known: list[str]) -> tuple[str, ...]:
    """The names asked for, in their own order; all of them if none was."""
    asked = [name.strip() for name in given.split(",") if name.strip()] or known
    if unknown := [name for name in asked if name not in known]:
        parser.error(f"{unknown[0]!r} is none of: {', '.join(known)}")
    return tuple(name for name in known if name in asked)


def _there(servers: tuple[Server, ...], places: Places) -> tuple[tuple[Server, ...], dict[str, str]]:
    """Those whose environment works, and why the others do not run."""
    there, skipped = [], {}
    for server in servers:
        try:
            if server.environment:
                make_environment(places, server.environment, server.packages, server.imports)
            there.append(server)
        except AbsentError as absent:
            skipped[server.name] = str(absent)
            print(f"  {server.name} is skipped: {absent}", flush=True)
    return tuple(there), skipped


if __name__ == "__main__":
    main()
