"""A long session by the real shell in virtual time: hours of talk are recorded in seconds, the same from the same seed.

Scripted are the wearer (who asks, listens, interrupts), the device (voice windows, taking sound every 20 ms, what the
ear got), the engines behind the compute door and the model's server. Everything between is what runs live: session,
hands, deciders, playout, model client, recorder. So the file has the shapes, counts and order of a real one.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from companion.clock import SessionClock
from companion.compute import Asked, Job, Stream
from companion.engines import Engines
from companion.exchanges import RecordedExchanges
from companion.link.record import NOT_SAID
from companion.model.configured import model_profiles
from companion.model.models import Models
from companion.net import Net, NetOptions
from companion.replay.loop import VirtualLoop
from companion.session import Parts, Session
from companion.settings import Settings, load
from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.speaking.voice import Rendered
from recordings.session import SYSTEM_PROMPT, SessionInfo
from recordings.writer import Recorder, RecorderOptions

WINDOW_NS, TICK_NS, EAR_NS, FRAME_NS = 32 * MS, 20 * MS, 60 * MS, NS // 30
WORD_NS = 280 * MS
SIGN = (ev.TextLine("PLATFORM 7", 0.99), ev.TextLine("BASEL", 0.98), ev.TextLine("14:05", 0.98))
ANSWER = "The door is red and stands half open. Behind it is a long corridor with a lamp at its end."
QUESTIONS = (  # words, ms after the question at which the wearer says more, and what
    ("what does this sign say", 0, ""),
    ("what colour is the door", 0, ""),
    ("what is this code", 0, ""),
    ("what was the platform", 0, ""),
    ("is anybody behind the door", 2500, "stop"),
    ("tell me a story", 3000, "what does this sign say"),
)


@dataclass(frozen=True)
class TalkOptions:
    """How long and how much. The defaults make an hour with more than 300 turns."""

    length_s: float = 3600.0
    every_s: float = 11.0  # a question begins every so many seconds
    seed: int = 1
    camera: bool = False  # 720p30 at 1.5 Mbit/s: half a gigabyte an hour
    microphone: bool = True
    model_end_s: float = 0.06  # from the model's last word to its end; 0 = both in one read


def record_talk(folder: Path, options: TalkOptions = TalkOptions()) -> Path:
    """Record such a session; the finished file. Raises whatever failed in it, at its end."""
    loop = VirtualLoop()
    failed: list[BaseException] = []
    loop.set_exception_handler(lambda _, context: failed.append(context.get("exception") or RuntimeError(context)))
    try:
        path = loop.run_until_complete(_Talk(loop, folder, options).run())
    finally:
        loop.close()
    if failed:
        raise failed[0]
    return path


class _Talk:
    def __init__(self, loop: VirtualLoop, folder: Path, options: TalkOptions) -> None:
        self.loop, self.options = loop, options
        self.die = random.Random(options.seed)
        self.settings: Settings = load(
            sets=["model.base_url=http://127.0.0.1:9/v1", "model.model=scripted", "model.plain_http=true"], env={}
        )
        info = SessionInfo(f"{options.seed:08x}", 1_795_222_812_000_000_000, "scripted", settings=self.settings.plain())
        self.recorder = Recorder(folder, info, print, RecorderOptions(floor_bytes=0))
        self.said: list[tuple[int, int, str]] = list(self._script())
        self.frames = [self.die.randbytes(size) for size in (4300, 5200, 6100, 7000)]
        self.key_frame, self.packet = self.die.randbytes(40_000), self.die.randbytes(80)
        self.session: Session

    def _script(self) -> Iterator[tuple[int, int, str]]:
        at_ns, number = 8 * NS, 0
        while at_ns < (self.options.length_s - 20) * NS:
            words, after_ms, more = QUESTIONS[number % len(QUESTIONS)]
            end_ns = at_ns + len(words.split()) * WORD_NS
            yield at_ns, end_ns, words
            if more:
                begin_ns = end_ns + after_ms * MS
                yield begin_ns, begin_ns + max(len(more.split()) * WORD_NS, 350 * MS), more
            at_ns += int(self.options.every_s * NS) + self.die.randrange(400) * MS
            number += 1

    async def run(self) -> Path:
        clock = SessionClock()
        net = Net(NetOptions(), _Server(self))
        observer = RecordedExchanges(self.recorder, clock)
        models = Models(net, model_profiles(self.settings), observer, environ={})
        ears = SimpleNamespace(name="scripted", closed_vocabulary=True)
        engines = cast(Engines, SimpleNamespace(transcriber=ears, voices={"espeak": None}, voice_activity=None))
        door = _Door(self)
        self.recorder.attach(SYSTEM_PROMPT, "text/plain", self.settings.thinking.system_prompt.encode())
        device = _Device(self)
        parts = Parts(clock, engines, self.settings, door, self.recorder, models, watch=device.watch)
        self.session = Session(_Link(), parts)
        self.session.on_state("connected", True, True, True, "")
        device.start()
        over = asyncio.Event()
        self.at(int(self.options.length_s * NS), lambda: (self.session.end("the talk is over"), over.set()))
        await over.wait()
        await net.aclose()
        return self.recorder.close()

    def at(self, t_ns: int, act: Callable[[], object]) -> None:
        self.loop.call_at_ns(t_ns, act)

    def after(self, ns: int, act: Callable[[], object], jitter_ns: int = 3 * MS) -> None:
        self.at(self.loop.now_ns + ns + self.die.randrange(1, jitter_ns), act)


# --------------------------------------------------------------------------------------------------------- the device


class _Link:
    """Is told things, and says nothing of its own."""

    session = "talk"
    echo = ""
    record = NOT_SAID

    def send_message(self, message: Mapping[str, Any]) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None: ...

    def answer_at(self, utterance: int, position_ns: int) -> None: ...

    async def close(self, reason: str = "") -> None: ...


class _Device:
    """Voice every 32 ms, sound taken every 20 ms, and what the ear got: when it began, every 200 ms, when it ended."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk
        self._sounding, self._position_ns = 0, 0
        self._ticks = 0
        self._units = 0
        self._current = 0  # index in the script

    def start(self) -> None:
        talk = self._talk
        talk.at(WINDOW_NS, self._window)
        talk.at(TICK_NS, self._tick)
        if talk.options.camera:
            talk.at(FRAME_NS, self._unit)

    def _window(self) -> None:
        talk, now_ns = self._talk, self._talk.loop.now_ns
        media_ns = now_ns - 30 * MS
        said = talk.said
        while self._current < len(said) and said[self._current][1] < media_ns - WINDOW_NS:
            self._current += 1
        middle = media_ns - WINDOW_NS // 2
        voiced = any(start <= middle < end for start, end, _ in said[self._current : self._current + 2])
        level = -25.0 if voiced else -60.0
        talk.session.deliver(ev.VoiceWindow(now_ns, media_ns, 0.93 if voiced else 0.015, level))
        talk.at((now_ns // WINDOW_NS + 1) * WINDOW_NS + talk.die.randrange(MS), self._window)

    def _tick(self) -> None:
        talk, now_ns = self._talk, self._talk.loop.now_ns
        self._ticks += 1
        if talk.options.microphone:
            talk.recorder.microphone(now_ns, now_ns - 30 * MS, self._ticks * 960, talk.packet)
        if not talk.session.playout.idle:
            pcm = talk.session.pull()
            if pcm is not None:
                talk.recorder.answer(now_ns, max(self._sounding, 0), talk.packet)
                self._position_ns += TICK_NS
                if self._sounding and self._ticks % 10 == 0:
                    self._hear("progress", self._position_ns)
        while len(talk.recorder._queue) > 1500:  # far faster than life: let the writer keep up, as it would
            time.sleep(0.001)
        talk.at((now_ns // TICK_NS + 1) * TICK_NS + talk.die.randrange(2 * MS), self._tick)

    def _unit(self) -> None:
        talk, now_ns = self._talk, self._talk.loop.now_ns
        self._units += 1
        key = self._units % 60 == 1
        data = talk.key_frame if key else talk.frames[self._units % 4]
        talk.recorder.camera(now_ns, now_ns - 40 * MS, self._units, self._units * 3000, key, "h264", data)
        talk.at(now_ns + FRAME_NS, self._unit)

    def watch(self, event: object) -> None:
        if isinstance(event, ev.PlayMark):
            if event.mark == "started" and event.chunk == 0:
                self._sounding, self._position_ns = event.utterance, 0
                self._hear("first", 0)
            elif event.mark in ("finished", "stopped"):
                self._hear("last", event.position_ns)
                self._sounding = 0

    def _hear(self, mark: str, position_ns: int) -> None:
        utterance = self._sounding
        session, loop = self._talk.session, self._talk.loop

        def heard() -> None:
            session.on_heard(utterance, mark, loop.now_ns - 15 * MS, position_ns)

        self._talk.after(EAR_NS, heard)


# -------------------------------------------------------------------------------------------------- engines and model


class _Door:
    """What slow work gives, and what it costs."""

    _COST_MS: Mapping[type, int] = {ev.Transcribe: 90, ev.Look: 45, ev.ReadText: 260, ev.ReadCodes: 30}

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk
        self._voice_free_ns = 0

    def held(self, take: Callable[[], Any]) -> Callable[[], Any]:
        return take

    def compute(
        self,
        kind: str,
        work: Callable[[], Any],
        done: Callable[[Any, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job:
        job, d = Job(), asked.decision
        cost_ns = self._COST_MS.get(type(d), 15) * MS
        result = self._result(d) if asked.view is None else self._jpeg(asked.view)
        self._talk.after(cost_ns, lambda: None if job.cancelled() else done(result, cost_ns), 20 * MS)
        return job

    def _result(self, d: Any) -> ev.Happening:
        if isinstance(d, ev.Transcribe):
            text = " ".join(t for start, end, t in self._talk.said if start < d.end_ns and end > d.start_ns)
            words = tuple(
                ev.Word(w, d.start_ns + i * WORD_NS, d.start_ns + (i + 1) * WORD_NS, 0.9)
                for i, w in enumerate(text.split())
            )
            return ev.Transcribed(0, d.request, text, bool(text), "" if text else "nothing", words, -0.2, 0.01)
        if isinstance(d, ev.Look):
            now_ns = self._talk.loop.now_ns
            scores = (ev.FrameScore(now_ns // FRAME_NS - i, now_ns - i * FRAME_NS, 1280, 720, 300 - i, 120, 50, 1)
                      for i in range(6, 0, -1))  # fmt: skip
            return ev.Looked(0, d.request, tuple(replace(s, media_ns=min(s.media_ns, d.end_ns)) for s in scores))
        if isinstance(d, ev.Measure):
            return ev.Measured(0, d.request, d.frame_id, (ev.Colour("red", 0.7),), "normal")
        return ev.CodesRead(0, d.request, d.frame_id, (ev.Code("qr", "https://example.org/menu/4711"),))

    def _jpeg(self, view: ev.View) -> bytes:
        return b"\xff\xd8" + random.Random(repr((view.frame_id, view.box))).randbytes(9000)

    def ahead(self, kind: str, work: Callable[[], bool]) -> None: ...

    def stream(
        self,
        stream: Stream[Any],
        each: Callable[[Any], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
        job: Job | None = None,
    ) -> Job:
        job, d, talk = job or Job(), asked.decision, self._talk
        if isinstance(d, ev.ReadText):
            cost_ns = self._COST_MS[ev.ReadText] * MS
            parts = [
                ev.TextRead(0, d.request, d.frame_id, SIGN[:1], more=True),
                ev.TextRead(0, d.request, d.frame_id, SIGN),
            ]

            def give(part: ev.TextRead) -> None:
                if not job.cancelled():
                    each(part)
                    if not part.more:
                        done(cost_ns)

            for i, part in enumerate(parts):
                talk.after((i + 1) * cost_ns // 2, lambda part=part: give(part), 20 * MS)
            return job
        assert isinstance(d, ev.Speak)
        words = [ev.Word(w, i * WORD_NS, (i + 1) * WORD_NS) for i, w in enumerate(d.text.split())]
        due_ns = max(talk.loop.now_ns + 5 * MS, self._voice_free_ns)
        for i in range(0, len(words), 4):  # a block of sound for every four words
            some = tuple(words[i : i + 4])
            block = Rendered(np.zeros(len(some) * WORD_NS * 48_000 // NS, np.int16), some)
            due_ns += 4 * MS + talk.die.randrange(MS)
            talk.at(due_ns, lambda block=block: None if job.cancelled() else each(block))
        self._voice_free_ns = due_ns + 100_000
        talk.at(self._voice_free_ns, lambda: None if job.cancelled() else done(6 * MS))
        return job


class _Server:
    """The model's server: answers every question in server-sent events, a word at a time."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Any:
        await asyncio.sleep(0.18 + self._talk.die.random() * 0.1)
        return self

    status = 200
    headers = (("content-type", "text/event-stream"),)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for word in ANSWER.split():
            await asyncio.sleep(0.03 + self._talk.die.random() * 0.03)
            delta = {"choices": [{"index": 0, "delta": {"content": f"{word} "}}]}
            yield b"data: " + json.dumps(delta).encode() + b"\n\n"
        if self._talk.options.model_end_s:
            await asyncio.sleep(self._talk.options.model_end_s)
        yield b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
