"""The world around one session: the real shell, voice activity, deciders and playout, on virtual time.

A script is a coroutine: it says things, waits, and looks at what was decided. Every 20 ms the microphone's packet,
mixed from whatever sounds just then, goes in as the link hands it in, and 20 ms of the answer are taken out; with an
echo path they come back into the microphone. Slow work runs for real and is delivered at a drawn or measured cost, one
lane a kind. No clock runs, so the same seed gives the same decisions on any machine.

Not in here: the network (a packet arrives when its last sample was captured) and the device's own delays.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np

from companion.clock import SessionClock
from companion.compute import Door
from companion.engines import Engines
from companion.model.models import Models
from companion.replay.loop import VirtualLoop
from companion.session import Parts, Session
from companion.settings import load
from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.hearing.voice_activity import SileroModel
from pipelines.speaking.voice import Voice
from tests.bench.turns import sentences
from tests.bench.turns.recogniser import Heard, ScriptedRecogniser
from tests.bench.turns.rooms import BLOCK, Echo, EchoPath, noise
from tests.bench.turns.standins import LaneDoor, Link, RememberedVoice, StandInModel
from tests.bench.turns.voices import RATE_HZ, Clip, Sound

T = TypeVar("T", bound="ev.Happening | ev.Decision")
PACKET_NS = 20 * MS
LOOK_MS = 40.0
WALL_CLOCK = "2026-11-21T14:05:00+01:00"
EAR_MS = (40, 60)  # from our sending to the ear: a device's own buffer
NOISE_S = 20.0
PLAYED_DBFS = -50.0  # of what is sent: ducked, it is below


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session happens. `sets`: settings as `section.key=value`; `echo`: None if the device cancels it."""

    seed: tuple[int, ...]
    noise: str = "pink"
    noise_dbfs: float = -56.0
    echo: EchoPath | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Something that was said: when it sounds, and the pauses in it. Session clock."""

    clip: Clip
    start_ns: int
    end_ns: int
    pauses_ns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """20 ms that were sent. `dbfs`: -120 for silence."""

    t_ns: int
    dbfs: float


@dataclass
class World:
    """`run(script)`, then read `events`, `pulled`, `placed`."""

    place: Place
    transcriber: Any = None  # None: the scripted recogniser
    transcribe_ms: float = 25.0  # cost of any other
    voice_activity: Any = None  # None: the real one; or `SameSound`, which remembers what it gave
    answer: str = ""  # what the model says; "" = one of `sentences.ANSWERS` in turn
    events: list[ev.Happening | ev.Decision] = field(default_factory=list)
    pulled: list[Pulled] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.place.seed)
        self.recogniser = ScriptedRecogniser(np.random.default_rng((*self.place.seed, 1)))
        self.recogniser.played = self._played
        self.loop = VirtualLoop()
        self.settings = load(sets=["speaking.greet=false", *self.place.sets], env={})
        once = noise(self.place.noise, NOISE_S, self.place.noise_dbfs, self.random)
        self._noise = np.concatenate([once, once[:BLOCK]])  # so that a packet never runs over its end
        self._echo = Echo(self.place.echo, self.random) if self.place.echo else None
        self._sounds: list[tuple[int, Sound]] = []  # (first sample, sound) of all that was placed and may still sound
        self._captured = 0  # samples that have left the microphone
        self._voiced: dict[tuple[int, int], tuple[ev.Word, ...]] = {}
        self._began: dict[tuple[int, int], int] = {}
        self._asked = 0
        self.session: Session

    def run(self, script: Callable[[World], Awaitable[None]]) -> World:
        """Play the script to its end."""
        try:
            self.loop.run_until_complete(self._run(script))
        finally:
            self.loop.settle()
            self.loop.close()
        return self

    async def _run(self, script: Callable[[World], Awaitable[None]]) -> None:
        door, clock = LaneDoor(self.loop, self._cost_ms), SessionClock()
        transcriber = self.transcriber or self.recogniser
        voices: dict[str, Voice] = {"espeak": RememberedVoice()}
        engines = Engines(
            voice_activity=self.voice_activity or SileroModel.load(),
            transcriber=transcriber,
            reader=cast(Any, None),
            codes=cast(Any, None),
            voices=voices,
        )
        model = cast(Models, StandInModel(self.next_answer))
        self.session = Session(
            Link("open" if self._echo else "cancelled"),
            Parts(
                clock, engines, self.settings, cast(Door, door), models=model, watch=self._see, wall_clock=WALL_CLOCK
            ),
        )
        self.session.on_state("connected", True, False, True, "bench")
        self.loop.feeds = [
            _Every(PACKET_NS, PACKET_NS, self._microphone),
            _Every(PACKET_NS, PACKET_NS // 2, self._take),
        ]
        await script(self)
        self.session.end("the script is over")
        self.loop.feeds = []

    # ----------------------------------------------------------------------------------------------- for the script

    @property
    def now_ns(self) -> int:
        return self.session.clock.now_ns()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, t_ns: int) -> None:
        await asyncio.sleep(max(0.0, (t_ns - self.now_ns) / NS))

    async def quiet(self, most_s: float = 30.0) -> None:
        """Until nobody is speaking or about to, or so long."""
        until_ns = self.now_ns + int(most_s * NS)
        while self.now_ns < until_ns and not (self.session.playout.idle and self.session.director.state == "listening"):
            await asyncio.sleep(0.02)

    async def sounds(self, most_s: float = 10.0) -> bool:
        """Until an answer has begun to sound; False if none did in so long."""
        since, until_ns = len(self.events), self.now_ns + int(most_s * NS)
        while self.now_ns < until_ns:
            if any(isinstance(e, ev.PlayMark) and e.mark == "started" for e in self.events[since:]):
                return True
            await asyncio.sleep(0.02)
        return False

    def say(self, clip: Clip, who: str = "wearer", dbfs: float = -26.0, heard: bool = True) -> Placed:
        """It begins with the next packet. `heard`: the recogniser can know its words."""
        first = self._captured + BLOCK
        self.sound(clip.sound, first)
        self.recogniser.sounding.append((first * NS // RATE_HZ, (first + len(clip.sound)) * NS // RATE_HZ))
        start_ns = first * NS // RATE_HZ

        def at(seconds: float) -> int:
            return start_ns + round(seconds * NS)

        if heard:
            self.recogniser.words += [Heard(w.text, at(w.start_s), at(w.end_s), dbfs, who) for w in clip.words]
        pauses = tuple((at(a), at(b)) for a, b in clip.pauses)
        placed = Placed(clip, start_ns, at(clip.seconds), pauses)
        if who == "wearer":
            self.placed.append(placed)
        return placed

    def sound(self, sound: Sound, first: int | None = None) -> int:
        """Put it into the microphone's sound, at the next packet; returns its end in ns."""
        first = self._captured + BLOCK if first is None else first
        self._sounds.append((first, sound))
        return (first + len(sound)) * NS // RATE_HZ

    def tap(self) -> None:
        self.session.deliver(ev.DeviceEvent(self.now_ns, "tap"))

    def type(self, text: str) -> None:
        self.session.deliver(ev.Typed(self.now_ns, text))

    # ------------------------------------------------------------------------------------------------ what was decided

    def all(self, kind: type[T], from_ns: int = 0, until_ns: int = 1 << 62) -> list[T]:
        return [e for e in self.events if type(e) is kind and from_ns <= e.t_ns < until_ns]

    # ------------------------------------------------------------------------------------------------ sound in and out

    def _microphone(self) -> None:
        first, count = self._captured, BLOCK
        rest = first % (len(self._noise) - BLOCK)
        mixed = self._noise[rest : rest + count].astype(np.float64)
        for start, sound in self._sounds:
            low, high = max(first, start), min(first + count, start + len(sound))
            if low < high:
                mixed[low - first : high - first] += sound[low - start : high - start]
        self._sounds = [(start, sound) for start, sound in self._sounds if start + len(sound) > first + count]
        if self._echo is not None:
            mixed += self._echo.heard(first, count)
        self._captured += count
        pcm = np.round(np.clip(mixed, -1, 1) * 32767).astype(np.int16)
        now_ns = self.now_ns
        self.session.on_microphone(b"", pcm, 3 * first, now_ns, first * NS // RATE_HZ, False)

    def _take(self) -> None:
        pcm = self.session.pull()
        level = -120.0
        if pcm is not None and pcm.any():
            level = float(10 * np.log10(np.mean((pcm / 32768.0) ** 2)))
        self.pulled.append(Pulled(self.now_ns, level))
        if self._echo is not None:
            self._echo.play(pcm)

    def _see(self, event: ev.Happening | ev.Decision) -> None:
        if isinstance(event, ev.VoiceWindow):
            return
        self.events.append(event)
        if isinstance(event, ev.ChunkVoiced):
            self._voiced[event.utterance, event.chunk] = event.words
            self._own_words(event.utterance, event.chunk)
        elif isinstance(event, ev.PlayMark):
            if event.mark == "started":
                self._began[event.utterance, event.chunk] = event.t_ns
                self._own_words(event.utterance, event.chunk)
            self._ear(event)

    def _own_words(self, utterance: int, chunk: int) -> None:
        """With an echo, what we say is in the microphone's sound: the recogniser may hear it."""
        path, key = self.place.echo, (utterance, chunk)
        if path is None or key not in self._began or key not in self._voiced:
            return
        base_ns = self._began[key] + int(path.delay_ms * MS)
        self.recogniser.words += [
            Heard(w.text.lower().strip(".,?!"), base_ns + w.start_ns, base_ns + w.end_ns, path.dbfs, "own")
            for w in self._voiced.pop(key)
        ]

    def _played(self, start_ns: int, end_ns: int) -> bool:
        """Whether our own voice came back in most of that time."""
        delay_ns = int(self.place.echo.delay_ms * MS) if self.place.echo else 0
        since = bisect_left(self.pulled, start_ns - delay_ns, key=lambda p: p.t_ns)
        until = bisect_left(self.pulled, end_ns - delay_ns, key=lambda p: p.t_ns)
        aloud = sum(p.dbfs > PLAYED_DBFS for p in self.pulled[since:until])
        return 2 * aloud > until - since

    def _ear(self, mark: ev.PlayMark) -> None:
        """The device's word on what reached the ear."""
        name = {"started": "first", "finished": "last", "stopped": "last"}.get(mark.mark)
        if name is None or (name == "first" and mark.chunk > 0):
            return
        delay_ns = int(self.random.integers(EAR_MS[0], EAR_MS[1] + 1)) * MS

        def heard() -> None:
            self.session.on_heard(mark.utterance, name, self.now_ns, mark.position_ns)

        self.loop.call_at_ns(self.loop.now_ns + delay_ns, heard)

    # ------------------------------------------------------------------------------------------- what work costs, says

    def _cost_ms(self, decision: ev.Decision) -> float:
        if not isinstance(decision, ev.Transcribe):
            return LOOK_MS
        if self.transcriber is not None:
            return self.transcribe_ms
        self.recogniser.asked(decision.start_ns, decision.end_ns)
        return self.recogniser.cost_ms()

    def next_answer(self) -> str:
        self._asked += 1
        return self.answer or sentences.ANSWERS[self._asked % len(sentences.ANSWERS)]


class _Every:
    """A feed of the loop that happens every so many nanoseconds."""

    def __init__(self, every_ns: int, offset_ns: int, act: Callable[[], None]) -> None:
        self._every_ns, self._due_ns, self._act = every_ns, offset_ns, act

    def due(self) -> tuple[int, int] | None:
        return self._due_ns, 0

    def step(self) -> None:
        self._due_ns += self._every_ns
        self._act()


def heard_words(world: World, utterance: int) -> int:
    """How many words of an utterance the ear could have got: those whose sound left aloud, by what was sent."""
    chunks = [e for e in world.all(ev.ChunkVoiced) if e.utterance == utterance]
    marks = [e for e in world.all(ev.PlayMark) if e.utterance == utterance]
    ducks = world.all(ev.Duck)
    reached_ns = 0
    since: tuple[int, int] | None = None  # (moment, position) from which on it has been running
    turns = sorted([*marks, *ducks], key=lambda e: e.t_ns)
    ducked = False
    for event in turns:
        if since is not None and not ducked:
            reached_ns = max(reached_ns, since[1] + event.t_ns - since[0])
        if isinstance(event, ev.Duck):
            if since is not None:
                since = (event.t_ns, since[1] + event.t_ns - since[0])
            ducked = event.on
        elif (event.mark == "started" and since is None) or event.mark == "resumed":
            since = (event.t_ns, event.position_ns)
        elif event.mark in {"paused", "stopped", "finished"}:
            if not ducked:
                reached_ns = max(reached_ns, event.position_ns)
            since = None
    count, base_ns = 0, 0
    for chunk in chunks:
        count += sum(base_ns + (w.start_ns + w.end_ns) // 2 <= reached_ns for w in chunk.words)
        base_ns += chunk.duration_ns
    return count
