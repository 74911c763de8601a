"""A slice of a recording around one turn (or a stretch of time) that still replays, small enough to keep or send.

        the turn before | at rest ......... | the wearer speaks ... answer ... closed | a second more | the next turn
                          ^ the slice begins                                                        ^ it ends here

It holds `SessionStarted`, then `Resumed` (what the deciders knew at rest), then everything from there on to the end of
the turn and what belongs to it; and of the media as much before as recogniser and decoder need: sound from before the
first word asked for, pictures from the key frame at or before the first look. Of the stills, parts of frames too, it
has those that went with its questions or were kept for them. Times are not shifted: what a report says of the whole
recording is true of the slice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Protocol

from pipelines import events as ev
from recordings import session as names
from recordings.derive import Derived, Edit, Extra, Made, derive
from recordings.exchange import HttpBegin, HttpEnd
from recordings.reader import Recording, Stored
from recordings.schema import encode, kind_named
from recordings.session import RecordingError
from recordings.stored import ClockSample, HttpPart, Pulls, StillIndex

AFTER_NS = ev.NS  # after the turn was closed: late marks of the ear, ends of requests
SOUND_BEFORE_NS = ev.NS // 2  # voice activity needs some silence to settle
STILL_NS = 10 * ev.NS  # how long after the slice a picture that was asked for in it may still be stored
ENDED = "cut here"
FAR_NS = 1 << 62

# A frame, or a part of one: its id, and x, y, width, height of the part; () = the whole.
_Part = tuple[int, tuple[int, ...]]

# After the happenings of the slice, what is decided when the session ends there.
Closing = Callable[[Iterable[ev.Happening], ev.SessionEnded], Sequence[ev.Decision]]


class Start(Protocol):
    """Where the slice begins: with the happening numbered `first`, from the state `resumed` (None: with the session).
    `turns`: those that cannot be told apart from the wanted one, because one interrupted the other."""

    @property
    def first(self) -> int: ...
    @property
    def resumed(self) -> ev.Happening | None: ...
    @property
    def turns(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to cut out: a turn, or the time from `start_ns` to `end_ns`."""

    turn: int = 0
    start_ns: int = 0
    end_ns: int = 0

    def __str__(self) -> str:
        return f"turn {self.turn}" if self.turn else f"{self.start_ns / 1e9:.1f} s to {self.end_ns / 1e9:.1f} s"


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of it. `remembered`: earlier turns whose words are inside, as the deciders remember them; `under_way`:
    what else they knew in words of earlier turns ("a task", "a timer"); `others`: the turns that are in it whole beside
    the wanted one."""

    derived: Derived
    wanted: Wanted
    start_ns: int
    end_ns: int
    remembered: int
    others: tuple[int, ...]
    replays: bool
    under_way: tuple[str, ...] = ()


@dataclass(slots=True)
class _Plan:
    """Where the slice begins and ends, as sequence numbers, and what it needs from outside of these bounds."""

    first: int = 0  # sequence of the first happening that is in; 0: the session's own beginning
    behind: int = 0  # sequence of the last event before it, which is out
    until: int = 1 << 32  # sequence of the first happening that is not
    start_ns: int = 0
    end_ns: int = 0
    media_ns: int = FAR_NS  # earliest media that is asked for
    video_ns: int = 0  # the key frame from which pictures are kept
    ended: bool = False  # the session's own end is in it
    turns: list[int] = field(default_factory=list)  # opened in it
    pictures: set[_Part] = field(default_factory=set)  # that are asked for
    requests: set[int] = field(default_factory=set)  # questions that are asked in it
    clocks: set[int] = field(default_factory=set)  # sequences of the last clock samples before it


def cut(
    source: Path, out: Path, wanted: Wanted, start: Start | None = None, closing: Closing | None = None, **more: Any
) -> Cut:
    """Write the slice. Without `start` it begins with the session, which replays as well but is longer; only a stretch
    of time that begins later cannot be replayed then, and says so. Without `closing` it ends as a crash would end it.

    Raises:
        RecordingError: there is no such turn or time in the source; or as `derive`.
    """
    recording = Recording(source)
    plan = _plan(recording, wanted, start)
    resumed = start.resumed if start is not None else None
    extras: list[Extra] = []
    if resumed is not None:
        extras.append(Extra(resumed, plan.behind))
    if closing is not None and not plan.ended and not recording.torn:
        ended = ev.SessionEnded(plan.end_ns, ENDED)
        extras.append(Extra(ended))
        extras += [Extra(decision) for decision in closing(_happenings(recording, plan, resumed), ended)]
    blind = resumed is None and plan.first > 0
    why = "it begins in the middle of the session, without what the deciders knew there" if blind else ""
    earlier = tuple(n for n in plan.turns if n != wanted.turn)
    remembered, under_way = _in_words(resumed)
    what = {"cut": str(wanted), "from_ns": plan.start_ns, "to_ns": plan.end_ns, "remembered_turns": remembered}
    keeper = _Keeper(recording, plan)
    edit = Edit(keeper.keep, extras=tuple(extras), enough=keeper.enough)
    derived = derive(source, out, edit, Made("companion sessions cut", what, not blind, why), **more)
    return Cut(derived, wanted, plan.start_ns, plan.end_ns, remembered, earlier, not blind, under_way)


def _in_words(resumed: ev.Happening | None) -> tuple[int, tuple[str, ...]]:
    """How many turns the deciders remember words of, and what else they know in words."""
    if not isinstance(resumed, ev.Resumed):
        return 0, ()
    alarms = dict.fromkeys(f"a {alarm.kind}" for alarm in resumed.alarms)
    under_way = (*(("a task",) if resumed.guide is not None else ()), *alarms)
    return sum(1 for entry in resumed.history if entry.turn), under_way


# -------------------------------------------------------------------------------------------------------- the bounds


def _plan(recording: Recording, wanted: Wanted, start: Start | None) -> _Plan:
    if not wanted.turn and wanted.end_ns <= max(wanted.start_ns, 0):
        raise RecordingError(f"{recording.path}: nothing lies from {wanted}; give a turn, or an end after the start.")
    plan = _Plan()
    finder = _Finder(recording, plan, wanted, start)
    for message in recording.messages((names.CLOCK,), (names.EVENT, names.DECISION)):
        if finder.take(message):
            break
    if wanted.turn and wanted.turn not in plan.turns:
        there = sorted({*finder.earlier, *plan.turns})
        turns = f"it has turns {there[0]} to {there[-1]}" if there else "it has none"
        raise RecordingError(f"{recording.path} has no turn {wanted.turn}: {turns}.")
    if not finder.begun:
        raise RecordingError(f"{recording.path}: nothing lies from {wanted}; it ends at {plan.end_ns / 1e9:.1f} s.")
    if plan.first:
        plan.media_ns = min(plan.media_ns, plan.start_ns)
        plan.video_ns = _key_frame_ns(recording, plan.media_ns)
        plan.clocks = set(finder.clocks.values())
    else:
        plan.start_ns, plan.media_ns, plan.video_ns = 0, -FAR_NS, -FAR_NS
    return plan


def _key_frame_ns(recording: Recording, media_ns: int) -> int:
    """The key frame at or before this moment; the first after it if there is none."""
    found: int | None = None
    for unit in recording.camera():
        if unit.media_ns > media_ns and found is not None:
            break
        if unit.key:
            found = unit.media_ns
    return media_ns if found is None else found


class _Finder:
    """Reads events until it knows where the slice begins and ends; `take` is True then."""

    def __init__(self, recording: Recording, plan: _Plan, wanted: Wanted, start: Start | None) -> None:
        self._decoded = recording.decoded
        self._plan = plan
        self._wanted = wanted
        self._last_turn = max([wanted.turn, *(start.turns if start is not None else ())])
        self._first = start.first if start is not None and start.resumed is not None else 0
        if self._first and start is not None and start.resumed is not None:
            self._from_ns = start.resumed.t_ns + 1  # what happened up to there is in the state
        else:
            self._from_ns = wanted.start_ns if start is None and not wanted.turn else -FAR_NS
        self._happening = 0  # the last one's sequence, once the turn is closed
        self._before_ns = 0  # the latest event before that
        self._closed_ns: int | None = None
        self._next_goes_on = False
        self.begun = False
        self.earlier: list[int] = []  # turns before the slice
        self.clocks: dict[tuple[str, str], int] = {}

    def take(self, message: Stored) -> bool:
        if message.topic == names.CLOCK:
            if not self.begun:
                sample = self._decoded(ClockSample, message)
                self.clocks[sample.source, sample.track] = message.sequence
            return False
        family, _, kind = message.topic.rpartition("/")
        happened = f"{family}/" == names.EVENT
        if not self.begun and not self._begins(message, happened):
            if kind == "TurnOpened":
                self.earlier.append(self._decoded(ev.TurnOpened, message).turn)
            return False
        end = self._over(message, kind, happened)
        if end is not None:
            self._plan.until = end
            return True
        self._plan.end_ns = max(self._plan.end_ns, message.t_ns)
        self._look_at(message, kind)
        return False

    def _begins(self, message: Stored, happened: bool) -> bool:
        """The first happening that the state does not know."""
        if not happened or message.sequence < self._first or message.t_ns < self._from_ns:
            self._plan.behind = message.sequence
            self._plan.end_ns = max(self._plan.end_ns, message.t_ns)
            return False
        self.begun = True
        self._plan.end_ns = self._plan.start_ns = message.t_ns
        first = message.topic == f"{names.EVENT}SessionStarted"
        self._plan.first = 0 if first else message.sequence
        return True

    def _over(self, message: Stored, kind: str, happened: bool) -> int | None:
        """Where the slice ends, if it does before this message."""
        if not self._wanted.turn:
            return message.sequence if happened and message.t_ns > self._wanted.end_ns else None
        if self._closed_ns is None:
            return None
        if happened:
            late = message.t_ns > self._closed_ns + AFTER_NS
            if self._next_goes_on or late or kind == "Typed":
                return message.sequence
            self._happening, self._before_ns = message.sequence, self._plan.end_ns
        elif kind in ("SpeechStarted", "TurnOpened"):
            if self._happening:
                self._plan.end_ns = self._before_ns
                return self._happening
            self._next_goes_on = True  # it was this that closed the turn: the next happening is no more of it
        return None

    def _look_at(self, message: Stored, kind: str) -> None:
        plan = self._plan
        if kind == "SessionEnded":
            plan.ended = True
        if kind not in _READ:
            return
        cls = kind_named(kind)
        assert cls is not None
        event = self._decoded(cls, message)
        match event:
            case ev.TurnOpened():
                plan.turns.append(event.turn)
            case ev.TurnClosed() if event.turn == self._last_turn:
                self._closed_ns = message.t_ns
            case ev.Transcribe():
                plan.media_ns = min(plan.media_ns, event.start_ns - SOUND_BEFORE_NS)
            case ev.Look():
                plan.media_ns = min(plan.media_ns, event.start_ns)
            case ev.KeepStill():
                plan.pictures.add(_part(event.frame_id, event.box))
            case ev.ToolUsed():
                plan.pictures |= {_part(view.frame_id, view.box) for view in event.views}
            case ev.AskModel():
                plan.requests.add(event.request)
                plan.pictures |= {_part(m.frame_id) for m in event.messages if m.frame_id}
                plan.pictures |= {_part(view.frame_id, view.box) for m in event.messages for view in m.views}


_READ = frozenset({"TurnOpened", "TurnClosed", "Transcribe", "Look", "KeepStill", "AskModel", "ToolUsed"})


def _part(frame_id: int, box: tuple[int, ...] = ()) -> _Part:
    return frame_id, box if any(box) else ()


def _happenings(recording: Recording, plan: _Plan, resumed: ev.Happening | None) -> Iterator[ev.Happening]:
    """The happenings of the slice, as a replay of it will be fed them."""
    for message in recording.messages((), (names.EVENT,)):
        if message.sequence >= plan.until:
            return
        cls = kind_named(message.topic.rpartition("/")[2])
        if cls is None:
            continue
        if cls is ev.SessionStarted or message.sequence >= plan.first:
            if resumed is not None and cls is not ev.SessionStarted:
                yield resumed
                resumed = None
            yield recording.decoded(cls, message)


# ------------------------------------------------------------------------------------------------- message by message


class _Keeper:
    """What becomes of each message. Asked once for each, in file order."""

    def __init__(self, recording: Recording, plan: _Plan) -> None:
        self._decoded = recording.decoded
        self._plan = plan
        self._open: set[int] = set()  # exchanges begun in the slice and not ended
        self._still = False  # the next picture is wanted

    def keep(self, message: Stored) -> bool | bytes:
        plan, topic = self._plan, message.topic
        inside = plan.first <= message.sequence < plan.until
        if topic == names.MEDIA_INDEX:
            return True  # kept in step with its units
        if topic == names.CAMERA:
            return message.sequence < plan.until and message.media_ns >= plan.video_ns
        if topic == names.MICROPHONE:
            return message.sequence < plan.until and message.media_ns >= plan.media_ns
        if topic == names.HTTP:
            return self._exchange(message, inside)
        if topic in (names.STILL_INDEX, names.STILL):
            return self._picture(message)
        if topic == names.PULLS:
            return self._pulls(message)
        if topic == names.CLOCK:
            return inside or message.sequence in plan.clocks
        return inside or topic == f"{names.EVENT}SessionStarted"

    def enough(self, message: Stored) -> bool:
        plan = self._plan
        return message.sequence >= plan.until and not self._open and message.t_ns > plan.end_ns + STILL_NS

    def _exchange(self, message: Stored, inside: bool) -> bool:
        part = self._decoded(HttpPart, message).part
        if part is None:
            return False
        if inside and isinstance(part, HttpBegin):
            self._open.add(part.exchange)
        mine = part.exchange in self._open
        if isinstance(part, HttpEnd):
            self._open.discard(part.exchange)
        return mine

    def _picture(self, message: Stored) -> bool:
        if message.topic == names.STILL_INDEX:
            index: StillIndex = self._decoded(StillIndex, message)
            near = message.sequence >= self._plan.first and message.t_ns <= self._plan.end_ns + STILL_NS
            self._still = near and self._is_mine(index)
        return self._still

    def _is_mine(self, index: StillIndex) -> bool:
        """A picture that was sent belongs to its question, whoever else was shown the same; older files do not say."""
        if index.request:
            return index.request in self._plan.requests
        return _part(index.frame_id, index.box) in self._plan.pictures

    def _pulls(self, message: Stored) -> bool | bytes:
        """The moments inside of the slice: they are written a quarter of a second at once, before all else."""
        pulls: Pulls = self._decoded(Pulls, message)
        times = list(accumulate(pulls.delta_ns, initial=pulls.t_ns))
        plan = self._plan
        mine = [t_ns for t_ns in times if plan.start_ns <= t_ns <= plan.end_ns]
        if len(mine) == len(times):
            return True
        return encode(replace(pulls, t_ns=mine[0], delta_ns=tuple(b - a for a, b in pairwise(mine)))) if mine else False
