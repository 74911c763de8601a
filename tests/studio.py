"""Sessions of any length recorded in seconds: the real shell, deciders, recorder and model client, on virtual time.

`ScriptedSession` plays a world around the deciders alone; a studio plays it around the whole shell and writes a real
recording. It is as untidy as life, by a seed: time passes while code runs, timers ring late, the device takes its sound
unevenly, work takes longer and shorter, chunks come in pieces. So what a replay makes of the file is a fair test.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from companion.clock import SessionClock
from companion.compute import Asked, Job, Stream
from companion.engines import Engines
from companion.exchanges import RecordedExchanges
from companion.link.record import NOT_SAID
from companion.model.configured import model_profiles
from companion.model.models import Models
from companion.net import Net, NetError
from companion.replay.loop import VirtualLoop
from companion.session import Parts, Session
from companion.settings import Settings, load
from companion.tools.result import ToolResult
from companion.tools.runner import ToolRunner
from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.speaking.voice import Rendered
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions
from tests.scripted import WINDOW_NS, Reply, World

SECRET = "hush-4711-never-on-disk"
T0_NS = 1_790_000_000 * NS
MODEL = ("model.base_url=http://127.0.0.1:9/v1", "model.model=scripted")


@dataclass(frozen=True)
class Untidy:
    """How late and uneven things are. Zero everywhere gives a world of clockwork."""

    step_us: int = 40  # passes at each look at the clock
    timer_ms: float = 6.0
    pull_ms: float = 4.0
    work: float = 0.5  # share by which a piece of work takes longer or shorter


class _LateClock(SessionClock):
    """Time passes while code runs, and a timer's callback comes when the loop gets to it."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def now_ns(self) -> int:
        s = self._studio
        s.loop.now_ns += 1 + s.random.randrange(s.untidy.step_us * 1000 + 1)
        return s.loop.now_ns

    def wake_at(self, due_ns: int, wake: Callable[[], None]) -> Any:
        s = self._studio
        return s.loop.call_at_ns(due_ns + int(s.random.random() * s.untidy.timer_ms * MS), wake)


class _Every:
    """A feed that happens again and again, a little unevenly."""

    def __init__(self, studio: Studio, every_ns: int, late_ms: float, act: Callable[[], None]) -> None:
        self._studio, self._every_ns, self._late_ms, self._act = studio, every_ns, late_ms, act
        self._count = 1
        self._due_ns = self._next()

    def _next(self) -> int:
        return self._count * self._every_ns + int(self._studio.random.random() * self._late_ms * MS)

    def due(self) -> tuple[int, int] | None:
        return self._due_ns, 0

    def step(self) -> None:
        self._count += 1
        self._due_ns = max(self._next(), self._due_ns + 1)
        self._act()


