"""What the deciders of one session share: the floor, the timers, where decisions are written, and what is known.

The listener and the answerer stand in the same room; the director lets happenings in and hands decisions out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipelines.attention import Attention
from pipelines.conversation import HEARD, Conversation
from pipelines.early import Early
from pipelines.events import (
    MS,
    UNKNOWN_DEVICE,
    ChunkVoiced,
    Decision,
    Device,
    Duck,
    Follow,
    Guide,
    Happening,
    HeardMark,
    LinkChanged,
    ModelInfo,
    PausePlay,
    PlayMark,
    Preferences,
    Resumed,
    SessionStarted,
    Speak,
    StateChanged,
    ToolInfo,
    ToolsChanged,
    TurnClosed,
    TurnOpened,
)
from pipelines.hearing.double_talk import DoubleTalk
from pipelines.hearing.duplex import Duplex
from pipelines.hearing.nearness import Nearness
from pipelines.hearing.own_voice import OwnVoice
from pipelines.hearing.played import Played
from pipelines.hearing.segmenter import SegmenterOptions
from pipelines.load import Load
from pipelines.memory.mind import Mind
from pipelines.memory.places import Places
from pipelines.memory.reminders import Reminders
from pipelines.photos import Photos
from pipelines.scribe import Deadlines, Scribe
from pipelines.seeing.choice import ChoiceOptions
from pipelines.thinking.budget import Budget
from pipelines.thinking.chain import Chain
from pipelines.thinking.history import History
from pipelines.thinking.options import Options
from pipelines.thinking.read_aloud import ReadAloud
from pipelines.thinking.tools.alarms import Alarms
from pipelines.thinking.world import World
from pipelines.turns.pauses import Pauses


@dataclass(frozen=True, slots=True)
class DirectorOptions:
    """The options of every decider, together."""

    general: Options = field(default_factory=Options)
    segmenter: SegmenterOptions = field(default_factory=SegmenterOptions)
    choice: ChoiceOptions = field(default_factory=ChoiceOptions)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session stands, for a screen. `model`: whom a question goes to first, as it is called aloud, "" = nobody;
    `local`: it is on this machine; `mode`: how hard a question is thought about that does not say; `attention`: as
    `AttentionChanged` names it; `muted`: answers are shown and not spoken."""

    model: str
    local: bool
    private: bool
    mode: str
    attention: str
    muted: bool


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
        self.mind = Mind(self.scribe, self.deadlines)
        self.reminders = Reminders(self.scribe, self.alarms)
        self.places = Places(options.general.places, self.scribe)
        self.tools: dict[str, tuple[ToolInfo, ...]] = {}  # by where they come from
        self.preferences = Preferences()  # what the wearer asked for by voice; `Steering` changes it
        self.standing = ""  # the mode that the wearer asked for until further notice
        self.guide: Guide | None = None  # the task that they are led through
        general = options.general
        self.attention = Attention(general.attention, self.scribe)
        self.nearness = Nearness(general.attention)
        self.photos = Photos(self.scribe, self.deadlines)
        self.played = Played()
        self.own_voice = OwnVoice(general.echo, self.played)
        self.duplex = Duplex(general.echo, self.played)
        self.double_talk = DoubleTalk(general.echo)
        self.load = Load(general.load, self.scribe)
        self.read_aloud = ReadAloud()
        self.private = False  # the wearer asked that nothing leaves; `Steering` changes it
        self.microphone = ""  # the one that the device said it listens with; `Devices` changes it
        self._following = False
        self.pauses = Pauses()
        self.early = Early(general.turn)

    def see(self, event: Happening) -> None:
        """What is known of our own sound, and of the device, before anybody acts on it."""
        self.reminders.see(event)
        if isinstance(event, ChunkVoiced):
            self.played.on_voiced(event)
        elif isinstance(event, PlayMark):
            self.played.on_play(event)
        elif isinstance(event, HeardMark):
            self.played.on_heard(event)
        elif isinstance(event, LinkChanged):
            self.duplex.on_link(event)
            self.photos.on_link(event)
            here = self.link is not None and self.link.state == "connected"
            if event.state == "connected" and not event.resumed and not here:
                self.nearness.forget()

    def trust_voice(self) -> None:
        """Whoever speaks next is the wearer: they have just tapped, or said the wake word."""
        self.nearness.trust(self.now_ns + self.options.general.attention.follow_up_ms * MS)

    def said(self, decision: Decision) -> None:
        """The same for what was just decided."""
        self.reminders.said(decision)
        self.places.said(decision)
        if isinstance(decision, Speak):
            self.played.on_speak(decision)
        elif isinstance(decision, TurnOpened):
            self.attention.turn_opened()
        elif isinstance(decision, TurnClosed):
            self.attention.turn_ended(self.now_ns)

    @property
    def at_rest(self) -> bool:
        """Nothing that these parts know of would be forgotten by resting."""
        quiet = self.own_voice.settled(self.now_ns) and self.duplex.settled(self.now_ns)
        return (
            quiet
            and not self.photos.pending
            and self.nearness.at_rest
            and self.attention.at_rest
            and self.double_talk.at_rest
            and self.reminders.at_rest
            and self.places.at_rest
        )

    @property
    def now_ns(self) -> int:
        return self.scribe.now_ns

    @property
    def device(self) -> Device:
        """What it says that it can do."""
        return self.link.device if self.link is not None else UNKNOWN_DEVICE

    @property
    def has_camera(self) -> bool:
        return self.link is not None and self.link.camera

    def _follow(self) -> None:
        """While words are heard that may ask for a picture, the camera is decoded along."""
        on = self.has_camera and self.floor.state in HEARD and not self.load.sheds("video")
        if on != self._following:
            self._following = on
            reason = "the wearer speaks" if on else "nobody speaks, or there is no time for it"
            self.scribe.emit(Follow, reason, on=on)

    def signal(self, name: str, reason: str) -> None:
        """Tell the floor; a change of state is a decision."""
        old, new = self.floor.signal(name)
        if old != new:
            self.scribe.emit(StateChanged, reason, old=old, new=new, signal=name)
            self._follow()

    def loud_again(self, reason: str) -> None:
        """Whatever is said next is said aloud and not held."""
        self.scribe.emit(Duck, reason, on=False)
        self.scribe.emit(PausePlay, reason, on=False)

    def shown(self) -> Standing:
        """What a screen shows."""
        first = next((model for model in self.chain.models if model.local or not self.private), None)
        return Standing(
            self.chain.called(first.name) if first is not None else "",
            first is not None and first.local,
            self.private,
            self.standing or self.options.general.modes.default,
            self.attention.state,
            self.preferences.muted,
        )

    def begin(self, event: SessionStarted) -> None:
        """What is known of the world at the start."""
        self.started = event
        self.duplex.on_started(event)
        self.attention.begin()
        self.reminders.begin(event)
        self.places.begin(event.memory, event.wall_clock)
        self.mind.begin(event)
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
        for part in self._parts():
            resumed = part.rest(resumed)
        resumed = self.places.rest(self.mind.rested(self.reminders.rest(resumed)))
        return replace(
            resumed,
            pauses_ms=self.pauses.kept,
            reading=self.read_aloud.state(),
            private=self.private,
            microphone=self.microphone,
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
        for part in self._parts():
            part.stand(resumed)
        if resumed.link is not None:
            self.photos.on_link(resumed.link)
        self.pauses = Pauses(resumed.pauses_ms)
        self.private, self.microphone = resumed.private, resumed.microphone
        if len(resumed.reading) == 2:
            turn, line = resumed.reading
            read = next((entry.lines for entry in resumed.history if entry.turn == turn), ())
            self.read_aloud.stand((turn, line), read)
        self.standing, self.guide = resumed.mode, resumed.guide
        self.alarms.resume(resumed.alarms)
        self.reminders.stand(resumed)
        self.places.stand(resumed)
        self.mind.stand(resumed)
        self.chain.resume(resumed.trips)
        if resumed.spent_day:
            self.budget.resume(resumed.spent_day, resumed.spent_tokens, resumed.spent_usd)
        self.tools = {}
        for tool in resumed.tools:
            self.tools[tool.source] = (*self.tools.get(tool.source, ()), tool)

    def _parts(self) -> tuple[Attention | Nearness | Duplex | Played | Load | Early, ...]:
        return self.attention, self.nearness, self.duplex, self.load, self.early, self.played

    def arm(self) -> None:
        """Set the timers for the next alarm that will ring, and for the end of a follow-up."""
        follow_up_ns = self.attention.deadline_ns()
        if follow_up_ns is None:
            self.deadlines.clear("attention")
        else:
            self.deadlines.set("attention", follow_up_ns)
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
            self.preferences.verbosity,
            self.has_camera,
            self.read_aloud,
            self.private,
            self.device,
            self.photos,
            self.mind,
            self.reminders,
        )
