"""A recording as a tape to replay from: what came from outside, and for everything asked for, what came of it.

Each thing keeps its rank, its place in the file, which is the order in which it was accepted. What came of a decision
is kept relative to the decision: replayed at another time, it comes as much later as it did. No media is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from pipelines import events as ev
from recordings import session as names
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead
from recordings.reader import Recording, Stored
from recordings.schema import kind_named
from recordings.stored import HttpPart, Pulls, StillIndex, VoiceBlock, Woken

Event = ev.Happening | ev.Decision

# What the shell makes itself in a replay, of results, of the network and of the sound that it gives out.
MADE = (
    ev.Transcribed,
    ev.TurnScored,
    ev.Looked,
    ev.TextRead,
    ev.CodesRead,
    ev.Measured,
    ev.WorkFailed,
    ev.ModelText,
    ev.ModelDone,
    ev.ModelFailed,
    ev.ToolDone,
    ev.Memorised,
    ev.Recalled,
    ev.Forgotten,
    ev.ChunkVoiced,
    ev.PlayMark,
)
OWN_TOPICS: Mapping[str, type] = {
    names.PULLS: Pulls,
    names.VOICED: VoiceBlock,
    names.WOKEN: Woken,
    names.STILL_INDEX: StillIndex,
    names.HTTP: HttpPart,
}
LANES: Mapping[type, str] = {
    ev.Transcribe: "transcribe",
    ev.ScoreTurn: "turn",
    ev.Look: "look",
    ev.ReadText: "read_text",
    ev.ReadCodes: "read_codes",
    ev.Measure: "measure",
    ev.RunTool: "tool",
    ev.Memorise: "memory",
    ev.Recall: "memory",
    ev.Forget: "memory",
}
ENDS = ("finished", "stopped")


@dataclass(frozen=True, slots=True)
class Ranked:
    """An event and its place on the tape."""

    rank: int
    event: Event


@dataclass(slots=True)
class Result:
    """What came of one piece of work. `after_ns`: how long after the decision; None: nothing, it was cancelled."""

    asked: Any  # the decision
    after_ns: int | None = None
    rank: int = 0
    event: Any = None  # the happening that carries it
    parts: list[tuple[int, int, Any]] = field(default_factory=list)  # after_ns, rank, event: what came before it


@dataclass(slots=True)
class Voicing:
    """What came of one `Speak`: blocks of sound, and the end. Times count from the decision."""

    speak: ev.Speak
    blocks: list[tuple[int, int, Any]] = field(default_factory=list)  # after_ns, rank, block (samples and words)
    voiced: tuple[int, int, ev.ChunkVoiced] | None = None
    failed: tuple[int, int, ev.WorkFailed] | None = None


@dataclass(slots=True)
class Exchange:
    """One request on the network, as recorded. Times of the parts count from the `AskModel`."""

    begin: HttpBegin
    asked: ev.AskModel
    head: HttpHead | None = None
    chunks: list[HttpChunk] = field(default_factory=list)
    end: HttpEnd | None = None

    def after_ns(self, part: HttpHead | HttpChunk | HttpEnd) -> int:
        return self.begin.t_ns + part.t_rel_ns - self.asked.t_ns


@dataclass(slots=True)
class Asking:
    """What came of one `AskModel`. `came`: (after_ns, rank, happening), in order."""

    ask: ev.AskModel
    exchanges: list[Exchange] = field(default_factory=list)
    came: list[tuple[int, int, ev.Happening]] = field(default_factory=list)
    pictures: dict[tuple[int, ...], tuple[int, str]] = field(default_factory=dict)  # by shot: after_ns, SHA-256
    withheld: str = ""  # why the wearer's rules kept a picture back

    def picture(self, view: ev.View) -> tuple[int, str] | None:
        """Of this view; files that do not say which part of the frame a picture is have one picture a frame."""
        return self.pictures.get(shot(view)) or (None if any(view.box) else self.pictures.get((view.frame_id,)))


@dataclass(slots=True)
class Utterance:
    """One answer as it was played: when it was asked for, began and ended, and what the ear said of it."""

    number: int
    turn: int
    ordinal: int  # among the utterances of its turn
    speak_ns: int
    started_ns: int | None = None
    end: ev.PlayMark | None = None
    heard: list[ev.HeardMark] = field(default_factory=list)


@dataclass
class Tape:
    """All of it, by what it is looked up by. `events`: everything, in order; `outside`: what a replay feeds in."""

    path: Path
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    torn: str = ""
    events: list[Ranked] = field(default_factory=list)
    outside: list[Ranked] = field(default_factory=list)
    results: dict[tuple[Any, ...], list[Result]] = field(default_factory=lambda: defaultdict(list))
    voicings: dict[tuple[str, str, int], list[Voicing]] = field(default_factory=lambda: defaultdict(list))
    askings: dict[int, Asking] = field(default_factory=dict)  # by request
    utterances: dict[int, Utterance] = field(default_factory=dict)  # by number
    pulls: list[int] = field(default_factory=list)
    woken: dict[int, Woken] = field(default_factory=dict)  # by deadline

    @property
    def started(self) -> ev.SessionStarted | None:
        first = self.events[0].event if self.events else None
        return first if isinstance(first, ev.SessionStarted) else None

    @property
    def ended(self) -> bool:
        return bool(self.events) and any(isinstance(e.event, ev.SessionEnded) for e in self.events[-40:])

    @property
    def last_ns(self) -> int:
        return max((e.event.t_ns for e in self.events[-200:]), default=0)

    @property
    def decisions(self) -> list[ev.Decision]:
        return [e.event for e in self.events if isinstance(e.event, ev.Decision)]

    @cached_property
    def cancelled_ns(self) -> dict[int, int]:
        """When each request was cancelled, by its number."""
        return {d.request: d.t_ns for d in reversed(self.decisions) if isinstance(d, ev.Cancel)}

    def latency_ns(self, kind: str, default_ns: int) -> int:
        """The middle of what this kind of work took here, from decision to result."""
        took = sorted(
            r.after_ns
            for rs in self.results.values()
            for r in rs
            if r.after_ns is not None and lane_of(r.asked) == kind
        )
        return took[len(took) // 2] if took else default_ns


def shot(view: ev.View) -> tuple[int, ...]:
    """What a picture is known by: the frame, the part of it, its size and its quality."""
    return (view.frame_id, *view.box, view.px, view.quality)


def lane_of(decision: ev.Decision) -> str:
    return LANES.get(type(decision), "")


def work_key(d: Any) -> tuple[Any, ...]:
    """What work is known by: the same work has the same result, whenever it is asked for."""
    if isinstance(d, ev.Transcribe | ev.ScoreTurn | ev.Look):
        return (lane_of(d), d.start_ns, d.end_ns)
    if isinstance(d, ev.RunTool):
        return (lane_of(d), d.name, d.arguments)
    if isinstance(d, ev.Memorise):
        return (lane_of(d), "memorise", d.memory.what, d.memory.subject, d.memory.text, d.replaces)
    if isinstance(d, ev.Recall):
        return (lane_of(d), "recall", d.query, d.what, d.subject, d.limit, d.replaced)
    if isinstance(d, ev.Forget):
        return (lane_of(d), "forget", d.ids, d.subject, d.everything)
    return (lane_of(d), d.frame_id)


def read_tape(path: Path) -> Tape:
    """Read a recording once. Raises RecordingError if it is none."""
    recording = Recording(path)
    tape = Tape(path, recording.settings, dict(recording.info.environment))
    keeper = _Keeper(tape)
    for message in recording.messages(tuple(OWN_TOPICS), (names.EVENT, names.DECISION)):
        keeper.take(recording, message)
    keeper.finish()
    tape.torn = recording.torn
    return tape


class _Keeper:
    """Puts each message where it will be looked for."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._work: dict[int, Result] = {}  # by request
        self._voicing: dict[tuple[int, int], Voicing] = {}  # by utterance and chunk
        self._exchanges: dict[int, Exchange] = {}  # by number
        self._stills: list[StillIndex] = []
        self._in_turn: dict[int, int] = defaultdict(int)  # utterances begun, by turn
        self._classes: dict[str, type | None] = {}

    def take(self, recording: Recording, message: Stored) -> None:
        own = OWN_TOPICS.get(message.topic)
        if own is not None:
            self._own(recording.decoded(own, message), message.sequence)
            return
        name = message.topic.rpartition("/")[2]
        cls = self._classes.get(name) or self._classes.setdefault(name, kind_named(name))
        if cls is not None:
            self._event(recording.decoded(cls, message), message.sequence)

    def _own(self, thing: Any, rank: int) -> None:
        tape = self._tape
        if isinstance(thing, Pulls):
            tape.pulls.extend(accumulate(thing.delta_ns, initial=thing.t_ns))
        elif isinstance(thing, VoiceBlock):
            if voicing := self._voicing.get((thing.utterance, thing.chunk)):
                voicing.blocks.append((thing.t_ns - voicing.speak.t_ns, rank, thing))
        elif isinstance(thing, Woken):
            tape.woken[thing.due_ns] = thing
        elif isinstance(thing, StillIndex):
            self._stills.append(thing)
        elif isinstance(thing, HttpPart) and thing.part is not None:
            self._http(thing.part)

    def _http(self, part: HttpBegin | HttpHead | HttpChunk | HttpEnd) -> None:
        if isinstance(part, HttpBegin):
            if asking := self._asking_of(part):
                exchange = Exchange(part, asking.ask)
                self._exchanges[part.exchange] = exchange
                asking.exchanges.append(exchange)
            return
        found = self._exchanges.get(part.exchange)
        if found is None:
            return
        match part:
            case HttpHead():
                found.head = part
            case HttpChunk():
                found.chunks.append(part)
            case HttpEnd():
                found.end = part

    def _asking_of(self, begin: HttpBegin) -> Asking | None:
        """Whose request it is; older files do not say, then it is the turn's last question before it."""
        if begin.request:
            return self._tape.askings.get(begin.request)
        asked = [a for a in self._tape.askings.values() if a.ask.turn == begin.turn and a.ask.t_ns <= begin.t_ns]
        return asked[-1] if asked else None

    def _event(self, event: Event, rank: int) -> None:
        tape = self._tape
        tape.events.append(Ranked(rank, event))
        if isinstance(event, ev.Decision):
            self._decision(event)
        elif isinstance(event, MADE):
            self._made(event, rank)
        else:
            if isinstance(event, ev.HeardMark) and (said := tape.utterances.get(event.utterance)):
                said.heard.append(event)
            elif isinstance(event, ev.PictureCovered) and (asking := tape.askings.get(event.request)):
                asking.withheld = event.withheld
            tape.outside.append(Ranked(rank, event))

    def _decision(self, d: ev.Decision) -> None:
        tape = self._tape
        if type(d) in LANES:
            work: Any = d
            result = self._work[work.request] = Result(d)
            tape.results[work_key(d)].append(result)
        elif isinstance(d, ev.Speak):
            if d.utterance not in tape.utterances:
                tape.utterances[d.utterance] = Utterance(d.utterance, d.turn, self._in_turn[d.turn], d.t_ns)
                self._in_turn[d.turn] += 1
            voicing = self._voicing[(d.utterance, d.chunk)] = Voicing(d)
            tape.voicings[(d.text, d.voice, d.rate_wpm)].append(voicing)
        elif isinstance(d, ev.AskModel):
            tape.askings[d.request] = Asking(d)

    def _made(self, event: Any, rank: int) -> None:
        tape = self._tape
        if isinstance(event, ev.PlayMark):
            self._mark(event)
        elif isinstance(event, ev.ChunkVoiced):
            if voicing := self._voicing.get((event.utterance, event.chunk)):
                voicing.voiced = (event.t_ns - voicing.speak.t_ns, rank, event)
        elif isinstance(event, ev.WorkFailed) and event.kind == "voice":
            unsaid = [v for (u, _), v in self._voicing.items() if u == event.request and v.voiced is None]
            if unsaid:
                unsaid[0].failed = (event.t_ns - unsaid[0].speak.t_ns, rank, event)
        elif isinstance(event, ev.ModelText | ev.ModelDone | ev.ModelFailed):
            if asking := tape.askings.get(event.request):
                asking.came.append((event.t_ns - asking.ask.t_ns, rank, event))
        elif (result := self._work.get(event.request)) and isinstance(event, ev.TextRead) and event.more:
            result.parts.append((event.t_ns - result.asked.t_ns, rank, event))
        elif result:
            result.after_ns, result.rank, result.event = event.t_ns - result.asked.t_ns, rank, event

    def _mark(self, event: ev.PlayMark) -> None:
        said = self._tape.utterances.get(event.utterance)
        if said is None:
            return
        if event.mark == "started" and said.started_ns is None:
            said.started_ns = event.t_ns
        elif event.mark in ENDS:
            said.end = event

    def finish(self) -> None:
        """Which picture went with which question; and if it is not known when sound was taken, the marks say it."""
        tape = self._tape
        for still in self._stills:
            if not still.sent_to:
                continue
            asking = tape.askings.get(still.request) if still.request else self._asked_with(still)
            if asking is not None:
                box = still.box if len(still.box) == 4 else (0, 0, 0, 0)
                key = (still.frame_id, *box, still.px, still.quality) if still.px else (still.frame_id,)
                asking.pictures.setdefault(key, (still.t_ns - asking.ask.t_ns, still.sha256))
        if not tape.pulls:
            marks = [r for r in tape.events if isinstance(r.event, ev.PlayMark)]
            tape.outside = sorted([*tape.outside, *marks], key=lambda r: r.rank)

    def _asked_with(self, still: StillIndex) -> Asking | None:
        """Older files do not say which request a picture went with: the last question before it that shows it."""
        for asking in reversed(self._tape.askings.values()):
            shown = {m.frame_id for m in asking.ask.messages if m.frame_id}
            if asking.ask.t_ns <= still.t_ns and still.frame_id in shown:
                return asking
        return None