class _Door:
    """Slow work by script."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._free_ns: dict[str, int] = {}

    def held(self, take: Callable[[], Any]) -> Callable[[], Any]:
        return take

    def _later(self, kind: str, ms: float, job: Job, act: Callable[[int], None]) -> None:
        s = self._studio
        cost_ns = int(ms * MS * (1 + s.untidy.work * (2 * s.random.random() - 1)))
        due_ns = self._free_ns[kind] = max(s.loop.now_ns, self._free_ns.get(kind, 0)) + cost_ns
        s.loop.call_at_ns(due_ns, lambda: None if job.cancelled() else act(cost_ns))

    def compute(self, kind: str, work: Any, done: Any, failed: Any, asked: Asked) -> Job:
        s, w, d, job = self._studio, self._studio.world, asked.decision, Job()
        if w.broken == kind or (w.transcribe_fails and kind == "transcribe"):
            self._later(kind, 40, job, lambda _: failed(RuntimeError("scripted")))
        elif isinstance(d, ev.Transcribe):
            self._later(kind, w.transcribe_ms, job, lambda cost: done(s.transcribed(d), cost))
        elif isinstance(d, ev.Look):
            frames = () if w.frame is None else (replace(w.frame, media_ns=min(d.t_ns, d.end_ns)),)
            self._later(kind, w.look_ms, job, lambda cost: done(ev.Looked(0, d.request, frames), cost))
        elif isinstance(d, ev.Measure):
            seen = ev.Measured(0, d.request, d.frame_id, (ev.Colour("orange", 0.8),), "normal")
            self._later(kind, 15, job, lambda cost: done(seen, cost))
        elif isinstance(d, ev.ReadCodes):
            self._later(kind, 30, job, lambda cost: done(ev.CodesRead(0, d.request, d.frame_id, w.codes), cost))
        elif kind == "memory":
            self._later(kind, 5, job, lambda cost: done(work(), cost))
        else:
            assert asked.view is not None
            picture = f"{replace(asked.view, name='')}".encode()  # what it is called is not in it
            self._later(kind, 12, job, lambda cost: done(b"\xff\xd8" + picture, cost))
        return job

    def stream(
        self, stream: Stream[Any], each: Any, done: Any, failed: Any, asked: Asked, job: Job | None = None
    ) -> Job:
        job, d, w = job or Job(), asked.decision, self._studio.world
        if isinstance(d, ev.ReadText):
            self._read(d, stream.kind, job, each, done, failed)
            return job
        assert isinstance(d, ev.Speak)
        words = d.text.split()
        for i in range(0, len(words), 3):
            block = _rendered(words[i : i + 3], i, w.word_ms)
            self._later("voice", w.voice_ms, job, lambda _, b=block: each(b))  # type: ignore[misc]
        self._later("voice", 1, job, done)
        return job

    def _read(self, d: ev.ReadText, kind: str, job: Job, each: Any, done: Any, failed: Any) -> None:
        """The first line soon, all of them when they are read."""
        w = self._studio.world
        if w.broken == kind:
            self._later(kind, 40, job, lambda _: failed(RuntimeError("scripted")))
            return
        if len(w.lines) > 1:
            first = ev.TextRead(0, d.request, d.frame_id, w.lines[:1], more=True)
            self._later(kind, w.read_ms // 2, job, lambda _: each(first))

        def whole(cost_ns: int) -> None:
            each(ev.TextRead(0, d.request, d.frame_id, w.lines))
            done(cost_ns)

        self._later(kind, w.read_ms - (w.read_ms // 2 if len(w.lines) > 1 else 0), job, whole)

    def ahead(self, kind: str, work: Any) -> None: ...

    def task(self, kind: str, work: Any, done: Any, failed: Any, asked: Asked) -> Job:
        job = Job()

        async def run() -> None:
            result = await work()
            self._later(kind, self._studio.world.tool_ms, job, lambda cost: done(result, cost))

        job.task = self._studio.loop.create_task(run())
        return job


class _Tools:
    """A `ToolRunner` by script."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def infos(self) -> tuple[ev.ToolInfo, ...]:
        return self._studio.world.tools

    async def run(self, name: str, arguments: str, *_: Any) -> ToolResult:
        done = self._studio.world.used(ev.RunTool(0, "", 0, 0, name, arguments))
        return ToolResult(done.text, done.failed, done.sources) if done else ToolResult("", "failed")


def _rendered(words: list[str], at: int, word_ms: int) -> Rendered:
    starts = [(at + i) * word_ms * MS for i in range(len(words))]
    said = tuple(ev.Word(w, t, t + word_ms * MS) for w, t in zip(words, starts, strict=True))
    return Rendered(np.zeros(len(words) * word_ms * 48, np.int16), said)


