"""What the deciders of one session share: the floor, the timers, where decisions are written, and what is known.

The listener and the answerer stand in the same room; the director lets happenings in and hands decisions out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipelines.conversation import Conversation
from pipelines.events import (
    Duck,
    Guide,
    LinkChanged,
    ModelInfo,
    PausePlay,
    Resumed,
    SessionStarted,
    StateChanged,
    ToolInfo,
    ToolsChanged,
)
from pipelines.hearing.segmenter import SegmenterOptions
from pipelines.scribe import Deadlines, Scribe
from pipelines.seeing.choice import ChoiceOptions
from pipelines.thinking.budget import Budget
from pipelines.thinking.chain import Chain
from pipelines.thinking.history import History
from pipelines.thinking.options import Options
from pipelines.thinking.tools.alarms import Alarms
from pipelines.thinking.world import World


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
        self.chain = Chain(())
        self.budget = Budget(options.general.budget, "", 0, 0.0)
        self.alarms = Alarms()
        self.tools: dict[str, tuple[ToolInfo, ...]] = {}  # by where they come from
        self.standing = ""  # the mode that the wearer asked for until further notice
        self.guide: Guide | None = None  # the task that they are led through

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

    def begin(self, event: SessionStarted) -> None:
        """What is known of the world at the start."""
        self.started = event
        # Before models had profiles, a recording only named the one there was.
        models = event.models or ((ModelInfo(event.model, tools=False),) if event.model else ())
        self.chain = Chain(models)
        self.budget = Budget(self.options.general.budget, event.wall_clock[:10], event.spent_tokens, event.spent_usd)
        for tool in event.tools:
            self.tools[tool.source] = (*self.tools.get(tool.source, ()), tool)

    def tools_changed(self, event: ToolsChanged) -> None:
        self.tools[event.source] = event.tools

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with what the room knows written in."""
        day, tokens, usd = self.budget.state()
        changed = tuple(tool for source in sorted(self.tools) for tool in self.tools[source])
        return replace(
            resumed,
            mode=self.standing,
            alarms=tuple(self.alarms.entries),
            spent_day=day,
            spent_tokens=tokens,
            spent_usd=usd,
            guide=self.guide,
            trips=self.chain.trips(),
            tools=changed,
        )

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.standing, self.guide = resumed.mode, resumed.guide
        self.alarms.resume(resumed.alarms)
        self.chain.resume(resumed.trips)
        if resumed.spent_day:
            self.budget.resume(resumed.spent_day, resumed.spent_tokens, resumed.spent_usd)
        self.tools = {}
        for tool in resumed.tools:
            self.tools[tool.source] = (*self.tools.get(tool.source, ()), tool)

    def arm(self) -> None:
        """Set the timer for the next alarm that will ring."""
        due_ns = self.alarms.next_ns()
        if due_ns is None:
            self.deadlines.clear("alarm")
        else:
            self.deadlines.set("alarm", due_ns)

    def world(self) -> World:
        """What an answer may know of all this."""
        return World(
            self.scribe,
            self.options.general,
            self.options.choice,
            self.history,
            self.chain,
            self.budget,
            self.alarms,
            tuple(tool for source in sorted(self.tools) for tool in self.tools[source]),
            self.standing,
            self.started.closed_vocabulary,
            self.started.wall_clock,
            self.started.missing,
        )
