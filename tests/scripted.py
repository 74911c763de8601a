"""A conversation as a script, in virtual time: tests say who speaks when, and read what was decided.

`ScriptedSession` plays the world around a `Director`: voice activity from scripted speech, a scripted recogniser
(true words, a fixed cost), scripted pictures, a scripted model and a voice that speaks at a fixed pace. Nothing is
real but the deciders, and no clock runs: the same script gives the same decisions on any machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from companion.memory.shape import MemoryError_
from pipelines import events as ev
from pipelines.director import Director, DirectorOptions
from pipelines.events import MS
from pipelines.hearing.gate import NOT_A_PHRASE

WINDOW_NS = 32 * MS
REFUSED_LOGPROB = -0.25  # a little less than the built-in recogniser's gate wants
E = TypeVar("E", ev.Happening, ev.Decision)

MEASURED = ev.Measured(0, 0, 7, (ev.Colour("orange", 0.8),), "normal", 0.0)
SHARP = ev.FrameScore(7, 0, 1280, 720, sharpness=300.0, brightness=120.0, contrast=50.0, motion=1.0)
SIGN = (ev.TextLine("PLATFORM 7", 0.99), ev.TextLine("BASEL", 0.98), ev.TextLine("14:05", 0.98))


@dataclass
class Reply:
    """What a model gives back for one question. `failure`: a kind, after the words; `hangs`: it never ends."""

    text: str = ""
    calls: tuple[ev.ToolCall, ...] = ()
    first_ms: int = 200
    failure: str = ""
    hangs: bool = False
    tokens: tuple[int, int] = (100, 20)
    carry: str = ""


@dataclass
class World:
    """What is there to be heard and seen, and what it costs to find out."""

    transcribe_ms: int = 60
    look_ms: int = 40
    read_ms: int = 250
    voice_ms: int = 5
    word_ms: int = 300  # how long the voice takes for a word
    frame: ev.FrameScore | None = SHARP
    lines: tuple[ev.TextLine, ...] = SIGN
    codes: tuple[ev.Code, ...] = ()
    measured: ev.Measured = MEASURED
    model: str = "stand-in"
    model_first_ms: int = 200
    model_words_ms: int = 80
    model_answer: str = "The door is red."
    model_failure: str = ""
    closed_vocabulary: bool = True
    greet: bool = False
    understands: bool = True
    transcribe_fails: bool = False
    broken: str = ""  # the lane whose engine raises: "look", "read_codes" …
    photo_ms: int | None = None  # the camera only takes photos: from being asked to the arrival, taken halfway
    frame_age_ms: int = 0  # how long before a look the camera stopped
    model_ends_in: str = ""  # kind of failure after the last word
    models: tuple[ev.ModelInfo, ...] = ()  # () = the one called `model`
    tools: tuple[ev.ToolInfo, ...] = ()
    reply: Callable[[ev.AskModel], Reply | None] = lambda ask: None  # None: as the lines above say
    used: Callable[[ev.RunTool], ev.ToolDone | None] = lambda run: ev.ToolDone(0, run.request, "done")
    tool_ms: int = 100
    wall_clock: str = "2026-11-21T14:05:00+01:00"
    spent_usd: float = 0.0
    memory: Any = None  # a `MemoryStore`, real or a stand-in
    memory_ms: int = 5
    offers: bool = True  # with a memory: what is told in passing is offered to be remembered


@dataclass
class _Playing:
    utterance: int
    chunk: int
    end_ns: int


@dataclass
class ScriptedSession:
    """Drive it with `say`, `tap`, `run_until`; then read `decisions`."""

    world: World = field(default_factory=World)
    options: DirectorOptions = field(default_factory=DirectorOptions)

    def __post_init__(self) -> None:
        self.director = Director(self.options)
        self.tape: list[ev.Happening] = []
        self.decisions: list[ev.Decision] = []
        self.now_ns = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._speech: list[tuple[int, int, str]] = []
        self._cancelled: set[int] = set()
        self._photos: list[ev.FrameScore] = []
        self._play = Player(self)
        w = self.world
        model = w.models[0].name if w.models else w.model
        self.feed(
            ev.SessionStarted(
                0,
                "scripted",
                w.closed_vocabulary,
                model,
                ("scripted",),
                False,
                w.wall_clock,
                w.models,
                w.tools,
                0,
                w.spent_usd,
                memory=w.memory is not None,
                reminders=w.memory.reminders() if w.memory is not None else (),
                offers=w.memory is not None and w.offers,
            )
        )
        self.feed(ev.LinkChanged(0, "connected", True, self.world.frame is not None, self.world.greet))
        self._at(WINDOW_NS, self._window)

    # -- the script

    def say(self, text: str, at_ms: int, ms: int = 0) -> int:
        """The wearer speaks; returns when they end, in ms. Default pace: 300 ms a word."""
        length = ms or 300 * max(1, len(text.split()))
        self._speech.append((at_ms * MS, (at_ms + length) * MS, text))
        return at_ms + length

    def tap(self, at_ms: int) -> None:
        self._at(at_ms * MS, lambda: self.feed(ev.DeviceEvent(self.now_ns, "tap")))

    def run_until(self, ms: int) -> ScriptedSession:
        while self._heap and self._heap[0][0] <= ms * MS:
            t_ns, _, act = heapq.heappop(self._heap)
            due = self.director.next_deadline_ns()
            if due is not None and due <= t_ns:
                self._order += 1
                heapq.heappush(self._heap, (t_ns, self._order, act))
                self.now_ns = max(self.now_ns, due)
                self._carry_out(self.director.wake(self.now_ns))
                continue
            self.now_ns = t_ns
            act()
        return self

    # -- reading what was decided

    def all(self, kind: type[E]) -> list[E]:
        source: list[ev.Happening | ev.Decision] = [*self.tape, *self.decisions]
        return [e for e in source if type(e) is kind]  # type: ignore[misc]

    def spoken(self, turn: int | None = None) -> str:
        return " ".join(d.text for d in self.all(ev.Speak) if turn in (None, d.turn) and d.text)

    @property
    def state(self) -> str:
        return self.director.state

    # -- the world's side

    def feed(self, event: ev.Happening) -> None:
        self.tape.append(event)
        self._carry_out(self.director.feed(event))

    def _at(self, t_ns: int, act: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._heap, (t_ns, self._order, act))

    def _later(self, ms: float, act: Callable[[], None]) -> None:
        self._at(self.now_ns + int(ms * MS), act)

    def _window(self) -> None:
        middle = self.now_ns - WINDOW_NS // 2
        voiced = any(start <= middle < end for start, end, _ in self._speech)
        self.feed(ev.VoiceWindow(self.now_ns, self.now_ns, 0.9 if voiced else 0.02, -25.0 if voiced else -60.0))
        self._at(self.now_ns + WINDOW_NS, self._window)

    def _carry_out(self, decisions: list[ev.Decision]) -> None:
        self.decisions.extend(decisions)
        for d in decisions:
            self._one(d)

    def _one(self, d: ev.Decision) -> None:
        w = self.world
        match d:
            case ev.Transcribe() if w.transcribe_fails:
                failed = ev.WorkFailed(0, d.request, "transcribe", "scripted")
                self._later(w.transcribe_ms, lambda: self._answer(d.request, failed))
            case ev.Transcribe():
                self._later(w.transcribe_ms, lambda: self._answer(d.request, self._transcribed(d)))
            case ev.Look() if w.broken == "look":
                broken = ev.WorkFailed(0, d.request, "look", "scripted")
                self._later(w.look_ms, lambda: self._answer(d.request, broken))
            case ev.ReadCodes() if w.broken == "read_codes":
                broken = ev.WorkFailed(0, d.request, "read_codes", "scripted")
                self._later(30, lambda: self._answer(d.request, broken))
            case ev.AskKeyFrame() if w.photo_ms is not None:
                taken = self.now_ns + w.photo_ms * MS // 2
                came = ev.PhotoCame(0, 9, taken)
                self._later(w.photo_ms, lambda: self._photo(came))
            case ev.Look() if w.photo_ms is not None:
                inside = tuple(f for f in self._photos if f.media_ns < d.end_ns)
                within = tuple(f for f in inside if d.start_ns <= f.media_ns) or inside[-1:]
                self._later(w.look_ms, lambda: self._answer(d.request, ev.Looked(self.now_ns, d.request, within)))
            case ev.Look():
                frames = () if w.frame is None else (self._frame_near(d.end_ns),)
                self._later(w.look_ms, lambda: self._answer(d.request, ev.Looked(self.now_ns, d.request, frames)))
            case ev.ReadText():
                read = ev.TextRead
                self._later(
                    w.read_ms, lambda: self._answer(d.request, read(self.now_ns, d.request, d.frame_id, w.lines))
                )
            case ev.ReadCodes():
                self._later(
                    30, lambda: self._answer(d.request, ev.CodesRead(self.now_ns, d.request, d.frame_id, w.codes))
                )
            case ev.Measure():
                seen = replace(w.measured, request=d.request)
                self._later(15, lambda: self._answer(d.request, replace(seen, t_ns=self.now_ns)))
            case ev.AskModel() if (reply := w.reply(d)) is not None:
                self._reply(d.request, reply)
            case ev.AskModel():
                self._stream(d.request)
            case ev.RunTool() if (result := w.used(d)) is not None:
                self._later(w.tool_ms, lambda: self._answer(d.request, result))
            case ev.Memorise() | ev.Recall() | ev.Forget() if w.memory is not None:
                came = self._of_memory(d)
                self._later(w.memory_ms, lambda: self._answer(d.request, came))
            case ev.Cancel():
                self._cancelled.add(d.request)
            case ev.Speak():
                self._later(w.voice_ms, lambda: self._play.add(d))
            case ev.PausePlay():
                self._play.pause(d.on)
            case ev.StopPlay():
                self._play.stop(d.utterance)
            case _:
                pass

    def _of_memory(self, d: ev.Memorise | ev.Recall | ev.Forget) -> ev.Happening:
        store = self.world.memory
        try:
            return self._stored(store, d)
        except MemoryError_ as why:
            kind = {ev.Memorise: ev.Memorised, ev.Recall: ev.Recalled, ev.Forget: ev.Forgotten}[type(d)]
            return kind(0, d.request, trouble=why.trouble)

    def _stored(self, store: Any, d: ev.Memorise | ev.Recall | ev.Forget) -> ev.Happening:
        if isinstance(d, ev.Memorise):
            return ev.Memorised(0, d.request, *store.memorise(d.memory, d.replaces))
        if isinstance(d, ev.Forget):
            gone = store.forget(d.ids, d.subject, d.since_s, d.until_s, d.everything)
            return ev.Forgotten(0, d.request, gone.count, gone.files)
        found = store.recall(d.query, d.what, d.subject, d.limit, d.since_s, d.until_s, d.replaced)
        return ev.Recalled(0, d.request, tuple(found))

    def _photo(self, came: ev.PhotoCame) -> None:
        came = replace(came, t_ns=self.now_ns, frame_id=len(self._photos) + 1)
        assert self.world.frame is not None
        self._photos.append(replace(self.world.frame, frame_id=came.frame_id, media_ns=came.media_ns))
        self.feed(came)

    def _answer(self, request: int, event: ev.Happening) -> None:
        if request not in self._cancelled:
            self.feed(replace(event, t_ns=self.now_ns))

    def _frame_near(self, t_ns: int) -> ev.FrameScore:
        assert self.world.frame is not None
        return replace(self.world.frame, media_ns=min(self.now_ns, t_ns) - self.world.frame_age_ms * MS)

    def _transcribed(self, d: ev.Transcribe) -> ev.Transcribed:
        said = [text for start, end, text in self._speech if start < d.end_ns and end > d.start_ns]
        text = " ".join(said)
        if text.startswith("~"):  # heard, and refused by the recogniser's own gate
            return ev.Transcribed(self.now_ns, d.request, text[1:], False, NOT_A_PHRASE, avg_logprob=REFUSED_LOGPROB)
        accepted = self.world.understands and bool(text) and not text.startswith("(")
        why = "" if accepted else "not one of the phrases I know"
        return ev.Transcribed(self.now_ns, d.request, text if accepted else "", accepted, why)

    def _reply(self, request: int, reply: Reply) -> None:
        at = float(reply.first_ms)
        for word in reply.text.split():
            piece = ev.ModelText(0, request, word + " ")
            self._later(at, lambda piece=piece: self._answer(request, piece))  # type: ignore[misc]
            at += self.world.model_words_ms
        if reply.failure:
            self._later(at, lambda: self._answer(request, ev.ModelFailed(0, request, reply.failure)))
        elif not reply.hangs:
            done = ev.ModelDone(0, request, "stop", *reply.tokens, calls=reply.calls, carry=reply.carry)
            self._later(at, lambda: self._answer(request, done))

    def type(self, text: str, at_ms: int) -> None:
        """The wearer types instead of speaking."""
        self._at(at_ms * MS, lambda: self.feed(ev.Typed(self.now_ns, text)))

    def _stream(self, request: int) -> None:
        w = self.world
        if w.model_failure:
            failed = ev.ModelFailed(0, request, w.model_failure)
            self._later(w.model_first_ms, lambda: self._answer(request, failed))
            return
        at = float(w.model_first_ms)
        for word in w.model_answer.split():
            piece = ev.ModelText(0, request, word + " ")
            self._later(at, lambda piece=piece: self._answer(request, piece))  # type: ignore[misc]
            at += w.model_words_ms
        cut = w.model_ends_in
        end: ev.Happening = ev.ModelFailed(0, request, cut) if cut else ev.ModelDone(0, request, "stop")
        self._later(at, lambda: self._answer(request, end))


class Player:
    """Plays chunks one after another at the world's pace, and marks them as the real playout does."""

    def __init__(self, session: ScriptedSession) -> None:
        self._s = session
        self._queue: list[ev.Speak] = []
        self._now: ev.Speak | None = None
        self._position_ns = 0
        self._chunk_done_ns = 0  # of the chunk that plays, how much has been played
        self._since_ns = 0
        self._paused = False
        self._epoch = 0

    def _length(self, d: ev.Speak) -> int:
        return len(d.text.split()) * self._s.world.word_ms * MS

    def add(self, d: ev.Speak) -> None:
        step = self._s.world.word_ms * MS
        words = tuple(ev.Word(w, i * step, (i + 1) * step) for i, w in enumerate(d.text.split()))
        self._s.feed(ev.ChunkVoiced(self._s.now_ns, d.utterance, d.chunk, self._length(d), words))
        self._queue.append(d)
        self._next()

    def _next(self) -> None:
        if self._now is not None or self._paused or not self._queue:
            return
        self._now = self._queue.pop(0)
        if self._now.chunk == 0:
            self._position_ns = 0
        self._chunk_done_ns = 0
        self._since_ns = self._s.now_ns
        self._mark("started")
        self._resume_chunk()

    def _resume_chunk(self) -> None:
        if self._now is None:
            return
        self._since_ns = self._s.now_ns
        self._epoch += 1
        epoch, left = self._epoch, self._length(self._now) - self._chunk_done_ns
        self._s._at(self._s.now_ns + left, lambda: self._finished(epoch))

    def _finished(self, epoch: int) -> None:
        if epoch != self._epoch or self._now is None or self._paused:
            return
        done, self._now = self._now, None
        self._position_ns += self._length(done)
        if done.last:
            self._s.feed(ev.PlayMark(self._s.now_ns, done.utterance, done.chunk, "finished", self._position_ns))
        self._next()

    def _played_ns(self) -> int:
        running = 0 if self._paused else self._s.now_ns - self._since_ns
        return self._position_ns + self._chunk_done_ns + (running if self._now else 0)

    def _mark(self, mark: str) -> None:
        assert self._now is not None
        self._s.feed(ev.PlayMark(self._s.now_ns, self._now.utterance, self._now.chunk, mark, self._played_ns()))

    def pause(self, on: bool) -> None:
        if on == self._paused:
            return
        if on:
            if self._now is not None:
                self._chunk_done_ns += self._s.now_ns - self._since_ns
            self._paused = True
            self._epoch += 1
            if self._now is not None:
                self._mark("paused")
        else:
            self._paused = False
            if self._now is not None:
                self._mark("resumed")
                self._resume_chunk()
            else:
                self._next()

    def stop(self, utterance: int) -> None:
        self._queue = [d for d in self._queue if d.utterance != utterance]
        if self._now is not None and self._now.utterance == utterance:
            self._mark("stopped")
            self._now = None
            self._epoch += 1
        self._paused = False
