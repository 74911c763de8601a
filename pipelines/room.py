"""What the deciders of one session share: the floor, the timers, where decisions are written, and what is known.

The listener and the answerer stand in the same room; the director lets happenings in and hands decisions out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.conversation import Conversation
from pipelines.events import Duck, LinkChanged, PausePlay, SessionStarted, StateChanged
from pipelines.hearing.segmenter import SegmenterOptions
from pipelines.scribe import Deadlines, Scribe
from pipelines.seeing.choice import ChoiceOptions
from pipelines.thinking.answer import World
from pipelines.thinking.history import History
from pipelines.thinking.options import Options


@dataclass(frozen=True, slots=True)
class DirectorOptions:
    """The options of every decider, together."""

    general: Options = field(default_factory=Options)
    segmenter: SegmenterOptions = field(default_factory=SegmenterOptions)
    choice: ChoiceOptions = field(default_factory=ChoiceOptions)


class Room:
    """Shared by reference; each part changes only what its own file says it changes."""

    def __init__(self, options: DirectorOptions) -> None:
        self.options = options
        self.scribe = Scribe()
        self.deadlines = Deadlines()
        self.floor = Conversation()
        self.history = History()
        self.started = SessionStarted(0)
        self.link: LinkChanged | None = None

    @property
    def now_ns(self) -> int:
        return self.scribe.now_ns

    @property
    def has_camera(self) -> bool:
        return self.link is not None and self.link.camera

    def signal(self, name: str, reason: str) -> None:
        """Tell the floor; a change of state is a decision."""
        old, new = self.floor.signal(name)
        if old != new:
            self.scribe.emit(StateChanged, reason, old=old, new=new, signal=name)

    def loud_again(self, reason: str) -> None:
        """Whatever is said next is said aloud and not held."""
        self.scribe.emit(Duck, reason, on=False)
        self.scribe.emit(PausePlay, reason, on=False)

    def world(self) -> World:
        """What an answer may know of all this."""
        return World(
            self.scribe,
            self.options.general,
            self.options.choice,
            self.history,
            self.started.model,
            self.started.closed_vocabulary,
        )
