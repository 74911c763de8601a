"""The director: lets happenings in, one at a time, keeps the deciders' timers, and hands out what they decide.

Feed it happenings in order of `t_ns`; it returns decisions. A timer that is due at or before the next happening is
delivered first, stamped with its *deadline*, so a late callback changes nothing and a replay decides as the live
session did. The same object runs live, in `companion ask` and in replay; it reads no clock and touches nothing outside.

    voice, words, looks ──> listener ──> answerer ──> what to say, read, ask, stop
    marks, results of work ─────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.devices import MICROPHONE, SWITCHED, Devices
from pipelines.events import (
    MS,
    ChunkVoiced,
    CodesRead,
    Decision,
    DeviceEvent,
    Forgotten,
    Happening,
    HeardMark,
    LinkChanged,
    Looked,
    Measured,
    MediaFlow,
    Memorised,
    ModelDone,
    ModelFailed,
    ModelText,
    Noted,
    PhotoCame,
    PictureCovered,
    PlayMark,
    Recalled,
    Resumed,
    SessionEnded,
    SessionStarted,
    Spent,
    TextRead,
    ToolDone,
    ToolInfo,
    ToolsChanged,
    Transcribed,
    TurnScored,
    Typed,
    VoiceWindow,
    WakeHeard,
    WorkFailed,
)
from pipelines.frame_rate import FrameRate
from pipelines.listener import Listener
from pipelines.reconnect import Reconnect
from pipelines.room import DirectorOptions, Room, Standing
from pipelines.thinking import wording
from pipelines.thinking.greeting import Greeting
from pipelines.thinking.history import History

__all__ = ["RECORDING_STOPPED", "Director", "DirectorOptions", "Standing"]

DEADLINES_AT_ONCE = 10_000  # that one happening may bring on: a day of sleep has fewer, an absurd stamp any number
RECORDING_STOPPED = "recording stopped"  # kind of the `DeviceEvent` by which the shell tells of it


class Director:
    """`feed(happening) -> decisions`; `next_deadline_ns()` says when to call `wake` if nothing happens before."""

    def __init__(self, options: DirectorOptions | None = None) -> None:
        self._room = Room(options or DirectorOptions())
        self._answerer = Answerer(self._room)
        self._listener = Listener(self._room, self._answerer)
        self._reconnect = Reconnect(self._room, self._answerer)
        self._devices = Devices(self._room, self._answerer.announcing)
        self._frame_rate = FrameRate(self._room)
        self._greeting: Greeting | None = None

    @property
    def state(self) -> str:
        return self._room.floor.state

    @property
    def options(self) -> DirectorOptions:
        return self._room.options

    @property
    def private(self) -> bool:
        """The wearer asked that nothing leaves."""
        return self._room.private

    @property
    def standing(self) -> Standing:
        """What a screen shows of it."""
        return self._room.shown()

    def is_local(self, model: str) -> bool:
        """Whether a model of this session runs on this machine."""
        return self._room.chain.find(model).local

    @property
    def tools(self) -> tuple[ToolInfo, ...]:
        """Those that exist now."""
        return self._room.world().tools

    @property
    def history(self) -> History:
        return self._room.history

    @property
    def turn_open(self) -> bool:
        """A turn is being answered."""
        return self._answerer.busy

    @property
    def quiet(self) -> bool:
        """Nobody speaks, and nothing is under way or waiting to be said."""
        return self._room.floor.state == floor.LISTENING and self._answerer.at_rest and self._listener.at_rest

    @property
    def at_rest(self) -> bool:
        """It is quiet, no timer runs, and nothing of before matters any more."""
        room, greeting = self._room, self._greeting
        return (
            self.quiet
            and room.deadlines.only(
                "alarm", "attention", "places", "lull"
            )  # a timer that will ring tomorrow is no work
            and room.at_rest
            and self._reconnect.at_rest
            and (greeting is None or not greeting.busy)
        )

    def rest(self, t_ns: int) -> Resumed:
        """Everything that the deciders know, for going on from here another time. Only at rest.

        Raises:
            ValueError: something is under way.
        """
        room = self._room
        if not self.at_rest:
            raise ValueError(f"the deciders are not at rest at {t_ns} ns: {room.floor.state}")
        history = tuple(room.history.entries)
        mine = Resumed(t_ns, room.scribe.last_number, link=room.link, history=history, greeted=bool(self._greeting))
        mine = self._frame_rate.rest(room.rest(mine))
        return self._listener.rest(self._answerer.rest(mine))

    def next_deadline_ns(self) -> int | None:
        return self._room.deadlines.next_ns()

    def wake(self, now_ns: int) -> list[Decision]:
        """Deliver every deadline up to now."""
        self._run_deadlines(now_ns)
        return self._decided()

    def _decided(self) -> list[Decision]:
        self._catch_up_reminders()
        self._reconnect.catch_up()
        self._look_about()
        self._frame_rate.catch_up(self.quiet)
        decisions = self._told(self._room.scribe.take())
        self._room.arm()
        return decisions

    def _catch_up_reminders(self) -> None:
        """Those that are new or gone are stored and forgotten; those that were missed are said after the greeting."""
        room, greeting = self._room, self._greeting
        greets = greeting is not None and not greeting.said and ("greet" in room.deadlines or greeting.busy)
        if room.link is not None and room.link.state == "connected" and not greets:
            room.reminders.missed()
        self._answerer.announcing.catch_up()
        room.reminders.store.catch_up(self._answerer.next_turn - 1, room.private)

    def _look_about(self) -> None:
        """While nothing else goes on, see now and then whether this is another place."""
        room = self._room
        seen = room.has_camera and not room.photos.on and not room.private and not room.load.sheds("video")
        due_ns = room.places.deadline_ns(seen and self.quiet)
        if due_ns is None:
            room.deadlines.clear("places")
        else:
            room.deadlines.set("places", due_ns)

    def _told(self, decisions: list[Decision]) -> list[Decision]:
        """Those, and what follows from them for whose words count."""
        for decision in decisions:
            self._room.said(decision)
        return decisions + self._room.scribe.take()

    def feed(self, event: Happening) -> list[Decision]:
        """One happening in, decisions out. Deadlines up to `event.t_ns` come first."""
        self._run_deadlines(event.t_ns)
        before = self._told(self._room.scribe.take())
        self._room.scribe.now_ns = event.t_ns
        self._room.see(event)
        self._reconnect.see(event)
        handler = self._HANDLERS.get(type(event))
        if handler is not None and not self._room.places.take(event):
            handler(self, event)
        return before + self._decided()

    def _run_deadlines(self, until_ns: int) -> None:
        for _ in range(DEADLINES_AT_ONCE):
            if (due := self._room.deadlines.pop(until_ns)) is None:
                return
            name, self._room.scribe.now_ns = due
            self._TIMERS[name](self)
            self._answerer.earcons.catch_up()  # now, and not at whatever happens next

    # ------------------------------------------------------------------------------------------- session, link, device

    def _on_started(self, event: SessionStarted) -> None:
        self._room.begin(event)
        self._answerer.steering.begin(event.preferences)

    def _on_resumed(self, event: Resumed) -> None:
        room = self._room
        room.scribe.resume(event.number)
        room.history.resume(event.history)
        room.link = event.link
        room.stand(event)
        self._frame_rate.stand(event)
        room.floor.rest()
        if event.greeted:
            self._greeting = Greeting(room.world(), room.started.recording)
            self._greeting.said = True
        self._answerer.stand(event)
        self._listener.stand(event)

    def _on_link(self, event: LinkChanged) -> None:
        room = self._room
        self._frame_rate.on_link(event)
        before, room.link = room.link, event
        self._devices.on_link(event, before)
        if event.state == "connected":
            back = self._reconnect.away
            if room.floor.can("connected"):  # else it is the ear that came or went, in the middle of something
                room.signal("connected", "the device is back" if back else "a device is here")
            speaking = room.options.general.speaking
            if speaking.greet and self._greeting is None and event.speaker:
                self._greeting = Greeting(room.world(), room.started.recording)
                room.deadlines.set("greet", event.t_ns + speaking.greet_after_ms * MS)
            if back:
                self._come_back(event)
        elif event.state == "lost" and room.floor.can("link_lost"):
            self._reconnect.lost()
            self._listener.forget("the link is lost")
            room.attention.link_lost()
            room.signal("link_lost", event.detail or "link lost")
        elif room.floor.can("link_lost"):
            self._answerer.drop("the device is gone", "interrupted")
            self._listener.forget("the device is gone")
            room.signal("link_lost", event.detail or f"link {event.state}")

    def _come_back(self, event: LinkChanged) -> None:
        greeting, greets = self._greeting, False
        if greeting is not None and not greeting.said and not greeting.busy:
            greets = True
            self._room.deadlines.set("greet", event.t_ns + self._room.options.general.speaking.greet_after_ms * MS)
        self._reconnect.back(greets)

    def _on_ended(self, event: SessionEnded) -> None:
        self._answerer.drop("the session ends", "interrupted")
        self._listener.forget("the session ends")
        self._room.deadlines.clear_all()
        self._room.signal("ended", event.reason or "the session ends")

    def _on_device(self, event: DeviceEvent) -> None:
        room = self._room
        if event.kind == "tap":
            if room.floor.state in floor.ANSWERING or not room.attention.on_tap():
                self._answerer.tapped()
            else:
                self._answerer.earcons.make("heard", "a tap: listening")
                room.trust_voice()
                self._listener.anew()
        elif event.kind == "press":
            self._answerer.tapped()
            room.attention.pressed()
            room.trust_voice()
            self._listener.anew()
        elif event.kind == "release":
            room.attention.released()
            self._listener.hurry()
        elif event.kind == MICROPHONE and event.value not in SWITCHED:
            self._devices.on_microphone(event.value)
        elif event.kind == RECORDING_STOPPED:
            self._answerer.announcing.announce(wording.RECORDING_STOPPED)

    def _on_photo(self, event: PhotoCame) -> None:
        self._room.photos.on_came(event)
        self._photo_over()

    def _photo_over(self) -> None:
        """The photo that was asked for is there, or does not come any more."""
        for answer in (self._listener.ear.answer, self._answerer.answer):
            if answer is not None:
                answer.photo_over()

    def _on_flow(self, event: MediaFlow) -> None:
        if words := wording.FLOWS.get((event.track, event.flows)):
            self._answerer.announcing.announce(words, "status" if event.flows else "failure")

    def _on_tools(self, event: ToolsChanged) -> None:
        self._room.tools_changed(event)

    def _on_spent(self, event: Spent) -> None:
        self._room.budget.on_spent(event)

    def _on_typed(self, event: Typed) -> None:
        self._room.mind.heard(event.text, event.purpose, event.purposeful)
        self._listener.typed(event.text)

    # ------------------------------------------------------------------------------------------------------- greeting

    def _greet_look(self) -> None:
        if self._greeting is not None and self._room.floor.state == floor.LISTENING:
            self._greeting.look(self._room.link)
            self._greet_if_ready()

    def _greet_if_ready(self) -> None:
        greeting = self._greeting
        if greeting is None or greeting.said or not greeting.ready:
            return
        greeting.said = True
        if self._room.floor.state == floor.LISTENING:
            muted = self._room.preferences.muted
            self._answerer.say(
                wording.STILL_MUTED if muted else greeting.text(), "notice" if muted else "status", True, 0
            )
        else:
            self._room.scribe.emit(Noted, "the wearer spoke before the greeting", what="greeting skipped")

    def _greets(self, request: int) -> Greeting | None:
        greeting = self._greeting
        return greeting if greeting is not None and greeting.waits_for(request) else None

    # ------------------------------------------------------------------------------------------------- results of work

    def _on_voice(self, event: VoiceWindow) -> None:
        if self._greeting is not None:
            self._greeting.hears = True
        self._listener.on_voice(event)

    def _on_transcribed(self, event: Transcribed) -> None:
        self._listener.on_transcribed(event)

    def _on_looked(self, event: Looked) -> None:
        self._answerer.earcons.on_looked(event)
        if greeting := self._greets(event.request):
            greeting.on_looked(event)
            self._greet_if_ready()
        elif not self._listener.on_looked(event):
            self._on_result(event)

    def _on_text(self, event: TextRead) -> None:
        if greeting := self._greets(event.request):
            greeting.on_text(event)
            self._greet_if_ready()
        else:
            self._on_result(event)

    def _on_result(self, event: Happening) -> None:
        self._hand_out(event)

    def _hand_out(self, event: Happening) -> bool:
        """What came of a request goes to who waits for it; what nobody waits for any more is let go: then False."""
        prepared = self._listener.ear.answer
        if prepared is not None and prepared.waits_for(event.request):  # type: ignore[attr-defined]
            prepared.take(event)
            return True
        return self._answerer.take(event)

    def _on_memorised(self, event: Memorised) -> None:
        taken = self._hand_out(event)
        if text := self._room.mind.stored(event) or ("" if taken else self._room.reminders.store.not_stored(event)):
            self._answerer.announcing.announce(text)

    def _recall_over(self) -> None:
        """What is remembered is not waited for any longer."""
        for answer in (self._listener.ear.answer, self._answerer.answer):
            if answer is not None:
                answer.recall_over()

    def _on_work_failed(self, event: WorkFailed) -> None:
        if greeting := self._greets(event.request):
            greeting.on_failed(event)
            self._greet_if_ready()
        elif event.kind == "voice":
            self._answerer.playing.on_voice_failed(event.request)
        elif not self._listener.on_work_failed(event):
            self._on_result(event)

    def _on_scored(self, event: TurnScored) -> None:
        self._listener.on_scored(event)

    def _on_wake(self, event: WakeHeard) -> None:
        self._room.attention.on_wake(event)
        self._room.trust_voice()

    def _on_voiced(self, event: ChunkVoiced) -> None:
        self._answerer.playing.on_voiced(event)

    def _on_play(self, event: PlayMark) -> None:
        self._answerer.playing.on_play(event)

    def _on_heard(self, event: HeardMark) -> None:
        self._answerer.playing.on_heard(event)

    _HANDLERS: ClassVar[dict[type[Happening], Callable[[Director, Any], None]]] = {
        SessionStarted: _on_started,
        Resumed: _on_resumed,
        LinkChanged: _on_link,
        SessionEnded: _on_ended,
        MediaFlow: _on_flow,
        PhotoCame: _on_photo,
        DeviceEvent: _on_device,
        Typed: _on_typed,
        VoiceWindow: _on_voice,
        Transcribed: _on_transcribed,
        Looked: _on_looked,
        TextRead: _on_text,
        CodesRead: _on_result,
        Measured: _on_result,
        PictureCovered: _on_result,
        ModelText: _on_result,
        ModelDone: _on_result,
        ModelFailed: _on_result,
        ToolDone: _on_result,
        Memorised: _on_memorised,
        Recalled: _on_result,
        Forgotten: _on_result,
        ToolsChanged: _on_tools,
        Spent: _on_spent,
        WorkFailed: _on_work_failed,
        TurnScored: _on_scored,
        WakeHeard: _on_wake,
        ChunkVoiced: _on_voiced,
        PlayMark: _on_play,
        HeardMark: _on_heard,
    }
    _TIMERS: ClassVar[dict[str, Callable[[Director], None]]] = {
        "greet": _greet_look,
        "utterance_max": lambda self: self._listener.too_long(),
        "turn_over": lambda self: self._listener.turn_over(),
        "transcript": lambda self: self._listener.transcript_late(),
        "weigh": lambda self: self._listener.resume("no words within the time"),
        "answer_timeout": lambda self: self._answerer.patience.late(),
        "acknowledge": lambda self: self._answerer.patience.acknowledge(),
        "ticking": lambda self: self._answerer.patience.still_thinking(),
        "confirm": lambda self: self._answerer.consent.late(),
        "workers": lambda self: self._answerer.background.late("workers"),
        "synthesis": lambda self: self._answerer.background.late("synthesis"),
        "progress": lambda self: self._answerer.background.progress_rang(),
        "alarm": lambda self: self._answerer.announcing.alarms_due(),
        "photo": _photo_over,
        "places": lambda self: self._room.places.tick(),
        "lull": lambda self: self._frame_rate.rang(),
        "recall": _recall_over,
        "attention": lambda self: self._room.attention.rang(self._room.now_ns),
    }
