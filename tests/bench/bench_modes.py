"""What a wearer waits for when a model answers: the first clause, the acknowledgement, the workers, a stop, a failover.

Everything is real but the model and the glasses: a session of the companion with its engines, voices and recording,
its models over HTTP on loopback, and for a model the stand-in (`device_sim.stand_in_model`). That runs on the same
loop, so both sides are timed by one clock. Questions are typed; sound is pulled every 20 ms, as a link does.

    python -m tests.bench.bench_modes [--turns 12]
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import logging
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from aiohttp import web

from companion.app import App
from companion.ask import Desk
from companion.clock import SessionClock
from companion.model.profile import ModelProfile
from companion.session import Session
from companion.settings import Settings, changed, load
from device_sim.stand_in_model import STORY, Behaviour, Rule, make_app, start
from pipelines import events as ev
from pipelines.events import MS
from pipelines.seeing.encode import jpeg
from pipelines.seeing.ring import AccessUnit
from pipelines.speaking.clauses import STREAMED, ClauseChunker
from pipelines.thinking import wording
from pipelines.thinking.options import ModeOptions
from tests.bench.bench_turns import quantile

E = TypeVar("E", bound=ev.Happening | ev.Decision)
Row = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WIRES = ("chat", "responses", "anthropic", "gemini")
ROLES = ("reader", "knower", "sceptic")
PATIENCE_S = 20.0
TICK_S = 0.02
WANTED_CLAUSE_MS, WANTED_STOP_MS, WANTED_WORKERS, WANTED_IMPORT_S = 150, 200, 1.5, 0.15

# A first clause ends in three ways: with a sentence, at a comma, or after six words.
ANSWERS = {
    "is this door red": "Yes. It is red all over, and the handle is of brass.",
    "what colour is this door": "It is a red door, and the handle is of brass.",
    "describe this door": "A door that somebody painted bright red some years ago, with a handle of brass.",
}
LATE_S = (0.3, 0.6, 0.8, 1.2, 2.0)  # a thinking model's first text, from the request
BUDGETS_TOKENS = (8_000, 24_000)  # too little for three workers that write all they may; enough for all four


# ----------------------------------------------------------------------------------------------------- the model's side


@dataclass(slots=True)
class Served:
    """One request as the stand-in saw it, in nanoseconds of the session's clock; 0 = did not happen."""

    arrived_ns: int
    wrote_ns: list[int] = field(default_factory=list)  # one a piece: the opening, then the words
    ended_ns: int = 0
    gone_ns: int = 0  # the client closed the connection before the answer was whole


class Stopwatch:
    """Stands around the stand-in's handler and notes when bytes were written and when a client went."""

    def __init__(self, app: web.Application) -> None:
        self.served: list[Served] = []
        self.now_ns: Callable[[], int] = lambda: 0
        app.middlewares.append(self._middleware())
        app.on_response_prepare.append(self._before_the_answer)

    def _middleware(self) -> Any:
        @web.middleware
        async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
            served = Served(self.now_ns())
            request["served"] = served
            self.served.append(served)
            try:
                return await handler(request)
            except (asyncio.CancelledError, ConnectionResetError):
                served.gone_ns = self.now_ns()
                raise
            finally:
                served.ended_ns = self.now_ns()

        return timed

    async def _before_the_answer(self, request: web.Request, response: web.StreamResponse) -> None:
        write, served = response.write, request["served"]

        async def timed(data: bytes) -> None:
            served.wrote_ns.append(self.now_ns())
            await write(data)

        response.write = timed  # type: ignore[method-assign, assignment]


def pieces_to_first_clause(answer: str) -> tuple[int, str]:
    """How many of the stand-in's pieces (words with their blanks) have come when the first clause is known, and it."""
    chunker = ClauseChunker(STREAMED)
    for count, piece in enumerate(re.findall(r"\s*\S+", answer), 1):
        if chunks := chunker.feed(piece):
            return count, chunks[0]
    raise ValueError(f"no clause ends within {answer!r}")


