"""One measurement: a server, a row of the table, a file of turns; and what the turns say."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.bench_turns import quantile
from tests.bench.peers.places import REPOSITORY, Places
from tests.bench.peers.servers import Server, command

STARTS_S = 30.0
BARGE_ANSWER_S = 6.0  # the client waits so long for an answer to the interruption, which "stop" need not have
TURN_S = 25.0  # at most, of one turn: what a run is given before it is given up


@dataclass(frozen=True, slots=True)
class Run:
    """`row`: its name in the table; `clips`: files; `barge_every`: each n-th turn is interrupted with `barge`."""

    server: Server
    row: str
    clips: tuple[Path, ...]
    turns: int
    first_ms: float = 200
    tokens_per_s: float = 50
    sessions: int = 1
    loss: float = 0
    jitter_ms: float = 0
    barge: Path | None = None
    barge_every: int = 0

    @property
    def name(self) -> str:
        return f"{self.server.name}-{self.row}"


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds, from the last speech sample sent to the first audible packet. The first turn of each session is
    left out: it is cold."""

    v2v: tuple[float, ...] = ()
    by_clip: dict[str, tuple[float, ...]] = field(default_factory=dict)
    early: int = 0  # answers that began before the speech had ended
    missing: int = 0  # no answer in 12 s, or an error
    barge: tuple[float, ...] = ()  # from the first sample of the interruption to silence
    not_stopped: int = 0
    cpu_percent: float = 0.0  # of one core, all processes of the server
    memory_mb: float = 0.0
    host_busy_percent: float = 0.0
    problem: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.v2v) if self.v2v else None

    @property
    def p90(self) -> float | None:
        return quantile(list(self.v2v), 0.9) if self.v2v else None

    @property
    def barge_median(self) -> float | None:
        return statistics.median(self.barge) if self.barge else None

    @property
    def barge_p95(self) -> float | None:
        return quantile(list(self.barge), 0.95) if self.barge else None


def measure(run: Run, places: Places, realtime: bool = False) -> Figures:
    """Play the run; never raises for what the server did: then `problem` says what."""
    with _stand_in(run) as llm:
        limit_s = 90 + TURN_S * run.turns + 5 * run.sessions
        words = [*(["chrt", "-r", "10"] if realtime else []), *_command(run, places, llm)]
        environment = {**os.environ, "BENCH_PY": str(places.python("base"))}
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, env=environment)
        except subprocess.TimeoutExpired:
            return Figures(problem=f"gave no answer within {limit_s:.0f} s")
    client = places.results / f"{run.name}.client.json"
    if done.returncode != 0 or not client.exists():
        return Figures(problem=_why(run, places, done.stderr or done.stdout))
    usage = json.loads((places.results / f"{run.name}.run.json").read_text())
    return figures(json.loads(client.read_text()), usage)


def figures(client: Mapping[str, Any], run: Mapping[str, Any]) -> Figures:
    """From what the client and `run.py` wrote."""
    turns = [turn for session in client["sessions"] for turn in session["turns"][1:]]
    good = [turn for turn in turns if "v2v_ms" in turn and not turn.get("early")]
    clips: dict[str, tuple[float, ...]] = {}
    for turn in good:
        clips[turn["clip"]] = (*clips.get(turn["clip"], ()), turn["v2v_ms"])
    barged = [turn for turn in turns if "barge_ms" in turn]
    usage = run.get("usage") or {}
    return Figures(
        v2v=tuple(turn["v2v_ms"] for turn in good),
        by_clip=clips,
        early=sum(bool(turn.get("early")) for turn in turns),
        missing=sum("v2v_ms" not in turn for turn in turns),
        barge=tuple(turn["barge_ms"] for turn in barged if turn["barge_stopped"]),
        not_stopped=sum(not turn["barge_stopped"] for turn in barged),
        cpu_percent=float(usage.get("cpu_pct", 0.0)),
        memory_mb=float(usage.get("rss_mb_peak", 0.0)),
        host_busy_percent=float(usage.get("host_busy_pct", 0.0)),
        problem="" if turns else "no turn was played",
    )


def _command(run: Run, places: Places, llm: str) -> list[str]:
    for old in places.results.glob(f"{run.name}.*"):
        old.unlink()
    shutil.rmtree(places.results / "recordings", ignore_errors=True)
    home = places.results / "home"
    home.mkdir(exist_ok=True)
    ours = {"PYTHONPATH": REPOSITORY, "EARSHOT_DATA": home, "XDG_CONFIG_HOME": home, "PYTHONUNBUFFERED": 1}
    words = [
        *(str(places.python("base")), str(places.bench / "harness" / "run.py"), "--name", run.name),
        *("--server", command(run.server, places), "--results", str(places.results), "--stub-url", llm),
        *("--url", "http://127.0.0.1:{port}" + run.server.path),
        *("--health", "http://127.0.0.1:{port}" + run.server.health),
        *("--turns", str(run.turns), "--sessions", str(run.sessions), *run.server.client, "--quiet-log"),
        *("--clips", *map(str, run.clips)),
    ]
    if not run.server.environment:
        words += ["--env", ",".join(f"{key}={value}" for key, value in ours.items())]
    if run.loss or run.jitter_ms:
        words += ["--loss", str(run.loss), "--jitter", str(run.jitter_ms)]
    if run.barge is not None and run.barge_every:
        words += ["--barge-clip", str(run.barge), "--barge-every", str(run.barge_every)]
        words += ["--answer-timeout", str(BARGE_ANSWER_S)]
    return words


def _why(run: Run, places: Places, said: str) -> str:
    """The last thing that the client or the server said."""
    log = places.results / f"{run.name}.server.log"
    server = log.read_text("utf-8", "replace").strip().splitlines() if log.exists() else []
    client = [line for line in said.strip().splitlines() if line.strip()]
    told = [line.strip()[:160] for lines in (client, server) for line in lines[-1:]]
    return f"did not run: {' | '.join(told) or 'no reason given'} ({shlex.quote(str(log))})"


@contextmanager
def _stand_in(run: Run) -> Iterator[str]:
    """The stand-in model in a process of its own, at this run's pace. Yields its address with /v1."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "tests.bench.peers.stand_in", "--port", str(port)]
    words += ["--first-ms", str(run.first_ms), "--tokens-per-s", str(run.tokens_per_s)]
    process = subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the stand-in model did not start at {url}")
