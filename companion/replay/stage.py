"""One run on the tape's time: the live session's own shell and deciders, with three ports changed.

The clock, the compute door and the transport come from the tape; the link is a device that takes sound and is told
things. Everything between them is the code that runs live. What the run needs and the tape does not have is a miss.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from companion.clock import SessionClock
from companion.engines import Engines
from companion.guard import Undeclared, declared_only
from companion.link.record import NOT_SAID
from companion.model.configured import model_profiles
from companion.model.models import Models
from companion.model.profile import ModelProfile
from companion.net import Net, NetOptions
from companion.replay.cassette import Cassette, Fetch
from companion.replay.device import Ear, PulledSound
from companion.replay.door import TapedDoor
from companion.replay.loop import VirtualLoop
from companion.replay.tape import Event, Ranked, Tape, Utterance
from companion.session import Parts, Session
from companion.settings import Settings, SettingsError
from pipelines import conversation as floor
from pipelines import events as ev
from pipelines.speaking.playout import Playout
from pipelines.thinking.dialects.query import pictures_of
from recordings.run import Miss
from recordings.session import RecordingError

WINDOW_NS = 32 * ev.MS
PATIENCE_NS = 90 * ev.NS  # longer than any answer is waited for once the tape is over: then the run ends as it is


@dataclass(frozen=True, slots=True)
class Scene:
    """Which part of a tape is run, and how.

    `begin`: the state to begin from (None: the session's start); `first` and `last`: ranks of what is fed in, both
    included; `follow`: the run may leave the recorded way, so the device follows the run and not the tape, and what the
    tape does not have is a miss; `until_rest`: go on with silence behind `last` until nothing is under way; `swap`:
    from this rank on the deciders have these settings; `limit`: a wearer who is being heard at `last` is heard out, up
    to here; `until_closed`: the run is over when this turn is.
    """

    begin: ev.Resumed | None = None
    first: int = 0
    last: int = 1 << 62
    follow: bool = False
    until_rest: bool = False
    swap: tuple[int, Settings] | None = None
    limit: int = 1 << 62
    until_closed: int = 0


@dataclass(slots=True)
class Ports:
    """What a run may use beside the tape. `media`: puts recorded sound and pictures where the session looks for them;
    `fetch`: really asks a model."""

    cassette: str = "strict"
    engines: Engines | None = None
    media: Callable[[Session, int], None] | None = None
    fetch: Fetch | None = None
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Played:
    """What came of a run. `stopped`: why it ended before its end, "" if it did not."""

    events: list[Event] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    stopped: str = ""
    now_ns: int = 0


class Stage:
    """Builds a run; `play` runs it to its end. `stepped(event or None)` is called after each step, for who watches."""

    def __init__(self, tape: Tape, settings: Settings, scene: Scene, ports: Ports) -> None:
        self.tape, self.settings, self.scene, self.ports = tape, settings, scene, ports
        self.played = Played()
        self.watch: Callable[[Stage, Ranked | None], None] | None = None
        self.loop = VirtualLoop(scene.begin.t_ns if scene.begin else 0)
        self.clock = _clock(self)
        self.door = TapedDoor(self.loop, tape, self, strict=not scene.follow)
        self.cassette = Cassette(self.loop, tape, self, ports.cassette, ports.fetch, gives_up=not scene.follow)
        self.ear = Ear(self.loop, self._heard)
        self.turn = 0
        self.closed = False  # the turn that the scene is about
        self._over: asyncio.Event | None = None
        self._utterances: dict[int, int] = {}  # utterances begun, by turn
        self._begun: set[int] = set()
        self._said = {(u.turn, u.ordinal): u for u in tape.utterances.values()}
        self._swapped = scene.swap is None
        self.session: Session

    # ------------------------------------------------------------------------------------------------------- the run

    def play(self) -> Played:
        """Run to the end. Raises Undeclared if something would not be the same another time."""
        try:
            with _quiet_log(), declared_only():
                self.loop.run_until_complete(self._run())
        except (Undeclared, RecordingError, SettingsError):
            raise
        except Exception as why:
            raise RecordingError(self._broken(why)) from why
        finally:
            self.loop.settle()
            self.loop.close()
        self.played.now_ns = self.loop.now_ns
        return self.played

    def _broken(self, why: Exception) -> str:
        place = traceback.extract_tb(why.__traceback__)[-1]
        return (
            f"{self.tape.path}: the replay broke at {self.loop.now_ns / 1e9:.3f} s, in {place.filename}, line "
            f"{place.lineno}: {type(why).__name__}: {str(why)[:300]}. What the file says cannot have happened, or the "
            f"code has a fault: `companion sessions verify` checks the file"
        )

    async def _run(self) -> None:
        self._over = asyncio.Event()
        self.session = Session(_TapedLink(), self._parts())
        if self.scene.begin is not None:
            self.session.deliver(self.scene.begin)
        self.door.prepare = self._media if self.ports.media else None
        if not self.tape.pulls:
            self.session.playout = _NobodyTakes()
        pulled = PulledSound(self.loop, self.tape, self._take, self._idle, self.scene.follow)
        pulled.start_at(self.loop.now_ns)
        self._pulled = pulled
        self._outside = Outside(self)
        self.loop.feeds = [self._outside, pulled] if self.tape.pulls else [self._outside]
        self.loop.stepped = self._stepped
        try:
            await self._over.wait()
        finally:
            self.loop.quiet()
            await self.net.aclose()

    def _parts(self) -> Parts:
        started = self.tape.started or ev.SessionStarted(0)
        profiles = profiles_of(self.tape, self.settings)
        self.net = Net(NetOptions(), self.cassette, timed=self.scene.follow)
        models = Models(self.net, profiles, environ=self._keys(profiles)) if profiles else None
        if models is not None and self.scene.follow:
            started = replace(started, model=profiles[0].name, models=models.infos() if started.models else ())
        engines = self.ports.engines or cast(Engines, _NoEngines(started))
        parts = Parts(self.clock, engines, self.settings, self.door, None, models, watch=self._witness)
        parts.started = started
        self.door.asking = lambda d: self._asking(d)
        return parts

    def _keys(self, profiles: Sequence[ModelProfile]) -> Mapping[str, str]:
        """A key that is not asked for stands in for the real one; where the recording had none, there is none."""
        none = {
            asking.ask.model
            for asking in self.tape.askings.values()
            if any(isinstance(e, ev.ModelFailed) and e.kind == "no_key" for _, _, e in asking.came)
        }
        first = profiles[0].name if profiles else ""
        wanted = [p for p in profiles if p.key_env and p.name not in none and not (p.name == first and "" in none)]
        return {p.key_env: "not-a-key" for p in wanted} | dict(self.ports.keys)

    def _media(self) -> None:
        assert self.ports.media is not None
        self.ports.media(self.session, self.loop.now_ns)

    def _asking(self, d: ev.AskModel) -> Any:
        """The recorded question whose picture is this one's: the one with the same number, or the same frame."""
        own = self.tape.askings.get(d.request)
        if not self.scene.follow or (own is not None and own.ask.messages == d.messages):
            return own
        shown = [v for m in d.messages for v in pictures_of(m, d.image_px, d.image_quality)]
        fitting = [a for a in self.tape.askings.values() if any(a.picture(view) for view in shown)]
        return min(fitting, key=lambda a: abs(a.ask.t_ns - d.t_ns)) if fitting else None

    # ------------------------------------------------------------------------------------------------ what is watched

    def _witness(self, event: Event) -> None:
        self.played.events.append(event)
        if isinstance(event, ev.TurnOpened):
            self.turn = event.turn
        elif isinstance(event, ev.TurnClosed):
            self.closed = self.closed or event.turn == self.scene.until_closed
        elif isinstance(event, ev.AskModel):
            self.turn = max(self.turn, event.turn)  # a question may leave before its turn is certain
            self.cassette.deciding(event)
            same = self.tape.askings.get(event.request)
            self.cassette.match_unsent(event, same if same and same.ask.turn == event.turn else None)
        elif isinstance(event, ev.Speak) and event.utterance not in self._begun:
            self._said_first(event)
        elif isinstance(event, ev.PlayMark) and self.scene.follow:
            self.ear.mark(event)

    def _said_first(self, d: ev.Speak) -> None:
        self._begun.add(d.utterance)
        ordinal = self._utterances.get(d.turn, 0)
        self._utterances[d.turn] = ordinal + 1
        if not self.scene.follow:
            return
        recorded: Utterance | None = self._said.get((d.turn, ordinal))
        self._pulled.said(d, recorded)
        self.ear.said(d, recorded)

    def _heard(self, event: ev.HeardMark) -> None:
        self.session.deliver(event)

    def _take(self) -> None:
        self.session.pull()

    def _idle(self) -> bool:
        return self.session.playout.idle

    # ------------------------------------------------------------------------------------------------------ its steps

    def _stepped(self) -> None:
        if self._outside.over and self._over is not None and self._is_over():
            self._over.set()
        if self.watch is not None:
            self.watch(self, self._outside.latest)
            self._outside.latest = None

    def _is_over(self) -> bool:
        if self.played.stopped or not self.scene.until_rest or self.closed:
            return True
        rest = self.session.director.at_rest and self.session.playout.idle
        return rest or self.loop.now_ns > self._outside.silent_since_ns + PATIENCE_NS

    def swap(self, rank: int) -> None:
        """From here on the deciders have other settings: they are copied as they stand, options replaced."""
        if self._swapped or self.scene.swap is None or rank < self.scene.swap[0]:
            return
        from companion.replay.swap import with_options

        self._swapped = True
        settings = self.scene.swap[1]
        self.session.director = with_options(self.session.director, settings.director())

    # ---------------------------------------------------------------------------------------------------------- misses

    def missed(self, kind: str, what: str, answer: str, diff: str = "") -> None:
        self.played.misses.append(Miss(self.turn, self.loop.now_ns, kind, what, answer, diff))

    def stop(self, kind: str, what: str) -> None:
        """What follows is unknown: end here."""
        if not any(m.answer == "stopped here" and m.what == what for m in self.played.misses):
            self.missed(kind, what, "stopped here")
        self.played.stopped = f"{kind}: {what}"
        self._outside.over = True


class Outside:
    """A feed: what came from outside, from the tape; behind its end, silence if the run shall come to rest."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        scene, tape = stage.scene, stage.tape
        self._tape = tape.outside
        self._skip = (ev.SessionStarted, ev.HeardMark) if scene.follow else (ev.SessionStarted,)
        self._end = bisect_right(tape.outside, scene.last, key=lambda r: r.rank)
        self._limit = bisect_right(tape.outside, scene.limit, key=lambda r: r.rank)
        self._at = self._next(bisect_left(tape.outside, scene.first, key=lambda r: r.rank))
        self._end_ns = tape.last_ns if scene.last == 1 << 62 else 0
        self._silence_ns = 0
        self.over = False
        self.silent_since_ns = 0
        self.latest: Ranked | None = None

    def _next(self, at: int) -> int:
        while at < self._end and isinstance(self._tape[at].event, self._skip):
            at += 1
        return at

    def due(self) -> tuple[int, int] | None:
        if self._at < self._end:
            ranked = self._tape[self._at]
            return ranked.event.t_ns, ranked.rank
        if self._stage.scene.until_rest:
            return self._silence_ns + WINDOW_NS, 1 << 61
        return self._end_ns, 1 << 63

    def step(self) -> None:
        stage = self._stage
        if self._at >= self._end:
            self._go_on()
            return
        ranked = self._tape[self._at]
        self._silence_ns = self.silent_since_ns = ranked.event.t_ns
        stage.swap(ranked.rank)
        event = ranked.event
        if isinstance(event, ev.SessionEnded):
            stage.session.end(event.reason)
            self.over = True
        else:
            assert isinstance(event, ev.Happening)
            stage.session.deliver(event)
        self.latest = ranked
        self._at = self._next(self._at + 1)
        if self._at >= self._end and stage.scene.until_rest:
            self._hear_out()

    def _hear_out(self) -> None:
        """Words that another companion would still be listening to are its words too."""
        stage = self._stage
        listening = stage.session.director.state in (floor.HEARING, floor.SETTLING)
        if listening and self._end < self._limit and not stage.closed:
            self._end += 1
            self._at = self._next(self._at)
        else:
            self.over = True

    def _go_on(self) -> None:
        if not self._stage.scene.until_rest:
            self.over = True  # the tape's last moment has come
            return
        self._silence_ns += WINDOW_NS
        now_ns = self._stage.loop.now_ns
        self._stage.session.deliver(ev.VoiceWindow(now_ns, self._silence_ns, 0.0))
        self.over = True


def profiles_of(tape: Tape, settings: Settings) -> tuple[ModelProfile, ...]:
    """The models of a run: those that were recorded, or if the settings name others, those."""
    started = tape.started
    same = Settings.from_plain(tape.settings, f"{tape.path}: settings.json").model == settings.model
    if same and started is not None and started.models:
        return tuple(ModelProfile.from_json(model.profile) for model in started.models if model.profile)
    return model_profiles(settings)


@contextmanager
def _quiet_log() -> Iterator[None]:
    """What went wrong live was logged live; here it is on the tape."""
    ours = [logging.getLogger(name) for name in ("companion.model", "companion.session", "companion.compute")]
    levels = [log.level for log in ours]
    for log in ours:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(ours, levels, strict=True):
            log.setLevel(level)


class _TapedLink:
    """A device that is told things and says nothing of its own."""

    session = device = "replay"
    echo = ""
    record = NOT_SAID

    def send_message(self, message: Mapping[str, Any]) -> None: ...

    def ask_key_frame(self) -> None: ...

    def cut_answer(self, utterance: int) -> None: ...

    def answer_at(self, utterance: int, position_ns: int) -> None: ...

    async def close(self, reason: str = "") -> None: ...


class _NobodyTakes(Playout):
    """For tapes that do not know when sound was taken: their marks say what was played, so nothing is queued."""

    def add(self, utterance: int, chunk: int, pcm: Any, last: bool, words: Any = (), first: bool = False) -> None: ...


class _NoEngines:
    """Named as the recording names them; none is loaded."""

    voice_activity = transcriber = reader = codes = None

    def __init__(self, started: ev.SessionStarted) -> None:
        self.voices = dict.fromkeys(started.voices)


def _clock(stage: Stage) -> SessionClock:
    from companion.replay.taped_clock import TapedClock

    clock = TapedClock(stage.loop, stage.tape)
    if stage.scene.follow:
        clock.asking = lambda request: stage.cassette.asking(request)
    return clock