@functools.cache
def red_boards() -> bytes:
    """720p JPEG of a red wall of boards: light and sharp enough to be sent."""
    board = 40 + 160 * (np.arange(1280) % 80 > 4)
    red = np.broadcast_to(board, (720, 1280)) + np.random.default_rng(1).integers(0, 30, (720, 1280))
    return jpeg(np.stack([red // 6, red // 6, red], axis=2).astype(np.uint8), 1280, 90)


def rules() -> list[Rule]:
    """Who answers what. Workers are told apart by the words that they are given."""
    found = [Rule(asked, Behaviour(then=answer)) for asked, answer in ANSWERS.items()]
    found += [
        Rule(_late(late_s), Behaviour(first_text_s=late_s, then="It is red, with a handle.")) for late_s in LATE_S
    ]
    found += [Rule("hang before the headers", Behaviour(hang="headers"))]
    found += [Rule("tell me a story", Behaviour(story_words_per_s=8.0))]
    stuck = (Behaviour(hang="headers"), Behaviour(then=STORY, story_words_per_s=8.0), Behaviour(hang="comments"))
    for role, behaviour in zip(ROLES, stuck, strict=True):
        found.append(Rule(f"never mind the time\nYou are the {role}", behaviour))
    endless = Behaviour(then="word " * 3000, story_words_per_s=3000.0, input_tokens=2900)  # as it was estimated
    found += [Rule(f"at any length\nYou are the {role}", endless) for role in (*ROLES, "synthesiser")]
    # 2 s a worker: 1.8 s to its first word, and six words at 30 a second.
    worker = Behaviour(first_text_s=1.8, then="A red door made of oak.")
    found += [Rule(f"You are the {role}", worker) for role in ROLES]
    return [*found, Rule("You are the synthesiser", Behaviour(then="It is a red door made of oak."))]


def _late(late_s: float) -> str:
    return f"with {late_s:g} seconds for it"


# ------------------------------------------------------------------------------------------------- the companion's side


class Stack:
    """A companion without a server for devices, whose sessions ask stand-ins. `models`: profiles by their names."""

    def __init__(self, app: App, models: dict[str, ModelProfile], watches: Sequence[Stopwatch]) -> None:
        self._app = app
        self._settings = app.settings
        self._models = models
        self._watches = watches
        self._sessions = 0

    @asynccontextmanager
    async def wearer(self, *models: str, sets: Sequence[str] = ()) -> AsyncIterator[Wearer]:
        """A new session whose models are these, the preferred one first."""
        self._app.profiles = tuple(self._models[name] for name in models)
        self._app.settings = changed(self._settings, sets)
        wearer = Wearer(self._watches)
        self._app.watch = lambda session: wearer.saw
        link = Desk()
        self._sessions += 1
        link.session = f"bench{self._sessions}"
        session = self._app.new_session(link, SessionClock())
        wearer.sits_down(session)
        device = asyncio.get_running_loop().create_task(wearer.hears())
        try:
            yield wearer
        finally:
            device.cancel()
            with suppress(asyncio.CancelledError):
                await device
            session.end("measured")


class Wearer:
    """Somebody at a desk: shows a picture, types, hears 20 ms every 20 ms."""

    def __init__(self, watches: Sequence[Stopwatch]) -> None:
        self.events: list[ev.Happening | ev.Decision] = []
        self.saw_ns: list[int] = []  # when each was really there; a timer's are stamped with its deadline
        self.queued_ns: dict[int, int] = {}  # utterance -> its first sound was queued
        self.now_ns: Callable[[], int] = lambda: 0
        self.hurries = False  # pulls the rest of an answer as fast as it comes
        self._watches = watches
        self._news = asyncio.Event()
        self._frames = 0

    def saw(self, event: ev.Happening | ev.Decision) -> None:
        self.events.append(event)
        self.saw_ns.append(self.now_ns())
        self._news.set()

    def sits_down(self, session: Session) -> None:
        self.session = session
        self.now_ns = session.clock.now_ns
        for watch in self._watches:
            watch.now_ns = self.now_ns
        session.on_state("connected", False, True, False, "desk")
        add = session.playout.add

        def noted(utterance: int, chunk: int, pcm: np.ndarray[Any, Any], last: bool, **more: Any) -> None:
            add(utterance, chunk, pcm, last, **more)
            if len(pcm):
                self.queued_ns.setdefault(utterance, self.now_ns())

        session.playout.add = noted  # type: ignore[method-assign, assignment]

    async def hears(self) -> None:
        now_s = asyncio.get_running_loop().time
        due_s = now_s()
        while True:
            for _ in range(50 if self.hurries else 1):
                self.session.pull()
            due_s += TICK_S
            await asyncio.sleep(max(0.0, due_s - now_s()))

    def asks(self, text: str) -> int:
        """Show a red picture and type; how many events there were before."""
        self._frames += 1
        before, now_ns = len(self.events), self.session.clock.now_ns()
        self.session.on_camera(AccessUnit(self._frames, now_ns, True, "jpeg", red_boards()), 0, now_ns)
        self.session.on_message({"type": "typed", "text": text})
        return before

    def all(self, kind: type[E], since: int = 0) -> list[E]:
        return [event for event in self.events[since:] if type(event) is kind]

    def when_ns(self, event: ev.Happening | ev.Decision) -> int:
        return next(at_ns for seen, at_ns in zip(self.events, self.saw_ns, strict=True) if seen is event)

    async def first(self, kind: type[E], since: int = 0, fits: Callable[[E], bool] = lambda event: True) -> E:
        """The first such event after `since` others, awaited."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._news.clear()
                if found := next((event for event in self.all(kind, since) if fits(event)), None):
                    return found
                await self._news.wait()

    async def closes(self, since: int) -> None:
        """The answer is over; what is left of its sound is not waited for."""
        self.hurries = True
        await self.first(ev.TurnClosed, since)
        self.hurries = False


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def stack(folder: Path) -> AsyncIterator[tuple[Stack, Stopwatch, Stopwatch]]:
    """The companion, a stand-in that answers and one that is always busy."""
    answering = make_app(Behaviour(), rules())
    busy = make_app(Behaviour(status=503), [Rule("come back later", Behaviour(status=503, retry_after="30"))])
    watch, busy_watch = Stopwatch(answering), Stopwatch(busy)
    runner, url = await start(answering)
    busy_runner, busy_url = await start(busy)
    models = {wire: profile(wire, wire, url) for wire in WIRES} | {"busy": profile("busy", "chat", busy_url)}
    sets = [f"recording.folder={folder}", "hearing.model=embedded", "speaking.greet=false"]
    # Named in the settings, so that the companion gets itself ready for models; which ones, each session says itself.
    settings: Settings = load(sets=[*sets, f"model.base_url={url}", "model.model=stand-in"], env={})
    app = App(settings)
    try:
        await app.start(serve=False)
        yield Stack(app, models, (watch, busy_watch)), watch, busy_watch
    finally:
        await app.stop()
        await runner.cleanup()
        await busy_runner.cleanup()


def profile(name: str, dialect: str, url: str) -> ModelProfile:
    base_url = url.removesuffix("/v1") + "/v1beta" if dialect == "gemini" else url
    return ModelProfile(name=name, dialect=dialect, base_url=base_url, model="stand-in")


# ----------------------------------------------------------------------------------------------------- what is measured


async def first_clause(made: Stack, watch: Stopwatch, wire: str, turns: int) -> dict[str, list[float]]:
    """Milliseconds from the bytes that complete the first clause to its sound in the playout, and to its first tick."""
    found: dict[str, list[float]] = {"queued": [], "started": [], "decided": []}
    async with made.wearer(wire) as wearer:
        for number in range(turns):
            asked, answer = list(ANSWERS.items())[number % len(ANSWERS)]
            count, clause = pieces_to_first_clause(answer)
            watch.served.clear()
            since = wearer.asks(f"{asked}?")
            spoken = await wearer.first(ev.Speak, since, lambda e: e.kind == "model")
            assert spoken.text == clause, (spoken.text, clause)
            started = await wearer.first(ev.PlayMark, since, lambda e: e.mark == "started" and e.chunk == 0)
            (served,) = watch.served
            left_ns = served.wrote_ns[count]  # the opening was written first
            found["decided"].append((spoken.t_ns - left_ns) / MS)
            found["queued"].append((wearer.queued_ns[spoken.utterance] - left_ns) / MS)
            found["started"].append((started.t_ns - left_ns) / MS)
            await wearer.closes(since)
    return found


async def acknowledgement(made: Stack, rounds: int) -> list[Row]:
    """For a thinking model whose first text comes so late: when that was, whether it was acknowledged, and how far from
    the moment that the settings name."""
    rows, due_ms, line_said = [], ModeOptions().acknowledge_ms, wording.doing("asking")
    for late_s in LATE_S:
        row: Row = {"first_text_s": late_s, "text_ms": [], "errors_ms": [], "of": rounds}
        async with made.wearer("chat") as wearer:
            for _ in range(rounds):
                since = wearer.asks(f"think about it: describe the door, {_late(late_s)}")
                opened = await wearer.first(ev.TurnOpened, since)
                text = await wearer.first(ev.ModelText, since)
                await wearer.first(ev.Speak, since, lambda e: e.text != line_said)
                row["text_ms"].append((text.t_ns - opened.t_ns) / MS)
                said = [e for e in wearer.all(ev.Speak, since) if e.text == line_said]
                row["errors_ms"] += [(wearer.when_ns(e) - opened.t_ns) / MS - due_ms for e in said]
                await wearer.closes(since)
        rows.append(row)
    return rows


def answers(asked: ev.AskModel, done: ev.ModelDone) -> bool:
    return done.request == asked.request


async def contemplating(made: Stack, watch: Stopwatch, rounds: int) -> Row:
    """Seconds of one worker, of all three, of the synthesis; and how far a budget is kept."""
    worker_s, all_s, synthesis_s, told_s = [], [], [], []
    async with made.wearer("chat") as wearer:
        for _ in range(rounds):
            watch.served.clear()
            since = wearer.asks("take your time and describe the door")
            synthesis = await wearer.first(ev.AskModel, since, lambda e: e.worker == "synthesiser")
            workers = [e for e in wearer.all(ev.AskModel, since) if e.worker in ROLES]
            done = await wearer.first(ev.ModelDone, since, functools.partial(answers, synthesis))
            worker_s += [(s.ended_ns - s.arrived_ns) / ev.NS for s in watch.served[:3]]
            all_s.append((synthesis.t_ns - workers[0].t_ns) / ev.NS)
            synthesis_s.append((done.t_ns - synthesis.t_ns) / ev.NS)
            told = await wearer.first(ev.TurnOpened, since, lambda e: e.intent == "model:contemplated")
            told_s.append((told.t_ns - workers[0].t_ns) / ev.NS)
            await wearer.closes(wearer.events.index(told))
    row: Row = {"worker_s": worker_s, "all_s": all_s, "synthesis_s": synthesis_s, "told_s": told_s}
    row["budgets"] = [await within_budget(made, tokens) for tokens in BUDGETS_TOKENS]
    return row


async def within_budget(made: Stack, tokens: int) -> Row:
    """What workers use that would write for ever."""
    async with made.wearer("chat", sets=[f"budget.turn_tokens={tokens}"]) as wearer:
        since = wearer.asks("take your time and describe the door at any length")
        await wearer.first(ev.TurnOpened, since, lambda e: e.intent == "model:contemplated")
        done = wearer.all(ev.ModelDone, since)
        return {"budget": tokens, "used": sum(d.input_tokens + d.output_tokens for d in done), "answers": len(done)}


async def stopped(made: Stack, watch: Stopwatch, model: str, question: str, requests: int, tries: int) -> list[float]:
    """Milliseconds from the decision to stop until the server saw the last of the connections close."""
    found = []
    for _ in range(tries):
        async with made.wearer(model) as wearer:
            watch.served.clear()
            wearer.asks(question)
            await until(lambda: len(watch.served) == requests)
            await asyncio.sleep(0.25)  # those that stream are in the middle of it
            since = len(wearer.events)
            wearer.session.on_message({"type": "typed", "text": "stop"})
            cancel = await wearer.first(ev.Cancel, since)
            await until(lambda: all(served.gone_ns for served in watch.served))
            found.append((max(served.gone_ns for served in watch.served) - cancel.t_ns) / MS)
    return found


async def failover(made: Stack, watch: Stopwatch, busy: Stopwatch, question: str, tries: int) -> dict[str, list[float]]:
    """Milliseconds from the busy server's first 503 to each step; from its last one to the other model being asked."""
    found: dict[str, list[float]] = {"asked": [], "after_last": [], "text": [], "heard": []}
    for _ in range(tries):
        async with made.wearer("busy", "chat") as wearer:
            watch.served.clear()
            busy.served.clear()
            since = wearer.asks(question)
            text = await wearer.first(ev.ModelText, since)
            heard = await wearer.first(ev.PlayMark, since)  # that another model is asked
            _, second = wearer.all(ev.AskModel, since)
            first_ns, last_ns = busy.served[0].ended_ns, busy.served[-1].ended_ns
            found["asked"].append((second.t_ns - first_ns) / MS)
            found["after_last"].append((second.t_ns - last_ns) / MS)
            found["text"].append((text.t_ns - first_ns) / MS)
            found["heard"].append((heard.t_ns - first_ns) / MS)
    return found


def imports_s(rounds: int = 7) -> dict[str, float]:
    """Seconds that each adds to a fresh Python with warm files, best against best."""
    codes = {
        "nothing": "pass",
        "companion.model.models": "import companion.model.models",
        "and a door opened": "import companion.model.models, companion.net; companion.net.Net()",
    }
    best = dict.fromkeys(codes, float("inf"))
    for _ in range(rounds):
        for name, code in codes.items():
            began = perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            best[name] = min(best[name], perf_counter() - began)
    nothing = best.pop("nothing")
    return {name: took - nothing for name, took in best.items()}


# ------------------------------------------------------------------------------------------------------------ the table


def spread(values: Sequence[float]) -> Row:
    return {
        "n": len(values),
        "median": round(statistics.median(values), 1),
        "p95": round(quantile(list(values), 0.95), 1),
        "most": round(max(values), 1),
    }


def line(name: str, values: Sequence[float], wanted: str = "") -> Row:
    row = spread(values)
    print(f"{name:<52}{row['n']:>5}{row['median']:>9.1f}{row['p95']:>9.1f}{row['most']:>9.1f}   {wanted}")
    return row


async def measure(folder: Path, turns: int) -> Row:
    figures: Row = {"bench": "modes"}
    async with stack(folder) as (made, watch, busy):
        print(f"{'milliseconds':<52}{'n':>5}{'median':>9}{'p95':>9}{'most':>9}   wanted")
        every: list[float] = []
        for wire in WIRES:
            found = await first_clause(made, watch, wire, turns)
            every += found["queued"]
            for step, name in (("decided", "decision to speak"), ("queued", "sound queued"), ("started", "first tick")):
                figures[f"{wire}_clause_{step}_ms"] = line(f"clause left {wire}: {name}", found[step])
        figures["clause_queued_ms"] = line("all wires: sound queued", every, f"p95 at most {WANTED_CLAUSE_MS}")
        figures["acknowledged"] = report_acknowledged(await acknowledgement(made, 4))
        figures["contemplating"] = report_contemplating(await contemplating(made, watch, 5))
        print(f"\n{'milliseconds':<52}{'n':>5}{'median':>9}{'p95':>9}{'most':>9}   wanted")
        three = await stopped(made, watch, "chat", "take your time and describe it, never mind the time", 3, 15)
        figures["stop_workers_ms"] = line("stop: three workers' connections", three, f"at most {WANTED_STOP_MS}")
        for wire in WIRES:
            for state, question in (("speaking", "tell me a story"), ("silent", "hang before the headers")):
                took = await stopped(made, watch, wire, question, 1, 5)
                figures[f"stop_{wire}_{state}_ms"] = line(f"stop: {wire}, {state}", took, f"at most {WANTED_STOP_MS}")
        for said, question in (("503", "describe this door"), ("503 for 30 s", "describe this door, come back later")):
            took_ms = await failover(made, watch, busy, question, 10)
            steps = (
                ("after_last", "from the last to the other model asked"),
                ("asked", "from the first to the other model asked"),
                ("heard", "to hearing that it is asked"),
                ("text", "to its first text, 200 ms its own"),
            )
            figures[f"failover_{said.replace(' ', '_')}_ms"] = {
                step: line(f"{said}: {name}", took_ms[step]) for step, name in steps
            }
    return figures


def report_acknowledged(rows: list[Row]) -> list[Row]:
    print(f"\n{'first text, s':>14}{'after opening, ms':>20}{'acknowledged':>14}{'error, ms':>11}")
    figures = []
    for row in rows:
        text_ms = statistics.median(row["text_ms"])
        error = max(row["errors_ms"], key=abs) if row["errors_ms"] else None
        said = f"{len(row['errors_ms'])} of {row['of']}"
        print(f"{row['first_text_s']:>14g}{text_ms:>20.0f}{said:>14}{'' if error is None else f'{error:+.1f}':>11}")
        figures.append(
            {
                "first_text_s": row["first_text_s"],
                "text_ms": round(text_ms),
                "said": len(row["errors_ms"]),
                "of": row["of"],
                "most_error_ms": None if error is None else round(error, 1),
            }
        )
    return figures


def report_contemplating(row: Row) -> Row:
    one = statistics.median(row["worker_s"])
    share = statistics.median(row["all_s"]) / one
    print(f"\n{'one worker':<52}{one:>9.2f} s")
    print(f"{'asking until the synthesis is asked':<52}{max(row['all_s']):>9.2f} s at most, {share:.2f} of one worker")
    print(f"{'the synthesis':<52}{max(row['synthesis_s']):>9.2f} s at most")
    print(f"{'asking until the answer is told':<52}{max(row['told_s']):>9.2f} s at most")
    for kept in row["budgets"]:
        print(f"{'tokens of a budget of ' + str(kept['budget']):<52}{kept['used']:>9} in {kept['answers']} answers")
    return {
        "worker_s": round(one, 2),
        "until_synthesis_s": round(max(row["all_s"]), 2),
        "of_one_worker": round(share, 2),
        "synthesis_s": round(max(row["synthesis_s"]), 2),
        "told_s": round(max(row["told_s"]), 2),
        "budgets": row["budgets"],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--turns", type=int, default=12, help="instant turns on each wire")
    turns = arguments.parse_args().turns
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        os.environ["EARSHOT_DATA"] = name
        figures = asyncio.run(measure(Path(name) / "rec", turns))
    print()
    figures["import_s"] = {}
    for name, took_s in imports_s().items():
        figures["import_s"][name] = round(took_s, 3)
        print(f"{'import ' + name if name.startswith('companion') else '… ' + name:<52}{took_s:>9.3f} s")
    print(f"wanted: workers under {WANTED_WORKERS} of one, import at most {WANTED_IMPORT_S} s")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