class _Model:
    """Implements `companion.net.Tape`: a model by script, chunk by chunk."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Any:
        await self._studio.pause_ms(self._studio.world.model_first_ms / 2)
        kind = self._studio.world.model_failure
        if kind in ("network", "stalled"):
            raise NetError(kind, "scripted")
        request = int(exchange.split("-")[2].partition(".")[0])
        asked = next(e for e in self._studio.events if isinstance(e, ev.AskModel) and e.request == request)
        reply = self._studio.world.reply(asked)
        if reply is not None and reply.failure in ("network", "stalled"):
            raise NetError(reply.failure, "scripted")
        return _Answer(self._studio, 500 if kind or (reply and reply.failure) else 200, reply)


class _Answer:
    headers = (("content-type", "text/event-stream"), ("set-cookie", f"session={SECRET}"), ("x-request-id", SECRET))

    def __init__(self, studio: Studio, status: int, reply: Reply | None) -> None:
        self._studio, self.status, self._reply = studio, status, reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        s, w = self._studio, self._studio.world
        await s.pause_ms(w.model_first_ms / 2)
        if self.status != 200:
            yield b'{"error": {"message": "scripted"}}'
            return
        for word in (self._reply.text if self._reply else w.model_answer).split():
            data = json.dumps({"choices": [{"delta": {"content": word + " "}}]}).encode()
            cut = s.random.randrange(len(data))
            yield b"data: " + data[:cut]  # as networks do: not where the line ends
            await s.pause_ms(s.random.random() * w.model_words_ms)
            yield data[cut:] + b"\n\n"
            await s.pause_ms(s.random.random() * w.model_words_ms)
        if w.model_ends_in:
            raise NetError(w.model_ends_in, "scripted")
        if self._reply and self._reply.hangs:
            await s.loop.create_future()
        calls = [
            {"index": i, "id": c.call_id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for i, c in enumerate(self._reply.calls if self._reply else ())
        ]
        if calls:
            yield b"data: " + json.dumps({"choices": [{"delta": {"tool_calls": calls}}]}).encode() + b"\n\n"
        end = {"choices": [{"delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]}
        yield b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n"


class _Link:
    """A device that is told things."""

    session = "studio"
    echo = ""
    record = NOT_SAID

    def send_message(self, message: Any) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None: ...

    def answer_at(self, utterance: int, position_ns: int) -> None: ...

    async def close(self, reason: str = "") -> None: ...


@dataclass
class Studio:
    """`say`, `tap`, then `record(seconds)`. What happened is in `events`, and in the file."""

    folder: Path
    seed: int = 1
    world: World = field(default_factory=World)
    untidy: Untidy = field(default_factory=Untidy)
    sets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.events: list[ev.Happening | ev.Decision] = []
        self.loop = VirtualLoop()
        self.settings: Settings = load(
            sets=[*(MODEL if self.world.model else ()), "speaking.greet=" + str(self.world.greet).lower(), *self.sets],
            env={},
        )
        self._speech: list[tuple[int, int, str]] = []
        self._acts: list[tuple[int, Callable[[], None]]] = []
        self.session: Session

    def say(self, text: str, at_ms: int, ms: int = 0) -> int:
        """The wearer speaks; returns when they end, in ms. Default pace: 300 ms a word."""
        length = ms or 300 * max(1, len(text.split()))
        self._speech.append((at_ms * MS, (at_ms + length) * MS, text))
        return at_ms + length

    def tap(self, at_ms: int) -> None:
        self._acts.append((at_ms * MS, lambda: self.session.deliver(ev.DeviceEvent(self.clock.now_ns(), "tap"))))

    def record(self, seconds: float, t0_unix_ns: int = T0_NS) -> Path:
        """Run the script to its end; the finished recording."""
        info = SessionInfo(
            f"studio{self.seed}", t0_unix_ns + self.seed * NS, device="studio", settings=self.settings.plain()
        )
        self.recorder = Recorder(
            self.folder, info, options=RecorderOptions(flush_s=0.005)
        )  # chunks, though it is quick
        assert self.recorder.writing, self.recorder.trouble
        try:
            self.loop.run_until_complete(self._run(int(seconds * NS)))
        finally:
            path = self.recorder.close()
            self.loop.close()
        return path

    # ------------------------------------------------------------------------------------------------ the world's side

    async def _run(self, end_ns: int) -> None:
        self.clock = _LateClock(self)
        self._net = Net(tape=_Model(self))
        profiles = model_profiles(self.settings) if self.world.model else ()
        observer = RecordedExchanges(self.recorder, self.clock)
        self.session = Session(
            _Link(),
            Parts(
                self.clock,
                cast(Engines, _Named(self.world)),
                self.settings,
                _Door(self),
                self.recorder,
                Models(self._net, profiles, observer) if profiles else None,
                cast(ToolRunner, _Tools(self)),
                watch=self._see,
                wall_clock=self.world.wall_clock,
                memory=self.world.memory,
                reminders=self.world.memory.reminders() if self.world.memory is not None else (),
            ),
        )
        self.session.on_state("connected", True, self.world.frame is not None, self.world.greet, "studio")
        over = self.loop.create_future()
        self.loop.feeds = [
            _Every(self, WINDOW_NS, 3.0, self._window),
            _Every(self, 20 * MS, self.untidy.pull_ms, self._take),
            _Every(self, NS, 5.0, lambda: self.session.on_clock(1234, 2_000_000)),
        ]
        for at_ns, act in self._acts:
            self.loop.call_at_ns(at_ns, act)
        self.loop.call_at_ns(end_ns, lambda: over.set_result(None))
        await over
        self.session.end("the script is over")
        self.loop.feeds = []
        await self._net.aclose()

    def _take(self) -> None:
        self.session.pull()

    async def pause_ms(self, ms: float) -> None:
        reached = self.loop.create_future()
        due_ns = self.loop.now_ns + max(1, int(ms * MS))
        self.loop.call_at_ns(due_ns, lambda: None if reached.done() else reached.set_result(None))
        await reached

    def _window(self) -> None:
        now_ns = self.clock.now_ns()
        media_ns = now_ns - 45 * MS
        middle = media_ns - WINDOW_NS // 2
        voiced = any(start <= middle < end for start, end, _ in self._speech)
        self.session.deliver(
            ev.VoiceWindow(now_ns, max(0, media_ns), 0.9 if voiced else 0.02, -25.0 if voiced else -60.0)
        )

    def transcribed(self, d: ev.Transcribe) -> ev.Transcribed:
        said = " ".join(text for start, end, text in self._speech if start < d.end_ns and end > d.start_ns)
        accepted = self.world.understands and bool(said) and not said.startswith("(")
        why = "" if accepted else "not one of the phrases I know"
        return ev.Transcribed(0, d.request, said if accepted else "", accepted, why)

    def _see(self, event: ev.Happening | ev.Decision) -> None:
        self.events.append(event)
        if isinstance(event, ev.PlayMark) and event.mark in ("started", "finished", "stopped"):
            mark = "first" if event.mark == "started" else "last"
            delay_ns = int((50 + 20 * self.random.random()) * MS)

            def heard() -> None:
                now_ns = self.clock.now_ns()
                self.session.on_heard(event.utterance, mark, now_ns - 5 * MS, event.position_ns)

            if mark == "last" or event.chunk == 0:
                self.loop.call_at_ns(event.t_ns + delay_ns, heard)


class _Named:
    """Engines by name only."""

    def __init__(self, world: World) -> None:
        self.transcriber = self
        self.name = "scripted"
        self.closed_vocabulary = world.closed_vocabulary
        self.voices = {"scripted": None}
        self.voice_activity = None


def conversation(seed: int, turns: int, every_s: float = 12.0) -> Iterator[tuple[str, int]]:
    """So many questions of all sorts and when they are asked, by a seed: (words, ms)."""
    dice = random.Random(seed)
    asked = (
        "what does this sign say",
        "what is this code",
        "what colour is the door",
        "tell me a story",
        "who are you",
    )
    at_ms = 2_000.0
    for _ in range(turns):
        yield (
            dice.choice((*asked, "what was the platform", "how much is this", "(cough)", "say that again")),
            int(at_ms),
        )
        if dice.random() < 0.25:
            yield dice.choice(("stop", "wait", "what does this sign say", "(cough)", "louder")), int(at_ms + 3_500)
        at_ms += every_s * 1000 * (0.8 + 0.4 * dice.random())
