"""A session cut where it was at rest: each stretch can be run by itself, from the state that was recorded there.

A stretch begins half a second before the deciders left their rest and goes to where the next one begins, so the
stretches tile the session. One that holds several turns (the wearer spoke into an answer) is cut again by turns.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from companion.replay.stage import Played, Ports, Scene, Stage
from companion.replay.tape import Ranked, Tape
from companion.settings import Settings
from pipelines import events as ev

LEAD_NS = 500 * ev.MS  # voice that another threshold would have seen earlier
TURN_LEAD_NS = 300 * ev.MS


@dataclass(frozen=True, slots=True)
class Rest:
    """The deciders' state after the happening of that rank, when nothing was under way."""

    rank: int
    resumed: ev.Resumed


@dataclass(slots=True)
class Turn:
    """A recorded turn in a stretch. `first`: rank from which on it is its own; `closed`: of what closed it."""

    number: int
    first: int
    speech_start_ns: int
    closed: int = 1 << 62


@dataclass(slots=True)
class Stretch:
    """`begin` None: the session's start. `first` and `last`: ranks of what is fed in."""

    begin: ev.Resumed | None
    first: int
    last: int = 1 << 62
    turns: list[Turn] = field(default_factory=list)


class Observer:
    """Watches a run of the recording itself for where it rests. Give `watch` to a `Stage`."""

    def __init__(self) -> None:
        self.rests: list[Rest] = []
        self.left: list[tuple[int, int, int]] = []  # rank and time of what ended each rest, decisions before it
        self.closed: dict[int, int] = {}  # by turn: rank of the last thing fed in when it was closed
        self._resting = False
        self._rank = 0
        self._seen = 0

    def watch(self, stage: Stage, ranked: Ranked | None) -> None:
        before = self._rank
        if ranked is not None:
            self._rank = ranked.rank
        events = stage.played.events
        for event in events[self._seen :]:
            if isinstance(event, ev.TurnClosed):
                self.closed[event.turn] = self._rank
        decided, self._seen = self._seen, len(events)
        resting = stage.session.director.at_rest and stage.session.playout.idle
        if resting and (not self._resting or (ranked is not None and not isinstance(ranked.event, ev.VoiceWindow))):
            self.rests.append(Rest(self._rank, stage.session.director.rest(stage.loop.now_ns)))
        elif self._resting and not resting:
            self.left.append((before, stage.loop.now_ns, decided))
        self._resting = resting


def observe(tape: Tape, settings: Settings) -> tuple[Observer, Played]:
    """Run the recording as it is, and see where it rests."""
    observer = Observer()
    stage = Stage(tape, settings, Scene(), Ports())
    stage.watch = observer.watch
    return observer, stage.play()


def stretches(tape: Tape, observer: Observer, played: Played) -> list[Stretch]:
    """The session's stretches, in order; together they are all of it."""
    ranks = [r.rank for r in tape.outside]
    times = [r.event.t_ns for r in tape.outside]
    found = [Stretch(None, 0)]
    begun_at = [0]  # decisions before each stretch
    for rank, t_ns, decided in observer.left:
        rested = [r for r in observer.rests if r.rank <= rank]
        if not rested:
            continue
        entered = _entered(observer, rank)
        first = max(ranks[min(bisect_left(times, t_ns - LEAD_NS), len(ranks) - 1)], entered + 1)
        begin = max((r for r in rested if r.rank < first), key=lambda r: r.rank)
        if decided == begun_at[-1]:
            continue
        found[-1].last = first - 1
        found.append(Stretch(begin.resumed, first))
        begun_at.append(decided)
    _put_turns(found, tape, observer, played)
    return found


def _entered(observer: Observer, rank: int) -> int:
    """Rank at which the rest that was left after `rank` had been entered."""
    earlier = [left for left, _, _ in observer.left if left < rank]
    since = earlier[-1] if earlier else -1
    return next((r.rank for r in observer.rests if r.rank > since), rank)


def _put_turns(found: list[Stretch], tape: Tape, observer: Observer, played: Played) -> None:
    ranks = [r.rank for r in tape.outside]
    times = [r.event.t_ns for r in tape.outside]
    for event in played.events:
        if not isinstance(event, ev.TurnOpened):
            continue
        opened = ranks[max(0, bisect_left(times, event.t_ns) - 1)]
        home = next(s for s in reversed(found) if s.first <= opened)
        speech_ns = event.speech_start_ns or event.t_ns
        first = ranks[min(bisect_left(times, speech_ns - TURN_LEAD_NS), len(ranks) - 1)]
        turn = Turn(event.turn, max(first, home.first), speech_ns)
        turn.closed = observer.closed.get(event.turn, home.last)
        home.turns.append(turn)
